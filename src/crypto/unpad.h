/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing padding without telling whether it was good. Anybody can sign a SCEP message with a key
 * of his own, so a server that answers faster, slower or otherwise to a broken padding decrypts for
 * him (Bleichenbacher, Manger, Vaudenay; costs-and-traps.md, traps 2 and 3). The time of these
 * functions depends on the lengths only.
 */
#ifndef SIGNET_CRYPTO_UNPAD_H
#define SIGNET_CRYPTO_UNPAD_H

#include "crypto/key.h"

/*
 * Takes a content key of exactly key_n bytes out of an RSA block `em`: 1, and `key` is
 * overwritten; or 0, and `key` keeps what the caller put there, which should be random.
 */
uint32_t unpad_pkcs1(struct span em, uint8_t *key, size_t key_n);

/* The same for OAEP with SHA-1, MGF1-SHA-1 and no label. Works on `em` in place. */
uint32_t unpad_oaep(uint8_t *em, size_t em_n, uint8_t *key, size_t key_n);

/*
 * The length without PKCS#7's padding, for a cipher whose block has `block` octets; `*good` is 1 or
 * 0, and then the length is that of the input.
 */
size_t unpad_cbc(struct span blocks, size_t block, uint32_t *good);

#endif
