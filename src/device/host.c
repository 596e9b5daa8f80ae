/* SPDX-License-Identifier: Apache-2.0 */
#include "device/host.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "device/host_file.h"
#include "device/switches.h"

enum { REGISTRY_MAX = 16 * 1024 * 1024, LOCK_WAIT_MS = 5000, LOCK_STEP_MS = 50 };

static void random_bytes(uint8_t *p, size_t n) {
    if (RAND_bytes(p, (int)n) != 1)
        abort(); /* no randomness: nothing that follows would be safe */
}

const char *host_random_hex(struct arena *a, size_t n) {
    uint8_t *p = arena_alloc(a, n);
    char *text = arena_alloc(a, 2 * n + 1);
    random_bytes(p, n);
    hex_upper(span_of(p, n), text);
    return text;
}

const char *host_random_guid(struct arena *a) {
    uint8_t b[16];
    random_bytes(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    char t[33];
    hex_upper(span_of(b, sizeof b), t);
    return arena_printf(a, "%.8s-%.4s-%.4s-%.4s-%.12s", t, t + 8, t + 12, t + 16, t + 20);
}

/* Windows' own choice: seven characters after DESKTOP-. */
static const char *random_name(struct arena *a) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    uint8_t b[7];
    char name[8] = "";
    random_bytes(b, sizeof b);
    for (size_t i = 0; i < sizeof b; i++)
        name[i] = letters[b[i] % 36];
    return arena_printf(a, "DESKTOP-%s", name);
}

static const char *random_cv(struct arena *a) {
    uint8_t b[12];
    BUF_AUTO(text);
    random_bytes(b, sizeof b);
    base64_encode(&text, span_of(b, sizeof b));
    return arena_str(a, buf_view(&text));
}

