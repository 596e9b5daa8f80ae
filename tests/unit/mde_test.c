/* SPDX-License-Identifier: Apache-2.0 */
#include "mde/mde.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "wire/mdm.h"

#define DEVICE_ID "0123456789ABCDEF0123456789abcdef"

/* The prefixes of a real host; `header` and `body` are what differs between the three requests. */
#define SOAP(action, header, body)                                                        \
    "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING "\" xmlns:u=\"" NS_WSU \
    "\" xmlns:wsse=\"" NS_WSSE "\" xmlns:wst=\"" NS_WST "\" xmlns:ac=\"" NS_AUTHZ "\">\n" \
    "<s:Header><a:Action s:mustUnderstand=\"1\">" action "</a:Action>"                    \
    "<a:MessageID>urn:uuid:00000000-1111-2222-3333-444444444444</a:MessageID>" header     \
    "</s:Header>\n<s:Body>" body "</s:Body></s:Envelope>"
#define TOKEN                                                                       \
    "<wsse:Security s:mustUnderstand=\"1\"><wsse:UsernameToken u:Id=\"uuid-1\">"    \
    "<wsse:Username>alice</wsse:Username><wsse:Password wsse:Type=\"" PASSWORD_TEXT \
    "\"> pa&amp;ss </wsse:Password></wsse:UsernameToken></wsse:Security>"
#define DISCOVER(request) \
    SOAP(ACTION_DISCOVER, "", "<Discover xmlns=\"" NS_MDE "\">" request "</Discover>")
#define REQUEST                                                                                    \
    "<request><EmailAddress>alice@corp.example</EmailAddress><RequestVersion>4.0</RequestVersion>" \
    "<DeviceType>CIMClient_Windows</DeviceType>"                                                   \
    "<ApplicationVersion>10.0.1.2</ApplicationVersion><OSEdition>48</OSEdition>"                   \
    "<AuthPolicies><AuthPolicy>Federated</AuthPolicy><AuthPolicy>OnPremise</AuthPolicy>"           \
    "</AuthPolicies></request>"
#define ITEM(name, value) \
    "<ac:ContextItem Name=\"" name "\"><ac:Value>" value "</ac:Value></ac:ContextItem>"
#define CSR                                                                                    \
    "<wsse:BinarySecurityToken ValueType=\"" VALUE_PKCS10 "\" EncodingType=\"" ENCODING_BASE64 \
    "\">AQID\r\nBA==</wsse:BinarySecurityToken>"
#define RST                                                                                     \
    SOAP(ACTION_RST, TOKEN,                                                                     \
         "<wst:RequestSecurityToken><wst:TokenType>" TOKEN_DEVICE_ENROLLMENT "</wst:TokenType>" \
         "<wst:RequestType>" REQUEST_ISSUE "</wst:RequestType>" CSR                             \
         "<ac:AdditionalContext xmlns=\"" NS_AUTHZ "\">" ITEM("HWDevID", "AB12")                \
             ITEM("Locale", "de-DE") ITEM("OSEdition", "48") ITEM("DeviceName", "PC&lt;1")      \
                 ITEM("MAC", "00-00") ITEM("MAC", "00-01") ITEM("DeviceID", DEVICE_ID)          \
                     ITEM("EnrollmentType", "Full")                                             \
                         ITEM("OSVersion",                                                      \
                              "10.0.1.2") "</ac:AdditionalContext></wst:RequestSecurityToken>")

static struct arena arena;

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static void assert_text(struct span s, const char *wanted) {
    if (!span_is(s, wanted))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(s), wanted);
}

static struct mde_header header(const char *soap) {
    struct mde_header h;
    if (mde_read(&arena, span_str(soap), &h) != OK)
        fail_msg("%s", err_detail());
    return h;
}

static struct xml_node *tree(struct buf *b) {
    struct xml_node *root = NULL;
    if (xml_parse(&arena, buf_view(b), &root) != OK)
        fail_msg("%s: %s", buf_cstr(b), err_detail());
    return root;
}

static const char *with(const char *text, const char *old, const char *new) {
    const char *hit = strstr(text, old);
    if (!hit)
        fail_msg("\"%s\" does not stand in the request", old);
    return arena_printf(&arena, "%.*s%s%s", (int)(hit - text), text, new, hit + strlen(old));
}

static void assert_detail(const char *detail) {
    if (!strstr(err_detail(), detail))
        fail_msg("\"%s\" does not tell of \"%s\"", err_detail(), detail);
}

