/* SPDX-License-Identifier: Apache-2.0 */
/* Upstreams: what is learnt and pinned, what hosts get of it, health, and what outlives what. */
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

static struct span der_of_file(const char *name) {
    struct span der;
    const char *file = arena_printf(&arena, "%s/%s.pem", folder.path, name);
    assert_ok(cert_load_pem(&arena, file, &der));
    return der;
}

static const char *pem_of(const char *name) {
    BUF_AUTO(text);
    assert_ok(file_read(arena_printf(&arena, "%s/%s.pem", folder.path, name), 1 << 20, &text));
    return arena_str(&arena, buf_view(&text));
}

static const char *sha1_of(const char *name) {
    return arena_str(&arena, span_str(fingerprint(&folder, arena_printf(&arena, "%s.pem", name))));
}

static void make_signed(const char *ca, const char *name, const char *key, const char *extensions) {
    sh(&folder, "openssl req -newkey %s -nodes -keyout %s.key -subj /CN=%s -out %s.csr", key, name,
       name, name);
    sign(&folder, ca, arena_printf(&arena, "%s.csr", name), name, extensions, 100);
}

#define RA_USAGE "keyUsage=critical,digitalSignature,keyEncipherment"
#define P256     "ec -pkeyopt ec_paramgen_curve:P-256"

