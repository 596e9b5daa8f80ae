/* SPDX-License-Identifier: Apache-2.0 */
/* The store's objects: what goes in comes out, and what happens when it is there already. */
#include "store_fixture.h"

#include "store/enrollment.h"
#include "store/profile.h"
#include "store/session.h"

static const char device_id[] = "0123456789ABCDEF0123456789ABCDEF";
static const char sha1_a[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static const char sha1_b[] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

static struct span bytes(const char *s) {
    return span_str(s);
}

static enum err put_devices(struct tx *tx, void *user) {
    struct device d = {.device_id = device_id,
                       .name = "ONE",
                       .hw_dev_id = "hw",
                       .os_version = "10",
                       .account = "alice",
                       .enrolled = 11};
    struct device again = d, other = d;
    (void)user;
    TRY(device_put(tx, &d));
    TRY(device_seen(tx, d.id, 12, "user"));
    TRY(device_seen(tx, d.id, 13, NULL)); /* nobody is known to be signed in any more */
    TRY(device_add_trust(tx, d.id, sha1_a));
    TRY(device_add_trust(tx, d.id, sha1_a));
    TRY(device_add_trust(tx, d.id, sha1_b));
    other.device_id = "another";
    TRY(device_put(tx, &other));
    again.device_id = "third";
    TRY(device_put(tx, &again));
    again = (struct device){.device_id = "third",
                            .name = "RENAMED",
                            .hw_dev_id = "hw2",
                            .os_version = "11",
                            .account = "bob",
                            .enrolled = 21};
    TRY(device_add_trust(tx, d.id + 2, sha1_a));
    TRY(device_put(tx, &again));
    TRY(device_set_sid(tx, d.id, "S-1-5-21-1-2-3-4"));
    if (device_set_sid(tx, d.id + 9, "S-1-5-21-1-2-3-4") != ERR_NOT_FOUND)
        return err_set(ERR_INTERNAL, "a SID for nobody");
    return again.id == d.id + 2 ? OK : err_set(ERR_INTERNAL, "a second row for one device");
}

static bool trusts(struct tx *tx, int64_t device, const char *sha1) {
    bool out = false;
    assert_ok(device_trusts(tx, device, sha1, &out));
    return out;
}

static enum err see_devices(struct tx *tx, void *arena) {
    struct device d, *all;
    assert_ok(device_by_device_id(tx, arena, device_id, &d));
    assert_string_equal(d.name, "ONE");
    assert_string_equal(d.hw_dev_id, "hw");
    assert_string_equal(d.os_version, "10");
    assert_string_equal(d.account, "alice");
    assert_null(d.login_status);
    assert_true(trusts(tx, d.id, sha1_a) && trusts(tx, d.id, sha1_b));
    assert_string_equal(d.sid, "S-1-5-21-1-2-3-4");
    assert_int_equal(d.enrolled, 11);
    assert_int_equal(d.last_seen, 13);
    assert_ok(device_page(tx, arena, 0, 10, &all));
    assert_int_equal(all->id, d.id);
    assert_ok(device_by_id(tx, arena, all->next->next->id, &d));
    assert_null(all->next->next->next);
    assert_string_equal(d.name, "RENAMED");
    assert_string_equal(d.account, "bob");
    assert_false(trusts(tx, d.id, sha1_a)); /* a host that enrolls anew has what it was born with */
    assert_int_equal(device_by_device_id(tx, arena, "none", &d), ERR_NOT_FOUND);
    assert_int_equal(device_by_id(tx, arena, 99, &d), ERR_NOT_FOUND);
    return OK;
}

static enum err put_identities(struct tx *tx, void *user) {
    struct identity i = {.sha256 = bytes("key1"),
                         .device = 1,
                         .der = bytes("der1"),
                         .issued = 100,
                         .not_after = 200};
    (void)user;
    TRY(identity_replace(tx, &i));
    i = (struct identity){.sha256 = bytes("other"),
                          .device = 2,
                          .der = bytes("der"),
                          .issued = 100,
                          .not_after = 200};
    TRY(identity_replace(tx, &i));
    i = (struct identity){.sha256 = bytes("key2"),
                          .device = 1,
                          .der = bytes("der2"),
                          .issued = 150,
                          .not_after = 250};
    return identity_replace(tx, &i);
}

static enum err same_identity_again(struct tx *tx, void *user) {
    struct identity i = {.sha256 = bytes("key2"),
                         .device = 1,
                         .der = bytes("der2"),
                         .issued = 160,
                         .not_after = 250};
    (void)user;
    return identity_replace(tx, &i);
}

static enum err see_identities(struct tx *tx, void *arena) {
    struct identity i;
    assert_ok(identity_get(tx, arena, bytes("key1"), &i));
    assert_int_equal(i.revoked, 150);
    assert_ok(identity_get(tx, arena, bytes("other"), &i));
    assert_int_equal(i.revoked, 0);
    assert_ok(identity_get(tx, arena, bytes("key2"), &i));
    assert_int_equal(i.revoked, 0);
    assert_int_equal(i.device, 1);
    assert_true(span_is(i.der, "der2"));
    assert_int_equal(i.issued, 150);
    assert_int_equal(i.not_after, 250);
    assert_int_equal(identity_get(tx, arena, bytes("key3"), &i), ERR_NOT_FOUND);
    return OK;
}

static void devices_and_identities(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_devices, NULL));
    assert_ok(store_read(store, see_devices, &a));
    assert_ok(store_write(store, put_identities, NULL));
    assert_ok(store_read(store, see_identities, &a));
    assert_int_equal(store_write(store, same_identity_again, NULL), ERR_EXISTS);
    assert_ok(store_read(store, see_identities, &a)); /* the revocation in it is taken back too */
}

