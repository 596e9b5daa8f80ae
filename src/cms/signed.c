/* SPDX-License-Identifier: Apache-2.0 */
#include "cms/signed.h"

#include "cms/content.h"
#include "crypto/digest.h"
#include "x509/name.h"

/* ---- reading ---- */

static enum err read_content(struct der *d, struct cms_signed *out) {
    struct der info, outer;
    TRY(der_enter(d, DER_SEQUENCE, &info));
    TRY(der_oid(&info, &out->content_type));
    if (der_is_empty(&info))
        return OK;
    out->has_content = true;
    TRY(der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), &outer));
    TRY(der_read(&outer, DER_OCTET_STRING, &out->content));
    TRY(der_end(&outer));
    return der_end(&info);
}

static enum err read_signer(struct der *d, struct cms_signer *out) {
    struct der info, sid;
    struct span ignored;
    unsigned version;
    TRY(der_enter(d, DER_SEQUENCE, &info));
    TRY(der_small(&info, 3, &version));
    if (der_at(&info, DER_CONTEXT(0))) {
        TRY(der_read(&info, DER_CONTEXT(0), &out->key_id));
    } else {
        TRY(der_enter(&info, DER_SEQUENCE, &sid));
        TRY(der_read_whole(&sid, DER_SEQUENCE, &out->issuer));
        TRY(der_integer(&sid, &out->serial));
        TRY(der_end(&sid));
    }
    TRY(algorithm_read(&info, &out->digest));
    if (!der_at(&info, DER_CONTEXT_CONSTRUCTED(0)))
        return der_error(&info, "no signed attributes, which SCEP needs");
    TRY(der_read_whole(&info, DER_CONTEXT_CONSTRUCTED(0), &out->attributes));
    TRY(algorithm_read(&info, &out->signature_algorithm));
    TRY(der_read(&info, DER_OCTET_STRING, &out->signature));
    if (der_at(&info, DER_CONTEXT_CONSTRUCTED(1))) /* unsigned attributes say nothing to SCEP */
        TRY(der_read(&info, DER_CONTEXT_CONSTRUCTED(1), &ignored));
    return der_end(&info);
}

static enum err check_digest_algorithms(struct span set) {
    struct der d = der_of(set);
    struct algorithm ignored;
    while (!der_is_empty(&d))
        TRY(algorithm_read(&d, &ignored));
    return OK;
}

/* All of a SignedData up to its signers. */
static enum err read_unsigned_part(struct der *data, struct cms_signed *out) {
    struct span ignored;
    unsigned version;
    TRY(der_small(data, 5, &version));
    TRY(der_read(data, DER_SET, &out->digest_algorithms));
    TRY(check_digest_algorithms(out->digest_algorithms));
    TRY(read_content(data, out));
    if (der_at(data, DER_CONTEXT_CONSTRUCTED(0))) {
        out->has_certs = true;
        TRY(der_read(data, DER_CONTEXT_CONSTRUCTED(0), &out->certs));
    }
    if (der_at(data, DER_CONTEXT_CONSTRUCTED(1))) /* CRLs */
        TRY(der_read(data, DER_CONTEXT_CONSTRUCTED(1), &ignored));
    return OK;
}

static enum err read_only_signer(struct der *data, struct cms_signer *out) {
    struct der set;
    TRY(der_enter(data, DER_SET, &set));
    if (der_is_empty(&set))
        return der_error(&set, "no signer: a SignedData that only carries certificates");
    TRY(read_signer(&set, out));
    return der_is_empty(&set) ? OK : der_error(&set, "more than one signer");
}

static enum err check_attributes(const struct cms_signer *signer) {
    struct der d = cms_attributes(signer);
    struct cms_attribute attribute;
    while (!der_is_empty(&d))
        TRY(cms_attribute_next(&d, &attribute));
    return OK;
}

/* `data` stands at the first element of the SignedData, which is DER then. */
static enum err enter_signed_data(struct arena *a, struct span message, struct der *data) {
    struct der content;
    TRY(cms_content(a, message, OID_PKCS7_SIGNED, "pkcs7-signedData", &content));
    TRY(der_enter(&content, DER_SEQUENCE, data));
    return der_end(&content);
}

enum err cms_signed_read(struct arena *a, struct span message, struct cms_signed *out) {
    struct der data;
    *out = (struct cms_signed){0};
    TRY(enter_signed_data(a, message, &data));
    TRY(read_unsigned_part(&data, out));
    TRY(read_only_signer(&data, &out->signer));
    TRY(der_end(&data));
    return check_attributes(&out->signer);
}

enum err cms_certs_read(struct arena *a, struct span message, struct span *certs) {
    struct cms_signed msg = {0};
    struct der data;
    struct span ignored;
    TRY(enter_signed_data(a, message, &data));
    TRY(read_unsigned_part(&data, &msg));
    TRY(der_read(&data, DER_SET, &ignored)); /* signers */
    *certs = msg.certs;
    return der_end(&data);
}

