/* SPDX-License-Identifier: Apache-2.0 */
#include "cms_fixture.h"

#include "cms/enveloped.h"
#include "crypto/public.h"

static struct pair key, other, ec;

static int make_keys(void **state) {
    (void)state;
    key = pair_new(2048);
    other = pair_new(2048);
    ec = pair_new(0);
    load_their_des();
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    pair_free(&key);
    pair_free(&other);
    pair_free(&ec);
    return 0;
}

static const struct {
    const EVP_CIPHER *(*theirs)(void);
    enum cipher ours;
} ciphers[] = {{EVP_aes_128_cbc, CIPHER_AES128_CBC},
               {EVP_aes_192_cbc, CIPHER_AES192_CBC},
               {EVP_aes_256_cbc, CIPHER_AES256_CBC},
               {EVP_des_ede3_cbc, CIPHER_DES3_CBC},
               {EVP_des_cbc, CIPHER_DES_CBC}};

enum { CIPHERS = sizeof ciphers / sizeof *ciphers };

static struct cms_opener opener_of(struct span cert, const struct key *k) {
    struct cert c;
    assert_ok(cert_parse(cert, &c));
    return (struct cms_opener){c.issuer, c.serial, c.spki, cert_key_id(&c), k};
}

static enum err open_with(struct arena *a, struct span message, const struct cms_opener *openers,
                          size_t count, struct span *content, uint32_t *good) {
    struct cms_enveloped env;
    enum key_transport transport;
    enum cipher cipher;
    *good = 0;
    TRY(cms_enveloped_read(a, message, &env));
    return cms_enveloped_open(a, &env, openers, count, &transport, &cipher, content, good);
}

static enum err open_for(struct arena *a, struct span der, struct span cert, const struct key *k,
                         struct span *content, uint32_t *good) {
    struct cms_opener opener = opener_of(cert, k);
    return open_with(a, der, &opener, 1, content, good);
}

static bool opens(struct arena *a, struct span der, struct span cert, const struct key *k,
                  struct span wanted) {
    struct span content;
    uint32_t good;
    return open_for(a, der, cert, k, &content, &good) == OK && good && span_eq(content, wanted);
}

/* Theirs read by us and ours read by them, for many lengths; single DES is never ours. */
static void envelopes_both_ways(void **state) {
    (void)state;
    ARENA_AUTO(a);
    uint8_t data[600];
    assert_ok(random_bytes(data, sizeof data));
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false), back, der;
    struct cert c;
    assert_ok(cert_parse(cert, &c));
    const size_t sizes[] = {1, 7, 8, 15, 16, 17, 100, 600};
    for (int i = 0; i < 8 * 2 * CIPHERS; i++) {
        bool oaep = i & 1;
        int cipher = i / 2 % CIPHERS;
        struct span content = span_of(data, sizes[i / 2 / CIPHERS]);
        der = their_envelope(&a, content, &cert, 1, ciphers[cipher].theirs(),
                             (struct transport){.oaep = oaep});
        assert_true(opens(&a, der, cert, key.ours, content));
        struct public_key *c_key;
        assert_ok(public_load(&a, c.spki, &c_key));
        struct cms_sealing s = {content,
                                c.issuer,
                                c.serial,
                                c_key,
                                oaep ? TRANSPORT_OAEP : TRANSPORT_PKCS1,
                                ciphers[cipher].ours};
        if (ciphers[cipher].ours == CIPHER_DES_CBC) {
            assert_int_equal(cms_enveloped_build(&a, &s, &der), ERR_ALGORITHM);
            continue;
        }
        assert_ok(cms_enveloped_build(&a, &s, &der));
        assert_true(their_decrypt(&a, der, cert, key.theirs, &back));
        assert_true(span_eq(back, content));
        assert_true(opens(&a, der, cert, key.ours, content));
    }
}

static void cipher_is_told(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false);
    struct cms_enveloped env;
    enum cipher cipher;
    for (int i = 0; i < CIPHERS; i++) {
        struct span der =
            their_envelope(&a, span_str("x"), &cert, 1, ciphers[i].theirs(), (struct transport){0});
        assert_ok(cms_enveloped_read(&a, der, &env));
        assert_ok(cms_enveloped_cipher(&env, &cipher));
        assert_int_equal(cipher, ciphers[i].ours);
        /* an IV of another length */
        env.cipher.params = span_of("\x04\x04\x01\x02\x03\x04", 6);
        assert_int_equal(cms_enveloped_cipher(&env, &cipher), ERR_PARSE);
        env.cipher.params = SPAN_NONE;
        assert_int_equal(cms_enveloped_cipher(&env, &cipher), ERR_PARSE);
    }
    struct span der =
        their_envelope(&a, span_str("x"), &cert, 1, EVP_rc2_cbc(), (struct transport){0});
    assert_ok(cms_enveloped_read(&a, der, &env));
    assert_int_equal(cms_enveloped_cipher(&env, &cipher), ERR_ALGORITHM);
    assert_non_null(strstr(err_detail(), "rc2-cbc"));
}

