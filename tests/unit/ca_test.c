/* SPDX-License-Identifier: Apache-2.0 */
/* CAs on disk, judged by `openssl`; and what is left of them when the machine stops in between. */
#include "ca_fixture.h"

static struct ca_settings settings;
static const struct ca_birth birth = {.host = "pki.example"};

static struct ca_birth birth_of(const char *kind) {
    struct ca_birth b = birth;
    b.key_kind = kind;
    return b;
}

/* ---- new ones ---- */

static void self_signed(void **state) {
    static const struct {
        const char *kind, *usage;
    } kinds[] = {{"rsa2048", "Digital Signature, Key Encipherment, Certificate Sign, CRL Sign"},
                 {"p256", "Digital Signature, Certificate Sign, CRL Sign"},
                 {"p384", "Digital Signature, Certificate Sign, CRL Sign"}};
    for (size_t i = 0; i < 3; i++) {
        struct folder f = folder_new(state);
        struct ca_birth b = birth_of(kinds[i].kind);
        struct ca ca;
        assert_ok(ca_create(f.path, &settings, &b));
        sh(&f, "openssl verify -x509_strict -CAfile ca.pem ca.pem ra.pem ocsp.pem");
        sh(&f, "openssl x509 -in ca.pem -noout -ext keyUsage | grep -q '%s$'", kinds[i].usage);
        sh(&f, "openssl x509 -in ca.pem -noout -subject -nameopt RFC2253 | grep -qx "
               "'subject=CN=pki.example SCEP CA'");
        sh(&f, "openssl x509 -in ca.pem -noout -ext basicConstraints | grep -q CA:TRUE");
        sh(&f, "test \"$(stat -c %%a ca.key ra.key ocsp.key | sort -u)\" = 600");
        load_one(&f, &settings, &ca);
        assert_string_equal(ca.sha1, fingerprint(&f, "ca.pem"));
        assert_string_equal(ca.root_sha1, ca.sha1);
        assert_int_equal(ca.chain_count, 0);
        assert_true(key_is_rsa(ca.ra.key));
        assert_int_equal(key_is_rsa(ca.ocsp.key), i == 0);
        assert_int_equal(ca.next.n, 0);
        ca_unload(&ca);
        assert_int_equal(ca_create(f.path, &settings, &b), ERR_EXISTS);
        folder_free(&f);
    }
}

static void ra_forms(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca ca;
    bool changed;
    assert_ok(ca_create(f.path, &settings, &b));
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    assert_false(changed);
    assert_ok(ca_keep_ra(f.path, &settings, true, &changed));
    assert_true(changed);
    sh(&f, "openssl verify -x509_strict -CAfile ca.pem ra-sign.pem ra-enc.pem");
    sh(&f, "openssl x509 -in ra.pem -noout -text >ra && grep -q 'Usage: critical' ra && "
           "grep -q ' Digital Signature, Key Encipherment$' ra && grep -q 'Web Server' ra && "
           "grep -q 'CN = pki.example SCEP RA$' ra");
    sh(&f, "openssl x509 -in ra-sign.pem -noout -text >s && grep -A1 'Usage: critical' s | "
           "grep -qx ' *Digital Signature' && grep -q 1.3.6.1.4.1.311.20.2.1 s");
    sh(&f, "openssl x509 -in ra-enc.pem -noout -text >e && grep -A1 'Usage: critical' e | "
           "grep -qx ' *Key Encipherment' && grep -q 1.3.6.1.4.1.311.20.2.1 e");
    sh(&f, "openssl x509 -in ocsp.pem -noout -text >o && grep -q 'OCSP Signing' o && "
           "grep -q 'OCSP No Check' o && grep -q 'prime256v1' o");
    sh(&f, "openssl x509 -in ocsp.pem -noout -checkend 2500000 && "
           "! openssl x509 -in ocsp.pem -noout -checkend 2600000");
    load_one(&f, &settings, &ca);
    assert_true(ca.ra_sign.cert.n && ca.ra_enc.cert.n);
    assert_false(span_eq(ca.ra_sign.parsed.spki, ca.ra_enc.parsed.spki));
    ca_unload(&ca);
    folder_free(&f);
}

