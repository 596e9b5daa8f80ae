/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/claim.h"

#include "base/clock.h"
#include "base/log.h"
#include "enroll/life.h"
#include "enroll/record.h"

#define HOUR_MS INT64_C(3600000)

static const char *evidence(struct arena *a, ...) {
    va_list ap;
    va_start(ap, a);
    const char *json = evidence_json(a, &ap);
    va_end(ap);
    return json;
}

/* Of the known host; the same text once an hour. */
static enum err alarm(struct tx *tx, struct arena *a, const struct device *known,
                      const struct device *device, const char *text) {
    int64_t told, now = clock_ms();
    store_log(tx, LOG_WARN, "mde", "device=%s claims=%s account=%s was=%s note=%s",
              log_q(span_str(device->device_id)), log_q(span_str(known->device_id)),
              log_q(span_str(device->account)), log_q(span_str(known->account)),
              log_q(span_str(text)));
    TRY(journal_count_of_device(tx, known->id, text, now - HOUR_MS, &told));
    if (told)
        return OK;
    const struct journal_entry entry = {
        .at = now,
        .kind = JOURNAL_ALARM,
        .device = known->id,
        .text = text,
        .evidence = evidence(a, "device_id", device->device_id, "known_device_id", known->device_id,
                             "account", device->account, "known_account", known->account, "name",
                             device->name, NULL)};
    return journal_add(tx, &entry);
}

static bool is_here(const struct device *d) {
    return d->state == DEVICE_ENROLLED || d->state == DEVICE_LEAVING;
}

static bool same_account(const struct device *a, const struct device *b) {
    return strcmp(a->account, b->account) == 0;
}

static enum err enrolled_anew(struct tx *tx, struct arena *a, struct device *known,
                              const struct device *device, struct claim_verdict *out) {
    TRY(alarm(tx, a, known, device,
              "a known host has enrolled anew, without having left: its certificates are revoked"));
    return enroll_leave(tx, a, known, "the host has enrolled anew, by the same account",
                        &out->changed);
}

static enum err check_device_id(struct tx *tx, struct arena *a, const struct device *device,
                                struct claim_verdict *out) {
    struct device known;
    enum err found = device_by_device_id(tx, a, device->device_id, &known);
    if (found == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    if (!is_here(&known))
        return OK;
    if (same_account(&known, device))
        return enrolled_anew(tx, a, &known, device, out);
    out->refused = true;
    return alarm(tx, a, &known, device,
                 "another account has tried to enroll a host with the DeviceID of this one: it was "
                 "refused; where it is the same host, signet device remove lets it go");
}

/* Firmware that knows nothing says nothing, or the same digit all along. */
static bool says_something(const char *hw) {
    char first = 0;
    for (; *hw; hw++) {
        if (*hw == '-' || *hw == '{' || *hw == '}')
            continue;
        if (first && *hw != first)
            return true;
        first = *hw;
    }
    return false;
}

static enum err check_hardware(struct tx *tx, struct arena *a, struct device *device,
                               struct claim_verdict *out) {
    struct device *known;
    if (!says_something(device->hw_dev_id))
        return OK;
    TRY(device_list_by_hw(tx, a, device->hw_dev_id, &known));
    for (; known; known = known->next) {
        if (strcmp(known->device_id, device->device_id) == 0)
            continue;
        if (same_account(known, device)) {
            TRY(enrolled_anew(tx, a, known, device, out));
            continue;
        }
        device->claims = known->id;
        TRY(alarm(tx, a, known, device,
                  "another account has enrolled a host that claims the hardware of this one: "
                  "signet device confirm or signet device reject settles it"));
    }
    return OK;
}

enum err claim_check(struct tx *tx, struct arena *a, struct device *device,
                     struct claim_verdict *out) {
    *out = (struct claim_verdict){0};
    device->claims = 0;
    TRY(check_device_id(tx, a, device, out));
    return out->refused ? OK : check_hardware(tx, a, device, out);
}
