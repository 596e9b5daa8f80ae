/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that log in by MD5: whom signet believes, what it shows to those whom it does not, that no
 * nonce serves twice, and how a secret is replaced.
 */
#include "mdm_fixture.h"

#include "mde/mde.h"
#include "mdm/md5.h"
#include "store/journal.h"
#include "store/session.h"

#define ACCOUNT "B8657A763489C25A9321C3A3A6EC7C3C8839182A3515BD25802239EAD4C03AE3"

static const struct mdm_proof tunnel = {.md5_allowed = true};
static struct mde_app_auth known; /* what the host got when it enrolled */
static int64_t moved;             /* ms that the clock was moved by */

/* ---- the host's secrets, in the store ---- */

static enum err enroll_work(struct tx *tx, void *user) {
    struct device_secret *s;
    struct device d;
    TRY(md5_enroll(authority, &arena, DEVICE, clock_ms(), &s));
    TRY(md5_app_auth(authority, &arena, s, user));
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    s->device = d.id;
    return device_secret_put(tx, s);
}

static int open_md5(void **state) {
    open_house(state);
    mdm.provider_id = "signet";
    mdm.device_auth = DEVICE_AUTH_MD5;
    moved = 0;
    return store_write(store, enroll_work, &known) == OK ? 0 : 1;
}

static int close_md5(void **state) {
    clock_shift(-moved);
    return close_house(state);
}

static void pass(int64_t ms) {
    clock_shift(ms);
    moved += ms;
}

static enum err read_work(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    return device_secret_get(tx, &arena, d.id, user);
}

static struct device_secret secret_row(void) {
    struct device_secret s;
    assert_ok(store_read(store, read_work, &s));
    return s;
}

static enum err write_work(struct tx *tx, void *user) {
    return device_secret_put(tx, user);
}

static void ask_for_rekeying(void) {
    struct device_secret s = secret_row();
    s.changed = 0;
    assert_ok(store_write(store, write_work, &s));
}

/* ---- what it says ---- */

static const char *cred(const char *name, const char *secret, const char *nonce) {
    struct span raw;
    char digest[MD5_DIGEST_TEXT];
    assert_ok(base64_decode(&arena, span_str(nonce), &raw));
    assert_ok(md5_digest(name, span_str(secret), raw, digest));
    return arena_printf(&arena,
                        "<Cred><Meta><Format xmlns=\"syncml:metinf\">b64</Format>"
                        "<Type xmlns=\"syncml:metinf\">syncml:auth-md5</Type></Meta>"
                        "<Data>%s</Data></Cred>",
                        digest);
}

static const char *message_as(const char *device, int session, int msg, const char *credentials,
                              const char *body) {
    return arena_printf(&arena,
                        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD>"
                        "<VerProto>DM/1.2</VerProto><SessionID>%x</SessionID><MsgID>%d</MsgID>"
                        "<Target><LocURI>https://mdm.test/m</LocURI></Target><Source><LocURI>%s"
                        "</LocURI></Source>%s</SyncHdr><SyncBody>%s<Final/></SyncBody></SyncML>",
                        (unsigned)session, msg, device, credentials, body);
}

static struct answer tell(const struct mdm_proof *proof, const char *message) {
    BUF_AUTO(reply);
    struct answer a;
    assert_ok(mdm_session(&arena, proof, span_str(message), NULL, &reply));
    a.text = arena_str(&arena, buf_view(&reply));
    assert_ok(syncml_parse(&arena, span_str(a.text), &a.m));
    return a;
}

static struct answer say_as(int session, int msg, const char *credentials, const char *body) {
    return tell(&tunnel, message_as(DEVICE, session, msg, credentials, body));
}

/* ---- what it hears ---- */

static int header_code(const struct answer *a) {
    assert_non_null(a->m->commands);
    assert_true(span_is(a->m->commands->cmd_ref, "0"));
    return syncml_code(a->m->commands);
}

static const char *nonce_of(const struct answer *a) {
    const char *at = strstr(a->text, "<NextNonce xmlns=\"syncml:metinf\">");
    assert_non_null(at);
    at = strchr(at, '>') + 1;
    return arena_str(&arena, span_of(at, strcspn(at, "<")));
}

