/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords judged on threads of their own: what counts, who is turned away, and the end of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cores.h"
#include "guess_now.h"
#include "mdm/password.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")

static struct guesses *guesses;
static struct lockout lockout;
static struct arena arena;
static const char *hash;

static int start(void **state) {
    (void)state;
    lockout = (struct lockout)LOCKOUT_INITIALIZER;
    assert_ok(password_hash(&arena, span_str("swordfish"), &hash));
    assert_ok(guesses_new(&guesses));
    return 0;
}

static int end(void **state) {
    (void)state;
    guesses_free(guesses);
    guesses = NULL;
    arena_free(&arena);
    return 0;
}

static struct guess guess_of(const char *account, const char *peer, const char *password) {
    return (struct guess){.lockout = &lockout,
                          .who = {"enrollment", span_str(account), peer},
                          .password = span_str(password),
                          .hash = hash};
}

static enum err judge(struct guess *g) {
    if (!guess_known(g))
        guess_now(guesses, g);
    return guess_result(g);
}

static enum err try(const char *account, const char *peer, const char *password) {
    struct guess g = guess_of(account, peer, password);
    return judge(&g);
}

static void right_and_wrong(void **state) {
    (void)state;
    struct guess g = guess_of("alice", "192.0.2.1", "wrong");
    assert_false(guess_known(&g));
    guess_now(guesses, &g);
    assert_int_equal(guess_result(&g), ERR_AUTH);
    assert_string_equal(err_detail(), "wrong user name or password");
    assert_false(g.shut_out);
    g = guess_of("alice", "192.0.2.1", "swordfish");
    assert_false(guess_known(&g));
    guess_now(guesses, &g);
    assert_ok(guess_result(&g));
    g = guess_of("alice", "192.0.2.1", "swordfish");
    assert_true(guess_known(&g)); /* remembered: nobody waits */
    assert_ok(guess_result(&g));
    g = guess_of("nobody", "192.0.2.1", "swordfish");
    g.hash = NULL;
    assert_false(guess_known(&g)); /* takes as long as any */
    guess_now(guesses, &g);
    assert_int_equal(guess_result(&g), ERR_AUTH);
    assert_string_equal(err_detail(), "wrong user name or password");
    g = guess_of("alice", "192.0.2.1", "swordfish");
    g.hash = "malformed";
    assert_int_equal(judge(&g), ERR_STORE); /* and that is no failure of his */
    for (int i = 0; i < 2 * LOCKOUT_FAILURES; i++)
        assert_int_equal(judge(&g), ERR_STORE);
}

static void who_guesses_is_shut_out(void **state) {
    (void)state;
    for (int i = 1; i <= LOCKOUT_FAILURES; i++) {
        struct guess g = guess_of("bob", "192.0.2.2", "wrong");
        assert_int_equal(judge(&g), ERR_AUTH);
        assert_int_equal(g.shut_out, i == LOCKOUT_FAILURES);
        assert_int_equal(g.wait, 0);
    }
    struct guess g = guess_of("bob", "192.0.2.2", "swordfish");
    assert_true(guess_known(&g));
    assert_int_equal(guess_result(&g), ERR_AUTH);
    assert_non_null(strstr(err_detail(), "too many wrong passwords; try again in"));
    assert_in_range(g.wait, LOCKOUT_MS - 60000, LOCKOUT_MS);
    assert_int_equal(try("carol", "192.0.2.2", "swordfish"), ERR_AUTH); /* the address */
    assert_int_equal(try("bob", "192.0.2.3", "swordfish"), ERR_AUTH);   /* the account */
    assert_ok(try("carol", "192.0.2.3", "swordfish"));
}

/* ---- many at once ---- */

enum { MANY = 20 };

struct crowd {
    sem_t done;
    struct guess guesses[MANY];
    char passwords[MANY][8];
};

static void one_is_done(struct guess *g) {
    sem_post(&((struct crowd *)g->user)->done);
}

