/* SPDX-License-Identifier: Apache-2.0 */
/* signet probe: will Windows enroll at this SCEP server, and if not, why. */
#include "probe/probe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "device/ossl.h"
#include "explain/hresult.h"
#include "x509/pem.h"

static const char usage[] =
    "Usage: signet probe URL [--challenge C --subject S] [OPTIONS] [-o json]\n\n"
    "Plays the Windows SCEP client against any SCEP server and says what will stop Windows there: the\n"
    "first fault, the HRESULT that the host would show, and the cure. After a fault it goes on as if\n"
    "that were mended, so that one run finds the others too. URL is ServerURL as in the profile;\n"
    "Windows appends /pkiclient.exe to it, and so does the probe.\n\n"
    "Without a challenge it only asks, and changes nothing. With a challenge and a subject it gets a\n"
    "certificate as Windows does, looks at all of the reply, and throws key and certificate away. The\n"
    "CA has issued it all the same, a one-time challenge is used up, and where the first request is\n"
    "not understood there is a second one.\n\n"
    "  --challenge C          the challenge. Who may list this machine's processes can read it; so\n"
    "                         rather:\n"
    "  --challenge-file FILE  the same from FILE (- is standard input)\n"
    "  --subject S            the subject to ask for, as in a profile: 'CN=probe,O=Example'\n"
    "  --trust FILE           the roots that the hosts trust, as PEM (default: this system's, and\n"
    "                         for TLS only: the CA's own root is then not judged)\n"
    "  --thumbprint T         CAThumbprint of the profile, 40 hex digits (default: any that fits)\n"
    "  --timeout SECONDS      for each request, 1 to 600 (default: 10)\n"
    "  -o json                the same as JSON\n\n"
    "Exit status: 0 nothing known will stop Windows (there may be risks and notes), 1 something will,\n"
    "or the question could not be answered, or the probe itself failed (then standard error says why),\n"
    "2 wrong usage.\n"
    "docs/probe.md has a paragraph on each finding.\n";

enum { MAX_TRUST = 1 << 20, MAX_SECONDS = 600, MAX_TEXT = 8192 };

/* ---- words ---- */

/* The report is clean already; the URL is not, and a terminal is not the place to rely on others.
 */
static const char *clean(struct arena *a, const char *text) {
    return text_claim(a, span_str(text), MAX_TEXT);
}

static const char *severity(const struct probe_finding *f) {
    static const char *const names[] = {
        [PROBE_NOTE] = "note", [PROBE_RISK] = "risk", [PROBE_STOPS] = "stops"};
    return names[f->entry->severity];
}

/* ---- as JSON ---- */

static json_t *json_hresult(const struct probe_finding *f) {
    return f && f->hresult ? json_sprintf("0x%08X", f->hresult) : json_null();
}

static json_t *json_finding(struct arena *a, const struct probe_finding *f) {
    const struct probe_entry *e = f->entry;
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s}", "code", e->name, "severity",
                     severity(f), "hresult", json_hresult(f), "detail", clean(a, f->detail),
                     "title", e->title, "cure", e->cure, "fact", e->fact);
}

/* A list of name and value, or of names alone. */
static json_t *json_facts(struct arena *a, const struct probe_fact *f, bool values) {
    json_t *list = json_array();
    for (; f; f = f->next)
        json_array_append_new(list, values ? json_pack("{s:s, s:s}", "name", clean(a, f->name),
                                                       "value", clean(a, f->value))
                                           : json_string(clean(a, f->name)));
    return list;
}

static void print_json(struct arena *a, const char *url, const struct probe_report *r) {
    const struct probe_finding *verdict = probe_verdict(r);
    json_t *findings = json_array();
    for (const struct probe_finding *f = r->findings; f; f = f->next)
        json_array_append_new(findings, json_finding(a, f));
    cli_print_json(json_pack(
        "{s:s, s:s?, s:b, s:o, s:o, s:o, s:o, s:o, s:s?, s:b}", "url", clean(a, url), "verdict",
        verdict ? verdict->entry->name : NULL, "stops", verdict != NULL, "hresult",
        json_hresult(verdict), "findings", findings, "facts", json_facts(a, r->facts, true),
        "checked", json_facts(a, r->checked, false), "unknown", json_facts(a, r->unknown, false),
        "inconclusive", r->inconclusive, "enrolled", (int)r->enrolled));
}

/* ---- for people ---- */

