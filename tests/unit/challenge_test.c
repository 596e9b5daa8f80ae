/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges of upstreams: from a file, and from pages of tests/system/gateway/ndes.py. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "gateway/challenge.h"
#include "gateway/internal.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")

#define SECRET   "0123456789ABCDEF"
#define SENTENCE "The enrollment challenge password is: "
#define FULL     "<P> The password cache is full. <P> Use them."
#define NO_RIGHT "You do not have sufficient permission to enroll with SCEP. Please ..."

static struct arena arena;

static int clear(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

/* ---- pages ---- */

static struct span utf16(const char *text, bool bom) {
    size_t n = strlen(text);
    uint8_t *out = arena_alloc(&arena, 2 * n + 2), *p = out;
    if (bom) {
        *p++ = 0xff;
        *p++ = 0xfe;
    }
    for (size_t i = 0; i < n; i++, p += 2)
        *p = (uint8_t)text[i];
    return span_of(out, (size_t)(p - out));
}

static void reads(struct span page, const char *challenge) {
    const char *out = NULL;
    assert_ok(challenge_of_page(&arena, page, &out));
    assert_string_equal(out, challenge);
}

static void refuses(struct span page, enum err e, const char *word) {
    const char *out = "untouched";
    assert_int_equal(challenge_of_page(&arena, page, &out), e);
    assert_string_equal(out, "untouched");
    if (!strstr(err_detail(), word))
        fail_msg("'%s' is not in: %s", word, err_detail());
}

static void all_encodings(void **state) {
    (void)state;
    static const char text[] = "<HTML><P> " SENTENCE "<B> " SECRET " </B> <P> ...";
    reads(utf16(text, false), SECRET);
    reads(utf16(text, true), SECRET);
    reads(span_str(text), SECRET);
    reads(span_str("\xef\xbb\xbf<P>" SENTENCE "<B>" SECRET "</B>"), SECRET);
}

static void all_spellings(void **state) {
    (void)state;
    reads(span_str("the  ENROLLMENT\r\n\tchallenge password is:" SECRET " "), SECRET);
    reads(span_str(SENTENCE "<B>\r\n  <I class=x>" SECRET "</I>"), SECRET);
}

static void other_lengths(void **state) {
    (void)state;
    static const char digits[] = SECRET SECRET SECRET SECRET "0";
    for (size_t n = 0; n < sizeof digits; n++) {
        const char *secret = arena_str(&arena, span_of(digits, n));
        struct span page = span_str(arena_printf(&arena, SENTENCE "<B> %s </B>", secret));
        if (n < 8 || n > 64)
            refuses(page, ERR_PARSE, "no password");
        else
            reads(page, secret);
    }
}

static void both_refusals(void **state) {
    (void)state;
    refuses(utf16(FULL, false), ERR_REFUSED, "The password cache is full. (each");
    refuses(utf16(FULL, true), ERR_REFUSED, "PasswordMax");
    refuses(utf16(NO_RIGHT, false), ERR_REFUSED,
            "permission to enroll on the certificate template");
    refuses(span_str(NO_RIGHT), ERR_REFUSED, "sufficient permission");
}

static void what_is_no_page(void **state) {
    (void)state;
    static uint8_t huge[5 << 20];
    refuses(SPAN_NONE, ERR_PARSE, "no mscep_admin page");
    refuses(span_str("<"), ERR_PARSE, "no mscep_admin page");
    refuses(span_str("<html>Sign in</html>"), ERR_PARSE, "does not say");
    refuses(span_of(huge, sizeof huge), ERR_PARSE, "5242880 bytes");
    refuses(span_of("\xff\xfe<", 3), ERR_PARSE, "no mscep_admin page");
}

/* Cut anywhere, a page never gives half of a password. */
static void truncated_anywhere(void **state) {
    (void)state;
    struct span page = utf16("<P> " SENTENCE "<B> " SECRET " </B> <P> More </P>", true);
    size_t whole = 0;
    for (size_t n = 0; n < page.n; n++) {
        const char *out = NULL;
        if (challenge_of_page(&arena, span_of(page.p, n), &out) != OK)
            continue;
        assert_string_equal(out, SECRET);
        whole++;
    }
    assert_true(whole > 10 && whole < page.n);
}

/* ---- files ---- */

static char folder[] = "/tmp/challenge_test.XXXXXX";
static struct fetch_pool *pool;
static struct upstream settings;
static struct gateway_upstream upstream = {.settings = &settings};
static struct upstream_health *health;

static void renew_health(void) {
    if (health)
        health_release(health);
    health = health_new("x", 4);
    upstream.ndes_health = health_page(health);
}

/* The gateway of this program is its pool alone. */
struct fetch_pool *gateway_pool(struct gateway *g) {
    (void)g;
    return pool;
}

static struct challenge_fetch from_file(const char *content) {
    char path[64];
    struct challenge_fetch f = {.upstream = &upstream, .arena = &arena};
    snprintf(path, sizeof path, "%s/challenge", folder);
    if (content)
        assert_ok(file_write(path, span_str(content), 0600));
    else
        unlink(path);
    settings = (struct upstream){.challenge_file = path};
    assert_false(challenge_start(NULL, &f));
    return f;
}

static void file_gives(const char *content, const char *challenge) {
    struct challenge_fetch f = from_file(content);
    assert_null(f.reason);
    assert_string_equal(f.text, challenge);
    challenge_free(&f);
    assert_null(f.text);
}

static void file_fails(const char *content, const char *word) {
    struct challenge_fetch f = from_file(content);
    assert_null(f.text);
    if (!strstr(f.reason, word) || !strstr(f.reason, folder))
        fail_msg("'%s' or the file is not in: %s", word, f.reason);
    assert_null(strstr(f.reason, "hunter"));
    challenge_free(&f);
}

static void a_static_one(void **state) {
    (void)state;
    file_gives("secret", "secret");
    file_gives("  hunter 2 \r\nsecond line\n", "hunter 2");
    file_gives("aZ09 '()+,-./:=?", "aZ09 '()+,-./:=?");
    file_fails("hunter_2\n", "holds '_', which Windows cannot send");
    file_fails("hunter\xc3\xbc\n", "holds byte 0xc3");
    file_fails("hunter\x1b[31m\n", "holds byte 0x1b");
    file_fails("\nhunter\n", "is empty");
    file_fails("", "is empty");
    file_fails(NULL, "No such file");
}

static void none_at_all(void **state) {
    (void)state;
    struct challenge_fetch f = {.upstream = &upstream, .arena = &arena};
    settings = (struct upstream){.name = "x"};
    assert_false(challenge_start(NULL, &f));
    assert_null(f.text);
    assert_non_null(strstr(f.reason, "no challenge"));
    settings.ndes_url = "http://127.0.0.1:1/"; /* and no peer: its credentials could not be read */
    assert_false(challenge_start(NULL, &f));
    assert_non_null(strstr(f.reason, "credentials"));
}

/* ---- pages of a server ---- */

static struct ndes {
    pid_t pid;
    int port;
} plain, secure;

static struct ndes start_ndes(const char *cert, const char *key) {
    int out[2];
    char line[32] = "";
    struct ndes s;
    assert_int_equal(pipe(out), 0);
    s.pid = fork();
    if (s.pid == 0) {
        dup2(out[1], 1);
        execlp("python3", "python3", "tests/system/gateway/ndes.py", "--challenge", SECRET,
               cert ? "--tls" : NULL, cert, key, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    s.port = atoi(line);
    return s;
}

static void in_folder(char out[64], const char *name) {
    snprintf(out, 64, "%s/%s", folder, name);
}

static int start(void **state) {
    (void)state;
    char cert[64], key[64], command[512];
    assert_non_null(mkdtemp(folder));
    in_folder(cert, "cert.pem");
    in_folder(key, "key.pem");
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
             "/CN=ndes -addext subjectAltName=IP:127.0.0.1 -out %s -keyout %s 2>/dev/null",
             cert, key);
    assert_int_equal(system(command), 0);
    plain = start_ndes(NULL, NULL);
    secure = start_ndes(cert, key);
    assert_ok(fetch_pool_new(&pool));
    renew_health();
    return 0;
}

static int stop(void **state) {
    (void)state;
    char command[64];
    const pid_t servers[] = {plain.pid, secure.pid};
    fetch_pool_free(pool);
    health_release(health);
    for (size_t i = 0; i < 2; i++) {
        kill(servers[i], SIGKILL);
        waitpid(servers[i], NULL, 0);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

struct asking {
    enum fetch_auth auth;
    const char *user, *password;
    bool tls;
};

static const struct asking by_ntlm = {FETCH_AUTH_NTLM, "CORP\\scep", "sword:fish", false};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static unsigned answers;

static void on_done(struct challenge_fetch *f) {
    (void)f;
    pthread_mutex_lock(&lock);
    answers++;
    pthread_cond_signal(&told);
    pthread_mutex_unlock(&lock);
}

static void wait_for_answer(void) {
    pthread_mutex_lock(&lock);
    while (!answers)
        pthread_cond_wait(&told, &lock);
    answers--;
    pthread_mutex_unlock(&lock);
}

static void point_at(const struct asking *how, const char *path) {
    char cert[64];
    BUF_AUTO(trust);
    struct fetch_options options = {.auth = how->auth,
                                    .user = how->user,
                                    .password = how->password,
                                    .timeout_ms = strstr(path, "silent") ? 500 : 10000};
    in_folder(cert, "cert.pem");
    assert_ok(file_read(cert, 1 << 16, &trust));
    options.trust = buf_view(&trust);
    upstream.ndes = fetch_peer_new(pool, &options);
    settings = (struct upstream){
        .name = "x",
        .ndes_url = arena_printf(&arena, "http%s://127.0.0.1:%d%s", how->tls ? "s" : "",
                                 how->tls ? secure.port : plain.port, path),
        .ndes_credentials = "/etc/ndes"};
}

static void point_nowhere(void) {
    fetch_peer_free(upstream.ndes);
    upstream.ndes = NULL;
}

static struct challenge_fetch fetch(const struct asking *how, const char *path) {
    point_at(how, path);
    struct challenge_fetch f = {.upstream = &upstream, .arena = &arena, .done = on_done};
    assert_true(challenge_start(NULL, &f));
    wait_for_answer();
    challenge_read(&f);
    point_nowhere();
    return f;
}

static void gives(const struct asking *how, const char *path) {
    struct challenge_fetch f = fetch(how, path);
    if (!f.text)
        fail_msg("%s: %s", path, f.reason);
    assert_string_equal(f.text, SECRET);
    assert_null(f.reason);
    challenge_free(&f);
}

static void fails(const struct asking *how, const char *path, const char *word) {
    struct challenge_fetch f = fetch(how, path);
    assert_null(f.text);
    if (!strstr(f.reason, word) || strstr(f.reason, "sword:fish"))
        fail_msg("%s: '%s' is not in, or a secret is: %s", path, word, f.reason);
    challenge_free(&f);
}

static void by_all_logins(void **state) {
    (void)state;
    const struct asking any = {FETCH_AUTH_ANY, "CORP\\scep", "sword:fish", false},
                        any_tls = {FETCH_AUTH_ANY, "CORP\\scep", "sword:fish", true},
                        basic = {FETCH_AUTH_BASIC, "CORP\\scep", "sword:fish", true};
    gives(&by_ntlm, "/ntlm/ok");
    gives(&by_ntlm, "/ntlm/bom");
    gives(&by_ntlm, "/ntlm/utf8");
    gives(&any, "/ntlm/ok");
    gives(&any, "/iis/ok"); /* IIS offers Negotiate first, which needs a ticket */
    gives(&any_tls, "/ntlm/ok");
    gives(&any_tls, "/basic/ok");
    gives(&basic, "/basic/ok");
}

static void wrong_logins(void **state) {
    (void)state;
    const struct asking wrong = {FETCH_AUTH_NTLM, "CORP\\scep", "swordfisch", false},
                        stranger = {FETCH_AUTH_NTLM, "CORP\\other", "sword:fish", false},
                        basic_wrong = {FETCH_AUTH_BASIC, "CORP\\scep", "swordfish", true};
    fails(&wrong, "/ntlm/ok",
          "refuses our login (HTTP 401): check the credentials file (/etc/ndes)");
    fails(&stranger, "/ntlm/ok", "HTTP 401");
    fails(&basic_wrong, "/basic/ok", "HTTP 401");
}

/* Its password would be readable on the way. */
static void basic_needs_tls(void **state) {
    (void)state;
    const struct asking basic = {FETCH_AUTH_BASIC, "CORP\\scep", "sword:fish", false},
                        any = {FETCH_AUTH_ANY, "CORP\\scep", "sword:fish", false};
    fails(&basic, "/basic/ok", "https");
    fails(&any, "/basic/ok", "HTTP 401");
}

static void pages_that_give_none(void **state) {
    (void)state;
    fails(&by_ntlm, "/ntlm/full", "The password cache is full.");
    fails(&by_ntlm, "/ntlm/permission", "sufficient permission");
    fails(&by_ntlm, "/ntlm/login", "no mscep_admin page");
    fails(&by_ntlm, "/ntlm/empty", "no mscep_admin page");
    fails(&by_ntlm, "/ntlm/truncated", "no password");
    fails(&by_ntlm, "/ntlm/huge", "bytes");
    fails(&by_ntlm, "/ntlm/redirect", "elsewhere (HTTP 301 to /none/ok)");
    fails(&by_ntlm, "/ntlm/error", "HTTP 500");
    fails(&by_ntlm, "/ntlm/silent", "mscep_admin page: no answer in time");
}

static void nobody_there(void **state) {
    (void)state;
    int port = plain.port;
    plain.port = 1;
    fails(&by_ntlm, "/ntlm/ok", "mscep_admin page: the connection is refused");
    plain.port = port;
}

/* ---- not too often ---- */

static void is_not_asked(const char *word) {
    static struct challenge_fetch f; /* outlives the test, if it is started all the same */
    f = (struct challenge_fetch){.upstream = &upstream, .arena = &arena, .done = on_done};
    assert_false(challenge_start(NULL, &f));
    assert_null(f.text);
    if (!strstr(f.reason, word))
        fail_msg("'%s' is not in: %s", word, f.reason);
}

/* However many sessions want a password, a page that hangs holds three of them. */
static void three_at_once(void **state) {
    (void)state;
    struct challenge_fetch f[3];
    renew_health();
    point_at(&by_ntlm, "/ntlm/silent");
    for (size_t i = 0; i < 3; i++) {
        f[i] = (struct challenge_fetch){.upstream = &upstream, .arena = &arena, .done = on_done};
        assert_true(challenge_start(NULL, &f[i]));
    }
    is_not_asked("for other enrollments at this moment");
    for (size_t i = 0; i < 3; i++)
        wait_for_answer();
    for (size_t i = 0; i < 3; i++)
        challenge_free(&f[i]);
    point_nowhere();
    gives(&by_ntlm, "/ntlm/ok");
}

/* The words are those of the failures, so that the timeline does not tell them anew. */
static void a_dead_page_is_left_alone(void **state) {
    (void)state;
    int port = plain.port;
    renew_health();
    plain.port = 1;
    for (int i = 0; i < 4; i++)
        fails(&by_ntlm, "/ntlm/ok", "mscep_admin page: the connection is refused");
    plain.port = port;
    fails(&by_ntlm, "/ntlm/full", "cache is full"); /* an answer: it is there */
    plain.port = 1;
    for (int i = 0; i < 5; i++)
        fails(&by_ntlm, "/ntlm/ok", "mscep_admin page: the connection is refused");
    point_at(&by_ntlm, "/ntlm/ok");
    is_not_asked("its mscep_admin page: the connection is refused, or nobody is there");
    point_nowhere();
    plain.port = port;
    struct gateway_status s;
    health_status(health, &arena, &s); /* the SCEP side has nothing to do with it */
    assert_int_equal(s.health, GATEWAY_UNKNOWN);
    health_status(upstream.ndes_health, &arena, &s);
    assert_int_equal(s.health, GATEWAY_DOWN);
    assert_int_equal(s.running, 0);
    renew_health();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(all_encodings, clear),
        cmocka_unit_test_teardown(all_spellings, clear),
        cmocka_unit_test_teardown(other_lengths, clear),
        cmocka_unit_test_teardown(both_refusals, clear),
        cmocka_unit_test_teardown(what_is_no_page, clear),
        cmocka_unit_test_teardown(truncated_anywhere, clear),
        cmocka_unit_test_teardown(a_static_one, clear),
        cmocka_unit_test_teardown(none_at_all, clear),
        cmocka_unit_test_teardown(by_all_logins, clear),
        cmocka_unit_test_teardown(wrong_logins, clear),
        cmocka_unit_test_teardown(basic_needs_tls, clear),
        cmocka_unit_test_teardown(pages_that_give_none, clear),
        cmocka_unit_test_teardown(nobody_there, clear),
        cmocka_unit_test_teardown(three_at_once, clear),
        cmocka_unit_test_teardown(a_dead_page_is_left_alone, clear),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
