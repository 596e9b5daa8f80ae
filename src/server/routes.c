/* SPDX-License-Identifier: Apache-2.0 */
#include "server/routes.h"

#include <strings.h>

#include "server/await_guess.h"
#include "server/forwarded.h"
#include "server/mscep_admin.h"
#include "server/respond.h"
#include "server/route_enroll_page.h"
#include "server/route_gateway.h"
#include "server/route_health.h"
#include "server/route_management.h"
#include "server/route_pki.h"
#include "server/route_scep.h"
#include "server/route_sign_in.h"
#include "server/route_webhook.h"
#include "mde/mde.h"
#include "wire/mdm.h"

/* ---- enrollment ---- */

static bool is_soap(const struct http_request *r, struct http_reply *reply) {
    if (r->method != HTTP_POST)
        respond_not_allowed(r, reply, "POST");
    else if (strcmp(r->content_type, TYPE_SOAP) != 0)
        respond_error(r, reply, err_set(ERR_MEDIA_TYPE, "the content type is not " TYPE_SOAP));
    else
        return true;
    return false;
}

static void respond_soap(struct http_reply *reply, bool ok) {
    reply->content_type = TYPE_SOAP "; charset=utf-8";
    reply->status = ok ? 200 : 500;
}

static void discover(const struct mdm *mdm, bool renewing, const struct http_request *r,
                     struct http_reply *reply) {
    if (is_soap(r, reply))
        respond_soap(reply, mdm_discover(mdm, r->arena, r->body, r->peer, renewing, &reply->body));
}

static void answer(void *user, const struct http_request *r, struct http_reply *reply) {
    (void)r;
    respond_soap(reply, mdm_answer(user, &reply->body));
}

typedef struct enrolling *soap_operation(const struct mdm *mdm, struct arena *a, struct span soap,
                                         const char *peer, bool renewing);

static void enroll(const struct mdm *mdm, bool renewing, const struct http_request *r,
                   struct http_reply *reply, soap_operation *operation) {
    if (!is_soap(r, reply))
        return;
    struct enrolling *q = operation(mdm, r->arena, r->body, r->peer, renewing);
    await_guess(mdm->guesses, mdm_guess(q), r, reply, answer, q);
}

bool route_enrollment(const struct services *s, bool renewing, const struct http_request *r,
                      struct http_reply *reply) {
    bool discovery = strcasecmp(r->path, PATH_DISCOVERY) == 0;
    /* Windows first asks with GET whether there is a discovery service: 200 and no body (C.1). */
    if (discovery && r->method & (HTTP_GET | HTTP_HEAD))
        return true;
    if (discovery)
        discover(&s->mdm, renewing, r, reply);
    else if (strcasecmp(r->path, PATH_POLICY) == 0)
        enroll(&s->mdm, renewing, r, reply, mdm_get_policies);
    else if (strcasecmp(r->path, PATH_ENROLLMENT) == 0)
        enroll(&s->mdm, renewing, r, reply, mdm_request_token);
    else
        return false;
    return true;
}

/* ---- the endpoints and their CAs ---- */

/* The path itself, with or without a closing slash. */
static bool is_page(const char *page, const char *path) {
    size_t n = strlen(page);
    return strncasecmp(path, page, n) == 0 && strcmp(path + n + (path[n] == '/'), "") == 0;
}

static const struct endpoint *page_owner(const struct pki *pki, const char *path) {
    for (size_t i = 0; i < pki->endpoint_count; i++) {
        const char *page = pki->endpoints[i].policy->mscep_admin;
        if (page && is_page(page, path))
            return &pki->endpoints[i];
    }
    return NULL;
}

static void release(void *pki) {
    pki_release(pki);
}

/* A request sees one pki from its beginning to its end, whatever is renewed meanwhile. */
static void route_endpoints(const struct services *s, const struct http_request *r,
                            struct http_reply *reply) {
    const struct pki *pki = pki_acquire(s->pki);
    const struct endpoint *page = page_owner(pki, r->path);
    arena_defer(r->arena, release, (void *)(uintptr_t)pki);
    if (page) {
        route_mscep_admin(s, page, r, reply);
    } else if (!route_pki(s, pki, r, reply)) {
        const struct endpoint *endpoint = pki_route(pki, r->path);
        if (endpoint)
            route_scep(s, endpoint, r, reply);
        else
            respond_not_found(r, reply);
    }
}

/* ---- the listeners ---- */

/* What both sides serve that hosts and strangers reach. */
static void route_open(const struct services *s, const struct http_request *r,
                       struct http_reply *reply) {
    if (strcasecmp(r->path, PATH_HEALTH) == 0)
        route_health(s, r, reply);
    else if (!route_webhook(s, r, reply) && !route_gateway(s, r, reply))
        route_endpoints(s, r, reply);
}

void route_public(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct services *s = user;
    forwarded_notice(s, r);
    if (route_enrollment(s, false, r, reply))
        return;
    if (strcasecmp(r->path, PATH_AUTH) == 0)
        route_sign_in(s, r, reply);
    else if (strcasecmp(r->path, PATH_ENROLL_PAGE) == 0)
        route_enroll_page(s, r, reply);
    else if (strcasecmp(r->path, PATH_MANAGEMENT) == 0 &&
             s->mdm.device_auth != DEVICE_AUTH_CERTIFICATE)
        route_management(user, r, reply); /* of hosts that log in by MD5 */
    else
        route_open(s, r, reply);
}

void route_plain(void *user, const struct http_request *r, struct http_reply *reply) {
    forwarded_notice(user, r);
    route_open(user, r, reply);
}

void route_refused(void *user, const struct http_request *r, struct http_reply *reply) {
    (void)user;
    if (strncasecmp(r->path, PATH_SOAP, strlen(PATH_SOAP)) != 0 ||
        strcmp(r->content_type, TYPE_SOAP) != 0)
        return;
    reply->status = 500; /* as every fault: what else its client reads is not known (C.7) */
    reply->content_type = TYPE_SOAP "; charset=utf-8";
    buf_clear(&reply->body);
    mde_write_fault(&reply->body, NULL, MDE_MESSAGE_FORMAT, "the request is too large");
}