/* BER with indefinite lengths and the ciphertext in pieces, of several sizes. */
static void indefinite_lengths(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false);
    const size_t sizes[] = {1, 100, 5000, 70000};
    for (size_t i = 0; i < 4; i++) {
        struct span content = span_of(arena_alloc(&a, sizes[i]), sizes[i]);
        struct span ber = their_envelope(&a, content, &cert, 1, EVP_aes_256_cbc(),
                                         (struct transport){.indefinite = true});
        assert_int_equal(der_check(ber), ERR_PARSE);
        assert_true(opens(&a, ber, cert, key.ours, content));
        struct cms_enveloped env;
        assert_int_equal(cms_enveloped_read(&a, span_of(ber.p, ber.n - 1), &env), ERR_PARSE);
    }
    /* a piece that is no OCTET STRING */
    uint8_t *copy;
    struct span ber = their_envelope(&a, span_str("x"), &cert, 1, EVP_aes_128_cbc(),
                                     (struct transport){.indefinite = true});
    struct cms_enveloped env;
    copy = exact_copy(ber, ber.n);
    uint8_t *piece = memmem(copy, ber.n, "\xa0\x80\x04\x10", 4);
    assert_non_null(piece);
    piece[2] = DER_UTF8_STRING;
    assert_int_equal(cms_enveloped_read(&a, span_of(copy, ber.n), &env), ERR_PARSE);
    free(copy);
}

/* Recipients by key identifier: the certificate's own, or the SHA-1 of the key. */
static void recipients_by_key_id(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span content = span_str("hello"), out;
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false);
    struct span another = cert_new(&a, "CN=o", other.ours, "CN=o", other.ours, false);
    struct span both[] = {another, cert};
    struct span der = their_envelope(&a, content, both, 2, EVP_aes_128_cbc(),
                                     (struct transport){.key_id = true, .oaep = true});
    struct cms_opener opener = opener_of(cert, key.ours);
    uint32_t good;
    assert_int_equal(opener.key_id.n, 20);
    assert_ok(open_with(&a, der, &opener, 1, &out, &good));
    assert_true(good && span_eq(out, content));
    opener.key_id = SPAN_NONE;
    assert_ok(open_with(&a, der, &opener, 1, &out, &good));
    assert_true(good && span_eq(out, content));
    opener.spki = key_spki(ec.ours);
    assert_int_equal(open_with(&a, der, &opener, 1, &out, &good), ERR_CERT_ID);
    opener.key_id = cert_key_id(&(struct cert){0});
    assert_int_equal(opener.key_id.n, 0);
    opener = opener_of(cert, key.ours);
    opener.spki = key_spki(ec.ours);
    assert_ok(open_with(&a, der, &opener, 1, &out, &good));
    assert_true(good && span_eq(out, content));
}

/* The first RecipientInfo that names one of ours is taken, and no other is tried after it. */
static void first_of_ours(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span content = span_str("hello"), out, first = SPAN_NONE;
    struct span certs[] = {cert_new(&a, "CN=a", key.ours, "CN=a", key.ours, false),
                           cert_new(&a, "CN=b", other.ours, "CN=b", other.ours, false)};
    struct span der =
        their_envelope(&a, content, certs, 2, EVP_aes_128_cbc(), (struct transport){.oaep = true});
    struct cms_opener good_ones[] = {opener_of(certs[0], key.ours),
                                     opener_of(certs[1], other.ours)};
    uint32_t good;
    assert_ok(open_with(&a, der, good_ones, 2, &out, &good));
    assert_true(good && span_eq(out, content));
    struct cms_enveloped env;
    struct cms_recipient r;
    assert_ok(cms_enveloped_read(&a, der, &env));
    struct der d = der_of(env.recipients);
    assert_ok(cms_recipient_next(&d, &r));
    first = r.serial;
    /* the wrong key for the first, the right one for the second: not opened; and the other way */
    for (int i = 0; i < 2; i++) {
        bool is_first = span_eq(good_ones[i].serial, first);
        struct cms_opener mixed[] = {good_ones[0], good_ones[1]};
        mixed[i].key = good_ones[1 - i].key;
        enum err e = open_with(&a, der, mixed, 2, &out, &good);
        if (is_first) /* now and then the number is not below the wrong key's modulus */
            assert_true(e == ERR_CRYPTO || (e == OK && !(good && span_eq(out, content))));
        else
            assert_true(e == OK && good && span_eq(out, content));
    }
    assert_int_equal(open_with(&a, der, good_ones, 0, &out, &good), ERR_CERT_ID);
}

