/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of signet gateway share. */
#ifndef SIGNET_CMD_GATEWAY_H
#define SIGNET_CMD_GATEWAY_H

#include "base/arena.h"
#include "cmd/cli.h"

/* ---- gateway_show.c: an upstream, as the server tells of it ---- */

/* The text of a key; NULL when it is missing. */
const char *gateway_text(const json_t *object, const char *key);

/* What is known of it; all of that, and how it is and what was set. */
void gateway_print_known(struct arena *a, const json_t *upstream);
void gateway_print(struct arena *a, const json_t *upstream);

/* ---- gateway_order.c: the options of add ---- */

struct gateway_order {
    const char *upstream, *mode, *message, *thumbprint, *trust, *chain, *challenge_file, *ndes,
        *credentials, *auth, *webhook, *ca, *timeout, *max_requests;
};

/* What is wrong with an option, or which do not go together; NULL: nothing. */
const char *gateway_order_mistake(const struct gateway_order *order);

/* Puts them into the request; `max_requests` as a number, 0: the server's default. */
enum err gateway_order_put(struct arena *a, const struct gateway_order *order, int64_t max_requests,
                           json_t *request) ERR_MUST_USE;

/* Puts the PEM certificates of a file into the request; nothing without a file. */
enum err gateway_put_pem(struct arena *a, json_t *request, const char *key,
                         const char *file) ERR_MUST_USE;

/* As `openssl x509 -fingerprint` prints it, or as it stands in a profile: without colons. */
const char *gateway_thumbprint(struct arena *a, const char *text);

/* ---- gateway_check.c: which mode can work with an upstream ---- */

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