static int build(void **state) {
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

static int tear_down(void **state) {
    (void)state;
    upstream_stop(&server);
    folder_free(&folder);
    arena_free(&arena);
    return 0;
}

/* ---- what the server says ---- */

static struct span bundle_of(const char *const *names, size_t n) {
    struct span certs[8], der;
    for (size_t i = 0; i < n; i++)
        certs[i] = der_of_file(names[i]);
    assert_ok(scep_certs_only(&arena, certs, n, &der));
    return der;
}

#define BUNDLE(...)                               \
    bundle_of((const char *const[]){__VA_ARGS__}, \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void serve_body(struct span body) {
    pthread_mutex_lock(&server.lock);
    server.body = body;
    pthread_mutex_unlock(&server.lock);
}

static void serve_status(int caps, int certs, const char *location) {
    pthread_mutex_lock(&server.lock);
    server.caps_status = caps;
    server.status = certs;
    server.location = location;
    pthread_mutex_unlock(&server.lock);
}

static void serve_caps(const char *caps) {
    pthread_mutex_lock(&server.lock);
    server.caps = caps;
    pthread_mutex_unlock(&server.lock);
}

static void be_silent(bool silent) {
    pthread_mutex_lock(&server.lock);
    server.silent = silent;
    pthread_mutex_unlock(&server.lock);
}

static unsigned asked(void) {
    pthread_mutex_lock(&server.lock);
    unsigned n = server.asked;
    pthread_mutex_unlock(&server.lock);
    return n;
}

/* ---- the gateway ---- */

static void open_gateway(void) {
    const struct gateway_options options = {
        .store = store, .pki = pki, .folder = folder.path, .base_url = "https://signet.test:8443"};
    assert_ok(gateway_open(&options, &gateway));
}

static int fresh(void **state) {
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

static int clear(void **state) {
    (void)state;
    gateway_close(gateway);
    pki_close(pki);
    store_close(store);
    return 0;
}

static struct upstream relay_of(const char *name) {
    return (struct upstream){.name = name, .url = url, .mode = UPSTREAM_RELAY, .timeout = 1000};
}

static struct upstream add(const struct upstream *u) {
    struct upstream out;
    assert_ok(gateway_add(gateway, &arena, u, &out));
    return out;
}

static struct upstream add_relay(void) {
    struct upstream u = relay_of("corp");
    return add(&u);
}

static void not_added(const struct upstream *u, enum err error, const char *word) {
    struct upstream out;
    assert_int_equal(gateway_add(gateway, &arena, u, &out), error);
    if (!strstr(err_detail(), word))
        fail_msg("'%s' is not in: %s", word, err_detail());
}

static enum err refresh(struct upstream *out) {
    return gateway_refresh(gateway, &arena, "corp", out);
}

static bool has_cert(const struct span *certs, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (span_eq(certs[i], der_of_file(name)))
            return true;
    return false;
}

/* The certificates that hosts get. */
static size_t told(const struct gateway_upstream *u, struct span *certs) {
    bool single;
    size_t n;
    assert_ok(scep_client_certs(&arena, u->ca_certs, certs, SCEP_CLIENT_MAX_CERTS, &n, &single));
    assert_int_equal(single, u->ca_certs_single);
    return n;
}

/* ---- learning and pinning ---- */

static void an_ra_and_its_chain(void **state) {
    (void)state;
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    struct upstream u = add_relay();
    assert_string_equal(u.thumbprint, sha1_of("sub"));
    assert_null(u.offered);
    assert_int_equal(u.timeout, 1000);
    assert_int_equal(u.max_requests, 32);
    assert_true(u.learnt > 0 && u.created > 0);
    struct gateway_status status;
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP); /* it has answered just now */
    const struct gateway_upstream *v = gateway_acquire(gateway, "CORP");
    assert_non_null(v);
    assert_string_equal(v->thumbprint, sha1_of("sub"));
    assert_string_equal(v->root_sha1, sha1_of("root"));
    assert_int_equal(v->cert_count, 3);
    assert_int_equal(v->chain_count, 2);
    assert_true(span_eq(v->chain[0], der_of_file("sub")));
    assert_true(span_eq(v->chain[1], der_of_file("root")));
    assert_true(span_eq(v->recipient.der, der_of_file("agent")));
    assert_string_equal(v->capabilities, "SHA-256\nSHA-1\nAES\nDES3\nPOSTPKIOperation\n");
    assert_true(v->post && v->aes && v->sha256);
    assert_int_equal(told(v, certs), 3);
    assert_true(span_eq(certs[0], der_of_file("agent")));
    gateway_release(v);
    assert_null(gateway_acquire(gateway, "other"));
}

static void a_single_ca(void **state) {
    (void)state;
    struct upstream u = relay_of("corp");
    serve_body(der_of_file("root"));
    serve_caps("DES3");
    u.message = "my CA/1";
    u = add(&u);
    assert_string_equal(u.thumbprint, sha1_of("root"));
    assert_string_equal(server.query, "GET /scep?operation=GetCACert&message=my%20CA%2F1 HTTP/1.1");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(v->ca_certs_single);
    assert_true(span_eq(v->ca_certs, der_of_file("root")));
    assert_true(span_eq(v->recipient.der, der_of_file("root")));
    assert_string_equal(v->capabilities, "DES3\nPOSTPKIOperation\n");
    assert_false(v->post || v->aes || v->sha256);
    gateway_release(v);
}

/* Windows takes no PKCS#7 without RAs: it gets the CA that issues, alone. */
static void cas_only(void **state) {
    (void)state;
    serve_body(BUNDLE("root", "sub"));
    struct upstream u = add_relay();
    assert_string_equal(u.thumbprint, sha1_of("sub"));
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(v->ca_certs_single);
    assert_true(span_eq(v->ca_certs, der_of_file("sub")));
    assert_int_equal(v->chain_count, 2);
    gateway_release(v);
}

static void a_chain_from_the_settings(void **state) {
    (void)state;
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    struct upstream u = relay_of("corp");
    serve_body(BUNDLE("agent", "sub"));
    u.chain = pem_of("root");
    add(&u);
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_int_equal(v->chain_count, 2);
    assert_string_equal(v->root_sha1, sha1_of("root"));
    assert_int_equal(told(v, certs), 3);
    assert_int_equal(v->cert_count, 2); /* the root that we brought signs no CertRep */
    gateway_release(v);
    u.name = "two";
    u.chain = pem_of("stranger");
    not_added(&u, ERR_CONFIG, "CN=stranger");
    /* The CA itself is missing. */
    serve_body(BUNDLE("agent"));
    u.chain = NULL;
    serve_body(BUNDLE("agent", "root"));
    not_added(&u, ERR_PARSE, "--chain");
    u.chain = pem_of("sub");
    u = add(&u);
    assert_string_equal(u.thumbprint, sha1_of("sub"));
}

static void a_thumbprint_of_the_administrator(void **state) {
    (void)state;
    struct upstream u = relay_of("corp");
    u.thumbprint = sha1_of("stranger");
    not_added(&u, ERR_CONFLICT, sha1_of("sub"));
    u.thumbprint = "12";
    not_added(&u, ERR_CONFIG, "40");
    u.thumbprint = sha1_of("root"); /* the root that he trusts; what issues is pinned */
    u = add(&u);
    assert_string_equal(u.thumbprint, sha1_of("sub"));
}

/* What somebody on the way has put beside the genuine CA counts for nothing. */
static void a_stranger_beside_it(void **state) {
    (void)state;
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    struct upstream u = relay_of("corp");
    serve_body(BUNDLE("strange-ra", "stranger", "agent", "sub", "root"));
    u.thumbprint = sha1_of("sub");
    add(&u);
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_int_equal(v->cert_count, 3);
    assert_false(has_cert(v->certs, v->cert_count, "strange-ra"));
    assert_true(span_eq(v->recipient.der, der_of_file("agent")));
    assert_int_equal(told(v, certs), 3);
    gateway_release(v);
    /* An RA of a stranger alone, with the genuine CA beside it. */
    serve_body(BUNDLE("strange-ra", "stranger", "sub"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
}

static void ndes_form(void **state) {
    (void)state;
    serve_body(BUNDLE("sign", "agent", "sub", "root"));
    add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_int_equal(v->cert_count, 4);
    assert_true(span_eq(v->recipient.der, der_of_file("agent")));
    gateway_release(v);
}

/* ---- upstreams that are none ---- */

static void what_is_no_scep_server(void **state) {
    (void)state;
    struct upstream u = relay_of("corp");
    serve_body(span_str("<!DOCTYPE html><html>Welcome</html>"));
    not_added(&u, ERR_PARSE, "HTML");
    serve_body(span_str("oops"));
    not_added(&u, ERR_PARSE, "GetCACert");
    serve_body(SPAN_NONE);
    not_added(&u, ERR_PARSE, "GetCACert");
    serve_body(BUNDLE("agent", "sub"));
    serve_caps("<html>");
    not_added(&u, ERR_PARSE, "GetCACaps");
    serve_caps(CAPS);
    serve_status(200, 500, NULL);
    not_added(&u, ERR_IO, "HTTP 500");
    serve_status(200, 404, NULL);
    not_added(&u, ERR_PARSE, "HTTP 404");
    serve_status(200, 302, "https://elsewhere.test/\x1b[2J");
    not_added(&u, ERR_PARSE, "https://elsewhere.test/\\x1b[2J");
    serve_status(500, 200, NULL);
    not_added(&u, ERR_IO, "GetCACaps");
    be_silent(true);
    not_added(&u, ERR_IO, "GetCA");
    u.url = "http://127.0.0.1:1/";
    not_added(&u, ERR_IO, "GetCA");
    unsigned all, down;
    gateway_count(gateway, &all, &down);
    assert_int_equal(all, 0);
}

static void no_capabilities(void **state) {
    (void)state;
    serve_status(404, 200, NULL);
    struct upstream u = add_relay();
    assert_string_equal(u.capabilities, "");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_string_equal(v->capabilities, "POSTPKIOperation\n");
    assert_false(v->post);
    gateway_release(v);
}

static void capabilities_are_cleaned(void **state) {
    (void)state;
    serve_caps("SCEPStandard\r\n\x1b[31mred\r\n\r\nsha-512\r\n");
    struct upstream u = add_relay();
    assert_string_equal(u.capabilities, "SCEPStandard\n\\x1b[31mred\nsha-512");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_string_equal(v->capabilities, "SHA-256\nSHA-512\nAES\nPOSTPKIOperation\nSCEPStandard\n");
    assert_true(v->post && v->aes && v->sha256);
    gateway_release(v);
}

/* ---- settings ---- */

static void settings_that_are_refused(void **state) {
    (void)state;
    struct upstream u = relay_of("Corp");
    not_added(&u, ERR_CONFIG, "lower-case");
    u = relay_of("../x");
    not_added(&u, ERR_CONFIG, "letters");
    u = relay_of("lab");
    not_added(&u, ERR_EXISTS, "endpoint");
    u = relay_of("corp");
    u.url = "ftp://x/";
    not_added(&u, ERR_CONFIG, "http");
    u = relay_of("corp");
    u.mode = 3;
    not_added(&u, ERR_CONFIG, "mode");
    u = relay_of("corp");
    u.timeout = 200000;
    not_added(&u, ERR_CONFIG, "time-out");
    u = relay_of("corp");
    u.max_requests = 1000;
    not_added(&u, ERR_CONFIG, "256");
    u = relay_of("corp");
    u.trust = "no PEM";
    not_added(&u, ERR_CONFIG, "https");
    u = relay_of("corp");
    u.message = "a\nb";
    not_added(&u, ERR_CONFIG, "message");
    u = relay_of("corp");
    u.ca = "default";
    not_added(&u, ERR_CONFIG, "mode ra");
    u = relay_of("corp");
    u.ndes_url = "http://ndes.test/";
    not_added(&u, ERR_CONFIG, "credentials");
    u.ndes_credentials = "/none";
    u.ndes_auth = UPSTREAM_AUTH_BASIC;
    not_added(&u, ERR_CONFIG, "Basic");
    u.mode = UPSTREAM_RA;
    not_added(&u, ERR_CONFIG, "relay");
    u = relay_of("corp");
    u.mode = UPSTREAM_RA;
    u.ca = "nobody";
    not_added(&u, ERR_CONFIG, "nobody");
    unsigned before = asked();
    add_relay();
    assert_int_equal(asked(), before + 2); /* the refused ones were not asked */
    u = relay_of("corp");
    not_added(&u, ERR_EXISTS, "corp");
    assert_int_equal(asked(), before + 2);
}

/* ---- what changes ---- */

struct alarms {
    const char *word;
    int n;
};

static enum err count_alarms(struct tx *tx, void *user) {
    struct journal_entry *list;
    struct alarms *alarms = user;
    TRY(journal_alarms(tx, &arena, 100, &list));
    for (; list; list = list->next)
        alarms->n += strstr(list->text, "signet gateway ") && strstr(list->text, alarms->word);
    return OK;
}

static int alarms(const char *word) {
    struct alarms alarms = {.word = word};
    assert_ok(store_read(store, count_alarms, &alarms));
    return alarms.n;
}

static void signed_by(const char *only) {
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    static const char *const all[] = {"agent", "agent2", "ndes", "host", "leaf", "over"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (has_cert(v->certs, v->cert_count, all[i]) != (strcmp(all[i], only) == 0))
            fail_msg("%s", all[i]);
    gateway_release(v);
}

static void a_renewed_ra(void **state) {
    (void)state;
    struct upstream u = add_relay();
    const struct gateway_upstream *before = gateway_acquire(gateway, "corp");
    serve_body(BUNDLE("ndes", "sub", "root"));
    assert_ok(refresh(&u));
    const struct gateway_upstream *after = gateway_acquire(gateway, "corp");
    assert_true(after != before);
    assert_true(has_cert(after->certs, after->cert_count, "ndes"));
    assert_false(has_cert(after->certs, after->cert_count, "agent"));
    assert_true(has_cert(before->certs, before->cert_count, "agent")); /* who has it keeps it */
    assert_int_equal(alarms(""), 0);
    gateway_release(before);
    gateway_release(after);
}

/* What every host holds: a certificate of the pinned CA, put on the way by somebody. */
static void a_leaf_is_no_ra(void **state) {
    (void)state;
    struct upstream u = add_relay();
    const struct span without[] = {BUNDLE("host", "agent", "sub", "root"), BUNDLE("host", "sub"),
                                   BUNDLE("agent2", "sub", "root"), BUNDLE("ndes", "host", "sub")};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        serve_body(without[i]);
        assert_int_equal(refresh(&u), ERR_CONFLICT);
        assert_non_null(strstr(err_detail(), "signet gateway pin corp"));
        assert_non_null(strstr(err_detail(), sha1_of(i == 2 ? "agent2" : "host")));
        signed_by("agent");
    }
    assert_int_equal(alarms("other RA certificates over plain http"), 1); /* once a day */
    /* The administrator knows better. */
    serve_body(BUNDLE("agent2", "sub", "root"));
    assert_ok(gateway_pin(gateway, &arena, "corp", u.thumbprint, &u));
    signed_by("agent2");
    assert_ok(refresh(&u));
}

/* With the CA in the settings, a leaf may be all that is served: alone, it is taken for a CA. */
static void a_leaf_alone(void **state) {
    (void)state;
    struct upstream u = relay_of("corp");
    u.chain = pem_of("sub");
    serve_body(BUNDLE("agent"));
    u = add(&u);
    serve_body(der_of_file("host"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
    signed_by("agent");
}

/* Who could leave one out for a minute would have it stand for a stranger's afterwards. */
static void an_ra_left_out(void **state) {
    (void)state;
    struct upstream u = add_relay();
    serve_body(BUNDLE("sub", "root"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), sha1_of("agent")));
    signed_by("agent");
    serve_body(BUNDLE("agent", "sub", "root"));
    assert_ok(refresh(&u));
}

static struct offer *offer_of(const struct upstream *u, struct span body) {
    struct offer *o = arena_alloc(&arena, sizeof *o);
    assert_ok(offer_read(&arena, u, body, sha1_of("sub"), true, o));
    return o;
}

static void over_https(void **state) {
    (void)state;
    char sha1[CERT_THUMBPRINT_SIZE];
    struct upstream u = relay_of("corp");
    const struct offer *before = offer_of(&u, BUNDLE("agent", "sub", "root")),
                       *renewed = offer_of(&u, BUNDLE("agent2", "sub", "root")),
                       *none = offer_of(&u, BUNDLE("sub", "root"));
    assert_int_equal(agents_check(&arena, &u, before, renewed, sha1), ERR_CONFLICT);
    assert_string_equal(sha1, sha1_of("agent2"));
    assert_int_equal(agents_check(&arena, &u, before, none, sha1), ERR_CONFLICT);
    assert_ok(agents_check(&arena, &u, before, before, sha1));
    u.url = "HTTPS://scep.test/";
    assert_ok(agents_check(&arena, &u, before, renewed, sha1));
    assert_ok(agents_check(&arena, &u, before, none, sha1));
}

static void an_expired_ra(void **state) {
    (void)state;
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    serve_body(BUNDLE("over", "agent", "sub", "root"));
    struct upstream u = add_relay();
    signed_by("agent");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(span_eq(v->recipient.der, der_of_file("agent")));
    assert_true(
        has_cert(certs, told(v, certs), "over")); /* to hosts it is what the upstream says */
    gateway_release(v);
    serve_body(BUNDLE("agent", "sub", "root"));
    assert_ok(refresh(&u)); /* it may go */
    v = gateway_acquire(gateway, "corp");
    assert_false(has_cert(certs, told(v, certs), "over"));
    gateway_release(v);
}

static void another_ca(void **state) {
    (void)state;
    struct upstream u = add_relay();
    serve_body(BUNDLE("strange-ra", "stranger"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), sha1_of("stranger")));
    assert_string_equal(u.offered, sha1_of("stranger"));
    assert_string_equal(u.thumbprint, sha1_of("sub"));
    assert_int_equal(refresh(&u), ERR_CONFLICT);
    assert_int_equal(alarms("another CA"), 1); /* once a day */
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_string_equal(v->thumbprint, sha1_of("sub"));
    assert_string_equal(v->settings->offered, sha1_of("stranger"));
    assert_true(has_cert(v->certs, v->cert_count, "agent"));
    gateway_release(v);
    /* It comes back. */
    serve_body(BUNDLE("agent", "sub", "root"));
    assert_ok(refresh(&u));
    assert_null(u.offered);
    /* It goes for good, and the administrator agrees. */
    serve_body(BUNDLE("strange-ra", "stranger"));
    assert_int_equal(gateway_pin(gateway, &arena, "corp", sha1_of("root"), &u), ERR_CONFLICT);
    assert_int_equal(gateway_pin(gateway, &arena, "corp", "zz", &u), ERR_CONFIG);
    assert_ok(gateway_pin(gateway, &arena, "corp", sha1_of("stranger"), &u));
    assert_string_equal(u.thumbprint, sha1_of("stranger"));
    v = gateway_acquire(gateway, "corp");
    assert_true(has_cert(v->certs, v->cert_count, "strange-ra"));
    gateway_release(v);
    assert_ok(refresh(&u));
    assert_int_equal(gateway_pin(gateway, &arena, "none", sha1_of("root"), &u), ERR_NOT_FOUND);
}

/* Until what a learner brought is in force. */
static void keep_until_asked(unsigned wanted) {
    for (int i = 0; i < 500 && asked() < wanted; i++) {
        gateway_keep(gateway);
        usleep(10000);
    }
    assert_int_equal(asked(), wanted);
    usleep(100000);
    gateway_keep(gateway);
}

static void learning_by_and_by(void **state) {
    (void)state;
    struct gateway_status status;
    add_relay();
    gateway_close(gateway);
    unsigned before = asked();
    serve_body(BUNDLE("ndes", "sub", "root"));
    open_gateway();
    assert_int_equal(asked(), before); /* a restart needs no network */
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(has_cert(v->certs, v->cert_count, "agent"));
    gateway_release(v);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UNKNOWN);
    keep_until_asked(before + 2);
    gateway_keep(gateway);
    assert_int_equal(asked(), before + 2); /* its minute is not over */
    v = gateway_acquire(gateway, "corp");
    assert_true(has_cert(v->certs, v->cert_count, "ndes"));
    gateway_release(v);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP);
    assert_null(status.reason);
}

static void learning_nonsense(void **state) {
    (void)state;
    struct gateway_status status;
    add_relay();
    gateway_close(gateway);
    unsigned before = asked();
    serve_body(span_str("<html>"));
    open_gateway();
    keep_until_asked(before + 2);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP);
    assert_null(status.reason);
    assert_non_null(strstr(status.trouble, "HTML"));
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_true(has_cert(v->certs, v->cert_count, "agent"));
    gateway_release(v);
}

static void nonsense_for_long_is_an_alarm(void **state) {
    (void)state;
    struct gateway_status status;
    struct upstream u;
    add_relay();
    serve_body(span_str("<html>"));
    assert_int_not_equal(refresh(&u), OK);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP);
    assert_non_null(status.trouble);
    clock_shift(9 * 60000);
    assert_int_not_equal(refresh(&u), OK);
    assert_int_equal(alarms("nothing could be learnt"), 0);
    clock_shift(2 * 60000);
    assert_int_not_equal(refresh(&u), OK);
    assert_int_not_equal(refresh(&u), OK);
    assert_int_equal(alarms("nothing could be learnt"), 1);
    serve_body(BUNDLE("agent", "sub", "root"));
    assert_ok(refresh(&u));
    gateway_status(gateway, &arena, "corp", &status);
    assert_null(status.trouble);
    clock_shift(-11 * 60000);
}

