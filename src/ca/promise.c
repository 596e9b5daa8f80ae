/* SPDX-License-Identifier: Apache-2.0 */
/* EKUs and SANs are compared as sorted lists of texts, so that their order does not matter. */
#include "ca/promise.h"

#include <stdlib.h>

#include "base/buf.h"
#include "x509/name.h"

enum { MAX_ENTRIES = 64 };

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

static enum err check_eku(struct arena *a, const char *promised, struct span eku) {
    struct list want = {.n = 0}, have = {.n = 0};
    const char *oid;
    TRY(split(a, promised, '+', &want));
    while (eku_next(a, &eku, &oid))
        TRY(list_add(&have, oid));
    if (eku.n)
        return err_set(ERR_REFUSED, "the EKU extension of the request is malformed");
    if (!lists_equal(&want, &have))
        return err_set(ERR_REFUSED, "the challenge promises the EKUs %s, the request asks for %s",
                       joined(a, &want), joined(a, &have));
    return OK;
}

static enum err check_san(struct arena *a, const char *promised, struct span san) {
    struct list want = {.n = 0}, have = {.n = 0};
    struct span value;
    unsigned type;
    TRY(split(a, promised, ';', &want));
    while (san_next(a, &san, &type, &value)) {
        if (type == 0)
            return err_set(ERR_REFUSED, "the subjectAltName of the request is malformed");
        if (memchr(value.p, 0, value.n))
            return err_set(ERR_REFUSED, "a subjectAltName of the request holds a NUL");
        TRY(list_add(&have, arena_printf(a, "%u+%.*s", type, SPAN_FMT(value))));
    }
    if (!lists_equal(&want, &have))
        return err_set(ERR_REFUSED,
                       "the challenge promises the alternative names %s, the request asks for %s",
                       joined(a, &want), joined(a, &have));
    return OK;
}

static enum err check_subject(struct arena *a, const char *promised, struct span subject) {
    struct span want;
    enum err e = name_from_x500(a, span_str(promised ? promised : ""), &want);
    if (e != OK)
        return err_set(ERR_REFUSED, "the subject that the challenge promises cannot be read: %s",
                       err_detail());
    if (!name_same(want, subject))
        return err_set(ERR_REFUSED,
                       "the challenge promises the subject '%s', the request asks for '%s'",
                       name_text(a, want), name_text(a, subject));
    return OK;
}

static enum err check_usage(struct arena *a, const struct promise *p, const struct csr *csr) {
    if (p->eku || !p->any_usage)
        TRY(check_eku(a, p->eku, csr->eku));
    if (p->any_usage || (csr->has_key_usage && csr->key_usage == p->key_usage))
        return OK;
    return err_set(ERR_REFUSED, "the challenge promises KeyUsage %d, the request asks for %s%u",
                   (int)p->key_usage, csr->has_key_usage ? "" : "none, ", csr->key_usage);
}

enum err promise_check(struct arena *a, const struct promise *p, const struct csr *csr) {
    if (!p->any_name) {
        TRY(check_subject(a, p->subject, csr->subject));
        TRY(check_san(a, p->san, csr->san));
    }
    TRY(check_usage(a, p, csr));
    if (p->key_length && spki_rsa_bits(csr->spki) != p->key_length)
        return err_set(ERR_REFUSED,
                       "the challenge promises an RSA key of %d bits, the request has %u",
                       (int)p->key_length, spki_rsa_bits(csr->spki));
    return OK;
}
