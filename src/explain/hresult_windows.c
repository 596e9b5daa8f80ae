/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes that are not of SCEP, and that a host, a CA or a console shows all the same: any part of
 * Windows may say them. Names and messages are documented; what they mean for a SCEP enrollment is
 * not, and so no cause is given that nobody has seen.
 */
#include "explain/entry.h"

#define WINERROR "winerror.h has name and message; not seen in SCEP on a host"
#define WHERE_ELSE \
    "look at the event beside it, or the command that it answers: it names what was attempted"

static const struct explain_entry entries[] = {
    {0x80070002, NULL, "ERROR_FILE_NOT_FOUND", "The system cannot find the file specified.",
     "something that the host looked for is not there: a file, a key of the registry or a node",
     "not known for SCEP; in event 404 of Policy/ConfigOperations/ADMXInstall it was reported, and harmless",
     WHERE_ELSE, 0, EXPLAIN_DOCUMENTED, WINERROR},
    {0x80070005, NULL, "E_ACCESSDENIED", "Access is denied.",
     "an account of the host, the CA or the SCEP server may not do what it attempted",
     "not known for SCEP", WHERE_ELSE, 0, EXPLAIN_DOCUMENTED, WINERROR},
    {0x8007000E, NULL, "E_OUTOFMEMORY",
     "Not enough memory resources are available to complete this operation.",
     "a part of the host or of the SCEP server found no memory", "not known for SCEP", WHERE_ELSE,
     0, EXPLAIN_DOCUMENTED, WINERROR},
    {0x8009000F, NULL, "NTE_EXISTS", "Object already exists.",
     "the key store has an object of that name already", "not known for SCEP",
     "see whether the profile names a ContainerName that is in use", STEP_REQUEST,
     EXPLAIN_DOCUMENTED, WINERROR},
    {0x80090016, NULL, "NTE_BAD_KEYSET", "Keyset does not exist",
     "the key store has no key of that name: the key of a request or of a certificate is gone",
     "not known for SCEP", "assign the profile anew: it makes a new key", STEP_REQUEST | STEP_CERT,
     EXPLAIN_DOCUMENTED, WINERROR},
    {0x80090030, NULL, "NTE_DEVICE_NOT_READY",
     "The device that is required by this cryptographic provider is not ready for use.",
     "the device that holds the keys, such as the TPM, does not answer", "not known for SCEP",
     "look at the TPM of the host (Get-Tpm in PowerShell); KeyProtection 3 makes the key in software",
     STEP_REQUEST, EXPLAIN_DOCUMENTED, WINERROR},
    {0x80094800, NULL, "CERTSRV_E_UNSUPPORTED_CERT_TYPE",
     "The requested certificate template is not supported by this CA.",
     "the CA's verdict on the request: an enterprise CA does not issue by this template",
     "the template is not published on the CA; NDES asks for the one that its registry names for the "
     "KeyUsage (SignatureTemplate, EncryptionTemplate, GeneralPurposeTemplate)",
     "publish the template on the CA, or name another one in NDES' registry", STEP_SUBMIT,
     EXPLAIN_DOCUMENTED, WINERROR "; NDES: windows-scep.md 5"},
    {0x80284001, NULL, "TBS_E_INTERNAL_ERROR",
     "An internal error has occurred within the Trusted Platform Module support program.",
     "the service through which Windows speaks to the TPM failed", "not known for SCEP",
     "look at the TPM of the host (Get-Tpm in PowerShell); KeyProtection 3 makes the key in software",
     STEP_REQUEST, EXPLAIN_DOCUMENTED, WINERROR},
    {0x87D1FDE8, NULL, "(Intune)", "Remediation failed",
     "Intune's console, not the host: a setting of a profile was not applied",
     "what failed stands on the host, not in this number",
     "look on the host: event 404 for a command of the profile, 32, 307 and 309 for SCEP", 0,
     EXPLAIN_DOCUMENTED, "Microsoft, Common error codes and descriptions in Microsoft Intune"},
};

const struct explain_table explain_hresult_windows = {entries, sizeof entries / sizeof *entries};
