/* SPDX-License-Identifier: Apache-2.0 */
/* signet explain: a code, a line of a log or an export, in words. */
#include "explain/explain.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"

static const char usage[] =
    "Usage: signet explain WHAT... [-o json]\n"
    "       signet explain hresult|event|syncml|status|failinfo|pkistatus|alert NUMBER [-o json]\n"
    "       signet explain FILE|- [-o json]\n\n"
    "Says what it means, where in the chain it arises, what causes it and what cures it. WHAT is what\n"
    "you have: 0x80091007, 80091007, -2146889721, 2148077575, 'event 307', 404, 'failInfo 2', or a line\n"
    "copied from the Event Viewer or from the log of a SCEP server. A bare number that may be several\n"
    "things is told as each of them.\n\n"
    "FILE is an export of the Event Viewer (XML, text or CSV), of Get-WinEvent or wevtutil, or of the\n"
    "registry (.reg, reg query /s), in UTF-8 or UTF-16; - is standard input. Events that bear a time\n"
    "are told as a story, the oldest first. What is quoted of it is numbers, times, names of keys and\n"
    "UniqueIds: never a challenge.\n\n"
    "  -o json   the same as JSON\n\n"
    "What nobody has published is said to be not known, with where to look.\n"
    "Exit status: 0 something is known, 1 nothing is, or FILE cannot be read, 2 wrong usage.\n"
    "docs/explain.md lists what is known, and how sure that is. The names in brackets behind it, such\n"
    "as windows-mdm.md B.2, are of the project's notes on its sources, which are not in the clone.\n";

enum { MAX_FILE = 16 << 20 };

/* ---- words ---- */

static unsigned last_of_run(unsigned steps, unsigned first) {
    while (first + 1 < EXPLAIN_STEPS && steps & 1u << (first + 1))
        first++;
    return first;
}

/* "4 GetCACaps, 7 PKIOperation", "4 GetCACaps to 8 the CertRep is read". */
static const char *where(struct arena *a, const struct explain_entry *e) {
    const char *out = "";
    for (unsigned i = 0; i < EXPLAIN_STEPS; i++) {
        unsigned last = last_of_run(e->steps, i);
        if (!(e->steps & 1u << i))
            continue;
        out = arena_printf(a, "%s%s%u %s", out, *out ? ", " : "", i, explain_steps[i]);
        if (last > i + 1) {
            out = arena_printf(a, "%s to %u %s", out, last, explain_steps[last]);
            i = last;
        }
    }
    if ((e->steps & STEP_HTTP) == STEP_HTTP)
        return arena_printf(a, "%s; the event's Stage says which", out);
    return out;
}

static const char *sure(struct arena *a, const struct explain_entry *e) {
    return arena_printf(a, "%s (%s)", explain_evidence_name(e->evidence), e->fact);
}

/* ---- as JSON ---- */

static json_t *json_steps(const struct explain_entry *e) {
    json_t *list = json_array();
    for (unsigned i = 0; i < EXPLAIN_STEPS; i++)
        if (e->steps & 1u << i)
            json_array_append_new(list, json_integer(i));
    return list;
}

static json_t *json_explanation(struct arena *a, const struct explanation *x) {
    const struct explain_entry *e = x->entry;
    return json_pack(
        "{s:s, s:s, s:s, s:s?, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s?, s:s?, s:I, s:b}", "kind",
        explain_kind_name(x->kind), "what", x->what, "name", e->name, "meaning", e->meaning, "here",
        e->here, "where", where(a, e), "steps", json_steps(e), "cause", e->cause, "cure", e->cure,
        "evidence", explain_evidence_name(e->evidence), "fact", e->fact, "note", x->note, "found",
        x->found, "times", (json_int_t)x->times, "known", e->evidence != EXPLAIN_NOT_KNOWN);
}

static json_t *json_story(const struct explain_report *r) {
    json_t *list = json_array();
    for (const struct explain_moment *m = r->story; m; m = m->next)
        json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s, s:s?}", "at", m->at, "event",
                                              (int)m->event, "name", m->name, "codes", m->codes,
                                              "unique_id", m->unique_id));
    return list;
}

static void print_json(struct arena *a, const struct explain_report *r) {
    json_t *list = json_array();
    for (const struct explanation *x = r->first; x; x = x->next)
        json_array_append_new(list, json_explanation(a, x));
    cli_print_json(json_pack("{s:b, s:o, s:o, s:I, s:b, s:s?}", "known", r->known, "explanations",
                             list, "story", json_story(r), "other_events", (json_int_t)r->strangers,
                             "more", r->more, "other", r->other));
}

/* ---- for people ---- */

static void print_line(const char *head, const char *text, size_t width) {
    enum { INDENT = 11 };
    BUF_AUTO(lines);
    if (!text || !*text)
        return;
    cli_wrap(&lines, text, INDENT, INDENT, width);
    printf("  %-9s%s", head, buf_cstr(&lines));
}

