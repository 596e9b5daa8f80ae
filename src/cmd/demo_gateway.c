/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `signet demo --gateway`: hosts with the seed's profile, and a micromdm/scep that Windows cannot
 * use: not directly, not through a relay as long as Windows seals by OAEP; but in mode RA.
 */
#include <string.h>

#include "base/file.h"
#include "cmd/demo.h"

static const struct demo_host hosts[] = {
    {"DESKTOP-DIRECT", "direct", "1. micromdm/scep as ServerURL", "failed", "0x80190194", NULL,
     NULL},
    {"DESKTOP-OAEP", "relayed", "2. relayed: Windows as it is", "failed", "0x801901F4", NULL, NULL},
    {"DESKTOP-RA", "asked-for", "3. mode RA: signet asks for it", "confirmed", NULL, NULL, NULL},
    {"DESKTOP-PKCS1", "relayed", "4. relayed: a Windows that seals by PKCS #1 v1.5", "reported",
     NULL, NULL, "key-transport=pkcs1"},
    {"DESKTOP-WRONG", "wrong-challenge", "5. the same with a wrong challenge", "failed",
     "0x80094014", "failInfo badRequest", "key-transport=pkcs1"},
};

enum { WITH_CHALLENGE, OPEN };

static const struct {
    const char *name, *profile, *mode;
    int peer;
    const char *challenge;
} upstreams[] = {
    {"micromdm", "relayed", "relay", WITH_CHALLENGE, "secret"},
    {"micromdm-open", "asked-for", "ra", OPEN, NULL},
    {"micromdm-typo", "wrong-challenge", "relay", WITH_CHALLENGE, "sekret"},
};

/* ---- the upstreams ---- */

static enum err start_peers(struct demo *d) {
    struct demo_peer *peers = d->peers;
    peers[WITH_CHALLENGE] =
        (struct demo_peer){.folder = demo_path(d, "micromdm"), .challenge = "secret"};
    peers[OPEN] = (struct demo_peer){.folder = demo_path(d, "micromdm-open")};
    for (unsigned i = 0; i < DEMO_MAX_PEERS; i++)
        TRY(peer_start(d->a, &peers[i], i));
    fprintf(d->words,
            "-> scepserver: two micromdm/scep with throw-away CAs, one that wants the challenge\n"
            "   'secret' and one, for signet's RA, that wants none; %s\n",
            peer_place(&peers[OPEN]));
    return OK;
}

static const char *url_of(const struct demo *d, int peer) {
    return arena_printf(d->a, "http://127.0.0.1:%u/scep", d->peers[peer].port);
}

static enum err add_upstream(const struct demo *d, size_t i) {
    const char *name = upstreams[i].name, *challenge = upstreams[i].challenge;
    const char *secret = arena_printf(d->a, "%s/%s.secret", d->folder, name);
    const char *add[] = {d->self,
                         "gateway",
                         "add",
                         name,
                         "--upstream",
                         url_of(d, upstreams[i].peer),
                         "--mode",
                         upstreams[i].mode,
                         "-d",
                         d->data,
                         challenge ? "--challenge-file" : NULL,
                         secret,
                         NULL};
    if (challenge)
        TRY(file_write(secret, span_str(challenge), 0600));
    fprintf(d->words, "-> signet gateway add %s --upstream %s --mode %s%s\n", name,
            url_of(d, upstreams[i].peer), upstreams[i].mode,
            challenge ? " --challenge-file ..." : "");
    return demo_run(d, add);
}

/* ---- what is foretold ---- */

static const char *line_with(const struct demo *d, const char *text, const char *what) {
    const char *at = strstr(text, what);
    return at ? arena_str(d->a, span_of(at, strcspn(at, "\n"))) : NULL;
}

/* It must say, before a host is sent there, what host 2 will find: exit status 1. */
static enum err foretell(struct demo *d) {
    BUF_AUTO(text);
    enum { MAX_TEXT = 65536 };
    const char *log = demo_path(d, "check.log"), *secret = demo_path(d, "micromdm.secret");
    const char *check[] = {d->self,    "gateway",   "check",    "micromdm",
                           "--enroll", "--subject", "CN=check", "--challenge-file",
                           secret,     "-d",        d->data,    NULL};
    pid_t pid;
    int status;
    TRY(process_start(check, log, &pid));
    TRY(process_end(pid, "gateway check", &status));
    TRY(file_read(log, MAX_TEXT, &text));
    d->foretold = line_with(d, buf_cstr(&text), "relay (configured)");
    if (status != 1 || !d->foretold || !strstr(d->foretold, "cannot read OAEP: use RA mode"))
        return err_set(ERR_CONFLICT, "gateway check did not foretell the OAEP fault: it said '%s'",
                       d->foretold ? d->foretold : buf_cstr(&text));
    fprintf(d->words, "-> signet gateway check micromdm --enroll\n     %s\n", d->foretold);
    return OK;
}

/* ---- the profiles ---- */

static enum err make_profiles(struct demo *d) {
    BUF_AUTO(adopted);
    BUF_AUTO(direct);
    for (size_t i = 0; i < sizeof upstreams / sizeof *upstreams; i++)
        TRY(add_upstream(d, i));
    TRY(foretell(d));
    TRY(demo_adopt(d, &adopted));
    for (size_t i = 0; i < sizeof upstreams / sizeof *upstreams; i++)
        TRY(demo_add_profile(d, upstreams[i].profile, upstreams[i].name, buf_view(&adopted)));
    TRY(demo_replace(&direct, buf_cstr(&adopted), "{{scep.url}}", url_of(d, WITH_CHALLENGE)));
    return demo_add_profile(d, "direct", "default", buf_view(&direct));
}

const struct demo_story demo_gateway_story = {
    .hosts = hosts,
    .count = sizeof hosts / sizeof *hosts,
    .peers = start_peers,
    .profiles = make_profiles,
    .answers = "Every answer to host 5 was HTTP 200, and its refusal was in them.",
    .lesson = "signet says which mode helps, and what became of each.",
};
