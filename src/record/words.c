/* SPDX-License-Identifier: Apache-2.0 */
#include "record/words.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "csp/table.h"
#include "record/vocabulary.h"

enum { PIECE_DIGITS = 6, NUMBER_DIGITS = 10 };

/* ---- words ---- */

/* Sorted, made once: a recorder asks for every name and value of what it is sent. */
static struct {
    struct span *list;
    size_t count;
} words;
static pthread_once_t words_made = PTHREAD_ONCE_INIT;

static int order_words(const void *one, const void *other) {
    const struct span *a = one, *b = other;
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    return memcmp(a->p, b->p, a->n);
}

static size_t count_steps(const char *path) {
    size_t n = 0;
    for (; *path; path++)
        n += *path == '/';
    return n;
}

/* The steps of a node's path; those in braces are anybody's names. */
static void add_steps(const char *path) {
    while (*path == '/') {
        size_t n = strcspn(++path, "/");
        if (*path != '{')
            words.list[words.count++] = span_of(path, n);
        path += n;
    }
}

static void make_words(void) {
    size_t room = record_vocabulary_size;
    for (size_t i = 0; i < csp_table_size; i++)
        room += count_steps(csp_table[i].path);
    words.list = mem_alloc(room * sizeof *words.list);
    for (size_t i = 0; i < record_vocabulary_size; i++)
        words.list[words.count++] = span_str(record_vocabulary[i]);
    for (size_t i = 0; i < csp_table_size; i++)
        add_steps(csp_table[i].path);
    qsort(words.list, words.count, sizeof *words.list, order_words);
}

bool word_known(struct span text) {
    pthread_once(&words_made, make_words);
    return text.n && bsearch(&text, words.list, words.count, sizeof text, order_words);
}

/* ---- forms ---- */

typedef bool belongs(int c);

static bool is_lower_hex(int c) {
    return isdigit(c) || (c >= 'a' && c <= 'f');
}
static bool is_upper_hex(int c) {
    return isdigit(c) || (c >= 'A' && c <= 'F');
}
static bool is_digit(int c) {
    return isdigit(c);
}
static bool is_base64(int c) {
    return isalnum(c) || c == '+' || c == '/' || c == '=' || isspace(c);
}
/* X.680, 41.4: what decides about the string type of a name. */
static bool is_printable_string(int c) {
    return isalnum(c) || (c && strchr(" '()+,-./:=?", c));
}
static bool is_ascii(int c) {
    return c >= ' ' && c < 0x7f;
}

static bool all(struct span s, belongs *is) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 0x80 || !is(s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_mixed(struct span s) {
    return !all(s, is_digit);
}

/* 'x' stands for a hex digit of either case, 'X' for one in upper case. */
static bool matches(struct span s, const char *pattern) {
    if (s.n != strlen(pattern))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int c = s.p[i];
        if (pattern[i] == 'x'   ? !isxdigit(c)
            : pattern[i] == 'X' ? !is_upper_hex(c)
                                : c != pattern[i])
            return false;
    }
    return true;
}

#define GUID "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
#define ID32 "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"

static const char *fixed_form(struct span s) {
    if (matches(s, GUID))
        return "GUID";
    if (matches(s, "{" GUID "}"))
        return "GUID in braces";
    if (matches(s, "urn:uuid:" GUID))
        return "urn:uuid:GUID";
    if (s.n && matches(span_of(s.p, s.n - !s.p[s.n - 1]), "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXX!" ID32))
        return s.p[s.n - 1] ? "GUID cut short, '!', 32 upper-case hex"
                            : "GUID cut short, '!', 32 upper-case hex, NUL";
    return matches(s, "XX-XX-XX-XX-XX-XX") ? "MAC address" : NULL;
}

static bool has(struct span s, const char *what) {
    return memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static const char *loose_form(struct span s) {
    if (all(s, is_digit))
        return "number";
    if (span_starts(s, "https://"))
        return "https URL";
    if (span_starts(s, "http://"))
        return "http URL";
    if (span_starts(s, "./"))
        return "node";
    if (s.n >= 16 && s.n % 4 == 0 && all(s, is_base64))
        return "base64";
    if (has(s, "@") && all(s, is_ascii))
        return "name@domain";
    if (all(s, is_printable_string))
        return "printable";
    return all(s, is_ascii) ? "ASCII" : "text";
}

void word_form(struct buf *out, struct span s) {
    const char *fixed = s.n ? fixed_form(s) : "nothing";
    bool long_hex = s.n >= 16 && s.n % 2 == 0 && is_mixed(s);
    if (fixed)
        buf_printf(out, "<%s>", fixed);
    else if (long_hex && all(s, is_upper_hex))
        buf_printf(out, "<%zu upper-case hex>", s.n);
    else if (long_hex && all(s, is_lower_hex))
        buf_printf(out, "<%zu lower-case hex>", s.n);
    else
        buf_printf(out, "<%s, %zu characters>", loose_form(s), s.n);
}

void word_or_form(struct buf *out, struct span s) {
    if (word_known(s))
        buf_span(out, s);
    else
        word_form(out, s);
}

void word_number(struct buf *out, struct span s) {
    struct span digits = span_starts(s, "-") ? span_from(s, 1) : s;
    if (digits.n <= NUMBER_DIGITS && all(digits, is_digit))
        buf_span(out, s);
    else
        word_form(out, s);
}

void word_pieces(struct buf *out, struct span s) {
    if (s.n > WORD_MAX_PIECES) {
        word_form(out, s);
        return;
    }
    for (size_t i = 0; i < s.n;) {
        size_t n = 0;
        while (i + n < s.n && (isalnum(s.p[i + n]) || s.p[i + n] >= 0x80))
            n++;
        struct span piece = span_of(s.p + i, n);
        if (n == 0)
            buf_char(out, is_ascii(s.p[i]) && !strchr("<>", s.p[i]) ? (char)s.p[i] : '?');
        else if ((n <= PIECE_DIGITS && all(piece, is_digit)) || word_known(piece))
            buf_span(out, piece);
        else
            buf_printf(out, "<%zu>", n);
        i += n ? n : 1;
    }
}

void word_name(struct buf *out, struct span name) {
    if (word_known(name))
        buf_span(out, name);
    else
        buf_printf(out, "<name, %zu characters>", name.n);
}
