/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's sign-in and sign-out: ./User works, and his SCEP tasks run, while he is signed in
 * (windows-mdm.md, A.1). The switch login-status keeps it.
 */
#ifndef SIGNET_DEVICE_LOGON_H
#define SIGNET_DEVICE_LOGON_H

#include "device/host.h"

/*
 * The user who enrolled signs in. True where DMClient's PollOnLogin makes a session due at once
 * (windows-mdm.md, A.8 and B.7). Does not save.
 */
bool logon_sign_in(struct host *h) __attribute__((nonnull));

/* Nobody is signed in any more. Does not save. */
void logon_sign_out(struct host *h) __attribute__((nonnull));

/*
 * Whether ./User works now: the user who enrolled is signed in. It never does after an enrollment
 * of the device alone (type Device; users.md, 1.4).
 */
bool logon_user_is_there(const struct host *h) __attribute__((nonnull));

#endif
