/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host with one enrollment whose certificate an upstream issues. Each step reads the row anew, as
 * after a restart.
 */
#ifndef SIGNET_TESTS_UPSTREAM_FIXTURE_H
#define SIGNET_TESTS_UPSTREAM_FIXTURE_H

#include "csr_fixture.h"

#include "store_fixture.h"

#include "base/clock.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "enroll/enroll.h"

static const struct enroll_policy policy = {.confirm_within = 3600000, .confirm_sessions = 2};
static const char strange[] = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";

/* ---- certificates ---- */

struct known {
    struct span der;
    char sha1[41];
};

static struct arena certs;
static EVP_PKEY *key;
static struct known good, other, wrong; /* as promised; the same of another serial; another name */

static inline struct known make_cert(const char *cn, const char *san) {
    struct known k;
    uint8_t sha1[DIGEST_MAX_SIZE];
    struct asked w = {.cn = cn,
                      .key_usage = "digitalSignature,keyEncipherment",
                      .eku = "clientAuth",
                      .san = san,
                      .key = key};
    k.der = asked_cert(&certs, &w);
    assert_ok(digest_of(DIGEST_SHA1, k.der, sha1));
    hex_upper(span_of(sha1, 20), k.sha1);
    return k;
}

static inline int make_certs(void **state) {
    key = rsa_key(2048);
    good = make_cert("host", NULL);
    other = make_cert("host", "DNS:other.example.com"); /* the profile promises no SAN */
    wrong = make_cert("root", NULL);
    return prepare(state);
}

static inline int free_certs(void **state) {
    EVP_PKEY_free(key);
    arena_free(&certs);
    return clean_up(state);
}

/* ---- a host with one enrollment, "mine", at the upstream "ndes" ---- */

struct birth {
    const char *id, *subject;
};

static inline enum err set_up_work(struct tx *tx, void *user) {
    const struct birth *birth = user;
    struct device d = {
        .device_id = "D", .name = "H", .hw_dev_id = "", .os_version = "", .account = "alice"};
    TRY(device_put(tx, &d));
    struct enrollment e = {
        .id = birth->id, .device = d.id, .profile = "p", .endpoint = "ndes", .body = "<Atomic/>"};
    TRY(enrollment_add(tx, &e));
    e.subject = birth->subject;
    e.eku = "1.3.6.1.5.5.7.3.2";
    e.key_usage = 160;
    e.key_length = 2048;
    TRY(enroll_record(tx, &e, EVENT_ASSIGNED, "assigned", NULL));
    TRY(enroll_record(tx, &e, EVENT_SENT, "sent", NULL));
    return enroll_accepted(tx, &e, &policy, "accepted", "200");
}

static const char *who; /* whose enrollment the steps are about */

/* One enrollment more, which the steps are about from now on. */
static inline int set_up_one(const char *id, const char *subject) {
    struct birth birth = {id, subject};
    who = id;
    return store_write(store, set_up_work, &birth) == OK ? 0 : -1;
}

static inline int set_up(void **state) {
    open_fresh(state);
    return set_up_one("mine", "CN=host");
}

/* ---- steps ---- */

enum what { ASKS = 1, SAYS, KEEPS, SHOWS, IMPORTS, BRINGS, EXPIRES };

struct step {
    enum what what;
    enum upstream_outcome outcome;
    const struct known *cert;
    const char *upstream;
    struct observation seen;
};

static inline struct foreign_certificate foreign(const struct known *k, const char *upstream) {
    return (struct foreign_certificate){.upstream = upstream ? upstream : "ndes",
                                        .enrollment = who,
                                        .source = FOREIGN_RA,
                                        .serial = span_of("\x12\x34", 2),
                                        .subject = "CN=host",
                                        .sha1 = k->sha1,
                                        .der = k->der,
                                        .not_before = 1,
                                        .not_after = 2,
                                        .seen = 3};
}

