/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 modules: shared libraries that speak for tokens. Cryptoki is called directly, so that no
 * engine or provider slows OpenSSL down or changes what it does (costs-and-traps.md, 1b).
 */
#ifndef SIGNET_CRYPTO_PKCS11_MODULE_H
#define SIGNET_CRYPTO_PKCS11_MODULE_H

#include <p11-kit/pkcs11.h>

#include "base/err.h"

struct pkcs11_module {
    struct pkcs11_module *next;
    char *path;
    CK_FUNCTION_LIST *f;
};

/*
 * The module of a path (NULL: p11-kit's proxy of all that the system has configured), loaded and
 * initialised at its first use, and kept for the process's life: C_Initialize is once a process,
 * and after any fork. Thread-safe. ERR_IO.
 */
enum err pkcs11_module_load(const char *path, struct pkcs11_module **out) ERR_MUST_USE;

/* The code's name, such as "CKR_PIN_INCORRECT", or its number; valid until the thread's next one.
 */
const char *pkcs11_code(CK_RV rv) __attribute__((returns_nonnull));

#endif
