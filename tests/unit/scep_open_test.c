/* SPDX-License-Identifier: Apache-2.0 */
/* Opening envelopes: contents, recipients, and the one answer to everything that goes wrong. */
#include "scep_message_fixture.h"

#include "crypto/public.h"
#include "scep/decoy.h"

static enum err open_type(struct arena *a, const char *type, struct span enveloped,
                          const struct scep_key *keys, size_t count, bool allow_des,
                          struct scep_content *content) {
    static const struct scep_content nothing;
    struct their_message m = request(a);
    m.content = enveloped;
    m.type = type;
    struct scep_request r;
    assert_ok(scep_read(a, their_signed(a, &m), &r));
    enum err e = scep_open(a, &r, keys, count, allow_des, content);
    if (e != OK)
        assert_memory_equal(content, &nothing, sizeof nothing);
    return e;
}

static enum err open_content(struct arena *a, struct span enveloped, const struct scep_key *key) {
    struct scep_content content;
    return open_type(a, "19", enveloped, key, 1, false, &content);
}

/* The RSA block of `key_n` octets in the place of the right one; key_n 0 leaves it broken. */
static struct span with_key(struct arena *a, struct span der, bool oaep, size_t key_n) {
    struct cms_enveloped env;
    struct cms_recipient r;
    uint8_t cek[64] = {7};
    struct span encrypted;
    struct public_key *pub = NULL;
    assert_ok(cms_enveloped_read(a, der, &env));
    struct der d = der_of(env.recipients);
    assert_ok(cms_recipient_next(&d, &r));
    struct span copy = arena_copy(a, der);
    uint8_t *at = (uint8_t *)(uintptr_t)copy.p + (r.encrypted_key.p - der.p);
    at[100] ^= 1;
    if (key_n == 0)
        return copy;
    assert_ok(public_load(a, key_spki(ra_key.ours), &pub));
    assert_ok(public_encrypt(pub, oaep, span_of(cek, key_n), a, &encrypted));
    memcpy(at, encrypted.p, encrypted.n);
    return copy;
}

static struct span broken_signature(struct arena *a) {
    struct span copy = arena_copy(a, csr_der);
    ((uint8_t *)(uintptr_t)copy.p)[copy.n - 1] ^= 1;
    return copy;
}

static void one_answer(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span oaep = envelope(&a, csr_der, EVP_aes_128_cbc(), true);
    struct span pkcs1 = envelope(&a, csr_der, EVP_aes_128_cbc(), false);
    struct span last = arena_copy(&a, oaep);
    ((uint8_t *)(uintptr_t)last.p)[last.n - 1] ^= 1;
    const struct span bad[] = {
        with_key(&a, oaep, true, 0),
        with_key(&a, pkcs1, false, 0),
        with_key(&a, oaep, true, 15),
        with_key(&a, oaep, true, 16),
        with_key(&a, pkcs1, false, 32),
        with_key(&a, oaep, false, 16),
        with_key(&a, pkcs1, true, 16),
        last,
        envelope(&a, span_str("not a CSR"), EVP_aes_128_cbc(), true),
        envelope(&a, span_of(csr_der.p, csr_der.n - 1), EVP_aes_128_cbc(), false),
        envelope(&a, broken_signature(&a), EVP_aes_128_cbc(), true),
        envelope(&a, broken_signature(&a), EVP_des_ede3_cbc(), false),
        envelope(&a, span_str("0"), EVP_aes_128_cbc(), true),
        their_envelope(&a, csr_der, &client, 1, EVP_aes_128_cbc(),
                       (struct transport){.oaep = true}),
        their_envelope(&a, csr_der, &ra, 1, EVP_aes_128_cbc(),
                       (struct transport){.oaep = true, .md = EVP_sha256()}),
        their_envelope(&a, csr_der, &ra, 1, EVP_aes_128_cbc(),
                       (struct transport){.oaep = true, .label = "x"}),
        span_str("garbage"),
        csr_der,
    };
    struct scep_key wrong_key = ra_pair;
    wrong_key.key = client_key.ours;
    assert_ok(open_content(&a, oaep, &ra_pair));
    assert_ok(open_content(&a, pkcs1, &ra_pair));
    assert_int_equal(open_content(&a, oaep, &wrong_key), ERR_MESSAGE_CHECK);
    const char *detail = arena_str(&a, span_str(err_detail()));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err_set(ERR_INTERNAL, "before");
        assert_int_equal(open_content(&a, bad[i], &ra_pair), ERR_MESSAGE_CHECK);
        assert_string_equal(err_detail(), detail);
    }
    /* the other contents give the same answer */
    static const char *const types[] = {"17", "20", "21", "22"};
    struct scep_content content;
    for (size_t t = 0; t < 4; t++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            err_set(ERR_INTERNAL, "before");
            assert_int_equal(open_type(&a, types[t], bad[i], &ra_pair, 1, false, &content),
                             ERR_MESSAGE_CHECK);
            assert_string_equal(err_detail(), detail);
        }
}

