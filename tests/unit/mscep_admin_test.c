/* SPDX-License-Identifier: Apache-2.0 */
/* The NDES page, read as those who read it do; and the limit on guessing. */
#include <regex.h>

#include "base/clock.h"
#include "base/text.h"
#include "enroll/challenges.h"
#include "gateway/challenge.h"
#include "guess_now.h"
#include "mdm/password.h"
#include "server/mscep_admin.h"
#include "store_fixture.h"

#define SHA1 "0123456789ABCDEF0123456789ABCDEF01234567"

static struct authority authority;
static const struct ca ca = {.name = "default", .sha1 = SHA1};
static struct policy policy;
static struct endpoint endpoint = {.name = "corp", .policy = &policy, .ca = &ca};
static struct services services;
static struct guesses *guesses;
static void (*meanwhile)(void); /* happens while the password is being judged; or NULL */
static const char *peer;        /* a fresh one for each test: failures are counted in the process */

static enum err add_ndes(struct tx *tx, void *user) {
    return ndes_account_add(tx, user);
}

static void add(const char *where, const char *name, const char *password) {
    ARENA_AUTO(a);
    struct ndes_account account = {.endpoint = where, .name = name, .created = 7};
    assert_ok(password_hash(&a, span_str(password), &account.password));
    assert_ok(store_write(store, add_ndes, &account));
}

static int start(void **state) {
    static unsigned tests;
    static char address[16];
    snprintf(address, sizeof address, "192.0.2.%u", ++tests);
    peer = address;
    open_fresh(state);
    memset(authority.challenge_key, 7, sizeof authority.challenge_key);
    policy = (struct policy){.manual_approval = true,
                             .challenge_lifetime = 60 * 60000,
                             .mscep_digits = 16,
                             .mscep_quota = 3};
    services = (struct services){.scep = {.store = store, .authority = &authority}};
    return 0;
}

/* ---- asking ---- */

struct answer {
    struct http_request request;
    struct http_reply reply;
    char *page; /* of UTF-16LE; NULL when it is none */
};

static char *decode_utf16(struct arena *a, struct span body) {
    char *text = arena_alloc(a, body.n / 2 + 1);
    if (body.n % 2)
        return NULL;
    for (size_t i = 0; i < body.n; i += 2) {
        if (body.p[i + 1] || body.p[i] > 0x7e || body.p[i] < ' ')
            return NULL;
        text[i / 2] = (char)body.p[i];
    }
    return text;
}

static struct answer ask_raw(struct arena *a, enum http_method method, bool tls,
                             const char *authorization) {
    struct http_field *field = arena_alloc(a, sizeof *field);
    *field = (struct http_field){"Authorization", authorization};
    struct answer x = {.request = {.arena = a,
                                   .method = method,
                                   .method_name = method == HTTP_HEAD ? "HEAD" : "GET",
                                   .path = "/certsrv/mscep_admin/",
                                   .query = "",
                                   .content_type = "",
                                   .peer = peer,
                                   .tls = tls,
                                   .fields = field,
                                   .field_count = authorization ? 1 : 0}};
    struct mscep_visit *v = mscep_admin_begin(&services, &endpoint, &x.request, &x.reply);
    if (v) {
        guess_now(guesses, mscep_admin_guess(v));
        x.reply = (struct http_reply){0};
        if (meanwhile)
            meanwhile();
        mscep_admin_end(v, &x.request, &x.reply);
    }
    if (x.reply.content_type && strncmp(x.reply.content_type, "text/html", 9) == 0)
        x.page = decode_utf16(a, buf_view(&x.reply.body));
    struct span kept = arena_copy(a, buf_view(&x.reply.body));
    buf_free(&x.reply.body);
    x.reply.body = (struct buf){.p = (uint8_t *)(uintptr_t)kept.p, .n = kept.n};
    return x;
}

static const char *basic(struct arena *a, const char *credentials) {
    BUF_AUTO(text);
    buf_str(&text, "Basic ");
    base64_encode(&text, span_str(credentials));
    return arena_str(a, buf_view(&text));
}

