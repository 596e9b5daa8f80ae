/* SPDX-License-Identifier: Apache-2.0 */
#include "device/show.h"

#include "base/clock.h"

void show_json(json_t *j, FILE *out) {
    json_dumpf(j, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(j);
}

const char *show_time(int64_t ms, char out[SHOW_TIME_SIZE]) {
    char iso[CLOCK_ISO_SIZE];
    clock_iso(ms, iso);
    snprintf(out, SHOW_TIME_SIZE, "%.10s %.8s", iso, iso + 11);
    return out;
}
