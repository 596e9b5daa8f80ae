/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out a server's SyncML commands and collects what the host answers (windows-mdm.md, B.4).
 */
#ifndef SIGNET_DEVICE_DM_COMMANDS_H
#define SIGNET_DEVICE_DM_COMMANDS_H

#include "device/csptree.h"
#include "xml/xml.h"

struct dm_status {
    struct span cmd_ref, cmd;
    int code;
    struct dm_status *next;
};

struct dm_result {
    struct span cmd_ref, uri;
    struct csp_value value;
    struct dm_result *next;
};

struct dm_answer {
    struct dm_status *statuses, **status_end;
    struct dm_result *results, **result_end;
};

/*
 * Runs the commands of a SyncBody in their order, in memory; the caller saves. `answer` gets a
 * Status for each (for children of an Atomic by the switch atomic-children), all in `a`.
 */
void dm_commands_run(struct host *h, const struct xml_node *body, struct arena *a,
                     struct dm_answer *answer) __attribute__((nonnull));

/*
 * Appends the Status and Results elements that answer message `msg_ref`, the header's Status first.
 * False, and nothing appended, when there would be only that one: then Windows says nothing.
 */
bool dm_answer_write(const struct dm_answer *answer, struct span msg_ref, struct buf *out);

#endif
