/* SPDX-License-Identifier: Apache-2.0 */
/* What servers answer, by our own server's pen and OpenSSL's, as our client reads it. */
#include "scep_certrep_fixture.h"

#include "cms/signed.h"
#include "scep/client.h"

static struct scep_key self; /* who asked */

static int prepare(void **state) {
    set_up(state);
    self = scep_key_of(client, client_key.ours);
    return 0;
}

/* ---- the server's pen ---- */

/* An envelope for `self` with those certificates. */
static struct span sealed(struct arena *a, const struct span *certs, size_t count,
                          const EVP_CIPHER *cipher, struct transport t) {
    return their_envelope(a, cms_certs_only(a, certs, count, SPAN_NONE), &client, 1, cipher, t);
}

static enum err read_reply(struct arena *a, const struct their_reply *r, struct scep_certrep *out) {
    return scep_certrep_read(a, their_certrep(a, r), &ra, 1, out);
}

/* The signatureAlgorithm, which is not signed: rsaEncryption and its kin differ in the last octet.
 */
static void name_signature(struct span der, uint8_t arc) {
    uint8_t oid[OID_MAX_SIZE];
    size_t n = oid_encode(OID_RSA, oid) - 1, at = der.n - n;
    while (memcmp(der.p + at, oid, n) != 0)
        at--;
    ((uint8_t *)(uintptr_t)der.p)[at + n] = arc;
}

/* ---- our own server ---- */

static struct span our_reply(struct arena *a, const struct scep_reply *reply, bool oaep,
                             const EVP_CIPHER *cipher) {
    struct their_message m = request(a);
    struct scep_request r;
    struct scep_content content;
    struct span der;
    m.content = envelope(a, csr_der, cipher, oaep);
    assert_ok(scep_read(a, their_signed(a, &m), &r));
    assert_ok(scep_open(a, &r, &ra_pair, 1, false, &content));
    assert_ok(scep_build_reply(a, &r, reply, &ra_pair, false, &der));
    return der;
}

static void success_of_ours(void **state) {
    (void)state;
    const EVP_CIPHER *const ciphers[] = {EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc()};
    for (int i = 0; i < 6; i++) {
        ARENA_AUTO(a);
        struct scep_reply answer = {.status = SCEP_SUCCESS, .text = "Issued", .cert = ra};
        struct scep_certrep rep;
        struct span certs[2];
        size_t n;
        struct span der = our_reply(&a, &answer, i & 1, ciphers[i / 2]);
        assert_ok(scep_certrep_read(&a, der, &ra, 1, &rep));
        assert_int_equal(rep.pki_status, SCEP_SUCCESS);
        assert_int_equal(rep.fail_info, -1);
        assert_string_equal(rep.text, "Issued");
        assert_null(rep.missing);
        assert_true(span_is(rep.transaction_id, TRANSACTION));
        assert_true(span_is(rep.recipient_nonce, NONCE));
        assert_int_equal(rep.sender_nonce.n, 16);
        assert_int_equal(rep.digest, DIGEST_SHA256);
        assert_ptr_equal(rep.signer.p, ra.p);
        assert_ok(scep_certrep_open(&a, &rep, &self, certs, 2, &n));
        assert_int_equal(n, 1);
        assert_true(span_eq(certs[0], ra));
    }
}

static void failure_and_pending_of_ours(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_reply answer = {
        .status = SCEP_FAILURE, .fail_info = SCEP_BAD_TIME, .text = "too late"};
    struct scep_certrep rep;
    struct span certs[1];
    size_t n;
    assert_ok(scep_certrep_read(&a, our_reply(&a, &answer, true, EVP_aes_128_cbc()), &ra, 1, &rep));
    assert_int_equal(rep.pki_status, SCEP_FAILURE);
    assert_int_equal(rep.fail_info, SCEP_BAD_TIME);
    assert_string_equal(rep.text, "too late");
    assert_int_equal(rep.enveloped.n, 0);
    assert_int_equal(scep_certrep_open(&a, &rep, &self, certs, 1, &n), ERR_PARSE);
    answer = (struct scep_reply){.status = SCEP_PENDING};
    assert_ok(scep_certrep_read(&a, our_reply(&a, &answer, true, EVP_aes_128_cbc()), &ra, 1, &rep));
    assert_int_equal(rep.pki_status, SCEP_PENDING);
    assert_int_equal(rep.fail_info, -1);
    assert_null(rep.text);
    assert_null(rep.missing);
    assert_int_equal(rep.enveloped.n, 0);
}

