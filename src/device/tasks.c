/* SPDX-License-Identifier: Apache-2.0 */
#include "device/tasks.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"

enum { TASKS_MAX = 4 * 1024 * 1024 };

struct task *tasks_find(struct tasks *t, const char *key) {
    for (size_t i = 0; i < t->count; i++)
        if (strcasecmp(t->list[i].key, key) == 0)
            return &t->list[i];
    return NULL;
}

void tasks_add(struct tasks *t, struct task task) {
    tasks_remove(t, task.key);
    t->list = mem_realloc(t->list, (t->count + 1) * sizeof task);
    t->list[t->count++] = task;
}

void tasks_remove(struct tasks *t, const char *key) {
    struct task *gone = tasks_find(t, key);
    if (!gone)
        return;
    memmove(gone, gone + 1, (size_t)(t->list + t->count - gone - 1) * sizeof *gone);
    t->count--;
}

static enum err load_task(struct tasks *t, struct arena *a, json_t *j) {
    json_error_t why;
    const char *key, *uri, *install, *state;
    json_int_t attempt, since, delay;
    if (json_unpack_ex(j, &why, 0, "{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "key", &key, "uri", &uri,
                       "install", &install, "state", &state, "attempt", &attempt, "since", &since,
                       "delay", &delay) != 0)
        return err_set(ERR_PARSE, "tasks.json: %s", why.text);
    tasks_add(t, (struct task){.key = arena_str(a, span_str(key)),
                               .uri = arena_str(a, span_str(uri)),
                               .install = arena_str(a, span_str(install)),
                               .state = strcmp(state, "report") == 0 ? TASK_REPORT : TASK_ENROLL,
                               .attempt = (unsigned)attempt,
                               .since_ms = since,
                               .delay_ms = delay});
    return OK;
}

enum err tasks_load(struct tasks *t, struct arena *a, const char *path) {
    BUF_AUTO(text);
    enum err e = file_read(path, TASKS_MAX, &text);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    json_error_t why;
    json_t *list = json_loadb((const char *)text.p, text.n, 0, &why), *j;
    size_t i;
    if (!json_is_array(list)) {
        json_decref(list);
        return err_set(ERR_PARSE, "'%s' is no JSON list: %s", path, why.text);
    }
    json_array_foreach(list, i, j) {
        if (e == OK)
            e = load_task(t, a, j);
    }
    json_decref(list);
    return e;
}

static json_t *task_json(const struct task *k) {
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "key", k->key, "uri", k->uri, "install",
                     k->install, "state", k->state == TASK_REPORT ? "report" : "enroll", "attempt",
                     (json_int_t)k->attempt, "since", (json_int_t)k->since_ms, "delay",
                     (json_int_t)k->delay_ms);
}

enum err tasks_save(const struct tasks *t, const char *path) {
    bool good = true;
    json_t *list = json_array();
    for (size_t i = 0; i < t->count; i++)
        good &= json_array_append_new(list, task_json(&t->list[i])) == 0;
    char *text = good ? json_dumps(list, JSON_INDENT(2)) : NULL;
    json_decref(list);
    if (!text)
        return err_set(ERR_INTERNAL,
                       "the tasks cannot be written as JSON (are their texts UTF-8?)");
    enum err e = file_write(path, span_str(text), 0600);
    explicit_bzero(text, strlen(text));
    free(text);
    return e;
}

void tasks_copy(struct tasks *to, const struct tasks *from) {
    to->count = from->count;
    to->list = mem_alloc((from->count + 1) * sizeof *to->list);
    if (from->count)
        memcpy(to->list, from->list, from->count * sizeof *to->list);
}

void tasks_free(struct tasks *t) {
    free(t->list);
    *t = (struct tasks){0};
}
