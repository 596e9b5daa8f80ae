/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's SCEP task against a server that obeys the test: the whole way from the registry to the
 * certificate in its store, and each way in which it ends with Windows' HRESULT.
 */
#include "device_task_fixture.h"

#include "base/file.h"
#include "device/csptree.h"
#include "device/run.h"
#include "wire/mdm.h"

static void test_success(void **state) {
    struct fixture *f = *state;
    char url[100];
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(stored(f, STORE_MY), 1);
    assert_int_equal(stored(f, STORE_REQUEST), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/scep/pkiclient.exe", f->v->port);
    assert_string_equal(reg_text(registry_open(f->h->registry, KEY), "RespondentServerUrl"), url);
    assert_int_equal(f->v->got_caps + f->v->got_ca + f->v->posts, 3);
    assert_int_equal(f->v->gets + f->v->got_chain, 0);
}

/* ---- CertPoll ---- */

static bool is_waiting(struct fixture *f) {
    const struct task *t = tasks_find(&f->h->tasks, KEY);
    return dword(f, "Status") == CSP_SCEP_PENDING && t->state == TASK_ENROLL &&
           t->delay_ms == 5 * 60000 && stored(f, STORE_REQUEST) == 2 &&
           !reg_value(registry_open(f->h->registry, KEY), "ErrorCode");
}

static bool is_over(struct fixture *f) {
    return tasks_find(&f->h->tasks, KEY)->state == TASK_REPORT && stored(f, STORE_REQUEST) == 0 &&
           !registry_open(f->h->registry, KEY "\\Pending") &&
           !registry_open(f->h->registry, KEY "\\Install\\Challenge");
}

static void test_pending_and_approved(void **state) {
    struct fixture *f = *state;
    struct scep_server *v = f->v;
    v->pend = 2;
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    assert_true(is_waiting(f));
    attempt(f);
    assert_true(is_waiting(f));
    attempt(f);
    assert_true(is_over(f));
    assert_int_equal(dword(f, "Status"), CSP_SCEP_SUCCESS);
    assert_int_equal(v->reqs, 1);
    assert_int_equal(v->polls, 2);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(v->seen[i].type, SCEP_CERT_POLL);
        assert_true(v->seen[i].recognized);
        assert_string_equal(v->seen[i].transaction, v->seen[0].transaction);
        assert_string_equal(v->seen[i].signer, v->seen[0].signer);
        assert_memory_not_equal(v->seen[i].nonce, v->seen[i - 1].nonce, SCEP_NONCE_SIZE);
    }
    /* the certificate came to the key of the first attempt */
    const char *installed = reg_text(registry_open(f->h->registry, KEY), "CertThumbprint");
    const struct cert_entry *e = certstore_find(&f->h->certs, STORE_MY, span_str(installed));
    OSSL_AUTO(BIO) pem = ossl_reader(e->key);
    OSSL_AUTO(EVP_PKEY) key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    assert_int_equal(EVP_PKEY_eq(key, v->key), 1);
}

static void test_pending_and_denied(void **state) {
    struct fixture *f = *state;
    f->v->pend = 1;
    f->v->reply = (struct reply){.status = "2", .fail = "2", .text = "denied 0x80094014"};
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    assert_true(is_waiting(f));
    attempt(f);
    assert_true(is_over(f)); /* although there are attempts left */
    assert_int_equal(dword(f, "Status"), CSP_SCEP_FAILED);
    assert_int_equal(dword(f, "ErrorCode"), 0x80094014);
    assert_int_equal(f->v->reqs, 1);
    assert_int_equal(f->v->polls, 1);
}

static void test_pending_for_ever(void **state) {
    struct fixture *f = *state;
    f->v->pend = 100;
    scep_task_schedule(f->h, KEY, "./Device/x");
    for (int i = 0; i < 2; i++) {
        attempt(f);
        assert_true(is_waiting(f));
    }
    attempt(f);
    assert_true(is_over(f));
    assert_int_equal(dword(f, "Status"), CSP_SCEP_FAILED);
    assert_int_equal(dword(f, "ErrorCode"), 0x800705B4);
    assert_int_equal(f->v->polls, 2); /* RetryCount */
    write_profile(f);
    reg_set_number(f->h->registry, install_key(f), "RetryCount", 0);
    set_switch(f, "pending-hresult", "0x80094015");
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    assert_true(is_over(f));
    assert_int_equal(dword(f, "ErrorCode"), 0x80094015);
    assert_int_equal(f->v->polls, 2);
}

/* A server that is away for one poll does not cost the request. */
static void test_poll_survives_an_outage(void **state) {
    struct fixture *f = *state;
    f->v->pend = 1;
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    f->v->status = 503;
    attempt(f);
    assert_int_equal(dword(f, "ErrorCode"), HR_HTTP(503));
    assert_int_equal(stored(f, STORE_REQUEST), 2);
    f->v->status = 0;
    attempt(f);
    assert_int_equal(dword(f, "Status"), CSP_SCEP_SUCCESS);
    assert_int_equal(f->v->reqs, 1);
    assert_int_equal(f->v->polls, 1);
}

