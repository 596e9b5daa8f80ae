/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the lint: one judgement, and what its rules share. */
#ifndef SIGNET_CSP_LINT_INNER_H
#define SIGNET_CSP_LINT_INNER_H

#include "csp/commands.h"
#include "csp/lint.h"
#include "csp/source.h"

extern const struct lint_code lint_codes_structure[], lint_codes_values[];

struct lint {
    struct arena *a;
    struct span text;
    struct lint_findings *out;
    bool ours; /* judged as one that signet sends */
    bool trust_device_name;
    bool mendable; /* the tree is the text's own, so that places in it can be found */
    struct source source;
    const struct xml_node *root;   /* nameless, of the whole text */
    const struct xml_node *holder; /* of the commands: the Atomic, or what stands in its place */
    /* Nodes that misspelt commands were meant for; more than that is no profile. */
    const char *meant[16];
    size_t meant_count;
    struct profile_command *first; /* those that have a LocURI; their node may be NULL */
    struct profile_command **end;
};

/* ---- telling ---- */

/* A finding at a command: its node's name, or its verb. */
struct lint_finding *lint_tell(struct lint *, const struct profile_command *, enum lint_id,
                               const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A finding at an element that is no command of a node. */
struct lint_finding *lint_tell_at(struct lint *, const struct xml_node *, enum lint_id,
                                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Adds an edit to a finding (NULL is allowed). Where places cannot be found there is none. */
void lint_mend(struct lint *, struct lint_finding *, struct span old, struct span new);

/* Mends by another value of the command's Data. */
void lint_mend_value(struct lint *, struct lint_finding *, const struct profile_command *,
                     struct span value);

/* Mends by taking the element out, with the line that it leaves empty. */
void lint_mend_out(struct lint *, struct lint_finding *, const struct xml_node *);

/* ---- looking ---- */

/* What stands between an element's tags, and with them; empty where places cannot be found. */
struct span lint_inner(const struct lint *, const struct xml_node *);
struct span lint_whole(const struct lint *, const struct xml_node *);

bool lint_is(const struct profile_command *, const char *node);

/* The first command of that node, or NULL. */
const struct profile_command *lint_find(const struct lint *, const char *node);

/* Cuts the part before the next of `separators` off `rest`; false when nothing is left. */
bool lint_part(struct span *rest, const char *separators, struct span *part);

/* Whether the value is one of "1|2|3", or in "0-30". */
bool lint_is_allowed(struct span value, const char *allowed);

bool lint_holds(struct span text, const char *what);

/* ---- the rules, in their order ---- */

/* The text and its tree; false when nothing more can be said. */
bool lint_text(struct lint *);

/* Envelope, Atomic, commands, CmdIDs; fills `first`. */
void lint_structure(struct lint *);

/* LocURIs, scopes, order, what is missing. */
void lint_nodes(struct lint *);

/* Placeholders of a command's value; false when they leave nothing to judge. */
bool lint_placeholders(struct lint *, const struct profile_command *);

/* Format and Data, by the table; then the rules of each node. */
void lint_values(struct lint *);
void lint_server(struct lint *, const struct profile_command *);     /* ServerURL */
void lint_challenge(struct lint *, const struct profile_command *);  /* Challenge */
void lint_thumbprint(struct lint *, const struct profile_command *); /* CAThumbprint */
void lint_subject(struct lint *, const struct profile_command *);    /* SubjectName */
void lint_san(struct lint *, const struct profile_command *);        /* SubjectAlternativeNames */
void lint_eku(struct lint *, const struct profile_command *);        /* EKUMapping */
void lint_key(struct lint *);      /* KeyUsage, KeyLength, HashAlgorithm, KeyProtection */
void lint_schedule(struct lint *); /* RetryCount, RetryDelay, ValidPeriod, TemplateName */

#endif
