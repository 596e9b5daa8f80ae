/* SPDX-License-Identifier: Apache-2.0 */
/* What the SCEP task makes of values that the CSP has taken. */
#include "device_fixture.h"

#include "device/hresult.h"
#include "device/scep_values.h"

struct fixture {
    char *dir;
    struct host *h;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    host_close(f->h);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static struct scep_settings good(void) {
    return (struct scep_settings){
        .challenge = "secret", .key_length = 2048, .key_protection = 3, .hash = "SHA-2"};
}

static uint32_t check(struct fixture *f, struct scep_settings s) {
    return scep_values_check(f->h, &s);
}

static void test_challenge(void **state) {
    struct fixture *f = *state;
    struct scep_settings s = good();
    s.challenge = "ABZ abz 019 '()+,-./:=?";
    assert_int_equal(check(f, s), HR_OK);
    for (const char *c = "_@*#!~&"; *c; c++) { /* fleetdm/fleet issue 47492 */
        char text[] = {'a', *c, 0};
        s.challenge = text;
        assert_int_equal(check(f, s), 0x80092021u);
    }
}

static void test_key(void **state) {
    struct fixture *f = *state;
    struct scep_settings s = good();
    s.key_length = 1000;
    assert_int_equal(check(f, s), HR_NTE_BAD_LEN);
    s.key_length = 4096;
    assert_int_equal(check(f, s), HR_OK);
}

/* KeyProtection 1 fails without a TPM, 2 uses one if it is there, 3 never does; 4 is not there. */
static void test_key_protection(void **state) {
    static const struct {
        const char *tpm;
        uint32_t protection, code;
        bool in_tpm;
    } rows[] = {{"2.0", 1, HR_OK, true},       {"2.0", 2, HR_OK, true},
                {"2.0", 3, HR_OK, false},      {"2.0", 4, 0x80004005, false},
                {"2.0", 9, 0x80004005, false}, {"none", 1, 0x80004005, true},
                {"none", 2, HR_OK, false},     {"none", 3, HR_OK, false}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scep_settings s = good();
        s.key_protection = rows[i].protection;
        assert_int_equal(host_set_switch(f->h, "tpm", rows[i].tpm), OK);
        assert_int_equal(check(f, s), rows[i].code);
        assert_int_equal(scep_values_in_tpm(f->h, &s), rows[i].in_tpm);
    }
    struct scep_settings s = good();
    s.key_protection = 4;
    assert_int_equal(host_set_switch(f->h, "unknown-hresult", "0x80090030"), OK);
    assert_int_equal(check(f, s), 0x80090030u);
}

static void test_what_the_host_lacks(void **state) {
    struct fixture *f = *state;
    struct scep_settings s = good();
    s.aad_keys = "";
    s.valid_period = "Months";
    assert_int_equal(check(f, s), HR_OK);
    s.aad_keys = "4f1d;9a00";
    assert_int_equal(check(f, s), 0x80004005u);
    s.aad_keys = NULL;
    s.valid_period = "Weeks";
    assert_int_equal(check(f, s), 0x80004005u);
}

static void test_hash_families(void **state) {
    struct fixture *f = *state;
    assert_ptr_equal(scep_values_digest(f->h, "SHA-1"), EVP_sha1());
    assert_ptr_equal(scep_values_digest(f->h, "SHA-2"), EVP_sha256());
    assert_ptr_equal(scep_values_digest(f->h, "SHA-1+SHA-2"), EVP_sha256());
    assert_ptr_equal(scep_values_digest(f->h, "SHA-1;SHA-2"), EVP_sha256()); /* Intune */
    assert_ptr_equal(scep_values_digest(f->h, "SHA-2 + SHA-3"), EVP_sha256());
    assert_null(scep_values_digest(f->h, "SHA-3"));
    assert_null(scep_values_digest(f->h, "SHA-256")); /* a function, not a family */
    assert_null(scep_values_digest(f->h, "SHA-1,SHA-2"));
    assert_null(scep_values_digest(f->h, ""));
    assert_int_equal(host_set_switch(f->h, "csr-digest", "first"), OK);
    assert_ptr_equal(scep_values_digest(f->h, "SHA-1;SHA-2"), EVP_sha1());
    assert_ptr_equal(scep_values_digest(f->h, "SHA-2;SHA-1"), EVP_sha256());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_challenge),           TEST(test_key),           TEST(test_key_protection),
        TEST(test_what_the_host_lacks), TEST(test_hash_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
