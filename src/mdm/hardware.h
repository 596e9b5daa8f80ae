/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether sessions come from the machine that they came from before: an identity can be copied with
 * its key, and so can the DeviceID. A host is asked for its HWDevID (DMClient, windows-mdm.md, A.8)
 * in its first session and once a week; and in each session for a week, before a profile or a
 * command goes out, once it has named another manufacturer or model, or was in two places at once.
 *
 * The first HWDevID that its sessions show counts: no source says that it is the one that the host
 * named when it enrolled, nor of what it is made. Another one ends its sessions until an
 * administrator has settled it (device_confirm, device_reject). A host that has none to show is not
 * punished, and who copies all that Windows makes it of is not found out.
 */
#ifndef SIGNET_MDM_HARDWARE_H
#define SIGNET_MDM_HARDWARE_H

#include "mdm/session.h"

/* A Replace of the host's: what it says of itself, in a session's first message. */
void hardware_hear(struct exchange *x, const struct syncml_command *replace);

/* ERR_FORBIDDEN when the host has shown another hardware, and nobody has settled it. */
enum err hardware_check(struct exchange *x) ERR_MUST_USE;

/* The message in which it shows another hardware may say that it leaves, too: an alarm. */
enum err hardware_hear_leaving(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* A key waits for the host: where it has ever shown its hardware, it is asked in this session, and
 * awaited, as one that is watched. */
enum err hardware_guard_key(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* Whether nothing of worth may go out, since the host must show its hardware first. */
bool hardware_is_awaited(const struct exchange *x);

/* A new identity comes in its first session: the one before it is revoked, or, where the host has
 * shown its hardware, once it has shown it again: a copy could have renewed it. */
enum err hardware_see_identity(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* The message does not fit the session of another address that is under way. */
enum err hardware_is_in_two_places(struct tx *tx, struct exchange *x) ERR_MUST_USE;

#endif