/* The answer to those who are not believed: 401 with a nonce, 407 for the rest, and no command. */
static void is_challenge(const struct answer *a) {
    assert_int_equal(header_code(a), 401);
    assert_non_null(strstr(a->text, "syncml:auth-md5"));
    for (const struct syncml_command *c = a->m->commands; c; c = c->next) {
        assert_int_equal(c->kind, SYNCML_STATUS);
        if (c != a->m->commands)
            assert_int_equal(syncml_code(c), 407);
    }
}

/* The whole way in, with a profile waiting: what the first answer after it is. */
static struct answer log_in(int session, const char *secret) {
    struct answer a = say_as(session, 1, "", hello);
    is_challenge(&a);
    return say_as(session, 2, cred(known.name, secret, nonce_of(&a)), hello);
}

static const struct syncml_command *first_command(const struct answer *a) {
    const struct syncml_command *c = a->m->commands;
    while (c && c->kind == SYNCML_STATUS)
        c = c->next;
    return c;
}

/* ---- */

/* Expected values of Python's hashlib; the first is OMA's own example. */
static void the_digest(void **state) {
    (void)state;
    char out[MD5_DIGEST_TEXT];
    uint8_t nonce[16];
    for (int i = 0; i < 16; i++)
        nonce[i] = (uint8_t)i;
    assert_ok(md5_digest("Bruce2", span_str("OhBehave"), span_str("Nonce"), out));
    assert_string_equal(out, "Zz6EivR3yeaaENcRN6lpAQ==");
    assert_ok(md5_digest(DEVICE, span_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), span_of(nonce, 16), out));
    assert_string_equal(out, "hMkT/Vc6nX8K/VgBCuFspA==");
}

static void a_login(void **state) {
    (void)state;
    assign("default");
    struct answer a = say_as(1, 1, "", hello);
    is_challenge(&a);
    assert_int_equal(count_kind(&a, SYNCML_STATUS), 2); /* the header's, and the Alert's */
    assert_int_equal(a.m->msg_id, 1);
    const char *first = nonce_of(&a);
    a = say_as(1, 2, cred(known.name, known.host_secret, first), hello);
    assert_int_equal(header_code(&a), 212);
    assert_int_equal(a.m->msg_id, 2);
    assert_string_not_equal(nonce_of(&a), first);
    assert_true(count_kind(&a, SYNCML_ADD) > 0); /* the session is under way: the CA goes */
    a = say_as(1, 3, "", take_roots(&a, NULL));
    assert_int_equal(header_code(&a), 200);
    has_atomics(&a, 1);
    assert_state(STATE_SENT);
    a = log_in(2, known.host_secret);
    assert_int_equal(header_code(&a), 212);
    assert_int_equal(count_kind(&a, SYNCML_GET), 4);
}

static void who_is_not_believed(void **state) {
    (void)state;
    assign("default");
    struct answer a = say_as(1, 1, "", hello);
    const char *nonce = nonce_of(&a);
    const char *const wrong[] = {
        "",
        cred(known.name, "another", nonce),
        cred(known.name, known.server_secret, nonce), /* of the other direction */
        cred("another", known.host_secret, nonce),
        cred(known.name, known.host_secret, "AAAAAAAAAAAAAAAAAAAAAA=="),
        "<Cred><Meta><Type xmlns=\"syncml:metinf\">syncml:auth-md5</Type></Meta><Data></Data></Cred>",
        "<Cred><Meta><Type xmlns=\"syncml:metinf\">syncml:auth-basic</Type></Meta>"
        "<Data>MDoX</Data></Cred>",
        "<Cred/>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        a = say_as(1, 2, wrong[i], hello);
        is_challenge(&a);
        assert_int_equal(a.m->msg_id, 2);
    }
    a = say_as(7, 2, cred(known.name, known.host_secret, nonce), hello); /* another session's */
    is_challenge(&a);
    assert_state(STATE_ASSIGNED);
    assert_int_equal(secret_row().logins, 0); /* none of them changed anything */
    a = say_as(1, 2, cred(known.name, known.host_secret, nonce), hello);
    assert_int_equal(header_code(&a), 212);
}

