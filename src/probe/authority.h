/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the judgement of GetCACert (authority.c): what came, and who plays which part. */
#ifndef SIGNET_PROBE_AUTHORITY_H
#define SIGNET_PROBE_AUTHORITY_H

#include "probe/internal.h"

enum { AUTHORITY_MAX = 16 }; /* each is held against each other; NDES sends four */

/* ---- authority_form.c: the certificates of an answer ---- */

/* Whether it holds some in a form that Windows reads. */
bool authority_is_readable(struct span body);

/* The certificates, at least one and at most AUTHORITY_MAX, as if mended after a finding; NULL:
 * there is none. The caller frees the list. */
STACK_OF(X509) * authority_read(struct probe *p, struct span body, bool *single);

/* ---- authority_parts.c ---- */

/* Sets the parts of p->ca, of whose certificates only `all` and `single` are known. */
void authority_choose(struct probe *p);

/* After that: the CA of the answer that signed this certificate of the answer, or NULL. */
X509 *authority_issuer(const struct probe *p, const X509 *x);

/* Whether it is RA or issuing CA, or a CA above them. An old RA beside the one in use is neither.
 */
bool authority_plays_a_part(const struct probe *p, const X509 *x);

/* The uppermost certificate of the answer that the chain of `x` reaches. */
X509 *authority_top(const struct probe *p, X509 *x);

bool authority_is_self_signed(X509 *x);
bool authority_has_usage(X509 *x, uint32_t usage);

#endif
