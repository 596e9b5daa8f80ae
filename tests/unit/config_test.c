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
#include "mdm/mdm.h"
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

/* The default endpoint's policy. */
static const struct policy *scep(const struct config *c) {
    return &c->pki.endpoints[0].policy;
}

#define DAY_MS INT64_C(86400000)

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
    assert_string_equal(c.pki.folder, folder);
    assert_int_equal(c.pki.endpoint_count, 1);
    const struct endpoint_settings *e = &c.pki.endpoints[0];
    assert_string_equal(e->name, "default");
    assert_string_equal(e->ca, "default");
    assert_int_equal(e->path_count, 1);
    assert_string_equal(e->paths[0], "/scep");
    const struct policy *p = scep(&c);
    assert_int_equal(p->challenges, CHALLENGES_ONE_TIME);
    assert_null(p->static_challenge);
    assert_false(p->manual_approval);
    assert_true(p->rsa && p->p256 && p->p384);
    assert_int_equal(p->rsa_min_bits, 2048);
    assert_int_equal(p->rsa_max_bits, 4096);
    assert_int_equal(p->eku_count, 3);
    assert_string_equal(p->eku[0], "1.3.6.1.5.5.7.3.2");
    assert_string_equal(p->eku[1], "1.3.6.1.4.1.311.20.2.2");
    assert_string_equal(p->eku[2], "1.3.6.1.5.5.7.3.4");
    assert_int_equal(p->key_usage, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
    assert_null(p->subject_rule);
    assert_int_equal(p->san_rule_count, 0);
    assert_int_equal(p->validity, 365 * DAY_MS);
    assert_int_equal(p->backdate, 600000);
    assert_int_equal(p->challenge_lifetime, 3600000);
    assert_int_equal(p->renewal_window, 30 * DAY_MS);
    assert_false(p->renewal_same_key || p->allow_des || p->mirror_sha1);
    assert_int_equal(p->requests_per_minute, 0);
    assert_int_equal(p->ca_certs, CA_CERTS_RA);
    assert_int_equal(p->mapping, MAPPING_NONE);
    assert_null(p->crl_url);
    assert_null(p->ocsp_url);
    assert_null(p->issuer_url);
    assert_null(p->mscep_admin);
    assert_int_equal(p->mscep_digits, 16);
    assert_int_equal(p->mscep_quota, 100);
    assert_null(p->webhook_url);
    assert_null(p->webhook_secret);
    assert_int_equal(p->webhook_timeout, 5000);
    assert_int_equal(c.pki.ca_count, 1);
    assert_string_equal(c.pki.cas[0].name, "default");
    assert_null(c.pki.cas[0].key);
    assert_null(c.pki.cas[0].secret);
    assert_int_equal(c.pki.cas[0].crl_validity, 7 * DAY_MS);
    assert_int_equal(c.pki.cas[0].warn_before, 30 * DAY_MS);
    assert_string_equal(c.provider_id, "signet");
    assert_int_equal(c.identity_validity, INT64_C(730) * 86400000);
    assert_int_equal(c.device_auth, DEVICE_AUTH_CERTIFICATE);
    assert_false(c.sign_in_page);
    assert_int_equal(c.hosts_per_user, 20);
    assert_false(c.enrollment_closed);
    assert_null(c.closed_text);
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
    const struct policy *p = scep(&c), *q = scep(&least);
    assert_int_equal(p->challenges, q->challenges);
    assert_int_equal(p->manual_approval, q->manual_approval);
    assert_int_equal(p->rsa_min_bits, q->rsa_min_bits);
    assert_int_equal(p->rsa_max_bits, q->rsa_max_bits);
    assert_int_equal(p->eku_count, q->eku_count);
    for (size_t i = 0; i < p->eku_count; i++)
        assert_string_equal(p->eku[i], q->eku[i]);
    assert_int_equal(p->key_usage, q->key_usage);
    assert_null(p->subject_rule);
    assert_int_equal(p->san_rule_count, 0);
    assert_int_equal(p->validity, q->validity);
    assert_int_equal(p->backdate, q->backdate);
    assert_int_equal(p->challenge_lifetime, q->challenge_lifetime);
    assert_int_equal(p->renewal_window, q->renewal_window);
    assert_int_equal(p->renewal_same_key, q->renewal_same_key);
    assert_int_equal(p->requests_per_minute, q->requests_per_minute);
    assert_int_equal(p->allow_des, q->allow_des);
    assert_int_equal(p->mirror_sha1, q->mirror_sha1);
    assert_int_equal(p->ca_certs, q->ca_certs);
    assert_int_equal(p->mapping, q->mapping);
    assert_int_equal(p->mscep_digits, q->mscep_digits);
    assert_int_equal(p->mscep_quota, q->mscep_quota);
    assert_int_equal(p->webhook_timeout, q->webhook_timeout);
    assert_null(p->crl_url); /* no plain listener */
    assert_null(p->ocsp_url);
    assert_null(p->issuer_url);
    assert_null(c.pki.cas[0].key);
    assert_int_equal(c.pki.cas[0].crl_validity, least.pki.cas[0].crl_validity);
    assert_int_equal(c.pki.cas[0].warn_before, least.pki.cas[0].warn_before);
    assert_int_equal(c.identity_validity, least.identity_validity);
    assert_int_equal(c.sign_in_page, least.sign_in_page);
    assert_int_equal(c.hosts_per_user, least.hosts_per_user);
    assert_int_equal(c.enrollment_closed, least.enrollment_closed);
    assert_null(c.closed_text);
    assert_int_equal(c.confirm_within, least.confirm_within);
    assert_int_equal(c.confirm_sessions, least.confirm_sessions);
    assert_string_equal(c.provider_id, least.provider_id);
    assert_string_equal(c.tls_key, least.tls_key);
    config_free(&c);
    config_free(&least);
}

