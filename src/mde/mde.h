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
    struct span message_id; /* echoed as RelatesTo; constants, never a key */
    bool has_security;      /* a Security header stands there */
    bool ambiguous;         /* two of them, or two tokens of a kind: whose request it is, is open */
    struct span username, password; /* UsernameToken, or empty */
    /* BinarySecurityToken, or empty: base64 of what the sign-in page gave (C.3) */
    struct span token, token_type;
    struct xml_node *body; /* first element of the Body */
};

/* ERR_PARSE names what is missing; ERR_LIMIT. `soap` may be freed afterwards. */
enum err mde_read(struct arena *a, struct span soap, struct mde_header *out) ERR_MUST_USE;

struct mde_discover {
    struct span email, request_version, device_type, application_version, os_edition;
    bool on_premise, federated; /* AuthPolicies that the host offers; none means on_premise */
};
enum err mde_read_discover(const struct mde_header *h, struct mde_discover *out) ERR_MUST_USE;

struct mde_discover_answer {
    const char *version; /* EnrollmentVersion: not above the host's RequestVersion */
    const char *policy_url, *enrollment_url;
    const char *sign_in_url; /* AuthPolicy Federated with this page; NULL: OnPremise */
};
void mde_write_discover_response(struct buf *b, const struct mde_header *h,
                                 const struct mde_discover_answer *answer);

/* GetPoliciesResponse: policySchema 3, 2048 bits, SHA-256 by an oID reference. */
void mde_write_policies_response(struct buf *b, const struct mde_header *h);

struct mde_request_token {
    struct span token_type, request_type, value_type;
    bool renew;          /* RequestType Renew: content is a CMS around the CSR */
    struct span content; /* decoded DER: the CSR, or that CMS */
    struct span device_id, hw_dev_id, device_name, device_type;
    struct span os_version, os_edition, enrollment_type, locale;
};
/* ERR_PARSE for a missing or malformed part; of the context's items any may be missing. */
enum err mde_read_request_token(struct arena *a, const struct mde_header *h,
                                struct mde_request_token *out) ERR_MUST_USE;

/* RequestSecurityTokenResponseCollection around the provisioning document. */
void mde_write_token_response(struct buf *b, const struct mde_header *h,
                              struct span provisioning_doc);

/* 32 hex digits. */
bool mde_is_device_id(struct span text);

/* A secret of each direction, for hosts that prove themselves by MD5 (B.6). */
struct mde_app_auth {
    const char *name;          /* that the host logs in with */
    const char *host_secret;   /* it proves itself by (APPSRV) */
    const char *server_secret; /* the server proves itself by (CLIENT) */
    const char *nonce;         /* the first one, base64 */
};

struct mde_provisioning {
    struct span root_cert;  /* the CA of device identities, DER */
    const struct span *cas; /* between it and the identity, DER; cas_count 0: none */
    size_t cas_count;
    struct span device_cert;    /* the identity issued for this host, DER */
    bool user_store;            /* EnrollmentType Full: My/User; Device: My/System */
    const char *provider_id;    /* w7 PROVIDER-ID and the DMClient provider: no blanks */
    const char *name;           /* w7 NAME */
    const char *management_url; /* w7 ADDR */
    const char *subject;        /* of device_cert as "CN=...", for SSLCLIENTCERTSEARCHCRITERIA */
    /* The poll schedule, minutes and counts (windows-mdm.md, A.8); 0 retries are endless. */
    unsigned first_interval, first_retries, second_interval, second_retries, remaining_interval;
    bool all_users_poll; /* a session at each user's first sign-in, too */
    /* What the host renews its identity by (ROBO, C.8); NULL: it is not told to. */
    const char *renew_url;
    unsigned renew_days, retry_days;     /* days before the end, and between two attempts */
    const char *ent_dm_id;               /* DMClient EntDMID: no renewal without; NULL: not set */
    const char *upn, *device_name;       /* DMClient UPN and EntDeviceName; NULL: not set */
    const struct mde_app_auth *app_auth; /* NULL: TLS proves the device */
};
/*
 * wap-provisioningdoc 1.1 in the form of windows-mdm.md, C.6. ERR_CONFIG for a provider_id with
 * other characters than letters, digits, '-', '.' and '_'.
 */
enum err mde_write_provisioning(struct buf *b, const struct mde_provisioning *p) ERR_MUST_USE;

/* The same for a renewal (C.8): the new identity, and which account it is for. */
enum err mde_write_renewal(struct buf *b, const struct mde_provisioning *p) ERR_MUST_USE;

/* ms-device-enrollment:?mode=mdm&username=USER&servername=SERVER, not escaped for HTML. */
void mde_write_link(struct buf *b, const char *user, const char *server);

/* What a SOAP fault says (windows-mdm.md, C.7). */
enum mde_fault {
    MDE_MESSAGE_FORMAT,          /* 80180001 */
    MDE_AUTHENTICATION,          /* 80180002 */
    MDE_AUTHORIZATION,           /* 80180003 */
    MDE_CERTIFICATE_REQUEST,     /* 80180004 */
    MDE_ENROLLMENT_SERVER,       /* 80180005 */
    MDE_INTERNAL_SERVICE,        /* 80180006 */
    MDE_INVALID_SECURITY,        /* 80180007 */
    MDE_DEVICE_CAP_REACHED,      /* 80180013 and on: told by an ErrorType */
    MDE_DEVICE_NOT_SUPPORTED,    /* 80180014 */
    MDE_NOT_SUPPORTED,           /* 80180015 */
    MDE_NOT_ELIGIBLE_TO_RENEW,   /* 80180016 */
    MDE_IN_MAINTENANCE,          /* 80180017 */
    MDE_USER_LICENSE,            /* 80180018 */
    MDE_INVALID_ENROLLMENT_DATA, /* 80180019 */
    MDE_CUSTOM_SERVER_ERROR,     /* 80180032: the user is shown the text */
    MDE_FAULT__MAX
};
/* What Windows shows for it. */
unsigned mde_fault_hresult(enum mde_fault fault);
/* SOAP 1.2 fault in PascalCase with `text` as Reason and Message. `h` may be NULL or empty. */
void mde_write_fault(struct buf *b, const struct mde_header *h, enum mde_fault fault,
                     const char *text);

#endif
