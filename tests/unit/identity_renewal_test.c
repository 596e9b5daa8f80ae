/* SPDX-License-Identifier: Apache-2.0 */
/* Renewals of identities (ROBO): the proof, the window, and that no answer that is lost loses a
 * host. */
#include "enrolling_fixture.h"

#include "mdm/renewal_proof.h"

/* ---- the store, as sessions see it ---- */

struct looking {
    struct span cert;
    struct identity found;
};

static enum err look(struct tx *tx, void *user) {
    struct looking *l = user;
    uint8_t sha256[DIGEST_MAX_SIZE];
    TRY(digest_of(DIGEST_SHA256, l->cert, sha256));
    return identity_get(tx, &arena, span_of(sha256, 32), &l->found);
}

static struct identity identity_of(struct span cert) {
    struct looking l = {.cert = cert};
    assert_ok(store_read(store, look, &l));
    return l.found;
}

static bool is_good(struct span cert) {
    return !identity_of(cert).revoked;
}

static enum err first_session(struct tx *tx, void *user) {
    bool changed = false;
    TRY(identity_first_used(tx, user, clock_ms()));
    return identity_supersede(tx, user, clock_ms(), &changed);
}

static void session_with(struct span cert) {
    struct identity i = identity_of(cert);
    assert_ok(store_write(store, first_session, &i));
}

/* ---- a host ---- */

static struct span enrolled(void) {
    struct asking q = good(keys[0]);
    assert_int_equal(request_token(&q), 0);
    return identity_cert;
}

static struct asking renewal(struct span cert, EVP_PKEY *old, EVP_PKEY *new) {
    return (struct asking){
        .no_security = true, .renew = true, .content = cms_of(csr_of(new, HOST), cert, old, 0)};
}

static void move_into_the_window(void) {
    move_clock((730 - RENEW_DAYS) * DAY);
}

/* ---- what is renewed ---- */

static void the_old_one_is_good_until_the_new_is_used(void **state) {
    (void)state;
    struct span old = enrolled();
    session_with(old);
    move_into_the_window();
    struct asking q = renewal(old, keys[0], keys[1]);
    assert_int_equal(request_token(&q), 0);
    struct span new = identity_cert;
    assert_false(span_eq(old, new));
    assert_true(is_good(old) && is_good(new));
    struct cert c;
    assert_ok(cert_parse(new, &c));
    assert_true(c.not_after > clock_ms() + 729 * DAY);
    assert_null(strstr(arena_str(&arena, xml_attr(document->child, "type")), "APPLICATION"));
    session_with(new);
    assert_false(is_good(old));
    assert_true(is_good(new));
    assert_true(identity_of(new).used > 0);
}

/* The host asks again: with its key, or with another, since it knows of no answer. */
static void a_lost_answer_loses_no_host(void **state) {
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    struct asking q = renewal(old, keys[0], keys[1]);
    assert_int_equal(request_token(&q), 0);
    struct span lost = identity_cert;
    q = renewal(old, keys[0], keys[1]);
    assert_int_equal(request_token(&q), 0);
    assert_true(span_eq(lost, identity_cert));
    move_clock(DAY);
    q = renewal(old, keys[0], keys[2]);
    assert_int_equal(request_token(&q), 0);
    struct span taken = identity_cert;
    assert_false(span_eq(lost, taken));
    assert_true(is_good(old) && is_good(lost) && is_good(taken));
    session_with(taken);
    assert_true(!is_good(old) && !is_good(lost) && is_good(taken));
}

static void both_forms_of_the_proof(void **state) {
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    struct asking q = renewal(old, keys[0], keys[1]);
    q.content = cms_of(csr_of(keys[1], HOST), old, keys[0], CMS_NOATTR);
    assert_int_equal(request_token(&q), 0);
    q.content = cms_of(csr_of(keys[2], NULL), old, keys[0], 0);
    q.no_security = false; /* the empty password of Microsoft's sample */
    q.user = "alice";
    q.password = "";
    q.device = "0123456789abcdef0123456789abcdef";
    assert_int_equal(request_token(&q), 0);
}

static void a_closed_house_renews(void **state) {
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    mdm.closed = true;
    struct asking q = renewal(old, keys[0], keys[1]);
    assert_int_equal(request_token(&q), 0);
}

