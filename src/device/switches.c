/* SPDX-License-Identifier: Apache-2.0 */
#include "device/switches.h"

#include <stdlib.h>

const struct device_switch device_switches[] = {
    {"exec-status", "200|202", "200", "status of an accepted Exec Enroll",
     "200: the seed's profile on a real host; 202: Microsoft's event 306", NULL},
    {"errorcode-form", "signed|unsigned|hex", "signed", "how a Get prints the ErrorCode",
     "unknown; the node's format is int", "G 3"},
    {"absent-output", "404|empty", "404",
     "Get of an ErrorCode, CertThumbprint or a PFX's Thumbprint that is not there",
     "unknown; the first two occur 0..1 in the DDF", "G 3"},
    {"pfx-status", "shown|missing", "shown", "whether PFXCertInstall has the node Status",
     "shown: the DDF; missing: Intune asks for it even where it is missing", NULL},
    {"pfx-failure", "status|command", "status",
     "a PFX whose password is wrong: 200 and Status 86, or the command and its Atomic fail",
     "status: the DDF calls Status the error after PFXImportCertStore; command: answers of real "
     "hosts to a PFX that they did not take, with 507 for the Atomic",
     NULL},
    {"atomic-children", "yes|no", "yes", "whether each child of an Atomic gets a Status",
     "yes: a captured result of a real host; no: other test clients", "G 2"},
    {"replace-upsert", "yes|no", "yes", "whether Replace makes a node that is missing",
     "yes: users' profiles on real hosts; no: MS-MDM", NULL},
    {"cdata", "refuse|empty|text", "refuse",
     "a value in a CDATA section: 500, an empty value, or the value",
     "Microsoft's known issues: passing CDATA to CSPs does not work; how it fails is not known",
     NULL},
    {"cmdid", "present|strict", "present",
     "CmdIDs refused with 400: a missing one; strict: also 0, and one that a command before has",
     "missing, and not 0: MS-MDM; nobody tells what becomes of a doubled one", NULL},
    {"missing-format", "accept|refuse", "accept",
     "Add or Replace without Meta/Format: the node's own format is meant, or chr (406 for others)",
     "unknown; chr is OMA DM's default", NULL},
    {"atomic-required", "ignored|enforced", "ignored",
     "Add, Replace and Exec below a UniqueID outside of an Atomic: carried out, or 500",
     "the DDF says AtomicRequired, Microsoft's page must; nobody saw what becomes of it", NULL},
    {"atomic-add-replace", "fails|works", "fails",
     "Replace of a node that the same Atomic has added: 500, or as anywhere",
     "Microsoft's page: not supported; how it fails is not known", NULL},
    {"range-check", "add|exec|task", "add",
     "when a value of a SCEP node outside the DDF's list or range fails: its Add or Replace (500), "
     "Exec (500), or the SCEP task",
     "unknown; the DDF has lists and ranges", NULL},
    {"required-check", "exec|task", "exec",
     "when a required SCEP node that is missing, or a KeyUsage without 0x20 and 0x80, fails: Exec "
     "(500), or the SCEP task",
     "unknown; the DDF of KeyUsage says that configuration will fail", NULL},
    {"retry-count", "clamp|refuse", "clamp", "RetryCount above 30: 30 is used, or 500",
     "clamp: the DDF's text; refuse: the DDF's range", "G 5"},
    {"tpm", "2.0|none", "2.0",
     "whether there is a TPM: KeyProtection 1 fails without one, 2 then uses software",
     "Microsoft's page and the DDF; Windows 11 needs a TPM 2.0", NULL},
    {"unknown-hresult", "hresult", "0x80004005",
     "ErrorCode of a failure whose code is not known: KeyProtection 1 without a TPM, 4 (this host has "
     "no Windows Hello for Business), AADKeyIdentifierList (it has no Entra key)",
     "the DDF says that these fail, nobody with which code; 0x80004005 is E_FAIL", NULL},
    {"login-status", "user|others|none", "user", "who is signed in; ./User works with user only",
     "MS-MDM; user: captured", NULL},
    {"session-auth", "certificate|md5|md5-first", "certificate",
     "what the host proves itself by in a session: its TLS client certificate, or the secret of "
     "APPAUTH: after the server's 401, or with the first message already",
     "certificate: MS-MDE2; md5: Fleet's server with real hosts behind proxies; md5-first: DMAcc's "
     "DDF says that clients try MD5 first",
     "G 7"},
    {"result-alert", "1226|1224|none", "1226", "alert code of mdm.SCEPcertinstall.result",
     "only the alert's name was seen; 1226 is its siblings' code", "G 1"},
    {"alert-source", "node|enroll|none", "node",
     "what that alert's Source is: the node of the UniqueID, its Install/Enroll, or nothing",
     "unknown; siblings of the alert have one, the captured alert of unenrollment has none", "G 1"},
    {"alert-data", "zero|status|hresult", "zero",
     "what that alert's Data is: 0, or the node's Status or ErrorCode",
     "unknown; of its siblings: 0 for success, else an error code", "G 1"},
    {"alert-on", "any|success", "any", "which ends of a SCEP task send that alert",
     "unknown; the DDF: an alert is sent after the certificate is installed", "G 1"},
    {"session-tls", "1.3|1.2", "1.3", "the highest TLS version of an enrollment and of sessions",
     "unknown for the OMA DM client; the SCEP client speaks 1.2 at most", "G 10"},
    {"retry-on", "any|none", "any", "failures after which the SCEP task tries again",
     "any: the seed saw 'a few times if it fails at first'; Microsoft documents PENDING only",
     "10.8"},
    {"server-list", "initialize|transport|first", "initialize",
     "which failures lead to the next URL of a ServerURL with ;: any before PKIOperation, only that "
     "no server answered, or none",
     "unknown; Microsoft says only that there may be several, and the helper that takes one URL "
     "fails with one code for all before PKIOperation",
     "10.8"},
    {"redirects", "follow|refuse", "follow",
     "whether the client follows an HTTP redirect; refuse fails with 0x80190000 and its status",
     "unknown for this client; its codes are WinHTTP's, which follows but from https to http "
     "(winhttp.h, WINHTTP_OPTION_REDIRECT_POLICY_DEFAULT)",
     NULL},
    {"client-cert-request", "ignore|fail", "ignore",
     "whether a TLS server that asks for a client certificate makes the client fail with 0x80072F78",
     "suspected of one report of that code; nobody has shown it", NULL},
    {"digest", "sha1|sha256|sha512|first-of-caps|hash-algorithm", "sha1",
     "digest and signature of a request",
     "sha1: captured in 2024; sha256: seen with a server that lists it first, so that the first hash "
     "of GetCACaps may decide, or HashAlgorithm",
     "10.1"},
    {"csr-digest", "best|first", "best",
     "which of several families in HashAlgorithm signs the CSR, in \"SHA-1;SHA-2\" say",
     "unknown; Microsoft says only that there may be several", "10.1"},
    {"csr-signer-hash", "yes|no", "no",
     "whether the CSR names the throw-away signer by its hash (1.3.6.1.4.1.311.21.42)",
     "seen with the attestation service; nobody has published a CSR of the MDM client", "10.3"},
    {"signer-aki", "critical|plain", "critical", "whether the throw-away signer's AKI is critical",
     "critical: captured in 2024; plain: builds of 2021 (19043)", NULL},
    {"signer-aki-value", "csr-key|random", "csr-key", "what the throw-away signer's AKI is",
     "unknown; the captured one is of no key that is known", "10.1"},
    {"renewal-message", "pkcsreq|renewalreq", "pkcsreq",
     "messageType of a renewal that the existing certificate signs: 19 or 17",
     "certenroll.h knows no 17; that the MDM client renews at all is not known (the CSP has no such "
     "node)",
     "10.10"},
    {"cipher", "aes128|aes256|des3", "aes128",
     "cipher of a request's content; a server that does not list AES always gets des3",
     "aes128: captured, and seen with a server that lists AES256 before AES128", "10.1"},
    {"key-transport", "oaep|pkcs1", "oaep", "how the content key is wrapped",
     "oaep: captured; pkcs1: older builds", "10.7"},
    {"signer-key", "separate|csr", "separate", "key of the throw-away signer",
     "separate: field report of production traffic; csr: Microsoft's document", "10.5"},
    {"basic-constraints", "pathlen|none", "pathlen",
     "CSR with basicConstraints of no cA and pathLen 0", "seen by two CA vendors", NULL},
    {"check-recipient-nonce", "yes|no", "yes",
     "whether a wrong recipientNonce fails the enrollment", "unknown; RFC 8894 demands it", "10.4"},
    {"missing-nonce", "fail|accept", "fail",
     "whether a CertRep without senderNonce or recipientNonce fails with 0x80091006",
     "a CertRep failed so, and nobody found out which attribute was missed", "10.2"},
    {"check-content-types", "yes|no", "no",
     "whether another Content-Type than SCEP's fails GetCACert and PKIOperation with 0x80072F78",
     "unknown; Windows went on with a server that sent none for GetCACert", "10.4"},
    {"check-leaf-only", "yes|no", "yes",
     "whether a CertRep with more than the host's certificate fails the enrollment",
     "unknown; the leaf alone is what NDES sends and what is known to work", "10.4"},
    {"open-des", "yes|no", "yes", "whether a CertRep encrypted with single DES is opened",
     "yes: seen accepted from a server whose default it is", NULL},
    {"ca-thumbprint", "any|issuer", "any",
     "whether CAThumbprint may be of any certificate of GetCACert or must be of the RA's issuer",
     "any: root profiles work with NDES, issuing CAs' with others; issuer: Microsoft's document",
     "G 6"},
    {"ra-eku", "required|any", "required", "whether an RA certificate needs a known EKU",
     "a certificate without KU and EKU failed with 0x8010002C, with both it worked", "10.6"},
    {"ra-usage", "required|any", "required",
     "whether an RA certificate needs KeyUsage, or may do all without one",
     "a certificate without KU and EKU failed with 0x8010002C, with both it worked", "10.6"},
    {"ra-other-chain", "accept|refuse", "accept",
     "whether the host's certificate may be of another CA than the RA's issuer; refuse fails with "
     "0x800B010A",
     "unknown, and so is the code; it chains to a root that the host trusts in either case",
     "10.6"},
    {"failure-hresult", "hresult", "0x80094014",
     "ErrorCode of a CertRep FAILURE that brings no HRESULT",
     "unknown; event 87 calls it EnrollDenied, 0x80094014 is that verdict's HRESULT", NULL},
    {"pending-hresult", "hresult", "0x800705B4",
     "ErrorCode when the last attempt of RetryCount was answered with PENDING",
     "unknown; 0x800705B4 is Windows' general code for a wait that came to its end", NULL},
    {"unenroll", "answers|silent", "answers",
     "what a server's Exec of DMClient's Unenroll does: the next session's first message tells that "
     "the host leaves, or nothing happens",
     "MS-MDM: no Status comes back, but alert 1226; it may fail silently for work accounts", NULL},
    {"unenroll-certs", "remove|keep", "remove",
     "whether certificates of ClientCertificateInstall, with their keys, go when the host leaves",
     "unknown for ClientCertificateInstall; Microsoft's page on disconnecting says that what the "
     "server configured goes",
     NULL},
    {"needs-intermediate", "yes|no", "no",
     "whether intermediates must be in the store CA; no: those of GetCACert go into it",
     "unknown; Microsoft says only that the chain must be trusted", NULL},
    {"results-chunk", "number", "0",
     "Results longer than this many bytes come in chunks with MoreData, one a message; 0: whole",
     "OMA; MS-MDM publishes no maximum size of a message", NULL},
    {"mde-csr", "printable|utf8", "printable",
     "the enrollment's CSR: PrintableString with SHA-1 or SHA-256, or UTF8String, SHA-256 and EKU",
     "printable: captured from Windows 10; utf8: a newer host's request in Fleet's tests", "G 8"},
    {"renew-digest", "sha256|sha1", "sha256", "digest of a renewal's CSR and CMS", "unknown", NULL},
    {"renew-attributes", "yes|no", "yes", "whether a renewal's CMS has signed attributes",
     "unknown; both are in RFC 5652", NULL},
    {"clock-offset", "seconds", "0", "how far the host's clock is from the machine's",
     "a tool, to test certificates that are not valid yet", NULL},
};
const size_t device_switch_count = sizeof device_switches / sizeof *device_switches;

