/* SPDX-License-Identifier: Apache-2.0 */
/* ROBO: the device's identity is renewed without its user (windows-mdm.md, C.8). */
#ifndef SIGNET_DEVICE_RENEW_H
#define SIGNET_DEVICE_RENEW_H

#include "device/host.h"

/*
 * Discovery at Renew/ServerURL, else where the host enrolled, and a RequestSecurityToken of type
 * Renew over TLS with the present identity, whose key signs the new request. Status, ErrorCode and
 * LastRenewalAttemptTime of MY/WSTEP/Renew tell how it went; the host is saved. ERR_CONFLICT when
 * the host is in no state to renew: not enrolled, ROBO not supported, EntDMID never set, expired.
 */
enum err renew_identity(struct host *h) ERR_MUST_USE __attribute__((nonnull));

#endif