/* "An RA never outlives its CA": of one that lives for ten days, all certificates do. */
static void short_life(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca ca;
    struct expiry ends[CA_MAX_EXPIRIES];
    bool changed;
    b.validity = 10 * DAY;
    assert_ok(ca_create(f.path, &settings, &b));
    load_one(&f, &settings, &ca);
    assert_true(ca.ra.parsed.not_after == ca.issuer.parsed.not_after);
    assert_true(ca.ocsp.parsed.not_after == ca.issuer.parsed.not_after);
    ARENA_AUTO(a);
    size_t n = ca_expiries(&ca, &a, ends);
    assert_int_equal(n, 2);
    assert_string_equal(ends[0].what, "the certificate of the CA 'default'");
    assert_string_equal(ends[0].cure, "signet ca rollover default");
    assert_true(ends[0].not_after == ca.issuer.parsed.not_after);
    ca_unload(&ca);
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    assert_false(changed); /* though the end is near: nothing would be won */
    folder_free(&f);
}

/* ---- renewal ---- */

static void renewal(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca ca;
    bool changed;
    assert_ok(ca_create(f.path, &settings, &b));
    sh(&f, "cp ra.pem first.pem && cp ocsp.pem first-ocsp.pem");
    clock_shift(16 * DAY);
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    assert_true(changed);
    sh(&f, "cmp ra.pem first.pem && ! cmp -s ocsp.pem first-ocsp.pem && test ! -d old");
    clock_shift(1790 * DAY); /* 19 days before the RA's end */
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    assert_true(changed);
    sh(&f, "! cmp -s ra.pem first.pem && cmp old/ra-*.pem first.pem");
    sh(&f, "openssl verify -partial_chain -no_check_time -CAfile ca.pem ra.pem");
    load_one(&f, &settings, &ca);
    assert_int_equal(ca.opener_count, 1);
    assert_false(span_eq(ca.openers[0].parsed.spki, ca.ra.parsed.spki));
    assert_true(span_eq(key_spki(ca.openers[0].key), ca.openers[0].parsed.spki));
    ca_unload(&ca);
    clock_shift(30 * DAY);
    load_one(&f, &settings, &ca);
    assert_int_equal(ca.opener_count, 0); /* it has expired */
    ca_unload(&ca);
    clock_shift(-1836 * DAY);
    folder_free(&f);
}

static void interrupted_renewal(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca ca;
    bool changed;
    assert_ok(ca_create(f.path, &settings, &b));
    /* The new key is written, its certificate is not. */
    sh(&f, "openssl genrsa -out ra.key 2048 && openssl rsa -in ra.key -pubout -out before");
    assert_int_equal(load_error(&f, &settings), ERR_CONFIG);
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    assert_true(changed);
    sh(&f, "openssl rsa -in ra.key -pubout -out after && cmp before after && test ! -d old");
    load_one(&f, &settings, &ca);
    ca_unload(&ca);
    /* Both gone; and one of another CA. */
    sh(&f, "rm ra.pem ra.key");
    assert_int_equal(load_error(&f, &settings), ERR_CONFIG);
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    sh(&f, "openssl req -x509 -new -key ra.key -subj /CN=x -days 9 -out ra.pem");
    assert_int_equal(load_error(&f, &settings), ERR_CONFIG);
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    assert_true(changed);
    sh(&f, "openssl verify -CAfile ca.pem ra.pem");
    folder_free(&f);
}

