/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_fixture.h"

#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/cipher.h"
#include "crypto/public.h"
#include "crypto/rsa.h"
#include "crypto/unpad.h"

static struct pair rsa, ec;

static int make_keys(void **state) {
    (void)state;
    rsa = pair_new(2048);
    ec = pair_new(0);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    pair_free(&rsa);
    pair_free(&ec);
    return 0;
}

static void check_hex(const uint8_t *p, size_t n, const char *wanted) {
    char text[2 * DIGEST_MAX_SIZE + 1];
    hex_lower(span_of(p, n), text);
    assert_string_equal(text, wanted);
}

static void digests(void **state) {
    (void)state;
    uint8_t out[DIGEST_MAX_SIZE];
    assert_ok(digest_of(DIGEST_SHA1, span_str("abc"), out));
    check_hex(out, digest_size(DIGEST_SHA1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_ok(digest_of(DIGEST_SHA256, span_str("abc"), out));
    check_hex(out, digest_size(DIGEST_SHA256),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ok(digest_of(DIGEST_SHA256, SPAN_NONE, out));
    check_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(digest_size(DIGEST_SHA384), 48);
    assert_int_equal(digest_size(DIGEST_SHA512), 64);
    /* RFC 4231, test case 2 */
    assert_ok(hmac_sha256(span_str("Jefe"), span_str("what do ya want for nothing?"), out));
    check_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* Keys that fit a block of SHA-256, and those that are hashed first. */
static void hmac_is_that_of_openssl(void **state) {
    uint8_t key[140], data[140], out[32], expected[32];
    (void)state;
    memset(key, 0xa5, sizeof key);
    for (size_t n = 0; n <= sizeof key; n++) {
        unsigned length = 0;
        memset(data, (int)n, sizeof data);
        assert_ok(hmac_sha256(span_of(key, n), span_of(data, sizeof data - n), out));
        assert_non_null(HMAC(EVP_sha256(), key, (int)n, data, sizeof data - n, expected, &length));
        assert_memory_equal(out, expected, sizeof out);
    }
}

static void secrets(void **state) {
    (void)state;
    uint8_t a[32], b[32];
    assert_ok(random_bytes(a, sizeof a));
    assert_ok(random_bytes(b, sizeof b));
    assert_false(same_secret(span_of(a, 32), span_of(b, 32)));
    assert_true(same_secret(span_of(a, 32), span_of(a, 32)));
    assert_false(same_secret(span_of(a, 31), span_of(a, 32)));
    assert_true(same_secret(SPAN_NONE, SPAN_NONE));
}

/* They are fetched for several calls at once: no two calls may get the same, nor a child what its
 * parent gets. */
static void random_once(void **state) {
    (void)state;
    uint8_t all[200][16], theirs[16], large[100] = {0};
    int ends[2], status = -1;
    for (size_t i = 0; i < 200; i++) {
        assert_ok(random_bytes(all[i], 1 + i % 16));
        assert_ok(random_bytes(all[i], sizeof all[i]));
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(all[i], all[k], sizeof all[i]);
    }
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool good = random_bytes(theirs, sizeof theirs) == OK &&
                    write(ends[1], theirs, sizeof theirs) == sizeof theirs;
        _exit(good ? 0 : 1);
    }
    assert_ok(random_bytes(all[0], sizeof all[0]));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    assert_memory_not_equal(all[0], theirs, sizeof theirs);
    close(ends[0]);
    close(ends[1]);
    assert_ok(random_bytes(large, sizeof large));
    assert_true(large[98] || large[99] || large[97] || large[96]);
}

static void files(void **state) {
    (void)state;
    char path[] = "/tmp/signet-test-XXXXXX";
    struct key *k = NULL;
    struct stat st;
    close(mkstemp(path));
    assert_int_equal(key_open("/nonexistent/key.pem", SPAN_NONE, &k), ERR_NOT_FOUND);
    assert_ok(file_write(path, span_str("-----BEGIN PRIVATE KEY-----\nAAAA\n"), 0600));
    assert_int_equal(key_open(path, SPAN_NONE, &k), ERR_PARSE);
    assert_ok(key_save(rsa.ours, SPAN_NONE, path));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(key_open(path, SPAN_NONE, &k));
    assert_true(span_eq(key_spki(k), key_spki(rsa.ours)));
    assert_true(key_is_rsa(k));
    assert_int_equal(key_bits(k), 2048);
    key_free(k);
    assert_ok(key_save(ec.ours, SPAN_NONE, path));
    assert_ok(key_open(path, SPAN_NONE, &k));
    assert_false(key_is_rsa(k));
    key_free(k);
    unlink(path);
}

/* What is in PEM, but is no private key that signet takes. */
static void not_for_us(void **state) {
    (void)state;
    static const struct {
        const char *type, *curve;
        enum err e;
    } others[] = {{"ED25519", NULL, ERR_ALGORITHM}, {"EC", "secp256k1", ERR_ALGORITHM}};
    char path[] = "/tmp/signet-test-XXXXXX";
    struct key *k = NULL;
    close(mkstemp(path));
    EVP_PKEY *const public_only[] = {rsa.theirs, ec.theirs};
    for (int i = 0; i < 2; i++) {
        FILE *f = fopen(path, "w");
        PEM_write_PUBKEY(f, public_only[i]);
        fclose(f);
        assert_int_equal(key_open(path, SPAN_NONE, &k), ERR_PARSE);
        EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, others[i].type, others[i].curve);
        f = fopen(path, "w");
        PEM_write_PrivateKey(f, other, NULL, NULL, 0, NULL, NULL);
        fclose(f);
        EVP_PKEY_free(other);
        assert_int_equal(key_open(path, SPAN_NONE, &k), others[i].e);
    }
    unlink(path);
}

static void kinds(void **state) {
    (void)state;
    static const struct {
        const char *kind;
        bool rsa;
        unsigned bits;
    } all[] = {{"rsa2048", true, 2048},
               {"rsa3072", true, 3072},
               {"p256", false, 256},
               {"p384", false, 384}};
    struct key *k = NULL;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_ok(key_generate(all[i].kind, &k));
        assert_int_equal(key_is_rsa(k), all[i].rsa);
        assert_int_equal(key_bits(k), all[i].bits);
        assert_int_equal(key_check_decrypt(k), all[i].rsa ? OK : ERR_ALGORITHM);
        key_free(k);
    }
    assert_int_equal(key_generate("rsa1024", &k), ERR_USAGE);
    assert_non_null(strstr(err_detail(), "p384"));
    assert_int_equal(key_generate("", &k), ERR_USAGE);
}

static void passphrases(void **state) {
    (void)state;
    ARENA_AUTO(a);
    char *folder = scratch_new(), *path = arena_printf(&a, "%s/key.pem", folder);
    const struct key *const keys[] = {rsa.ours, ec.ours};
    for (int i = 0; i < 2; i++) {
        struct key *k = NULL;
        BUF_AUTO(out);
        assert_ok(key_save(keys[i], span_str("correct horse"), path));
        assert_true(span_starts(scratch_get(&a, folder, "key.pem"),
                                "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert_int_equal(key_open(path, SPAN_NONE, &k), ERR_AUTH);
        assert_int_equal(key_open(path, span_str("correct horsf"), &k), ERR_AUTH);
        assert_null(strstr(err_detail(), "horsf"));
        assert_ok(key_open(path, span_str("correct horse"), &k));
        assert_true(span_eq(key_spki(k), key_spki(keys[i])));
        key_free(k);
        assert_true(scratch_run(folder,
                                "openssl pkey -in key.pem -passin 'pass:correct horse' "
                                "-noout -check",
                                &out));
        assert_true(scratch_run(folder, "openssl asn1parse -in key.pem", &out));
        assert_non_null(strstr(buf_cstr(&out), ":PBES2"));
        assert_non_null(strstr(buf_cstr(&out), ":aes-256-cbc"));
        assert_non_null(strstr(buf_cstr(&out), ":hmacWithSHA256"));
    }
    /* the traditional form, as old tools write it */
    struct key *k = NULL;
    BUF_AUTO(out);
    assert_true(scratch_run(folder,
                            "openssl genrsa -traditional -aes128 -passout pass:pw -out "
                            "key.pem 2048",
                            &out));
    assert_int_equal(key_open(path, SPAN_NONE, &k), ERR_AUTH);
    assert_int_equal(key_open(path, span_str("wp"), &k), ERR_AUTH);
    assert_ok(key_open(path, span_str("pw"), &k));
    key_free(k);
    scratch_free(folder);
}

static bool theirs_verifies(EVP_PKEY *k, const EVP_MD *md, struct span data, struct span sig) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, k) &&
                EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

static void signs_and_verifies(void **state) {
    (void)state;
    const EVP_MD *const mds[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
    struct span data = span_str("the quick brown fox");
    for (int i = 0; i < 8; i++) {
        ARENA_AUTO(a);
        enum digest d = (enum digest)(i / 2);
        struct pair *pair = i % 2 ? &ec : &rsa;
        struct public_key *pub = NULL;
        struct span sig;
        uint8_t hash[DIGEST_MAX_SIZE];
        assert_ok(key_sign(pair->ours, d, data, &a, &sig));
        assert_true(theirs_verifies(pair->theirs, mds[d], data, sig));
        assert_ok(public_load(&a, key_spki(pair->ours), &pub));
        assert_ok(digest_of(d, data, hash));
        assert_ok(public_verify(pub, d, hash, sig));
        assert_int_equal(
            public_verify(pub, d == DIGEST_SHA1 ? DIGEST_SHA256 : DIGEST_SHA1, hash, sig),
            ERR_REFUSED);
        hash[5] ^= 1;
        assert_int_equal(public_verify(pub, d, hash, sig), ERR_REFUSED);
        hash[5] ^= 1;
        assert_int_equal(public_verify(pub, d, hash, span_of(sig.p, sig.n - 1)), ERR_REFUSED);
        assert_int_equal(public_verify(pub, d, hash, SPAN_NONE), ERR_REFUSED);
    }
}

/* Signs a padded block as it is: what a forger with e = 3 hopes to get past us. */
static void raw_sign(const uint8_t em[256], uint8_t sig[256]) {
    size_t n = 256;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(rsa.theirs, NULL);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, sig, &n, em, 256), 1);
    EVP_PKEY_CTX_free(ctx);
}

static bool block_accepted(const uint8_t em[256], const uint8_t *hash) {
    ARENA_AUTO(a);
    uint8_t sig[256];
    struct public_key *pub = NULL;
    raw_sign(em, sig);
    assert_ok(public_load(&a, key_spki(rsa.ours), &pub));
    return public_verify(pub, DIGEST_SHA256, hash, span_of(sig, 256)) == OK;
}

static void make_block(uint8_t em[256], const char *prefix_hex, const uint8_t hash[32],
                       size_t garbage) {
    ARENA_AUTO(a);
    struct span prefix;
    assert_ok(hex_decode(&a, span_str(prefix_hex), &prefix));
    size_t n = prefix.n + 32 + garbage;
    memset(em, 0xff, 256);
    em[0] = 0;
    em[1] = 1;
    em[255 - n] = 0;
    memcpy(em + 256 - n, prefix.p, prefix.n);
    memcpy(em + 256 - n + prefix.n, hash, 32);
    memset(em + 256 - garbage, 0x55, garbage);
}

static void padding_of_signatures(void **state) {
    (void)state;
    const char *null = "3031300d060960864801650304020105000420";
    const char *absent = "302f300b0609608648016503040201"
                         "0420";
    uint8_t em[256], hash[DIGEST_MAX_SIZE];
    assert_ok(digest_of(DIGEST_SHA256, span_str("x"), hash));
    make_block(em, null, hash, 0);
    assert_true(block_accepted(em, hash));
    make_block(em, absent, hash, 0);
    assert_true(block_accepted(em, hash));
    make_block(em, null, hash, 100); /* Bleichenbacher 2006 */
    assert_false(block_accepted(em, hash));
    make_block(em, "3031300d06096086480165030402010c000420", hash, 0);
    assert_false(block_accepted(em, hash));
    const size_t flips[] = {1, 2, 100, 203, 204, 205, 220, 255};
    for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) {
        make_block(em, null, hash, 0);
        em[flips[i]] ^= 1;
        assert_false(block_accepted(em, hash));
    }
}

