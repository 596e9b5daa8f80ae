/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/certificate_words.h"

#include <string.h>

#include "base/text.h"
#include "csp/build.h"

static const struct {
    const char *name, *eku[2];
} uses[] = {
    {"wifi", {"clientAuth", NULL}},       {"vpn", {"clientAuth", NULL}},
    {"tls-client", {"clientAuth", NULL}}, {"smartcard", {"smartcardLogon", "clientAuth"}},
    {"email", {"emailProtection", NULL}}, {"ipsec", {"ipsecIKE", "clientAuth"}},
};

static const struct {
    const char *name;
    unsigned bits;
} usages[] = {{"both", 160}, {"sign", 128}, {"encrypt", 32}};

static const char *const protections[] = {[KEY_IN_TPM] = "tpm",
                                          [KEY_IN_TPM_OR_SOFTWARE] = "tpm-or-software",
                                          [KEY_IN_SOFTWARE] = "software",
                                          [KEY_IN_HELLO] = "hello"};

enum err check_plain_text(const char *text) {
    BUF_AUTO(printable);
    text_printable(&printable, span_str(text));
    if (!span_is(buf_view(&printable), text))
        return err_set(ERR_USAGE, "'%s' holds a control character, or is not UTF-8",
                       buf_cstr(&printable));
    return OK;
}

static enum err add_all(const struct cli_many *list, struct buf *out,
                        enum err (*add)(struct buf *out, const char *text)) {
    for (size_t i = 0; i < list->count; i++) {
        TRY(check_plain_text(list->values[i]));
        if (add(out, list->values[i]) != OK)
            return err_context(ERR_USAGE, "--%s", list->name);
    }
    return OK;
}

static enum err add_use(struct buf *eku, const char *use) {
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (strcmp(use, uses[i].name) == 0) {
            TRY(profile_add_eku(eku, uses[i].eku[0]));
            return uses[i].eku[1] ? profile_add_eku(eku, uses[i].eku[1]) : OK;
        }
    return err_set(
        ERR_USAGE,
        "'%s' is none of wifi, vpn, tls-client, smartcard, email, ipsec; --eku takes any "
        "other",
        use);
}

enum err certificate_words_read(const struct cli_many lists[WORDS_LISTS],
                                struct certificate_words *out) {
    TRY(add_all(&lists[WORDS_SUBJECT], &out->subject, profile_add_subject));
    TRY(add_all(&lists[WORDS_SAN], &out->san, profile_add_san));
    TRY(add_all(&lists[WORDS_USE], &out->eku, add_use));
    return add_all(&lists[WORDS_EKU], &out->eku, profile_add_eku);
}

void certificate_words_free(struct certificate_words *w) {
    buf_free(&w->subject);
    buf_free(&w->san);
    buf_free(&w->eku);
}

enum err key_usage_read(const char *word, unsigned *out) {
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
        if (strcmp(word, usages[i].name) == 0) {
            *out = usages[i].bits;
            return OK;
        }
    return err_set(ERR_USAGE, "--key-usage: '%s' is none of sign, encrypt, both", word);
}

enum err protection_read(const char *word, unsigned *out) {
    for (*out = KEY_IN_TPM; *out <= KEY_IN_HELLO; ++*out)
        if (strcmp(word, protections[*out]) == 0)
            return OK;
    return err_set(ERR_USAGE, "--protection: '%s' is none of software, tpm, tpm-or-software, hello",
                   word);
}
