/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of describe.c as text: a heading a part, labels in a column. */
#include "scep/describe.h"

enum { LABEL = 20 };

static const char *text(const json_t *o, const char *key) {
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "none";
}

static int number(const json_t *o, const char *key) {
    return (int)json_integer_value(json_object_get(o, key));
}

static void heading(struct buf *out, const char *title) {
    buf_printf(out, "\n%s\n", title);
}

static void label(struct buf *out, const char *name) {
    buf_printf(out, "  %-*s", LABEL, name);
}

static void row(struct buf *out, const char *name, const char *value) {
    label(out, name);
    buf_printf(out, "%s\n", value);
}

static void numbered(struct buf *out, const char *name, const json_t *o) {
    if (!json_is_object(o))
        return;
    label(out, name);
    buf_printf(out, "%s (%d)\n", text(o, "name"), number(o, "number"));
}

static void algorithm(struct buf *out, const char *name, const json_t *o) {
    const char *params = text(o, "parameters");
    label(out, name);
    buf_printf(out, "%s (%s), parameters %s", text(o, "name"), text(o, "oid"), params);
    if (strcmp(text(o, "name"), "id-RSAES-OAEP") == 0 && strcmp(params, "3000") == 0)
        buf_str(out, " (the defaults: SHA-1, MGF1 with SHA-1, no label)");
    buf_char(out, '\n');
}

/* DER is what everybody expects; BER is worth a word. */
static const char *encoding(const json_t *o) {
    return strcmp(text(o, "encoding"), "BER") == 0 ? ", in BER" : "";
}

/* The name of a signer or of a recipient. */
static void named_by(struct buf *out, const char *who, const json_t *o) {
    char name[LABEL + 1];
    const char *const ways[][2] = {{"issuer", "issuer"}, {"serial", "serial"}, {"keyId", "key id"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (json_object_get(o, ways[i][0])) {
            snprintf(name, sizeof name, "%s's %s", who, ways[i][1]);
            row(out, name, text(o, ways[i][0]));
        }
}

static void summary(const json_t *m, struct buf *out) {
    buf_printf(out, "SCEP message of %d bytes%s\n", number(m, "length"), encoding(m));
    numbered(out, "type", json_object_get(m, "messageType"));
    numbered(out, "status", json_object_get(m, "pkiStatus"));
    numbered(out, "fail info", json_object_get(m, "failInfo"));
    row(out, "transaction id", text(m, "transactionId"));
    const json_t *is_hash = json_object_get(m, "transactionIdIsSignerSha1");
    if (!json_is_null(is_hash)) {
        label(out, "");
        buf_printf(out, "(%s the SHA-1 of the signer's certificate)\n",
                   json_is_true(is_hash) ? "is" : "is not");
    }
    row(out, "sender nonce", text(m, "senderNonce"));
    row(out, "recipient nonce", text(m, "recipientNonce"));
}

/* Three columns; the first two as wide as their widest entry. */
static void attributes(const json_t *list, struct buf *out) {
    size_t i, oid = 0, name = 0;
    json_t *entry;
    json_array_foreach(list, i, entry) {
        size_t n = strlen(text(entry, "oid")), m = strlen(text(entry, "name"));
        oid = n > oid ? n : oid;
        name = m > name ? m : name;
    }
    heading(out, "Signed attributes, in their order");
    json_array_foreach(list, i, entry)
        buf_printf(out, "  %zu  %-*s  %-*s  %s (%s)\n", i + 1, (int)oid, text(entry, "oid"),
                   (int)name, text(entry, "name"), text(entry, "value"), text(entry, "type"));
}

static void signer(const json_t *m, struct buf *out) {
    const json_t *o = json_object_get(m, "signer"), *verdict = json_object_get(o, "signature");
    size_t i;
    json_t *entry;
    heading(out, "Signature");
    json_array_foreach(json_object_get(m, "digestAlgorithms"), i, entry)
        algorithm(out, "digest (outer)", entry);
    algorithm(out, "digest (signer)", json_object_get(o, "digest"));
    algorithm(out, "signature", json_object_get(o, "signatureAlgorithm"));
    named_by(out, "signer", o);
    label(out, "verdict");
    buf_str(out, text(verdict, "verdict"));
    if (json_object_get(verdict, "reason"))
        buf_printf(out, ": %s", text(verdict, "reason"));
    buf_char(out, '\n');
}

static void certificate(const json_t *o, size_t index, size_t count, struct buf *out) {
    size_t i;
    json_t *x;
    buf_printf(out, "\nCertificate %zu of %zu\n", index + 1, count);
    row(out, "subject", text(o, "subject"));
    label(out, "issuer");
    buf_printf(out, "%s%s\n", text(o, "issuer"),
               json_is_true(json_object_get(o, "selfSigned")) ? " (self-signed)" : "");
    row(out, "serial", text(o, "serial"));
    label(out, "valid");
    buf_printf(out, "%s to %s\n", text(o, "notBefore"), text(o, "notAfter"));
    row(out, "SHA-1", text(o, "sha1"));
    label(out, "key");
    if (number(o, "rsaBits"))
        buf_printf(out, "RSA, %d bits\n", number(o, "rsaBits"));
    else
        buf_str(out, "not RSA\n");
    json_array_foreach(json_object_get(o, "extensions"), i, x) {
        label(out, i == 0 ? "extensions" : "");
        buf_printf(out, "%s (%s)%s: %s\n", text(x, "name"), text(x, "oid"),
                   json_is_true(json_object_get(x, "critical")) ? ", critical" : "",
                   text(x, "value"));
    }
}

static void certificates(const json_t *list, struct buf *out) {
    size_t i, n = json_array_size(list);
    json_t *entry;
    if (n == 0) {
        heading(out, "Certificates");
        row(out, "none", json_is_null(list) ? "(the field is absent)" : "(the field is empty)");
    }
    json_array_foreach(list, i, entry) certificate(entry, i, n, out);
}

static void recipient(const json_t *o, struct buf *out) {
    if (json_object_get(o, "kind")) {
        row(out, "recipient", text(o, "kind"));
        return;
    }
    named_by(out, "recipient", o);
    algorithm(out, "key transport", json_object_get(o, "keyTransport"));
    label(out, "encrypted key");
    buf_printf(out, "%d bytes\n", number(o, "encryptedKeyLength"));
}

static void envelope(const json_t *o, struct buf *out) {
    size_t i;
    json_t *entry;
    heading(out, "Envelope");
    if (json_is_null(o)) {
        row(out, "none", "(the message has no content)");
        return;
    }
    if (json_object_get(o, "error")) {
        row(out, "unreadable", text(o, "error"));
        return;
    }
    json_array_foreach(json_object_get(o, "recipients"), i, entry) recipient(entry, out);
    algorithm(out, "cipher", json_object_get(o, "cipher"));
    label(out, "ciphertext");
    buf_printf(out, "%d bytes of %s%s\n", number(o, "ciphertextLength"), text(o, "contentType"),
               encoding(o));
}

void describe_as_text(const json_t *message, struct buf *out) {
    summary(message, out);
    attributes(json_object_get(message, "signedAttributes"), out);
    signer(message, out);
    certificates(json_object_get(message, "certificates"), out);
    envelope(json_object_get(message, "envelope"), out);
}