const struct device_switch *switch_find(const char *name) {
    for (size_t i = 0; i < device_switch_count; i++)
        if (strcmp(device_switches[i].name, name) == 0)
            return &device_switches[i];
    return NULL;
}

static bool is_one_of(const char *list, const char *value) {
    size_t n = strlen(value);
    for (const char *p = list; n; p++) {
        size_t length = strcspn(p, "|");
        if (length == n && memcmp(p, value, n) == 0)
            return true;
        p += length;
        if (!*p)
            break;
    }
    return false;
}

static bool is_hresult(const char *value) {
    char *end;
    unsigned long long n = strtoull(value, &end, 16);
    return strncmp(value, "0x", 2) == 0 && value[2] && !*end && n >= 0x80000000 && n <= UINT32_MAX;
}

enum err switch_check(const struct device_switch *s, const char *value) {
    int64_t seconds, number;
    bool fits;
    if (strcmp(s->values, "hresult") == 0)
        fits = is_hresult(value);
    else if (strcmp(s->values, "number") == 0)
        fits = span_int(span_str(value), &number) && number >= 0 && number <= 1024 * 1024;
    else if (strcmp(s->values, "seconds") == 0)
        fits = span_int(span_str(value), &seconds) && llabs(seconds) < 400LL * 86400 * 365;
    else
        fits = is_one_of(s->values, value);
    return fits ? OK
                : err_set(ERR_USAGE, "the switch '%s' cannot be '%s'; it takes %s", s->name, value,
                          s->values);
}
