/* SPDX-License-Identifier: Apache-2.0 */
/* Inside device/: one host of a fleet. It belongs to one thread at a time. */
#ifndef SIGNET_DEVICE_FLEET_MEMBER_H
#define SIGNET_DEVICE_FLEET_MEMBER_H

#include "device/fleet.h"
#include "device/key_pool.h"

/* Makes the host number `number` (from 0) or opens it from the fleet's folder. Its identity and
 * signers will have keys of the pool, when that has any. */
enum err fleet_member_open(struct fleet_member *m, const struct fleet_settings *s,
                           const struct key_pool *keys, int64_t number) ERR_MUST_USE;

/*
 * Has the host do one thing. *trouble tells what went wrong with it (its count is 0 when nothing
 * did).
 */
void fleet_member_step(struct fleet_member *m, const struct fleet_settings *s,
                       struct fleet_trouble *trouble);

/* Writes it into its folder. */
enum err fleet_member_save(struct fleet_member *m) ERR_MUST_USE;

#endif
