/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that come twice, too late, too early, in parts or from somebody else: each is heard
 * once, each command goes out once, and the administrator is told.
 */
#include <pthread.h>

#include "mdm_fixture.h"

#include "base/clock.h"
#include "ca/device_crl.h"
#include "enroll/state.h"
#include "mdm/chunks.h"
#include "store/journal.h"
#include "store/session.h"

#define MINUTE 60000

static int64_t shifted;

static void move_clock(int64_t ms) {
    clock_shift(ms);
    shifted += ms;
}

static int open_quiet_house(void **state) {
    log_set_level(LOG_ERROR);
    return open_house(state);
}

static int close_moved_house(void **state) {
    move_clock(-shifted);
    return close_house(state);
}

/* ---- what is known ---- */

struct counting {
    const char *text;
    int64_t notes, alarms, strangers;
};

static enum err count_work(struct tx *tx, void *user) {
    struct counting *c = user;
    struct device d;
    struct journal_entry *all;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    TRY(journal_of_device(tx, &arena, d.id, 1000, &all));
    for (; all; all = all->next)
        if (strstr(all->text, c->text)) {
            assert_non_null(strstr(all->evidence, "192.0.2.1"));
            *(all->kind == JOURNAL_ALARM ? &c->alarms : &c->notes) += 1;
        }
    return journal_count_alarms(tx, NULL, c->text, 0, &c->strangers);
}

static struct counting told(const char *text) {
    struct counting c = {.text = text};
    assert_ok(store_read(store, count_work, &c));
    return c;
}

static enum err session_work(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    return session_get(tx, &arena, d.id, user);
}

static struct session session_now(void) {
    struct session s;
    assert_ok(store_read(store, session_work, &s));
    return s;
}

/* The header's status, and nothing else. */
static void says_only(const struct answer *a, int code) {
    const struct syncml_command *c = a->m->commands;
    assert_non_null(c);
    assert_int_equal(syncml_code(c), code);
    assert_text(c->cmd, "SyncHdr");
    assert_null(c->next);
    assert_true(a->m->final);
}

/* The code of the Status to the host's command. */
static int status_to(const struct answer *a, const char *cmd_id) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == SYNCML_STATUS && span_is(c->cmd_ref, cmd_id))
            return syncml_code(c);
    fail_msg("no Status to %s in %s", cmd_id, a->text);
    return 0;
}

static int commands_in(const struct answer *a) {
    int n = 0;
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        n += c->kind != SYNCML_STATUS;
    return n;
}

/* ---- the answer was lost ---- */

static void the_same_bytes(void **state) {
    (void)state;
    assign("default");
    const char *first = message_of(1, hello);
    struct answer roots = say(1, hello);
    assert_string_equal(send_text(first, NULL).text, roots.text);
    const char *second = message_of(2, take_roots(&roots, NULL));
    struct answer profile = send_text(second, NULL);
    has_atomics(&profile, 1);
    int notes = count_events(EVENT_NOTE, "read it back");
    for (int i = 0; i < 3; i++)
        assert_string_equal(send_text(second, NULL).text, profile.text);
    assert_int_equal(count_events(EVENT_SENT, ""), 1);
    assert_int_equal(count_events(EVENT_NOTE, "read it back"), notes);
    assert_state(STATE_SENT);
    assert_int_equal(told("").notes, 0); /* a host may do that */
    struct answer on = say(3, "");
    assert_int_equal(on.m->msg_id, 3); /* our second answer counts once */
}

static void nothing_to_keep(void **state) {
    (void)state;
    const char *alert =
        "<Alert><CmdID>7</CmdID><Data>1224</Data></Alert><Get><CmdID>8</CmdID></Get>";
    say(1, hello);
    const char *second = message_of(2, alert);
    struct answer a = send_text(second, NULL);
    forget_replies();
    assert_string_equal(send_text(second, NULL).text, a.text);
    assert_int_equal(status_to(&a, "7"), 200);
    assert_int_equal(status_to(&a, "8"), 405);
}

