/* SPDX-License-Identifier: Apache-2.0 */
/* RequestSecurityToken (MS-WSTEP, reduced by MS-MDE2, 3.4): a CSR in, a provisioning document out.
 */
#include "mde/internal.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/text.h"
#include "wire/mdm.h"

enum { DEVICE_ID_DIGITS = 32, RESPONSE_LIFE_MS = 5 * 60 * 1000 };

/* The value of the first ContextItem of that name; MAC may repeat, the others do not. */
static struct span context_item(const struct xml_node *context, const char *name) {
    for (struct xml_node *n = xml_child(context, "ContextItem"); n; n = xml_next(n))
        if (span_is(xml_attr(n, "Name"), name))
            return xml_path_text(n, "Value");
    return SPAN_NONE;
}

bool mde_is_device_id(struct span text) {
    bool hex = text.n == DEVICE_ID_DIGITS;
    for (size_t i = 0; hex && i < text.n; i++)
        hex = isxdigit(text.p[i]);
    return hex;
}

static void read_context(const struct xml_node *context, struct mde_request_token *out) {
    out->device_id = context_item(context, "DeviceID");
    out->hw_dev_id = context_item(context, "HWDevID");
    out->device_name = context_item(context, "DeviceName");
    out->device_type = context_item(context, "DeviceType");
    out->os_version = context_item(context, "OSVersion");
    out->os_edition = context_item(context, "OSEdition");
    out->enrollment_type = context_item(context, "EnrollmentType");
    out->locale = context_item(context, "Locale");
}

enum err mde_read_request_token(struct arena *a, const struct mde_header *h,
                                struct mde_request_token *out) {
    TRY(soap_expect(h, "RequestSecurityToken"));
    const struct xml_node *request = h->body;
    const struct xml_node *token = xml_child(request, "BinarySecurityToken");
    *out = (struct mde_request_token){.value_type = xml_attr(token, "ValueType")};
    TRY(soap_required(request, "TokenType", &out->token_type));
    TRY(soap_required(request, "RequestType", &out->request_type));
    out->renew = span_is(out->request_type, REQUEST_RENEW);
    struct span content;
    TRY(soap_required(request, "BinarySecurityToken", &content));
    enum err e = base64_decode(a, content, &out->content);
    if (e != OK)
        return err_context(e, "SOAP line %u: BinarySecurityToken", token->line);
    read_context(xml_child(request, "AdditionalContext"), out);
    return OK;
}

static void write_timestamp(struct buf *b) {
    char created[CLOCK_ISO_SIZE], expires[CLOCK_ISO_SIZE];
    int64_t now = clock_ms();
    buf_str(b, "<o:Security xmlns:o=\"" NS_WSSE "\" s:mustUnderstand=\"1\">"
               "<u:Timestamp u:Id=\"_0\">");
    xml_leaf(b, "u:Created", span_str(clock_iso(now, created)));
    xml_leaf(b, "u:Expires", span_str(clock_iso(now + RESPONSE_LIFE_MS, expires)));
    buf_str(b, "</u:Timestamp></o:Security>");
}

void mde_write_token_response(struct buf *b, const struct mde_header *h,
                              struct span provisioning_doc) {
    soap_open(b, h, ACTION_RSTRC);
    write_timestamp(b);
    soap_open_body(b);
    buf_str(b, "<RequestSecurityTokenResponseCollection xmlns=\"" NS_WST "\">"
               "<RequestSecurityTokenResponse>"
               "<TokenType>" TOKEN_DEVICE_ENROLLMENT "</TokenType>"
               "<DispositionMessage xmlns=\"" NS_WSTEP "\"></DispositionMessage>"
               "<RequestedSecurityToken><BinarySecurityToken xmlns=\"" NS_WSSE "\" "
               "ValueType=\"" TOKEN_PROVISION_DOC "\" EncodingType=\"" ENCODING_BASE64 "\">");
    base64_encode(b, provisioning_doc);
    buf_str(b, "</BinarySecurityToken></RequestedSecurityToken>"
               "<RequestID xmlns=\"" NS_WSTEP "\">0</RequestID>"
               "</RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>");
    soap_close(b);
}
