/* SPDX-License-Identifier: Apache-2.0 */
/* Object identifiers of X.509, PKCS and CMS in dotted text; SCEP's own are in wire/scep.h. */
#ifndef SIGNET_WIRE_OID_H
#define SIGNET_WIRE_OID_H

/* Content types, RFC 5652 */
#define OID_PKCS7_DATA      "1.2.840.113549.1.7.1"
#define OID_PKCS7_SIGNED    "1.2.840.113549.1.7.2"
#define OID_PKCS7_ENVELOPED "1.2.840.113549.1.7.3"

/* Signed attributes, RFC 5652, section 11 */
#define OID_CONTENT_TYPE   "1.2.840.113549.1.9.3"
#define OID_MESSAGE_DIGEST "1.2.840.113549.1.9.4"
#define OID_SIGNING_TIME   "1.2.840.113549.1.9.5"

/* Keys, key transport and signatures, RFC 8017 and RFC 5758 */
#define OID_RSA           "1.2.840.113549.1.1.1"
#define OID_RSAES_OAEP    "1.2.840.113549.1.1.7"
#define OID_SHA1_RSA      "1.2.840.113549.1.1.5"
#define OID_SHA256_RSA    "1.2.840.113549.1.1.11"
#define OID_SHA384_RSA    "1.2.840.113549.1.1.12"
#define OID_SHA512_RSA    "1.2.840.113549.1.1.13"
#define OID_OIW_SHA1_RSA  "1.3.14.3.2.29" /* Windows 10's CSR (windows-mdm.md, C.5) */
#define OID_EC_PUBLIC_KEY "1.2.840.10045.2.1"
#define OID_P256          "1.2.840.10045.3.1.7"
#define OID_P384          "1.3.132.0.34"
#define OID_P521          "1.3.132.0.35"
#define OID_ECDSA_SHA1    "1.2.840.10045.4.1"
#define OID_ECDSA_SHA256  "1.2.840.10045.4.3.2"
#define OID_ECDSA_SHA384  "1.2.840.10045.4.3.3"
#define OID_ECDSA_SHA512  "1.2.840.10045.4.3.4"

/* Digests and ciphers, RFC 5754, RFC 3565 and RFC 3370; single DES is OIW's */
#define OID_SHA1       "1.3.14.3.2.26"
#define OID_SHA256     "2.16.840.1.101.3.4.2.1"
#define OID_SHA384     "2.16.840.1.101.3.4.2.2"
#define OID_SHA512     "2.16.840.1.101.3.4.2.3"
#define OID_AES128_CBC "2.16.840.1.101.3.4.1.2"
#define OID_AES192_CBC "2.16.840.1.101.3.4.1.22"
#define OID_AES256_CBC "2.16.840.1.101.3.4.1.42"
#define OID_DES3_CBC   "1.2.840.113549.3.7"
#define OID_DES_CBC    "1.3.14.3.2.7"

/* Certificate extensions, RFC 5280, section 4.2 */
#define OID_SUBJECT_KEY_ID    "2.5.29.14"
#define OID_KEY_USAGE         "2.5.29.15"
#define OID_SUBJECT_ALT_NAME  "2.5.29.17"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_AUTHORITY_KEY_ID  "2.5.29.35"
#define OID_EXT_KEY_USAGE     "2.5.29.37"
#define OID_CRL_POINTS        "2.5.29.31"
#define OID_AUTHORITY_INFO    "1.3.6.1.5.5.7.1.1"
#define OID_AD_OCSP           "1.3.6.1.5.5.7.48.1"
#define OID_AD_CA_ISSUERS     "1.3.6.1.5.5.7.48.2"

/* szOID_CERT_EXTENSIONS: Microsoft's older name for PKCS#9's extensionRequest */
#define OID_MS_CERT_EXTENSIONS "1.3.6.1.4.1.311.2.1.14"

/* CRLs and their entries, RFC 5280, section 5 */
#define OID_CRL_NUMBER "2.5.29.20"
#define OID_CRL_REASON "2.5.29.21"

/* OCSP, RFC 6960, section 4 */
#define OID_OCSP_BASIC    "1.3.6.1.5.5.7.48.1.1"
#define OID_OCSP_NONCE    "1.3.6.1.5.5.7.48.1.2"
#define OID_OCSP_NO_CHECK "1.3.6.1.5.5.7.48.1.5"
#define OID_OCSP_SIGNING  "1.3.6.1.5.5.7.3.9"

/* Microsoft's: the SID of strong certificate mapping, KB5014754 and MS-WCCE, 2.2.2.7.7.4 */
#define OID_NTDS_CA_SECURITY_EXT "1.3.6.1.4.1.311.25.2"
#define OID_NTDS_OBJECT_SID      "1.3.6.1.4.1.311.25.2.1"

/* Attributes of a distinguished name, RFC 4519 and RFC 2985 */
#define OID_CN            "2.5.4.3"
#define OID_SURNAME       "2.5.4.4"
#define OID_SERIAL_NUMBER "2.5.4.5"
#define OID_COUNTRY       "2.5.4.6"
#define OID_LOCALITY      "2.5.4.7"
#define OID_STATE         "2.5.4.8"
#define OID_STREET        "2.5.4.9"
#define OID_ORGANIZATION  "2.5.4.10"
#define OID_ORG_UNIT      "2.5.4.11"
#define OID_TITLE         "2.5.4.12"
#define OID_GIVEN_NAME    "2.5.4.42"
#define OID_INITIALS      "2.5.4.43"
#define OID_EMAIL         "1.2.840.113549.1.9.1"
#define OID_DC            "0.9.2342.19200300.100.1.25"
#define OID_UID           "0.9.2342.19200300.100.1.1"

#endif