/* ---- health ---- */

static void leave_of(const struct gateway_upstream *u, enum fetch_cause cause, int status,
                     const char *asker) {
    struct fetch_job job = {.reply = {.cause = cause, .status = status},
                            .result = cause == FETCH_OK ? OK : ERR_IO,
                            .detail = "no route\x1b"};
    gateway_leave(u, &job, asker);
}

static void leave_with(const struct gateway_upstream *u, enum fetch_cause cause, int status) {
    leave_of(u, cause, status, NULL);
}

static void the_breaker(void **state) {
    (void)state;
    struct gateway_status status;
    unsigned all, down;
    struct upstream u = add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    for (int i = 0; i < 4; i++) {
        assert_ok(gateway_enter(v));
        leave_with(v, FETCH_TIMEOUT, 0);
    }
    assert_ok(gateway_enter(v));
    leave_with(v, FETCH_OK, 500); /* an answer */
    for (int i = 0; i < 5; i++) {
        gateway_count(gateway, &all, &down);
        assert_int_equal(down, 0);
        assert_ok(gateway_enter(v));
        leave_with(v, FETCH_CONNECT, 0);
    }
    gateway_count(gateway, &all, &down);
    assert_int_equal(all, 1);
    assert_int_equal(down, 1);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_DOWN);
    assert_string_equal(status.reason, "no route\\x1b");
    assert_true(status.since > 0);
    assert_int_equal(gateway_enter(v), ERR_BUSY);
    assert_non_null(strstr(err_detail(), "down"));
    gateway_release(v);
    assert_ok(refresh(&u)); /* learning closes it */
    v = gateway_acquire(gateway, "corp");
    assert_ok(gateway_enter(v));
    leave_with(v, FETCH_LIMIT, 200);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.health, GATEWAY_UP);
    assert_null(status.reason);
    gateway_release(v);
}

