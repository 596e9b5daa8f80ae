/* SPDX-License-Identifier: Apache-2.0 */
#include "device/chain.h"

#include "device/hresult.h"

static X509_STORE *root_store(const struct certstore *stores) {
    X509_STORE *s = X509_STORE_new();
    for (size_t i = 0; i < stores->count; i++) {
        if (stores->entries[i].store != STORE_ROOT)
            continue;
        OSSL_AUTO(X509) root = ossl_x509_read(stores->entries[i].der);
        if (root)
            X509_STORE_add_cert(s, root);
    }
    return s;
}

static STACK_OF(X509) *
    intermediates(const struct certstore *stores, bool user, STACK_OF(X509) * extra) {
    STACK_OF(X509) *list = extra ? X509_chain_up_ref(extra) : sk_X509_new_null();
    for (size_t i = 0; i < stores->count; i++) {
        enum cert_store store = stores->entries[i].store;
        bool counts = store == STORE_CA || (user && store == STORE_USER_CA);
        X509 *x = counts ? ossl_x509_read(stores->entries[i].der) : NULL;
        if (x)
            sk_X509_push(list, x);
    }
    return list;
}

uint32_t chain_check(const struct certstore *stores, bool user, STACK_OF(X509) * extra, X509 *cert,
                     int64_t now_ms) {
    OSSL_AUTO(X509_STORE) roots = root_store(stores);
    OSSL_CERTS_AUTO helpers = intermediates(stores, user, extra);
    OSSL_AUTO(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
    X509_STORE_CTX_init(ctx, roots, cert, helpers);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)(now_ms / 1000));
    if (X509_verify_cert(ctx) == 1)
        return HR_OK;
    switch (X509_STORE_CTX_get_error(ctx)) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return HR_CERT_EXPIRED;
    default:
        return HR_CERT_UNTRUSTEDROOT;
    }
}

void chain_keep_intermediates(struct certstore *stores, struct arena *a, bool user,
                              STACK_OF(X509) * certs) {
    for (int i = 0; i < sk_X509_num(certs); i++) {
        X509 *x = sk_X509_value(certs, i);
        bool self_issued = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
        if (X509_check_ca(x) == 1 && !self_issued)
            certstore_add(stores, a, user ? STORE_USER_CA : STORE_CA, ossl_x509_der(a, x),
                          SPAN_NONE);
    }
}
