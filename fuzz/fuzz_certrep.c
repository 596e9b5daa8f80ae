/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SCEP server answers, as our client reads it. No fuzzer guesses a signature, so what can be
 * read of an input is signed again by the server; and the input is put into an envelope, as what
 * the server would have issued.
 *
 * Oracles: nothing passes that the pinned server has not signed, and no envelope opens that was not
 * made for our key; a message signed by the server is accepted if and only if its attributes can be
 * read and tell an outcome, and says then what they say, however one octet of it is changed, or it
 * is refused; the same message under another key is a stranger's; the certificates in an envelope
 * are those that the same bytes hold without one, and a bundle made of them holds them again.
 */
#include "mutate_der.h"
#include "resign.h"

#include "scep/attributes.h"
#include "scep/client.h"

static struct arena forever;
static struct scep_key ra, stranger, self;
static struct public_key *self_public;

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Once, and outside of the time that one input may take. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    ra = resign_key(&forever, "CN=RA");
    stranger = resign_key(&forever, "CN=stranger");
    self = resign_key(&forever, "CN=self");
    must(public_load(&forever, self.parsed.spki, &self_public) == OK);
    (void)argc;
    (void)argv;
    return 0;
}

static enum err read_it(struct arena *a, struct span message, struct scep_certrep *out) {
    const struct span pinned[] = {self.cert, ra.cert};
    enum err e = scep_certrep_read(a, message, pinned, 2, out);
    must(e == OK ? out->signer.p == ra.cert.p : out->pki_status == -1 && !out->signer.p);
    return e;
}

/* ---- a message under the server's signature ---- */

static bool tells_outcome(const struct scep_attributes *at, bool has_content) {
    if (at->message_type != -1 && at->message_type != SCEP_CERT_REP)
        return false;
    if (at->pki_status == -1)
        return at->message_type != -1 && (at->fail_info != -1 || has_content);
    return at->pki_status == SCEP_SUCCESS || at->pki_status == SCEP_FAILURE ||
           at->pki_status == SCEP_PENDING;
}

static void compare(const struct scep_certrep *rep, const struct scep_attributes *at,
                    struct span content) {
    must(at->pki_status == -1 || rep->pki_status == at->pki_status);
    must(rep->fail_info == at->fail_info);
    must(span_eq(rep->transaction_id, at->transaction_id));
    must(span_eq(rep->sender_nonce, at->sender_nonce));
    must(span_eq(rep->recipient_nonce, at->recipient_nonce));
    must(!rep->text == !(at->fail_info_text.n || at->server_message.n));
    must(span_eq(rep->enveloped, rep->pki_status == SCEP_SUCCESS ? content : SPAN_NONE));
}

static void check_changed(struct arena *a, struct span message, size_t at,
                          const struct scep_attributes *wanted, struct span content) {
    struct scep_certrep rep;
    uint8_t *changed = arena_alloc(a, message.n);
    memcpy(changed, message.p, message.n);
    changed[at % message.n] ^= (uint8_t)(1U << at / message.n % 8);
    if (read_it(a, span_of(changed, message.n), &rep) == OK)
        compare(&rep, wanted, content);
}

static void as_signed(struct arena *a, const struct cms_signed *msg, size_t dice) {
    enum digest digest = (enum digest)(dice % (DIGEST_SHA512 + 1));
    struct scep_attributes at;
    struct scep_certrep rep;
    struct span message, other, certs[1];
    size_t n;
    if (!resign(a, msg, digest, &ra, dice % 2, &message))
        return;
    bool good = scep_attributes_scan(&msg->signer, &at) == OK && tells_outcome(&at, msg->content.n);
    must((read_it(a, message, &rep) == OK) == good);
    if (!good)
        return;
    compare(&rep, &at, msg->content);
    must(rep.digest == digest);
    must(scep_certrep_open(a, &rep, &self, certs, 1, &n) != OK && n == 0);
    check_changed(a, message, dice * 2654435761U, &at, msg->content);
    must(resign(a, msg, digest, &stranger, true, &other));
    must(read_it(a, other, &rep) == ERR_FORBIDDEN);
}

static void as_message(struct arena *a, struct span in) {
    struct scep_certrep rep;
    struct cms_signed msg;
    must(read_it(a, in, &rep) != OK);
    if (cms_signed_read(a, in, &msg) == OK)
        as_signed(a, &msg, in.n);
}

/* ---- certificates, and envelopes ---- */

static bool same_list(const struct span *x, size_t x_n, const struct span *y, size_t y_n) {
    for (size_t i = 0; i < x_n && i < y_n; i++)
        if (!span_eq(x[i], y[i]))
            return false;
    return x_n == y_n;
}

static void in_envelope(struct arena *a, struct span in, const struct span *wanted, size_t count) {
    struct span certs[SCEP_CLIENT_MAX_CERTS];
    size_t n;
    struct scep_certrep rep = {0};
    struct cms_sealing s = {.content = in,
                            .issuer = self.parsed.issuer,
                            .serial = self.parsed.serial,
                            .key = self_public,
                            .transport = in.n % 2 ? TRANSPORT_OAEP : TRANSPORT_PKCS1,
                            .cipher = (enum cipher)(in.n % CIPHER_DES_CBC)};
    must(cms_enveloped_build(a, &s, &rep.enveloped) == OK);
    enum err e = scep_certrep_open(a, &rep, &self, certs, SCEP_CLIENT_MAX_CERTS, &n);
    must((e == OK) == (count > 0));
    must(e != OK || same_list(certs, n, wanted, count));
    must(scep_certrep_open(a, &rep, &ra, certs, SCEP_CLIENT_MAX_CERTS, &n) == ERR_MESSAGE_CHECK);
}

static void as_certs(struct arena *a, struct span in) {
    struct span certs[SCEP_CLIENT_MAX_CERTS], again[SCEP_CLIENT_MAX_CERTS];
    size_t count, n;
    bool single;
    if (scep_client_certs(a, in, certs, SCEP_CLIENT_MAX_CERTS, &count, &single) != OK) {
        if (in.n % 64 == 0) /* seldom, since the private key's operation is slow */
            in_envelope(a, in, NULL, 0);
        return;
    }
    must(count > 0 && (!single || count == 1));
    struct span bundle = cms_certs_only(a, certs, count, SPAN_NONE);
    must(scep_client_certs(a, bundle, again, SCEP_CLIENT_MAX_CERTS, &n, &single) == OK);
    must(!single && same_list(certs, count, again, n));
    in_envelope(a, in, certs, count);
}

static void as_envelope(struct arena *a, struct span in) {
    struct scep_certrep rep = {.enveloped = in};
    struct span certs[1];
    size_t n;
    must(scep_certrep_open(a, &rep, &self, certs, 1, &n) != OK && n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span in = span_of(data, size);
    as_message(&a, in);
    as_certs(&a, in);
    as_envelope(&a, in);
    return 0;
}
