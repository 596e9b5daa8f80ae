/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the time of scep_open tell why an envelope does not open? Envelopes of one length that fail
 * for different causes are opened in random order, and each cause is compared with all the others:
 * Welch's t over the ranks of the times, so that a sample that the scheduler made a hundred times
 * as long counts as one that is long. PKCS#1 v1.5 and OAEP are compared apart: which one it is
 * stands in the message.
 *
 *     timing [messages for each key transport, by default 10000]
 *
 * Ends with 1 when some |t| is above LIMIT.
 */
#include <math.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "crypto/public.h"
#include "scep/message.h"
#include "x509/name.h"

#define LIMIT 4.5 /* dudect's bound for "probably not constant time" */

enum kind { OPENS, BAD_PADDING, KEY_LENGTH, CBC_PADDING, GARBAGE, UNDECODABLE, SIGNATURE, KINDS };

static const char *const kind_names[KINDS] = {
    [OPENS] = "opens (not compared)",     [BAD_PADDING] = "bad RSA padding",
    [KEY_LENGTH] = "wrong key length",    [CBC_PADDING] = "bad CBC padding",
    [GARBAGE] = "content is no DER",      [UNDECODABLE] = "CSR undecodable at its end",
    [SIGNATURE] = "CSR signature broken",
};

enum { VARIANTS = 16, KEY = 16, BLOCK = 16, WARM_UP = 500 };

static struct arena forever;
static struct scep_key ra;
static struct span envelopes[2][KINDS][VARIANTS];

static void must(bool good, const char *what) {
    if (good)
        return;
    fprintf(stderr, "timing: %s: %s\n", what, err_detail());
    exit(2);
}

/* ---- the messages ---- */

static struct span name_of(const char *text) {
    struct span name;
    must(name_from_x500(&forever, span_str(text), &name) == OK, "name");
    return name;
}

static void make_ra(void) {
    struct key *key;
    must(key_generate("rsa2048", &key) == OK, "key");
    struct cert_template t = {
        .serial = span_str("\x01"),
        .issuer = name_of("CN=CA"),
        .subject = name_of("CN=RA"),
        .spki = key_spki(key),
        .not_before = clock_ms(),
        .not_after = clock_ms() + 3600000,
    };
    ra.key = key;
    must(cert_build(&forever, &t, key, &ra.cert) == OK && cert_parse(ra.cert, &ra.parsed) == OK,
         "certificate");
}

/* As a Windows host asks: RSA-2048, a subject, a challenge. */
static struct span make_csr(void) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    X509_REQ *req = X509_REQ_new();
    unsigned char *der = NULL;
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
                               (const uint8_t *)"host.example.org", -1, -1, 0);
    X509_REQ_set_pubkey(req, key);
    X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, V_ASN1_PRINTABLESTRING,
                              (const uint8_t *)"0123456789ABCDEF0123456789ABCDEF", 32);
    must(X509_REQ_sign(req, key, EVP_sha256()) > 0, "CSR");
    int n = i2d_X509_REQ(req, &der);
    struct span out = arena_copy(&forever, span_of(der, (size_t)n));
    OPENSSL_free(der);
    X509_REQ_free(req);
    EVP_PKEY_free(key);
    return out;
}

/* The CSR with its padding, as the kind has it. */
static struct span make_plain(enum kind kind, struct span csr) {
    size_t n = (csr.n / BLOCK + 1) * BLOCK;
    uint8_t *p = arena_alloc(&forever, n);
    struct der d = der_of(csr), body;
    struct span skipped;
    memset(p, (int)(n - csr.n), n);
    memcpy(p, csr.p, csr.n);
    must(der_enter(&d, DER_SEQUENCE, &body) == OK, "CSR");
    must(der_read(&body, DER_SEQUENCE, &skipped) == OK, "CSR");
    must(der_read(&body, DER_SEQUENCE, &skipped) == OK, "CSR");
    if (kind == CBC_PADDING)
        p[n - 1] = 0xff;
    else if (kind == GARBAGE)
        must(random_bytes(p, csr.n) == OK, "random");
    else if (kind == UNDECODABLE)
        p[body.p - csr.p] = DER_OCTET_STRING; /* in the place of the signature's BIT STRING */
    else if (kind == SIGNATURE)
        p[csr.n - 1] ^= 1;
    return span_of(p, n);
}

