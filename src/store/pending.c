/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pending.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/sql.h"

struct pending_line {
    struct pending_line *next;
    enum log_level level;
    const char *topic; /* a literal */
    char *text;
};

void store_log(struct tx *tx, enum log_level level, const char *topic, const char *fmt, ...) {
    struct pending_line *line = mem_alloc(sizeof *line);
    char block[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(block, sizeof block, fmt, ap);
    va_end(ap);
    *line = (struct pending_line){.level = level, .topic = topic, .text = mem_strdup(block)};
    if (tx->pending.last)
        tx->pending.last->next = line;
    else
        tx->pending.first = line;
    tx->pending.last = line;
}

static void free_lines(struct pending_line *line) {
    for (struct pending_line *next; line; line = next) {
        next = line->next;
        free(line->text);
        free(line);
    }
}

void pending_write(struct pending *p) {
    struct log_block block;
    block.n = 0;
    for (struct pending_line *line = p->first; line; line = line->next)
        log_add(&block, line->level, line->topic, line->text);
    log_flush(&block);
    pending_drop(p, NULL);
}

void pending_drop(struct pending *p, struct pending_line *mark) {
    free_lines(mark ? mark->next : p->first);
    if (mark)
        mark->next = NULL;
    else
        p->first = NULL;
    p->last = mark;
}
