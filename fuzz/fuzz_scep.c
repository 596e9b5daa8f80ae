/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SCEP request on the server's side, with what lies behind its signature: no fuzzer guesses one,
 * so that each layer is called with what the layer before it would hand on if the signature held,
 * and a message whose layers can be read gets a signature that holds. The same bytes are tried as a
 * message, as an envelope and as each content.
 *
 * Oracles: what scep_read accepts is described; what it reads of the signed message is what the
 * layers read, however one octet of that is changed, or it is refused; each request can be
 * answered, and the answer is read again; no envelope opens that was not made for our key; what is
 * put into an envelope comes out as if it had been read without one.
 */
#include "mutate_der.h"
#include "resign.h"

#include "scep/attributes.h"
#include "scep/content.h"

static const int types[] = {SCEP_RENEWAL_REQ, SCEP_PKCS_REQ, SCEP_CERT_POLL, SCEP_GET_CERT,
                            SCEP_GET_CRL};

static struct arena forever;
static struct scep_key ra;
static struct public_key *ra_public; /* of ra.key */

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Once, and outside of the time that one input may take. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    ra = resign_key(&forever, "CN=RA");
    must(public_load(&forever, ra.parsed.spki, &ra_public) == OK);
    (void)argc;
    (void)argv;
    return 0;
}

/* ---- a message under a signature that holds; the RA is its own client ---- */

static void compare(const struct scep_request *r, const struct scep_attributes *wanted,
                    struct span content) {
    must(r->message_type == wanted->message_type);
    must(span_eq(r->transaction_id, wanted->transaction_id));
    must(span_eq(r->sender_nonce, wanted->sender_nonce));
    must(span_eq(r->enveloped, content));
}

static void check_changed(struct arena *a, struct span message, size_t at,
                          const struct scep_attributes *wanted, struct span content) {
    struct scep_request r;
    uint8_t *changed = arena_alloc(a, message.n);
    memcpy(changed, message.p, message.n);
    changed[at % message.n] ^= (uint8_t)(1U << at / message.n % 8);
    if (scep_read(a, span_of(changed, message.n), &r) == OK)
        compare(&r, wanted, content);
}

static void check_answer(struct arena *a, const struct scep_request *r, size_t dice) {
    const struct scep_reply reply = {.status = dice % 3 == 0   ? SCEP_SUCCESS
                                               : dice % 3 == 1 ? SCEP_FAILURE
                                                               : SCEP_PENDING,
                                     .fail_info = SCEP_BAD_REQUEST,
                                     .text = dice % 2 ? "why" : NULL,
                                     .cert = ra.cert};
    struct span der;
    struct cms_signed msg;
    struct scep_attributes attributes;
    must(scep_build_reply(a, r, &reply, &ra, dice % 2, &der) == OK);
    must(cms_signed_read(a, der, &msg) == OK && cms_signed_verify(&msg, ra_public) == OK);
    must(scep_attributes_read(&msg.signer, &attributes) == OK);
    must(attributes.message_type == SCEP_CERT_REP && attributes.pki_status == (int)reply.status);
    must(span_eq(attributes.transaction_id, r->transaction_id));
    must(span_eq(attributes.recipient_nonce, r->sender_nonce));
    must((msg.content.n > 0) == (reply.status == SCEP_SUCCESS));
}

static void as_signed(struct arena *a, const struct cms_signed *msg,
                      const struct scep_attributes *wanted, size_t dice) {
    struct span message;
    struct scep_request r;
    enum digest digest = (enum digest)(dice % (DIGEST_SHA512 + 1));
    if (msg->content.n == 0 || !resign(a, msg, digest, &ra, true, &message))
        return;
    must(scep_read(a, message, &r) == OK);
    compare(&r, wanted, msg->content);
    check_changed(a, message, dice * 2654435761U, wanted, msg->content);
    check_answer(a, &r, dice);
}

static void as_message(struct arena *a, struct span in) {
    BUF_AUTO(text);
    struct scep_request r;
    struct cms_signed msg;
    struct scep_attributes attributes;
    struct scep_content content;
    bool read = scep_read(a, in, &r) == OK;
    bool shown = scep_describe(in, in.n % 2, &text) == OK;
    must(shown || !read);
    if (cms_signed_read(a, in, &msg) != OK)
        return;
    bool whole = scep_attributes_read(&msg.signer, &attributes) == OK;
    must(whole || !read);
    if (!whole)
        return;
    (void)!cms_signed_verify(&msg, ra_public);
    r = (struct scep_request){.message_type = attributes.message_type, .enveloped = msg.content};
    must(scep_open(a, &r, &ra, 1, in.n % 2, &content) != OK);
    as_signed(a, &msg, &attributes, in.n);
}

/* ---- what lies inside ---- */

static void as_envelope(struct arena *a, struct span in, int type) {
    struct scep_request r = {.message_type = type, .enveloped = in};
    struct scep_content content;
    must(scep_open(a, &r, &ra, 1, in.n % 2, &content) != OK);
    must(!content.csr.der.p && !content.issuer.p && !content.serial.p);
}

/* In an envelope and out of it again. */
static enum err by_envelope(struct arena *a, struct span in, int type, enum cipher cipher,
                            struct scep_content *out) {
    struct scep_request r = {.message_type = type};
    struct cms_sealing s = {.content = in,
                            .issuer = ra.parsed.issuer,
                            .serial = ra.parsed.serial,
                            .key = ra_public,
                            .transport = in.n % 2 ? TRANSPORT_OAEP : TRANSPORT_PKCS1,
                            .cipher = cipher};
    must(cms_enveloped_build(a, &s, &r.enveloped) == OK);
    enum err e = scep_open(a, &r, &ra, 1, false, out);
    must(r.transport == s.transport && r.cipher == s.cipher);
    return e;
}

static void as_content(struct arena *a, struct span in, int type) {
    struct scep_content content = {0}, opened;
    bool read = scep_content_read(a, type, in, &content) == OK;
    if (!read && in.n % 64)
        return; /* seldom, since the private key's operation is slow */
    enum cipher cipher = (enum cipher)(in.n % CIPHER_DES_CBC);
    must((by_envelope(a, in, type, cipher, &opened) == OK) == read);
    if (read) {
        must(span_eq(content.csr.info, opened.csr.info));
        must(span_eq(content.issuer, opened.issuer));
        must(span_eq(content.subject, opened.subject));
        must(span_eq(content.serial, opened.serial));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span in = span_of(data, size);
    int type = types[size % (sizeof types / sizeof *types)];
    as_message(&a, in);
    as_envelope(&a, in, type);
    as_content(&a, in, type);
    return 0;
}