static unsigned downs(void) {
    unsigned all, down;
    gateway_count(gateway, &all, &down);
    return down;
}

static void fails(const struct gateway_upstream *u, enum fetch_cause cause, const char *asker) {
    assert_ok(gateway_enter(u));
    leave_of(u, cause, 0, asker);
}

/* What a host asks may be what breaks the connection: it must not cut off the others. */
static void one_host_does_not_open_the_breaker(void **state) {
    static const enum fetch_cause causes[] = {FETCH_RESET, FETCH_TIMEOUT, FETCH_INVALID};
    static const char *const others[] = {"e2", "e3", "e4"};
    (void)state;
    struct upstream u = add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    for (int i = 0; i < 30; i++) {
        fails(v, causes[i % 3], "e1");
        fails(v, causes[i % 3], "e0"); /* nor two that take turns */
    }
    for (int i = 0; i < 30; i++) /* nor what was never sent */
        fails(v, i % 2 ? FETCH_LOCAL : FETCH_URL, NULL);
    assert_int_equal(downs(), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(downs(), 0);
        fails(v, FETCH_RESET, others[i]);
    }
    assert_int_equal(downs(), 1); /* five of them */
    assert_ok(refresh(&u));
    assert_int_equal(downs(), 0);
    for (int i = 0; i < 4; i++)
        fails(v, FETCH_RESET, "e1"); /* counts anew after an answer, once */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(downs(), 0);
        fails(v, FETCH_TIMEOUT, NULL); /* ours */
    }
    assert_int_equal(downs(), 1);
    gateway_release(v);
}

