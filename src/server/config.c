/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading: each section of the file is a row of `sections`, with the struct that its keys fill and
 * the lines at which they stand, so that whatever is wrong can be named with its line.
 */
#include "server/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "server/config_keys.h"
#include "server/ini.h"

enum { MAX_FILE = 1 << 20, MAX_NAME = 32, MAX_SECTIONS = PKI_MAX_ENDPOINTS + PKI_MAX_CAS + 3 };

struct section {
    enum config_section kind;
    const char *title; /* as it stands between the brackets */
    void *base;        /* what its keys fill */
    int line;          /* 0: not in the file */
    int key_lines[CONFIG_MAX_KEYS];
};

struct loading {
    struct config *config;
    const char *path;
    struct section sections[MAX_SECTIONS];
    size_t count;
    struct section *current;
};

static enum err set(struct loading *l, const struct section *s, size_t key, const char *text) {
    const struct config_key *k = &config_keys[key];
    struct config_value v = {text, k, &l->config->arena, l->config->folder};
    return k->read(&v, (char *)s->base + k->offset);
}

/* ---- sections ---- */

static struct section *add_section(struct loading *l, enum config_section kind, const char *title,
                                   void *base) {
    struct section *s = &l->sections[l->count++];
    s->kind = kind;
    s->title = arena_str(&l->config->arena, span_str(title));
    s->base = base;
    return s;
}

static struct section *add_endpoint(struct loading *l, const char *title, const char *name) {
    struct pki_settings *pki = &l->config->pki;
    struct endpoint_settings *e = &pki->endpoints[pki->endpoint_count++];
    e->name = name;
    return add_section(l, SECTION_ENDPOINT, title, e);
}

static struct section *add_ca(struct loading *l, const char *title, const char *name) {
    struct pki_settings *pki = &l->config->pki;
    struct ca_settings *ca = &pki->cas[pki->ca_count++];
    ca->name = name;
    return add_section(l, SECTION_CA, title, ca);
}

/* Those that are there whether the file has them or not. */
static void add_own_sections(struct loading *l) {
    add_section(l, SECTION_SERVER, "server", l->config);
    add_endpoint(l, "scep", "default");
    add_ca(l, "ca \"default\"", "default");
    add_section(l, SECTION_MDM, "mdm", l->config);
    add_section(l, SECTION_ENROLLMENT, "enrollment", l->config);
}

/* The NAME of [kind "NAME"]; NULL for another title. It becomes a folder's name and part of URLs.
 */
static const char *read_name(struct arena *a, const char *title, const char *kind) {
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t n = strlen(kind);
    if (strncmp(title, kind, n) != 0 || strncmp(title + n, " \"", 2) != 0)
        return NULL;
    const char *name = title + n + 2;
    size_t length = strspn(name, characters);
    if (length == 0 || length > MAX_NAME || strchr("-_.", *name) ||
        strcmp(name + length, "\"") != 0)
        return NULL;
    return arena_str(a, span_of(name, length));
}

static enum err open_new_section(struct loading *l, const char *title) {
    struct pki_settings *pki = &l->config->pki;
    const char *endpoint = read_name(&l->config->arena, title, "endpoint");
    const char *ca = read_name(&l->config->arena, title, "ca");
    if (!endpoint && !ca)
        return err_set(ERR_CONFIG,
                       "there is no section [%s], only [server], [scep], [endpoint \"NAME\"], "
                       "[ca \"NAME\"], [mdm] and [enrollment]; a NAME has at most %d letters, "
                       "digits, . - and _",
                       title, MAX_NAME);
    if (endpoint && strcmp(endpoint, "default") == 0)
        return err_set(ERR_CONFIG, "the endpoint 'default' is [scep]: give this one another name");
    if (endpoint ? pki->endpoint_count == PKI_MAX_ENDPOINTS : pki->ca_count == PKI_MAX_CAS)
        return err_set(ERR_CONFIG, "more than %d endpoints or CAs", PKI_MAX_ENDPOINTS);
    l->current = endpoint ? add_endpoint(l, title, endpoint) : add_ca(l, title, ca);
    return OK;
}

static enum err open_section(struct loading *l, int line, const char *title) {
    l->current = NULL;
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->sections[i].title, title) == 0)
            l->current = &l->sections[i];
    if (!l->current)
        TRY(open_new_section(l, title));
    l->current->line = line;
    return OK;
}

