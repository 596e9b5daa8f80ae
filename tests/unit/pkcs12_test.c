/* SPDX-License-Identifier: Apache-2.0 */
/* What we seal the `openssl` command opens, and what it seals we open; `openssl` is the judge. */
#include "ca_fixture.h"

#include "crypto/pkcs12.h"
#include "x509/cert.h"

static struct folder folder;
static struct arena a;

static int make_files(void **state) {
    folder = folder_new(state);
    make_root(&folder, "ca");
    sh(&folder,
       "openssl req -newkey rsa:2048 -nodes -keyout leaf.key -subj /CN=leaf -out leaf.csr && "
       "openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -out leaf.pem -days 9 && "
       "openssl pkcs8 -topk8 -nocrypt -in leaf.key -outform DER -out leaf.p8 && "
       "openssl ecparam -name prime256v1 -genkey -noout -out ec.key && "
       "openssl req -x509 -key ec.key -subj /CN=ec -out ec.pem -days 9");
    return 0;
}

static int remove_files(void **state) {
    (void)state;
    folder_free(&folder);
    return 0;
}

static int free_arena(void **state) {
    (void)state;
    arena_free(&a);
    return 0;
}

static struct span read_all(const char *name) {
    BUF_AUTO(b);
    assert_ok(file_read(arena_printf(&a, "%s/%s", folder.path, name), 1 << 20, &b));
    return arena_copy(&a, buf_view(&b));
}

static struct span cert_of(const char *name) {
    struct span der;
    assert_ok(cert_load_pem(&a, arena_printf(&a, "%s/%s.pem", folder.path, name), &der));
    return der;
}

/* Whether the command succeeds, and what it says holds the word; NULL: anything. */
static bool says(const char *command, const char *word) {
    BUF_AUTO(line);
    char out[8192] = "";
    buf_printf(&line, "cd %s && { %s\n} 2>&1", folder.path, command);
    FILE *p = popen(buf_cstr(&line), "r");
    assert_non_null(p);
    out[fread(out, 1, sizeof out - 1, p)] = 0;
    bool good = pclose(p) == 0 && (!word || strstr(out, word));
    if (!good)
        print_message("%s\n%s\n", command, out);
    return good;
}

/* ---- sealing ---- */

static struct pkcs12 content(bool chain) {
    struct pkcs12 c = {.key = read_all("leaf.p8"), .count = chain ? 2 : 1};
    c.certs[0] = cert_of("leaf");
    c.certs[1] = cert_of("ca");
    return c;
}

static void seal_to(const struct pkcs12 *c, enum pkcs12_form form, const char *name) {
    struct span der;
    assert_ok(pkcs12_seal(&a, c, "s3cret", form, &der));
    assert_ok(file_write(arena_printf(&a, "%s/%s", folder.path, name), der, 0600));
}

static void openssl_opens_it(void **state) {
    (void)state;
    const struct pkcs12 alone = content(false), chain = content(true);
    seal_to(&alone, PKCS12_AES, "aes.p12");
    seal_to(&chain, PKCS12_3DES, "3des.p12");
    assert_true(says("openssl pkcs12 -info -noout -in aes.p12 -passin pass:s3cret",
                     "PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256"));
    assert_true(says("openssl pkcs12 -info -noout -in aes.p12 -passin pass:s3cret", "MAC: sha256"));
    assert_true(says("openssl pkcs12 -info -noout -in 3des.p12 -passin pass:s3cret",
                     "pbeWithSHA1And3-KeyTripleDES-CBC"));
    assert_true(says("openssl pkcs12 -info -noout -in 3des.p12 -passin pass:s3cret", "MAC: sha1"));
    assert_true(says("! openssl pkcs12 -noout -in aes.p12 -passin pass:other", NULL));
    for (int i = 0; i < 2; i++) { /* the very key and certificates */
        const char *name = i ? "3des" : "aes";
        sh(&folder,
           "openssl pkcs12 -in %s.p12 -passin pass:s3cret -nodes -nocerts | openssl pkcs8 -topk8 "
           "-nocrypt -outform DER -out %s.p8 && cmp %s.p8 leaf.p8 && openssl pkcs12 -in %s.p12 "
           "-passin pass:s3cret -nokeys -clcerts | openssl x509 | cmp - leaf.pem",
           name, name, name, name);
    }
    assert_true(says("test $(openssl pkcs12 -in 3des.p12 -passin pass:s3cret -nokeys | grep -c "
                     "BEGIN) = 2 && test $(openssl pkcs12 -in aes.p12 -passin pass:s3cret -nokeys "
                     "| grep -c BEGIN) = 1",
                     NULL));
}

static void a_stranger_s_key(void **state) {
    (void)state;
    struct pkcs12 c = content(false);
    struct span der;
    c.certs[0] = cert_of("ca");
    assert_int_equal(pkcs12_seal(&a, &c, "s3cret", PKCS12_AES, &der), ERR_CRYPTO);
    c = content(false);
    c.key.n--;
    assert_int_equal(pkcs12_seal(&a, &c, "s3cret", PKCS12_AES, &der), ERR_CRYPTO);
}

/* ---- opening ---- */

static enum err open_as(const char *name, const char *password, struct pkcs12 *out) {
    return pkcs12_open(&a, read_all(name), password, out);
}

