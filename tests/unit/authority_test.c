/* SPDX-License-Identifier: Apache-2.0 */
/* What a data folder has once: the device CA, the key of the challenges, the TLS certificate. */
#include "ca_fixture.h"

#include "ca/authority.h"
#include "ca/seal.h"
#include "x509/cert.h"

static void create_and_load(void **state) {
    struct folder f = folder_new(state);
    struct authority *auth;
    assert_int_equal(authority_load(f.path, &auth), ERR_NOT_FOUND);
    assert_ok(authority_create(f.path, "mdm.example"));
    assert_int_equal(authority_create(f.path, "mdm.example"), ERR_EXISTS);
    sh(&f, "openssl verify -x509_strict -CAfile device-ca.pem device-ca.pem && test ! -e ca.pem && "
           "test \"$(stat -c %%a device-ca.key challenge.key | sort -u)\" = 600 && "
           "openssl x509 -in device-ca.pem -noout -subject | grep -q 'mdm.example device CA'");
    assert_ok(authority_load(f.path, &auth));
    authority_free(auth);
    sh(&f, "openssl genrsa -out device-ca.key 2048");
    assert_int_equal(authority_load(f.path, &auth), ERR_CONFIG);
    folder_free(&f);
}

static void short_challenge_key(void **state) {
    struct folder f = folder_new(state);
    struct authority *auth;
    assert_ok(authority_create(f.path, "mdm.example"));
    sh(&f, "printf x >challenge.key");
    assert_int_equal(authority_load(f.path, &auth), ERR_CONFIG);
    folder_free(&f);
}

static void identity(void **state) {
    struct folder f = folder_new(state);
    struct authority *auth;
    struct key *key;
    struct issued issued;
    ARENA_AUTO(a);
    assert_ok(authority_create(f.path, "mdm.example"));
    assert_ok(authority_load(f.path, &auth));
    assert_ok(key_generate("p256", &key));
    assert_ok(
        authority_issue_identity(auth, &a, key_spki(key), "ABCD-1", clock_ms(), 30 * DAY, &issued));
    assert_ok(cert_save_pem(issued.der, arena_printf(&a, "%s/leaf.pem", f.path)));
    sh(&f, "openssl verify -x509_strict -purpose sslclient -CAfile device-ca.pem leaf.pem && "
           "openssl x509 -in leaf.pem -noout -subject | grep -q 'CN = ABCD-1$'");
    assert_string_equal(issued.sha1, fingerprint(&f, "leaf.pem"));
    key_free(key);
    authority_free(auth);
    folder_free(&f);
}

static void tls(void **state) {
    struct folder f = folder_new(state);
    assert_ok(authority_create_tls(f.path, "mdm.example"));
    sh(&f, "openssl verify -CAfile tls.pem -purpose sslserver -verify_hostname mdm.example tls.pem "
           "&& ! openssl verify -CAfile tls.pem -verify_hostname other.example tls.pem && "
           "openssl pkey -in tls.key -noout -text | grep -q P-256");
    folder_free(&f);
}

static void challenges(void **state) {
    struct folder f = folder_new(state);
    struct authority *auth;
    char one[NDES_CHALLENGE_SIZE], two[NDES_CHALLENGE_SIZE], own[CHALLENGE_SIZE];
    uint8_t hash[2][32];
    assert_ok(challenge_mint_ndes(16, one));
    assert_ok(challenge_mint_ndes(32, two));
    assert_int_equal(strlen(one), 16);
    assert_int_equal(strlen(two), 32);
    assert_int_equal(strspn(one, "0123456789ABCDEF"), 16);
    assert_int_equal(strspn(two, "0123456789ABCDEF"), 32);
    assert_memory_not_equal(one, two, 16);
    assert_int_equal(challenge_mint_ndes(8, one), ERR_CONFIG);
    assert_ok(challenge_mint(own));
    assert_int_equal(strspn(own, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), CHALLENGE_SIZE - 1);
    assert_ok(authority_create(f.path, "mdm.example"));
    assert_ok(authority_load(f.path, &auth));
    assert_ok(challenge_hash(auth, span_str(one), hash[0]));
    auth->challenge_key[0] ^= 1;
    assert_ok(challenge_hash(auth, span_str(one), hash[1]));
    assert_memory_not_equal(hash[0], hash[1], 32);
    authority_free(auth);
    folder_free(&f);
}

/* It opens under its own label only, and not when a byte was changed. */
static void sealing(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const struct authority key = {.challenge_key = {1}};
    const struct authority *auth = &key;
    struct span sealed, again, plain, secret = span_str("a secret");
    assert_int_equal(seal(auth, &a, "reply", secret, &sealed), OK);
    assert_int_equal(seal(auth, &a, "reply", secret, &again), OK);
    assert_false(span_eq(sealed, again));
    assert_int_equal(unseal(auth, &a, "reply", sealed, &plain), OK);
    assert_true(span_eq(plain, secret));
    assert_int_equal(unseal(auth, &a, "other", sealed, &plain), ERR_CRYPTO);
    for (size_t i = 0; i < sealed.n; i++) {
        struct span changed = arena_copy(&a, sealed);
        ((uint8_t *)(uintptr_t)changed.p)[i] ^= 1;
        assert_int_equal(unseal(auth, &a, "reply", changed, &plain), ERR_CRYPTO);
    }
    assert_int_equal(unseal(auth, &a, "reply", span_of(sealed.p, 27), &plain), ERR_CRYPTO);
    assert_int_equal(seal(auth, &a, "reply", SPAN_NONE, &sealed), OK);
    assert_int_equal(unseal(auth, &a, "reply", sealed, &plain), OK);
    assert_int_equal(plain.n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_and_load), cmocka_unit_test(short_challenge_key),
        cmocka_unit_test(identity),        cmocka_unit_test(tls),
        cmocka_unit_test(challenges),      cmocka_unit_test(sealing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