/* A host that begins again much later does not get commands that are old. */
static void a_first_message_later(void **state) {
    (void)state;
    assign("default");
    const char *first = message_of(1, hello);
    struct answer a = say(1, hello);
    move_clock(11 * MINUTE);
    struct answer b = send_text(first, NULL);
    assert_int_equal(commands_in(&b), commands_in(&a));
    assert_int_equal(session_now().started, session_now().heard);
    assert_in_range(session_now().started, clock_ms() - MINUTE, clock_ms());
}

/* ---- MsgIDs ---- */

static void another_message_under_its_number(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    const char *refused = take_roots(&a, "/Root/"), *taken = take_roots(&a, NULL);
    say(2, refused);
    for (int i = 0; i < 3; i++) {
        a = say(2, taken);
        says_only(&a, 200);
    }
    assert_int_equal(count_events(EVENT_NOTE, "read it back"), 0);
    assert_state(STATE_ASSIGNED);
    assert_int_equal(told("under an old MsgID").notes, 1);
    move_clock(61 * MINUTE);
    say(2, taken);
    assert_int_equal(told("under an old MsgID").notes, 2); /* once an hour */
}

static void a_number_left_out(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    const char *taken = take_roots(&a, NULL);
    struct answer b = say(3, taken);
    says_only(&b, 400);
    assert_int_equal(told("left out a MsgID").notes, 1);
    b = say(2, taken); /* and nothing has changed */
    has_atomics(&b, 1);
}

static void a_session_that_nobody_knows(void **state) {
    (void)state;
    assign("default");
    session_number++;
    struct answer a = say(5, hello); /* of before the database was restored */
    assert_int_equal(count_kind(&a, SYNCML_ADD), 1);
    assert_int_equal(a.m->msg_id, 1);
    a = say(6, take_roots(&a, NULL));
    has_atomics(&a, 1);
}

/* ---- two sessions ---- */

static void apart_from_an_open_session(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    const char *taken = take_roots(&a, NULL);
    const char *other = message_in(session_number + 50, 2, taken);
    struct answer b = send_text(other, NULL);
    says_only(&b, 200);
    assert_state(STATE_ASSIGNED);
    assert_int_equal(told("two sessions at once").notes, 1);
    move_clock(3 * MINUTE); /* it was given up */
    b = send_text(other, NULL);
    assert_int_equal(count_kind(&b, SYNCML_ADD), 1); /* a session of its own */
}

static void a_new_session_takes_over(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    const char *late = message_of(2, take_roots(&a, NULL));
    a = say(1, hello);
    struct answer b = send_text(late, NULL);
    says_only(&b, 200);
    b = say(2, take_roots(&a, NULL));
    has_atomics(&b, 1);
    assert_int_equal(count_events(EVENT_SENT, ""), 1);
}

/* A session without open commands is over: nobody is kept out. */
static void after_the_end(void **state) {
    (void)state;
    say(1, hello);
    const char *other = message_in(session_number + 50, 2, "<Get><CmdID>5</CmdID></Get>");
    struct answer a = send_text(other, NULL);
    assert_int_equal(status_to(&a, "5"), 405);
    assert_int_equal(told("").notes, 0);
}

struct racer {
    pthread_t thread;
    int number, atomics;
};

static void *race(void *user) {
    struct racer *r = user;
    for (int i = 0; i < 20; i++) {
        ARENA_AUTO(a);
        BUF_AUTO(first);
        BUF_AUTO(reply);
        BUF_AUTO(second);
        struct syncml_message *m;
        buf_printf(&first,
                   "<SyncML><SyncHdr><SessionID>%d</SessionID><MsgID>1</MsgID><Source><LocURI>%s"
                   "</LocURI></Source></SyncHdr><SyncBody/></SyncML>",
                   r->number * 100 + i, DEVICE);
        if (mdm_session(&a, &ours, buf_view(&first), NULL, &reply) != OK ||
            syncml_parse(&a, buf_view(&reply), &m) != OK)
            abort();
        buf_printf(&second,
                   "<SyncML><SyncHdr><SessionID>%d</SessionID><MsgID>2</MsgID><Source><LocURI>%s"
                   "</LocURI></Source></SyncHdr><SyncBody>",
                   r->number * 100 + i, DEVICE);
        for (const struct syncml_command *c = m->commands; c; c = c->next)
            if (c->kind == SYNCML_ADD || c->kind == SYNCML_GET)
                buf_printf(&second,
                           "<Status><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Data>200</Data>"
                           "</Status>",
                           (int)m->msg_id, SPAN_FMT(c->cmd_id));
        buf_str(&second, "</SyncBody></SyncML>");
        for (int twice = 0; twice < 2; twice++) {
            buf_free(&reply);
            if (mdm_session(&a, &ours, buf_view(&second), NULL, &reply) != OK)
                abort();
            r->atomics += twice == 0 && strstr(buf_cstr(&reply), "<Atomic>") != NULL;
        }
    }
    return NULL;
}

