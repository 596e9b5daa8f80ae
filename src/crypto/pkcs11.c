/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crypto/algorithm.h"
#include "crypto/pkcs11_form.h"
#include "crypto/pkcs11_object.h"
#include "crypto/public.h"

struct pkcs11_key {
    struct arena arena;
    struct pkcs11_uri uri;
    struct pkcs11_token *token;
    bool rsa, may_sign, may_decrypt;
    size_t size; /* of the modulus, or of a coordinate */
    /* the object's handle, good in one generation of sessions */
    pthread_mutex_t lock;
    CK_OBJECT_HANDLE handle;
    unsigned generation;
    bool found;
};

/* One private operation. */
struct call {
    CK_MECHANISM_TYPE mechanism;
    bool decrypt;
    struct span in;
    uint8_t *out;
    size_t n; /* of `out` */
};

/* ---- the private key on its token ---- */

static const char *name_of(const struct pkcs11_key *k) {
    return k->uri.object ? k->uri.object : "(named by id)";
}

static enum err look_up(struct pkcs11_key *k, const struct pkcs11_session *s, CK_RV *rv) {
    unsigned count = 0;
    const char *token = pkcs11_token_label(k->token);
    *rv = pkcs11_find(s, CKO_PRIVATE_KEY, k->uri.object, k->uri.id, &k->handle, &count);
    if (*rv != CKR_OK)
        return err_set(ERR_IO, "the token \"%s\": finding a key: %s", token, pkcs11_code(*rv));
    if (count > 1)
        return err_set(ERR_CONFLICT,
                       "the token \"%s\" has several private keys \"%s\": name one "
                       "by id= in the PKCS#11 URI",
                       token, name_of(k));
    if (!count)
        return err_set(ERR_NOT_FOUND, "the token \"%s\" has no private key \"%s\"", token,
                       name_of(k));
    k->generation = s->generation;
    k->found = true;
    return OK;
}

static enum err handle_in(struct pkcs11_key *k, const struct pkcs11_session *s,
                          CK_OBJECT_HANDLE *handle, CK_RV *rv) {
    enum err e = OK;
    *rv = CKR_OK;
    pthread_mutex_lock(&k->lock);
    if (!k->found || k->generation != s->generation)
        e = look_up(k, s, rv);
    *handle = k->handle;
    pthread_mutex_unlock(&k->lock);
    return e;
}

static CK_RV compute(const struct pkcs11_session *s, CK_OBJECT_HANDLE key, const struct call *call,
                     CK_BYTE *in, CK_ULONG *n) {
    CK_MECHANISM mechanism = {call->mechanism, NULL, 0};
    CK_RV rv = call->decrypt ? s->f->C_DecryptInit(s->handle, &mechanism, key)
                             : s->f->C_SignInit(s->handle, &mechanism, key);
    if (rv != CKR_OK)
        return rv;
    return call->decrypt ? s->f->C_Decrypt(s->handle, in, call->in.n, call->out, n)
                         : s->f->C_Sign(s->handle, in, call->in.n, call->out, n);
}

static enum err attempt(struct pkcs11_key *k, const struct call *call, CK_RV *rv) {
    ARENA_AUTO(a);
    CK_BYTE *in = arena_alloc(&a, call->in.n); /* Cryptoki takes no const */
    CK_ULONG n = call->n;
    CK_OBJECT_HANDLE handle = 0;
    struct pkcs11_session s;
    *rv = CKR_OK;
    memcpy(in, call->in.p, call->in.n);
    TRY(pkcs11_acquire(k->token, &s));
    enum err e = handle_in(k, &s, &handle, rv);
    if (e == OK)
        *rv = compute(&s, handle, call, in, &n);
    pkcs11_release(k->token, &s, *rv);
    if (e != OK)
        return e;
    if (*rv == CKR_OK && n == call->n)
        return OK;
    return err_set(ERR_CRYPTO, "%s by the token \"%s\": %s",
                   call->decrypt ? "decryption" : "signing", pkcs11_token_label(k->token),
                   *rv == CKR_OK ? "a result of another length" : pkcs11_code(*rv));
}

/* A token that has forgotten us gets one second chance. */
static enum err run(struct pkcs11_key *k, const struct call *call) {
    CK_RV rv;
    enum err e = attempt(k, call, &rv);
    return e != OK && pkcs11_is_lost(rv) ? attempt(k, call, &rv) : e;
}

/* ---- the two verbs ---- */

static enum err sign_ecdsa(struct pkcs11_key *k, enum digest d, const uint8_t *hash,
                           struct arena *a, struct span *signature) {
    size_t n = digest_size(d) < k->size ? digest_size(d) : k->size; /* leftmost bits, FIPS 186-4 */
    uint8_t raw[2 * 66];
    struct call call = {CKM_ECDSA, false, span_of(hash, n), raw, 2 * k->size};
    TRY(run(k, &call));
    *signature = pkcs11_ecdsa_value(a, span_of(raw, 2 * k->size));
    return OK;
}

