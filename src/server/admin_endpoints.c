/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint or an upstream offers to hosts, for who writes profiles. */
#include "base/text.h"
#include "server/admin_command.h"

static void put(struct admin_call *c, struct span ca_certs, const char *thumbprint) {
    BUF_AUTO(text);
    base64_encode(&text, ca_certs);
    admin_put(c, "ca_certs", json_string(buf_cstr(&text)));
    admin_put(c, "thumbprint", json_string(thumbprint));
}

static enum err show_upstream(struct admin_call *c, const char *name) {
    struct gateway *g = c->scope->gateway;
    const struct gateway_upstream *u = g ? gateway_acquire(g, name) : NULL;
    if (!u)
        return err_set(ERR_NOT_FOUND,
                       "there is neither an endpoint nor an upstream '%s', or nothing is known of "
                       "it yet: signet.conf has the endpoints, signet gateway list the upstreams",
                       name);
    put(c, u->ca_certs, u->thumbprint);
    gateway_release(u);
    return OK;
}

/* The answer to GetCACert as hosts get it, in base64, and the CAThumbprint that signet sends. */
static enum err show(struct tx *tx, struct admin_call *c) {
    const char *name;
    (void)tx;
    TRY(admin_name(c, "name", &name));
    const struct pki *pki = pki_acquire(c->scope->pki);
    const struct endpoint *e = pki_endpoint(pki, name);
    if (e)
        put(c, e->ca_certs, e->ca->sha1);
    pki_release(pki);
    return e ? OK : show_upstream(c, name);
}

const struct admin_command admin_endpoint_commands[] = {
    {"endpoint.show", show, ADMIN_ALONE, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
