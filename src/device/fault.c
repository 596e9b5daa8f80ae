/* SPDX-License-Identifier: Apache-2.0 */
#include "device/fault.h"

#include "base/span.h"

static bool read_number(struct span text, const char *name, struct fault *out) {
    int64_t n;
    if (!span_starts(text, name) || !span_int(span_from(text, strlen(name)), &n) || n < 1 ||
        n > 1000)
        return false;
    out->message = (unsigned)n;
    return true;
}

enum err fault_parse(const char *text, struct fault *out) {
    if (read_number(span_str(text), "drop-after=", out))
        out->kind = FAULT_DROP;
    else if (read_number(span_str(text), "duplicate=", out))
        out->kind = FAULT_DUPLICATE;
    else
        return err_set(ERR_USAGE,
                       "--fault takes drop-after=N or duplicate=N with N from 1 to 1000, not '%s'",
                       text);
    return OK;
}

enum fault_kind fault_strikes(struct fault *f, unsigned message) {
    enum fault_kind kind = f->message == message ? f->kind : FAULT_NONE;
    if (kind != FAULT_NONE)
        f->kind = FAULT_NONE;
    return kind;
}
