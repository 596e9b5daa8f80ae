/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncml:auth-md5 on the host's side (windows-mdm.md, B.6): the credentials of w7's APPAUTH, which
 * DMAcc shows and a server may replace. They are values of the registry below the account; that
 * they are kept there in clear is our choice, not a fact.
 */
#ifndef SIGNET_DEVICE_MD5_H
#define SIGNET_DEVICE_MD5_H

#include "device/host.h"
#include "xml/xml.h"

/* The key with AAuthName, AAuthSecret and AAuthData. `level` is DMAcc's: CLCRED (the host proves
 * itself to the server) or SRVCRED (the other way round). */
const char *md5_key(const struct host *h, struct arena *a, const char *level)
    __attribute__((returns_nonnull));

/* Keeps an APPAUTH of the provisioning document; values that it does not have are empty. */
void md5_provision(struct host *h, const char *level, struct span name, struct span secret,
                   struct span data);

/* The name that Cred speaks for; NULL: the host has no credentials. It lives until a change. */
const char *md5_name(const struct host *h);

/* Appends Cred for the nonce that is known; false, and nothing appended, when one of them is not.
 */
bool md5_write_cred(const struct host *h, struct buf *b);

/* The nonce that the status of the header brings; false when there is none for syncml:auth-md5. */
bool md5_take_nonce(struct host *h, const struct xml_node *status);

/* The name of the account's node in DMAcc. */
const char *md5_account_uid(struct arena *a, const char *provider) __attribute__((returns_nonnull));

#endif
