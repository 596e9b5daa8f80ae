/* SPDX-License-Identifier: Apache-2.0 */
#include "http/names.h"

#include <ctype.h>
#include <stdint.h>

enum { HOST_NAME = 0, MAX_NAME = 253 };

/* A vector of at most 2^16-1 bytes at the front of `in`, which loses it. */
static bool take_vector(struct span *in, struct span *out) {
    if (in->n < 2)
        return false;
    size_t n = (size_t)in->p[0] << 8 | in->p[1];
    if (in->n - 2 < n)
        return false;
    *out = span_of(in->p + 2, n);
    *in = span_from(*in, n + 2);
    return true;
}

/* The name as it is compared: lower case, without the root's dot. False: no name of a host. */
static bool keep(char out[256], struct span name) {
    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n == 0 || name.n > MAX_NAME)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
            return false;
        out[i] = (char)tolower(name.p[i]);
    }
    out[name.n] = '\0';
    return true;
}

static bool same_name(const char *kept, const char *host) {
    char other[256];
    return keep(other, span_str(host)) && strcmp(kept, other) == 0;
}

/* Only one name of one kind was ever defined; more of them are nobody's. */
static bool read_sni(char out[256], struct span extension) {
    struct span list, name;
    out[0] = '\0';
    if (extension.n == 0)
        return true;
    if (!take_vector(&extension, &list) || extension.n || list.n < 1 || list.p[0] != HOST_NAME)
        return false;
    list = span_from(list, 1);
    return take_vector(&list, &name) && list.n == 0 && keep(out, name);
}

bool http_names_choose(struct http_names_choice *c, struct span extension) {
    c->name = NULL;
    if (!read_sni(c->sni, extension))
        return false;
    for (size_t i = 0; i < c->listener->name_count; i++)
        if (same_name(c->sni, c->listener->names[i].host))
            c->name = &c->listener->names[i];
    return true;
}

/* Without ":port"; an IPv6 address keeps its brackets, and is no name. */
static struct span host_of(const char *field) {
    struct span host = span_str(field);
    size_t n = host.n;
    while (n && isdigit(host.p[n - 1]))
        n--;
    if (n && host.p[n - 1] == ':')
        host.n = n - 1;
    return host;
}

bool http_names_fit(const struct http_names_choice *c, const char *host) {
    char name[256];
    if (!host)
        return true; /* HTTP/1.0: nothing contradicts the SNI */
    if (!keep(name, host_of(host)))
        return false;
    if (*c->sni)
        return strcmp(c->sni, name) == 0;
    for (size_t i = 0; i < c->listener->name_count; i++)
        if (same_name(name, c->listener->names[i].host))
            return false;
    return true;
}
