/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/serve.h"

static const char usage[] =
    "Usage: signet serve [-d DIR] [--record DIR2]\n\n"
    "Serves the data folder DIR (made by signet init) until SIGTERM: the Windows MDM server, the\n"
    "SCEP server, CRLs and OCSP, and the administration's socket. SIGHUP reads the TLS certificate\n"
    "and the CAs anew. The log goes to standard error, one line an operation.\n\n"
    "  -d DIR         the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n"
    "  --record DIR2  also write what hosts and server say to each other into the new folder DIR2,\n"
    "                 a file for each request with its answer: words of the protocols, and of every\n"
    "                 other value only its form and length; signet device compare reads it\n";

int cmd_serve(int argc, char **argv) {
    struct cli cli;
    int status;
    const char *record = NULL;
    const struct cli_option own[] = {{"record", &record, NULL}, {NULL, NULL, NULL}};
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "serve takes no argument '%s'", cli.argv[0]);
    return serve(cli.folder, record) == OK ? 0 : cli_fail();
}
