/* SPDX-License-Identifier: Apache-2.0 */
/* Inside enroll/: what an enrollment's profile has promised. */
#ifndef SIGNET_ENROLL_PROMISED_H
#define SIGNET_ENROLL_PROMISED_H

#include "ca/promise.h"
#include "store/enrollment.h"

static inline struct promise promise_of(const struct enrollment *e) {
    return (struct promise){.subject = e->subject,
                            .san = e->san,
                            .eku = e->eku,
                            .key_usage = e->key_usage,
                            .key_length = e->key_length};
}

#endif
