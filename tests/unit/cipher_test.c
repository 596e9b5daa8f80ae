/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_fixture.h"

#include <openssl/provider.h>
#include <pthread.h>

#include "crypto/cipher.h"
#include "crypto/lib.h"
#include "crypto/unpad.h"

static OSSL_LIB_CTX *theirs;
static OSSL_PROVIDER *providers[2];

static int set_up(void **state) {
    (void)state;
    theirs = OSSL_LIB_CTX_new();
    providers[0] = OSSL_PROVIDER_load(theirs, "default");
    providers[1] = OSSL_PROVIDER_load(theirs, "legacy");
    return providers[0] && providers[1] ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    OSSL_PROVIDER_unload(providers[1]);
    OSSL_PROVIDER_unload(providers[0]);
    OSSL_LIB_CTX_free(theirs);
    return 0;
}

/* OpenSSL's own padding and encryption. */
static struct span their_encrypt(struct arena *a, const char *name, const uint8_t *key,
                                 const uint8_t *iv, struct span in) {
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(theirs, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *out = arena_alloc(a, in.n + 32);
    int n = 0, tail = 0;
    assert_non_null(cipher);
    assert_true(EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL));
    assert_true(EVP_EncryptUpdate(ctx, out, &n, in.p, (int)in.n));
    assert_true(EVP_EncryptFinal_ex(ctx, out + n, &tail));
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return span_of(out, (size_t)(n + tail));
}

static void as_openssl(void **state) {
    (void)state;
    uint8_t key[CIPHER_MAX_KEY], iv[CIPHER_MAX_BLOCK], data[100];
    assert_ok(random_bytes(key, sizeof key));
    assert_ok(random_bytes(iv, sizeof iv));
    assert_ok(random_bytes(data, sizeof data));
    for (int c = 0; c < CIPHER__MAX; c++)
        for (size_t n = 0; n < sizeof data; n++) {
            ARENA_AUTO(a);
            enum cipher cipher = (enum cipher)c;
            struct span in = span_of(data, n), ours = SPAN_NONE, back;
            struct span wanted = their_encrypt(&a, cipher_name(cipher), key, iv, in);
            uint32_t good;
            if (cipher == CIPHER_DES_CBC) {
                assert_int_equal(cipher_encrypt(&a, cipher, key, iv, in, &ours), ERR_ALGORITHM);
            } else {
                assert_ok(cipher_encrypt(&a, cipher, key, iv, in, &ours));
                assert_true(span_eq(ours, wanted));
            }
            assert_ok(cipher_decrypt(&a, cipher, key, iv, wanted, &back));
            assert_int_equal(unpad_cbc(back, cipher_block(cipher), &good), n);
            assert_int_equal(good, 1);
            assert_true(span_eq(span_of(back.p, n), in));
        }
}

static void whole_blocks_only(void **state) {
    (void)state;
    ARENA_AUTO(a);
    uint8_t key[CIPHER_MAX_KEY] = {0}, iv[CIPHER_MAX_BLOCK] = {0}, data[40] = {0};
    struct span out;
    for (int c = 0; c < CIPHER__MAX; c++)
        for (size_t n = 0; n < sizeof data; n++) {
            bool whole = n && n % cipher_block((enum cipher)c) == 0;
            assert_int_equal(cipher_decrypt(&a, (enum cipher)c, key, iv, span_of(data, n), &out),
                             whole ? OK : ERR_CRYPTO);
        }
}

/* Every last octet, before blocks that are good padding but for one octet. */
static void padding(void **state) {
    (void)state;
    for (size_t block = 8; block <= 16; block += 8)
        for (unsigned last = 0; last < 256; last++)
            for (size_t wrong = 0; wrong <= block; wrong++) {
                uint8_t data[32];
                uint32_t good = 7;
                bool padded = last >= 1 && last <= block;
                memset(data, 0xee, sizeof data);
                memset(data + sizeof data - (padded ? last : 1), (int)last, padded ? last : 1);
                if (wrong)
                    data[sizeof data - wrong] ^= 0x40;
                bool hit = wrong && (wrong == 1 || (padded && wrong <= last));
                /* the last octet with a bit turned is a count of its own */
                unsigned turned = last ^ 0x40;
                if (wrong == 1 && turned >= 1 && turned <= block)
                    continue;
                size_t n = unpad_cbc(span_of(data, sizeof data), block, &good);
                assert_int_equal(good, padded && !hit);
                assert_int_equal(n, sizeof data - (good ? last : 0));
            }
    uint32_t good = 7;
    assert_int_equal(unpad_cbc(span_of("\1\1\1\1", 4), 8, &good), 4);
    assert_int_equal(good, 0);
}

/* The legacy provider is loaded by whoever comes first, and stays out of the context of the rest.
 */
static void *first_use(void *arg) {
    (void)arg;
    return (void *)(uintptr_t)crypto_cipher(CIPHER_DES_CBC);
}

static void legacy_loads_once(void **state) {
    (void)state;
    pthread_t threads[4];
    void *got[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, first_use, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], &got[i]);
    for (int i = 0; i < 4; i++)
        assert_true(got[i] && got[i] == got[0]);
    assert_false(OSSL_PROVIDER_available(crypto_lib(), "legacy"));
    EVP_CIPHER *des = EVP_CIPHER_fetch(crypto_lib(), "DES-CBC", NULL);
    assert_null(des);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legacy_loads_once),
        cmocka_unit_test(as_openssl),
        cmocka_unit_test(whole_blocks_only),
        cmocka_unit_test(padding),
    };
    return cmocka_run_group_tests_name("cipher", tests, set_up, tear_down);
}
