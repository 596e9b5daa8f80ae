/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for a CA, and `openssl` in a shell as its judge and as the CA above. */
#ifndef SIGNET_TESTS_CA_FIXTURE_H
#define SIGNET_TESTS_CA_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "ca/ca.h"

#define assert_ok(e) assert_string_equal((e) == OK ? "" : err_detail(), "")

#define DAY INT64_C(86400000)
#define CA_EXTENSIONS_OF(constraints)        \
    "basicConstraints=critical," constraints \
    "\nkeyUsage=critical,keyCertSign,cRLSign,digitalSignature"
#define CA_EXTENSIONS CA_EXTENSIONS_OF("CA:TRUE")

struct folder {
    char path[64];
};

static inline struct folder folder_new(void **state) {
    struct folder f = {"/tmp/signet-ca-XXXXXX"};
    (void)state;
    assert_non_null(mkdtemp(f.path));
    return f;
}

/* Runs a shell's command in the folder; what it says is shown when it fails. */
static inline void sh(const struct folder *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static inline void sh(const struct folder *f, const char *fmt, ...) {
    BUF_AUTO(command);
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    assert_true(n > 0 && (size_t)n < sizeof text);
    buf_printf(&command, "cd %s && { %s\n} >log 2>&1", f->path, text);
    if (system(buf_cstr(&command)) != 0) {
        BUF_AUTO(cat);
        buf_printf(&cat, "cat %s/log >&2", f->path);
        print_message("failed: %s\n", text);
        fail_msg("%s", system(buf_cstr(&cat)) == 0 ? text : "no log");
    }
}

static inline void folder_free(struct folder *f) {
    BUF_AUTO(command);
    buf_printf(&command, "rm -rf %s", f->path);
    assert_int_equal(system(buf_cstr(&command)), 0);
}

/* SHA-1 as `openssl` computes it, in upper-case hex. */
static inline const char *fingerprint(const struct folder *f, const char *file) {
    static char out[41];
    BUF_AUTO(command);
    buf_printf(&command,
               "openssl x509 -in %s/%s -noout -fingerprint -sha1 | sed 's/.*=//' | tr -d ':\\n'",
               f->path, file);
    FILE *p = popen(buf_cstr(&command), "r");
    assert_non_null(p);
    assert_int_equal(fread(out, 1, 40, p), 40);
    assert_int_equal(pclose(p), 0);
    return out;
}

/* NAME.pem and NAME.key: a root CA of OpenSSL's. */
static inline void make_root(const struct folder *f, const char *name) {
    sh(f,
       "openssl req -x509 -newkey rsa:2048 -nodes -keyout %s.key -subj /CN=%s -days 200 -out %s.pem "
       "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign",
       name, name, name);
}

/* `openssl x509 -req`: a request becomes NAME.pem; `days` below 0 give one that has expired. */
static inline void sign(const struct folder *f, const char *ca, const char *csr, const char *name,
                        const char *extensions, int days) {
    sh(f,
       "printf '%s\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' >ext && "
       "openssl x509 -req -in %s -CA %s.pem -CAkey %s.key -extfile ext -out %s.pem -days %d",
       extensions, csr, ca, ca, name, days);
}

static inline enum err import_file(const struct folder *f, const struct ca_settings *settings,
                                   const char *file) {
    BUF_AUTO(path);
    BUF_AUTO(pem);
    buf_printf(&path, "%s%s%s", *file == '/' ? "" : f->path, *file == '/' ? "" : "/", file);
    assert_ok(file_read(buf_cstr(&path), 1 << 20, &pem));
    return ca_import(f->path, settings, buf_view(&pem));
}

static inline size_t load_all(const struct folder *f, const struct ca_settings *settings,
                              struct arena *a, struct ca *out, size_t max) {
    size_t n;
    assert_ok(ca_load(f->path, settings, a, out, max, &n));
    return n;
}

static inline void unload_all(struct ca *cas, size_t n) {
    while (n)
        ca_unload(&cas[--n]);
}

/* Loads the one that is there; its certificates live until the next call. */
static inline void load_one(const struct folder *f, const struct ca_settings *settings,
                            struct ca *out) {
    static struct arena a;
    arena_free(&a);
    assert_int_equal(load_all(f, settings, &a, out, 1), 1);
}

static inline enum err load_error_max(const struct folder *f, const struct ca_settings *settings,
                                      size_t max) {
    ARENA_AUTO(a);
    struct ca cas[8];
    size_t n;
    enum err e = ca_load(f->path, settings, &a, cas, max, &n);
    assert_int_equal(n, 0);
    return e;
}

static inline enum err load_error(const struct folder *f, const struct ca_settings *settings) {
    return load_error_max(f, settings, 8);
}

#endif
