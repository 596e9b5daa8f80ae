/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrollment codes and sign-ins: what stands for a password once, made, checked and spent. They
 * have 100 bits and more, so that no slow hash is needed; the store has their keyed hashes only.
 */
#ifndef SIGNET_MDM_TICKETS_H
#define SIGNET_MDM_TICKETS_H

#include "ca/authority.h"
#include "store/ticket.h"

/* "ABCDE-FGHIJ-KLMNO-PQRST" of A-Z and 2-7, for people; a sign-in is 26 letters in a row. */
enum { TICKET_CODE_SIZE = 24, TICKET_SIGN_IN_SIZE = CHALLENGE_SIZE };
enum { TICKET_SIGN_IN_MS = 10 * 60 * 1000 };

/* A host whose answer was lost may ask again for so long. */
enum { TICKET_REPEAT_MS = 10 * 60 * 1000 };

/* For `hosts` hosts, until `expires`. ERR_CRYPTO. */
enum err ticket_new_code(struct tx *tx, const struct authority *auth, const char *account,
                         int64_t now, int64_t expires, int64_t hosts,
                         char out[TICKET_CODE_SIZE]) ERR_MUST_USE;

/* For one host within ten minutes. `code` is the ticket that was shown in place of a password, or
 * of kind 0. */
enum err ticket_new_sign_in(struct tx *tx, const struct authority *auth, const char *account,
                            const struct ticket *code, int64_t now,
                            char out[TICKET_SIGN_IN_SIZE]) ERR_MUST_USE;

/* Whether the text can be a code, as people type it: in any case, with or without hyphens. */
bool ticket_is_code(struct span text);

/*
 * Finds what was shown, a code or a sign-in, when it is good at `now`, or was used up so lately
 * that the request may be a repeat. ERR_NOT_FOUND: it is none; ERR_AUTH with the cause: it was one.
 */
enum err ticket_check(struct tx *tx, struct arena *a, const struct authority *auth, int kind,
                      struct span text, int64_t now, struct ticket *out) ERR_MUST_USE;

/* Takes one use of it, and of the code that it was made with; nothing for kind 0. ERR_AUTH: there
 * is none left. */
enum err ticket_take(struct tx *tx, const struct ticket *ticket, int64_t now) ERR_MUST_USE;

#endif