static void interrupted_creation(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256"), other = birth_of("p384");
    assert_int_equal(load_error(&f, &settings), ERR_CONFIG);
    sh(&f, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key");
    sh(&f, "openssl pkey -in ca.key -pubout -out before");
    assert_int_equal(ca_create(f.path, &settings, &other), ERR_CONFLICT);
    assert_ok(ca_create(f.path, &settings, &b));
    sh(&f, "openssl x509 -in ca.pem -noout -pubkey | cmp - before");
    b.key_kind = "rsa1000";
    b.subject = "CN=x";
    struct folder g = folder_new(state);
    assert_int_equal(ca_create(g.path, &settings, &b), ERR_USAGE);
    b.subject = "bad";
    assert_int_equal(ca_create(g.path, &settings, &b), ERR_USAGE);
    sh(&g, "test \"$(ls -A)\" = log");
    folder_free(&g);
    folder_free(&f);
}

/* ---- under an upper CA ---- */

static void import(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("rsa2048");
    struct ca ca;
    ARENA_AUTO(a);
    struct span csr;
    b.subject = "CN=Issuing CA,O=\"Example, Inc.\"";
    assert_int_equal(import_file(&f, &settings, "/dev/null"), ERR_CONFLICT);
    assert_ok(ca_make_csr(f.path, &settings, &b, &a, &csr));
    sh(&f, "openssl req -in ca.csr -noout -verify -text | grep -q 'Certificate Sign'");
    sh(&f, "test \"$(openssl req -in ca.csr -noout -subject -nameopt RFC2253)\" = "
           "'subject=O=Example\\, Inc.,CN=Issuing CA'");
    assert_int_equal(ca_create(f.path, &settings, &b), ERR_EXISTS);
    assert_int_equal(load_error(&f, &settings), ERR_CONFIG);

    make_root(&f, "root");
    sign(&f, "root", "ca.csr", "good", CA_EXTENSIONS, 100);
    sign(&f, "root", "ca.csr", "leaf", "basicConstraints=CA:FALSE", 100);
    sign(&f, "root", "ca.csr", "nosign", "basicConstraints=CA:TRUE\nkeyUsage=cRLSign", 100);
    sign(&f, "root", "ca.csr", "nocrl", "basicConstraints=CA:TRUE\nkeyUsage=keyCertSign", 100);
    sign(&f, "root", "ca.csr", "past", CA_EXTENSIONS, -1);
    sh(&f, "openssl req -new -newkey rsa:2048 -nodes -keyout o.key -subj /CN=o -out o.csr");
    sign(&f, "root", "o.csr", "otherkey", CA_EXTENSIONS, 100);
    make_root(&f, "stranger");
    sh(&f, "for x in good leaf nosign nocrl past otherkey; do cat $x.pem root.pem >$x-chain; done; "
           "cat good.pem stranger.pem >wrong-chain; cat root.pem good.pem >reversed-chain; "
           "python3 -c \"import base64,re;t=open('good.pem').read();"
           "d=bytearray(base64.b64decode(''.join(t.split('\\n')[1:-2])));d[-3]^=1;"
           "open('broken.pem','w').write('-----BEGIN CERTIFICATE-----\\n'+"
           "base64.b64encode(d).decode()+'\\n-----END CERTIFICATE-----\\n')\" && "
           "cat broken.pem root.pem >broken-chain");
    static const struct {
        const char *file, *says;
    } bad[] = {{"leaf-chain", "not a CA"},    {"nosign-chain", "keyCertSign"},
               {"nocrl-chain", "cRLSign"},    {"past-chain", "expired"},
               {"otherkey-chain", "none of"}, {"wrong-chain", "is not there"},
               {"broken-chain", "signature"}, {"good.pem", "is not there"},
               {"root.pem", "none of"}};
    sh(&f, "sha256sum ca.* >sums");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        print_message("%s\n", bad[i].file);
        assert_int_equal(import_file(&f, &settings, bad[i].file), ERR_REFUSED);
        assert_non_null(strstr(err_detail(), bad[i].says));
        sh(&f, "sha256sum -c --quiet sums && test ! -e ca.pem && test ! -e ra.pem");
    }
    assert_int_equal(import_file(&f, &settings, "ca.key"), ERR_PARSE);

    assert_ok(import_file(&f, &settings, "reversed-chain"));
    sh(&f, "test ! -e ca.csr && openssl verify -x509_strict -CAfile root.pem -untrusted ca.pem "
           "good.pem ra.pem ocsp.pem");
    load_one(&f, &settings, &ca);
    assert_string_equal(ca.sha1, fingerprint(&f, "good.pem"));
    assert_string_equal(ca.root_sha1, fingerprint(&f, "root.pem"));
    assert_int_equal(ca.chain_count, 1);
    ca_unload(&ca);
    assert_int_equal(import_file(&f, &settings, "good-chain"), ERR_CONFLICT);
    folder_free(&f);
}