static void reads_the_header(void **state) {
    (void)state;
    struct mde_header h = header(RST);
    assert_text(h.action, ACTION_RST);
    assert_text(h.message_id, "urn:uuid:00000000-1111-2222-3333-444444444444");
    assert_text(h.username, "alice");
    assert_text(h.password, " pa&ss ");
    assert_text(h.body->name, "RequestSecurityToken");
    h = header(DISCOVER(REQUEST));
    assert_text(h.username, "");
    assert_text(h.password, "");
}

static void refuses_what_is_not_soap(void **state) {
    (void)state;
    static const struct {
        const char *soap, *detail;
    } cases[] = {
        {"", "XML"},
        {"<a/>", "root element is a"},
        {"<Envelope><Body><x/></Body></Envelope>", "Action"},
        {"<Envelope><Header><Action> </Action></Header><Body><x/></Body></Envelope>", "Action"},
        {"<Envelope><Header><Action>x</Action></Header></Envelope>", "Body"},
        {"<Envelope><Header><Action>x</Action></Header><Body/></Envelope>", "Body"},
        {"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Envelope/>", "document type"},
    };
    struct mde_header h;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(mde_read(&arena, span_str(cases[i].soap), &h), ERR_PARSE);
        assert_detail(cases[i].detail);
    }
}

static void reads_discover(void **state) {
    (void)state;
    struct mde_discover d;
    struct mde_header h = header(DISCOVER(REQUEST));
    assert_int_equal(mde_read_discover(&h, &d), OK);
    assert_text(d.email, "alice@corp.example");
    assert_text(d.request_version, "4.0");
    assert_text(d.device_type, "CIMClient_Windows");
    assert_text(d.application_version, "10.0.1.2");
    assert_text(d.os_edition, "48");
    assert_true(d.on_premise && d.federated);
    h = header(with(DISCOVER(REQUEST), "OnPremise", "Certificate"));
    assert_int_equal(mde_read_discover(&h, &d), OK);
    assert_true(!d.on_premise && d.federated);
    h = header(
        DISCOVER("<request><RequestVersion>1.0</RequestVersion><EmailAddress>a@b</EmailAddress>"
                 "</request>"));
    assert_int_equal(mde_read_discover(&h, &d), OK);
    assert_true(d.on_premise && !d.federated);
}

static void refuses_a_poor_discover(void **state) {
    (void)state;
    struct mde_discover d;
    struct mde_header h = header(RST);
    assert_int_equal(mde_read_discover(&h, &d), ERR_PARSE);
    assert_detail("RequestSecurityToken in the Body where Discover belongs");
    h = header(DISCOVER(""));
    assert_int_equal(mde_read_discover(&h, &d), ERR_PARSE);
    assert_detail("without request");
    h = header(with(DISCOVER(REQUEST), "alice@corp.example", ""));
    assert_int_equal(mde_read_discover(&h, &d), ERR_PARSE);
    assert_detail("EmailAddress");
    h = header(with(DISCOVER(REQUEST), "4.0", " "));
    assert_int_equal(mde_read_discover(&h, &d), ERR_PARSE);
    assert_detail("RequestVersion");
}

static void reads_the_token_request(void **state) {
    (void)state;
    struct mde_request_token t;
    struct mde_header h = header(RST);
    assert_int_equal(mde_read_request_token(&arena, &h, &t), OK);
    assert_text(t.token_type, TOKEN_DEVICE_ENROLLMENT);
    assert_text(t.request_type, REQUEST_ISSUE);
    assert_text(t.value_type, VALUE_PKCS10);
    assert_text(t.content, "\x01\x02\x03\x04");
    assert_text(t.device_id, DEVICE_ID);
    assert_text(t.hw_dev_id, "AB12");
    assert_text(t.device_name, "PC<1");
    assert_text(t.os_version, "10.0.1.2");
    assert_text(t.os_edition, "48");
    assert_text(t.enrollment_type, "Full");
    assert_text(t.locale, "de-DE");
    assert_false(t.renew);
    h = header(with(RST, REQUEST_ISSUE, REQUEST_RENEW));
    assert_int_equal(mde_read_request_token(&arena, &h, &t), OK);
    assert_true(t.renew);
    h = header(with(RST, "\"DeviceID\"", "\"deviceid\"")); /* a renewal may name none */
    assert_int_equal(mde_read_request_token(&arena, &h, &t), OK);
    assert_text(t.device_id, "");
}