static struct answer ask(struct arena *a, const char *credentials) {
    return ask_raw(a, HTTP_GET, true, basic(a, credentials));
}

static int status(const struct answer *x) {
    return x->reply.status ? x->reply.status : 200;
}

static void expect_status(struct arena *a, const char *credentials, int expected) {
    struct answer x = ask(a, credentials);
    assert_int_equal(status(&x), expected);
    assert_non_null(strstr(x.reply.fields, "Cache-Control: no-store\r\n"));
    if (expected != 200)
        assert_null(x.page);
    if (expected == 401)
        assert_non_null(strstr(x.reply.fields, "WWW-Authenticate: Basic realm="));
}

/* ---- reading ---- */

/* Fleet: (?i)The enrollment challenge password is: <B> (?P<password>\S*) */
static const char *as_fleet(struct arena *a, const char *page) {
    regex_t regex;
    regmatch_t m[2];
    assert_int_equal(regcomp(&regex, "The enrollment challenge password is: <B> ([^[:space:]]*)",
                             REG_EXTENDED | REG_ICASE),
                     0);
    int found = regexec(&regex, page, 2, m, 0);
    regfree(&regex);
    return found ? NULL
                 : arena_str(a, span_of(page + m[1].rm_so, (size_t)(m[1].rm_eo - m[1].rm_so)));
}

/* Get-NDESOTP: the first word that begins with so many upper-case hexadecimal digits. */
static const char *as_powershell(struct arena *a, const char *page, size_t digits) {
    while (*page) {
        size_t n = strcspn(page, " ");
        if (strspn(page, "0123456789ABCDEF") >= digits)
            return arena_str(a, span_of(page, n));
        page += n + strspn(page + n, " ");
    }
    return NULL;
}

/* Scripts that cut at '>': what follows the one that begins with " TEXT: <B". */
static const char *after(struct arena *a, const char *page, const char *text) {
    const char *at = strstr(page, arena_printf(a, "> %s: <B> ", text));
    if (!at)
        return NULL;
    at = strchr(at + 1, '>') + 2;
    return arena_str(a, span_of(at, strcspn(at, "<") - 1));
}

struct looking {
    struct arena *a;
    const char *challenge;
    struct challenge found;
    enum err e;
    int64_t open;
};

static enum err look(struct tx *tx, void *user) {
    struct looking *l = user;
    uint8_t hash[32];
    if (l->challenge) {
        TRY(challenge_hash(&authority, span_str(l->challenge), hash));
        l->e = challenge_get(tx, l->a, span_of(hash, sizeof hash), &l->found);
    }
    return challenge_count_open(tx, "corp", "mdm", clock_ms(), &l->open);
}

static int64_t open_challenges(void) {
    struct looking l = {.a = NULL};
    assert_ok(store_read(store, look, &l));
    return l.open;
}

/* ---- the page ---- */

/* The gateway, where the upstream is a signet too. */
static const char *as_the_gateway(struct arena *a, const struct answer *x) {
    const char *challenge = NULL;
    assert_ok(challenge_of_page(a, buf_view(&x->reply.body), &challenge));
    return challenge;
}

