/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host gets in its sessions, by the endpoint of its profiles: roots, URL, challenge and
 * thumbprint of an endpoint of ours, of an upstream in RA mode, and of one that is relayed to.
 */
#include <pthread.h>

#include "ca_fixture.h"
#include "profile_fixture.h"

#include "base/log.h"
#include "base/text.h"
#include "gateway/internal.h"
#include "mdm/mdm.h"
#include "mdm/target.h"
#include "store/challenge.h"
#include "syncml/syncml.h"

#define DEVICE "0123456789ABCDEF0123456789ABCDEF"
#define CERT   "a client certificate"

static struct folder folder;
static struct pki_settings settings;
static struct authority *authority;
static struct store *store;
static struct mdm mdm;
static char secret_file[80];
static struct enrollment enrollment; /* the last that was assigned */

/* ---- a house with a host in it ---- */

static struct endpoint_settings endpoint_of(const char *name, const char *path, const char *ca) {
    return (struct endpoint_settings){
        .name = name,
        .paths = {path},
        .path_count = 1,
        .ca = ca,
        .policy = {.rsa = true,
                   .rsa_min_bits = 2048,
                   .rsa_max_bits = 4096,
                   .eku = {"1.3.6.1.5.5.7.3.2"},
                   .eku_count = 1,
                   .key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
                   .validity = 365 * DAY,
                   .challenge_lifetime = 3600000},
    };
}

static enum err add_host(struct tx *tx, void *user) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    struct device d = {.device_id = DEVICE,
                       .name = "PC",
                       .hw_dev_id = "hw",
                       .os_version = "10",
                       .account = "alice",
                       .enrolled = 1};
    (void)user;
    TRY(device_put(tx, &d));
    TRY(digest_of(DIGEST_SHA256, span_str(CERT), sha256));
    struct identity i = {.sha256 = span_of(sha256, 32),
                         .device = d.id,
                         .der = span_str(CERT),
                         .issued = 1,
                         .not_after = INT64_MAX};
    return identity_replace(tx, &i);
}

static int build(void **state) {
    log_set_level(LOG_ERROR);
    folder = folder_new(state);
    settings = (struct pki_settings){.folder = folder.path, .ca_count = 2, .endpoint_count = 3};
    settings.cas[0] = ca_settings_default("default");
    settings.cas[1] = ca_settings_default("lab");
    settings.endpoints[0] = endpoint_of("default", "/scep", "default");
    settings.endpoints[1] = endpoint_of("corp", "/scep/corp", "lab");
    settings.endpoints[2] = endpoint_of("fixed", "/scep/fixed", "default");
    settings.endpoints[2].policy.challenges = CHALLENGES_STATIC;
    settings.endpoints[2].policy.static_challenge = "s";
    settings.endpoints[2].policy.subject_rule = "CN=*";
    settings.endpoints[2].policy.san_rules[0] = "dns:*";
    settings.endpoints[2].policy.san_rule_count = 1;
    sh(&folder, "mkdir -m 700 ca ca/lab");
    const struct ca_birth birth = {.host = "pki.test"};
    assert_ok(ca_create(folder.path, &settings.cas[0], &birth));
    assert_ok(ca_create(ca_folder(&arena, folder.path, "lab"), &settings.cas[1], &birth));
    assert_ok(authority_create(folder.path, "pki.test"));
    assert_ok(authority_load(folder.path, &authority));
    make_root(&folder, "up");
    sh(&folder, "openssl req -newkey rsa:2048 -nodes -keyout low.key -subj /CN=low -out low.csr");
    sign(&folder, "up", "low.csr", "low", CA_EXTENSIONS, 100);
    snprintf(secret_file, sizeof secret_file, "%s/secret", folder.path);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    authority_free(authority);
    folder_free(&folder);
    return 0;
}

static void open_gateway(void) {
    const struct gateway_options options = {.store = store,
                                            .pki = mdm.pki,
                                            .authority = authority,
                                            .folder = folder.path,
                                            .base_url = "https://scep.test"};
    assert_ok(gateway_open(&options, &mdm.gateway));
}

