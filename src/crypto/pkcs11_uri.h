/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 URIs (RFC 7512): which module, which token, which key. */
#ifndef SIGNET_CRYPTO_PKCS11_URI_H
#define SIGNET_CRYPTO_PKCS11_URI_H

#include "base/arena.h"
#include "base/err.h"

/* What the URI does not say is NULL, and an empty `id`. */
struct pkcs11_uri {
    const char *token, *manufacturer, *serial, *model; /* of the token */
    const char *object;                                /* label of the key */
    struct span id;                                    /* CKA_ID of the key */
    const char *module_path;
};

/* Whether the text is such a URI: begins with "pkcs11:". */
bool pkcs11_is_uri(const char *text);

/*
 * Parses a URI that names a private key, in `a`. ERR_PARSE quotes the part that is wrong: an
 * attribute that is unknown, doubled or badly escaped, no object and no id; a PIN, which belongs in
 * a credential (it is not quoted).
 */
enum err pkcs11_uri_parse(struct arena *a, const char *text, struct pkcs11_uri *out) ERR_MUST_USE;

#endif
