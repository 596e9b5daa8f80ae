/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/serve.h"

static const char usage[] =
    "Usage: signet serve [-d DIR]\n\n"
    "Serves the data folder DIR (made by signet init) until SIGTERM: the Windows MDM server, the\n"
    "SCEP server, CRLs and OCSP, and the administration's socket. SIGHUP reads the TLS certificate\n"
    "and the CAs anew. The log goes to standard error, one line an operation.\n\n"
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

int cmd_serve(int argc, char **argv) {
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, NULL, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "serve takes no argument '%s'", cli.argv[0]);
    return serve(cli.folder) == OK ? 0 : cli_fail();
}
