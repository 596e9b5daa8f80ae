/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs and OCSP, judged by `openssl`: what is revoked, what is not, and when that is news. */
#include "ca_fixture.h"
#include "csr_fixture.h"

#include <pthread.h>

#include "base/log.h"
#include "base/text.h"
#include "ca/revocation.h"
#include "store/device.h"
#include "store/enrollment.h"
#include "x509/ocsp.h"

static struct folder folder;
static struct pki_settings settings;
static struct pki_holder *holder;
static const struct pki *pki;
static struct store *store;
static struct revocation *revocation;
static struct arena arena;
static EVP_PKEY *key;

enum { OPEN = 3, CONFIRMED = 8, FAILED = 9 }; /* states of enrollments */

static void open_pki(void) {
    assert_ok(pki_open(&settings, &holder));
    pki = pki_acquire(holder);
}

static void close_pki(void) {
    pki_release(pki);
    pki_close(holder);
}

/* P-256 throughout, so that a test costs no time; RSA signs the same way. */
static int fresh(void **state) {
    struct ca_birth birth = {.host = "pki.test", .key_kind = "p256"};
    folder = folder_new(state);
    settings = (struct pki_settings){.folder = folder.path, .ca_count = 1, .endpoint_count = 1};
    settings.cas[0] = ca_settings_default("default");
    settings.endpoints[0] = (struct endpoint_settings){
        .name = "default",
        .paths = {"/scep"},
        .path_count = 1,
        .ca = "default",
        .policy = {.p256 = true,
                   .eku = {"1.3.6.1.5.5.7.3.2"},
                   .eku_count = 1,
                   .key_usage = KU_DIGITAL_SIGNATURE,
                   .validity = 100 * DAY,
                   .challenge_lifetime = DAY},
    };
    assert_ok(ca_create(folder.path, &settings.cas[0], &birth));
    open_pki();
    assert_ok(store_open(arena_printf(&arena, "%s/db", folder.path), &store));
    assert_ok(revocation_open(store, &revocation));
    key = ec_key("P-256");
    return 0;
}

static int clear(void **state) {
    (void)state;
    revocation_close(revocation);
    store_close(store);
    close_pki();
    folder_free(&folder);
    arena_free(&arena);
    EVP_PKEY_free(key);
    return 0;
}

static void write_file(const char *name, struct span content) {
    assert_ok(file_write(arena_printf(&arena, "%s/%s", folder.path, name), content, 0600));
}

static struct span read_file(const char *name) {
    BUF_AUTO(b);
    assert_ok(file_read(arena_printf(&arena, "%s/%s", folder.path, name), 1 << 20, &b));
    return arena_copy(&arena, buf_view(&b));
}

/* ---- certificates ---- */

struct adding {
    struct certificate *c;
    int state; /* of its enrollment; 0: it has none */
};

static enum err add(struct tx *tx, void *user) {
    struct adding *w = user;
    if (w->state) {
        struct device d = {
            .device_id = w->c->sha1, .name = "", .hw_dev_id = "", .os_version = "", .account = ""};
        TRY(device_put(tx, &d));
        struct enrollment e = {
            .id = w->c->sha1, .device = d.id, .profile = "", .body = "", .state = w->state};
        TRY(enrollment_add(tx, &e));
        w->c->enrollment = e.id;
    }
    return certificate_add(tx, w->c);
}

/* Issues one, keeps it, and writes it to NAME.pem. */
static struct certificate issue(const char *name, int enrollment_state) {
    struct csr csr;
    struct grant grant;
    struct issued issued;
    const struct endpoint *e = pki->endpoints;
    struct asked w = {.cn = name, .key = key};
    assert_ok(asked_csr(&arena, &w, &csr));
    assert_ok(policy_grant(&arena, e->policy, &csr, true, &grant));
    assert_ok(pki_issue(e, &arena, &grant, clock_ms(), &issued));
    assert_ok(cert_save_pem(issued.der, arena_printf(&arena, "%s/%s.pem", folder.path, name)));
    struct certificate c = {.serial = issued.serial,
                            .ca = e->ca->sha1,
                            .endpoint = e->name,
                            .subject = name,
                            .sha1 = arena_str(&arena, span_str(issued.sha1)),
                            .der = issued.der,
                            .not_before = issued.not_before,
                            .not_after = issued.not_after,
                            .issued = clock_ms()};
    struct adding adding = {&c, enrollment_state};
    assert_ok(store_write(store, add, &adding));
    return c;
}

struct revoking {
    int64_t id;
    const char *reason;
};

static enum err revoke_one(struct tx *tx, void *user) {
    const struct revoking *r = user;
    return r->reason ? certificate_revoke(tx, r->id, clock_ms(), r->reason)
                     : certificate_reinstate(tx, r->id);
}

