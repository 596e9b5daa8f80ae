/* SPDX-License-Identifier: Apache-2.0 */
#include "device/provisioning.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "csp/table.h"
#include "device/hresult.h"
#include "device/md5.h"
#include "device/uri.h"
#include "device/workplace.h"
#include "device/x500.h"
#include "wire/mdm.h"
#include "xml/xml.h"

enum { BACKOFF_MS = 16000, BACKOFF_MAX_MS = DAY_MS, CONNECT_TRIES = 3 };

static enum err fail(uint32_t hresult, const char *what) {
    ARENA_AUTO(a);
    return err_set(ERR_REFUSED, "0x%08x %s (%s)", hresult, hresult_text(&a, hresult), what);
}

/* The child <characteristic type="..."> of that type, or NULL. */
static struct xml_node *part(const struct xml_node *n, const char *type) {
    for (struct xml_node *c = xml_child(n, "characteristic"); c; c = xml_next(c))
        if (span_is(xml_attr(c, "type"), type))
            return c;
    return NULL;
}

static struct span parm(const struct xml_node *n, const char *name) {
    for (struct xml_node *p = xml_child(n, "parm"); p; p = xml_next(p))
        if (span_is(xml_attr(p, "name"), name))
            return xml_attr(p, "value");
    return SPAN_NONE;
}

static int64_t number(const struct xml_node *n, const char *name, int64_t absent) {
    int64_t v = absent;
    return span_int(span_trim(parm(n, name)), &v) ? v : absent;
}

/* Reads the certificate of one hash node; its name must be the SHA-1. */
static enum err read_cert(struct arena *a, const struct xml_node *node, struct span *der,
                          X509 **x) {
    char thumbprint[THUMBPRINT_SIZE];
    if (base64_decode(a, parm(node, "EncodedCertificate"), der) != OK ||
        !(*x = ossl_x509_read(*der)))
        return fail(HR_MENROLL_CERT_STORE_CSP,
                    "an EncodedCertificate is no base64 of a certificate");
    cert_thumbprint(*der, thumbprint);
    if (span_is_nocase(xml_attr(node, "type"), thumbprint))
        return OK;
    X509_free(*x);
    return fail(HR_MENROLL_CERT_STORE_CSP, "a certificate's node is not named by its SHA-1");
}

static enum err add_trusted(struct host *h, const struct xml_node *system, enum cert_store store) {
    ARENA_AUTO(a);
    struct xml_node *n = xml_child(system, "characteristic");
    for (; n; n = xml_next(n)) {
        struct span der;
        X509 *x;
        TRY(read_cert(&a, n, &der, &x));
        X509_free(x);
        certstore_add(&h->certs, &h->mem, store, der, SPAN_NONE);
    }
    return OK;
}

/* The identity: My/User or My/System, one certificate for our key and a PrivateKeyContainer. */
static enum err add_identity(struct host *h, const struct xml_node *my, EVP_PKEY *key,
                             struct enrollment *e) {
    ARENA_AUTO(a);
    struct xml_node *place = part(my, "User");
    e->user_store = place != NULL;
    if (!place)
        place = part(my, "System");
    struct xml_node *node = xml_child(place, "characteristic");
    if (!node || !part(place, "PrivateKeyContainer"))
        return fail(HR_MENROLL_CERT_STORE_CSP,
                    "My/User or My/System with a certificate and a PrivateKeyContainer is missing");
    struct span der;
    X509 *x = NULL;
    TRY(read_cert(&a, node, &der, &x));
    bool ours = EVP_PKEY_eq(X509_get0_pubkey(x), key) == 1;
    X509_free(x);
    if (!ours)
        return fail(HR_MENROLL_CERT_STORE_CSP, "the identity is not for the key of the request");
    const struct cert_entry *entry = certstore_add(
        &h->certs, &h->mem, e->user_store ? STORE_USER_MY : STORE_MY, der, ossl_key_pem(&a, key));
    e->thumbprint = arena_str(&h->mem, span_str(entry->thumbprint));
    return OK;
}

static enum err add_certificates(struct host *h, const struct xml_node *doc, EVP_PKEY *key,
                                 struct enrollment *e) {
    const struct xml_node *stores = part(doc, "CertificateStore");
    if (!stores)
        return fail(HR_MENROLL_CERT_STORE_CSP, "there is no CertificateStore");
    TRY(add_trusted(h, part(part(stores, "Root"), "System"), STORE_ROOT));
    TRY(add_trusted(h, part(part(stores, "CA"), "System"), STORE_CA));
    return add_identity(h, part(stores, "My"), key, e);
}

