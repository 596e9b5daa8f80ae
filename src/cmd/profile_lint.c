/* SPDX-License-Identifier: Apache-2.0 */
/* signet profile lint: what is wrong with profiles, before they are sent. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/profile_lint.h"
#include "cmd/profile_server.h"
#include "csp/lint.h"
#include "csp/profile.h"

static const char usage[] =
    "Usage: signet profile lint FILE... [--fix] [--server URL|NAME] [--trust-device-name]\n"
    "                           [--brief | -o json]\n"
    "       signet profile lint --explain [CODE...] [-o json]\n\n"
    "Says what is wrong with a profile, or good to know of it, before it is sent: the line and node, what\n"
    "Windows will do (with the code that one would see), how to mend it, and how sure that is. But\n"
    "for --server it asks nobody. FILE - is standard input. A file that has signet's placeholders is\n"
    "judged as one that signet sends; any other as it stands.\n\n"
    "  --fix                 mend what has one right answer, in the file itself (of -: to standard\n"
    "                        output), say what was changed, and judge the result\n"
    "  --server URL          ask that SCEP server for its certificates, as signet probe does, and say\n"
    "                        whether CAThumbprint can match, and which certificate it should name\n"
    "  --server NAME         the same for an endpoint or upstream of the server of -d DIR\n"
    "  --trust-device-name   {{device.name}} may stand in a subject, as in profile add\n"
    "  --brief               one line a finding, as compilers print them\n"
    "  --explain             the codes in full; without CODE a list of all\n"
    "  -o json               the same as JSON\n"
    "  -d DIR                the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER
    ")\n\n"
    "Exit status: 0 clean, or notes only; 3 warnings: works in some cases, or is unsafe; 4 errors: will\n"
    "surely fail, or signet refuses it; 1 a file cannot be read or written; 2 wrong usage.\n"
    "docs/profile-lint.md lists the codes.\n";

struct wish {
    const char *server;
    bool fix, trust, explain, brief;
};

/* ---- a file ---- */

struct judged {
    const char *file;
    struct lint_findings found;
    struct buf changes; /* lines */
};

static size_t count_mendable(const struct lint_findings *found) {
    size_t n = 0;
    for (const struct lint_finding *f = found->first; f; f = f->next)
        n += f->edits != NULL;
    return n;
}

static void print_lines(FILE *out, const char *file, const char *lines) {
    for (size_t n; (n = strcspn(lines, "\n")) > 0; lines += n + (lines[n] != '\0'))
        fprintf(out, "%s: mended: %.*s\n", file, (int)n, lines);
}

static void print_finding(struct arena *a, const char *file, const struct lint_finding *f,
                          bool brief) {
    printf("%s:%u: %s: %s%s%s [%s]\n", file, f->line, lint_severity_name(f->code->severity),
           f->node, *f->node ? ": " : "", f->detail, f->code->name);
    if (!brief)
        lint_print_code(a, f->code);
}

static void print_sum(const struct judged *j) {
    static const char *const plural[] = {"", "s"};
    const size_t *count = j->found.count;
    size_t mendable = count_mendable(&j->found);
    if (!j->found.first) {
        printf("%s: clean\n", j->file);
        return;
    }
    printf("%s: %zu error%s, %zu warning%s, %zu note%s", j->file, count[LINT_ERROR],
           plural[count[LINT_ERROR] != 1], count[LINT_WARNING], plural[count[LINT_WARNING] != 1],
           count[LINT_NOTE], plural[count[LINT_NOTE] != 1]);
    if (mendable)
        printf("; --fix mends %zu", mendable);
    printf("%s\n", j->found.more ? "; the severest are listed" : "");
}

static void print_text(struct arena *a, struct judged *j, bool brief) {
    print_lines(stdout, j->file, buf_cstr(&j->changes));
    for (const struct lint_finding *f = j->found.first; f; f = f->next)
        print_finding(a, j->file, f, brief);
    print_sum(j);
}

static json_t *json_changes(struct judged *j) {
    json_t *list = json_array();
    const char *lines = buf_cstr(&j->changes);
    for (size_t n; (n = strcspn(lines, "\n")) > 0; lines += n + (lines[n] != '\0'))
        json_array_append_new(list, json_stringn(lines, n));
    return list;
}

static json_t *json_file(struct judged *j) {
    json_t *list = json_array();
    const size_t *count = j->found.count;
    for (const struct lint_finding *f = j->found.first; f; f = f->next) {
        json_t *one = lint_json_code(f->code);
        json_object_set_new(one, "line", f->line ? json_integer(f->line) : json_null());
        json_object_set_new(one, "node", json_string(f->node));
        json_object_set_new(one, "text", json_string(f->detail));
        json_object_set_new(one, "fixable", json_boolean(f->edits));
        json_array_append_new(list, one);
    }
    BUF_AUTO(name); /* JSON has no bytes that are no text */
    text_printable(&name, span_str(j->file));
    return json_pack("{s:s, s:I, s:I, s:I, s:b, s:o, s:o}", "file", buf_cstr(&name), "errors",
                     (json_int_t)count[LINT_ERROR], "warnings", (json_int_t)count[LINT_WARNING],
                     "notes", (json_int_t)count[LINT_NOTE], "more", (int)j->found.more, "mended",
                     json_changes(j), "findings", list);
}

/* ---- --fix ---- */

