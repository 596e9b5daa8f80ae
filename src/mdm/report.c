/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/report.h"

#include "base/meter.h"
#include "base/text.h"
#include "enroll/record.h"

#define HOUR_MS INT64_C(3600000)

static const char *evidence(struct arena *a, ...) {
    va_list ap;
    va_start(ap, a);
    const char *json = evidence_json(a, &ap);
    va_end(ap);
    return json;
}

static enum err is_told(struct tx *tx, const struct journal_entry *e, bool *told) {
    int64_t count, since = e->at - HOUR_MS;
    TRY(e->device ? journal_count_of_device(tx, e->device, e->text, since, &count)
                  : journal_count_alarms(tx, NULL, e->text, since, &count));
    *told = count > 0;
    return OK;
}

static enum err report(struct tx *tx, const struct exchange *x, enum journal_kind kind,
                       int64_t device, const char *text) {
    bool told;
    struct journal_entry e = {.at = x->now, .kind = kind, .device = device, .text = text};
    const char *source = text_claim(x->a, x->in->source, 64);
    const char *session = text_claim(x->a, x->in->session_id, 16);
    TRY(is_told(tx, &e, &told));
    if (told)
        return OK;
    e.evidence = evidence(x->a, "peer", x->peer, "source", source, "session", session, "message",
                          arena_printf(x->a, "%lld", (long long)x->in->msg_id), NULL);
    return journal_add(tx, &e);
}

enum err report_misuse(struct tx *tx, const struct exchange *x, const char *text) {
    store_log(tx, LOG_WARN, "mdm", "op=session peer=%s source=%s session=%s msg=%d note=%s",
              log_q(span_str(x->peer)), log_q(x->in->source),
              text_claim(x->a, x->in->session_id, 16), (int)x->in->msg_id, log_q(span_str(text)));
    return report(tx, x, JOURNAL_NOTE, x->device.id, text);
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
