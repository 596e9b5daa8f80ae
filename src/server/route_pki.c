/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_pki.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "ca/device_crl.h"
#include "server/respond.h"

#define TYPE_CRL  "application/pkix-crl"  /* RFC 2585 */
#define TYPE_CERT "application/pkix-cert" /* RFC 2585 */
#define TYPE_OCSP "application/ocsp-response"

#define FOLDER_PKI "/pki/"
#define PATH_OCSP  "/ocsp"

/* By name, or by thumbprint in any case. */
static const struct ca *find_ca(const struct pki *pki, struct arena *a, struct span name) {
    char *text = arena_str(a, name);
    const struct ca *ca = pki_ca(pki, text);
    for (char *p = text; !ca && *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return ca ? ca : pki_ca_by_sha1(pki, text);
}

/* NULL: of the device CA. */
static void send_crl(const struct services *s, const struct ca *ca, const struct http_request *r,
                     struct http_reply *reply) {
    struct published_crl crl;
    enum err e = ca ? revocation_crl(s->scep.revocation, ca, r->arena, &crl)
                    : device_crl(s->scep.revocation, s->mdm.authority, r->arena, &crl);
    if (e != OK) {
        respond_error(r, reply, e);
        return;
    }
    respond_span(reply, TYPE_CRL, crl.der);
    respond_cacheable(r, reply, crl.next_update);
}

static void route_file(const struct services *s, const struct pki *pki,
                       const struct http_request *r, struct http_reply *reply) {
    struct span name = span_str(r->path + strlen(FOLDER_PKI));
    const char *ending = name.n > 4 ? (const char *)name.p + name.n - 4 : "";
    bool crl = strcasecmp(ending, ".crl") == 0, crt = strcasecmp(ending, ".crt") == 0;
    name.n -= crl || crt ? 4 : 0;
    const struct ca *ca = crl || crt ? find_ca(pki, r->arena, name) : NULL;
    bool device = (crl || crt) && !ca && span_is(name, "device");
    if (!ca && !device)
        respond_not_found(r, reply);
    else if (!(r->method & (HTTP_GET | HTTP_HEAD)))
        respond_not_allowed(r, reply, "GET, HEAD");
    else if (crl)
        send_crl(s, ca, r, reply);
    else
        respond_span(reply, TYPE_CERT, ca ? ca->issuer.cert : s->mdm.authority->device_ca_cert);
}

/* What cannot be read is answered, too: malformedRequest, and not an error of HTTP. */
static void route_ocsp(const struct services *s, const struct pki *pki,
                       const struct http_request *r, struct http_reply *reply) {
    struct span request = r->body;
    int64_t next_update = 0;
    const char *rest = r->path + strlen(PATH_OCSP);
    bool get = r->method & (HTTP_GET | HTTP_HEAD);
    if (!get && r->method != HTTP_POST) {
        respond_not_allowed(r, reply, "GET, HEAD, POST");
        return;
    }
    if (get && base64_decode(r->arena, span_str(*rest ? rest + 1 : rest), &request) != OK)
        request = SPAN_NONE;
    struct span der = revocation_ocsp(s->scep.revocation, pki, r->arena, request, &next_update);
    respond_span(reply, TYPE_OCSP, der);
    if (get && next_update)
        respond_cacheable(r, reply, next_update);
}

bool route_pki(const struct services *s, const struct pki *pki, const struct http_request *r,
               struct http_reply *reply) {
    size_t n = strlen(PATH_OCSP);
    if (strncasecmp(r->path, FOLDER_PKI, strlen(FOLDER_PKI)) == 0)
        route_file(s, pki, r, reply);
    else if (strncasecmp(r->path, PATH_OCSP, n) == 0 && (r->path[n] == '\0' || r->path[n] == '/'))
        route_ocsp(s, pki, r, reply);
    else
        return false;
    return true;
}
