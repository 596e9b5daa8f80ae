/* SPDX-License-Identifier: Apache-2.0 */
/* The HRESULTs that Windows shows when enrollment fails (windows-scep.md 5 and 6.4, windows-mdm.md
 * C.7). */
#ifndef SIGNET_DEVICE_HRESULT_H
#define SIGNET_DEVICE_HRESULT_H

#include <stdint.h>

#include "base/arena.h"
#include "fetch/fetch.h"

/* SCEP */
#define HR_OK                       0u
#define HR_ACCEPTED_FOR_PROCESSING  0x02AB0003u
#define HR_INVALID_DATA             0x8007000Du /* ERROR_INVALID_DATA */
#define HR_INVALID_ARGUMENT         0x80070057u
#define HR_FILENAME_EXCED_RANGE     0x800700CEu /* HTML instead of SCEP */
#define HR_WININET_TIMEOUT          0x80072EE2u
#define HR_WININET_NAME             0x80072EE7u
#define HR_WININET_INVALID_URL      0x80072EE5u
#define HR_WININET_CONNECT          0x80072EFDu
#define HR_WININET_RESET            0x80072EFEu
#define HR_WINHTTP_INVALID_RESPONSE 0x80072F78u
#define HR_WINHTTP_SECURE_FAILURE   0x80072F8Fu
#define HR_NTE_BAD_LEN              0x80090004u
#define HR_NTE_BAD_DATA             0x80090005u
#define HR_NTE_BAD_SIGNATURE        0x80090006u
#define HR_NTE_BAD_ALGID            0x80090008u
#define HR_NTE_BAD_PUBLIC_KEY       0x80090015u
#define HR_CRYPT_UNEXPECTED_TYPE    0x8009200Au
#define HR_CRYPT_AUTH_ATTR_MISSING  0x80091006u
#define HR_CRYPT_HASH_VALUE         0x80091007u
#define HR_CRYPT_SIGNER_NOT_FOUND   0x8009100Eu
#define HR_CRYPT_NOT_PRINTABLE      0x80092021u
#define HR_CRYPT_BAD_X500           0x80092023u
#define HR_CRYPT_ASN1_BADTAG        0x8009310Bu
#define HR_NO_SUCH_CERTIFICATE      0x8010002Cu
#define HR_CERT_EXPIRED             0x800B0101u
#define HR_CERT_UNTRUSTEDROOT       0x800B0109u
#define HR_CERT_CHAINING            0x800B010Au
#define HR_HTTP(status)             (0x80190000u + (uint32_t)(status))

/* MDM enrollment */
#define HR_MENROLL_MESSAGE_FORMAT 0x80180001u
#define HR_MENROLL_AUTHENTICATION 0x80180002u
#define HR_MENROLL_AUTHORIZATION  0x80180003u
#define HR_MENROLL_CERT_REQUEST   0x80180004u
#define HR_MENROLL_SERVER         0x80180005u
#define HR_MENROLL_INTERNAL       0x80180006u
#define HR_MENROLL_SECURITY       0x80180007u
#define HR_MENROLL_UNKNOWN        0x80180008u
#define HR_MENROLL_ALREADY        0x8018000Au
#define HR_MENROLL_CONNECTIVITY   0x80180010u
#define HR_MENROLL_SSL            0x80180012u
#define HR_MENROLL_CERT_STORE_CSP 0x8018001Eu
#define HR_MENROLL_W7_CSP         0x8018001Fu
#define HR_MENROLL_DMCLIENT_CSP   0x80180020u
#define HR_MENROLL_PROVISIONING   0x80180022u
#define HR_MENROLL_CLIENT_CERT    0x80180024u
#define HR_MENROLL_EMPTY_MESSAGE  0x80180029u

/* Windows' sentence for the code, or "Unknown Win32 Error code: 0x..." as its event log writes. */
const char *hresult_text(struct arena *a, uint32_t code) __attribute__((returns_nonnull));

/*
 * Sentence, code and name as the events of CertificateServicesClient-CertEnroll print them:
 * "A security error occurred 0x80072f8f (WinHttp: 12175 ERROR_WINHTTP_SECURE_FAILURE)".
 */
const char *hresult_full(struct arena *a, uint32_t code) __attribute__((returns_nonnull));

/* An HRESULT in a server's own words ("... 0x80094811 (...)"), which Windows makes the result of a
 * refusal (windows-scep.md, 4.10); 0 when there is none. */
uint32_t hresult_in(const char *text) __attribute__((nonnull));

/* What WinHTTP says when there is no answer. */
uint32_t hresult_of_fetch(enum fetch_cause cause);

/* A SOAP fault's subcode ("s:Authentication", of either case) or ErrorType; 80180008 when unknown.
 */
uint32_t hresult_of_fault(struct span subcode, struct span error_type);

#endif