/* Three tiers, and a root that allows none below the CA that it has issued. */
static void path_length(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    ARENA_AUTO(a);
    struct span csr;
    struct ca ca;
    assert_ok(ca_make_csr(f.path, &settings, &b, &a, &csr));
    make_root(&f, "root");
    sh(&f, "openssl req -new -newkey rsa:2048 -nodes -keyout mid.key -subj /CN=mid -out mid.csr");
    sign(&f, "root", "mid.csr", "mid", CA_EXTENSIONS_OF("CA:TRUE,pathlen:0"), 100);
    sign(&f, "mid", "ca.csr", "ours", CA_EXTENSIONS, 90);
    sh(&f, "cat ours.pem mid.pem root.pem >chain");
    assert_int_equal(import_file(&f, &settings, "chain"), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "pathLen 0"));
    sign(&f, "root", "mid.csr", "mid", CA_EXTENSIONS_OF("CA:TRUE,pathlen:1"), 100);
    sh(&f, "cat root.pem ours.pem mid.pem >chain");
    assert_ok(import_file(&f, &settings, "chain"));
    load_one(&f, &settings, &ca);
    assert_int_equal(ca.chain_count, 2);
    assert_string_equal(ca.root_sha1, fingerprint(&f, "root.pem"));
    ca_unload(&ca);
    sh(&f, "openssl verify -x509_strict -CAfile root.pem -untrusted ca.pem ra.pem");
    folder_free(&f);
}

/* A CA in force stays so until the new one's certificate has come. */
static void replace_by_import(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca cas[3];
    ARENA_AUTO(a);
    struct span csr;
    assert_ok(ca_create(f.path, &settings, &b));
    sh(&f, "cp ca.pem first.pem && cp ra.pem first-ra.pem");
    assert_ok(ca_make_csr(f.path, &settings, &b, &a, &csr));
    assert_int_equal(ca_rollover_prepare(f.path, &settings, NULL), ERR_CONFLICT);
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 1);
    assert_int_equal(cas[0].next.n, 0);
    unload_all(cas, 1);
    make_root(&f, "root");
    sign(&f, "root", "ca.csr", "new", CA_EXTENSIONS, 100);
    sh(&f, "cat new.pem root.pem >chain");
    assert_ok(import_file(&f, &settings, "chain"));
    sh(&f, "test ! -e next.key && test ! -e ca.csr && cmp retired-1/ca.pem first.pem && "
           "cmp old/ra-*.pem first-ra.pem");
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 2);
    assert_false(cas[0].retired);
    assert_true(cas[1].retired);
    assert_string_equal(cas[1].sha1, fingerprint(&f, "first.pem"));
    assert_string_equal(cas[1].name, "default");
    assert_int_equal(cas[1].ra.cert.n, 0);
    assert_true(cas[1].ocsp.key != NULL);
    assert_int_equal(cas[0].opener_count, 1);
    unload_all(cas, 2);
    folder_free(&f);
}

/* ---- rollover ---- */

