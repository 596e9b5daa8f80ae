/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/serve.h"

static const char usage[] =
    "Usage: signet serve [-d DIR] [--record DIR2]\n"
    "       signet serve --check [-d DIR]\n\n"
    "Serves the data folder DIR (made by signet init) until SIGTERM: the Windows MDM server, the\n"
    "SCEP server, CRLs and OCSP, and the administration's socket. SIGHUP reads the TLS certificate\n"
    "and the CAs anew. The log goes to standard error, one line an operation.\n"
    "Keys and secrets must be closed to other users (chmod 600), else it does not start.\n\n"
    "  --check        read signet.conf, and the TLS certificate and key that it names, as the start\n"
    "                 would, say what is wrong, and end; a server that runs is not touched\n"
    "  -d DIR         the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n"
    "  --record DIR2  also write what hosts and server say to each other into the new folder DIR2,\n"
    "                 a file for each request with its answer: words of the protocols, and of every\n"
    "                 other value only its form and length; signet device compare reads it\n";

static int check_only(const char *folder) {
    if (serve_check(folder) != OK)
        return cli_fail();
    printf("%s/signet.conf is right; a server takes it with its next start.\n", folder);
    return 0;
}

int cmd_serve(int argc, char **argv) {
    struct cli cli;
    int status;
    const char *record = NULL;
    bool check = false;
    const struct cli_option own[] = {
        {"record", &record, NULL}, {"check", NULL, &check}, {NULL, NULL, NULL}};
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "serve takes no argument '%s'", cli.argv[0]);
    if (check && record)
        return cli_usage(usage, "--check serves nothing: there is nothing to --record");
    if (check)
        return check_only(cli.folder);
    return serve(cli.folder, record) == OK ? 0 : cli_fail();
}
