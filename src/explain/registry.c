/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports of SOFTWARE\Microsoft\SCEP\<server>\<id>: of the Registry Editor (.reg), of `reg query
 * /s`, and of the emulated host. Each enrollment is judged as the server judges it (windows-mdm.md,
 * A.6). Only Status, ErrorCode and whether there is a CertThumbprint are looked at: the rest holds
 * addresses and the challenge.
 */
#include "explain/find.h"

#include "base/text.h"
#include "explain/hresult.h"

#define ROOT  "SOFTWARE\\Microsoft\\SCEP\\"
#define WOW   "\\WOW6432Node\\"
#define FACTS "windows-mdm.md A.1, A.6; windows-scep.md 6.2"

struct key {
    struct span path; /* below ROOT: "signet\beb0c2077be5" */
    bool has_status, has_error, has_thumbprint;
    uint32_t status, error;
};

static const struct explain_entry issued = {
    .name = "issued",
    .here = "the certificate is on the host",
    .cause = "Status 1 with a CertThumbprint",
    .cure = "compare CertThumbprint with the certificate that the CA issued",
    .steps = STEP_CERT,
    .evidence = EXPLAIN_DOCUMENTED,
    .fact = FACTS};
static const struct explain_entry no_longer = {
    .name = "issued, and not valid any more",
    .here = "there was a certificate; now CertThumbprint is empty",
    .cause = "it expired, its chain is broken, its key is gone, or somebody deleted it",
    .cure = "deliver root and intermediates; assign the profile anew",
    .steps = STEP_CERT,
    .evidence = EXPLAIN_DOCUMENTED,
    .fact = FACTS};
static const struct explain_entry pending = {
    .name = "pending",
    .here = "the SCEP server wants to be asked again",
    .cause = "the request waits for an administrator or a slow CA",
    .cure = "approve it (signet request list)",
    .steps = STEP_REPLY,
    .evidence = EXPLAIN_DOCUMENTED,
    .fact = FACTS};
static const struct explain_entry failed = {
    .name = "failed",
    .here = "the enrollment failed; ErrorCode is why",
    .cause = "what ErrorCode says",
    .cure = "see ErrorCode; without one look at the events 32, 307 and 309",
    .steps = STEP_CAPS | STEP_CA | STEP_REQUEST | STEP_SUBMIT | STEP_REPLY | STEP_CERT,
    .evidence = EXPLAIN_DOCUMENTED,
    .fact = FACTS};
static const struct explain_entry waiting = {
    .name = "not finished, or never started",
    .here = "the profile is on the host, and its SCEP task has not come to its end",
    .cause = "no Exec of Install/Enroll, dmcertinst.exe has not run yet, or it was ended",
    .cure = "wait; then look for the events 306 and 36 on the host",
    .steps = STEP_CSP | STEP_TASK,
    .evidence = EXPLAIN_DOCUMENTED,
    .fact = FACTS};
static const struct explain_entry odd = {.name = "a Status that the CSP does not document",
                                         .here = "not known",
                                         .cause = "not known",
                                         .cure = "look at the events 32, 307 and 309",
                                         .evidence = EXPLAIN_NOT_KNOWN,
                                         .fact = "none"};

static const struct explain_entry *judge(const struct key *k) {
    switch (k->status) {
    case 1:
        return k->has_thumbprint ? &issued : &no_longer;
    case 2:
        return &pending;
    case 16:
        return &failed;
    case 32:
        return &waiting;
    default:
        return &odd;
    }
}

static void end_key(struct finder *f, struct key *k) {
    if (k->path.n && k->has_status) {
        const struct explain_entry *e = judge(k);
        const char *path = text_claim(f->arena, k->path, 200);
        f->moment = NULL;
        f->unit++;
        struct explanation *x =
            finder_add(f, EXPLAIN_ENROLLMENT, e,
                       arena_printf(f->arena, "enrollment %s: %s", path, e->name), SPAN_NONE);
        if (k->has_error && k->status == 16)
            x->note = arena_printf(f->arena, "Status %u, ErrorCode 0x%08X %s", k->status, k->error,
                                   hresult_find(k->error)->name);
        else
            x->note = arena_printf(f->arena, "Status %u", k->status);
        if (k->has_error && k->error)
            finder_add_hresult(f, k->error, SPAN_NONE);
    }
    *k = (struct key){0};
}

