/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/hresult.h"

static const struct hresult table[] = {
    {0x80190194, "HTTP_E_STATUS_NOT_FOUND", "HTTP 404: not found",
     "the SCEP server knows no such path: Windows appends /pkiclient.exe to ServerURL",
     "let the SCEP server answer at ServerURL/pkiclient.exe, put signet before it (signet gateway add), "
     "or use a server that does (signet's own serves every path below /scep)"},
    {0x80190190, "HTTP_E_STATUS_BAD_REQUEST", "HTTP 400: bad request",
     "the SCEP server could not read what Windows sent",
     "look into the SCEP server's log at the time of this event"},
    {0x80190191, "HTTP_E_STATUS_DENIED", "HTTP 401: access denied",
     "the SCEP server or a proxy before it asks for a login, which the SCEP client cannot give",
     "let ServerURL be reached without authentication"},
    {0x80190193, "HTTP_E_STATUS_FORBIDDEN", "HTTP 403: forbidden",
     "the SCEP server or a proxy before it forbids the path",
     "let ServerURL be reached from the host"},
    {0x801901F4, "HTTP_E_STATUS_SERVER_ERROR", "HTTP 500: internal server error",
     "the SCEP server failed on the request; some cannot open Windows' RSAES-OAEP envelopes",
     "look into the SCEP server's log at the time of this event; signet before it asks without OAEP "
     "(signet gateway add --mode ra)"},
    {0x800700CE, "ERROR_FILENAME_EXCED_RANGE", "The filename or extension is too long.",
     "the SCEP server answered with a web page instead of capabilities or certificates",
     "point ServerURL at the SCEP server itself, not at a login page or a portal"},
    {0x800705B4, "ERROR_TIMEOUT", "This operation returned because the timeout period expired.",
     "the request waited for an administrator until the host's last poll: RetryCount times RetryDelay",
     "approve sooner (signet request list), or raise RetryCount and RetryDelay; assign the profile "
     "anew"},
    {0x80072F8F, "ERROR_WINHTTP_SECURE_FAILURE", "A security error occurred.",
     "the host does not trust the TLS certificate of ServerURL, its name does not match, or the server "
     "offers TLS 1.3 only",
     "install the TLS root on the host (device scope: LocalMachine), match the name, keep TLS 1.2 on"},
    {0x80072F78, "ERROR_WINHTTP_INVALID_SERVER_RESPONSE",
     "The server returned an invalid or unrecognized response.",
     "TLS renegotiation, a request for a client certificate, or a proxy that garbles HTTP",
     "do not ask for client certificates at ServerURL; try without the proxy"},
    {0x80072EE2, "ERROR_WINHTTP_TIMEOUT", "The operation timed out.",
     "ServerURL does not answer from where the host is", "open the way: firewall, proxy, routing"},
    {0x80072EE7, "ERROR_WINHTTP_NAME_NOT_RESOLVED",
     "The server name or address could not be resolved.",
     "the host cannot resolve the name in ServerURL", "mend DNS, or the name in ServerURL"},
    {0x80072EFD, "ERROR_WINHTTP_CANNOT_CONNECT",
     "A connection with the server could not be established.",
     "nothing listens at ServerURL, or a firewall is in between",
     "start the SCEP server, or open the way to it"},
    {0x80072EFE, "ERROR_WINHTTP_CONNECTION_ERROR",
     "The connection with the server was terminated abnormally.",
     "the SCEP server or something in between cut the connection",
     "look into the SCEP server's log; the host tries again by itself while it may"},
    {0x80091007, "CRYPT_E_HASH_VALUE", "The hash value is not correct.",
     "CAThumbprint is the SHA-1 of no certificate that the SCEP server sends with GetCACert",
     "use the SHA-1 of the issuing CA that GetCACert returns; {{scep.ca_thumbprint}} is always right"},
    {0x8010002C, "SCARD_E_NO_SUCH_CERTIFICATE", "The requested certificate does not exist.",
     "GetCACert returned PKCS#7 without a usable RA certificate",
     "give the RA digitalSignature, keyEncipherment and an EKU, let the CA issue it directly, or "
     "return the CA as a single certificate"},
    {0x800B0109, "CERT_E_UNTRUSTEDROOT",
     "A certificate chain processed, but terminated in a root certificate which is not trusted by "
     "the trust provider.",
     "the root of the SCEP server's certificates is not in the host's trusted roots",
     "deliver it by RootCATrustedCertificates before the SCEP profile"},
    {0x800B010A, "CERT_E_CHAINING",
     "A certificate chain could not be built to a trusted root authority.",
     "an issuer of a certificate is missing on the host, or is not the one that it expects: behind a "
     "gateway in mode RA the host's certificate is of another CA than signet's RA",
     "deliver root and intermediates by RootCATrustedCertificates before the SCEP profile"},
    {0x800B0101, "CERT_E_EXPIRED", "A required certificate is not within its validity period.",
     "a certificate of the SCEP server has expired, or the host's clock is wrong",
     "renew the certificate, set the clock"},
    {0x80091006, "CRYPT_E_AUTH_ATTR_MISSING",
     "The cryptographic message does not contain an expected authenticated attribute.",
     "the SCEP server's reply lacks a signed attribute, often senderNonce",
     "use a server that sends all five SCEP attributes"},
    {0x80092021, "CRYPT_E_INVALID_PRINTABLE_STRING",
     "The string contains a non-printable character.",
     "the challenge holds a character outside PrintableString, such as _ ! @ # or *",
     "use only A-Z a-z 0-9 space ' ( ) + , - . / : = ?; {{scep.challenge}} is always right"},
    {0x80092023, "CRYPT_E_INVALID_X500_STRING",
     "The string contains an invalid X500 name attribute key, oid, value or delimiter.",
     "SubjectName is not quoted as Windows wants it",
     "put a value with special characters into double quotes as a whole; no backslashes"},
    {0x800B0110, "CERT_E_WRONG_USAGE", "The certificate is not valid for the requested usage.",
     "said by NDES: the one-time password has been used already", "send the profile anew"},
    {0x80096004, "TRUST_E_CERT_SIGNATURE", "The signature of the certificate cannot be verified.",
     "said by NDES: a one-time password is required, and the request holds none",
     "put a challenge into the profile"},
    {0x80070057, "E_INVALIDARG", "The parameter is incorrect.",
     "a value of the profile that Windows cannot use",
     "look at SubjectName, EKUMapping, KeyUsage and HashAlgorithm of the profile"},
    {0x80070490, "ERROR_NOT_FOUND", "Element not found.",
     "said by NDES: the one-time password is not known", "send the profile anew"},
    {0x80094001, "CERTSRV_E_BAD_REQUESTSUBJECT", "The request subject name is invalid or too long.",
     "the CA refuses the subject", "mend SubjectName"},
    {0x80094014, "CERTSRV_E_ADMIN_DENIED_REQUEST",
     "The request was denied by a certificate manager or CA administrator.",
     "the SCEP server answered with a CertRep FAILURE",
     "look at the event 'refused' of this timeline, or into the SCEP server's log, for its reason"},
    {0x80094811, "CERTSRV_E_KEY_LENGTH",
     "The public key does not meet the minimum size required by the specified certificate template.",
     "KeyLength is below what the CA demands", "raise KeyLength to 2048 or more"},
    {0x800706BA, "RPC_S_SERVER_UNAVAILABLE", "The RPC server is unavailable.",
     "said by NDES: it cannot reach its CA", "start the CA"},
};