static int open_house(void **state) {
    (void)state;
    const char *path = arena_printf(&arena, "%s/db", folder.path);
    assert_ok(store_open(path, &store));
    mdm = (struct mdm){.store = store,
                       .authority = authority,
                       .management_url = "https://mdm.test/m",
                       .scep_url = "https://scep.test/scep",
                       .scep_base = "https://scep.test",
                       .enroll_policy = {DAY, 2}};
    assert_ok(pki_open(&settings, &mdm.pki));
    assert_ok(revocation_open(store, &mdm.revocation));
    open_gateway();
    assert_ok(file_write(secret_file, span_str("hunter2\n"), 0600));
    assert_ok(store_write(store, add_host, NULL));
    return 0;
}

static int close_house(void **state) {
    gateway_close(mdm.gateway);
    revocation_close(mdm.revocation);
    pki_close(mdm.pki);
    store_close(store);
    sh(&folder, "rm -rf db* gateway");
    return teardown(state);
}

/* ---- upstreams ---- */

static enum err add_work(struct tx *tx, void *user) {
    return upstream_add(tx, user);
}

/* One whose GetCACert was learnt: `cert` of the folder, alone. */
static void add_upstream(const char *name, int mode, const char *cert, struct upstream u) {
    struct span der;
    char sha1[41];
    uint8_t digest[DIGEST_MAX_SIZE];
    assert_ok(cert_load_pem(&arena, arena_printf(&arena, "%s/%s.pem", folder.path, cert), &der));
    assert_ok(digest_of(DIGEST_SHA1, der, digest));
    hex_upper(span_of(digest, 20), sha1);
    u.name = name;
    u.mode = mode;
    u.url = "http://127.0.0.1:9/scep";
    u.ca = mode == UPSTREAM_RA ? "default" : NULL;
    u.timeout = 1000;
    u.max_requests = 4;
    u.created = u.learnt = 1;
    u.thumbprint = sha1;
    u.ca_certs = der;
    u.capabilities = "AES\nSHA-256\nPOSTPKIOperation\n";
    if (mode == UPSTREAM_RA)
        assert_ok(self_make(mdm.gateway, name));
    assert_ok(store_write(store, add_work, &u));
    gateway_close(mdm.gateway);
    open_gateway();
}

/* ---- a profile for the host ---- */

static const char *filled_profile(void) {
    const char *text = swap(PROFILE, "0a1b-c2_D", "{{enrollment.id}}", true);
    text = swap(text, "https://old.example/scep", "{{scep.url}}", false);
    text = swap(text, "hunter2", "{{scep.challenge}}", false);
    return swap(text, "0123456789ABCDEF0123456789abcdef01234567", "{{scep.ca_thumbprint}}", false);
}

struct assigning {
    struct stored_profile profile;
};

static enum err assign_work(struct tx *tx, void *user) {
    const struct assigning *a = user;
    struct device d;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    return enroll_assign(tx, &arena, &d, &a->profile, &enrollment);
}

static void assign_text(const char *endpoint, const char *text) {
    struct assigning a = {.profile = {.name = "wifi", .endpoint = endpoint, .body = text}};
    assert_ok(store_write(store, assign_work, &a));
}

static void assign(const char *endpoint) {
    assign_text(endpoint, filled_profile());
}

/* ---- what is known of it ---- */

struct looking {
    struct enrollment e;
    struct event *events;
    struct span hash;
    struct challenge challenge;
    const char *token_of;
    int64_t expires;
    enum err found;
};

static enum err look_work(struct tx *tx, void *user) {
    struct looking *l = user;
    TRY(enrollment_get(tx, &arena, enrollment.id, &l->e));
    return enrollment_list_events(tx, &arena, enrollment.id, &l->events);
}

static struct looking look(void) {
    struct looking l = {.found = OK};
    assert_ok(store_read(store, look_work, &l));
    return l;
}

