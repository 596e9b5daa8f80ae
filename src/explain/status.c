/* SPDX-License-Identifier: Apache-2.0 */
/* The small numbers: Status of the CSPs, failInfo and pkiStatus of SCEP, codes of alerts. */
#include "explain/entry.h"

#define CSP  "windows-mdm.md A.3, A.6"
#define SCEP "windows-scep.md 4.10, 4.11 (X509SCEPFailInfo); RFC 8894, 3.2.1.4.5"
#define ASK \
    "the reason stands in event 87 when the server sends it; else look into the SCEP server's log"

static const struct explain_entry status[] = {
    {1, NULL, "Status 1 (0x1)", "finished successfully",
     "the certificate is on the host; with an empty CertThumbprint it was, and is not valid any more",
     "the SCEP task is done; an empty CertThumbprint: it expired, its chain is broken or its key is gone",
     "compare CertThumbprint with the certificate that the CA issued", STEP_CERT,
     EXPLAIN_DOCUMENTED, CSP},
    {2, NULL, "Status 2 (0x2)", "pending",
     "the SCEP server has answered PENDING: the host asks again after RetryDelay, RetryCount times",
     "the request waits for an administrator or a slow CA", "approve it (signet request list)",
     STEP_REPLY, EXPLAIN_DOCUMENTED, CSP "; windows-scep.md 4.12"},
    {16, NULL, "Status 16 (0x10)", "action failed", "the enrollment failed",
     "ErrorCode beside it has the HRESULT", "look up ErrorCode: signet explain CODE",
     STEP_CAPS | STEP_CA | STEP_REQUEST | STEP_SUBMIT | STEP_REPLY | STEP_CERT, EXPLAIN_DOCUMENTED,
     CSP},
    {32, NULL, "Status 32 (0x20)", "unknown", "not finished, or never started",
     "it stands there from the beginning on: no Exec of Install/Enroll, or the SCEP task (dmcertinst.exe) has not run to its end",
     "ask again; then look for the events 306 and 36 on the host", STEP_CSP | STEP_TASK,
     EXPLAIN_DOCUMENTED, CSP},
};
static const struct explain_entry wstep[] = {
    {0, NULL, "WSTEP/Renew/Status 0", "not started",
     "the renewal of the MDM identity has not begun", "it is not due", "nothing to do",
     STEP_SESSION, EXPLAIN_DOCUMENTED, "windows-mdm.md A.8"},
    {1, NULL, "WSTEP/Renew/Status 1", "in progress", "the MDM identity is being renewed",
     "it is due", "nothing to do", STEP_SESSION, EXPLAIN_DOCUMENTED, "windows-mdm.md A.8"},
    {2, NULL, "WSTEP/Renew/Status 2", "succeeded", "the MDM identity was renewed", "it was due",
     "nothing to do", STEP_SESSION, EXPLAIN_DOCUMENTED, "windows-mdm.md A.8"},
    {3, NULL, "WSTEP/Renew/Status 3", "failed", "the renewal of the MDM identity failed",
     "ErrorCode beside it has the HRESULT",
     "look up ErrorCode; the host tries again (RetryInterval)", STEP_SESSION, EXPLAIN_DOCUMENTED,
     "windows-mdm.md A.8"},
};
static const struct explain_entry pfx[] = {
    {0, NULL, "PFXCertInstall Status 0", "ERROR_SUCCESS",
     "the PFX was imported: it is GetLastError after PFXImportCertStore; any other number is a Win32 error",
     "password and blob fit", "nothing to do", STEP_CERT, EXPLAIN_DOCUMENTED, "windows-mdm.md A.4"},
    {86, NULL, "ERROR_INVALID_PASSWORD", "The specified network password is not correct.",
     "PFXCertInstall: the PKCS#12 was not opened",
     "the host could not open the PKCS#12. Its password is signet's own and is right; so it may be "
     "that this build does not read the way in which it is sealed",
     "try the other one: signet pfx make --pkcs12 3des (or aes, if it was 3des), then signet pfx "
     "remove of this one",
     STEP_CERT, EXPLAIN_INFERRED, "windows-mdm.md A.4: GetLastError after PFXImportCertStore"},
};
static const struct explain_entry failinfo[] = {
    {0, NULL, "failInfo 0 badAlg (SCEPFailBadAlgorithm)", "Unrecognized or unsupported algorithm",
     "the SCEP server does not take an algorithm of the request",
     "a server that knows no RSAES-OAEP, AES or SHA-2, or refuses SHA-1",
     "signet probe URL says what the server can; signet gateway in mode RA translates", STEP_SUBMIT,
     EXPLAIN_DOCUMENTED, SCEP},
    {1, NULL, "failInfo 1 badMessageCheck (SCEPFailBadMessageCheck)", "Integrity check failed",
     "the SCEP server cannot open or verify the request",
     "it is encrypted to another certificate than the server's RA, or something changed it",
     "let the host ask GetCACert anew; look at the RA certificates", STEP_SUBMIT,
     EXPLAIN_DOCUMENTED, SCEP},
    {2, NULL, "failInfo 2 badRequest (SCEPFailBadRequest)",
     "Transaction not permitted or supported", "the SCEP server refuses the request",
     "challenge wrong, used or expired; subject, key or EKU refused", ASK, STEP_SUBMIT,
     EXPLAIN_DOCUMENTED, SCEP},
    {3, NULL, "failInfo 3 badTime (SCEPFailBadTime)",
     "The signingTime was not sufficiently close to the system time",
     "the SCEP server does not take the time of the request",
     "the host's clock is wrong; of signet: a renewal outside renewal-window",
     "set the clock; " ASK, STEP_SUBMIT, EXPLAIN_DOCUMENTED, SCEP},
    {4, NULL, "failInfo 4 badCertId (SCEPFailBadCertId)", "No certificate could be identified",
     "the SCEP server finds no certificate or request for what was asked",
     "a poll or renewal of something that this server does not know", "enroll anew", STEP_SUBMIT,
     EXPLAIN_DOCUMENTED, SCEP},
};
static const struct explain_entry pkistatus[] = {
    {0, NULL, "pkiStatus 0 SUCCESS", "granted",
     "the SCEP server has issued: the CertRep holds the certificate", "the request was good",
     "when the host shows no certificate: look at the events 32 and 309", STEP_REPLY,
     EXPLAIN_DOCUMENTED, "RFC 8894, 3.2.1.3"},
    {2, NULL, "pkiStatus 2 FAILURE (SCEPDispositionFailure)", "rejected",
     "the SCEP server has refused the request; HTTP says 200 all the same",
     "failInfo beside it says more", ASK, STEP_REPLY, EXPLAIN_DOCUMENTED,
     "RFC 8894, 3.2.1.3; windows-scep.md 4.10"},
    {3, NULL, "pkiStatus 3 PENDING", "manual approval",
     "the host asks again after RetryDelay, RetryCount times",
     "the request waits for an administrator", "approve it (signet request list)", STEP_REPLY,
     EXPLAIN_DOCUMENTED, "RFC 8894, 3.2.1.3; windows-scep.md 4.12"},
    {11, NULL, "pkiStatus 11 (SCEPDispositionPendingChallenge)", "a challenge for key attestation",
     "an extension of Microsoft's for attested keys",
     "a server that speaks it to a host that did not ask",
     "a SCEP server for Windows never sends it", STEP_REPLY, EXPLAIN_DOCUMENTED,
     "windows-scep.md 4.13"},
};
static const struct explain_entry alerts[] = {
    {1200, NULL, "Alert 1200", "server-initiated session", "the host comes because it was called",
     "a push, or the bootstrap", "nothing to do", STEP_SESSION, EXPLAIN_DOCUMENTED,
     "windows-mdm.md B.3"},
    {1201, NULL, "Alert 1201", "client-initiated session", "the host comes by itself",
     "its poll schedule, a sign-in, Sync", "nothing to do", STEP_SESSION, EXPLAIN_SEEN,
     "windows-mdm.md B.3 (captured)"},
    {1222, NULL, "Alert 1222", "next message", "the other side waits for the rest", "MoreData",
     "nothing to do", STEP_SESSION, EXPLAIN_DOCUMENTED, "windows-mdm.md B.3"},
    {1223, NULL, "Alert 1223", "session abort", "the session is ended early",
     "the other side gave up", "look at the messages before it", STEP_SESSION, EXPLAIN_DOCUMENTED,
     "windows-mdm.md B.3"},
    {1224, NULL, "Alert 1224", "client event",
     "its Meta/Type says which: LoginStatus in every session", "the host tells something of itself",
     "see Meta/Type", STEP_SESSION, EXPLAIN_SEEN, "windows-mdm.md B.3 (captured)"},
    {1225, NULL, "Alert 1225", "no end of data", "a large object did not come to its end",
     "MoreData", "send it anew", STEP_SESSION, EXPLAIN_DOCUMENTED, "windows-mdm.md B.3"},
    {1226, NULL, "Alert 1226", "generic alert", "its Meta/Type says which",
     "the host reports something",
     "see Meta/Type: com.microsoft:mdm.SCEPcertinstall.result, ...unenrollment.userrequest",
     STEP_SESSION, EXPLAIN_SEEN, "windows-mdm.md B.3 (captured with unenrollment)"},
};

#define TABLE(list) \
    { list, sizeof list / sizeof *list }
const struct explain_table explain_status_table = TABLE(status);
const struct explain_table explain_wstep_table = TABLE(wstep);
const struct explain_table explain_pfx_table = TABLE(pfx);
const struct explain_table explain_failinfo_table = TABLE(failinfo);
const struct explain_table explain_pkistatus_table = TABLE(pkistatus);
const struct explain_table explain_alert_table = TABLE(alerts);