static void rollover(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca cas[3];
    ARENA_AUTO(a);
    bool changed;
    assert_int_equal(ca_rollover_prepare(f.path, &settings, NULL), ERR_NOT_FOUND);
    assert_ok(ca_create(f.path, &settings, &b));
    assert_ok(ca_keep_ra(f.path, &settings, true, &changed));
    assert_int_equal(ca_rollover_finish(f.path, &settings), ERR_CONFLICT);
    assert_ok(ca_rollover_prepare(f.path, &settings, "p384"));
    assert_int_equal(ca_rollover_prepare(f.path, &settings, "p384"), ERR_CONFLICT);
    sh(&f, "cp ca.pem first.pem && cp next.pem second.pem && "
           "openssl verify -x509_strict -CAfile next.pem next.pem");
    sh(&f, "test \"$(openssl x509 -in ca.pem -noout -subject)\" = "
           "\"$(openssl x509 -in next.pem -noout -subject)\"");
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 1);
    assert_true(cas[0].next.n > 0);
    unload_all(cas, 1);
    assert_ok(ca_rollover_finish(f.path, &settings));
    sh(&f, "cmp ca.pem second.pem && test ! -e next.pem && test ! -e next.key && "
           "openssl verify -x509_strict -CAfile ca.pem ra.pem ra-sign.pem ra-enc.pem ocsp.pem && "
           "openssl verify -x509_strict -CAfile retired-1/ca.pem retired-1/ocsp.pem");
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 2);
    assert_string_equal(cas[0].sha1, fingerprint(&f, "second.pem"));
    assert_string_equal(cas[1].sha1, fingerprint(&f, "first.pem"));
    assert_int_equal(cas[0].opener_count, 2); /* ra and ra-enc of before */
    struct expiry ends[CA_MAX_EXPIRIES];
    assert_int_equal(ca_expiries(&cas[0], &a, ends), 5);
    assert_true(ends[0].alarm_within == INT64_MAX);
    assert_string_equal(ends[4].what, "the OCSP certificate of the CA 'default'");
    assert_true(ends[4].alarm_within < ends[4].not_after - clock_ms()); /* no alarm from birth on */
    assert_int_equal(ca_expiries(&cas[1], &a, ends), 1);
    unload_all(cas, 2);
    /* A retired CA that has expired is not loaded any more. */
    clock_shift(3651 * DAY);
    struct ca one;
    assert_ok(ca_look(f.path, &settings, &a, &one));
    clock_shift(-3651 * DAY);
    assert_int_equal(load_error_max(&f, &settings, 1), ERR_LIMIT);
    folder_free(&f);
}

/* The machine stops between any two steps of ca_rollover.c: what is on disk then, and its healing.
 */
static void interrupted_rollover(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca cas[3];
    ARENA_AUTO(a);
    bool changed;
    assert_ok(ca_create(f.path, &settings, &b));
    assert_ok(ca_rollover_prepare(f.path, &settings, "p256"));
    sh(&f, "cp ca.pem first.pem && cp next.pem second.pem");
    /* in step 1 */
    sh(&f, "mkdir -m 700 retired-1 && cp ca.key retired-1");
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 1);
    unload_all(cas, 1);
    /* before step 2 */
    sh(&f, "cp ca.pem retired-1");
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 1);
    assert_string_equal(cas[0].sha1, fingerprint(&f, "first.pem"));
    assert_true(cas[0].next.n > 0);
    unload_all(cas, 1);
    /* before step 3: the new certificate, beside the old key */
    sh(&f, "cp next.pem ca.pem");
    assert_ok(ca_keep_ra(f.path, &settings, false, &changed));
    assert_true(changed);
    sh(&f, "test ! -e next.pem && test ! -e next.key && cmp ca.pem second.pem && "
           "openssl verify -CAfile ca.pem ra.pem");
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 2);
    assert_string_equal(cas[0].sha1, fingerprint(&f, "second.pem"));
    assert_string_equal(cas[1].sha1, fingerprint(&f, "first.pem"));
    assert_int_equal(cas[0].next.n, 0);
    unload_all(cas, 2);
    /* The next one takes the next folder. */
    assert_ok(ca_rollover_prepare(f.path, &settings, "p256"));
    assert_ok(ca_rollover_finish(f.path, &settings));
    sh(&f, "cmp retired-2/ca.pem second.pem && cmp retired-1/ca.pem first.pem");
    /* A next.key that is not next.pem's is found before anything moves. */
    assert_ok(ca_rollover_prepare(f.path, &settings, "p256"));
    sh(&f, "cp retired-1/ca.key next.key && cp ca.pem third.pem");
    assert_int_equal(ca_rollover_finish(f.path, &settings), ERR_CONFIG);
    sh(&f, "cmp ca.pem third.pem && test ! -e retired-3");
    folder_free(&f);
}

