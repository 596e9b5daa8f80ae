/* SPDX-License-Identifier: Apache-2.0 */
/* An upstream, for people. */
#include <stdio.h>
#include <string.h>

#include "cmd/gateway.h"

static void print_fact(const char *name, const char *value) {
    if (value)
        printf("  %-13s %s\n", name, value);
}

const char *gateway_text(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static const char *words_of(struct arena *a, const json_t *list) {
    BUF_AUTO(out);
    const json_t *word;
    size_t i;
    json_array_foreach(list, i, word)
        buf_printf(&out, "%s%s", i ? " " : "", json_string_value(word));
    return out.n ? arena_str(a, buf_view(&out)) : "none";
}

static bool is_relay(const json_t *u) {
    return strcmp(cli_text(u, "mode"), "relay") == 0;
}

void gateway_print_known(struct arena *a, const json_t *u) {
    print_fact("mode", is_relay(u) ? "relay" : "RA");
    print_fact("upstream", gateway_text(u, "upstream"));
    print_fact("hosts ask",
               arena_printf(a, "%s%s", cli_text(u, "url"),
                            is_relay(u) ? "/...    (a path for each enrollment)" : ""));
    print_fact("CA", gateway_text(u, "ca_subject"));
    print_fact("thumbprint", gateway_text(u, "thumbprint"));
    print_fact("capabilities", words_of(a, json_object_get(u, "capabilities")));
}

/* One failure does not take an upstream down. */
static const char *words_of_reason(const json_t *health) {
    if (!gateway_text(health, "reason"))
        return "";
    return strcmp(cli_text(health, "state"), "up") == 0 ? "; the last request failed: " : ": ";
}

static void print_state(struct arena *a, const json_t *u) {
    const json_t *health = json_object_get(u, "health");
    const char *reason = gateway_text(health, "reason"), *since = gateway_text(health, "since");
    const char *trouble = gateway_text(health, "trouble"), *learnt = gateway_text(u, "learnt");
    print_fact("health",
               arena_printf(a, "%s%s%s%s%s", cli_text(health, "state"), since ? " since " : "",
                            since ? since : "", words_of_reason(health), reason ? reason : ""));
    print_fact("running",
               arena_printf(a, "%lld of %lld",
                            (long long)json_integer_value(json_object_get(u, "running")),
                            (long long)json_integer_value(json_object_get(u, "max_requests"))));
    print_fact("learnt", trouble ? arena_printf(a, "%s (the last attempt failed: %s)",
                                                learnt ? learnt : "never", trouble)
                                 : learnt);
}

/* Where it is, and why the server cannot use it now. */
static void print_file(struct arena *a, const json_t *u, const char *name, const char *key) {
    const char *fault = gateway_text(json_object_get(u, "unusable"), key),
               *path = gateway_text(u, key);
    print_fact(name, fault ? arena_printf(a, "%s (cannot be used: %s)", path, fault) : path);
}

static void print_settings(struct arena *a, const json_t *u) {
    print_fact("time-out",
               arena_printf(a, "%g s", json_number_value(json_object_get(u, "timeout_ms")) / 1000));
    print_fact("message", gateway_text(u, "message"));
    print_fact("https trust", gateway_text(u, "trust") ? "roots of its own" : NULL);
    print_fact("chain", gateway_text(u, "chain") ? "CA certificates were added" : NULL);
    print_file(a, u, "challenge", "challenge_file");
    print_fact("NDES page", gateway_text(u, "ndes"));
    print_file(a, u, "credentials", "ndes_credentials");
    print_fact("log-in", gateway_text(u, "ndes_auth"));
    print_file(a, u, "webhook", "webhook_secret");
    print_fact("our CA", gateway_text(u, "ca"));
}

static void print_offered(const json_t *u) {
    if (gateway_text(u, "offered"))
        printf(
            "\nALARM: the upstream comes with another CA now, and nothing of it is taken. If that is "
            "right:\nsignet gateway pin %s %s\n",
            cli_text(u, "name"), gateway_text(u, "offered"));
}

void gateway_print(struct arena *a, const json_t *u) {
    printf("upstream %s\n", cli_text(u, "name"));
    gateway_print_known(a, u);
    print_state(a, u);
    print_settings(a, u);
    print_offered(u);
}
