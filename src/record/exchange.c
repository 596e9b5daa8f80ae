/* SPDX-License-Identifier: Apache-2.0 */
#include "record/exchange.h"

#include <strings.h>

#include "base/text.h"
#include "record/limits.h"
#include "record/words.h"
#include "wire/mdm.h"
#include "wire/scep.h"

/* ---- kinds ---- */

/* The value of a parameter, or an empty span; nothing is decoded. */
static struct span parameter(const char *query, const char *name) {
    size_t length = strlen(name);
    for (; *query; query += *query == '&') {
        size_t n = strcspn(query, "&");
        if (n > length && strncmp(query, name, length) == 0 && query[length] == '=')
            return span_of(query + length + 1, n - length - 1);
        query += n;
    }
    return SPAN_NONE;
}

static const char *const operations[] = {"GetCACaps", "GetCACert", "GetNextCACert", "PKIOperation"};

const char *exchange_kind(const struct record_exchange *x) {
    static const struct {
        const char *path, *kind;
    } paths[] = {{PATH_DISCOVERY, "discover"},
                 {"/EnrollmentServer/Policy.svc", "policy"},
                 {"/EnrollmentServer/Enrollment.svc", "enrollment"},
                 {"/ManagementServer/MDM.svc", "session"}};
    struct span operation = parameter(x->query, "operation");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcasecmp(x->path, paths[i].path) == 0)
            return i == 0 && strcasecmp(x->method, "GET") == 0 ? "discover-get" : paths[i].kind;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (span_is(operation, operations[i]))
            return operations[i];
    return NULL;
}

/* ---- the line and the headers ---- */

/* Parameters by name; their values as words or forms. */
static void say_query(const struct tree *t, const char *query) {
    for (char before = '?'; *query && !tree_is_full(t); before = '&', query += *query == '&') {
        size_t n = strcspn(query, "&"), equals = strcspn(query, "=&");
        buf_char(t->out, before);
        word_name(t->out, span_of(query, equals));
        if (equals < n) {
            buf_char(t->out, '=');
            word_or_form(t->out, span_of(query + equals + 1, n - equals - 1));
        }
        query += n;
    }
}

static void say_line(const struct tree *t, const struct record_exchange *x) {
    tree_indent(t, 1);
    buf_str(t->out, "line = ");
    word_or_form(t->out, span_str(x->method));
    buf_char(t->out, ' ');
    word_pieces(t->out, span_str(x->path));
    say_query(t, x->query);
    buf_char(t->out, '\n');
}

