/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's scheduled tasks for SCEP (tasks.json). A task lives from the accepted Exec Enroll
 * until its result was reported in a DM session, so that whatever is killed in between, `signet
 * device run` goes on:
 *
 *     TASK_ENROLL --dmcertinst runs--> TASK_REPORT --session--> gone
 *          ^------ after RetryDelay: again, or a CertPoll
 */
#ifndef SIGNET_DEVICE_TASKS_H
#define SIGNET_DEVICE_TASKS_H

#include "base/arena.h"
#include "base/err.h"

enum task_state { TASK_ENROLL, TASK_REPORT };

struct task {
    const char *key;     /* the enrollment's registry key */
    const char *uri;     /* its node, ./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/ID */
    const char *install; /* the Install key as .reg text: values are frozen at Exec */
    enum task_state state;
    unsigned attempt; /* attempts made */
    int64_t since_ms; /* a wait began here ... */
    int64_t delay_ms; /* ... and lasts so long, divided by the time scale */
};

struct tasks { /* zero-initialise */
    struct task *list;
    size_t count;
};

enum err tasks_load(struct tasks *t, struct arena *a, const char *path) ERR_MUST_USE;
enum err tasks_save(const struct tasks *t, const char *path) ERR_MUST_USE;

/* The task of that registry key, or NULL; valid until the next change. */
struct task *tasks_find(struct tasks *t, const char *key);

/* Adds the task, in place of an older one of the same key. */
void tasks_add(struct tasks *t, struct task task);

void tasks_remove(struct tasks *t, const char *key);

void tasks_copy(struct tasks *to, const struct tasks *from);
void tasks_free(struct tasks *t);

#endif