/* One that may not be written is not replaced either; of one that is not there its reader tells. */
static enum err check_replaceable(const char *path) {
    enum { WRITABLE = S_IWUSR | S_IWGRP | S_IWOTH };
    struct stat at;
    if (strcmp(path, "-") == 0 || stat(path, &at) != 0)
        return OK;
    if (!S_ISREG(at.st_mode))
        return err_set(ERR_IO, "'%s' is no regular file: mend it with --fix - < %s", path, path);
    if (!(at.st_mode & WRITABLE) || access(path, W_OK) != 0)
        return err_set(ERR_IO, "'%s' is read-only: it is not mended", path);
    if (geteuid() != 0 && at.st_uid != geteuid())
        return err_set(ERR_IO, "'%s' belongs to another user: mend a copy of it", path);
    return OK;
}

/* The file itself is replaced, not a link to it, and keeps its mode and owner. */
static enum err replace_file(const char *path, struct span text) {
    struct stat at;
    char *real = realpath(path, NULL);
    if (!real || stat(real, &at) != 0) {
        free(real);
        return err_set(ERR_IO, "cannot find '%s' any more", path);
    }
    enum err e = file_write(real, text, at.st_mode & 0777);
    if (e == OK && chown(real, at.st_uid, at.st_gid) != 0)
        e = err_set(ERR_IO, "'%s' is mended, but has lost its owner: %s", path, strerror(errno));
    free(real);
    return e;
}

static enum err mend(struct arena *a, const struct lint_options *options, struct judged *j,
                     struct buf *text) {
    BUF_AUTO(mended);
    bool changed = profile_fix(a, buf_view(text), options, &mended, &j->changes);
    if (strcmp(j->file, "-") == 0)
        fwrite(mended.p, 1, mended.n, stdout);
    else if (changed)
        TRY(replace_file(j->file, buf_view(&mended)));
    buf_clear(text);
    buf_span(text, buf_view(&mended));
    return OK;
}

/* ---- all files ---- */

static enum err judge(const struct cli *cli, struct arena *a, const struct wish *wish,
                      struct judged *j) {
    struct lint_options options = {.trust_device_name = wish->trust};
    BUF_AUTO(text);
    struct stat at;
    if (stat(j->file, &at) == 0 && S_ISDIR(at.st_mode))
        return err_set(ERR_IO, "'%s' is a folder: give the profiles in it, as in %s/*.xml", j->file,
                       j->file);
    TRY(wish->fix ? check_replaceable(j->file) : OK);
    TRY(file_read(j->file, PROFILE_MAX, &text));
    if (wish->fix)
        TRY(mend(a, &options, j, &text));
    struct span judged = arena_copy(a, buf_view(&text));
    profile_lint(a, judged, &options, &j->found);
    return wish->server ? profile_server_judge(cli, wish->server, a, judged, &j->found) : OK;
}

static int status_of(const struct lint_findings *found) {
    return found->count[LINT_ERROR] ? 4 : found->count[LINT_WARNING] ? 3 : 0;
}

/* A file that cannot be read outweighs all findings. */
static int worse(int a, int b) {
    if (a == 1 || b == 1)
        return 1;
    return a > b ? a : b;
}

/* Standard output has the mended text alone. */
static void tell_filter(struct judged *j) {
    const size_t *count = j->found.count;
    print_lines(stderr, j->file, buf_cstr(&j->changes));
    fprintf(stderr, "%s: %zu errors, %zu warnings and %zu notes are left\n", j->file,
            count[LINT_ERROR], count[LINT_WARNING], count[LINT_NOTE]);
}

static int lint_one(const struct cli *cli, const struct wish *wish, const char *file,
                    json_t *list) {
    ARENA_AUTO(a);
    struct judged j = {.file = file};
    int status = 1;
    if (judge(cli, &a, wish, &j) == OK) {
        status = status_of(&j.found);
        if (wish->fix && strcmp(file, "-") == 0)
            tell_filter(&j);
        else if (cli->json)
            json_array_append_new(list, json_file(&j));
        else
            print_text(&a, &j, wish->brief);
    } else
        cli_fail();
    buf_free(&j.changes);
    return status;
}

static int lint_all(const struct cli *cli, const struct wish *wish) {
    json_t *list = json_array();
    int status = 0;
    for (int i = 0; i < cli->argc; i++)
        status = worse(status, lint_one(cli, wish, cli->argv[i], list));
    if (cli->json)
        cli_print_json(list);
    else
        json_decref(list);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "signet: cannot write to standard output\n");
        return 1;
    }
    return status;
}

static bool reads_standard_input(const struct cli *cli) {
    for (int i = 0; i < cli->argc; i++)
        if (strcmp(cli->argv[i], "-") == 0)
            return true;
    return false;
}

int cmd_profile_lint(int argc, char **argv) {
    struct wish wish = {0};
    const struct cli_option own[] = {
        {"fix", NULL, &wish.fix},         {"trust-device-name", NULL, &wish.trust},
        {"explain", NULL, &wish.explain}, {"brief", NULL, &wish.brief},
        {"server", &wish.server, NULL},   {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (wish.explain)
        return lint_explain(&cli, usage);
    if (!cli.argc)
        return cli_usage(usage, "profile lint takes a FILE, or - for standard input");
    if (wish.fix && reads_standard_input(&cli) && (cli.argc > 1 || cli.json))
        return cli_usage(usage, "--fix of standard input writes the profile to standard output: "
                                "nothing else can stand there");
    return lint_all(&cli, &wish);
}