static void what_hosts_prove_themselves_by(void **state) {
    (void)state;
    static const struct {
        const char *word;
        enum device_auth auth;
    } rows[] = {{"certificate", DEVICE_AUTH_CERTIFICATE},
                {"md5", DEVICE_AUTH_MD5},
                {"both", DEVICE_AUTH_BOTH}};
    for (size_t i = 0; i < 3; i++) {
        char text[400];
        struct config c;
        snprintf(text, sizeof text, LEAST "[mdm]\ndevice-auth = %s\n", rows[i].word);
        assert_ok(load(text, &c));
        assert_int_equal(c.device_auth, rows[i].auth);
        config_free(&c);
    }
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
    assert_string_equal(scep(&c)->crl_url, "http://[::1]/pki/{{ca}}.crl");
    assert_string_equal(scep(&c)->ocsp_url, "http://[::1]/ocsp");
    assert_string_equal(scep(&c)->issuer_url, "http://[::1]/pki/{{ca}}.crt");
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
    refused("[nowhere]\nvalidity = 1d", "line 7: there is no section [nowhere]");
    refused("[nowhere]", "line 7: there is no section [nowhere]"); /* without keys, too */
    refused("[endpoint]", "line 7: there is no section [endpoint]");
    refused("[endpoint \"a b\"]", "line 7: there is no section");
    refused("[endpoint \"../x\"]", "line 7: there is no section");
    refused("[ca \"../x\"]", "line 7: there is no section");
    refused("[ca \"..\"]", "line 7: there is no section");
    refused("[endpoint \"\"]", "line 7: there is no section");
    refused("[endpoint \"a234567890123456789012345678901234\"]", "line 7: there is no section");
    refused("[endpoint \"default\"]", "line 7: the endpoint 'default' is [scep]");
    refused("[scep] x", "line 7: '[scep] x' is not [section]");
    refused("[ca \"x\"]\nvalidity = 1d", "line 8: there is no key 'validity' in [ca \"x\"]");
    refused("\n\n[scep]\nvalidity = 1d\n\nvalidity = 2d", "line 12: the key 'validity'");
    refused("[SCEP]\nvalidity = 1d", "line 7: there is no section [SCEP]");
}

