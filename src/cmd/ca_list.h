/* SPDX-License-Identifier: Apache-2.0 */
/* signet ca list; and the thumbprints that the other verbs end with. */
#ifndef SIGNET_CMD_CA_LIST_H
#define SIGNET_CMD_CA_LIST_H

#include "server/config.h"

/* What signet.conf says of the CA, or the defaults. */
struct ca_settings ca_settings_of(const struct config *config, const char *name);

/* Prints all; false when one of them could not be read (why is on standard error). */
bool ca_list_print(const struct config *config, bool json);

/* What profiles and clients need to know of a CA that has changed. */
enum err ca_print_thumbprints(const struct config *config, const char *name) ERR_MUST_USE;

#endif
