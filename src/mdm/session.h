/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside mdm/: one message of a session while it is worked on. session.c reads what the host said
 * into findings, outcome.c turns findings into what is known, plan.c decides what is sent next.
 */
#ifndef SIGNET_MDM_SESSION_H
#define SIGNET_MDM_SESSION_H

#include "mdm/mdm.h"
#include "store/session.h"
#include "syncml/syncml.h"

/* Why a command was sent; kept in the database: numbers are only ever added to. */
enum command_purpose {
    PURPOSE_TRUST_ADD = 1, /* Add of our CA certificate */
    PURPOSE_TRUST_GET,     /* Get of it: the proof that it is there */
    PURPOSE_ATOMIC,        /* the profile */
    PURPOSE_CHILD,         /* a command inside it */
    PURPOSE_GET_STATUS,
    PURPOSE_GET_ERROR,
    PURPOSE_GET_THUMBPRINT,
    PURPOSE_GET_RESPONDENT,
};

/* What this message says about one enrollment. */
struct finding {
    const char *enrollment;
    const char *atomic_code; /* status of the Atomic; NULL: none in this message */
    const char *enroll_code; /* status of the Exec of Install/Enroll; NULL: the host gave none */
    struct buf failures;     /* "405 SubjectName (0x86000002), ..." of its children */
    bool observed;           /* the answer to Get Status is here */
    struct observation seen;
    struct finding *next;
};

struct exchange {
    const struct mdm *mdm;
    const struct ca *ca; /* that the profiles' certificates come from */
    struct arena *a;
    const char *peer;
    struct span client_cert; /* DER, unverified */
    struct syncml_message *in;
    struct syncml_writer out;
    struct device device;
    int64_t now;
    int64_t msg_id; /* of our reply */
    bool moved;     /* an enrollment got another state */
    bool hint;      /* the alert of a finished SCEP enrollment came */
    struct finding *findings;
    /* The CA certificate on the host, as far as this message tells; NULL: not told. */
    const char *trust_add_code, *trust_get_code;
    struct span trust_data; /* decoded answer to the Get */
};

/* outcome.c: records what the findings mean. */
enum err session_record_outcomes(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* plan.c: writes the commands that come next, and keeps them for their answers. */
enum err session_plan(struct tx *tx, struct exchange *x) ERR_MUST_USE;

#endif
