/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An identity that was copied: what its host shows of its hardware, and where its sessions come
 * from. Then what else a host is asked for once: SyncApplicationVersion.
 */
#include "mdm_fixture.h"

#include "base/clock.h"
#include "enroll/life.h"
#include "store/journal.h"
#include "store/session.h"

#define HW      "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"
#define ANOTHER "FF112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"
#define AWAY    "198.51.100.7"

static int64_t shifted;

static void move_clock(int64_t ms) {
    clock_shift(ms);
    shifted += ms;
}

/* ---- the host ---- */

struct job {
    enum err (*run)(struct tx *tx, struct job *j);
    struct device device;
    const char *text;
    int64_t notes, alarms;
};

static enum err run_job(struct tx *tx, void *user) {
    struct job *j = user;
    TRY(device_by_device_id(tx, &arena, DEVICE, &j->device));
    return j->run(tx, j);
}

static struct job do_job(enum err (*run)(struct tx *tx, struct job *j), const char *text) {
    struct job j = {.run = run, .text = text};
    assert_ok(store_write(store, run_job, &j));
    return j;
}

static enum err only_look(struct tx *tx, struct job *j) {
    (void)tx;
    (void)j;
    return OK;
}

static struct device host(void) {
    return do_job(only_look, NULL).device;
}

static enum err make_new(struct tx *tx, struct job *j) {
    j->device.hw_told = 0;
    j->device.sync_version = 0;
    return device_set_shown(tx, &j->device);
}

static enum err make_known(struct tx *tx, struct job *j) {
    struct identity i;
    TRY(identity_latest(tx, &arena, j->device.id, &i));
    TRY(identity_first_used(tx, &i, clock_ms()));
    j->device.hw_told = clock_ms();
    j->device.hw_shown = HW;
    j->device.model = "Contoso One";
    return device_set_shown(tx, &j->device);
}

static enum err count(struct tx *tx, struct job *j) {
    struct journal_entry *all;
    TRY(journal_of_device(tx, &arena, j->device.id, 1000, &all));
    for (; all; all = all->next)
        if (strstr(all->text, j->text) || strstr(all->evidence, j->text))
            *(all->kind == JOURNAL_ALARM ? &j->alarms : &j->notes) += 1;
    return OK;
}

static int alarms(const char *text) {
    return (int)do_job(count, text).alarms;
}

static int notes(const char *text) {
    return (int)do_job(count, text).notes;
}

static int open_known_house(void **state) {
    int failed = open_house(state);
    do_job(make_known, NULL);
    return failed;
}

static int open_new_house(void **state) {
    int failed = open_house(state);
    do_job(make_new, NULL);
    return failed;
}

static int close_moved_house(void **state) {
    move_clock(-shifted);
    session_number = 0;
    return close_house(state);
}

/* ---- what it says ---- */

/* The command whose LocURI ends so; NULL: there is none. */
static const struct syncml_command *find_command(const struct answer *a, enum syncml_kind kind,
                                                 const char *end) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next) {
        const char *uri = c->items ? arena_str(&arena, c->items->target) : "";
        if (c->kind == kind && strlen(uri) >= strlen(end) &&
            strcmp(uri + strlen(uri) - strlen(end), end) == 0)
            return c;
    }
    return NULL;
}

static const struct syncml_command *question(const struct answer *a) {
    return find_command(a, SYNCML_GET, "/HWDevID");
}

/* A Status to the command, and Results where there is a value. */
static const char *tell(const struct answer *a, const struct syncml_command *c, int code,
                        const char *value) {
    BUF_AUTO(b);
    assert_non_null(c);
    put_status(&b, a, c->cmd_id, code);
    if (value)
        buf_printf(&b,
                   "<Results><CmdID>8</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Item>"
                   "<Source><LocURI>x</LocURI></Source><Data> %s </Data></Item></Results>",
                   (int)a->m->msg_id, SPAN_FMT(c->cmd_id), value);
    return arena_str(&arena, buf_view(&b));
}

static const char *info(const char *maker, const char *model, const char *dev_id) {
    return arena_printf(&arena,
                        "%s<Replace><CmdID>4</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI>"
                        "</Source><Data>%s</Data></Item><Item><Source><LocURI>./DevInfo/Man"
                        "</LocURI></Source><Data>%s</Data></Item><Item><Source><LocURI>"
                        "./DevInfo/Mod</LocURI></Source><Data>%s</Data></Item></Replace>",
                        hello, dev_id, maker, model);
}