static void wrong_values_are_quoted(void **state) {
    (void)state;
    static const char *const addresses[] = {
        "80",           "127.0.0.1",     "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:http"};
    static const char *const times[] = {
        "0s", "-1h", "24", "h", "1w", "1 h", "1.5h", "36501d", "1hh", "99999999999999999999d", "0"};
    static const char *const back[] = {"25h", "2d", "-1m", "10", ""};
    static const char *const ekus[] = {
        "clientauth2", "1.2.", "x", "", "1.3.6.1.5.5.7.3.9", "1.3.6.1.4.1.311.20.2.1",
        "2.5.29.37.0"};
    static const char *const usages[] = {"keyCertSign", "cRLSign", "", "nonRepudiation"};
    static const char *const types[] = {"dsa", "RSA", "", "p521"};
    static const char *const paths[] = {"scep",    "/",    "/a b", "/a//b",
                                        "/a/../b", "/a?b", "/%41", "/a#b"};
    static const char *const own[] = {"/pki", "/pki/x", "/ocsp", "/enrollmentserver"};
    static const char *const sans[] = {"*.example.com", ":x"};
    static const char *const urls[] = {"ftp://x", "x", "http://a b", "http://\xc3\xa4"};
    static const char *const yes[] = {"true", "1", "", "YES"};
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
    EACH(bits, "[endpoint \"x\"]\nrsa-max-bits = %s")
    EACH(back, "[scep]\nbackdate = %s")
    EACH(ekus, "[scep]\neku = clientAuth, %s")
    EACH(usages, "[scep]\nkey-usage = %s")
    EACH(types, "[scep]\nkeys = rsa, %s")
    EACH(paths, "[scep]\npath = %s")
    EACH(own, "[scep]\npath = %s")
    EACH(paths, "[scep]\nmscep-admin = %s")
    EACH(sans, "[scep]\nsan = %s")
    EACH(urls, "[scep]\ncrl-url = %s")
    EACH(yes, "[scep]\nallow-des = %s")
    EACH(yes, "[scep]\nchallenge = %s")
    EACH(bits, "[scep]\nmscep-digits = %s")
    EACH(bits, "[scep]\nca-certs = %s")
    EACH(words, "[mdm]\nprovider-id = %s")
    EACH(yes, "[mdm]\ndevice-auth = %s")
    EACH(levels, "log-level = %s")
#undef EACH
    refused("[enrollment]\nconfirm-sessions = 0", "'0' is not a number from 1 to 1000");
    refused("[enrollment]\nconfirm-sessions = 1001", "line 8: '1001'");
}

/* What takes two keys of [server] to be wrong, with the line of the one that is to be changed. */
static void doors_get_along(void **state) {
    (void)state;
    static const struct {
        const char *line, *word;
    } rows[] = {
        {"listen-forwarded = 127.0.0.1:8444", "line 7: anyone who reaches listen-forwarded"},
        {"listen-forwarded = 0.0.0.0:443\nforwarded-secret-file = secret",
         "line 7: listen-forwarded must be a listener of its own"},
        {"listen-forwarded = unix:x\n[mdm]\ndevice-auth = md5", "line 7: listen-forwarded brings"},
        {"listen-forwarded = unix:", "'unix:' without a path"},
        {"listen-forwarded = unix:x\nforwarded-ca = y", "line 8: forwarded-ca is for"},
        {"listen-forwarded = 127.0.0.1:1\nforwarded-ca = y\nforwarded-group = www-data",
         "line 9: forwarded-group is for"},
        {"forwarded-secret-file = secret", "line 7: forwarded-secret-file is for"},
        {"forwarded-header = Client Cert", "'Client Cert' is not the name of a header"},
        {"forwarded-header =", "'' is not the name of a header"},
        {"connections = 15", "'15' is not a number from 16 to 1000000"},
    };
    char secret[80];
    snprintf(secret, sizeof secret, "%s/secret", folder);
    assert_ok(file_write(secret, span_str("sesame\n"), 0600));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused(rows[i].line, rows[i].word);

    struct config c;
    assert_ok(load(LEAST "listen-forwarded = unix:run/door\nforwarded-group = www-data\n"
                         "forwarded-secret-file = secret\n",
                   &c));
    char expected[80];
    snprintf(expected, sizeof expected, "%s/run/door", folder);
    assert_string_equal(c.listen_forwarded.path, expected);
    assert_int_equal(c.listen_forwarded.port, 0);
    assert_string_equal(c.forwarded_group, "www-data");
    assert_string_equal(c.forwarded_secret, "sesame");
    assert_string_equal(c.forwarded_header, "Client-Cert");
    assert_int_equal(c.connections, 20000);
    config_free(&c);
    unlink(secret);
}

#define SHARED(public, management)                                             \
    "[server]\n"                                                               \
    "public-url = https://" public "\n"                                        \
                                   "management-url = https://" management "\n" \
                                   "scep-url = https://x/scep\n"               \
                                   "listen-public = 0.0.0.0:443\n"             \
                                   "listen-management = 0.0.0.0:443\n"

