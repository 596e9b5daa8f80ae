/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording's server had told its host, to tell the same to another one. */
#ifndef SIGNET_RECORD_RETELL_H
#define SIGNET_RECORD_RETELL_H

#include "base/buf.h"
#include "record/lines.h"

/*
 * Appends the SCEP profile that the server delivered first, as one for `signet profile add`: the
 * server's own values are placeholders ({{scep.url}}), what is blanked becomes text of the same
 * length and the same characters. False, and nothing is appended: the recording has none.
 */
bool retell_profile(const struct recorded *recording, struct buf *out);

/* The EnrollmentType that the host named, "Full" or "Device". */
const char *retell_enrollment_type(const struct recorded *recording)
    __attribute__((returns_nonnull));

#endif
