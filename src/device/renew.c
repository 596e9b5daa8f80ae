/* SPDX-License-Identifier: Apache-2.0 */
#include "device/renew.h"

#include <stdlib.h>

#include "base/clock.h"
#include "device/hresult.h"
#include "device/mde_message.h"
#include "device/mde_talk.h"
#include "device/provisioning.h"
#include "device/workplace.h"
#include "wire/mdm.h"

enum { KEY_BITS = 2048 };

enum renew_status { RENEW_IN_PROGRESS = 1, RENEW_SUCCEEDED = 2, RENEW_FAILED = 3 };

static const struct cert_entry *identity_of(const struct host *h) {
    const struct enrollment *e = h->enrollment;
    return certstore_find(&h->certs, e->user_store ? STORE_USER_MY : STORE_MY,
                          span_str(e->thumbprint));
}

static bool is_expired(const struct host *h, const X509 *x) {
    time_t now = (time_t)(host_clock_ms(h) / 1000);
    return X509_cmp_time(X509_get0_notAfter(x), &now) <= 0;
}

/* What Windows wants before it renews by itself. */
static enum err check(const struct host *h) {
    if (!h->enrollment)
        return err_set(ERR_CONFLICT, "the host is not enrolled");
    const struct cert_entry *id = identity_of(h);
    OSSL_AUTO(X509) x = id && id->key.n ? ossl_x509_read(id->der) : NULL;
    const char *robo = workplace_renew_value(h, "ROBOSupport");
    const char *dm_id = workplace_client_value(h, "EntDMID");
    if (!x)
        return err_set(ERR_CONFLICT, "the device's identity is not in its store");
    if (is_expired(h, x))
        return err_set(ERR_CONFLICT, "the identity has expired: Windows renews it no more; leave "
                                     "the server and enroll again");
    if (robo && strcmp(robo, "true") != 0)
        return err_set(ERR_CONFLICT, "the server does not support ROBO (Renew/ROBOSupport)");
    if (!dm_id || !*dm_id)
        return err_set(ERR_CONFLICT,
                       "the server has never set DMClient's EntDMID: Windows does not renew then");
    return OK;
}

static EVP_PKEY *read_key(const struct cert_entry *id) {
    OSSL_AUTO(BIO) in = ossl_reader(id->key);
    return PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
}

/* CMS around the new request, signed by the present identity. Empty on failure. */
static struct span sign(const struct host *h, struct span csr, struct arena *a) {
    const struct cert_entry *id = identity_of(h);
    bool attributes = host_switch_is(h, "renew-attributes", "yes");
    unsigned flags = CMS_BINARY | CMS_PARTIAL | (attributes ? 0 : CMS_NOATTR);
    const EVP_MD *md = host_switch_is(h, "renew-digest", "sha1") ? EVP_sha1() : EVP_sha256();
    OSSL_AUTO(EVP_PKEY) key = read_key(id);
    OSSL_AUTO(X509) x = ossl_x509_read(id->der);
    OSSL_AUTO(BIO) in = ossl_reader(csr);
    OSSL_AUTO(CMS_ContentInfo) cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
    if (!key || !cms || !CMS_add1_signer(cms, x, key, md, flags) ||
        CMS_final(cms, in, NULL, flags) != 1)
        return SPAN_NONE;
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    return i2d_CMS_bio(out, cms) == 1 ? ossl_content(a, out) : SPAN_NONE;
}

static enum err request(struct mde_talk *w, const char *url, EVP_PKEY *key, struct span *document) {
    BUF_AUTO(message);
    struct xml_node *body;
    struct host *h = w->host;
    bool sha256 = host_switch_is(h, "renew-digest", "sha256");
    struct span csr = key ? mde_csr(h, key, sha256, &w->arena) : SPAN_NONE;
    struct span cms = csr.n ? sign(h, csr, &w->arena) : SPAN_NONE;
    if (!cms.n)
        return err_set(ERR_CRYPTO, "the renewal's key, request or signature cannot be made");
    mde_write_renew(h, url, h->enrollment->user, cms, &message);
    TRY(mde_post(w, "renew", url, &message, &body));
    return mde_read_document(w, body, document);
}

/* Where the server said, or where the enrollment began. */
static const char *discovery(const struct host *h) {
    const char *url = workplace_renew_value(h, "ServerURL");
    if (!url || !*url)
        url = workplace_discovery(h);
    return url ? url : "";
}

static enum err renew(struct mde_talk *w) {
    struct mde_services services;
    struct span document;
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(KEY_BITS);
    TRY(net_open(w->host, NET_DEVICE, &w->net));
    TRY(mde_discover(w, discovery(w->host), w->host->enrollment->user, &services));
    TRY(request(w, services.enrollment, key, &document));
    struct host_snapshot *before = host_snapshot_take(w->host);
    enum err e = provisioning_renew(w->host, document, key);
    if (e == OK)
        host_snapshot_drop(before);
    else
        host_snapshot_restore(w->host, before);
    return e;
}

static void note(struct host *h, enum renew_status status, uint32_t error) {
    ARENA_AUTO(a);
    struct reg_key *k = registry_create(h->registry, workplace_renew_key(h, &a));
    char now[CLOCK_ISO_SIZE];
    reg_set_number(h->registry, k, "Status", status);
    reg_set_text(h->registry, k, "LastRenewalAttemptTime",
                 span_str(clock_iso(host_clock_ms(h), now)));
    if (error)
        reg_set_text(h->registry, k, "ErrorCode", span_str(arena_printf(&a, "%d", (int32_t)error)));
    else
        reg_delete_value(k, "ErrorCode");
}

enum err renew_identity(struct host *h) {
    struct mde_talk w = {.host = h};
    TRY(check(h));
    note(h, RENEW_IN_PROGRESS, 0);
    TRY(host_save(h));
    enum err e = renew(&w);
    char *why = strdup(err_detail());
    uint32_t error = e == OK ? HR_OK : hresult_in(why);
    note(h, e == OK ? RENEW_SUCCEEDED : RENEW_FAILED,
         e == OK || error ? error : HR_MENROLL_UNKNOWN);
    enum err saved = host_save(h);
    net_close(w.net);
    arena_free(&w.arena);
    if (e != OK)
        err_set(e, "%s", why);
    free(why);
    return e == OK ? saved : e;
}