/* The envelope without the last block of its ciphertext. */
static struct span one_block_less(struct arena *a, struct span der) {
    struct cms_enveloped env;
    struct der_writer w = der_writer_in(a);
    assert_ok(cms_enveloped_read(a, der, &env));
    der_put_item(&w, DER_CONTEXT(0), span_of(env.ciphertext.p, env.ciphertext.n - 16));
    size_t alg = der_mark(&w);
    der_put(&w, env.cipher.params);
    der_put_item(&w, DER_OID, env.cipher.oid);
    der_wrap(&w, DER_SEQUENCE, alg);
    der_put_oid(&w, OID_PKCS7_DATA);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_put_item(&w, DER_SET, env.recipients);
    return enveloped_from(&w);
}

/* A CSR of whole blocks is good by itself; without padding it is refused all the same. */
static void padding_counts(void **state) {
    (void)state;
    ARENA_AUTO(a);
    char challenge[33];
    struct span csr;
    unsigned i = 0;
    do {
        snprintf(challenge, sizeof challenge, "%0*u", 1 + (int)(i % 16), i);
        csr = new_csr(client_key.theirs, challenge);
        i++;
    } while (csr.n % 16 != 0 || (csr.p[csr.n - 1] >= 1 && csr.p[csr.n - 1] <= 16));
    struct span good = envelope(&a, csr, EVP_aes_128_cbc(), true);
    assert_ok(open_content(&a, good, &ra_pair));
    assert_int_equal(open_content(&a, one_block_less(&a, good), &ra_pair), ERR_MESSAGE_CHECK);
}

/* What everybody can see in the message has words of its own. */
static void visible_refusals(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_content content;
    struct span des = envelope(&a, csr_der, EVP_des_cbc(), true);
    assert_int_equal(open_type(&a, "19", des, &ra_pair, 1, false, &content), ERR_ALGORITHM);
    assert_non_null(strstr(err_detail(), "DES-CBC"));
    assert_non_null(strstr(err_detail(), "the endpoint's allow-des"));
    assert_ok(open_type(&a, "19", des, &ra_pair, 1, true, &content));
    assert_true(span_eq(content.csr.der, csr_der));
    /* the switch does not change the one answer */
    assert_int_equal(open_type(&a, "19", with_key(&a, des, true, 8), &ra_pair, 1, true, &content),
                     ERR_MESSAGE_CHECK);
    struct span rc2 = envelope(&a, csr_der, EVP_rc2_cbc(), true);
    assert_int_equal(open_type(&a, "19", rc2, &ra_pair, 1, true, &content), ERR_ALGORITHM);
    assert_non_null(strstr(err_detail(), "rc2-cbc"));
    struct span good = envelope(&a, csr_der, EVP_aes_128_cbc(), true);
    static const char *const types[] = {"0", "3", "18", "23", "999"};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(open_type(&a, types[i], good, &ra_pair, 1, false, &content), ERR_REFUSED);
}

/* Ours is found where it stands, by one of several keys, by name or by key identifier. */
static void several_keys(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_content content;
    struct span both[] = {client, ra};
    struct scep_key keys[] = {scep_key_of(client, client_key.ours), ra_pair};
    for (int i = 0; i < 8; i++) {
        struct transport t = {.oaep = i & 1, .key_id = i & 2, .indefinite = i & 4};
        struct span two = their_envelope(&a, csr_der, both, 2, EVP_aes_256_cbc(), t);
        struct span one = their_envelope(&a, csr_der, &ra, 1, EVP_aes_256_cbc(), t);
        assert_ok(open_type(&a, "19", two, &ra_pair, 1, false, &content));
        assert_ok(open_type(&a, "19", one, keys, 2, false, &content));
        assert_ok(open_type(&a, "19", two, keys, 2, false, &content));
        assert_int_equal(open_type(&a, "19", one, keys, 1, false, &content), ERR_MESSAGE_CHECK);
        assert_int_equal(open_type(&a, "19", one, keys, 0, false, &content), ERR_MESSAGE_CHECK);
    }
}

/* ---- contents ---- */

