/* SPDX-License-Identifier: Apache-2.0 */
#include "http/notice.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/meter.h"

enum { LINE_MAX = 1536 };

_Static_assert((int)HTTP_NOTICES_A_SECOND == (int)METER_LINES_A_SECOND, "what the header says");

static struct meter meter = METER_INITIALIZER;

bool http_notice(enum log_level level, const char *fmt, ...) {
    char line[LINE_MAX];
    if (!meter_take(&meter, level))
        return false;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    log_write(level, "http", "%s", line);
    return true;
}

void http_notice_tell(void) {
    meter_tell(&meter, "http");
}
