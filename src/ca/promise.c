/* SPDX-License-Identifier: Apache-2.0 */
/* EKUs and SANs are compared as sorted lists of texts, so that their order does not matter. */
#include "ca/promise.h"

#include <stdlib.h>

#include "base/buf.h"
#include "x509/name.h"

enum { MAX_ENTRIES = 64 };

/* What is held against a promise: a CSR's wishes, or what a certificate says. */
struct claim {
    const char *promiser, *claimant, *has; /* "the challenge", "the request", "asks for" */
    struct span subject, spki;
    struct span san, eku; /* values, or empty */
    bool has_key_usage;
    unsigned key_usage;
};

struct list {
    const char *entries[MAX_ENTRIES];
    size_t n;
};

static enum err list_add(struct list *l, const char *entry) {
    if (l->n == MAX_ENTRIES)
        return err_set(ERR_REFUSED, "more than %d EKUs or names", MAX_ENTRIES);
    l->entries[l->n++] = entry;
    return OK;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool lists_equal(struct list *a, struct list *b) {
    qsort(a->entries, a->n, sizeof *a->entries, compare);
    qsort(b->entries, b->n, sizeof *b->entries, compare);
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->entries[i], b->entries[i]) != 0)
            return false;
    return true;
}

static const char *joined(struct arena *a, const struct list *l) {
    BUF_AUTO(b);
    for (size_t i = 0; i < l->n; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", l->entries[i]);
    return l->n ? arena_str(a, buf_view(&b)) : "none";
}

/* Splits `text` at the separator; empty parts are left out, as Windows leaves them. */
static enum err split(struct arena *a, const char *text, char separator, struct list *out) {
    struct span rest = span_str(text ? text : "");
    while (rest.n) {
        ptrdiff_t at = span_find(rest, separator);
        struct span part = at < 0 ? rest : span_of(rest.p, (size_t)at);
        rest = at < 0 ? SPAN_NONE : span_from(rest, (size_t)at + 1);
        part = span_trim(part);
        if (part.n)
            TRY(list_add(out, arena_str(a, part)));
    }
    return OK;
}

static enum err check_eku(struct arena *a, const char *promised, const struct claim *c) {
    struct list want = {.n = 0}, have = {.n = 0};
    struct span eku = c->eku;
    const char *oid;
    TRY(split(a, promised, '+', &want));
    while (eku_next(a, &eku, &oid))
        TRY(list_add(&have, oid));
    if (eku.n)
        return err_set(ERR_REFUSED, "the EKU extension is malformed");
    if (!lists_equal(&want, &have))
        return err_set(ERR_REFUSED, "%s promises the EKUs %s, %s %s %s", c->promiser,
                       joined(a, &want), c->claimant, c->has, joined(a, &have));
    return OK;
}

static enum err check_san(struct arena *a, const char *promised, const struct claim *c) {
    struct list want = {.n = 0}, have = {.n = 0};
    struct span value, san = c->san;
    unsigned type;
    TRY(split(a, promised, ';', &want));
    while (san_next(a, &san, &type, &value)) {
        if (type == 0)
            return err_set(ERR_REFUSED, "the subjectAltName is malformed");
        if (memchr(value.p, 0, value.n))
            return err_set(ERR_REFUSED, "a subjectAltName holds a NUL");
        TRY(list_add(&have, arena_printf(a, "%u+%.*s", type, SPAN_FMT(value))));
    }
    if (!lists_equal(&want, &have))
        return err_set(ERR_REFUSED, "%s promises the alternative names %s, %s %s %s", c->promiser,
                       joined(a, &want), c->claimant, c->has, joined(a, &have));
    return OK;
}

static enum err check_subject(struct arena *a, const char *promised, const struct claim *c) {
    struct span want;
    enum err e = name_from_x500(a, span_str(promised ? promised : ""), &want);
    if (e != OK)
        return err_set(ERR_REFUSED, "the subject that %s promises cannot be read: %s", c->promiser,
                       err_detail());
    if (!name_same(want, c->subject))
        return err_set(ERR_REFUSED, "%s promises the subject '%s', %s %s '%s'", c->promiser,
                       name_text(a, want), c->claimant, c->has, name_text(a, c->subject));
    return OK;
}

static enum err check_usage(const struct promise *p, const struct claim *c) {
    if (p->any_usage || (c->has_key_usage && c->key_usage == p->key_usage))
        return OK;
    return err_set(ERR_REFUSED, "%s promises KeyUsage %d, %s %s %s%u", c->promiser,
                   (int)p->key_usage, c->claimant, c->has, c->has_key_usage ? "" : "none, ",
                   c->key_usage);
}

static enum err check_key(const struct promise *p, const struct claim *c) {
    unsigned bits = spki_rsa_bits(c->spki);
    if (!p->key_length || bits == p->key_length)
        return OK;
    return err_set(ERR_REFUSED, "%s promises an RSA key of %d bits, %s has %u", c->promiser,
                   (int)p->key_length, c->claimant, bits);
}

enum err promise_check(struct arena *a, const struct promise *p, const struct csr *csr) {
    const struct claim c = {
        .promiser = "the challenge",
        .claimant = "the request",
        .has = "asks for",
        .subject = csr->subject,
        .spki = csr->spki,
        .san = csr->san,
        .eku = csr->eku,
        .has_key_usage = csr->has_key_usage,
        .key_usage = csr->key_usage,
    };
    if (!p->any_name) {
        TRY(check_subject(a, p->subject, &c));
        TRY(check_san(a, p->san, &c));
    }
    if (p->eku || !p->any_usage)
        TRY(check_eku(a, p->eku, &c));
    TRY(check_usage(p, &c));
    return check_key(p, &c);
}

/* ---- a certificate of somebody else ---- */

static void collect(struct buf *differences, enum err e) {
    if (e != OK)
        buf_printf(differences, "%s%s", differences->n ? "; " : "", err_detail());
}

/* All of them at once, the short ones first: who has the upstream issue otherwise learns them in
 * one go. */
static enum err check_all(struct arena *a, const struct promise *p, const struct claim *c) {
    BUF_AUTO(differences);
    collect(&differences, check_usage(p, c));
    collect(&differences, check_key(p, c));
    if (p->eku)
        collect(&differences, check_eku(a, p->eku, c));
    if (!p->any_name)
        collect(&differences, check_subject(a, p->subject, c));
    if (!p->any_name && p->san)
        collect(&differences, check_san(a, p->san, c));
    return differences.n ? err_set(ERR_REFUSED, "%s", buf_cstr(&differences)) : OK;
}

enum err promise_check_cert(struct arena *a, const struct promise *p, const struct cert *cert) {
    struct cert_uses uses;
    if (cert_read_uses(cert, &uses) != OK)
        return err_set(ERR_REFUSED, "the certificate cannot be judged: %s", err_detail());
    if (uses.ca)
        return err_set(ERR_REFUSED, "the certificate is that of a CA: it could issue others");
    const struct claim c = {
        .promiser = "the profile",
        .claimant = "the certificate",
        .has = "has",
        .subject = cert->subject,
        .spki = cert->spki,
        .san = uses.san,
        .eku = uses.eku,
        .has_key_usage = uses.has_key_usage,
        .key_usage = uses.key_usage,
    };
    return check_all(a, p, &c);
}
