/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dmcertinst.exe: one attempt of a SCEP enrollment, from GetCACaps to the certificate in its store;
 * a CertPoll when the server has pended a request of it.
 */
#ifndef SIGNET_DEVICE_SCEP_CLIENT_H
#define SIGNET_DEVICE_SCEP_CLIENT_H

#include "device/scep_settings.h"

struct scep_outcome {
    unsigned status;       /* enum csp_scep_status: success, pending or failed */
    uint32_t hresult;      /* 0 with success and pending */
    const char *responder; /* URL that answered, with /pkiclient.exe; NULL when none did */
    bool final;            /* failed by the verdict on a pended request: nothing to try again */
    char thumbprint[THUMBPRINT_SIZE]; /* "" unless success */
};

/*
 * Runs the attempt. Certificate and key go into the stores, what happened into the event log, a
 * pended request into the registry, all in memory: the caller saves. Texts of the outcome live in
 * `a`.
 */
void scep_client_run(struct host *h, const struct scep_settings *s, struct arena *a,
                     struct scep_outcome *out);

#endif
