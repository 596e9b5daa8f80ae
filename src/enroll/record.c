/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/record.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

enum { MAX_TEXT = 1024, MAX_ALARMS = 50 };

const char *evidence_json(struct arena *a, va_list *ap) {
    BUF_AUTO(json);
    buf_char(&json, '{');
    for (const char *key; (key = va_arg(*ap, const char *));) {
        const char *value = va_arg(*ap, const char *);
        if (!value)
            continue;
        if (json.n > 1)
            buf_char(&json, ',');
        text_quote_json(&json, key);
        buf_char(&json, ':');
        text_quote_json(&json, text_claim(a, span_str(value), MAX_TEXT));
    }
    buf_char(&json, '}');
    return arena_str(a, buf_view(&json));
}

const char *evidence_of(struct arena *a, ...) {
    va_list ap;
    va_start(ap, a);
    const char *json = evidence_json(a, &ap);
    va_end(ap);
    return json;
}

static enum err add(struct tx *tx, enum journal_kind kind, const char *endpoint,
                    int64_t certificate, const char *text, va_list *ap) {
    ARENA_AUTO(a);
    struct journal_entry entry = {.at = clock_ms(),
                                  .kind = (int)kind,
                                  .endpoint = endpoint,
                                  .certificate = certificate,
                                  .text = text,
                                  .evidence = evidence_json(&a, ap)};
    return journal_add(tx, &entry);
}

enum err journal_record(struct tx *tx, enum journal_kind kind, const char *endpoint,
                        int64_t certificate, const char *text, ...) {
    va_list ap;
    va_start(ap, text);
    enum err e = add(tx, kind, endpoint, certificate, text, &ap);
    va_end(ap);
    return e;
}

enum err alarm_record(struct tx *tx, const char *endpoint, const char *text, ...) {
    int64_t count;
    TRY(journal_count_alarms(tx, endpoint, text, clock_ms() - HOUR_MS, &count));
    store_log(tx, LOG_WARN, "alarm", "endpoint=%s text=%s%s", endpoint ? endpoint : "-",
              log_q(span_str(text)), count < MAX_ALARMS ? "" : " status=uncounted");
    if (count >= MAX_ALARMS)
        return OK;
    va_list ap;
    va_start(ap, text);
    enum err e = add(tx, JOURNAL_ALARM, endpoint, 0, text, &ap);
    va_end(ap);
    return e;
}