static void page_is_read(void **state) {
    (void)state;
    ARENA_AUTO(a);
    add("corp", "mdm", "sword:fish"); /* RFC 7617: only the first colon ends the name */
    struct answer x = ask(&a, "mdm:sword:fish");
    assert_int_equal(status(&x), 200);
    assert_non_null(x.page);
    assert_int_equal(x.reply.body.p[0], '<'); /* no BOM */
    const char *challenge = as_fleet(&a, x.page);
    assert_non_null(challenge);
    assert_int_equal(strlen(challenge), 16);
    assert_int_equal(strspn(challenge, "0123456789ABCDEF"), 16);
    assert_string_equal(as_powershell(&a, x.page, 16), challenge);
    assert_string_equal(as_the_gateway(&a, &x), challenge);
    assert_string_equal(after(&a, x.page, "The enrollment challenge password is"), challenge);
    assert_string_equal(after(&a, x.page, "The thumbprint (hash value) for the CA certificate is"),
                        "01234567 89ABCDEF 01234567 89ABCDEF 01234567");
    assert_non_null(
        strstr(x.page, " This password can be used only once and will expire within 60 minutes. "));
    assert_non_null(strstr(x.reply.fields, "Cache-Control: no-store\r\n"));

    struct looking l = {.a = &a, .challenge = challenge};
    assert_ok(store_read(store, look, &l));
    assert_ok(l.e);
    assert_int_equal(l.found.kind, CHALLENGE_NDES);
    assert_string_equal(l.found.endpoint, "corp");
    assert_string_equal(l.found.account, "mdm");
    assert_null(l.found.subject);
    assert_int_equal(l.found.expires - l.found.created, 60 * 60000);
    assert_int_equal(l.open, 1);
}

static void each_time_another(void **state) {
    (void)state;
    ARENA_AUTO(a);
    add("corp", "mdm", "swordfish");
    policy.mscep_digits = 32;
    struct answer x = ask(&a, "mdm:swordfish");
    struct answer y = ask_raw(&a, HTTP_POST, true, basic(&a, "mdm:swordfish"));
    const char *one = as_fleet(&a, x.page), *two = as_fleet(&a, y.page);
    assert_int_equal(strspn(one, "0123456789ABCDEF"), 32);
    assert_int_equal(strlen(two), 32);
    assert_string_equal(as_powershell(&a, y.page, 32), two);
    assert_string_not_equal(one, two);
    assert_int_equal(open_challenges(), 2);
}

static void nothing_without_password(void **state) {
    (void)state;
    ARENA_AUTO(a);
    add("corp", "mdm", "swordfish");
    static const char *const odd[] = {NULL,
                                      "",
                                      "Basic",
                                      "Basic ",
                                      "Basic ####",
                                      "Basic bWRt",
                                      "Bearer bWRtOnN3b3JkZmlzaA==",
                                      "Basic OnN3b3JkZmlzaA==" /* no name */,
                                      "Basic bWRtADpzd29yZGZpc2g=" /* a NUL */};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct answer x = ask_raw(&a, HTTP_GET, true, odd[i]);
        assert_int_equal(status(&x), 401);
        assert_non_null(strstr(x.reply.fields, "WWW-Authenticate: Basic realm="));
        assert_null(x.page);
    }
    expect_status(&a, "mdm:swordfis", 401);
    expect_status(&a, "MDM:swordfish", 401);
    assert_int_equal(open_challenges(), 0);
    expect_status(&a, "mdm:swordfish", 200);
}

static void https_and_methods(void **state) {
    (void)state;
    ARENA_AUTO(a);
    add("corp", "mdm", "swordfish");
    const char *good = basic(&a, "mdm:swordfish");
    struct answer x = ask_raw(&a, HTTP_GET, false, good);
    assert_int_equal(status(&x), 403);
    x = ask_raw(&a, HTTP_HEAD, true, good);
    assert_int_equal(status(&x), 405);
    assert_string_equal(x.reply.allow, "GET, POST");
    assert_int_equal(open_challenges(), 0);
}

static void quota(void **state) {
    (void)state;
    ARENA_AUTO(a);
    add("corp", "mdm", "swordfish");
    for (int i = 0; i < 3; i++)
        expect_status(&a, "mdm:swordfish", 200);
    struct answer x = ask(&a, "mdm:swordfish");
    assert_int_equal(status(&x), 200);
    assert_non_null(strstr(x.page, "The password cache is full."));
    assert_null(as_fleet(&a, x.page));
    assert_null(as_powershell(&a, x.page, 16));
    assert_int_equal(open_challenges(), 3);
}