/* ---- other servers ---- */

/* Key transports and ciphers, single DES among them; BER; several recipients; a chain. */
static void opens_what_others_seal(void **state) {
    (void)state;
    const EVP_CIPHER *const ciphers[] = {EVP_des_cbc(), EVP_des_ede3_cbc(), EVP_aes_128_cbc(),
                                         EVP_aes_256_cbc()};
    for (unsigned i = 0; i < 4 * 8; i++) {
        ARENA_AUTO(a);
        struct transport t = {.oaep = i & 1, .key_id = i & 2, .indefinite = i & 4};
        struct span chain[] = {client, ra}, certs[2];
        struct their_reply r = usual_reply("0");
        struct scep_certrep rep;
        size_t n;
        r.content = sealed(&a, chain, 2, ciphers[i / 8], t);
        r.flags = i & 4 ? CMS_STREAM : 0U;
        assert_ok(read_reply(&a, &r, &rep));
        assert_ok(scep_certrep_open(&a, &rep, &self, certs, 2, &n));
        assert_int_equal(n, 2);
        assert_true(span_eq(certs[0], client) && span_eq(certs[1], ra));
        assert_int_equal(scep_certrep_open(&a, &rep, &self, certs, 1, &n), ERR_LIMIT);
    }
}

/* Digests, with rsaEncryption and the digest's own name; certificates there or not; by key id. */
static void signatures_of_others(void **state) {
    (void)state;
    const EVP_MD *const mds[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
    static const uint8_t arcs[] = {5, 11, 12, 13};
    for (unsigned i = 0; i < 4 * 8; i++) {
        ARENA_AUTO(a);
        struct their_reply r = usual_reply("3");
        struct scep_certrep rep;
        struct span certs[] = {client, ra};
        r.md = mds[i / 8];
        r.flags = (i & 1 ? CMS_NOCERTS : 0U) | (i & 2 ? CMS_USE_KEYID : 0U);
        struct span der = their_certrep(&a, &r);
        if (i & 4)
            name_signature(der, arcs[i / 8]);
        assert_ok(scep_certrep_read(&a, der, certs, 2, &rep));
        assert_int_equal(rep.pki_status, SCEP_PENDING);
        assert_int_equal(rep.digest, i / 8);
        assert_true(span_eq(rep.signer, ra));
        name_signature(der, arcs[(i / 8 + 1) % 4]);
        assert_int_equal(scep_certrep_read(&a, der, certs, 2, &rep), ERR_ALGORITHM);
    }
}

static void failures_of_others(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_reply r = usual_reply("2");
    struct scep_certrep rep;
    char *long_text = arena_alloc(&a, 5001);
    memset(long_text, 'x', 5000);
    r.fail_info = "4";
    r.flags = CMS_DETACHED; /* no eContent at all */
    assert_ok(read_reply(&a, &r, &rep));
    assert_int_equal(rep.pki_status, SCEP_FAILURE);
    assert_int_equal(rep.fail_info, SCEP_BAD_CERT_ID);
    assert_null(rep.text);
    r.message = "by the policy module";
    assert_ok(read_reply(&a, &r, &rep));
    assert_string_equal(rep.text, "by the policy module");
    r.text = "wrong \xc3\xa4 challenge";
    assert_ok(read_reply(&a, &r, &rep));
    assert_string_equal(rep.text, r.text);
    r.text = long_text;
    assert_ok(read_reply(&a, &r, &rep));
    assert_int_equal(strlen(rep.text), 1000);
    r.fail_info = NULL;
    assert_ok(read_reply(&a, &r, &rep));
    assert_int_equal(rep.fail_info, -1);
    r.fail_info = "17"; /* no number of the RFC's, but a number */
    assert_ok(read_reply(&a, &r, &rep));
    assert_int_equal(rep.fail_info, 17);
}

/* The nonce that the server copies instead of making its own, and what it forgets. */
static void nonces_and_gaps(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_reply r = usual_reply("3");
    struct scep_certrep rep;
    r.nonce = NONCE;
    assert_ok(read_reply(&a, &r, &rep));
    assert_true(span_is(rep.sender_nonce, NONCE) && span_is(rep.recipient_nonce, NONCE));
    r.nonce = r.answered = NULL;
    assert_ok(read_reply(&a, &r, &rep));
    assert_true(!rep.sender_nonce.p && !rep.recipient_nonce.p);
    assert_string_equal(rep.missing, "senderNonce, recipientNonce");
    r.nonce = NONCE;
    assert_ok(read_reply(&a, &r, &rep));
    assert_string_equal(rep.missing, "recipientNonce");
    r.nonce = NULL;
    r.type = r.transaction = NULL;
    assert_ok(read_reply(&a, &r, &rep));
    assert_int_equal(rep.transaction_id.n, 0);
    assert_string_equal(rep.missing, "messageType, transactionID, senderNonce, recipientNonce");
}

/* Twice the same attribute: a text is for people, a status is not. */
static void attributes_that_come_twice(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_certrep rep;
    struct span der,
        list[] = {
            cms_attribute_build(&a, OID_SCEP_PKI_STATUS, DER_PRINTABLE_STRING, span_str("3")),
            cms_attribute_build(&a, OID_SCEP_FAIL_INFO_TEXT, DER_UTF8_STRING, span_str("one")),
            cms_attribute_build(&a, OID_SCEP_FAIL_INFO_TEXT, DER_UTF8_STRING, span_str("two")),
            cms_attribute_build(&a, OID_SCEP_PKI_STATUS, DER_PRINTABLE_STRING, span_str("0")),
        };
    struct cms_signing s = {.attributes = list,
                            .attribute_count = 3,
                            .digest = DIGEST_SHA256,
                            .issuer = ra_pair.parsed.issuer,
                            .serial = ra_pair.parsed.serial,
                            .key = ra_key.ours};
    assert_ok(cms_signed_build(&a, &s, &der));
    assert_ok(scep_certrep_read(&a, der, &ra, 1, &rep));
    assert_string_equal(rep.text, "one"); /* DER's order */
    s.attribute_count = 4;
    assert_ok(cms_signed_build(&a, &s, &der));
    assert_int_equal(scep_certrep_read(&a, der, &ra, 1, &rep), ERR_PARSE);
}

static void without_status(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_reply r = usual_reply(NULL);
    struct scep_certrep rep;
    struct span certs[1];
    size_t n;
    assert_int_equal(read_reply(&a, &r, &rep), ERR_PARSE);
    r.content = sealed(&a, &ra, 1, EVP_aes_128_cbc(), (struct transport){0});
    assert_ok(read_reply(&a, &r, &rep));
    assert_int_equal(rep.pki_status, SCEP_SUCCESS);
    assert_string_equal(rep.missing, "pkiStatus");
    assert_ok(scep_certrep_open(&a, &rep, &self, certs, 1, &n));
    r.fail_info = "2";
    assert_ok(read_reply(&a, &r, &rep));
    assert_int_equal(rep.pki_status, SCEP_FAILURE);
    assert_int_equal(rep.enveloped.n, 0);
}

/* ---- what is refused ---- */

static void no_certrep(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_certrep rep;
    static const char *const bodies[] = {"", "<html>Forbidden</html>", "OK\n", "0", "0\x80"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(scep_certrep_read(&a, span_str(bodies[i]), &ra, 1, &rep), ERR_PARSE);
    struct span bundle = cms_certs_only(&a, &ra, 1, SPAN_NONE);
    assert_int_equal(scep_certrep_read(&a, bundle, &ra, 1, &rep), ERR_PARSE);
    assert_int_equal(scep_certrep_read(&a, ra, &ra, 1, &rep), ERR_PARSE);
    struct their_reply r = usual_reply("3");
    r.type = "19";
    assert_int_equal(read_reply(&a, &r, &rep), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "19"));
    assert_int_equal(rep.pki_status, -1);
    struct span next_ca;
    assert_ok(scep_next_ca(&a, &ra, 1, &ra_pair, &next_ca));
    assert_int_equal(scep_certrep_read(&a, next_ca, &ra, 1, &rep), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "no CertRep"));
    static const char *const statuses[] = {"1", "4", "x", "", "-1"};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        r = usual_reply(statuses[i]);
        assert_int_equal(read_reply(&a, &r, &rep), ERR_PARSE);
    }
}