static void take_back(const struct certificate *c, const char *reason) {
    struct revoking r = {c->id, reason};
    assert_ok(store_write(store, revoke_one, &r));
    revocation_changed(revocation);
}

/* ---- CRLs ---- */

static struct published_crl crl_of(const struct ca *ca) {
    struct published_crl crl;
    assert_ok(revocation_crl(revocation, ca, &arena, &crl));
    write_file("crl.der", crl.der);
    return crl;
}

static struct published_crl crl(void) {
    return crl_of(pki->endpoints->ca);
}

/* `openssl verify -crl_check` says `word`: "OK" or "certificate revoked". */
static void crl_says(const char *name, const char *word) {
    sh(&folder,
       "openssl crl -inform DER -in crl.der -out crl.pem && openssl verify -crl_check -CAfile ca.pem"
       " -CRLfile crl.pem %s.pem >said 2>&1; grep -q '%s' said || { cat said; exit 1; }",
       name, word);
}

static void crls_name_what_is_revoked(void **state) {
    (void)state;
    struct certificate one = issue("one", 0), two = issue("two", 0);
    struct published_crl first = crl();
    assert_int_equal(first.number, 1);
    assert_int_equal(first.next_update - first.this_update, 7 * DAY);
    assert_true(first.this_update <= clock_ms() && first.this_update > clock_ms() - DAY / 24);
    sh(&folder, "openssl crl -inform DER -in crl.der -CAfile ca.pem -noout -verify 2>&1 | "
                "grep 'verify OK' && openssl crl -inform DER -in crl.der -noout -text | "
                "grep 'No Revoked Certificates'");
    crl_says("one", "OK");
    take_back(&one, "keyCompromise");
    struct published_crl second = crl();
    assert_int_equal(second.number, 2);
    crl_says("one", "certificate revoked");
    crl_says("two", "OK");
    sh(&folder, "openssl crl -inform DER -in crl.der -noout -text >text && grep 'Key Compromise' "
                "text && grep -A1 'X509v3 CRL Number' text | grep ' 2$'");
    take_back(&two, "superseded");
    crl();
    crl_says("two", "certificate revoked");
    take_back(&one, NULL);
    assert_int_equal(crl().number, 4);
    crl_says("one", "OK");
    crl_says("two", "certificate revoked");
}

static void a_crl_stays_until_it_is_half_as_old(void **state) {
    (void)state;
    struct certificate one = issue("one", 0);
    struct published_crl first = crl(), again = crl();
    assert_true(span_eq(first.der, again.der));
    clock_shift(7 * DAY / 2 - DAY / 24);
    assert_int_equal(crl().number, 1);
    clock_shift(DAY / 24);
    assert_int_equal(crl().number, 2);
    clock_shift(-7 * DAY / 2);
    assert_int_equal(crl().number, 3); /* the clock went back: the last is of the future */
    take_back(&one, "unspecified");
    crl();
    crl_says("one", "certificate revoked");
}

static void numbers_go_on_after_a_restart(void **state) {
    (void)state;
    assert_int_equal(crl().number, 1);
    revocation_close(revocation);
    assert_ok(revocation_open(store, &revocation));
    assert_int_equal(crl().number, 2);
}

/* Its host may hold a certificate that was superseded, as long as its enrollment is open. */
static void superseded_while_open(void **state) {
    (void)state;
    struct certificate open = issue("open", OPEN), over = issue("over", CONFIRMED),
                       bad = issue("bad", OPEN);
    take_back(&open, "superseded");
    take_back(&over, "superseded");
    take_back(&bad, "keyCompromise");
    crl();
    crl_says("open", "OK");
    crl_says("over", "certificate revoked");
    crl_says("bad", "certificate revoked");
    struct revoking again = {open.id, "superseded"};
    assert_int_equal(store_write(store, revoke_one, &again), ERR_CONFLICT);
    take_back(&open, "keyCompromise"); /* the administrator knows better */
    crl();
    crl_says("open", "certificate revoked");
}

static enum err set_deadline(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment *e;
    TRY(enrollment_list(tx, &a, 0, &e));
    e->deadline = *(int64_t *)user;
    return enrollment_update(tx, e);
}

/* A host that has failed is asked until the deadline, and then no more. */
static void superseded_by_a_host_that_failed(void **state) {
    (void)state;
    struct certificate one = issue("one", FAILED);
    take_back(&one, "superseded");
    int64_t deadline = clock_ms() + DAY, none = 0;
    assert_ok(store_write(store, set_deadline, &deadline));
    crl();
    crl_says("one", "OK");
    assert_ok(store_write(store, set_deadline, &none));
    revocation_changed(revocation);
    crl();
    crl_says("one", "certificate revoked");
}