static void account_of_another_endpoint(void **state) {
    (void)state;
    ARENA_AUTO(a);
    add("lab", "robot", "swordfish");
    struct answer x = ask(&a, "robot:swordfish");
    assert_int_equal(status(&x), 200);
    assert_non_null(strstr(x.page, "You do not have sufficient permission to enroll with SCEP."));
    assert_null(as_fleet(&a, x.page));
    expect_status(&a, "robot:swordfist", 401); /* who does not know it learns nothing */
    add("corp", "robot", "otherfish");         /* now it is also one of ours */
    expect_status(&a, "robot:swordfish", 401);
    x = ask(&a, "robot:otherfish");
    assert_non_null(as_fleet(&a, x.page));
}

static void guessing_ends(void **state) {
    (void)state;
    ARENA_AUTO(a);
    add("corp", "mdm2", "swordfish");
    for (int i = 0; i < LOCKOUT_FAILURES; i++)
        expect_status(&a, "mdm2:wrong", 401);
    struct answer x = ask(&a, "mdm2:swordfish"); /* too late for the right one */
    assert_int_equal(status(&x), 429);
    const char *wait = strstr(x.reply.fields, "Retry-After: ");
    assert_non_null(wait);
    assert_in_range(atoi(wait + 13), LOCKOUT_MS / 1000 - 60, LOCKOUT_MS / 1000);
    expect_status(&a, "nobody:x", 429); /* the address */
    peer = "198.51.100.7";
    expect_status(&a, "mdm2:swordfish", 429); /* the account */
    expect_status(&a, "nobody:x", 401);
}

static void too_many_at_once(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct guesses *usual = guesses;
    add("corp", "mdm3", "swordfish");
    assert_ok(guesses_new(&guesses));
    guesses_refuse(guesses);
    struct answer x = ask(&a, "mdm3:swordfish");
    assert_int_equal(status(&x), 503);
    assert_non_null(strstr(x.reply.fields, "Retry-After: 1\r\n"));
    assert_non_null(strstr(x.reply.fields, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(arena_str(&a, buf_view(&x.reply.body)), "too many passwords"));
    guesses_free(guesses);
    guesses = usual;
}

static enum err remove_ndes(struct tx *tx, void *name) {
    return ndes_account_remove(tx, "corp", name);
}

static void it_is_removed(void) {
    char name[] = "mdm4";
    assert_ok(store_write(store, remove_ndes, name));
}

static void it_gets_another_password(void) {
    it_is_removed();
    add("corp", "mdm4", "otherfish");
}

static void changed_meanwhile(void **state) {
    void (*const changes[])(void) = {it_gets_another_password, it_is_removed};
    (void)state;
    ARENA_AUTO(a);
    add("corp", "mdm4", "swordfish");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        meanwhile = changes[i];
        expect_status(&a, i ? "mdm4:otherfish" : "mdm4:swordfish", 401);
        meanwhile = NULL;
    }
}

/* ---- lockout ---- */

static struct lockout guard = LOCKOUT_INITIALIZER;

static struct lockout_asker asker(const char *account, const char *from) {
    return (struct lockout_asker){"corp", span_str(account), from};
}

static int64_t wait_for(const char *account, const char *from, int64_t now) {
    struct lockout_asker who = asker(account, from);
    return lockout_wait(&guard, &who, now);
}

static bool fail_at(const char *account, const char *from, int64_t now) {
    struct lockout_asker who = asker(account, from);
    return lockout_failed(&guard, &who, now);
}

static void lock_and_release(void **state) {
    (void)state;
    guard = (struct lockout)LOCKOUT_INITIALIZER;
    for (int i = 1; i < LOCKOUT_FAILURES; i++)
        assert_false(fail_at("a", "192.0.2.1", i));
    assert_int_equal(wait_for("a", "192.0.2.1", 10), 0);
    assert_true(fail_at("a", "192.0.2.1", 10));
    assert_int_equal(wait_for("a", "192.0.2.1", 10), LOCKOUT_MS);
    assert_int_equal(wait_for("a", "192.0.2.2", 11), LOCKOUT_MS - 1);
    assert_int_equal(wait_for("b", "192.0.2.1", 11), LOCKOUT_MS - 1);
    assert_int_equal(wait_for("b", "192.0.2.2", 11), 0);
    assert_int_equal(wait_for("a", "192.0.2.1", 10 + LOCKOUT_MS), 0);
}

