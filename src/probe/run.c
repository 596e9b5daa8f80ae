/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the steps, and the report that they fill. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "device/hresult.h"
#include "probe/internal.h"

enum { URL_MAX = 200, FINDINGS_MAX = 200, DEFAULT_TIMEOUT_MS = 10000, CHALLENGE_BYTES = 16 };

/* ---- the report ---- */

/* More of them help nobody; a stranger decides how many there are. */
static void add_finding(struct probe *p, enum probe_code code, uint32_t hresult,
                        const char *detail) {
    struct probe_finding **at = &p->report->findings;
    int before = 0;
    while (*at && ++before)
        at = &(*at)->next;
    if (before == FINDINGS_MAX)
        return;
    *at = arena_alloc(p->a, sizeof **at);
    **at = (struct probe_finding){probe_entry(code), hresult, detail, NULL};
}

static const char *formatted(struct probe *p, const char *fmt, va_list args) {
    char text[1024];
    vsnprintf(text, sizeof text, fmt, args);
    return arena_str(p->a, span_str(text));
}

void probe_found(struct probe *p, enum probe_code code, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    add_finding(p, code, probe_entry(code)->hresult, formatted(p, fmt, args));
    va_end(args);
}

void probe_found_as(struct probe *p, enum probe_code code, uint32_t hresult, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    add_finding(p, code, hresult, formatted(p, fmt, args));
    va_end(args);
}

void probe_found_fault(struct probe *p, enum probe_code code, const struct fetch_reply *reply,
                       const char *fmt, ...) {
    uint32_t fault = probe_fault(reply);
    va_list args;
    va_start(args, fmt);
    if (probe_is_redirect(reply)) /* what Windows makes of it is open */
        add_finding(p, PROBE_REDIRECT, 0, formatted(p, fmt, args));
    else
        add_finding(p, fault == HR_FILENAME_EXCED_RANGE ? PROBE_WEB_PAGE : code, fault,
                    formatted(p, fmt, args));
    va_end(args);
}

bool probe_was_found(const struct probe *p, enum probe_code code) {
    const struct probe_finding *f = p->report->findings;
    while (f && f->entry != probe_entry(code))
        f = f->next;
    return f != NULL;
}

static void add_fact(struct probe *p, struct probe_fact **list, const char *name,
                     const char *value) {
    while (*list)
        list = &(*list)->next;
    *list = arena_alloc(p->a, sizeof **list);
    **list = (struct probe_fact){name, value, NULL};
}

void probe_fact(struct probe *p, const char *name, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    add_fact(p, &p->report->facts, name, formatted(p, fmt, args));
    va_end(args);
}

void probe_checked(struct probe *p, const char *what) {
    add_fact(p, &p->report->checked, what, NULL);
}

void probe_unknown(struct probe *p, const char *what) {
    add_fact(p, &p->report->unknown, what, NULL);
}

const struct probe_finding *probe_verdict(const struct probe_report *r) {
    const struct probe_finding *f = r->findings;
    while (f && f->entry->severity != PROBE_STOPS)
        f = f->next;
    return f;
}

/* ---- the run ---- */

static bool is_thumbprint(const char *text) {
    size_t n = 0;
    while (isxdigit((unsigned char)text[n]))
        n++;
    return n == 40 && !text[n];
}

static enum err check(const struct probe_options *o, struct arena *a) {
    bool http = strncasecmp(o->url, "http://", 7) == 0,
         tls = strncasecmp(o->url, "https://", 8) == 0;
    if (!http && !tls)
        return err_set(ERR_USAGE, "'%s' is no http or https URL",
                       text_claim(a, span_str(o->url), URL_MAX));
    for (const char *c = o->url; *c; c++)
        if (*c <= ' ' || *c > '~' || strchr(o->gateway ? "#" : "?#;", *c))
            return err_set(ERR_USAGE,
                           "'%s': give ServerURL alone: one URL, printable, without ? "
                           "and #",
                           text_claim(a, span_str(o->url), URL_MAX));
    if (strchr("/:", o->url[tls ? 8 : 7]) || !o->url[tls ? 8 : 7])
        return err_set(ERR_USAGE, "'%s' names no host", o->url);
    if (!fetch_url_is_good(o->url))
        return err_set(ERR_USAGE,
                       "'%s' is no URL that can be asked; names and passwords do not "
                       "belong into it",
                       o->url);
    if (!o->ra && !o->challenge != !o->subject)
        return err_set(ERR_USAGE, "a certificate is asked for with both a challenge and a subject");
    if (o->thumbprint && !is_thumbprint(o->thumbprint))
        return err_set(ERR_USAGE, "'%s' is no SHA-1 thumbprint: 40 hex digits", o->thumbprint);
    return OK;
}

static void say(const struct probe *p, const char *step) {
    if (p->options->progress)
        p->options->progress(step);
}

static enum err run(struct probe *p) {
    say(p, "the way to the server");
    probe_reach(p);
    if (!p->reached) {
        p->report->inconclusive = "the server could not be reached";
        probe_unknown(p, "all that comes after the connection");
        return OK;
    }
    say(p, "GetCACaps");
    probe_capabilities(p);
    say(p, "GetCACert");
    probe_authority(p);
    if (!p->has_ca) {
        p->report->inconclusive = "GetCACert could not be had, and nothing behind it was seen";
        probe_unknown(p, "whether it reads RSAES-OAEP and issues certificates");
        return OK;
    }
    say(p, "CRLs");
    probe_crls(p);
    if (p->options->subject && probe_is_refuted(p)) {
        p->report->inconclusive =
            p->options->ra ? "nothing was asked for, as the server may be somebody else's"
                           : "the challenge was not sent, as the server may be somebody else's: "
                             "give its roots with --trust";
        probe_unknown(p, "whether it reads RSAES-OAEP and issues certificates");
        return OK;
    }
    if (!p->options->subject) {
        probe_unknown(p,
                      "whether it reads RSAES-OAEP and issues certificates: give a challenge and a "
                      "subject");
        return OK;
    }
    say(p, "PKIOperation");
    return probe_enrollment(p);
}

static void free_probe(struct probe *p) {
    scep_ca_free(&p->ca);
    fetch_free(p->fetch);
    json_decref(p->host.switches);
    arena_free(&p->host.mem);
}

enum err probe_certificates(const struct probe_options *options, struct span ca_certs,
                            struct arena *a, struct probe_report *out) {
    *out = (struct probe_report){0};
    struct probe p = {.options = options, .a = a, .report = out};
    if (options->thumbprint && !is_thumbprint(options->thumbprint))
        return err_set(ERR_USAGE, "'%s' is no SHA-1 thumbprint: 40 hex digits",
                       options->thumbprint);
    probe_judge_ca(&p, ca_certs, NULL);
    if (!p.has_ca)
        out->inconclusive = "there is no certificate in it that opens requests";
    free_probe(&p);
    return OK;
}

enum err probe_run(const struct probe_options *options, struct arena *a, struct probe_report *out) {
    TRY(check(options, a));
    *out = (struct probe_report){0};
    struct probe p = {.options = options, .a = a, .report = out};
    p.timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    p.host.name = "PROBE";
    p.host.switches = json_object();
    p.challenge = options->ra ? host_random_hex(a, CHALLENGE_BYTES) : options->challenge;
    enum err e = options->subject ? probe_check_request(&p) : OK;
    if (e == OK)
        e = run(&p);
    free_probe(&p);
    return e;
}