static enum err remove_account(struct tx *tx, void *name) {
    return account_remove(tx, name);
}

static enum err see_accounts(struct tx *tx, void *arena) {
    struct account one, *all;
    assert_ok(account_get(tx, arena, "bob", &one));
    assert_string_equal(one.password, "hash");
    assert_int_equal(one.created, 7);
    assert_int_equal(account_get(tx, arena, "alice", &one), ERR_NOT_FOUND);
    assert_ok(account_list(tx, arena, &all));
    assert_string_equal(all->name, "bob");
    assert_string_equal(all->next->name, "x' OR 1=1 --");
    assert_null(all->next->next);
    return OK;
}

static enum err put_ndes_accounts(struct tx *tx, void *user) {
    struct ndes_account one = {"corp", "bob", "hash", 5, NULL},
                        two = {"lab", "bob", "other", 6, NULL};
    (void)user;
    TRY(ndes_account_add(tx, &two));
    TRY(ndes_account_add(tx, &one));
    one.name = "eve";
    TRY(ndes_account_add(tx, &one));
    TRY(ndes_account_remove(tx, "corp", "eve"));
    if (ndes_account_remove(tx, "corp", "eve") != ERR_NOT_FOUND)
        return err_set(ERR_INTERNAL, "removed twice");
    return ndes_account_add(tx, &two) == ERR_EXISTS ? OK : err_set(ERR_INTERNAL, "added twice");
}

static enum err see_ndes_accounts(struct tx *tx, void *arena) {
    struct ndes_account one, *all;
    assert_ok(ndes_account_get(tx, arena, "corp", "bob", &one));
    assert_string_equal(one.password, "hash");
    assert_int_equal(one.created, 5);
    assert_int_equal(ndes_account_get(tx, arena, "corp", "eve", &one), ERR_NOT_FOUND);
    assert_ok(ndes_account_list(tx, arena, &all));
    assert_string_equal(all->endpoint, "corp");
    assert_string_equal(all->next->endpoint, "lab");
    assert_null(all->next->next);
    return OK;
}

static void accounts_of_endpoints(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_ndes_accounts, NULL));
    assert_ok(store_read(store, see_ndes_accounts, &a));
}

