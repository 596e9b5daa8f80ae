/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's way to the network: it trusts the certificates in LocalMachine\Root and nothing else,
 * and writes each message into the trace folder when there is one:
 *
 *     001-out-discover.headers   request line and headers
 *     001-out-discover.xml       the body that was sent, when there was one
 *     001-in-discover.xml        the body that came
 */
#ifndef SIGNET_DEVICE_NET_H
#define SIGNET_DEVICE_NET_H

#include "device/host.h"
#include "fetch/fetch.h"

struct net;

enum net_role {
    NET_PLAIN,  /* enrollment */
    NET_SCEP,   /* TLS 1.2 at most (windows-scep.md, 1.11) */
    NET_DEVICE, /* with the device's identity */
};

/* ERR_NOT_FOUND when NET_DEVICE finds no identity. */
enum err net_open(struct host *h, enum net_role role, struct net **out) ERR_MUST_USE;
void net_close(struct net *n);

/* As fetch_send. `kind` and `extension` name the trace files. */
enum err net_send(struct net *n, const char *kind, const char *extension,
                  const struct fetch_request *request, struct fetch_reply *reply) ERR_MUST_USE;

#endif