static enum err check_name(const char *name) {
    size_t n = strlen(name);
    if (n < 1 || n > 15 ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") != n)
        return err_set(ERR_USAGE, "'%s' is no Windows host name: 1 to 15 letters, digits and '-'",
                       name);
    return OK;
}

static enum err take_lock(struct host *h) {
    const char *path = arena_printf(&h->mem, "%s/lock", h->dir);
    h->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (h->lock < 0)
        return err_set(ERR_IO, "cannot open '%s': %m", path);
    for (int waited = 0; flock(h->lock, LOCK_EX | LOCK_NB) != 0; waited += LOCK_STEP_MS) {
        if (waited >= LOCK_WAIT_MS)
            return err_set(ERR_BUSY,
                           "another signet device command works on '%s'; wait for its end", h->dir);
        usleep(LOCK_STEP_MS * 1000);
    }
    return OK;
}

static struct host *new_host(const char *dir) {
    struct host *h = mem_alloc(sizeof *h);
    h->dir = arena_str(&h->mem, span_str(dir));
    h->lock = -1;
    h->time_scale = 1;
    h->switches = json_object();
    h->registry = mem_alloc(sizeof *h->registry);
    return h;
}

static void give_identity(struct host *h, const char *name) {
    h->name = name ? arena_str(&h->mem, span_str(name)) : random_name(&h->mem);
    h->device_id = host_random_hex(&h->mem, 16);
    h->hw_id = host_random_hex(&h->mem, 32);
    h->guid = host_random_guid(&h->mem);
    h->cv = random_cv(&h->mem);
}

enum err host_make(const char *dir, const char *name, struct host **out) {
    if (name)
        TRY(check_name(name));
    *out = new_host(dir);
    (*out)->in_memory = true;
    give_identity(*out, name);
    return OK;
}

enum err host_lock(struct host *h) {
    TRY(file_mkdir(h->dir, 0700));
    TRY(take_lock(h));
    return access(arena_printf(&h->mem, "%s/host.json", h->dir), F_OK) == 0
               ? err_set(ERR_EXISTS, "'%s' already holds a host", h->dir)
               : OK;
}

enum err host_create(const char *dir, const char *name) {
    if (name)
        TRY(check_name(name));
    struct host *h = new_host(dir);
    enum err e = host_lock(h);
    if (e == OK) {
        give_identity(h, name);
        e = host_save(h);
    }
    host_close(h);
    return e;
}

static enum err load_registry(struct host *h) {
    BUF_AUTO(text);
    enum err e = file_read(arena_printf(&h->mem, "%s/registry.reg", h->dir), REGISTRY_MAX, &text);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    e = registry_parse(h->registry, buf_view(&text));
    return e == OK ? OK : err_context(e, "%s/registry.reg", h->dir);
}

static enum err load(struct host *h) {
    const char *path = arena_printf(&h->mem, "%s/host.json", h->dir);
    enum err e = host_file_load(h, path);
    if (e == ERR_NOT_FOUND)
        return err_set(e, "there is no host in '%s'; make one by: signet device trust %s CERT.pem",
                       h->dir, h->dir);
    TRY(e);
    TRY(load_registry(h));
    TRY(certstore_load(&h->certs, &h->mem, h->dir));
    TRY(tasks_load(&h->tasks, &h->mem, arena_printf(&h->mem, "%s/tasks.json", h->dir)));
    TRY(eventlog_load(&h->events, &h->mem, arena_printf(&h->mem, "%s/eventlog.json", h->dir)));
    host_set_clock(h, strtoll(host_switch(h, "clock-offset"), NULL, 10) * 1000);
    return OK;
}

enum err host_open(const char *dir, enum host_access access_mode, struct host **out) {
    struct host *h = new_host(dir);
    enum err e = OK;
    if (access(arena_printf(&h->mem, "%s/host.json", dir), F_OK) == 0 && access_mode == HOST_CHANGE)
        e = take_lock(h);
    if (e == OK)
        e = load(h);
    if (e == OK)
        *out = h;
    else
        host_close(h);
    return e;
}

/* When waits began, by a clock that is so much further on. */
static void shift_waits(struct host *h, int64_t by_ms) {
    h->schedule.since_ms += by_ms;
    for (size_t i = 0; i < h->tasks.count; i++)
        h->tasks.list[i].since_ms += by_ms;
}

/*
 * Tasks go before the registry: a task without its key is dropped when it runs, while a key whose
 * task were lost would never be enrolled.
 */
static enum err save_files(const struct host *h) {
    BUF_AUTO(text);
    ARENA_AUTO(a);
    TRY(certstore_save(&h->certs, h->dir));
    TRY(tasks_save(&h->tasks, arena_printf(&a, "%s/tasks.json", h->dir)));
    registry_print(&h->registry->root, "", &text);
    TRY(file_write(arena_printf(&a, "%s/registry.reg", h->dir), buf_view(&text), 0600));
    TRY(eventlog_save(&h->events, arena_printf(&a, "%s/eventlog.json", h->dir)));
    return host_file_save(h, arena_printf(&a, "%s/host.json", h->dir));
}

/* The clock of --fault is this command's alone: what is kept goes by the host's own. */
enum err host_save(struct host *h) {
    if (h->in_memory)
        return OK;
    shift_waits(h, -h->fault.clock_ms);
    enum err e = save_files(h);
    shift_waits(h, h->fault.clock_ms);
    return e;
}

void host_close(struct host *h) {
    if (!h)
        return;
    json_decref(h->switches);
    registry_free(h->registry);
    free(h->registry);
    certstore_free(&h->certs);
    tasks_free(&h->tasks);
    eventlog_free(&h->events);
    if (h->lock >= 0)
        close(h->lock);
    arena_free(&h->mem);
    free(h);
}

const struct device_build *host_build(const struct host *h) {
    return h->build ? h->build : &device_builds[0];
}

const char *host_switch(const struct host *h, const char *name) {
    const char *value = json_string_value(json_object_get(h->switches, name));
    if (!value)
        value = build_switch(host_build(h), name);
    return value ? value : switch_find(name)->initial;
}

bool host_switch_is(const struct host *h, const char *name, const char *value) {
    return strcmp(host_switch(h, name), value) == 0;
}

bool host_has_tpm(const struct host *h) {
    return host_switch_is(h, "tpm", "2.0");
}

enum err host_set_switch(struct host *h, const char *name, const char *value) {
    const struct device_switch *s = switch_find(name);
    if (!s)
        return err_set(ERR_USAGE, "there is no switch '%s'; signet device switches lists them",
                       name);
    TRY(switch_check(s, value));
    json_object_set_new(h->switches, name, json_string(value));
    return OK;
}

int64_t host_clock_ms(const struct host *h) {
    return clock_ms() + h->events.clock_offset_ms;
}

void host_set_clock(struct host *h, int64_t offset_ms) {
    h->events.clock_offset_ms = offset_ms;
}

void host_set_fault(struct host *h, const struct fault *f) {
    int64_t by_ms = f->clock_ms - h->fault.clock_ms;
    h->fault = *f;
    h->fault.began_ms = clock_monotonic_ms();
    host_set_clock(h, h->events.clock_offset_ms + by_ms);
    shift_waits(h, by_ms);
}

bool host_is_offline(const struct host *h) {
    return fault_is_offline(&h->fault, (clock_monotonic_ms() - h->fault.began_ms) * h->time_scale);
}

int64_t host_due_ms(const struct host *h, int64_t since_ms, int64_t delay_ms) {
    return since_ms + delay_ms / h->time_scale;
}

struct host_snapshot {
    struct registry *registry;
    struct certstore certs;
    struct tasks tasks;
    size_t events;
    bool leaving;
};

struct host_snapshot *host_snapshot_take(const struct host *h) {
    struct host_snapshot *s = mem_alloc(sizeof *s);
    s->registry = mem_alloc(sizeof *s->registry);
    registry_copy(s->registry, h->registry);
    certstore_copy(&s->certs, &h->certs);
    tasks_copy(&s->tasks, &h->tasks);
    s->events = h->events.count;
    s->leaving = h->enrollment && h->enrollment->leaving;
    return s;
}

void host_snapshot_drop(struct host_snapshot *s) {
    registry_free(s->registry);
    free(s->registry);
    certstore_free(&s->certs);
    tasks_free(&s->tasks);
    free(s);
}

/* What the host has now and what the snapshot holds change places; the latter is freed. */
void host_snapshot_restore(struct host *h, struct host_snapshot *s) {
    struct host_snapshot now = {.registry = h->registry, .certs = h->certs, .tasks = h->tasks};
    h->registry = s->registry;
    h->certs = s->certs;
    h->tasks = s->tasks;
    h->events.count = s->events;
    if (h->enrollment)
        h->enrollment->leaving = s->leaving;
    *s = now;
    host_snapshot_drop(s);
}
