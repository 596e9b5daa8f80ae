/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prepared requests: what a Windows host sends in a PKCSReq, signed by a throw-away certificate
 * whose key is not the CSR's. Keys are a pool, as making one costs a hundred times what a request
 * does; subject, challenge, transaction and so every byte of the rest are of each request alone.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/bench.h"
#include "x509/name.h"
#include "x509/signing.h"

#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"

enum { KEY_USAGE_BITS = 0xa0 };

/* ---- keys ---- */

static enum err make_signer(struct arena *a, struct bench_signer *s) {
    struct cert_template t = {.key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
                              .not_before = clock_ms() - DAY_MS,
                              .not_after = clock_ms() + DAY_MS};
    uint8_t serial[CERT_SERIAL_SIZE];
    struct span der;
    TRY(key_generate("rsa2048", &s->key));
    TRY(cert_new_serial(serial));
    TRY(name_from_x500(a, span_str("CN=" SCEP_WINDOWS_SIGNER), &t.subject));
    t.serial = span_of(serial, sizeof serial);
    t.issuer = t.subject;
    t.spki = key_spki(s->key);
    TRY(cert_build(a, &t, s->key, &der));
    return cert_parse(der, &s->cert);
}

static int at_most(int64_t wanted, int most) {
    return wanted < most ? (int)wanted : most;
}

enum err bench_clients_make(struct bench_clients *c, int64_t requests) {
    c->key_count = at_most(requests / 25 + 1, BENCH_CSR_KEYS);
    c->signer_count = at_most(requests / 75 + 1, BENCH_SIGNERS);
    int all = c->key_count + c->signer_count;
    for (int i = 0; i < c->key_count; i++) {
        TRY(key_generate("rsa2048", &c->keys[i]));
        bench_progress("keys", i + 1, all);
    }
    for (int i = 0; i < c->signer_count; i++) {
        TRY(make_signer(&c->arena, &c->signers[i]));
        bench_progress("keys", c->key_count + i + 1, all);
    }
    return OK;
}

void bench_clients_free(struct bench_clients *c) {
    for (int i = 0; i < BENCH_CSR_KEYS; i++)
        key_free(c->keys[i]);
    for (int i = 0; i < BENCH_SIGNERS; i++)
        key_free(c->signers[i].key);
    arena_free(&c->arena);
}

/* ---- the CSR ---- */

static void put_extension(struct der_writer *w, const char *oid, struct span value, bool critical) {
    size_t mark = der_mark(w);
    der_put_item(w, DER_OCTET_STRING, value);
    if (critical)
        der_put_true(w);
    der_put_oid(w, oid);
    der_wrap(w, DER_SEQUENCE, mark);
}

static enum err wanted_extensions(struct arena *a, struct span *out) {
    static const uint8_t usage[] = {DER_BIT_STRING, 2, 5, KEY_USAGE_BITS};
    const char *oids[] = {CLIENT_AUTH};
    struct der_writer w = der_writer_in(a);
    struct span eku;
    TRY(eku_build(a, oids, 1, &eku));
    put_extension(&w, OID_EXT_KEY_USAGE, eku, false);
    put_extension(&w, OID_KEY_USAGE, span_of(usage, sizeof usage), true);
    *out = der_written(&w);
    return OK;
}

static enum err build_csr(struct arena *a, const struct bench_request *r, struct span *der) {
    struct der_writer w = der_writer_in(a);
    struct span subject, extensions;
    TRY(name_from_x500(a, span_str(r->subject), &subject));
    TRY(wanted_extensions(a, &extensions));
    struct span attributes[] = {
        cms_attribute_build(a, OID_CHALLENGE_PASSWORD, DER_PRINTABLE_STRING,
                            span_str(r->challenge)),
        cms_attribute_build(a, OID_EXTENSION_REQUEST, DER_SEQUENCE, extensions)};
    der_put_sorted(&w, attributes, sizeof attributes / sizeof *attributes);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put(&w, key_spki(r->key));
    der_put(&w, subject);
    der_put_small(&w, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    return signing_wrap(a, der_written(&w), r->key, der);
}

/* ---- the pkiMessage ---- */

/* cms/ builds what a server sends, which has no certificates: the client's belongs in. */
static enum err add_certificate(struct arena *a, struct span message, struct span cert,
                                struct span *out) {
    struct der d = der_of(message), info, explicit, data;
    struct span type, version, digests, content, signers;
    TRY(der_enter(&d, DER_SEQUENCE, &info));
    TRY(der_read_whole(&info, DER_OID, &type));
    TRY(der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), &explicit));
    TRY(der_enter(&explicit, DER_SEQUENCE, &data));
    TRY(der_read_whole(&data, DER_INTEGER, &version));
    TRY(der_read_whole(&data, DER_SET, &digests));
    TRY(der_read_whole(&data, DER_SEQUENCE, &content));
    TRY(der_read_whole(&data, DER_SET, &signers));
    struct der_writer w = der_writer_in(a);
    der_put(&w, signers);
    der_put_item(&w, DER_CONTEXT_CONSTRUCTED(0), cert);
    der_put(&w, content);
    der_put(&w, digests);
    der_put(&w, version);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put(&w, type);
    der_wrap(&w, DER_SEQUENCE, 0);
    *out = der_written(&w);
    return OK;
}

