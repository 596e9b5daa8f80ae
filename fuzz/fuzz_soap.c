/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three enrollment requests. Oracle: every answer to what was read is XML that repeats the
 * request's MessageID, and what was decoded of a request has the length that its base64 can have.
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

static void check_security(const struct mde_header *h) {
    must(h->has_security || (!h->ambiguous && !h->username.n && !h->password.n && !h->token.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    BUF_AUTO(b);
    struct mde_header h;
    struct mde_discover d;
    struct mde_request_token t;
    struct mde_discover_answer answer = {"4.0", "https://a.example/p", "https://a.example/e", NULL};
    if (mde_read(&a, span_of(data, size), &h) != OK)
        return 0;
    check_security(&h);
    if (mde_read_discover(&h, &d) == OK)
        must(d.email.n > 0 && d.request_version.n > 0);
    if (mde_read_request_token(&a, &h, &t) == OK)
        must(t.content.n <= size && (!mde_is_device_id(t.device_id) || t.device_id.n == 32));
    mde_write_discover_response(&b, &h, &answer);
    check_answer(&a, &h, &b);
    answer.sign_in_url = "https://a.example/a";
    mde_write_discover_response(&b, &h, &answer);
    check_answer(&a, &h, &b);
    mde_write_policies_response(&b, &h);
    check_answer(&a, &h, &b);
    mde_write_token_response(&b, &h, span_of(data, size));
    check_answer(&a, &h, &b);
    mde_write_fault(&b, &h, (enum mde_fault)(size % MDE_FAULT__MAX), "no");
    check_answer(&a, &h, &b);
    return 0;
}
