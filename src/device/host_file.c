/* SPDX-License-Identifier: Apache-2.0 */
#include "device/host_file.h"

#include <stdlib.h>

#include "base/file.h"

enum { FILE_MAX = 1024 * 1024 };

static const char *keep(struct host *h, const char *s) {
    return arena_str(&h->mem, span_str(s));
}

static int64_t number(const json_t *j, const char *name) {
    return json_integer_value(json_object_get(j, name));
}

static enum err read_enrollment(struct host *h, json_t *j) {
    const char *provider, *user, *address, *thumbprint;
    int user_store;
    json_error_t why;
    if (json_unpack_ex(j, &why, 0, "{s:s, s:s, s:s, s:s, s:b}", "provider", &provider, "user",
                       &user, "address", &address, "thumbprint", &thumbprint, "userStore",
                       &user_store) != 0)
        return err_set(ERR_PARSE, "enrollment: %s", why.text);
    struct enrollment *e = arena_alloc(&h->mem, sizeof *e);
    e->provider = keep(h, provider);
    e->user = keep(h, user);
    e->address = keep(h, address);
    e->thumbprint = keep(h, thumbprint);
    e->user_store = user_store != 0;
    e->leaving = json_is_true(json_object_get(j, "leaving"));
    e->poll_on_login = json_is_true(json_object_get(j, "pollOnLogin"));
    e->backoff_ms = number(j, "backoff");
    e->backoff_max_ms = number(j, "backoffMax");
    e->connect_tries = number(j, "connectTries");
    const json_t *poll = json_object_get(j, "poll");
    for (size_t i = 0; i < POLL_SETS; i++) {
        const json_t *set = json_array_get(poll, i);
        e->poll[i] = (struct poll_set){number(set, "minutes"), number(set, "number")};
    }
    h->enrollment = e;
    return OK;
}

static enum err read_host(struct host *h, json_t *j) {
    const char *name, *device_id, *hw_id, *guid, *cv;
    json_t *switches, *enrollment = NULL;
    json_error_t why;
    if (json_unpack_ex(j, &why, 0, "{s:s, s:s, s:s, s:s, s:s, s:o, s?:o}", "name", &name,
                       "deviceId", &device_id, "hwDevId", &hw_id, "guid", &guid, "cv", &cv,
                       "switches", &switches, "enrollment", &enrollment) != 0)
        return err_set(ERR_PARSE, "%s", why.text);
    h->name = keep(h, name);
    h->device_id = keep(h, device_id);
    h->hw_id = keep(h, hw_id);
    h->guid = keep(h, guid);
    h->cv = keep(h, cv);
    const char *build = json_string_value(json_object_get(j, "build"));
    h->build = build ? build_find(build) : NULL;
    if (build && !h->build)
        return err_set(ERR_PARSE, "there is no build '%s'; signet device builds lists them", build);
    h->cv_count = number(j, "cvCount");
    h->session = number(j, "session");
    const json_t *s = json_object_get(j, "schedule");
    h->schedule = (struct schedule){number(s, "since"), number(s, "delay"), number(s, "polls"),
                                    number(s, "failures")};
    json_object_update(h->switches, switches);
    return enrollment ? read_enrollment(h, enrollment) : OK;
}

enum err host_file_load(struct host *h, const char *path) {
    BUF_AUTO(text);
    TRY(file_read(path, FILE_MAX, &text));
    json_error_t why = {0};
    json_t *j = json_loadb((const char *)text.p, text.n, 0, &why);
    enum err e = j ? read_host(h, j) : err_set(ERR_PARSE, "line %d: %s", why.line, why.text);
    json_decref(j);
    return e == OK ? OK : err_context(e, "%s", path);
}

static json_t *write_enrollment(const struct enrollment *e) {
    json_t *poll = json_array();
    for (size_t i = 0; i < POLL_SETS; i++)
        json_array_append_new(poll,
                              json_pack("{s:I, s:I}", "minutes", (json_int_t)e->poll[i].minutes,
                                        "number", (json_int_t)e->poll[i].number));
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:I, s:I, s:I, s:o}", "provider",
                     e->provider, "user", e->user, "address", e->address, "thumbprint",
                     e->thumbprint, "userStore", e->user_store, "leaving", e->leaving,
                     "pollOnLogin", e->poll_on_login, "backoff", (json_int_t)e->backoff_ms,
                     "backoffMax", (json_int_t)e->backoff_max_ms, "connectTries",
                     (json_int_t)e->connect_tries, "poll", poll);
}

enum err host_file_save(const struct host *h, const char *path) {
    const struct schedule *s = &h->schedule;
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:O, s:{s:I, s:I, s:I, s:I}}",
                          "name", h->name, "deviceId", h->device_id, "hwDevId", h->hw_id, "guid",
                          h->guid, "cv", h->cv, "cvCount", (json_int_t)h->cv_count, "session",
                          (json_int_t)h->session, "switches", h->switches, "schedule", "since",
                          (json_int_t)s->since_ms, "delay", (json_int_t)s->delay_ms, "polls",
                          (json_int_t)s->polls, "failures", (json_int_t)s->failures);
    if (j)
        json_object_set_new(j, "build", json_string(host_build(h)->name));
    if (j && h->enrollment)
        json_object_set_new(j, "enrollment", write_enrollment(h->enrollment));
    char *text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
    json_decref(j);
    if (!text)
        return err_set(ERR_INTERNAL, "the host cannot be written as JSON (is its text UTF-8?)");
    enum err e = file_write(path, span_str(text), 0600);
    free(text);
    return e;
}