static void rollover_below_a_root(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca cas[3];
    ARENA_AUTO(a);
    struct span csr;
    assert_ok(ca_make_csr(f.path, &settings, &b, &a, &csr));
    make_root(&f, "root");
    sign(&f, "root", "ca.csr", "one", CA_EXTENSIONS, 100);
    sh(&f, "cat one.pem root.pem >chain");
    assert_ok(import_file(&f, &settings, "chain"));
    assert_ok(ca_rollover_prepare(f.path, &settings, "p256"));
    assert_int_equal(ca_rollover_finish(f.path, &settings), ERR_CONFLICT);
    assert_int_equal(ca_make_csr(f.path, &settings, &b, &a, &csr), ERR_CONFLICT);
    assert_int_equal(import_file(&f, &settings, "chain"), ERR_REFUSED); /* of the old key */
    sign(&f, "root", "next.csr", "two", CA_EXTENSIONS, 100);
    sh(&f, "cat two.pem root.pem >chain2");
    assert_ok(import_file(&f, &settings, "chain2"));
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 1);
    assert_string_equal(cas[0].sha1, fingerprint(&f, "one.pem"));
    assert_true(cas[0].next.n > 0);
    unload_all(cas, 1);
    assert_ok(ca_rollover_finish(f.path, &settings));
    assert_int_equal(load_all(&f, &settings, &a, cas, 3), 2);
    assert_string_equal(cas[0].sha1, fingerprint(&f, "two.pem"));
    assert_string_equal(cas[0].root_sha1, cas[1].root_sha1);
    unload_all(cas, 2);
    folder_free(&f);
}

/* ---- secrets ---- */

static void secrets(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth_of("p256");
    struct ca_settings secret = settings;
    struct ca ca;
    BUF_AUTO(text);
    ARENA_AUTO(a);
    secret.secret = "ca-pass";
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(ca_create(f.path, &secret, &b), ERR_CONFIG);
    assert_non_null(strstr(err_detail(), "LoadCredential=ca-pass:"));
    sh(&f, "mkdir cred && echo 'correct horse' >cred/ca-pass && : >cred/empty");
    setenv("CREDENTIALS_DIRECTORY", arena_printf(&a, "%s/cred", f.path), 1);
    assert_ok(ca_secret("ca-pass", &text));
    assert_true(span_is(buf_view(&text), "correct horse"));
    assert_int_equal(ca_secret("empty", &text), ERR_CONFIG);
    assert_int_equal(ca_secret("missing", &text), ERR_CONFIG);
    assert_int_equal(ca_secret("../x", &text), ERR_CONFIG);
    assert_ok(ca_secret(NULL, &text));
    assert_int_equal(text.n, 0);

    assert_ok(ca_create(f.path, &secret, &b));
    sh(&f, "for k in ca ra ocsp; do grep -q 'BEGIN ENCRYPTED PRIVATE KEY' $k.key || exit 1; "
           "openssl pkey -in $k.key -passin pass:'correct horse' -noout || exit 1; done");
    load_one(&f, &secret, &ca);
    ca_unload(&ca);
    assert_int_equal(load_error(&f, &settings), ERR_AUTH);
    assert_non_null(strstr(err_detail(), "secret-credential"));
    sh(&f, "echo wrong >cred/ca-pass");
    assert_int_equal(load_error(&f, &secret), ERR_AUTH);
    assert_null(strstr(err_detail(), "wrong"));
    assert_ok(ca_look(f.path, &secret, &a, &ca)); /* certificates are no secret */
    assert_string_equal(ca.sha1, fingerprint(&f, "ca.pem"));
    unsetenv("CREDENTIALS_DIRECTORY");
    folder_free(&f);
}

/* ---- tokens ---- */

/* SoftHSM 2 with two keys, "one" and "two"; false where it is not installed. */
static bool make_token(struct folder *f) {
    if (system("command -v softhsm2-util >/dev/null") != 0)
        return false;
    ARENA_AUTO(a);
    sh(f, "mkdir tokens && echo \"directories.tokendir = $PWD/tokens\" >softhsm2.conf");
    setenv("SOFTHSM2_CONF", arena_printf(&a, "%s/softhsm2.conf", f->path), 1);
    sh(f, "softhsm2-util --init-token --free --label ca --pin 1234 --so-pin 5678");
    sh(f, "for k in one two; do openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "
          "$k.p8 && softhsm2-util --import $k.p8 --token ca --label $k --id 0${#k}${#k} --pin 1234 "
          "--id $(printf $k | od -An -tx1 | tr -d ' ') || exit 1; done");
    return true;
}

#define TOKEN(key) "pkcs11:token=ca;object=" key "?module-path=/usr/lib/softhsm/libsofthsm2.so"

