/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table, in the order of Microsoft's DDF files, and the walk along a path. One macro stands for
 * the certificate stores below RootCATrustedCertificates, which all have the same nodes.
 */
#include "csp/table.h"

#include "wire/mdm.h"

enum {
    A = CSP_ADD,
    D = CSP_DELETE,
    G = CSP_GET,
    R = CSP_REPLACE,
    X = CSP_EXEC,
    ADGR = A | D | G | R
};
enum { BOTH = CSP_DEVICE | CSP_USER };

#define CCI        "/Vendor/MSFT/ClientCertificateInstall"
#define PFX        CSP_PFX_ROOT "/{UniqueID}"
#define SCEP       CSP_SCEP_ROOT "/{UniqueID}"
#define DM_CLIENT  CSP_DM_CLIENT
#define PROVIDER   DM_CLIENT "/Provider/{ProviderID}"
#define FIRST_SYNC PROVIDER "/FirstSyncStatus"
#define RENEW      CSP_WSTEP "/Renew"

#define DMACC   CSP_DMACC "/{AccountUID}"
#define DM_ADDR DMACC "/AppAddr/{ObjectName}"
#define DM_AUTH DMACC "/AppAuth/{ObjectName}"
#define DM_EXT  DMACC "/Ext/Microsoft"

#define CERT_NODE(path, format, access, occurrence, scopes) \
    { CSP_ROOT_CERTS "/" path, format, access, occurrence, scopes, NULL, NULL }

#define CERT_STORE(store, scopes)                                                               \
    CERT_NODE(store, CSP_NODE, G, CSP_ONE, scopes),                                             \
        CERT_NODE(store "/{CertHash}", CSP_NODE, D | G, CSP_ZERO_OR_MORE, scopes),              \
        CERT_NODE(store "/{CertHash}/EncodedCertificate", CSP_B64, A | G | R, CSP_ONE, scopes), \
        CERT_NODE(store "/{CertHash}/IssuedBy", CSP_CHR, G, CSP_ONE, scopes),                   \
        CERT_NODE(store "/{CertHash}/IssuedTo", CSP_CHR, G, CSP_ONE, scopes),                   \
        CERT_NODE(store "/{CertHash}/ValidFrom", CSP_CHR, G, CSP_ONE, scopes),                  \
        CERT_NODE(store "/{CertHash}/ValidTo", CSP_CHR, G, CSP_ONE, scopes),                    \
        CERT_NODE(store "/{CertHash}/TemplateName", CSP_CHR, G, CSP_ONE, scopes)

/*
 * Two facts that are not in the DDF: Status is 32 until Exec (windows-mdm.md, A.1), and
 * AttestPrivateKey exists only in Insider builds, so it is left out.
 */
