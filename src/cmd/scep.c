/* SPDX-License-Identifier: Apache-2.0 */
/* signet scep decode: looks at a SCEP message without its key. */
#include <stdio.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "scep/message.h"

enum { MAX_MESSAGE = 1 << 20, EXIT_BAD = 1, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: signet scep decode [-o json] FILE|-\n"
    "\n"
    "Shows a SCEP message (a PKIOperation's body in DER) without its key: type, transaction\n"
    "id, nonces, signed attributes in their order, algorithms, signer, recipient.\n"
    "\n"
    "  -o json    the same as JSON\n"
    "  -          reads standard input\n";

static int wrong_usage(const char *what, const char *arg) {
    fprintf(stderr, "signet scep: %s%s%s%s\n%s", what, arg ? " \"" : "", arg ? arg : "",
            arg ? "\"" : "", usage);
    return EXIT_USAGE;
}

static int decode(const char *path, bool json) {
    BUF_AUTO(message);
    BUF_AUTO(out);
    enum err e = file_read(path, MAX_MESSAGE, &message);
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
        return wrong_usage("a verb is missing", NULL);
    if (strcmp(argv[1], "decode") != 0)
        return wrong_usage("no such verb:", argv[1]);
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0) {
            if (++i == argc || strcmp(argv[i], "json") != 0)
                return wrong_usage("-o takes json, not", i < argc ? argv[i] : "");
            json = true;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            return wrong_usage("no such option:", argv[i]);
        } else if (path) {
            return wrong_usage("one file only; what is", argv[i]);
        } else {
            path = argv[i];
        }
    }
    return path ? decode(path, json) : wrong_usage("FILE is missing", NULL);
}
