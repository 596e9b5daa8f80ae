/* SPDX-License-Identifier: Apache-2.0 */
/* signet profile new: a correct profile from plain options. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/profile_draft.h"
#include "csp/lint.h"

static const char usage[] =
    "Usage: signet profile new --use USE... [--subject ATTRIBUTE=VALUE]... [--san KIND=VALUE]...\n"
    "                          [OPTIONS] [--out FILE]\n\n"
    "Writes a profile that Windows takes: formats, order, quotes and escapes are right, whatever the\n"
    "values are. Give them plainly, as in --subject 'O=Example, Inc.'. It goes to standard output, or\n"
    "to --out FILE, which must not be there yet.\n\n"
    "What the certificate is for (again and again):\n"
    "  --use wifi|vpn|tls-client  Client Authentication\n"
    "  --use smartcard            Smart Card Logon, Client Authentication\n"
    "  --use email                Secure Email\n"
    "  --use ipsec                IPsec IKE, Client Authentication\n"
    "  --eku NAME|OID             any other, such as documentSigning or 1.3.6.1.4.1.311.10.3.12\n"
    "  --key-usage sign|encrypt|both  digitalSignature, keyEncipherment (default: both)\n\n"
    "Whom it names (again and again, in this order; placeholders are as signet profile --help says):\n"
    "  --subject ATTRIBUTE=VALUE  CN, OU, O, L, S, C, DC, E ... or an OID (default: CN={{device.id}},\n"
    "                             with --user CN={{user.upn}})\n"
    "  --san KIND=VALUE           dns, email, upn or uri\n\n"
    "The key:\n"
    "  --key rsa:2048|rsa:4096    (default: rsa:2048)\n"
    "  --protection WHERE         software, tpm (or fail), tpm-or-software, hello (Windows Hello for\n"
    "                             Business) (default: left out, which is software)\n"
    "  --container NAME           of Windows Hello for Business; with --protection hello only\n"
    "  --hash FAMILIES            SHA-1, SHA-2, SHA-3, joined by '+' (default: SHA-2)\n\n"
    "How it is got:\n"
    "  --user                     for the user, ./User: only while the enrolled user is signed in\n"
    "  --validity 1y|6m|90d       what to ask for. The CA decides, and most do not look at it\n"
    "  --retry-count N            polls while the CA says PENDING, 0 to 30 (Windows' default: 3)\n"
    "  --retry-delay MINUTES      between them, 1 to 1440 (Windows' default: 5)\n\n"
    "By default signet fills these when it sends the profile:\n"
    "  --id ID                    the UniqueID: letters, digits, '_' and '-'. With it the profile is\n"
    "                             for another server to send, and wants the next three and --subject\n"
    "  --url URL                  ServerURL, without /pkiclient.exe\n"
    "  --thumbprint SHA1          CAThumbprint, 40 hex digits; colons are fine\n"
    "  --challenge-file FILE      the challenge from FILE (- is standard input)\n\n"
    "Exit status: 0 done, 1 it failed, 2 wrong usage.\n";

/* Where the lint's words go to: the options that set the nodes. */
static const char *option_of(const char *node) {
    static const char *const options[][2] = {
        {"{UniqueID}", "id"},
        {"SubjectName", "subject"},
        {"SubjectAlternativeNames", "san"},
        {"EKUMapping", "eku"},
        {"HashAlgorithm", "hash"},
        {"KeyProtection", "protection"},
        {"ContainerName", "container"},
        {"ServerURL", "url"},
        {"Challenge", "challenge-file"},
        {"CAThumbprint", "thumbprint"},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(node, options[i][0]) == 0)
            return options[i][1];
    return NULL;
}

static enum err refuse(const struct lint_finding *f) {
    const char *option = option_of(f->node);
    if (!option)
        return err_set(ERR_REFUSED, "%s: %s [%s]", f->node, f->detail, f->code->name);
    return err_set(ERR_USAGE, "--%s: %s: %s [%s]", option, f->detail, f->code->mend, f->code->name);
}

/* Whether it is to stand in a certificate is decided when the profile is added. */
static bool is_claim(const struct lint_finding *f) {
    return f->code == lint_code(LINT_PLACEHOLDER_CLAIM);
}

/* The options leave little to find; what is left is told in the words of `profile lint`. */
static enum err judge(struct arena *a, const struct draft_options *o, struct span text) {
    struct lint_findings found = {0};
    const struct lint_options options = {.ours = !o->id};
    profile_lint(a, text, &options, &found);
    for (const struct lint_finding *f = found.first; f; f = f->next)
        if (f->code->severity == LINT_ERROR && !is_claim(f))
            return refuse(f);
    for (const struct lint_finding *f = found.first; f; f = f->next)
        if (f->code->severity != LINT_NOTE)
            fprintf(stderr, "signet: warning: %s: %s%s [%s]\n", f->node, f->detail,
                    is_claim(f) ? "; profile add refuses it without --trust-device-name" : "",
                    f->code->name);
    return OK;
}

static enum err put(const struct draft_options *o, struct span text) {
    if (!o->out)
        return fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0
                   ? OK
                   : err_set(ERR_IO, "cannot write to standard output");
    if (access(o->out, F_OK) == 0)
        return err_set(ERR_EXISTS, "'%s' is there already: remove it, or choose another name",
                       o->out);
    return file_write(o->out, text, o->challenge_file ? 0600 : 0644);
}

static enum err make(struct draft *d, const struct draft_options *o) {
    BUF_AUTO(text);
    TRY(draft_fill(d, o));
    profile_write(&d->wishes, &text);
    TRY(judge(&d->a, o, buf_view(&text)));
    return put(o, buf_view(&text));
}

int cmd_profile_new(int argc, char **argv) {
    struct draft_options o = {.lists = WORDS_OF_CERTIFICATE};
    const struct cli_option own[] = {{"key-usage", &o.key_usage, NULL},
                                     {"key", &o.key, NULL},
                                     {"protection", &o.protection, NULL},
                                     {"container", &o.container, NULL},
                                     {"hash", &o.hash, NULL},
                                     {"validity", &o.validity, NULL},
                                     {"retry-count", &o.retry_count, NULL},
                                     {"retry-delay", &o.retry_delay, NULL},
                                     {"id", &o.id, NULL},
                                     {"url", &o.url, NULL},
                                     {"thumbprint", &o.thumbprint, NULL},
                                     {"challenge-file", &o.challenge_file, NULL},
                                     {"out", &o.out, NULL},
                                     {"user", NULL, &o.user},
                                     {NULL, NULL, NULL}};
    struct cli cli;
    struct draft d __attribute__((cleanup(draft_free))) = {0};
    int status;
    if (!cli_options_many(argc, argv, usage, own, o.lists, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "profile new takes options only, not '%s'", cli.argv[0]);
    enum err e = make(&d, &o);
    if (e == ERR_USAGE)
        return cli_usage(usage, "%s", err_detail());
    return e == OK ? 0 : cli_fail();
}
