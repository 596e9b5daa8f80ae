/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces, actions, content types and numbers of MS-MDE2, MS-XCEP, MS-WSTEP and MS-MDM. */
#ifndef SIGNET_WIRE_MDM_H
#define SIGNET_WIRE_MDM_H

/* Namespaces */
#define NS_SOAP        "http://www.w3.org/2003/05/soap-envelope"
#define NS_ADDRESSING  "http://www.w3.org/2005/08/addressing"
#define NS_WSU         "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define NS_WSSE        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define NS_WST         "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
#define NS_AUTHZ       "http://schemas.xmlsoap.org/ws/2006/12/authorization"
#define NS_MDE         "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
#define NS_XCEP        "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
#define NS_WSTEP       "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
#define NS_DIAGNOSTICS "http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics"
#define NS_XSI         "http://www.w3.org/2001/XMLSchema-instance"
#define NS_XSD         "http://www.w3.org/2001/XMLSchema"
#define NS_SYNCML      "SYNCML:SYNCML1.2"
#define NS_METINF      "syncml:metinf"
#define NS_MOBILE_MDM  "http://schemas.microsoft.com/MobileDevice/MDM" /* of originalerror (B.2) */

/* SOAP actions */
#define ACTION_DISCOVER              NS_MDE "/IDiscoveryService/Discover"
#define ACTION_DISCOVER_RESPONSE     NS_MDE "/IDiscoveryService/DiscoverResponse"
#define ACTION_GET_POLICIES          NS_XCEP "/IPolicy/GetPolicies"
#define ACTION_GET_POLICIES_RESPONSE NS_XCEP "/IPolicy/GetPoliciesResponse"
#define ACTION_RST                   NS_WSTEP "/RST/wstep"
#define ACTION_RSTRC                 NS_WSTEP "/RSTRC/wstep"

/* Token and value types of the enrollment (windows-mdm.md, C.5) */
#define TOKEN_DEVICE_ENROLLMENT \
    "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken"
#define TOKEN_PROVISION_DOC \
    "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc"
#define REQUEST_ISSUE NS_WST "/Issue"
#define REQUEST_RENEW NS_WST "/Renew"
#define VALUE_PKCS10  NS_WSTEP "#PKCS10"
#define VALUE_PKCS7   NS_WSSE "#PKCS7" /* of a renewal (C.8) */
#define VALUE_USER_TOKEN \
    "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken"
#define ENCODING_BASE64 NS_WSSE "#base64binary"
#define PASSWORD_TEXT \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"

/* Paths that a Windows host asks for first (C.1) */
#define PATH_DISCOVERY "/EnrollmentServer/Discovery.svc"

/* What a host that enrolls calls itself (C.2) */
#define DEVICE_TYPE_WINDOWS "CIMClient_Windows"

/* Content types */
#define TYPE_SOAP   "application/soap+xml"
#define TYPE_SYNCML "application/vnd.syncml.dm+xml"

/* Alert codes and types (windows-mdm.md, B.3) */
enum syncml_alert {
    ALERT_SERVER_INITIATED = 1200,
    ALERT_CLIENT_INITIATED = 1201,
    ALERT_NEXT_MESSAGE = 1222,
    ALERT_SESSION_ABORT = 1223,
    ALERT_CLIENT_EVENT = 1224,
    ALERT_GENERIC = 1226,
};
#define ALERT_TYPE_LOGIN_STATUS "com.microsoft/MDM/LoginStatus"
#define ALERT_TYPE_UNENROLL     "com.microsoft:mdm.unenrollment.userrequest"
#define ALERT_TYPE_SCEP_RESULT  "com.microsoft:mdm.SCEPcertinstall.result"

/* Cred and Chal (windows-mdm.md, B.6) */
#define AUTH_MD5 "syncml:auth-md5"

/* Status codes (windows-mdm.md, B.4) */
enum syncml_status {
    SYNCML_OK = 200,
    SYNCML_ACCEPTED = 202,
    SYNCML_AUTHENTICATED = 212,
    SYNCML_CHUNK_TAKEN = 213,
    SYNCML_NOT_EXECUTED = 215,
    SYNCML_ROLLED_BACK = 216,
    SYNCML_BAD_REQUEST = 400,
    SYNCML_UNAUTHORIZED = 401,
    SYNCML_NOT_FOUND = 404,
    SYNCML_NOT_ALLOWED = 405,
    SYNCML_NOT_SUPPORTED = 406,
    SYNCML_TOO_LARGE = 413,
    SYNCML_NO_CREDENTIALS = 407,
    SYNCML_ALREADY_EXISTS = 418,
    SYNCML_COMMAND_FAILED = 500,
    SYNCML_ATOMIC_FAILED = 507,
};

/* Node paths below ./Device or ./User */
#define CSP_SCEP_ROOT  "/Vendor/MSFT/ClientCertificateInstall/SCEP"
#define CSP_PFX_ROOT   "/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall"
#define CSP_ROOT_CERTS "/Vendor/MSFT/RootCATrustedCertificates"
#define CSP_DM_CLIENT  "/Vendor/MSFT/DMClient"
#define CSP_DMACC      "/SyncML/DMAcc" /* at the root, beside ./Device */
#define CSP_WSTEP      "/Vendor/MSFT/CertificateStore/MY/WSTEP"

/* Begins the name of an account below CSP_DMACC; upper-case hex of the SHA-256 of its PROVIDER-ID,
 * in UTF-16, follows. */
#define DMACC_UID_PREFIX "0x0000800c"

#endif
