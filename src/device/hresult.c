/* SPDX-License-Identifier: Apache-2.0 */
#include "device/hresult.h"

#include <stdlib.h>

static const struct {
    uint32_t code;
    const char *name; /* winerror.h's, of those that SCEP's events print */
    const char *text;
} texts[] = {
    {HR_OK, "S_OK", "The operation completed successfully."},
    {HR_INVALID_DATA, "ERROR_INVALID_DATA", "The data is invalid."},
    {HR_INVALID_ARGUMENT, "E_INVALIDARG", "The parameter is incorrect."},
    {HR_FILENAME_EXCED_RANGE, "ERROR_FILENAME_EXCED_RANGE",
     "The filename or extension is too long."},
    {HR_WININET_TIMEOUT, "ERROR_WINHTTP_TIMEOUT", "The operation timed out"},
    {HR_WININET_INVALID_URL, "ERROR_WINHTTP_INVALID_URL", "The URL is invalid"},
    {HR_WININET_NAME, "ERROR_WINHTTP_NAME_NOT_RESOLVED",
     "The server name or address could not be resolved"},
    {HR_WININET_CONNECT, "ERROR_WINHTTP_CANNOT_CONNECT",
     "A connection with the server could not be established"},
    {HR_WININET_RESET, "ERROR_WINHTTP_CONNECTION_ERROR",
     "The connection with the server was terminated abnormally"},
    {HR_WINHTTP_INVALID_RESPONSE, "ERROR_WINHTTP_INVALID_SERVER_RESPONSE",
     "The server returned an invalid or unrecognized response"},
    {HR_WINHTTP_SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE", "A security error occurred"},
    {0x80070490, "ERROR_NOT_FOUND", "Element not found."},
    {0x800705B4, "ERROR_TIMEOUT", "This operation returned because the timeout period expired."},
    {0x800706BA, "RPC_S_SERVER_UNAVAILABLE", "The RPC server is unavailable."},
    {HR_NTE_BAD_LEN, "NTE_BAD_LEN", "Bad Length."},
    {HR_NTE_BAD_DATA, "NTE_BAD_DATA", "Bad Data."},
    {HR_NTE_BAD_SIGNATURE, "NTE_BAD_SIGNATURE", "Invalid Signature."},
    {HR_NTE_BAD_ALGID, "NTE_BAD_ALGID", "Invalid algorithm specified."},
    {HR_NTE_BAD_PUBLIC_KEY, "NTE_BAD_PUBLIC_KEY", "Provider's public key is invalid."},
    {HR_CRYPT_UNEXPECTED_TYPE, "CRYPT_E_UNEXPECTED_MSG_TYPE",
     "Unexpected cryptographic message encoding."},
    {HR_CRYPT_AUTH_ATTR_MISSING, "CRYPT_E_AUTH_ATTR_MISSING",
     "The cryptographic message does not contain an expected authenticated attribute."},
    {HR_CRYPT_HASH_VALUE, "CRYPT_E_HASH_VALUE", "The hash value is not correct."},
    {HR_CRYPT_SIGNER_NOT_FOUND, "CRYPT_E_SIGNER_NOT_FOUND", "Cannot find the original signer."},
    {HR_CRYPT_NOT_PRINTABLE, "CRYPT_E_INVALID_PRINTABLE_STRING",
     "The string contains a non-printable character."},
    {HR_CRYPT_BAD_X500, "CRYPT_E_INVALID_X500_STRING",
     "The string contains an invalid X500 name attribute key, oid, value or delimiter."},
    {HR_CRYPT_ASN1_BADTAG, "CRYPT_E_ASN1_BADTAG", "ASN1 bad tag value met."},
    {HR_NO_SUCH_CERTIFICATE, "SCARD_E_NO_SUCH_CERTIFICATE",
     "The requested certificate does not exist."},
    {HR_CERT_EXPIRED, "CERT_E_EXPIRED",
     "A required certificate is not within its validity period when verifying "
     "against the current system clock or the timestamp in the signed file."},
    {HR_CERT_UNTRUSTEDROOT, "CERT_E_UNTRUSTEDROOT",
     "A certificate chain processed, but terminated in a root certificate "
     "which is not trusted by the trust provider."},
    {HR_CERT_CHAINING, "CERT_E_CHAINING",
     "A certificate chain could not be built to a trusted root authority."},
    {0x800B0110, "CERT_E_WRONG_USAGE", "The certificate is not valid for the requested usage."},
    {0x80096004, "TRUST_E_CERT_SIGNATURE", "The signature of the certificate cannot be verified."},
    {0x80094001, "CERTSRV_E_BAD_REQUESTSUBJECT",
     "The request subject name is invalid or too long."},
    {0x80094811, "CERTSRV_E_KEY_LENGTH",
     "The public key does not meet the minimum size required by the specified "
     "certificate template."},
    {0x80094014, "CERTSRV_E_ADMIN_DENIED_REQUEST",
     "The request was denied by a certificate manager or CA administrator."},
    {HR_HTTP(400), "HTTP_E_STATUS_BAD_REQUEST", "Bad request (400)."},
    {HR_HTTP(401), "HTTP_E_STATUS_DENIED", "Unauthorized (401)."},
    {HR_HTTP(403), "HTTP_E_STATUS_FORBIDDEN", "Forbidden (403)."},
    {HR_HTTP(404), "HTTP_E_STATUS_NOT_FOUND", "Not found (404)."},
    {HR_HTTP(500), "HTTP_E_STATUS_SERVER_ERROR", "Internal server error (500)."},
    {HR_HTTP(503), "HTTP_E_STATUS_SERVICE_UNAVAIL", "Service unavailable (503)."},
    {HR_MENROLL_MESSAGE_FORMAT, NULL, "Invalid Schema, Message Format Error from server."},
    {HR_MENROLL_AUTHENTICATION, NULL, "Server failed to authenticate the user."},
    {HR_MENROLL_AUTHORIZATION, NULL, "The user is not authorized to enroll."},
    {HR_MENROLL_CERT_REQUEST, NULL,
     "The user has no permission for the certificate template or the certificate authority is unreachable."},
    {HR_MENROLL_SERVER, NULL,
     "There was a failure at the management server, such as a database access error."},
    {HR_MENROLL_INTERNAL, NULL, "There was an unhandled exception on the server."},
    {HR_MENROLL_SECURITY, NULL, "The security header was not accepted."},
    {HR_MENROLL_UNKNOWN, NULL, "Unknown server error."},
    {HR_MENROLL_ALREADY, NULL, "The device is already enrolled."},
    {HR_MENROLL_CONNECTIVITY, NULL, "A network error occurred, such as DNS or a network timeout."},
    {HR_MENROLL_SSL, NULL, "The SSL cert was not valid."},
    {0x80180013, NULL, "The user has already enrolled too many devices."},
    {0x80180014, NULL, "A specific platform (e.g. Windows) or version is not supported."},
    {0x80180015, NULL, "Mobile device management is generally not supported for this device"},
    {0x80180016, NULL, "The device is attempting to renew, but the server rejected the request."},
    {0x80180017, NULL, "Account is in maintenance; retry later."},
    {0x80180018, NULL, "The license of user is in bad state blocking enrollment"},
    {0x80180019, NULL, "The server rejected the Enrollment Data"},
    {0x80180032, NULL, "The server gave an error of its own."},
    {HR_MENROLL_CERT_STORE_CSP, NULL, "Provisioning failed in the certificate store CSP."},
    {HR_MENROLL_W7_CSP, NULL, "Provisioning failed in a W7/DMAcc CPP."},
    {HR_MENROLL_DMCLIENT_CSP, NULL, "Provisioning failed in a DM client CSP."},
    {HR_MENROLL_PROVISIONING, NULL, "Provisioning failed in a CSP not listed above."},
    {HR_MENROLL_CLIENT_CERT, NULL,
     "When attempting to bind the public cert/private key, the public cert was not found"},
    {HR_MENROLL_EMPTY_MESSAGE, NULL,
     "The server responded with HTTP 200, but the message was empty."},
};

const char *hresult_text(struct arena *a, uint32_t code) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].code == code)
            return texts[i].text;
    return arena_printf(a, "Unknown Win32 Error code: 0x%x", code);
}

static const char *name_of(uint32_t code) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].code == code && texts[i].name)
            return texts[i].name;
    return "";
}

const char *hresult_full(struct arena *a, uint32_t code) {
    const char *text = hresult_text(a, code), *name = name_of(code);
    unsigned win32 = code & 0xffff;
    bool is_win32 = code >> 16 == 0x8007, is_http = is_win32 && win32 >= 12000 && win32 < 13000;
    return is_win32 ? arena_printf(a, "%s 0x%x (%s: %u %s)", text, code,
                                   is_http ? "WinHttp" : "WIN32", win32, name)
                    : arena_printf(a, "%s 0x%x (%d %s)", text, code, (int32_t)code, name);
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