static void knows_device_ids(void **state) {
    (void)state;
    static const char *const bad[] = {"", "0123456789ABCDEF0123456789abcde", DEVICE_ID "0",
                                      "0123456789ABCDEF0123456789abcdeg",
                                      "0123456789ABCDEF 123456789abcdef"};
    assert_true(mde_is_device_id(span_str(DEVICE_ID)));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(mde_is_device_id(span_str(bad[i])));
}

/* Whose request it is must not depend on which of two tokens a reader takes. */
static void reads_the_security_header(void **state) {
    (void)state;
#define BST \
    "<wsse:BinarySecurityToken ValueType=\"" VALUE_USER_TOKEN "\"> QUJD </wsse:BinarySecurityToken>"
    struct mde_header h = header(with(RST, "<wsse:UsernameToken", BST "<wsse:UsernameToken"));
    assert_true(h.has_security && !h.ambiguous);
    assert_text(h.token, "QUJD");
    assert_text(h.token_type, VALUE_USER_TOKEN);
    assert_text(h.username, "alice");
    h = header(DISCOVER(REQUEST));
    assert_true(!h.has_security && !h.ambiguous && !h.token.n);
    static const char *const twice[][2] = {
        {"<wsse:Security s:mustUnderstand=\"1\">", "<wsse:Security/>"},
        {"<wsse:UsernameToken u:Id=\"uuid-1\">", "<wsse:UsernameToken/>"},
        {"<wsse:Username>", "<wsse:Username>bob</wsse:Username>"},
        {"<wsse:Password", "<wsse:Password>x</wsse:Password>"},
        {"<wsse:UsernameToken u:Id=\"uuid-1\">", BST BST},
    };
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++) {
        h = header(with(RST, twice[i][0], arena_printf(&arena, "%s%s", twice[i][1], twice[i][0])));
        assert_true(h.ambiguous);
    }
}

