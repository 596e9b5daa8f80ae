/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a Windows host (windows-scep.md, 6.3). Ids may stand twice: in two forms, or logs.
 */
#include "explain/entry.h"

#define ADMIN "DeviceManagement-Enterprise-Diagnostics-Provider/Admin"
#define APP   "Application, CertificateServicesClient-CertEnroll"
#define SCEP  "windows-scep.md 6.3"
#define STAGE STEP_CAPS | STEP_CA | STEP_REQUEST | STEP_SUBMIT | STEP_REPLY | STEP_CERT
#define OPEN  "windows-scep.md 6.3: texts not published"
#define AUTO  "Microsoft, Diagnose MDM enrollment; Windows device enrollment errors in Intune"
#define FIELD "field reports of several hosts; not documented"

#define CSP_FAILED "MDM ConfigurationManager: Command failure status"
#define CSP_TEXT                                                                                       \
    CSP_FAILED                                                                                         \
    ". Configuration Source ID: (...), Enrollment Type: (...), CSP Name: (...), Command Type: (...), " \
    "CSP URI: (...), Result: (...)."

/* Ids that belong to SCEP, and of which nobody has published the text. */
#define SILENT(id)                                                                                 \
    {                                                                                              \
        NULL, {                                                                                    \
            id, ADMIN, "a SCEP event whose text is not published", NULL, "not known", "not known", \
                "read its text on the host; it names the step", 0, EXPLAIN_NOT_KNOWN, OPEN         \
        }                                                                                          \
    }

