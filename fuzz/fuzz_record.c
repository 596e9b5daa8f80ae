/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording keeps of an exchange: query, headers and body of anybody's making, up to lines
 * of a file. Oracle: a secret that was put into them, raw or encoded, is in none of the lines, and
 * what was written is printable.
 */
#include "record/exchange.h"

#include "fuzz.h"
#include "marked.h"

static struct span part(struct span *rest) {
    ptrdiff_t end = span_find(*rest, '\xff');
    struct span p = end < 0 ? *rest : span_of(rest->p, (size_t)end);
    *rest = end < 0 ? SPAN_NONE : span_from(*rest, (size_t)end + 1);
    return p;
}

/* DER stays as it is, since its lengths count: the secret stands in the seeds themselves. */
static struct span filled(struct arena *a, struct span in) {
    BUF_AUTO(b);
    if (in.n && *in.p == 0x30)
        return in;
    marked_fill(&b, in);
    return arena_copy(a, buf_view(&b));
}

/* The secret in the place of a CSR: it is what an envelope may hold. */
static enum err hand_over(void *body, struct arena *a, const char *path, struct span message,
                          struct span *csr) {
    (void)a, (void)path, (void)message;
    *csr = *(struct span *)body;
    return OK;
}

static void must_be_text(struct span out) {
    for (size_t i = 0; i < out.n; i++)
        must(out.p[i] == '\n' || (out.p[i] >= ' ' && out.p[i] < 0x7f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const paths[] = {"/EnrollmentServer/Discovery.svc",
                                        "/EnrollmentServer/Enrollment.svc",
                                        "/ManagementServer/MDM.svc", "/scep/x/pkiclient.exe"};
    ARENA_AUTO(a);
    BUF_AUTO(out);
    struct pseudonyms names = {0};
    struct span rest = span_of(data, size);
    if (size < 2 || size > 20000)
        return 0;
    const char *path = paths[*data % 4];
    rest = span_from(rest, 1);
    struct record_header headers[2] = {{arena_str(&a, filled(&a, part(&rest))), ""},
                                       {"User-Agent", ""}};
    headers[0].value = headers[1].value = arena_str(&a, filled(&a, part(&rest)));
    struct record_exchange x = {
        .listener = "public",
        .method = "POST",
        .path = path,
        .query = arena_str(&a, filled(&a, part(&rest))),
        .peer = MARKED,
        .headers = headers,
        .header_count = 2,
        .status = 200,
        .answer_type = "text/plain",
    };
    x.body = x.answer = filled(&a, rest);
    const struct tree t = {.out = &out, .a = &a, .names = &names};
    for (int again = 0; again < 2; again++) /* the second time with the pseudonyms of the first */
        exchange_write(&t, &x, hand_over, &x.body);
    must_be_text(buf_view(&out));
    must(!marked_found(buf_view(&out)));
    pseudonyms_free(&names);
    return 0;
}
