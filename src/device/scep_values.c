/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_values.h"

#include "device/hresult.h"
#include "device/x500.h"

enum { IN_TPM = 1, IN_TPM_IF_PRESENT = 2, IN_SOFTWARE = 3 };

uint32_t scep_values_unpublished(const struct host *h) {
    return (uint32_t)strtoul(host_switch(h, "unknown-hresult"), NULL, 16);
}

bool scep_values_in_tpm(const struct host *h, const struct scep_settings *s) {
    return s->key_protection == IN_TPM ||
           (s->key_protection == IN_TPM_IF_PRESENT && host_has_tpm(h));
}

const char *scep_values_provider(bool in_tpm) {
    return in_tpm ? "Microsoft Platform Crypto Provider"
                  : "Microsoft Software Key Storage Provider";
}

/* There is no Windows Hello for Business (4) on this host. */
static bool can_protect(const struct host *h, uint32_t protection) {
    return protection == IN_SOFTWARE || protection == IN_TPM_IF_PRESENT ||
           (protection == IN_TPM && host_has_tpm(h));
}

static bool is_unit(const char *period) {
    return !period || !*period || strcmp(period, "Days") == 0 || strcmp(period, "Months") == 0 ||
           strcmp(period, "Years") == 0;
}

uint32_t scep_values_check(const struct host *h, const struct scep_settings *s) {
    bool length = s->key_length == 1024 || s->key_length == 2048 || s->key_length == 4096;
    bool entra_key = s->aad_keys && *s->aad_keys;
    if (!x500_is_printable(span_str(s->challenge)))
        return HR_CRYPT_NOT_PRINTABLE;
    if (!length)
        return HR_NTE_BAD_LEN;
    if (!can_protect(h, s->key_protection) || entra_key || !is_unit(s->valid_period))
        return scep_values_unpublished(h);
    return HR_OK;
}

const EVP_MD *scep_values_digest(const struct host *h, const char *hash_algorithm) {
    bool first = host_switch_is(h, "csr-digest", "first");
    const EVP_MD *best = NULL;
    for (const char *p = hash_algorithm; *p;) {
        size_t n = strcspn(p, "+;");
        struct span family = span_trim(span_of(p, n));
        if (span_is(family, "SHA-2") && !(best && first))
            best = EVP_sha256();
        else if (span_is(family, "SHA-1") && !best)
            best = EVP_sha1();
        p += n + (p[n] != 0);
    }
    return best;
}
