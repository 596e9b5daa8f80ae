/* SPDX-License-Identifier: Apache-2.0 */
#include "device/logon.h"

static void set_status(struct host *h, const char *status) {
    json_object_set_new(h->switches, "login-status", json_string(status));
}

bool logon_sign_in(struct host *h) {
    bool was_in = host_switch_is(h, "login-status", "user");
    bool polls = !was_in && h->enrollment && h->enrollment->poll_on_login;
    set_status(h, "user");
    if (polls)
        h->schedule.delay_ms = 0;
    return polls;
}

void logon_sign_out(struct host *h) {
    set_status(h, "none");
}

bool logon_user_is_there(const struct host *h) {
    bool alone = h->enrollment && !h->enrollment->user_store;
    return !alone && host_switch_is(h, "login-status", "user");
}
