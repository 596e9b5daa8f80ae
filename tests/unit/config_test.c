/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: what it may say, and errors that name file, line and key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "server/config.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")

static char folder[] = "/tmp/config_test.XXXXXX";
static char path[64];

static int prepare(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/signet.conf", folder);
    return 0;
}

static int clean_up(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static enum err load(const char *text, struct config *c) {
    assert_ok(file_write(path, span_str(text), 0600));
    return config_load(folder, c);
}

#define LEAST                                         \
    "[server]\n"                                      \
    "public-url = https://mdm.example.com\n"          \
    "management-url = https://mdm.example.com:8443\n" \
    "scep-url = https://mdm.example.com/scep\n"       \
    "listen-public = 0.0.0.0:443\n"                   \
    "listen-management = [::]:8443\n"

static void the_least_and_the_defaults(void **state) {
    (void)state;
    struct config c;
    assert_ok(load(LEAST, &c));
    assert_string_equal(c.folder, folder);
    assert_string_equal(c.public_url, "https://mdm.example.com");
    assert_string_equal(c.listen_public.host, "0.0.0.0");
    assert_int_equal(c.listen_public.port, 443);
    assert_string_equal(c.listen_management.host, "::");
    assert_int_equal(c.listen_management.port, 8443);
    assert_int_equal(c.listen_plain.port, 0);
    char expected[80];
    snprintf(expected, sizeof expected, "%s/tls.pem", folder);
    assert_string_equal(c.tls_cert, expected);
    assert_string_equal(c.log_level, "info");
    assert_int_equal(c.rsa_min_bits, 2048);
    assert_int_equal(c.validity, INT64_C(365) * 86400000);
    assert_int_equal(c.backdate, 3600000);
    assert_int_equal(c.challenge_lifetime, 3600000);
    assert_string_equal(c.provider_id, "signet");
    assert_int_equal(c.identity_validity, INT64_C(730) * 86400000);
    assert_int_equal(c.confirm_within, 86400000);
    assert_int_equal(c.confirm_sessions, 2);
    config_free(&c);
}

/* What init writes says each default, and loads to the same as the least. */
static void what_init_writes(void **state) {
    (void)state;
    struct config_seed seed = {
        .host = "mdm.example.com", .listen = "::", .public_port = 443, .management_port = 8443};
    struct config c, least;
    struct stat st;
    unlink(path);
    assert_ok(config_create(folder, &seed));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(config_load(folder, &c));
    assert_int_equal(config_create(folder, &seed), ERR_EXISTS);
    assert_ok(load(LEAST, &least));
    assert_string_equal(c.public_url, least.public_url);
    assert_string_equal(c.management_url, least.management_url);
    assert_string_equal(c.scep_url, least.scep_url);
    assert_string_equal(c.listen_public.host, "::");
    assert_int_equal(c.listen_plain.port, 0);
    assert_int_equal(c.rsa_min_bits, least.rsa_min_bits);
    assert_int_equal(c.validity, least.validity);
    assert_int_equal(c.backdate, least.backdate);
    assert_int_equal(c.challenge_lifetime, least.challenge_lifetime);
    assert_int_equal(c.identity_validity, least.identity_validity);
    assert_int_equal(c.confirm_within, least.confirm_within);
    assert_int_equal(c.confirm_sessions, least.confirm_sessions);
    assert_string_equal(c.provider_id, least.provider_id);
    assert_string_equal(c.tls_key, least.tls_key);
    config_free(&c);
    config_free(&least);
}

static void behind_a_tunnel(void **state) {
    (void)state;
    struct config_seed seed = {.host = "::1",
                               .listen = "127.0.0.1",
                               .public_url = "https://tunnel.example.com//",
                               .public_port = 8080,
                               .management_port = 8443,
                               .plain_port = 80,
                               .tls_cert = "/etc/ssl/mdm.pem",
                               .tls_key = "keys/mdm.key"};
    struct config c;
    char expected[80];
    unlink(path);
    assert_ok(config_create(folder, &seed));
    assert_ok(config_load(folder, &c));
    assert_string_equal(c.public_url, "https://tunnel.example.com");
    assert_string_equal(c.scep_url, "https://tunnel.example.com/scep");
    assert_string_equal(c.management_url, "https://[::1]:8443");
    assert_int_equal(c.listen_public.port, 8080);
    assert_string_equal(c.listen_plain.host, "127.0.0.1");
    assert_int_equal(c.listen_plain.port, 80);
    assert_string_equal(c.tls_cert, "/etc/ssl/mdm.pem");
    snprintf(expected, sizeof expected, "%s/keys/mdm.key", folder);
    assert_string_equal(c.tls_key, expected);
    config_free(&c);
}

/* `line` is added to the least: its 7th line. */
static void refused(const char *line, const char *word) {
    char text[1200];
    struct config c;
    snprintf(text, sizeof text, LEAST "%s\n", line);
    enum err e = load(text, &c);
    if (e != ERR_CONFIG)
        fail_msg("'%s' was taken", line);
    if (!strstr(err_detail(), path) || !strstr(err_detail(), word))
        fail_msg("'%s' gives: %s", line, err_detail());
}

static void wrong_lines_are_named(void **state) {
    (void)state;
    refused("nonsense = 1", "line 7: there is no key 'nonsense' in [server]");
    refused("validity = 1d",
            "line 7: there is no key 'validity' in [server]"); /* another section's */
    refused("public-url = https://x", "line 7: the key 'public-url' stands there twice");
    refused("listen-plain 80", "line 7: neither a [section] nor key = value");
    refused("[scep\nvalidity = 1d", "line 7");
    refused("[nowhere]\nvalidity = 1d", "line 8: there is no key 'validity' in [nowhere]");
    refused("\n\n[scep]\nvalidity = 1d\n\nvalidity = 2d", "line 12: the key 'validity'");
    refused("[SCEP]\nvalidity = 1d", "line 8");
}

static void wrong_values_are_quoted(void **state) {
    (void)state;
    static const char *const addresses[] = {
        "80",           "127.0.0.1",     "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:http"};
    static const char *const times[] = {"0s",  "-1h",  "24",     "h",   "1w",
                                        "1 h", "1.5h", "36501d", "1hh", "99999999999999999999d"};
    static const char *const bits[] = {"1023", "16385", "2k", "-2048", "2048.0"};
    static const char *const words[] = {"a b", "a/b", "<b>", "a&b", "'a'", "a\\b"};
    static const char *const levels[] = {"all", "INFO", "infos", ""};
    char line[120], quoted[100];
#define EACH(list, form)                                      \
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) { \
        snprintf(line, sizeof line, form, list[i]);           \
        snprintf(quoted, sizeof quoted, "'%s' is ", list[i]); \
        refused(line, quoted);                                \
    }
    EACH(addresses, "listen-plain = %s")
    EACH(times, "[scep]\nchallenge-lifetime = %s")
    EACH(times, "[enrollment]\nconfirm-within = %s")
    EACH(bits, "[scep]\nrsa-min-bits = %s")
    EACH(words, "[mdm]\nprovider-id = %s")
    EACH(levels, "log-level = %s")
#undef EACH
    refused("[enrollment]\nconfirm-sessions = 0", "'0' is not a number from 1 to 1000");
    refused("[enrollment]\nconfirm-sessions = 1001", "line 8: '1001'");
}

