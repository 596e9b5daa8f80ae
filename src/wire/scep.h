/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and names of SCEP (RFC 8894) and of Microsoft's additions to it. */
#ifndef SIGNET_WIRE_SCEP_H
#define SIGNET_WIRE_SCEP_H

/* messageType, RFC 8894 3.2.1.2: a PrintableString of the decimal number */
enum scep_message_type {
    SCEP_CERT_REP = 3,
    SCEP_RENEWAL_REQ = 17,
    SCEP_PKCS_REQ = 19,
    SCEP_CERT_POLL = 20,
    SCEP_GET_CERT = 21,
    SCEP_GET_CRL = 22,
};

/* pkiStatus, RFC 8894 3.2.1.3 */
enum scep_pki_status { SCEP_SUCCESS = 0, SCEP_FAILURE = 2, SCEP_PENDING = 3 };

/* failInfo, RFC 8894 3.2.1.4 */
enum scep_fail_info {
    SCEP_BAD_ALG = 0,
    SCEP_BAD_MESSAGE_CHECK = 1,
    SCEP_BAD_REQUEST = 2,
    SCEP_BAD_TIME = 3,
    SCEP_BAD_CERT_ID = 4,
};

/* Signed attributes, RFC 8894 3.2.1 */
#define OID_SCEP_MESSAGE_TYPE    "2.16.840.1.113733.1.9.2"
#define OID_SCEP_PKI_STATUS      "2.16.840.1.113733.1.9.3"
#define OID_SCEP_FAIL_INFO       "2.16.840.1.113733.1.9.4"
#define OID_SCEP_SENDER_NONCE    "2.16.840.1.113733.1.9.5"
#define OID_SCEP_RECIPIENT_NONCE "2.16.840.1.113733.1.9.6"
#define OID_SCEP_TRANSACTION_ID  "2.16.840.1.113733.1.9.7"
#define OID_SCEP_FAIL_INFO_TEXT  "1.3.6.1.5.5.7.24.1"
/* szOID_ENROLL_SCEP_SERVER_MESSAGE, a UTF8String; NDES puts "Issued" there (windows-scep.md, 4) */
#define OID_MS_SCEP_SERVER_MESSAGE "1.3.6.1.4.1.311.21.38"

/* PKCS#9 attributes of a CSR, and what Windows adds (windows-scep.md, 3) */
#define OID_CHALLENGE_PASSWORD  "1.2.840.113549.1.9.7"
#define OID_EXTENSION_REQUEST   "1.2.840.113549.1.9.14"
#define OID_MS_OS_VERSION       "1.3.6.1.4.1.311.13.2.3"
#define OID_MS_CLIENT_INFO      "1.3.6.1.4.1.311.21.20"
#define OID_MS_SCEP_SIGNER_HASH "1.3.6.1.4.1.311.21.42"
#define OID_MS_ENROLL_CSP       "1.3.6.1.4.1.311.13.2.2"
#define OID_MS_UPN              "1.3.6.1.4.1.311.20.2.3"
/* The DeviceID extension of the MDM enrollment's CSR (windows-mdm.md, C.5) */
#define OID_MS_DEVICE_ID "1.3.6.1.4.1.311.66.1.0"

/* Content types (windows-scep.md, 1.14) */
#define SCEP_TYPE_MESSAGE    "application/x-pki-message"
#define SCEP_TYPE_CA_CERT    "application/x-x509-ca-cert"
#define SCEP_TYPE_CA_RA_CERT "application/x-x509-ca-ra-cert"
#define SCEP_TYPE_NEXT_CA    "application/x-x509-next-ca-cert" /* RFC 8894, 4.7.1 */

/* What Windows appends to ServerURL (windows-scep.md, 1.1) and asks for as message (1.3) */
#define SCEP_WINDOWS_SUFFIX  "/pkiclient.exe"
#define SCEP_WINDOWS_MESSAGE "default"
/* Subject of Windows' throw-away signer (windows-scep.md, 3) */
#define SCEP_WINDOWS_SIGNER "SCEP Protocol Certificate"

/* The CSP's Status node (windows-scep.md, 6.1) */
enum csp_scep_status {
    CSP_SCEP_SUCCESS = 1,
    CSP_SCEP_PENDING = 2,
    CSP_SCEP_FAILED = 16,
    CSP_SCEP_UNKNOWN = 32,
};

#endif
