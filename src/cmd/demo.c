/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main job, end to end, with nothing but this program and micromdm/scep: a server, emulated
 * Windows hosts, the seed's profile, and what is known at the end. Each step is a command that a
 * user could type; each process listens on loopback only and ends with the demo.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/demo.h"

static const char usage[] =
    "Usage: signet demo [--gateway] [--keep] [-o json]\n"
    "       signet demo --seed-profile\n\n"
    "The whole way on loopback, in a temporary folder: a server, and emulated Windows hosts.\n\n"
    "  host 1  gets the profile of the seed, adopted: ends confirmed\n"
    "  host 2  gets it with a wrong CAThumbprint: accepts it just so, ends failed 0x80091007\n"
    "  host 3  gets it with the URL of a micromdm/scep: accepts it just so, ends failed 0x80190194\n\n"
    "With --gateway, certificates come from a micromdm/scep, which Windows cannot use by itself:\n\n"
    "  host 1  asks it directly: ends failed 0x80190194\n"
    "  host 2  through signet in mode relay, sealed by OAEP as Windows does: failed 0x801901F4, as\n"
    "          signet gateway check had foretold\n"
    "  host 3  in mode ra: ends confirmed\n"
    "  host 4  in mode relay, sealed by PKCS #1 v1.5: ends reported\n"
    "  host 5  the same with a wrong challenge: failed, and the upstream's reason is known\n\n"
    "Exits with 0 only if all of them end so. Needs Debian's package 'scep' for the other server.\n\n"
    "  --keep           leave the folder, and say where it is\n"
    "  -o json          the enrollments with events and evidence\n"
    "  --seed-profile   only print the seed's profile: something to try profile adopt on\n";

const char *demo_path(const struct demo *d, const char *file) {
    return arena_printf(d->a, "%s/%s", d->folder, file);
}

enum err demo_run(const struct demo *d, const char *const *argv) {
    return process_run(argv, demo_path(d, "commands.log"));
}

static enum err play(struct demo *d) {
    TRY(d->story->peers(d));
    TRY(demo_start_server(d));
    TRY(d->story->profiles(d));
    TRY(demo_enroll_hosts(d));
    TRY(demo_run_hosts(d));
    return demo_fetch_outcomes(d);
}

static void clean_up(struct demo *d, bool keep) {
    process_stop(d->server);
    for (size_t i = 0; i < DEMO_MAX_PEERS; i++)
        process_stop(d->peers[i].pid);
    for (size_t i = 0; i < d->story->count; i++)
        json_decref(d->enrollments[i]);
    if (keep)
        fprintf(d->words,
                "The demo's folder is %s (signet enrollment list needs a server: signet serve "
                "-d %s).\n",
                d->folder, d->data);
    else
        process_remove_folder(d->folder);
}

static enum err prepare(struct demo *d) {
    char self[4096];
    const char *tmp = getenv("TMPDIR");
    char *template = arena_printf(d->a, "%s/signet-demo-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0 || !mkdtemp(template))
        return err_set(ERR_IO, "cannot make a temporary folder: %s", strerror(errno));
    d->self = arena_str(d->a, span_of(self, (size_t)n));
    d->folder = template;
    d->data = demo_path(d, "server");
    return OK;
}

int cmd_demo(int argc, char **argv) {
    ARENA_AUTO(a);
    bool keep = false, seed = false, gateway = false;
    const struct cli_option own[] = {{"keep", NULL, &keep},
                                     {"seed-profile", NULL, &seed},
                                     {"gateway", NULL, &gateway},
                                     {NULL, NULL, NULL}};
    int64_t since = clock_monotonic_ms();
    struct demo d = {.a = &a};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc)
        return cli_usage(usage, "demo takes no argument '%s'", cli.argv[0]);
    if (seed) {
        fputs(demo_seed_profile, stdout);
        return 0;
    }
    d.story = gateway ? &demo_gateway_story : &demo_seed_story;
    d.words = cli.json ? stderr : stdout;
    if (prepare(&d) != OK)
        return cli_fail();
    if (play(&d) == OK)
        status = demo_report(&d, cli.json, (double)(clock_monotonic_ms() - since) / 1000) ? 0 : 1;
    else
        status = cli_fail();
    clean_up(&d, keep);
    return status;
}