/* The path below ROOT when it is an enrollment's own key: two names. */
static struct span enrollment_of(struct span line) {
    ptrdiff_t at = find_nocase(line, ROOT);
    if (at < 0 || find_nocase(line, WOW) >= 0)
        return SPAN_NONE;
    struct span path = span_from(line, (size_t)at + strlen(ROOT));
    size_t parts = 1;
    while (path.n && (path.p[path.n - 1] == ']' || path.p[path.n - 1] == ' '))
        path.n--;
    for (size_t i = 0; i < path.n; i++)
        parts += path.p[i] == '\\';
    return parts == 2 ? path : SPAN_NONE;
}

/* `"Status"=dword:00000010` or `    Status    REG_DWORD    0x10`: name and value. */
static bool split(struct span line, struct span *name, struct span *value) {
    line = span_trim(line);
    ptrdiff_t reg = find_nocase(line, "REG_");
    if (line.n && line.p[0] == '"') {
        struct span rest = span_from(line, 1);
        ptrdiff_t end = span_find(rest, '"');
        if (end < 0)
            return false;
        *name = span_of(rest.p, (size_t)end);
        rest = span_from(rest, (size_t)end + 1);
        *value = span_trim(rest.n && rest.p[0] == '=' ? span_from(rest, 1) : SPAN_NONE);
        return true;
    }
    if (reg <= 0)
        return false;
    *name = span_trim(span_of(line.p, (size_t)reg));
    *value = span_from(line, (size_t)reg);
    while (value->n && value->p[0] != ' ' && value->p[0] != '\t')
        *value = span_from(*value, 1);
    *value = span_trim(*value);
    return true;
}

/* dword:80091007, 0x80091007 (reg query), 0x80091007 (2148077575), "-2146889721", "2148077575". */
static bool number_of(struct span value, uint32_t *out) {
    char text[16] = "0x";
    ptrdiff_t decimal = find_nocase(value, " (");
    if (decimal > 0)
        value = span_of(value.p, (size_t)decimal);
    if (value.n >= 2 && value.p[0] == '"')
        value = span_of(value.p + 1, value.n - 2);
    if (!span_starts(value, "dword:"))
        return hresult_parse(value, out);
    value = span_from(value, 6);
    if (!value.n || value.n > 8)
        return false;
    memcpy(text + 2, value.p, value.n);
    return hresult_parse(span_str(text), out);
}

static void read_value(struct key *k, struct span name, struct span value) {
    if (span_is_nocase(name, "Status"))
        k->has_status = number_of(value, &k->status) || k->has_status;
    else if (span_is_nocase(name, "ErrorCode"))
        k->has_error = number_of(value, &k->error) || k->has_error;
    else if (span_is_nocase(name, "CertThumbprint"))
        k->has_thumbprint = value.n > 2; /* not "" */
}

static bool is_export(struct span text) {
    struct span start = span_trim(text);
    return span_starts(start, "Windows Registry Editor") || span_starts(start, "REGEDIT4") ||
           span_starts(start, "[HKEY_") || span_starts(start, "HKEY_");
}

bool explain_registry(struct finder *f, struct span text) {
    struct key k = {0};
    struct span name, value;
    if (!is_export(text))
        return false;
    for (struct span left = text; left.n;) {
        struct span line = take_line(&left), start = span_trim(line);
        if (span_starts(start, "[") || span_starts(start, "HKEY_")) {
            end_key(f, &k);
            k.path = enrollment_of(start);
        } else if (k.path.n && split(line, &name, &value)) {
            read_value(&k, name, value);
        }
    }
    end_key(f, &k);
    return true;
}
