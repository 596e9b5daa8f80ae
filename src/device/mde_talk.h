/* SPDX-License-Identifier: Apache-2.0 */
/* SOAP with the enrollment's services: what enrolling and renewing have in common. */
#ifndef SIGNET_DEVICE_MDE_TALK_H
#define SIGNET_DEVICE_MDE_TALK_H

#include "device/net.h"
#include "xml/xml.h"

struct mde_talk {
    struct host *host;
    struct net *net;
    struct arena arena;
    const char *proof; /* what proves who asks: named where the server does not believe it */
};

/* What discovery tells; "" for what it leaves out. */
struct mde_services {
    const char *auth_policy, *sign_in, *policy, *enrollment;
};

/* ERR_REFUSED; the detail begins with the HRESULT that Windows shows. */
enum err mde_fail(uint32_t hresult, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for a request to `url` that got no answer: it names the server that was tried. */
enum err mde_unsent(const struct host *h, const char *url, const struct fetch_reply *r);

/* Posts the message and gives the Body of the answer; a fault is an error with its HRESULT. */
enum err mde_post(struct mde_talk *w, const char *kind, const char *url, const struct buf *message,
                  struct xml_node **body) ERR_MUST_USE;

/* GET, to see whether anybody is there, and then Discover. */
enum err mde_discover(struct mde_talk *w, const char *url, const char *user,
                      struct mde_services *out) ERR_MUST_USE;

/* The provisioning document in the answer to a RequestSecurityToken. */
enum err mde_read_document(struct mde_talk *w, const struct xml_node *body,
                           struct span *document) ERR_MUST_USE;

#endif
