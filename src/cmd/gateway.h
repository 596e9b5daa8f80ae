/* SPDX-License-Identifier: Apache-2.0 */
/* signet gateway check: which mode can work with an upstream. */
#ifndef SIGNET_CMD_GATEWAY_H
#define SIGNET_CMD_GATEWAY_H

#include "cmd/cli.h"

struct gateway_check {
    const char *challenge; /* NULL: Windows' own request is not tried */
    const char *subject;   /* NULL: only asks, and gets no certificate */
};

/*
 * Probes the upstream, as gateway.show describes it, from this process, and prints what each mode
 * would make of it. The exit status: 0 when nothing known is against the mode that is configured.
 */
int gateway_check(const struct cli *cli, const json_t *upstream, const struct gateway_check *order);

#endif
