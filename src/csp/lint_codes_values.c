/* SPDX-License-Identifier: Apache-2.0 */
/* The codes for a profile's values. */
#include "csp/lint_inner.h"

#define SEEN       EXPLAIN_SEEN
#define DOCUMENTED EXPLAIN_DOCUMENTED
#define INFERRED   EXPLAIN_INFERRED
#define ID(id)     [(id)-LINT_FIRST_OF_VALUES]

enum { ENROLL_FAILED = 32, LOG_ERROR = 307 }; /* events */

const struct lint_code lint_codes_values[LINT_CODES - LINT_FIRST_OF_VALUES] = {
    ID(LINT_VALUE_NOT_A_NUMBER) = {"value-not-a-number", LINT_ERROR, INFERRED,
                                   "It refuses a value that is not of the node's format; which "
                                   "status it answers is not known.",
                                   0, 0, 0, "Write a decimal number.", "windows-mdm.md A.3"},
    ID(LINT_VALUE_NOT_ALLOWED) = {"value-not-allowed", LINT_ERROR, DOCUMENTED,
                                  "It refuses a value that the CSP's table does not allow; which "
                                  "status it answers is not known.",
                                  0, 0, 0, "Use one of the values that the CSP allows.",
                                  "windows-mdm.md A.3"},
    ID(LINT_SERVER_URL_SCHEME) = {"server-url-scheme", LINT_ERROR, INFERRED,
                                  "It answers 200, and finds no server to ask; which code it "
                                  "shows is not known.",
                                  0, 200, 0, "Begin the URL with https:// or http://.",
                                  "windows-scep.md 1.10"},
    ID(LINT_SERVER_URL_PKICLIENT) = {"server-url-pkiclient", LINT_WARNING, SEEN,
                                     "It appends /pkiclient.exe once more, and most servers answer "
                                     "404 to that.",
                                     0x80190194, 200, ENROLL_FAILED,
                                     "Take /pkiclient.exe off: Windows appends it itself.",
                                     "windows-scep.md 1.1, 1.2, 1.16"},
    ID(LINT_SERVER_URL_QUERY) = {"server-url-query", LINT_WARNING, INFERRED,
                                 "It appends /pkiclient.exe?operation=... to the end, behind the "
                                 "query or fragment that stands there.",
                                 0, 200, 0, "Use a URL without '?', '#' and blanks.",
                                 "windows-scep.md 1.1, 1.3"},
    ID(LINT_SERVER_URL_LOCAL) = {"server-url-local", LINT_WARNING, INFERRED,
                                 "It asks itself, where no SCEP server is.", 0x80072EFD, 200,
                                 ENROLL_FAILED,
                                 "Use the name by which hosts reach the SCEP server.",
                                 "windows-scep.md 6.4"},
    ID(LINT_SERVER_URL_SEVERAL) = {"server-url-several", LINT_NOTE, DOCUMENTED,
                                   "It takes several URLs, and RespondentServerUrl says which "
                                   "answered; when it goes on to the next one is not known.",
                                   0, 0, 0, "Let each URL serve the same CA.",
                                   "windows-scep.md 1.13, 10"},
    ID(LINT_SERVER_URL_FIXED) = {"server-url-fixed", LINT_WARNING, INFERRED,
                                 "It asks a server of which signet sees nothing, so that nobody "
                                 "confirms the certificate.",
                                 0, 0, 0, "Write {{scep.url}}.", "docs/profile-lint.md"},
    ID(LINT_CHALLENGE_CHARACTERS) =
        {"challenge-characters", LINT_ERROR, SEEN,
         "It answers 200, and then cannot put the challenge into the request, which takes "
         "PrintableString only.",
         0x80092021, 200, ENROLL_FAILED,
         "Use only A-Z a-z 0-9 blank ' ( ) + , - . / : = ?; {{scep.challenge}} is always right.",
         "windows-mdm.md A.3; windows-scep.md 3, 6.4 (fleetdm/fleet issues 47492, 49552)"},
    ID(LINT_CHALLENGE_STATIC) =
        {"challenge-static", LINT_WARNING, SEEN,
         "It sends what every host has; who reads one profile can ask for any certificate.", 0, 0,
         0, "Use one challenge for each host, as {{scep.challenge}} is.",
         "users.md 2, 3.2, 4.1 (CERT VU#971035; smallstep/certificates issue 1312)"},
    ID(LINT_CHALLENGE_GUESSABLE) = {"challenge-guessable", LINT_WARNING, DOCUMENTED,
                                    "It sends it as it is; who guesses the challenge gets a "
                                    "certificate as well.",
                                    0, 0, 0,
                                    "Use 64 random bits or more, such as 16 random hex digits; "
                                    "{{scep.challenge}} has more.",
                                    "users.md 4.2 (RFC 8894, 7.3)"},
    ID(LINT_CHALLENGE_BASE64) = {"challenge-base64", LINT_NOTE, SEEN,
                                 "It sends the text verbatim and does not decode it, although the "
                                 "CSP's document says B64.",
                                 0, 0, 0, "Write the challenge itself, unless it is what is meant.",
                                 "windows-mdm.md A.3"},
    ID(LINT_CHALLENGE_LONG) = {"challenge-long", LINT_NOTE, INFERRED,
                               "It sends challenges of kilobytes; PKCS #9 allows 255 characters, "
                               "and some SCEP servers hold to that.",
                               0, 0, 0, "Use at most 255 characters, or a server that takes more.",
                               "windows-scep.md 3 (challengePassword; RFC 2985, 5.4.1)"},
    ID(LINT_THUMBPRINT_EMPTY) = {"thumbprint-empty", LINT_WARNING, INFERRED,
                                 "Its SCEP client takes an empty thumbprint, and then any CA that "
                                 "answers; whether the CSP does is not known.",
                                 0, 0, 0,
                                 "Write the 40 hex digits of a certificate's SHA-1, or "
                                 "{{scep.ca_thumbprint}}.",
                                 "windows-scep.md 2.3"},
    ID(LINT_THUMBPRINT_SHAPE) = {"thumbprint-shape", LINT_ERROR, INFERRED,
                                 "It finds no certificate of that hash in GetCACert, and sends no "
                                 "request.",
                                 0x80091007, 200, ENROLL_FAILED,
                                 "Write the 40 hex digits of a certificate's SHA-1, or "
                                 "{{scep.ca_thumbprint}}.",
                                 "windows-mdm.md A.3; windows-scep.md 2.3"},
    ID(LINT_THUMBPRINT_SEPARATORS) =
        {"thumbprint-separators", LINT_ERROR, INFERRED,
         "It wants 40 hex digits and nothing else; which code it shows is not known.", 0, 0, 0,
         "Take out blanks, colons and what else was copied along.", "windows-mdm.md A.3"},
    ID(LINT_THUMBPRINT_SHA256) = {"thumbprint-sha256", LINT_ERROR, SEEN,
                                  "It compares SHA-1 hashes only, and sends no request.",
                                  0x80091007, 200, ENROLL_FAILED,
                                  "Use the SHA-1 of the same certificate: openssl x509 -noout "
                                  "-fingerprint -sha1.",
                                  "users.md 1.5; windows-scep.md 2.3"},
    ID(LINT_THUMBPRINT_FIXED) = {"thumbprint-fixed", LINT_WARNING, SEEN,
                                 "It stops after GetCACert as soon as no certificate there has "
                                 "this hash, such as after a renewal of the CA.",
                                 0x80091007, 200, ENROLL_FAILED,
                                 "Write {{scep.ca_thumbprint}}, which is always right.",
                                 "windows-scep.md 2.2, 2.3"},
    ID(LINT_SUBJECT_SYNTAX) =
        {"subject-syntax", LINT_ERROR, SEEN, "It answers 200, and then cannot parse SubjectName.",
         0x80092023, 200, ENROLL_FAILED,
         "Write TYPE=VALUE for each (CN, OU, O, L, S, C, DC, E ...), none of them empty, and put a "
         "value with , + ; = or \" into double quotes as a whole.",
         "windows-mdm.md A.5; users.md 1.4 (fleetdm/fleet pull 52667, issue 45418)"},
    ID(LINT_SUBJECT_BACKSLASH) =
        {"subject-backslash", LINT_WARNING, SEEN,
         "It takes a backslash as an ordinary character, and the separator after it still "
         "separates.",
         0x80092023, 200, ENROLL_FAILED,
         "Put the whole value into double quotes, without the backslash.",
         "windows-mdm.md A.5; windows-scep.md 3; users.md 1.4"},
    ID(LINT_SUBJECT_PLUS) = {"subject-plus", LINT_WARNING, SEEN,
                             "It takes '+' as a separator: two attributes in one part of the name, "
                             "which many servers do not take.",
                             0, 0, 0,
                             "Join attributes by commas; put a value with '+' into double quotes.",
                             "users.md 1.4 (Fleet's guide); windows-mdm.md A.5"},
    ID(LINT_SUBJECT_SEMICOLON) = {"subject-semicolon", LINT_NOTE, SEEN,
                                  "It takes ';' as a separator, as it takes ','.", 0, 0, 0,
                                  "Put a value with ';' into double quotes.", "windows-mdm.md A.5"},
    ID(LINT_SUBJECT_LONG) = {"subject-long", LINT_WARNING, DOCUMENTED,
                             "What it does is not known; X.520 allows 64 characters, "
                             "and CAs refuse more.",
                             0x80094001, 0, 0, "Shorten the value.",
                             "users.md 7 (OU 64); windows-scep.md 5; RFC 5280, A.1"},
    ID(LINT_SAN_SYNTAX) = {"san-syntax", LINT_ERROR, DOCUMENTED,
                           "It cannot read the names; which code it shows is not known.", 0, 0, 0,
                           "Write TYPE+VALUE, joined by ';': 3+host for a DNS name, "
                           "11+user@example.com for a UPN.",
                           "windows-mdm.md A.3; windows-scep.md 3"},
    ID(LINT_SAN_TYPE) = {"san-type", LINT_WARNING, DOCUMENTED,
                         "It knows no alternative name of that type.", 0, 0, 0,
                         "Use 2 (email), 3 (DNS), 5 (directory name), 7 (URL), 8 (IP), 9 (OID), 10 "
                         "(GUID), 11 (UPN) or 1 (other).",
                         "windows-mdm.md A.3"},
    ID(LINT_SAN_VALUE) = {"san-value", LINT_WARNING, INFERRED,
                          "It may refuse it, or ask for a name that matches nothing.", 0, 0, 0,
                          "Write a value of the type that stands before it.",
                          "windows-mdm.md A.3; windows-scep.md 3"},
    ID(LINT_SAN_SID) = {"san-sid", LINT_WARNING, SEEN,
                        "It asks for a security identifier; who may choose it is anyone in a "
                        "domain.",
                        0, 0, 0, "Let the server add the SID from its own inventory.",
                        "users.md 2, 4.1 (KB5014754; SID spoofing)"},
    ID(LINT_KEY_USAGE_BITS) = {"key-usage-bits", LINT_ERROR, DOCUMENTED,
                               "The configuration will fail, says the CSP; which code it shows is "
                               "not known.",
                               0, 0, 0, "Use 160: 32 (keyEncipherment) and 128 (digitalSignature).",
                               "windows-mdm.md A.3"},
    ID(LINT_KEY_USAGE_POWERS) = {"key-usage-powers", LINT_WARNING, INFERRED,
                                 "It asks for more than a client's certificate needs, and a CA may "
                                 "refuse it.",
                                 0, 0, 0, "Use 160, 128 or 32.",
                                 "windows-mdm.md A.3; users.md 4.2"},
    ID(LINT_KEY_USAGE_EKU) = {"key-usage-eku", LINT_WARNING, INFERRED,
                              "It enrolls, and the certificate cannot be used to sign in: TLS "
                              "clients and smart cards sign.",
                              0, 0, 0, "Add 128 (digitalSignature): 160.", "windows-mdm.md A.3"},
    ID(LINT_KEY_LENGTH_WEAK) = {"key-length-weak", LINT_WARNING, SEEN,
                                "It makes the key; CAs refuse it, and nobody should trust it.",
                                0x80094811, 200, 0, "Use 2048 or 4096.",
                                "users.md 1.5, 4.2; windows-scep.md 4.10, 5"},
    ID(LINT_HASH_UNKNOWN) = {"hash-unknown", LINT_ERROR, DOCUMENTED,
                             "It knows families of hash algorithms, SHA-1, SHA-2 and SHA-3, and no "
                             "other name; which code it shows is not known.",
                             0, 0, 0, "Write SHA-2.", "windows-mdm.md A.3"},
    ID(LINT_HASH_SHA1) = {"hash-sha1", LINT_WARNING, DOCUMENTED,
                          "It may sign its request with SHA-1, which servers and CAs refuse more "
                          "and more.",
                          0, 200, 0, "Write SHA-2.",
                          "windows-mdm.md A.3; windows-scep.md 2.1, 3; users.md 4.2"},
    ID(LINT_HASH_SHA3) = {"hash-sha3", LINT_NOTE, DOCUMENTED,
                          "It is documented; no request signed with SHA-3 has been seen.", 0, 0, 0,
                          "Write SHA-2, or SHA-2 beside it.", "windows-mdm.md A.3"},
    ID(LINT_HASH_SEPARATOR) = {"hash-separator", LINT_NOTE, SEEN,
                               "It is documented with '+', and Intune sends ';'; which of them it "
                               "needs is not known.",
                               0, 0, 0, "Write one family: SHA-2.", "windows-mdm.md A.3, G.5"},
    ID(LINT_EKU_SYNTAX) = {"eku-syntax", LINT_ERROR, DOCUMENTED,
                           "It cannot read the OIDs; which code it shows is not known.", 0, 0, 0,
                           "Write OIDs, joined by '+': 1.3.6.1.5.5.7.3.2 is TLS client.",
                           "windows-mdm.md A.3"},
    ID(LINT_EKU_SEPARATOR) = {"eku-separator", LINT_ERROR, DOCUMENTED,
                              "It takes all of it as one OID, which is none.", 0, 0, 0,
                              "Join OIDs by '+', without blanks.", "windows-mdm.md A.3"},
    ID(LINT_EKU_POWERFUL) = {"eku-powerful", LINT_WARNING, INFERRED,
                             "It asks for a certificate that can do far more than sign a host in.",
                             0, 0, 0, "Ask for the uses that are meant only.", "users.md 4.1, 4.2"},
    ID(LINT_EKU_MEANING) = {"eku-meaning", LINT_NOTE, DOCUMENTED,
                            "It asks for these uses; a Wi-Fi or VPN client that finds several "
                            "certificates fit for it asks its user, or fails.",
                            0, 0, 0, "Keep those that are meant.", "windows-mdm.md A.3, A.8"},
    ID(LINT_KEY_PROTECTION_TPM) = {"key-protection-tpm", LINT_NOTE, DOCUMENTED,
                                   "It fails on a host without a TPM; which code it shows is not "
                                   "known.",
                                   0, 0, 0, "Use 2 where software keys may do, too.",
                                   "windows-mdm.md A.3"},
    ID(LINT_KEY_PROTECTION_FALLBACK) =
        {"key-protection-fallback", LINT_NOTE, DOCUMENTED,
         "It makes a software key on a host without a TPM, and does not say so.", 0, 0, 0,
         "Use 1 where only a TPM's key will do.", "windows-mdm.md A.3"},
    ID(LINT_HELLO_CONTAINER) = {"hello-container", LINT_ERROR, DOCUMENTED,
                                "It finds no Windows Hello container for the key; which code it "
                                "shows is not known.",
                                0, 0, 0, "Add ContainerName, or use KeyProtection 1, 2 or 3.",
                                "windows-mdm.md A.3"},
    ID(LINT_HELLO_KEY) = {"hello-key", LINT_ERROR, DOCUMENTED,
                          "It makes keys of 2048 bits only for Windows Hello for Business.", 0, 0,
                          0, "Set KeyLength to 2048.", "windows-mdm.md A.3"},
    ID(LINT_HELLO_HASH) = {"hello-hash", LINT_WARNING, DOCUMENTED,
                           "It takes SHA-256 only for Windows Hello for Business.", 0, 0, 0,
                           "Set HashAlgorithm to SHA-2.", "windows-mdm.md A.3"},
    ID(LINT_HELLO_UNUSED) = {"hello-unused", LINT_NOTE, DOCUMENTED,
                             "It uses this node for Windows Hello for Business only.", 0, 0, 0,
                             "Take it out, or set KeyProtection to 4.", "windows-mdm.md A.3"},
    ID(LINT_RETRY_PENDING_ONLY) =
        {"retry-pending-only", LINT_NOTE, SEEN,
         "It counts polls after the server has answered PENDING; it does not wait for the network, "
         "a root to be trusted, or a server that is down.",
         0, 0, 0, "Set them for a CA that approves by hand; leave them out otherwise.",
         "users.md 1.4; windows-mdm.md A.3 (smallstep/docs pull 519)"},
    ID(LINT_RETRY_ZERO) = {"retry-zero", LINT_WARNING, DOCUMENTED,
                           "It gives up at the first PENDING (RetryCount 0), or waits less than "
                           "the minute that is documented as the least (RetryDelay 0).",
                           0, 0, 0, "Use 1 or more.", "windows-mdm.md A.3"},
    ID(LINT_RETRY_MANY) = {"retry-many", LINT_WARNING, DOCUMENTED,
                           "It uses 30 for more, says the CSP; whether a build refuses the value, "
                           "as its range is 0-30, is not known.",
                           0, 0, 0, "Use 30 at most.", "windows-mdm.md A.3, G.5"},
    ID(LINT_VALIDITY_HALF) = {"validity-half", LINT_NOTE, DOCUMENTED,
                              "It needs both: ValidPeriodUnits is 0 by default, and ValidPeriod "
                              "Days.",
                              0, 0, 0, "Set both, or neither.", "windows-mdm.md A.3"},
    ID(LINT_VALIDITY_ASKED) = {"validity-asked", LINT_NOTE, DOCUMENTED,
                               "It only tells the SCEP server what is wished; the CA decides.", 0,
                               0, 0, "Set the validity at the CA.", "windows-mdm.md A.3"},
    ID(LINT_TEMPLATE_IGNORED) = {"template-ignored", LINT_NOTE, DOCUMENTED,
                                 "It sends the name, and SCEP servers normally ignore it.", 0, 0, 0,
                                 "Choose the template at the server, and leave it out.",
                                 "windows-mdm.md A.3; windows-scep.md 3"},
    ID(LINT_THUMBPRINT_NO_MATCH) =
        {"thumbprint-no-match", LINT_ERROR, SEEN,
         "It compares CAThumbprint with the certificates of GetCACert, finds none, and sends no "
         "request.",
         0x80091007, 200, ENROLL_FAILED,
         "Name the CA that issues, or write {{scep.ca_thumbprint}}; whether a build also takes "
         "another CA of the chain depends on what GetCACert sends.",
         "windows-scep.md 2.2, 2.3"},
    ID(LINT_THUMBPRINT_OF_RA) = {"thumbprint-of-ra", LINT_WARNING, INFERRED,
                                 "It wants the thumbprint of a CA by its document; whether it "
                                 "takes that of an RA is not known.",
                                 0, 0, 0, "Name the CA that issues.", "windows-scep.md 2.3"},
    ID(LINT_THUMBPRINT_MATCHES) =
        {"thumbprint-matches", LINT_NOTE, SEEN,
         "It finds this certificate in GetCACert, and goes on.", 0, 0, 0,
         "Keep it; of a chain the CA that issues is the one that every report takes.",
         "windows-scep.md 2.2, 2.3"},
    ID(LINT_SERVER_STOPS) = {"server-stops", LINT_WARNING, SEEN,
                             "It will not get a certificate from this server, whatever the profile "
                             "says.",
                             0, 0, 0, "Ask signet probe: it names the code and the cure of each.",
                             "docs/probe.md"},
    ID(LINT_SERVER_SILENT) = {"server-silent", LINT_WARNING, INFERRED,
                              "It may reach the server where this machine does not.", 0, 0, 0,
                              "Ask again from where the server can be reached.",
                              "windows-scep.md 2.3"},
    ID(LINT_SERVER_DIFFERS) = {"server-differs", LINT_NOTE, DOCUMENTED,
                               "It asks ServerURL, not what --server names.", 0, 0, 0,
                               "Ask the host of ServerURL, unless both lead to the same server.",
                               "windows-mdm.md A.3"},
};
