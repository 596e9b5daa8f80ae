/* SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"

#include <ctype.h>

bool http_is_token_char(unsigned char c) {
    return c && (strchr("!#$%&'*+-.^_`|~", c) || (c < 0x80 && isalnum(c)));
}

bool http_head_refuse(struct http_reader *r, int status, const char *why) {
    r->status = status;
    r->why = why;
    return false;
}

static bool is_token(const char *s) {
    if (!*s)
        return false;
    while (http_is_token_char((unsigned char)*s))
        s++;
    return !*s;
}

/* method SP request-target SP HTTP-version: exactly one blank between them. */
static bool parse_request_line(struct http_reader *r, char *line) {
    char *target = strchr(line, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;
    if (!version)
        return http_head_refuse(r, 400, "request line is not METHOD TARGET VERSION");
    *target++ = *version++ = '\0';
    r->method = line;
    r->target = target;
    if (!is_token(line))
        return http_head_refuse(r, 400, "method is not a token");
    if (*target != '/')
        return http_head_refuse(r, 400, "request target does not begin with '/'");
    for (const char *p = target; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return http_head_refuse(r, 400, "control character in the request target");
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return http_head_refuse(r, 400, "HTTP version is neither 1.0 nor 1.1");
    r->minor = version[7] - '0';
    return true;
}

/* A blank before the colon would show as a name that is no token (RFC 9112, 5.1). */
static bool parse_field(struct http_reader *r, char *line) {
    if (*line == ' ' || *line == '\t')
        return http_head_refuse(r, 400, "folded header line");
    char *value = strchr(line, ':');
    if (!value)
        return http_head_refuse(r, 400, "header line without a colon");
    *value++ = '\0';
    if (!is_token(line))
        return http_head_refuse(r, 400, "header name is not a token");
    for (const char *p = value; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return http_head_refuse(r, 400, "control character in a header field");
    if (r->field_count == HTTP_MAX_FIELDS)
        return http_head_refuse(r, 431, "too many header fields");
    value += strspn(value, " \t");
    size_t n = strlen(value);
    while (n && (value[n - 1] == ' ' || value[n - 1] == '\t'))
        n--;
    value[n] = '\0';
    r->fields[r->field_count++] = (struct http_field){line, value};
    return true;
}

/* Splits the head into lines. A NUL would hide what follows it from the string functions. */
static bool parse_lines(struct http_reader *r) {
    char *p = (char *)r->head.p;
    char *end = p + r->head.n - 2; /* the empty line */
    if (memchr(p, '\0', r->head.n))
        return http_head_refuse(r, 400, "NUL in the head");
    for (bool first = true; p < end; first = false) {
        char *lf = memchr(p, '\n', (size_t)(end - p));
        lf[-1] = '\0';
        if (strchr(p, '\r'))
            return http_head_refuse(r, 400, "CR without LF");
        if (!(first ? parse_request_line(r, p) : parse_field(r, p)))
            return false;
        p = lf + 1;
    }
    return true;
}

static size_t count(const struct http_reader *r, const char *name) {
    size_t n = 0;
    for (size_t i = 0; i < r->field_count; i++)
        n += strcasecmp(r->fields[i].name, name) == 0;
    return n;
}

/* Whether some Connection field lists `option` (RFC 9110, 7.6.1). */
static bool connection_has(const struct http_reader *r, const char *option) {
    for (size_t i = 0; i < r->field_count; i++) {
        if (strcasecmp(r->fields[i].name, "Connection") != 0)
            continue;
        struct span list = span_str(r->fields[i].value);
        while (list.n) {
            ptrdiff_t comma = span_find(list, ',');
            size_t n = comma < 0 ? list.n : (size_t)comma;
            if (span_is_nocase(span_trim(span_of(list.p, n)), option))
                return true;
            list = span_from(list, n + 1);
        }
    }
    return false;
}

/* Digits only, no sign, no list; a number too long for us is above every limit anyway. */
static bool parse_length(struct http_reader *r, const char *text) {
    size_t n = strspn(text, "0123456789");
    if (n == 0 || text[n])
        return http_head_refuse(r, 400, "Content-Length is not a number");
    uint64_t length = 0;
    for (; *text; text++)
        if (length <= r->max_body)
            length = length * 10 + (uint64_t)(*text - '0');
    if (length > r->max_body)
        return http_head_refuse(r, 413, "request body too large");
    r->left = length;
    r->phase = length ? READ_BODY : READ_COMPLETE;
    return true;
}

/* RFC 9112, 6.3, without its leniencies. */
static bool find_framing(struct http_reader *r) {
    const char *length = http_reader_field(r, "Content-Length");
    const char *coding = http_reader_field(r, "Transfer-Encoding");
    if (count(r, "Content-Length") > 1 || count(r, "Transfer-Encoding") > 1 || (length && coding))
        return http_head_refuse(r, 400, "more than one length of the body");
    r->phase = READ_COMPLETE;
    if (length)
        return parse_length(r, length);
    if (!coding)
        return true;
    if (r->minor == 0)
        return http_head_refuse(r, 400, "Transfer-Encoding in HTTP/1.0");
    if (strcasecmp(coding, "chunked") != 0)
        return http_head_refuse(r, 400, "Transfer-Encoding is not chunked");
    r->phase = READ_CHUNK_SIZE;
    return true;
}

bool http_head_parse(struct http_reader *r) {
    if (!parse_lines(r))
        return false;
    size_t hosts = count(r, "Host");
    if (hosts > 1 || (hosts == 0 && r->minor == 1)) /* RFC 9112, 3.2 */
        return http_head_refuse(r, 400, "there must be one Host");
    if (!find_framing(r))
        return false;
    r->has_body = r->phase != READ_COMPLETE;
    r->keep_alive =
        !connection_has(r, "close") && (r->minor == 1 || connection_has(r, "keep-alive"));
    const char *expect = http_reader_field(r, "Expect");
    if (expect && r->minor == 1) {
        if (strcasecmp(expect, "100-continue") != 0)
            return http_head_refuse(r, 417, "only 100-continue can be expected");
        r->expect_continue = r->has_body;
    }
    return true;
}