/* Text that begins in the column `at`, and goes on in the column `indent` of the next lines. */
static void wrapped(const char *text, size_t at, size_t indent, size_t width) {
    BUF_AUTO(lines);
    cli_wrap(&lines, text, at, indent, width);
    fputs(buf_cstr(&lines), stdout);
}

static const char *hresult_words(struct arena *a, uint32_t code) {
    const char *name = hresult_find(code)->name;
    if (!code)
        return "code not known";
    return arena_printf(a, strcmp(name, "unknown") == 0 ? "0x%08X" : "0x%08X (%s)", code, name);
}

/* The verdict stands on one line whatever the width, so that it can be searched for. */
static void print_verdict(struct arena *a, const struct probe_report *r, size_t width) {
    enum { INDENT = 11 };
    const struct probe_finding *verdict = probe_verdict(r);
    if (!verdict) {
        if (r->inconclusive)
            printf("not known whether Windows can enroll here: %s\n", r->inconclusive);
        else
            printf("nothing known will stop Windows here\n");
        return;
    }
    printf("Windows will fail here: %s\n", verdict->entry->title);
    printf("  HRESULT  %s\n  cure     ", hresult_words(a, verdict->hresult));
    wrapped(verdict->entry->cure, INDENT, INDENT, width);
}

/* What stops nobody shows no code; elsewhere its absence says that we do not know it. */
static const char *hresult_cell(struct arena *a, const struct probe_finding *f) {
    return f->hresult                         ? arena_printf(a, "0x%08X", f->hresult)
           : f->entry->severity == PROBE_NOTE ? "-"
                                              : "not known";
}

static size_t longest_word(const char *text) {
    size_t longest = 0;
    for (size_t n; *text; text += n + (text[n] == ' ')) {
        n = strcspn(text, " ");
        longest = n > longest ? n : longest;
    }
    return longest;
}

/* What was seen stands beside the codes, or below them when a URL in it would be torn there. */
static void print_finding(struct arena *a, const struct probe_finding *f, int names, size_t width) {
    enum { INDENT = 10 };
    const char *seen = clean(a, f->detail), *hresult = hresult_cell(a, f);
    size_t beside = (size_t)(INDENT + names + 14);
    bool fits = beside + longest_word(seen) <= width;
    printf("%-8s  %-*s  %s", severity(f), names, f->entry->name, hresult);
    printf("%s%*s", fits ? "" : "\n", fits ? (int)(12 - strlen(hresult)) : INDENT, "");
    wrapped(seen, fits ? beside : INDENT, fits ? beside : INDENT, width);
    printf("%*s", INDENT, "");
    wrapped(f->entry->title, INDENT, INDENT, width);
    printf("%*scure: ", INDENT, "");
    wrapped(f->entry->cure, INDENT + 6, INDENT + 6, width);
}

static void print_findings(struct arena *a, const struct probe_report *r, size_t width) {
    size_t names = strlen("CODE");
    for (const struct probe_finding *f = r->findings; f; f = f->next)
        names = strlen(f->entry->name) > names ? strlen(f->entry->name) : names;
    if (r->findings)
        printf("\n%-8s  %-*s  %-10s  %s\n", "SEVERITY", (int)names, "CODE", "HRESULT", "SEEN");
    for (const struct probe_finding *f = r->findings; f; f = f->next)
        print_finding(a, f, (int)names, width);
}

static void print_facts(struct arena *a, const struct probe_report *r, size_t width) {
    size_t names = 0;
    for (const struct probe_fact *f = r->facts; f; f = f->next)
        names = strlen(f->name) > names ? strlen(f->name) : names;
    if (r->facts)
        printf("\n");
    for (const struct probe_fact *f = r->facts; f; f = f->next) {
        printf("%-*s  ", (int)names, clean(a, f->name));
        wrapped(clean(a, f->value), names + 2, names + 2, width);
    }
}

/* "label: one; two; three", wrapped. */
static void print_names(struct arena *a, const char *label, const struct probe_fact *f,
                        size_t width) {
    BUF_AUTO(line);
    buf_printf(&line, "%s: %s", label, f ? "" : "nothing");
    for (const struct probe_fact *first = f; f; f = f->next)
        buf_printf(&line, "%s%s", f == first ? "" : "; ", clean(a, f->name));
    wrapped(buf_cstr(&line), 0, 2, width);
}

