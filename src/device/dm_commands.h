/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out a server's SyncML commands and collects what the host answers (windows-mdm.md, B.4).
 */
#ifndef SIGNET_DEVICE_DM_COMMANDS_H
#define SIGNET_DEVICE_DM_COMMANDS_H

#include "device/csptree.h"
#include "xml/xml.h"

struct dm_status {
    struct span cmd_ref, cmd;
    struct span uri; /* of its first item; empty for an Atomic */
    int code;
    struct dm_status *next;
};

struct dm_result {
    struct span msg_ref; /* empty: the message that is answered */
    struct span cmd_ref, uri;
    struct csp_value value;
    size_t sent; /* bytes of the value that went out in chunks */
    struct dm_result *next;
};

struct dm_answer {
    struct dm_status *statuses, **status_end;
    struct dm_result *results, **result_end;
    bool over; /* the server ended the enrollment: the session ends without an answer */
};

/* How the host writes its answers. */
struct dm_form {
    bool original_error; /* a Status that failed tells the HRESULT */
    size_t chunk;        /* longer Results come in chunks of so many bytes; 0: none does */
};

/*
 * Runs the commands of a SyncBody in their order, in memory; the caller saves. `answer` gets a
 * Status for each (for children of an Atomic by the switch atomic-children), all in `a`. ERR_PARSE
 * for a message that is lost as a whole (dm_rules.h): nothing is done.
 */
enum err dm_commands_run(struct host *h, const struct xml_node *body, struct arena *a,
                         struct dm_answer *answer) ERR_MUST_USE __attribute__((nonnull));

/*
 * Appends the Status and Results elements that answer message `msg_ref`, the header's Status first.
 * A value that is too long ends the message with its next chunk; `answer->results` is then what is
 * left, this one first. False, and nothing appended, when there would be only the header's Status:
 * then Windows says nothing.
 */
bool dm_answer_write(struct dm_answer *answer, const struct dm_form *form, struct span msg_ref,
                     struct buf *out);

/* The HRESULT that a Status of that code was seen with ("0x86000002"), or NULL: of others nobody
 * knows. */
const char *dm_original_error(int code);

/* What is left of Results after a chunk, copied into `a`, to be put before those of `answer`. */
struct dm_result *dm_results_keep(const struct dm_result *left, struct span msg_ref,
                                  struct arena *a);
void dm_results_go_on(struct dm_answer *answer, struct dm_result *left);

/* The server took no chunk (a Status from 400 on for Results): the rest of the value stays here. */
void dm_results_refused(struct dm_result **left, const struct xml_node *body);

#endif