static const struct explain_phrase list[] = {
    {"SCEP: CspExecute",
     {306, ADMIN, "the CSP has taken the profile",
      "SCEP: CspExecute for UniqueId : (...) InstallUserSid : (...) InstallLocation : (...) NodePath : "
      "(clientinstall) KeyProtection: (0x..) Result : (...).",
      "Exec of Install/Enroll reached the host, and this is what the CSP said",
      "0x2ab0003 as the result is normal: the SCEP task goes on by itself; any other one is the fault",
      "look at what comes after it: events 36 and 39, or 32, 307 and 309", STEP_CSP | STEP_TASK,
      EXPLAIN_DOCUMENTED, SCEP}},
    {"SCEP: Certificate request generated successfully",
     {36, ADMIN, "the request was made",
      "SCEP: Certificate request generated successfully. Enhanced Key Usage: (...), NDES URL: (...), "
      "Container Name: (...), KSP Setting: (0x..), Store Location: (0x..).",
      "GetCACaps and GetCACert were good, CAThumbprint fits: key and request are there. KSP Setting is "
      "KeyProtection (1 TPM, 2 TPM or software, 3 software); Store Location 0x1 was seen with the user's",
      "a good step", "if no 39 follows, the fault is in PKIOperation or after it", STEP_REQUEST,
      EXPLAIN_DOCUMENTED, SCEP}},
    {"SCEP: Certificate installed successfully",
     {39, ADMIN, "the certificate is installed", "SCEP: Certificate installed successfully.",
      "the enrollment is done on the host", "a good step", "nothing to do", STEP_CERT,
      EXPLAIN_DOCUMENTED, SCEP}},
    {"SCEP: InstallFromRegEntries",
     {309, ADMIN, "the summary of an attempt",
      "SCEP: InstallFromRegEntries. CorrelationGuid : (...) UniqueId : (...) Certificate Thumbprint : (...) "
      "Respondent Server : (...) Install Status : (0x..) Current Retry Count : (0x..) Result : (...).",
      "Install Status is the CSP's Status: 0x1 installed, 0x2 pending, 0x10 failed",
      "the end of one attempt of the SCEP task",
      "when it failed, the events 32, 307, 86 and 87 say why", STAGE, EXPLAIN_SEEN, SCEP}},
    {"SCEP: Certificate enroll failed",
     {32, ADMIN, "the enrollment failed", "SCEP: Certificate enroll failed. Result: (...).",
      "the SCEP task failed; its result is an HRESULT, as a message or as a number",
      "what the result says", "look up the result; 307, 86 or 87 beside it name the step", STAGE,
      EXPLAIN_SEEN, SCEP}},
    {"SCEP: Failed LogError",
     {307, ADMIN, "where the SCEP task failed",
      "SCEP: Failed LogError Message : (SCEPInstallCertificateWithScepHelper:Failed to Initialize SCEP "
      "enrollment with NDES Server '...', CA cert thumbprint '...' and server certs ''. LogError 0x...)",
      "\"Failed to Initialize\" is before PKIOperation: GetCACaps, GetCACert, thumbprint, trust. Windows "
      "cuts the text off, often within the HRESULT",
      "what the HRESULT says", "when it is cut off: event 32 or 86, or ErrorCode in the registry",
      STEP_CAPS | STEP_CA, EXPLAIN_SEEN, SCEP}},
    {"OmaDmApiInitiateSession",
     {256, ADMIN, "a management session begins",
      "OmaDmApiInitiateSession ... Mode:(2), Origin:(33), Alert Count:(1), First Alert Name:(...)",
      "the host comes to its MDM server; with com.microsoft:mdm.SCEPcertinstall.result to tell the outcome "
      "of a profile, about two seconds after Exec",
      "a good step", "nothing to do", STEP_SESSION, EXPLAIN_SEEN, SCEP "; windows-mdm.md A.6"}},
    {"OmaDmInitiateSession",
     {256, ADMIN, "a management session begins",
      "OmaDmInitiateSession ... First Alert Name: (com.microsoft:mdm.SCEPcertinstall.result)",
      "the host comes to its MDM server; with com.microsoft:mdm.SCEPcertinstall.result to tell the outcome "
      "of a profile",
      "a good step", "nothing to do", STEP_SESSION, EXPLAIN_SEEN, SCEP}},
    {CSP_FAILED,
     {404, ADMIN, "a CSP did not take a command", CSP_TEXT,
      "the MDM server sent a command, and the CSP of its URI answered with an error: not of SCEP, which "
      "begins after it (32, 307, 309)",
      "what the Result says; CSP URI names the node, Command Type the command",
      "hold the command against the CSP's description; the server got the same as a SyncML status",
      STEP_CSP, EXPLAIN_SEEN, "Microsoft, WinDC resource access (text); field reports (id)"}},
    {NULL,
     {400, ADMIN, "a CSP did not take a command", CSP_TEXT,
      "the MDM server sent a command, and the CSP of its URI answered with an error",
      "what the Result says; CSP URI names the node, Command Type the command",
      "hold the command against the CSP's description; the server got the same as a SyncML status",
      STEP_CSP, EXPLAIN_DOCUMENTED, "Microsoft, KB 4034985"}},
    {"Auto MDM Enroll: Succeeded",
     {75, ADMIN, "the automatic enrollment succeeded", "Auto MDM Enroll: Succeeded",
      "the host enrolled in MDM by itself, by group policy or for its user's account",
      "a good step", "nothing to do", STEP_ENROLL, EXPLAIN_DOCUMENTED, AUTO}},
    {"Auto MDM Enroll: Failed",
     {76, ADMIN, "the automatic enrollment failed",
      "Auto MDM Enroll: Failed (Unknown Win32 Error code: 0x...)",
      "the host tried to enroll in MDM by itself; the HRESULT stands in the text",
      "what the HRESULT says", "look up the HRESULT", STEP_ENROLL, EXPLAIN_DOCUMENTED, AUTO}},
    {"MDM Session: OMA-DM session started",
     {208, ADMIN, "a management session was started",
      "MDM Session: OMA-DM session started for EnrollmentID (...) with server: (...), ...",
      "the host speaks with its MDM server (seen in the log .../Sync, too)", "a good step",
      "nothing to do", STEP_SESSION, EXPLAIN_SEEN, FIELD}},
    {"MDM Session: OMA-DM session ended",
     {209, ADMIN, "a management session ended",
      "MDM Session: OMA-DM session ended with status: (...)",
      "the status is an HRESULT, as a message or as a number", "the session is over",
      "when the status is an error, look it up", STEP_SESSION, EXPLAIN_SEEN, FIELD}},
    {"MDM PolicyManager: Set policy int",
     {813, ADMIN, "a policy was set (a number)",
      "MDM PolicyManager: Set policy int, Policy: (...), Area: (...), ...",
      "the Policy CSP took a setting: not of SCEP", "a good step, unless it has a Result",
      "nothing to do", STEP_CSP, EXPLAIN_SEEN, FIELD}},
    {"MDM PolicyManager: Set policy string",
     {814, ADMIN, "a policy was set (a text)",
      "MDM PolicyManager: Set policy string, Policy: (...), Area: (...), ...",
      "the Policy CSP took a setting: not of SCEP", "a good step, unless it has a Result",
      "nothing to do", STEP_CSP, EXPLAIN_SEEN, FIELD}},
    {"SCEP Certificate enrollment initialization for",
     {86, APP, "the enrollment failed before the request",
      "SCEP Certificate enrollment initialization for %1 via %2 failed: %3 Method: %4 Stage: %5 %6",
      "GetCACaps or GetCACert failed, or their answers were refused; Stage says which, and the HRESULT "
      "stands there in full",
      "what the HRESULT says", "look up the HRESULT; signet probe URL plays these steps",
      STEP_CAPS | STEP_CA, EXPLAIN_SEEN, SCEP " (gradenegger.eu)"}},
    {"SCEP Certificate enrollment for",
     {87, APP, "the enrollment failed at the request or after it",
      "SCEP Certificate enrollment for %1 via %2 failed: ...",
      "the request was sent, and refused or not understood; stages Submit, SubmitDone, "
      "ProcessResponseMessage. PkiStatus, FailInfo and a text are the server's own words",
      "what the HRESULT or FailInfo says", "look them up; then into the SCEP server's log",
      STEP_SUBMIT | STEP_REPLY, EXPLAIN_SEEN, SCEP ", 4.10 (gradenegger.eu)"}},
    {NULL,
     {30, "CAPI2/Operational", "the chain of a certificate was judged", NULL,
      "with 800B0109 CERT_E_UNTRUSTEDROOT: the root of the SCEP server's certificates is not trusted",
      "what its Result says",
      "deliver the root by RootCATrustedCertificates before the SCEP profile", STEP_CA,
      EXPLAIN_DOCUMENTED, "windows-scep.md 2.4"}},
    {NULL,
     {4603, ADMIN, "push (WNS)", NULL, "ambiguous on 24H2: it is told of good and of bad",
      "a push channel was looked at",
      "do not judge by it: look whether the host comes to its sessions", STEP_SESSION, EXPLAIN_SEEN,
      "windows-mdm.md B.7"}},
    SILENT(29),
    SILENT(30),
    SILENT(31),
    SILENT(33),
    SILENT(34),
    SILENT(35),
    SILENT(37),
    SILENT(38),
    SILENT(40),
    SILENT(41),
    SILENT(42),
    SILENT(43),
};

const struct explain_phrases explain_events_host = {list, sizeof list / sizeof *list};
