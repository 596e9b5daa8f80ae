/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an mscep_admin page. It is HTML for people: only the sentences around the password are
 * looked for, as every script in the field does.
 */
#include <ctype.h>

#include "base/text.h"
#include "gateway/challenge.h"

enum { MAX_PAGE = 256 * 1024, LEAST_DIGITS = 8, MOST_DIGITS = 64 };

static const char sentence[] = "The enrollment challenge password is:";

static const struct {
    const char *says, *cure;
} refusals[] = {
    {"The password cache is full.",
     "each password waits there until a host uses it or its time is over (an hour): wait, or raise "
     "PasswordMax on the NDES server"},
    {"You do not have sufficient permission to enroll with SCEP.",
     "give the account of the credentials file the permission to enroll on the certificate "
     "templates that NDES uses"},
};

/* ---- the page as plain text ---- */

struct text {
    char *p;
    size_t n;
};

/* White space of any length is one blank; what is not ASCII matters to nobody here. */
static void add(struct text *t, unsigned c) {
    bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (blank && t->n && t->p[t->n - 1] == ' ')
        return;
    t->p[t->n++] = blank ? ' ' : c > ' ' && c < 0x7f ? (char)c : '?';
}

/* A page of IIS has no BOM and begins with '<': its second byte tells. */
static bool is_utf16(struct span page) {
    return page.n >= 2 && ((page.p[0] == 0xff && page.p[1] == 0xfe) || page.p[1] == 0);
}

static char *plain_text(struct arena *a, struct span page) {
    size_t width = is_utf16(page) ? 2 : 1;
    struct text t = {arena_alloc(a, page.n / width + 1), 0};
    for (size_t i = 0; i + width <= page.n; i += width)
        add(&t, width == 1 ? page.p[i] : page.p[i] | (unsigned)page.p[i + 1] << 8);
    return t.p;
}

/* ---- what it says ---- */

static const char *skip_tags(const char *p) {
    while (*p == ' ' || *p == '<') {
        const char *end = *p == '<' ? strchr(p, '>') : p;
        if (!end)
            break;
        p = end + 1;
    }
    return p;
}

/* The digits must end before the page does: one that was cut off may have lost some. */
static enum err read_digits(struct arena *a, const char *p, const char **out) {
    size_t n = 0;
    while (isxdigit((unsigned char)p[n]))
        n++;
    if (n < LEAST_DIGITS || n > MOST_DIGITS || (p[n] != ' ' && p[n] != '<'))
        return err_set(ERR_PARSE,
                       "its mscep_admin page has no password of %d to %d hexadecimal digits after "
                       "'%s'",
                       LEAST_DIGITS, MOST_DIGITS, sentence);
    *out = arena_str(a, span_of(p, n));
    return OK;
}

enum err challenge_of_page(struct arena *a, struct span page, const char **out) {
    if (page.n > MAX_PAGE)
        return err_set(ERR_PARSE, "what came is no mscep_admin page: it has %zu bytes", page.n);
    const char *text = plain_text(a, page), *hit = strcasestr(text, sentence);
    if (hit)
        return read_digits(a, skip_tags(hit + sizeof sentence - 1), out);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (strcasestr(text, refusals[i].says))
            return err_set(ERR_REFUSED, "its mscep_admin page says: %s (%s)", refusals[i].says,
                           refusals[i].cure);
    return err_set(ERR_PARSE,
                   "what came is no mscep_admin page in English: it does not say '%s'; look at the "
                   "address in a browser",
                   sentence);
}
