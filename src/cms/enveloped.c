/* SPDX-License-Identifier: Apache-2.0 */
#include "cms/enveloped.h"

#include "base/buf.h"
#include "cms/content.h"
#include "crypto/rsa.h"
#include "crypto/unpad.h"
#include "x509/name.h"

/* ---- reading ---- */

/*
 * encryptedContent is an OCTET STRING under an IMPLICIT tag: when BER sends it in pieces, only this
 * schema knows that they are pieces of a string.
 */
static enum err read_ciphertext(struct arena *a, struct der *d, struct span *out) {
    BUF_AUTO(joined);
    struct der pieces;
    struct span piece;
    if (!der_at(d, DER_CONTEXT_CONSTRUCTED(0)))
        return der_read(d, DER_CONTEXT(0), out);
    TRY(der_enter(d, DER_CONTEXT_CONSTRUCTED(0), &pieces));
    while (!der_is_empty(&pieces)) {
        TRY(der_read(&pieces, DER_OCTET_STRING, &piece));
        buf_span(&joined, piece);
    }
    *out = arena_copy(a, buf_view(&joined));
    return OK;
}

static enum err read_encrypted_content(struct arena *a, struct der *d, struct cms_enveloped *out) {
    struct der info;
    TRY(der_enter(d, DER_SEQUENCE, &info));
    TRY(der_oid(&info, &out->content_type));
    TRY(algorithm_read(&info, &out->cipher));
    TRY(read_ciphertext(a, &info, &out->ciphertext));
    return der_end(&info);
}

static enum err read_enveloped_data(struct arena *a, struct der *d, struct cms_enveloped *out) {
    struct der data;
    struct span ignored;
    unsigned version;
    TRY(der_enter(d, DER_SEQUENCE, &data));
    TRY(der_small(&data, 4, &version));
    if (der_at(&data, DER_CONTEXT_CONSTRUCTED(0))) /* originatorInfo */
        TRY(der_read(&data, DER_CONTEXT_CONSTRUCTED(0), &ignored));
    TRY(der_read(&data, DER_SET, &out->recipients));
    TRY(read_encrypted_content(a, &data, out));
    if (der_at(&data, DER_CONTEXT_CONSTRUCTED(1))) /* unprotectedAttrs */
        TRY(der_read(&data, DER_CONTEXT_CONSTRUCTED(1), &ignored));
    return der_end(&data);
}

enum err cms_enveloped_read(struct arena *a, struct span message, struct cms_enveloped *out) {
    struct der content;
    *out = (struct cms_enveloped){0};
    TRY(cms_content(a, message, OID_PKCS7_ENVELOPED, "pkcs7-envelopedData", &content));
    TRY(read_enveloped_data(a, &content, out));
    return der_end(&content);
}

enum err cms_recipient_next(struct der *d, struct cms_recipient *out) {
    struct der info, rid;
    struct der_item item;
    unsigned version;
    *out = (struct cms_recipient){0};
    if (!der_at(d, DER_SEQUENCE)) /* key agreement, passwords and the like */
        return der_next(d, &item);
    TRY(der_enter(d, DER_SEQUENCE, &info));
    TRY(der_small(&info, 2, &version));
    if (der_at(&info, DER_CONTEXT(0))) {
        TRY(der_read(&info, DER_CONTEXT(0), &out->key_id));
    } else {
        TRY(der_enter(&info, DER_SEQUENCE, &rid));
        TRY(der_read_whole(&rid, DER_SEQUENCE, &out->issuer));
        TRY(der_integer(&rid, &out->serial));
        TRY(der_end(&rid));
    }
    TRY(algorithm_read(&info, &out->transport));
    TRY(der_read(&info, DER_OCTET_STRING, &out->encrypted_key));
    return der_end(&info);
}

/* ---- opening ---- */

static bool names(const struct cms_recipient *r, const struct cms_opener *o) {
    uint8_t id[20];
    if (r->issuer.n)
        return span_eq(r->serial, o->serial) && name_same(r->issuer, o->issuer);
    return r->key_id.n &&
           (span_eq(r->key_id, o->key_id) ||
            (spki_key_id(o->spki, id) == OK && span_eq(r->key_id, span_of(id, sizeof id))));
}

static enum err find_recipient(const struct cms_enveloped *env, const struct cms_opener *openers,
                               size_t count, struct cms_recipient *out,
                               const struct cms_opener **opener) {
    struct der d = der_of(env->recipients);
    while (!der_is_empty(&d)) {
        TRY(cms_recipient_next(&d, out));
        for (size_t i = 0; i < count; i++)
            if (names(out, &openers[i])) {
                *opener = &openers[i];
                return OK;
            }
    }
    return err_set(ERR_CERT_ID, "no recipient is ours");
}

/*
 * OAEP's default is SHA-1, MGF1 with SHA-1 and no label. Windows writes it as an empty SEQUENCE;
 * NULL and nothing are met too (windows-scep.md, 3). Spelled-out parameters are refused.
 */
static enum err read_transport(const struct algorithm *alg, enum key_transport *out) {
    bool oaep = oid_is(alg->oid, OID_RSAES_OAEP);
    if (!oaep && !oid_is(alg->oid, OID_RSA))
        return err_set(ERR_ALGORITHM, "the key transport is neither RSAES-OAEP nor PKCS#1 v1.5");
    if (alg->form == PARAMS_OTHER || (!oaep && alg->form == PARAMS_EMPTY_SEQUENCE))
        return err_set(ERR_ALGORITHM, "the key transport has parameters that are not supported");
    *out = oaep ? TRANSPORT_OAEP : TRANSPORT_PKCS1;
    return OK;
}

