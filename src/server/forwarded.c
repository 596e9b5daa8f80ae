/* SPDX-License-Identifier: Apache-2.0 */
#include "server/forwarded.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/rate.h"
#include "x509/cert.h"
#include "x509/pem.h"

/* ---- the two forms ---- */

/* RFC 8941, 3.3.5; base64_decode would skip white space, which has no place there. */
static enum err read_byte_sequence(struct arena *a, struct span text, struct span *der) {
    if (text.n < 2 || text.p[text.n - 1] != ':')
        return err_set(ERR_PARSE, "the Byte Sequence does not end in ':'");
    text = span_of(text.p + 1, text.n - 2);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ')
            return err_set(ERR_PARSE, "white space in the Byte Sequence");
    return base64_decode(a, text, der);
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err percent_decode(struct arena *a, struct span text, struct span *out) {
    uint8_t *to = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '%') {
            int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text.p[i + 2]) : -1;
            if (low < 0)
                return err_set(ERR_PARSE, "a '%%' without two hex digits");
            c = (uint8_t)(high * 16 + low);
            i += 2;
        }
        to[n++] = c;
    }
    *out = span_of(to, n);
    return OK;
}

static enum err read_escaped_pem(struct arena *a, struct span text, struct span *der) {
    struct span pem;
    TRY(percent_decode(a, text, &pem));
    if (!span_starts(pem, "-----BEGIN " PEM_CERTIFICATE "-----"))
        return err_set(ERR_PARSE, "it is neither :base64: nor a PEM certificate");
    enum err e = pem_next(a, &pem, PEM_CERTIFICATE, der);
    if (e == ERR_NOT_FOUND)
        return err_set(ERR_PARSE, "the PEM certificate has no end");
    TRY(e);
    return span_trim(pem).n == 0 ? OK : err_set(ERR_PARSE, "something follows the PEM certificate");
}

enum err forwarded_read(struct arena *a, const char *value, struct span *der) {
    struct span text = span_str(value);
    struct cert cert;
    *der = SPAN_NONE;
    if (text.n > FORWARDED_MAX)
        return err_set(ERR_PARSE, "longer than %d bytes", FORWARDED_MAX);
    if (text.n == 0 || span_is(text, "::"))
        return OK;
    struct span found;
    TRY(text.p[0] == ':' ? read_byte_sequence(a, text, &found) : read_escaped_pem(a, text, &found));
    TRY(cert_parse(found, &cert));
    *der = found;
    return OK;
}

/* ---- where it does not count ---- */

static bool has_header(const struct http_request *r, const char *name) {
    size_t count;
    http_header_only(r, name, &count);
    return count > 0;
}

/* A line costs more than a header: of one address one a minute, of all of them one a second. */
static bool may_tell(const struct services *s, const char *peer) {
    int64_t now = clock_monotonic_ms();
    unsigned wait;
    return !s->rate || (rate_take(s->rate, FORWARDED_HEADER, peer, 1, now, &wait) &&
                        rate_take(s->rate, FORWARDED_HEADER, "all", 60, now, &wait));
}

void forwarded_notice(const struct services *s, const struct http_request *r) {
    const char *name = s->forwarded_header;
    if (!name || !has_header(r, name))
        name = FORWARDED_HEADER;
    if (!has_header(r, name) || !may_tell(s, r->peer))
        return;
    log_write(LOG_WARN, "http",
              "event=forwarded_ignored header=%s peer=%s path=%s note=\"only the listener "
              "listen-forwarded takes certificates from headers\"",
              name, log_q(span_str(r->peer)),
              log_q(span_str(url_without_tokens(r->arena, r->path))));
}