static enum err put_profiles(struct tx *tx, void *user) {
    struct stored_profile p = {.name = "vpn", .body = "<Atomic/>", .created = 1};
    (void)user;
    TRY(profile_put(tx, &p));
    p = (struct stored_profile){.name = "vpn",
                                .endpoint = "ndes",
                                .body = "<Atomic>2</Atomic>",
                                .trust_device_name = true,
                                .send_anyway = true,
                                .created = 2};
    TRY(profile_put(tx, &p));
    p.name = "a";
    p.endpoint = NULL;
    p.send_anyway = false;
    return profile_put(tx, &p);
}

static enum err see_profiles(struct tx *tx, void *arena) {
    struct stored_profile p, *all;
    assert_ok(profile_get(tx, arena, "vpn", &p));
    assert_string_equal(p.body, "<Atomic>2</Atomic>");
    assert_string_equal(p.endpoint, "ndes");
    assert_true(p.trust_device_name);
    assert_true(p.send_anyway);
    assert_int_equal(p.created, 2);
    assert_ok(profile_list(tx, arena, &all));
    assert_string_equal(all->name, "a");
    assert_string_equal(all->endpoint, "default");
    assert_false(all->send_anyway);
    assert_string_equal(all->next->name, "vpn");
    assert_null(all->next->next);
    assert_int_equal(profile_get(tx, arena, "b", &p), ERR_NOT_FOUND);
    assert_non_null(strstr(err_detail(), "'b'"));
    return OK;
}

static void accounts_and_profiles(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const char *const names[] = {"bob", "alice", "x' OR 1=1 --"};
    for (int i = 0; i < 3; i++)
        assert_ok(write_name(add_account, names[i]));
    assert_ok(write_name(remove_account, "alice"));
    assert_int_equal(write_name(remove_account, "alice"), ERR_NOT_FOUND);
    assert_ok(store_read(store, see_accounts, &a));
    assert_ok(store_write(store, put_profiles, NULL));
    assert_ok(store_read(store, see_profiles, &a));
}

static enum err put_enrollments(struct tx *tx, void *user) {
    struct device d = {.device_id = device_id,
                       .name = "ONE",
                       .hw_dev_id = "",
                       .os_version = "",
                       .account = "alice"};
    (void)user;
    TRY(device_put(tx, &d));
    struct enrollment e = {.id = "e1",
                           .device = d.id,
                           .profile = "vpn",
                           .endpoint = "ndes",
                           .body = "<Atomic/>",
                           .state = 1,
                           .created = 5};
    TRY(enrollment_add(tx, &e));
    e.id = "e2";
    e.endpoint = NULL;
    e.body = "<Atomic> </Atomic>";
    TRY(enrollment_add(tx, &e));
    e = (struct enrollment){.id = "e1",
                            .state = 3,
                            .deadline = 50,
                            .sessions = 1,
                            .asked = 2,
                            .next_ask = 40,
                            .user_scope = true,
                            .subject = "CN=x",
                            .san = "11+u",
                            .eku = "1.2",
                            .key_usage = 160,
                            .key_length = 2048,
                            .host_status = "1",
                            .host_error = "0",
                            .host_thumbprint = sha1_a,
                            .respondent = "url",
                            .asks = 3,
                            .answers = 2,
                            .successes = 1};
    TRY(enrollment_update(tx, &e));
    struct event one = {6, 1, "first", "{\"k\":\"v\"}", NULL}, two = {6, 2, "second", NULL, NULL};
    struct event between = {6, 1, "another's", "{}", NULL};
    TRY(enrollment_add_event(tx, "e1", &one));
    TRY(enrollment_add_event(tx, "e2", &between));
    return enrollment_add_event(tx, "e1", &two);
}

