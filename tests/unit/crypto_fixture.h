/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of keys, certificates and messages share: keys on both sides, and OpenSSL's eye.
 */
#ifndef SIGNET_TESTS_CRYPTO_FIXTURE_H
#define SIGNET_TESTS_CRYPTO_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "base/file.h"
#include "x509/cert.h"
#include "x509/name.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")

/* A key for us and the same key for OpenSSL; `bits` is RSA's, or 0 for an EC key on P-256. */
struct pair {
    struct key *ours;
    EVP_PKEY *theirs;
};

/* The key goes by a PEM file from OpenSSL to us. */
static inline struct pair pair_of(EVP_PKEY *theirs) {
    struct pair p = {.theirs = theirs};
    char path[] = "/tmp/signet-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    assert_non_null(theirs);
    assert_non_null(f);
    assert_true(PEM_write_PKCS8PrivateKey(f, theirs, NULL, NULL, 0, NULL, NULL));
    fclose(f);
    assert_ok(key_open(path, SPAN_NONE, &p.ours));
    unlink(path);
    return p;
}

static inline struct pair pair_new(unsigned bits) {
    return pair_of(bits ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits)
                        : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
}

static inline struct pair pair_curve(const char *curve) {
    return pair_of(EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve));
}

static inline void pair_free(struct pair *p) {
    key_free(p->ours);
    EVP_PKEY_free(p->theirs);
}

static inline X509 *x509_of(struct span der) {
    const unsigned char *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(x);
    assert_ptr_equal(p, der.p + der.n);
    return x;
}

/* A certificate for `subject_key` by `issuer_key`, valid for an hour around now. */
static inline struct span cert_new(struct arena *a, const char *subject,
                                   const struct key *subject_key, const char *issuer,
                                   const struct key *issuer_key, bool ca) {
    uint8_t serial[CERT_SERIAL_SIZE];
    struct span der, subject_der, issuer_der;
    assert_ok(cert_new_serial(serial));
    assert_ok(name_from_x500(a, span_str(subject), &subject_der));
    assert_ok(name_from_x500(a, span_str(issuer), &issuer_der));
    struct cert_template t = {
        .serial = span_of(serial, sizeof serial),
        .issuer = issuer_der,
        .subject = subject_der,
        .spki = key_spki(subject_key),
        .issuer_spki = key_spki(issuer_key),
        .not_before = clock_ms() - 600000,
        .not_after = clock_ms() + 3000000,
        .key_usage =
            ca ? KU_KEY_CERT_SIGN | KU_CRL_SIGN : KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
        .ca = ca,
    };
    assert_ok(cert_build(a, &t, issuer_key, &der));
    return der;
}

/* A folder of its own for what programs shall read; scratch_free removes it. */
static inline char *scratch_new(void) {
    char *folder = strdup("/tmp/signet-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void scratch_free(char *folder) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
    free(folder);
}

static inline void scratch_put(const char *folder, const char *name, struct span content) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(file_write(path, content, 0600));
}

static inline void scratch_put_certs(const char *folder, const char *name, struct span ders) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(cert_save_pem(ders, path));
}

static inline struct span scratch_get(struct arena *a, const char *folder, const char *name) {
    BUF_AUTO(b);
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(file_read(path, 1 << 20, &b));
    return arena_copy(a, buf_view(&b));
}

/* Runs a command line of the shell in the folder; all it prints is added to `out`. */
static inline bool scratch_run(const char *folder, const char *command, struct buf *out) {
    char line[2048], chunk[4096];
    snprintf(line, sizeof line, "cd '%s' && { %s; } 2>&1", folder, command);
    FILE *f = popen(line, "r");
    assert_non_null(f);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        buf_add(out, chunk, n);
    return pclose(f) == 0;
}

/* A capture of the shared folder; skips the test where there is none. */
static inline struct span capture(struct arena *a, const char *name) {
    const char *root = getenv("SIGNET_SHARED");
    BUF_AUTO(b);
    char path[4096];
    snprintf(path, sizeof path, "%s/captures/%s", root ? root : "../shared", name);
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    assert_ok(file_read(path, 1 << 20, &b));
    return arena_copy(a, buf_view(&b));
}

/* A copy whose end is the end of its memory, so that ASan sees each read beyond it. */
static inline uint8_t *exact_copy(struct span s, size_t n) {
    uint8_t *p = malloc(n ? n : 1);
    assert_non_null(p);
    if (n)
        memcpy(p, s.p, n);
    return p;
}

#endif
