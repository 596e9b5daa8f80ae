/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CSP's text values become in a request, by the rules of CertStrToName and of the CSP
 * (windows-mdm.md, A.3 and A.5). NULL when the text does not follow them. The caller frees.
 */
#ifndef SIGNET_DEVICE_X500_H
#define SIGNET_DEVICE_X500_H

#include "device/ossl.h"

/*
 * "CN=alice;O=\"Exa, mple\"+OU=x": ',' and ';' separate RDNs, '+' values of one RDN, a value with
 * one of them stands in double quotes, a quote in quotes is doubled, a backslash is a backslash.
 */
X509_NAME *x500_name_parse(struct span text);

/* "11+user@example.com;3+host": type numbers of CertEnroll's AlternativeNameType. */
GENERAL_NAMES *x500_alt_names_parse(struct span text);

/* "1.2.3+1.2.4" */
EXTENDED_KEY_USAGE *x500_ekus_parse(struct span text);

/* Whether all characters belong to PrintableString. */
bool x500_is_printable(struct span text);

#endif
