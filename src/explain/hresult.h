/* SPDX-License-Identifier: Apache-2.0 */
/* HRESULTs in words: of SCEP (windows-scep.md, 5 and 6.4), of the MDM enrollment (windows-mdm.md,
 * C.7), and some that any part of Windows says. */
#ifndef SIGNET_EXPLAIN_HRESULT_H
#define SIGNET_EXPLAIN_HRESULT_H

#include "base/span.h"
#include "explain/entry.h"

/*
 * The entry of a code. HTTP statuses (0x80190000 + status) without an entry of their own get one
 * for their class; a code that the reference does not know gets the name "unknown" and says so.
 * Never NULL; static.
 */
const struct explain_entry *hresult_find(uint32_t code) __attribute__((returns_nonnull));

/*
 * Of PFXCertInstall's Status, which is what GetLastError gave: a number of winerror.h, or an
 * HRESULT. Of the codes above names and messages hold here, too; causes do not.
 */
struct explain_entry hresult_of_pfx(uint32_t code);

/* Whether the code has an entry of its own. */
bool hresult_known(uint32_t code);

/* What the upper half of a code says when the rest is not known: "Win32 error 5"; never NULL. */
const char *hresult_facility(uint32_t code) __attribute__((returns_nonnull));

/* Reads "-2146881529", "2148085767" or "0x80091007" (windows-mdm.md, A.3: accept all). */
bool hresult_parse(struct span text, uint32_t *out);

#endif
