/* SPDX-License-Identifier: Apache-2.0 */
/* Inside enroll/: "confirmed" is said in observe.c alone. */
#ifndef SIGNET_ENROLL_OBSERVE_H
#define SIGNET_ENROLL_OBSERVE_H

#include "enroll/enroll.h"

/* Judges anew what the host has said last, now that the certificate that it shows is known. The row
 * of `e` is for the caller to write. */
enum err observe_import(struct tx *tx, struct arena *a, struct enrollment *e,
                        const struct foreign_certificate *c) ERR_MUST_USE;

/* A host that failed is asked again after 1, 2, 4 ... minutes; its alert makes it at once. */
void observe_back_off(struct enrollment *e);

/* Keeps what the host said, in `e` only. */
void observe_remember(struct enrollment *e, const struct observation *seen);

/* Says that it is confirmed, with a certificate of that life; that it is reported. The row of `e`
 * is for the caller to write. */
enum err observe_confirmed(struct tx *tx, struct enrollment *e, const struct observation *seen,
                           const char *text, int64_t not_before, int64_t not_after) ERR_MUST_USE;
enum err observe_reported(struct tx *tx, struct arena *a, struct enrollment *e,
                          const struct observation *seen) ERR_MUST_USE;

/* Whether it is what the profile promised. ERR_REFUSED: the detail says what differs. */
enum err observe_keeps_promise(struct arena *a, const struct enrollment *e,
                               const struct foreign_certificate *c) ERR_MUST_USE;

#endif
