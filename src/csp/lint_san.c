/* SPDX-License-Identifier: Apache-2.0 */
/* SubjectAlternativeNames: "11+user@example.com;3+host", the type is CertEnroll's. */
#include <arpa/inet.h>
#include <ctype.h>

#include "csp/lint_inner.h"
#include "csp/words.h"

enum { EMAIL = 2, DNS = 3, DIRECTORY = 5, URL = 7, IP = 8, UPN = 11 };

static bool is_address(struct span value) {
    ARENA_AUTO(a);
    struct in6_addr room;
    const char *text = arena_str(&a, value);
    return inet_pton(AF_INET, text, &room) == 1 || inet_pton(AF_INET6, text, &room) == 1;
}

/* Any character of `set`. */
static bool has(struct span s, const char *set) {
    for (size_t i = 0; i < s.n; i++)
        if (strchr(set, s.p[i]))
            return true;
    return false;
}

/* What is odd about a value of this type; NULL when nothing is. */
static const char *fault_of(int64_t type, struct span value) {
    switch (type) {
    case EMAIL:
    case UPN:
        return has(value, "@") ? NULL : "has no '@'";
    case DNS:
        return has(value, " @/:") ? "is no DNS name" : NULL;
    case DIRECTORY:
        return has(value, "=") ? NULL : "is no directory name";
    case URL:
        return has(value, ":") ? NULL : "is no URL";
    case IP:
        return is_address(value) ? NULL : "is no IP address";
    default:
        return NULL;
    }
}

/* "3+a,3+b": names joined as the subject's attributes are. */
static bool is_joined_by_comma(struct span value) {
    for (size_t i = 0; i + 2 < value.n; i++)
        if (value.p[i] == ',' && isdigit(value.p[i + 1]) &&
            (value.p[i + 2] == '+' ||
             (isdigit(value.p[i + 2]) && i + 3 < value.n && value.p[i + 3] == '+')))
            return true;
    return false;
}

static void judge_name(struct lint *l, const struct profile_command *c, struct span name) {
    int64_t type;
    ptrdiff_t plus = span_find(name, '+');
    if (plus < 0 || !span_int(span_of(name.p, (size_t)plus), &type) || type < 1 || type > 11 ||
        (size_t)plus + 1 == name.n) {
        lint_tell(l, c, LINT_SAN_SYNTAX, "\"%s\" is not TYPE+VALUE", PROFILE_QUOTE(name));
        return;
    }
    struct span value = span_from(name, (size_t)plus + 1);
    if (!san_by_type(type))
        lint_tell(l, c, LINT_SAN_TYPE, "type %lld in \"%s\"", (long long)type, PROFILE_QUOTE(name));
    if (span_starts(value, "tag:microsoft.com,2022-09-14:sid:"))
        lint_tell(l, c, LINT_SAN_SID, "a SID for strong mapping, in the request");
    const char *fault = is_joined_by_comma(value) ? "has names joined by ','; join them by ';'"
                        : lint_holds(value, "{{") ? NULL
                                                  : fault_of(type, value);
    if (fault)
        lint_tell(l, c, LINT_SAN_VALUE, "\"%s\" %s", PROFILE_QUOTE(value), fault);
}

void lint_san(struct lint *l, const struct profile_command *c) {
    struct span rest = c->value, name;
    while (lint_part(&rest, ";", &name))
        judge_name(l, c, name);
}
