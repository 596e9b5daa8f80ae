/* SPDX-License-Identifier: Apache-2.0 */
/* RootCATrustedCertificates (windows-mdm.md, A.8): the stores Root and CA of the emulated host. */
#include "base/text.h"
#include "device/csptree.h"
#include "device/ossl.h"
#include "wire/mdm.h"

/* False for a store that is not emulated. */
static bool find_store(const struct csp_target *t, enum cert_store *out) {
    bool root = strcmp(t->steps[0], "Root") == 0, ca = strcmp(t->steps[0], "CA") == 0;
    *out = root ? STORE_ROOT : t->user_scope ? STORE_USER_CA : STORE_CA;
    return root || ca;
}

static const struct cert_entry *find_entry(const struct csp_target *t, enum cert_store store) {
    return certstore_find(&t->host->certs, store, span_str(t->steps[1]));
}

static int list_hashes(const struct csp_target *t, enum cert_store store, struct csp_value *out) {
    BUF_AUTO(list);
    for (size_t i = 0; i < t->host->certs.count; i++)
        if (t->host->certs.entries[i].store == store)
            csp_list_add(&list, t->host->certs.entries[i].thumbprint);
    out->data = arena_copy(t->arena, buf_view(&list));
    return SYNCML_OK;
}

static struct span name_text(struct arena *a, const X509_NAME *name) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return ossl_content(a, out);
}

static struct span time_text(struct arena *a, const ASN1_TIME *t) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    ASN1_TIME_print_ex(out, t, ASN1_DTFLGS_ISO8601);
    return ossl_content(a, out);
}

static struct span leaf(const struct csp_target *t, const struct cert_entry *e) {
    const char *name = t->steps[2];
    OSSL_AUTO(X509) x = ossl_x509_read(e->der);
    if (strcmp(name, "EncodedCertificate") == 0) {
        BUF_AUTO(text);
        base64_encode(&text, e->der);
        return arena_copy(t->arena, buf_view(&text));
    }
    if (strcmp(name, "IssuedBy") == 0)
        return name_text(t->arena, X509_get_issuer_name(x));
    if (strcmp(name, "IssuedTo") == 0)
        return name_text(t->arena, X509_get_subject_name(x));
    if (strcmp(name, "ValidFrom") == 0)
        return time_text(t->arena, X509_get0_notBefore(x));
    if (strcmp(name, "ValidTo") == 0)
        return time_text(t->arena, X509_get0_notAfter(x));
    return SPAN_NONE;
}

static int get(const struct csp_target *t, struct csp_value *out) {
    enum cert_store store;
    if (t->count == 0) {
        out->data = span_str(t->user_scope ? "CA" : "Root/CA");
        return SYNCML_OK;
    }
    if (!find_store(t, &store))
        return SYNCML_NOT_FOUND;
    if (t->count == 1)
        return list_hashes(t, store, out);
    const struct cert_entry *e = find_entry(t, store);
    if (!e)
        return SYNCML_NOT_FOUND;
    out->data = t->count == 2 ? span_str("EncodedCertificate/IssuedBy/IssuedTo/ValidFrom/ValidTo")
                              : leaf(t, e);
    return SYNCML_OK;
}

/* Base64 without line feeds of a certificate whose SHA-1 is the node's name. */
static int set(const struct csp_target *t, struct span data, bool add) {
    enum cert_store store;
    struct span der;
    char thumbprint[THUMBPRINT_SIZE];
    if (t->count < 3 || !find_store(t, &store))
        return SYNCML_NOT_SUPPORTED;
    if (add && find_entry(t, store))
        return SYNCML_ALREADY_EXISTS;
    if (span_find(data, '\n') >= 0 || base64_decode(t->arena, data, &der) != OK)
        return SYNCML_COMMAND_FAILED;
    OSSL_AUTO(X509) x = ossl_x509_read(der);
    cert_thumbprint(der, thumbprint);
    if (!x || strcasecmp(thumbprint, t->steps[1]) != 0)
        return SYNCML_COMMAND_FAILED;
    certstore_add(&t->host->certs, &t->host->mem, store, der, SPAN_NONE);
    return SYNCML_OK;
}

static int remove_cert(const struct csp_target *t) {
    enum cert_store store;
    if (t->count != 2 || !find_store(t, &store))
        return SYNCML_NOT_SUPPORTED;
    return certstore_remove(&t->host->certs, store, span_str(t->steps[1])) ? SYNCML_OK
                                                                           : SYNCML_NOT_FOUND;
}

const struct csp_provider csp_root_certs_provider = {CSP_ROOT_CERTS, get, set, remove_cert, NULL};
