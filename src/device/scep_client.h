/* SPDX-License-Identifier: Apache-2.0 */
/* dmcertinst.exe: one attempt of a SCEP enrollment, from GetCACaps to the certificate in its store.
 */
#ifndef SIGNET_DEVICE_SCEP_CLIENT_H
#define SIGNET_DEVICE_SCEP_CLIENT_H

#include "device/scep_settings.h"

struct scep_outcome {
    unsigned status;       /* enum csp_scep_status: success, pending or failed */
    uint32_t hresult;      /* 0 with success and pending */
    const char *responder; /* URL that answered, with /pkiclient.exe; NULL when none did */
    char thumbprint[THUMBPRINT_SIZE]; /* "" unless success */
};

/*
 * Runs the attempt. Certificate and key go into the stores, what happened into the event log, both
 * in memory: the caller saves. Texts of the outcome live in `a`.
 */
void scep_client_run(struct host *h, const struct scep_settings *s, struct arena *a,
                     struct scep_outcome *out);

#endif