static void missing_keys_are_named(void **state) {
    (void)state;
    struct config c;
    assert_int_equal(load("", &c), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "the key 'public-url' in [server] is missing"));
    assert_int_equal(load("[server]\npublic-url = mdm.example.com\n", &c), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "line 2: 'mdm.example.com' is not a URL"));
    assert_int_equal(load("[server]\npublic-url = ftp://x\n", &c), ERR_CONFIG);
    assert_int_equal(load("[server]\npublic-url = https://x\n", &c), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "'management-url'"));
    unlink(path);
    assert_int_equal(config_load(folder, &c), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "signet init"));
}

static void every_unit_of_time(void **state) {
    (void)state;
    struct config c;
    assert_ok(load(LEAST "[scep]\nvalidity = 36500d\nbackdate = 15m ; a comment\n"
                         "challenge-lifetime = 30s\n[enrollment]\nconfirm-within = 2h\n",
                   &c));
    assert_int_equal(c.validity, INT64_C(36500) * 86400000);
    assert_int_equal(c.backdate, 15 * 60000);
    assert_int_equal(c.challenge_lifetime, 30000);
    assert_int_equal(c.confirm_within, 2 * 3600000);
    config_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_and_the_defaults),
        cmocka_unit_test(what_init_writes),
        cmocka_unit_test(behind_a_tunnel),
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(wrong_values_are_quoted),
        cmocka_unit_test(missing_keys_are_named),
        cmocka_unit_test(every_unit_of_time),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
