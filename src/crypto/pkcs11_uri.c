/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_uri.h"

#include "base/text.h"

#define SCHEME "pkcs11:"

/* Path attributes and query attributes are one list here: no name is in both. */
enum name { TOKEN, MANUFACTURER, SERIAL, MODEL, OBJECT, ID, TYPE, MODULE_PATH, NAMES };

static const char *const names[NAMES] = {
    [TOKEN] = "token",   [MANUFACTURER] = "manufacturer",
    [SERIAL] = "serial", [MODEL] = "model",
    [OBJECT] = "object", [ID] = "id",
    [TYPE] = "type",     [MODULE_PATH] = "module-path",
};

bool pkcs11_is_uri(const char *text) {
    return strncmp(text, SCHEME, strlen(SCHEME)) == 0;
}

/* Percent-decoding; never NULL, so that an attribute with an empty value is seen as given. */
static enum err unescape(struct arena *a, struct span text, struct span *out) {
    uint8_t *p = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        struct span octet = span_of(text.p + i, 1);
        if (text.p[i] == '%') {
            if (text.n - i < 3 || hex_decode(a, span_of(text.p + i + 1, 2), &octet) != OK)
                return err_set(ERR_PARSE, "PKCS#11 URI: \"%.*s\" has a %% without two hex digits",
                               SPAN_FMT(text));
            i += 2;
        }
        p[n++] = octet.p[0];
    }
    *out = span_of(p, n);
    return OK;
}

static enum err unknown(struct span name) {
    if (span_is(name, "pin-value") || span_is(name, "pin-source"))
        return err_set(ERR_PARSE, "PKCS#11 URI: %.*s is not taken: bring the PIN as a credential",
                       SPAN_FMT(name));
    return err_set(ERR_PARSE,
                   "PKCS#11 URI: \"%.*s\" is not an attribute that signet knows (token, "
                   "manufacturer, serial, model, object, id, type, module-path)",
                   SPAN_FMT(name));
}

static enum err read_attribute(struct arena *a, struct span text, struct span values[NAMES]) {
    ptrdiff_t equals = span_find(text, '=');
    struct span name = span_of(text.p, equals < 0 ? text.n : (size_t)equals);
    int i = 0;
    while (i < NAMES && !span_is(name, names[i]))
        i++;
    if (i == NAMES)
        return unknown(name);
    if (equals < 0 || values[i].p)
        return err_set(ERR_PARSE, "PKCS#11 URI: \"%s\" without a value, or twice", names[i]);
    return unescape(a, span_from(text, name.n + 1), &values[i]);
}

/* The attributes of `list`, which `separator` divides. */
static enum err read_list(struct arena *a, struct span list, char separator,
                          struct span values[NAMES]) {
    while (list.n) {
        ptrdiff_t end = span_find(list, separator);
        size_t n = end < 0 ? list.n : (size_t)end;
        TRY(read_attribute(a, span_of(list.p, n), values));
        list = span_from(list, n + (end >= 0));
    }
    return OK;
}

static enum err check(const struct span values[NAMES]) {
    for (int i = 0; i < NAMES; i++)
        if (i != ID && values[i].n && memchr(values[i].p, 0, values[i].n))
            return err_set(ERR_PARSE, "PKCS#11 URI: \"%s\" has a zero octet", names[i]);
    if (values[TYPE].p && !span_is(values[TYPE], "private"))
        return err_set(ERR_PARSE, "PKCS#11 URI: type=%.*s; signet takes type=private",
                       SPAN_FMT(values[TYPE]));
    if (!values[OBJECT].n && !values[ID].n)
        return err_set(ERR_PARSE, "PKCS#11 URI: names no key: add object=LABEL or id=%%01");
    return OK;
}

enum err pkcs11_uri_parse(struct arena *a, const char *text, struct pkcs11_uri *out) {
    struct span values[NAMES] = {0}, path = span_from(span_str(text), strlen(SCHEME));
    ptrdiff_t question = span_find(path, '?');
    struct span query = question < 0 ? SPAN_NONE : span_from(path, (size_t)question + 1);
    if (question >= 0)
        path.n = (size_t)question;
    TRY(read_list(a, path, ';', values));
    TRY(read_list(a, query, '&', values));
    TRY(check(values));
    const char **const texts[NAMES] = {
        [TOKEN] = &out->token,   [MANUFACTURER] = &out->manufacturer,
        [SERIAL] = &out->serial, [MODEL] = &out->model,
        [OBJECT] = &out->object, [MODULE_PATH] = &out->module_path,
    };
    *out = (struct pkcs11_uri){.id = values[ID]};
    for (int i = 0; i < NAMES; i++)
        if (texts[i] && values[i].n)
            *texts[i] = arena_str(a, values[i]);
    return OK;
}
