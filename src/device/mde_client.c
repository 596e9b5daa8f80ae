/* SPDX-License-Identifier: Apache-2.0 */
#include "device/mde_client.h"

#include "base/text.h"
#include "device/hresult.h"
#include "device/key_pool.h"
#include "device/mde_talk.h"
#include "device/provisioning.h"
#include "device/sign_in.h"
#include "device/workplace.h"
#include "wire/mdm.h"

enum { KEY_BITS_MIN = 2048, KEY_BITS_MAX = 4096 };

/* OID of SHA-256 in a policy's list of OIDs (C.4). */
#define OID_SHA256 "2.16.840.1.101.3.4.2.1"

struct enrolling {
    struct mde_talk talk;
    struct mde_user user;
    struct mde_services services;
    int64_t key_bits;
    bool sha256;
};

/* Who enrolls proves it in the messages, or on a page whose token goes with them (C.3). */
static enum err authenticate(struct enrolling *w) {
    const char *policy = w->services.auth_policy;
    bool federated = strcmp(policy, "Federated") == 0;
    if (!federated && strcmp(policy, "OnPremise") != 0)
        return mde_fail(HR_MENROLL_MESSAGE_FORMAT,
                        "AuthPolicy is '%s'; the emulated host can do OnPremise and Federated",
                        policy);
    if (federated != w->user.sign_in)
        return mde_fail(HR_MENROLL_AUTHENTICATION,
                        federated ? "the server wants a sign-in on its page: use --sign-in"
                                  : "the server has no sign-in page; leave --sign-in out");
    return federated ? sign_in(&w->talk, w->services.sign_in, &w->user) : OK;
}

/* Whether the policy's hash reference leads to the OID of SHA-256. */
static bool wants_sha256(const struct xml_node *answer, struct span reference) {
    struct xml_node *o = xml_path(answer, "oIDs/oID");
    for (; o && reference.n; o = xml_next(o))
        if (span_eq(xml_path_text(o, "oIDReferenceID"), reference))
            return span_is(xml_path_text(o, "value"), OID_SHA256);
    return false;
}

static enum err get_policies(struct enrolling *w) {
    BUF_AUTO(message);
    struct xml_node *body;
    if (!*w->services.policy) /* optional: Windows then takes its own defaults */
        return OK;
    mde_write_get_policies(w->services.policy, &w->user, &message);
    TRY(mde_post(&w->talk, "policies", w->services.policy, &message, &body));
    const struct xml_node *answer = xml_child(body, "GetPoliciesResponse");
    const struct xml_node *attributes = xml_path(answer, "response/policies/policy/attributes");
    if (!span_is(xml_path_text(attributes, "policySchema"), "3"))
        return mde_fail(HR_MENROLL_MESSAGE_FORMAT, "the policy's policySchema must be 3");
    int64_t bits;
    if (span_int(xml_path_text(attributes, "privateKeyAttributes/minimalKeyLength"), &bits) &&
        bits > KEY_BITS_MIN)
        w->key_bits = bits;
    if (w->key_bits > KEY_BITS_MAX)
        return mde_fail(HR_MENROLL_MESSAGE_FORMAT, "minimalKeyLength is above %d", KEY_BITS_MAX);
    w->sha256 = wants_sha256(answer, xml_path_text(attributes, "hashAlgorithmOIDReference"));
    return OK;
}

static enum err request_token(struct enrolling *w) {
    BUF_AUTO(message);
    struct xml_node *body;
    struct span document;
    struct host *h = w->talk.host;
    OSSL_AUTO(EVP_PKEY) key = key_pool_take(h->shared_keys, (size_t)w->key_bits);
    struct span csr = key ? mde_csr(h, key, w->sha256, &w->talk.arena) : SPAN_NONE;
    if (!csr.n)
        return err_set(ERR_CRYPTO, "the enrollment's key or request cannot be made");
    mde_write_rst(h, w->services.enrollment, &w->user, csr, &message);
    TRY(mde_post(&w->talk, "rst", w->services.enrollment, &message, &body));
    TRY(mde_read_document(&w->talk, body, &document));
    return provisioning_apply(h, document, key, w->user.name);
}

/* As captured, the discovery URL always names its port. */
static const char *discovery_url(struct arena *a, const char *server) {
    const char *scheme = strstr(server, "://");
    const char *host = scheme ? scheme + 3 : server;
    size_t n = strcspn(host, "/");
    const char *path = host[n] && host[n + 1] ? host + n : PATH_DISCOVERY;
    const char *bracket = memchr(host, ']', n);
    bool port = memchr(bracket ? bracket : host, ':', n - (size_t)(bracket ? bracket - host : 0));
    return arena_printf(a, "https://%.*s%s%s", (int)n, host, port ? "" : ":443", path);
}

static enum err enroll(struct enrolling *w, const char *server) {
    if (strncmp(server, "http://", 7) == 0)
        return mde_fail(HR_MENROLL_CONNECTIVITY, "Windows enrolls by https only: '%s'", server);
    struct host *h = w->talk.host;
    const char *url = discovery_url(&w->talk.arena, server);
    TRY(net_open(h, NET_PLAIN, &w->talk.net));
    TRY(mde_discover(&w->talk, url, w->user.name, &w->services));
    TRY(authenticate(w));
    TRY(get_policies(w));
    TRY(request_token(w));
    workplace_set_discovery(h, url);
    h->schedule = (struct schedule){.since_ms = host_clock_ms(h)}; /* first session at once */
    h->session = 0;
    return host_save(h);
}

enum err mde_enroll(struct host *h, const char *server, const struct mde_user *user) {
    if (h->enrollment)
        return mde_fail(HR_MENROLL_ALREADY, "by '%s'; make another host in another folder",
                        h->enrollment->provider);
    struct enrolling w = {.talk.host = h,
                          .talk.proof = "the user's name, and the password or code",
                          .user = *user,
                          .key_bits = KEY_BITS_MIN};
    enum err e = enroll(&w, server);
    net_close(w.talk.net);
    arena_free(&w.talk.arena);
    return e;
}
