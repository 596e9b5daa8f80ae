/* SPDX-License-Identifier: Apache-2.0 */
/* signet device compare: the emulated host held against the recording of a real one. */
#include "cmd/device_compare.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "device/host.h"
#include "device/switches.h"

enum { EXIT_DIFFERENT = 3, MAX_SET = 64 };

static const char usage[] =
    "Usage: signet device compare DIR [NAME=VALUE...] [--build BUILD | --host HOSTDIR]\n"
    "                             [-o json]\n"
    "       signet device compare DIR DIR2 [-o json]\n\n"
    "Holds the emulated host against DIR, a recording of a real one (signet serve --record). A new\n"
    "emulated host with these switches, or those of HOSTDIR, enrolls with a signet of its own on\n"
    "loopback, gets the profile that the recording shows, and is recorded, too. What only one of the\n"
    "two says is told, with the switch that would explain it: each position is tried, a second\n"
    "or two each, until one explains all: with a difference that none explains, some minutes; how\n"
    "many there are is said first. With DIR2, two recordings are compared, and nothing is tried.\n\n"
    "Exit status 0: no difference; 3: there are some.\n\n"
    "  --build BUILD   a build of Windows (signet device builds)\n"
    "  --host HOSTDIR  build and switches of this emulated host; NAME=VALUE goes before\n"
    "  -o json         differences message, place, what each says, switches; the switch that explains all\n";

struct explained {
    const struct difference *difference;
    const char *switches; /* "a=b, c=d"; "" */
};

struct comparison {
    struct arena *a;
    struct facts recorded;
    const char *set[MAX_SET];
    size_t set_count;
    const struct device_build *build; /* NULL: that of a new host */
    struct difference *differences;
    struct explained *list;
    size_t count;
    bool has_profile;
    unsigned tried;
    const char *whole; /* the switch that explains all of it; or NULL */
};

static void take_differences(struct comparison *c, struct difference *d) {
    c->differences = d;
    for (c->count = 0; d; d = d->next)
        c->count++;
    c->list = arena_alloc(c->a, (c->count + 1) * sizeof *c->list);
    d = c->differences;
    for (size_t i = 0; i < c->count; i++, d = d->next)
        c->list[i] = (struct explained){d, ""};
}

/* ---- which switch ---- */

static bool adds_none(const struct difference *after, const struct difference *before) {
    for (; after; after = after->next)
        if (!difference_in(before, after))
            return false;
    return true;
}

/* What a position takes away is explained by it, unless it brings something new. */
static void credit(struct comparison *c, const struct difference *after, const char *position) {
    if (!adds_none(after, c->differences))
        return;
    for (size_t i = 0; i < c->count; i++) {
        struct explained *x = &c->list[i];
        if (!difference_in(after, x->difference))
            x->switches =
                arena_printf(c->a, "%s%s%s", x->switches, *x->switches ? ", " : "", position);
    }
}

/* One of "a|b|c"; switches that take a number have no positions that could all be tried. */
static bool next_value(const char **values, struct span *out) {
    size_t n = strcspn(*values, "|");
    *out = span_of(*values, n);
    *values += n + ((*values)[n] == '|');
    return n > 0;
}

static bool names(const char *assignment, const char *name) {
    size_t n = strlen(name);
    return strncmp(assignment, name, n) == 0 && assignment[n] == '=';
}