/* How many events of the kind hold the word in their text or evidence. */
static int count_events(int kind, const char *word) {
    int n = 0;
    for (const struct event *e = look().events; e; e = e->next)
        n += e->kind == kind && (strstr(e->text, word) || strstr(e->evidence, word));
    return n;
}

static void assert_state(enum enroll_state state) {
    assert_string_equal(enroll_state_name((enum enroll_state)look().e.state),
                        enroll_state_name(state));
}

static enum err challenge_work(struct tx *tx, void *user) {
    struct looking *l = user;
    l->found = challenge_get(tx, &arena, l->hash, &l->challenge);
    return OK;
}

static enum err token_work(struct tx *tx, void *user) {
    struct looking *l = user;
    l->found = relay_token_get(tx, &arena, l->hash, "up", &l->token_of, &l->expires);
    return OK;
}

static struct looking find(store_work *work, struct span secret) {
    static uint8_t hash[32];
    struct looking l = {.hash = span_of(hash, sizeof hash)};
    assert_ok(challenge_hash(authority, secret, hash));
    assert_ok(store_read(store, work, &l));
    return l;
}

/* ---- sessions ---- */

struct answer {
    struct syncml_message *m;
    const char *text;
};

static const char *message_of(int msg, const char *body) {
    return arena_printf(
        &arena,
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD>"
        "<VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>%d</MsgID>"
        "<Target><LocURI>https://mdm.test/m</LocURI></Target><Source><LocURI>" DEVICE
        "</LocURI></Source></SyncHdr><SyncBody>%s<Final/></SyncBody></SyncML>",
        msg, body);
}

static struct answer say_with(int msg, const char *body, const struct mdm_wanted *wanted) {
    BUF_AUTO(reply);
    struct answer a;
    assert_ok(mdm_session(&mdm, &arena, span_str(CERT), span_str(message_of(msg, body)),
                          "192.0.2.1", wanted, &reply));
    a.text = arena_str(&arena, buf_view(&reply));
    assert_ok(syncml_parse(&arena, span_str(a.text), &a.m));
    return a;
}

static struct answer say(int msg, const char *body) {
    return say_with(msg, body, NULL);
}

/* Until mdm_wants_done. */
static struct mdm_wanted *claims(int msg, const char *body) {
    struct mdm_wanted *w;
    assert_ok(mdm_wants(&mdm, &arena, span_str(CERT), span_str(message_of(msg, body)), &w));
    return w;
}

static struct mdm_wanted *wants(int msg, const char *body) {
    struct mdm_wanted *w = claims(msg, body);
    mdm_wants_done(&mdm, w);
    return w;
}

static const char *const hello = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>";

static int count_kind(const struct answer *a, enum syncml_kind kind) {
    int n = 0;
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        n += c->kind == kind;
    return n;
}

static void put_status(struct buf *b, const struct answer *a, struct span cmd, int code) {
    buf_printf(b,
               "<Status><CmdID>9</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Cmd>x</Cmd>"
               "<Data>%d</Data></Status>",
               (int)a->m->msg_id, SPAN_FMT(cmd), code);
}

/* What a host answers to roots: it takes all, but that of the CA `refused`. */
static const char *take_roots(const struct answer *a, const char *refused) {
    BUF_AUTO(b);
    struct span data = SPAN_NONE;
    for (const struct syncml_command *c = a->m->commands; c; c = c->next) {
        if (c->kind != SYNCML_ADD && c->kind != SYNCML_GET)
            continue;
        bool bad = refused && strstr(arena_str(&arena, c->items->target), refused);
        put_status(&b, a, c->cmd_id, bad ? 405 : 200);
        if (c->kind == SYNCML_ADD)
            data = c->items->data;
        else if (!bad)
            buf_printf(&b,
                       "<Results><CmdID>8</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Item>"
                       "<Data>%.*s</Data></Item></Results>",
                       (int)a->m->msg_id, SPAN_FMT(c->cmd_id), SPAN_FMT(data));
    }
    return arena_str(&arena, buf_view(&b));
}

