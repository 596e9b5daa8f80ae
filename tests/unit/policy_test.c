/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy may be, and what it grants of a CSR's wishes. */
#include "csr_fixture.h"

#include "ca/policy.h"
#include "x509/name.h"

#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define EMAIL       "1.3.6.1.5.5.7.3.4"

/* A subjectAltName with one URI */
#define SID_SAN "\x30\x2b\x86\x29tag:microsoft.com,2022-09-14:sid:S-1-5-18"

static const int64_t DAY = 86400000;

static EVP_PKEY *rsa, *small, *p256, *p521;

static int make_keys(void **state) {
    (void)state;
    rsa = rsa_key(2048);
    small = rsa_key(1024);
    p256 = ec_key("P-256");
    p521 = ec_key("P-521");
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p521);
    return 0;
}

static struct policy usual(void) {
    return (struct policy){
        .rsa = true,
        .p256 = true,
        .p384 = true,
        .rsa_min_bits = 2048,
        .rsa_max_bits = 4096,
        .eku = {CLIENT_AUTH, EMAIL},
        .eku_count = 2,
        .key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
        .validity = 365 * DAY,
        .backdate = 600000,
        .challenge_lifetime = 3600000,
        .renewal_window = 30 * DAY,
    };
}

static struct policy ruled(void) {
    struct policy p = usual();
    p.subject_rule = "CN=*.example.com,O=Example*";
    p.san_rules[p.san_rule_count++] = "dns:*.example.com";
    p.san_rules[p.san_rule_count++] = "ip:10.1.*";
    p.san_rules[p.san_rule_count++] = "upn:*@example.com";
    p.san_rules[p.san_rule_count++] = "uri:https://example.com/*";
    p.san_rules[p.san_rule_count++] = "email:b*@example.com";
    return p;
}

/* ---- what may be served ---- */

static void not_served(const struct policy *p, const char *word) {
    ARENA_AUTO(a);
    assert_int_equal(policy_check(&a, p), ERR_CONFIG);
    if (!strstr(err_detail(), word))
        fail_msg("'%s' is not in: %s", word, err_detail());
}

static void served(const struct policy *p) {
    ARENA_AUTO(a);
    assert_ok(policy_check(&a, p));
}

static void static_challenges_want_rules(void **state) {
    (void)state;
    struct policy p = usual();
    served(&p);
    p.challenges = CHALLENGES_STATIC;
    p.static_challenge = "secret";
    not_served(&p, "challenge = static");
    assert_null(strstr(err_detail(), "secret"));
    p.subject_rule = "CN=*";
    not_served(&p, "set subject and san");
    p.san_rules[p.san_rule_count++] = "dns:*.example.com";
    served(&p);
    p.subject_rule = NULL;
    not_served(&p, "set subject and san");
    p.manual_approval = true;
    served(&p);
    p.static_challenge = "";
    not_served(&p, "static-challenge-file");
}

static void other_challenges(void **state) {
    (void)state;
    struct policy p = usual();
    p.challenges = CHALLENGES_NONE;
    not_served(&p, "approval = manual");
    p.manual_approval = true;
    served(&p);
    p = usual();
    p.mscep_admin = "/certsrv/mscep_admin";
    p.mscep_digits = 16;
    not_served(&p, "mscep-admin");
    p.manual_approval = true;
    served(&p);
    p.mscep_digits = 15;
    not_served(&p, "mscep-digits");
    p.mscep_digits = 32;
    p.challenges = CHALLENGES_NONE;
    not_served(&p, "one-time");
    p = usual();
    p.challenges = CHALLENGES_WEBHOOK;
    not_served(&p, "webhook-url");
    p.webhook_url = "ftp://example.com";
    not_served(&p, "webhook-url");
    p.webhook_url = "https://example.com/hook";
    p.webhook_id = "id";
    p.webhook_secret = "no base64!";
    not_served(&p, "webhook-secret-file");
    p.webhook_secret = "c2VjcmV0";
    served(&p);
    const char *const here[] = {"http://127.0.0.1:8080/hook", "HTTP://localhost/", "http://[::1]"};
    const char *const elsewhere[] = {"http://example.com/hook", "http://127.0.0.1.example.com/",
                                     "http://localhost:x@example.com/"};
    for (size_t i = 0; i < 3; i++) {
        p.webhook_url = here[i];
        served(&p);
        p.webhook_url = elsewhere[i];
        not_served(&p, "webhook-url");
    }
}