static void strangers(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_reply r = usual_reply("3");
    struct scep_certrep rep;
    struct span good = their_certrep(&a, &r);
    assert_int_equal(scep_certrep_read(&a, good, NULL, 0, &rep), ERR_FORBIDDEN);
    assert_int_equal(scep_certrep_read(&a, good, &client, 1, &rep), ERR_FORBIDDEN);
    assert_non_null(strstr(err_detail(), "is signed by CN=RA, O=x"));
    r.flags = CMS_NOCERTS;
    good = their_certrep(&a, &r);
    assert_int_equal(scep_certrep_read(&a, good, &client, 1, &rep), ERR_FORBIDDEN);
    assert_non_null(strstr(err_detail(), "a certificate of CN=CA, O=x"));
    r.flags = CMS_NOCERTS | CMS_USE_KEYID;
    good = their_certrep(&a, &r);
    assert_int_equal(scep_certrep_read(&a, good, &client, 1, &rep), ERR_FORBIDDEN);
    /* with the CA's own name and another key, brought along */
    r = usual_reply("0");
    r.cert = cert_new(&a, "CN=RA,O=x", client_key.ours, "CN=CA,O=x", client_key.ours, false);
    r.key = client_key.theirs;
    assert_int_equal(read_reply(&a, &r, &rep), ERR_FORBIDDEN);
    assert_int_equal(rep.transaction_id.n, 0);
}