static void what_openssl_has_sealed(void **state) {
    (void)state;
    static const char *const ways[] = {
        "", "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1", "-keypbe NONE"};
    struct pkcs12 c;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        sh(&folder,
           "openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile ca.pem -passout "
           "pass:s3cret %s -out theirs.p12",
           ways[i]);
        assert_ok(open_as("theirs.p12", "s3cret", &c));
        assert_int_equal(c.count, 2);
        assert_true(span_eq(c.certs[0], cert_of("leaf")));
        assert_true(span_eq(c.certs[1], cert_of("ca")));
        assert_true(span_eq(c.key, read_all("leaf.p8")));
        assert_int_equal(open_as("theirs.p12", "S3cret", &c), ERR_AUTH);
        assert_int_equal(open_as("theirs.p12", "", &c), ERR_AUTH);
    }
    sh(&folder, "openssl pkcs12 -export -inkey ec.key -in ec.pem -passout pass: -out ec.p12");
    assert_ok(open_as("ec.p12", "", &c));
    assert_int_equal(c.count, 1);
}

static void our_own(void **state) {
    (void)state;
    const struct pkcs12 c = content(true);
    struct pkcs12 again;
    seal_to(&c, PKCS12_AES, "ours.p12");
    assert_ok(open_as("ours.p12", "s3cret", &again));
    assert_true(span_eq(again.key, c.key));
    assert_true(span_eq(again.certs[1], c.certs[1]));
}

static void old_algorithms(void **state) {
    (void)state;
    struct pkcs12 c;
    sh(&folder, "openssl pkcs12 -export -legacy -inkey leaf.key -in leaf.pem -passout pass:s3cret "
                "-out old.p12");
    assert_int_equal(open_as("old.p12", "s3cret", &c), ERR_ALGORITHM);
    assert_non_null(strstr(err_detail(), "-legacy"));
    assert_int_equal(open_as("old.p12", "other", &c), ERR_AUTH);
}

static void nothing_useful(void **state) {
    (void)state;
    struct pkcs12 c;
    sh(&folder, "openssl pkcs12 -export -nokeys -in leaf.pem -passout pass:x -out nokey.p12 && "
                "openssl pkcs12 -export -nomac -inkey leaf.key -in leaf.pem -passout pass:x -out "
                "nomac.p12 && for i in 1 2 3 4 5 6 7 8 9; do cat ca.pem; done >many.pem && "
                "openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile many.pem -passout "
                "pass:x -out many.p12 && : >empty");
    assert_int_equal(open_as("nokey.p12", "x", &c), ERR_PARSE);
    assert_int_equal(open_as("nomac.p12", "x", &c), ERR_PARSE);
    assert_int_equal(open_as("many.p12", "x", &c), ERR_LIMIT);
    assert_int_equal(open_as("empty", "x", &c), ERR_PARSE);
    assert_int_equal(open_as("leaf.pem", "x", &c), ERR_PARSE);
    assert_int_equal(open_as("leaf.p8", "x", &c), ERR_PARSE);
    uint8_t *large = arena_alloc(&a, PKCS12_MAX_SIZE + 1);
    assert_int_equal(pkcs12_open(&a, span_of(large, PKCS12_MAX_SIZE + 1), "x", &c), ERR_LIMIT);
}

/* Every octet that is missing, and every one that is wrong, is refused, and nothing else happens.
 */
static void damaged(void **state) {
    (void)state;
    struct pkcs12 c = content(false), out;
    struct span der;
    assert_ok(pkcs12_seal(&a, &c, "s3cret", PKCS12_AES, &der));
    for (size_t n = 0; n < der.n; n += 7)
        assert_int_not_equal(pkcs12_open(&a, span_of(der.p, n), "s3cret", &out), OK);
    uint8_t *copy = arena_alloc(&a, der.n + 1);
    memcpy(copy, der.p, der.n);
    assert_int_equal(pkcs12_open(&a, span_of(copy, der.n + 1), "s3cret", &out), ERR_PARSE);
    for (size_t i = 0; i < der.n; i += 5) {
        copy[i] ^= 0x55;
        assert_int_not_equal(pkcs12_open(&a, span_of(copy, der.n), "s3cret", &out), OK);
        copy[i] ^= 0x55;
    }
    assert_ok(pkcs12_open(&a, span_of(copy, der.n), "s3cret", &out));
}

/* It is refused before anything is counted. */
static void a_mac_for_hours(void **state) {
    (void)state;
    struct pkcs12 out;
    sh(&folder,
       "openssl pkcs12 -export -inkey leaf.key -in leaf.pem -passout pass:x -iter 10000001 "
       "-keypbe NONE -certpbe NONE -out slow.p12");
    assert_int_equal(open_as("slow.p12", "x", &out), ERR_LIMIT);
    assert_int_equal(open_as("slow.p12", "other", &out), ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(openssl_opens_it, free_arena),
        cmocka_unit_test_teardown(a_stranger_s_key, free_arena),
        cmocka_unit_test_teardown(what_openssl_has_sealed, free_arena),
        cmocka_unit_test_teardown(our_own, free_arena),
        cmocka_unit_test_teardown(old_algorithms, free_arena),
        cmocka_unit_test_teardown(nothing_useful, free_arena),
        cmocka_unit_test_teardown(damaged, free_arena),
        cmocka_unit_test_teardown(a_mac_for_hours, free_arena),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
