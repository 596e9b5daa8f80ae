/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKIOperation on a real store and real CAs, without HTTP: who gets a certificate, who gets it
 * again, and who gets none; what is recorded of it.
 */
#include "scep_steps.h"

#include "store/journal.h"

/* ---- one-time challenges ---- */

static void a_challenge_is_good_for_one(void **state) {
    (void)state;
    const char *challenge = mint(EP_DEFAULT, "CN=one");
    struct answer a = send_to(EP_DEFAULT, "19", "t1", csr_of("one", challenge, 2), &host);
    succeeds(&a);
    X509 *x = x509_of(a.cert);
    EVP_PKEY *issued = X509_get_pubkey(x);
    assert_int_equal(EVP_PKEY_eq(issued, keys[2].theirs), 1);
    EVP_PKEY_free(issued);
    X509_free(x);
    assert_int_equal(certificates(), 1);
    assert_int_equal(ask("SELECT count(*) FROM challenge WHERE used IS NOT NULL"), 1);
    assert_int_equal(ask("SELECT count(*) FROM request WHERE state = 2 AND certificate = 1"), 1);
    assert_int_equal(ask("SELECT count(*) FROM journal WHERE kind = 1 AND certificate = 1 AND"
                         " evidence ->> 'challenge' = '1' AND evidence ->> 'transaction' = 't1'"
                         " AND evidence ->> 'subject' = 'CN=one'"),
                     1);

    fails(send_to(EP_DEFAULT, "19", "t2", csr_of("one", challenge, 3), &host), SCEP_BAD_REQUEST,
          "used already");
    fails(send_to(EP_DEFAULT, "19", "t3", csr_of("two", challenge, 3), &stranger), SCEP_BAD_REQUEST,
          "used already");
    alarms_are(2, "used again");
    assert_int_equal(certificates(), 1);
    assert_int_equal(ask("SELECT count(*) FROM request"), 1); /* the refused occupy nothing */
}

static void a_challenge_is_good_for_its_name(void **state) {
    (void)state;
    const char *challenge = mint(EP_DEFAULT, "CN=one");
    struct wishes san = {.cn = "one", .challenge = challenge, .san = "DNS:two"};
    fails(send_to(EP_DEFAULT, "19", "t1", csr_of("two", challenge, 2), &host), SCEP_BAD_REQUEST,
          "CN=one");
    fails(send_to(EP_DEFAULT, "19", "t1", csr_new(&arena, &san, keys[2].theirs), &host),
          SCEP_BAD_REQUEST, "alternative names");
    alarms_are(2, "something else");
    fails(send_to(EP_OTHER, "19", "t1", csr_of("one", challenge, 2), &host), SCEP_BAD_REQUEST,
          "another endpoint");
    alarms_are(1, "another endpoint");
    assert_int_equal(certificates(), 0);
    struct answer a = send_to(EP_DEFAULT, "19", "t1", csr_of("one", challenge, 2), &host);
    succeeds(&a); /* none of that has used it up */
}

static enum err revoke_challenge(struct tx *tx, void *id) {
    return challenge_revoke(tx, *(int64_t *)id, clock_ms());
}

static void challenges_that_are_none(void **state) {
    (void)state;
    int64_t id = 1;
    const char *revoked = mint(EP_DEFAULT, "CN=one"), *late = mint(EP_DEFAULT, "CN=one");
    assert_ok(store_write(service.store, revoke_challenge, &id));
    fails(send_to(EP_DEFAULT, "19", "t1", csr_of("one", revoked, 2), &host), SCEP_BAD_REQUEST,
          "revoked");
    fails(send_to(EP_DEFAULT, "19", "t1", csr_of("one", "UNKNOWN", 2), &host), SCEP_BAD_REQUEST,
          "not known");
    fails(send_to(EP_DEFAULT, "19", "t1", csr_of("one", NULL, 2), &host), SCEP_BAD_REQUEST,
          "no challenge");
    clock_shift(3600001);
    fails(send_to(EP_DEFAULT, "19", "t1", csr_of("one", late, 2), &host), SCEP_BAD_REQUEST,
          "expired");
    clock_shift(-3600001);
    alarms_are(0, "");
    assert_int_equal(certificates(), 0);
}