static void refuses_a_poor_token_request(void **state) {
    (void)state;
    static const struct {
        const char *old, *new, *detail;
    } cases[] = {
        {"<wst:TokenType>" TOKEN_DEVICE_ENROLLMENT, "<wst:TokenType>", "TokenType"},
        {"<wst:RequestType>" REQUEST_ISSUE, "<wst:RequestType>", "RequestType"},
        {CSR, "", "BinarySecurityToken"},
        {"AQID\r\nBA==", " ", "BinarySecurityToken"},
        {"AQID\r\nBA==", "AQID*A==", "BinarySecurityToken"},
        {"AQID\r\nBA==", "AQIDBA=", "BinarySecurityToken"},
        {"<wst:RequestSecurityToken>", "<x/><wst:RequestSecurityToken>", "x in the Body"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mde_request_token t;
        struct mde_header h = header(with(RST, cases[i].old, cases[i].new));
        assert_int_equal(mde_read_request_token(&arena, &h, &t), ERR_PARSE);
        assert_detail(cases[i].detail);
        assert_null(strstr(err_detail(), "pa&ss"));
    }
}

static void answers_discover(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct mde_header h = header(DISCOVER(REQUEST));
    struct mde_discover_answer answer = {
        .version = "4.0",
        .policy_url = "https://mdm.example/P?a&b",
        .enrollment_url = "https://mdm.example/E",
    };
    mde_write_discover_response(&b, &h, &answer);
    struct xml_node *root = tree(&b);
    assert_text(root->ns, NS_SOAP);
    assert_text(xml_path_text(root, "Header/Action"), ACTION_DISCOVER_RESPONSE);
    assert_text(xml_attr(xml_path(root, "Header/Action"), "mustUnderstand"), "1");
    assert_text(xml_path_text(root, "Header/RelatesTo"),
                "urn:uuid:00000000-1111-2222-3333-444444444444");
    assert_text(xml_path_text(root, "Header/ActivityId"), "00000000-1111-2222-3333-444444444444");
    struct xml_node *result = xml_path(root, "Body/DiscoverResponse/DiscoverResult");
    assert_text(result->ns, NS_MDE);
    assert_text(xml_path_text(result, "AuthPolicy"), "OnPremise");
    assert_text(xml_path_text(result, "EnrollmentVersion"), "4.0");
    assert_text(xml_path_text(result, "EnrollmentPolicyServiceUrl"), "https://mdm.example/P?a&b");
    assert_text(xml_path_text(result, "EnrollmentServiceUrl"), "https://mdm.example/E");
    assert_null(xml_path(result, "AuthenticationServiceUrl"));
    assert_null(strchr(buf_cstr(&b), '\n'));
    buf_clear(&b);
    answer.version = "3.0";
    answer.sign_in_url = "https://mdm.example/A?a&b";
    mde_write_discover_response(&b, &h, &answer);
    result = xml_path(tree(&b), "Body/DiscoverResponse/DiscoverResult");
    assert_text(xml_path_text(result, "AuthPolicy"), "Federated");
    assert_text(xml_path_text(result, "EnrollmentVersion"), "3.0");
    assert_text(xml_path_text(result, "AuthenticationServiceUrl"), "https://mdm.example/A?a&b");
}

static void answers_get_policies(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct mde_header h = header(SOAP(ACTION_GET_POLICIES, TOKEN, "<GetPolicies/>"));
    mde_write_policies_response(&b, &h);
    struct xml_node *body = xml_path(tree(&b), "Body/GetPoliciesResponse");
    struct xml_node *attributes = xml_path(body, "response/policies/policy/attributes");
    assert_text(body->ns, NS_XCEP);
    assert_text(xml_path_text(attributes, "policySchema"), "3");
    assert_text(xml_path_text(attributes, "privateKeyAttributes/minimalKeyLength"), "2048");
    assert_text(xml_attr(xml_path(attributes, "privateKeyAttributes/algorithmOIDReference"), "nil"),
                "true");
    struct span reference = xml_path_text(attributes, "hashAlgorithmOIDReference");
    assert_true(span_eq(reference, xml_path_text(body, "oIDs/oID/oIDReferenceID")));
    assert_text(xml_path_text(body, "oIDs/oID/value"), "2.16.840.1.101.3.4.2.1");
}

static void answers_with_the_document(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct mde_header h = header(RST);
    mde_write_token_response(&b, &h, span_str("<doc/>"));
    struct xml_node *root = tree(&b);
    char now[CLOCK_ISO_SIZE];
    clock_iso(clock_ms(), now);
    struct span created = xml_path_text(root, "Header/Security/Timestamp/Created");
    assert_int_equal(created.n, 24);
    assert_memory_equal(created.p, now, 10);
    assert_true(memcmp(xml_path_text(root, "Header/Security/Timestamp/Expires").p, created.p, 24) >
                0);
    assert_text(xml_path_text(root, "Header/Action"), ACTION_RSTRC);
    struct xml_node *response =
        xml_path(root, "Body/RequestSecurityTokenResponseCollection/RequestSecurityTokenResponse");
    assert_text(response->ns, NS_WST);
    assert_text(xml_path_text(response, "TokenType"), TOKEN_DEVICE_ENROLLMENT);
    assert_text(xml_path_text(response, "RequestID"), "0");
    struct xml_node *token = xml_path(response, "RequestedSecurityToken/BinarySecurityToken");
    assert_text(token->ns, NS_WSSE);
    assert_text(xml_attr(token, "ValueType"), TOKEN_PROVISION_DOC);
    assert_text(xml_attr(token, "EncodingType"), ENCODING_BASE64);
    struct span doc;
    assert_int_equal(base64_decode(&arena, xml_text(token), &doc), OK);
    assert_text(doc, "<doc/>");
}

/* windows-mdm.md, C.7: each with its number, subcode and error type. */
static const struct {
    enum mde_fault fault;
    unsigned hresult;
    const char *subcode, *error_type;
} faults[] = {
    {MDE_MESSAGE_FORMAT, 0x80180001, "s:MessageFormat", NULL},
    {MDE_AUTHENTICATION, 0x80180002, "s:Authentication", NULL},
    {MDE_AUTHORIZATION, 0x80180003, "s:Authorization", NULL},
    {MDE_CERTIFICATE_REQUEST, 0x80180004, "s:CertificateRequest", NULL},
    {MDE_ENROLLMENT_SERVER, 0x80180005, "s:EnrollmentServer", NULL},
    {MDE_INTERNAL_SERVICE, 0x80180006, "a:InternalServiceFault", NULL},
    {MDE_INVALID_SECURITY, 0x80180007, "a:InvalidSecurity", NULL},
    {MDE_DEVICE_CAP_REACHED, 0x80180013, "s:Authorization", "DeviceCapReached"},
    {MDE_DEVICE_NOT_SUPPORTED, 0x80180014, "s:Authorization", "DeviceNotSupported"},
    {MDE_NOT_SUPPORTED, 0x80180015, "s:Authorization", "NotSupported"},
    {MDE_NOT_ELIGIBLE_TO_RENEW, 0x80180016, "s:Authorization", "NotEligibleToRenew"},
    {MDE_IN_MAINTENANCE, 0x80180017, "s:Authorization", "InMaintenance"},
    {MDE_USER_LICENSE, 0x80180018, "s:Authorization", "UserLicense"},
    {MDE_INVALID_ENROLLMENT_DATA, 0x80180019, "s:Authorization", "InvalidEnrollmentData"},
    {MDE_CUSTOM_SERVER_ERROR, 0x80180032, "s:Authorization", "CustomServerError"},
};

static void faults_are_in_pascal_case(void **state) {
    (void)state;
    struct mde_header h = header(RST);
    assert_int_equal(sizeof faults / sizeof *faults, MDE_FAULT__MAX);
    for (unsigned i = 0; i < MDE_FAULT__MAX; i++) {
        BUF_AUTO(b);
        mde_write_fault(&b, i % 2 ? &h : NULL, faults[i].fault, "no <good>");
        struct xml_node *root = tree(&b);
        struct xml_node *fault = xml_path(root, "Body/Fault");
        assert_int_equal(mde_fault_hresult(faults[i].fault), faults[i].hresult);
        assert_text(xml_path_text(fault, "Code/Value"), "s:Receiver");
        assert_text(xml_path_text(fault, "Code/Subcode/Value"), faults[i].subcode);
        assert_text(xml_path_text(fault, "Reason/Text"), "no <good>");
        assert_int_equal(xml_path(root, "Header/RelatesTo") != NULL, i % 2);
        struct xml_node *detail = xml_path(fault, "Detail/DeviceEnrollmentServiceError");
        assert_int_equal(detail != NULL, faults[i].error_type != NULL);
        if (!detail)
            continue;
        assert_text(detail->ns, NS_WSTEP);
        assert_text(xml_path_text(detail, "ErrorType"), faults[i].error_type);
        assert_text(xml_path_text(detail, "Message"), "no <good>");
        assert_text(xml_path_text(detail, "TraceId"),
                    i % 2 ? "00000000-1111-2222-3333-444444444444" : "");
    }
}

static void faults_answer_their_request(void **state) {
    (void)state;
    static const struct {
        const char *request, *answer;
    } actions[] = {
        {DISCOVER(REQUEST), ACTION_DISCOVER_RESPONSE},
        {SOAP(ACTION_GET_POLICIES, TOKEN, "<GetPolicies/>"), ACTION_GET_POLICIES_RESPONSE},
        {RST, ACTION_RSTRC}};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        BUF_AUTO(b);
        struct mde_header h = header(actions[i].request);
        mde_write_fault(&b, &h, MDE_AUTHENTICATION, "no");
        assert_text(xml_path_text(tree(&b), "Header/Action"), actions[i].answer);
    }
}