static void one_port_takes_two_names(void **state) {
    (void)state;
    static const char *const bad[] = {
        SHARED("mdm.example.com", "mdm.example.com"),
        SHARED("mdm.example.com/", "MDM.example.com:443"),
        SHARED("mdm.example.com", "192.0.2.1"),
        SHARED("mdm.example.com", "[2001:db8::1]:443"),
    };
    struct config c;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(load(bad[i], &c), ERR_CONFIG);
        assert_non_null(strstr(err_detail(), "line 6: on the address of listen-public"));
    }
    assert_ok(load(SHARED("192.0.2.1", "mdm.example.com"), &c));
    config_free(&c);
}

static void missing_keys_are_named(void **state) {
    (void)state;
    struct config c;
    assert_int_equal(load("", &c), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "the key 'public-url' in [server] is missing"));
    assert_int_equal(load("[server]\npublic-url = mdm.example.com\n", &c), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "line 2: 'mdm.example.com' is not https:// with a host"));
    assert_int_equal(load("[server]\npublic-url = http://x\n", &c), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "line 2: 'http://x' is not https://"));
    assert_int_equal(load("[server]\nmanagement-url = https:///x\n", &c), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "line 2: 'https:///x' is not https:// with a host"));
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
    assert_int_equal(scep(&c)->validity, 36500 * DAY_MS);
    assert_int_equal(scep(&c)->backdate, 15 * 60000);
    assert_int_equal(scep(&c)->challenge_lifetime, 30000);
    assert_int_equal(c.confirm_within, 2 * 3600000);
    config_free(&c);
}

static void several_endpoints(void **state) {
    (void)state;
    struct config c;
    char secret[64], expected[96];
    snprintf(secret, sizeof secret, "%s/secret", folder);
    assert_ok(file_write(secret, span_str("swordfish\n"), 0600));
    assert_ok(load(LEAST "[endpoint \"Corp\"]\nca = corp\nchallenge = static\n"
                         "static-challenge-file = secret\n"
                         "subject = CN=*,O=\"Example; Inc.\"\n"
                         "san = dns:*.example.com, upn:*@example.com,ip:10.*\n"
                         "path = /Corp/, /certsrv/mscep/MSCEP.dll ; a comment\n"
                         "eku = IPSECIKE, 1.2.3.4\nkey-usage = keyAgreement\nkeys = p384\n"
                         "backdate = 0\nrenewal-window = 0\nca-certs = single\n"
                         "strong-mapping = san-uri\nmirror-sha1 = yes\nallow-des = yes\n"
                         "approval = manual\n"
                         "[endpoint \"empty\"]\n"
                         "[ca \"corp\"]\nkey = pkcs11:token=x;object=y\nsecret-credential = pin\n"
                         "[ca \"other\"]\nkey = keys/other.key\n"
                         "[endpoint \"page\"]\nmscep-admin = /CertSrv/mscep_admin/\n"
                         "mscep-digits = 32\n",
                   &c));
    assert_int_equal(c.pki.endpoint_count, 4);
    const struct endpoint_settings *e = &c.pki.endpoints[1];
    assert_string_equal(e->name, "Corp");
    assert_string_equal(e->ca, "corp");
    assert_int_equal(e->path_count, 2);
    assert_string_equal(e->paths[0], "/corp");
    assert_string_equal(e->paths[1], "/certsrv/mscep/mscep.dll");
    assert_int_equal(e->policy.challenges, CHALLENGES_STATIC);
    assert_string_equal(e->policy.static_challenge, "swordfish");
    assert_string_equal(e->policy.subject_rule, "CN=*,O=\"Example; Inc.\"");
    assert_int_equal(e->policy.san_rule_count, 3);
    assert_string_equal(e->policy.san_rules[1], "upn:*@example.com");
    assert_int_equal(e->policy.eku_count, 2);
    assert_string_equal(e->policy.eku[0], "1.3.6.1.5.5.7.3.17");
    assert_string_equal(e->policy.eku[1], "1.2.3.4");
    assert_int_equal(e->policy.key_usage, KU_KEY_AGREEMENT);
    assert_true(e->policy.p384 && !e->policy.rsa && !e->policy.p256);
    assert_int_equal(e->policy.backdate, 0);
    assert_int_equal(e->policy.renewal_window, 0);
    assert_int_equal(e->policy.ca_certs, CA_CERTS_SINGLE);
    assert_int_equal(e->policy.mapping, MAPPING_SAN_URI);
    assert_true(e->policy.mirror_sha1 && e->policy.allow_des && e->policy.manual_approval);
    assert_string_equal(c.pki.endpoints[2].name, "empty");
    assert_string_equal(c.pki.endpoints[2].paths[0], "/scep/empty");
    assert_int_equal(c.pki.endpoints[2].policy.rsa_min_bits, 2048);
    assert_string_equal(c.pki.endpoints[3].policy.mscep_admin, "/certsrv/mscep_admin");
    assert_int_equal(c.pki.endpoints[3].policy.mscep_digits, 32);
    assert_int_equal(c.pki.ca_count, 3);
    assert_string_equal(c.pki.cas[1].key, "pkcs11:token=x;object=y");
    assert_string_equal(c.pki.cas[1].secret, "pin");
    snprintf(expected, sizeof expected, "%s/keys/other.key", folder);
    assert_string_equal(c.pki.cas[2].key, expected);
    config_free(&c);
    unlink(secret);
}

