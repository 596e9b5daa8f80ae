/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is wrong with a profile, or good to know of it, before it is sent. Windows takes
 * most mistakes with a 200 and fails later, on the host, out of sight.
 *
 * Three kinds of profiles are judged: a finished one, one with signet's placeholders, and one with
 * those of another MDM. A finding says what is wrong *here*; what it means, what Windows does and
 * how to mend it is its code's, in csp/lint_codes.c and csp/lint_codes_values.c alone
 * (docs/profile-lint.md; tests/system/85-broken holds them together).
 */
#ifndef SIGNET_CSP_LINT_H
#define SIGNET_CSP_LINT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "explain/entry.h"

enum lint_severity {
    LINT_NOTE,    /* good to know */
    LINT_WARNING, /* works in some cases, or is unsafe */
    LINT_ERROR,   /* will surely fail, or signet refuses it */
};

/* "note", "warning", "error". */
const char *lint_severity_name(enum lint_severity) __attribute__((returns_nonnull));

/* The codes: their names are the same in lower case, with '-' for '_'. */
enum lint_id {
    /* the text, and the structure of its commands: csp/lint_codes.c */
    LINT_NO_TEXT,
    LINT_NOT_UTF8,
    LINT_XML_MALFORMED,
    LINT_XML_UNESCAPED,
    LINT_XML_CDATA,
    LINT_XML_LIMIT,
    LINT_ENVELOPE,
    LINT_ATOMIC_MISSING,
    LINT_ATOMIC_SEVERAL,
    LINT_ATOMIC_NESTED,
    LINT_COMMAND_ALIEN,
    LINT_COMMAND_MISPLACED,
    LINT_GET_INSIDE,
    LINT_CMDID_MISSING,
    LINT_CMDID_DOUBLED,
    LINT_TARGET_MISSING,
    LINT_ITEMS_SEVERAL,
    LINT_LOCURI_SLASH,
    LINT_LOCURI_FOREIGN,
    LINT_NODE_UNKNOWN,
    LINT_NODE_MISSING,
    LINT_NODE_DOUBLED,
    LINT_NODE_READ_ONLY,
    LINT_NODE_ORDER,
    LINT_VERB_WRONG,
    LINT_REPLACE_OF_NEW,
    LINT_EXEC_MISSING,
    LINT_EXEC_DOUBLED,
    LINT_EXEC_NOT_LAST,
    LINT_SCOPE_MIXED,
    LINT_SCOPE_USER,
    LINT_UNIQUE_ID_DIFFERS,
    LINT_UNIQUE_ID_CHARACTERS,
    LINT_UNIQUE_ID_FIXED,
    LINT_UNIQUE_ID_REUSED,
    LINT_FORMAT_MISSING,
    LINT_FORMAT_WRONG,
    LINT_DATA_MISSING,
    LINT_DATA_EMPTY,
    LINT_DATA_UNEXPECTED,
    LINT_DATA_ELEMENTS,
    LINT_DATA_BLANKS,
    LINT_PLACEHOLDER_UNKNOWN,
    LINT_PLACEHOLDER_OPEN,
    LINT_PLACEHOLDER_SECRET,
    LINT_PLACEHOLDER_CLAIM,
    LINT_PLACEHOLDER_UNQUOTED,
    LINT_PLACEHOLDER_FOREIGN,
    /* the values: csp/lint_codes_values.c */
    LINT_VALUE_NOT_A_NUMBER,
    LINT_FIRST_OF_VALUES = LINT_VALUE_NOT_A_NUMBER,
    LINT_VALUE_NOT_ALLOWED,
    LINT_SERVER_URL_SCHEME,
    LINT_SERVER_URL_PKICLIENT,
    LINT_SERVER_URL_QUERY,
    LINT_SERVER_URL_LOCAL,
    LINT_SERVER_URL_SEVERAL,
    LINT_SERVER_URL_FIXED,
    LINT_CHALLENGE_CHARACTERS,
    LINT_CHALLENGE_STATIC,
    LINT_CHALLENGE_GUESSABLE,
    LINT_CHALLENGE_BASE64,
    LINT_CHALLENGE_LONG,
    LINT_THUMBPRINT_EMPTY,
    LINT_THUMBPRINT_SHAPE,
    LINT_THUMBPRINT_SEPARATORS,
    LINT_THUMBPRINT_SHA256,
    LINT_THUMBPRINT_FIXED,
    LINT_SUBJECT_SYNTAX,
    LINT_SUBJECT_BACKSLASH,
    LINT_SUBJECT_PLUS,
    LINT_SUBJECT_SEMICOLON,
    LINT_SUBJECT_LONG,
    LINT_SAN_SYNTAX,
    LINT_SAN_TYPE,
    LINT_SAN_VALUE,
    LINT_SAN_SID,
    LINT_KEY_USAGE_BITS,
    LINT_KEY_USAGE_POWERS,
    LINT_KEY_USAGE_EKU,
    LINT_KEY_LENGTH_WEAK,
    LINT_HASH_UNKNOWN,
    LINT_HASH_SHA1,
    LINT_HASH_SHA3,
    LINT_HASH_SEPARATOR,
    LINT_EKU_SYNTAX,
    LINT_EKU_SEPARATOR,
    LINT_EKU_POWERFUL,
    LINT_EKU_MEANING,
    LINT_KEY_PROTECTION_TPM,
    LINT_KEY_PROTECTION_FALLBACK,
    LINT_HELLO_CONTAINER,
    LINT_HELLO_KEY,
    LINT_HELLO_HASH,
    LINT_HELLO_UNUSED,
    LINT_RETRY_PENDING_ONLY,
    LINT_RETRY_ZERO,
    LINT_RETRY_MANY,
    LINT_VALIDITY_HALF,
    LINT_VALIDITY_ASKED,
    LINT_TEMPLATE_IGNORED,
    /* what a SCEP server sends: cmd/profile_server.c */
    LINT_THUMBPRINT_NO_MATCH,
    LINT_THUMBPRINT_OF_RA,
    LINT_THUMBPRINT_MATCHES,
    LINT_SERVER_STOPS,
    LINT_SERVER_SILENT,
    LINT_SERVER_DIFFERS,
    LINT_CODES
};

