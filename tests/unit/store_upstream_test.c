/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway keeps: upstreams, tokens, certificates that others issued. */
#include "store_fixture.h"

#include "enroll/state.h"
#include "store/enrollment.h"
#include "store/profile.h"
#include "store/request.h"
#include "store/upstream.h"

static const char sha1_a[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
static const char sha1_b[] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

static enum err wrong(const char *what) {
    return err_set(ERR_INTERNAL, "%s", what);
}

static struct upstream full(const char *name) {
    return (struct upstream){.name = name,
                             .url = "http://x/scep",
                             .mode = UPSTREAM_RELAY,
                             .message = "ca",
                             .trust = "roots",
                             .chain = "chain",
                             .challenge_file = "/challenge",
                             .ndes_url = "http://x/mscep_admin",
                             .ndes_credentials = "/credentials",
                             .ndes_auth = UPSTREAM_AUTH_NTLM,
                             .webhook_secret = "/secret",
                             .ca = "second",
                             .timeout = 15000,
                             .max_requests = 32,
                             .created = 5,
                             .thumbprint = sha1_a,
                             .offered = sha1_b,
                             .ca_certs = span_str("certs"),
                             .capabilities = "AES",
                             .learnt = 6};
}

static void same_text(const char *a, const char *b) {
    assert_string_equal(a ? a : "(null)", b ? b : "(null)");
}

static void same_upstream(const struct upstream *a, const struct upstream *b) {
    same_text(a->name, b->name);
    same_text(a->url, b->url);
    same_text(a->message, b->message);
    same_text(a->trust, b->trust);
    same_text(a->chain, b->chain);
    same_text(a->challenge_file, b->challenge_file);
    same_text(a->ndes_url, b->ndes_url);
    same_text(a->ndes_credentials, b->ndes_credentials);
    same_text(a->webhook_secret, b->webhook_secret);
    same_text(a->ca, b->ca);
    same_text(a->thumbprint, b->thumbprint);
    same_text(a->offered, b->offered);
    same_text(a->capabilities, b->capabilities);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->ndes_auth, b->ndes_auth);
    assert_int_equal(a->timeout, b->timeout);
    assert_int_equal(a->max_requests, b->max_requests);
    assert_int_equal(a->created, b->created);
    assert_int_equal(a->learnt, b->learnt);
    assert_true(span_eq(a->ca_certs, b->ca_certs));
}

static const struct upstream bare = {.name = "bare", .url = "u", .mode = UPSTREAM_RA, .timeout = 1};

static enum err put_upstreams(struct tx *tx, void *user) {
    struct upstream one = full("ndes"), changed = full("step");
    (void)user;
    TRY(upstream_add(tx, &one));
    TRY(upstream_add(tx, &bare));
    struct upstream before = {.name = "step", .url = "before", .mode = UPSTREAM_RA, .created = 5};
    TRY(upstream_add(tx, &before));
    changed.created = 99; /* stays */
    TRY(upstream_update(tx, &changed));
    changed.name = "nobody";
    if (upstream_update(tx, &changed) != ERR_NOT_FOUND)
        return wrong("updated nobody");
    if (upstream_add(tx, &one) != ERR_EXISTS || !strstr(err_detail(), "'ndes'"))
        return wrong("added twice");
    return OK;
}

static enum err see_upstreams(struct tx *tx, void *arena) {
    struct upstream one, *all, ndes = full("ndes"), step = full("step");
    assert_ok(upstream_get(tx, arena, "ndes", &one));
    same_upstream(&one, &ndes);
    assert_ok(upstream_list(tx, arena, &all));
    same_upstream(all, &bare);
    same_upstream(all->next, &ndes);
    same_upstream(all->next->next, &step);
    assert_null(all->next->next->next);
    assert_int_equal(upstream_get(tx, arena, "NDES", &one), ERR_NOT_FOUND);
    assert_non_null(strstr(err_detail(), "'NDES'"));
    return OK;
}

static void upstreams(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_upstreams, NULL));
    assert_ok(store_read(store, see_upstreams, &a));
}

/* ---- removing ---- */

static enum err add_enrollment(struct tx *tx, const char *id, const char *endpoint, int state) {
    struct device d = {
        .device_id = "D", .name = "ONE", .hw_dev_id = "", .os_version = "", .account = "a"};
    TRY(device_put(tx, &d));
    struct enrollment e = {
        .id = id, .device = d.id, .profile = "p", .body = "", .endpoint = endpoint, .state = state};
    return enrollment_add(tx, &e);
}

static enum err set_state(struct tx *tx, const char *id, int state, int64_t deadline) {
    ARENA_AUTO(a);
    struct enrollment e;
    TRY(enrollment_get(tx, &a, id, &e));
    e.state = state;
    e.deadline = deadline;
    return enrollment_update(tx, &e);
}

