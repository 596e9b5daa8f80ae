/* SPDX-License-Identifier: Apache-2.0 */
/* The webhook against a server in Python that checks what it is asked (webhook_server.py). */
#include "csr_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "ca/webhook.h"
#include "fetch_now.h"

#define HOOK_ID     "7d3c64dc-ec0e-4a0f-a489-241650554bd7"
#define HOOK_SECRET "bm90IG11Y2ggb2YgYSBzZWNyZXQ="

enum { HOUR = 3600000 };

static EVP_PKEY *key;
static struct fetch_pool *pool;
static char folder[] = "/tmp/webhook_test.XXXXXX";
static char cert[64], cert_key[64];
static pid_t server;
static int port, tls_port;

static int start(void **state) {
    (void)state;
    int out[2];
    char line[64] = "", command[512];
    assert_non_null(mkdtemp(folder));
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(cert_key, sizeof cert_key, "%s/key.pem", folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
             "/CN=hook -addext subjectAltName=IP:127.0.0.1 -out %s -keyout %s 2>/dev/null",
             cert, cert_key);
    assert_int_equal(system(command), 0);
    assert_int_equal(pipe(out), 0);
    server = fork();
    if (server == 0) {
        dup2(out[1], 1);
        execlp("python3", "python3", "tests/unit/webhook_server.py", HOOK_ID, HOOK_SECRET, cert,
               cert_key, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_int_equal(sscanf(line, "%d %d", &port, &tls_port), 2);
    key = ec_key("P-256");
    assert_ok(fetch_pool_new(&pool));
    return 0;
}

static int stop(void **state) {
    (void)state;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    EVP_PKEY_free(key);
    fetch_pool_free(pool);
    unlink(cert);
    unlink(cert_key);
    return rmdir(folder);
}

static struct policy hook_at(struct arena *a, const char *path) {
    return (struct policy){
        .challenges = CHALLENGES_WEBHOOK,
        .webhook_url = arena_printf(a, "http://127.0.0.1:%d/%s", port, path),
        .webhook_id = HOOK_ID,
        .webhook_secret = HOOK_SECRET,
        .webhook_timeout = 20000,
    };
}

static enum err ask_by(struct arena *a, const struct policy *p, const char *challenge,
                       int64_t *validity) {
    struct csr csr;
    struct asked w = {
        .cn = "host", .o = "Example", .san = "DNS:host.example.com,IP:10.0.0.1", .key = key};
    assert_ok(asked_csr(a, &w, &csr));
    struct webhook_question q = {.endpoint = "corp",
                                 .challenge = span_str(challenge),
                                 .csr = &csr,
                                 .transaction_id = span_str("T-1")};
    struct fetch_job *job = arena_alloc(a, sizeof *job);
    enum err e = webhook_prepare(a, p, &q, pool, job);
    if (e != OK)
        return e;
    fetch_now(pool, job);
    return webhook_judge(a, p, &csr, job, validity);
}

/* The answer as it stands in the URL, percent-encoded where a URL wants it. */
static enum err ask(const char *path, int64_t *validity) {
    ARENA_AUTO(a);
    BUF_AUTO(url);
    for (const char *c = path; *c; c++)
        if (strchr(" \"{}[]\\%<>?#", *c))
            buf_printf(&url, "%%%02X", (unsigned)*c);
        else
            buf_char(&url, *c);
    struct policy p = hook_at(&a, buf_cstr(&url));
    return ask_by(&a, &p, "s3cret \xc3\xbc", validity);
}

static void allowed(const char *answer, int64_t seconds) {
    int64_t validity = HOUR;
    BUF_AUTO(path);
    buf_printf(&path, "json/%s", answer);
    assert_ok(ask(buf_cstr(&path), &validity));
    assert_int_equal(validity, seconds * 1000);
}

static void refused(enum err code, const char *path, const char *word) {
    int64_t validity = HOUR;
    enum err e = ask(path, &validity);
    if (e != code || (e != OK && !strstr(err_detail(), word)))
        fail_msg("%s: %d, %s", path, e, e == OK ? "" : err_detail());
    assert_int_equal(validity, HOUR);
    if (strstr(err_detail(), "s3cret") || strstr(err_detail(), HOOK_SECRET))
        fail_msg("a secret in: %s", err_detail());
}

static void allow(void **state) {
    (void)state;
    allowed("{\"allow\": true}", 3600);
    allowed("{\"allow\": true, \"data\": null}", 3600);
    allowed("{\"allow\": true, \"data\": {\"role\": \"admin\"}, \"more\": 1}", 3600);
}

static void deny(void **state) {
    (void)state;
    refused(ERR_REFUSED, "json/{\"allow\": false}", "does not allow");
    refused(ERR_REFUSED, "json/{\"allow\": false, \"error\": {\"message\": \"not\\u0007 you\"}}",
            "does not allow it: not\\x07 you");
}

static void what_is_no_yes(void **state) {
    (void)state;
    static const char *const answers[] = {
        "json/",
        "json/{}",
        "json/[true]",
        "json/true",
        "json/{\"allow\": 1}",
        "json/{\"allow\": \"true\"}",
        "json/{\"allow\": true",
        "json/{\"allow\": true} {}",
        "json/{\"allow\": false, \"allow\": true}",
        "json/{\"Allow\": true}",
        "json/{\"allow\": true, \"data\": []}",
        "json/{\"allow\": true, \"data\": {\"subject\": 1}}",
        "json/{\"allow\": true, \"data\": {\"subject\": \"nonsense\"}}",
        "json/{\"allow\": true, \"data\": {\"sans\": \"dns:*\"}}",
        "json/{\"allow\": true, \"data\": {\"sans\": [1]}}",
        "json/{\"allow\": true, \"data\": {\"sans\": [\"host\"]}}",
        "json/{\"allow\": true, \"data\": {\"validity\": \"60\"}}",
        "json/{\"allow\": true, \"data\": {\"validity\": 0}}",
        "json/{\"allow\": true, \"data\": {\"validity\": -1}}",
        "json/{\"allow\": true, \"data\": {\"validity\": 1.5}}",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        refused(ERR_FORBIDDEN, answers[i], "makes no sense");
}

static void other_statuses(void **state) {
    (void)state;
    static const char *const statuses[] = {"status/201", "status/204", "status/400", "status/401",
                                           "status/500"};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        refused(ERR_FORBIDDEN, statuses[i], "not 200");
    refused(ERR_FORBIDDEN, "redirect/302", "answered 302");
    refused(ERR_FORBIDDEN, "redirect/307", "answered 307");
}

static void no_answer(void **state) {
    (void)state;
    ARENA_AUTO(a);
    int64_t validity = HOUR;
    refused(ERR_FORBIDDEN, "hangup", "the connection broke");
    refused(ERR_FORBIDDEN, "cut", "");
    struct policy p = hook_at(&a, "slow/5");
    p.webhook_timeout = 300;
    time_t before = time(NULL);
    assert_int_equal(ask_by(&a, &p, "s3cret \xc3\xbc", &validity), ERR_FORBIDDEN);
    assert_non_null(strstr(err_detail(), "webhook-timeout"));
    assert_true(time(NULL) - before <= 3);
    p.webhook_url = "http://127.0.0.1:1/";
    assert_int_equal(ask_by(&a, &p, "s3cret \xc3\xbc", &validity), ERR_FORBIDDEN);
    assert_non_null(strstr(err_detail(), "nobody listens"));
}

/* The server answers 400 to what is not signed, or not what it should be. */
static void the_server_checks(void **state) {
    (void)state;
    ARENA_AUTO(a);
    int64_t validity = HOUR;
    struct policy p = hook_at(&a, "json/%7B%22allow%22:true%7D");
    assert_ok(ask_by(&a, &p, "s3cret \xc3\xbc", &validity));
    p.webhook_secret = "YW5vdGhlcg==";
    assert_int_equal(ask_by(&a, &p, "s3cret \xc3\xbc", &validity), ERR_FORBIDDEN);
    assert_non_null(strstr(err_detail(), "answered 400"));
    p.webhook_secret = HOOK_SECRET;
    p.webhook_id = "another";
    assert_int_equal(ask_by(&a, &p, "s3cret \xc3\xbc", &validity), ERR_FORBIDDEN);
    p.webhook_id = HOOK_ID;
    assert_int_equal(ask_by(&a, &p, "other", &validity), ERR_FORBIDDEN);
    assert_int_equal(ask_by(&a, &p, "\xff\xfe", &validity), ERR_REFUSED);
    assert_int_equal(ask_by(&a, &p, "", &validity), ERR_REFUSED);
}

static void narrowing(void **state) {
    (void)state;
    allowed("{\"allow\": true, \"data\": {\"validity\": 60}}", 60);
    allowed("{\"allow\": true, \"data\": {\"subject\": \"CN=host,O=Example\"}}", 3600);
    allowed("{\"allow\": true, \"data\": {\"sans\": [\"dns:host.example.com\", \"ip:10.0.0.1\"], "
            "\"validity\": 1}}",
            1);
    refused(ERR_REFUSED, "json/{\"allow\": true, \"data\": {\"subject\": \"CN=other,O=Example\"}}",
            "the subject 'CN=other");
    refused(ERR_REFUSED, "json/{\"allow\": true, \"data\": {\"subject\": \"CN=host\"}}",
            "the subject");
    refused(ERR_REFUSED, "json/{\"allow\": true, \"data\": {\"sans\": [\"dns:*.example.com\"]}}",
            "ip:10.0.0.1");
    refused(ERR_REFUSED, "json/{\"allow\": true, \"data\": {\"sans\": []}}", "dns:host");
}

static void no_widening(void **state) {
    (void)state;
    allowed("{\"allow\": true, \"data\": {\"validity\": 3601}}", 3600);
    allowed("{\"allow\": true, \"data\": {\"validity\": 9223372036854775807}}", 3600);
    allowed("{\"allow\": true, \"data\": {\"ca\": true, \"eku\": [\"2.5.29.37.0\"]}}", 3600);
}

static void over_https(void **state) {
    (void)state;
    ARENA_AUTO(a);
    int64_t validity = HOUR;
    struct policy p = hook_at(&a, "");
    p.webhook_url =
        arena_printf(&a, "https://127.0.0.1:%d/json/%%7B%%22allow%%22:true%%7D", tls_port);
    p.webhook_trust = cert;
    assert_ok(ask_by(&a, &p, "s3cret \xc3\xbc", &validity));
    p.webhook_url =
        arena_printf(&a, "https://localhost:%d/json/%%7B%%22allow%%22:true%%7D", tls_port);
    assert_int_equal(ask_by(&a, &p, "s3cret \xc3\xbc", &validity), ERR_FORBIDDEN);
    assert_non_null(strstr(err_detail(), "for another name"));
    p.webhook_trust = "/nonexistent.pem";
    assert_int_equal(ask_by(&a, &p, "s3cret \xc3\xbc", &validity), ERR_FORBIDDEN);
}

/* Its own certificate is among the roots of no system. */
static void untrusted_https(void **state) {
    (void)state;
    ARENA_AUTO(a);
    int64_t validity = HOUR;
    struct policy p = hook_at(&a, "");
    p.webhook_url =
        arena_printf(&a, "https://127.0.0.1:%d/json/%%7B%%22allow%%22:true%%7D", tls_port);
    assert_int_equal(ask_by(&a, &p, "s3cret \xc3\xbc", &validity), ERR_FORBIDDEN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allow),          cmocka_unit_test(deny),
        cmocka_unit_test(what_is_no_yes), cmocka_unit_test(other_statuses),
        cmocka_unit_test(no_answer),      cmocka_unit_test(the_server_checks),
        cmocka_unit_test(narrowing),      cmocka_unit_test(no_widening),
        cmocka_unit_test(over_https),     cmocka_unit_test(untrusted_https),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