enum err pkcs11_sign(struct pkcs11_key *k, enum digest d, const uint8_t *hash, struct arena *a,
                     struct span *signature) {
    if (!k->rsa)
        return sign_ecdsa(k, d, hash, a, signature);
    uint8_t *out = arena_alloc(a, k->size);
    struct call call = {CKM_RSA_PKCS, false, digest_info(a, d, hash), out, k->size};
    TRY(run(k, &call));
    *signature = span_of(out, k->size);
    return OK;
}

enum err pkcs11_decrypt(struct pkcs11_key *k, struct span in, uint8_t *em) {
    struct call call = {CKM_RSA_X_509, true, in, em, k->size};
    TRY(pkcs11_check_decrypt(k));
    return run(k, &call);
}

enum err pkcs11_check_decrypt(struct pkcs11_key *k) {
    const char *token = pkcs11_token_label(k->token);
    if (!k->rsa)
        return err_set(ERR_ALGORITHM, "an EC key cannot open envelopes: take an RSA key");
    if (!k->may_decrypt)
        return err_set(ERR_ALGORITHM,
                       "the key \"%s\" of the token \"%s\" cannot open envelopes: that takes "
                       "CKM_RSA_X_509 and CKA_DECRYPT; keep this key in a file",
                       name_of(k), token);
    return OK;
}

/* ---- opening ---- */

static enum err check_permissions(struct pkcs11_key *k, const struct pkcs11_session *s) {
    CK_MECHANISM_TYPE signing = k->rsa ? CKM_RSA_PKCS : CKM_ECDSA;
    if (pkcs11_flag(s, k->handle, CKA_ALWAYS_AUTHENTICATE, false))
        return err_set(ERR_REFUSED,
                       "the key \"%s\" wants its PIN before each signature "
                       "(CKA_ALWAYS_AUTHENTICATE): a server cannot give it",
                       name_of(k));
    k->may_sign =
        pkcs11_flag(s, k->handle, CKA_SIGN, true) && pkcs11_token_can(k->token, signing, CKF_SIGN);
    k->may_decrypt = k->rsa && pkcs11_flag(s, k->handle, CKA_DECRYPT, true) &&
                     pkcs11_token_can(k->token, CKM_RSA_X_509, CKF_DECRYPT);
    return OK;
}

/* All that is to be known of the key. */
static enum err read_key(struct pkcs11_key *k, const struct pkcs11_session *s, struct span *spki,
                         CK_RV *rv) {
    CK_OBJECT_HANDLE handle;
    struct spki key;
    TRY(handle_in(k, s, &handle, rv));
    enum err e = pkcs11_public(s, handle, &k->arena, spki, rv);
    if (e == OK)
        e = spki_parse(*spki, &key);
    if (e != OK)
        return err_context(e, "the key \"%s\" of the token \"%s\"", name_of(k),
                           pkcs11_token_label(k->token));
    k->rsa = key.rsa;
    k->size = key.rsa ? key.n.n : (spki_bits(&key) + 7) / 8;
    return check_permissions(k, s);
}

static enum err inspect(struct pkcs11_key *k, struct span *spki, CK_RV *rv) {
    struct pkcs11_session s;
    *rv = CKR_OK;
    TRY(pkcs11_acquire(k->token, &s));
    enum err e = read_key(k, &s, spki, rv);
    pkcs11_release(k->token, &s, *rv);
    return e;
}

/* A wrong certificate beside the key, or a mechanism that is listed but does not work, show now. */
static enum err prove(struct pkcs11_key *k, struct span spki) {
    ARENA_AUTO(a);
    struct public_key *public = NULL;
    struct span signature;
    uint8_t hash[DIGEST_MAX_SIZE];
    if (!k->may_sign)
        return OK;
    TRY(digest_of(DIGEST_SHA256, spki, hash));
    TRY(pkcs11_sign(k, DIGEST_SHA256, hash, &a, &signature));
    TRY(public_load(&a, spki, &public));
    enum err e = public_verify(public, DIGEST_SHA256, hash, signature);
    return e == OK ? OK
                   : err_set(ERR_REFUSED,
                             "the public key on the token \"%s\" does not belong to "
                             "the private key \"%s\"",
                             pkcs11_token_label(k->token), name_of(k));
}

static enum err open_key(struct pkcs11_key *k, const char *uri, struct span pin, struct buf *spki) {
    struct span der = SPAN_NONE;
    CK_RV rv;
    TRY(pkcs11_uri_parse(&k->arena, uri, &k->uri));
    TRY(pkcs11_token_open(&k->uri, pin, &k->token));
    enum err e = inspect(k, &der, &rv);
    if (e != OK && pkcs11_is_lost(rv))
        e = inspect(k, &der, &rv);
    TRY(e);
    TRY(prove(k, der));
    buf_span(spki, der);
    return OK;
}

enum err pkcs11_open(const char *uri, struct span pin, struct pkcs11_key **out, struct buf *spki) {
    struct pkcs11_key *k = mem_alloc(sizeof *k);
    pthread_mutex_init(&k->lock, NULL);
    enum err e = open_key(k, uri, pin, spki);
    if (e == OK)
        *out = k;
    else
        pkcs11_free(k);
    return e;
}

void pkcs11_free(struct pkcs11_key *k) {
    if (!k)
        return;
    pkcs11_token_close(k->token);
    pthread_mutex_destroy(&k->lock);
    arena_free(&k->arena);
    free(k);
}