/* ---- The provisioning document ---- */

static const struct mde_provisioning provisioning = {
    .root_cert = {(const uint8_t *)"root", 4},
    .device_cert = {(const uint8_t *)"device", 6},
    .user_store = true,
    .provider_id = "Signet",
    .name = "Signet \"at\" <corp> & co",
    .management_url = "https://mdm.example/m?a=1&b=2",
    .subject = "CN=" DEVICE_ID ",O=a&b",
    .first_interval = 15,
    .first_retries = 8,
    .second_interval = 60,
    .second_retries = 24,
    .remaining_interval = 480,
};

static struct xml_node *provisioned(const struct mde_provisioning *p) {
    BUF_AUTO(b);
    if (mde_write_provisioning(&b, p) != OK)
        fail_msg("%s", err_detail());
    assert_null(strchr(buf_cstr(&b), '\n'));
    return tree(&b);
}

/* The characteristic at a path of types. */
static struct xml_node *group(struct xml_node *n, const char *path) {
    while (n && *path) {
        size_t length = strcspn(path, "/");
        struct span type = span_of(path, length);
        for (n = xml_child(n, "characteristic"); n; n = xml_next(n))
            if (span_eq(xml_attr(n, "type"), type))
                break;
        path += length + (path[length] == '/');
    }
    return n;
}

static struct span parm(const struct xml_node *n, const char *name) {
    for (n = xml_child(n, "parm"); n; n = xml_next(n))
        if (span_is(xml_attr(n, "name"), name))
            return xml_attr(n, "value");
    return span_str("(missing)");
}

