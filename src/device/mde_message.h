/* SPDX-License-Identifier: Apache-2.0 */
/* The SOAP messages of an enrollment, exactly as a Windows 10 host sends them (windows-mdm.md, C).
 */
#ifndef SIGNET_DEVICE_MDE_MESSAGE_H
#define SIGNET_DEVICE_MDE_MESSAGE_H

#include "device/host.h"
#include "device/ossl.h"

struct mde_user {
    const char *name, *password; /* the password may be an enrollment code */
    const char *type;            /* "Full" or "Device" */
    bool sign_in;                /* on the server's page (Federated) */
    struct span token;           /* what the page gave: goes in place of name and password */
};

void mde_write_discover(const struct host *h, const char *url, const char *user, struct buf *out);
void mde_write_get_policies(const char *url, const struct mde_user *u, struct buf *out);
void mde_write_rst(const struct host *h, const char *url, const struct mde_user *u, struct span csr,
                   struct buf *out);

/* RequestType Renew around a CMS (windows-mdm.md, C.8): an empty password, and hardly a context. */
void mde_write_renew(const struct host *h, const char *url, const char *user, struct span cms,
                     struct buf *out);

/*
 * The PKCS#10. By the switch mde-csr its one CN is a PrintableString of 64 bytes, 30 characters of
 * a GUID, '!', the DeviceID and a NUL, signed without `sha256` under OIW's SHA-1 OID; or, as newer
 * hosts do, a UTF8String without the NUL, always SHA-256, with an EKU. Empty on failure.
 */
struct span mde_csr(const struct host *h, EVP_PKEY *key, bool sha256, struct arena *a);

#endif
