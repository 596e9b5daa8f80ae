/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_object.h"

#include <openssl/x509.h>

#include "crypto/lib.h"
#include "crypto/pkcs11_form.h"

CK_RV pkcs11_find(const struct pkcs11_session *s, CK_OBJECT_CLASS class, const char *label,
                  struct span id, CK_OBJECT_HANDLE *object, unsigned *count) {
    ARENA_AUTO(a);
    CK_OBJECT_HANDLE found[2] = {0};
    CK_ULONG n = 0, attributes = 1;
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &class, sizeof class}};
    if (label)
        wanted[attributes++] =
            (CK_ATTRIBUTE){CKA_LABEL, arena_str(&a, span_str(label)), strlen(label)};
    if (id.n)
        wanted[attributes++] = (CK_ATTRIBUTE){CKA_ID, arena_str(&a, id), id.n};
    CK_RV rv = s->f->C_FindObjectsInit(s->handle, wanted, attributes);
    if (rv != CKR_OK)
        return rv;
    rv = s->f->C_FindObjects(s->handle, found, 2, &n);
    CK_RV end = s->f->C_FindObjectsFinal(s->handle);
    *object = found[0];
    *count = (unsigned)n;
    return rv == CKR_OK ? end : rv;
}

/* In `a`; empty when the object has none or does not tell. */
static CK_RV attribute_of(const struct pkcs11_session *s, CK_OBJECT_HANDLE object,
                          CK_ATTRIBUTE_TYPE type, struct arena *a, struct span *out) {
    CK_ATTRIBUTE attribute = {type, NULL, 0};
    *out = SPAN_NONE;
    CK_RV rv = s->f->C_GetAttributeValue(s->handle, object, &attribute, 1);
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE)
        return CKR_OK;
    if (rv != CKR_OK || attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION)
        return rv;
    attribute.pValue = arena_alloc(a, attribute.ulValueLen + 1);
    rv = s->f->C_GetAttributeValue(s->handle, object, &attribute, 1);
    if (rv == CKR_OK)
        *out = span_of(attribute.pValue, attribute.ulValueLen);
    return rv;
}

bool pkcs11_flag(const struct pkcs11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                 bool fallback) {
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute = {type, &value, sizeof value};
    CK_RV rv = s->f->C_GetAttributeValue(s->handle, object, &attribute, 1);
    return rv == CKR_OK ? value != CK_FALSE : fallback;
}

/* ---- the public half ---- */

/* What a private key and its public half have in common. */
struct identity {
    CK_KEY_TYPE type;
    struct span id;
    const char *label;
};

static CK_RV read_identity(const struct pkcs11_session *s, CK_OBJECT_HANDLE private,
                           struct arena *a, struct identity *out) {
    struct span label = SPAN_NONE;
    CK_ATTRIBUTE type = {CKA_KEY_TYPE, &out->type, sizeof out->type};
    CK_RV rv = s->f->C_GetAttributeValue(s->handle, private, &type, 1);
    if (rv == CKR_OK)
        rv = attribute_of(s, private, CKA_ID, a, &out->id);
    if (rv == CKR_OK)
        rv = attribute_of(s, private, CKA_LABEL, a, &label);
    /* the id is meant for this; labels may differ between the halves */
    out->label = rv == CKR_OK && !out->id.n ? arena_str(a, label) : NULL;
    return rv;
}

/* A public key, or a private RSA key, which mostly tells the same. */
static CK_RV from_key(const struct pkcs11_session *s, CK_OBJECT_HANDLE key, CK_KEY_TYPE type,
                      struct arena *a, struct span *spki) {
    bool rsa = type == CKK_RSA;
    struct span x = SPAN_NONE, y = SPAN_NONE;
    CK_RV rv = attribute_of(s, key, rsa ? CKA_MODULUS : CKA_EC_PARAMS, a, &x);
    if (rv == CKR_OK)
        rv = attribute_of(s, key, rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT, a, &y);
    if (rv == CKR_OK && x.n && y.n)
        *spki = rsa ? pkcs11_rsa_spki(a, x, y) : pkcs11_ec_spki(a, x, y);
    return rv;
}

static void spki_of_certificate(struct span der, struct arena *a, struct span *spki) {
    const unsigned char *p = der.p;
    unsigned char *out = NULL;
    X509 *x = der.n ? d2i_X509(NULL, &p, (long)der.n) : NULL;
    int n = x ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &out) : 0;
    if (n > 0)
        *spki = arena_copy(a, span_of(out, (size_t)n));
    OPENSSL_free(out);
    X509_free(x);
}

static CK_RV from_certificate(const struct pkcs11_session *s, CK_OBJECT_HANDLE object,
                              struct arena *a, struct span *spki) {
    struct span der = SPAN_NONE;
    CK_RV rv = attribute_of(s, object, CKA_VALUE, a, &der);
    if (rv == CKR_OK)
        spki_of_certificate(der, a, spki);
    return rv;
}

static CK_RV search(const struct pkcs11_session *s, CK_OBJECT_HANDLE private,
                    const struct identity *who, struct arena *a, struct span *spki) {
    CK_OBJECT_HANDLE object;
    unsigned count = 0;
    CK_RV rv = pkcs11_find(s, CKO_PUBLIC_KEY, who->label, who->id, &object, &count);
    if (rv == CKR_OK && count)
        rv = from_key(s, object, who->type, a, spki);
    if (rv != CKR_OK || spki->n)
        return rv;
    rv = pkcs11_find(s, CKO_CERTIFICATE, who->label, who->id, &object, &count);
    if (rv == CKR_OK && count)
        rv = from_certificate(s, object, a, spki);
    if (rv != CKR_OK || spki->n || who->type != CKK_RSA)
        return rv;
    return from_key(s, private, who->type, a, spki);
}

enum err pkcs11_public(const struct pkcs11_session *s, CK_OBJECT_HANDLE private, struct arena *a,
                       struct span *spki, CK_RV *rv) {
    struct identity who = {0};
    *spki = SPAN_NONE;
    *rv = read_identity(s, private, a, &who);
    if (*rv == CKR_OK && who.type != CKK_RSA && who.type != CKK_EC)
        return err_set(ERR_ALGORITHM, "the key is neither RSA nor EC");
    if (*rv == CKR_OK)
        *rv = search(s, private, &who, a, spki);
    if (*rv != CKR_OK)
        return err_set(ERR_IO, "reading the key: %s", pkcs11_code(*rv));
    return spki->n ? OK
                   : err_set(ERR_NOT_FOUND, "no public key or certificate with the private key's "
                                            "id: put one beside it");
}