static struct answer send_from(const char *peer, const char *message) {
    const char *usual = said_from;
    said_from = peer;
    struct answer a = send_text(message, NULL);
    said_from = usual;
    return a;
}

static int header_code(const struct answer *a) {
    return syncml_code(a->m->commands);
}

/* Everything that is not a Status. */
static int commands_in(const struct answer *a) {
    int n = 0;
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        n += c->kind != SYNCML_STATUS;
    return n;
}

/* A session in which the host shows that value. */
static struct answer shows(const char *value) {
    struct answer a = say(1, hello);
    return say(2, tell(&a, question(&a), 200, value));
}

/* ---- asked, and when ---- */

static void asked_once_a_week(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    assert_non_null(question(&a));
    say(2, tell(&a, question(&a), 200, HW));
    assert_string_equal(host().hw_shown, HW);
    a = say(1, hello);
    assert_null(question(&a));
    move_clock(6 * DAY);
    a = say(1, hello);
    assert_null(question(&a));
    move_clock(DAY);
    a = say(1, hello);
    assert_non_null(question(&a));
    say(2, tell(&a, question(&a), 200,
                "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
    assert_null(host().hw_other); /* the same, in small letters */
}

static void asked_again_when_unanswered(void **state) {
    (void)state;
    say(1, hello);
    struct answer a = say(1, hello);
    assert_non_null(question(&a));
    say(2, tell(&a, question(&a), 404, NULL));
    a = say(1, hello);
    assert_null(question(&a)); /* 404 is an answer */
    assert_null(host().hw_shown);
    assert_int_equal(alarms(""), 0);
}

/* What a session shows first counts, also where the enrollment named something else. */
static void the_first_counts(void **state) {
    (void)state;
    shows(HW);
    assert_int_equal(notes("than its enrollment named"), 1);
    assert_int_equal(alarms(""), 0);
    assert_string_equal(host().hw_shown, HW);
    assert_null(host().hw_other);
}

static void nothing_shown_is_no_fault(void **state) {
    (void)state;
    move_clock(7 * DAY);
    shows("0000-0000");
    assert_string_equal(host().hw_shown, HW);
    assert_null(host().hw_other);
    assert_int_equal(alarms(""), 0);
}

/* ---- another hardware ---- */

static void another_hardware_is_refused(void **state) {
    (void)state;
    move_clock(7 * DAY);
    struct answer a = say(1, hello);
    const struct syncml_command *get = question(&a);
    assign("default");
    a = say(2, tell(&a, get, 200, ANOTHER));
    assert_int_equal(header_code(&a), 200);
    assert_int_equal(commands_in(&a), 0); /* nothing goes out any more */
    assert_string_equal(host().hw_other, ANOTHER);
    assert_int_equal(alarms("may have been copied"), 1);
    assert_int_equal(alarms(ANOTHER), 1);
    assert_int_equal(alarms(HW), 1);
    for (int i = 0; i < 2; i++) {
        a = say(1, hello);
        assert_int_equal(header_code(&a), 401);
        assert_int_equal(commands_in(&a), 0);
    }
    assert_int_equal(alarms(""), 1); /* once, not at each knock */
    assert_state(STATE_ASSIGNED);
}

static enum err confirm(struct tx *tx, struct job *j) {
    bool changed = false;
    return device_confirm(tx, &arena, &j->device, &changed);
}

static enum err reject(struct tx *tx, struct job *j) {
    bool changed = false;
    TRY(device_reject(tx, &arena, &j->device, &changed));
    assert_true(changed);
    return OK;
}

static void the_administrator_confirms(void **state) {
    (void)state;
    move_clock(7 * DAY);
    shows(ANOTHER);
    do_job(confirm, NULL);
    assert_string_equal(host().hw_shown, ANOTHER);
    struct answer a = say(1, hello);
    assert_int_equal(header_code(&a), 200);
    assert_non_null(question(&a));
    a = say(2, tell(&a, question(&a), 200, ANOTHER));
    move_clock(7 * DAY);
    shows(ANOTHER);
    assert_null(host().hw_other);
    assert_int_equal(alarms(""), 1);
    struct job j = {.run = confirm};
    assert_int_equal(store_write(store, run_job, &j), ERR_CONFLICT); /* nothing is left to settle */
}

/* The one that was not meant by it comes at once, too. */
static void confirmed_and_another_again(void **state) {
    (void)state;
    move_clock(7 * DAY);
    shows(ANOTHER);
    do_job(confirm, NULL);
    move_clock(60000);
    assign("default");
    struct answer a = say(1, hello);
    assert_int_equal(commands_in(&a), 1); /* nothing but the question */
    say(2, tell(&a, question(&a), 200, HW));
    assert_string_equal(host().hw_other, HW);
    assert_int_equal(alarms("shows another hardware"), 2);
    assert_state(STATE_ASSIGNED);
}

static enum err claim_other(struct tx *tx, struct job *j) {
    struct device d = {
        .device_id = "FF", .name = "B", .hw_dev_id = "", .os_version = "", .account = "bob"};
    TRY(device_put(tx, &d));
    j->device.claims = d.id;
    return device_set_state(tx, &j->device);
}

static enum err let_other_go(struct tx *tx, struct job *j) {
    struct device d;
    bool changed = false;
    (void)j;
    TRY(device_by_device_id(tx, &arena, "FF", &d));
    return device_remove(tx, &arena, &d, &changed);
}

/* A claim is open, too: to confirm the wrong one lets a copy in, or ends another host. */
static void confirmed_but_which(void **state) {
    (void)state;
    move_clock(7 * DAY);
    shows(ANOTHER);
    do_job(claim_other, NULL);
    struct job j = {.run = confirm};
    assert_int_equal(store_write(store, run_job, &j), ERR_CONFLICT);
    assert_non_null(strstr(err_detail(), "signet device remove FF"));
    assert_string_equal(host().hw_other, ANOTHER);
    do_job(let_other_go, NULL);
    do_job(confirm, NULL);
    assert_null(host().hw_other);
}

/* ---- it says that it leaves ---- */

#define LEAVING                                                                       \
    "<Alert><CmdID>5</CmdID><Data>1226</Data><Item><Meta>"                            \
    "<Type xmlns=\"syncml:metinf\">com.microsoft:mdm.unenrollment.userrequest</Type>" \
    "<Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>1</Data></Item></Alert>"

static void leaving_is_told_not_taken(void **state) {
    (void)state;
    move_clock(7 * DAY);
    shows(ANOTHER);
    struct answer a = say(1, hello);
    assert_int_equal(alarms("unenrolled it"), 0);
    a = say(1, arena_printf(&arena, "%s%s", hello, LEAVING));
    assert_int_equal(header_code(&a), 401);
    assert_int_equal(host().state, DEVICE_ENROLLED);
    assert_int_equal(alarms("unenrolled it"), 1);
}

/* In the message in which it shows the other one. */
static void leaving_at_once(void **state) {
    (void)state;
    move_clock(7 * DAY);
    struct answer a = say(1, hello);
    say(2, arena_printf(&arena, "%s%s", tell(&a, question(&a), 200, ANOTHER), LEAVING));
    assert_int_equal(host().state, DEVICE_ENROLLED);
    assert_int_equal(alarms("unenrolled it"), 1);
}

static void the_administrator_rejects(void **state) {
    (void)state;
    move_clock(7 * DAY);
    shows(ANOTHER);
    do_job(reject, NULL);
    assert_int_equal(host().state, DEVICE_LEFT);
    struct answer a = say(1, hello);
    assert_int_equal(header_code(&a), 401);
    assert_int_equal(alarms("revoked or expired"), 1); /* as of every identity that has ended */
}

static enum err remove_it(struct tx *tx, struct job *j) {
    bool changed = false;
    return device_remove(tx, &arena, &j->device, &changed);
}

static enum err unenroll_now(struct tx *tx, struct job *j) {
    bool changed = false;
    return device_unenroll_now(tx, &arena, &j->device, &changed);
}

/* The host was not told, and comes as ever: its administrator knows why it is refused. */
static void refused_without_alarm(enum err (*end)(struct tx *tx, struct job *j)) {
    do_job(end, NULL);
    struct answer a = say(1, hello);
    assert_int_equal(header_code(&a), 401);
    assert_int_equal(alarms("revoked or expired"), 0);
}

static void the_administrator_removes(void **state) {
    (void)state;
    refused_without_alarm(remove_it);
}

static void the_administrator_unenrolls(void **state) {
    (void)state;
    refused_without_alarm(unenroll_now);
}

static enum err put_again(struct tx *tx, struct job *j) {
    return device_put(tx, &j->device);
}

static void enrolling_anew_begins_anew(void **state) {
    (void)state;
    move_clock(7 * DAY);
    shows(ANOTHER);
    do_job(put_again, NULL);
    struct device d = host();
    assert_null(d.hw_other);
    assert_null(d.hw_shown);
    assert_null(d.model);
    assert_int_equal(d.hw_told, 0);
    assert_int_equal(d.sync_version, 0);
}

/* ---- no hardware ---- */

/* What is withheld from a host that was suspect stays so when it answers nothing of worth. */
static void shown_before_and_not_now(void **state) {
    static const struct {
        int code;
        const char *value;
    } cases[] = {{404, NULL}, {500, NULL}, {200, ""}, {200, NULL}};
    (void)state;
    assign("default");
    say(1, info("Contoso", "Two", DEVICE));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a = say(1, hello);
        assert_int_equal(commands_in(&a), 1);
        a = say(2, tell(&a, question(&a), cases[i].code, cases[i].value));
        assert_int_equal(commands_in(&a), 0);
        assert_int_equal(notes("does not show it now"), 1); /* once an hour */
    }
    struct answer a = shows(HW);
    assert_true(commands_in(&a) > 0);
    assert_int_equal(alarms(""), 0);
}

/* Of a host that never had one it is an answer; also a Status without the Results. */
static void a_status_without_results(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    say(2, tell(&a, question(&a), 200, NULL));
    a = say(1, hello);
    assert_null(question(&a));
    assert_int_equal(notes("does not show it now"), 0);
}

/* ---- a new identity ---- */

#define NEWER "a newer client certificate"

static const struct mdm_proof newer = {.cert = {(const uint8_t *)NEWER, sizeof NEWER - 1}};

static enum err renew_identity(struct tx *tx, struct job *j) {
    uint8_t sha256[DIGEST_MAX_SIZE];
    TRY(digest_of(DIGEST_SHA256, span_str(NEWER), sha256));
    const struct identity i = {.sha256 = span_of(sha256, 32),
                               .device = j->device.id,
                               .der = span_str(NEWER),
                               .serial = span_str("\2"),
                               .issued = clock_ms(),
                               .not_after = INT64_MAX};
    return identity_add(tx, &i);
}

static enum err look_at_old(struct tx *tx, struct job *j) {
    struct identity i;
    uint8_t sha256[DIGEST_MAX_SIZE];
    TRY(digest_of(DIGEST_SHA256, span_str(CERT), sha256));
    TRY(identity_get(tx, &arena, span_of(sha256, 32), &i));
    j->notes = i.revoked == 0;
    return OK;
}

static bool the_old_is_good(void) {
    return do_job(look_at_old, NULL).notes;
}

static struct answer say_as_newer(int msg, const char *body) {
    BUF_AUTO(reply);
    struct answer a;
    const char *message = message_of(msg, body);
    session_number += msg == 1;
    assert_ok(mdm_session(&arena, &newer, span_str(message), NULL, &reply));
    a.text = arena_str(&arena, buf_view(&reply));
    assert_ok(syncml_parse(&arena, span_str(a.text), &a.m));
    return a;
}

/* Whoever has the key may renew: the old one ends when the host has shown that it is itself. */
static void a_new_identity_shows_its_hardware(void **state) {
    (void)state;
    do_job(renew_identity, NULL);
    assign("default");
    struct answer a = say_as_newer(1, hello);
    assert_int_equal(commands_in(&a), 1);
    assert_true(the_old_is_good());
    say_as_newer(2, tell(&a, question(&a), 404, NULL));
    assert_true(the_old_is_good());
    a = say_as_newer(1, hello);
    a = say_as_newer(2, tell(&a, question(&a), 200, HW));
    assert_true(commands_in(&a) > 0);
    assert_false(the_old_is_good());
    assert_int_equal(alarms(""), 0);
}

static void a_copy_renews_and_is_found_out(void **state) {
    (void)state;
    do_job(renew_identity, NULL);
    struct answer a = say_as_newer(1, hello);
    say_as_newer(2, tell(&a, question(&a), 200, ANOTHER));
    assert_string_equal(host().hw_other, ANOTHER);
    assert_true(the_old_is_good());
}

static void who_never_showed_any_renews(void **state) {
    (void)state;
    do_job(renew_identity, NULL);
    say_as_newer(1, hello);
    assert_false(the_old_is_good());
}

/* ---- suspicion: another make, another address ---- */

static void another_model_is_asked_first(void **state) {
    (void)state;
    assign("default");
    struct answer a = say(1, info("Contoso", "One", DEVICE));
    assert_null(question(&a));
    assert_true(commands_in(&a) > 0); /* the CA certificates */
    a = say(1, info("Contoso", "Two", DEVICE));
    assert_int_equal(notes("another manufacturer or model"), 1);
    assert_int_equal(commands_in(&a), 1); /* the question, and nothing else */
    a = say(2, tell(&a, question(&a), 200, HW));
    assert_true(commands_in(&a) > 0); /* it is the same machine: it goes on */
    assert_null(question(&a));
    move_clock(2 * DAY);
    a = say(1, info("Contoso", "Two", DEVICE));
    assert_int_equal(commands_in(&a), 1); /* for a week */
    a = say(2, hello);                    /* it does not answer */
    assert_int_equal(commands_in(&a), 0);
    move_clock(6 * DAY);
    a = say(1, info("Contoso", "Two", DEVICE));
    assert_true(commands_in(&a) > 1);
    assert_int_equal(notes("another manufacturer or model"), 1);
    assert_int_equal(alarms(""), 0);
}

static void another_dev_id_is_an_alarm(void **state) {
    (void)state;
    struct answer a = say(1, info("Contoso", "One", "ABC"));
    assert_int_equal(header_code(&a), 200);
    assert_non_null(question(&a));
    assert_int_equal(alarms("names another DeviceID"), 1);
    assert_int_equal(alarms("ABC"), 1);
}

/* The host's own session goes on after another one was begun elsewhere: both live. */
static void two_places_are_an_alarm(void **state) {
    (void)state;
    assign("default");
    struct answer here = send_from("192.0.2.1", message_in(5, 1, hello));
    struct answer there = send_from(AWAY, message_in(6, 1, hello));
    assert_true(commands_in(&there) > 0);
    assert_int_equal(alarms(""), 0); /* a host that gave its session up, and moved */
    here = send_from("192.0.2.1", message_in(5, 2, take_roots(&here, NULL)));
    assert_int_equal(header_code(&here), 200);
    assert_int_equal(alarms("in two places at once"), 1);
    assert_int_equal(alarms(AWAY), 1);
    there = send_from(AWAY, message_in(6, 2, take_roots(&there, NULL)));
    assert_int_equal(commands_in(&there), 0); /* not the profile, before it was asked */
    there = send_from(AWAY, message_in(7, 1, hello));
    assert_int_equal(commands_in(&there), 1);
    assert_non_null(question(&there));
    assert_null(host().hw_other); /* no refusal on that alone */
}

/* A copy counts its sessions as the original does. */
static void one_session_of_two(void **state) {
    (void)state;
    send_from("192.0.2.1", message_in(5, 1, hello));
    send_from("192.0.2.1", message_in(5, 2, hello));
    send_from(AWAY, message_in(5, 2, info("Contoso", "One", DEVICE)));
    assert_int_equal(alarms("in two places at once"), 1);
}

static void one_place_is_none(void **state) {
    (void)state;
    send_from("192.0.2.1", message_in(5, 1, hello));
    send_from("192.0.2.1", message_in(6, 1, hello));
    send_from("192.0.2.1", message_in(5, 2, hello)); /* the same address: a proxy's, maybe */
    move_clock(121000);
    send_from(AWAY, message_in(6, 5, hello)); /* later: a host that moved */
    assert_int_equal(alarms(""), 0);
}

static void two_addresses_of_one_place(void **state) {
    static const struct {
        const char *a, *b;
        int alarms;
    } cases[] = {
        {"192.0.2.1", "2001:db8::1", 0},
        {"2001:db8::1", "192.0.2.1", 0},
        {"2001:db8::1", "2001:db8::ffff:1", 0},
        {"2001:db8::1", "2001:db8:0:1::1", 1},
    };
    (void)state;
    assign("default");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        send_from(cases[i].a, message_in(5, 1, hello));
        send_from(cases[i].b, message_in(6, 1, hello));
        send_from(cases[i].a, message_in(5, 2, hello));
        assert_int_equal(alarms("in two places at once"), cases[i].alarms);
    }
}