static enum err remove_under_a_profile(struct tx *tx, void *user) {
    struct upstream ndes = full("ndes"), other = full("other");
    struct stored_profile p = {.name = "vpn", .endpoint = "ndes", .body = ""};
    (void)user;
    TRY(upstream_add(tx, &ndes));
    TRY(upstream_add(tx, &other));
    TRY(profile_put(tx, &p));
    if (upstream_remove(tx, "ndes") != ERR_CONFLICT || !strstr(err_detail(), "'ndes': vpn; give"))
        return wrong("removed under a profile");
    TRY(upstream_remove(tx, "other"));
    if (upstream_remove(tx, "other") != ERR_NOT_FOUND)
        return wrong("removed twice");
    p.endpoint = "default";
    TRY(profile_put(tx, &p));
    return upstream_remove(tx, "ndes");
}

/* Each state that is not over keeps the upstream; the others do not. */
static enum err remove_under_enrollments(struct tx *tx, void *user) {
    static const bool over[STATE__MAX] = {
        [STATE_REJECTED] = true, [STATE_CONFIRMED] = true, [STATE_UNCONFIRMED] = true,
        [STATE_REPORTED] = true, [STATE_EXPIRING] = true,  [STATE_RENEWED] = true,
        [STATE_REMOVING] = true, [STATE_REMOVED] = true,   [STATE_REVOKED] = true,
        [STATE_GONE] = true,
    };
    struct upstream ndes = full("ndes");
    (void)user;
    TRY(add_enrollment(tx, "e0", "other", STATE_SENT));
    TRY(add_enrollment(tx, "e1", "ndes", STATE_ASSIGNED));
    TRY(relay_token_set(tx, span_str("hash"), "ndes", "e1", 7));
    for (int state = STATE_ASSIGNED; state < STATE__MAX; state++) {
        TRY(set_state(tx, "e1", state, 50));
        enum err e = upstream_add(tx, &ndes);
        if (e != OK && e != ERR_EXISTS)
            return e;
        e = upstream_remove(tx, "ndes");
        if (e != (over[state] ? OK : ERR_CONFLICT))
            return err_set(ERR_INTERNAL, "%s: %d", enroll_state_name((enum enroll_state)state), e);
        if (e == ERR_CONFLICT && !strstr(err_detail(), "enrollment e1"))
            return wrong("another one was named");
    }
    TRY(upstream_add(tx, &ndes));
    TRY(set_state(tx, "e1", STATE_FAILED, 0)); /* a failure whose time is over */
    return upstream_remove(tx, "ndes");
}

/* What waits for the upstream has nobody else to answer it; nor may a later one of the name. */
static enum err remove_under_requests(struct tx *tx, void *user) {
    struct upstream ndes = full("ndes");
    struct request r = {.endpoint = "ndes",
                        .message_type = 19,
                        .state = REQUEST_PENDING,
                        .transaction_id = span_str("t"),
                        .signer_sha256 = span_str("s"),
                        .signer_key_sha256 = span_str("k"),
                        .csr_sha256 = span_str("c"),
                        .subject = "CN=x",
                        .peer = "p",
                        .csr = span_str("csr"),
                        .created = 1};
    (void)user;
    TRY(upstream_add(tx, &ndes));
    for (int i = 0; i < 11; i++)
        TRY(request_add(tx, &r));
    r.endpoint = "default";
    TRY(request_add(tx, &r));
    for (int64_t id = 1; id <= 11; id++) {
        if (upstream_remove(tx, "ndes") != ERR_CONFLICT)
            return wrong("removed under a request");
        char cure[40];
        snprintf(cure, sizeof cure, "signet request deny %d", (int)id);
        if (!strstr(err_detail(), cure) || (id < 11 && !strstr(err_detail(), "10")))
            return wrong("the cure is not named");
        TRY(request_decide(tx, id, REQUEST_DENIED, 0, 2, NULL));
    }
    TRY(upstream_remove(tx, "ndes"));
    r.endpoint = "ndes"; /* it was under way when the upstream was removed */
    TRY(request_add(tx, &r));
    if (upstream_add(tx, &ndes) != ERR_CONFLICT || !strstr(err_detail(), "signet request deny 13"))
        return wrong("another server gets an earlier one's request");
    return request_decide(tx, r.id, REQUEST_DENIED, 0, 2, NULL);
}

static enum err count_reported(struct tx *tx, void *user) {
    int64_t before, count;
    (void)user;
    TRY(upstream_count_reported(tx, "gone", &before));
    TRY(add_enrollment(tx, "r1", "gone", STATE_REPORTED));
    TRY(add_enrollment(tx, "r2", "gone", STATE_CONFIRMED));
    TRY(add_enrollment(tx, "r3", "other", STATE_REPORTED));
    TRY(upstream_count_reported(tx, "gone", &count));
    return before == 0 && count == 1 ? OK : wrong("what is reported is miscounted");
}

