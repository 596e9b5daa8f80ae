/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside mdm/: one message of a session while it is worked on. session.c reads what the host said
 * into findings, outcome.c turns findings into what is known, plan.c decides what is sent next, and
 * deliver.c sends a profile.
 */
#ifndef SIGNET_MDM_SESSION_H
#define SIGNET_MDM_SESSION_H

#include "mdm/mdm.h"
#include "mdm/target.h"
#include "store/session.h"
#include "syncml/syncml.h"

/* Why a command was sent; kept in the database: numbers are only ever added to. */
enum command_purpose {
    PURPOSE_TRUST_ADD = 1, /* Add of a root that profiles need */
    PURPOSE_TRUST_GET,     /* Get of it: the proof that it is there */
    PURPOSE_ATOMIC,        /* the profile */
    PURPOSE_CHILD,         /* a command inside it */
    PURPOSE_GET_STATUS,
    PURPOSE_GET_ERROR,
    PURPOSE_GET_THUMBPRINT,
    PURPOSE_GET_RESPONDENT,
    PURPOSE_DELETE = 10, /* of a certificate's node */
    PURPOSE_GONE,        /* Get of it: 404 proves that it is gone */
    PURPOSE_SETUP = 14,  /* settings that a host gets once */
    PURPOSE_QUEUE = 20,  /* a command of the administrator */
    PURPOSE_QUEUE_CHILD, /* a command inside it */
    PURPOSE_REKEY = 40,
    PURPOSE_UNENROLL = 44,
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

/* What this message says about one root certificate on the host. */
struct trust {
    const char *sha1;                /* of the root, as the command's LocURI names it */
    const char *add_code, *get_code; /* NULL: none in this message */
    bool answered, shown;            /* the Get brought a value; it is the root */
    struct trust *next;
};

struct exchange {
    const struct mdm *mdm;
    const struct pki *pki;
    const struct mdm_wanted *wanted; /* challenges that were fetched for this answer */
    struct arena *a;
    const char *peer;
    struct span client_cert; /* DER, unverified */
    struct syncml_message *in;
    struct syncml_writer out;
    struct device device;
    int64_t now;
    bool joined;    /* the message goes on with a session that we know */
    int64_t msg_id; /* of our reply */
    bool moved;     /* an enrollment got another state */
    bool hint;      /* the alert of a finished SCEP enrollment came */
    struct finding *findings;
    struct trust *trusts;
    struct target *targets; /* that were looked up; see target_of */
};

/* session.c: whose message it is (ERR_AUTH, ERR_FORBIDDEN) and where its session stands, then what
 * it says. Nothing is written to the store; statuses to its commands go to x->out. */
enum err session_identify(struct tx *tx, struct exchange *x) ERR_MUST_USE;
enum err session_hear(struct tx *tx, struct exchange *x) ERR_MUST_USE;
void session_free(struct exchange *x); /* all but the reply */

/* outcome.c: records what the findings mean. */
enum err session_record_outcomes(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* Whether the host has confirmed that it trusts the root: before, or by this message. */
enum err session_trusts(struct tx *tx, const struct exchange *x, const char *root_sha1,
                        bool *out) ERR_MUST_USE;

/* plan.c: writes the commands that come next, and keeps them for their answers. */
enum err session_plan(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* What goes to the host next, besides questions: the roots that it lacks, or, when none of them is
 * to be sent, the profiles whose roots it trusts. */
struct missing_root {
    const struct root *root;
    struct missing_root *next;
};
struct due_profile {
    struct enrollment *enrollment;
    const struct target *target;
    struct due_profile *next;
};
enum err session_look(struct tx *tx, struct exchange *x, struct enrollment *all,
                      struct missing_root **roots, struct due_profile **profiles) ERR_MUST_USE;

/* A command that went out with our reply, for its answer. */
enum err session_keep(struct tx *tx, struct exchange *x, unsigned cmd_id,
                      enum command_purpose purpose, const char *enrollment,
                      const char *loc_uri) ERR_MUST_USE;

/* deliver.c: sends a profile. One that cannot be sent is told once in its timeline, and stays. */
enum err session_deliver(struct tx *tx, struct exchange *x,
                         const struct due_profile *due) ERR_MUST_USE;

/* Once all are sent: a password of an NDES that went out with none of them is a loss. */
enum err session_count_unused(struct tx *tx, struct exchange *x) ERR_MUST_USE;

#endif