struct der cms_attributes(const struct cms_signer *signer) {
    struct der d = der_of(signer->attributes), inside = d;
    if (der_enter(&d, DER_CONTEXT_CONSTRUCTED(0), &inside) != OK)
        inside.p = inside.end;
    return inside;
}

enum err cms_attribute_next(struct der *d, struct cms_attribute *out) {
    struct der body, values;
    TRY(der_enter(d, DER_SEQUENCE, &body));
    TRY(der_oid(&body, &out->oid));
    TRY(der_enter(&body, DER_SET, &values));
    TRY(der_end(&body));
    TRY(der_next(&values, &out->value));
    return der_is_empty(&values) ? OK : der_error(&values, "an attribute with several values");
}

bool cms_signer_is(const struct cms_signer *signer, const struct cert *cert) {
    uint8_t id[20];
    if (signer->issuer.n)
        return span_eq(cert->serial, signer->serial) &&
               (span_eq(cert->issuer, signer->issuer) || name_same(cert->issuer, signer->issuer));
    return signer->key_id.n &&
           (span_eq(cert_key_id(cert), signer->key_id) ||
            (spki_key_id(cert->spki, id) == OK && span_eq(span_of(id, sizeof id), signer->key_id)));
}

struct span cms_signer_cert(const struct cms_signed *msg) {
    struct der d = der_of(msg->certs);
    struct cert cert;
    struct span whole;
    while (!der_is_empty(&d) && der_read_whole(&d, DER_SEQUENCE, &whole) == OK)
        if (cert_parse(whole, &cert) == OK && cms_signer_is(&msg->signer, &cert))
            return whole;
    return SPAN_NONE;
}

/* ---- verifying ---- */

static enum err check(const char *what) {
    return err_set(ERR_MESSAGE_CHECK, "%s", what);
}

static enum err check_digest(const struct cms_signed *msg, enum digest digest) {
    struct der d = cms_attributes(&msg->signer);
    struct cms_attribute attribute;
    struct span type = SPAN_NONE, hash = SPAN_NONE;
    uint8_t wanted[DIGEST_MAX_SIZE];
    while (!der_is_empty(&d)) {
        TRY(cms_attribute_next(&d, &attribute));
        struct span *into = oid_is(attribute.oid, OID_CONTENT_TYPE)     ? &type
                            : oid_is(attribute.oid, OID_MESSAGE_DIGEST) ? &hash
                                                                        : NULL;
        if (into && into->n)
            return check("contentType or messageDigest stands there twice");
        if (into && attribute.value.tag != (into == &type ? DER_OID : DER_OCTET_STRING))
            return check("contentType or messageDigest is of another type");
        if (into)
            *into = attribute.value.content;
    }
    TRY(digest_of(digest, msg->content, wanted));
    if (!oid_is(type, OID_PKCS7_DATA) || !span_eq(type, msg->content_type))
        return check("the contentType attribute is not pkcs7-data");
    return span_eq(hash, span_of(wanted, digest_size(digest)))
               ? OK
               : check("the messageDigest attribute is not the content's digest");
}

/* rsaEncryption leaves the digest to the digestAlgorithm; any other must agree with it. */
static enum err check_signature_algorithm(const struct cms_signer *signer, enum digest digest) {
    bool ec = false;
    enum digest named = digest;
    if (!oid_is(signer->signature_algorithm.oid, OID_RSA))
        TRY(algorithm_signature(&signer->signature_algorithm, &ec, &named));
    if (ec || named != digest)
        return err_set(ERR_ALGORITHM,
                       "the signatureAlgorithm is not RSA with the SignerInfo's own digest");
    return OK;
}

/* `set` is hashed with the tag of a SET OF in the place of [0] (RFC 5652, 5.4). */
static enum err check_signature(const struct cms_signer *signer, enum digest digest,
                                struct span set, const struct public_key *key) {
    static const uint8_t tag = DER_SET;
    uint8_t hash[DIGEST_MAX_SIZE];
    struct span parts[] = {span_of(&tag, 1), span_from(set, 1)};
    TRY(digest_of_parts(digest, parts, 2, hash));
    return public_verify(key, digest, hash, signer->signature);
}

/* The attributes in the order of DER. */
static enum err sort_attributes(struct arena *a, const struct cms_signer *signer,
                                struct span *set) {
    struct der_writer w = der_writer_in(a);
    struct der d = cms_attributes(signer);
    struct span *items = arena_alloc(a, signer->attributes.n / 2 * sizeof *items);
    size_t n = 0;
    while (!der_is_empty(&d))
        TRY(der_read_whole(&d, DER_SEQUENCE, &items[n++]));
    der_put_sorted(&w, items, n);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    *set = der_written(&w);
    return OK;
}

/* As they were sent, and, where that is another order, as DER has them. */
static enum err check_signatures(const struct cms_signer *signer, enum digest digest,
                                 const struct public_key *key) {
    ARENA_AUTO(a);
    struct span sorted = SPAN_NONE;
    if (!public_is_rsa(key))
        return err_set(ERR_ALGORITHM, "the signer's key is not RSA");
    enum err e = check_signature(signer, digest, signer->attributes, key);
    if (e != ERR_REFUSED)
        return e;
    TRY(sort_attributes(&a, signer, &sorted));
    if (!span_eq(sorted, signer->attributes))
        e = check_signature(signer, digest, sorted, key);
    return e == ERR_REFUSED ? check("the message's signature does not hold") : e;
}

