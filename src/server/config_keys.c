/* SPDX-License-Identifier: Apache-2.0 */
/* Every key of signet.conf. The page of the manual and `signet init` say what each is for. */
#include "server/config_keys.h"

#include "base/clock.h"

#include <stddef.h>

#define SECOND INT64_C(1000)

#define CONFIG(member)   offsetof(struct config, member)
#define ENDPOINT(member) offsetof(struct endpoint_settings, member)
#define POLICY(member)   offsetof(struct endpoint_settings, policy.member)
#define CA(member)       offsetof(struct ca_settings, member)

#define ANY                0, 0, NULL
#define RANGE(least, most) least, most, NULL
#define WORDS(words)       0, 0, words
#define EVER               SECOND, 36500 * DAY_MS, NULL

#define SMART_EKU "clientAuth, smartcardLogon, emailProtection"

/* clang-format off */
const struct config_key config_keys[] = {
    {SECTION_SERVER, "public-url", config_read_https, CONFIG(public_url), NULL, ANY},
    {SECTION_SERVER, "management-url", config_read_https, CONFIG(management_url), NULL, ANY},
    {SECTION_SERVER, "scep-url", config_read_url, CONFIG(scep_url), NULL, ANY},
    {SECTION_SERVER, "listen-public", config_read_address, CONFIG(listen_public), NULL, ANY},
    {SECTION_SERVER, "listen-management", config_read_address, CONFIG(listen_management), NULL, ANY},
    {SECTION_SERVER, "listen-plain", config_read_address, CONFIG(listen_plain), "", ANY},
    {SECTION_SERVER, "tls-cert", config_read_file, CONFIG(tls_cert), "tls.pem", ANY},
    {SECTION_SERVER, "tls-key", config_read_file, CONFIG(tls_key), "tls.key", ANY},
    {SECTION_SERVER, "listen-forwarded", config_read_door, CONFIG(listen_forwarded), "", ANY},
    {SECTION_SERVER, "forwarded-ca", config_read_optional_file, CONFIG(forwarded_ca), "", ANY},
    {SECTION_SERVER, "forwarded-secret-file", config_read_secret, CONFIG(forwarded_secret), "", ANY},
    {SECTION_SERVER, "forwarded-group", config_read_optional, CONFIG(forwarded_group), "", ANY},
    {SECTION_SERVER, "forwarded-header", config_read_field_name, CONFIG(forwarded_header), "Client-Cert", ANY},
    {SECTION_SERVER, "connections", config_read_count, CONFIG(connections), "20000", RANGE(16, 1000000)},
    {SECTION_SERVER, "log-level", config_read_level, CONFIG(log_level), "info", WORDS("error warn info debug")},

    {SECTION_ENDPOINT, "path", config_read_routes, 0, "", ANY},
    {SECTION_ENDPOINT, "ca", config_read_word, ENDPOINT(ca), "default", ANY},
    {SECTION_ENDPOINT, "challenge", config_read_choice, POLICY(challenges), "one-time", WORDS("one-time static webhook none")},
    {SECTION_ENDPOINT, "static-challenge-file", config_read_secret, POLICY(static_challenge), "", ANY},
    {SECTION_ENDPOINT, "challenge-lifetime", config_read_duration, POLICY(challenge_lifetime), "1h", EVER},
    {SECTION_ENDPOINT, "approval", config_read_switch, POLICY(manual_approval), "automatic", WORDS("automatic manual")},
    {SECTION_ENDPOINT, "keys", config_read_key_types, ENDPOINT(policy), "rsa, p256, p384", ANY},
    {SECTION_ENDPOINT, "rsa-min-bits", config_read_count, POLICY(rsa_min_bits), "2048", RANGE(1024, 8192)},
    {SECTION_ENDPOINT, "rsa-max-bits", config_read_count, POLICY(rsa_max_bits), "4096", RANGE(1024, 8192)},
    {SECTION_ENDPOINT, "eku", config_read_eku, ENDPOINT(policy), SMART_EKU, ANY},
    {SECTION_ENDPOINT, "key-usage", config_read_key_usage, POLICY(key_usage), "digitalSignature, keyEncipherment", ANY},
    {SECTION_ENDPOINT, "subject", config_read_optional, POLICY(subject_rule), "", ANY},
    {SECTION_ENDPOINT, "san", config_read_san, ENDPOINT(policy), "", ANY},
    {SECTION_ENDPOINT, "validity", config_read_duration, POLICY(validity), "365d", EVER},
    {SECTION_ENDPOINT, "backdate", config_read_duration, POLICY(backdate), "10m", RANGE(0, DAY_MS)},
    {SECTION_ENDPOINT, "renewal-window", config_read_duration, POLICY(renewal_window), "30d", RANGE(0, 36500 * DAY_MS)},
    {SECTION_ENDPOINT, "renewal-same-key", config_read_switch, POLICY(renewal_same_key), "no", WORDS("no yes")},
    {SECTION_ENDPOINT, "requests-per-minute", config_read_count, POLICY(requests_per_minute), "0", RANGE(0, 1000000)},
    {SECTION_ENDPOINT, "allow-des", config_read_switch, POLICY(allow_des), "no", WORDS("no yes")},
    {SECTION_ENDPOINT, "mirror-sha1", config_read_switch, POLICY(mirror_sha1), "no", WORDS("no yes")},
    {SECTION_ENDPOINT, "ca-certs", config_read_choice, POLICY(ca_certs), "ra", WORDS("ra split-ra single")},
    {SECTION_ENDPOINT, "strong-mapping", config_read_choice, POLICY(mapping), "none", WORDS("none extension san-uri")},
    {SECTION_ENDPOINT, "crl-url", config_read_optional_url, POLICY(crl_url), "", ANY},
    {SECTION_ENDPOINT, "ocsp-url", config_read_optional_url, POLICY(ocsp_url), "", ANY},
    {SECTION_ENDPOINT, "issuer-url", config_read_optional_url, POLICY(issuer_url), "", ANY},
    {SECTION_ENDPOINT, "mscep-admin", config_read_route, POLICY(mscep_admin), "", ANY},
    {SECTION_ENDPOINT, "mscep-digits", config_read_digits, POLICY(mscep_digits), "16", ANY},
    {SECTION_ENDPOINT, "mscep-quota", config_read_count, POLICY(mscep_quota), "100", RANGE(1, 1000000)},
    {SECTION_ENDPOINT, "webhook-url", config_read_optional_url, POLICY(webhook_url), "", ANY},
    {SECTION_ENDPOINT, "webhook-id", config_read_optional, POLICY(webhook_id), "", ANY},
    {SECTION_ENDPOINT, "webhook-secret-file", config_read_secret, POLICY(webhook_secret), "", ANY},
    {SECTION_ENDPOINT, "webhook-trust-file", config_read_optional_file, POLICY(webhook_trust), "", ANY},
    {SECTION_ENDPOINT, "webhook-timeout", config_read_duration, POLICY(webhook_timeout), "5s", RANGE(SECOND, 60 * SECOND)},

    {SECTION_CA, "key", config_read_key_source, CA(key), "", ANY},
    {SECTION_CA, "secret-credential", config_read_optional, CA(secret), "", ANY},
    {SECTION_CA, "crl-validity", config_read_duration, CA(crl_validity), "7d", RANGE(10 * SECOND, 365 * DAY_MS)},
    {SECTION_CA, "warn-before", config_read_duration, CA(warn_before), "30d", RANGE(0, 36500 * DAY_MS)},

    {SECTION_MDM, "provider-id", config_read_word, CONFIG(provider_id), "signet", ANY},
    {SECTION_MDM, "name", config_read_text, CONFIG(name), "signet", ANY},
    {SECTION_MDM, "device-auth", config_read_choice, CONFIG(device_auth), "certificate", WORDS("certificate md5 both")},
    {SECTION_MDM, "messages-per-minute", config_read_count, CONFIG(messages_per_minute), "60", RANGE(0, 1000000)},
    {SECTION_MDM, "identity-validity", config_read_duration, CONFIG(identity_validity), "730d", EVER},
    {SECTION_MDM, "sign-in", config_read_switch, CONFIG(sign_in_page), "password", WORDS("password page")},
    {SECTION_MDM, "hosts-per-user", config_read_number, CONFIG(hosts_per_user), "20", RANGE(0, 1000000)},
    {SECTION_MDM, "enrollment", config_read_switch, CONFIG(enrollment_closed), "open", WORDS("open closed")},
    {SECTION_MDM, "closed-text", config_read_optional, CONFIG(closed_text), "", ANY},

    {SECTION_ENROLLMENT, "confirm-within", config_read_duration, CONFIG(confirm_within), "24h", EVER},
    {SECTION_ENROLLMENT, "confirm-sessions", config_read_number, CONFIG(confirm_sessions), "2", RANGE(1, 1000)},
};
/* clang-format on */

const size_t config_key_count = sizeof config_keys / sizeof *config_keys;
_Static_assert(sizeof config_keys / sizeof *config_keys <= CONFIG_MAX_KEYS, "CONFIG_MAX_KEYS");