static void secrets_are_closed_files(void **state) {
    (void)state;
    static const char text[] = "[scep]\nchallenge = static\nstatic-challenge-file = secret";
    char secret[64];
    snprintf(secret, sizeof secret, "%s/secret", folder);
    refused(text, "cannot open");
    assert_ok(file_write(secret, span_str("swordfish"), 0644));
    assert_int_equal(chmod(secret, 0644), 0);
    refused(text, "is open to other users: chmod 600");
    if (strstr(err_detail(), "swordfish"))
        fail_msg("the error tells the secret: %s", err_detail());
    assert_ok(file_write(secret, span_str("\n"), 0600));
    refused(text, "holds no secret");
    unlink(secret);
}

static void sections_that_do_not_fit(void **state) {
    (void)state;
    refused("[scep]\nca = corp", "line 8: there is no [ca \"corp\"]");
    refused("[endpoint \"a\"]\npath = /scep/x\n[endpoint \"b\"]\n\npath = /y, /SCEP/X/",
            "line 11: the path '/scep/x' is served by the endpoint 'a' already");
    refused("[endpoint \"a\"]\n[endpoint \"A\"]", "line 8: the path '/scep/a' is served");
    refused("[scep]\npath = /a, /a", "line 8: the path '/a' is served");
    refused("[scep]\nmscep-admin = /scep", "line 8: the path '/scep' is served");
    refused("[scep]\nmscep-admin = /p\n[endpoint \"a\"]\nmscep-admin = /P/",
            "line 10: the path '/p' is served by the endpoint 'default' already");
    refused("[scep]\npath = /a, /b, /c, /d, /e", "is more than 4 paths");
    refused("[scep]\nchallenge = static", "line 8: challenge = static needs");
    refused("[scep]\nchallenge = webhook", "line 8: challenge = webhook needs");
    refused("[scep]\nchallenge = none\napproval = manual\nmscep-admin = /p",
            "line 10: the page of mscep-admin gives one-time challenges");
    refused("[scep]\nrsa-min-bits = 3072\nrsa-max-bits = 2048",
            "line 9: rsa-max-bits (2048) is below rsa-min-bits (3072)");
}

static void lines_of_any_length(void **state) {
    (void)state;
    char text[3000] = LEAST "[mdm]\nname = ";
    size_t n = strlen(text);
    memset(text + n, 'x', 2000);
    strcpy(text + n + 2000, "\n");
    struct config c;
    assert_ok(load(text, &c));
    assert_int_equal(strlen(c.name), 2000);
    config_free(&c);
    assert_ok(load("\xef\xbb\xbf" LEAST "[mdm]\r\nname = a;b#c ; d\r\n", &c));
    assert_string_equal(c.name, "a;b#c");
    config_free(&c);
    assert_ok(file_write(path, span_of(LEAST "\0x", sizeof LEAST + 1), 0600));
    assert_int_equal(config_load(folder, &c), ERR_CONFIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_and_the_defaults),
        cmocka_unit_test(what_init_writes),
        cmocka_unit_test(what_hosts_prove_themselves_by),
        cmocka_unit_test(behind_a_tunnel),
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(wrong_values_are_quoted),
        cmocka_unit_test(doors_get_along),
        cmocka_unit_test(one_port_takes_two_names),
        cmocka_unit_test(missing_keys_are_named),
        cmocka_unit_test(every_unit_of_time),
        cmocka_unit_test(several_endpoints),
        cmocka_unit_test(secrets_are_closed_files),
        cmocka_unit_test(sections_that_do_not_fit),
        cmocka_unit_test(lines_of_any_length),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