static void provisions_certificates(void **state) {
    (void)state;
    struct xml_node *doc = provisioned(&provisioning);
    assert_text(doc->name, "wap-provisioningdoc");
    assert_text(xml_attr(doc, "version"), "1.1");
    /* SHA-1 of "root" and of "device", by sha1sum */
    struct xml_node *root =
        group(doc, "CertificateStore/Root/System/DC76E9F0C0006E8F919E0C515C66DBBA3982F785");
    assert_text(parm(root, "EncodedCertificate"), "cm9vdA==");
    struct xml_node *user = group(doc, "CertificateStore/My/User");
    assert_text(parm(user->child, "EncodedCertificate"), "ZGV2aWNl");
    assert_non_null(group(user, "PrivateKeyContainer"));
    assert_null(group(doc, "CertificateStore/My/System"));
    struct mde_provisioning p = provisioning;
    p.user_store = false;
    doc = provisioned(&p);
    assert_non_null(group(doc, "CertificateStore/My/System/PrivateKeyContainer"));
    assert_null(group(doc, "CertificateStore/My/User"));
    assert_text(parm(group(doc, "APPLICATION"), "SSLCLIENTCERTSEARCHCRITERIA"),
                "Subject=CN%3D" DEVICE_ID "%2CO%3Da%26b&Stores=My%5CSystem");
}

static void provisions_the_account(void **state) {
    (void)state;
    struct xml_node *w7 = group(provisioned(&provisioning), "APPLICATION");
    assert_text(parm(w7, "APPID"), "w7");
    assert_text(parm(w7, "PROVIDER-ID"), "Signet");
    assert_text(parm(w7, "NAME"), "Signet \"at\" <corp> & co");
    assert_text(parm(w7, "ADDR"), "https://mdm.example/m?a=1&b=2");
    assert_text(parm(w7, "ROLE"), "4294967295");
    assert_text(parm(w7, "CONNRETRYFREQ"), "6");
    assert_text(parm(w7, "INITIALBACKOFFTIME"), "30000");
    assert_text(parm(w7, "MAXBACKOFFTIME"), "120000");
    assert_text(parm(w7, "BACKCOMPATRETRYDISABLED"), "");
    assert_text(parm(w7, "DEFAULTENCODING"), TYPE_SYNCML);
    assert_text(parm(w7, "SSLCLIENTCERTSEARCHCRITERIA"),
                "Subject=CN%3D" DEVICE_ID "%2CO%3Da%26b&Stores=My%5CUser");
    struct xml_node *auth = group(w7, "APPAUTH");
    assert_text(parm(auth, "AAUTHLEVEL"), "CLIENT");
    assert_text(parm(xml_next(auth), "AAUTHLEVEL"), "APPSRV");
    assert_null(xml_next(xml_next(auth)));
}

static void provisions_the_schedule(void **state) {
    (void)state;
    struct xml_node *poll = group(provisioned(&provisioning), "DMClient/Provider/Signet/Poll");
    assert_text(parm(poll, "IntervalForFirstSetOfRetries"), "15");
    assert_text(parm(poll, "NumberOfFirstRetries"), "8");
    assert_text(parm(poll, "IntervalForSecondSetOfRetries"), "60");
    assert_text(parm(poll, "NumberOfSecondRetries"), "24");
    assert_text(parm(poll, "IntervalForRemainingScheduledRetries"), "480");
    assert_text(parm(poll, "NumberOfRemainingScheduledRetries"), "0");
    assert_text(parm(poll, "PollOnLogin"), "true");
    for (struct xml_node *n = poll->child; n; n = n->next)
        assert_text(xml_attr(n, "datatype"),
                    span_is(xml_attr(n, "name"), "PollOnLogin") ? "boolean" : "integer");
}

static void provisions_the_renewal(void **state) {
    (void)state;
    struct mde_provisioning p = provisioning;
    assert_null(group(provisioned(&p), "CertificateStore/My/WSTEP"));
    p.renew_url = "https://mdm.example/d?a&b";
    p.renew_days = 42;
    p.retry_days = 4;
    p.ent_dm_id = DEVICE_ID;
    p.upn = "alice@corp.example";
    p.device_name = "PC <1>";
    p.all_users_poll = true;
    struct xml_node *doc = provisioned(&p);
    struct xml_node *renew = group(doc, "CertificateStore/My/WSTEP/Renew");
    assert_text(parm(renew, "ROBOSupport"), "true");
    assert_text(parm(renew, "RenewPeriod"), "42");
    assert_text(parm(renew, "RetryInterval"), "4");
    assert_text(parm(renew, "ServerURL"), "https://mdm.example/d?a&b");
    assert_non_null(group(doc, "CertificateStore/My/User/PrivateKeyContainer"));
    struct xml_node *client = group(doc, "DMClient/Provider/Signet");
    assert_text(parm(client, "EntDMID"), DEVICE_ID);
    assert_text(parm(client, "UPN"), "alice@corp.example");
    assert_text(parm(client, "EntDeviceName"), "PC <1>");
    assert_text(parm(group(client, "Poll"), "AllUsersPollOnFirstLogin"), "true");
    for (struct xml_node *n = xml_child(client, "parm"); n; n = xml_next(n))
        assert_text(xml_attr(n, "datatype"), "string");
}