static void failures_are_forgotten(void **state) {
    (void)state;
    guard = (struct lockout)LOCKOUT_INITIALIZER;
    for (int i = 0; i < 4 * LOCKOUT_FAILURES; i++)
        assert_false(fail_at("a", "192.0.2.1", 1 + (int64_t)i * LOCKOUT_MS / 4));
    assert_int_equal(wait_for("a", "192.0.2.1", 1 + 5 * (int64_t)LOCKOUT_MS), 0);
}

/* Strangers cannot shut out an MDM that has proved its password from where it is. */
static void acquaintance(void **state) {
    (void)state;
    guard = (struct lockout)LOCKOUT_INITIALIZER;
    struct lockout_asker mdm = asker("a", "192.0.2.1");
    lockout_passed(&guard, &mdm, 1);
    for (int i = 0; i < LOCKOUT_FAILURES; i++)
        fail_at("a", "203.0.113.9", 2);
    assert_int_equal(wait_for("a", "192.0.2.1", 3), 0);
    assert_true(wait_for("a", "192.0.2.2", 3) > 0);
    for (int i = 0; i < LOCKOUT_FAILURES; i++)
        fail_at("a", "192.0.2.1", 3);
    assert_true(wait_for("a", "192.0.2.1", 4) > 0);
}

static void networks(void **state) {
    (void)state;
    guard = (struct lockout)LOCKOUT_INITIALIZER;
    for (int i = 0; i < LOCKOUT_FAILURES; i++) {
        char account[2] = {(char)('b' + i), 0}, from[40];
        snprintf(from, sizeof from, "2001:db8:0:1::%x", i + 1);
        fail_at(account, from, 5);
    }
    assert_true(wait_for("z", "2001:db8:0:1:ffff::9", 6) > 0);
    assert_int_equal(wait_for("z", "2001:db8:0:2::1", 6), 0);
}

static void table_is_bounded(void **state) {
    (void)state;
    guard = (struct lockout)LOCKOUT_INITIALIZER;
    for (int i = 0; i < 3 * LOCKOUT_ENTRIES; i++) {
        char account[16], from[16];
        snprintf(account, sizeof account, "n%d", i);
        snprintf(from, sizeof from, "10.0.%d.%d", i / 256, i % 256);
        fail_at(account, from, i + 1);
    }
    for (int i = 0; i < LOCKOUT_FAILURES - 1; i++) /* that of the first has made room */
        assert_false(fail_at("n0", "192.0.2.2", 3 * LOCKOUT_ENTRIES));
    for (int i = 0; i < LOCKOUT_FAILURES - 1; i++) /* that of the last is still there */
        fail_at("n3071", "192.0.2.1", 3 * LOCKOUT_ENTRIES);
    assert_true(wait_for("n3071", "10.9.9.9", 3 * LOCKOUT_ENTRIES) > 0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, close_it)
    const struct CMUnitTest tests[] = {
        TEST(page_is_read),
        TEST(each_time_another),
        TEST(nothing_without_password),
        TEST(https_and_methods),
        TEST(quota),
        TEST(account_of_another_endpoint),
        TEST(guessing_ends),
        TEST(too_many_at_once),
        TEST(changed_meanwhile),
        cmocka_unit_test(lock_and_release),
        cmocka_unit_test(failures_are_forgotten),
        cmocka_unit_test(acquaintance),
        cmocka_unit_test(networks),
        cmocka_unit_test(table_is_bounded),
    };
    if (guesses_new(&guesses) != OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, prepare, clean_up);
    guesses_free(guesses);
    return failed;
}