static void broken_rules(void **state) {
    (void)state;
    static const char *const subjects[] = {"", "CN", "XX=*", "CN=\"*", "CN=a?b", "CN=*,"};
    static const char *const sans[] = {"", "dns", "dns:", "host.example.com", "directory:*"};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct policy p = usual();
        p.subject_rule = subjects[i];
        not_served(&p, "subject rule");
    }
    for (size_t i = 0; i < sizeof sans / sizeof *sans; i++) {
        struct policy p = usual();
        p.san_rules[p.san_rule_count++] = sans[i];
        not_served(&p, "SAN rule");
    }
}

static void numbers_and_lists(void **state) {
    (void)state;
    struct policy p = usual();
    p.eku_count = 0;
    not_served(&p, "eku");
    p.eku_count = 1;
    p.eku[0] = "clientAuth";
    not_served(&p, "'clientAuth'");
    p = usual();
    p.rsa = p.p256 = p.p384 = false;
    not_served(&p, "keys");
    p = usual();
    p.rsa_max_bits = 1024;
    not_served(&p, "rsa-max-bits");
    p = usual();
    p.key_usage = KU_KEY_ENCIPHERMENT;
    not_served(&p, "key-usage");
    p.p256 = p.p384 = false;
    served(&p);
    p.validity = 0;
    not_served(&p, "validity");
    p = usual();
    p.backdate = DAY;
    served(&p);
    p.backdate = DAY + 1;
    not_served(&p, "backdate");
}

/* ---- what is granted ---- */

#define ASKED                                                                      \
    .cn = "host.example.com", .o = "Example, Inc.",                                \
    .key_usage = "critical,digitalSignature,keyEncipherment", .eku = "clientAuth", \
    .san = "DNS:host.example.com", .key = rsa

static enum err ask(struct arena *a, const struct policy *p, struct asked w, struct grant *out) {
    struct csr csr;
    assert_ok(asked_csr(a, &w, &csr));
    return policy_grant(a, p, &csr, true, out);
}

static void granted(const struct policy *p, struct asked w) {
    ARENA_AUTO(a);
    struct grant g;
    assert_ok(ask(&a, p, w, &g));
}

static void refused(const struct policy *p, struct asked w, const char *word) {
    ARENA_AUTO(a);
    struct grant g;
    assert_int_equal(ask(&a, p, w, &g), ERR_REFUSED);
    if (!strstr(err_detail(), word))
        fail_msg("'%s' is not in: %s", word, err_detail());
}

static const char *ekus_of(struct arena *a, struct span eku) {
    BUF_AUTO(b);
    const char *oid;
    while (eku_next(a, &eku, &oid))
        buf_printf(&b, "%s%s", b.n ? "+" : "", oid);
    return arena_str(a, buf_view(&b));
}

static const char *sans_of(struct arena *a, struct span san) {
    BUF_AUTO(b);
    struct span value;
    unsigned type;
    while (san_next(a, &san, &type, &value))
        buf_printf(&b, "%s%u+%.*s", b.n ? ";" : "", type, SPAN_FMT(value));
    return arena_str(a, buf_view(&b));
}

static void a_wish_is_a_wish(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const uint8_t sid[] = {0x30, 0x02, 0x05, 0x00};
    struct policy p = usual();
    struct asked w = {ASKED};
    struct grant g;
    w.key_usage = "critical,digitalSignature,keyCertSign,cRLSign,dataEncipherment";
    w.eku = "codeSigning,emailProtection,anyExtendedKeyUsage,clientAuth,emailProtection";
    w.basic_constraints = "critical,CA:TRUE";
    w.sid_der = span_of(sid, sizeof sid);
    assert_ok(ask(&a, &p, w, &g));
    assert_int_equal(g.key_usage, KU_DIGITAL_SIGNATURE);
    assert_string_equal(ekus_of(&a, g.eku), EMAIL "+" CLIENT_AUTH);
    assert_string_equal(g.eku_left_out, "codeSigning, anyExtendedKeyUsage");
    assert_string_equal(sans_of(&a, g.san), "3+host.example.com");
    assert_string_equal(name_text(&a, g.subject), "CN=host.example.com, O=\"Example, Inc.\"");
    assert_null(g.sid);
    assert_int_equal(g.validity, p.validity);
}