/* From outside a stranger's DeviceID looks like one that is known. */
static void strangers_learn_nothing(void **state) {
    (void)state;
    const char *const ids[] = {DEVICE, "FEDCBA9876543210FEDCBA9876543210", "PC", "",
                               "0123456789ABCDEF0123456789ABCDE&lt;"};
    for (size_t i = 0; i < 5; i++) {
        if (!*ids[i]) /* no SyncML at all: HTTP 400 */
            continue;
        struct answer a = tell(&tunnel, message_as(ids[i], 1, 1, "", hello));
        is_challenge(&a);
        struct span raw;
        assert_ok(base64_decode(&arena, span_str(nonce_of(&a)), &raw));
        assert_int_equal(raw.n, MD5_NONCE);
    }
}

static void where_it_is_not_allowed(void **state) {
    (void)state;
    const struct mdm_proof nothing = {0};
    struct answer a = say_as(1, 1, "", hello);
    const char *good = cred(known.name, known.host_secret, nonce_of(&a));
    a = tell(&nothing, message_as(DEVICE, 1, 2, good, hello));
    assert_int_equal(header_code(&a), 407);
    assert_null(strstr(a.text, "Chal"));
    const struct mdm_proof foreign = {.cert = span_str("a foreign one"), .md5_allowed = true};
    a = tell(&foreign, message_as(DEVICE, 1, 2, good, hello));
    assert_int_equal(header_code(&a), 401);
    assert_null(strstr(a.text, "Chal"));
    a = tell(&ours, message_as(DEVICE, 1, 2, "", hello)); /* its certificate: no login */
    assert_int_equal(header_code(&a), 200);
}

static void nonces_serve_once(void **state) {
    (void)state;
    assign("default");
    struct answer a = say_as(1, 1, "", hello);
    const char *login =
        message_as(DEVICE, 1, 2, cred(known.name, known.host_secret, nonce_of(&a)), hello);
    struct answer first = tell(&tunnel, login);
    assert_int_equal(header_code(&first), 212);
    a = tell(&tunnel, login); /* its answer was lost: the same one */
    assert_string_equal(a.text, first.text);
    const char *next = take_roots(&first, NULL);
    first = say_as(1, 3, "", next);
    has_atomics(&first, 1);
    a = say_as(1, 3, "", next);
    assert_string_equal(a.text, first.text);
    a = tell(&tunnel, login); /* somebody else has it */
    is_challenge(&a);
    a = say_as(2, 1, "", hello);
    a = tell(&tunnel, login);
    is_challenge(&a);
    assert_int_equal(secret_row().logins, 1);
}

/* What was answered without commands is not kept; a repeat of it is no new session. */
static void a_login_with_nothing_to_do(void **state) {
    (void)state;
    struct answer a = say_as(1, 1, "", hello);
    const char *login =
        message_as(DEVICE, 1, 2, cred(known.name, known.host_secret, nonce_of(&a)), hello);
    struct answer first = tell(&tunnel, login), second = tell(&tunnel, login);
    assert_int_equal(header_code(&second), 212);
    assert_string_equal(nonce_of(&second), nonce_of(&first));
    assert_null(first_command(&second));
    assert_int_equal(secret_row().logins, 1);
}

static void the_next_nonce(void **state) {
    (void)state;
    /* that of the provisioning document, in the very first message */
    const char *first =
        message_as(DEVICE, 1, 1, cred(known.name, known.host_secret, known.nonce), hello);
    struct answer a = tell(&tunnel, first);
    assert_int_equal(header_code(&a), 212);
    assert_int_equal(a.m->msg_id, 1);
    const char *next = nonce_of(&a);
    a = tell(&tunnel, first); /* would begin another session */
    is_challenge(&a);
    a = say_as(2, 1, cred(known.name, known.host_secret, known.nonce), hello);
    is_challenge(&a);
    a = say_as(2, 1, cred(known.name, known.host_secret, next), hello);
    assert_int_equal(header_code(&a), 212);
    a = say_as(3, 1, cred(known.name, known.host_secret, next), hello);
    is_challenge(&a);
}

