/* SPDX-License-Identifier: Apache-2.0 */
#include "server/routes.h"

#include <stdlib.h>
#include <strings.h>

#include "base/log.h"
#include "wire/mdm.h"
#include "wire/scep.h"

static void fail(const struct http_request *r, struct http_reply *reply, enum err e) {
    int status = err_http_status(e);
    log_write(LOG_WARN, "http", "peer=%s method=%s path=%s status=%d reason=%s",
              log_q(span_str(r->peer)), r->method_name, log_q(span_str(r->path)), status,
              log_q(span_str(err_detail())));
    http_text(reply, status, status >= 500 ? "the server failed; its log says why" : err_detail());
}

static void not_allowed(const struct http_request *r, struct http_reply *reply, const char *allow) {
    fail(r, reply,
         err_set(ERR_METHOD, "method %s is not served here, only %s", r->method_name, allow));
    reply->allow = allow;
}

static void not_found(const struct http_request *r, struct http_reply *reply) {
    fail(r, reply, err_set(ERR_NOT_FOUND, "nothing is served at this path"));
}

static void send_span(struct http_reply *reply, const char *type, struct span body) {
    reply->content_type = type;
    buf_span(&reply->body, body);
}

/* ---- SCEP ---- */

static bool is_scep_path(const char *path) {
    return strncasecmp(path, "/scep", 5) == 0 && (path[5] == 0 || path[5] == '/');
}

static void ca_capabilities(const struct http_request *r, struct http_reply *reply) {
    log_write(LOG_INFO, "scep", "op=GetCACaps peer=%s path=%s status=ok", log_q(span_str(r->peer)),
              log_q(span_str(r->path)));
    send_span(reply, "text/plain", span_str(scep_capabilities()));
}

static void ca_certificates(const struct scep_endpoint *scep, const struct http_request *r,
                            struct http_reply *reply) {
    struct span der;
    if (scep_ca_certs(scep, r->arena, &der) != OK) {
        fail(r, reply, ERR_INTERNAL);
        return;
    }
    log_write(LOG_INFO, "scep", "op=GetCACert peer=%s path=%s status=ok", log_q(span_str(r->peer)),
              log_q(span_str(r->path)));
    send_span(reply, SCEP_TYPE_CA_RA_CERT, der);
}

static void pki_operation(const struct scep_endpoint *scep, const struct http_request *r,
                          struct http_reply *reply) {
    struct span der;
    if (r->method != HTTP_POST) {
        not_allowed(r, reply, "POST");
        return;
    }
    enum err e = scep_pki_operation(scep, r->arena, r->body, r->peer, &der);
    if (e == OK)
        send_span(reply, SCEP_TYPE_MESSAGE, der);
    else
        fail(r, reply, e);
}

/* `message` is not looked at: Windows says "default", others say other things. */
static void route_scep(const struct scep_endpoint *scep, const struct http_request *r,
                       struct http_reply *reply) {
    const char *operation = http_query(r, "operation");
    if (!(r->method & (HTTP_GET | HTTP_HEAD | HTTP_POST)))
        not_allowed(r, reply, "GET, HEAD, POST");
    else if (!operation)
        fail(r, reply,
             err_set(ERR_PARSE, "this is a SCEP server: it wants ?operation=GetCACaps, "
                                "GetCACert or PKIOperation"));
    else if (strcmp(operation, "PKIOperation") == 0)
        pki_operation(scep, r, reply);
    else if (r->method == HTTP_POST)
        not_allowed(r, reply, "GET, HEAD");
    else if (strcmp(operation, "GetCACaps") == 0)
        ca_capabilities(r, reply);
    else if (strcmp(operation, "GetCACert") == 0)
        ca_certificates(scep, r, reply);
    else
        fail(r, reply,
             err_set(ERR_PARSE,
                     "operation %s is not served here, only GetCACaps, GetCACert "
                     "and PKIOperation",
                     log_q(span_str(operation))));
}

/* ---- enrollment ---- */

typedef bool soap_operation(const struct mdm *mdm, struct arena *a, struct span soap,
                            const char *peer, struct buf *reply);

static bool discover(const struct mdm *mdm, struct arena *a, struct span soap, const char *peer,
                     struct buf *reply) {
    (void)peer; /* discovery is anonymous, and nothing comes of it */
    return mdm_discover(mdm, a, soap, reply);
}

static void route_soap(const struct mdm *mdm, const struct http_request *r,
                       struct http_reply *reply, soap_operation *operation) {
    if (r->method != HTTP_POST) {
        not_allowed(r, reply, "POST");
        return;
    }
    if (strcmp(r->content_type, TYPE_SOAP) != 0) {
        fail(r, reply, err_set(ERR_MEDIA_TYPE, "the content type is not " TYPE_SOAP));
        return;
    }
    reply->content_type = TYPE_SOAP "; charset=utf-8";
    if (!operation(mdm, r->arena, r->body, r->peer, &reply->body))
        reply->status = 500;
}

/* Windows first asks with GET whether there is a discovery service: 200 and no body (C.1). */
static void route_discovery(const struct mdm *mdm, const struct http_request *r,
                            struct http_reply *reply) {
    if (r->method & (HTTP_GET | HTTP_HEAD))
        return;
    route_soap(mdm, r, reply, discover);
}

void route_public(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct services *s = user;
    if (is_scep_path(r->path))
        route_scep(&s->scep, r, reply);
    else if (strcasecmp(r->path, PATH_DISCOVERY) == 0)
        route_discovery(&s->mdm, r, reply);
    else if (strcasecmp(r->path, PATH_POLICY) == 0)
        route_soap(&s->mdm, r, reply, mdm_get_policies);
    else if (strcasecmp(r->path, PATH_ENROLLMENT) == 0)
        route_soap(&s->mdm, r, reply, mdm_request_token);
    else
        not_found(r, reply);
}

void route_plain(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct services *s = user;
    if (is_scep_path(r->path))
        route_scep(&s->scep, r, reply);
    else
        not_found(r, reply);
}

void route_management(void *user, const struct http_request *r, struct http_reply *reply) {
    const struct services *s = user;
    if (strcasecmp(r->path, PATH_MANAGEMENT) != 0) {
        not_found(r, reply);
        return;
    }
    if (r->method != HTTP_POST) {
        not_allowed(r, reply, "POST");
        return;
    }
    if (strcmp(r->content_type, TYPE_SYNCML) != 0) {
        fail(r, reply, err_set(ERR_MEDIA_TYPE, "the content type is not " TYPE_SYNCML));
        return;
    }
    enum err e = mdm_session(&s->mdm, r->arena, r->client_cert, r->body, r->peer, &reply->body);
    if (e == OK)
        reply->content_type = TYPE_SYNCML;
    else
        fail(r, reply, e);
}