/* The pinned certificate's issuer and serial in a certificate of another key. */
static void a_double(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span twin;
    struct cert_template t = {.serial = ra_pair.parsed.serial,
                              .issuer = ra_pair.parsed.issuer,
                              .subject = ra_pair.parsed.subject,
                              .spki = key_spki(client_key.ours),
                              .not_before = clock_ms() - 600000,
                              .not_after = clock_ms() + 600000};
    struct scep_certrep rep;
    struct their_reply r = usual_reply("0");
    assert_ok(cert_build(&a, &t, client_key.ours, &twin));
    r.cert = twin;
    r.key = client_key.theirs;
    r.content = sealed(&a, &ra, 1, EVP_aes_128_cbc(), (struct transport){0});
    assert_int_equal(read_reply(&a, &r, &rep), ERR_MESSAGE_CHECK);
    assert_int_equal(rep.enveloped.n, 0);
    assert_ok(scep_certrep_read(&a, their_certrep(&a, &r), &twin, 1, &rep));
}

static void algorithms_that_we_do_not_take(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_reply r = usual_reply("3");
    struct scep_certrep rep;
    r.md = EVP_md5();
    assert_int_equal(read_reply(&a, &r, &rep), ERR_ALGORITHM);
    r = usual_reply("3");
    r.cert = cert_new(&a, "CN=ec", ec_key.ours, "CN=ec", ec_key.ours, false);
    r.key = ec_key.theirs;
    assert_int_equal(scep_certrep_read(&a, their_certrep(&a, &r), &r.cert, 1, &rep), ERR_ALGORITHM);
}

static bool same_reply(const struct scep_certrep *x, const struct scep_certrep *y) {
    return x->pki_status == y->pki_status && x->fail_info == y->fail_info &&
           x->digest == y->digest && span_eq(x->transaction_id, y->transaction_id) &&
           span_eq(x->sender_nonce, y->sender_nonce) &&
           span_eq(x->recipient_nonce, y->recipient_nonce) && span_eq(x->signer, y->signer) &&
           span_eq(x->enveloped, y->enveloped) && strcmp(x->text, y->text) == 0;
}

