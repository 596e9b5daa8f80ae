/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host that enrolls says of its hardware is a claim: DeviceID and HWDevID are no secrets,
 * and clones share them (windows-mdm.md, B.6). So a known one is an alarm, and somebody else's host
 * loses nothing by it.
 */
#ifndef SIGNET_MDM_CLAIM_H
#define SIGNET_MDM_CLAIM_H

#include "store/device.h"

struct claim_verdict {
    bool refused; /* the DeviceID belongs to a host of another account: it must not be enrolled.
                   * The work must be committed all the same: it holds the alarm */
    bool changed; /* certificates were revoked: revocation_changed after the commit */
};

/*
 * To be called with the device that enrolls (all but `id` and `claims` set), in the transaction of
 * device_put and before it; not for a renewal of its identity, nor for a request that repeats one
 * that was answered. Of hosts that are here and have that DeviceID, or that HWDevID (unless it
 * names nothing):
 * - one of the same account has left (enroll_leave), since the host enrolls anew;
 * - one of another account with the DeviceID: `refused`;
 * - one of another account with the HWDevID stays as it is; device->claims is set to it, for
 *   device_confirm and device_reject.
 * Each is an alarm. Where the DeviceID is of a host that has left, and that another account had
 * enrolled, that host's row is free, and nothing that was given to it stays (device_disown): an
 * alarm as well, unless the administrator had removed it; then a note.
 */
enum err claim_check(struct tx *tx, struct arena *a, struct device *device,
                     struct claim_verdict *out) ERR_MUST_USE;

/* Firmware that knows no HWDevID sends an empty one, or one digit all along (and -, { and }). */
bool claim_names_hardware(const char *hw_dev_id);

#endif
