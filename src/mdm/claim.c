/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/claim.h"

#include "base/clock.h"
#include "base/log.h"
#include "enroll/life.h"
#include "enroll/pfx.h"
#include "enroll/record.h"

static void say(struct tx *tx, const struct device *known, const struct device *device,
                const char *text) {
    store_log(tx, LOG_WARN, "mde", "device=%s claims=%s account=%s was=%s note=%s",
              log_q(span_str(device->device_id)), log_q(span_str(known->device_id)),
              log_q(span_str(device->account)), log_q(span_str(known->account)),
              log_q(span_str(text)));
}

/* In the known host's journal. */
static enum err keep(struct tx *tx, struct arena *a, const struct device *known,
                     const struct device *device, enum journal_kind kind, const char *text) {
    const struct journal_entry entry = {
        .at = clock_ms(),
        .kind = (int)kind,
        .device = known->id,
        .text = text,
        .evidence = evidence_of(a, "device_id", device->device_id, "known_device_id",
                                known->device_id, "account", device->account, "known_account",
                                known->account, "name", device->name, NULL)};
    return journal_add(tx, &entry);
}

/* The same text once an hour. */
static enum err alarm(struct tx *tx, struct arena *a, const struct device *known,
                      const struct device *device, const char *text) {
    int64_t told;
    say(tx, known, device, text);
    TRY(journal_count_of_device(tx, known->id, text, clock_ms() - HOUR_MS, &told));
    return told ? OK : keep(tx, a, known, device, JOURNAL_ALARM, text);
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
    TRY(enroll_pfx_cut_off(tx, a, known->id));
    return enroll_leave(tx, a, known, "the host has enrolled anew, by the same account",
                        &out->changed);
}

/* Whoever names the DeviceID of a host that has left gets its row: what the administrator gave to
 * the host was for another account's. One that he removed was let go by him, and is no alarm. */
static enum err change_hands(struct tx *tx, struct arena *a, const struct device *known,
                             const struct device *device) {
    static const char *const text =
        "another account has enrolled this host, which had left: the profiles that were assigned "
        "to it, its groups and its SID have ended";
    say(tx, known, device, text);
    TRY(device_disown(tx, known->id));
    return keep(tx, a, known, device, known->state == DEVICE_REMOVED ? JOURNAL_NOTE : JOURNAL_ALARM,
                text);
}

static enum err check_device_id(struct tx *tx, struct arena *a, const struct device *device,
                                struct claim_verdict *out) {
    struct device known;
    enum err found = device_by_device_id(tx, a, device->device_id, &known);
    if (found == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    if (same_account(&known, device))
        return is_here(&known) ? enrolled_anew(tx, a, &known, device, out) : OK;
    if (!is_here(&known))
        return change_hands(tx, a, &known, device);
    out->refused = true;
    return alarm(tx, a, &known, device,
                 "another account has tried to enroll a host with the DeviceID of this one: it was "
                 "refused; where it is the same host, signet device remove lets it go");
}

bool claim_names_hardware(const char *hw) {
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
    if (!claim_names_hardware(device->hw_dev_id))
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
