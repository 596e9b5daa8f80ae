/* SPDX-License-Identifier: Apache-2.0 */
#include "record/values.h"

#include <ctype.h>

#include "csp/table.h"
#include "record/words.h"
#include "wire/mdm.h"

/* ---- rules ---- */

static void show_form(const struct tree *t, struct span s) {
    word_form(t->out, s);
}

/* Where names stand, and nowhere else: a password that is somebody's name would be told by it. */
static void show_name(const struct tree *t, struct span s) {
    pseudonym_form(t->names, t->out, s);
}
static void show_word(const struct tree *t, struct span s) {
    word_or_form(t->out, s);
}
static void show_number(const struct tree *t, struct span s) {
    word_number(t->out, s);
}
static void show_pieces(const struct tree *t, struct span s) {
    word_pieces(t->out, s);
}

/* "en-US" */
static void show_language(const struct tree *t, struct span s) {
    bool fits = s.n == 5 && islower(s.p[0]) && islower(s.p[1]) && s.p[2] == '-' &&
                isupper(s.p[3]) && isupper(s.p[4]);
    if (fits)
        buf_span(t->out, s);
    else
        word_form(t->out, s);
}

static size_t find_any(struct span s, const char *set) {
    size_t n = 0;
    while (n < s.n && !(s.p[n] && strchr(set, s.p[n])))
        n++;
    return n;
}

static void show_quoted(const struct tree *t, struct span s) {
    bool quoted = s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    if (quoted)
        buf_char(t->out, '"');
    show_name(t, quoted ? span_of(s.p + 1, s.n - 2) : s);
    if (quoted)
        buf_char(t->out, '"');
}

/* "CN=<printable, 4 characters>,OU=...": the types, and the form of each value between its quotes.
 */
static void show_x500(const struct tree *t, struct span s) {
    for (bool first = true; s.n || first; first = false) {
        size_t equals = find_any(s, "=,;"), end;
        bool quoted = equals + 1 < s.n && s.p[equals] == '=' && s.p[equals + 1] == '"';
        end = quoted ? equals + 2 + find_any(span_from(s, equals + 2), "\"") : equals;
        end += find_any(span_from(s, end), ",;+");
        if (equals < s.n && s.p[equals] == '=') {
            word_or_form(t->out, span_trim(span_of(s.p, equals)));
            buf_char(t->out, '=');
            show_quoted(t, span_of(s.p + equals + 1, end - equals - 1));
        } else {
            show_name(t, span_of(s.p, end));
        }
        if (end < s.n)
            buf_char(t->out, (char)s.p[end]);
        s = span_from(s, end + 1);
    }
}

/* "11+<name@domain, 17 characters>;3+...": type and form of each. */
static void show_san(const struct tree *t, struct span s) {
    for (bool first = true; s.n || first; first = false) {
        size_t end = find_any(s, ";"), plus = find_any(span_of(s.p, end), "+");
        if (plus < end) {
            word_number(t->out, span_of(s.p, plus));
            buf_char(t->out, '+');
            show_name(t, span_of(s.p + plus + 1, end - plus - 1));
        } else {
            show_name(t, span_of(s.p, end));
        }
        if (end < s.n)
            buf_char(t->out, ';');
        s = span_from(s, end + 1);
    }
}

void value_uri(const struct tree *t, struct span uri) {
    if (!span_starts(uri, "./")) {
        show_name(t, uri);
        return;
    }
    buf_char(t->out, '.');
    for (uri = span_from(uri, 1); uri.n;) {
        size_t n = find_any(span_from(uri, 1), "/");
        struct span step = span_of(uri.p + 1, n);
        buf_char(t->out, '/');
        if (n && word_known(step))
            buf_span(t->out, step);
        else if (n)
            show_name(t, step);
        uri = span_from(uri, n + 1);
    }
}

/* ---- which rule ---- */

typedef void rule(const struct tree *t, struct span s);

struct named_rule {
    const char *name;
    rule *show;
};

