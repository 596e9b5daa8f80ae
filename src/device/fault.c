/* SPDX-License-Identifier: Apache-2.0 */
#include "device/fault.h"

#include "base/span.h"

enum { MESSAGE_MAX = 1000, SECONDS_MAX = 400 * 86400 };

const struct fault_help fault_list[] = {
    {"drop-after=N", "once: the answer to message N of a session is lost, and the connection"},
    {"duplicate=N", "once: message N of a session arrives twice; the second answer counts"},
    {"clock=[-]TIME", "the host's clock is off: what is not valid yet by it is discarded"},
    {"offline=TIME", "no network for so long, from the beginning (0x80072EE7)"},
    {"offline=FROM-TO", "no network between these times from the beginning"},
    {"no-alert", "no alert tells that a SCEP task is over: the server hears it when it asks"},
    {"extra-alert", "one more alert in a session's first message, which shifts its CmdIDs"},
    {"no-root", "the SCEP client trusts no root: 0x800B0109 before PKIOperation"},
};
const size_t fault_count = sizeof fault_list / sizeof *fault_list;

static bool take_name(struct span *text, const char *name) {
    if (!span_starts(*text, name))
        return false;
    *text = span_from(*text, strlen(name));
    return true;
}

static bool read_message(struct span text, unsigned *out) {
    int64_t n;
    if (!span_int(text, &n) || n < 1 || n > MESSAGE_MAX)
        return false;
    *out = (unsigned)n;
    return true;
}

/* "9h", "10m", "30s", "1d" into milliseconds. */
static bool read_time(struct span text, int64_t *out) {
    static const char units[] = "smhd";
    static const int64_t seconds[] = {1, 60, 3600, 86400};
    const char *unit = text.n ? strchr(units, text.p[text.n - 1]) : NULL;
    int64_t n;
    if (!unit || !span_int(span_of(text.p, text.n - 1), &n) || n < 0 || n > SECONDS_MAX)
        return false;
    *out = n * seconds[unit - units] * 1000;
    return *out <= (int64_t)SECONDS_MAX * 1000;
}

static bool read_offline(struct span text, struct fault *out) {
    ptrdiff_t dash = span_find(text, '-');
    if (dash < 0)
        return read_time(text, &out->offline_to_ms);
    return read_time(span_of(text.p, (size_t)dash), &out->offline_from_ms) &&
           read_time(span_from(text, (size_t)dash + 1), &out->offline_to_ms) &&
           out->offline_from_ms < out->offline_to_ms;
}

static bool read_clock(struct span text, struct fault *out) {
    bool behind = take_name(&text, "-");
    if (!read_time(text, &out->clock_ms))
        return false;
    out->clock_ms = behind ? -out->clock_ms : out->clock_ms;
    return true;
}

static bool read_one(struct span text, struct fault *out) {
    if (take_name(&text, "drop-after="))
        return read_message(text, &out->drop_after);
    if (take_name(&text, "duplicate="))
        return read_message(text, &out->duplicate);
    if (take_name(&text, "clock="))
        return read_clock(text, out);
    if (take_name(&text, "offline="))
        return read_offline(text, out);
    bool *flag = span_is(text, "no-alert")      ? &out->no_alert
                 : span_is(text, "extra-alert") ? &out->extra_alert
                 : span_is(text, "no-root")     ? &out->no_root
                                                : NULL;
    if (flag)
        *flag = true;
    return flag != NULL;
}

enum err fault_parse(const char *text, struct fault *out) {
    for (struct span left = span_str(text), one;;) {
        ptrdiff_t comma = span_find(left, ',');
        one = comma < 0 ? left : span_of(left.p, (size_t)comma);
        if (!read_one(one, out))
            return err_set(
                ERR_USAGE,
                "--fault does not take '%.*s'; signet device run --fault list shows what it takes",
                SPAN_FMT(one));
        if (comma < 0)
            return OK;
        left = span_from(left, (size_t)comma + 1);
    }
}

bool fault_is_any(const struct fault *f) {
    return f->drop_after || f->duplicate || f->clock_ms || f->offline_to_ms || f->no_alert ||
           f->extra_alert || f->no_root;
}

enum fault_kind fault_strikes(struct fault *f, unsigned message) {
    if (message && f->drop_after == message) {
        f->drop_after = 0;
        return FAULT_DROP;
    }
    if (!message || f->duplicate != message)
        return FAULT_NONE;
    f->duplicate = 0;
    return FAULT_DUPLICATE;
}

bool fault_is_offline(const struct fault *f, int64_t after_ms) {
    return after_ms >= f->offline_from_ms && after_ms < f->offline_to_ms;
}