static void what_is_given_without_a_wish(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct policy p = usual();
    struct grant g;
    assert_ok(ask(&a, &p, (struct asked){.cn = "h", .key = rsa}, &g));
    assert_int_equal(g.key_usage, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
    assert_string_equal(ekus_of(&a, g.eku), CLIENT_AUTH);
    assert_null(g.eku_left_out);
    assert_int_equal(g.san.n, 0);
    p.key_usage |= KU_KEY_AGREEMENT | KU_KEY_CERT_SIGN;
    assert_ok(ask(&a, &p, (struct asked){.cn = "h", .key = p256}, &g));
    assert_int_equal(g.key_usage, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT);
}

static void usages_outside(void **state) {
    (void)state;
    struct policy p = usual();
    struct asked w = {ASKED};
    w.eku = "codeSigning,serverAuth";
    refused(&p, w, "(codeSigning, serverAuth) is in eku");
    w = (struct asked){ASKED};
    w.key_usage = "keyCertSign";
    refused(&p, w, "key-usage");
    w.key_usage = "keyEncipherment";
    granted(&p, w);
    w.key = p256;
    refused(&p, w, "key-usage");
}

static void keys(void **state) {
    (void)state;
    struct policy p = usual();
    struct asked w = {ASKED};
    w.key = small;
    refused(&p, w, "an RSA key of 1024 bits");
    w.key = p521;
    refused(&p, w, "an EC key on P-521");
    w.key = p256;
    granted(&p, w);
    p.p256 = false;
    refused(&p, w, "an EC key on P-256");
    w.key = rsa;
    p.rsa_max_bits = 2047;
    refused(&p, w, "an RSA key of 2048 bits");
    p.rsa = false;
    p.rsa_max_bits = 4096;
    refused(&p, w, "an RSA key");
}

static void nobody(void **state) {
    (void)state;
    struct policy p = usual();
    refused(&p, (struct asked){.key = rsa}, "names nobody");
    granted(&p, (struct asked){.key = rsa, .san = "DNS:host"});
    /* a name that is left out names nobody either */
    refused(&p, (struct asked){.key = rsa, .san_der = span_of(SID_SAN, sizeof SID_SAN - 1)},
            "names nobody");
}

/* ---- rules ---- */

static void subject_rules(void **state) {
    (void)state;
    static const char *const good[] = {"host.example.com", "HOST.Example.Com", "a.b.example.com",
                                       ".example.com"};
    static const char *const bad[] = {"example.com", "host.example.org", "host.example.com.evil",
                                      "host.example.com ", "host"};
    struct policy p = ruled();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        granted(&p, (struct asked){.cn = good[i], .o = "Example, Inc.", .key = rsa});
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(&p, (struct asked){.cn = bad[i], .o = "Example", .key = rsa}, "subject rule");
    refused(&p, (struct asked){.cn = good[0], .key = rsa}, "subject rule");
    refused(&p, (struct asked){.cn = good[0], .o = "Another", .key = rsa}, "subject rule");
    refused(&p, (struct asked){.cn = good[0], .o = "Example", .country = "DE", .key = rsa},
            "subject rule");
    refused(&p, (struct asked){.san = "DNS:a.example.com", .key = rsa}, "subject rule");
}

static void subject_rules_of_narrow_strings(void **state) {
    (void)state;
    struct policy p = usual();
    p.subject_rule = "SERIALNUMBER=A-*-9, C=*, CN=host";
    granted(&p, (struct asked){
                    .cn = "host", .country = "DE", .serial_number = "a-12345-9", .key = rsa});
    refused(&p, (struct asked){.cn = "host", .country = "DE", .serial_number = "B-1-9", .key = rsa},
            "subject rule");
}

/* The Name of an X.500 string, granted or not by a rule. */
static enum err rule_takes(const char *rule, const char *subject) {
    ARENA_AUTO(a);
    struct policy p = usual();
    struct csr csr;
    struct grant g;
    struct asked w = {.cn = "x", .key = p256};
    p.subject_rule = rule;
    assert_ok(asked_csr(&a, &w, &csr));
    assert_ok(name_from_x500(&a, span_str(subject), &csr.subject));
    return policy_grant(&a, &p, &csr, true, &g);
}

static void rules_of_one_attribute(void **state) {
    (void)state;
    assert_ok(rule_takes("OU=*,OU=a*,CN=h", "CN=h,OU=ab,OU=c"));
    assert_ok(rule_takes("OU=*,OU=a*,CN=h", "OU=c,OU=ab,CN=h"));
    assert_ok(rule_takes("OU=a*,OU=*b,OU=*", "OU=ab,OU=ac,OU=xb"));
    assert_int_equal(rule_takes("OU=a*,OU=*b", "OU=ax,OU=ay"), ERR_REFUSED);
    assert_int_equal(rule_takes("OU=a,CN=h", "OU=a,OU=a,CN=h"), ERR_REFUSED);
    assert_int_equal(rule_takes("OU=a,OU=a,CN=h", "OU=a,CN=h"), ERR_REFUSED);
    assert_ok(rule_takes("CN=h+OU=a", "OU=a,CN=h"));
    assert_ok(rule_takes("CN=D\\*", "CN=d\\alice"));
    assert_ok(rule_takes("CN=*a*a*a*b", "CN=aaaaaaaaaaaaaaaaaaaaab"));
    assert_int_equal(rule_takes("CN=*a*a*a*b", "CN=aaaaaaaaaaaaaaaaaaaaac"), ERR_REFUSED);
    assert_ok(rule_takes("CN=\xc3\xbc*", "CN=\xc3\xbc"
                                         "ber"));
    assert_int_equal(rule_takes("CN=\xc3\xbc*", "CN=\xc3\x9c"
                                                "ber"),
                     ERR_REFUSED);
}

static void san_rules(void **state) {
    (void)state;
    static const char *const good[] = {
        "DNS:a.example.com,DNS:B.EXAMPLE.com",
        "IP:10.1.2.3",
        "URI:https://example.com/x",
        "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@Example.com",
    };
    static const char *const bad[] = {
        "DNS:example.com",
        "DNS:a.example.com,DNS:evil.org",
        "DNS:*.example.com",
        "DNS:10.1.2.3",
        "IP:10.2.0.1",
        "IP:a01:203::1",
        "URI:https://example.com.evil.org/x",
        "URI:HTTPS://example.com/x",
        "email:a@example.com",
        "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.org",
        "otherName:1.2.3;UTF8:alice@example.com",
        "RID:1.2.3",
    };
    struct policy p = ruled();
    p.subject_rule = NULL;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        granted(&p, (struct asked){.cn = "h", .san = good[i], .key = rsa});
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(&p, (struct asked){.cn = "h", .san = bad[i], .key = rsa}, "alternative name");
    granted(&p, (struct asked){.cn = "h", .key = rsa});
}

/* What the administrator has promised himself is not held against his rules. */
static void rules_may_be_left_out(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct policy p = ruled();
    struct asked w = {.cn = "other", .san = "DNS:evil.org", .key = rsa};
    struct csr csr;
    struct grant g;
    assert_ok(asked_csr(&a, &w, &csr));
    assert_int_equal(policy_grant(&a, &p, &csr, true, &g), ERR_REFUSED);
    assert_ok(policy_grant(&a, &p, &csr, false, &g));
    w.key = small;
    assert_ok(asked_csr(&a, &w, &csr));
    assert_int_equal(policy_grant(&a, &p, &csr, false, &g), ERR_REFUSED);
}

static void control_characters(void **state) {
    (void)state;
    static const uint8_t nul[] = {0x30, 0x06, 0x82, 4, 'a', 0, 'b', 'c'};
    static const uint8_t latin[] = {0x30, 0x06, 0x82, 4, 'a', 0xfc, 'b', 'c'};
    struct policy p = usual();
    refused(&p, (struct asked){.cn = "host\nevil", .key = rsa}, "no plain text");
    refused(&p, (struct asked){.cn = "host\x7f", .key = rsa}, "no plain text");
    refused(&p,
            (struct asked){.cn = "a\xe2\x80\xae"
                                 "b",
                           .key = rsa},
            "no plain text");
    refused(&p, (struct asked){.cn = "h", .san_der = span_of(nul, sizeof nul), .key = rsa},
            "control characters");
    refused(&p, (struct asked){.cn = "h", .san_der = span_of(latin, sizeof latin), .key = rsa},
            "control characters");
    granted(&p, (struct asked){.cn = "\xc3\xbc"
                                     "ber",
                               .key = rsa});
}

static void values_that_are_no_text(void **state) {
    (void)state;
    ARENA_AUTO(a);
    /* CN with an OCTET STRING, and with a BMPString that holds a NUL character */
    static const uint8_t octets[] = {0x30, 12,   0x31, 10,   0x30, 8, 0x06,
                                     3,    0x55, 0x04, 0x03, 0x04, 1, 'a'};
    static const uint8_t bmp[] = {0x30, 15, 0x31, 13, 0x30, 11,  0x06, 3, 0x55,
                                  4,    3,  0x1e, 4,  0,    'a', 0,    0};
    struct policy p = usual();
    struct asked w = {.cn = "x", .key = p256};
    struct csr csr;
    struct grant g;
    assert_ok(asked_csr(&a, &w, &csr));
    csr.subject = span_of(octets, sizeof octets);
    assert_int_equal(policy_grant(&a, &p, &csr, true, &g), ERR_REFUSED);
    csr.subject = span_of(bmp, sizeof bmp);
    assert_int_equal(policy_grant(&a, &p, &csr, true, &g), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "no plain text"));
}