/* The value of a node in the Atomic of an answer. */
static struct span node(const struct answer *a, const char *name) {
    const char *uri = arena_printf(&arena, "/Install/%s", name);
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        for (const struct syncml_command *k = c->children; k; k = k->next)
            if (k->items && strstr(arena_str(&arena, k->items->target), uri))
                return k->items->data;
    fail_msg("no %s in %s", name, a->text);
    return SPAN_NONE;
}

static void has_atomics(const struct answer *a, int n) {
    if (count_kind(a, SYNCML_ATOMIC) != n)
        fail_msg("not %d profiles in %s", n, a->text);
}

/* ---- endpoints of ours ---- */

static void gets_minted(const struct answer *a, const char *endpoint) {
    struct span challenge = node(a, "Challenge");
    assert_int_equal(challenge.n, 26);
    struct looking l = find(challenge_work, challenge);
    assert_ok(l.found);
    assert_string_equal(l.challenge.endpoint, endpoint);
    assert_string_equal(l.challenge.enrollment, enrollment.id);
    assert_int_equal(count_events(EVENT_SENT, arena_str(&arena, challenge)), 0);
}

static void our_default(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 1);
    has_atomics(&a, 0); /* one step at a time */
    assert_non_null(strstr(a.text, fingerprint(&folder, "ca.pem")));
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
    assert_text(node(&a, "ServerURL"), "https://scep.test/scep");
    assert_text(node(&a, "CAThumbprint"), fingerprint(&folder, "ca.pem"));
    gets_minted(&a, "default");
    assert_state(STATE_SENT);
    assert_int_equal(count_events(EVENT_NOTE, "read it back (CN="), 1); /* which CA */
    assert_null(wants(1, hello));
}

static void our_other(void **state) {
    (void)state;
    assign("corp");
    struct answer a = say(1, hello);
    a = say(2, take_roots(&a, NULL));
    assert_text(node(&a, "ServerURL"), "https://scep.test/scep/corp");
    assert_text(node(&a, "CAThumbprint"), fingerprint(&folder, "ca/lab/ca.pem"));
    gets_minted(&a, "corp");
    assign("corp");
    a = say(1, hello); /* its root is there already */
    assert_int_equal(count_kind(&a, SYNCML_ADD), 0);
    has_atomics(&a, 1);
    assign("corp");
    assign("default"); /* another CA: its root alone, before any profile */
    a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 1);
    has_atomics(&a, 0);
}

static void a_root_refused(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    a = say(2, take_roots(&a, "/Root/"));
    has_atomics(&a, 0);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 0); /* not again in this session */
    assert_state(STATE_ASSIGNED);
    assert_int_equal(count_events(EVENT_NOTE, "did not take"), 1);
    a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 1);
    const char *other = "<Status><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>3</CmdRef>"
                        "<Data>200</Data></Status><Results><CmdID>8</CmdID><MsgRef>1</MsgRef>"
                        "<CmdRef>4</CmdRef><Item><Data>AAAA</Data></Item></Results>";
    a = say(2, other); /* something else is there under its name */
    has_atomics(&a, 0);
    assert_int_equal(count_events(EVENT_NOTE, "did not take"), 2);
}

static void roots_of_two_cas(void **state) {
    (void)state;
    assign("default");
    struct enrollment first = enrollment;
    assign("corp");
    struct answer a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 2); /* in one message */
    a = say(2, take_roots(&a, fingerprint(&folder, "ca.pem")));
    has_atomics(&a, 1); /* the one whose root is there */
    assert_text(node(&a, "ServerURL"), "https://scep.test/scep/corp");
    assert_state(STATE_SENT);
    enrollment = first;
    assert_state(STATE_ASSIGNED);
}

static void a_static_endpoint(void **state) {
    (void)state;
    assign("fixed");
    struct answer a = say(1, hello);
    for (int i = 0; i < 3; i++)
        a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 0);
    assert_int_equal(count_events(EVENT_ALARM, "challenge = one-time"), 1); /* told once */
}

/* ---- relays ---- */

static struct mdm_wanted fetched(const char *challenge, const char *reason) {
    return (struct mdm_wanted){
        .enrollment = enrollment.id, .upstream = "up", .challenge = challenge, .reason = reason};
}

