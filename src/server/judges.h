/* SPDX-License-Identifier: Apache-2.0 */
/* Who may judge a proxy: the certificates of forwarded-ca. */
#ifndef SIGNET_SERVER_JUDGES_H
#define SIGNET_SERVER_JUDGES_H

#include "ca/pki.h"

/*
 * Of the certificates that we issue each host has one: a judge that believes them would make a
 * proxy of each host. So none of the file may be a CA of ours, one of its chain, or one that has
 * issued any of these. ERR_CONFIG; ERR_IO, ERR_PARSE, ERR_LIMIT as of cert_load_pem_all.
 */
enum err judges_check(const char *path, const struct pki *pki, struct span device_ca) ERR_MUST_USE;

#endif
