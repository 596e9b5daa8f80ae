/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of device share that name one HOST of the server. */
#ifndef SIGNET_CMD_DEVICE_ASK_H
#define SIGNET_CMD_DEVICE_ASK_H

#include "cmd/cli.h"

/*
 * Reads the options (as cli_options does) and HOST, and sends the server the command about it, with
 * the own flags under their names. NULL: the verb returns *status at once.
 */
json_t *device_ask(int argc, char **argv, const char *usage, const struct cli_option *own,
                   const char *command, struct cli *cli, int *status);

#endif