/* Its URL is good, and the token in it is that of this enrollment and in no event. */
static void check_token(const struct answer *a) {
    static const char base[] = "https://scep.test/gateway/up/";
    struct span url = node(a, "ServerURL");
    assert_int_equal(url.n, sizeof base - 1 + 26);
    assert_true(span_starts(url, base));
    struct span token = span_from(url, sizeof base - 1);
    struct looking l = find(token_work, token);
    assert_ok(l.found);
    assert_string_equal(l.token_of, enrollment.id);
    assert_in_range(l.expires, clock_ms() + DAY - 60000, clock_ms() + DAY);
    assert_int_equal(count_events(EVENT_SENT, arena_str(&arena, token)), 0);
    assert_int_equal(count_events(EVENT_SENT, "/gateway/up/..."), 1);
}

static void a_relay(void **state) {
    (void)state;
    add_upstream("up", UPSTREAM_RELAY, "up", (struct upstream){.challenge_file = secret_file});
    assign("up");
    assert_null(wants(1, hello)); /* its root goes first */
    struct answer a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 1);
    assert_non_null(strstr(a.text, fingerprint(&folder, "up.pem")));
    const char *taken = take_roots(&a, NULL);
    struct mdm_wanted *w = wants(2, taken);
    assert_non_null(w);
    assert_string_equal(w->enrollment, enrollment.id);
    assert_string_equal(w->upstream, "up");
    assert_null(w->next);
    assert_null(wants(2, take_roots(&a, "/Root/"))); /* nothing will be sent */
    w->challenge = "hunter2";
    a = say_with(2, taken, w);
    has_atomics(&a, 1);
    assert_text(node(&a, "Challenge"), "hunter2");
    assert_text(node(&a, "CAThumbprint"), fingerprint(&folder, "up.pem"));
    check_token(&a);
    assert_int_equal(count_events(EVENT_SENT, "hunter2"), 0);
    assert_null(wants(1, hello)); /* it is sent */
    assign_text("up", swap(filled_profile(), "{{scep.challenge}}", "fixed", false));
    assert_null(wants(1, hello)); /* it has its own */
    a = say(1, hello);
    has_atomics(&a, 1);
    assign("up");
    assert_non_null(wants(1, hello));
    a = say(1, hello); /* not fetched: it waits, in silence */
    has_atomics(&a, 0);
    assert_int_equal(count_events(EVENT_NOTE, "waits"), 0);
}

static void only_for_its_host(void **state) {
    (void)state;
    add_upstream("up", UPSTREAM_RELAY, "low", (struct upstream){.challenge_file = secret_file});
    assign("up");
    struct mdm_wanted *w;
    const char *m = message_of(1, hello);
    assert_non_null(wants(1, hello));
    assert_ok(mdm_wants(&mdm, &arena, span_str("a stranger"), span_str(m), &w));
    assert_null(w);
    assert_ok(mdm_wants(&mdm, &arena, SPAN_NONE, span_str(m), &w));
    assert_null(w);
    assert_int_equal(mdm_wants(&mdm, &arena, span_str(CERT), span_str("<x/>"), &w), ERR_PARSE);
    gateway_close(mdm.gateway);
    mdm.gateway = NULL;
    assert_null(wants(1, hello));
    open_gateway();
}

static void at_most_eight(void **state) {
    (void)state;
    add_upstream("up", UPSTREAM_RELAY, "low", (struct upstream){.challenge_file = secret_file});
    for (int i = 0; i < 20; i++)
        assign("up");
    int n = 0;
    for (const struct mdm_wanted *w = wants(1, hello); w; w = w->next)
        n++;
    assert_int_equal(n, 8);
}

/* ---- an NDES, which keeps five passwords ---- */

static void add_ndes(const char *cert) {
    assert_ok(file_write(secret_file, span_str("scep:hunter2\n"), 0600));
    add_upstream("up", UPSTREAM_RELAY, cert,
                 (struct upstream){.ndes_url = "https://ndes.test/certsrv/mscep_admin/",
                                   .ndes_auth = UPSTREAM_AUTH_NTLM,
                                   .ndes_credentials = secret_file});
}

