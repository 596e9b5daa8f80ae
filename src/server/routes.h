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
    struct gateway *gateway; /* NULL: none (tests) */
    struct rate *rate;       /* rate.h: limits of PKIOperation */
};

/*
 * The handlers of the three listeners; `user` is a struct services. Paths are compared without
 * regard to case.
 *
 * public:     /EnrollmentServer/{Discovery,Policy,Enrollment}.svc, and what plain serves
 * plain:      /healthz, /gateway/NAME[/TOKEN] of upstreams in mode relay (route_gateway.h), the
 *             endpoints' paths and what is below them, /pki/, /ocsp, the mscep_admin pages (on TLS
 *             only)
 * management: /ManagementServer/MDM.svc (route_management.h)
 */
void route_public(void *user, const struct http_request *request, struct http_reply *reply);
void route_plain(void *user, const struct http_request *request, struct http_reply *reply);

#define PATH_POLICY     "/EnrollmentServer/Policy.svc"
#define PATH_ENROLLMENT "/EnrollmentServer/Enrollment.svc"
#define PATH_MANAGEMENT "/ManagementServer/MDM.svc"

#endif