/* Clones of one board, which one account enrolled before the server looked at hardware. */
static enum err add_clone(struct tx *tx, void *user) {
    uint8_t sha256[32] = {0, *(const uint8_t *)user};
    struct device d = {.device_id = OTHER,
                       .name = "CLONE",
                       .hw_dev_id = "AB12",
                       .os_version = "10",
                       .account = user,
                       .enrolled = 1};
    TRY(device_put(tx, &d));
    for (; sha256[0] < 5; sha256[0]++) {
        const struct identity i = {.sha256 = span_of(sha256, 32),
                                   .device = d.id,
                                   .der = span_str("its certificate"),
                                   .issued = clock_ms(),
                                   .not_after = INT64_MAX};
        TRY(identity_add(tx, &i));
    }
    return OK;
}

/* Whoever claims its hardware, and how often, does not keep it from renewing: it would expire. */
static void a_claim_of_its_hardware_stops_no_renewal(void **state) {
    static const char *const owners[] = {"bob", "alice"};
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    for (size_t n = 0; n < 2; n++) {
        assert_ok(store_write(store, add_clone, (void *)(uintptr_t)owners[n]));
        struct asking q = renewal(old, keys[0], keys[1 + n]);
        assert_int_equal(request_token(&q), 0);
        move_clock(HOUR_MS);
    }
}

/* ---- what is not ---- */

static void the_window(void **state) {
    (void)state;
    struct span old = enrolled();
    struct asking q = renewal(old, keys[0], keys[1]);
    assert_int_equal(request_token(&q), 0x80180016);
    assert_non_null(strstr(fault_text, "too early"));
    move_clock((730 - RENEW_DAYS - 2) * DAY);
    assert_int_equal(request_token(&q), 0x80180016);
    move_clock((RENEW_DAYS + 2) * DAY);
    assert_int_equal(request_token(&q), 0x80180016);
    assert_non_null(strstr(fault_text, "expired"));
    move_clock(-DAY);
    assert_int_equal(request_token(&q), 0);
}

static void what_a_session_ended_renews_nothing(void **state) {
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    struct asking q = renewal(old, keys[0], keys[1]);
    assert_int_equal(request_token(&q), 0);
    session_with(identity_cert);
    struct asking again = renewal(old, keys[0], keys[2]);
    assert_int_equal(request_token(&again), 0x80180016);
    assert_non_null(strstr(fault_text, "revoked"));
}

/* A certificate that says the same, by another CA. */
static struct span forged(EVP_PKEY *key) {
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const uint8_t *)HOST,
                               -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    unsigned char *p = NULL;
    int n = i2d_X509(x, &p);
    X509_free(x);
    return i2d_copy(n, p);
}

/* The right certificate, and a signature by another key: CMS_sign would not do it. */
static struct span swapped(struct span cms, struct span from, struct span to) {
    uint8_t *out = arena_alloc(&arena, cms.n);
    memcpy(out, cms.p, cms.n);
    assert_int_equal(from.n, to.n);
    uint8_t *at = memmem(out, cms.n, from.p, from.n);
    assert_non_null(at);
    memcpy(at, to.p, to.n);
    return span_of(out, cms.n);
}

static void proofs_that_do_not_hold(void **state) {
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    struct asking q = renewal(forged(keys[2]), keys[2], keys[1]);
    assert_int_equal(request_token(&q), 0x80180016); /* not issued here */
    struct span csr = csr_of(keys[1], HOST), cms = cms_of(csr, forged(keys[2]), keys[2], 0);
    q.content = swapped(cms, csr, csr_of(keys[2], HOST)); /* nobody computes that it is wrong */
    assert_int_equal(request_token(&q), 0x80180016);
    cms = cms_of(csr, old, keys[0], 0);
    q.content = swapped(cms, csr, csr_of(keys[2], HOST)); /* another CSR under the signature */
    assert_int_equal(request_token(&q), 0x80180002);
    move_clock(-300 * DAY); /* whose turn it is, is told to who has the key */
    assert_int_equal(request_token(&q), 0x80180002);
    move_clock(300 * DAY);
    q.content = csr; /* no CMS at all */
    assert_int_equal(request_token(&q), 0x80180001);
    q.content = span_of(cms.p, cms.n - 1);
    assert_int_equal(request_token(&q), 0x80180001);
    q.content = cms_of(csr, old, keys[0], CMS_NOCERTS);
    assert_int_equal(request_token(&q), 0x80180001);
    q.content = cms_of(csr, old, keys[0], CMS_DETACHED);
    assert_int_not_equal(request_token(&q), 0);
    assert_true(is_good(old));
    assert_null(document);
}