static void two_at_once(void **state) {
    (void)state;
    struct racer racers[2] = {{.number = 1}, {.number = 2}};
    log_set_level(LOG_ERROR);
    assign("default");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(racers[i].thread, NULL);
    assert_int_equal(racers[0].atomics + racers[1].atomics, 1);
    assert_int_equal(count_events(EVENT_SENT, ""), 1);
}

/* ---- alerts of the session ---- */

static const char *with_alert(const char *answers, int code) {
    return arena_printf(&arena, "%s<Alert><CmdID>70</CmdID><Data>%d</Data></Alert>", answers, code);
}

static void the_next_message(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    a = say(2, with_alert(take_roots(&a, NULL), 1222));
    assert_int_equal(status_to(&a, "70"), 200);
    assert_int_equal(a.m->msg_id, 2); /* it goes on */
    has_atomics(&a, 1);
}

static void the_host_gives_up(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    a = say(2, with_alert(take_roots(&a, NULL), 1223));
    assert_int_equal(status_to(&a, "70"), 200);
    assert_int_equal(commands_in(&a), 0);
    assert_int_equal(count_events(EVENT_NOTE, "read it back"), 1); /* what it said counts */
    a = say(1, hello);
    has_atomics(&a, 1);
}

/* ---- results in parts ---- */

/* Of the Get of a root: its bytes from `from` on. */
static const char *part(const struct answer *a, size_t from, size_t count, bool more) {
    BUF_AUTO(b);
    struct span data = SPAN_NONE;
    for (const struct syncml_command *c = a->m->commands; c; c = c->next) {
        if (c->kind == SYNCML_ADD)
            data = c->items->data;
        if (c->kind != SYNCML_GET)
            continue;
        data = span_from(data, from);
        data.n = data.n < count ? data.n : count;
        buf_printf(
            &b,
            "<Results><CmdID>60</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Item><Source>"
            "<LocURI>%.*s</LocURI></Source><Data>%.*s</Data>%s</Item></Results>",
            (int)a->m->msg_id, SPAN_FMT(c->cmd_id), SPAN_FMT(c->items->target), SPAN_FMT(data),
            more ? "<MoreData/>" : "");
    }
    return arena_str(&arena, buf_view(&b));
}

/* Without them the root is taken, and not shown. */
static const char *statuses_only(const struct answer *a) {
    BUF_AUTO(b);
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == SYNCML_GET)
            put_status(&b, a, c->cmd_id, 200);
    return arena_str(&arena, buf_view(&b));
}

static void put_together(void **state) {
    (void)state;
    assign("default");
    struct answer asked = say(1, hello);
    struct answer a =
        say(2, arena_printf(&arena, "%s%s", statuses_only(&asked), part(&asked, 0, 300, true)));
    assert_int_equal(status_to(&a, "60"), 213);
    has_atomics(&a, 0);
    const char *middle = message_of(3, part(&asked, 300, 300, true));
    a = send_text(middle, NULL);
    assert_int_equal(status_to(&a, "60"), 213);
    assert_string_equal(send_text(middle, NULL).text, a.text); /* and is not taken twice */
    a = say(4, part(&asked, 600, 100000, false));
    assert_int_equal(status_to(&a, "60"), 200);
    has_atomics(&a, 1); /* the very certificate was read back */
    assert_int_equal(count_events(EVENT_NOTE, "read it back"), 1);
    assert_null(session_now().chunk_uri);
    assert_int_equal(told("").notes, 0);
}

