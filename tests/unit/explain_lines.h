/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of logs that windows-scep.md, windows-mdm.md and users.md quote, and what each must
 * lead to: the beginnings of `what`, separated by |. */
#ifndef SIGNET_TESTS_EXPLAIN_LINES_H
#define SIGNET_TESTS_EXPLAIN_LINES_H

static const struct {
    const char *line, *found;
} explain_lines[] = {
    {"SCEP: CspExecute for UniqueId : (ModelName) InstallUserSid : (S-1-5-21-1) InstallLocation : (user) NodePath "
     ": (clientinstall)  KeyProtection: (0x2) Result : (Unknown Win32 Error code: 0x2ab0003).",
     "event 306|0x02AB0003"},
    {"SCEP: Certificate request generated successfully. Enhanced Key Usage: (1.3.6.1.5.5.7.3.2), NDES URL: "
     "(https://ndes.example/certsrv/mscep/mscep.dll/pkiclient.exe), Container Name: (), KSP Setting: (0x2), Store "
     "Location: (0x1).",
     "event 36"},
    {"SCEP: Certificate installed successfully.", "event 39"},
    {"SCEP: InstallFromRegEntries. CorrelationGuid : ({8018A000-91A5-4D0E-8091-000000000000}) UniqueId : (id) "
     "Certificate Thumbprint : (3559DC5DABABABABABABABABABABABABABABABAB) Respondent Server : "
     "(https://x.example/scep/pkiclient.exe) Install Status : (0x1) Current Retry Count :  (0x1) Result : (The "
     "operation completed successfully.)",
     "event 309|Status 1|0x00000000 S_OK"},
    {"SCEP: InstallFromRegEntries. CorrelationGuid : ({1}) UniqueId : (id) Certificate Thumbprint : () Respondent "
     "Server : () Install Status: (0x10) Current Retry Count :  (0x1) Result : (The hash value is not correct.)",
     "event 309|Status 16|0x80091007"},
    {"SCEP: Certificate enroll failed. Result: (The hash value is not correct.).",
     "event 32|0x80091007"},
    {"SCEP: Certificate enroll failed. Result: (The string contains a non-printable character.)",
     "event 32|0x80092021"},
    {"SCEP: Certificate enroll failed. Result: (Unknown Win32 Error code: 0x80190194).",
     "event 32|0x80190194"},
    {"MDM ConfigurationManager: Command failure status. Configuration Source ID: (1), Enrollment Type: (MDMFull), CSP "
     "Name: (ClientCertificateInstall), Command Type: (Add: from Replace or Add), CSP URI: "
     "(./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/x/Install/KeyUsage), Result: (The parameter is incorrect.).",
     "event 404|0x80070057"},
    {"MDM ConfigurationManager: Command failure status. Enrollment Name: (MDMDeviceWithAAD), Provider Name: (Policy), "
     "Command Type: (Add: from Replace or Add), CSP URI: (./x), Result: (The system cannot find the file specified.).",
     "event 404|0x80070002"},
    {"Auto MDM Enroll: Failed (Unknown Win32 Error code: 0x8018002b)", "event 76|0x8018002B"},
    {"Auto MDM Enroll: Succeeded", "event 75"},
    {"MDM Session: OMA-DM session started for EnrollmentID (1) with server: (x), Server version: (NULL), Mode: (0x2)",
     "event 208"},
    {"MDM Session: OMA-DM session ended with status: (The operation completed successfully.)",
     "event 209|0x00000000 S_OK"},
    {"MDM PolicyManager: Set policy int, Policy: (AllowTelemetry), Area: (System)", "event 813"},
    {"MDM PolicyManager: Set policy string, Policy: (Homepage), Area: (Browser)", "event 814"},
    {"SCEP: Certificate enroll failed. Result: (Element not found.).", "event 32|0x80070490"},
    {"SCEP: Failed LogError Message : (SCEPInstallCertificateWithScepHelper:Failed to Initialize SCEP enrollment "
     "with NDES Server 'https://x.example/scep', CA cert thumbprint '800910078009100780091007800910078009100A' and "
     "server certs ''. LogError 0x80190194)",
     "event 307|0x80190194"},
    {"SCEP: Failed LogError Message : (SCEPInstallCertificateWithScepHelper:Failed to Initialize SCEP enrollment "
     "with NDES Server 'https://x.example/scep', CA cert thumbprint '' and server certs''. LogError 0x80",
     "event 307|an HRESULT that is cut off"},
    {"SCEP: Failed LogError Message : (SCEPInstallCertificateWithScepHelper:Failed to Initialize SCEP enrollment "
     "with NDES Server 'https://x.example/scep', CA cert thumbprint '' and server certs ''. LogError 0x80072f7",
     "event 307|an HRESULT that is cut off"},
    {"OmaDmApiInitiateSession Mode:(2), Origin:(33), Alert Count:(1), First Alert "
     "Name:(com.microsoft:mdm.SCEPcertinstall.result), User Only:(true)",
     "event 256|the host reports the outcome"},
    {"OmaDmInitiateSession First Alert Name: (com.microsoft:mdm.SCEPcertinstall.result)",
     "event 256|the host reports the outcome"},
    {"SCEP Certificate enrollment initialization for WORKGROUP\\HOST$ via "
     "https://x.example/scep/pkiclient.exe failed: Not found (404). Method: GET Stage: GetCACaps 0x80190194",
     "event 86|0x80190194"},
    {"SCEP Certificate enrollment initialization for WORKGROUP\\HOST$ via "
     "https://x.example/scep/pkiclient.exe failed: The hash value is not correct. Method: GET Stage: GetCACert "
     "0x80091007 (-2146889721)",
     "event 86|0x80091007"},
    {"SCEP Certificate enrollment for DOM\\user via https://x.example/scep/pkiclient.exe failed: Stage: "
     "ProcessResponseMessage The cryptographic message does not contain an expected authenticated attribute. "
     "0x80091006",
     "event 87|0x80091006"},
    {"SCEP Certificate enrollment for DOM\\user via https://x.example/scep/pkiclient.exe failed: PkiStatus(2): "
     "SCEPDispositionFailure / FailInfo(2): SCEPFailBadRequest / EnrollStatus(256): EnrollDenied / key 0x80094811 "
     "(The public key does not meet the minimum size required by the specified certificate template. "
     "CERTSRV_E_KEY_LENGTH) Stage: SubmitDone",
     "event 87|0x80094811|failInfo 2|pkiStatus 2"},
    {"The requested certificate does not exist.", "0x8010002C"},
    {"The cryptographic message does not contain an expected authenticated attribute.",
     "0x80091006"},
    {"800B0109 CERT_E_UNTRUSTEDROOT", "0x800B0109"},
    {"ERROR_WINHTTP_SECURE_FAILURE 0x80072f8f", "0x80072F8F"},
    {"WinHttp 12175", "0x80072F8F"},
    {"the error was 0x80072f78 (12152)", "0x80072F78"},
    {"GET /certsrv/mscep/mscep.dll/pkiclient.exe operation=GetCACaps&message=default 443 - 10.0.0.1 "
     "Mozilla/4.0+(compatible;+Win32;+NDES+client+10.0.26100.9278/ge_release_svc_prod3) - 404 0 0 15",
     "0x80190194|GetCACaps: the first request|the User-Agent"},
    {"GET /ejbca/publicweb/apply/scep/a/pkiclient.exe?operation=GetCACert&message=default HTTP/1.1\" 404 12",
     "0x80190194|GetCACert: the second request"},
    {"POST /certsrv/mscep/mscep.dll/pkiclient.exe operation=PKIOperation 443 - 10.0.0.1 - 200 0 0 250",
     "PKIOperation: the request itself"},
    {"Mozilla/4.0 (compatible; Win32; NDES client 10.0.26100.9278/ge_release_svc_prod3)",
     "the User-Agent"},
    {"dmcertinst.exe -s -k \"Software\\Microsoft\\SCEP\\MS DM Server\\ID\\Install\" -h HKCU -t ID",
     "dmcertinst.exe|the registry of a SCEP profile"},
    {"deviceenroller.exe /o {GUID} /c", "deviceenroller.exe"},
    {"HKLM\\SOFTWARE\\Microsoft\\SCEP\\Fleet\\id", "the registry of a SCEP profile"},
    {"The enrollment challenge password is: <B> HUNTER2HUNTER2HU </B>", "NDES' page mscep_admin"},
    {"The password cache is full.", "NDES has no room"},
    {"You do not have sufficient permission to enroll with SCEP.", "event 6"},
    {"The Network Device Enrollment Service cannot decrypt the client's PKCS7 message (0x80090005)",
     "event 18|0x80090005"},
    {"The password in the certificate request cannot be verified. It may have been used already.",
     "event 29"},
    {"EVENT_MSCEP_FAILED_RA_CERT", "event 10"},
    {"EVENT_MSCEP_FAIL_TO_DECODE", "event 16"},
    {"EVENT_MSCEP_FAIL_TO_RETRIEVE_INFO", "event 17"},
    {"EVENT_MSCEP_FAIL_SUBMIT", "event 31"},
    {"POST /CertificateRegistrationSvc/Certificate/VerifyRequest - 443 - NDES_Plugin - 201",
     "NDES asks Intune's policy module"},
    {"Verify challenge returns true", "Intune's policy module takes"},
    {"Exiting VerifyRequest with 0x0", "Intune's policy module has no objection"},
    {"4003 ScepRequestReceived", "event 4003"},
    {"4004 ScepVerifySuccess", "event 4004"},
    {"4006 ScepIssuedSuccess", "event 4006"},
    {"ChallengeExpired", "ChallengeExpired"},
    {"SubjectNameMismatch", "SubjectNameMismatch"},
    {"SubjectAltNameMismatch", "SubjectAltNameMismatch"},
    {"KeyUsageMismatch", "KeyUsageMismatch"},
    {"KeyLengthMismatch", "KeyLengthMismatch"},
    {"EnhancedKeyUsageMismatch", "EnhancedKeyUsageMismatch"},
    {"<Data msft:originalerror=\"0x86000002\">404</Data>", "0x86000002|SyncML status 404"},
    {"<Data msft:originalerror=\"0x800710DF\">500</Data>", "0x800710DF|SyncML status 500"},
    {"<Alert><CmdID>4</CmdID><Data>1226</Data><Item><Meta><Type>com.microsoft:mdm.SCEPcertinstall.result</Type>"
     "</Meta></Item></Alert>",
     "Alert 1226|the host reports the outcome"},
    {"<Alert><CmdID>4</CmdID><Data>1226</Data><Item><Meta><Type>com.microsoft:mdm.unenrollment.userrequest"
     "</Type></Meta><Data>1</Data></Item></Alert>",
     "Alert 1226|the host leaves"},
    {"Reversed-Domain-Name:com.microsoft.mdm.requestpending", "the host is still at work"},
    {"crypto/rsa: decryption error", "a SCEP server written in Go"},
};

#endif