static void one_session_at_a_time(void **state) {
    (void)state;
    add_ndes("low");
    assign("up");
    struct mdm_wanted *w = claims(1, hello);
    assert_non_null(w);
    assert_null(claims(1, hello));
    struct answer a = say(1, hello); /* the other session goes on without a profile, in silence */
    has_atomics(&a, 0);
    assert_state(STATE_ASSIGNED);
    assert_int_equal(count_events(EVENT_NOTE, "waits"), 0);
    struct enrollment first = enrollment;
    assign("up");
    struct mdm_wanted *other = claims(1, hello);
    assert_non_null(other); /* another enrollment of this host */
    assert_string_equal(other->enrollment, enrollment.id);
    assert_null(other->next);
    mdm_wants_done(&mdm, other);
    enrollment = first;
    w->challenge = "hunter2";
    a = say_with(1, hello, w);
    has_atomics(&a, 1);
    mdm_wants_done(&mdm, w);
    assert_state(STATE_SENT);
    w = claims(1, hello);
    assert_string_not_equal(w->enrollment, first.id);
    mdm_wants_done(&mdm, w);
}

static const char *greeting;

/* Sessions of one host at once, each of which sends what it fetched. */
struct racer {
    pthread_t thread;
    unsigned fetched;
};

static void *race(void *user) {
    struct racer *r = user;
    for (int i = 0; i < 10; i++) {
        ARENA_AUTO(a);
        BUF_AUTO(reply);
        struct mdm_wanted *w;
        const struct span m = span_str(greeting);
        if (mdm_wants(&mdm, &a, span_str(CERT), m, &w) != OK)
            abort();
        for (struct mdm_wanted *k = w; k; k = k->next) {
            k->challenge = "hunter2";
            r->fetched++;
        }
        if (mdm_session(&mdm, &a, span_str(CERT), m, "192.0.2.1", w, &reply) != OK)
            abort();
        mdm_wants_done(&mdm, w);
    }
    return NULL;
}

static void each_password_once(void **state) {
    (void)state;
    add_ndes("low");
    greeting = message_of(1, hello);
    for (int round = 0; round < 3; round++) {
        struct racer racers[4] = {0};
        unsigned fetched = 0;
        assign("up");
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
        for (size_t i = 0; i < 4; i++) {
            pthread_join(racers[i].thread, NULL);
            fetched += racers[i].fetched;
        }
        assert_int_equal(fetched, 1);
    }
}

/* A fetch that brought nothing leaves the next one free. */
static void done_without_a_password(void **state) {
    (void)state;
    add_ndes("low");
    assign("up");
    for (int i = 0; i < 30; i++) {
        struct mdm_wanted *w = claims(1, hello);
        assert_non_null(w);
        w->reason = "full";
        struct answer a = say_with(1, hello, w);
        has_atomics(&a, 0);
        mdm_wants_done(&mdm, w);
    }
    assert_state(STATE_ASSIGNED);
    assert_int_equal(count_events(EVENT_LOST, ""), 0);
}

static const char *status_is_absent(const struct answer *a) {
    BUF_AUTO(b);
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == SYNCML_GET)
            put_status(&b, a, c->cmd_id, 404);
    return arena_str(&arena, buf_view(&b));
}

/* How many passwords a host gets that says each time that the profile is not there. */
static void passwords_sent_in_vain(void **state) {
    (void)state;
    int fetched = 0;
    add_ndes("low");
    assign("up");
    for (int i = 0; i < 30; i++) {
        struct mdm_wanted *w = claims(1, hello);
        if (w) {
            w->challenge = "hunter2";
            fetched++;
        }
        say_with(1, hello, w);
        mdm_wants_done(&mdm, w);
        struct answer a = say(1, hello); /* asks for its Status */
        say(2, status_is_absent(&a));
    }
    assert_int_equal(fetched, 3);
    assert_int_equal(count_events(EVENT_SENT, ""), 3);
    assert_int_equal(count_events(EVENT_LOST, ""), 2);
    assert_int_equal(count_events(EVENT_REJECTED, "took a password of the upstream's NDES"), 1);
    assert_state(STATE_REJECTED);
}

