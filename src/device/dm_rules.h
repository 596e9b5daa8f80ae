/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of SyncML that a command meets before any CSP sees it (windows-mdm.md, A.2, B.2, B.4 and
 * the known issues of Microsoft's page).
 */
#ifndef SIGNET_DEVICE_DM_RULES_H
#define SIGNET_DEVICE_DM_RULES_H

#include "device/host.h"
#include "xml/xml.h"

/*
 * ERR_PARSE for elements inside a Data: XML that was not escaped loses the message as a whole, and
 * the host asks for it again and again (fleetdm/fleet issue 16316).
 */
enum err dm_rules_message(const struct xml_node *body) ERR_MUST_USE __attribute__((nonnull));

/* The Status of a command that is refused for its place or its CmdID, by the switches; else 0. */
int dm_rules_command(const struct host *h, const struct xml_node *cmd) __attribute__((nonnull));

/*
 * The value of an item in `out`, which is empty without Data; or the Status that refuses it: a
 * CDATA section, by the switch cdata. `item` is an Item.
 */
int dm_rules_data(const struct host *h, const struct xml_node *item, struct span *out)
    __attribute__((nonnull));

#endif
