/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: SyncML commands as users know them, for ClientCertificateInstall/SCEP, with
 * placeholders that signet fills at the moment of sending:
 *
 *   {{scep.url}} {{scep.challenge}} {{scep.ca_thumbprint}}  the endpoint and its challenge
 *   {{enrollment.id}}                                       the CSP's UniqueID
 *   {{device.id}} {{user.upn}}                              vouched for by the enrollment
 *   {{device.name}}                                         a claim of the host
 *
 * A value is always XML-escaped; in SubjectName it is X.500-quoted as Windows wants it. What only
 * the host claims ({{device.name}}) may not stand in SubjectName or SubjectAlternativeNames unless
 * the profile is marked to trust it.
 */
#ifndef SIGNET_CSP_PROFILE_H
#define SIGNET_CSP_PROFILE_H

#include "xml/xml.h"

enum { PROFILE_MAX = 256 * 1024 }; /* bytes of one */

struct profile_commands; /* csp/commands.h */

/* The values of one profile's Install node; empty spans where a node is missing. */
struct profile {
    struct span unique_id; /* the step after SCEP/ */
    bool user_scope;       /* ./User */
    struct span server_url, challenge, ca_thumbprint, subject, san, eku, key_usage, key_length,
        hash_algorithm;
    unsigned commands; /* commands in it, the Atomic included: each needs a CmdID */
};

/*
 * Reads a profile (placeholders may still stand in it). It must be exactly one Atomic whose
 * commands all address one ClientCertificateInstall/SCEP/{UniqueID} of one scope, with the nodes
 * that the CSP requires, a known node each, and one Exec of Install/Enroll as its last command;
 * no Get and no nested Atomic; Add and Replace only, one Item each, parents before children, no
 * CDATA. Comments are fine. White space around LocURI and Data does not count. The UniqueID has
 * letters, digits, '_' and '-' only, beside placeholders. ERR_PARSE names the line, the node, and
 * the cure.
 */
enum err profile_read(struct arena *a, struct span text, struct profile *out) ERR_MUST_USE;

/*
 * Checks a profile before it is kept: ERR_PARSE with the first error of profile_lint (csp/lint.h),
 * as one that signet sends, and its mend; or with each placeholder of another MDM. What passes is
 * what profile_read reads; {{enrollment.id}} is the whole UniqueID (the server asks for the outcome
 * there). An error never repeats the challenge.
 */
enum err profile_check(struct arena *a, struct span text, bool trust_device_name) ERR_MUST_USE;

/*
 * What may be kept, but is seldom meant: a ServerURL, Challenge or CAThumbprint that signet does
 * not fill. Appends one line for each. `relay`: another server judges the challenge.
 */
enum err profile_warnings(struct arena *a, struct span text, bool relay,
                          struct buf *out) ERR_MUST_USE;

struct profile_values {
    const char *scep_url, *challenge, *ca_thumbprint, *enrollment_id, *device_id, *device_name,
        *user_upn;
};

/* Whether a value or path of the profile, which was checked, holds the placeholder, such as
 * "scep.challenge". */
bool profile_uses(struct span text, const char *placeholder);

/*
 * The commands as they go over the wire: placeholders filled, CmdIDs numbered from `first_cmd_id`
 * in the document's order, no white space between elements. `p` is a profile that
 * profile_commands_read has read, or a shelf gave; `filled` gets its commands as the host will see
 * them: what XML forbids is U+FFFD. ERR_PARSE when a placeholder is used whose value is NULL, when
 * the UniqueID would get characters that it may not have, or when a value would reach beyond its
 * place (a ';' in SubjectAlternativeNames; in SubjectName, one that needs quotes where it is only a
 * part of an attribute's value that the profile did not quote).
 */
enum err profile_render(struct arena *a, const struct profile_commands *p,
                        const struct profile_values *values, unsigned first_cmd_id, struct buf *out,
                        struct profile_commands *filled) ERR_MUST_USE;

/* The values of a profile that is read, or filled. */
void profile_of(const struct profile_commands *p, struct profile *out);

/*
 * Takes a profile that was written for another server: puts {{enrollment.id}}, {{scep.url}},
 * {{scep.challenge}} and {{scep.ca_thumbprint}} where they belong and leaves every other byte as it
 * is. One line per change is appended to `changes`, such as
 * "ServerURL: https://old.example/scep -> {{scep.url}}" (a challenge is not repeated).
 */
enum err profile_adopt(struct arena *a, struct span text, struct buf *out,
                       struct buf *changes) ERR_MUST_USE;

/* Where the first character of a challenge stands that Windows cannot send, since it is none of a
 * PrintableString (windows-scep.md, 3); or -1. */
ptrdiff_t challenge_find_unprintable(struct span text);

/* "https://localhost:8080/x" -> "localhost", "http://[::1]/x" -> "::1"; nothing of what is no URL.
 */
struct span url_host(struct span url);

/* Appends `value` as one X.500 attribute value, in double quotes when it needs them (A.5). */
void x500_quote(struct buf *b, struct span value);

#endif
