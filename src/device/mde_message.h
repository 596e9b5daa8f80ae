/* SPDX-License-Identifier: Apache-2.0 */
/* The SOAP messages of an enrollment, exactly as a Windows 10 host sends them (windows-mdm.md, C).
 */
#ifndef SIGNET_DEVICE_MDE_MESSAGE_H
#define SIGNET_DEVICE_MDE_MESSAGE_H

#include "device/host.h"
#include "device/ossl.h"

struct mde_user {
    const char *name, *password;
    const char *type; /* "Full" or "Device" */
};

void mde_write_discover(const char *url, const char *user, struct buf *out);
void mde_write_get_policies(const char *url, const struct mde_user *u, struct buf *out);
void mde_write_rst(const struct host *h, const char *url, const struct mde_user *u, struct span csr,
                   struct buf *out);

/*
 * The PKCS#10: its one CN is a PrintableString of 64 bytes, 30 characters of a GUID, '!', the
 * DeviceID and a NUL. Without `sha256` it is signed under OIW's SHA-1 OID. Empty on failure.
 */
struct span mde_csr(const struct host *h, EVP_PKEY *key, bool sha256, struct arena *a);

#endif
