/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP in front of the services: paths, methods, content types, and each protocol's error form. */
#ifndef SIGNET_SERVER_ROUTES_H
#define SIGNET_SERVER_ROUTES_H

#include "enroll/pki_operation.h"
#include "http/http.h"
#include "mdm/mdm.h"

struct services {
    struct mdm mdm;
    struct scep_service scep;
    struct pki_holder *pki;
    struct gateway *gateway;      /* NULL: none (tests) */
    struct rate *rate;            /* rate.h: limits of PKIOperation, and of hosts' sessions */
    unsigned messages_per_minute; /* of one host in its sessions; 0: no limit */
    const char
        *forwarded_header; /* forwarded.h: what is ignored elsewhere, beside the standard's */
};

/*
 * The handlers of the listeners; `user` is a struct services. Paths are compared without
 * regard to case.
 *
 * public:     /EnrollmentServer/{Discovery,Policy,Enrollment}.svc, the sign-in page and the page
 * that says how to enroll, what plain serves, and /ManagementServer/MDM.svc where hosts may log in
 * by MD5 plain:      /healthz, /gateway/NAME[/TOKEN] of upstreams in mode relay (route_gateway.h),
 * the endpoints' paths and what is below them, /pki/, /ocsp, the mscep_admin pages (on TLS only)
 * management: /ManagementServer/MDM.svc (route_management.h), and the first three for renewals
 * forwarded:  the same, for a proxy that ends TLS (forwarded.h)
 */
void route_public(void *user, const struct http_request *request, struct http_reply *reply);
void route_plain(void *user, const struct http_request *request, struct http_reply *reply);

/* The three paths of an enrollment; false: it is another one. `renewing` as mdm/mdm.h has it. */
bool route_enrollment(const struct services *s, bool renewing, const struct http_request *request,
                      struct http_reply *reply);

/* The http_refusal of the public listener: a SOAP fault where SOAP was too large. */
void route_refused(void *user, const struct http_request *request, struct http_reply *reply);

#define PATH_SOAP        "/EnrollmentServer/" /* below it */
#define PATH_POLICY      "/EnrollmentServer/Policy.svc"
#define PATH_ENROLLMENT  "/EnrollmentServer/Enrollment.svc"
#define PATH_AUTH        "/EnrollmentServer/Auth"
#define PATH_MANAGEMENT  "/ManagementServer/MDM.svc"
#define PATH_ENROLL_PAGE "/enroll"

#endif