/* ---- msft:originalerror ---- */

static const struct syncml_command *set(const struct answer *a, enum syncml_kind kind) {
    return find_command(a, kind, "/SyncApplicationVersion");
}

static const struct syncml_command *max(const struct answer *a) {
    return find_command(a, SYNCML_GET, "/MaxSyncApplicationVersion");
}

static void version_is_set_once(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    assert_null(set(&a, SYNCML_REPLACE));
    a = say(2, tell(&a, max(&a), 200, "10.0"));
    assert_text(set(&a, SYNCML_REPLACE)->items->data, "3.0");
    a = say(3, tell(&a, set(&a, SYNCML_REPLACE), 200, NULL));
    assert_int_equal(host().sync_version, 3);
    a = say(1, hello);
    assert_null(max(&a));
}

/* A host that does not know the highest; and a node that Replace does not make. */
static void version_is_added(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    a = say(2, tell(&a, max(&a), 404, NULL));
    a = say(3, tell(&a, set(&a, SYNCML_REPLACE), 404, NULL));
    assert_text(set(&a, SYNCML_ADD)->items->data, "3.0");
    assert_int_equal(host().sync_version, 0);
    say(4, tell(&a, set(&a, SYNCML_ADD), 200, NULL));
    assert_int_equal(host().sync_version, 3);
}