static void broken_off(void **state) {
    (void)state;
    assign("default");
    struct answer asked = say(1, hello);
    say(2, part(&asked, 0, 300, true));
    say(1, hello);
    assert_null(session_now().chunk_uri);
    assert_int_equal(told("broke off").notes, 1);
}

static void too_large_together(void **state) {
    (void)state;
    assign("default");
    struct answer asked = say(1, hello), a;
    char *big = arena_alloc(&arena, CHUNKS_MAX / 2 + 2);
    memset(big, 'A', CHUNKS_MAX / 2 + 1);
    const char *empty = part(&asked, 0, 0, true), *last = part(&asked, 0, 100000, false);
    const char *chunk =
        swap(empty, "<Data></Data>", arena_printf(&arena, "<Data>%s</Data>", big), false);
    a = say(2, chunk);
    assert_int_equal(status_to(&a, "60"), 213);
    a = say(3, chunk);
    assert_int_equal(status_to(&a, "60"), 413);
    a = say(4, chunk);
    assert_int_equal(status_to(&a, "60"), 413);
    assert_int_equal(session_now().chunk.n, 0);
    a = say(5, last); /* of a result of which the beginning is gone */
    assert_int_equal(status_to(&a, "60"), 413);
    has_atomics(&a, 0);
    assert_int_equal(count_events(EVENT_NOTE, "read it back"), 0);
    assert_int_equal(told("too large").notes, 1);
    a = say(6, last); /* whole */
    assert_int_equal(status_to(&a, "60"), 200);
    has_atomics(&a, 1);
}

/* ---- answers ---- */

static void never_sent(void **state) {
    (void)state;
    assign("default");
    say(1, hello);
    say(2,
        "<Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>99</CmdRef><Data>200</Data></Status>"
        "<Results><CmdID>3</CmdID><MsgRef>7</MsgRef><CmdRef>2</CmdRef><Item><Data>1</Data></Item>"
        "</Results><Status><MsgRef>x</MsgRef><CmdRef>y</CmdRef><Data>z</Data></Status>");
    assert_int_equal(told("was not sent").notes, 1);
    assert_state(STATE_ASSIGNED);
}

/* A second word on a command is none. */
static void heard_once(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    a = say(2, take_roots(&a, NULL));
    BUF_AUTO(b);
    for (const struct syncml_command *c = a.m->commands; c; c = c->next)
        if (c->kind == SYNCML_ATOMIC)
            put_status(&b, &a, c->cmd_id, 200);
    say(3, buf_cstr(&b));
    assert_state(STATE_ACCEPTED);
    const char *fails = swap(buf_cstr(&b), "<Data>200<", "<Data>507<", true);
    say(4, fails);
    assert_state(STATE_ACCEPTED);
    assert_int_equal(count_events(EVENT_REJECTED, ""), 0);
    assert_int_equal(told("was not sent").notes, 1);
}

/* Of Results, too: what it read back holds. */
static void shown_once(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    const char *taken = take_roots(&a, NULL);
    say(2, taken);
    int notes = count_events(EVENT_NOTE, "");
    say(3, taken);
    assert_int_equal(count_events(EVENT_NOTE, ""), notes);
    assert_int_equal(told("was not sent").notes, 1);
}

static void the_original_error(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, hello);
    a = say(2, take_roots(&a, NULL));
    BUF_AUTO(b);
    for (const struct syncml_command *c = a.m->commands; c; c = c->next) {
        if (c->kind != SYNCML_ATOMIC)
            continue;
        put_status(&b, &a, c->cmd_id, 507);
        buf_printf(&b,
                   "<Status xmlns:msft=\"http://schemas.microsoft.com/MobileDevice/MDM\"><CmdID>5"
                   "</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Cmd>Add</Cmd>"
                   "<Data msft:originalerror=\"0x86000002\">404</Data></Status>",
                   (int)a.m->msg_id, SPAN_FMT(c->children->cmd_id));
    }
    say(3, buf_cstr(&b));
    assert_state(STATE_REJECTED);
    assert_int_equal(count_events(EVENT_REJECTED, "\"original_error\":\"0x86000002\"") +
                         count_events(EVENT_REJECTED, "\"original_error\": \"0x86000002\""),
                     1);
}

