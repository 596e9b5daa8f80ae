/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ini.h"

#include <string.h>

#define BLANKS " \t\r"

static char *trim(char *s) {
    s += strspn(s, BLANKS);
    for (size_t n = strlen(s); n && strchr(BLANKS, s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

/* A ';' that begins the value or follows a blank begins a comment; in "a;b" it is a part of it. */
static char *cut_comment(char *value) {
    for (char *p = value; (p = strchr(p, ';')); p++) {
        if (p == value || p[-1] == ' ' || p[-1] == '\t') {
            *p = '\0';
            break;
        }
    }
    return trim(value);
}

static enum err read_section(char *line, const char **section) {
    char *end = strchr(line, ']'), *rest = end ? trim(end + 1) : line;
    if (!end || (*rest && !strchr("#;", *rest)))
        return err_set(ERR_CONFIG, "'%s' is not [section]", line);
    *end = '\0';
    *section = trim(line + 1);
    return OK;
}

static enum err read_line(char *line, const char **section, ini_handler *handler, void *user,
                          int number) {
    if (!*line || strchr("#;", *line))
        return OK;
    if (*line == '[') {
        TRY(read_section(line, section));
        return handler(user, number, *section, NULL, NULL);
    }
    char *equals = strchr(line, '=');
    if (!equals)
        return err_set(ERR_CONFIG, "neither a [section] nor key = value");
    *equals = '\0';
    return handler(user, number, *section, trim(line), cut_comment(trim(equals + 1)));
}

enum err ini_read(char *text, ini_handler *handler, void *user, int *line) {
    const char *section = "";
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) /* Notepad's byte order mark */
        text += 3;
    for (*line = 1; text; (*line)++) {
        char *next = strsep(&text, "\n");
        TRY(read_line(trim(next), &section, handler, user, *line));
    }
    return OK;
}
