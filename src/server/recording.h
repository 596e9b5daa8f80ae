/* SPDX-License-Identifier: Apache-2.0 */
/* serve --record: the recorder (record/recorder.h) as witness of all listeners. */
#ifndef SIGNET_SERVER_RECORDING_H
#define SIGNET_SERVER_RECORDING_H

#include "ca/pki.h"
#include "http/http.h"
#include "record/recorder.h"

struct recording { /* zero-initialise; it must not move once it has started */
    struct recorder *recorder;
    struct pki_holder *pki;
    struct http_witness witness;
};

/* Starts it; the envelopes of requests are opened with the keys of `pki`. As recorder_start. */
enum err recording_start(struct recording *r, const char *folder,
                         struct pki_holder *pki) ERR_MUST_USE;

/* After the last request. One that has not started is fine. */
void recording_stop(struct recording *r);

#endif