static void begin_another_session(void) {
    const char *other = swap(message_of(1, hello), "<SessionID>1<", "<SessionID>2<", false);
    BUF_AUTO(reply);
    assert_ok(
        mdm_session(&mdm, &arena, span_str(CERT), span_str(other), "192.0.2.1", NULL, &reply));
}

/* It says that it took the root, and while the password is fetched begins anew. */
static void passwords_that_never_leave(void **state) {
    (void)state;
    int fetched = 0;
    add_ndes("up");
    assign("up");
    for (int i = 0; i < 30; i++) {
        struct answer a = say(1, hello);
        const char *taken = take_roots(&a, NULL);
        struct mdm_wanted *w = claims(2, taken);
        if (!w)
            continue;
        w->challenge = "hunter2";
        fetched++;
        begin_another_session();
        a = say_with(2, taken, w);
        has_atomics(&a, 0);
        mdm_wants_done(&mdm, w);
    }
    assert_int_equal(fetched, 3);
    assert_int_equal(count_events(EVENT_LOST, "did not go out with it"), 2);
    assert_int_equal(count_events(EVENT_REJECTED, "assign the profile anew"), 1);
    assert_state(STATE_REJECTED);
}

/* A file's challenge is not used up. */
static void a_static_one_costs_nothing(void **state) {
    (void)state;
    add_upstream("up", UPSTREAM_RELAY, "up", (struct upstream){.challenge_file = secret_file});
    assign("up");
    for (int i = 0; i < 5; i++) {
        struct answer a = say(1, hello);
        const char *taken = take_roots(&a, NULL);
        struct mdm_wanted *w = claims(2, taken);
        w->challenge = "hunter2";
        begin_another_session();
        say_with(2, taken, w);
        mdm_wants_done(&mdm, w);
    }
    assert_state(STATE_ASSIGNED);
    assert_int_equal(count_events(EVENT_LOST, ""), 0);
}

/* ---- */

/* Nothing of an intermediate CA makes a root: said once, and the profile goes. */
static void no_root_is_known(void **state) {
    (void)state;
    add_upstream("up", UPSTREAM_RELAY, "low", (struct upstream){.challenge_file = secret_file});
    assign("up");
    const struct mdm_wanted w = fetched("hunter2", NULL);
    struct answer a = say_with(1, hello, &w);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 0);
    has_atomics(&a, 1);
    assert_text(node(&a, "CAThumbprint"), fingerprint(&folder, "low.pem"));
    assert_int_equal(count_events(EVENT_NOTE, "no root of the upstream's CA is known"), 1);
}

static void told_once_for_each_reason(void **state) {
    (void)state;
    add_upstream("up", UPSTREAM_RELAY, "low", (struct upstream){.challenge_file = secret_file});
    assign("up");
    static const char *const reasons[] = {"full", "full", "full", "401", "401"};
    for (size_t i = 0; i < 5; i++) {
        const struct mdm_wanted w = fetched(NULL, reasons[i]);
        struct answer a = say_with(1, hello, &w);
        has_atomics(&a, 0);
        assert_state(STATE_ASSIGNED);
    }
    assert_int_equal(count_events(EVENT_NOTE, "upstream 'up': full"), 1);
    assert_int_equal(count_events(EVENT_NOTE, "upstream 'up': 401"), 1);
    assert_int_equal(count_events(EVENT_ALARM, ""), 0);
    const struct mdm_wanted w = fetched("hunter2", NULL);
    struct answer a = say_with(1, hello, &w);
    has_atomics(&a, 1);
}