/* Nobody can be blamed for a connection that did not come about. */
static void an_upstream_that_one_host_finds_dead(void **state) {
    (void)state;
    add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    struct fetch_job job = {.result = ERR_IO, .reply = {.cause = FETCH_TIMEOUT, .unsent = true}};
    for (int i = 0; i < 3; i++)
        fails(v, FETCH_CONNECT, "e1");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(downs(), 0);
        assert_ok(gateway_enter(v));
        gateway_leave(v, &job, "e1");
    }
    assert_int_equal(downs(), 1);
    gateway_release(v);
}

static void at_most_so_many(void **state) {
    (void)state;
    struct gateway_status status;
    struct upstream u = relay_of("corp");
    u.max_requests = 2;
    add(&u);
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    assert_ok(gateway_enter(v));
    assert_ok(gateway_enter(v));
    assert_int_equal(gateway_enter(v), ERR_BUSY);
    gateway_status(gateway, &arena, "corp", &status);
    assert_int_equal(status.running, 2);
    leave_with(v, FETCH_OK, 200);
    assert_ok(gateway_enter(v));
    leave_with(v, FETCH_OK, 200);
    leave_with(v, FETCH_OK, 200);
    gateway_release(v);
}

static void a_dead_upstream(void **state) {
    (void)state;
    struct upstream u = add_relay();
    upstream_stop(&server);
    for (int i = 0; i < 5; i++)
        assert_int_equal(refresh(&u), ERR_IO);
    unsigned all, down;
    gateway_count(gateway, &all, &down);
    assert_int_equal(down, 1);
    upstream_start(&server);
    assert_ok(refresh(&u));
    gateway_count(gateway, &all, &down);
    assert_int_equal(down, 0);
}