/* Recipients with a password and with key agreement stand before ours and are skipped. */
static void other_kinds_of_recipients(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false), out;
    X509 *theirs = x509_of(cert_new(&a, "CN=ec", ec.ours, "CN=ec", ec.ours, false));
    BIO *in = BIO_new_mem_buf("hello", 5);
    CMS_ContentInfo *cms = CMS_encrypt(NULL, in, EVP_aes_128_cbc(), CMS_BINARY | CMS_PARTIAL);
    uint8_t *password = (uint8_t *)OPENSSL_strdup("password");
    assert_non_null(CMS_add1_recipient_cert(cms, theirs, 0));
    assert_non_null(CMS_add0_recipient_password(cms, -1, NID_undef, NID_undef, password, 8, NULL));
    struct cms_enveloped env;
    add_recipient(cms, cert, (struct transport){.oaep = true});
    assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
    struct span der = cms_to_span(&a, cms);
    BIO_free(in);
    X509_free(theirs);
    assert_ok(cms_enveloped_read(&a, der, &env));
    struct der d = der_of(env.recipients);
    int ours = 0, all = 0;
    while (!der_is_empty(&d)) {
        struct cms_recipient r;
        assert_ok(cms_recipient_next(&d, &r));
        ours += r.issuer.n != 0;
        all++;
    }
    assert_int_equal(all, 3);
    assert_int_equal(ours, 1);
    assert_true(opens(&a, der, cert, key.ours, span_str("hello")));
    uint32_t good;
    struct span elsewhere = cert_new(&a, "CN=x", key.ours, "CN=x", key.ours, false);
    assert_int_equal(open_for(&a, der, elsewhere, key.ours, &out, &good), ERR_CERT_ID);
}

static void several_recipients(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span content = span_str("hello"), out;
    struct span certs[] = {cert_new(&a, "CN=a", other.ours, "CN=a", other.ours, false),
                           cert_new(&a, "CN=b", key.ours, "CN=b", key.ours, false),
                           cert_new(&a, "CN=c", other.ours, "CN=c", other.ours, false)};
    for (int first = 0; first < 3; first++) {
        struct span order[] = {certs[first], certs[(first + 1) % 3], certs[(first + 2) % 3]};
        struct span der = their_envelope(&a, content, order, 3, EVP_aes_128_cbc(),
                                         (struct transport){.oaep = true});
        assert_true(opens(&a, der, certs[1], key.ours, content));
        assert_true(opens(&a, der, certs[0], other.ours, content));
    }
    struct span der =
        their_envelope(&a, content, certs, 1, EVP_aes_128_cbc(), (struct transport){.oaep = true});
    uint32_t good;
    assert_int_equal(open_for(&a, der, certs[1], key.ours, &out, &good), ERR_CERT_ID);
}

/* The AlgorithmIdentifier's parameters, replaced in the finished message. */
static struct span with_oaep_params(struct arena *a, struct span der, struct span params) {
    struct cms_enveloped env;
    struct cms_recipient r;
    assert_ok(cms_enveloped_read(a, der, &env));
    struct der d = der_of(env.recipients);
    assert_ok(cms_recipient_next(&d, &r));
    struct der_writer w = der_writer_in(a);
    struct der tail = der_of(span_from(der, (size_t)(env.recipients.p + env.recipients.n - der.p)));
    der_put(&w, span_of(tail.p, (size_t)(tail.end - tail.p)));
    size_t set = der_mark(&w);
    der_put_item(&w, DER_OCTET_STRING, r.encrypted_key);
    size_t alg = der_mark(&w);
    der_put(&w, params);
    der_put_oid(&w, OID_RSAES_OAEP);
    der_wrap(&w, DER_SEQUENCE, alg);
    size_t rid = der_mark(&w);
    der_put_item(&w, DER_INTEGER, r.serial);
    der_put(&w, r.issuer);
    der_wrap(&w, DER_SEQUENCE, rid);
    der_put_small(&w, 0);
    der_wrap(&w, DER_SEQUENCE, set);
    der_wrap(&w, DER_SET, set);
    return enveloped_from(&w);
}

