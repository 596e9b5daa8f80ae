/* SPDX-License-Identifier: Apache-2.0 */
/* SOAP faults: what a host shows its user when it may not enroll (windows-mdm.md, C.7). */
#include "mde/internal.h"

#include "wire/mdm.h"

/*
 * Subcodes as Microsoft's own service spells them; it sends those with an ErrorType under
 * Authorization (C.7).
 */
static const struct {
    unsigned hresult;
    const char *subcode, *error_type;
} faults[] = {
    [MDE_MESSAGE_FORMAT] = {0x80180001, "s:MessageFormat", NULL},
    [MDE_AUTHENTICATION] = {0x80180002, "s:Authentication", NULL},
    [MDE_AUTHORIZATION] = {0x80180003, "s:Authorization", NULL},
    [MDE_CERTIFICATE_REQUEST] = {0x80180004, "s:CertificateRequest", NULL},
    [MDE_ENROLLMENT_SERVER] = {0x80180005, "s:EnrollmentServer", NULL},
    [MDE_INTERNAL_SERVICE] = {0x80180006, "a:InternalServiceFault", NULL},
    [MDE_INVALID_SECURITY] = {0x80180007, "a:InvalidSecurity", NULL},
    [MDE_DEVICE_CAP_REACHED] = {0x80180013, "s:Authorization", "DeviceCapReached"},
    [MDE_DEVICE_NOT_SUPPORTED] = {0x80180014, "s:Authorization", "DeviceNotSupported"},
    [MDE_NOT_SUPPORTED] = {0x80180015, "s:Authorization", "NotSupported"},
    [MDE_NOT_ELIGIBLE_TO_RENEW] = {0x80180016, "s:Authorization", "NotEligibleToRenew"},
    [MDE_IN_MAINTENANCE] = {0x80180017, "s:Authorization", "InMaintenance"},
    [MDE_USER_LICENSE] = {0x80180018, "s:Authorization", "UserLicense"},
    [MDE_INVALID_ENROLLMENT_DATA] = {0x80180019, "s:Authorization", "InvalidEnrollmentData"},
    [MDE_CUSTOM_SERVER_ERROR] = {0x80180032, "s:Authorization", "CustomServerError"},
};
_Static_assert(sizeof faults / sizeof *faults == MDE_FAULT__MAX, "a fault without its row");

unsigned mde_fault_hresult(enum mde_fault fault) {
    return faults[fault].hresult;
}

/* The fault stands where the request's own answer would. */
static const char *action_of(const struct mde_header *h) {
    if (h && span_is(h->action, ACTION_DISCOVER))
        return ACTION_DISCOVER_RESPONSE;
    if (h && span_is(h->action, ACTION_GET_POLICIES))
        return ACTION_GET_POLICIES_RESPONSE;
    return ACTION_RSTRC;
}

static void write_detail(struct buf *b, const struct mde_header *h, const char *error_type,
                         const char *text) {
    static const char tag[] = "DeviceEnrollmentServiceError xmlns=\"" NS_WSTEP "\"";
    xml_open(b, "s:Detail");
    xml_open(b, tag);
    xml_leaf(b, "ErrorType", span_str(error_type));
    xml_leaf(b, "Message", span_str(text));
    xml_leaf(b, "TraceId", soap_message_uuid(h));
    xml_close(b, tag);
    xml_close(b, "s:Detail");
}

void mde_write_fault(struct buf *b, const struct mde_header *h, enum mde_fault fault,
                     const char *text) {
    soap_open(b, h, action_of(h));
    soap_open_body(b);
    buf_str(b, "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode>");
    xml_leaf(b, "s:Value", span_str(faults[fault].subcode));
    buf_str(b, "</s:Subcode></s:Code><s:Reason>");
    xml_leaf(b, "s:Text xml:lang=\"en-US\"", span_str(text));
    xml_close(b, "s:Reason");
    if (faults[fault].error_type)
        write_detail(b, h, faults[fault].error_type, text);
    xml_close(b, "s:Fault");
    soap_close(b);
}
