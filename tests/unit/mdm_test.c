/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host gets in its sessions, by the endpoint of its profiles: roots, URL, challenge and
 * thumbprint of an endpoint of ours, of an upstream in RA mode, and of one that is relayed to.
 */
#include <pthread.h>

#include "mdm_fixture.h"

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
    for (int msg = 2; msg < 5; msg++)
        a = say(msg, take_roots(&a, NULL));
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
    const struct mdm_proof stranger = {.cert = span_str("a stranger")}, nobody = {0};
    struct mdm_wanted *w;
    const char *m = message_of(1, hello);
    assert_non_null(wants(1, hello));
    assert_ok(wants_of(&stranger, m, &w));
    assert_null(w);
    assert_ok(wants_of(&nobody, m, &w));
    assert_null(w);
    assert_int_equal(wants_of(&ours, "<x/>", &w), ERR_PARSE);
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

enum { RACERS = 4, TRIES = 10 };

/* Sessions of one host at once, each of which sends what it fetched. */
struct racer {
    pthread_t thread;
    const char *greetings[TRIES];
    unsigned fetched;
};

static void *race(void *user) {
    struct racer *r = user;
    for (int i = 0; i < TRIES; i++) {
        ARENA_AUTO(a);
        BUF_AUTO(reply);
        struct mdm_wanted *w;
        const struct span m = span_str(r->greetings[i]);
        struct mdm_message *read;
        if (mdm_read(&mdm, &a, &ours, m, "192.0.2.1", &read) != OK || mdm_wants(read, &w) != OK)
            abort();
        for (struct mdm_wanted *k = w; k; k = k->next) {
            k->challenge = "hunter2";
            r->fetched++;
        }
        if (mdm_session(&a, &ours, m, w, &reply) != OK)
            abort();
        mdm_wants_done(&mdm, w);
    }
    return NULL;
}

static void each_password_once(void **state) {
    (void)state;
    add_ndes("low");
    for (int round = 0; round < 3; round++) {
        struct racer racers[RACERS] = {0};
        unsigned fetched = 0;
        for (int i = 0; i < RACERS * TRIES; i++, session_number++)
            racers[i % RACERS].greetings[i / RACERS] = message_of(1, hello);
        assign("up");
        for (size_t i = 0; i < RACERS; i++)
            assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
        for (size_t i = 0; i < RACERS; i++) {
            pthread_join(racers[i].thread, NULL);
            fetched += racers[i].fetched;
        }
        assert_int_equal(fetched, 1);
    }
}

/* While its password is fetched, the host sends the message once more and has its answer: the
 * password is lost, and that counts. */
static void a_repeat_has_the_answer(void **state) {
    (void)state;
    add_ndes("low");
    assign("default");
    struct answer a = say(1, hello);
    a = say(2, take_roots(&a, NULL)); /* which is asked about in the next session */
    assign("up");
    const char *m = message_of(1, hello);
    struct mdm_wanted *w = claims(1, hello);
    session_number++;
    a = send_text(m, NULL);
    has_atomics(&a, 0);
    w->challenge = "hunter2";
    struct answer again = send_text(m, w);
    assert_string_equal(again.text, a.text);
    mdm_wants_done(&mdm, w);
    assert_int_equal(count_events(EVENT_LOST, "did not go out with it"), 1);
    assert_state(STATE_ASSIGNED);
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
    int before = session_number;
    session_number += 1000000;
    say(1, hello);
    session_number = before;
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
        IN_HOUSE(a_repeat_has_the_answer),
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