enum err cms_enveloped_cipher(const struct cms_enveloped *env, enum cipher *out) {
    struct span iv;
    return algorithm_cipher(&env->cipher, out, &iv);
}

/* From here to its end nothing branches on what the private key brought to light. */
static enum err transported_key(struct arena *a, const struct key *key,
                                enum key_transport transport, struct span encrypted, uint8_t *cek,
                                size_t cek_n) {
    struct span em = SPAN_NONE;
    TRY(random_bytes(cek, cek_n));
    TRY(key_decrypt_raw(key, encrypted, a, &em));
    if (transport == TRANSPORT_PKCS1) {
        unpad_pkcs1(em, cek, cek_n);
    } else {
        uint8_t *work = arena_alloc(a, em.n);
        memcpy(work, em.p, em.n);
        unpad_oaep(work, em.n, cek, cek_n);
    }
    return OK;
}

enum err cms_enveloped_open(struct arena *a, const struct cms_enveloped *env,
                            const struct cms_opener *openers, size_t count,
                            enum key_transport *transport, enum cipher *cipher,
                            struct span *content, uint32_t *good) {
    const struct cms_opener *opener = NULL;
    struct cms_recipient recipient = {0};
    struct span iv = SPAN_NONE, blocks = SPAN_NONE;
    uint8_t cek[CIPHER_MAX_KEY];
    TRY(find_recipient(env, openers, count, &recipient, &opener));
    TRY(read_transport(&recipient.transport, transport));
    TRY(algorithm_cipher(&env->cipher, cipher, &iv));
    enum err e = transported_key(a, opener->key, *transport, recipient.encrypted_key, cek,
                                 cipher_key_size(*cipher));
    if (e == OK)
        e = cipher_decrypt(a, *cipher, cek, iv.p, env->ciphertext, &blocks);
    explicit_bzero(cek, sizeof cek);
    if (e != OK)
        return e;
    *content = span_of(blocks.p, unpad_cbc(blocks, cipher_block(*cipher), good));
    return OK;
}

/* ---- building ---- */

static void put_recipient(struct der_writer *w, const struct cms_sealing *s,
                          struct span encrypted_key) {
    size_t set = der_mark(w);
    der_put_item(w, DER_OCTET_STRING, encrypted_key);
    size_t alg = der_mark(w);
    if (s->transport == TRANSPORT_OAEP) {
        der_put_item(w, DER_SEQUENCE, SPAN_NONE);
        der_put_oid(w, OID_RSAES_OAEP);
        der_wrap(w, DER_SEQUENCE, alg);
    } else {
        algorithm_put(w, OID_RSA, PARAMS_NULL);
    }
    size_t rid = der_mark(w);
    der_put_item(w, DER_INTEGER, s->serial);
    der_put(w, s->issuer);
    der_wrap(w, DER_SEQUENCE, rid);
    der_put_small(w, 0);
    der_wrap(w, DER_SEQUENCE, set);
    der_wrap(w, DER_SET, set);
}

static void put_encrypted_content(struct der_writer *w, enum cipher cipher, struct span iv,
                                  struct span ciphertext) {
    der_put_item(w, DER_CONTEXT(0), ciphertext);
    size_t alg = der_mark(w);
    der_put_item(w, DER_OCTET_STRING, iv);
    der_put_oid(w, cipher_oid(cipher));
    der_wrap(w, DER_SEQUENCE, alg);
    der_put_oid(w, OID_PKCS7_DATA);
    der_wrap(w, DER_SEQUENCE, 0);
}

static enum err seal(struct arena *a, const struct cms_sealing *s, const uint8_t *cek,
                     const uint8_t *iv, struct span *der) {
    struct span encrypted_key = SPAN_NONE, ciphertext = SPAN_NONE;
    struct span secret = span_of(cek, cipher_key_size(s->cipher));
    TRY(cipher_encrypt(a, s->cipher, cek, iv, s->content, &ciphertext));
    TRY(public_encrypt(s->key, s->transport == TRANSPORT_OAEP, secret, a, &encrypted_key));
    struct der_writer w = der_writer_in(a);
    put_encrypted_content(&w, s->cipher, span_of(iv, cipher_block(s->cipher)), ciphertext);
    put_recipient(&w, s, encrypted_key);
    der_put_small(&w, 0);
    der_wrap(&w, DER_SEQUENCE, 0);
    der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), 0);
    der_put_oid(&w, OID_PKCS7_ENVELOPED);
    der_wrap(&w, DER_SEQUENCE, 0);
    *der = der_written(&w);
    return OK;
}

enum err cms_enveloped_build(struct arena *a, const struct cms_sealing *s, struct span *der) {
    uint8_t cek[CIPHER_MAX_KEY], iv[CIPHER_MAX_BLOCK];
    TRY(random_bytes(cek, sizeof cek));
    TRY(random_bytes(iv, sizeof iv));
    enum err e = seal(a, s, cek, iv, der);
    explicit_bzero(cek, sizeof cek);
    return e;
}