static void renewals_of_another_device(void **state) {
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    struct asking q = renewal(old, keys[0], keys[1]);
    q.device = OTHER;
    assert_int_equal(request_token(&q), 0x80180019);
    q = renewal(old, keys[0], keys[1]);
    q.content = cms_of(csr_of(keys[1], OTHER), old, keys[0], 0);
    assert_int_equal(request_token(&q), 0x80180019);
}

static enum err leave(struct tx *tx, void *user) {
    struct device d;
    (void)user;
    TRY(device_by_device_id(tx, &arena, HOST, &d));
    d.state = DEVICE_LEFT;
    d.left_at = clock_ms();
    return device_set_state(tx, &d);
}

static void a_host_that_left(void **state) {
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    assert_ok(store_write(store, leave, NULL));
    struct asking q = renewal(old, keys[0], keys[1]);
    assert_int_equal(request_token(&q), 0x80180016);
    assert_non_null(strstr(fault_text, "left"));
}

static enum err show_another(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, HOST, &d));
    d.hw_other = user;
    return device_set_shown(tx, &d);
}

static void a_host_that_may_be_a_copy(void **state) {
    char hw[] = "AB";
    (void)state;
    struct span old = enrolled();
    move_into_the_window();
    assert_ok(store_write(store, show_another, hw));
    struct asking q = renewal(old, keys[0], keys[1]);
    assert_int_equal(request_token(&q), 0x80180016);
    assert_non_null(strstr(fault_text, "another hardware"));
    assert_ok(store_write(store, show_another, NULL));
    assert_int_equal(request_token(&q), 0);
}

/* Enrolling anew is no renewal: what was before is over at once. */
static void enrolling_anew_ends_what_was(void **state) {
    (void)state;
    struct span old = enrolled();
    move_clock(HOUR_MS);
    struct asking q = good(keys[1]);
    assert_int_equal(request_token(&q), 0);
    assert_true(!is_good(old) && is_good(identity_cert));
}

static enum err read_proof(struct span cms, struct span *cert, struct span *csr) {
    struct renewal_proof *proof;
    TRY(renewal_proof_read(&arena, cms, &proof, cert));
    return renewal_proof_verify(&arena, proof, csr);
}

/* Every bit of the proof is under a signature or makes another message of it. */
static void no_changed_bit_is_believed(void **state) {
    (void)state;
    struct span cert = forged(keys[2]), csr = csr_of(keys[1], HOST), got_cert, got_csr;
    struct span cms = cms_of(csr, cert, keys[2], 0);
    assert_ok(read_proof(cms, &got_cert, &got_csr));
    assert_true(span_eq(got_cert, cert) && span_eq(got_csr, csr));
    for (size_t i = 0; i < cms.n; i += 3) {
        uint8_t *changed = arena_alloc(&arena, cms.n);
        memcpy(changed, cms.p, cms.n);
        changed[i] ^= 1;
        enum err e = read_proof(span_of(changed, cms.n), &got_cert, &got_csr);
        if (e == OK) /* then it says the same, or the certificate is another one */
            assert_true(span_eq(got_csr, csr));
        else
            assert_true(e == ERR_PARSE || e == ERR_AUTH);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

#define WITH_HOUSE(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HOUSE(the_old_one_is_good_until_the_new_is_used),
        WITH_HOUSE(a_lost_answer_loses_no_host),
        WITH_HOUSE(both_forms_of_the_proof),
        WITH_HOUSE(a_closed_house_renews),
        WITH_HOUSE(a_claim_of_its_hardware_stops_no_renewal),
        WITH_HOUSE(the_window),
        WITH_HOUSE(what_a_session_ended_renews_nothing),
        WITH_HOUSE(proofs_that_do_not_hold),
        WITH_HOUSE(renewals_of_another_device),
        WITH_HOUSE(a_host_that_left),
        WITH_HOUSE(a_host_that_may_be_a_copy),
        WITH_HOUSE(enrolling_anew_ends_what_was),
        WITH_HOUSE(no_changed_bit_is_believed),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
