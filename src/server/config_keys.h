/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the configuration: its keys, and the readers of their values. */
#ifndef SIGNET_SERVER_CONFIG_KEYS_H
#define SIGNET_SERVER_CONFIG_KEYS_H

#include "server/config.h"

enum config_section {
    SECTION_SERVER,
    SECTION_ENDPOINT, /* [scep], [endpoint "NAME"] */
    SECTION_CA,
    SECTION_MDM,
    SECTION_ENROLLMENT,
};

struct config_key;

/* A value as it stands in the file, and where strings that are made of it shall live. */
struct config_value {
    const char *text;
    const struct config_key *key;
    struct arena *a;
    const char *folder; /* paths count from here on */
};

/* Reads a value into the key's field. ERR_CONFIG quotes it and says what it should be. */
typedef enum err config_reader(const struct config_value *v, void *field);

struct config_key {
    enum config_section section;
    const char *name;
    config_reader *read;
    size_t offset;        /* in struct config, endpoint_settings or ca_settings */
    const char *fallback; /* NULL: required */
    int64_t least, most;  /* of numbers, and of times in ms */
    const char *words;    /* "no yes": the words that a choice has, with blanks between them */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;
enum { CONFIG_MAX_KEYS = 80 };

config_reader config_read_text, config_read_word, config_read_url, config_read_address,
    config_read_https,      /* a URL that Windows goes to */
    config_read_door,       /* an address, or unix:PATH */
    config_read_field_name, /* of HTTP */

    config_read_file,                         /* a path, from the folder on */
    config_read_number,                       /* int64_t */
    config_read_count,                        /* unsigned */
    config_read_duration, config_read_choice, /* an enum: the word's place in `words` */
    config_read_switch,                       /* bool: whether it is the second word */
    config_read_level;
/* "" is NULL: none */
config_reader config_read_optional, config_read_optional_url, config_read_optional_file,
    config_read_key_source, config_read_secret, /* the content of a file */
    config_read_route;            /* a path of a URL, lower-cased, without closing slash */
config_reader config_read_routes; /* struct endpoint_settings: paths */
config_reader config_read_key_types, config_read_eku, config_read_san; /* struct policy */
config_reader config_read_key_usage, config_read_digits;

/*
 * What no single value of [server] tells: whether the listeners get along, and who may come to the
 * forwarded one. On ERR_CONFIG, *key tells what is wrong.
 */
enum err config_check_doors(const struct config *c, const char **key) ERR_MUST_USE;

/*
 * What no single value tells: a path that two endpoints want, a CA that has no section, and so on.
 * On ERR_CONFIG, *endpoint (its index) and *key tell what is wrong, for the line.
 */
enum err config_check(const struct config *c, size_t *endpoint, const char **key) ERR_MUST_USE;

#endif
