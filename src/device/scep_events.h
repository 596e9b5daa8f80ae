/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the SCEP client writes into the host's event log, with the texts of windows-scep.md, 6.3.
 * Where the reference knows an example of 86 and 87 (Application log), they are filled in like it.
 */
#ifndef SIGNET_DEVICE_SCEP_EVENTS_H
#define SIGNET_DEVICE_SCEP_EVENTS_H

#include "device/scep_client.h"
#include "device/scep_message.h"
#include "device/scep_transport.h"

/* 36: key and request are made; nothing was sent. */
void scep_log_request(struct host *h, const struct scep_settings *s, const char *url);

/* 86 and 307: this server failed before PKIOperation, at `stage` ("GetCACaps"). */
void scep_log_failed_init(const struct scep_transport *t, const struct scep_settings *s,
                          const char *stage, uint32_t hr);

/* 87: the request failed, at `stage`; `refusal` is the server's FAILURE, or NULL. */
void scep_log_failed_enroll(const struct scep_transport *t, const struct scep_settings *s,
                            const char *stage, const struct scep_answer *refusal, uint32_t hr);

/* 39 or 32, and 309: how the attempt ended. */
void scep_log_outcome(struct host *h, const struct scep_settings *s, const struct scep_outcome *o);

#endif
