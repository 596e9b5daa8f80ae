/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the emulated host: hosts in temporary folders, certificates made with OpenSSL.
 */
#ifndef SIGNET_TESTS_DEVICE_FIXTURE_H
#define SIGNET_TESTS_DEVICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "device/host.h"
#include "device/ossl.h"

static inline char *temporary_dir(void) {
    char *dir = strdup("/tmp/signet-device-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static inline void remove_dir(char *dir) {
    char command[200];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
    free(dir);
}

/* A host that believes to be enrolled with "Test MDM". */
static inline struct host *enrolled_host(const char *dir) {
    static const struct enrollment e = {.provider = "Test MDM",
                                        .user = "user@example.com",
                                        .address = "https://localhost/MDM.svc",
                                        .thumbprint = "00",
                                        .user_store = true,
                                        .poll = {{15, 2}, {60, 1}, {480, 0}},
                                        .backoff_ms = 16000,
                                        .backoff_max_ms = 86400000,
                                        .connect_tries = 3};
    struct host *h;
    assert_int_equal(host_create(dir, "DESKTOP-TEST"), OK);
    assert_int_equal(host_open(dir, HOST_CHANGE, &h), OK);
    h->enrollment = arena_alloc(&h->mem, sizeof e);
    *h->enrollment = e;
    return h;
}

struct made_cert {
    const char *cn;
    const X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
    bool ca;
    const char *usage, *eku, *san;  /* as openssl's configuration writes them, or NULL */
    long not_before_s, not_after_s; /* from now; 0 0 means a day each way */
};

static inline void add_extension(X509 *x, int nid, const char *value) {
    X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
    if (e)
        X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
}

static inline X509 *make_cert(EVP_PKEY *key, struct made_cert m) {
    static long serial = 1000;
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    bool dated = m.not_before_s || m.not_after_s;
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)m.cn, -1, -1, 0);
    X509_set_issuer_name(x, m.issuer ? X509_get_subject_name(m.issuer) : name);
    X509_gmtime_adj(X509_getm_notBefore(x), dated ? m.not_before_s : -86400);
    X509_gmtime_adj(X509_getm_notAfter(x), dated ? m.not_after_s : 86400);
    X509_set_pubkey(x, key);
    add_extension(x, NID_basic_constraints, m.ca ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(x, NID_key_usage, m.usage);
    add_extension(x, NID_ext_key_usage, m.eku);
    add_extension(x, NID_subject_alt_name, m.san);
    assert_true(X509_sign(x, m.issuer_key ? m.issuer_key : key, EVP_sha256()) > 0);
    return x;
}

#endif