static struct span two_items(struct arena *a, struct span first, uint8_t tag, struct span second) {
    struct der_writer w = der_writer_in(a);
    if (tag == DER_INTEGER)
        der_put_item(&w, tag, second);
    else
        der_put(&w, second);
    der_put(&w, first);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static enum err open_plain(struct arena *a, const char *type, struct span plain,
                           struct scep_content *content) {
    return open_type(a, type, envelope(a, plain, EVP_aes_128_cbc(), true), &ra_pair, 1, false,
                     content);
}

static void poll_and_gets(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_content c;
    struct span issuer = ra_pair.parsed.issuer, subject = ra_pair.parsed.subject;
    struct span serial = ra_pair.parsed.serial;
    struct span names = two_items(&a, issuer, DER_SEQUENCE, subject);
    struct span number = two_items(&a, issuer, DER_INTEGER, serial);
    assert_ok(open_plain(&a, "20", names, &c));
    assert_true(span_eq(c.issuer, issuer) && span_eq(c.subject, subject));
    assert_int_equal(c.serial.n + c.csr.der.n, 0);
    static const char *const gets[] = {"21", "22"};
    for (int i = 0; i < 2; i++) {
        assert_ok(open_plain(&a, gets[i], number, &c));
        assert_true(span_eq(c.issuer, issuer) && span_eq(c.serial, serial));
        assert_int_equal(c.subject.n + c.csr.der.n, 0);
        assert_int_equal(open_plain(&a, gets[i], names, &c), ERR_MESSAGE_CHECK);
        assert_int_equal(open_plain(&a, gets[i], csr_der, &c), ERR_MESSAGE_CHECK);
    }
    assert_int_equal(open_plain(&a, "20", number, &c), ERR_MESSAGE_CHECK);
    assert_int_equal(open_plain(&a, "19", names, &c), ERR_MESSAGE_CHECK);
    assert_ok(open_plain(&a, "17", csr_der, &c));
    assert_true(span_eq(c.csr.der, csr_der));
    /* cut short, with something behind, with a third item */
    struct span longer = two_items(&a, issuer, DER_INTEGER, serial);
    longer = arena_copy(&a, longer);
    assert_int_equal(open_plain(&a, "21", span_of(number.p, number.n - 1), &c), ERR_MESSAGE_CHECK);
    assert_int_equal(open_plain(&a, "21", span_of(longer.p, longer.n + 1), &c), ERR_MESSAGE_CHECK);
    struct der_writer w = der_writer_in(&a);
    der_put_null(&w);
    der_put_item(&w, DER_INTEGER, serial);
    der_put(&w, issuer);
    der_wrap(&w, DER_SEQUENCE, 0);
    assert_int_equal(open_plain(&a, "21", der_written(&w), &c), ERR_MESSAGE_CHECK);
}

/* A CSR in BER: its signature is over the DER of it. */
static void csr_in_ber(void **state) {
    (void)state;
    ARENA_AUTO(a);
    BUF_AUTO(ber);
    struct scep_content c;
    struct der d = der_of(csr_der), body;
    assert_ok(der_enter(&d, DER_SEQUENCE, &body));
    buf_add(&ber, "\x30\x80", 2);
    buf_add(&ber, body.p, (size_t)(body.end - body.p));
    buf_add(&ber, "\0", 2);
    assert_ok(open_plain(&a, "19", buf_view(&ber), &c));
    assert_true(span_eq(c.csr.der, csr_der));
    ber.p[ber.n - 3] ^= 1;
    assert_int_equal(open_plain(&a, "19", buf_view(&ber), &c), ERR_MESSAGE_CHECK);
}

/* The decoy must cost what a CSR costs: it is read, and only its signature does not hold. */
static void decoy_goes_the_whole_way(void **state) {
    (void)state;
    struct csr decoy, again;
    decoy_csr(span_str("anything"), &decoy);
    assert_true(span_is(decoy.info, "anything"));
    assert_int_equal(spki_rsa_bits(decoy.spki), 2048);
    assert_int_equal(csr_verify(&decoy), ERR_REFUSED);
    assert_ok(csr_parse(decoy.der, &again));
    assert_int_equal(csr_verify(&again), ERR_REFUSED);
}

static void envelope_tampering(void **state) {
    (void)state;
    ARENA_AUTO(outer);
    struct span der = envelope(&outer, csr_der, EVP_aes_128_cbc(), true);
    for (size_t i = 0; i < der.n; i += 3) {
        ARENA_AUTO(a);
        struct scep_request r = {.message_type = SCEP_PKCS_REQ, .enveloped = arena_copy(&a, der)};
        ((uint8_t *)(uintptr_t)r.enveloped.p)[i] ^= (uint8_t)(1 << i % 8);
        struct scep_content content;
        /* CBC lets single bits of the CSR change: its own signature must then fail */
        if (scep_open(&a, &r, &ra_pair, 1, true, &content) == OK)
            assert_true(span_eq(content.csr.der, csr_der));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer),
        cmocka_unit_test(padding_counts),
        cmocka_unit_test(visible_refusals),
        cmocka_unit_test(several_keys),
        cmocka_unit_test(poll_and_gets),
        cmocka_unit_test(csr_in_ber),
        cmocka_unit_test(decoy_goes_the_whole_way),
        cmocka_unit_test(envelope_tampering),
    };
    return cmocka_run_group_tests_name("scep_open", tests, set_up, tear_down);
}
