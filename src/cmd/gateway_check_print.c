/* SPDX-License-Identifier: Apache-2.0 */
/* What signet gateway check says: as JSON, and for people. */
#include <stdio.h>

#include "base/text.h"
#include "cmd/gateway.h"
#include "cmd/gateway_check.h"

static const char *const names[MODES] = {"relay", "RA"};

/* ---- as JSON ---- */

static json_t *names_of(struct arena *a, const struct probe_fact *f) {
    json_t *list = json_array();
    for (; f; f = f->next)
        json_array_append_new(list, json_string(text_claim(a, span_str(f->name), 1000)));
    return list;
}

static bool has_enrolled(const struct gateway_judgement *c) {
    return c->reports[RELAY].enrolled || c->reports[RA].enrolled;
}

/* Of the run that tried the mode that is configured. */
static const struct probe_fact *unknown(const struct gateway_judgement *c) {
    return c->reports[gateway_is_configured(c, RA) ? RA : RELAY].unknown;
}

void gateway_print_json(const struct gateway_judgement *c) {
    cli_print_json(json_pack(
        "{s:s, s:s, s:s, s:b, s:b, s:O, s:O, s:o}", "name", cli_text(c->upstream, "name"), "mode",
        cli_text(c->upstream, "mode"), "upstream", cli_text(c->upstream, "upstream"), "can_work",
        (int)gateway_can_work(c), "enrolled", (int)has_enrolled(c), "relay", c->modes[RELAY], "ra",
        c->modes[RA], "unknown", names_of(c->a, unknown(c))));
}

/* ---- for people ---- */

static void wrapped(const char *text, size_t indent, size_t width) {
    BUF_AUTO(lines);
    cli_wrap(&lines, text, indent, indent, width);
    fputs(buf_cstr(&lines), stdout);
}

/* What a verdict without it does not cover. */
static const char *untried(const struct gateway_judgement *c, enum gateway_mode m) {
    if (m == RA)
        return c->asked[RA] ? "" : ", but signet's request was not tried: --enroll does";
    if (!c->asked[RELAY])
        return c->asked[RA] ? ", but OAEP was not tried: --challenge does"
                            : ", but OAEP was not tried: --enroll does";
    return gateway_is_configured(c, RELAY) && gateway_text(c->upstream, "ndes")
               ? ", but its mscep_admin page was not tried"
               : "";
}

/* The verdict stands on one line whatever the width, so that it can be searched for. */
static void print_verdict(const struct gateway_judgement *c, enum gateway_mode m) {
    const json_t *first = json_array_get(json_object_get(c->modes[m], "against"), 0);
    printf("%-5s %s  ", names[m], gateway_is_configured(c, m) ? "(configured)" : "            ");
    if (first)
        printf("will not work: %s\n", cli_text(first, "why"));
    else if (json_is_null(json_object_get(c->modes[m], "can_work")))
        printf("cannot be told: %s\n", cli_text(c->modes[m], "inconclusive"));
    else
        printf("nothing known is against it%s\n", untried(c, m));
}

static void print_findings(const json_t *mode, const char *key, const char *word, size_t width) {
    enum { INDENT = 11 };
    const json_t *f;
    size_t i;
    json_array_foreach(json_object_get(mode, key), i, f) {
        printf("  %-8s %s\n%*s", word, cli_text(f, "code"), INDENT, "");
        wrapped(cli_text(f, "why"), INDENT, width);
        if (!json_string_value(json_object_get(f, "seen")))
            continue;
        printf("%*s", INDENT, "");
        BUF_AUTO(seen);
        buf_printf(&seen, "seen: %s", cli_text(f, "seen"));
        wrapped(buf_cstr(&seen), INDENT, width);
    }
}

static void print_mended(const json_t *mode) {
    const json_t *list = json_object_get(mode, "mended"), *f;
    size_t i;
    json_array_foreach(list, i, f) printf("%s%s", i ? ", " : "  mended   ", cli_text(f, "code"));
    if (json_array_size(list))
        printf("\n");
}

static bool has_lines(const json_t *mode) {
    return json_array_size(json_object_get(mode, "against")) +
               json_array_size(json_object_get(mode, "open")) +
               json_array_size(json_object_get(mode, "mended")) ||
           (!json_is_false(json_object_get(mode, "can_work")) &&
            json_array_size(json_object_get(mode, "warnings")));
}

static void print_mode(const struct gateway_judgement *c, enum gateway_mode m, size_t width) {
    enum { INDENT = 11 };
    const json_t *text;
    size_t i;
    if (!has_lines(c->modes[m]))
        return;
    printf("\n%s\n", names[m]);
    print_findings(c->modes[m], "against", "stops", width);
    print_findings(c->modes[m], "open", "open", width);
    print_mended(c->modes[m]);
    if (json_is_false(json_object_get(c->modes[m], "can_work")))
        return;
    json_array_foreach(json_object_get(c->modes[m], "warnings"), i, text) {
        printf("  %-8s ", "warning");
        wrapped(json_string_value(text), INDENT, width);
    }
}

static void print_unknown(const struct gateway_judgement *c, size_t width) {
    BUF_AUTO(line);
    for (const struct probe_fact *f = unknown(c); f; f = f->next)
        buf_printf(&line, "%s%s",
                   line.n ? "; " : "not known: ", text_claim(c->a, span_str(f->name), 1000));
    if (!line.n)
        return;
    BUF_AUTO(lines);
    cli_wrap(&lines, buf_cstr(&line), 0, 2, width);
    printf("\n%s", buf_cstr(&lines));
}

void gateway_print_text(const struct gateway_judgement *c) {
    size_t width = cli_width(100);
    print_verdict(c, RELAY);
    print_verdict(c, RA);
    print_mode(c, RELAY, width);
    print_mode(c, RA, width);
    print_unknown(c, width);
    if (c->reports[RELAY].enrolled && c->reports[RA].enrolled)
        printf(
            "\nTwo certificates were issued, one to signet's request and one to Windows' (with "
            "OU=relay), and\ntheir keys are thrown away: the upstream holds them for valid until "
            "they are revoked.\n");
    else if (has_enrolled(c))
        printf("\nA certificate was issued, and its key is thrown away: the upstream holds it for "
               "valid until it\nis revoked.\n");
}
