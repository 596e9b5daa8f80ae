/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/report.h"

#include "base/clock.h"
#include "base/meter.h"
#include "base/text.h"
#include "enroll/record.h"

static enum err is_told(struct tx *tx, const struct journal_entry *e, bool *told) {
    int64_t count, since = e->at - HOUR_MS;
    TRY(e->device ? journal_count_of_device(tx, e->device, e->text, since, &count)
                  : journal_count_alarms(tx, NULL, e->text, since, &count));
    *told = count > 0;
    return OK;
}

static enum err put(struct tx *tx, struct journal_entry *e) {
    bool told;
    TRY(is_told(tx, e, &told));
    return told ? OK : journal_add(tx, e);
}

static enum err report(struct tx *tx, const struct exchange *x, enum journal_kind kind,
                       int64_t device, const char *text) {
    const char *source = text_claim(x->a, x->in->source, 64);
    const char *session = text_claim(x->a, x->in->session_id, 16);
    struct journal_entry e = {
        .at = x->now,
        .kind = kind,
        .device = device,
        .text = text,
        .evidence =
            evidence_of(x->a, "peer", x->peer, "source", source, "session", session, "message",
                        arena_printf(x->a, "%lld", (long long)x->in->msg_id), NULL)};
    return put(tx, &e);
}

static void say(struct tx *tx, const struct exchange *x, const char *text) {
    store_log(tx, LOG_WARN, "mdm", "op=session peer=%s source=%s session=%s msg=%d note=%s",
              log_q(span_str(x->peer)), log_q(x->in->source),
              text_claim(x->a, x->in->session_id, 16), (int)x->in->msg_id, log_q(span_str(text)));
}

enum err report_misuse(struct tx *tx, const struct exchange *x, const char *text) {
    say(tx, x, text);
    return report(tx, x, JOURNAL_NOTE, x->device.id, text);
}

static enum err tell(struct tx *tx, const struct exchange *x, enum journal_kind kind,
                     const char *text, va_list *evidence, bool each) {
    struct journal_entry e = {.at = x->now,
                              .kind = (int)kind,
                              .device = x->device.id,
                              .text = text,
                              .evidence = evidence_json(x->a, evidence)};
    say(tx, x, text);
    return each ? journal_add(tx, &e) : put(tx, &e);
}

enum err report_of_host(struct tx *tx, const struct exchange *x, enum journal_kind kind,
                        const char *text, ...) {
    va_list ap;
    va_start(ap, text);
    enum err e = tell(tx, x, kind, text, &ap, false);
    va_end(ap);
    return e;
}

enum err report_each(struct tx *tx, const struct exchange *x, enum journal_kind kind,
                     const char *text, ...) {
    va_list ap;
    va_start(ap, text);
    enum err e = tell(tx, x, kind, text, &ap, true);
    va_end(ap);
    return e;
}

enum err report_stranger(struct tx *tx, const struct exchange *x, int64_t device,
                         const char *text) {
    return report(tx, x, JOURNAL_ALARM, device, text);
}

/* ---- the log ---- */

static struct meter meter = METER_INITIALIZER;

bool report_may_log(enum log_level level) {
    return meter_take(&meter, level);
}

void mdm_tell_left_out(void) {
    meter_tell(&meter, "mdm");
}
