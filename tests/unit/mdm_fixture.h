/* SPDX-License-Identifier: Apache-2.0 */
/* A server's MDM with one host in it, profiles for the host, and its sessions. */
#ifndef SIGNET_TESTS_MDM_FIXTURE_H
#define SIGNET_TESTS_MDM_FIXTURE_H

#include "ca_fixture.h"
#include "profile_fixture.h"

#include "base/log.h"
#include "base/text.h"
#include "csp/shelf.h"
#include "gateway/internal.h"
#include "mdm/mdm.h"
#include "mdm/target.h"
#include "store/challenge.h"
#include "syncml/syncml.h"

#define DEVICE "0123456789ABCDEF0123456789ABCDEF"
#define CERT   "a client certificate"

/* What the listener knows of it. */
static const struct mdm_proof ours = {.cert = {(const uint8_t *)CERT, sizeof CERT - 1}};

static struct folder folder;
static struct pki_settings settings;
static struct authority *authority;
static struct store *store;
static struct mdm mdm;
static struct profile_shelf profiles;
static char secret_file[80];
static struct enrollment enrollment; /* the last that was assigned */

/* ---- a house with a host in it ---- */

static inline struct endpoint_settings endpoint_of(const char *name, const char *path,
                                                   const char *ca) {
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

static inline enum err add_host(struct tx *tx, void *user) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    struct device d = {.device_id = DEVICE,
                       .name = "PC",
                       .hw_dev_id = "hw",
                       .os_version = "10",
                       .account = "alice",
                       .enrolled = 1};
    (void)user;
    TRY(device_put(tx, &d));
    d.hw_told = INT64_MAX; /* what is asked and set once is for hardware_test and version_test */
    d.sync_version = 3;
    TRY(device_set_shown(tx, &d));
    TRY(digest_of(DIGEST_SHA256, span_str(CERT), sha256));
    struct identity i = {.sha256 = span_of(sha256, 32),
                         .device = d.id,
                         .der = span_str(CERT),
                         .serial = span_str("\1"),
                         .issued = 1,
                         .not_after = INT64_MAX};
    return identity_replace(tx, &i);
}