/* The value of NAME in "NAME=value&...", decoded. */
static struct span query_value(struct arena *a, struct span query, const char *name) {
    size_t n = strlen(name);
    while (query.n) {
        ptrdiff_t end = span_find(query, '&');
        struct span one = end < 0 ? query : span_of(query.p, (size_t)end);
        if (span_starts(one, name) && one.n > n && one.p[n] == '=')
            return uri_decode(a, span_from(one, n + 1));
        query = span_from(query, one.n + 1);
    }
    return SPAN_NONE;
}

/* Whether the criteria find the identity that was installed: its subject, in its store. */
static bool criteria_fit(const struct host *h, const struct enrollment *e, struct span criteria) {
    ARENA_AUTO(a);
    struct span subject = query_value(&a, criteria, "Subject");
    struct span store = query_value(&a, criteria, "Stores");
    const struct cert_entry *entry = certstore_find(
        &h->certs, e->user_store ? STORE_USER_MY : STORE_MY, span_str(e->thumbprint));
    OSSL_AUTO(X509) x = ossl_x509_read(entry->der);
    OSSL_AUTO(X509_NAME) name = x500_name_parse(subject);
    if (subject.n && (!name || X509_NAME_cmp(name, X509_get_subject_name(x)) != 0))
        return false;
    return !store.n || span_is_nocase(store, e->user_store ? "My\\User" : "My\\System");
}

/* Both directions become DMAcc's: APPSRV is what the host proves itself to the server by. */
static size_t take_appauth(struct host *h, const struct xml_node *app) {
    size_t n = 0;
    for (struct xml_node *c = xml_child(app, "characteristic"); c; c = xml_next(c)) {
        if (!span_is(xml_attr(c, "type"), "APPAUTH"))
            continue;
        bool server = span_is(parm(c, "AAUTHLEVEL"), "CLIENT");
        md5_provision(h, server ? "SRVCRED" : "CLCRED", parm(c, "AAUTHNAME"),
                      parm(c, "AAUTHSECRET"), parm(c, "AAUTHDATA"));
        n++;
    }
    return n;
}

/* The w7 account. It needs both APPAUTH blocks even when they are not used (B.6). */
static enum err read_account(struct host *h, const struct xml_node *doc, struct enrollment *e) {
    const struct xml_node *app = part(doc, "APPLICATION");
    struct span encoding = parm(app, "DEFAULTENCODING");
    struct span criteria = parm(app, "SSLCLIENTCERTSEARCHCRITERIA");
    if (!app || !span_is(parm(app, "APPID"), "w7"))
        return fail(HR_MENROLL_W7_CSP, "there is no APPLICATION with the APPID w7");
    if (!parm(app, "PROVIDER-ID").n || !parm(app, "ADDR").n)
        return fail(HR_MENROLL_W7_CSP, "PROVIDER-ID or ADDR is missing");
    if (encoding.n && !span_is(encoding, TYPE_SYNCML))
        return fail(HR_MENROLL_W7_CSP, "the emulated host speaks XML only: DEFAULTENCODING");
    if (take_appauth(h, app) < 2)
        return fail(HR_MENROLL_W7_CSP, "both APPAUTH blocks, CLIENT and APPSRV, must be there");
    if (criteria.n && !criteria_fit(h, e, criteria))
        return fail(HR_MENROLL_CLIENT_CERT,
                    "SSLCLIENTCERTSEARCHCRITERIA does not find the identity that was installed");
    e->provider = arena_str(&h->mem, parm(app, "PROVIDER-ID"));
    e->address = arena_str(&h->mem, parm(app, "ADDR"));
    e->backoff_ms = number(app, "INITIALBACKOFFTIME", BACKOFF_MS);
    e->backoff_max_ms = number(app, "MAXBACKOFFTIME", BACKOFF_MAX_MS);
    e->connect_tries = number(app, "CONNRETRYFREQ", CONNECT_TRIES);
    if (strpbrk(e->provider, "\\/]\"\r\n"))
        return fail(HR_MENROLL_W7_CSP, "the PROVIDER-ID cannot be a registry key");
    return OK;
}