/* Of several URLs only the one that pended the request is polled. */
static void test_poll_goes_where_it_was_pended(void **state) {
    struct fixture *f = *state;
    char urls[200];
    snprintf(urls, sizeof urls, "http://127.0.0.1:1/scep;http://127.0.0.1:%d/scep", f->v->port);
    set_text(f, "ServerURL", urls);
    f->v->pend = 1;
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    attempt(f);
    assert_int_equal(dword(f, "Status"), CSP_SCEP_SUCCESS);
    assert_int_equal(f->v->polls, 1);
}

static void test_a_new_exec_forgets_what_is_pended(void **state) {
    struct fixture *f = *state;
    f->v->pend = 1;
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    scep_task_schedule(f->h, KEY, "./Device/x");
    assert_int_equal(stored(f, STORE_REQUEST), 0);
    attempt(f);
    assert_int_equal(dword(f, "Status"), CSP_SCEP_SUCCESS);
    assert_int_equal(f->v->reqs, 2);
    assert_int_equal(f->v->polls, 0);
    assert_string_not_equal(f->v->seen[0].transaction, f->v->seen[1].transaction);
}

static void test_delete_takes_what_is_pended(void **state) {
    struct fixture *f = *state;
    ARENA_AUTO(a);
    struct csp_value value;
    f->v->pend = 1;
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    assert_int_equal(stored(f, STORE_REQUEST), 2);
    struct csp_command c = {.verb = CSP_DELETE,
                            .uri = span_str("./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/"
                                            "one")};
    assert_int_equal(csptree_apply(f->h, &c, &a, &value), SYNCML_OK);
    assert_int_equal(stored(f, STORE_REQUEST), 0);
    assert_int_equal(f->h->tasks.count, 0);
}

/* signet device scep: each call one attempt, for ever, and the task learns how it ended. */
static void test_by_hand(void **state) {
    struct fixture *f = *state;
    ARENA_AUTO(a);
    struct scep_outcome out;
    f->v->pend = 4;
    scep_task_schedule(f->h, KEY, "./Device/x");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(scep_task_run_now(f->h, KEY, &a, &out), OK);
        assert_int_equal(out.status, CSP_SCEP_PENDING);
        assert_int_equal(dword(f, "Status"), CSP_SCEP_PENDING);
        assert_int_equal(stored(f, STORE_REQUEST), 2);
        assert_true(is_waiting(f)); /* RetryDelay counts from here */
        assert_int_equal(tasks_find(&f->h->tasks, KEY)->attempt, i + 1);
        assert_false(scep_task_is_finished(f->h, KEY));
    }
    assert_int_equal(scep_task_run_now(f->h, KEY, &a, &out), OK);
    assert_int_equal(out.status, CSP_SCEP_SUCCESS);
    assert_int_equal(f->v->polls, 4);
    assert_true(is_over(f));
    assert_true(scep_task_is_finished(f->h, KEY));
    certstore_remove(&f->h->certs, STORE_MY, span_str(out.thumbprint));
    assert_false(scep_task_is_finished(f->h, KEY));
}

static void test_time_scale(void **state) {
    struct fixture *f = *state;
    bool settled;
    f->v->pend = 1;
    scep_task_schedule(f->h, KEY, "./Device/x");
    f->h->enrollment = NULL; /* nobody to report to: the run is about the task alone */
    f->h->time_scale = 3000; /* RetryDelay of 5 minutes becomes 100 ms */
    assert_int_equal(run_host(f->h, 30000, true, &settled), OK);
    assert_true(settled);
    assert_int_equal(dword(f, "Status"), CSP_SCEP_SUCCESS);
    assert_int_equal(f->v->polls, 1);
}

/* Nobody has published a CertPoll of Windows: its outside has to be the captured PKCSReq's. */
static void test_shape_of_the_poll(void **state) {
    struct fixture *f = *state;
    if (access("tests/shapes/check-host", X_OK) != 0) {
        printf("skipped: the shapes are not below this folder\n");
        skip();
    }
    f->v->pend = 1;
    scep_task_schedule(f->h, KEY, "./Device/x");
    for (int i = 0; i < 2; i++) {
        f->h->trace = arena_printf(&f->h->mem, "%s/trace", f->dir);
        attempt(f);
    }
    assert_int_equal(f->v->polls, 1);
    BUF_AUTO(command);
    buf_printf(&command,
               "cd %s && \"$OLDPWD\"/tests/shapes/check-host trace "
               "getcacaps getcacert pkcsreq certpoll >log || { sed 's/^/    /' log >&2; exit 1; }",
               f->dir);
    assert_int_equal(system(buf_cstr(&command)), 0);
}