/* By the last step of a node that the CSP table has, or the name of a parm that stands for one. */
static const struct named_rule nodes[] = {
    {"KeyUsage", show_number},
    {"KeyLength", show_number},
    {"KeyProtection", show_number},
    {"RetryCount", show_number},
    {"RetryDelay", show_number},
    {"ValidPeriodUnits", show_number},
    {"ValidPeriod", show_word},
    {"HashAlgorithm", show_pieces},
    {"EKUMapping", show_pieces},
    {"SubjectName", show_x500},
    {"Status", show_number},
    {"SubjectAlternativeNames", show_san},
    {"ErrorCode", show_number},
    {"KeyLocation", show_number},
    {"PFXKeyExportable", show_word},
    {"PFXCertPasswordEncryptionType", show_number},
    {"DevId", show_name},
    {"DmV", show_pieces},
    {"Lang", show_language},
    {"SwV", show_pieces},
    {"OSPlatform", show_pieces},
    {"RenewPeriod", show_number},
    {"RetryInterval", show_number},
    {"ROBOSupport", show_word},
    {"PollOnLogin", show_word},
    {"EnrollmentType", show_word},
    {"MaxDepth", show_number},
    {"IntervalForFirstSetOfRetries", show_number},
    {"NumberOfFirstRetries", show_number},
    {"IntervalForSecondSetOfRetries", show_number},
    {"NumberOfSecondRetries", show_number},
    {"IntervalForRemainingScheduledRetries", show_number},
    {"NumberOfRemainingScheduledRetries", show_number},
    {"AllUsersPollOnFirstLogin", show_word},
    {"MaxTotLen", show_number},
    {"MaxSegLen", show_number},
};

/* By the name of an element, in SOAP and SyncML. */
static const struct named_rule elements[] = {
    {"Action", show_word},
    {"Address", show_word},
    {"RequestVersion", show_pieces},
    {"EnrollmentVersion", show_pieces},
    {"DeviceType", show_word},
    {"ApplicationVersion", show_pieces},
    {"OSEdition", show_number},
    {"AuthPolicy", show_word},
    {"TokenType", show_word},
    {"RequestType", show_word},
    {"policySchema", show_number},
    {"minimalKeyLength", show_number},
    {"group", show_number},
    {"oIDReferenceID", show_number},
    {"hashAlgorithmOIDReference", show_number},
    {"VerDTD", show_pieces},
    {"VerProto", show_pieces},
    {"MsgID", show_number},
    {"CmdID", show_number},
    {"MsgRef", show_number},
    {"CmdRef", show_number},
    {"Cmd", show_word},
    {"Format", show_word},
    {"Type", show_word},
    {"Size", show_number},
    {"MaxMsgSize", show_number},
    {"MaxObjSize", show_number},
    {"Mark", show_word},
    {"Username", show_name},
    {"EmailAddress", show_name},
    {"LocName", show_name},
    {"LocURI", value_uri},
    {"TargetRef", value_uri},
    {"SourceRef", value_uri},
};

/* By the Name of a ContextItem. */
static const struct named_rule context_items[] = {
    {"UXInitiated", show_word},    {"TargetedUserLoggedIn", show_word}, {"NotInOobe", show_word},
    {"EnrollmentType", show_word}, {"DeviceType", show_word},           {"OSVersion", show_pieces},
    {"OSEdition", show_number},    {"ApplicationVersion", show_pieces}, {"Locale", show_language},
    {"DeviceID", show_name},       {"DeviceName", show_name},           {"HWDevID", show_name},
};

/* By the name of a parm in a provisioning document; others are nodes of the CSP table. */
static const struct named_rule parms[] = {
    {"APPID", show_word},           {"AAUTHLEVEL", show_word},
    {"AAUTHTYPE", show_word},       {"DEFAULTENCODING", show_word},
    {"CONNRETRYFREQ", show_number}, {"INITIALBACKOFFTIME", show_number},
    {"ROLE", show_number},          {"MAXBACKOFFTIME", show_number},
};

static rule *find_rule(const struct named_rule *rules, size_t count, struct span name) {
    for (size_t i = 0; i < count; i++)
        if (span_is(name, rules[i].name))
            return rules[i].show;
    return show_form;
}
#define RULE(table, name) find_rule(table, sizeof table / sizeof *table, name)