/* Poll's defaults are DMClient's (A.8). */
static enum err read_schedule(const struct xml_node *doc, struct enrollment *e) {
    const struct xml_node *client = part(doc, "DMClient");
    const struct xml_node *provider = part(part(client, "Provider"), e->provider);
    if (client && !provider)
        return fail(HR_MENROLL_DMCLIENT_CSP,
                    "DMClient/Provider has no part named as the PROVIDER-ID");
    const struct xml_node *poll = part(provider, "Poll");
    e->poll[0] = (struct poll_set){number(poll, "IntervalForFirstSetOfRetries", 15),
                                   number(poll, "NumberOfFirstRetries", 10)};
    e->poll[1] = (struct poll_set){number(poll, "IntervalForSecondSetOfRetries", 0),
                                   number(poll, "NumberOfSecondRetries", 0)};
    e->poll[2] = (struct poll_set){number(poll, "IntervalForRemainingScheduledRetries", 0),
                                   number(poll, "NumberOfRemainingScheduledRetries", 0)};
    e->poll_on_login = span_is_nocase(span_trim(parm(poll, "PollOnLogin")), "true");
    for (size_t i = 0; i < POLL_SETS; i++)
        if (e->poll[i].minutes < 0 || e->poll[i].number < 0 || e->poll[i].minutes > 525600)
            return fail(HR_MENROLL_DMCLIENT_CSP, "a number of Poll is out of range");
    return OK;
}

/* The parms of one part that are nodes below `uri`: the CSP would have got them by SyncML. */
static void keep_parms(struct host *h, const struct xml_node *n, const char *uri, const char *key) {
    ARENA_AUTO(a);
    for (struct xml_node *p = xml_child(n, "parm"); p; p = xml_next(p)) {
        const char *name = arena_str(&a, xml_attr(p, "name"));
        if (csp_find(span_str(arena_printf(&a, "%s/%s", uri, name))))
            reg_set_text(h->registry, registry_create(h->registry, key), name,
                         xml_attr(p, "value"));
    }
}

/* DMClient's values and the renewal's, for h->enrollment. */
static void keep_settings(struct host *h, const struct xml_node *doc) {
    ARENA_AUTO(a);
    const struct xml_node *my = part(part(doc, "CertificateStore"), "My");
    const struct xml_node *provider =
        part(part(part(doc, "DMClient"), "Provider"), h->enrollment->provider);
    keep_parms(h, provider, "./Device" CSP_DM_CLIENT "/Provider/any", workplace_client_key(h, &a));
    keep_parms(h, part(part(my, "WSTEP"), "Renew"), "./Device" CSP_WSTEP "/Renew",
               workplace_renew_key(h, &a));
}

static enum err read_document(struct arena *a, struct span document, struct xml_node **doc) {
    if (xml_parse(a, document, doc) != OK || !span_is((*doc)->name, "wap-provisioningdoc"))
        return fail(HR_MENROLL_PROVISIONING, "it is no wap-provisioningdoc");
    return OK;
}

enum err provisioning_apply(struct host *h, struct span document, EVP_PKEY *key, const char *user) {
    ARENA_AUTO(a);
    struct xml_node *doc;
    TRY(read_document(&a, document, &doc));
    struct enrollment *e = arena_alloc(&h->mem, sizeof *e);
    e->user = arena_str(&h->mem, span_str(user));
    TRY(add_certificates(h, doc, key, e));
    TRY(read_account(h, doc, e));
    TRY(read_schedule(doc, e));
    h->enrollment = e;
    keep_settings(h, doc);
    return OK;
}

enum err provisioning_renew(struct host *h, struct span document, EVP_PKEY *key) {
    ARENA_AUTO(a);
    struct xml_node *doc;
    struct enrollment *e = h->enrollment, before = *e, after = *e;
    TRY(read_document(&a, document, &doc));
    const struct xml_node *app = part(doc, "APPLICATION");
    struct span provider = parm(app, "PROVIDER-ID");
    struct span criteria = parm(app, "SSLCLIENTCERTSEARCHCRITERIA");
    if (app && !span_is(provider, e->provider))
        return fail(HR_MENROLL_W7_CSP, "the PROVIDER-ID is not that of the enrollment");
    TRY(add_identity(h, part(part(doc, "CertificateStore"), "My"), key, &after));
    if (criteria.n && !criteria_fit(h, &after, criteria))
        return fail(HR_MENROLL_CLIENT_CERT,
                    "SSLCLIENTCERTSEARCHCRITERIA does not find the identity that was installed");
    e->thumbprint = after.thumbprint;
    e->user_store = after.user_store;
    if (strcmp(before.thumbprint, after.thumbprint) != 0)
        certstore_remove(&h->certs, before.user_store ? STORE_USER_MY : STORE_MY,
                         span_str(before.thumbprint));
    return OK;
}
