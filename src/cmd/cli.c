/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cli.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

enum {
    OWN = 256,
    MANY = 512,
    MAX_OWN = 24,
    MAX_MANY = 8,
    MAX_COLUMNS = 16,
    MAX_CHALLENGE = 16 << 10
};

static void fill_options(const struct cli_option *own, const struct cli_many *many,
                         struct option *out) {
    static const struct option common[] = {{"help", no_argument, NULL, 'h'},
                                           {"data", required_argument, NULL, 'd'},
                                           {"output", required_argument, NULL, 'o'}};
    memcpy(out, common, sizeof common);
    out += 3;
    for (int i = 0; own && own[i].name && i < MAX_OWN; i++)
        *out++ = (struct option){own[i].name, own[i].value ? required_argument : no_argument, NULL,
                                 OWN + i};
    for (int i = 0; many && many[i].name && i < MAX_MANY; i++)
        *out++ = (struct option){many[i].name, required_argument, NULL, MANY + i};
}

static bool add_to_many(struct cli_many *many, const char *usage, int *status) {
    if (many->count == CLI_MANY) {
        *status = cli_usage(usage, "--%s is given more than %d times", many->name, CLI_MANY);
        return false;
    }
    many->values[many->count++] = optarg;
    return true;
}

/* A verb that is a command of its own is argv[0]; else it is the first argument. */
static bool has_place(const char *name, const struct cli *cli, const char *usage,
                      const char *option) {
    return synopsis_has(usage, name, option) &&
           (!cli->argc || synopsis_has(usage, cli->argv[0], option));
}

/* An option of another verb would be ignored in silence. */
static bool all_have_place(const char *name, const char *usage, const struct cli_option *own,
                           const bool given[MAX_OWN], const struct cli *cli, int *status) {
    char option[64] = "-o json";
    bool good = !cli->json || has_place(name, cli, usage, option);
    for (int i = 0; good && own && own[i].name && i < MAX_OWN; i++) {
        if (!given[i])
            continue;
        snprintf(option, sizeof option, "--%s", own[i].name);
        good = has_place(name, cli, usage, option);
    }
    if (!good)
        *status = cli_usage(usage, "%s%s%s takes no %s", name, cli->argc ? " " : "",
                            cli->argc ? cli->argv[0] : "", option);
    return good;
}

bool cli_options(int argc, char **argv, const char *usage, const struct cli_option *own,
                 struct cli *out, int *status) {
    return cli_options_many(argc, argv, usage, own, NULL, out, status);
}

bool cli_options_many(int argc, char **argv, const char *usage, const struct cli_option *own,
                      struct cli_many *many, struct cli *out, int *status) {
    struct option options[MAX_OWN + MAX_MANY + 4] = {0};
    fill_options(own, many, options);
    const char *environment = getenv("SIGNET_DIR");
    *out = (struct cli){.folder = environment && *environment ? environment : CLI_DEFAULT_FOLDER};
    *status = 2;
    optind = 0;
    opterr = 0;
    bool given[MAX_OWN] = {false};
    for (int c; (c = getopt_long(argc, argv, "hd:o:", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            *status = 0;
            return false;
        }
        if (c >= MANY) {
            if (!add_to_many(&many[c - MANY], usage, status))
                return false;
            continue;
        }
        bool *before = c >= OWN && c < OWN + MAX_OWN ? &given[c - OWN] : NULL;
        if (before && *before) { /* the first would be lost in silence */
            *status = cli_usage(usage, "--%s is given twice", own[c - OWN].name);
            return false;
        }
        if (before)
            *before = true;
        if (c >= OWN && own[c - OWN].value)
            *own[c - OWN].value = optarg;
        else if (c >= OWN)
            *own[c - OWN].flag = true;
        else if (c == 'd')
            out->folder = optarg;
        else if (c == 'o' && strcmp(optarg, "json") == 0)
            out->json = true;
        else if (c == 'o' && strcmp(optarg, "table") != 0) {
            *status = cli_usage(usage, "-o takes json or table, not '%s'", optarg);
            return false;
        } else if (c == '?') {
            *status =
                cli_usage(usage, "the option '%s' is unknown or lacks its value", argv[optind - 1]);
            return false;
        }
    }
    out->argc = argc - optind;
    out->argv = argv + optind;
    return all_have_place(argv[0], usage, own, given, out, status);
}

int cli_fail(void) {
    fprintf(stderr, "signet: %s\n", err_detail());
    return 1;
}

/* How much of two command lines is the same lower-case words. */
static size_t common_words(const char *a, const char *b) {
    size_t end = 0;
    for (size_t i = 0; a[i] == b[i] && (islower((unsigned char)a[i]) || a[i] == ' '); i++)
        if (!islower((unsigned char)a[i + 1]) && !islower((unsigned char)b[i + 1]) && a[i] != ' ')
            end = i + 1;
    return end;
}

/* The command that the usage is of: what all lines of its synopsis begin with. */
static struct span command_of(const char *usage) {
    static const char next[] = "\n       signet ";
    const char *command = usage + strlen("Usage: signet "), *end = strstr(command, "\n\n");
    size_t n = common_words(command, command);
    for (const char *line = command; (line = strstr(line, next)) && end && line < end;) {
        line += strlen(next);
        size_t same = common_words(command, line);
        n = same < n ? same : n;
    }
    return span_of(command, n);
}

int cli_usage(const char *usage, const char *fmt, ...) {
    struct span command = command_of(usage);
    va_list ap;
    va_start(ap, fmt);
    fputs("signet: ", stderr);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n(signet %.*s --help tells more)\n", SPAN_FMT(command));
    return 2;
}

void cli_print_json(json_t *value) {
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(value);
}

enum err cli_read_challenge(const char *file, struct buf *out) {
    TRY(file_read(file, MAX_CHALLENGE, out));
    while (out->n && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
        out->n--;
    if (!out->n || memchr(out->p, 0, out->n))
        return err_set(ERR_PARSE, "'%s' holds no challenge", file);
    return OK;
}

const char *cli_text(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "-";
}

static int column_width(const char *const *cells, size_t rows, size_t columns, size_t c) {
    size_t width = 0;
    for (size_t r = 0; r < rows; r++) {
        size_t n = strlen(cells[r * columns + c]);
        width = n > width ? n : width;
    }
    return (int)width;
}

/* As aligned columns; the first row is the head. */
static void print_table(const char *const *cells, size_t rows, size_t columns) {
    int widths[MAX_COLUMNS] = {0};
    for (size_t c = 0; c + 1 < columns; c++)
        widths[c] = column_width(cells, rows, columns, c);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            printf("%-*s%s", widths[c], cells[r * columns + c], c + 1 == columns ? "\n" : "  ");
}

static const char *cell(struct arena *a, const json_t *object, const char *key) {
    const char *dot = strchr(key, '.');
    if (dot)
        return cell(a, json_object_get(object, arena_str(a, span_of(key, (size_t)(dot - key)))),
                    dot + 1);
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value))
        return arena_printf(a, "%lld", (long long)json_integer_value(value));
    return cli_text(object, key);
}

