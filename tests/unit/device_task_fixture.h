/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the host's SCEP task: an enrolled host with a profile in its registry, and the
 * server that the profile names. Each attempt ends with a restart of the host.
 */
#ifndef SIGNET_TESTS_DEVICE_TASK_FIXTURE_H
#define SIGNET_TESTS_DEVICE_TASK_FIXTURE_H

#include "device_scep_server.h"

#include "device/hresult.h"
#include "device/scep_task.h"

#define KEY SCEP_KEY_MACHINE "\\Test MDM\\one"

struct fixture {
    char *dir;
    struct host *h;
    struct scep_server *v;
};

static inline struct reg_key *install_key(struct fixture *f) {
    return registry_create(f->h->registry, KEY "\\Install");
}

static inline void set_text(struct fixture *f, const char *name, const char *text) {
    reg_set_text(f->h->registry, install_key(f), name, span_str(text));
}

static inline void set_url(struct fixture *f, const char *scheme) {
    char url[100];
    snprintf(url, sizeof url, "%s://127.0.0.1:%d/scep", scheme, f->v->port);
    set_text(f, "ServerURL", url);
}

static inline void set_switch(struct fixture *f, const char *name, const char *value) {
    assert_int_equal(host_set_switch(f->h, name, value), OK);
}

static inline void write_profile(struct fixture *f) {
    struct registry *r = f->h->registry;
    set_text(f, "SubjectName", "CN=x");
    set_text(f, "EKUMapping", "1.3.6.1.5.5.7.3.2");
    set_text(f, "HashAlgorithm", "SHA-2");
    set_text(f, "CAThumbprint", thumbprint(&f->v->y.a, f->v->y.ca));
    set_url(f, "http");
    reg_set_number(r, install_key(f), "KeyUsage", 160);
    reg_set_number(r, install_key(f), "KeyLength", 1024);
    reg_set_number(r, install_key(f), "RetryCount", 2);
    reg_set_text(r, registry_create(r, KEY "\\Install\\Challenge"), "Challenge",
                 span_str("secret"));
}

static inline int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = temporary_dir();
    f->h = enrolled_host(f->dir);
    f->v = server_start();
    certstore_add(&f->h->certs, &f->h->mem, STORE_ROOT, ossl_x509_der(&f->v->y.a, f->v->y.ca),
                  SPAN_NONE);
    write_profile(f);
    *state = f;
    return 0;
}

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    server_stop(f->v);
    host_close(f->h);
    remove_dir(f->dir);
    free(f);
    return 0;
}

/* Another process goes on with what the folder holds. */
static inline void restart(struct fixture *f) {
    host_close(f->h);
    assert_int_equal(host_open(f->dir, HOST_CHANGE, &f->h), OK);
}

static inline uint32_t dword(struct fixture *f, const char *name) {
    uint32_t n = 0;
    reg_number(registry_open(f->h->registry, KEY), name, &n);
    return n;
}

static inline int stored(struct fixture *f, enum cert_store store) {
    int n = 0;
    for (size_t i = 0; i < f->h->certs.count; i++)
        n += f->h->certs.entries[i].store == store;
    return n;
}

static inline void attempt(struct fixture *f) {
    assert_int_equal(scep_task_run(f->h, KEY), OK);
    restart(f);
}

/* The one attempt of a fresh task without retries; gives ErrorCode, 0 for success. */
static inline uint32_t try_once(struct fixture *f) {
    set_switch(f, "retry-on", "none");
    scep_task_schedule(f->h, KEY, "./Device/x");
    attempt(f);
    assert_int_equal(tasks_find(&f->h->tasks, KEY)->state, TASK_REPORT);
    uint32_t code = dword(f, "ErrorCode");
    assert_int_equal(dword(f, "Status"), code ? CSP_SCEP_FAILED : CSP_SCEP_SUCCESS);
    write_profile(f);
    return code;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