static void nonces_grow_old(void **state) {
    (void)state;
    struct answer a = say_as(1, 1, "", hello);
    const char *good = cred(known.name, known.host_secret, nonce_of(&a));
    pass(5 * 60000);
    a = say_as(1, 2, good, hello);
    assert_int_equal(header_code(&a), 212);
    a = say_as(2, 1, "", hello);
    good = cred(known.name, known.host_secret, nonce_of(&a));
    pass(11 * 60000);
    a = say_as(2, 2, good, hello);
    is_challenge(&a);
}

/* A host that knows the session's numbers but has not seen its commands is nobody. */
static void sessions_are_not_taken_over(void **state) {
    (void)state;
    assign("default");
    struct answer a = log_in(1, known.host_secret);
    const char *answers = take_roots(&a, NULL);
    BUF_AUTO(guess);
    for (int i = 1; i < 50; i++)
        put_status(&guess, &a, span_str(arena_printf(&arena, "%d", i)), 200);
    struct answer b = say_as(1, 3, "", buf_cstr(&guess));
    is_challenge(&b);
    b = say_as(1, 3, "", hello);
    is_challenge(&b);
    b = say_as(1, 1, "", answers); /* a new session wants a new login */
    is_challenge(&b);
    b = say_as(9, 3, "", answers);
    is_challenge(&b);
    const struct mdm_proof nothing = {0};
    b = tell(&nothing, message_as(DEVICE, 1, 3, "", answers));
    assert_int_equal(header_code(&b), 407);
    assert_state(STATE_ASSIGNED);
    b = say_as(1, 3, "", answers);
    has_atomics(&b, 1);
    pass(11 * 60000); /* long silence */
    BUF_AUTO(late);
    put_status(&late, &b, first_command(&b)->cmd_id, 200);
    b = say_as(1, 4, "", buf_cstr(&late));
    is_challenge(&b);
}

/* Ids of a session with certificate are no secret. */
static void ids_of_other_sessions(void **state) {
    (void)state;
    assign("default");
    struct answer a = tell(&ours, message_as(DEVICE, 1, 1, "", hello));
    const char *answers = take_roots(&a, NULL);
    struct answer b = say_as(1, 1, "", hello); /* as if it were repeated: no kept reply for him */
    is_challenge(&b);
    b = say_as(1, 2, "", answers);
    is_challenge(&b);
    a = tell(&ours, message_as(DEVICE, 1, 2, "", answers));
    has_atomics(&a, 1);
    b = say_as(1, 2, "", answers);
    is_challenge(&b);
    b = tell(&ours, message_as(DEVICE, 1, 2, "", answers)); /* which the host itself gets */
    assert_string_equal(b.text, a.text);
}

static enum err leave_work(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    d.state = *(const int *)user;
    return device_set_state(tx, &d);
}

static void who_has_left(void **state) {
    (void)state;
    int gone[] = {DEVICE_LEFT, DEVICE_REMOVED}, here[] = {DEVICE_LEAVING, DEVICE_ENROLLED};
    for (int i = 0; i < 2; i++) {
        assert_ok(store_write(store, leave_work, &gone[i]));
        struct answer a = log_in(1, known.host_secret);
        is_challenge(&a);
        assert_ok(store_write(store, leave_work, &here[i]));
        a = log_in(2 + i, known.host_secret);
        assert_int_equal(header_code(&a), 212);
    }
}

/* ---- who counts as which host ---- */

static struct mdm_message *read_as(const struct mdm_proof *proof, const char *message) {
    struct mdm_message *m;
    assert_ok(mdm_read(&mdm, &arena, proof, span_str(message), "192.0.2.1", &m));
    return m;
}

static int64_t sender(const struct mdm_proof *proof, const char *message) {
    int64_t device = -1;
    assert_ok(mdm_recognize(read_as(proof, message), &device));
    return device;
}

