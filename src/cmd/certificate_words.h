/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the command line says what a certificate is for, whom it names and where its key lies: one
 * way for signet profile new and signet pfx make. All give ERR_USAGE, in the words of the command
 * line.
 */
#ifndef SIGNET_CMD_CERTIFICATE_WORDS_H
#define SIGNET_CMD_CERTIFICATE_WORDS_H

#include "cmd/cli.h"

/* Options that may be given again and again, in this order in a list of them. */
enum { WORDS_SUBJECT, WORDS_SAN, WORDS_USE, WORDS_EKU, WORDS_LISTS };

/* Their names; a NULL name ends them. */
#define WORDS_OF_CERTIFICATE                                                      \
    {                                                                             \
        {.name = "subject"}, {.name = "san"}, {.name = "use"}, {.name = "eku"}, { \
            .name = NULL                                                          \
        }                                                                         \
    }

/* What a profile has as SubjectName, SubjectAlternativeNames and EKUMapping; empty where nothing is
 * said. */
struct certificate_words {
    struct buf subject, san, eku;
};

/* Fills a zero-initialised one; certificate_words_free after any result. */
enum err certificate_words_read(const struct cli_many lists[WORDS_LISTS],
                                struct certificate_words *out) ERR_MUST_USE;

void certificate_words_free(struct certificate_words *w);

/* sign, encrypt or both: the bits of KeyUsage. */
enum err key_usage_read(const char *word, unsigned *out) ERR_MUST_USE;

/* As KeyProtection of a profile and KeyLocation of a PKCS#12 number them (windows-mdm.md, A.3,
 * A.4).
 */
enum { KEY_IN_TPM = 1, KEY_IN_TPM_OR_SOFTWARE, KEY_IN_SOFTWARE, KEY_IN_HELLO };
enum err protection_read(const char *word, unsigned *out) ERR_MUST_USE;

/* What XML cannot carry, or a terminal would obey, belongs into no certificate. */
enum err check_plain_text(const char *text) ERR_MUST_USE;

#endif
