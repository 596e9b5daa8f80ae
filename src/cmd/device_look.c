/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/device_look.h"

#include "base/file.h"
#include "device/show.h"

static enum show_form form_of(const struct device_options *o) {
    if (!o->output)
        return SHOW_TEXT;
    if (strcmp(o->output, "reg") == 0)
        return SHOW_REG;
    return strcmp(o->output, "xml") == 0 ? SHOW_XML : SHOW_JSON;
}

static enum err export_registry(const struct host *h, const char *path) {
    BUF_AUTO(text);
    show_registry_export(h, &text);
    if (strcmp(path, "-") != 0)
        return file_write(path, buf_view(&text), 0600);
    fwrite(text.p, 1, text.n, stdout);
    return OK;
}

enum err look_registry(struct host *h, const struct device_options *o, int argc, char **argv,
                       int *status) {
    (void)argc;
    (void)argv;
    (void)status;
    if (o->export_to)
        return export_registry(h, o->export_to);
    show_registry(h, form_of(o), stdout);
    if (!o->output && !h->registry->root.child)
        fprintf(stderr, "The registry is empty: no enrollment and no profile has written to it.\n");
    return OK;
}

enum err look_events(struct host *h, const struct device_options *o, int argc, char **argv,
                     int *status) {
    (void)argc;
    (void)argv;
    (void)status;
    show_events(h, form_of(o), (int)o->event_id, o->all, stdout);
    return OK;
}

enum err look_certs(struct host *h, const struct device_options *o, int argc, char **argv,
                    int *status) {
    (void)argc;
    (void)argv;
    (void)status;
    show_certs(h, form_of(o), stdout);
    return OK;
}

enum err look_tasks(struct host *h, const struct device_options *o, int argc, char **argv,
                    int *status) {
    (void)argc;
    (void)argv;
    (void)status;
    show_tasks(h, form_of(o), stdout);
    return OK;
}