static void removing(void **state) {
    (void)state;
    assert_ok(store_write(store, remove_under_requests, NULL));
    assert_ok(store_write(store, remove_under_a_profile, NULL));
    assert_ok(store_write(store, remove_under_enrollments, NULL));
    assert_int_equal(ask_file("SELECT count(*) FROM upstream"), 0);
    assert_int_equal(ask_file("SELECT count(*) FROM relay_token"), 0);
    assert_ok(store_write(store, count_reported, NULL));
}

/* ---- tokens ---- */

static enum err put_tokens(struct tx *tx, void *user) {
    (void)user;
    TRY(add_enrollment(tx, "e1", "ndes", STATE_SENT));
    TRY(add_enrollment(tx, "e2", "ndes", STATE_SENT));
    TRY(relay_token_set(tx, span_str("old"), "ndes", "e1", 7));
    TRY(relay_token_set(tx, span_str("two"), "ndes", "e2", 8));
    TRY(relay_token_set(tx, span_str("new"), "ndes", "e1", 9));
    if (relay_token_set(tx, span_str("new"), "ndes", "e2", 8) != ERR_EXISTS)
        return wrong("two enrollments with one token");
    if (relay_token_set(tx, span_str("x"), "ndes", "nobody", 8) == OK)
        return wrong("a token for nobody");
    return OK;
}

static enum err see_tokens(struct tx *tx, void *arena) {
    const char *id;
    int64_t expires;
    assert_ok(relay_token_get(tx, arena, span_str("new"), "ndes", &id, &expires));
    assert_string_equal(id, "e1");
    assert_int_equal(expires, 9);
    assert_ok(relay_token_get(tx, arena, span_str("two"), "ndes", &id, &expires));
    assert_string_equal(id, "e2");
    assert_int_equal(relay_token_get(tx, arena, span_str("old"), "ndes", &id, &expires),
                     ERR_NOT_FOUND);
    assert_int_equal(relay_token_get(tx, arena, span_str("new"), "step", &id, &expires),
                     ERR_NOT_FOUND);
    return OK;
}

static void tokens(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_tokens, NULL));
    assert_ok(store_read(store, see_tokens, &a));
}

/* ---- certificates ---- */

static struct foreign_certificate foreign(const char *sha1, const char *enrollment) {
    return (struct foreign_certificate){.upstream = "ndes",
                                        .enrollment = enrollment,
                                        .source = FOREIGN_RA,
                                        .serial = span_str("serial"),
                                        .subject = "CN=x",
                                        .sha1 = sha1,
                                        .der = span_str("der"),
                                        .not_before = 1,
                                        .not_after = 2,
                                        .seen = 3};
}

static enum err put_foreign(struct tx *tx, void *user) {
    struct foreign_certificate one = foreign(sha1_a, "e1"), two = foreign(sha1_b, "e1"),
                               same = foreign(sha1_a, "e2"), loose = foreign(sha1_a, NULL);
    (void)user;
    TRY(add_enrollment(tx, "e1", "ndes", STATE_SENT));
    TRY(add_enrollment(tx, "e2", "ndes", STATE_SENT));
    TRY(foreign_add(tx, &one));
    TRY(foreign_add(tx, &two));
    if (foreign_add(tx, &same) != ERR_EXISTS || same.id != one.id || !strstr(err_detail(), sha1_a))
        return wrong("added twice");
    loose.upstream = "step"; /* the same bytes of another upstream are another's */
    loose.source = FOREIGN_IMPORT;
    return foreign_add(tx, &loose);
}

static enum err see_foreign(struct tx *tx, void *arena) {
    struct foreign_certificate *all, one;
    assert_ok(foreign_list(tx, arena, "e1", &all));
    assert_string_equal(all->sha1, sha1_a);
    assert_string_equal(all->next->sha1, sha1_b);
    assert_null(all->next->next);
    assert_ok(foreign_by_id(tx, arena, all->id, &one));
    assert_string_equal(one.upstream, "ndes");
    assert_string_equal(one.enrollment, "e1");
    assert_string_equal(one.subject, "CN=x");
    assert_int_equal(one.source, FOREIGN_RA);
    assert_true(span_is(one.serial, "serial"));
    assert_true(span_is(one.der, "der"));
    assert_int_equal(one.not_before, 1);
    assert_int_equal(one.not_after, 2);
    assert_int_equal(one.seen, 3);
    assert_ok(foreign_by_id(tx, arena, all->next->id + 1, &one));
    assert_string_equal(one.upstream, "step");
    assert_null(one.enrollment);
    assert_ok(foreign_list(tx, arena, "e2", &all));
    assert_null(all);
    assert_int_equal(foreign_by_id(tx, arena, 99, &one), ERR_NOT_FOUND);
    return OK;
}

static void certificates(void **state) {
    (void)state;
    ARENA_AUTO(a);
    assert_ok(store_write(store, put_foreign, NULL));
    assert_ok(store_read(store, see_foreign, &a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STORE(upstreams),
        WITH_STORE(removing),
        WITH_STORE(tokens),
        WITH_STORE(certificates),
    };
    return cmocka_run_group_tests_name("store_upstream", tests, prepare, clean_up);
}