const struct csp_node csp_table[] = {
    {CCI, CSP_NODE, G, CSP_ONE, BOTH, NULL, NULL},
    {CSP_PFX_ROOT, CSP_NODE, G, CSP_ONE, BOTH, NULL, NULL},
    {PFX, CSP_NODE, ADGR, CSP_ZERO_OR_MORE, BOTH, NULL, NULL},
    {PFX "/KeyLocation", CSP_INT, A | G | R, CSP_ONE, BOTH, NULL, "1|2|3|4"},
    {PFX "/ContainerName", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {PFX "/PFXCertBlob", CSP_BIN, A | G | R, CSP_ONE, BOTH, NULL, NULL},
    {PFX "/PFXCertPassword", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {PFX "/PFXCertPasswordEncryptionType", CSP_INT, A | G | R, CSP_ZERO_OR_ONE, BOTH, "0", "0|1|2"},
    {PFX "/PFXKeyExportable", CSP_BOOL, A | G | R, CSP_ZERO_OR_ONE, BOTH, "true", "false|true"},
    {PFX "/Thumbprint", CSP_CHR, G, CSP_ONE, BOTH, NULL, NULL},
    {PFX "/Status", CSP_INT, G, CSP_ONE, BOTH, NULL, NULL},
    {PFX "/PFXCertPasswordEncryptionStore", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {CSP_SCEP_ROOT, CSP_NODE, G, CSP_ONE, BOTH, NULL, NULL},
    {SCEP, CSP_NODE, ADGR, CSP_ZERO_OR_MORE, BOTH, NULL, NULL},
    {SCEP "/Install", CSP_NODE, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/ServerURL", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/Challenge", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/EKUMapping", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/KeyUsage", CSP_INT, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/SubjectName", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/KeyProtection", CSP_INT, ADGR, CSP_ZERO_OR_ONE, BOTH, "3", "1|2|3|4"},
    {SCEP "/Install/RetryDelay", CSP_INT, ADGR, CSP_ZERO_OR_ONE, BOTH, "5", "0-4294967295"},
    {SCEP "/Install/RetryCount", CSP_INT, ADGR, CSP_ZERO_OR_ONE, BOTH, "3", "0-30"},
    {SCEP "/Install/TemplateName", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/KeyLength", CSP_INT, ADGR, CSP_ONE, BOTH, NULL, "1024|2048|4096"},
    {SCEP "/Install/HashAlgorithm", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/CAThumbprint", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/SubjectAlternativeNames", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/ValidPeriod", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, BOTH, "Days",
     "Days|Months|Years"},
    {SCEP "/Install/ValidPeriodUnits", CSP_INT, ADGR, CSP_ZERO_OR_ONE, BOTH, "0", NULL},
    {SCEP "/Install/ContainerName", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/CustomTextToShowInPrompt", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/Enroll", CSP_NULL, X, CSP_ONE, BOTH, NULL, NULL},
    {SCEP "/Install/AADKeyIdentifierList", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {SCEP "/CertThumbprint", CSP_CHR, G, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {SCEP "/Status", CSP_INT, G, CSP_ONE, BOTH, "32", NULL},
    {SCEP "/ErrorCode", CSP_INT, G, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {SCEP "/RespondentServerUrl", CSP_CHR, G, CSP_ONE, BOTH, NULL, NULL},
    {CSP_ROOT_CERTS, CSP_NODE, G, CSP_ONE, BOTH, NULL, NULL},
    CERT_STORE("CA", BOTH),
    CERT_STORE("OemEsim", BOTH),
    CERT_STORE("TrustedPublisher", BOTH),
    CERT_STORE("TrustedPeople", BOTH),
    CERT_STORE("UntrustedCertificates", BOTH),
    CERT_STORE("Root", CSP_DEVICE),
    {CSP_WSTEP, CSP_NODE, G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {CSP_WSTEP "/CertThumprint", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {RENEW, CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {RENEW "/RenewPeriod", CSP_INT, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, "42", "1-1000"},
    {RENEW "/ServerURL", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {RENEW "/RetryInterval", CSP_INT, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, "7", "1-1000"},
    {RENEW "/ROBOSupport", CSP_BOOL, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, "true", "true|false"},
    {RENEW "/Status", CSP_INT, G, CSP_ONE, CSP_DEVICE, "0", NULL},
    {RENEW "/ErrorCode", CSP_INT, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {RENEW "/LastRenewalAttemptTime", CSP_TIME, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {RENEW "/RenewNow", CSP_NULL, X, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {RENEW "/RetryAfterExpiryInterval", CSP_TIME, A | G | R, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_CLIENT, CSP_NODE, G, CSP_ONE, BOTH, NULL, NULL},
    {DM_CLIENT "/Provider", CSP_NODE, G, CSP_ONE, BOTH, NULL, NULL},
    {PROVIDER, CSP_NODE, A | D | G, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {FIRST_SYNC, CSP_NODE, A | D | G, CSP_ZERO_OR_ONE, BOTH, NULL, NULL},
    {FIRST_SYNC "/ExpectedPolicies", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {FIRST_SYNC "/ExpectedNetworkProfiles", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {FIRST_SYNC "/ExpectedMSIAppPackages", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {FIRST_SYNC "/ExpectedModernAppPackages", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {FIRST_SYNC "/ExpectedPFXCerts", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {FIRST_SYNC "/ExpectedSCEPCerts", CSP_CHR, ADGR, CSP_ONE, BOTH, NULL, NULL},
    {FIRST_SYNC "/ServerHasFinishedProvisioning", CSP_BOOL, G | R, CSP_ONE, BOTH, NULL,
     "false|true"},
    {FIRST_SYNC "/IsSyncDone", CSP_BOOL, G | R, CSP_ONE, BOTH, NULL, "false|true"},
    {FIRST_SYNC "/WasDeviceSuccessfullyProvisioned", CSP_INT, G | R, CSP_ONE, BOTH, NULL, "0|1|2"},
    {PROVIDER "/EntDeviceName", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/EntDMID", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/ManagementServiceAddress", CSP_CHR, G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/UPN", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/RequireMessageSigning", CSP_BOOL, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, "false",
     "false|true"},
    {PROVIDER "/SyncApplicationVersion", CSP_CHR, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, "1.0", NULL},
    {PROVIDER "/MaxSyncApplicationVersion", CSP_CHR, G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Unenroll", CSP_NULL, X | G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/AADResourceID", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/AADDeviceID", CSP_CHR, G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/EnrollmentType", CSP_CHR, G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/EnableOmaDmKeepAliveMessage", CSP_BOOL, G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, "false",
     "false|true"},
    {PROVIDER "/HWDevID", CSP_CHR, G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/ManagementServerAddressList", CSP_CHR, G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL,
     NULL},
    {PROVIDER "/NumberOfDaysAfterLostContactToUnenroll", CSP_INT, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE,
     NULL, NULL},
    {PROVIDER "/Push", CSP_NODE, A | D | G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Push/PFN", CSP_CHR, ADGR, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Push/ChannelURI", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Push/Status", CSP_INT, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Poll", CSP_NODE, A | D | G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Poll/IntervalForFirstSetOfRetries", CSP_INT, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE,
     NULL, NULL},
    {PROVIDER "/Poll/NumberOfFirstRetries", CSP_INT, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Poll/IntervalForSecondSetOfRetries", CSP_INT, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE,
     NULL, NULL},
    {PROVIDER "/Poll/NumberOfSecondRetries", CSP_INT, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL,
     NULL},
    {PROVIDER "/Poll/IntervalForRemainingScheduledRetries", CSP_INT, ADGR, CSP_ZERO_OR_ONE,
     CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Poll/NumberOfRemainingScheduledRetries", CSP_INT, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE,
     NULL, NULL},
    {PROVIDER "/Poll/PollOnLogin", CSP_BOOL, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE, "false",
     "false|true"},
    {PROVIDER "/Poll/AllUsersPollOnFirstLogin", CSP_BOOL, ADGR, CSP_ZERO_OR_ONE, CSP_DEVICE,
     "false", "false|true"},
    {PROVIDER "/Recovery", CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/Recovery/AllowRecovery", CSP_INT, G | R, CSP_ONE, CSP_DEVICE, "0", "1|0"},
    {PROVIDER "/Recovery/InitiateRecovery", CSP_INT, X, CSP_ONE, CSP_DEVICE, "0", "0|1"},
    {PROVIDER "/Recovery/RecoveryStatus", CSP_INT, G, CSP_ONE, CSP_DEVICE, "0", NULL},
    {PROVIDER "/ConfigRefresh", CSP_NODE, A | D | G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {PROVIDER "/ConfigRefresh/Enabled", CSP_BOOL, ADGR, CSP_ONE, CSP_DEVICE, "false", "true|false"},
    {PROVIDER "/ConfigRefresh/Cadence", CSP_INT, ADGR, CSP_ONE, CSP_DEVICE, "90", "30-1440"},
    {PROVIDER "/ConfigRefresh/PausePeriod", CSP_INT, ADGR, CSP_ONE, CSP_DEVICE, "0", "0-1440"},
    {DM_CLIENT "/Unenroll", CSP_NULL, X | G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_CLIENT "/HWDevID", CSP_CHR, G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {CSP_DMACC, CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DMACC, CSP_NODE, ADGR, CSP_ZERO_OR_MORE, CSP_DEVICE, NULL, NULL},
    {DMACC "/AppID", CSP_CHR, A | G | R, CSP_ONE, CSP_DEVICE, "w7", "w7"},
    {DMACC "/ServerID", CSP_CHR, A | G | R, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DMACC "/Name", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DMACC "/PrefConRef", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DMACC "/AppAddr", CSP_NODE, A | G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_ADDR, CSP_NODE, A | G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_ADDR "/Addr", CSP_CHR, A | G | R, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_ADDR "/AddrType", CSP_CHR, A | G | R, CSP_ONE, CSP_DEVICE, "URI", "URI|IPv4"},
    {DM_ADDR "/Port", CSP_NODE, A | G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DM_ADDR "/Port/{ObjectName}", CSP_NODE, A | G | R, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_ADDR "/Port/{ObjectName}/PortNbr", CSP_CHR, A | G | R, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DMACC "/AAuthPref", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, "BASIC|DIGEST"},
    {DMACC "/AppAuth", CSP_NODE, A | G, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DM_AUTH, CSP_NODE, A | G, CSP_ONE_OR_MORE, CSP_DEVICE, NULL, NULL},
    {DM_AUTH "/AAuthLevel", CSP_CHR, A | G | R, CSP_ONE, CSP_DEVICE, NULL, "CLCRED|SRVCRED"},
    {DM_AUTH "/AAuthType", CSP_CHR, A | G | R, CSP_ONE, CSP_DEVICE, NULL, "BASIC|DIGEST"},
    {DM_AUTH "/AAuthName", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DM_AUTH "/AAuthSecret", CSP_CHR, A | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DM_AUTH "/AAuthData", CSP_BIN, A | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DMACC "/Ext", CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_EXT, CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_EXT "/Role", CSP_INT, G | R, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {DM_EXT "/ProtoVer", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, "1.1|1.2"},
    {DM_EXT "/DefaultEncoding", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL,
     "application/vnd.syncml.dm+xml|application/vnd.syncml.dm+wbxml"},
    {DM_EXT "/UseHwDevID", CSP_BOOL, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, "false", NULL},
    {DM_EXT "/ConnRetryFreq", CSP_INT, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, "3", NULL},
    {DM_EXT "/InitialBackOffTime", CSP_INT, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, "16000", NULL},
    {DM_EXT "/MaxBackOffTime", CSP_INT, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, "86400000", NULL},
    {DM_EXT "/BackCompatRetryDisabled", CSP_BOOL, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, "false",
     NULL},
    {DM_EXT "/UseNonceResync", CSP_BOOL, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, "false", NULL},
    {DM_EXT "/CRLCheck", CSP_BOOL, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DM_EXT "/DisableOnRoaming", CSP_BOOL, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {DM_EXT "/SSLCLIENTCERTSEARCHCRITERIA", CSP_CHR, A | G | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL,
     NULL},
    {DM_EXT "/InitiateSession", CSP_NULL, A | R, CSP_ZERO_OR_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevInfo", CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevInfo/DevId", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevInfo/Man", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevInfo/Mod", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevInfo/DmV", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevInfo/Lang", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail", CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/URI", CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/URI/MaxDepth", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/URI/MaxTotLen", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/URI/MaxSegLen", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/DevTyp", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/OEM", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/FwV", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/SwV", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/HwV", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/LrgObj", CSP_BOOL, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext", CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft", CSP_NODE, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/ProcessorArchitecture", CSP_INT, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/ProcessorType", CSP_INT, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/OSPlatform", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/LocalTime", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/DeviceName", CSP_CHR, G | R, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/DNSComputerName", CSP_CHR, G | R, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/TotalStorage", CSP_INT, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/FreeStorage", CSP_INT, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/TotalRAM", CSP_INT, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/SMBIOSSerialNumber", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/SMBIOSVersion", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/Microsoft/SystemSKU", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/WLANMACAddress", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
    {"/DevDetail/Ext/DeviceHardwareData", CSP_CHR, G, CSP_ONE, CSP_DEVICE, NULL, NULL},
};

const size_t csp_table_size = sizeof csp_table / sizeof csp_table[0];

/* Cuts the first step off "/a/b/c": returns "a" and leaves "/b/c". */
static struct span next_step(struct span *path) {
    struct span rest = span_from(*path, 1);
    ptrdiff_t slash = span_find(rest, '/');
    size_t n = slash < 0 ? rest.n : (size_t)slash;
    *path = span_from(rest, n);
    return span_of(rest.p, n);
}

static bool path_matches(struct span path, struct span pattern) {
    while (path.n && pattern.n) {
        struct span step = next_step(&path);
        struct span wanted = next_step(&pattern);
        if (!step.n || (wanted.p[0] != '{' && !span_eq(step, wanted)))
            return false;
    }
    return !path.n && !pattern.n;
}

/* The scope that the LocURI names; `path` becomes what stands below it, with its slash. */
static enum csp_scope split_scope(struct span uri, struct span *path) {
    static const char user[] = "./User", device[] = "./Device";
    if (span_starts(uri, "./User/")) {
        *path = span_from(uri, sizeof user - 1);
        return CSP_USER;
    }
    *path = span_from(uri, span_starts(uri, "./Device/") ? sizeof device - 1 : 1);
    return CSP_DEVICE;
}

/* DevInfo, DevDetail and SyncML stand at the root, beside ./Device. */
static bool is_root_object(struct span path) {
    return !span_starts(path, "/Vendor/");
}

const struct csp_node *csp_find(struct span loc_uri) {
    struct span path;
    if (!span_starts(loc_uri, "./"))
        return NULL;
    enum csp_scope scope = split_scope(loc_uri, &path);
    if (is_root_object(path) && path.p != loc_uri.p + 1)
        return NULL;
    for (size_t i = 0; i < csp_table_size; i++)
        if ((csp_table[i].scopes & scope) && path_matches(path, span_str(csp_table[i].path)))
            return &csp_table[i];
    return NULL;
}

const char *csp_format_name(enum csp_format f) {
    static const char *const names[] = {
        [CSP_NODE] = "node", [CSP_INT] = "int", [CSP_CHR] = "chr",   [CSP_BOOL] = "bool",
        [CSP_BIN] = "bin",   [CSP_B64] = "b64", [CSP_NULL] = "null", [CSP_TIME] = "time",
    };
    return names[f];
}
