/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char detail[512];

/* failInfo: 0 badAlg, 1 badMessageCheck, 2 badRequest, 3 badTime, 4 badCertId */
static const struct {
    const char *text;
    int http_status;
    int fail_info;
} table[ERR__MAX] = {
    [OK] = {"ok", 200, 2},
    [ERR_INTERNAL] = {"internal error", 500, 2},
    [ERR_IO] = {"input/output error", 500, 2},
    [ERR_USAGE] = {"wrong usage", 400, 2},
    [ERR_CONFIG] = {"wrong configuration", 500, 2},
    [ERR_NOT_FOUND] = {"not found", 404, 2},
    [ERR_EXISTS] = {"exists already", 409, 2},
    [ERR_CONFLICT] = {"not possible in this state", 409, 2},
    [ERR_PARSE] = {"malformed input", 400, 1},
    [ERR_LIMIT] = {"input too large", 413, 1},
    [ERR_ALGORITHM] = {"algorithm unknown or refused", 400, 0},
    [ERR_MESSAGE_CHECK] = {"message check failed", 400, 1},
    [ERR_REFUSED] = {"request refused", 403, 2},
    [ERR_TIME] = {"time not acceptable", 400, 3},
    [ERR_CERT_ID] = {"no such certificate", 404, 4},
    [ERR_CRYPTO] = {"cryptographic operation failed", 500, 2},
    [ERR_AUTH] = {"not authenticated", 401, 2},
    [ERR_FORBIDDEN] = {"forbidden", 403, 2},
    [ERR_METHOD] = {"method not allowed", 405, 2},
    [ERR_MEDIA_TYPE] = {"content type not supported", 415, 2},
    [ERR_BUSY] = {"busy", 503, 2},
    [ERR_STORE] = {"database error", 500, 2},
};

enum err err_set(enum err code, const char *fmt, ...) {
    char line[sizeof detail]; /* an argument may be err_detail() itself */
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    memcpy(detail, line, sizeof detail);
    return code;
}

enum err err_context(enum err code, const char *fmt, ...) {
    char context[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(context, sizeof context, fmt, ap);
    va_end(ap);
    return err_set(code, "%s: %s", context, detail);
}

const char *err_detail(void) {
    return detail;
}

const char *err_text(enum err code) {
    return code >= 0 && code < ERR__MAX ? table[code].text : "unknown error";
}

int err_http_status(enum err code) {
    return code >= 0 && code < ERR__MAX ? table[code].http_status : 500;
}

int err_fail_info(enum err code) {
    return code >= 0 && code < ERR__MAX ? table[code].fail_info : 2;
}
