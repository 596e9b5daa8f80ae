/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON value that is given back at the end of its scope. */
#ifndef SIGNET_CA_JSON_AUTO_H
#define SIGNET_CA_JSON_AUTO_H

#include <jansson.h>

static inline void json_drop(json_t **json) {
    json_decref(*json);
}

#define JSON_AUTO(name) json_t *name __attribute__((cleanup(json_drop)))

#endif
