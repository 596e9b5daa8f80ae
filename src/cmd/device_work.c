/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/device_work.h"

#include <stdio.h>

#include "device/dm_client.h"
#include "device/hresult.h"
#include "device/run.h"
#include "device/scep_task.h"
#include "wire/scep.h"

enum { EXIT_SCEP_FAILED = 1, EXIT_NOT_SETTLED = 3 };

enum err emulated_sync(struct host *h, const struct device_options *o, int argc, char **argv,
                       int *status) {
    (void)o;
    (void)argc;
    (void)argv;
    (void)status;
    enum err e = dm_session(h);
    if (e == OK && !h->enrollment)
        printf("%s has left its server, which ended the enrollment\n", h->name);
    if (!h->enrollment || e != OK)
        return e;
    run_plan_session(h, true);
    TRY(host_save(h));
    printf("session %lld with %s\n", (long long)h->session, h->enrollment->address);
    return OK;
}

static void print_outcome(const char *key, uint32_t status, uint32_t hresult,
                          const char *thumbprint) {
    ARENA_AUTO(a);
    printf("%s\n    Status %u  0x%08x %s%s%s\n", key, status, hresult, hresult_text(&a, hresult),
           *thumbprint ? "  CertThumbprint " : "", thumbprint);
}

/* How each enrollment ended, as the registry has it. */
static void print_outcomes(struct host *h) {
    ARENA_AUTO(a);
    for (const char **key = scep_task_keys(h, &a); *key; key++) {
        const struct reg_key *k = registry_open(h->registry, *key);
        uint32_t status = CSP_SCEP_UNKNOWN, error = HR_OK;
        const char *thumbprint = reg_text(k, "CertThumbprint");
        reg_number(k, "Status", &status);
        reg_number(k, "ErrorCode", &error);
        print_outcome(*key, status, error, thumbprint ? thumbprint : "");
    }
}

enum err emulated_run(struct host *h, const struct device_options *o, int argc, char **argv,
                      int *status) {
    bool settled = false;
    (void)argc;
    (void)argv;
    if (!run_has_work(h))
        return err_set(ERR_CONFLICT,
                       "the host is not enrolled, and has no SCEP task: nothing to run; signet "
                       "device enroll or apply gives it work, and signet device scep makes an "
                       "attempt from the registry alone");
    TRY(run_host(h, o->for_s * 1000, o->until_settled, &settled));
    if (o->until_settled && settled)
        print_outcomes(h);
    if (o->until_settled && !settled)
        *status = EXIT_NOT_SETTLED;
    return OK;
}

static bool is_wanted(const char *key, int argc, char **argv) {
    const char *id = strrchr(key, '\\');
    return argc < 2 || (id && strcasecmp(id + 1, argv[1]) == 0);
}

static enum err no_scep_task(const char *id) {
    if (id)
        return err_set(ERR_NOT_FOUND, "the registry holds no SCEP enrollment '%s'", id);
    return err_set(ERR_NOT_FOUND, "the registry holds no SCEP enrollment; deliver a profile first, "
                                  "or write one into registry.reg");
}

static enum err attempt(struct host *h, const char *key, bool renews, int *status) {
    ARENA_AUTO(a);
    struct scep_outcome out;
    if (!renews && scep_task_is_finished(h, key)) {
        printf("%s\n    is finished; deliver the profile again, or --renew\n", key);
        return OK;
    }
    TRY(renews ? scep_task_renew(h, key, &a, &out) : scep_task_run_now(h, key, &a, &out));
    if (out.status == CSP_SCEP_FAILED)
        *status = EXIT_SCEP_FAILED;
    print_outcome(key, out.status, out.hresult, out.thumbprint);
    return OK;
}

enum err emulated_scep(struct host *h, const struct device_options *o, int argc, char **argv,
                       int *status) {
    ARENA_AUTO(a);
    int count = 0;
    for (const char **key = scep_task_keys(h, &a); *key; key++) {
        if (!is_wanted(*key, argc, argv))
            continue;
        count++;
        TRY(attempt(h, *key, o->renews, status));
    }
    return count ? OK : no_scep_task(argc > 1 ? argv[1] : NULL);
}