static void provisions_what_stands_between(void **state) {
    (void)state;
    const struct span cas[] = {span_str("device"), span_str("root")};
    struct mde_provisioning p = provisioning;
    assert_null(group(provisioned(&p), "CertificateStore/CA"));
    p.cas = cas;
    p.cas_count = 2;
    struct xml_node *store = xml_child(provisioned(&p)->child, "characteristic");
    assert_text(xml_attr(store, "type"), "Root");
    for (size_t i = 0; i < 2; i++) {
        store = xml_next(store);
        assert_text(xml_attr(store, "type"), "CA");
        struct xml_node *cert = group(store, "System")->child;
        assert_text(parm(cert, "EncodedCertificate"), i ? "cm9vdA==" : "ZGV2aWNl");
    }
}

static void provisions_secrets(void **state) {
    (void)state;
    const struct mde_app_auth auth = {"the-host", "its<secret", "ours", "bm9uY2U="};
    struct mde_provisioning p = provisioning;
    p.app_auth = &auth;
    struct xml_node *client = group(provisioned(&p), "APPLICATION/APPAUTH");
    assert_text(parm(client, "AAUTHLEVEL"), "CLIENT"); /* the server's, to the host */
    assert_text(parm(client, "AAUTHSECRET"), "ours");
    assert_text(parm(client, "AAUTHDATA"), "bm9uY2U=");
    struct xml_node *server = xml_next(client);
    assert_text(parm(server, "AAUTHLEVEL"), "APPSRV");
    assert_text(parm(server, "AAUTHNAME"), "the-host");
    assert_text(parm(server, "AAUTHSECRET"), "its<secret");
}

/* C.8: the new identity and the account that it is for, and nothing that would set the host up
 * anew.
 */
static void writes_a_renewal(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct mde_provisioning p = provisioning;
    p.user_store = false;
    assert_int_equal(mde_write_renewal(&b, &p), OK);
    struct xml_node *doc = tree(&b);
    struct xml_node *my = group(doc, "CertificateStore/My/System");
    assert_text(parm(my->child, "EncodedCertificate"), "ZGV2aWNl");
    assert_non_null(group(my, "PrivateKeyContainer"));
    assert_text(parm(group(doc, "APPLICATION"), "PROVIDER-ID"), "Signet");
    assert_text(parm(group(doc, "APPLICATION"), "ADDR"), "(missing)");
    assert_null(group(doc, "CertificateStore/Root"));
    assert_null(group(doc, "DMClient"));
}

static void writes_the_link(void **state) {
    (void)state;
    BUF_AUTO(b);
    mde_write_link(&b, "al ice&x@corp.example", "https://mdm.example:8443");
    assert_string_equal(buf_cstr(&b),
                        "ms-device-enrollment:?mode=mdm&username=al%20ice%26x%40corp.example"
                        "&servername=https%3A%2F%2Fmdm.example%3A8443");
}

static void refuses_to_provision_nonsense(void **state) {
    (void)state;
    static const char *const ids[] = {"", "My MDM", "a<b", "a&b", "a/b"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        BUF_AUTO(b);
        struct mde_provisioning p = provisioning;
        p.provider_id = ids[i];
        assert_int_equal(mde_write_provisioning(&b, &p), ERR_CONFIG);
        assert_detail("provider id");
    }
    BUF_AUTO(b);
    struct mde_provisioning p = provisioning;
    p.device_cert = SPAN_NONE;
    assert_int_equal(mde_write_provisioning(&b, &p), ERR_INTERNAL);
}

/* Every characteristic of the document that a real host accepted is in ours, at the same place. */
static void assert_covers(struct xml_node *theirs, struct xml_node *ours, const char *path) {
    for (struct xml_node *n = xml_child(theirs, "characteristic"); n; n = xml_next(n)) {
        struct span type = xml_attr(n, "type");
        const char *name =
            type.n == 40 || span_is(type, "DEMO MDM") ? NULL : arena_str(&arena, type);
        struct xml_node *match = name ? group(ours, name) : xml_child(ours, "characteristic");
        const char *here = arena_printf(&arena, "%s/%s", path, name ? name : "*");
        if (!match)
            fail_msg("ours has no %s", here);
        for (struct xml_node *m = xml_child(n, "parm"); m; m = xml_next(m))
            if (!span_is(xml_attr(m, "name"), "ServerList") && /* of that server's own making */
                span_is(parm(match, arena_str(&arena, xml_attr(m, "name"))), "(missing)"))
                fail_msg("%s: ours has no %.*s", here, SPAN_FMT(xml_attr(m, "name")));
        assert_covers(n, match, here);
    }
}