static void truncated_and_changed(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct their_reply r = usual_reply("0");
    struct scep_certrep good, rep;
    r.text = "Issued";
    r.content = sealed(&a, &ra, 1, EVP_aes_128_cbc(), (struct transport){0});
    struct span der = their_certrep(&a, &r);
    assert_ok(scep_certrep_read(&a, der, &ra, 1, &good));
    for (size_t n = 0; n < der.n; n++) {
        ARENA_AUTO(b);
        uint8_t *copy = exact_copy(der, n);
        assert_int_equal(scep_certrep_read(&b, span_of(copy, n), &ra, 1, &rep), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < der.n; i++) {
        ARENA_AUTO(b);
        uint8_t *copy = exact_copy(der, der.n);
        copy[i] ^= (uint8_t)(1 << i % 8);
        enum err e = scep_certrep_read(&b, span_of(copy, der.n), &ra, 1, &rep);
        assert_true(e != OK || same_reply(&rep, &good));
        size_t content = (size_t)(good.enveloped.p - der.p);
        if (i >= content && i < content + good.enveloped.n) /* signed by way of its digest */
            assert_int_equal(e, ERR_MESSAGE_CHECK);
        if (i + 256 >= der.n) /* the signature */
            assert_int_equal(e, ERR_MESSAGE_CHECK);
        free(copy);
    }
}

/* ---- envelopes that do not open ---- */

static enum err open_content(struct arena *a, struct span enveloped, const struct scep_key *key) {
    struct scep_certrep rep = {.enveloped = enveloped};
    struct span certs[4];
    size_t n = 7;
    enum err e = scep_certrep_open(a, &rep, key, certs, 4, &n);
    assert_true(e == OK || n == 0);
    return e;
}

static void which_step_failed(void **state) {
    (void)state;
    ARENA_AUTO(a);
    const EVP_CIPHER *aes = EVP_aes_128_cbc();
    struct transport t = {0};
    struct scep_key wrong_key = self;
    wrong_key.key = ra_key.ours;
    struct span good = sealed(&a, &ra, 1, aes, t);
    assert_ok(open_content(&a, good, &self));
    assert_int_equal(open_content(&a, good, &ra_pair), ERR_MESSAGE_CHECK);
    assert_non_null(strstr(err_detail(), "for another certificate"));
    /* too large for the modulus, or of good padding by chance: other codes */
    enum err e = open_content(&a, good, &wrong_key);
    assert_true(e == ERR_MESSAGE_CHECK || e == ERR_CRYPTO || e == ERR_PARSE);
    assert_int_equal(open_content(&a, SPAN_NONE, &self), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "has no envelope"));
    assert_int_equal(open_content(&a, span_str("x"), &self), ERR_PARSE);
    assert_non_null(strstr(err_detail(), "the CertRep's envelope: "));
    struct span padding = arena_copy(&a, good); /* its length becomes 128 and more */
    ((uint8_t *)(uintptr_t)padding.p)[padding.n - 17] ^= 0x80;
    assert_int_equal(open_content(&a, padding, &self), ERR_MESSAGE_CHECK);
    struct span camellia = sealed(&a, &ra, 1, EVP_camellia_128_cbc(), t);
    assert_int_equal(open_content(&a, camellia, &self), ERR_ALGORITHM);
    const struct span contents[] = {span_str("x"), cms_certs_only(&a, NULL, 0, SPAN_NONE), good};
    for (size_t i = 0; i < 3; i++) {
        struct span other = their_envelope(&a, contents[i], &client, 1, aes, t);
        assert_int_equal(open_content(&a, other, &self), ERR_PARSE);
        assert_non_null(strstr(err_detail(), "what is in the CertRep's envelope: "));
    }
    /* a bare certificate is not what the RFC says, but it is one */
    assert_ok(open_content(&a, their_envelope(&a, ra, &client, 1, aes, t), &self));
}

static void damaged_envelopes(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span good = sealed(&a, &ra, 1, EVP_aes_128_cbc(), (struct transport){.oaep = true});
    for (size_t n = 1; n < good.n; n++) {
        uint8_t *copy = exact_copy(good, n);
        assert_int_equal(open_content(&a, span_of(copy, n), &self), ERR_PARSE);
        free(copy);
    }
    for (size_t i = 0; i < good.n; i += 3) { /* some bits may change unseen: another key opens it */
        ARENA_AUTO(b);
        uint8_t *copy = exact_copy(good, good.n);
        copy[i] ^= (uint8_t)(1 << i % 8);
        (void)!open_content(&b, span_of(copy, good.n), &self);
        free(copy);
    }
}

/* ---- GetCACert ---- */

static enum err certs_of(struct arena *a, struct span body, struct span certs[2], size_t *n,
                         bool *single) {
    return scep_client_certs(a, body, certs, 2, n, single);
}