/* ---- keys ---- */

static enum err on_line(void *user, int line, const char *title, const char *key,
                        const char *value) {
    struct loading *l = user;
    if (!key)
        return open_section(l, line, title);
    if (!l->current)
        return err_set(ERR_CONFIG, "the key '%s' stands before the first [section]", key);
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].section != l->current->kind || strcmp(config_keys[i].name, key) != 0)
            continue;
        if (l->current->key_lines[i])
            return err_set(ERR_CONFIG, "the key '%s' stands there twice", key);
        l->current->key_lines[i] = line;
        return set(l, l->current, i, value);
    }
    return err_set(ERR_CONFIG, "there is no key '%s' in [%s]", key, title);
}

static enum err fill_defaults(struct loading *l) {
    for (size_t s = 0; s < l->count; s++) {
        const struct section *section = &l->sections[s];
        for (size_t i = 0; i < config_key_count; i++) {
            if (config_keys[i].section != section->kind || section->key_lines[i])
                continue;
            if (!config_keys[i].fallback)
                return err_set(ERR_CONFIG, "%s: the key '%s' in [%s] is missing", l->path,
                               config_keys[i].name, section->title);
            TRY(set(l, section, i, config_keys[i].fallback));
        }
    }
    return OK;
}

/* An endpoint without `path`: /scep, /scep/NAME. */
static void fill_paths(struct config *c) {
    for (size_t i = 0; i < c->pki.endpoint_count; i++) {
        struct endpoint_settings *e = &c->pki.endpoints[i];
        if (e->path_count)
            continue;
        char *path = arena_printf(&c->arena, i ? "/scep/%s" : "/scep", e->name);
        for (char *p = path; *p; p++)
            *p |= *p >= 'A' && *p <= 'Z' ? 0x20 : 0;
        e->paths[e->path_count++] = path;
    }
}

/* The line of a key in the section that fills `base`, else that of its section. */
static int line_of(const struct loading *l, const void *base, const char *key) {
    for (size_t s = 0; s < l->count; s++) {
        const struct section *section = &l->sections[s];
        for (size_t i = 0; section->base == base && i < config_key_count; i++)
            if (section->key_lines[i] && strcmp(config_keys[i].name, key) == 0)
                return section->key_lines[i];
        if (section->base == base)
            return section->line;
    }
    return 0;
}

/* `e` with the line, which is 0 where the file does not have it. */
static enum err name_line(const struct loading *l, enum err e, int line) {
    return line ? err_context(e, "%s, line %d", l->path, line) : err_context(e, "%s", l->path);
}

static enum err check(const struct loading *l) {
    size_t endpoint;
    const char *key;
    enum err e = config_check_doors(l->config, &key);
    if (e != OK)
        return name_line(l, e, line_of(l, l->config, key));
    e = config_check(l->config, &endpoint, &key);
    return e == OK ? OK : name_line(l, e, line_of(l, &l->config->pki.endpoints[endpoint], key));
}

static enum err load(struct loading *l, struct buf *text) {
    int line = 0;
    enum err e = file_read(l->path, MAX_FILE, text);
    if (e == ERR_NOT_FOUND)
        return err_set(ERR_CONFIG,
                       "there is no signet.conf in '%s'; signet init makes a data folder",
                       l->config->folder);
    TRY(e);
    if (text->n && memchr(text->p, '\0', text->n))
        return err_set(ERR_CONFIG, "%s holds a NUL byte", l->path);
    buf_cstr(text);
    e = text->n ? ini_read((char *)text->p, on_line, l, &line) : OK;
    if (e != OK)
        return err_context(e, "%s, line %d", l->path, line);
    TRY(fill_defaults(l));
    fill_paths(l->config);
    return check(l);
}

enum err config_load(const char *folder, struct config *out) {
    ARENA_AUTO(a);
    BUF_AUTO(text);
    *out = (struct config){0};
    out->folder = out->pki.folder = arena_str(&out->arena, span_str(folder));
    struct loading *l = arena_alloc(&a, sizeof *l);
    l->config = out;
    l->path = arena_printf(&a, "%s/signet.conf", folder);
    add_own_sections(l);
    enum err e = load(l, &text);
    if (e != OK)
        config_free(out);
    return e;
}

void config_free(struct config *c) {
    arena_free(&c->arena);
}