static enum err see_enrollments(struct tx *tx, void *arena) {
    struct enrollment e, *all;
    struct event *events;
    assert_ok(enrollment_get(tx, arena, "e1", &e));
    assert_string_equal(e.profile, "vpn");
    assert_null(e.body);
    assert_ok(enrollment_body(tx, arena, &e));
    assert_string_equal(e.body, "<Atomic/>");
    assert_int_equal(e.created, 5);
    assert_int_equal(e.state, 3);
    assert_int_equal(e.deadline, 50);
    assert_int_equal(e.sessions, 1);
    assert_int_equal(e.asked, 2);
    assert_int_equal(e.next_ask, 40);
    assert_true(e.user_scope);
    assert_string_equal(e.subject, "CN=x");
    assert_string_equal(e.san, "11+u");
    assert_string_equal(e.eku, "1.2");
    assert_int_equal(e.key_usage, 160);
    assert_int_equal(e.key_length, 2048);
    assert_string_equal(e.host_status, "1");
    assert_string_equal(e.host_error, "0");
    assert_string_equal(e.host_thumbprint, sha1_a);
    assert_string_equal(e.respondent, "url");
    assert_string_equal(e.endpoint, "ndes");
    assert_int_equal(e.asks, 3);
    assert_int_equal(e.answers, 2);
    assert_int_equal(e.successes, 1);
    assert_ok(enrollment_list(tx, arena, 0, &all));
    assert_string_equal(all->id, "e1");
    assert_string_equal(all->next->id, "e2");
    assert_string_equal(all->next->endpoint, "default");
    assert_null(all->next->subject);
    assert_null(all->next->next);
    assert_ok(enrollment_body(tx, arena, all->next));
    assert_string_equal(all->next->body, "<Atomic> </Atomic>");
    assert_ok(enrollment_list(tx, arena, e.device + 1, &all));
    assert_null(all);
    assert_ok(enrollment_list_due(tx, arena, 49, 1, &all));
    assert_null(all);
    assert_ok(enrollment_list_due(tx, arena, 50, 2, &all)); /* its host is away */
    assert_null(all);
    assert_ok(enrollment_list_due(tx, arena, 50, 1, &all));
    assert_string_equal(all->id, "e1");
    assert_null(all->next);
    assert_ok(enrollment_list_events(tx, arena, "e1", &events));
    assert_string_equal(events->text, "first");
    assert_string_equal(events->evidence, "{\"k\":\"v\"}");
    assert_int_equal(events->kind, 1);
    assert_string_equal(events->next->text, "second");
    assert_string_equal(events->next->evidence, "{}");
    assert_null(events->next->next);
    assert_ok(enrollment_list_events(tx, arena, "e2", &events));
    assert_string_equal(events->text, "another's");
    assert_null(events->next);
    assert_ok(enrollment_list_events(tx, arena, "e3", &events));
    assert_null(events);
    int64_t count;
    assert_ok(enrollment_count_events(tx, "e1", 1, &count));
    assert_int_equal(count, 1);
    assert_ok(enrollment_count_events(tx, "e3", 1, &count));
    assert_int_equal(count, 0);
    assert_int_equal(enrollment_get(tx, arena, "e3", &e), ERR_NOT_FOUND);
    return OK;
}

static enum err orphan(struct tx *tx, void *user) {
    struct enrollment e = {.id = "e9", .device = 77, .profile = "", .body = ""};
    (void)user;
    return enrollment_add(tx, &e);
}

static enum err event_of_nothing(struct tx *tx, void *user) {
    struct event event = {1, 1, "", NULL, NULL};
    (void)user;
    return enrollment_add_event(tx, "e9", &event);
}

/* A text that is sent as it is for one of them, and judged for the others. */
static enum err put_same_texts(struct tx *tx, void *user) {
    struct enrollment e = {.id = "s1", .device = 1, .profile = "p", .body = "<Same/>", .state = 1};
    (void)user;
    TRY(enrollment_add(tx, &e));
    e.id = "s2";
    e.send_anyway = true;
    TRY(enrollment_add(tx, &e));
    e.id = "s3";
    return enrollment_add(tx, &e);
}

static enum err see_same_texts(struct tx *tx, void *arena) {
    static const char *const ids[] = {"s1", "s2", "s3"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct enrollment e;
        assert_ok(enrollment_get(tx, arena, ids[i], &e));
        assert_ok(enrollment_body(tx, arena, &e));
        assert_string_equal(e.body, "<Same/>");
        assert_int_equal(e.send_anyway, i > 0);
    }
    return OK;
}