static void oaep_parameters(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span content = span_str("hello"), out;
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false);
    struct span der =
        their_envelope(&a, content, &cert, 1, EVP_aes_128_cbc(), (struct transport){.oaep = true});
    uint32_t good;
    assert_true(
        opens(&a, with_oaep_params(&a, der, span_of("\x30\x00", 2)), cert, key.ours, content));
    assert_true(
        opens(&a, with_oaep_params(&a, der, span_of("\x05\x00", 2)), cert, key.ours, content));
    assert_true(opens(&a, with_oaep_params(&a, der, SPAN_NONE), cert, key.ours, content));
    const struct span bad[] = {span_of("\x30\x02\x05\x00", 4), span_of("\x02\x01\x00", 3),
                               span_of("\x04\x00", 2)};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            open_for(&a, with_oaep_params(&a, der, bad[i]), cert, key.ours, &out, &good),
            ERR_ALGORITHM);
    const struct transport others[] = {{.oaep = true, .md = EVP_sha256()},
                                       {.oaep = true, .label = "label"}};
    for (int i = 0; i < 2; i++) {
        der = their_envelope(&a, content, &cert, 1, EVP_aes_128_cbc(), others[i]);
        assert_int_equal(open_for(&a, der, cert, key.ours, &out, &good), ERR_ALGORITHM);
        /* told to be the default, it must not open either */
        der = with_oaep_params(&a, der, SPAN_NONE);
        assert_false(opens(&a, der, cert, key.ours, content));
    }
    der = their_envelope(&a, content, &cert, 1, EVP_rc2_cbc(), (struct transport){.oaep = true});
    assert_int_equal(open_for(&a, der, cert, key.ours, &out, &good), ERR_ALGORITHM);
}

/* Puts another RSA ciphertext of the same length into the message. */
static void replace_key(uint8_t *message, struct span der, struct span encrypted) {
    ARENA_AUTO(a);
    struct cms_enveloped env;
    struct cms_recipient r;
    assert_ok(cms_enveloped_read(&a, der, &env));
    struct der d = der_of(env.recipients);
    assert_ok(cms_recipient_next(&d, &r));
    assert_int_equal(r.encrypted_key.n, encrypted.n);
    memcpy(message + (r.encrypted_key.p - der.p), encrypted.p, encrypted.n);
}

/* Bad padding and keys of a wrong length go on with a random key: no error, only other bytes. */
static void wrong_keys_tell_nothing(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span cert = cert_new(&a, "CN=r", key.ours, "CN=r", key.ours, false), out, encrypted;
    struct public_key *pub = NULL;
    uint8_t junk[255], data[64] = {0};
    uint32_t good;
    assert_ok(random_bytes(junk, sizeof junk));
    assert_ok(public_load(&a, key_spki(key.ours), &pub));
    for (int oaep = 0; oaep < 2; oaep++) {
        struct span der = their_envelope(&a, span_of(data, sizeof data), &cert, 1,
                                         EVP_aes_128_cbc(), (struct transport){.oaep = oaep});
        uint8_t *copy = exact_copy(der, der.n);
        const size_t lengths[] = {0, 1, 8, 15, 17, 24, 32};
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            assert_ok(public_encrypt(pub, oaep, span_of(junk, lengths[i]), &a, &encrypted));
            replace_key(copy, der, encrypted);
            assert_ok(open_for(&a, span_of(copy, der.n), cert, key.ours, &out, &good));
            assert_false(good && span_eq(out, span_of(data, sizeof data)));
        }
        /* the other transport's padding, and none at all */
        assert_ok(public_encrypt(pub, !oaep, span_of(junk, 16), &a, &encrypted));
        replace_key(copy, der, encrypted);
        assert_ok(open_for(&a, span_of(copy, der.n), cert, key.ours, &out, &good));
        uint8_t small[256] = {0};
        memcpy(small + 1, junk, 255);
        replace_key(copy, der, span_of(small, 256));
        assert_ok(open_for(&a, span_of(copy, der.n), cert, key.ours, &out, &good));
        free(copy);
    }
}

static void envelope_tampering(void **state) {
    (void)state;
    ARENA_AUTO(outer);
    struct span content = span_str("some content of two blocks");
    struct span cert = cert_new(&outer, "CN=r", key.ours, "CN=r", key.ours, false);
    struct span der = their_envelope(&outer, content, &cert, 1, EVP_aes_128_cbc(),
                                     (struct transport){.oaep = true});
    struct cms_enveloped env;
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(cms_enveloped_read(&outer, span_of(copy, n), &env), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        ARENA_AUTO(a);
        uint8_t *copy = exact_copy(der, der.n);
        struct span out = SPAN_NONE;
        uint32_t good;
        copy[i] ^= (uint8_t)(1 << i % 8);
        (void)!open_for(&a, span_of(copy, der.n), cert, key.ours, &out, &good);
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelopes_both_ways),     cmocka_unit_test(cipher_is_told),
        cmocka_unit_test(indefinite_lengths),      cmocka_unit_test(recipients_by_key_id),
        cmocka_unit_test(first_of_ours),           cmocka_unit_test(other_kinds_of_recipients),
        cmocka_unit_test(several_recipients),      cmocka_unit_test(oaep_parameters),
        cmocka_unit_test(wrong_keys_tell_nothing), cmocka_unit_test(envelope_tampering),
    };
    return cmocka_run_group_tests_name("cms_enveloped", tests, make_keys, free_keys);
}
