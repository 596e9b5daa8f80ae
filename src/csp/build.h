/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a profile: values in, the XML out, in the order that real hosts accepted (windows-mdm.md,
 * A.7): the node of the UniqueID first, one Add for each value, Exec of Enroll last.
 */
#ifndef SIGNET_CSP_BUILD_H
#define SIGNET_CSP_BUILD_H

#include "base/buf.h"
#include "base/err.h"

/* Values below Install, as they shall stand there before XML escaping; NULL leaves the node out. */
struct profile_wishes {
    bool user_scope;       /* ./User */
    const char *unique_id; /* the step after SCEP/ */
    const char *retry_count, *retry_delay, *key_usage, *key_length, *hash_algorithm, *subject, *san,
        *valid_period, *valid_period_units, *eku, *key_protection, *container, *server_url,
        *challenge, *ca_thumbprint;
};

/* Appends the profile, indented by tabs. It judges no value: lint does (csp/profile.h). */
void profile_write(const struct profile_wishes *w, struct buf *out);

/*
 * Appends "ATTRIBUTE=VALUE" to a SubjectName, with the quotes that Windows wants around the value
 * (windows-mdm.md, A.5): the value is taken as it is, quotes and commas belong to it. A placeholder
 * that is the whole value stays bare, for what is filled in is quoted then. ERR_PARSE without '=',
 * or for an attribute that Windows does not know.
 */
enum err profile_add_subject(struct buf *subject, const char *attribute) ERR_MUST_USE;

/* Appends "dns=VALUE", email=, upn= or uri= to a SubjectAlternativeNames. ERR_PARSE for another
 * kind, an empty value, or one with the ';' that separates names. */
enum err profile_add_san(struct buf *san, const char *name) ERR_MUST_USE;

/* Appends an EKU, by name or dotted OID, to an EKUMapping, unless it is there. ERR_PARSE. */
enum err profile_add_eku(struct buf *mapping, const char *eku) ERR_MUST_USE;

#endif