static void crowd_start(struct crowd *c, const char *right) {
    sem_init(&c->done, 0, 0);
    for (int i = 0; i < MANY; i++) {
        snprintf(c->passwords[i], sizeof c->passwords[i], "%d", i);
        c->guesses[i] = guess_of("dave", "192.0.2.4", i == MANY - 1 ? right : c->passwords[i]);
        c->guesses[i].done = one_is_done;
        c->guesses[i].user = c;
        guess_start(guesses, &c->guesses[i]);
    }
}

static unsigned crowd_wait(struct crowd *c, enum err e, const char *detail) {
    unsigned n = 0;
    for (int i = 0; i < MANY; i++)
        while (sem_wait(&c->done) != 0)
            ;
    for (int i = 0; i < MANY; i++)
        n += guess_result(&c->guesses[i]) == e && strcmp(err_detail(), detail) == 0;
    sem_destroy(&c->done);
    return n;
}

/* Whatever waits already when the fifth is found wrong, right or not, is told nothing of itself. */
static void a_crowd_learns_no_more(void **state) {
    (void)state;
    struct crowd c;
    crowd_start(&c, "swordfish");
    assert_int_equal(crowd_wait(&c, ERR_AUTH, "wrong user name or password"), LOCKOUT_FAILURES);
    assert_int_equal(guess_result(&c.guesses[MANY - 1]), ERR_AUTH);
    assert_non_null(strstr(err_detail(), "too many wrong passwords"));
}

/* Each from an address and an account of its own: nobody is shut out. */
static struct guess *flood(unsigned n, struct crowd *c) {
    struct guess *all = arena_alloc(&arena, n * sizeof *all);
    for (unsigned i = 0; i < n; i++) {
        const char *name = arena_printf(&arena, "user%u", i);
        all[i] = guess_of(name, arena_printf(&arena, "10.0.%u.%u", i / 256, i % 256), name);
        all[i].done = one_is_done;
        all[i].user = c;
        guess_start(guesses, &all[i]);
    }
    return all;
}

static void wait_for(struct crowd *c, unsigned n) {
    while (n--)
        while (sem_wait(&c->done) != 0)
            ;
}

static unsigned busy_of(const struct guess *all, unsigned n) {
    unsigned busy = 0;
    for (unsigned i = 0; i < n; i++) {
        busy += all[i].result == ERR_BUSY;
        if (all[i].result != ERR_BUSY)
            assert_int_equal(all[i].result, ERR_AUTH);
    }
    return busy;
}

static void a_flood_is_turned_away(void **state) {
    (void)state;
    struct crowd c;
    unsigned threads = (cores() + 1) / 2, room = threads * GUESSES_WAITING, n = 3 * room;
    sem_init(&c.done, 0, 0);
    struct guess *all = flood(n, &c);
    wait_for(&c, n);
    unsigned busy = busy_of(all, n);
    assert_in_range(busy, 1, n - room); /* and those that wait are judged */
    sem_destroy(&c.done);
    assert_ok(try("erin", "192.0.2.5", "swordfish")); /* and it is over */
}

/* Who waits while the server stops is told at once, who comes then, too; nobody is forgotten. */
static void the_end_tells_everybody(void **state) {
    (void)state;
    struct crowd c;
    unsigned n = (cores() + 1) / 2 * GUESSES_WAITING;
    sem_init(&c.done, 0, 0);
    struct guess *all = flood(n, &c);
    guesses_refuse(guesses);
    assert_int_equal(try("erin", "192.0.2.5", "swordfish"), ERR_BUSY);
    guesses_free(guesses);
    guesses = NULL;
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(sem_trywait(&c.done), 0);
    assert_int_not_equal(sem_trywait(&c.done), 0);
    assert_in_range(busy_of(all, n), 1, n); /* not judged, all of them */
    sem_destroy(&c.done);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)
    const struct CMUnitTest tests[] = {
        TEST(right_and_wrong),        TEST(who_guesses_is_shut_out), TEST(a_crowd_learns_no_more),
        TEST(a_flood_is_turned_away), TEST(the_end_tells_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