/* ---- what the capabilities change ---- */

static void test_get_transport(void **state) {
    struct fixture *f = *state;
    f->v->caps = "AES\nSHA-256\n";
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(f->v->gets, 1);
    assert_int_equal(f->v->posts, 0);
}

static void test_poll_by_get(void **state) {
    struct fixture *f = *state;
    f->v->caps = "";
    f->v->pend = 1;
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    attempt(f);
    assert_int_equal(dword(f, "Status"), CSP_SCEP_SUCCESS);
    assert_int_equal(f->v->gets, 2);
}

static void test_chain(void **state) {
    struct fixture *f = *state;
    f->v->caps = "POSTPKIOperation\nAES\nGetCaCertChain\r\n";
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(f->v->got_chain, 1);
    assert_int_equal(f->v->got_ca, 0);
}

static void test_single_ca(void **state) {
    struct fixture *f = *state;
    f->v->single = true;
    assert_int_equal(try_once(f), HR_OK);
}

static void test_replies(void **state) {
    struct fixture *f = *state;
    f->v->reply = (struct reply){.cipher = EVP_des_cbc(), .digest = EVP_sha1()};
    assert_int_equal(try_once(f), HR_OK);
    f->v->reply = (struct reply){.cipher = EVP_aes_256_cbc(), .digest = EVP_sha512()};
    assert_int_equal(try_once(f), HR_OK);
    f->v->reply = (struct reply){.no_sender = true};
    assert_int_equal(try_once(f), HR_CRYPT_AUTH_ATTR_MISSING);
    assert_non_null(reg_text(registry_open(f->h->registry, KEY), "RespondentServerUrl"));
}

static void test_content_types(void **state) {
    struct fixture *f = *state;
    f->v->type_ca = NULL;
    f->v->type_message = "text/plain";
    assert_int_equal(try_once(f), HR_OK);
    set_switch(f, "check-content-types", "yes");
    assert_int_equal(try_once(f), HR_WINHTTP_INVALID_RESPONSE);
    f->v->type_ca = SCEP_TYPE_CA_RA_CERT;
    assert_int_equal(try_once(f), HR_WINHTTP_INVALID_RESPONSE);
    f->v->type_message = "Application/x-pki-message; charset=x";
    assert_int_equal(try_once(f), HR_OK);
    f->v->single = true; /* a bare certificate has a type of its own */
    assert_int_equal(try_once(f), HR_WINHTTP_INVALID_RESPONSE);
    f->v->type_ca = SCEP_TYPE_CA_CERT;
    assert_int_equal(try_once(f), HR_OK);
}

/* A gateway's answer: its RA and that one's CA, and the CA of others that issues. */
static void test_other_chain(void **state) {
    struct fixture *f = *state;
    ARENA_AUTO(a);
    OSSL_AUTO(EVP_PKEY) key = EVP_RSA_gen(2048);
    OSSL_AUTO(X509)
    other = make_cert(key, (struct made_cert){.cn = "Other", .ca = true, .usage = "keyCertSign"});
    X509 *const all[] = {f->v->y.ra, f->v->y.ca, other, NULL};
    f->v->answer_ca = all;
    f->v->reply = (struct reply){.leaf_ca = other, .leaf_ca_key = key};
    assert_int_equal(try_once(f), HR_CERT_UNTRUSTEDROOT);
    certstore_add(&f->h->certs, &f->h->mem, STORE_ROOT, ossl_x509_der(&a, other), SPAN_NONE);
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(stored(f, STORE_MY), 1);
    set_switch(f, "ra-other-chain", "refuse");
    assert_int_equal(try_once(f), HR_CERT_CHAINING);
    assert_int_equal(stored(f, STORE_MY), 1);
    f->v->reply = (struct reply){0};
    assert_int_equal(try_once(f), HR_OK);
    f->v->answer_ca = NULL;
    f->v->single = true;
    assert_int_equal(try_once(f), HR_OK);
    assert_int_equal(stored(f, STORE_MY), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_success),
        TEST(test_pending_and_approved),
        TEST(test_pending_and_denied),
        TEST(test_pending_for_ever),
        TEST(test_poll_survives_an_outage),
        TEST(test_poll_goes_where_it_was_pended),
        TEST(test_a_new_exec_forgets_what_is_pended),
        TEST(test_delete_takes_what_is_pended),
        TEST(test_by_hand),
        TEST(test_time_scale),
        TEST(test_shape_of_the_poll),
        TEST(test_get_transport),
        TEST(test_poll_by_get),
        TEST(test_chain),
        TEST(test_single_ca),
        TEST(test_replies),
        TEST(test_other_chain),
        TEST(test_content_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
