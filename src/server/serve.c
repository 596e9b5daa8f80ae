/* SPDX-License-Identifier: Apache-2.0 */
#include "server/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/admin.h"
#include "server/config.h"
#include "server/routes.h"

enum { HOUSEKEEPING_SECONDS = 10, LISTENERS = 3 };

struct house {
    struct config config;
    int lock;
    struct authority *authority;
    struct store *store;
    struct services services;
    struct http_server *http;
    struct admin *admin;
    size_t listeners;
};

/* Two servers on one folder would each believe that the database is theirs alone. */
static enum err take_lock(struct house *h) {
    const char *path = arena_printf(&h->config.arena, "%s/lock", h->config.folder);
    h->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (h->lock < 0)
        return err_set(ERR_IO, "cannot open '%s': %s", path, strerror(errno));
    if (flock(h->lock, LOCK_EX | LOCK_NB) != 0)
        return err_set(ERR_CONFLICT, "another signet serves '%s' already", h->config.folder);
    return OK;
}

static void wire(struct house *h) {
    struct config *c = &h->config;
    struct arena *a = &c->arena;
    h->services.scep = (struct scep_endpoint){
        .authority = h->authority,
        .store = h->store,
        .policy = {.rsa_min_bits = (unsigned)c->rsa_min_bits,
                   .validity = c->validity,
                   .backdate = c->backdate,
                   .challenge_lifetime = c->challenge_lifetime},
    };
    h->services.mdm = (struct mdm){
        .store = h->store,
        .authority = h->authority,
        .policy_url = arena_printf(a, "%s" PATH_POLICY, c->public_url),
        .enrollment_url = arena_printf(a, "%s" PATH_ENROLLMENT, c->public_url),
        .management_url = arena_printf(a, "%s" PATH_MANAGEMENT, c->management_url),
        .scep_url = c->scep_url,
        .provider_id = c->provider_id,
        .name = c->name,
        .identity_validity = c->identity_validity,
        .challenge_lifetime = c->challenge_lifetime,
        .enroll_policy = {c->confirm_within, c->confirm_sessions},
    };
}

static enum err listen_http(struct house *h) {
    const struct config *c = &h->config;
    struct http_listener listeners[LISTENERS] = {
        {"public", c->listen_public.host, c->listen_public.port, true, false, route_public,
         &h->services},
        {"management", c->listen_management.host, c->listen_management.port, true, true,
         route_management, &h->services},
        {"plain", c->listen_plain.host, c->listen_plain.port, false, false, route_plain,
         &h->services},
    };
    struct http_limits limits = {
        .body = 1 << 20,
        .headers = 96 << 10,
        .idle_seconds = 30,
        .request_seconds = 60,
        .queue = 1024,
    };
    h->listeners = c->listen_plain.port ? 3 : 2;
    return http_new(listeners, h->listeners, &limits, c->tls_cert, c->tls_key, &h->http);
}

static void set_log_level(const char *name) {
    log_set_level(strcmp(name, "error") == 0   ? LOG_ERROR
                  : strcmp(name, "warn") == 0  ? LOG_WARN
                  : strcmp(name, "debug") == 0 ? LOG_DEBUG
                                               : LOG_INFO);
}

static enum err open_house(struct house *h, const char *folder) {
    TRY(config_load(folder, &h->config));
    set_log_level(h->config.log_level);
    TRY(take_lock(h));
    TRY(authority_load(folder, &h->authority));
    TRY(store_open(arena_printf(&h->config.arena, "%s/signet.db", folder), &h->store));
    wire(h);
    TRY(listen_http(h));
    struct admin_scope scope = {h->store, h->config.rsa_min_bits};
    TRY(admin_start(folder, &scope, &h->admin));
    return http_start(h->http);
}

static void close_house(struct house *h) {
    if (h->http)
        http_stop(h->http);
    admin_stop(h->admin);
    store_close(h->store);
    authority_free(h->authority);
    config_free(&h->config);
    if (h->lock >= 0)
        close(h->lock);
}

static void announce(const struct house *h) {
    const struct config *c = &h->config;
    log_write(LOG_INFO, "server",
              "status=ready folder=%s public=%s management=%s plain=%s ca_thumbprint=%s",
              log_q(span_str(c->folder)), log_q(span_str(c->public_url)),
              log_q(span_str(c->management_url)), h->listeners == 3 ? "yes" : "no",
              h->authority->ca_sha1);
    printf("signet is ready: hosts enroll at %s, the CA's thumbprint is %s\n", c->public_url,
           h->authority->ca_sha1);
    fflush(stdout);
}

struct expiry {
    const struct enroll_policy *policy;
    int count;
};

static enum err expire_work(struct tx *tx, void *user) {
    struct expiry *e = user;
    return enroll_expire(tx, e->policy, clock_ms(), &e->count);
}

static enum err any_due(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct enrollment *due;
    TRY(enrollment_list_due(tx, &a, clock_ms(), &due));
    *(bool *)user = due != NULL;
    return OK;
}

static void keep_house(struct house *h) {
    struct expiry e = {.policy = &h->services.mdm.enroll_policy};
    bool due = false; /* an idle server writes nothing */
    enum err result = store_read(h->store, any_due, &due);
    if (result == OK && due)
        result = store_write(h->store, expire_work, &e);
    if (result != OK)
        log_write(LOG_ERROR, "server", "housekeeping=failed reason=%s",
                  log_q(span_str(err_detail())));
}

static void reload_tls(struct house *h) {
    if (http_reload_tls(h->http) == OK)
        log_write(LOG_INFO, "server",
                  "tls=reloaded note=\"signet.conf is read at the start only\"");
    else
        log_write(LOG_ERROR, "server", "tls=kept reason=%s", log_q(span_str(err_detail())));
}

static void run_until_signal(struct house *h, const sigset_t *signals) {
    const struct timespec wait = {.tv_sec = HOUSEKEEPING_SECONDS};
    for (;;) {
        int signal = sigtimedwait(signals, NULL, &wait);
        if (signal == SIGTERM || signal == SIGINT)
            return;
        if (signal == SIGHUP)
            reload_tls(h);
        keep_house(h);
    }
}

enum err serve(const char *folder) {
    struct house h = {.lock = -1};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* inherited by every thread */
    umask(077); /* the database and what else is made here: nobody's but the server's user's */
    mallopt(M_MMAP_THRESHOLD, 1 << 20); /* a password hash gives its 16 MiB back */
    mallopt(M_ARENA_MAX, 4);            /* many workers, little memory */
    enum err e = open_house(&h, folder);
    if (e == OK) {
        announce(&h);
        run_until_signal(&h, &signals);
        log_write(LOG_INFO, "server", "status=stopping");
    }
    close_house(&h);
    return e;
}