void cli_print_list(const json_t *list, const struct cli_column *columns, size_t count,
                    const char *none) {
    ARENA_AUTO(a);
    size_t rows = json_array_size(list) + 1, i;
    const char **cells = arena_alloc(&a, rows * count * sizeof *cells);
    const json_t *object;
    if (rows == 1) {
        printf("%s\n", none);
        return;
    }
    for (size_t c = 0; c < count; c++)
        cells[c] = columns[c].head;
    json_array_foreach(list, i, object) {
        for (size_t c = 0; c < count; c++)
            cells[(i + 1) * count + c] = cell(&a, object, columns[c].key);
    }
    print_table(cells, rows, count);
}

bool cli_put_number(json_t *request, const char *key, const char *text) {
    int64_t n;
    if (!text)
        return true;
    if (!span_int(span_str(text), &n) || n < 1)
        return false;
    json_object_set_new(request, key, json_integer(n));
    return true;
}

json_t *cli_pages(const struct cli *cli, json_t *request, const char *key) {
    json_t *all = json_array(), *reply = NULL;
    for (bool more = true; more;) {
        if (admin_call(cli->folder, json_deep_copy(request), &reply) != OK) {
            json_decref(all);
            all = NULL;
            break;
        }
        json_array_extend(all, json_object_get(reply, key));
        json_t *next = json_object_get(reply, "next");
        more = next && json_object_set(request, "after", next) == 0;
        json_decref(reply);
    }
    json_decref(request);
    return all;
}

int cli_list(const struct cli *cli, json_t *request, const char *key,
             const struct cli_column *columns, size_t count, const char *none) {
    json_t *reply;
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    json_t *list = json_object_get(reply, key);
    if (cli->json)
        cli_print_json(json_incref(list));
    else
        cli_print_list(list, columns, count, none);
    json_decref(reply);
    return 0;
}

/* The longest piece of `s` that fits: up to a blank if there is one, else cut. */
static size_t piece(struct span s, size_t width) {
    size_t cut = 0, columns = 0, i = 0;
    for (; i < s.n; i++) {
        columns += (s.p[i] & 0xc0) != 0x80;
        if (columns > width)
            break;
        if (s.p[i] == ' ')
            cut = i;
    }
    return i == s.n ? s.n : cut ? cut : i;
}

void cli_wrap(struct buf *out, const char *text, size_t at, size_t indent, size_t width) {
    struct span rest = span_str(text);
    for (size_t column = at;; column = indent) {
        size_t n = piece(rest, width > column + 8 ? width - column : 8);
        buf_printf(out, "%.*s\n", SPAN_FMT(span_of(rest.p, n)));
        rest = span_trim(span_from(rest, n));
        if (!rest.n)
            return;
        buf_printf(out, "%*s", (int)indent, "");
    }
}

size_t cli_width(size_t otherwise) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return otherwise;
    return size.ws_col < 60 ? 60 : size.ws_col;
}
