/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet.conf: its lines, and the value of each key. Oracles: a value that was taken keeps what its
 * key promises (range, no blank in a URL or a path, no EKU that nobody gives), and the same line is
 * taken again with the same outcome.
 */
#include "fuzz.h"

#include "server/config_keys.h"
#include "server/ini.h"

struct fields {
    struct config config;
    struct endpoint_settings endpoint;
    struct ca_settings ca;
};

static void *base_of(struct fields *f, enum config_section section) {
    return section == SECTION_ENDPOINT ? (void *)&f->endpoint
           : section == SECTION_CA     ? (void *)&f->ca
                                       : (void *)&f->config;
}

static void must_be_graphic(const char *text) {
    for (; text && *text; text++)
        must(*text > ' ' && *text < 0x7f);
}

static void check_field(const struct config_key *k, const void *field) {
    if (k->read == config_read_number || k->read == config_read_duration) {
        int64_t n = *(const int64_t *)field;
        must(n >= k->least && n <= k->most);
    } else if (k->read == config_read_count) {
        unsigned n = *(const unsigned *)field;
        must(n >= k->least && n <= k->most);
    } else if (k->read == config_read_word || k->read == config_read_url ||
               k->read == config_read_optional_url || k->read == config_read_route) {
        must_be_graphic(*(const char *const *)field);
    }
}

static void check_endpoint(const struct endpoint_settings *e) {
    must(e->path_count <= ENDPOINT_MAX_PATHS && e->policy.eku_count <= POLICY_MAX_EKU);
    must(e->policy.san_rule_count <= POLICY_MAX_RULES);
    for (size_t i = 0; i < e->path_count; i++) {
        must(e->paths[i][0] == '/');
        must_be_graphic(e->paths[i]);
    }
    for (size_t i = 0; i < e->policy.eku_count; i++)
        must(strcmp(e->policy.eku[i], "2.5.29.37.0") != 0 &&
             strcmp(e->policy.eku[i], "1.3.6.1.5.5.7.3.9") != 0);
}

static enum err read_value(struct arena *a, const struct config_key *k, const char *text) {
    struct fields *f = arena_alloc(a, sizeof *f);
    struct config_value v = {text, k, a, "/folder"};
    void *field = (char *)base_of(f, k->section) + k->offset;
    TRY(k->read(&v, field));
    check_field(k, field);
    check_endpoint(&f->endpoint);
    return OK;
}

/* Whatever section a key stands in. A key that opens a file is left out. */
static enum err on_line(void *user, int line, const char *section, const char *key,
                        const char *value) {
    must(line > 0 && section && (!key || value));
    for (size_t i = 0; key && i < config_key_count; i++) {
        const struct config_key *k = &config_keys[i];
        if (strcmp(k->name, key) != 0 || k->read == config_read_secret)
            continue;
        enum err e = read_value(user, k, value);
        must(read_value(user, k, value) == e);
    }
    return OK;
}

/* The first line as the value of every key. */
static void as_value(struct arena *a, char *text) {
    text[strcspn(text, "\n")] = '\0';
    for (size_t i = 0; i < config_key_count; i++)
        if (config_keys[i].read != config_read_secret)
            (void)!read_value(a, &config_keys[i], text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    int line = 0;
    struct span in = span_of(data, size);
    enum err e = ini_read(arena_str(&a, in), on_line, &a, &line);
    must(line > 0 && (e == OK || e == ERR_CONFIG));
    as_value(&a, arena_str(&a, in));
    return 0;
}