struct lint_code {
    const char *name; /* "key-length-weak": never changes its meaning */
    enum lint_severity severity;
    enum explain_evidence evidence; /* for what Windows does */
    const char *windows;            /* what Windows will do, one sentence */
    uint32_t hresult;               /* that one would see; 0: code not known, or none arises */
    unsigned status;                /* the SyncML status of the command; 0: taken, or not known */
    unsigned event;                 /* in DeviceManagement-Enterprise-Diagnostics-Provider; or 0 */
    const char *mend;               /* one sentence */
    const char *fact;               /* where that is written: "windows-mdm.md A.3" */
};

/* The code of an id; of a name, or NULL. Static. */
const struct lint_code *lint_code(enum lint_id) __attribute__((returns_nonnull));
const struct lint_code *lint_code_find(const char *name);

/* The bytes of the text that a mend replaces; an insertion where old.n is 0. */
struct lint_edit {
    struct span old, new;
    struct lint_edit *next;
};

struct lint_finding {
    const struct lint_code *code;
    unsigned line;           /* from 1; 0: the text as a whole */
    const char *node;        /* "KeyLength", "Atomic", or "" */
    const char *detail;      /* what is wrong here; printable, never the challenge */
    struct lint_edit *edits; /* the mend, where there is one right answer; else NULL */
    struct lint_finding *next;
};

/* At most LINT_MAX are listed, the severest; all are counted. Zero-initialise. */
struct lint_findings {
    struct lint_finding *first; /* by line */
    size_t count[LINT_ERROR + 1];
    size_t listed, listed_errors;
    bool more; /* than are listed */
};

enum { LINT_MAX = 500 };

struct lint_options {
    /* Judge it as one that signet sends. A profile that holds one of signet's placeholders is
     * judged so in any case. */
    bool ours;
    bool trust_device_name; /* {{device.name}} may stand in a subject */
};

/*
 * Judges any text. Never fails: what cannot be read is a finding, too. The findings live in the
 * arena; their edits' `old` is in `text`. Thread-safe.
 */
void profile_lint(struct arena *a, struct span text, const struct lint_options *,
                  struct lint_findings *out);

/* Adds a finding, in its place by line. `fmt` may quote anything but secrets; it is made
 * printable. NULL when there are LINT_MAX already. */
struct lint_finding *lint_add(struct arena *a, struct lint_findings *, enum lint_id, unsigned line,
                              const char *node, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/*
 * The finding as an error, for who cannot go on with such a profile: sets "profile line 12,
 * KeyUsage: ..." with the mend as a part of the same sentence and the code in brackets, and returns
 * ERR_PARSE.
 */
enum err lint_refuse(const struct lint_finding *);

/*
 * Appends the text with every finding mended that has one right answer, until none is left; every
 * other byte stays as it is. One line for each mend is appended to `changes`, such as
 * "line 7, CAThumbprint: thumbprint-separators". False when nothing was to be mended.
 */
bool profile_fix(struct arena *a, struct span text, const struct lint_options *, struct buf *out,
                 struct buf *changes);

#endif
