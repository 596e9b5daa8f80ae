/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_pending.h"

enum { YEAR_S = 365 * 86400 };

static const char *path_of(struct arena *a, const char *key) {
    return arena_printf(a, "%s\\Pending", key);
}

static enum cert_store store_of(bool user_scope) {
    return user_scope ? STORE_USER_REQUEST : STORE_REQUEST;
}

/* What Windows, too, puts into REQUEST beside the key: the CSR's subject and key, self-signed. */
static X509 *make_stand_in(const struct scep_request *r, int64_t now_ms) {
    time_t now = (time_t)(now_ms / 1000);
    X509 *x = X509_new();
    bool ok = X509_set_version(x, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
              X509_set_subject_name(x, r->subject) == 1 &&
              X509_set_issuer_name(x, r->subject) == 1 &&
              X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &now) &&
              X509_time_adj_ex(X509_getm_notAfter(x), 0, YEAR_S, &now) &&
              X509_set_pubkey(x, r->key) == 1 && X509_sign(x, r->key, EVP_sha256()) > 0;
    if (ok)
        return x;
    X509_free(x);
    return NULL;
}

static void put(struct host *h, const struct scep_settings *s, const char *name, const X509 *x,
                const EVP_PKEY *key) {
    ARENA_AUTO(a);
    const struct cert_entry *e = certstore_add(&h->certs, &h->mem, store_of(s->user_scope),
                                               ossl_x509_der(&a, x), ossl_key_pem(&a, key));
    reg_set_text(h->registry, registry_create(h->registry, path_of(&a, s->key)), name,
                 span_str(e->thumbprint));
}

bool scep_pending_keep(struct host *h, const struct scep_settings *s, const char *url,
                       const struct scep_request *r) {
    ARENA_AUTO(a);
    OSSL_AUTO(X509) stand_in = make_stand_in(r, host_clock_ms(h));
    if (!stand_in)
        return false;
    put(h, s, "Signer", r->signer, r->signer_key);
    put(h, s, "Request", stand_in, r->key);
    struct reg_key *k = registry_create(h->registry, path_of(&a, s->key));
    reg_set_text(h->registry, k, "TransactionId", span_str(r->transaction));
    reg_set_text(h->registry, k, "ServerUrl", span_str(url));
    return true;
}

bool scep_pending_load(struct host *h, const struct scep_settings *s, struct arena *a,
                       struct scep_request *r, const char **url) {
    OSSL_AUTO(X509) stand_in = NULL;
    enum cert_store store = store_of(s->user_scope);
    const struct reg_key *k = registry_open(h->registry, path_of(a, s->key));
    const char *transaction = reg_text(k, "TransactionId"), *from = reg_text(k, "ServerUrl");
    bool whole =
        transaction && strlen(transaction) == THUMBPRINT_SIZE - 1 && from &&
        certstore_take(&h->certs, store, reg_text(k, "Signer"), &r->signer, &r->signer_key) &&
        certstore_take(&h->certs, store, reg_text(k, "Request"), &stand_in, &r->key);
    if (!whole) {
        scep_request_free(r);
        return false;
    }
    memcpy(r->transaction, transaction, THUMBPRINT_SIZE);
    r->subject = X509_NAME_dup(X509_get_subject_name(stand_in));
    *url = arena_str(a, span_str(from));
    return true;
}

void scep_pending_drop(struct host *h, const char *key) {
    ARENA_AUTO(a);
    static const char *const names[] = {"Signer", "Request"};
    const char *path = path_of(&a, key);
    const struct reg_key *k = registry_open(h->registry, path);
    if (!k)
        return;
    enum cert_store store = store_of(scep_settings_is_user(key));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (reg_text(k, names[i]))
            certstore_remove(&h->certs, store, span_str(reg_text(k, names[i])));
    registry_delete(h->registry, path);
}