static void hostile_keys(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct public_key *pub = NULL;
    struct span good = key_spki(rsa.ours);
    for (size_t n = 0; n < good.n; n++) {
        uint8_t *copy = exact_copy(good, n);
        assert_int_not_equal(public_load(&a, span_of(copy, n), &pub), OK);
        free(copy);
    }
    for (size_t i = 0; i < good.n; i++) {
        uint8_t *copy = exact_copy(good, good.n);
        copy[i] ^= 0x81;
        (void)!public_load(&a, span_of(copy, good.n), &pub);
        free(copy);
    }
    /* an even exponent, and a point that is not on the curve */
    uint8_t *copy = exact_copy(good, good.n);
    copy[good.n - 1] = 0;
    assert_int_equal(public_load(&a, span_of(copy, good.n), &pub), ERR_ALGORITHM);
    free(copy);
    good = key_spki(ec.ours);
    copy = exact_copy(good, good.n);
    copy[good.n - 1] ^= 1;
    assert_int_equal(public_load(&a, span_of(copy, good.n), &pub), ERR_CRYPTO);
    free(copy);
}

/* ---- what the private key brings to light ---- */

static struct span raw_block(struct arena *a, bool oaep, struct span cek) {
    struct public_key *pub = NULL;
    struct span encrypted, em;
    assert_ok(public_load(a, key_spki(rsa.ours), &pub));
    assert_ok(public_encrypt(pub, oaep, cek, a, &encrypted));
    assert_ok(key_decrypt_raw(rsa.ours, encrypted, a, &em));
    assert_int_equal(em.n, 256);
    return em;
}