static void expired_ones_are_left_out(void **state) {
    (void)state;
    struct certificate one = issue("one", 0);
    take_back(&one, "unspecified");
    clock_shift(101 * DAY);
    struct published_crl c = crl();
    clock_shift(-101 * DAY);
    assert_true(c.der.n > 0);
    sh(&folder, "openssl crl -inform DER -in crl.der -noout -text | grep 'No Revoked'");
}

static void *ask_crl(void *user) {
    ARENA_AUTO(a);
    struct published_crl c;
    int64_t *number = user;
    *number = revocation_crl(revocation, pki->endpoints->ca, &a, &c) == OK ? c.number : -1;
    return NULL;
}

static void one_makes_and_all_get_it(void **state) {
    (void)state;
    pthread_t threads[16];
    int64_t numbers[16];
    for (int round = 1; round <= 5; round++) {
        for (int i = 0; i < 16; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, ask_crl, &numbers[i]), 0);
        for (int i = 0; i < 16; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < 16; i++)
            assert_int_equal(numbers[i], round);
        revocation_changed(revocation);
    }
}

/* ---- OCSP ---- */

static struct span ask(struct span request, int64_t *next_update) {
    return revocation_ocsp(revocation, pki, &arena, request, next_update);
}

/* The answer to openssl's request for NAME.pem, judged by openssl: "good", "revoked", "unknown". */
static int64_t ocsp_says(const char *name, const char *options, const char *word) {
    int64_t next_update;
    sh(&folder, "openssl ocsp -issuer ca.pem %s -cert %s.pem -reqout req.der -no_nonce", options,
       name);
    write_file("resp.der", ask(read_file("req.der"), &next_update));
    sh(&folder,
       "openssl ocsp -respin resp.der -issuer ca.pem %s -cert %s.pem -CAfile ca.pem -no_nonce "
       ">said 2>&1; grep -q 'Response verify OK' said && grep -q '^%s.pem: %s' said || "
       "{ cat said; exit 1; }",
       options, name, name, word);
    return next_update;
}

static void what_ocsp_says(void **state) {
    (void)state;
    struct certificate one = issue("one", 0);
    struct certificate two = issue("two", OPEN);
    int64_t until = ocsp_says("one", "", "good");
    assert_true(until > clock_ms() && until <= clock_ms() + DAY);
    ocsp_says("one", "-sha256", "good");
    take_back(&one, "keyCompromise");
    ocsp_says("one", "", "revoked");
    sh(&folder, "grep 'Reason: keyCompromise' said");
    ocsp_says("one", "-sha256", "revoked");
    take_back(&two, "superseded");
    ocsp_says("two", "", "good");
    take_back(&one, NULL);
    ocsp_says("one", "", "good");
    ocsp_says("ra", "", "good"); /* not in the store, and yet issued by the CA */
}

/* Signed with the CA's key, and not by signet. */
static void never_issued(void **state) {
    (void)state;
    sh(&folder, "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k "
                "-subj /CN=fake -out csr");
    sign(&folder, "ca", "csr", "fake", "basicConstraints=CA:FALSE", 1);
    ocsp_says("fake", "", "unknown");
}

static void is_error(struct span reply, unsigned status) {
    struct span want = ocsp_error(status);
    assert_true(span_eq(reply, want));
}

static void not_our_issuer(void **state) {
    (void)state;
    int64_t next_update = 1;
    make_root(&folder, "other");
    issue("one", 0);
    sh(&folder, "openssl ocsp -issuer other.pem -cert one.pem -reqout req.der -no_nonce");
    is_error(ask(read_file("req.der"), &next_update), 6);
    assert_int_equal(next_update, 0);
}

static void malformed_requests(void **state) {
    (void)state;
    int64_t next_update;
    issue("one", 0);
    sh(&folder, "openssl ocsp -issuer ca.pem -cert one.pem -reqout req.der -no_nonce");
    struct span good = read_file("req.der");
    for (size_t n = 0; n < good.n; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, good.p, n);
        is_error(ask(span_of(cut, n), &next_update), 1);
        assert_int_equal(next_update, 0);
        free(cut);
    }
    is_error(ask(span_str("GET / HTTP/1.1"), &next_update), 1);
}

static void a_nonce_is_echoed(void **state) {
    (void)state;
    int64_t next_update;
    issue("one", 0);
    sh(&folder, "openssl ocsp -issuer ca.pem -cert one.pem -reqout req.der -nonce");
    write_file("resp.der", ask(read_file("req.der"), &next_update));
    assert_int_equal(next_update, 0); /* nobody may keep it */
    sh(&folder, "openssl ocsp -reqin req.der -no_nonce -req_text >asked && grep -A1 'OCSP Nonce' "
                "asked >nonce && openssl ocsp -respin resp.der -noverify -resp_text >told && "
                "grep -A1 'OCSP Nonce' told | diff -b nonce - && grep 'Cert Status: good' told && "
                "openssl ocsp -respin resp.der -issuer ca.pem -CAfile ca.pem -no_nonce 2>&1 | "
                "grep 'Response verify OK'");
}

