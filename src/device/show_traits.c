/* SPDX-License-Identifier: Apache-2.0 */
#include "device/show_traits.h"

#include "device/show.h"
#include "device/switches.h"

/* Why the switch has its value: "default", the name of the build, or "set". */
static const char *origin_of(const struct host *h, const struct device_switch *s) {
    if (h && json_object_get(h->switches, s->name))
        return "set";
    return h && build_switch(host_build(h), s->name) ? host_build(h)->name : "default";
}

static json_t *switch_json(const struct host *h, const struct device_switch *s) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?}", "name", s->name, "value",
                     h ? host_switch(h, s->name) : s->initial, "origin", origin_of(h, s), "default",
                     s->initial, "values", s->values, "meaning", s->meaning, "evidence",
                     s->evidence, "open_point", s->open);
}

static bool is_changed(const struct host *h, const struct device_switch *s) {
    return strcmp(origin_of(h, s), "default") != 0;
}

/* "exec-status=202  (set)" */
static void print_value(const struct host *h, const struct device_switch *s, FILE *out) {
    bool changed = is_changed(h, s);
    fprintf(out, "%s=%s%s%s%s\n", s->name, h ? host_switch(h, s->name) : s->initial,
            changed ? "  (" : "", changed ? origin_of(h, s) : "", changed ? ")" : "");
}

static void print_explanation(const struct device_switch *s, FILE *out) {
    fprintf(out, "    %s; one of: %s; default: %s\n    evidence: %s\n", s->meaning, s->values,
            s->initial, s->evidence);
    if (s->open)
        fprintf(out, "    open point: %s %s\n",
                s->open[0] == 'G' ? "windows-mdm.md" : "windows-scep.md", s->open);
}

void show_switches(const struct host *h, bool changed, bool json, FILE *out) {
    json_t *all = json_array();
    for (size_t i = 0; i < device_switch_count; i++) {
        const struct device_switch *s = &device_switches[i];
        if (changed && !is_changed(h, s))
            continue;
        if (json)
            json_array_append_new(all, switch_json(h, s));
        else
            print_value(h, s, out);
        if (!json && !changed)
            print_explanation(s, out);
    }
    if (json)
        show_json(all, out);
    else
        json_decref(all);
}

static json_t *build_json(const struct device_build *b) {
    json_t *switches = json_object();
    for (size_t i = 0; i < BUILD_SWITCHES && b->switches[i].name; i++)
        json_object_set_new(switches, b->switches[i].name, json_string(b->switches[i].value));
    return json_pack("{s:s, s:s, s:s, s:o, s:s}", "name", b->name, "version", b->version,
                     "platform", b->platform, "switches", switches, "evidence", b->evidence);
}

static void print_build(const struct device_build *b, FILE *out) {
    fprintf(out, "%s\n    %s %s", b->name, b->platform, b->version);
    for (size_t i = 0; i < BUILD_SWITCHES && b->switches[i].name; i++)
        fprintf(out, "%s%s=%s", i ? " " : "; ", b->switches[i].name, b->switches[i].value);
    fprintf(out, "\n    evidence: %s\n", b->evidence);
}

void show_builds(bool json, FILE *out) {
    json_t *all = json_array();
    for (size_t i = 0; i < device_build_count; i++)
        if (json)
            json_array_append_new(all, build_json(&device_builds[i]));
        else
            print_build(&device_builds[i], out);
    if (json)
        show_json(all, out);
    else
        json_decref(all);
}
