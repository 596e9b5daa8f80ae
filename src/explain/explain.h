/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an administrator has in front of him, in words: a code, a line, an export of the Event
 * Viewer or of the registry. All of it is a stranger's: whatever comes is answered, and what the
 * answer quotes of it is a number, a name of a key or a time, made printable; values of profiles
 * and challenges are not quoted.
 */
#ifndef SIGNET_EXPLAIN_EXPLAIN_H
#define SIGNET_EXPLAIN_EXPLAIN_H

#include "base/arena.h"
#include "base/err.h"
#include "explain/entry.h"

enum explain_kind {
    EXPLAIN_HRESULT,
    EXPLAIN_EVENT,
    EXPLAIN_SYNCML,
    EXPLAIN_STATUS, /* of a CSP */
    EXPLAIN_FAILINFO,
    EXPLAIN_PKISTATUS,
    EXPLAIN_ALERT,
    EXPLAIN_TEXT,
    EXPLAIN_ENROLLMENT, /* one of a registry's export */
    EXPLAIN_KINDS
};

/* "hresult", "event" ...; the kind of a name, EXPLAIN_KINDS when there is none. */
const char *explain_kind_name(enum explain_kind) __attribute__((returns_nonnull));
enum explain_kind explain_kind_of(struct span name);

struct explanation {
    enum explain_kind kind;
    const struct explain_entry *entry; /* never NULL */
    const char *what;                  /* "0x80091007 CRYPT_E_HASH_VALUE", "event 307" */
    const char *note;                  /* more of this very one: a facility, a verdict; or NULL */
    const char *found;                 /* the piece of the input that it was found in; or NULL */
    size_t times;                      /* how often; an HRESULT once for each event */
    size_t counted_in;                 /* the event, or line of none, that counted it last */
    struct explanation *next;
};

/* An event of an export, or of lines that bear a time. */
struct explain_moment {
    const char *at;        /* as it stood there, or "" */
    uint32_t event;        /* its id */
    const char *name;      /* of the event's entry */
    const char *codes;     /* "0x80091007 CRYPT_E_HASH_VALUE"; or "" */
    const char *unique_id; /* of the profile; NULL where the event does not say it */
    struct explain_moment *next;
};

struct explain_report {
    struct explanation *first;    /* each thing once, in the order of the input */
    struct explain_moment *story; /* the oldest first, when all bear a time */
    size_t moments;
    size_t strangers;  /* events of an export that say nothing of MDM or SCEP */
    bool more;         /* there was more than is told: EXPLAIN_MAX, EXPLAIN_MAX_MOMENTS */
    bool known;        /* something is known of it */
    const char *other; /* what the input is, and which command reads it; NULL: one of explain's */
};

enum { EXPLAIN_MAX = 200, EXPLAIN_MAX_MOMENTS = 2000 };

/*
 * Explains anything. The only errors: ERR_PARSE for a file that is no text (.evtx; the detail names
 * the way to an export), ERR_LIMIT. Nothing found is no error. The report lives in the arena.
 * Thread-safe.
 */
enum err explain_text(struct arena *, struct span input, struct explain_report *out) ERR_MUST_USE;

/* Explains a number as this kind. ERR_USAGE: it is none, or the kind has no numbers. */
enum err explain_one(struct arena *, enum explain_kind, struct span number,
                     struct explain_report *out) ERR_MUST_USE;

#endif
