/* SPDX-License-Identifier: Apache-2.0 */
/* The HRESULTs that a host's ErrorCode node holds, in words (windows-scep.md, 6.4). */
#ifndef SIGNET_ENROLL_HRESULT_H
#define SIGNET_ENROLL_HRESULT_H

#include <stdint.h>

#include "base/span.h"

struct hresult {
    uint32_t code;
    const char *name;    /* of winerror.h or wincrypt.h */
    const char *meaning; /* Windows' own message, or what the code says */
    const char *cause;   /* what it comes from in a SCEP enrollment */
    const char *cure;    /* what to do about it */
};

/*
 * The entry of a code. HTTP statuses (0x80190000 + status) without an entry of their own get one
 * for their class; a code that the reference does not know gets the name "unknown" and says so.
 * Never NULL; static.
 */
const struct hresult *hresult_find(uint32_t code) __attribute__((returns_nonnull));

/* Reads "-2146881529", "2148085767" or "0x80091007" (windows-mdm.md, A.3: accept all). */
bool hresult_parse(struct span text, uint32_t *out);

#endif