static void a_command_without_id(void **state) {
    (void)state;
    struct answer a = say(1, "<Alert><Data>1201</Data></Alert><Replace><CmdID>3</CmdID></Replace>");
    assert_int_equal(status_to(&a, ""), 400);
    assert_int_equal(status_to(&a, "3"), 200);
}

/* ---- who is signed in ---- */

static const char *signed_in(const char *who) {
    return arena_printf(&arena,
                        "<Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type>"
                        "com.microsoft/MDM/LoginStatus</Type></Meta><Data>%s</Data></Item></Alert>",
                        who);
}

static void in_the_users_store(void **state) {
    (void)state;
    assign_text("default", swap(filled_profile(), "./Device/", "./User/", true));
    say(1, signed_in("none"));
    say(1, hello);
    struct answer a = say(1, signed_in("others"));
    assert_int_equal(commands_in(&a), 0);
    assert_int_equal(count_events(EVENT_NOTE, "signed in"), 1);
    a = say(1, signed_in("user"));
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1); /* said in the first message, it holds for the session */
    assert_non_null(strstr(a.text, "./User/"));
    assert_null(strstr(a.text, "./Device/Vendor/MSFT/ClientCertificateInstall"));
}

static void said_anew_in_each_session(void **state) {
    (void)state;
    say(1, signed_in("user"));
    assign_text("default", swap(filled_profile(), "./Device/", "./User/", true));
    struct answer a = say(1, hello); /* it does not say so any more */
    assert_int_equal(commands_in(&a), 0);
    a = say(2, ""); /* nor in the session's other messages */
    assert_int_equal(commands_in(&a), 0);
    a = say(1, signed_in("user"));
    assert_true(commands_in(&a) > 0);
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
}

/* ---- strangers ---- */

static void knock(struct span cert, const char *source, int times, int code) {
    const struct mdm_proof proof = {.cert = cert};
    const char *text = swap(message_in(1, 1, hello), DEVICE, source, false);
    for (int i = 0; i < times; i++) {
        BUF_AUTO(reply);
        struct answer a;
        assert_ok(mdm_session(&arena, &proof, span_str(text), NULL, &reply));
        assert_ok(syncml_parse(&arena, buf_view(&reply), &a.m));
        if (code == 200)
            assert_int_equal(status_to(&a, "0"), 200);
        else
            says_only(&a, code);
    }
}

static enum err revoke_work(struct tx *tx, void *user) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    struct device d;
    (void)user;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    TRY(digest_of(DIGEST_SHA256, span_str("the next"), sha256));
    const struct identity i = {.sha256 = span_of(sha256, 32),
                               .device = d.id,
                               .der = span_str("the next"),
                               .issued = 2,
                               .not_after = INT64_MAX};
    return identity_replace(tx, &i);
}

static void strangers(void **state) {
    (void)state;
    knock(SPAN_NONE, DEVICE, 2, 407);
    assert_int_equal(told("").strangers + told("").alarms, 0); /* scanners: the log has them */
    knock(span_str("foreign"), DEVICE, 3, 401);
    assert_int_equal(
        told("a client certificate that was not issued here was shown in a session").strangers, 1);
    knock(span_str(CERT), "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 3, 401);
    assert_int_equal(told("in another device's name").alarms, 1);
    assert_ok(store_write(store, revoke_work, NULL));
    knock(span_str("the next"), DEVICE, 1, 200); /* from its first session on the one before ends */
    knock(span_str(CERT), DEVICE, 3, 401);
    assert_int_equal(told("revoked or expired").alarms, 1);
    move_clock(61 * MINUTE);
    knock(span_str(CERT), DEVICE, 3, 401);
    assert_int_equal(told("revoked or expired").alarms, 2);
    assert_int_equal(told("").notes, 0);
}

/* Neither names nor certificates that are made up make the log grow; what is left out is counted.
 */
static void strangers_in_the_log(void **state) {
    (void)state;
    enum { FLOOD = 60 };
    char path[] = "/tmp/session_test.XXXXXX", line[4096];
    unsigned lines = 0, left_out = 0;
    int fd = mkstemp(path), stderr_before = dup(2);
    mdm_tell_left_out();
    log_set_level(LOG_WARN);
    assert_int_equal(dup2(fd, 2), 2);
    usleep(1000000); /* this second's lines may be spent */
    int64_t began = clock_monotonic_ms();
    for (int i = 0; i < FLOOD; i++)
        knock(span_str(arena_printf(&arena, "invention %d", i)), arena_printf(&arena, "%032X", i),
              1, 401);
    int64_t seconds = (clock_monotonic_ms() - began) / 1000 + 2; /* that were touched, at most */
    mdm_tell_left_out();
    dup2(stderr_before, 2);
    log_set_level(LOG_ERROR);
    FILE *f = fdopen(fd, "r");
    rewind(f);
    while (fgets(line, sizeof line, f)) {
        const char *count = strstr(line, "event=left_out lines=");
        lines += !count;
        left_out += count ? (unsigned)strtoul(strchr(count, '=') + 16, NULL, 10) : 0;
    }
    fclose(f);
    close(stderr_before);
    unlink(path);
    assert_int_equal(lines + left_out, FLOOD);
    assert_in_range(lines, 1, 10 * seconds);
}

static enum err renew_identity(struct tx *tx, void *user) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    struct device d;
    (void)user;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    TRY(digest_of(DIGEST_SHA256, span_str("the next"), sha256));
    const struct identity i = {.sha256 = span_of(sha256, 32),
                               .device = d.id,
                               .der = span_str("the next"),
                               .serial = span_str("\2"),
                               .issued = 2,
                               .not_after = INT64_MAX};
    return identity_add(tx, &i);
}

