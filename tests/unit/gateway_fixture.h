/* SPDX-License-Identifier: Apache-2.0 */
/* A gateway, and an upstream that says what a test wants it to say. */
#ifndef SIGNET_TESTS_GATEWAY_FIXTURE_H
#define SIGNET_TESTS_GATEWAY_FIXTURE_H

#include "ca_fixture.h"

#include "gateway_http.h"

#include "base/clock.h"
#include "base/log.h"
#include "enroll/state.h"
#include "gateway/internal.h"
#include "store/device.h"
#include "store/enrollment.h"
#include "store/journal.h"

#define CAPS "Renewal\nSHA-1\nSHA-256\nAES\nDES3\nGetCaCertChain\nPOSTPKIOperation\n"

static struct arena arena;
static struct folder folder;
static struct pki_settings settings;
static struct store *store;
static struct pki_holder *pki;
static struct gateway *gateway;
static struct upstream_server server = {.lock = PTHREAD_MUTEX_INITIALIZER};
static char url[64];

/* ---- certificates, made once ---- */

static inline struct span der_of_file(const char *name) {
    struct span der;
    const char *file = arena_printf(&arena, "%s/%s.pem", folder.path, name);
    assert_ok(cert_load_pem(&arena, file, &der));
    return der;
}

static inline const char *pem_of(const char *name) {
    BUF_AUTO(text);
    assert_ok(file_read(arena_printf(&arena, "%s/%s.pem", folder.path, name), 1 << 20, &text));
    return arena_str(&arena, buf_view(&text));
}

static inline const char *sha1_of(const char *name) {
    return arena_str(&arena, span_str(fingerprint(&folder, arena_printf(&arena, "%s.pem", name))));
}

static inline void make_signed(const char *ca, const char *name, const char *key,
                               const char *extensions) {
    sh(&folder, "openssl req -newkey %s -nodes -keyout %s.key -subj /CN=%s -out %s.csr", key, name,
       name, name);
    sign(&folder, ca, arena_printf(&arena, "%s.csr", name), name, extensions, 100);
}

#define RA_USAGE "keyUsage=critical,digitalSignature,keyEncipherment"
#define P256     "ec -pkeyopt ec_paramgen_curve:P-256"

static inline int build(void **state) {
    log_set_level(LOG_ERROR + (getenv("LOUD") ? 3 : 0));
    folder = folder_new(state);
    make_root(&folder, "root");
    make_root(&folder, "stranger");
    make_signed("root", "sub", "rsa:2048", CA_EXTENSIONS);
    make_signed("sub", "agent", "rsa:2048", RA_USAGE);
    make_signed("sub", "agent2", "rsa:2048", RA_USAGE);
    make_signed("sub", "ndes", "rsa:2048", RA_USAGE "\nextendedKeyUsage=1.3.6.1.4.1.311.20.2.1");
    make_signed("sub", "host", "rsa:2048", RA_USAGE "\nextendedKeyUsage=clientAuth,2.5.29.37.0");
    make_signed("sub", "over", "rsa:2048", RA_USAGE);
    sign(&folder, "sub", "over.csr", "over", RA_USAGE, -1);
    make_signed("sub", "sign", "rsa:2048", "keyUsage=critical,digitalSignature");
    make_signed("sub", "ec", P256, RA_USAGE);
    make_signed("sub", "leaf", "rsa:2048", "keyUsage=critical,digitalSignature");
    make_signed("stranger", "strange-ra", "rsa:2048", RA_USAGE);
    settings = (struct pki_settings){.folder = folder.path, .ca_count = 1, .endpoint_count = 2};
    settings.cas[0] = ca_settings_default("default");
    settings.endpoints[0] = (struct endpoint_settings){
        .name = "default",
        .paths = {"/scep"},
        .path_count = 1,
        .ca = "default",
        .policy = {.rsa = true,
                   .rsa_min_bits = 2048,
                   .rsa_max_bits = 4096,
                   .eku = {"1.3.6.1.5.5.7.3.2"},
                   .eku_count = 1,
                   .key_usage = KU_DIGITAL_SIGNATURE,
                   .validity = 365 * DAY,
                   .challenge_lifetime = 3600000,
                   .renewal_window = 30 * DAY,
                   .mscep_admin = NULL},
    };
    settings.endpoints[1] = settings.endpoints[0];
    settings.endpoints[1].name = "lab";
    settings.endpoints[1].paths[0] = "/scep/lab";
    assert_ok(ca_create(folder.path, &settings.cas[0], &(struct ca_birth){.host = "gw.test"}));
    upstream_start(&server);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/scep", server.port);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    upstream_stop(&server);
    folder_free(&folder);
    arena_free(&arena);
    return 0;
}

/* ---- what the server says ---- */