/* Whoever knocks for ever fills the log, not the database. */
static void alarms_are_capped(void **state) {
    (void)state;
    const char *challenge = mint(EP_OTHER, "CN=one");
    struct span csr = csr_of("one", challenge, 2);
    for (int i = 0; i < 55; i++)
        fails(send_to(EP_DEFAULT, "19", "t1", csr, &host), SCEP_BAD_REQUEST, "another endpoint");
    alarms_are(50, "");
}

static void minting_has_rules(void **state) {
    (void)state;
    struct order o = {.order = {.kind = CHALLENGE_ONE_TIME}};
    assert_int_equal(store_write(service.store, order_work, &o), ERR_REFUSED);
    o.order.subject = "CN=\"a";
    assert_int_equal(store_write(service.store, order_work, &o), ERR_PARSE);
    o = (struct order){.endpoint = EP_STATIC, .order = {CHALLENGE_ONE_TIME, .subject = "CN=a"}};
    assert_int_equal(store_write(service.store, order_work, &o), ERR_REFUSED);
    o = (struct order){.endpoint = EP_MANUAL, .order = {CHALLENGE_NDES, .account = "bob"}};
    for (int i = 0; i < 2; i++) {
        assert_ok(store_write(service.store, order_work, &o));
        assert_int_equal(strlen(o.challenge), 16);
        assert_int_equal(strspn(o.challenge, "0123456789ABCDEF"), 16);
    }
    assert_int_equal(store_write(service.store, order_work, &o), ERR_LIMIT);
    o.order.account = "eve";
    assert_ok(store_write(service.store, order_work, &o));
    assert_int_equal(ask("SELECT count(*) FROM challenge"), 3);
}

/* ---- repeats ---- */

static void a_repeat_gets_the_same(void **state) {
    (void)state;
    struct span csr = csr_of("one", mint(EP_DEFAULT, "CN=one"), 2);
    struct answer first = send_to(EP_DEFAULT, "19", "t1", csr, &host);
    succeeds(&first);
    struct answer same = send_to(EP_DEFAULT, "19", "t1", csr, &host);
    assert_true(span_eq(same.cert, first.cert));
    same = send_to(EP_DEFAULT, "19", "t2", csr, &host);
    assert_true(span_eq(same.cert, first.cert));
    same = send_to(EP_DEFAULT, "19", "t3", csr, &stranger); /* for a key that is not his */
    assert_true(span_eq(same.cert, first.cert));
    assert_int_equal(certificates(), 1);
    fails(send_to(EP_OTHER, "19", "t1", csr, &host), SCEP_BAD_REQUEST, "another endpoint");
    revoke_cert(first.cert);
    fails(send_to(EP_DEFAULT, "19", "t1", csr, &host), SCEP_BAD_REQUEST, "keyCompromise");
}

static void a_transaction_belongs_to_its_key(void **state) {
    (void)state;
    struct span csr = csr_of("one", mint(EP_DEFAULT, "CN=one"), 2);
    fails(send_to(EP_DEFAULT, "19", "t1", csr_of("one", "UNKNOWN", 2), &stranger), SCEP_BAD_REQUEST,
          "not known"); /* occupies nothing */
    struct answer a = send_to(EP_DEFAULT, "19", "t1", csr, &host);
    succeeds(&a);
    const char *fresh = mint(EP_DEFAULT, "CN=two");
    fails(send_to(EP_DEFAULT, "19", "t1", csr_of("two", fresh, 3), &stranger), SCEP_BAD_REQUEST,
          "another key");
    fails(send_to(EP_DEFAULT, "19", "t1", csr, &stranger), SCEP_BAD_REQUEST, "another key");
    alarms_are(2, "another key");
    struct answer b = send_to(EP_DEFAULT, "19", "t1", csr_of("two", fresh, 3), &host);
    succeeds(&b); /* the same key: a new request */
    assert_false(span_eq(a.cert, b.cert));
    assert_int_equal(certificates(), 2);
}

