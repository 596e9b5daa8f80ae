/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_settings.h"

enum { RETRY_COUNT = 3, RETRY_COUNT_MAX = 30, RETRY_DELAY = 5, KEY_PROTECTION = 3 };
enum { KU_DIGITAL_SIGNATURE = 0x80, KU_KEY_ENCIPHERMENT = 0x20 };

static uint32_t number(const struct reg_key *k, const char *name, uint32_t absent) {
    uint32_t n = absent;
    reg_number(k, name, &n);
    return n;
}

bool scep_settings_is_user(const char *path) {
    return strncasecmp(path, SCEP_KEY_USER, strlen(SCEP_KEY_USER)) == 0;
}

void scep_settings_read(const struct reg_key *k, const char *path, struct scep_settings *out) {
    const char *slash = strrchr(path, '\\');
    *out = (struct scep_settings){
        .key = path,
        .id = slash ? slash + 1 : path,
        .user_scope = scep_settings_is_user(path),
        .server_url = reg_text(k, "ServerURL"),
        .challenge = reg_text(reg_child(k, "Challenge"), "Challenge"),
        .ekus = reg_text(k, "EKUMapping"),
        .subject = reg_text(k, "SubjectName"),
        .alt_names = reg_text(k, "SubjectAlternativeNames"),
        .hash = reg_text(k, "HashAlgorithm"),
        .ca_thumbprint = reg_text(k, "CAThumbprint"),
        .valid_period = reg_text(k, "ValidPeriod"),
        .aad_keys = reg_text(k, "AADKeyIdentifierList"),
        .correlation = reg_text(k, "CorrelationGuid"),
        .key_usage = number(k, "KeyUsage", 0),
        .key_length = number(k, "KeyLength", 0),
        .key_protection = number(k, "KeyProtection", KEY_PROTECTION),
        .retry_count = number(k, "RetryCount", RETRY_COUNT),
        .retry_delay = number(k, "RetryDelay", RETRY_DELAY),
        .attempt = number(k, "CurrentRetryCount", 0),
    };
    if (out->retry_count > RETRY_COUNT_MAX)
        out->retry_count = RETRY_COUNT_MAX;
    if (out->retry_delay < 1)
        out->retry_delay = 1;
    if (!out->correlation)
        out->correlation = "{00000000-0000-0000-0000-000000000000}";
}

const char *scep_settings_missing(const struct scep_settings *s) {
    if (!s->server_url)
        return "ServerURL";
    if (!s->challenge && !s->renews)
        return "Challenge";
    if (!s->ekus)
        return "EKUMapping";
    if (!(s->key_usage & (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT)))
        return "KeyUsage";
    if (!s->subject)
        return "SubjectName";
    if (!s->key_length)
        return "KeyLength";
    if (!s->hash)
        return "HashAlgorithm";
    return s->ca_thumbprint ? NULL : "CAThumbprint";
}
