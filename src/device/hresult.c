/* SPDX-License-Identifier: Apache-2.0 */
#include "device/hresult.h"

#include <stdlib.h>

static const struct {
    uint32_t code;
    const char *text;
} texts[] = {
    {HR_OK, "The operation completed successfully."},
    {HR_INVALID_DATA, "The data is invalid."},
    {HR_INVALID_ARGUMENT, "The parameter is incorrect."},
    {HR_FILENAME_EXCED_RANGE, "The filename or extension is too long."},
    {HR_WININET_TIMEOUT, "The operation timed out"},
    {HR_WININET_INVALID_URL, "The URL is invalid"},
    {HR_WININET_NAME, "The server name or address could not be resolved"},
    {HR_WININET_CONNECT, "A connection with the server could not be established"},
    {HR_WININET_RESET, "The connection with the server was terminated abnormally"},
    {HR_WINHTTP_INVALID_RESPONSE, "The server returned an invalid or unrecognized response"},
    {HR_WINHTTP_SECURE_FAILURE, "A security error occurred"},
    {0x80070490, "Element not found."},
    {0x800705B4, "This operation returned because the timeout period expired."},
    {0x800706BA, "The RPC server is unavailable."},
    {HR_NTE_BAD_LEN, "Bad Length."},
    {HR_NTE_BAD_DATA, "Bad Data."},
    {HR_NTE_BAD_SIGNATURE, "Invalid Signature."},
    {HR_NTE_BAD_ALGID, "Invalid algorithm specified."},
    {HR_NTE_BAD_PUBLIC_KEY, "Provider's public key is invalid."},
    {HR_CRYPT_UNEXPECTED_TYPE, "Unexpected cryptographic message encoding."},
    {HR_CRYPT_AUTH_ATTR_MISSING,
     "The cryptographic message does not contain an expected authenticated attribute."},
    {HR_CRYPT_HASH_VALUE, "The hash value is not correct."},
    {HR_CRYPT_SIGNER_NOT_FOUND, "Cannot find the original signer."},
    {HR_CRYPT_NOT_PRINTABLE, "The string contains a non-printable character."},
    {HR_CRYPT_BAD_X500,
     "The string contains an invalid X500 name attribute key, oid, value or delimiter."},
    {HR_CRYPT_ASN1_BADTAG, "ASN1 bad tag value met."},
    {HR_NO_SUCH_CERTIFICATE, "The requested certificate does not exist."},
    {HR_CERT_EXPIRED, "A required certificate is not within its validity period when verifying "
                      "against the current system clock or the timestamp in the signed file."},
    {HR_CERT_UNTRUSTEDROOT, "A certificate chain processed, but terminated in a root certificate "
                            "which is not trusted by the trust provider."},
    {HR_CERT_CHAINING, "A certificate chain could not be built to a trusted root authority."},
    {0x800B0110, "The certificate is not valid for the requested usage."},
    {0x80096004, "The signature of the certificate cannot be verified."},
    {0x80094001, "The request subject name is invalid or too long."},
    {0x80094811, "The public key does not meet the minimum size required by the specified "
                 "certificate template."},
    {0x80094014, "The request was denied by a certificate manager or CA administrator."},
    {HR_HTTP(400), "Bad request (400)."},
    {HR_HTTP(401), "Unauthorized (401)."},
    {HR_HTTP(403), "Forbidden (403)."},
    {HR_HTTP(404), "Not found (404)."},
    {HR_HTTP(500), "Internal server error (500)."},
    {HR_HTTP(503), "Service unavailable (503)."},
    {HR_MENROLL_MESSAGE_FORMAT, "Invalid Schema, Message Format Error from server."},
    {HR_MENROLL_AUTHENTICATION, "Server failed to authenticate the user."},
    {HR_MENROLL_AUTHORIZATION, "The user is not authorized to enroll."},
    {HR_MENROLL_CERT_REQUEST,
     "The user has no permission for the certificate template or the certificate authority is unreachable."},
    {HR_MENROLL_SERVER,
     "There was a failure at the management server, such as a database access error."},
    {HR_MENROLL_INTERNAL, "There was an unhandled exception on the server."},
    {HR_MENROLL_SECURITY, "The security header was not accepted."},
    {HR_MENROLL_UNKNOWN, "Unknown server error."},
    {HR_MENROLL_ALREADY, "The device is already enrolled."},
    {HR_MENROLL_CONNECTIVITY, "A network error occurred, such as DNS or a network timeout."},
    {HR_MENROLL_SSL, "The SSL cert was not valid."},
    {0x80180013, "The user has already enrolled too many devices."},
    {0x80180014, "A specific platform (e.g. Windows) or version is not supported."},
    {0x80180015, "Mobile device management is generally not supported for this device"},
    {0x80180016, "The device is attempting to renew, but the server rejected the request."},
    {0x80180017, "Account is in maintenance; retry later."},
    {0x80180018, "The license of user is in bad state blocking enrollment"},
    {0x80180019, "The server rejected the Enrollment Data"},
    {0x80180032, "The server gave an error of its own."},
    {HR_MENROLL_CERT_STORE_CSP, "Provisioning failed in the certificate store CSP."},
    {HR_MENROLL_W7_CSP, "Provisioning failed in a W7/DMAcc CPP."},
    {HR_MENROLL_DMCLIENT_CSP, "Provisioning failed in a DM client CSP."},
    {HR_MENROLL_PROVISIONING, "Provisioning failed in a CSP not listed above."},
    {HR_MENROLL_CLIENT_CERT,
     "When attempting to bind the public cert/private key, the public cert was not found"},
    {HR_MENROLL_EMPTY_MESSAGE, "The server responded with HTTP 200, but the message was empty."},
};