static void has_what_a_real_host_accepted(void **state) {
    (void)state;
    BUF_AUTO(text);
    const char *shared = getenv("SIGNET_SHARED");
    const char *path = arena_printf(&arena, "%s/captures/accepted-provisioningdoc.xml",
                                    shared ? shared : "../shared");
    if (file_read(path, 65536, &text) != OK) {
        print_message("skipped: %s\n", err_detail());
        skip();
    }
    struct xml_node *theirs = tree(&text);
    struct xml_node *app = group(theirs, "APPLICATION");
    assert_non_null(app);
    for (struct xml_node *n = app->child; n; n = n->next)
        if (span_is(xml_attr(n, "type"), "APPAUTH"))
            n->child = NULL; /* compared by provisions_the_account */
    assert_covers(theirs, provisioned(&provisioning), "");
}

/* The RequestSecurityToken of a real host; its CSR is long enough to be one. */
static void reads_a_captured_request(void **state) {
    (void)state;
    BUF_AUTO(text);
    const char *shared = getenv("SIGNET_SHARED");
    const char *path = arena_printf(&arena, "%s/captures/windows10-mdm-session.txt",
                                    shared ? shared : "../shared");
    if (file_read(path, 65536, &text) != OK) {
        print_message("skipped: %s\n", err_detail());
        skip();
    }
    const char *at = buf_cstr(&text), *end;
    unsigned requests = 0;
    for (; (at = strstr(at, "<s:Envelope")) && (end = strstr(at, "</s:Envelope>")); at = end) {
        struct mde_header h;
        struct mde_discover d;
        struct mde_request_token t;
        if (mde_read(&arena, span_of(at, (size_t)(end + 13 - at)), &h) != OK)
            continue; /* that server's answers: one of them is not even XML */
        if (span_is(h.action, ACTION_DISCOVER)) {
            assert_int_equal(mde_read_discover(&h, &d), OK);
            assert_true(d.on_premise && d.federated);
            requests++;
        }
        if (span_is(h.action, ACTION_RST)) {
            assert_int_equal(mde_read_request_token(&arena, &h, &t), OK);
            assert_text(t.enrollment_type, "Full");
            assert_int_equal(t.content.n, 722);
            requests++;
        }
    }
    assert_int_equal(requests, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_the_header, teardown),
        cmocka_unit_test_teardown(refuses_what_is_not_soap, teardown),
        cmocka_unit_test_teardown(reads_discover, teardown),
        cmocka_unit_test_teardown(refuses_a_poor_discover, teardown),
        cmocka_unit_test_teardown(reads_the_token_request, teardown),
        cmocka_unit_test_teardown(refuses_a_poor_token_request, teardown),
        cmocka_unit_test_teardown(knows_device_ids, teardown),
        cmocka_unit_test_teardown(reads_the_security_header, teardown),
        cmocka_unit_test_teardown(answers_discover, teardown),
        cmocka_unit_test_teardown(answers_get_policies, teardown),
        cmocka_unit_test_teardown(answers_with_the_document, teardown),
        cmocka_unit_test_teardown(faults_are_in_pascal_case, teardown),
        cmocka_unit_test_teardown(faults_answer_their_request, teardown),
        cmocka_unit_test_teardown(provisions_certificates, teardown),
        cmocka_unit_test_teardown(provisions_the_account, teardown),
        cmocka_unit_test_teardown(provisions_the_schedule, teardown),
        cmocka_unit_test_teardown(provisions_the_renewal, teardown),
        cmocka_unit_test_teardown(provisions_what_stands_between, teardown),
        cmocka_unit_test_teardown(provisions_secrets, teardown),
        cmocka_unit_test_teardown(writes_a_renewal, teardown),
        cmocka_unit_test_teardown(writes_the_link, teardown),
        cmocka_unit_test_teardown(refuses_to_provision_nonsense, teardown),
        cmocka_unit_test_teardown(has_what_a_real_host_accepted, teardown),
        cmocka_unit_test_teardown(reads_a_captured_request, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
