/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what a person who knows Windows looks for in a host, as the tools look where he would find
 * it: Registry Editor, Event Viewer, certutil, Task Scheduler. Times are UTC by the host's clock;
 * texts that a server chose are made printable; secrets are hidden.
 */
#ifndef SIGNET_DEVICE_SHOW_H
#define SIGNET_DEVICE_SHOW_H

#include <stdio.h>

#include "device/host.h"

enum show_form {
    SHOW_TEXT, /* columns */
    SHOW_JSON,
    SHOW_REG, /* the registry: .reg text in UTF-8 */
    SHOW_XML, /* events: what Event Viewer saves */
};

/* Each key with its path, and below it name, type and data; or JSON: { key: { name: value } }. */
void show_registry(const struct host *h, enum show_form form, FILE *out);

/* The registry's .reg file as the Registry Editor writes it: UTF-16LE with BOM, CR LF. */
void show_registry_export(const struct host *h, struct buf *out);

/* The events with that id, or all of Windows' (`id` 0), with `own` those of signet, too; the oldest
 * first. */
void show_events(const struct host *h, enum show_form form, int id, bool own, FILE *out);

/* The certificates of each store, with where their keys are and whether they fit. */
void show_certs(const struct host *h, enum show_form form, FILE *out);

/* The sessions by schedule, and each SCEP enrollment: what is next, and how the last one ended. */
void show_tasks(struct host *h, enum show_form form, FILE *out);

/* Prints and frees `j`. */
void show_json(json_t *j, FILE *out);

enum { SHOW_TIME_SIZE = 20 };

/* "2026-11-23 09:14:06" into `out`, which it returns. */
const char *show_time(int64_t ms, char out[SHOW_TIME_SIZE]);

#endif