/* ---- many at once ---- */

static void one_challenge_one_certificate(void **state) {
    (void)state;
    assert_int_equal(all_at_once(mint(EP_DEFAULT, "CN=one"), true), 1);
    assert_int_equal(certificates(), 1);
    assert_int_equal(all_at_once(mint(EP_DEFAULT, "CN=one"), false), CROWD);
    assert_int_equal(certificates(), 2);
}

/* ---- other kinds of challenges ---- */

static struct answer with_secret(const char *cn, const char *san, const char *secret) {
    struct wishes w = {.cn = cn, .challenge = secret, .san = san};
    return send_to(EP_STATIC, "19", arena_printf(&arena, "%s-%s", cn, san),
                   csr_new(&arena, &w, keys[2].theirs), &host);
}

static void a_secret_for_all_has_rules(void **state) {
    (void)state;
    struct answer a = with_secret("a.example.com", "DNS:a.example.com", scep_secret);
    succeeds(&a);
    a = with_secret("b.example.com", "DNS:b.example.com", scep_secret);
    succeeds(&a);
    fails(with_secret("c.example.com", "DNS:c.example.com", "another secret"), SCEP_BAD_REQUEST,
          "not that of this endpoint");
    fails(with_secret("evil", "DNS:a.example.com", scep_secret), SCEP_BAD_REQUEST, "subject");
    fails(with_secret("d.example.com", "DNS:evil", scep_secret), SCEP_BAD_REQUEST, "san");
    assert_int_equal(certificates(), 2);
}

static void a_hook_that_cannot_be_asked_refuses(void **state) {
    (void)state;
    struct policy *p = policy_of(EP_OTHER);
    p->challenges = CHALLENGES_WEBHOOK;
    p->webhook_url = "http://127.0.0.1:1/";
    p->webhook_id = "hook";
    p->webhook_secret = "c2VjcmV0";
    p->webhook_timeout = 2000;
    assert_ok(fetch_pool_new(&service.pool));
    struct answer a = send_to(EP_OTHER, "19", "t1", csr_of("one", "whatever", 2), &host);
    fails(a, SCEP_BAD_REQUEST, "could not be checked");
    assert_null(strstr(a.text, "127.0.0.1")); /* is not the client's business */
    assert_int_equal(certificates(), 0);
}

/* ---- GetCert and GetCRL ---- */

static struct span number_of(struct span cert) {
    struct cert c;
    struct der_writer w = der_writer_in(&arena);
    assert_ok(cert_parse(cert, &c));
    der_put_item(&w, DER_INTEGER, c.serial);
    der_put(&w, c.issuer);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

static void certificates_for_members(void **state) {
    (void)state;
    struct signer mine = enrolled(EP_DEFAULT, "one"), theirs = enrolled(EP_OTHER, "two");
    struct answer a = send_to(EP_DEFAULT, "21", "g1", number_of(mine.cert), &mine);
    succeeds(&a);
    assert_true(span_eq(a.cert, mine.cert));
    fails(send_to(EP_DEFAULT, "21", "g1", number_of(mine.cert), &stranger), SCEP_BAD_REQUEST,
          "neither revoked nor expired");
    fails(send_to(EP_DEFAULT, "21", "g1", number_of(mine.cert), &theirs), SCEP_BAD_REQUEST, "");
    fails(send_to(EP_DEFAULT, "21", "g1", number_of(theirs.cert), &mine), SCEP_BAD_CERT_ID, "");
    fails(send_to(EP_DEFAULT, "21", "g1", number_of(stranger.cert), &mine), SCEP_BAD_MESSAGE_CHECK,
          "");
    revoke_cert(mine.cert);
    fails(send_to(EP_DEFAULT, "21", "g1", number_of(mine.cert), &mine), SCEP_BAD_REQUEST, "");
}

static bool crl_names(struct span certs_only, struct span cert) {
    const unsigned char *p = certs_only.p;
    PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)certs_only.n);
    assert_non_null(p7);
    assert_int_equal(sk_X509_CRL_num(p7->d.sign->crl), 1);
    X509 *x = x509_of(cert), *ca = x509_of(scep_pki->endpoints[0].ca->issuer.cert);
    X509_CRL *crl = sk_X509_CRL_value(p7->d.sign->crl, 0);
    X509_REVOKED *entry;
    assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(ca)), 1);
    bool named = X509_CRL_get0_by_cert(crl, &entry, x) == 1;
    X509_free(x);
    X509_free(ca);
    PKCS7_free(p7);
    return named;
}

