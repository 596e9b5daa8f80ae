/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scep_query.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "server/respond.h"

enum err scep_read_message(struct arena *a, const char *text, struct span *out) {
    BUF_AUTO(b);
    for (; *text; text++)
        if (!strchr("\r\n\t", *text))
            buf_char(&b, *text == ' ' ? '+' : *text);
    while (b.n && b.p[b.n - 1] == '=')
        b.n--;
    while (b.n % 4)
        buf_char(&b, '=');
    TRY(base64_decode(a, buf_view(&b), out));
    return out->n ? OK : err_set(ERR_PARSE, "the message is empty");
}

enum err scep_message_of(const struct http_request *r, struct span *out) {
    if (r->method == HTTP_POST) {
        *out = r->body;
        return OK;
    }
    const char *text = http_query(r, "message");
    if (!text)
        return err_set(ERR_PARSE, "PKIOperation by GET wants &message= with a message in base64");
    return scep_read_message(r->arena, text, out);
}

/* A HEAD of PKIOperation would issue a certificate that nobody gets. */
static const struct {
    const char *name;
    unsigned methods;
    const char *allow;
} operations[] = {
    [GET_CA_CAPS] = {"GetCACaps", HTTP_GET | HTTP_HEAD, "GET, HEAD"},
    [GET_CA_CERT] = {"GetCACert", HTTP_GET | HTTP_HEAD, "GET, HEAD"},
    [GET_NEXT_CA_CERT] = {"GetNextCACert", HTTP_GET | HTTP_HEAD, "GET, HEAD"},
    [PKI_OPERATION] = {"PKIOperation", HTTP_GET | HTTP_POST, "GET, POST"},
};

static enum err no_operation(const char *name) {
    if (!name)
        return err_set(ERR_PARSE, "this is a SCEP server: it wants ?operation=GetCACaps, "
                                  "GetCACert, GetNextCACert or PKIOperation");
    return err_set(ERR_PARSE,
                   "operation %s is not served here, only GetCACaps, GetCACert, GetNextCACert and "
                   "PKIOperation",
                   log_q(span_str(name)));
}

bool scep_operation_of(const struct http_request *r, struct http_reply *reply,
                       enum scep_operation *out) {
    const char *name = http_query(r, "operation");
    for (size_t i = 0; name && i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(name, operations[i].name) != 0)
            continue;
        if (!(operations[i].methods & r->method))
            respond_not_allowed(r, reply, operations[i].allow);
        *out = (enum scep_operation)i;
        return operations[i].methods & r->method;
    }
    if (r->method & (HTTP_GET | HTTP_HEAD | HTTP_POST))
        respond_error(r, reply, no_operation(name));
    else
        respond_not_allowed(r, reply, "GET, HEAD, POST");
    return false;
}