static void a_name_proves_nothing(void **state) {
    (void)state;
    const struct mdm_proof foreign = {.cert = span_str("a foreign one"), .md5_allowed = true};
    const struct mdm_proof nothing = {0};
    const int64_t host = secret_row().device;
    const char *plain = message_as(DEVICE, 1, 1, "", hello);
    struct answer a = tell(&tunnel, plain);
    const char *nonce = nonce_of(&a);
    assert_int_equal(sender(&tunnel, plain), 0);
    assert_int_equal(sender(&nothing, plain), 0);
    assert_int_equal(sender(&foreign, plain), 0);
    assert_int_equal(
        sender(&tunnel, message_as(DEVICE, 1, 2, cred(known.name, "another", nonce), hello)), 0);
    assert_int_equal(sender(&ours, message_as("FEDCBA9876543210FEDCBA9876543210", 1, 1, "", hello)),
                     0);
    assert_int_equal(sender(&ours, plain), host);
    const char *login = message_as(DEVICE, 1, 2, cred(known.name, known.host_secret, nonce), hello);
    assert_int_equal(sender(&tunnel, login), host);
    a = tell(&tunnel, login); /* to be recognized spends no nonce */
    assert_int_equal(header_code(&a), 212);
}

/* However many strangers there are at its address, which is the tunnel's. */
static void a_host_gets_its_nonce(void **state) {
    (void)state;
    struct answer a;
    BUF_AUTO(reply);
    const struct mdm_proof nothing = {0}, foreign = {.cert = span_str("foreign")};
    const char *plain = message_as(DEVICE, 1, 1, "", hello);
    assert_int_equal(mdm_turn_away(read_as(&nothing, plain), &reply), ERR_BUSY);
    assert_int_equal(mdm_turn_away(read_as(&foreign, plain), &reply), ERR_BUSY);
    assert_int_equal(reply.n, 0);
    assert_ok(mdm_turn_away(read_as(&tunnel, plain), &reply));
    a.text = arena_str(&arena, buf_view(&reply));
    assert_ok(syncml_parse(&arena, span_str(a.text), &a.m));
    is_challenge(&a);
    const char *login =
        message_as(DEVICE, 1, 2, cred(known.name, known.host_secret, nonce_of(&a)), hello);
    assert_int_equal(mdm_turn_away(read_as(&tunnel, login), &reply), ERR_BUSY); /* no stranger */
    a = tell(&tunnel, login);
    assert_int_equal(header_code(&a), 212);
}

/* ---- rekeying ---- */

/* The secret in the Replace of an answer; NULL: there is none. */
static const char *new_secret(const struct answer *a) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == SYNCML_REPLACE) {
            assert_true(span_is(c->items->target,
                                "./SyncML/DMAcc/0x0000800c" ACCOUNT "/AppAuth/CLCRED/AAuthSecret"));
            return arena_str(&arena, c->items->data);
        }
    return NULL;
}

static void answer_replace(int session, int msg, const struct answer *a, int code) {
    BUF_AUTO(b);
    put_status(&b, a, first_command(a)->cmd_id, code);
    say_as(session, msg, "", buf_cstr(&b));
}

static void a_new_secret(void **state) {
    (void)state;
    struct answer a = log_in(1, known.host_secret);
    assert_null(new_secret(&a));
    ask_for_rekeying();
    a = log_in(2, known.host_secret);
    const char *fresh = new_secret(&a);
    assert_non_null(fresh);
    assert_int_equal(strlen(fresh), 26);
    assert_string_not_equal(fresh, known.host_secret);
    answer_replace(2, 3, &a, 200);
    a = log_in(3, fresh);
    assert_int_equal(header_code(&a), 212);
    assert_null(new_secret(&a));
    a = log_in(4, known.host_secret); /* is good no more */
    is_challenge(&a);
    a = log_in(5, fresh);
    assert_int_equal(header_code(&a), 212);
    pass(31 * DAY); /* and again, by itself */
    a = log_in(6, fresh);
    assert_non_null(new_secret(&a));
    assert_string_not_equal(new_secret(&a), fresh);
}

/* Either side may believe that the other has it, or not: nobody is locked out. */
static void lost_on_the_way(void **state) {
    (void)state;
    ask_for_rekeying();
    struct answer a = log_in(1, known.host_secret);
    const char *fresh = new_secret(&a);
    a = log_in(2, known.host_secret); /* it did not get it: the same again */
    assert_string_equal(new_secret(&a), fresh);
    answer_replace(2, 3, &a, 200);
    a = log_in(3, known.host_secret); /* it says so, and has it not */
    assert_string_equal(new_secret(&a), fresh);
    a = log_in(4, fresh); /* it has it, and its Status was lost */
    assert_int_equal(header_code(&a), 212);
    a = log_in(5, known.host_secret);
    is_challenge(&a);
}