static void version_is_not_above_the_highest(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    a = say(2, tell(&a, max(&a), 200, "2.0"));
    assert_null(set(&a, SYNCML_REPLACE));
    assert_int_equal(host().sync_version, -1);
    a = say(1, hello);
    assert_null(max(&a));
}

/* The answer to the Replace was lost: it is not run twice. */
static void version_is_there_already(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    const char *now = tell(&a, find_command(&a, SYNCML_GET, "/SyncApplicationVersion"), 200, "3.0");
    a = say(2, arena_printf(&arena, "%s%s", tell(&a, max(&a), 404, NULL), now));
    assert_null(set(&a, SYNCML_REPLACE));
    assert_int_equal(host().sync_version, 3);
}

static void version_is_refused(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    a = say(2, tell(&a, max(&a), 404, NULL));
    a = say(3, tell(&a, set(&a, SYNCML_REPLACE), 405, NULL));
    assert_null(set(&a, SYNCML_ADD));
    assert_int_equal(host().sync_version, -1);
}

/* The session ends before the host has said what it thinks of it: the next one begins anew. */
static void version_is_asked_again(void **state) {
    (void)state;
    struct answer a = say(1, hello);
    say(2, tell(&a, max(&a), 404, NULL));
    a = say(1, hello);
    assert_non_null(max(&a));
}