enum err cms_signed_verify(const struct cms_signed *msg, const struct public_key *key) {
    enum digest digest = DIGEST_SHA256;
    TRY(algorithm_digest(&msg->signer.digest, &digest));
    TRY(check_signature_algorithm(&msg->signer, digest));
    TRY(check_digest(msg, digest));
    return check_signatures(&msg->signer, digest, key);
}

/* ---- building ---- */

struct span cms_attribute_build(struct arena *a, const char *oid, uint8_t tag, struct span value) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, tag, value);
    der_wrap(&w, DER_SET, 0);
    der_put_oid(&w, oid);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

/* The SET OF Attribute, with the tag that is signed. */
static enum err build_attributes(struct arena *a, const struct cms_signing *s, struct span *set) {
    struct span items[CMS_MAX_ATTRIBUTES + 2];
    uint8_t hash[DIGEST_MAX_SIZE], oid[OID_MAX_SIZE];
    size_t n = s->attribute_count, oid_n = oid_encode(OID_PKCS7_DATA, oid);
    if (n > CMS_MAX_ATTRIBUTES)
        return err_set(ERR_INTERNAL, "%zu signed attributes", n);
    for (size_t i = 0; i < n; i++)
        items[i] = s->attributes[i];
    TRY(digest_of(s->digest, s->content, hash));
    items[n++] = cms_attribute_build(a, OID_CONTENT_TYPE, DER_OID, span_of(oid, oid_n));
    items[n++] = cms_attribute_build(a, OID_MESSAGE_DIGEST, DER_OCTET_STRING,
                                     span_of(hash, digest_size(s->digest)));
    struct der_writer w = der_writer_in(a);
    der_put_sorted(&w, items, n);
    der_wrap(&w, DER_SET, 0);
    *set = der_written(&w);
    return OK;
}

static void put_signer(struct der_writer *w, const struct cms_signing *s, struct span attributes,
                       struct span signature) {
    size_t set = der_mark(w);
    der_put_item(w, DER_OCTET_STRING, signature);
    algorithm_put(w, OID_RSA, PARAMS_NULL);
    der_put(w, span_from(attributes, 1));
    der_put(w, span_str("\xa0"));
    algorithm_put(w, digest_oid(s->digest), PARAMS_NULL); /* as Windows and NDES write it */
    size_t sid = der_mark(w);
    der_put_item(w, DER_INTEGER, s->serial);
    der_put(w, s->issuer);
    der_wrap(w, DER_SEQUENCE, sid);
    der_put_small(w, 1);
    der_wrap(w, DER_SEQUENCE, set);
    der_wrap(w, DER_SET, set);
}

static void put_content(struct der_writer *w, struct span content) {
    size_t info = der_mark(w);
    if (content.p) {
        der_put_item(w, DER_OCTET_STRING, content);
        der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), info);
    }
    der_put_oid(w, OID_PKCS7_DATA);
    der_wrap(w, DER_SEQUENCE, info);
}

static struct span wrap_signed_data(struct der_writer *w) {
    der_put_small(w, 1);
    der_wrap(w, DER_SEQUENCE, 0);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put_oid(w, OID_PKCS7_SIGNED);
    der_wrap(w, DER_SEQUENCE, 0);
    return der_written(w);
}

enum err cms_signed_build(struct arena *a, const struct cms_signing *s, struct span *der) {
    struct span attributes = SPAN_NONE, signature = SPAN_NONE;
    struct der_writer w = der_writer_in(a);
    if (!key_is_rsa(s->key))
        return err_set(ERR_ALGORITHM, "SCEP messages are signed with RSA; this key is not");
    TRY(build_attributes(a, s, &attributes));
    TRY(key_sign(s->key, s->digest, attributes, a, &signature));
    put_signer(&w, s, attributes, signature);
    if (s->cert.n)
        der_put_item(&w, DER_CONTEXT_CONSTRUCTED(0), s->cert);
    put_content(&w, s->content);
    size_t digests = der_mark(&w);
    algorithm_put(&w, digest_oid(s->digest), PARAMS_NULL);
    der_wrap(&w, DER_SET, digests);
    *der = wrap_signed_data(&w);
    return OK;
}

struct span cms_certs_only(struct arena *a, const struct span *certs, size_t count,
                           struct span crl) {
    struct der_writer w = der_writer_in(a);
    der_put_item(&w, DER_SET, SPAN_NONE); /* no signers */
    if (crl.n)
        der_put_item(&w, DER_CONTEXT_CONSTRUCTED(1), crl);
    size_t mark = der_mark(&w);
    for (size_t i = count; i--;)
        der_put(&w, certs[i]);
    if (count)
        der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), mark);
    put_content(&w, SPAN_NONE);
    der_put_item(&w, DER_SET, SPAN_NONE); /* no digests */
    return wrap_signed_data(&w);
}