static void token(void **state) {
    struct folder f = folder_new(state);
    struct ca_birth b = birth;
    struct ca_settings in_token = settings;
    struct ca cas[3];
    ARENA_AUTO(a);
    if (!make_token(&f)) {
        print_message("skipped: there is no softhsm2-util\n");
        folder_free(&f);
        skip();
    }
    sh(&f, "mkdir cred && echo 1234 >cred/pin");
    setenv("CREDENTIALS_DIRECTORY", arena_printf(&a, "%s/cred", f.path), 1);
    in_token.key = TOKEN("one");
    in_token.secret = "pin";
    assert_ok(ca_create(f.path, &in_token, &b));
    sh(&f, "test ! -e ca.key && openssl verify -x509_strict -CAfile ca.pem ra.pem && "
           "openssl pkey -in one.p8 -pubout -out a && openssl x509 -in ca.pem -noout -pubkey | "
           "cmp - a");
    assert_ok(ca_rollover_prepare(f.path, &in_token, TOKEN("two")));
    sh(&f, "grep -q '^pkcs11:token=ca;object=two' next.key");
    assert_ok(ca_rollover_finish(f.path, &in_token));
    sh(&f, "grep -q 'object=one' retired-1/ca.key && grep -q 'object=two' ca.key && "
           "openssl pkey -in two.p8 -pubout -out a && openssl x509 -in ca.pem -noout -pubkey | "
           "cmp - a");
    assert_int_equal(load_all(&f, &in_token, &a, cas, 3), 2); /* the setting names the old key */
    unload_all(cas, 2);
    in_token.key = TOKEN("two");
    assert_int_equal(load_all(&f, &in_token, &a, cas, 3), 2);
    unload_all(cas, 2);
    unsetenv("CREDENTIALS_DIRECTORY");
    folder_free(&f);
}

/* ---- folders ---- */

static void folders(void **state) {
    struct folder f = folder_new(state);
    const char *names[3];
    size_t n;
    ARENA_AUTO(a);
    int one, two;
    assert_true(ca_name_is_valid("corp-2_b.x"));
    assert_false(ca_name_is_valid(""));
    assert_false(ca_name_is_valid(".."));
    assert_false(ca_name_is_valid("a/b"));
    assert_false(ca_name_is_valid("a b"));
    assert_string_equal(ca_folder(&a, "/d", "default"), "/d");
    assert_string_equal(ca_folder(&a, "/d", "corp"), "/d/ca/corp");
    assert_ok(ca_names(f.path, &a, names, 3, &n));
    assert_int_equal(n, 0);
    sh(&f, "mkdir -p ca/zulu ca/alpha ca/empty && touch ca.pem ca/zulu/ca.csr ca/alpha/ca.pem");
    assert_ok(ca_names(f.path, &a, names, 3, &n));
    assert_int_equal(n, 3);
    assert_string_equal(names[0], "default");
    assert_string_equal(names[1], "alpha");
    assert_string_equal(names[2], "zulu");
    assert_int_equal(ca_names(f.path, &a, names, 2, &n), ERR_LIMIT);
    assert_int_equal(ca_lock("/nowhere/x", true, &one), ERR_NOT_FOUND);
    assert_ok(ca_lock(f.path, false, &one));
    assert_ok(ca_lock(f.path, false, &two)); /* two readers */
    sh(&f, "! flock -n -x . true");
    close(one);
    close(two);
    sh(&f, "flock -n -x . true");
    folder_free(&f);
}

int main(void) {
    settings = ca_settings_default("default");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_signed),
        cmocka_unit_test(ra_forms),
        cmocka_unit_test(short_life),
        cmocka_unit_test(renewal),
        cmocka_unit_test(interrupted_renewal),
        cmocka_unit_test(interrupted_creation),
        cmocka_unit_test(import),
        cmocka_unit_test(path_length),
        cmocka_unit_test(replace_by_import),
        cmocka_unit_test(rollover),
        cmocka_unit_test(interrupted_rollover),
        cmocka_unit_test(rollover_below_a_root),
        cmocka_unit_test(secrets),
        cmocka_unit_test(token),
        cmocka_unit_test(folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