/* ---- strong mapping ---- */

#define SID_URI "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-"

static void no_sid_from_the_request(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct policy p = usual();
    struct asked w = {.cn = "h", .key = rsa};
    struct grant g;
    p.mapping = MAPPING_SAN_URI;
    w.san = "DNS:h.example.com,otherName:1.3.6.1.4.1.311.25.2.1;UTF8:S-1-5-18,URI:https://x/";
    assert_ok(ask(&a, &p, w, &g));
    assert_string_equal(sans_of(&a, g.san), "3+h.example.com;7+https://x/");
    static const uint8_t uris[] =
        "\x30\x2f\x86\x29TAG:microsoft.com,2022-09-14:sid:S-1-5-18\x82\x02hi";
    w.san_der = span_of(uris, sizeof uris - 1);
    assert_int_equal(w.san_der.p[1] + 2, w.san_der.n);
    assert_ok(ask(&a, &p, w, &g));
    assert_string_equal(sans_of(&a, g.san), "3+hi");
    assert_ok(policy_map_sid(&a, &p, "S-1-5-21-1-2-3-1105", &g));
    assert_string_equal(sans_of(&a, g.san), "3+hi;7+" SID_URI "1105");
    assert_null(g.sid);
}

static void sid_as_the_policy_says(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct policy p = usual();
    struct grant g = {0};
    assert_ok(policy_map_sid(&a, &p, "S-1-5-21-1-2-3-1105", &g));
    assert_true(!g.sid && !g.san.n);
    p.mapping = MAPPING_EXTENSION;
    assert_ok(policy_map_sid(&a, &p, NULL, &g));
    assert_null(g.sid);
    assert_ok(policy_map_sid(&a, &p, "S-1-5-21-1-2-3-1105", &g));
    assert_string_equal(g.sid, "S-1-5-21-1-2-3-1105");
    assert_int_equal(g.san.n, 0);
    p.mapping = MAPPING_SAN_URI;
    assert_ok(policy_map_sid(&a, &p, "S-1-5-21-1-2-3-500", &g));
    assert_string_equal(sans_of(&a, g.san), "7+" SID_URI "500");
    assert_int_equal(policy_map_sid(&a, &p, "root", &g), ERR_INTERNAL);
}