static inline int build(void **state) {
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

static inline int tear_down(void **state) {
    (void)state;
    authority_free(authority);
    folder_free(&folder);
    return 0;
}

static inline void open_gateway(void) {
    const struct gateway_options options = {.store = store,
                                            .pki = mdm.pki,
                                            .authority = authority,
                                            .folder = folder.path,
                                            .base_url = "https://scep.test"};
    assert_ok(gateway_open(&options, &mdm.gateway));
}

static inline int open_house(void **state) {
    (void)state;
    const char *path = arena_printf(&arena, "%s/db", folder.path);
    assert_ok(store_open(path, &store));
    mdm = (struct mdm){.store = store,
                       .profiles = &profiles,
                       .authority = authority,
                       .replies = replies_new(),
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

static inline int close_house(void **state) {
    gateway_close(mdm.gateway);
    revocation_close(mdm.revocation);
    pki_close(mdm.pki);
    store_close(store);
    replies_free(mdm.replies);
    profile_shelf_clear(&profiles);
    sh(&folder, "rm -rf db* gateway");
    return teardown(state);
}

/* As when the server was started anew. */
static inline void forget_replies(void) {
    replies_free(mdm.replies);
    mdm.replies = replies_new();
}

/* ---- upstreams ---- */

static inline enum err add_work(struct tx *tx, void *user) {
    return upstream_add(tx, user);
}

/* One whose GetCACert was learnt: `cert` of the folder, alone. */
static inline void add_upstream(const char *name, int mode, const char *cert, struct upstream u) {
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

static inline const char *filled_profile(void) {
    const char *text = swap(PROFILE, "0a1b-c2_D", "{{enrollment.id}}", true);
    text = swap(text, "https://old.example/scep", "{{scep.url}}", false);
    text = swap(text, "hunter2", "{{scep.challenge}}", false);
    return swap(text, "0123456789ABCDEF0123456789abcdef01234567", "{{scep.ca_thumbprint}}", false);
}

struct assigning {
    struct stored_profile profile;
};

static inline enum err assign_work(struct tx *tx, void *user) {
    const struct assigning *a = user;
    struct device d;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    return enroll_assign(tx, &arena, &d, &a->profile, &enrollment);
}

static inline void assign_text(const char *endpoint, const char *text) {
    struct assigning a = {.profile = {.name = "wifi", .endpoint = endpoint, .body = text}};
    assert_ok(store_write(store, assign_work, &a));
}

static inline void assign(const char *endpoint) {
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

static inline enum err look_work(struct tx *tx, void *user) {
    struct looking *l = user;
    TRY(enrollment_get(tx, &arena, enrollment.id, &l->e));
    TRY(enrollment_body(tx, &arena, &l->e));
    return enrollment_list_events(tx, &arena, enrollment.id, &l->events);
}

static inline struct looking look(void) {
    struct looking l = {.found = OK};
    assert_ok(store_read(store, look_work, &l));
    return l;
}

/* How many events of the kind hold the word in their text or evidence. */
static inline int count_events(int kind, const char *word) {
    int n = 0;
    for (const struct event *e = look().events; e; e = e->next)
        n += e->kind == kind && (strstr(e->text, word) || strstr(e->evidence, word));
    return n;
}

static inline void assert_state(enum enroll_state state) {
    assert_string_equal(enroll_state_name((enum enroll_state)look().e.state),
                        enroll_state_name(state));
}

static inline enum err challenge_work(struct tx *tx, void *user) {
    struct looking *l = user;
    l->found = challenge_get(tx, &arena, l->hash, &l->challenge);
    return OK;
}

static inline enum err token_work(struct tx *tx, void *user) {
    struct looking *l = user;
    l->found = relay_token_get(tx, &arena, l->hash, "up", &l->token_of, &l->expires);
    return OK;
}

static inline struct looking find(store_work *work, struct span secret) {
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

static int session_number; /* of the session under way */

static inline const char *message_in(int session, int msg, const char *body) {
    return arena_printf(
        &arena,
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD>"
        "<VerProto>DM/1.2</VerProto><SessionID>%d</SessionID><MsgID>%d</MsgID>"
        "<Target><LocURI>https://mdm.test/m</LocURI></Target><Source><LocURI>" DEVICE
        "</LocURI></Source></SyncHdr><SyncBody>%s<Final/></SyncBody></SyncML>",
        session, msg, body);
}

/* With MsgID 1 it is of the session that say() is to begin. */
static inline const char *message_of(int msg, const char *body) {
    return message_in(msg == 1 ? session_number + 1 : session_number, msg, body);
}

static const char *said_from = "192.0.2.1"; /* the host's address */

/* The steps of a message, for who waits for the commit. `wanted` may be NULL. */
static inline enum err mdm_session(struct arena *a, const struct mdm_proof *proof,
                                   struct span message, const struct mdm_wanted *wanted,
                                   struct buf *reply) {
    struct mdm_message *m;
    TRY(mdm_read(&mdm, a, proof, message, said_from, &m));
    mdm_give(m, wanted);
    return mdm_finish(m, store_write(store, mdm_work, m), reply);
}

static inline struct answer send_text(const char *message, const struct mdm_wanted *wanted) {
    BUF_AUTO(reply);
    struct answer a;
    assert_ok(mdm_session(&arena, &ours, span_str(message), wanted, &reply));
    a.text = arena_str(&arena, buf_view(&reply));
    assert_ok(syncml_parse(&arena, span_str(a.text), &a.m));
    return a;
}

static inline struct answer say_with(int msg, const char *body, const struct mdm_wanted *wanted) {
    const char *message = message_of(msg, body);
    session_number += msg == 1;
    return send_text(message, wanted);
}

static inline struct answer say(int msg, const char *body) {
    return say_with(msg, body, NULL);
}

static inline enum err wants_of(const struct mdm_proof *proof, const char *message,
                                struct mdm_wanted **out) {
    struct mdm_message *m;
    TRY(mdm_read(&mdm, &arena, proof, span_str(message), "192.0.2.1", &m));
    return mdm_wants(m, out);
}

/* Until mdm_wants_done. */
static inline struct mdm_wanted *claims(int msg, const char *body) {
    struct mdm_wanted *w;
    assert_ok(wants_of(&ours, message_of(msg, body), &w));
    return w;
}

static inline struct mdm_wanted *wants(int msg, const char *body) {
    struct mdm_wanted *w = claims(msg, body);
    mdm_wants_done(&mdm, w);
    return w;
}

static const char *const hello = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>";

static inline int count_kind(const struct answer *a, enum syncml_kind kind) {
    int n = 0;
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        n += c->kind == kind;
    return n;
}

static inline void put_status(struct buf *b, const struct answer *a, struct span cmd, int code) {
    buf_printf(b,
               "<Status><CmdID>9</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Cmd>x</Cmd>"
               "<Data>%d</Data></Status>",
               (int)a->m->msg_id, SPAN_FMT(cmd), code);
}

/* What a host answers to roots: it takes all, but that of the CA `refused`. */
static inline const char *take_roots(const struct answer *a, const char *refused) {
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
static inline struct span node(const struct answer *a, const char *name) {
    const char *uri = arena_printf(&arena, "/Install/%s", name);
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        for (const struct syncml_command *k = c->children; k; k = k->next)
            if (k->items && strstr(arena_str(&arena, k->items->target), uri))
                return k->items->data;
    fail_msg("no %s in %s", name, a->text);
    return SPAN_NONE;
}

static inline void has_atomics(const struct answer *a, int n) {
    if (count_kind(a, SYNCML_ATOMIC) != n)
        fail_msg("not %d profiles in %s", n, a->text);
}

#endif
