/* SPDX-License-Identifier: Apache-2.0 */
/* Inside signet gateway check: what the probe found, judged for each mode, and how it is told. */
#ifndef SIGNET_CMD_GATEWAY_CHECK_H
#define SIGNET_CMD_GATEWAY_CHECK_H

#include "cmd/cli.h"
#include "probe/probe.h"

enum gateway_mode { RELAY, RA, MODES };

enum effect {
    MENDED, /* hosts do not notice it */
    OPEN,   /* whether it stops anybody is not known */
    BLINDS, /* whether the mode works cannot be told */
    STOPS,
};

/* A rule for what was found here. */
struct ruling {
    enum effect effect;
    const char *why, *code;
};

struct gateway_judgement {
    const struct cli *cli;
    const json_t *upstream;
    struct arena *a;
    struct probe_report reports[MODES];
    bool asked[MODES];    /* for a certificate, as in that mode */
    json_t *modes[MODES]; /* what is said of each */
};

/* gateway_rules.c: what a finding means for a mode, whatever else was found. */
struct ruling gateway_rule(const struct probe_entry *found, enum gateway_mode mode);

/* gateway_check.c */
bool gateway_is_configured(const struct gateway_judgement *c, enum gateway_mode m);
bool gateway_can_work(const struct gateway_judgement *c); /* in the mode that is configured */

/* gateway_check_print.c */
void gateway_print_json(const struct gateway_judgement *c);
void gateway_print_text(const struct gateway_judgement *c);

#endif
