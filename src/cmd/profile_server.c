/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/profile_server.h"

#include <string.h>

#include "base/text.h"
#include "csp/commands.h"
#include "csp/placeholder.h"
#include "csp/profile.h"
#include "probe/probe.h"
#include "server/admin.h"

enum { SHA1_DIGITS = 40 };

/* ---- asking ---- */

static enum err ask_endpoint(const struct cli *cli, const char *name, struct arena *a,
                             const struct probe_options *options, struct probe_report *out) {
    json_t *reply, *request = json_pack("{s:s, s:s}", "command", "endpoint.show", "name", name);
    struct span certs;
    if (!request)
        return err_set(ERR_USAGE, "the name of the endpoint is not UTF-8");
    TRY(admin_call(cli->folder, request, &reply));
    enum err e = base64_decode(a, span_str(cli_text(reply, "ca_certs")), &certs);
    json_decref(reply);
    return e == OK ? probe_certificates(options, certs, a, out) : e;
}

static enum err ask(const struct cli *cli, const char *server, struct arena *a,
                    const char *thumbprint, struct probe_report *out) {
    const struct probe_options options = {.url = server, .thumbprint = thumbprint};
    return strstr(server, "://") ? probe_run(&options, a, out)
                                 : ask_endpoint(cli, server, a, &options, out);
}

/* ---- judging ---- */

/* "AB12...  CN=Example CA (issuing CA)" of the one with that thumbprint; NULL: none. */
static const char *certificate_of(const struct probe_report *r, const char *thumbprint) {
    for (const struct probe_fact *f = r->facts; f; f = f->next)
        if (strcmp(f->name, "thumbprint") == 0 && thumbprint &&
            strncasecmp(f->value, thumbprint, SHA1_DIGITS) == 0)
            return f->value;
    return NULL;
}

static bool is_about_thumbprint(const struct probe_finding *f) {
    return f->entry == probe_entry(PROBE_THUMBPRINT);
}

static bool is_of_ra(const char *certificate) {
    static const char ending[] = "(RA)";
    size_t n = strlen(certificate);
    return n >= sizeof ending - 1 && strcmp(certificate + n - (sizeof ending - 1), ending) == 0;
}

static void judge_thumbprint(struct arena *a, const struct profile_command *c,
                             const char *thumbprint, const struct probe_report *r,
                             struct lint_findings *out) {
    const struct probe_finding *f = r->findings;
    const char *own = certificate_of(r, thumbprint), *right = certificate_of(r, r->thumbprint);
    const char *node = profile_node_name(c->node);
    unsigned line = c->element->line;
    while (f && !is_about_thumbprint(f))
        f = f->next;
    if (f)
        lint_add(a, out, LINT_THUMBPRINT_NO_MATCH, line, node, "%s; name %s", f->detail,
                 right ? right : "the CA that issues");
    else if (own && is_of_ra(own))
        lint_add(a, out, LINT_THUMBPRINT_OF_RA, line, node, "%s; name %s", own,
                 right ? right : "the CA that issues");
    else if (own)
        lint_add(a, out, LINT_THUMBPRINT_MATCHES, line, node, "%s", own);
    else if (right)
        lint_add(a, out, LINT_THUMBPRINT_MATCHES, line, node,
                 "%s: signet fills it in; for this server it is %s", PROFILE_QUOTE(c->value),
                 right);
}

/* This machine got no answer at all, which says nothing of the hosts. */
static bool is_silence(const struct probe_finding *f) {
    return f->entry == probe_entry(PROBE_NAME) || f->entry == probe_entry(PROBE_UNREACHABLE) ||
           f->entry == probe_entry(PROBE_TIMEOUT);
}

/* What no profile can mend; the probe says more of each. */
static void add_others(struct arena *a, const struct profile_command *c,
                       const struct probe_report *r, struct lint_findings *out) {
    const char *node = profile_node_name(c->node);
    bool silent = !r->thumbprint;
    for (const struct probe_finding *f = r->findings; f; f = f->next) {
        if (f->entry->severity != PROBE_STOPS || is_about_thumbprint(f))
            continue;
        lint_add(a, out, is_silence(f) ? LINT_SERVER_SILENT : LINT_SERVER_STOPS, c->element->line,
                 node, "%s: %s: %s", f->entry->name, f->entry->title, f->detail);
        silent = false;
    }
    if (silent)
        lint_add(a, out, LINT_SERVER_SILENT, c->element->line, node, "%s",
                 r->inconclusive ? r->inconclusive : "it sent no certificate");
}

/* What has another shape can match nothing: its own finding says so. */
static const char *thumbprint_of(struct arena *a, struct span value) {
    bool hex = value.n == SHA1_DIGITS;
    for (size_t i = 0; hex && i < value.n; i++)
        hex = value.p[i] && strchr("0123456789abcdefABCDEF", value.p[i]);
    return hex ? arena_str(a, value) : NULL;
}

/* A placeholder names no host; of a list one is enough. */
static void compare_hosts(struct arena *a, const struct profile_command *c, const char *server,
                          struct lint_findings *out) {
    const char *asked = arena_str(a, url_host(span_str(server)));
    struct span rest = c->value, found;
    if (!*asked || span_find(rest, '{') >= 0 || foreign_next(&rest, &found))
        return;
    for (rest = c->value; rest.n;) {
        ptrdiff_t end = span_find(rest, ';');
        size_t n = end < 0 ? rest.n : (size_t)end;
        if (span_is_nocase(url_host(span_trim(span_of(rest.p, n))), asked))
            return;
        rest = span_from(rest, end < 0 ? n : n + 1);
    }
    lint_add(a, out, LINT_SERVER_DIFFERS, c->element->line, profile_node_name(c->node),
             "\"%s\" names another host than %s, which was asked", PROFILE_QUOTE(c->value), server);
}

enum err profile_server_judge(const struct cli *cli, const char *server, struct arena *a,
                              struct span text, struct lint_findings *out) {
    struct profile_commands p;
    struct probe_report report;
    if (profile_commands_read(a, text, &p) != OK)
        return OK;
    const struct profile_command *pin = profile_command_find(&p, "CAThumbprint");
    const char *thumbprint = thumbprint_of(a, pin->value);
    TRY(ask(cli, server, a, thumbprint, &report));
    if (thumbprint || span_is(pin->value, "{{scep.ca_thumbprint}}"))
        judge_thumbprint(a, pin, thumbprint, &report, out);
    const struct profile_command *url = profile_command_find(&p, "ServerURL");
    compare_hosts(a, url, server, out);
    add_others(a, url, &report, out);
    return OK;
}
