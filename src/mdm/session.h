/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside mdm/: one message of a session while it is worked on. message.c has its steps; session.c
 * knows the sender and gives the answer, place.c where the message stands, hear.c takes what the
 * host says and gives it to the source of the command (source.h) or into findings; outcome.c turns
 * findings into what is known, plan.c decides what is sent next, and deliver.c sends a profile.
 */
#ifndef SIGNET_MDM_SESSION_H
#define SIGNET_MDM_SESSION_H

#include "mdm/md5.h"
#include "mdm/mdm.h"
#include "mdm/target.h"
#include "store/session.h"
#include "syncml/syncml.h"

/* Why a command was sent; kept in the database: numbers are only ever added to. */
enum command_purpose {
    PURPOSE_TRUST_ADD = 1, /* Add of a CA certificate that profiles need */
    PURPOSE_TRUST_GET,     /* Get of it: the proof that it is there */
    PURPOSE_ATOMIC,        /* the profile */
    PURPOSE_CHILD,         /* a command inside it */
    PURPOSE_GET_STATUS,
    PURPOSE_GET_ERROR,
    PURPOSE_GET_THUMBPRINT,
    PURPOSE_GET_RESPONDENT,
    PURPOSE_DELETE = 10,      /* of a certificate's node */
    PURPOSE_GONE,             /* Get of it: 404 proves that it is gone */
    PURPOSE_VERSION_NOW = 14, /* Get of the host's SyncApplicationVersion */
    PURPOSE_VERSION_MAX,      /* Get of the highest */
    PURPOSE_VERSION,          /* Replace of it */
    PURPOSE_VERSION_ADD,      /* Add, where there was none */
    PURPOSE_HARDWARE,         /* Get of the HWDevID */
    PURPOSE_QUEUE = 20,       /* a command of the administrator */
    PURPOSE_QUEUE_CHILD,      /* a command inside it */
    PURPOSE_REKEY = 40,
    PURPOSE_UNENROLL = 44,
};

/* What this message says about one enrollment. */
struct finding {
    const char *enrollment;
    const char *atomic_code;    /* status of the Atomic; NULL: none in this message */
    const char *enroll_code;    /* status of the Exec of Install/Enroll; NULL: the host gave none */
    struct buf failures;        /* "405 SubjectName (0x86000002), ..." of its children */
    const char *original_error; /* msft:originalerror of the first of them; or NULL */
    bool observed;              /* the answer to Get Status is here */
    bool named;                 /* and that to Get CertThumbprint: a value, or that there is none */
    bool exists;                /* 418 of its own node */
    bool nameless;              /* there is no such node: 404 */
    struct observation seen;
    struct finding *next;
};

/* What this message says about one CA certificate on the host. */
struct trust {
    const char *sha1;     /* of it, as the command's LocURI names it */
    const char *add_code; /* NULL: none in this message */
    bool answered, shown; /* the Get brought a value; it is the very certificate */
    struct trust *next;
};

/* A message in the sessions of its device. */
enum standing {
    MESSAGE_FIRST,    /* it begins a session, or goes on with one that we know nothing of */
    MESSAGE_NEXT,     /* it follows the one before */
    MESSAGE_REPEATED, /* it is the one before: our answer was lost */
    MESSAGE_OLD,      /* another one had this MsgID, or a later one */
    MESSAGE_AHEAD,    /* there must have been others before it */
    MESSAGE_APART,    /* of another session, while one is under way */
};

struct exchange {
    const struct mdm *mdm;
    const struct pki *pki;
    const struct mdm_wanted *wanted; /* challenges that were fetched for this answer */
    struct arena *a;
    const char *peer;
    const struct mdm_proof *proof;
    struct syncml_message *in;
    uint8_t digest[DIGEST_MAX_SIZE]; /* SHA-256 of the message, and of the certificate */
    uint8_t cert[DIGEST_MAX_SIZE];
    struct syncml_writer out;
    struct device device;
    struct identity identity; /* that the certificate is; sha256 is empty: by MD5 */
    struct md5_login login;   /* of a sender without certificate; see md5.h */
    struct session session;   /* as it was before this message, and then with it */
    struct span before;       /* the answer that this very message got before; empty: none kept */
    int64_t now;
    enum standing standing;
    bool joined;                   /* the message goes on with a session that we know */
    int64_t msg_id;                /* of our reply */
    bool looking;                  /* the message is only looked at: nothing may be written */
    const char *alarm;             /* what is told of him; NULL: the log is enough */
    bool keep_reply;               /* the reply could not be made again from the message alone */
    bool ended;                    /* the host ends the session (Alert 1223) */
    bool unasked, torn, too_large; /* see session_report */
    bool moved;                    /* an enrollment got another state, or an identity ended */
    bool hint;                     /* the alert of a finished SCEP enrollment came */
    bool leaves;                   /* the alert of an unenrollment came */
    struct enrollment *present;    /* the device's that have not ended; NULL: see session_present */
    bool listed;                   /* `present` is as it is in the store */
    struct finding *findings;
    struct trust *trusts;
    struct target *targets;             /* that were looked up; see target_of */
    const char *maker, *model, *dev_id; /* of its DevInfo; NULL: not said */
    enum command_purpose set_version;   /* what is to be sent for it; 0: nothing */
};