static enum err sign(struct arena *a, const struct bench_request *r, struct span enveloped,
                     struct span *der) {
    const struct span attributes[] = {
        cms_attribute_build(a, OID_SCEP_MESSAGE_TYPE, DER_PRINTABLE_STRING, span_str("19")),
        cms_attribute_build(a, OID_SCEP_TRANSACTION_ID, DER_PRINTABLE_STRING,
                            span_str(r->transaction)),
        cms_attribute_build(a, OID_SCEP_SENDER_NONCE, DER_OCTET_STRING,
                            span_of(r->nonce, sizeof r->nonce)),
    };
    const struct cms_signing s = {
        .content = enveloped,
        .attributes = attributes,
        .attribute_count = sizeof attributes / sizeof *attributes,
        .digest = DIGEST_SHA256,
        .issuer = r->signer->cert.issuer,
        .serial = r->signer->cert.serial,
        .key = r->signer->key,
    };
    struct span bare;
    TRY(cms_signed_build(a, &s, &bare));
    return add_certificate(a, bare, r->signer->cert.der, der);
}

static enum err build_message(const struct bench_host *h, enum key_transport transport,
                              struct arena *a, const struct bench_request *r, struct span *der) {
    struct cms_sealing sealing = {.issuer = h->opener.issuer,
                                  .serial = h->opener.serial,
                                  .transport = transport,
                                  .cipher = CIPHER_AES128_CBC};
    struct span enveloped;
    struct public_key *opener;
    TRY(public_load(a, h->opener.spki, &opener));
    sealing.key = opener;
    TRY(build_csr(a, r, &sealing.content));
    TRY(cms_enveloped_build(a, &sealing, &enveloped));
    return sign(a, r, enveloped, der);
}

static enum err name_transaction(struct bench_request *r) {
    uint8_t id[(BENCH_TRANSACTION - 1) / 2];
    TRY(random_bytes(id, sizeof id));
    hex_upper(span_of(id, sizeof id), r->transaction);
    return random_bytes(r->nonce, sizeof r->nonce);
}

struct span bench_post(struct arena *a, const struct bench_host *h, const char *path,
                       struct span message) {
    BUF_AUTO(bytes);
    buf_printf(&bytes,
               "POST %s" SCEP_WINDOWS_SUFFIX "?operation=PKIOperation HTTP/1.1\r\n"
               "Host: 127.0.0.1:%u\r\nUser-Agent: signet-bench\r\n"
               "Content-Type: " SCEP_TYPE_MESSAGE "\r\nContent-Length: %zu\r\n\r\n",
               path, h->port, message.n);
    buf_span(&bytes, message);
    return arena_copy(a, buf_view(&bytes));
}

struct span bench_get(struct arena *a, const struct bench_host *h, const char *path,
                      const char *operation) {
    return span_str(arena_printf(a,
                                 "GET %s" SCEP_WINDOWS_SUFFIX
                                 "?operation=%s&message=" SCEP_WINDOWS_MESSAGE " HTTP/1.1\r\n"
                                 "Host: 127.0.0.1:%u\r\nUser-Agent: signet-bench\r\n\r\n",
                                 path, operation, h->port));
}

static enum err prepare_one(const struct bench_host *h, enum key_transport transport,
                            struct arena *keep, struct bench_request *r) {
    ARENA_AUTO(a);
    struct span der;
    TRY(name_transaction(r));
    TRY(build_message(h, transport, &a, r, &der));
    r->bytes = bench_post(keep, h, h->path, der);
    r->message = span_from(r->bytes, r->bytes.n - der.n);
    return OK;
}

/* ---- all of them ---- */

struct slice {
    pthread_t thread;
    const struct bench_host *host;
    const struct bench_clients *clients;
    enum key_transport transport;
    struct bench_request *requests;
    int64_t first, count, step;
    struct arena *arena;
    _Atomic int64_t *done;
    enum err e;
    char detail[512]; /* an error's words are its thread's own */
};

static void *prepare_slice(void *user) {
    struct slice *s = user;
    for (int64_t i = s->first; i < s->count && s->e == OK; i += s->step) {
        struct bench_request *r = &s->requests[i];
        r->key = s->clients->keys[i % s->clients->key_count];
        r->signer = &s->clients->signers[i % s->clients->signer_count];
        s->e = prepare_one(s->host, s->transport, s->arena, r);
        int64_t done = atomic_fetch_add(s->done, 1) + 1;
        if (s->first == 0 && done < s->count)
            bench_progress("requests prepared", done, s->count);
    }
    if (s->e != OK)
        snprintf(s->detail, sizeof s->detail, "%s", err_detail());
    return NULL;
}

static enum err join(struct slice *slices, unsigned started) {
    enum err e = OK;
    for (unsigned i = 0; i < started; i++) {
        pthread_join(slices[i].thread, NULL);
        if (slices[i].e != OK)
            e = err_set(slices[i].e, "%s", slices[i].detail);
    }
    return e;
}

enum err bench_prepare(const struct bench_host *h, const struct bench_clients *c,
                       enum key_transport transport, struct bench_request *requests, int64_t count,
                       struct arena *arenas, unsigned threads) {
    struct slice *slices = mem_alloc(threads * sizeof *slices);
    _Atomic int64_t done = 0;
    unsigned started = 0;
    for (; started < threads; started++) {
        struct slice *s = &slices[started];
        *s = (struct slice){.host = h,
                            .clients = c,
                            .transport = transport,
                            .requests = requests,
                            .first = started,
                            .count = count,
                            .step = threads,
                            .arena = &arenas[started],
                            .done = &done};
        if (pthread_create(&s->thread, NULL, prepare_slice, s) != 0)
            break;
    }
    enum err e = join(slices, started);
    if (started < threads)
        e = err_set(ERR_INTERNAL, "cannot start a thread");
    if (e == OK)
        bench_progress("requests prepared", count, count);
    free(slices);
    return e;
}