static void sids(void **state) {
    (void)state;
    static const char *const good[] = {"S-1-5-18", "S-1-5-21-3623811015-3361044348-30300820-1013",
                                       "S-1-281474976710655-4294967295",
                                       "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"};
    static const char *const bad[] = {"",
                                      "S-1-5",
                                      "S-1-5-",
                                      "s-1-5-18",
                                      "S-2-5-18",
                                      "S-1-5-18 ",
                                      "S-1-5--18",
                                      "S-1-5-4294967296",
                                      "S-1-281474976710656-1",
                                      "S-1-5-018",
                                      "S-1-5-18,x",
                                      "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
                                      "S-1-5-99999999999999999999999"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!sid_is_valid(good[i]))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sid_is_valid(bad[i]))
            fail_msg("taken: %s", bad[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_challenges_want_rules),
        cmocka_unit_test(other_challenges),
        cmocka_unit_test(broken_rules),
        cmocka_unit_test(numbers_and_lists),
        cmocka_unit_test(a_wish_is_a_wish),
        cmocka_unit_test(what_is_given_without_a_wish),
        cmocka_unit_test(usages_outside),
        cmocka_unit_test(keys),
        cmocka_unit_test(nobody),
        cmocka_unit_test(subject_rules),
        cmocka_unit_test(subject_rules_of_narrow_strings),
        cmocka_unit_test(rules_of_one_attribute),
        cmocka_unit_test(san_rules),
        cmocka_unit_test(rules_may_be_left_out),
        cmocka_unit_test(control_characters),
        cmocka_unit_test(values_that_are_no_text),
        cmocka_unit_test(no_sid_from_the_request),
        cmocka_unit_test(sid_as_the_policy_says),
        cmocka_unit_test(sids),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