/* ---- mode RA ---- */

static struct upstream ra_of(const char *name) {
    struct upstream u = relay_of(name);
    u.mode = UPSTREAM_RA;
    return u;
}

static void judge_endpoint(const char *name, const char *last) {
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    size_t n;
    bool single;
    const struct pki *p = pki_acquire(pki);
    const struct endpoint *e = pki_endpoint(p, name);
    assert_non_null(e);
    assert_string_equal(e->upstream, name);
    assert_int_equal(e->policy->renewal_window, 0);
    assert_null(strstr(e->capabilities, "Renewal"));
    assert_ptr_equal(pki_route(p, arena_printf(&arena, "/Gateway/%s/pkiclient.exe", name)), e);
    assert_ok(scep_client_certs(&arena, e->ca_certs, certs, SCEP_CLIENT_MAX_CERTS, &n, &single));
    assert_true(span_eq(certs[0], e->ca->ra.cert));
    assert_true(span_eq(certs[1], e->ca->issuer.cert));
    assert_true(span_eq(certs[n - 1], der_of_file(last)));
    assert_false(has_cert(certs, n, "agent"));
    pki_release(p);
}

static void an_endpoint_of_mode_ra(void **state) {
    (void)state;
    struct upstream u = ra_of("corp"), two = ra_of("two");
    u = add(&u);
    assert_string_equal(u.ca, "default");
    judge_endpoint("corp", "root");
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    sh(&folder, "openssl verify -CAfile gateway/corp.pem gateway/corp.pem && "
                "test $(stat -c %%a gateway/corp.key) = 600");
    const struct span own = arena_copy(&arena, v->self.cert);
    gateway_release(v);
    serve_body(der_of_file("stranger"));
    add(&two);
    judge_endpoint("two", "stranger");
    judge_endpoint("corp", "root");
    /* The default's own path is served as before: an upstream is no endpoint of signet.conf. */
    gateway_close(gateway);
    open_gateway();
    judge_endpoint("two", "stranger");
    v = gateway_acquire(gateway, "corp");
    assert_true(span_eq(v->self.cert, own)); /* the same client after a restart */
    gateway_release(v);
    assert_ok(gateway_remove(gateway, "corp"));
    judge_endpoint("two", "stranger");
    const struct pki *p = pki_acquire(pki);
    assert_null(pki_endpoint(p, "corp"));
    pki_release(p);
    assert_ok(gateway_remove(gateway, "two"));
    sh(&folder, "test -z \"$(ls gateway)\"");
    assert_int_equal(gateway_remove(gateway, "two"), ERR_NOT_FOUND);
}