static enum err alarm_work(struct tx *tx, void *user) {
    return journal_alarms(tx, &arena, 10, user);
}

static void refused(void **state) {
    (void)state;
    struct journal_entry *alarms;
    ask_for_rekeying();
    struct answer a = log_in(1, known.host_secret);
    const char *fresh = new_secret(&a);
    answer_replace(1, 3, &a, 404);
    assert_ok(store_read(store, alarm_work, &alarms));
    assert_non_null(alarms);
    assert_string_equal(alarms->text, "a host did not take its new secret");
    assert_null(strstr(alarms->evidence, fresh));
    a = log_in(2, known.host_secret);
    assert_null(new_secret(&a)); /* not in every session */
    a = log_in(3, fresh);
    is_challenge(&a);
    pass(DAY + 60000);
    a = log_in(4, known.host_secret);
    assert_non_null(new_secret(&a));
    assert_string_not_equal(new_secret(&a), fresh);
}

/* A host that shows its certificate proves no secret; what it took is in force a month later. */
static void with_a_certificate(void **state) {
    (void)state;
    mdm.device_auth = DEVICE_AUTH_BOTH;
    ask_for_rekeying();
    struct answer a = tell(&ours, message_as(DEVICE, 1, 1, "", hello));
    const char *fresh = new_secret(&a);
    BUF_AUTO(b);
    put_status(&b, &a, first_command(&a)->cmd_id, 200);
    tell(&ours, message_as(DEVICE, 1, 2, "", buf_cstr(&b)));
    a = tell(&ours, message_as(DEVICE, 2, 1, "", hello));
    assert_null(new_secret(&a));
    pass(31 * DAY);
    a = tell(&ours, message_as(DEVICE, 3, 1, "", hello));
    const char *second = new_secret(&a);
    assert_string_not_equal(second, fresh);
    a = log_in(4, fresh);
    assert_int_equal(header_code(&a), 212);
    mdm.device_auth = DEVICE_AUTH_CERTIFICATE;
    ask_for_rekeying();
    a = tell(&ours, message_as(DEVICE, 5, 1, "", hello));
    assert_null(new_secret(&a));
}

/* A copy of the database tells no secret. */
static void the_store_cannot_read_them(void **state) {
    (void)state;
    struct device_secret s = secret_row();
    struct span plain;
    assert_ok(md5_open_secret(authority, &arena, s.host, &plain));
    assert_true(span_is(plain, known.host_secret));
    assert_false(span_is(s.host, known.host_secret));
    assert_string_not_equal(known.host_secret, known.server_secret);
    ask_for_rekeying();
    struct answer a = log_in(1, known.host_secret);
    s = secret_row();
    assert_ok(md5_open_secret(authority, &arena, s.next, &plain));
    assert_true(span_is(plain, new_secret(&a)));
    BUF_AUTO(command);
    buf_printf(&command, "! grep -qa -e %s -e %s %s/db*", known.host_secret, new_secret(&a),
               folder.path);
    assert_int_equal(system(buf_cstr(&command)), 0);
}

#define MD5(name) cmocka_unit_test_setup_teardown(name, open_md5, close_md5)

int main(void) {
    const struct CMUnitTest tests[] = {
        MD5(the_digest),
        MD5(a_login),
        MD5(who_is_not_believed),
        MD5(strangers_learn_nothing),
        MD5(where_it_is_not_allowed),
        MD5(nonces_serve_once),
        MD5(a_login_with_nothing_to_do),
        MD5(the_next_nonce),
        MD5(nonces_grow_old),
        MD5(sessions_are_not_taken_over),
        MD5(ids_of_other_sessions),
        MD5(who_has_left),
        MD5(a_name_proves_nothing),
        MD5(a_host_gets_its_nonce),
        MD5(a_new_secret),
        MD5(lost_on_the_way),
        MD5(refused),
        MD5(with_a_certificate),
        MD5(the_store_cannot_read_them),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