static inline struct span bundle_of(const char *const *names, size_t n) {
    struct span certs[8], der;
    for (size_t i = 0; i < n; i++)
        certs[i] = der_of_file(names[i]);
    assert_ok(scep_certs_only(&arena, certs, n, &der));
    return der;
}

#define BUNDLE(...)                               \
    bundle_of((const char *const[]){__VA_ARGS__}, \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static inline void serve_body(struct span body) {
    pthread_mutex_lock(&server.lock);
    server.body = body;
    pthread_mutex_unlock(&server.lock);
}

static inline void serve_status(int caps, int certs, const char *location) {
    pthread_mutex_lock(&server.lock);
    server.caps_status = caps;
    server.status = certs;
    server.location = location;
    pthread_mutex_unlock(&server.lock);
}

static inline void serve_caps(const char *caps) {
    pthread_mutex_lock(&server.lock);
    server.caps = caps;
    pthread_mutex_unlock(&server.lock);
}

static inline void be_silent(bool silent) {
    pthread_mutex_lock(&server.lock);
    server.silent = silent;
    pthread_mutex_unlock(&server.lock);
}

static inline unsigned asked(void) {
    pthread_mutex_lock(&server.lock);
    unsigned n = server.asked;
    pthread_mutex_unlock(&server.lock);
    return n;
}

/* ---- the gateway ---- */

static inline void open_gateway(void) {
    const struct gateway_options options = {
        .store = store, .pki = pki, .folder = folder.path, .base_url = "https://signet.test:8443"};
    assert_ok(gateway_open(&options, &gateway));
}

static inline int fresh(void **state) {
    (void)state;
    sh(&folder, "rm -rf db* gateway");
    assert_ok(store_open(arena_printf(&arena, "%s/db", folder.path), &store));
    assert_ok(pki_open(&settings, &pki));
    open_gateway();
    serve_caps(CAPS);
    serve_status(200, 200, NULL);
    serve_body(BUNDLE("agent", "sub", "root"));
    be_silent(false);
    return 0;
}

static inline int clear(void **state) {
    (void)state;
    gateway_close(gateway);
    pki_close(pki);
    store_close(store);
    return 0;
}

static inline struct upstream relay_of(const char *name) {
    return (struct upstream){.name = name, .url = url, .mode = UPSTREAM_RELAY, .timeout = 1000};
}

static inline struct upstream add(const struct upstream *u) {
    struct upstream out;
    assert_ok(gateway_add(gateway, &arena, u, &out));
    return out;
}

static inline struct upstream add_relay(void) {
    struct upstream u = relay_of("corp");
    return add(&u);
}

static inline void not_added(const struct upstream *u, enum err error, const char *word) {
    struct upstream out;
    assert_int_equal(gateway_add(gateway, &arena, u, &out), error);
    if (!strstr(err_detail(), word))
        fail_msg("'%s' is not in: %s", word, err_detail());
}

static inline enum err refresh(struct upstream *out) {
    return gateway_refresh(gateway, &arena, "corp", out);
}

static inline bool has_cert(const struct span *certs, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (span_eq(certs[i], der_of_file(name)))
            return true;
    return false;
}

/* The certificates that hosts get. */
static inline size_t told(const struct gateway_upstream *u, struct span *certs) {
    bool single;
    size_t n;
    assert_ok(scep_client_certs(&arena, u->ca_certs, certs, SCEP_CLIENT_MAX_CERTS, &n, &single));
    assert_int_equal(single, u->ca_certs_single);
    return n;
}

/* ---- alarms ---- */

struct alarms {
    const char *word;
    int n;
};

static inline enum err count_alarms(struct tx *tx, void *user) {
    struct journal_entry *list;
    struct alarms *alarms = user;
    TRY(journal_alarms(tx, &arena, 100, &list));
    for (; list; list = list->next)
        alarms->n += strstr(list->text, "signet gateway ") && strstr(list->text, alarms->word);
    return OK;
}

static inline int alarms(const char *word) {
    struct alarms alarms = {.word = word};
    assert_ok(store_read(store, count_alarms, &alarms));
    return alarms.n;
}

/* ---- a request that is over ---- */

static inline void leave_of(const struct gateway_upstream *u, enum fetch_cause cause, int status,
                            const char *asker) {
    struct fetch_job job = {.reply = {.cause = cause, .status = status},
                            .result = cause == FETCH_OK ? OK : ERR_IO,
                            .detail = "no route\x1b"};
    gateway_leave(u, &job, asker);
}

static inline void leave_with(const struct gateway_upstream *u, enum fetch_cause cause,
                              int status) {
    leave_of(u, cause, status, NULL);
}

#define T(test) cmocka_unit_test_setup_teardown(test, fresh, clear)

#endif
