/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the numbers and OIDs that stand in profiles (csp/words.h). */
#include "csp/words.h"

/* RFC 5280, section 4.2.1.12; wincrypt.h for Microsoft's, in the words of its certificate dialog.
 */
static const struct eku_word ekus[] = {
    {"1.3.6.1.5.5.7.3.1", "serverAuth", "Server Authentication"},
    {"1.3.6.1.5.5.7.3.2", "clientAuth", "Client Authentication"},
    {"1.3.6.1.5.5.7.3.3", "codeSigning", "Code Signing"},
    {"1.3.6.1.5.5.7.3.4", "emailProtection", "Secure Email"},
    {"1.3.6.1.5.5.7.3.5", "ipsecEndSystem", "IP security end system"},
    {"1.3.6.1.5.5.7.3.6", "ipsecTunnel", "IP security tunnel termination"},
    {"1.3.6.1.5.5.7.3.7", "ipsecUser", "IP security user"},
    {"1.3.6.1.5.5.7.3.8", "timeStamping", "Time Stamping"},
    {"1.3.6.1.5.5.7.3.9", "OCSPSigning", "OCSP Signing"},
    {"1.3.6.1.5.5.7.3.13", "eapOverPPP", "EAP over PPP"},
    {"1.3.6.1.5.5.7.3.14", "eapOverLAN", "EAP over LAN"},
    {"1.3.6.1.5.5.7.3.17", "ipsecIKE", "IPsec IKE"},
    {"1.3.6.1.5.5.8.2.2", "ipsecIntermediate", "IP security IKE intermediate"},
    {"1.3.6.1.5.2.3.4", "pkinitClient", "PKINIT Client Authentication"},
    {"1.3.6.1.5.2.3.5", "kdcAuth", "KDC Authentication"},
    {"1.3.6.1.4.1.311.10.3.4", "encryptingFileSystem", "Encrypting File System"},
    {"1.3.6.1.4.1.311.10.3.4.1", "fileRecovery", "File Recovery"},
    {"1.3.6.1.4.1.311.10.3.11", "keyRecovery", "Key Recovery"},
    {"1.3.6.1.4.1.311.10.3.12", "documentSigning", "Document Signing"},
    {"1.3.6.1.4.1.311.10.12.1", "anyApplicationPolicy", "Any application policies"},
    {"1.3.6.1.4.1.311.20.2.1", "certificateRequestAgent", "Certificate Request Agent"},
    {"1.3.6.1.4.1.311.20.2.2", "smartcardLogon", "Smart Card Logon"},
    {"1.3.6.1.4.1.311.21.5", "caExchange", "Private Key Archival"},
    {"1.3.6.1.4.1.311.21.6", "keyRecoveryAgent", "Key Recovery Agent"},
    {"1.3.6.1.4.1.311.54.1.2", "remoteDesktop", "Remote Desktop Authentication"},
    {"1.3.6.1.4.1.311.67.1.1", "bitLocker", "BitLocker Drive Encryption"},
    {"1.3.6.1.4.1.311.67.1.2", "bitLockerRecovery", "BitLocker Data Recovery Agent"},
    {"2.5.29.37.0", "anyExtendedKeyUsage", "Any Purpose"},
};

enum { EKUS = sizeof ekus / sizeof *ekus };

const struct eku_word *eku_by_oid(struct span oid) {
    for (size_t i = 0; i < EKUS; i++)
        if (span_is(oid, ekus[i].oid))
            return &ekus[i];
    return NULL;
}

const struct eku_word *eku_by_name(struct span name) {
    for (size_t i = 0; i < EKUS; i++)
        if (span_is_nocase(name, ekus[i].name))
            return &ekus[i];
    return NULL;
}

static const struct san_word sans[] = {
    {1, NULL, "other name"},    {2, "email", "email address"},
    {3, "dns", "DNS name"},     {5, NULL, "directory name"},
    {7, "uri", "URI"},          {8, NULL, "IP address"},
    {9, NULL, "registered id"}, {10, NULL, "GUID"},
    {11, "upn", "UPN"},
};

enum { SANS = sizeof sans / sizeof *sans };

const struct san_word *san_by_type(int64_t type) {
    for (size_t i = 0; i < SANS; i++)
        if (sans[i].type == type)
            return &sans[i];
    return NULL;
}

const struct san_word *san_by_name(struct span name) {
    for (size_t i = 0; i < SANS; i++)
        if (sans[i].name && span_is_nocase(name, sans[i].name))
            return &sans[i];
    return NULL;
}

/* The bytes of the BIT STRING, the first one low (RFC 5280, section 4.2.1.3). */
static const struct {
    unsigned bit;
    const char *name;
} usages[] = {
    {0x80, "digitalSignature"}, {0x40, "nonRepudiation"}, {0x20, "keyEncipherment"},
    {0x10, "dataEncipherment"}, {0x08, "keyAgreement"},   {0x04, "keyCertSign"},
    {0x02, "cRLSign"},          {0x01, "encipherOnly"},   {0x8000, "decipherOnly"},
};

void words_key_usage(struct buf *out, int64_t bits) {
    const char *before = "";
    uint64_t left = (uint64_t)bits;
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
        if (left & usages[i].bit) {
            buf_printf(out, "%s%s", before, usages[i].name);
            left &= ~(uint64_t)usages[i].bit;
            before = ", ";
        }
    if (left)
        buf_printf(out, "%sno usage: 0x%llx", before, (unsigned long long)left);
    else if (!*before)
        buf_str(out, "none");
}