static void crls_for_members(void **state) {
    (void)state;
    struct signer one = enrolled(EP_DEFAULT, "one"), two = enrolled(EP_DEFAULT, "two");
    struct answer a = send_to(EP_DEFAULT, "22", "c1", number_of(one.cert), &one);
    assert_int_equal(a.status, SCEP_SUCCESS);
    assert_false(crl_names(a.inside, two.cert));
    revoke_cert(two.cert);
    a = send_to(EP_DEFAULT, "22", "c2", number_of(one.cert), &one);
    assert_true(crl_names(a.inside, two.cert));
    fails(send_to(EP_DEFAULT, "22", "c3", number_of(one.cert), &two), SCEP_BAD_REQUEST, "");
    fails(send_to(EP_DEFAULT, "22", "c4", number_of(stranger.cert), &one), SCEP_BAD_MESSAGE_CHECK,
          "");
}

/* ---- what answers may not tell ---- */

static void put_long(uint8_t *at, uint8_t tag, size_t length) {
    at[0] = tag;
    at[1] = 0x82;
    at[2] = (uint8_t)(length >> 8);
    at[3] = (uint8_t)length;
}

static uint8_t *place_of(struct span in, struct span what) {
    uint8_t *at = memmem(in.p, in.n, what.p, what.n);
    assert_non_null(at);
    return at;
}

/*
 * Somebody's envelope with a CSR, changed by who knows only how a CSR begins: it opens to a
 * question of which all but the first octets is one string of rubbish, when the last octet is the
 * padding 1. `guess` is what that octet is made to be: who guesses on learns what is in the last
 * block.
 */
static struct span turned_question(struct span envelope, struct span csr, uint8_t tag,
                                   uint8_t guess) {
    struct span out = arena_copy(&arena, envelope);
    struct cms_enveloped env;
    assert_ok(cms_enveloped_read(&arena, envelope, &env));
    size_t n = env.ciphertext.n;
    uint8_t *iv = place_of(out, env.cipher.params) + 2, *blocks = place_of(out, env.ciphertext);
    uint8_t wanted[16] = {0, 0, 0, 0, 0x30, 0, 0, 0, 0, 0, 4, 0x82, 0, 0, 1, 1};
    put_long(wanted, 0x30, n - 1 - 4);
    if (tag == DER_INTEGER) {
        put_long(wanted + 6, tag, n - 1 - 10);
        memset(wanted + 10, 1, 6);
    } else {
        put_long(wanted + 6, tag, n - 1 - 10);
        put_long(wanted + 10, DER_OCTET_STRING, n - 1 - 14);
    }
    for (size_t i = 0; i < 16; i++)
        iv[i] ^= csr.p[i] ^ wanted[i];
    blocks[n - 17] ^= (uint8_t)(n - csr.n) ^ guess;
    return out;
}