#define KNOWN(t) cmocka_unit_test_setup_teardown(t, open_known_house, close_moved_house)
#define NEW(t)   cmocka_unit_test_setup_teardown(t, open_new_house, close_moved_house)

int main(void) {
    const struct CMUnitTest tests[] = {
        NEW(asked_once_a_week),
        NEW(asked_again_when_unanswered),
        NEW(the_first_counts),
        KNOWN(nothing_shown_is_no_fault),
        KNOWN(another_hardware_is_refused),
        KNOWN(the_administrator_confirms),
        KNOWN(confirmed_and_another_again),
        KNOWN(confirmed_but_which),
        KNOWN(leaving_is_told_not_taken),
        KNOWN(leaving_at_once),
        KNOWN(the_administrator_rejects),
        KNOWN(the_administrator_removes),
        KNOWN(the_administrator_unenrolls),
        KNOWN(enrolling_anew_begins_anew),
        KNOWN(shown_before_and_not_now),
        NEW(a_status_without_results),
        KNOWN(a_new_identity_shows_its_hardware),
        KNOWN(a_copy_renews_and_is_found_out),
        NEW(who_never_showed_any_renews),
        KNOWN(another_model_is_asked_first),
        KNOWN(another_dev_id_is_an_alarm),
        KNOWN(two_places_are_an_alarm),
        KNOWN(one_session_of_two),
        KNOWN(one_place_is_none),
        KNOWN(two_addresses_of_one_place),
        NEW(version_is_set_once),
        NEW(version_is_added),
        NEW(version_is_not_above_the_highest),
        NEW(version_is_there_already),
        NEW(version_is_refused),
        NEW(version_is_asked_again),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