static const struct hresult http_other = {
    0, "HTTP_E_STATUS", "the SCEP server answered with an HTTP error (the last three hex digits)",
    "the SCEP server or a proxy before it refused the request",
    "look into the SCEP server's log at the time of this event"};

static const struct hresult unknown = {
    0, "unknown", "code not known to signet", "not known",
    "look the code up in winerror.h, and at the events 32 and 307 in the host's Event Viewer "
    "(DeviceManagement-Enterprise-Diagnostics-Provider/Admin)"};

const struct hresult *hresult_find(uint32_t code) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].code == code)
            return &table[i];
    return code >= 0x80190190 && code <= 0x80190257 ? &http_other : &unknown;
}

bool hresult_parse(struct span text, uint32_t *out) {
    text = span_trim(text);
    if (span_starts(text, "0x") || span_starts(text, "0X")) {
        uint64_t v = 0;
        if (text.n < 3 || text.n > 10)
            return false;
        for (size_t i = 2; i < text.n; i++) {
            uint8_t c = text.p[i];
            if (c >= '0' && c <= '9')
                v = v << 4 | (uint64_t)(c - '0');
            else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
                v = v << 4 | (uint64_t)((c | 0x20) - 'a' + 10);
            else
                return false;
        }
        *out = (uint32_t)v;
        return true;
    }
    int64_t v;
    if (!span_int(text, &v) || v < INT32_MIN || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}
