/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each finding means. An HRESULT stands here only where windows-scep.md has it for this very
 * fault; elsewhere it is 0, "code not known". For an HTTP status it is 0x80190000 + status (1.16).
 */
#include "probe/probe.h"

static const struct probe_entry entries[PROBE_CODES] = {
    [PROBE_NAME] = {"name", PROBE_STOPS, 0x80072EE7, "seen (6.4)",
                    "the host name in ServerURL has no address",
                    "mend DNS, or the name in ServerURL"},
    [PROBE_UNREACHABLE] = {"unreachable", PROBE_STOPS, 0x80072EFD, "seen (6.4)",
                           "nothing accepts a connection at ServerURL",
                           "start the SCEP server, or open the way to it"},
    [PROBE_BROKEN] =
        {"connection-broken", PROBE_STOPS, 0x80072EFE, "seen (6.4)",
         "the server closes the connection without an answer",
         "look whether it is an https port asked by http; then into the SCEP server's log, and "
         "at the proxy before it"},
    [PROBE_TIMEOUT] = {"timeout", PROBE_STOPS, 0x80072EE2, "seen (6.4)",
                       "the server does not answer in time",
                       "look into the SCEP server's log, and at firewalls that drop packets"},
    [PROBE_NOT_HTTP] = {"not-http", PROBE_STOPS, 0x80072F78, "seen (6.4)",
                        "what answers at ServerURL does not speak HTTP, or too much of it",
                        "point ServerURL at the SCEP server's own port"},
    [PROBE_TLS] =
        {"tls", PROBE_STOPS, 0, "inferred (1.12)", "no TLS connection comes about at ServerURL",
         "look at the listener: is it https at all, with TLS 1.2, ordinary ciphers and no "
         "client certificate?"},
    [PROBE_TLS_VERSION] = {"tls-version", PROBE_STOPS, 0x80072F8F, "seen (1.11)",
                           "the server offers TLS 1.3 only: Windows' SCEP client knows TLS 1.2",
                           "switch TLS 1.2 on for this listener"},
    [PROBE_TLS_TRUST] =
        {"tls-trust", PROBE_STOPS, 0x80072F8F, "seen (1.12)",
         "the server's TLS certificate does not chain to the given roots, or is not valid now",
         "install its root on the hosts (LocalMachine for device profiles), or use a "
         "certificate that they trust; send the intermediates too"},
    [PROBE_TLS_ROOT] = {"tls-root", PROBE_RISK, 0x80072F8F, "seen (1.12)",
                        "the server's TLS certificate does not chain to the roots of this machine; "
                        "those of the hosts are not known",
                        "give the hosts' roots with --trust"},
    [PROBE_TLS_NAME] = {"tls-name", PROBE_STOPS, 0x80072F8F, "seen (1.12)",
                        "the server's TLS certificate is for another name",
                        "use the certificate's name in ServerURL, or a certificate with that name"},
    [PROBE_TLS_CLIENT_CERT] =
        {"tls-client-cert", PROBE_RISK, 0x80072F78, "suspected (1.12)",
         "the server asks for a TLS client certificate, which the SCEP client "
         "does not have",
         "never ask for one at ServerURL, not even optionally"},

    [PROBE_SUFFIX] =
        {"suffix", PROBE_STOPS, 0, "documented and seen (1.1, 1.16)",
         "the server does not answer at ServerURL/pkiclient.exe: Windows appends that "
         "to every ServerURL",
         "serve the paths below the endpoint like the endpoint itself, or rewrite them in "
         "a proxy before it"},
    [PROBE_SUFFIX_DOUBLED] =
        {"suffix-doubled", PROBE_NOTE, 0, "seen (1.2)",
         "ServerURL/pkiclient.exe/pkiclient.exe is not served: a ServerURL that "
         "ends in /pkiclient.exe would not work",
         "write ServerURL without /pkiclient.exe, or serve any suffix"},
    [PROBE_REDIRECT] =
        {"redirect", PROBE_RISK, 0, "open",
         "the server answers with a redirect; whether Windows' SCEP client follows it "
         "is not known, and a request by POST does not survive most of them",
         "serve SCEP at ServerURL itself, or put the target into ServerURL"},
    [PROBE_WEB_PAGE] = {"web-page", PROBE_STOPS, 0x800700CE, "seen (1.15)",
                        "the server answers with a web page instead of SCEP",
                        "point ServerURL at the SCEP server itself; answer 404 elsewhere"},
    [PROBE_MESSAGE_DEFAULT] = {"message-default", PROBE_STOPS, 0, "documented and seen (1.3, 1.16)",
                               "GetCACert is refused with message=default, which Windows always "
                               "sends",
                               "ignore `message` in GetCACert, or name the CA \"default\""},

    [PROBE_CAPS_STATUS] =
        {"capabilities", PROBE_STOPS, 0, "seen (1.16)", "GetCACaps is not answered",
         "look whether ServerURL is right; a SCEP server answers GetCACaps with a list as "
         "text/plain"},
    [PROBE_CAPS_NO_POST] = {"no-post", PROBE_RISK, 0, "documented (1.6)",
                            "POSTPKIOperation is not among the capabilities: Windows sends its "
                            "request by GET, in a URL of several KiB",
                            "support POSTPKIOperation, or accept URLs of 64 KiB on the whole way"},
    [PROBE_CAPS_NO_AES] = {"no-aes", PROBE_NOTE, 0, "inferred (2.1)",
                           "AES is not among the capabilities: requests may come in 3DES",
                           "support AES and say so"},
    [PROBE_CAPS_NO_SHA2] = {"no-sha-256", PROBE_NOTE, 0, "captured (2.1)",
                            "neither SHA-256 nor SHA-512 is among the capabilities: requests come "
                            "with SHA-1",
                            "support SHA-256 and list it before SHA-1"},
    [PROBE_CAPS_CHAIN] =
        {"ca-cert-chain", PROBE_STOPS, 0, "seen (1.7)",
         "GetCaCertChain is among the capabilities, so Windows asks GetCACertChain "
         "instead of GetCACert, and that is not answered",
         "take GetCaCertChain out of the capabilities"},

    [PROBE_CA_STATUS] = {"ca-cert", PROBE_STOPS, 0, "seen (1.16)", "GetCACert is not answered",
                         "answer GetCACert with the CA's certificate, or PKCS#7 of CA and RA"},
    [PROBE_CA_FORM] = {"ca-cert-form", PROBE_STOPS, 0, "inferred (2.2)",
                       "the answer to GetCACert is neither a certificate in DER nor a PKCS#7 with "
                       "certificates",
                       "send DER, not PEM or base64"},
    [PROBE_CA_TYPE] = {"ca-cert-type", PROBE_NOTE, 0, "open (1.14)",
                       "the Content-Type of GetCACert is not that of its form; whether Windows "
                       "looks at it is not known",
                       "send application/x-x509-ca-cert for one certificate, "
                       "application/x-x509-ca-ra-cert for PKCS#7"},
    [PROBE_CA_NO_RA] =
        {"no-ra", PROBE_STOPS, 0x8010002C, "seen (2.2)",
         "GetCACert is a PKCS#7 with CA certificates only: Windows looks for an RA "
         "in it",
         "send the issuing CA as one bare certificate, or add an RA certificate that "
         "it issued"},
    [PROBE_RA_USAGE] =
        {"ra-usage", PROBE_STOPS, 0x8010002C, "seen (2.2)",
         "no RA certificate has the KeyUsage that it needs: digitalSignature to sign, "
         "keyEncipherment to open",
         "issue the RA certificate anew with digitalSignature and keyEncipherment"},
    [PROBE_RA_EKU] = {"ra-eku", PROBE_RISK, 0x8010002C, "seen (2.2, 10.6)",
                      "the RA certificate has none of the EKUs that working ones have; one without "
                      "KeyUsage and EKU failed",
                      "give it serverAuth, clientAuth or Certificate Request Agent"},
    [PROBE_RA_ISSUER] = {"ra-issuer", PROBE_STOPS, 0, "documented (2.2)",
                         "the RA certificate is not issued by a CA certificate of the answer",
                         "send the CA that issued it as well, and issue it directly by the CA that "
                         "issues to hosts"},
    [PROBE_CA_KEY] = {"ca-key", PROBE_STOPS, 0, "inferred (3)",
                      "the certificate that requests are encrypted to has no RSA key",
                      "use an RSA key for the certificate that opens requests"},
    [PROBE_CA_VALIDITY] = {"ca-validity", PROBE_STOPS, 0, "inferred (2.4)",
                           "a certificate of GetCACert is not valid now",
                           "renew it; look at the clocks"},
    [PROBE_THUMBPRINT] =
        {"thumbprint", PROBE_STOPS, 0x80091007, "seen (2.2, 2.3)",
         "CAThumbprint is that of no certificate in GetCACert",
         "take the thumbprint of a CA that is shown; the issuing CA's is the one that "
         "works everywhere"},
    [PROBE_ROOT_ABSENT] = {"root-absent", PROBE_NOTE, 0x80091007, "seen (2.3)",
                           "GetCACert does not hold the root: a CAThumbprint of the root will not "
                           "match",
                           "use the issuing CA's thumbprint in the profile"},
    [PROBE_ROOT_TRUST] = {"root-trust", PROBE_STOPS, 0x800B0109, "documented (2.4)",
                          "the certificates of GetCACert do not chain to the given roots",
                          "deliver their root to the hosts before the profile "
                          "(RootCATrustedCertificates)"},
    [PROBE_CRL] = {"crl", PROBE_RISK, 0, "open (10.6)",
                   "a CRL that the certificates name cannot be had, is old or is not signed by its "
                   "CA; whether Windows checks it here is not known",
                   "publish a fresh CRL at an http URL that hosts reach"},
    [PROBE_REVOKED] =
        {"revoked", PROBE_RISK, 0, "open (10.6)",
         "a certificate of GetCACert is revoked by its CA; whether Windows checks that "
         "here is not known",
         "renew it with a new key"},
    [PROBE_CLOCK] = {"clock", PROBE_RISK, 0, "seen (2.4)",
                     "the server's clock differs from this machine's: a host throws away a "
                     "certificate that is not valid yet",
                     "set the clocks; back-date NotBefore"},

    [PROBE_OAEP] =
        {"oaep", PROBE_STOPS, 0, "captured (3)",
         "the server cannot read RSAES-OAEP, in which Windows wraps its request; the same "
         "request with PKCS#1 v1.5 is read",
         "use a server that reads RSAES-OAEP, or put signet gateway in mode ra before it; rewriting "
         "URLs does not help here"},
    [PROBE_OPERATION_STATUS] =
        {"operation", PROBE_STOPS, 0, "seen (1.16)", "PKIOperation is not answered by a CertRep",
         "look into the SCEP server's log; try again with a fresh challenge and another subject"},
    [PROBE_REPLY_FORM] = {"reply-form", PROBE_STOPS, 0, "inferred (4)",
                          "the answer to PKIOperation is not a signed CertRep",
                          "answer with a CertRep in DER, failures too"},
    [PROBE_REPLY_ATTRIBUTE] = {"reply-attribute", PROBE_STOPS, 0x80091006, "seen (4.1)",
                               "the CertRep lacks a signed attribute of SCEP",
                               "always send messageType, pkiStatus, transactionID, senderNonce and "
                               "recipientNonce"},
    [PROBE_REPLY_TRANSACTION] = {"reply-transaction", PROBE_STOPS, 0, "inferred (9)",
                                 "the CertRep is for another transactionID than the request's",
                                 "echo the request's transactionID byte for byte"},
    [PROBE_REPLY_NONCE] = {"reply-nonce", PROBE_RISK, 0, "open (10.4)",
                           "recipientNonce is not the request's senderNonce; whether Windows looks "
                           "is not known, RFC 8894 demands it",
                           "echo the request's senderNonce as recipientNonce"},
    [PROBE_REPLY_NONCE_COPIED] = {"reply-nonce-copied", PROBE_NOTE, 0, "seen to work (4.2)",
                                  "senderNonce is a copy of the request's instead of a fresh one",
                                  "make a fresh senderNonce for each reply"},
    [PROBE_REPLY_SIGNER] = {"reply-signer", PROBE_STOPS, 0, "inferred (4.4)",
                            "the CertRep is signed by another certificate than GetCACert announced",
                            "sign with the CA, or with the RA certificate that GetCACert sends"},
    [PROBE_REPLY_SIGNATURE] = {"reply-signature", PROBE_STOPS, 0, "inferred (4)",
                               "the CertRep's signature does not hold",
                               "look for a proxy that changes bodies; then at the server's key"},
    [PROBE_REPLY_SHA1] = {"reply-sha-1", PROBE_NOTE, 0, "seen to work (4.8)",
                          "the CertRep is signed with SHA-1",
                          "sign with SHA-256 where the client offers it"},
    [PROBE_REPLY_TYPE] = {"reply-type", PROBE_NOTE, 0, "open (1.14)",
                          "the Content-Type of PKIOperation is not application/x-pki-message; "
                          "whether Windows looks at it is not known",
                          "send application/x-pki-message"},
    [PROBE_REFUSED] =
        {"refused", PROBE_STOPS, 0, "seen (4.10)",
         "the server refused the request by a signed CertRep FAILURE, with HTTP 200",
         "look at failInfo and text: often the challenge, the subject or the key length"},
    [PROBE_PENDING] = {"pending", PROBE_NOTE, 0, "documented (4.12)",
                       "the request waits for the CA's administrator (PENDING): Windows asks again "
                       "RetryCount times, every RetryDelay minutes",
                       "approve in time, or raise RetryCount and RetryDelay in the profile"},
    [PROBE_REPLY_CLOSED] = {"reply-closed", PROBE_STOPS, 0, "inferred (4.9)",
                            "the certificate in the CertRep cannot be decrypted by the request's "
                            "signer",
                            "encrypt the reply to the certificate that signed the request, not to "
                            "the key in the CSR"},
    [PROBE_REPLY_DES] = {"reply-des", PROBE_NOTE, 0, "seen to work (4.7)",
                         "the certificate is encrypted with single DES, though the request was not",
                         "answer in the request's cipher"},
    [PROBE_REPLY_CERTS] =
        {"reply-certs", PROBE_RISK, 0, "open (4.5)",
         "the CertRep holds more than the host's certificate; NDES sends the leaf "
         "alone",
         "send the leaf alone"},
    [PROBE_CERT_KEY] = {"cert-key", PROBE_STOPS, 0, "inferred (9)",
                        "the CertRep holds no certificate for the key of the request",
                        "issue to the key in the CSR"},
    [PROBE_CERT_VALIDITY] =
        {"cert-validity", PROBE_RISK, 0, "seen (2.4)",
         "the new certificate is valid only from the moment of its issue, or not "
         "yet: a host whose clock is behind throws it away",
         "back-date NotBefore by ten minutes or more"},
    [PROBE_CERT_EXPIRED] = {"cert-expired", PROBE_STOPS, 0, "documented (6.1)",
                            "the new certificate has expired already",
                            "look at the CA's clock and at the validity of its template"},
    [PROBE_CERT_CHAIN] = {"cert-chain", PROBE_RISK, 0, "open (2.2)",
                          "the new certificate is not issued by a CA of GetCACert",
                          "send the issuing CA with GetCACert"},
    [PROBE_CERT_CONTENT] =
        {"cert-content", PROBE_NOTE, 0, "seen (scep-interop)",
         "the certificate is not what the request asked for",
         "look at the CA's template: the profile's KeyUsage and EKUs, clientAuth for clients"},
};

const struct probe_entry *probe_entry(enum probe_code code) {
    return &entries[code];
}