static void print_text(struct arena *a, const struct probe_report *r) {
    size_t width = cli_width(100);
    print_verdict(a, r, width);
    print_findings(a, r, width);
    print_facts(a, r, width);
    printf("\n");
    if (r->enrolled)
        printf(
            "A certificate was issued, and its key is thrown away: the CA holds it for valid until it is "
            "revoked.\n");
    print_names(a, "checked", r->checked, width);
    if (r->unknown)
        print_names(a, "not known", r->unknown, width);
}

/* ---- the command line ---- */

struct order {
    const char *challenge, *challenge_file, *subject, *trust, *thumbprint, *timeout;
};

static void progress(const char *step) {
    fprintf(stderr, "probe: %s ...\n", step);
}

/* Each must be good for OpenSSL: for one bad one curl throws all of them away, and blames TLS. */
static enum err check_trust(struct arena *a, struct span pem) {
    struct span der;
    int count = 0;
    enum err e;
    while ((e = pem_next(a, &pem, PEM_CERTIFICATE, &der)) == OK) {
        OSSL_AUTO(X509) x = ossl_x509_read(der);
        count++;
        if (!x)
            return err_set(ERR_PARSE, "number %d is no certificate", count);
    }
    if (e != ERR_NOT_FOUND)
        return err_context(e, "number %d", count + 1);
    return count ? OK : err_set(ERR_PARSE, "there is none");
}

static enum err read_trust(const char *file, struct buf *out) {
    ARENA_AUTO(a);
    TRY(file_read(file, MAX_TRUST, out));
    enum err e = check_trust(&a, buf_view(out));
    return e == OK ? OK : err_context(e, "'%s' holds no PEM certificate that can be read", file);
}

/* As `openssl x509 -fingerprint` prints it, or as it stands in a profile. */
static const char *without_colons(struct arena *a, const char *thumbprint) {
    BUF_AUTO(out);
    for (; *thumbprint; thumbprint++)
        if (*thumbprint != ':')
            buf_char(&out, *thumbprint);
    return arena_str(a, buf_view(&out));
}

static int probe(const struct cli *cli, struct probe_options *options) {
    ARENA_AUTO(a);
    struct probe_report report;
    options->url = cli->argv[0];
    if (options->thumbprint)
        options->thumbprint = without_colons(&a, options->thumbprint);
    options->progress = isatty(STDERR_FILENO) ? progress : NULL;
    enum err e = probe_run(options, &a, &report);
    if (e != OK)
        return e == ERR_USAGE ? cli_usage(usage, "%s", err_detail()) : cli_fail();
    if (cli->json)
        print_json(&a, options->url, &report);
    else
        print_text(&a, &report);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "signet: cannot write to standard output\n");
        return 1;
    }
    return probe_verdict(&report) || report.inconclusive ? 1 : 0;
}

static int read_and_probe(const struct cli *cli, const struct order *o, unsigned timeout_ms) {
    BUF_AUTO(challenge);
    BUF_AUTO(trust);
    struct probe_options options = {.challenge = o->challenge,
                                    .subject = o->subject,
                                    .thumbprint = o->thumbprint,
                                    .timeout_ms = timeout_ms};
    if (o->challenge_file) {
        if (cli_read_challenge(o->challenge_file, &challenge) != OK)
            return cli_fail();
        options.challenge = buf_cstr(&challenge);
    }
    if (o->trust) {
        if (read_trust(o->trust, &trust) != OK)
            return cli_fail();
        options.trust = buf_view(&trust);
    }
    return probe(cli, &options);
}

int cmd_probe(int argc, char **argv) {
    struct order o = {0};
    const struct cli_option own[] = {{"challenge", &o.challenge, NULL},
                                     {"challenge-file", &o.challenge_file, NULL},
                                     {"subject", &o.subject, NULL},
                                     {"trust", &o.trust, NULL},
                                     {"thumbprint", &o.thumbprint, NULL},
                                     {"timeout", &o.timeout, NULL},
                                     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    int64_t seconds = 0;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc != 1)
        return cli_usage(usage, "probe takes one URL");
    if (o.challenge && o.challenge_file)
        return cli_usage(usage, "give --challenge or --challenge-file, not both");
    if (!(o.challenge || o.challenge_file) != !o.subject)
        return cli_usage(usage,
                         "--subject and a challenge go together: they ask for a certificate");
    if (o.timeout &&
        (!span_int(span_str(o.timeout), &seconds) || seconds < 1 || seconds > MAX_SECONDS))
        return cli_usage(usage, "--timeout: '%s' is not a number from 1 to %d", o.timeout,
                         MAX_SECONDS);
    return read_and_probe(&cli, &o, (unsigned)seconds * 1000);
}