static uint32_t unpad(bool oaep, uint8_t *em, size_t n, uint8_t *key, size_t key_n) {
    return oaep ? unpad_oaep(em, n, key, key_n) : unpad_pkcs1(span_of(em, n), key, key_n);
}

static void unpads_keys(void **state) {
    (void)state;
    uint8_t cek[32], got[32], before[32];
    assert_ok(random_bytes(cek, sizeof cek));
    for (int oaep = 0; oaep < 2; oaep++)
        for (size_t n = 16; n <= 32; n += 16) {
            ARENA_AUTO(a);
            struct span em = raw_block(&a, oaep, span_of(cek, n));
            uint8_t *copy = exact_copy(em, em.n);
            memset(got, 0, sizeof got);
            assert_int_equal(unpad(oaep, copy, 256, got, n), 1);
            assert_memory_equal(got, cek, n);
            free(copy);
            /* another length than the cipher's is as bad as a broken padding */
            copy = exact_copy(em, em.n);
            memset(before, 0xa5, sizeof before);
            memcpy(got, before, sizeof got);
            assert_int_equal(unpad(oaep, copy, 256, got, n == 16 ? 32 : 16), 0);
            assert_memory_equal(got, before, sizeof got);
            free(copy);
            for (size_t i = 0; i < 256; i++) {
                if (!oaep && (i >= 256 - n || (i >= 2 && i < 255 - n)))
                    continue; /* the key itself; padding is any octet but zero */
                copy = exact_copy(em, em.n);
                copy[i] ^= 1;
                memcpy(got, before, sizeof got);
                assert_int_equal(unpad(oaep, copy, 256, got, n), 0);
                assert_memory_equal(got, before, sizeof got);
                free(copy);
            }
            if (!oaep) {
                copy = exact_copy(em, em.n);
                copy[50] = 0;
                assert_int_equal(unpad(oaep, copy, 256, got, n), 0);
                free(copy);
            }
        }
    uint8_t tiny[20] = {0, 2};
    assert_int_equal(unpad_pkcs1(span_of(tiny, 20), got, 16), 0);
    assert_int_equal(unpad_oaep(tiny, 20, got, 16), 0);
}