static void print_explanation(struct arena *a, const struct explanation *x, size_t width) {
    const struct explain_entry *e = x->entry;
    printf("%s", x->what);
    if (x->times > 1)
        printf("  (%zu times)", x->times);
    printf("\n");
    bool known = e->evidence != EXPLAIN_NOT_KNOWN;
    print_line("note", x->note, width);
    if (known && e->meaning)
        print_line("meaning", arena_printf(a, "\"%s\"", e->meaning), width);
    print_line("here", e->here, width);
    print_line("where", where(a, e), width);
    print_line("because", known ? e->cause : NULL, width);
    print_line("cure", e->cure, width);
    print_line("sure", known ? sure(a, e) : NULL, width);
}

static void print_story(const struct explain_report *r) {
    if (r->moments < 2)
        return;
    printf("The story%s:\n\n", *r->story->at ? ", the oldest first" : ", as it stands there");
    for (const struct explain_moment *m = r->story; m; m = m->next)
        printf("  %s%s%4u  %s%s%s%s%s\n", m->at, *m->at ? "  " : "", m->event, m->name,
               *m->codes ? ": " : "", m->codes, m->unique_id ? "; UniqueId " : "",
               m->unique_id ? m->unique_id : "");
    printf("\n");
}

static void print_text(struct arena *a, const struct explain_report *r) {
    size_t width = cli_width(100);
    print_story(r);
    for (const struct explanation *x = r->first; x; x = x->next) {
        print_explanation(a, x, width);
        if (x->next)
            printf("\n");
    }
    if (r->strangers)
        printf("%s%zu other event%s: nothing in them is of MDM or SCEP.\n", r->first ? "\n" : "",
               r->strangers, r->strangers == 1 ? "" : "s");
    if (r->more)
        printf("\nThere is more in it than is told here: cut the export down.\n");
    if (r->other)
        printf("%s%s\n", r->first ? "\n" : "", r->other);
    else if (!r->first)
        printf(
            "Nothing in it is known to signet. Codes are in winerror.h; the host's events are in the "
            "Event Viewer, DeviceManagement-Enterprise-Diagnostics-Provider/Admin: paste 32, 86, 307 "
            "and 309 here.\n");
}

static int tell(const struct cli *cli, struct arena *a, const struct explain_report *r) {
    if (cli->json)
        print_json(a, r);
    else
        print_text(a, r);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "signet: cannot write to standard output\n");
        return 1;
    }
    return r->known ? 0 : 1;
}

/* ---- the command line ---- */

/* One that is there; or one that is meant, by its name, so that it is missed and not explained. */
static bool is_file(const char *name) {
    static const char *const ends[] = {".xml", ".txt", ".csv", ".reg", ".evtx", ".log"};
    size_t n = strlen(name);
    if (strcmp(name, "-") == 0 || access(name, F_OK) == 0)
        return true;
    if (strpbrk(name, " \t\n?&:"))
        return false;
    if (*name == '/' || strncmp(name, "./", 2) == 0 || strncmp(name, "../", 3) == 0)
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n > strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static bool takes_number(enum explain_kind kind) {
    return kind != EXPLAIN_KINDS && kind != EXPLAIN_TEXT && kind != EXPLAIN_ENROLLMENT;
}

static void join(const struct cli *cli, struct buf *out) {
    for (int i = 0; i < cli->argc; i++)
        buf_printf(out, "%s%s", i ? " " : "", cli->argv[i]);
}

/* A negative HRESULT is no option: getopt does not see that it is one behind a blank. */
static void hide_negatives(struct arena *a, int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '-' && argv[i][1] >= '0' && argv[i][1] <= '9')
            argv[i] = arena_printf(a, " %s", argv[i]);
}

int cmd_explain(int argc, char **argv) {
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct cli cli;
    struct explain_report report;
    int status;
    hide_negatives(&a, argc, argv);
    if (!cli_options(argc, argv, usage, NULL, &cli, &status))
        return status;
    if (!cli.argc)
        return cli_usage(usage, "explain takes a code, a line or a file");
    enum explain_kind kind = explain_kind_of(span_str(cli.argv[0]));
    if (cli.argc == 1 && takes_number(kind) && !is_file(cli.argv[0]))
        return cli_usage(usage, "give a number, as in: signet explain %s 16", cli.argv[0]);
    if (cli.argc == 2 && takes_number(kind)) {
        if (explain_one(&a, kind, span_str(cli.argv[1]), &report) != OK)
            return cli_usage(usage, "%s", err_detail());
        return tell(&cli, &a, &report);
    }
    if (cli.argc == 1 && is_file(cli.argv[0])) {
        if (file_read(cli.argv[0], MAX_FILE, &text) != OK)
            return cli_fail();
        if (!span_trim(buf_view(&text)).n) {
            fprintf(stderr, "signet: %s is empty: there is nothing to explain\n",
                    strcmp(cli.argv[0], "-") == 0 ? "standard input" : cli.argv[0]);
            return 1;
        }
    } else {
        join(&cli, &text);
    }
    if (explain_text(&a, buf_view(&text), &report) != OK)
        return cli_fail();
    return tell(&cli, &a, &report);
}
