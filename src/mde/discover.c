/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery (MS-MDE2, 3.1): where to enroll, and how the user proves who he is. */
#include "mde/internal.h"

#include "wire/mdm.h"

static void read_auth_policies(const struct xml_node *request, struct mde_discover *out) {
    const struct xml_node *policy = xml_path(request, "AuthPolicies/AuthPolicy");
    out->on_premise = !policy; /* a host that says nothing takes the oldest way */
    for (; policy; policy = xml_next(policy)) {
        out->on_premise |= span_is(xml_text(policy), "OnPremise");
        out->federated |= span_is(xml_text(policy), "Federated");
    }
}

enum err mde_read_discover(const struct mde_header *h, struct mde_discover *out) {
    TRY(soap_expect(h, "Discover"));
    const struct xml_node *request = xml_child(h->body, "request");
    if (!request)
        return err_set(ERR_PARSE, "SOAP line %u: Discover without request", h->body->line);
    *out = (struct mde_discover){
        .device_type = xml_path_text(request, "DeviceType"),
        .application_version = xml_path_text(request, "ApplicationVersion"),
        .os_edition = xml_path_text(request, "OSEdition"),
    };
    TRY(soap_required(request, "EmailAddress", &out->email));
    TRY(soap_required(request, "RequestVersion", &out->request_version));
    read_auth_policies(request, out);
    return OK;
}

/* Only for correlation in logs, so that the request's own id serves. */
static void write_activity_id(struct buf *b, const struct mde_header *h) {
    struct span id = soap_message_uuid(h);
    if (!id.n)
        return;
    buf_str(b, "<ActivityId CorrelationId=\"");
    xml_escape(b, id);
    buf_str(b, "\" xmlns=\"" NS_DIAGNOSTICS "\">");
    xml_escape(b, id);
    xml_close(b, "ActivityId");
}

void mde_write_discover_response(struct buf *b, const struct mde_header *h,
                                 const struct mde_discover_answer *answer) {
    soap_open(b, h, ACTION_DISCOVER_RESPONSE);
    write_activity_id(b, h);
    soap_open_body(b);
    buf_str(b, "<DiscoverResponse xmlns=\"" NS_MDE "\"><DiscoverResult>");
    xml_leaf(b, "AuthPolicy", span_str(answer->sign_in_url ? "Federated" : "OnPremise"));
    xml_leaf(b, "EnrollmentVersion", span_str(answer->version));
    xml_leaf(b, "EnrollmentPolicyServiceUrl", span_str(answer->policy_url));
    xml_leaf(b, "EnrollmentServiceUrl", span_str(answer->enrollment_url));
    if (answer->sign_in_url)
        xml_leaf(b, "AuthenticationServiceUrl", span_str(answer->sign_in_url));
    buf_str(b, "</DiscoverResult></DiscoverResponse>");
    soap_close(b);
}