static void getcacert_forms(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span both[] = {ra, client}, certs[2];
    size_t n;
    bool single;
    assert_ok(certs_of(&a, ra, certs, &n, &single));
    assert_true(n == 1 && single && span_eq(certs[0], ra));
    struct span bundle = cms_certs_only(&a, both, 2, SPAN_NONE);
    assert_ok(certs_of(&a, bundle, certs, &n, &single));
    assert_true(n == 2 && !single && span_eq(certs[0], ra) && span_eq(certs[1], client));
    assert_ok(certs_of(&a, cms_certs_only(&a, &client, 1, SPAN_NONE), certs, &n, &single));
    assert_true(n == 1 && !single && span_eq(certs[0], client));
    /* an attribute certificate among them is passed over */
    struct span mixed[] = {span_of("\xa1\x00", 2), client};
    assert_ok(certs_of(&a, cms_certs_only(&a, mixed, 2, SPAN_NONE), certs, &n, &single));
    assert_true(n == 1 && !single && span_eq(certs[0], client));
    /* BER, and signed, which says nothing here */
    struct their_reply r = usual_reply("0");
    r.content = span_str("x");
    r.flags = CMS_STREAM;
    assert_ok(certs_of(&a, their_certrep(&a, &r), certs, &n, &single));
    assert_true(n == 1 && !single && span_eq(certs[0], ra));
}

static void getcacert_refused(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span three[] = {ra, client, ra}, certs[2];
    size_t n;
    bool single;
    assert_int_equal(certs_of(&a, cms_certs_only(&a, three, 3, SPAN_NONE), certs, &n, &single),
                     ERR_LIMIT);
    assert_int_equal(certs_of(&a, cms_certs_only(&a, NULL, 0, SPAN_NONE), certs, &n, &single),
                     ERR_PARSE);
    static const char *const bodies[] = {"", "<html></html>", "-----BEGIN CERTIFICATE-----\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(certs_of(&a, span_str(bodies[i]), certs, &n, &single), ERR_PARSE);
    struct span bundle = cms_certs_only(&a, three, 2, SPAN_NONE);
    for (size_t i = 0; i < bundle.n; i++) {
        uint8_t *copy = exact_copy(bundle, i);
        assert_int_equal(certs_of(&a, span_of(copy, i), certs, &n, &single), ERR_PARSE);
        free(copy);
    }
    /* something else than a certificate among them */
    struct span odd[] = {csr_der};
    assert_int_equal(certs_of(&a, cms_certs_only(&a, odd, 1, SPAN_NONE), certs, &n, &single),
                     ERR_PARSE);
    assert_non_null(strstr(err_detail(), "certificate 1"));
}

/* ---- a real one ---- */

static void ndes(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span der = capture(&a, "ndes-certrep.der"), signer;
    struct span pem = capture(&a, "ndes-certrep.signer.pem");
    struct scep_certrep rep;
    struct span certs[1];
    size_t n;
    assert_ok(cert_parse_pem_all(&a, pem, &signer, 1, &n));
    assert_ok(scep_certrep_read(&a, der, &signer, 1, &rep));
    assert_int_equal(rep.pki_status, SCEP_SUCCESS);
    assert_string_equal(rep.text, "Issued");
    assert_true(span_is(rep.transaction_id, "HVvzN0228V+AW+dUuDe8OPyDXD0="));
    assert_null(rep.missing);
    assert_true(span_eq(rep.signer, signer));
    assert_true(span_eq(rep.enveloped, capture(&a, "ndes-certrep.enveloped.der")));
    assert_int_equal(scep_certrep_open(&a, &rep, &self, certs, 1, &n), ERR_MESSAGE_CHECK);
    assert_int_equal(scep_certrep_read(&a, der, &ra, 1, &rep), ERR_FORBIDDEN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_of_ours),
        cmocka_unit_test(failure_and_pending_of_ours),
        cmocka_unit_test(opens_what_others_seal),
        cmocka_unit_test(signatures_of_others),
        cmocka_unit_test(failures_of_others),
        cmocka_unit_test(nonces_and_gaps),
        cmocka_unit_test(attributes_that_come_twice),
        cmocka_unit_test(without_status),
        cmocka_unit_test(no_certrep),
        cmocka_unit_test(strangers),
        cmocka_unit_test(a_double),
        cmocka_unit_test(algorithms_that_we_do_not_take),
        cmocka_unit_test(truncated_and_changed),
        cmocka_unit_test(which_step_failed),
        cmocka_unit_test(damaged_envelopes),
        cmocka_unit_test(getcacert_forms),
        cmocka_unit_test(getcacert_refused),
        cmocka_unit_test(ndes),
    };
    return cmocka_run_group_tests_name("scep_certrep", tests, prepare, tear_down);
}