static void enrollments(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_enrollments, NULL));
    assert_ok(store_read(store, see_enrollments, &a));
    assert_int_equal(store_write(store, put_enrollments, NULL), ERR_EXISTS);
    assert_int_equal(store_write(store, orphan, NULL), ERR_EXISTS); /* a constraint: no device */
    assert_int_equal(store_write(store, event_of_nothing, NULL), ERR_NOT_FOUND);
    assert_ok(store_read(store, see_enrollments, &a));
    assert_ok(store_write(store, put_same_texts, NULL));
    assert_ok(store_read(store, see_same_texts, &a));
}

static enum err put_sessions(struct tx *tx, void *user) {
    struct sent_command second = {.msg_id = 1, .cmd_id = 5, .purpose = 8, .loc_uri = ""};
    struct sent_command first = {1, 4, 7, "e1", "./x y/\xc3\xa4", 12, true, true, true, &second};
    struct session one = {.session_id = "A1", .msg_id = 3, .started = 10, .sent = &first};
    struct session two = {.session_id = "A2",
                          .msg_id = 2,
                          .started = 20,
                          .heard = 30,
                          .in_msg = 4,
                          .request = span_str("digest"),
                          .kept = INT64_C(1) << 61,
                          .sent = &first,
                          .chunk_uri = "./z",
                          .chunk_ref = "1/2/b64",
                          .chunk = span_str("part")};
    TRY(session_put(tx, 1, &one));
    one.sent = NULL;
    TRY(session_put(tx, 1, &one));
    struct session s;
    TRY(session_get(tx, user, 1, &s));
    assert_null(s.sent);
    assert_null(s.chunk_uri);
    assert_int_equal(s.chunk.n, 0);
    assert_int_equal(s.kept, 0);
    return session_put(tx, 1, &two); /* in its place */
}

static enum err see_sessions(struct tx *tx, void *arena) {
    struct session s;
    assert_ok(session_get(tx, arena, 1, &s));
    assert_string_equal(s.session_id, "A2");
    assert_int_equal(s.msg_id, 2);
    assert_int_equal(s.started, 20);
    assert_int_equal(s.heard, 30);
    assert_int_equal(s.in_msg, 4);
    assert_true(span_is(s.request, "digest"));
    assert_int_equal(s.kept, INT64_C(1) << 61);
    assert_string_equal(s.chunk_uri, "./z");
    assert_string_equal(s.chunk_ref, "1/2/b64");
    assert_true(span_is(s.chunk, "part"));
    const struct sent_command *c = s.sent;
    assert_int_equal(c->msg_id, 1);
    assert_int_equal(c->cmd_id, 4);
    assert_int_equal(c->purpose, 7);
    assert_string_equal(c->enrollment, "e1");
    assert_string_equal(c->loc_uri, "./x y/\xc3\xa4");
    assert_int_equal(c->queue, 12);
    assert_true(c->answered && c->shown);
    assert_false(c->done);
    c = c->next;
    assert_int_equal(c->cmd_id, 5);
    assert_null(c->enrollment);
    assert_string_equal(c->loc_uri, "");
    assert_false(c->answered || c->shown);
    assert_null(c->next);
    assert_int_equal(session_get(tx, arena, 2, &s), ERR_NOT_FOUND);
    return OK;
}

static enum err enroll_anew(struct tx *tx, void *arena) {
    struct device d;
    struct session s;
    TRY(device_by_id(tx, arena, 1, &d));
    TRY(device_put(tx, &d));
    assert_int_equal(session_get(tx, arena, 1, &s), ERR_NOT_FOUND);
    return OK;
}

static void sessions_and_commands(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_enrollments, NULL));
    assert_ok(store_write(store, put_sessions, &a));
    assert_ok(store_read(store, see_sessions, &a));
    assert_ok(store_write(store, enroll_anew, &a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STORE(devices_and_identities),
        WITH_STORE(accounts_and_profiles),
        WITH_STORE(enrollments),
        WITH_STORE(accounts_of_endpoints),
        WITH_STORE(sessions_and_commands),
    };
    return cmocka_run_group_tests_name("store_objects", tests, prepare, clean_up);
}
