/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three enrollment requests. Oracle: every answer to what was read is XML that repeats the
 * request's MessageID, and a CSR that was decoded has the length that its base64 can have.
 */
#include "mde/mde.h"

#include "fuzz.h"

static void check_answer(struct arena *a, const struct mde_header *h, struct buf *b) {
    struct xml_node *root;
    must(xml_parse(a, buf_view(b), &root) == OK);
    must(span_eq(xml_path_text(root, "Header/RelatesTo"), h->message_id));
    must(xml_path(root, "Body") != NULL && xml_path(root, "Body")->child != NULL);
    buf_clear(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    BUF_AUTO(b);
    struct mde_header h;
    struct mde_discover d;
    struct mde_request_token t;
    if (mde_read(&a, span_of(data, size), &h) != OK)
        return 0;
    if (mde_read_discover(&h, &d) == OK)
        must(d.email.n > 0 && d.request_version.n > 0);
    if (mde_read_request_token(&a, &h, &t) == OK)
        must(t.device_id.n == 32 && t.csr.n <= size);
    mde_write_discover_response(&b, &h, "https://a.example/p", "https://a.example/e");
    check_answer(&a, &h, &b);
    mde_write_policies_response(&b, &h);
    check_answer(&a, &h, &b);
    mde_write_token_response(&b, &h, span_of(data, size));
    check_answer(&a, &h, &b);
    mde_write_fault(&b, &h, MDE_NOT_SUPPORTED, "no");
    check_answer(&a, &h, &b);
    return 0;
}
