/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database of a CA that has been at work for years: for each certificate the rows that an
 * issuance writes, with keys as random and as ordered as real ones. All have the DER of one real
 * certificate but for its serial; nobody looks at their signatures.
 */
#include "base/clock.h"
#include "base/text.h"
#include "cmd/bench.h"
#include "store/certificate.h"
#include "store/journal.h"
#include "store/request.h"

#define YEAR_MS (365 * DAY_MS)

enum { BATCH = 1000, HASH = 32, TRANSACTION = 40 };

struct fill {
    const struct bench_host *host;
    int64_t have, want;
    char ca_sha1[41];
};

static void sha1_text(struct span data, char out[41]) {
    uint8_t hash[DIGEST_MAX_SIZE] = {0};
    if (digest_of(DIGEST_SHA1, data, hash) == OK)
        hex_upper(span_of(hash, 20), out);
}

static enum err add_certificate(struct tx *tx, struct fill *f, struct arena *a, int64_t *id) {
    uint8_t serial[CERT_SERIAL_SIZE];
    const struct cert *model = &f->host->signer;
    struct span der = arena_copy(a, model->der);
    char sha1[41] = "";
    TRY(cert_new_serial(serial));
    if (model->serial.n == sizeof serial)
        memcpy((uint8_t *)(uintptr_t)der.p + (model->serial.p - model->der.p), serial,
               sizeof serial);
    sha1_text(der, sha1);
    struct certificate c = {
        .serial = span_of(serial, sizeof serial),
        .ca = f->ca_sha1,
        .endpoint = "default",
        .subject = arena_printf(a, "CN=filled-%lld", (long long)f->have),
        .sha1 = sha1,
        .der = der,
        .not_before = clock_ms(),
        .not_after = clock_ms() + YEAR_MS,
        .issued = clock_ms(),
    };
    TRY(certificate_add(tx, &c));
    *id = c.id;
    return OK;
}

static enum err add_one(struct tx *tx, struct fill *f) {
    ARENA_AUTO(a);
    int64_t id;
    uint8_t random[3 * HASH + TRANSACTION / 2];
    char transaction[TRANSACTION + 1];
    TRY(add_certificate(tx, f, &a, &id));
    TRY(random_bytes(random, sizeof random));
    hex_upper(span_of(random + 3 * HASH, TRANSACTION / 2), transaction);
    struct request r = {
        .endpoint = "default",
        .message_type = SCEP_PKCS_REQ,
        .state = REQUEST_ISSUED,
        .transaction_id = span_str(transaction),
        .signer_sha256 = span_of(random, HASH),
        .signer_key_sha256 = span_of(random + HASH, HASH),
        .csr_sha256 = span_of(random + 2 * HASH, HASH),
        .subject = arena_printf(&a, "CN=filled-%lld", (long long)f->have),
        .peer = "127.0.0.1",
        .certificate = id,
        .created = clock_ms(),
        .decided = clock_ms(),
    };
    TRY(request_add(tx, &r));
    struct journal_entry entry = {
        .at = clock_ms(),
        .kind = JOURNAL_ISSUED,
        .endpoint = "default",
        .certificate = id,
        .text = "a certificate was issued",
        .evidence = arena_printf(&a, "{\"transaction\":\"%s\"}", transaction),
    };
    return journal_add(tx, &entry);
}

static enum err add_batch(struct tx *tx, void *user) {
    struct fill *f = user;
    for (int i = 0; i < BATCH && f->have < f->want; i++, f->have++)
        TRY(add_one(tx, f));
    return OK;
}

/* Ids are given in order and certificates never deleted: the newest id is their number. */
static enum err count_certificates(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct fill *f = user;
    struct certificate *newest;
    const struct certificate_filter filter = {.max = 1};
    TRY(certificate_search(tx, &a, &filter, &newest));
    f->have = newest ? newest->id : 0;
    return OK;
}

static enum err fill(struct store *store, struct fill *f) {
    TRY(store_read(store, count_certificates, f));
    while (f->have < f->want) {
        TRY(store_write(store, add_batch, f));
        bench_progress("certificates in the database", f->have, f->want);
    }
    return OK;
}

enum err bench_fill(const struct bench_host *h, int64_t count, int64_t *there) {
    ARENA_AUTO(a);
    struct fill f = {.host = h, .want = count};
    struct store *store;
    sha1_text(h->ca.der, f.ca_sha1);
    TRY(store_open(arena_printf(&a, "%s/signet.db", h->folder), &store));
    enum err e = fill(store, &f);
    *there = f.have;
    store_close(store);
    return e;
}
