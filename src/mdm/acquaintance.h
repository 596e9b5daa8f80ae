/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which host a certificate has just proved to be, for those who only count messages
 * (mdm_recognize): the other messages of its session need no look at the store for that. What a
 * message brings about is decided by the store's own look (mdm_work), always.
 *
 * In memory and of a fixed size: who is forgotten is looked up. A certificate that is revoked
 * counts as its host for ACQUAINTANCE_MS at most, as it did until then. Who is found here is asked
 * neither for the message's Source, nor for the certificate's expiry, nor for the hardware
 * (hardware_check): that is right for counting, and for nothing else.
 */
#ifndef SIGNET_MDM_ACQUAINTANCE_H
#define SIGNET_MDM_ACQUAINTANCE_H

#include "base/span.h"

enum { ACQUAINTANCE_MS = 10000, ACQUAINTANCE_HASH = 32 };

struct acquaintances; /* thread-safe */

struct acquaintances *acquaintances_new(void) __attribute__((returns_nonnull));
void acquaintances_free(struct acquaintances *all); /* NULL is allowed */

/* The id of the host whose certificate has that SHA-256; 0: none that was kept in the
 * ACQUAINTANCE_MS before `now` (monotonic ms). */
int64_t acquaintance_find(struct acquaintances *all, const uint8_t cert[ACQUAINTANCE_HASH],
                          int64_t now);

/* The store has recognized it. Takes the place of one with which it shares 10 bits. */
void acquaintance_keep(struct acquaintances *all, const uint8_t cert[ACQUAINTANCE_HASH],
                       int64_t device, int64_t now);

#endif
