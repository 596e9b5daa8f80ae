/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/device_traits.h"

#include <stdio.h>

#include "device/logon.h"
#include "device/show_traits.h"

static enum err set_switch(struct host *h, const char *assignment) {
    ARENA_AUTO(a);
    const char *equals = strchr(assignment, '=');
    if (!equals)
        return err_set(ERR_USAGE, "'%s' is not NAME=VALUE", assignment);
    const char *name = arena_str(&a, span_of(assignment, (size_t)(equals - assignment)));
    return host_set_switch(h, name, equals + 1);
}

enum err emulated_switches(struct host *none, const struct device_options *o, int argc, char **argv,
                           int *status) {
    struct host *h = NULL;
    (void)none;
    (void)status;
    if (argc > 0)
        TRY(host_open(argv[0], argc > 1 ? HOST_CHANGE : HOST_READ, &h));
    enum err e = OK;
    for (int i = 1; e == OK && i < argc; i++)
        e = set_switch(h, argv[i]);
    if (e == OK && argc > 1)
        e = host_save(h);
    if (e == OK && argc <= 1)
        show_switches(h, o->changed, o->output != NULL, stdout);
    host_close(h);
    return e;
}

enum err emulated_builds(struct host *none, const struct device_options *o, int argc, char **argv,
                         int *status) {
    (void)none;
    (void)argc;
    (void)argv;
    (void)status;
    show_builds(o->output != NULL, stdout);
    return OK;
}

enum err emulated_sign_in(struct host *h, const struct device_options *o, int argc, char **argv,
                          int *status) {
    (void)o;
    (void)argc;
    (void)argv;
    (void)status;
    bool session = logon_sign_in(h);
    TRY(host_save(h));
    printf("%s is signed in at %s%s\n", h->enrollment ? h->enrollment->user : "the user", h->name,
           session ? "; a session is due (PollOnLogin)" : "");
    return OK;
}

enum err emulated_sign_out(struct host *h, const struct device_options *o, int argc, char **argv,
                           int *status) {
    (void)o;
    (void)argc;
    (void)argv;
    (void)status;
    logon_sign_out(h);
    TRY(host_save(h));
    printf("nobody is signed in at %s\n", h->name);
    return OK;
}