static void no_answer_tells_what_is_inside(void **state) {
    (void)state;
    struct transport oaep = {.oaep = true};
    struct signer member = enrolled(EP_DEFAULT, "member");
    struct span csr = csr_of("victim", mint(EP_DEFAULT, "CN=victim"), 3);
    struct span envelope = their_envelope(&arena, csr, &scep_pki->endpoints[0].ca->ra.cert, 1,
                                          EVP_aes_128_cbc(), oaep);
    const struct {
        const char *type, *transaction;
        uint8_t tag;
        const struct signer *signer;
    } cases[] = {
        {"20", "oracle", DER_SEQUENCE, &stranger},    {"21", "oracle", DER_INTEGER, &stranger},
        {"22", "oracle", DER_INTEGER, &stranger},     {"21", "oracle", DER_INTEGER, &member},
        {"20", "enroll-member", DER_SEQUENCE, &host}, {"22", "oracle", DER_INTEGER, &member},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answers[2];
        for (uint8_t guess = 0; guess < 2; guess++) { /* 0 is no padding, 1 is */
            struct span reply;
            struct their_message m = {
                .content = turned_question(envelope, csr, cases[i].tag, guess),
                .cert = cases[i].signer->cert,
                .key = cases[i].signer->key,
                .md = EVP_sha256(),
                .type = cases[i].type,
                .transaction_id = cases[i].transaction,
                .nonce = "0123456789abcdef",
            };
            assert_ok(serve_at_once(&service, endpoint_of(EP_DEFAULT), &arena,
                                    their_signed(&arena, &m), "::1", &reply));
            assert_true(answer_read(&arena, reply, cases[i].signer, &answers[guess]));
            assert_int_equal(answers[guess].status, SCEP_FAILURE);
        }
        assert_int_equal(answers[0].fail_info, answers[1].fail_info);
        assert_string_equal(answers[0].text, answers[1].text);
    }
}

/* ---- what is no request ---- */

static void what_is_not_understood(void **state) {
    (void)state;
    struct span reply;
    uint8_t zeros[64] = {0};
    assert_int_equal(serve_at_once(&service, endpoint_of(EP_DEFAULT), &arena,
                                   span_of(zeros, sizeof zeros), "::1", &reply),
                     ERR_PARSE);
    const char *challenge = mint(EP_DEFAULT, "CN=one");
    struct span csr = csr_of("one", challenge, 2);
    fails(send_to(EP_DEFAULT, "41", "t1", csr, &host), SCEP_BAD_REQUEST, "41");
    fails(send_to(EP_DEFAULT, "20", "t1", csr, &host), SCEP_BAD_MESSAGE_CHECK, "");
    struct span broken = arena_copy(&arena, csr);
    ((uint8_t *)(uintptr_t)broken.p)[broken.n - 1] ^= 1;
    struct answer a = send_to(EP_DEFAULT, "19", "t1", broken, &host);
    fails(a, SCEP_BAD_MESSAGE_CHECK, "");
    assert_string_equal(a.text, "");
    assert_int_equal(certificates(), 0);
    assert_int_equal(scep_get_next_ca(endpoint_of(EP_DEFAULT), &arena, &reply), ERR_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_challenge_is_good_for_one),
        TEST(a_challenge_is_good_for_its_name),
        TEST(challenges_that_are_none),
        TEST(alarms_are_capped),
        TEST(minting_has_rules),
        TEST(a_repeat_gets_the_same),
        TEST(a_transaction_belongs_to_its_key),
        TEST(one_challenge_one_certificate),
        TEST(a_secret_for_all_has_rules),
        TEST(a_hook_that_cannot_be_asked_refuses),
        TEST(certificates_for_members),
        TEST(crls_for_members),
        TEST(no_answer_tells_what_is_inside),
        TEST(what_is_not_understood),
    };
    return cmocka_run_group_tests_name("pki_operation", tests, prepare, clean_up);
}
