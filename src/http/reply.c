/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reply as bytes, head and body in one buffer, so that they leave in one TLS record. It always
 * has a Content-Length, also for HEAD: that of the body which GET would have got (RFC 9110, 8.6).
 */
#include <time.h>

#include "base/clock.h"
#include "http/exchange.h"

static const char *reason(int status) {
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Unknown"; /* clients ignore it: RFC 9112, 4 */
}

/* IMF-fixdate (RFC 9110, 5.6.7); not strftime, whose names follow the locale. */
static void add_date(struct buf *b) {
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(clock_ms() / 1000);
    struct tm t;
    gmtime_r(&now, &t);
    buf_printf(b, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[t.tm_wday], t.tm_mday,
               months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static void add_head(struct http_exchange *x, const struct http_reply *reply, int status,
                     bool bodiless) {
    struct buf *b = &x->wire;
    buf_printf(b, "HTTP/1.1 %d %s\r\n", status, reason(status));
    add_date(b);
    if (reply->content_type)
        buf_printf(b, "Content-Type: %s\r\n", reply->content_type);
    if (!bodiless)
        buf_printf(b, "Content-Length: %zu\r\n", reply->body.n);
    if (reply->allow)
        buf_printf(b, "Allow: %s\r\n", reply->allow);
    if (status == 503 && !(reply->fields && strstr(reply->fields, "Retry-After:")))
        buf_str(b, "Retry-After: 1\r\n");
    if (reply->fields)
        buf_str(b, reply->fields);
    if (!x->keep_alive)
        buf_str(b, "Connection: close\r\n");
    else if (x->reader.minor == 0)
        buf_str(b, "Connection: keep-alive\r\n");
    buf_str(b, "\r\n");
}

/* A request that was refused before it was read has nothing to show. */
static void show(const struct http_exchange *x, const struct http_reply *reply) {
    const struct http_witness *w = x->listener->witness;
    if (w && x->request.path)
        w->see(w->user, x->listener->name, &x->request, reply);
}

void http_exchange_reply(struct http_exchange *x, struct http_reply *reply) {
    int status = reply->status ? reply->status : 200;
    bool bodiless = status == 204 || status == 304; /* RFC 9110, 6.4.1 */
    bool head = x->reader.method && strcmp(x->reader.method, "HEAD") == 0;
    x->keep_alive = x->reader.keep_alive && !reply->close;
    show(x, reply);
    buf_clear(&x->wire);
    add_head(x, reply, status, bodiless);
    if (!bodiless && !head)
        buf_span(&x->wire, buf_view(&reply->body));
    buf_free(&reply->body);
}

void http_exchange_text(struct http_exchange *x, int status, const char *text, bool close) {
    struct http_reply reply = {.close = close};
    http_text(&reply, status, text);
    http_exchange_reply(x, &reply);
}

void http_text(struct http_reply *reply, int status, const char *text) {
    reply->status = status;
    reply->content_type = "text/plain";
    buf_clear(&reply->body);
    buf_printf(&reply->body, "%s\n", text);
}