const char *hresult_text(struct arena *a, uint32_t code) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].code == code)
            return texts[i].text;
    return arena_printf(a, "Unknown Win32 Error code: 0x%x", code);
}

uint32_t hresult_in(const char *text) {
    const char *p = strstr(text, "0x8");
    unsigned long code = p ? strtoul(p, NULL, 16) : 0;
    return code >= 0x80000000 && code <= UINT32_MAX ? (uint32_t)code : 0;
}

uint32_t hresult_of_fetch(enum fetch_cause cause) {
    switch (cause) {
    case FETCH_OK:
        return HR_OK;
    case FETCH_NAME:
        return HR_WININET_NAME;
    case FETCH_CONNECT:
        return HR_WININET_CONNECT;
    case FETCH_RESET:
        return HR_WININET_RESET;
    case FETCH_TIMEOUT:
        return HR_WININET_TIMEOUT;
    case FETCH_TLS:
    case FETCH_TLS_TRUST:
    case FETCH_TLS_NAME:
        return HR_WINHTTP_SECURE_FAILURE;
    case FETCH_URL:
        return HR_WININET_INVALID_URL;
    case FETCH_INVALID:
    case FETCH_LIMIT:
    case FETCH_LOCAL:
        break;
    }
    return HR_WINHTTP_INVALID_RESPONSE;
}

struct name_code {
    const char *name;
    uint32_t code;
};

static const struct name_code subcodes[] = {
    {"messageformat", HR_MENROLL_MESSAGE_FORMAT}, {"authentication", HR_MENROLL_AUTHENTICATION},
    {"authorization", HR_MENROLL_AUTHORIZATION},  {"certificaterequest", HR_MENROLL_CERT_REQUEST},
    {"enrollmentserver", HR_MENROLL_SERVER},      {"internalservicefault", HR_MENROLL_INTERNAL},
    {"invalidsecurity", HR_MENROLL_SECURITY},     {NULL, 0},
};

static const struct name_code error_types[] = {
    {"DeviceCapReached", 0x80180013},
    {"DeviceNotSupported", 0x80180014},
    {"NotSupported", 0x80180015},
    {"NotEligibleToRenew", 0x80180016},
    {"InMaintenance", 0x80180017},
    {"UserLicense", 0x80180018},
    {"InvalidEnrollmentData", 0x80180019},
    {"CustomServerError", 0x80180032},
    {NULL, 0},
};

static uint32_t look_up(const struct name_code *table, struct span name) {
    for (; table->name; table++)
        if (span_is_nocase(name, table->name))
            return table->code;
    return 0;
}

uint32_t hresult_of_fault(struct span subcode, struct span error_type) {
    uint32_t code = look_up(error_types, error_type);
    ptrdiff_t colon = span_find(subcode, ':');
    if (!code)
        code = look_up(subcodes, span_from(subcode, (size_t)(colon + 1)));
    return code ? code : HR_MENROLL_UNKNOWN;
}
