/* SPDX-License-Identifier: Apache-2.0 */
/* `signet demo`: the seed's profile at our own server, and two ways in which it goes wrong. */
#include "cmd/demo.h"

#define WRONG_THUMBPRINT "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57" /* the seed's own */

static const struct demo_host hosts[] = {
    {"DESKTOP-ONE", "seed", "1. the seed's profile, adopted", "confirmed", NULL, NULL, NULL},
    {"DESKTOP-TWO", "wrong-thumbprint", "2. a wrong CAThumbprint", "failed", "0x80091007", NULL,
     NULL},
    {"DESKTOP-THREE", "micromdm", "3. micromdm/scep as ServerURL", "failed", "0x80190194", NULL,
     NULL},
};

static enum err start_peers(struct demo *d) {
    struct demo_peer *peer = &d->peers[0];
    *peer = (struct demo_peer){.folder = demo_path(d, "micromdm"), .challenge = "secret"};
    TRY(peer_start(d->a, peer, 0));
    fprintf(d->words, "-> scepserver: a micromdm/scep with a throw-away CA, %s\n",
            peer_place(peer));
    return OK;
}

static enum err make_profiles(struct demo *d) {
    BUF_AUTO(adopted);
    BUF_AUTO(wrong);
    BUF_AUTO(foreign);
    const char *url = arena_printf(d->a, "http://127.0.0.1:%u/scep", d->peers[0].port);
    TRY(demo_adopt(d, &adopted));
    TRY(demo_add_profile(d, "seed", "default", buf_view(&adopted)));
    TRY(demo_replace(&wrong, buf_cstr(&adopted), "{{scep.ca_thumbprint}}", WRONG_THUMBPRINT));
    TRY(demo_add_profile(d, "wrong-thumbprint", "default", buf_view(&wrong)));
    TRY(demo_replace(&foreign, buf_cstr(&adopted), "{{scep.url}}", url));
    return demo_add_profile(d, "micromdm", "default", buf_view(&foreign));
}

const struct demo_story demo_seed_story = {
    .hosts = hosts,
    .count = sizeof hosts / sizeof *hosts,
    .peers = start_peers,
    .profiles = make_profiles,
    .answers = "All three hosts answered the profile with the same 200.",
    .lesson = "signet knows which one has the certificate.",
};