/* Headers that are made of words; the value of every other one is blanked. */
static bool is_made_of_words(const char *name) {
    static const char *const names[] = {"User-Agent",      "Accept",           "Accept-Charset",
                                        "Accept-Encoding", "Accept-Language",  "Cache-Control",
                                        "Pragma",          "Connection",       "Content-Type",
                                        "Content-Length",  "Content-Encoding", "Transfer-Encoding",
                                        "Expect"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static void say_header(const struct tree *t, const struct record_header *h) {
    tree_indent(t, 1);
    buf_str(t->out, "header ");
    word_name(t->out, span_str(h->name));
    buf_str(t->out, " = ");
    if (is_made_of_words(h->name))
        word_pieces(t->out, span_str(h->value));
    else
        word_form(t->out, span_str(h->value));
    buf_char(t->out, '\n');
}

/* ---- bodies ---- */

static void say_text(const struct tree *t, struct span body) {
    tree_indent(t, 1);
    buf_str(t->out, "text\n");
    while (body.n) {
        ptrdiff_t end = span_find(body, '\n');
        size_t n = end < 0 ? body.n : (size_t)end;
        tree_indent(t, 2);
        word_pieces(t->out, span_trim(span_of(body.p, n)));
        buf_char(t->out, '\n');
        body = span_from(body, n + 1);
    }
}

static void say_body(const struct tree *t, const char *type, struct span body) {
    struct span text = span_trim(body);
    if (!body.n)
        return;
    if (text.n && *text.p == '<') {
        tree_indent(t, 1);
        buf_str(t->out, "xml\n");
        tree_xml(t, body, 2);
    } else if (*body.p == 0x30) {
        tree_indent(t, 1);
        buf_str(t->out, "der\n");
        tree_der(t, body, 2);
    } else if (type && strcasecmp(type, "text/plain") == 0 && body.n < 4096) {
        say_text(t, body);
    } else {
        tree_indent(t, 1);
        buf_printf(t->out, "bytes = <%zu bytes>\n", body.n);
    }
}

/* ---- PKIOperation ---- */

static int hex_digit(char c) {
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The base64 of a GET's message, as clients write it: percent-encoded, or with blanks for '+'. */
static struct span decode_message(const struct tree *t, struct span raw) {
    BUF_AUTO(text);
    struct span der = SPAN_NONE;
    for (size_t i = 0; i < raw.n; i++) {
        char c = (char)raw.p[i];
        if (c == '%' && i + 2 < raw.n && strchr("0123456789abcdefABCDEF", raw.p[i + 1]) &&
            strchr("0123456789abcdefABCDEF", raw.p[i + 2])) {
            c = (char)(hex_digit((char)raw.p[i + 1]) * 16 + hex_digit((char)raw.p[i + 2]));
            i += 2;
        }
        if (!c || !strchr("\r\n\t=", c))
            buf_char(&text, c == ' ' ? '+' : c);
    }
    while (text.n % 4)
        buf_char(&text, '=');
    return base64_decode(t->a, buf_view(&text), &der) == OK ? der : SPAN_NONE;
}

static void say_opened(const struct tree *t, const struct record_exchange *x, struct span message,
                       record_opener *opener, void *user) {
    struct span csr;
    if (tree_is_full(t))
        return;
    tree_indent(t, 1);
    if (!opener || opener(user, t->a, x->path, message, &csr) != OK || !csr.n) {
        buf_str(t->out, "envelope not opened: it is not for a key of this server, or no CSR\n");
        return;
    }
    buf_str(t->out, "opened = with its values blanked: its signature cannot be checked\n");
    tree_der(t, csr, 2);
}

static void say_host(const struct tree *t, const struct record_exchange *x, record_opener *opener,
                     void *user) {
    struct span in_query = parameter(x->query, "message"), message = x->body;
    bool operation = span_is(parameter(x->query, "operation"), "PKIOperation");
    say_body(t, NULL, x->body);
    if (!operation)
        return;
    if (!message.n && in_query.n) {
        message = decode_message(t, in_query);
        tree_indent(t, 1);
        buf_str(t->out, "der in the query\n");
        tree_der(t, message, 2);
    }
    say_opened(t, x, message, opener, user);
}

/* ---- both parts ---- */

/* The tree for one part: it ends RECORD_MAX_TEXT from here. */
static struct tree begin_part(const struct tree *t, const char *name) {
    struct tree part = *t;
    part.end = t->out->n + RECORD_MAX_TEXT;
    buf_str(t->out, name);
    return part;
}

static void end_part(const struct tree *part) {
    if (!tree_is_full(part))
        return;
    tree_indent(part, 1);
    buf_str(part->out, "(more is left out)\n");
}

static void write_host(const struct tree *t, const struct record_exchange *x, record_opener *opener,
                       void *user) {
    const struct tree part = begin_part(t, "host\n");
    tree_indent(t, 1);
    buf_str(t->out, "listener = ");
    word_or_form(t->out, span_str(x->listener));
    buf_str(t->out, "\n  from = ");
    pseudonym_form(t->names, t->out, span_str(x->peer));
    buf_printf(t->out, "\n  client certificate = %s\n", x->client_cert ? "yes" : "no");
    say_line(&part, x);
    for (size_t i = 0; i < x->header_count && !tree_is_full(&part); i++)
        say_header(&part, &x->headers[i]);
    say_host(&part, x, opener, user);
    end_part(&part);
}

static void write_server(const struct tree *t, const struct record_exchange *x) {
    const struct tree part = begin_part(t, "server\n");
    buf_printf(t->out, "  status = %d\n", x->status);
    if (x->answer_type) {
        struct record_header type = {"Content-Type", x->answer_type};
        say_header(&part, &type);
    }
    say_body(&part, x->answer_type, x->answer);
    end_part(&part);
}

void exchange_write(const struct tree *t, const struct record_exchange *x, record_opener *opener,
                    void *user) {
    pseudonym_learn(t->names, "client", span_str(x->peer));
    write_host(t, x, opener, user);
    write_server(t, x);
}