static void several_at_once(void **state) {
    (void)state;
    int64_t next_update;
    struct certificate one = issue("one", 0);
    issue("two", 0);
    take_back(&one, "cessationOfOperation");
    sh(&folder,
       "openssl ocsp -issuer ca.pem -cert one.pem -cert two.pem -reqout req.der -no_nonce");
    write_file("resp.der", ask(read_file("req.der"), &next_update));
    sh(&folder, "openssl ocsp -respin resp.der -issuer ca.pem -cert one.pem -cert two.pem -CAfile "
                "ca.pem -no_nonce >said 2>&1; grep 'one.pem: revoked' said && "
                "grep 'two.pem: good' said");
}

/* ECDSA is random: an answer that is the same to the last byte was kept. */
static void answers_are_kept(void **state) {
    (void)state;
    int64_t next_update;
    struct certificate one = issue("one", 0), two = issue("two", 0);
    ocsp_says("one", "", "good");
    struct span request = read_file("req.der"), first = read_file("resp.der");
    assert_true(span_eq(ask(request, &next_update), first));
    take_back(&two, "unspecified");
    struct span second = ask(request, &next_update);
    assert_false(span_eq(second, first));
    clock_shift(DAY / 2);
    assert_false(span_eq(ask(request, &next_update), second));
    clock_shift(-DAY / 2);
    take_back(&one, "unspecified");
    ocsp_says("one", "", "revoked");
}

/* A CA that a rollover has retired answers for what it has issued, with its own keys. */
static void retired_cas(void **state) {
    (void)state;
    struct certificate old = issue("old", 0), stays = issue("stays", 0);
    const char *sha1 = arena_str(&arena, span_str(pki->endpoints->ca->sha1));
    (void)stays;
    assert_ok(ca_rollover_prepare(folder.path, &settings.cas[0], "p256"));
    assert_ok(ca_rollover_finish(folder.path, &settings.cas[0]));
    close_pki();
    open_pki();
    sh(&folder, "mv ca.pem new-ca.pem && cp retired-1/ca.pem ca.pem");
    take_back(&old, "affiliationChanged");
    ocsp_says("old", "", "revoked");
    ocsp_says("stays", "", "good");
    const struct ca *retired = pki_ca_by_sha1(pki, sha1);
    assert_non_null(retired);
    assert_int_equal(crl_of(retired).number, 1);
    crl_says("old", "certificate revoked");
    crl_says("stays", "OK");
    crl(); /* of the new one: it knows nothing of them */
    sh(&folder, "cp new-ca.pem ca.pem && openssl crl -inform DER -in crl.der -noout -text | "
                "grep 'No Revoked'");
    issue("fresh", 0);
    ocsp_says("fresh", "", "good");
}

/* A serial is the business of the CA that gave it: its successor has never issued it. */
static void the_serial_of_another_ca(void **state) {
    (void)state;
    int64_t next_update;
    issue("old", 0);
    assert_ok(ca_rollover_prepare(folder.path, &settings.cas[0], "p256"));
    assert_ok(ca_rollover_finish(folder.path, &settings.cas[0]));
    close_pki();
    open_pki();
    sh(&folder, "openssl ocsp -issuer ca.pem -serial 0x$(openssl x509 -in old.pem -noout -serial | "
                "cut -d= -f2) -reqout req.der -no_nonce");
    write_file("resp.der", ask(read_file("req.der"), &next_update));
    sh(&folder, "openssl ocsp -respin resp.der -CAfile ca.pem -no_nonce -resp_text >said 2>&1; "
                "grep 'Response verify OK' said && grep 'Cert Status: unknown' said");
}

#define WITH_ALL(test) cmocka_unit_test_setup_teardown(test, fresh, clear)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_ALL(crls_name_what_is_revoked),
        WITH_ALL(a_crl_stays_until_it_is_half_as_old),
        WITH_ALL(numbers_go_on_after_a_restart),
        WITH_ALL(superseded_while_open),
        WITH_ALL(superseded_by_a_host_that_failed),
        WITH_ALL(expired_ones_are_left_out),
        WITH_ALL(one_makes_and_all_get_it),
        WITH_ALL(what_ocsp_says),
        WITH_ALL(never_issued),
        WITH_ALL(not_our_issuer),
        WITH_ALL(malformed_requests),
        WITH_ALL(a_nonce_is_echoed),
        WITH_ALL(several_at_once),
        WITH_ALL(answers_are_kept),
        WITH_ALL(retired_cas),
        WITH_ALL(the_serial_of_another_ca),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
