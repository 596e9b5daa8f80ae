/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an upstream's answer to a PKIOperation was, where it is no certificate: one judgement and
 * one set of words for both modes. The words are for timeline and log, cleaned; no host gets them.
 */
#ifndef SIGNET_GATEWAY_VERDICT_H
#define SIGNET_GATEWAY_VERDICT_H

#include "enroll/enroll.h"
#include "gateway/gateway.h"

struct verdict {
    enum upstream_outcome outcome;
    const char *said; /* one sentence */
};

/* No answer of status 2xx came; false: one did. */
bool verdict_no_answer(struct arena *a, const struct fetch_job *job, struct verdict *out);

/* The body is no CertRep that counts: scep_certrep_read gave `e`. */
struct verdict verdict_unreadable(struct arena *a, const struct fetch_reply *reply, enum err e);

/* A CertRep of another transaction. */
struct verdict verdict_transaction(struct arena *a, struct span transaction_id);

/* A CertRep FAILURE. */
struct verdict verdict_failure(struct arena *a, const struct scep_certrep *reply);

#endif