static void raw_decryption_limits(void **state) {
    (void)state;
    ARENA_AUTO(a);
    uint8_t block[256];
    struct span out;
    memset(block, 0xff, sizeof block);
    assert_int_equal(key_decrypt_raw(rsa.ours, span_of(block, 256), &a, &out), ERR_CRYPTO);
    assert_int_equal(key_decrypt_raw(rsa.ours, span_of(block, 255), &a, &out), ERR_CRYPTO);
    assert_int_equal(key_decrypt_raw(ec.ours, span_of(block, 64), &a, &out), ERR_CRYPTO);
}

static void ciphers(void **state) {
    (void)state;
    uint8_t key[CIPHER_MAX_KEY], iv[CIPHER_MAX_BLOCK], data[100];
    assert_ok(random_bytes(key, sizeof key));
    assert_ok(random_bytes(iv, sizeof iv));
    assert_ok(random_bytes(data, sizeof data));
    for (int c = CIPHER_AES128_CBC; c <= CIPHER_DES3_CBC; c++)
        for (size_t n = 0, block = cipher_block((enum cipher)c); n < sizeof data; n++) {
            ARENA_AUTO(a);
            struct span out, back;
            uint32_t good;
            assert_ok(cipher_encrypt(&a, (enum cipher)c, key, iv, span_of(data, n), &out));
            assert_int_equal(out.n, n / block * block + block);
            assert_ok(cipher_decrypt(&a, (enum cipher)c, key, iv, out, &back));
            assert_int_equal(unpad_cbc(back, block, &good), n);
            assert_int_equal(good, 1);
            assert_memory_equal(back.p, data, n);
            assert_int_equal(
                cipher_decrypt(&a, (enum cipher)c, key, iv, span_of(data, block + 1), &out),
                ERR_CRYPTO);
        }
}

