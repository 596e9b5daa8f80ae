/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thing that a host, its logs or a SCEP server says, in words. The tables of this room are made
 * of these. What nobody has published is not guessed: it has no entry, or one that says so.
 */
#ifndef SIGNET_EXPLAIN_ENTRY_H
#define SIGNET_EXPLAIN_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The chain, from the enrollment of the host to the life of its certificate; a set of bits. */
enum explain_step {
    STEP_ENROLL = 1 << 0,  /* the MDM enrollment */
    STEP_SESSION = 1 << 1, /* the management session */
    STEP_CSP = 1 << 2,     /* the CSP takes the profile */
    STEP_TASK = 1 << 3,    /* the SCEP task starts */
    STEP_CAPS = 1 << 4,    /* GetCACaps */
    STEP_CA = 1 << 5,      /* GetCACert and its checks */
    STEP_REQUEST = 1 << 6, /* key and request on the host */
    STEP_SUBMIT = 1 << 7,  /* PKIOperation */
    STEP_REPLY = 1 << 8,   /* the CertRep is read */
    STEP_CERT = 1 << 9,    /* the certificate is installed, and lives */
    STEP_HTTP = STEP_CAPS | STEP_CA | STEP_SUBMIT,
};
enum { EXPLAIN_STEPS = 10 };

/* Their names, in that order. */
extern const char *const explain_steps[EXPLAIN_STEPS];

enum explain_evidence {
    EXPLAIN_DOCUMENTED,
    EXPLAIN_SEEN,
    EXPLAIN_INFERRED,
    EXPLAIN_NOT_KNOWN, /* nothing is known of it but that it is there */
};

const char *explain_evidence_name(enum explain_evidence) __attribute__((returns_nonnull));

struct explain_entry {
    uint32_t number;     /* HRESULT, event id, status ...; 0 when it is a text */
    const char *source;  /* of an event: its log; else NULL */
    const char *name;    /* of winerror.h, or what it is */
    const char *meaning; /* Windows' own message, the log's text; NULL when it is not published */
    const char *here;    /* what it means in this chain */
    const char *cause, *cure;
    unsigned steps; /* where it arises; 0: anywhere */
    enum explain_evidence evidence;
    const char *fact; /* where that is written */
};

struct explain_table {
    const struct explain_entry *entries;
    size_t count;
};

/* The HRESULTs: of SCEP, of the MDM enrollment, of Windows in general. */
extern const struct explain_table explain_hresult_scep, explain_hresult_mdm,
    explain_hresult_windows;
extern const struct explain_table explain_syncml_table;
extern const struct explain_table explain_status_table, explain_wstep_table, explain_pfx_table;
extern const struct explain_table explain_failinfo_table, explain_pkistatus_table;
extern const struct explain_table explain_alert_table;

/* A text that tells by itself what it is: looked for without regard to case. The number is the id
 * of an event, else 0. */
struct explain_phrase {
    const char *needle;
    struct explain_entry entry;
};
struct explain_phrases {
    const struct explain_phrase *list;
    size_t count;
};
/* The events of the host's logs; of NDES and Intune's connector; other texts of host and server. */
extern const struct explain_phrases explain_events_host, explain_events_ndes, explain_texts;

/* The entry of a number; NULL when there is none. */
const struct explain_entry *explain_entry_find(const struct explain_table *, uint32_t number);

/* A SyncML status; NULL for one that neither MS-MDM nor OMA has in our references. */
const struct explain_entry *explain_syncml(uint32_t status);

#endif