const struct exchange *session_exchange(const struct mdm_message *m); /* message.c */

/* session.c: whose message it is (ERR_AUTH, ERR_FORBIDDEN) and where its session stands. */
enum err session_identify(struct tx *tx, struct exchange *x) ERR_MUST_USE;
/* Only whose it is: a certificate says so without the session's place. */
enum err session_recognize(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* After OK: hears the message, where it has its place, and writes the whole reply. */
enum err session_answer(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* After ERR_AUTH and ERR_FORBIDDEN: the answer to a stranger. The store keeps nothing when x->alarm
 * is NULL, as it is of who could log in by MD5. */
enum err session_refuse(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* hear.c: what the message says, and statuses to its commands in x->out; then what it says that no
 * good host says. The first writes nothing to the store when x->looking. */
enum err session_hear(struct tx *tx, struct exchange *x) ERR_MUST_USE;
enum err session_report(struct tx *tx, const struct exchange *x) ERR_MUST_USE;
/* Whether the alert of an unenrollment is in a message that was not heard. */
bool session_says_it_leaves(const struct exchange *x);

void session_free(struct exchange *x); /* findings.c: all but the reply */

/*
 * present.c: the device's enrollments that have not ended, oldest first, read once for all of a
 * message. Who changes one changes it there, too; who does not, and adds one or ends one, sets
 * x->listed to false.
 */
enum err session_present(struct tx *tx, struct exchange *x, struct enrollment **out) ERR_MUST_USE;
/* The one with that id: of those, or, when it has ended, as the store has it. ERR_NOT_FOUND. */
enum err session_enrollment(struct tx *tx, struct exchange *x, const char *id,
                            struct enrollment **out) ERR_MUST_USE;

/* outcome.c: records what the findings mean. */
enum err session_record_outcomes(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* Whether the host has confirmed that it has the anchor: before, or by this message. */
enum err session_trusts(struct tx *tx, const struct exchange *x, const char *sha1,
                        bool *out) ERR_MUST_USE;

/* plan.c: whether the enrollment's nodes can be reached in this session: ./User exists only while
 * the enrolled user is signed in (windows-mdm.md, A.1). */
bool session_reaches(const struct exchange *x, const struct enrollment *e);

/* plan.c: the LocURI of the enrollment's node, whose last step is its id. In `a`. */
const char *session_node(struct arena *a, const struct enrollment *e);

/* plan.c: writes the commands that come next, and keeps them for their answers. */
enum err session_plan(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* What goes to the host next, besides questions: the anchors that it lacks, or, when none of them
 * is to be sent, the profiles whose anchors it has. */
struct missing_anchor {
    const struct anchor *anchor;
    struct missing_anchor *next;
};
struct due_profile {
    struct enrollment *enrollment;
    const struct target *target;
    struct due_profile *next;
};
enum err session_look(struct tx *tx, struct exchange *x, struct enrollment *all,
                      struct missing_anchor **anchors, struct due_profile **profiles) ERR_MUST_USE;

/* A command that went out with our reply, for its answer. The texts live as long as x->a. */
enum err session_keep(struct tx *tx, struct exchange *x, unsigned cmd_id,
                      enum command_purpose purpose, const char *enrollment,
                      const char *loc_uri) ERR_MUST_USE;
/* The same for one of the administrator, by its id in store/queue.h. */
enum err session_keep_queued(struct tx *tx, struct exchange *x, unsigned cmd_id,
                             enum command_purpose purpose, int64_t queue) ERR_MUST_USE;

/* deliver.c: sends a profile; deliver_pfx.c: a PKCS#12. One that cannot be sent is told once in
 * its timeline (session_unsendable, with the detail of `why`), and stays. */
enum err session_deliver(struct tx *tx, struct exchange *x,
                         const struct due_profile *due) ERR_MUST_USE;
enum err session_deliver_pfx(struct tx *tx, struct exchange *x,
                             const struct due_profile *due) ERR_MUST_USE;
enum err session_unsendable(struct tx *tx, struct exchange *x, struct enrollment *e,
                            enum err why) ERR_MUST_USE;

/* Once all are sent: a password of an NDES that went out with none of them is a loss. */
enum err session_count_unused(struct tx *tx, struct exchange *x) ERR_MUST_USE;

#endif
