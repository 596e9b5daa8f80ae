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

#include "base/file.h"
#include "base/log.h"
#include "http/tls.h"
#include "server/admin.h"
#include "server/config.h"
#include "server/doors.h"
#include "csp/shelf.h"
#include "server/housekeeping.h"
#include "server/rate.h"
#include "server/recording.h"
#include "server/routes.h"
#include "server/upstream_poll.h"
#include "wire/mdm.h"

struct house {
    struct config config;
    int lock;
    struct authority *authority;
    struct store *store;
    struct profile_shelf profiles;
    struct pki_holder *pki;
    struct revocation *revocation;
    struct gateway *gateway;
    struct rate *rate;
    struct guesses *guesses;
    struct acquaintances *acquaintances;
    struct replies *replies;
    struct services services;
    struct forwarded forwarded;
    struct housekeeping housekeeping;
    struct recording recording;
    struct http_server *http;
    struct admin *admin;
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

/* Scheme, host and port of a URL that config_read_url took. */
static const char *base_of(struct arena *a, const char *url) {
    const char *host = strstr(url, "://") + 3;
    return arena_str(a, span_of(url, (size_t)(host - url) + strcspn(host, "/")));
}

static enum err open_gateway(struct house *h) {
    const struct gateway_options options = {
        .store = h->store,
        .pki = h->pki,
        .authority = h->authority,
        .folder = h->config.folder,
        .base_url = base_of(&h->config.arena, h->config.scep_url),
    };
    return gateway_open(&options, &h->gateway);
}

static void wire(struct house *h) {
    struct config *c = &h->config;
    struct arena *a = &c->arena;
    h->services.pki = h->pki;
    h->services.gateway = h->gateway;
    h->services.rate = h->rate;
    h->services.messages_per_minute = c->messages_per_minute;
    h->services.forwarded_header = c->forwarded_header;
    h->forwarded = (struct forwarded){&h->services, c->forwarded_header, c->forwarded_secret};
    h->services.scep =
        (struct scep_service){h->store, h->authority, h->revocation, gateway_pool(h->gateway)};
    h->housekeeping = (struct housekeeping){.config = c, .services = &h->services};
    const char *sessions = c->device_auth == DEVICE_AUTH_MD5 ? c->public_url : c->management_url;
    h->services.mdm = (struct mdm){
        .store = h->store,
        .profiles = &h->profiles,
        .authority = h->authority,
        .pki = h->pki,
        .gateway = h->gateway,
        .guesses = h->guesses,
        .acquaintances = h->acquaintances,
        .replies = h->replies,
        .revocation = h->revocation,
        .server_url = c->public_url,
        .policy_url = arena_printf(a, "%s" PATH_POLICY, c->public_url),
        .enrollment_url = arena_printf(a, "%s" PATH_ENROLLMENT, c->public_url),
        .management_url = arena_printf(a, "%s" PATH_MANAGEMENT, sessions),
        .scep_url = c->scep_url,
        .scep_base = gateway_options_of(h->gateway)->base_url,
        .provider_id = c->provider_id,
        .name = c->name,
        .identity_validity = c->identity_validity,
        .sign_in_url = c->sign_in_page ? arena_printf(a, "%s" PATH_AUTH, c->public_url) : NULL,
        .renew_url = arena_printf(a, "%s" PATH_DISCOVERY, sessions),
        .renew_policy_url = arena_printf(a, "%s" PATH_POLICY, sessions),
        .renew_enrollment_url = arena_printf(a, "%s" PATH_ENROLLMENT, sessions),
        .hosts_per_user = c->hosts_per_user,
        .closed = c->enrollment_closed,
        .closed_text = c->closed_text,
        .device_auth = (enum device_auth)c->device_auth,
        .enroll_policy = {c->confirm_within, c->confirm_sessions},
    };
}

static void set_log_level(const char *name) {
    log_set_level(strcmp(name, "error") == 0   ? LOG_ERROR
                  : strcmp(name, "warn") == 0  ? LOG_WARN
                  : strcmp(name, "debug") == 0 ? LOG_DEBUG
                                               : LOG_INFO);
}

static enum err find_orphans(struct tx *tx, void *user) {
    return certificate_has_orphans(tx, user);
}

static enum err adopt(struct tx *tx, void *user) {
    return certificate_adopt(tx, user);
}

/* What was issued before there were several CAs belongs to the default one. */
static enum err adopt_certificates(struct house *h) {
    const struct pki *pki = pki_acquire(h->pki);
    char sha1[41];
    bool any;
    memcpy(sha1, pki_endpoint(pki, PKI_DEFAULT)->ca->sha1, sizeof sha1);
    pki_release(pki);
    TRY(store_read(h->store, find_orphans, &any));
    return any ? store_write(h->store, adopt, sha1) : OK;
}

/* SQLite would make an empty one: what is revoked would be good again, and no host known. */
static enum err find_database(struct arena *a, const char *folder, const char **path) {
    struct stat at;
    *path = arena_printf(a, "%s/signet.db", folder);
    if (stat(*path, &at) == 0 && at.st_size > 0)
        return OK;
    return err_set(ERR_CONFIG,
                   "signet.db is missing from '%s', or empty: restore it from a backup (signet "
                   "restore), or make a new data folder elsewhere (signet init)",
                   folder);
}

static enum err open_store(struct house *h) {
    const char *path;
    TRY(find_database(&h->config.arena, h->config.folder, &path));
    return store_open(path, &h->store);
}

static enum err open_house(struct house *h, const char *folder, const char *record) {
    TRY(config_load(folder, &h->config));
    set_log_level(h->config.log_level);
    TRY(take_lock(h));
    TRY(authority_load(folder, &h->authority));
    TRY(open_store(h));
    TRY(pki_open(&h->config.pki, &h->pki));
    TRY(adopt_certificates(h));
    TRY(revocation_open(h->store, &h->revocation));
    TRY(open_gateway(h));
    TRY(guesses_new(&h->guesses));
    h->rate = rate_new();
    h->acquaintances = acquaintances_new();
    h->replies = replies_new();
    wire(h);
    TRY(doors_open(&h->config, &h->services, &h->forwarded, record ? &h->recording.witness : NULL,
                   &h->http));
    struct admin_scope scope = {h->store, &h->services.scep, h->pki, &h->config, h->gateway};
    TRY(admin_start(folder, &scope, &h->admin));
    if (record) /* last: a start that fails leaves no folder behind that blocks the next one */
        TRY(recording_start(&h->recording, record, h->pki));
    return http_start(h->http);
}

static void close_house(struct house *h) {
    gateway_stop(h->gateway);
    guesses_refuse(h->guesses);
    if (h->http)
        http_stop(h->http);
    recording_stop(&h->recording);
    guesses_free(h->guesses);
    mdm_tell_left_out();
    admin_stop(h->admin);
    rate_free(h->rate);
    acquaintances_free(h->acquaintances);
    upstream_poll_end();
    store_drain(h->store); /* its callbacks start requests of the gateway */
    gateway_close(h->gateway);
    revocation_close(h->revocation);
    pki_close(h->pki);
    store_close(h->store);
    replies_free(h->replies);
    profile_shelf_clear(&h->profiles);
    authority_free(h->authority);
    config_free(&h->config);
    if (h->lock >= 0)
        close(h->lock);
}

static void announce(const struct house *h) {
    const struct config *c = &h->config;
    const struct pki *pki = pki_acquire(h->pki);
    const char *thumbprint = pki->endpoints[0].ca->sha1;
    log_write(LOG_INFO, "server",
              "status=ready folder=%s public=%s management=%s plain=%s forwarded=%s "
              "ca_thumbprint=%s",
              log_q(span_str(c->folder)), log_q(span_str(c->public_url)),
              log_q(span_str(c->management_url)), c->listen_plain.port ? "yes" : "no",
              doors_has_forwarded(c) ? "yes" : "no", thumbprint);
    printf("signet is ready: hosts enroll at %s, the CA's thumbprint is %s\n", c->public_url,
           thumbprint);
    fflush(stdout);
    pki_release(pki);
}

/* The CAs first: whoever judges proxies must not be above what they are now. */
static void reload(struct house *h) {
    if (pki_reload(h->pki) == OK)
        log_write(LOG_INFO, "server", "pki=reloaded");
    else
        log_write(LOG_ERROR, "server", "pki=kept reason=%s", log_q(span_str(err_detail())));
    if (doors_reload(&h->config, &h->services, h->http) == OK)
        log_write(
            LOG_INFO, "server",
            "tls=reloaded note=\"signet.conf is read at the start only; signet serve --check reads "
            "it without a start\"");
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
            reload(h);
        housekeeping_run(&h->housekeeping);
        mdm_tell_left_out();
    }
}

enum err serve(const char *folder, const char *record) {
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
    enum err e = open_house(&h, folder, record);
    if (e == OK) {
        housekeeping_run(&h.housekeeping); /* who starts it sees the alarms at once */
        announce(&h);
        run_until_signal(&h, &signals);
        log_write(LOG_INFO, "server", "status=stopping");
    }
    close_house(&h);
    return e;
}

enum err serve_check(const char *folder) {
    struct config c;
    const char *path;
    TRY(config_load(folder, &c));
    enum err e = find_database(&c.arena, c.folder, &path);
    if (e == OK)
        e = file_check_closed(c.tls_key);
    if (e == OK)
        e = http_tls_check(c.tls_cert, c.tls_key);
    config_free(&c);
    return e;
}