static void nothing_to_encrypt_to(void **state) {
    (void)state;
    struct upstream u = ra_of("corp");
    serve_body(BUNDLE("ec", "sub", "root"));
    not_added(&u, ERR_CONFIG, "RSA");
    sh(&folder, "! ls gateway/corp.key");
    add_relay(); /* the hosts' own matter */
}

static void its_ca_follows(void **state) {
    (void)state;
    struct upstream u = ra_of("corp");
    add(&u);
    serve_body(BUNDLE("strange-ra", "stranger"));
    assert_ok(gateway_pin(gateway, &arena, "corp", sha1_of("stranger"), &u));
    judge_endpoint("corp", "stranger");
}

/* signet.conf has got an endpoint of that name meanwhile. */
static void a_name_that_was_taken(void **state) {
    (void)state;
    struct upstream u = ra_of("later");
    add(&u);
    gateway_close(gateway);
    pki_close(pki);
    settings.endpoints[2] = settings.endpoints[1];
    settings.endpoints[2].name = "later";
    settings.endpoints[2].paths[0] = "/scep/later";
    settings.endpoint_count = 3;
    assert_ok(pki_open(&settings, &pki));
    open_gateway();
    assert_null(gateway_acquire(gateway, "later"));
    gateway_keep(gateway);
    assert_ok(gateway_remove(gateway, "later"));
    settings.endpoint_count = 2;
}