static struct span encrypt_key(enum kind kind, bool oaep, const uint8_t *cek) {
    struct public_key *key;
    struct span out;
    must(public_load(&forever, ra.parsed.spki, &key) == OK, "RA key");
    must(public_encrypt(key, oaep, span_of(cek, kind == KEY_LENGTH ? KEY + 8 : KEY), &forever,
                        &out) == OK,
         "RSA");
    if (kind == BAD_PADDING) /* a number below the modulus, which decrypts to noise */
        must(random_bytes((uint8_t *)(uintptr_t)out.p + 1, out.n - 1) == OK, "random");
    return out;
}

static void put_recipient(struct der_writer *w, bool oaep, struct span encrypted_key) {
    size_t mark = der_mark(w);
    der_put_item(w, DER_OCTET_STRING, encrypted_key);
    algorithm_put(w, oaep ? OID_RSAES_OAEP : OID_RSA, PARAMS_NULL);
    size_t rid = der_mark(w);
    der_put_item(w, DER_INTEGER, ra.parsed.serial);
    der_put(w, ra.parsed.issuer);
    der_wrap(w, DER_SEQUENCE, rid);
    der_put_small(w, 0);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_SET, mark);
}

static struct span make_envelope(enum kind kind, bool oaep, struct span csr) {
    struct der_writer w = der_writer_in(&forever);
    uint8_t cek[2 * KEY], iv[BLOCK];
    struct span plain = make_plain(kind, csr), ciphertext;
    must(random_bytes(cek, sizeof cek) == OK && random_bytes(iv, sizeof iv) == OK, "random");
    must(cipher_encrypt(&forever, CIPHER_AES128_CBC, cek, iv, plain, &ciphertext) == OK, "AES");
    ciphertext.n = plain.n; /* without the padding that was added to ours */
    der_put_item(&w, DER_CONTEXT(0), ciphertext);
    size_t alg = der_mark(&w);
    der_put_item(&w, DER_OCTET_STRING, span_of(iv, sizeof iv));
    der_put_oid(&w, OID_AES128_CBC);
    der_wrap(&w, DER_SEQUENCE, alg);
    der_put_oid(&w, OID_PKCS7_DATA);
    der_wrap(&w, DER_SEQUENCE, 0);
    put_recipient(&w, oaep, encrypt_key(kind, oaep, cek));
    der_put_small(&w, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put_oid(&w, OID_PKCS7_ENVELOPED);
    der_wrap(&w, DER_SEQUENCE, 0);
    return der_written(&w);
}

/* ---- measuring ---- */

struct sample {
    double us;
    enum kind kind;
};

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double open_one(enum kind kind, struct span enveloped) {
    ARENA_AUTO(a);
    struct scep_request r = {.message_type = SCEP_PKCS_REQ, .enveloped = enveloped};
    struct scep_content content;
    double start = now_us();
    enum err e = scep_open(&a, &r, &ra, 1, false, &content);
    double us = now_us() - start;
    must(e == (kind == OPENS ? OK : ERR_MESSAGE_CHECK), kind_names[kind]);
    return us;
}

static void measure(bool oaep, struct sample *samples, size_t n) {
    for (size_t i = 0; i < n + WARM_UP; i++) {
        uint32_t dice;
        must(random_bytes((uint8_t *)&dice, sizeof dice) == OK, "random");
        enum kind kind = (enum kind)(dice % KINDS);
        double us = open_one(kind, envelopes[oaep][kind][dice / KINDS % VARIANTS]);
        if (i >= WARM_UP)
            samples[i - WARM_UP] = (struct sample){us, kind};
    }
}

/* ---- judging ---- */

struct moments {
    double n, mean, variance;
};

static int by_time(const void *a, const void *b) {
    const struct sample *x = a, *y = b;
    return (x->us > y->us) - (x->us < y->us);
}

/* Of the ranks in the sorted samples: of the kind, or of the failures of all other kinds. */
static struct moments moments_of(const struct sample *s, size_t n, enum kind kind, bool others) {
    struct moments m = {0};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        if (others ? s[i].kind != kind && s[i].kind != OPENS : s[i].kind == kind) {
            double rank = (double)i / (double)n;
            m.n++;
            sum += rank;
            squares += rank * rank;
        }
    m.mean = sum / m.n;
    m.variance = (squares - sum * m.mean) / (m.n - 1);
    return m;
}

static double mean_us(const struct sample *s, size_t n, enum kind kind) {
    double sum = 0, of_kind = 0;
    for (size_t i = 0; i < n; i++)
        if (s[i].kind == kind) {
            sum += s[i].us;
            of_kind++;
        }
    return sum / of_kind;
}

static double welch(struct moments a, struct moments b) {
    return (a.mean - b.mean) / sqrt(a.variance / a.n + b.variance / b.n);
}

/* The time that the given part of the kind's samples, which are sorted, stays below. */
static double quantile(const struct sample *s, size_t n, enum kind kind, double part) {
    size_t of_kind = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        of_kind += s[i].kind == kind;
    for (size_t i = 0; i < n; i++)
        if (s[i].kind == kind && (double)at++ >= part * (double)of_kind)
            return s[i].us;
    return NAN;
}

/* Prints the table; tells whether no |t| is above the limit. */
static bool judge(bool oaep, struct sample *s, size_t n) {
    bool quiet = true;
    qsort(s, n, sizeof *s, by_time);
    printf("\n%s, %zu messages\n", oaep ? "RSAES-OAEP" : "RSAES-PKCS1-v1_5", n);
    printf("  %-28s %8s %10s %10s %10s %8s\n", "why it does not open", "messages", "median us",
           "mean us", "IQR us", "t");
    for (int k = 0; k < KINDS; k++) {
        enum kind kind = (enum kind)k;
        struct moments mine = moments_of(s, n, kind, false);
        double t = welch(mine, moments_of(s, n, kind, true));
        bool beyond = kind != OPENS && fabs(t) > LIMIT;
        quiet = quiet && !beyond;
        printf("  %-28s %8.0f %10.2f %10.2f %10.2f %8.2f%s\n", kind_names[k], mine.n,
               quantile(s, n, kind, 0.5), mean_us(s, n, kind),
               quantile(s, n, kind, 0.75) - quantile(s, n, kind, 0.25), t,
               beyond ? "  above the limit" : "");
    }
    return quiet;
}

int main(int argc, char **argv) {
    int64_t n = 10000;
    bool quiet = true;
    if (argc > 2 || (argc == 2 && (!span_int(span_str(argv[1]), &n) || n < 1000))) {
        fprintf(stderr, "usage: timing [MESSAGES]   at least 1000\n");
        return 2;
    }
    make_ra();
    struct span csr = make_csr();
    for (int i = 0; i < 2 * KINDS * VARIANTS; i++) {
        enum kind kind = (enum kind)(i / 2 % KINDS);
        envelopes[i & 1][kind][i / 2 / KINDS] = make_envelope(kind, i & 1, csr);
    }
    struct sample *samples = calloc((size_t)n, sizeof *samples);
    must(samples != NULL, "memory");
    for (int oaep = 0; oaep < 2; oaep++) {
        measure(oaep, samples, (size_t)n);
        quiet = judge(oaep, samples, (size_t)n) && quiet;
    }
    printf("\n%s: the limit is |t| = %.1f\n", quiet ? "no difference seen" : "A DIFFERENCE", LIMIT);
    free(samples);
    return quiet ? 0 : 1;
}
