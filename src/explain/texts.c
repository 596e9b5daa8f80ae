/* SPDX-License-Identifier: Apache-2.0 */
/* Texts without a number of their own, from a host's folders and a SCEP server's logs. */
#include "explain/entry.h"

#define NDES "windows-scep.md 5"
#define TEXT(needle, name, here, cause, cure, steps, evidence, fact)      \
    {                                                                     \
        needle, {                                                         \
            0, NULL, name, NULL, here, cause, cure, steps, evidence, fact \
        }                                                                 \
    }
#define MISMATCH(word, what)                                                                  \
    {                                                                                         \
        word, {                                                                               \
            0, NULL, word, NULL,                                                              \
                "Intune's policy module refuses the request: " what " is not the profile's",  \
                "the host asked for something else than the challenge was made for",          \
                "let profile and request agree; the host gets the profile anew", STEP_SUBMIT, \
                EXPLAIN_DOCUMENTED, NDES " (Intune-Resource-Access)"                          \
        }                                                                                     \
    }

static const struct explain_phrase list[] = {
    TEXT(
        "dmcertinst.exe", "dmcertinst.exe: the SCEP task of the host",
        "Windows enrolls by SCEP with this program: -k the registry key of the profile, -h HKLM or HKCU, "
        "-t the UniqueID",
        "a good step: Exec of Install/Enroll was accepted",
        "its outcome stands in the events 32, 39, 309", STEP_TASK, EXPLAIN_SEEN,
        "windows-scep.md 6.2; windows-mdm.md A.1"),
    TEXT("deviceenroller.exe", "deviceenroller.exe: a management session of the host",
         "the scheduled tasks of an enrollment start it; with /c /r /d it renews the MDM identity",
         "a good step", "nothing to do", STEP_SESSION, EXPLAIN_SEEN, "windows-mdm.md B.7, C.8"),
    TEXT(
        "NDES client", "the User-Agent of the Windows SCEP client",
        "a Windows host asks: by MDM, or certreq.exe. The number after it is the build of Windows, such as "
        "10.0.26100 of Windows 11 24H2",
        "a good step: the host reaches the server", "see the status of the same line", STEP_HTTP,
        EXPLAIN_SEEN, "windows-scep.md 1.8"),
    TEXT(
        "NDES+client", "the User-Agent of the Windows SCEP client, as IIS logs it",
        "a Windows host asks: by MDM, or certreq.exe. The number after it is the build of Windows, such as "
        "10.0.26100 of Windows 11 24H2",
        "a good step: the host reaches the server", "see the status of the same line", STEP_HTTP,
        EXPLAIN_SEEN, "windows-scep.md 1.8"),
    TEXT(
        "operation=GetCACaps", "GetCACaps: the first request of an enrollment",
        "Windows asks ServerURL/pkiclient.exe?operation=GetCACaps&message=default",
        "message=default is fixed in Windows; a server that takes it for the name of a CA answers 404 "
        "(EJBCA)",
        "let the server ignore message, and answer below its path", STEP_CAPS, EXPLAIN_SEEN,
        "windows-scep.md 1.3, 1.4; fleetdm/fleet issue 53703"),
    TEXT("operation=GetCACertChain", "GetCACertChain: instead of GetCACert",
         "Windows asks it when the capabilities list GetCaCertChain", "an extension of Microsoft's",
         "do not list GetCaCertChain unless it is served", STEP_CA, EXPLAIN_SEEN,
         "windows-scep.md 1.7"),
    TEXT(
        "operation=GetCACert&", "GetCACert: the second request",
        "Windows asks ServerURL/pkiclient.exe?operation=GetCACert&message=default",
        "a good step; if no PKIOperation follows, Windows refused the answer",
        "CAThumbprint must be of a certificate in it, with an RA that can sign and decrypt: signet probe "
        "URL",
        STEP_CA, EXPLAIN_SEEN, "windows-scep.md 1.3, 2.2"),
    TEXT("operation=PKIOperation", "PKIOperation: the request itself",
         "the host has made key and request, and sends it; 200 says only that the server answered",
         "a refusal (CertRep FAILURE) is 200, too", "look at the CertRep: pkiStatus and failInfo",
         STEP_SUBMIT, EXPLAIN_SEEN, "windows-scep.md 1.4, 1.5"),
    TEXT(
        "com.microsoft:mdm.SCEPcertinstall.result",
        "the host reports the outcome of a SCEP profile",
        "an alert in the first message of a session, about two seconds after Exec; what its Data says is "
        "not known",
        "the SCEP task has ended, or has failed", "ask Status, ErrorCode and CertThumbprint",
        STEP_SESSION, EXPLAIN_SEEN, "windows-mdm.md A.6, B.3"),
    TEXT("com.microsoft:mdm.unenrollment.userrequest", "the host leaves",
         "its user has ended the enrollment (Disconnect)",
         "the host says so once, and deletes the certificates of the enrollment",
         "revoke what it has: signet does so by itself", STEP_SESSION, EXPLAIN_SEEN,
         "windows-mdm.md B.3, C.9"),
    TEXT("mdm.requestpending", "the host is still at work",
         "keep-alive of a session: answered with a status and Final", "a command takes its time",
         "nothing to do", STEP_SESSION, EXPLAIN_DOCUMENTED, "windows-mdm.md B.3"),
    TEXT(
        "The enrollment challenge password is", "NDES' page mscep_admin with a challenge",
        "whoever has this page has a one-time password, good for 60 minutes; it is not repeated here",
        "NDES keeps five at a time", "use it once; treat the page as a secret", STEP_CSP,
        EXPLAIN_SEEN, NDES),
    TEXT("The password cache is full", "NDES has no room for another challenge",
         "five one-time passwords (PasswordMax) wait to be used",
         "challenges were fetched and not used",
         "wait for 60 minutes, restart NDES' pool, or raise PasswordMax", STEP_CSP, EXPLAIN_SEEN,
         NDES),
    TEXT("CertificateRegistrationSvc", "NDES asks Intune's policy module",
         "NDES gives the request to the connector, which judges the challenge (VerifyRequest)",
         "a good step: 201 or 200 is an answer", "the module's own log has the verdict",
         STEP_SUBMIT, EXPLAIN_SEEN, NDES),
    TEXT("Verify challenge returns true", "Intune's policy module takes the challenge",
         "the challenge is good, and the request is the profile's", "a good step",
         "if nothing is issued, look at the CA", STEP_SUBMIT, EXPLAIN_SEEN, NDES),
    TEXT("Exiting VerifyRequest with 0x0", "Intune's policy module has no objection",
         "VerifyRequest ended well", "a good step", "if nothing is issued, look at the CA",
         STEP_SUBMIT, EXPLAIN_SEEN, NDES),
    TEXT("ChallengeExpired", "ChallengeExpired",
         "Intune's policy module refuses the request: the challenge is too old",
         "the host was away between profile and request", "the host gets the profile anew",
         STEP_SUBMIT, EXPLAIN_DOCUMENTED, NDES " (Intune-Resource-Access)"),
    MISMATCH("SubjectNameMismatch", "the subject"),
    MISMATCH("SubjectAltNameMismatch", "the subject alternative name"),
    MISMATCH("EnhancedKeyUsageMismatch", "the extended key usage"),
    MISMATCH("KeyUsageMismatch", "the key usage"),
    MISMATCH("KeyLengthMismatch", "the key length"),
    TEXT(
        "crypto/rsa: decryption error", "a SCEP server written in Go cannot decrypt the request",
        "Windows encrypts the key with RSAES-OAEP; a server that tries PKCS#1 v1.5 fails so",
        "an old micromdm/scep, step-ca or their relatives; or a certificate of which it has not the key",
        "use a version that knows OAEP, or signet gateway add --mode ra before it", STEP_SUBMIT,
        EXPLAIN_INFERRED, "windows-scep.md 3 (OAEP)"),
    TEXT(
        "SOFTWARE\\Microsoft\\SCEP\\", "the registry of a SCEP profile",
        "Status: 0x20 not finished, 0x1 done, 0x2 pending, 0x10 failed; ErrorCode: the HRESULT; "
        "CertThumbprint: the certificate; below Install the values of the profile; below it Challenge, "
        "encrypted, until it is used",
        "the host keeps each profile below the name of its MDM server",
        "export it: signet explain FILE.reg", STEP_TASK | STEP_CERT, EXPLAIN_SEEN,
        "windows-scep.md 6.2; windows-mdm.md A.1"),
    TEXT("mscep_admin", "NDES' page for challenges",
         "an administrator's account fetches a one-time password",
         "a good step, unless the page says that it cannot",
         "signet gateway add --ndes URL uses it", STEP_CSP, EXPLAIN_SEEN, NDES),
};

const struct explain_phrases explain_texts = {list, sizeof list / sizeof *list};
