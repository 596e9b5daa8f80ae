/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys, digests and random bytes, on OpenSSL's EVP (default provider, no deprecated API).
 * A struct key may be used by several threads at once.
 */
#ifndef SIGNET_CRYPTO_KEY_H
#define SIGNET_CRYPTO_KEY_H

#include "base/arena.h"
#include "base/err.h"

enum digest { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

enum { DIGEST_MAX_SIZE = 64 };

/* Digest length in bytes: 20, 32, 48, 64. */
size_t digest_size(enum digest d);

/* Digest of `data` into `out`. ERR_CRYPTO. */
enum err digest_of(enum digest d, struct span data, uint8_t out[DIGEST_MAX_SIZE]) ERR_MUST_USE;

/* HMAC-SHA256 with `key`. ERR_CRYPTO. */
enum err hmac_sha256(struct span key, struct span data, uint8_t out[32]) ERR_MUST_USE;

/* `n` bytes of the kernel's random generator, fit for keys; a few come from what the thread has
 * fetched before, and are wiped there. ERR_CRYPTO. */
enum err random_bytes(uint8_t *out, size_t n) ERR_MUST_USE;

/* Equality in a time that depends on the lengths only. */
bool same_secret(struct span a, struct span b);

struct key;

/*
 * A new key of a kind: "rsa2048", "rsa3072", "rsa4096", "p256" or "p384". The caller frees it.
 * ERR_USAGE names the kinds.
 */
enum err key_generate(const char *kind, struct key **out) ERR_MUST_USE;

/*
 * Opens a private key. `source` is the path of a PEM file, encrypted or not, or a PKCS#11 URI
 * (RFC 7512: token, object, id, module-path; the module defaults to p11-kit's proxy). `secret` is
 * the file's passphrase or the token's PIN; empty: none. A token's key never leaves it: signing and
 * decrypting happen there, on sessions that are pooled and opened anew when the token has forgotten
 * them (costs-and-traps.md, trap 10). ERR_NOT_FOUND, ERR_IO, ERR_PARSE, ERR_AUTH (the passphrase or
 * PIN is missing or wrong).
 */
enum err key_open(const char *source, struct span secret, struct key **out) ERR_MUST_USE;

/*
 * Writes a key that lies in memory as PKCS#8 PEM, mode 0600, durably, replacing what is there;
 * encrypted (PBES2, AES-256-CBC) when `secret` is not empty. ERR_IO; ERR_CONFLICT for a token's
 * key.
 */
enum err key_save(const struct key *k, struct span secret, const char *path) ERR_MUST_USE;

/*
 * A key that goes from hand to hand: PKCS#8, DER, not encrypted; secret. Reading ends at the last
 * octet, and proves that both halves belong together. ERR_PARSE, ERR_ALGORITHM (crypto/public.h
 * says what is taken); writing: ERR_CONFLICT for a token's key.
 */
enum err key_read(struct span pkcs8, struct key **out) ERR_MUST_USE;
enum err key_write(const struct key *k, struct arena *a, struct span *pkcs8) ERR_MUST_USE;

void key_free(struct key *k);

/* SubjectPublicKeyInfo in DER; owned by the key. */
struct span key_spki(const struct key *k);

bool key_is_rsa(const struct key *k);
unsigned key_bits(const struct key *k);

/* RSASSA-PKCS1-v1_5 or ECDSA signature of `data`, in `a`. ERR_CRYPTO. */
enum err key_sign(const struct key *k, enum digest d, struct span data, struct arena *a,
                  struct span *signature) ERR_MUST_USE;

#endif
