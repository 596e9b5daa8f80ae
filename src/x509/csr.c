/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#10 request is read along its schema; what Windows adds and signet does not need is walked
 * over, after der_check has found it well-formed. An extension, the challenge and the list of
 * extensions may stand there once only, so that no two readers can see two different requests.
 */
#include "x509/csr.h"

#include "crypto/algorithm.h"
#include "crypto/public.h"
#include "wire/scep.h"
#include "x509/attribute.h"
#include "x509/extension.h"

static enum err once(bool *seen, const char *what) {
    if (*seen)
        return err_set(ERR_PARSE, "the CSR has %s more than once", what);
    *seen = true;
    return OK;
}

enum { MAX_EXTENSIONS = 32 };

struct seen {
    bool challenge, request, ms_request;
    struct span extensions[MAX_EXTENSIONS]; /* OIDs */
    size_t count;
};

/* RFC 5280, 4.2: no extension more than once. */
static enum err once_extension(struct seen *seen, struct span oid) {
    for (size_t i = 0; i < seen->count; i++)
        if (span_eq(seen->extensions[i], oid)) {
            ARENA_AUTO(a);
            return err_set(ERR_PARSE, "the CSR has extension %s more than once", oid_text(&a, oid));
        }
    if (seen->count == MAX_EXTENSIONS)
        return err_set(ERR_PARSE, "the CSR has more than %d extensions", MAX_EXTENSIONS);
    seen->extensions[seen->count++] = oid;
    return OK;
}

/* The whole value is one SEQUENCE that is not empty. */
static enum err one_sequence(struct span value) {
    struct der d = der_of(value), inside;
    TRY(der_check(value));
    TRY(der_enter(&d, DER_SEQUENCE, &inside));
    return der_is_empty(&inside) ? der_error(&inside, "an empty SEQUENCE") : der_end(&d);
}

static struct span without_nul(struct span s) {
    return s.n && s.p[s.n - 1] == 0 ? span_of(s.p, s.n - 1) : s;
}

static enum err read_extension(const struct extension *x, struct csr *out) {
    if (oid_is(x->oid, OID_SUBJECT_ALT_NAME)) {
        TRY(one_sequence(x->value));
        out->san = x->value;
    } else if (oid_is(x->oid, OID_EXT_KEY_USAGE)) {
        TRY(one_sequence(x->value));
        out->eku = x->value;
    } else if (oid_is(x->oid, OID_KEY_USAGE)) {
        TRY(extension_key_usage(x->value, &out->key_usage));
        out->has_key_usage = true;
    } else if (oid_is(x->oid, OID_MS_DEVICE_ID)) {
        out->device_id = without_nul(x->value);
    }
    return OK;
}

static enum err read_extensions(struct der *values, struct seen *seen, struct csr *out) {
    struct der list;
    TRY(der_enter(values, DER_SEQUENCE, &list));
    while (!der_is_empty(&list)) {
        struct extension x;
        TRY(extension_next(&list, &x));
        TRY(once_extension(seen, x.oid));
        TRY(read_extension(&x, out));
    }
    return der_end(values);
}

static enum err read_challenge(struct der *values, struct csr *out) {
    struct der_item item;
    TRY(der_next(values, &item));
    if (item.tag & 0xe0)
        return der_error(values, "a challengePassword that is no string");
    out->challenge = item.content;
    return der_end(values);
}

static enum err read_attribute(struct der *d, struct seen *seen, struct csr *out) {
    struct der body, values;
    struct span oid;
    TRY(der_enter(d, DER_SEQUENCE, &body));
    TRY(der_oid(&body, &oid));
    TRY(der_enter(&body, DER_SET, &values));
    TRY(der_end(&body));
    if (oid_is(oid, OID_CHALLENGE_PASSWORD)) {
        TRY(once(&seen->challenge, "challengePassword"));
        return read_challenge(&values, out);
    }
    if (oid_is(oid, OID_EXTENSION_REQUEST)) {
        TRY(once(&seen->request, "extensionRequest"));
        return read_extensions(&values, seen, out);
    }
    if (oid_is(oid, OID_MS_CERT_EXTENSIONS)) {
        TRY(once(&seen->ms_request, "szOID_CERT_EXTENSIONS"));
        return read_extensions(&values, seen, out);
    }
    return OK;
}

static enum err check_name(struct span der) {
    struct der name, rdn;
    struct attribute pair;
    TRY(name_open(der, &name));
    while (!der_is_empty(&name)) {
        TRY(rdn_next(&name, &rdn));
        while (!der_is_empty(&rdn))
            TRY(attribute_next(&rdn, &pair));
    }
    return OK;
}

static enum err read_info(struct der *d, struct csr *out) {
    struct der info, attributes;
    struct seen seen = {0};
    unsigned version;
    TRY(der_enter(d, DER_SEQUENCE, &info));
    TRY(der_small(&info, 0, &version));
    TRY(der_read_whole(&info, DER_SEQUENCE, &out->subject));
    TRY(check_name(out->subject));
    TRY(der_read_whole(&info, DER_SEQUENCE, &out->spki));
    if (der_is_empty(&info))
        return OK;
    TRY(der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), &attributes));
    while (!der_is_empty(&attributes))
        TRY(read_attribute(&attributes, &seen, out));
    return der_end(&info);
}

enum err csr_parse(struct span der, struct csr *out) {
    struct der d = der_of(der), body, at;
    *out = (struct csr){.der = der};
    TRY(der_check(der));
    TRY(der_enter(&d, DER_SEQUENCE, &body));
    at = body;
    TRY(der_read_whole(&at, DER_SEQUENCE, &out->info));
    TRY(read_info(&body, out));
    TRY(der_read_whole(&body, DER_SEQUENCE, &out->signature_algorithm));
    TRY(der_bits(&body, &out->signature));
    return der_end(&body);
}

enum err csr_verify(const struct csr *csr) {
    struct der d = der_of(csr->signature_algorithm);
    struct algorithm alg;
    ARENA_AUTO(a);
    struct public_key *key = NULL;
    uint8_t hash[DIGEST_MAX_SIZE];
    enum digest digest = DIGEST_SHA1;
    bool ec = false;
    TRY(algorithm_read(&d, &alg));
    TRY(algorithm_signature(&alg, &ec, &digest));
    TRY(digest_of(digest, csr->info, hash));
    TRY(public_load(&a, csr->spki, &key));
    enum err e = public_is_rsa(key) == !ec
                     ? public_verify(key, digest, hash, csr->signature)
                     : err_set(ERR_ALGORITHM, "the signature is of another kind than the key");
    return e == OK ? OK : err_context(e, "CSR");
}

unsigned spki_rsa_bits(struct span spki) {
    struct spki key;
    return spki_parse(spki, &key) == OK && key.rsa ? spki_bits(&key) : 0;
}
