/* SPDX-License-Identifier: Apache-2.0 */
#include "record/lines.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "record/limits.h"

static const char head[] = "signet recording 1: ";

/* ---- one file ---- */

static bool next_line(struct span *rest, struct span *line) {
    if (!rest->n)
        return false;
    ptrdiff_t end = span_find(*rest, '\n');
    *line = end < 0 ? *rest : span_of(rest->p, (size_t)end);
    *rest = span_from(*rest, line->n + 1);
    return true;
}

static bool is_printable(struct span s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] >= 0x7f)
            return false;
    return true;
}

static struct line *make_line(struct arena *a, struct span text) {
    struct line *n = arena_alloc(a, sizeof *n);
    const uint8_t *equals = text.n ? memmem(text.p, text.n, " = ", 3) : NULL;
    size_t at = equals ? (size_t)(equals - text.p) : text.n;
    n->label = span_of(text.p, at);
    if (equals)
        n->value = span_from(text, at + 3);
    return n;
}

static void append(struct line *parent, struct line *n) {
    n->parent = parent;
    if (parent->last)
        parent->last->next = n;
    else
        parent->child = n;
    parent->last = n;
}

/* Two blanks a level; a line is below the last one of the level above. */
static enum err read_tree(struct arena *a, struct span rest, struct line *root) {
    struct line *above[RECORD_MAX_DEPTH + 1] = {root};
    struct span text;
    unsigned deepest = 0;
    for (unsigned number = 2; next_line(&rest, &text); number++) {
        size_t blanks = 0;
        while (blanks < text.n && text.p[blanks] == ' ')
            blanks++;
        if (blanks % 2 || blanks / 2 > deepest || blanks / 2 >= RECORD_MAX_DEPTH ||
            number > RECORD_MAX_LINES || !is_printable(text))
            return err_set(ERR_PARSE, "line %u is not one that a recording has", number);
        struct line *n = make_line(a, span_from(text, blanks));
        append(above[blanks / 2], n);
        deepest = (unsigned)(blanks / 2) + 1;
        above[deepest] = n;
    }
    return OK;
}

enum err lines_parse(struct arena *a, struct span text, struct recorded **out) {
    struct recorded *r = arena_alloc(a, sizeof *r);
    struct line *root = arena_alloc(a, sizeof *root);
    struct span rest = text, first;
    if (!next_line(&rest, &first) || !span_starts(first, head) || !is_printable(first))
        return err_set(ERR_PARSE, "it does not begin with '%s'", head);
    r->kind = span_from(first, sizeof head - 1);
    ptrdiff_t comma = span_find(r->kind, ',');
    r->kind.n = comma < 0 ? r->kind.n : (size_t)comma;
    TRY(read_tree(a, rest, root));
    r->host = line_child(root, "host");
    r->server = line_child(root, "server");
    if (!r->host || !r->server)
        return err_set(ERR_PARSE, "it lacks the part of host or server");
    *out = r;
    return OK;
}

struct line *line_child(const struct line *n, const char *word) {
    size_t length = strlen(word);
    for (struct line *c = n ? n->child : NULL; c; c = c->next)
        if (span_starts(c->label, word) &&
            (c->label.n == length || strchr(" [", c->label.p[length])))
            return c;
    return NULL;
}

struct span line_value(const struct line *n, const char *path) {
    char word[64];
    while (n && *path) {
        size_t length = strcspn(path, "/");
        snprintf(word, sizeof word, "%.*s", (int)length, path);
        n = line_child(n, word);
        path += length + (path[length] == '/');
    }
    return n ? n->value : SPAN_NONE;
}

/* ---- the folder ---- */

static int is_exchange(const struct dirent *e) {
    return isdigit((unsigned char)e->d_name[0]) && strstr(e->d_name, ".txt");
}

static enum err read_file(struct arena *a, const char *folder, const char *name,
                          struct recorded **out) {
    BUF_AUTO(text);
    TRY(file_read(arena_printf(a, "%s/%s", folder, name), RECORD_MAX_FILE, &text));
    enum err e = lines_parse(a, arena_copy(a, buf_view(&text)), out);
    return e == OK ? OK : err_context(e, "%s/%s", folder, name);
}

/* All that can be read; of the others the last one's error, when there is no file that can. */
static enum err read_files(struct arena *a, const char *folder, struct dirent **files, int count,
                           lines_skipped *skipped, struct recorded **out) {
    struct recorded **last = out;
    enum err e = OK;
    if (count > RECORD_MAX_FILES)
        return err_set(ERR_LIMIT, "'%s' holds more than %d files", folder, RECORD_MAX_FILES);
    for (int i = 0; i < count; i++) {
        enum err of_file = read_file(a, folder, files[i]->d_name, last);
        if (of_file == OK) {
            last = &(*last)->next;
        } else {
            e = of_file;
            skipped(err_detail());
        }
    }
    return *out ? OK : e;
}

enum err lines_read(struct arena *a, const char *folder, lines_skipped *skipped,
                    struct recorded **out) {
    struct dirent **files;
    *out = NULL;
    int count = scandir(folder, &files, is_exchange, alphasort);
    if (count < 0)
        return err_set(ERR_NOT_FOUND, "cannot read the folder '%s': %s", folder, strerror(errno));
    enum err e = read_files(a, folder, files, count, skipped, out);
    for (int i = 0; i < count; i++)
        free(files[i]);
    free(files);
    if (e == OK && !*out)
        e = err_set(ERR_NOT_FOUND, "'%s' holds no recording: signet serve --record %s makes one",
                    folder, folder);
    return e;
}
