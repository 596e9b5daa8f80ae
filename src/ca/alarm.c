/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/alarm.h"

#include "base/clock.h"
#include "store/journal.h"

struct alarm {
    const char *text, *evidence;
    bool known;
};

static enum err is_known(struct tx *tx, void *user) {
    struct alarm *alarm = user;
    int64_t count;
    TRY(journal_count_alarms(tx, NULL, alarm->text, clock_ms() - DAY_MS, &count));
    alarm->known = count > 0;
    return OK;
}

static enum err add_alarm(struct tx *tx, void *user) {
    const struct alarm *alarm = user;
    const struct journal_entry entry = {
        .at = clock_ms(), .kind = JOURNAL_ALARM, .text = alarm->text, .evidence = alarm->evidence};
    TRY(journal_add(tx, &entry));
    store_log(tx, LOG_WARN, "alarm", "text=%s", log_q(span_str(alarm->text)));
    return OK;
}

enum err alarm_raise(struct store *store, const char *text, const char *evidence) {
    struct alarm alarm = {.text = text, .evidence = evidence};
    TRY(store_read(store, is_known, &alarm));
    return alarm.known ? OK : store_write(store, add_alarm, &alarm);
}