static inline enum err step_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct step *s = user;
    struct enrollment e, *present;
    struct foreign_certificate c;
    int expired;
    TRY(enrollment_get(tx, &a, who, &e));
    switch (s->what) {
    case ASKS:
        return enroll_asks_upstream(tx, &e, "the host asked", "transaction", "t", NULL);
    case SAYS:
        return enroll_upstream_said(tx, &e, s->outcome, "what it said", "transaction", "t", NULL);
    case KEEPS:
        c = foreign(s->cert, NULL);
        return foreign_add(tx, &c);
    case SHOWS:
        TRY(enrollment_list_present(tx, &a, e.device, &present));
        return enroll_observe(tx, &a, &e, present, &policy, &s->seen);
    case IMPORTS:
        c = foreign(s->cert, s->upstream);
        c.enrollment = NULL;
        return enroll_import(tx, &a, &e, &c);
    case BRINGS:
        c = foreign(s->cert, s->upstream);
        TRY(enroll_find_import(tx, &a, &c, &e));
        return enroll_import(tx, &a, &e, &c);
    case EXPIRES:
        e.sessions = policy.confirm_sessions;
        TRY(enrollment_update(tx, &e));
        return enroll_expire(tx, &policy, INT64_MAX, &expired);
    }
    return err_set(ERR_INTERNAL, "no such step");
}

static inline enum err step(struct step s) {
    return store_write(store, step_work, &s);
}

static inline void asks(void) {
    assert_ok(step((struct step){.what = ASKS}));
}

static inline void says(enum upstream_outcome outcome) {
    assert_ok(step((struct step){.what = SAYS, .outcome = outcome}));
}

static inline void keeps(const struct known *k) {
    assert_ok(step((struct step){.what = KEEPS, .cert = k}));
}

static inline void shows_status(const char *status, const char *thumbprint) {
    struct observation seen = {.status = status, .error = "0", .thumbprint = thumbprint};
    assert_ok(step((struct step){.what = SHOWS, .seen = seen}));
}

static inline void shows(const char *thumbprint) {
    shows_status("1", thumbprint);
}

static inline enum err imports(const struct known *k) {
    return step((struct step){.what = IMPORTS, .cert = k});
}

/* As an administrator does, who knows no enrollment. */
static inline enum err brings(const struct known *k) {
    return step((struct step){.what = BRINGS, .cert = k});
}

/* A whole relayed enrollment, up to what the host shows. */
static inline void is_relayed(const char *thumbprint) {
    asks();
    says(UPSTREAM_SUCCESS);
    shows(thumbprint);
}

/* ---- looking ---- */

struct look {
    struct enrollment e;
    int events, kinds[EVENT__MAX];
    bool fold_agrees;
    char last[1024], alarms[4096]; /* texts and evidence */
};

static inline enum err look_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct look *l = user;
    struct event *events;
    int folded = 0;
    TRY(enrollment_get(tx, &a, who, &l->e));
    TRY(enrollment_list_events(tx, &a, who, &events));
    for (struct event *v = events; v; v = v->next) {
        size_t n = strlen(l->alarms);
        l->events++;
        l->kinds[v->kind]++;
        folded = (int)enroll_state_after((enum enroll_state)folded, (enum event_kind)v->kind);
        snprintf(l->last, sizeof l->last, "%s %s", v->text, v->evidence);
        if (v->kind == EVENT_ALARM)
            snprintf(l->alarms + n, sizeof l->alarms - n, "%s %s\n", v->text, v->evidence);
    }
    l->fold_agrees = folded == l->e.state;
    return OK;
}

static inline struct look look(void) {
    struct look l = {.events = 0};
    assert_ok(store_read(store, look_work, &l));
    assert_true(l.fold_agrees); /* the state is a function of the events */
    return l;
}

static inline void state_is(enum enroll_state wanted) {
    struct look l = look();
    assert_string_equal(enroll_state_name((enum enroll_state)l.e.state), enroll_state_name(wanted));
}

static inline void alarms_are(int n, const char *words) {
    struct look l = look();
    assert_int_equal(l.kinds[EVENT_ALARM], n);
    if (words && !strstr(l.alarms, words))
        fail_msg("'%s' is not in: %s", words, l.alarms);
}

static inline void issues(const struct known *k) {
    asks();
    keeps(k);
    says(UPSTREAM_SUCCESS);
}

#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, set_up, close_it)

#endif
