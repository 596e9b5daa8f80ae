/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the envelope of each messageType (RFC 8894, 3.3). */
#ifndef SIGNET_SCEP_CONTENT_H
#define SIGNET_SCEP_CONTENT_H

#include "cms/enveloped.h"
#include "scep/message.h"

/* How envelopes name the owner of a key, and the key. */
struct cms_opener scep_opener(const struct scep_key *key);

/* Whether a message of this type, which a client sends, has a content that is known here. */
bool scep_has_content(int message_type);

/*
 * Parses it, BER too, and verifies a CSR by its own signature. For a CSR, all failures take the
 * same time: what cannot be read is replaced by a decoy. ERR_PARSE, ERR_REFUSED, ERR_ALGORITHM.
 */
enum err scep_content_read(struct arena *a, int message_type, struct span plain,
                           struct scep_content *out) ERR_MUST_USE;

#endif