static void no_challenge_configured(void **state) {
    (void)state;
    add_upstream("up", UPSTREAM_RELAY, "low", (struct upstream){.url = NULL});
    assign("up");
    assert_null(wants(1, hello));
    for (int i = 0; i < 2; i++) {
        struct answer a = say(1, hello);
        has_atomics(&a, 0);
    }
    assert_int_equal(count_events(EVENT_ALARM, "no challenge for {{scep.challenge}}"), 1);
    assign_text("up", swap(filled_profile(), "{{scep.challenge}}", "fixed", false));
    struct answer a = say(1, hello); /* the profile brings its own */
    has_atomics(&a, 1);
    assert_text(node(&a, "Challenge"), "fixed");
}

static void an_upstream_that_is_gone(void **state) {
    (void)state;
    assign("nobody");
    struct answer a = say(1, hello);
    has_atomics(&a, 0);
    say(1, hello);
    assert_int_equal(count_events(EVENT_ALARM, "neither an endpoint nor an upstream 'nobody'"), 1);
    assert_state(STATE_ASSIGNED);
}

/* The host names the address that answered, with the token. */
static void its_respondent(void **state) {
    (void)state;
    static const char url[] =
        "https://scep.test/gateway/up/ABCDEFGHIJKLMNOPQRSTUVWXYZ/pkiclient.exe";
    assert_string_equal(url_without_tokens(&arena, url),
                        "https://scep.test/gateway/up/.../pkiclient.exe");
    assert_string_equal(url_without_tokens(&arena, "x;https://h/GATEWAY/a/"
                                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ;http://h/gateway/b/"
                                                   "22222222222222222222222222"),
                        "x;https://h/GATEWAY/a/...;http://h/gateway/b/...");
    /* Mistyped, or cut by a proxy: it is live all the same. */
    assert_string_equal(url_without_tokens(&arena, "/gateway/up//ABCDEFGHIJKLMNOPQRSTUVWXYZ/x"),
                        "/gateway/up//.../x");
    assert_string_equal(url_without_tokens(&arena, "/ABCDEFGHIJKLMNOPQRSTUVWXYZ2pkiclient.exe"),
                        "/...pkiclient.exe");
    static const char *const same[] = {"",
                                       "https://h/scep",
                                       "https://h/gateway/",
                                       "/gateway/a",
                                       "https://h/gateway/up/pkiclient.exe",
                                       "https://h/gateway/up;https://h/x"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(url_without_tokens(&arena, same[i]), same[i]);
}

/* ---- RA ---- */

static void an_ra(void **state) {
    (void)state;
    add_upstream("ra", UPSTREAM_RA, "up", (struct upstream){.url = NULL});
    assign("ra");
    struct answer a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 2); /* of our RA, and of what will be issued */
    assert_non_null(strstr(a.text, fingerprint(&folder, "ca.pem")));
    assert_non_null(strstr(a.text, fingerprint(&folder, "up.pem")));
    struct answer half = say(2, take_roots(&a, fingerprint(&folder, "up.pem")));
    has_atomics(&half, 0);
    a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 1); /* only that one is still missing */
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
    assert_text(node(&a, "ServerURL"), "https://scep.test/gateway/ra");
    assert_text(node(&a, "CAThumbprint"), fingerprint(&folder, "ca.pem"));
    gets_minted(&a, "ra");
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_HOUSE(our_default),
        IN_HOUSE(our_other),
        IN_HOUSE(a_root_refused),
        IN_HOUSE(roots_of_two_cas),
        IN_HOUSE(a_static_endpoint),
        IN_HOUSE(a_relay),
        IN_HOUSE(only_for_its_host),
        IN_HOUSE(at_most_eight),
        IN_HOUSE(one_session_at_a_time),
        IN_HOUSE(each_password_once),
        IN_HOUSE(done_without_a_password),
        IN_HOUSE(passwords_sent_in_vain),
        IN_HOUSE(passwords_that_never_leave),
        IN_HOUSE(a_static_one_costs_nothing),
        IN_HOUSE(no_root_is_known),
        IN_HOUSE(told_once_for_each_reason),
        IN_HOUSE(no_challenge_configured),
        IN_HOUSE(an_upstream_that_is_gone),
        IN_HOUSE(its_respondent),
        IN_HOUSE(an_ra),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