/* ---- who outlives whom ---- */

static void removed_while_it_is_used(void **state) {
    (void)state;
    add_relay();
    const struct gateway_upstream *v = gateway_acquire(gateway, "corp");
    be_silent(true);
    gateway_keep(gateway); /* a learner is under way */
    assert_ok(gateway_enter(v));
    assert_ok(gateway_remove(gateway, "corp"));
    assert_null(gateway_acquire(gateway, "corp"));
    assert_string_equal(v->settings->name, "corp");
    leave_with(v, FETCH_TIMEOUT, 0);
    gateway_release(v);
    be_silent(false);
    add_relay();
}

static void closed_while_it_learns(void **state) {
    (void)state;
    add_relay();
    be_silent(true);
    gateway_keep(gateway); /* and `clear` closes it */
}

/* ---- import ---- */

static enum err add_enrollment(struct tx *tx, void *user) {
    const struct account account = {.name = "a", .password = "hash", .created = 1};
    struct device device = {.device_id = "PC1",
                            .name = "PC1",
                            .hw_dev_id = "h",
                            .os_version = "10",
                            .account = "a",
                            .enrolled = 1};
    struct enrollment e = {.id = "e1",
                           .profile = "p",
                           .endpoint = "corp",
                           .body = "x",
                           .state = STATE_REPORTED,
                           .created = 1,
                           .subject = "CN=leaf",
                           .key_usage = KU_DIGITAL_SIGNATURE,
                           .host_thumbprint = user,
                           .host_status = "1",
                           .asks = 1,
                           .answers = 1,
                           .successes = 1};
    TRY(account_add(tx, &account));
    TRY(device_put(tx, &device));
    e.device = device.id;
    TRY(enrollment_add(tx, &e));
    return enrollment_update(tx, &e);
}

static void an_import(void **state) {
    (void)state;
    const char *id = NULL;
    add_relay();
    assert_int_equal(gateway_import(gateway, &arena, "corp", der_of_file("strange-ra"), &id),
                     ERR_REFUSED);
    assert_int_equal(gateway_import(gateway, &arena, "none", der_of_file("leaf"), &id),
                     ERR_NOT_FOUND);
    assert_int_equal(gateway_import(gateway, &arena, "corp", der_of_file("leaf"), &id),
                     ERR_NOT_FOUND);
    assert_ok(store_write(store, add_enrollment, (void *)(uintptr_t)sha1_of("leaf")));
    assert_ok(gateway_import(gateway, &arena, "corp", der_of_file("leaf"), &id));
    assert_string_equal(id, "e1");
    assert_int_equal(gateway_import(gateway, &arena, "corp", span_str("no DER"), &id), ERR_PARSE);
}

static void urls(void **state) {
    (void)state;
    assert_string_equal(gateway_url(gateway, &arena, "corp", NULL),
                        "https://signet.test:8443/gateway/corp");
    assert_string_equal(gateway_url(gateway, &arena, "corp", "TOKEN"),
                        "https://signet.test:8443/gateway/corp/TOKEN");
}

#define T(test) cmocka_unit_test_setup_teardown(test, fresh, clear)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(an_ra_and_its_chain),
        T(a_single_ca),
        T(cas_only),
        T(a_chain_from_the_settings),
        T(a_thumbprint_of_the_administrator),
        T(a_stranger_beside_it),
        T(ndes_form),
        T(what_is_no_scep_server),
        T(no_capabilities),
        T(capabilities_are_cleaned),
        T(settings_that_are_refused),
        T(a_renewed_ra),
        T(a_leaf_is_no_ra),
        T(a_leaf_alone),
        T(an_ra_left_out),
        T(over_https),
        T(an_expired_ra),
        T(another_ca),
        T(learning_by_and_by),
        T(learning_nonsense),
        T(nonsense_for_long_is_an_alarm),
        T(the_breaker),
        T(one_host_does_not_open_the_breaker),
        T(an_upstream_that_one_host_finds_dead),
        T(at_most_so_many),
        T(a_dead_upstream),
        T(an_endpoint_of_mode_ra),
        T(nothing_to_encrypt_to),
        T(its_ca_follows),
        T(a_name_that_was_taken),
        T(removed_while_it_is_used),
        T(closed_while_it_learns),
        T(an_import),
        T(urls),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
