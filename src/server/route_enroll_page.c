/* SPDX-License-Identifier: Apache-2.0 */
#include "server/route_enroll_page.h"

#include "mde/mde.h"
#include "server/page.h"
#include "server/respond.h"
#include "xml/xml.h"

enum { MAX_USER = 256 };

static void put_link(struct buf *b, const char *user, const char *server) {
    BUF_AUTO(link);
    mde_write_link(&link, user, server);
    buf_str(b, "<p><a class=\"button\" href=\"");
    xml_escape(b, buf_view(&link));
    buf_str(b, "\">Enroll this device</a></p>");
}

static void put_by_hand(struct buf *b, const char *server) {
    buf_str(b, "<p>Or by hand: Settings, Accounts, Access work or school, &ldquo;Enroll only in "
               "device management&rdquo;. When Windows asks for a server, type <code>");
    xml_escape(b, span_str(server));
    buf_str(b, "</code></p>");
}

static void put_closed(struct buf *b, const char *text) {
    buf_str(b, "<p>");
    xml_escape(b, span_str(text ? text : "No device can be enrolled at present."));
    buf_str(b, "</p>");
}

void route_enroll_page(const struct services *s, const struct http_request *r,
                       struct http_reply *reply) {
    const char *user = http_query(r, "user"), *server = s->mdm.server_url;
    if (!(r->method & (HTTP_GET | HTTP_HEAD))) {
        respond_not_allowed(r, reply, "GET, HEAD");
        return;
    }
    if (user && strlen(user) > MAX_USER) {
        respond_error(r, reply, err_set(ERR_PARSE, "user is longer than %d bytes", MAX_USER));
        return;
    }
    page_open(r, reply, "Enroll this Windows device", NULL, "'none'");
    if (s->mdm.closed) {
        put_closed(&reply->body, s->mdm.closed_text);
        page_close(reply, NULL);
        return;
    }
    buf_str(&reply->body,
            "<p>You need an account that may enroll devices, or an enrollment code in "
            "its password&rsquo;s place, and must be an administrator of this "
            "device.</p>");
    put_link(&reply->body, user ? user : "", server);
    put_by_hand(&reply->body, server);
    page_close(reply, NULL);
}