/* The position among the switches that were set, in the place of its own. */
static enum err try_position(struct comparison *c, struct stage *s, const char *name,
                             const char *position, bool *all_explained) {
    const char *set[MAX_SET + 1] = {position};
    size_t count = 1;
    struct facts facts;
    for (size_t i = 0; i < c->set_count; i++)
        if (!names(c->set[i], name))
            set[count++] = c->set[i];
    c->tried++;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[Ktrying %s", position);
    TRY(stage_try(s, set, count, &facts));
    struct difference *after = facts_compare(c->a, &c->recorded, &facts);
    credit(c, after, position);
    *all_explained = !after;
    if (!after)
        c->whole = position;
    return OK;
}

/* The value that it had in the first trial. */
static const char *value_of(const struct comparison *c, const struct device_switch *w) {
    for (size_t i = 0; i < c->set_count; i++)
        if (names(c->set[i], w->name))
            return strchr(c->set[i], '=') + 1;
    const char *of_build = c->build ? build_switch(c->build, w->name) : NULL;
    return of_build ? of_build : w->initial;
}

static enum err try_switch(struct comparison *c, struct stage *s, const struct device_switch *w,
                           bool *all_explained) {
    const char *values = w->values, *present = value_of(c, w);
    struct span value;
    if (!strchr(values, '|'))
        return OK;
    while (!*all_explained && next_value(&values, &value)) {
        const char *position = arena_printf(c->a, "%s=%.*s", w->name, SPAN_FMT(value));
        if (!span_is(value, present))
            TRY(try_position(c, s, w->name, position, all_explained));
    }
    return OK;
}

static bool is_set(const struct comparison *c, const char *name) {
    for (size_t i = 0; i < c->set_count; i++)
        if (names(c->set[i], name))
            return true;
    return false;
}

/* How many trials there are when no switch explains all. */
static unsigned count_positions(const struct comparison *c) {
    unsigned count = 0;
    for (size_t i = 0; i < device_switch_count; i++) {
        const char *values = device_switches[i].values;
        struct span value;
        while (strchr(device_switches[i].values, '|') && next_value(&values, &value))
            count += !span_is(value, value_of(c, &device_switches[i]));
    }
    return count;
}

/* First those that were set. */
static enum err explain(struct comparison *c, struct stage *s) {
    bool all_explained = false;
    enum err e = OK;
    fprintf(stderr,
            "Differences: %zu. Trying up to %u positions of switches, a second or two each.\n",
            c->count, count_positions(c));
    for (int set = 1; set >= 0; set--)
        for (size_t i = 0; e == OK && !all_explained && i < device_switch_count; i++)
            if (is_set(c, device_switches[i].name) == set)
                e = try_switch(c, s, &device_switches[i], &all_explained);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    return e;
}

static enum err emulate(struct comparison *c, const struct recorded *recording) {
    struct stage s = {.a = c->a, .build = c->build ? c->build->name : NULL};
    struct facts facts;
    enum err e = stage_make(&s, recording);
    if (e == OK)
        e = stage_try(&s, c->set, c->set_count, &facts);
    if (e == OK) {
        take_differences(c, facts_compare(c->a, &c->recorded, &facts));
        c->has_profile = s.has_profile;
    }
    if (e == OK && c->count)
        e = explain(c, &s);
    stage_end(&s);
    return e;
}

/* ---- what is said ---- */

static void print_side(const char *who, const char *says) {
    printf("    %-9s %s\n", who, *says ? says : "-");
}

static void print(const struct comparison *c, bool emulated) {
    for (size_t i = 0; i < c->count; i++) {
        const struct explained *x = &c->list[i];
        printf("%s: %s\n", x->difference->kind, x->difference->place);
        print_side("recorded", x->difference->first);
        print_side(emulated ? "emulated" : "second", x->difference->second);
        if (emulated)
            print_side("switch", *x->switches ? x->switches : "none explains it");
    }
    if (!c->count)
        printf("No difference.\n");
    else
        printf("\n%zu difference%s%s%s.\n", c->count, c->count == 1 ? "" : "s",
               c->whole ? ", all explained by " : "", c->whole ? c->whole : "");
    if (emulated && !c->has_profile)
        printf("The recording has no SCEP profile: only enrollment and sessions were compared.\n");
}

static void print_json(const struct comparison *c, bool emulated) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->count; i++) {
        const struct explained *x = &c->list[i];
        json_array_append_new(list,
                              json_pack("{ss, ss, ss, ss, ss}", "message", x->difference->kind,
                                        "place", x->difference->place, "recorded",
                                        x->difference->first, emulated ? "emulated" : "second",
                                        x->difference->second, "switches", x->switches));
    }
    cli_print_json(json_pack("{so, sb, si, ss?}", "differences", list, "profile", c->has_profile,
                             "tried", (int)c->tried, "explained", c->whole));
}

/* ---- the command line ---- */

/* The switches that were set on an emulated host. */
static enum err take_host(struct comparison *c, const char *folder) {
    struct host *h;
    const char *name;
    json_t *value;
    TRY(host_open(folder, HOST_READ, &h));
    json_object_foreach(h->switches, name, value) {
        if (c->set_count < MAX_SET && json_is_string(value) && !is_set(c, name))
            c->set[c->set_count++] = arena_printf(c->a, "%s=%s", name, json_string_value(value));
    }
    c->build = host_build(h);
    host_close(h);
    return OK;
}

static enum err take_switch(struct comparison *c, const char *assignment) {
    const char *equals = strchr(assignment, '=');
    const char *name = arena_str(c->a, span_of(assignment, (size_t)(equals - assignment)));
    const struct device_switch *w = switch_find(name);
    if (!w)
        return err_set(ERR_USAGE, "there is no switch '%s': signet device switches lists them",
                       name);
    TRY(switch_check(w, equals + 1));
    if (c->set_count == MAX_SET)
        return err_set(ERR_USAGE, "more than %d switches", MAX_SET);
    c->set[c->set_count++] = assignment;
    return OK;
}

static enum err compare_two(struct comparison *c, const char *folder) {
    struct recorded *other;
    TRY(lines_read(c->a, folder, stage_skipped, &other));
    struct facts facts = facts_of(c->a, other);
    take_differences(c, facts_compare(c->a, &c->recorded, &facts));
    return OK;
}

static enum err run(struct comparison *c, int argc, char **argv, const char *host) {
    struct recorded *recording;
    bool two = argc == 2 && !strchr(argv[1], '=');
    TRY(lines_read(c->a, argv[0], stage_skipped, &recording));
    c->recorded = facts_of(c->a, recording);
    if (two)
        return compare_two(c, argv[1]);
    for (int i = 1; i < argc; i++)
        TRY(take_switch(c, argv[i]));
    if (host)
        TRY(take_host(c, host));
    return emulate(c, recording);
}

int cmd_device_compare(int argc, char **argv) {
    ARENA_AUTO(a);
    struct comparison c = {.a = &a};
    struct cli cli;
    int status;
    const char *host = NULL, *build = NULL;
    const struct cli_option own[] = {
        {"host", &host, NULL}, {"build", &build, NULL}, {NULL, NULL, NULL}};
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (!cli.argc)
        return cli_usage(usage, "the folder of a recording is missing");
    for (int i = 2; i < cli.argc; i++)
        if (!strchr(cli.argv[i], '='))
            return cli_usage(usage, "'%s' is not NAME=VALUE", cli.argv[i]);
    if (build && (host || !(c.build = build_find(build))))
        return host ? cli_usage(usage, "--host has a build already")
                    : cli_usage(usage, "there is no build '%s': signet device builds", build);
    bool emulated = !(cli.argc == 2 && !strchr(cli.argv[1], '='));
    enum err e = run(&c, cli.argc, cli.argv, host);
    if (e != OK)
        return e == ERR_USAGE ? cli_usage(usage, "%s", err_detail()) : cli_fail();
    if (cli.json)
        print_json(&c, emulated);
    else
        print(&c, emulated);
    return c.count ? EXIT_DIFFERENT : 0;
}