static bool is_in(const struct xml_node *n, const char *parent) {
    return n->parent && span_is(n->parent->name, parent);
}

static rule *rule_of_node(struct span uri) {
    const struct csp_node *node = csp_find(uri);
    return node ? RULE(nodes, span_str(strrchr(node->path, '/') + 1)) : show_form;
}

/* Data of a Status or an Alert is a code; that of an Item belongs to the node, or to the alert. */
static rule *rule_of_data(const struct xml_node *n) {
    if (is_in(n, "Status") || is_in(n, "Alert"))
        return show_number;
    if (!is_in(n, "Item"))
        return show_form;
    const struct xml_node *item = n->parent;
    struct span target = xml_path_text(item, "Target/LocURI"),
                source = xml_path_text(item, "Source/LocURI");
    struct span type = xml_path_text(item, "Meta/Type");
    if (is_in(item, "Alert") && span_is(type, ALERT_TYPE_LOGIN_STATUS))
        return show_word;
    if (is_in(item, "Alert") &&
        (span_is(type, ALERT_TYPE_UNENROLL) || span_is(type, ALERT_TYPE_SCEP_RESULT)))
        return show_number;
    return rule_of_node(target.n ? target : source);
}

/* What is longer than any value of a message has no parts that tell anything. */
static void show_bounded(const struct tree *t, rule *show, struct span s) {
    (s.n > WORD_MAX_PIECES ? show_form : show)(t, s);
}

void value_show(const struct tree *t, const struct xml_node *n) {
    rule *show = RULE(elements, n->name);
    if (span_is(n->name, "Data"))
        show = rule_of_data(n);
    else if (span_is(n->name, "Value") && is_in(n, "ContextItem"))
        show = RULE(context_items, xml_attr(n->parent, "Name"));
    show_bounded(t, show, xml_text(n));
}

static rule *rule_of_parm(struct span name) {
    rule *show = RULE(parms, name);
    return show != show_form ? show : RULE(nodes, name);
}

/* No attribute of the messages is a secret's but a parm's value, and what is no word is blanked. */
void value_show_attribute(const struct tree *t, const struct xml_node *n,
                          const struct xml_attr *attribute) {
    rule *show = show_word;
    if (span_is(n->name, "parm") && span_is(attribute->name, "value"))
        show = rule_of_parm(xml_attr(n, "name"));
    else if (span_is(attribute->name, "mustUnderstand") || span_is(attribute->name, "version") ||
             span_is(attribute->name, "originalerror"))
        show = show_pieces;
    show_bounded(t, show, attribute->value);
}

enum inside value_inside(const struct xml_node *n) {
    struct span type = xml_attr(n, "ValueType");
    if (!span_is(n->name, "BinarySecurityToken"))
        return INSIDE_NOTHING;
    if (span_is(type, VALUE_PKCS10) || span_is(type, VALUE_PKCS7))
        return INSIDE_DER;
    return span_is(type, TOKEN_PROVISION_DOC) ? INSIDE_XML : INSIDE_NOTHING;
}

/* ---- who it is ---- */

static void learn_one(struct pseudonyms *names, const struct xml_node *n) {
    struct span text = xml_text(n);
    if (span_is(n->name, "Username") || span_is(n->name, "EmailAddress") ||
        span_is(n->name, "LocName"))
        pseudonym_learn(names, "user", text);
    else if (span_is(n->name, "LocURI") && is_in(n, "Source") && is_in(n->parent, "SyncHdr") &&
             text.n && !memmem(text.p, text.n, "://", 3))
        pseudonym_learn(names, "device", text);
    else if (span_is(n->name, "Value") && is_in(n, "ContextItem")) {
        struct span item = xml_attr(n->parent, "Name");
        if (span_is(item, "DeviceID"))
            pseudonym_learn(names, "device", text);
        else if (span_is(item, "DeviceName"))
            pseudonym_learn(names, "name", text);
        else if (span_is(item, "HWDevID"))
            pseudonym_learn(names, "hardware", text);
    }
}

void value_learn(struct pseudonyms *names, const struct xml_node *n) {
    for (; n; n = n->next) {
        learn_one(names, n);
        value_learn(names, n->child);
    }
}