static int64_t device_crl_number(void) {
    struct published_crl crl;
    assert_ok(device_crl(mdm.revocation, authority, &arena, &crl));
    return crl.number;
}

/* A proxy that asks the CRL must not let it in any longer than signet does. */
static void a_superseded_identity_is_public(void **state) {
    (void)state;
    say(1, hello);
    assert_ok(store_write(store, renew_identity, NULL));
    int64_t before = device_crl_number();
    knock(span_str(CERT), DEVICE, 1, 200);
    assert_int_equal(device_crl_number(), before);
    knock(span_str("the next"), DEVICE, 1, 200);
    assert_int_equal(device_crl_number(), before + 1);
    knock(span_str(CERT), DEVICE, 1, 401);
}

static void floods(void **state) {
    (void)state;
    struct mdm_message *m;
    const struct mdm_proof foreign = {.cert = span_str("foreign")};
    const struct span text = span_str(message_in(1, 1, hello));
    for (int i = 0; i < 3; i++) {
        assert_ok(mdm_read(&mdm, &arena, &ours, text, "192.0.2.1", &m));
        mdm_flooded(m);
        assert_ok(mdm_read(&mdm, &arena, &foreign, text, "192.0.2.1", &m));
        mdm_flooded(m);
    }
    assert_int_equal(told("too many messages").notes, 1);
    assert_int_equal(told("").alarms + told("").strangers, 0);
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, open_quiet_house, close_moved_house)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_HOUSE(the_same_bytes),
        IN_HOUSE(nothing_to_keep),
        IN_HOUSE(a_first_message_later),
        IN_HOUSE(another_message_under_its_number),
        IN_HOUSE(a_number_left_out),
        IN_HOUSE(a_session_that_nobody_knows),
        IN_HOUSE(apart_from_an_open_session),
        IN_HOUSE(a_new_session_takes_over),
        IN_HOUSE(after_the_end),
        IN_HOUSE(two_at_once),
        IN_HOUSE(the_next_message),
        IN_HOUSE(the_host_gives_up),
        IN_HOUSE(put_together),
        IN_HOUSE(broken_off),
        IN_HOUSE(too_large_together),
        IN_HOUSE(never_sent),
        IN_HOUSE(heard_once),
        IN_HOUSE(shown_once),
        IN_HOUSE(the_original_error),
        IN_HOUSE(a_command_without_id),
        IN_HOUSE(in_the_users_store),
        IN_HOUSE(said_anew_in_each_session),
        IN_HOUSE(strangers),
        IN_HOUSE(a_superseded_identity_is_public),
        IN_HOUSE(floods),
        IN_HOUSE(strangers_in_the_log),
    };
    return cmocka_run_group_tests_name("session", tests, build, tear_down);
}
