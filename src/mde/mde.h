/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of a Windows MDM enrollment, the server's side: discovery (MS-MDE2), GetPolicies
 * (MS-XCEP), RequestSecurityToken (MS-WSTEP), the provisioning document, SOAP faults. Readers take
 * any namespace spelling and any order (windows-mdm.md, C.2); writers write what a real host
 * accepted. Nothing here is authenticated: every value is a claim of the sender.
 */
#ifndef SIGNET_MDE_MDE_H
#define SIGNET_MDE_MDE_H

#include "xml/xml.h"

/* What every SOAP request has. */
struct mde_header {
    struct span action;
    struct span message_id;         /* echoed as RelatesTo; constants, never a key */
    struct span username, password; /* UsernameToken, or empty */
    struct xml_node *body;          /* first element of the Body */
};

/* ERR_PARSE names what is missing; ERR_LIMIT. `soap` may be freed afterwards. */
enum err mde_read(struct arena *a, struct span soap, struct mde_header *out) ERR_MUST_USE;

struct mde_discover {
    struct span email, request_version, device_type, application_version, os_edition;
    bool on_premise, federated; /* AuthPolicies that the host offers; none means on_premise */
};
enum err mde_read_discover(const struct mde_header *h, struct mde_discover *out) ERR_MUST_USE;

/* DiscoverResponse with AuthPolicy OnPremise and EnrollmentVersion 4.0. */
void mde_write_discover_response(struct buf *b, const struct mde_header *h, const char *policy_url,
                                 const char *enrollment_url);

/* GetPoliciesResponse: policySchema 3, 2048 bits, SHA-256 by an oID reference. */
void mde_write_policies_response(struct buf *b, const struct mde_header *h);

struct mde_request_token {
    struct span token_type, request_type, value_type;
    struct span csr; /* decoded DER */
    struct span device_id, hw_dev_id, device_name, os_version, os_edition, enrollment_type, locale;
};
/* ERR_PARSE for a missing or malformed part. DeviceID must be 32 hex digits. */
enum err mde_read_request_token(struct arena *a, const struct mde_header *h,
                                struct mde_request_token *out) ERR_MUST_USE;

/* RequestSecurityTokenResponseCollection around the provisioning document. */
void mde_write_token_response(struct buf *b, const struct mde_header *h,
                              struct span provisioning_doc);

struct mde_provisioning {
    struct span root_cert;      /* the CA of device identities, DER */
    struct span device_cert;    /* the identity issued for this host, DER */
    bool user_store;            /* EnrollmentType Full: My/User; Device: My/System */
    const char *provider_id;    /* w7 PROVIDER-ID and the DMClient provider: no blanks */
    const char *name;           /* w7 NAME */
    const char *management_url; /* w7 ADDR */
    const char *subject;        /* of device_cert as "CN=...", for SSLCLIENTCERTSEARCHCRITERIA */
    /* The poll schedule, minutes and counts (windows-mdm.md, A.8); 0 retries are endless. */
    unsigned first_interval, first_retries, second_interval, second_retries, remaining_interval;
};
/*
 * wap-provisioningdoc 1.1 in the form of windows-mdm.md, C.6. ERR_CONFIG for a provider_id with
 * other characters than letters, digits, '-', '.' and '_'.
 */
enum err mde_write_provisioning(struct arena *a, struct buf *b,
                                const struct mde_provisioning *p) ERR_MUST_USE;

/* What a SOAP fault says (windows-mdm.md, C.7). */
enum mde_fault {
    MDE_MESSAGE_FORMAT,      /* 80180001 */
    MDE_AUTHENTICATION,      /* 80180002 */
    MDE_AUTHORIZATION,       /* 80180003 */
    MDE_CERTIFICATE_REQUEST, /* 80180004 */
    MDE_ENROLLMENT_SERVER,   /* 80180005 */
    MDE_NOT_SUPPORTED,       /* 80180015, errortype NotSupported */
};
/* SOAP 1.2 fault in PascalCase with `text` as Reason and Message. `h` may be NULL. */
void mde_write_fault(struct buf *b, const struct mde_header *h, enum mde_fault fault,
                     const char *text);

#endif