static void unpads_blocks(void **state) {
    (void)state;
    uint32_t good;
    for (unsigned last = 0; last < 256; last++)
        for (unsigned wrong = 0; wrong < 16; wrong++) {
            uint8_t block[32];
            memset(block, (int)last, sizeof block);
            bool in_padding = wrong < last;
            block[31 - wrong] ^= wrong ? 0x40 : 0;
            bool expected = last >= 1 && last <= 16 && !(wrong && in_padding);
            size_t n = unpad_cbc(span_of(block, 32), 16, &good);
            assert_int_equal(good, expected);
            assert_int_equal(n, expected ? 32 - last : 32);
        }
}

/* From hand to hand: whole, with both halves, or not at all. */
static void in_pkcs8(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const struct pair *pairs[] = {&rsa, &ec};
    struct span der, other;
    struct key *k;
    for (size_t i = 0; i < 2; i++) {
        assert_ok(key_write(pairs[i]->ours, &a, &der));
        assert_ok(key_read(der, &k));
        assert_true(span_eq(key_spki(k), key_spki(pairs[i]->ours)));
        assert_ok(key_write(k, &a, &other));
        assert_true(span_eq(der, other));
        key_free(k);
        for (size_t n = 0; n < der.n; n += 11)
            assert_int_equal(key_read(span_of(der.p, n), &k), ERR_PARSE);
        uint8_t *longer = arena_alloc(&a, der.n + 1);
        memcpy(longer, der.p, der.n);
        assert_int_equal(key_read(span_of(longer, der.n + 1), &k), ERR_PARSE);
    }
    /* The private exponent, in the midst of an RSA key, is another one. */
    assert_ok(key_write(rsa.ours, &a, &der));
    uint8_t *wrong = arena_alloc(&a, der.n);
    memcpy(wrong, der.p, der.n);
    wrong[der.n / 3 + 40] ^= 1;
    assert_int_equal(key_read(span_of(wrong, der.n), &k), ERR_PARSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
        cmocka_unit_test(hmac_is_that_of_openssl),
        cmocka_unit_test(secrets),
        cmocka_unit_test(random_once),
        cmocka_unit_test(files),
        cmocka_unit_test(not_for_us),
        cmocka_unit_test(kinds),
        cmocka_unit_test(passphrases),
        cmocka_unit_test(signs_and_verifies),
        cmocka_unit_test(padding_of_signatures),
        cmocka_unit_test(hostile_keys),
        cmocka_unit_test(unpads_keys),
        cmocka_unit_test(raw_decryption_limits),
        cmocka_unit_test(ciphers),
        cmocka_unit_test(unpads_blocks),
        cmocka_unit_test(in_pkcs8),
    };
    return cmocka_run_group_tests_name("key", tests, make_keys, free_keys);
}
