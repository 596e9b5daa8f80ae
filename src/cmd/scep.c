/* SPDX-License-Identifier: Apache-2.0 */
/* signet scep decode: looks at a SCEP message without its key. */
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "scep/message.h"

enum { MAX_MESSAGE = 1 << 20, EXIT_BAD = 1, DER_SEQUENCE_TAG = 0x30 };

static const char usage[] =
    "Usage: signet scep decode [-o json] FILE|-\n"
    "\n"
    "Shows a SCEP message (a PKIOperation's body in DER) without its key: type, transaction\n"
    "id, nonces, signed attributes in their order, algorithms, signer, recipient.\n"
    "\n"
    "  -o json    the same as JSON\n"
    "  -          reads standard input\n";

static bool is_base64_of_der(struct span s) {
    ARENA_AUTO(a);
    struct span der;
    return base64_decode(&a, s, &der) == OK && der.n && der.p[0] == DER_SEQUENCE_TAG;
}

/* What people save by mistake, and how to get at the DER; OK when it may be DER. */
static enum err check_form(struct span s) {
    if (!s.n)
        return err_set(ERR_PARSE, "this is not DER: it is empty");
    if (s.p[0] == DER_SEQUENCE_TAG)
        return OK;
    if (memmem(s.p, s.n, "-----BEGIN ", 11))
        return err_set(ERR_PARSE, "this is not DER: it is PEM; make DER of it: "
                                  "sed '/-----/d' FILE | openssl base64 -d >message.der");
    if (is_base64_of_der(s))
        return err_set(ERR_PARSE, "this is not DER: it is base64; make DER of it: "
                                  "tr -d '\\r\\n' <FILE | openssl base64 -d -A >message.der");
    return err_set(ERR_PARSE,
                   "this is not DER: it begins with 0x%02x, not with 0x30; save the body of a "
                   "PKIOperation as it is, without HTTP headers",
                   s.p[0]);
}

static int decode(const char *path, bool json) {
    BUF_AUTO(message);
    BUF_AUTO(out);
    enum err e = file_read(path, MAX_MESSAGE, &message);
    if (e == OK)
        e = check_form(buf_view(&message));
    if (e == OK)
        e = scep_describe(buf_view(&message), json, &out);
    if (e != OK) {
        fprintf(stderr, "signet scep decode: %s: %s: %s\n", path, err_text(e), err_detail());
        return EXIT_BAD;
    }
    if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0) {
        fprintf(stderr, "signet scep decode: cannot write to standard output\n");
        return EXIT_BAD;
    }
    return 0;
}

static bool is_help(const char *arg) {
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

int cmd_scep(int argc, char **argv) {
    const char *path = NULL;
    bool json = false;
    if (argc > 1 && (is_help(argv[1]) || (argc > 2 && is_help(argv[2])))) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc < 2)
        return cli_usage(usage, "a verb is missing");
    if (strcmp(argv[1], "decode") != 0)
        return cli_usage(usage, "there is no verb '%s'", argv[1]);
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0) {
            if (++i == argc || strcmp(argv[i], "json") != 0)
                return cli_usage(usage, "-o takes json, not '%s'", i < argc ? argv[i] : "");
            json = true;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            return cli_usage(usage, "there is no option '%s'", argv[i]);
        } else if (path) {
            return cli_usage(usage, "decode takes one file, not '%s' as well", argv[i]);
        } else {
            path = argv[i];
        }
    }
    return path ? decode(path, json) : cli_usage(usage, "FILE is missing");
}
