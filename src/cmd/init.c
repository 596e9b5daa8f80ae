/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "ca/authority.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/config.h"
#include "store/store.h"

static const char usage[] =
    "Usage: signet init DIR --host NAME [OPTIONS]\n\n"
    "Makes the data folder DIR: a configuration with comments, the CA that SCEP issues from with its\n"
    "RA, a CA of its own for the identities of hosts, a TLS certificate, the database.\n\n"
    "  --host NAME             the name (or address) by which hosts reach this server\n"
    "  --public-url URL        what hosts see of it, if not https://NAME (a tunnel, a proxy)\n"
    "  --tls-cert FILE         a TLS certificate chain (PEM) instead of a new self-signed one\n"
    "  --tls-key FILE          its key\n"
    "  --listen ADDRESS        the address to listen on (default 0.0.0.0)\n"
    "  --public-port N         discovery, enrollment, SCEP over https (default 443)\n"
    "  --management-port N     SyncML sessions over https (default 8443)\n"
    "  --plain-port N          SCEP over http (default 80; 0: none)\n";

enum {
    HOST = 256,
    PUBLIC_URL,
    TLS_CERT,
    TLS_KEY,
    LISTEN,
    PUBLIC_PORT,
    MANAGEMENT_PORT,
    PLAIN_PORT
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"host", required_argument, NULL, HOST},
    {"public-url", required_argument, NULL, PUBLIC_URL},
    {"tls-cert", required_argument, NULL, TLS_CERT},
    {"tls-key", required_argument, NULL, TLS_KEY},
    {"listen", required_argument, NULL, LISTEN},
    {"public-port", required_argument, NULL, PUBLIC_PORT},
    {"management-port", required_argument, NULL, MANAGEMENT_PORT},
    {"plain-port", required_argument, NULL, PLAIN_PORT},
    {NULL, 0, NULL, 0}};

static bool read_port(const char *text, bool may_be_zero, unsigned short *out) {
    int64_t n;
    if (!span_int(span_str(text), &n) || n < (may_be_zero ? 0 : 1) || n > 65535)
        return false;
    *out = (unsigned short)n;
    return true;
}

/* 0, or the exit status after a message. */
static int take_option(int c, struct config_seed *s) {
    unsigned short *port = c == PUBLIC_PORT       ? &s->public_port
                           : c == MANAGEMENT_PORT ? &s->management_port
                           : c == PLAIN_PORT      ? &s->plain_port
                                                  : NULL;
    if (port && !read_port(optarg, c == PLAIN_PORT, port))
        return cli_usage(usage, "'%s' is not a port", optarg);
    if (c == HOST)
        s->host = optarg;
    if (c == PUBLIC_URL)
        s->public_url = optarg;
    if (c == TLS_CERT)
        s->tls_cert = optarg;
    if (c == TLS_KEY)
        s->tls_key = optarg;
    if (c == LISTEN)
        s->listen = optarg;
    return 0;
}

static bool is_host_name(const char *host) {
    return *host && strlen(host) <= 253 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_") ==
               strlen(host);
}

static enum err create_database(const char *folder) {
    ARENA_AUTO(a);
    struct store *store;
    TRY(store_open(arena_printf(&a, "%s/signet.db", folder), &store));
    store_close(store);
    return OK;
}

/* The configuration comes last: a folder without one is not ready, and init can be run again. */
static enum err create(const char *folder, const struct config_seed *s) {
    ARENA_AUTO(a);
    if (access(arena_printf(&a, "%s/signet.conf", folder), F_OK) == 0)
        return err_set(ERR_EXISTS, "'%s' is a data folder already", folder);
    TRY(file_mkdir(folder, 0700));
    TRY(authority_create(folder, s->host));
    if (!s->tls_cert)
        TRY(authority_create_tls(folder, s->host));
    TRY(create_database(folder));
    return config_create(folder, s);
}

static void report(const char *folder, const struct config_seed *s) {
    struct authority *auth;
    if (authority_load(folder, &auth) != OK)
        return;
    printf("%s is ready.\n\n"
           "  configuration   %s/signet.conf\n"
           "  SCEP CA         %s/ca.pem, thumbprint %s\n"
           "  TLS             %s%s\n\n"
           "Next: signet serve -d %s\n"
           "      signet user add NAME -d %s        who may enroll hosts\n",
           folder, folder, folder, auth->ca_sha1, s->tls_cert ? s->tls_cert : folder,
           s->tls_cert ? "" : "/tls.pem (self-signed: import it on each host before it enrolls)",
           folder, folder);
    authority_free(auth);
}

int cmd_init(int argc, char **argv) {
    struct config_seed s = {
        .listen = "0.0.0.0", .public_port = 443, .management_port = 8443, .plain_port = 80};
    umask(077);
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        int status = c == '?' ? cli_usage(usage, "see the options above") : take_option(c, &s);
        if (status)
            return status;
    }
    if (optind + 1 != argc)
        return cli_usage(usage, "init takes one folder");
    if (!s.host || !is_host_name(s.host))
        return cli_usage(usage, s.host ? "'%s' is not a host name" : "--host NAME is missing",
                         s.host);
    if (!s.tls_cert != !s.tls_key)
        return cli_usage(usage, "--tls-cert and --tls-key go together");
    /* serve runs anywhere: a path given here must not depend on the folder it was given in */
    char *cert = s.tls_cert ? realpath(s.tls_cert, NULL) : NULL;
    char *key = s.tls_key ? realpath(s.tls_key, NULL) : NULL;
    int status = 0;
    if (s.tls_cert && (!cert || !key)) {
        (void)err_set(ERR_NOT_FOUND, "cannot find '%s'", cert ? s.tls_key : s.tls_cert);
        status = cli_fail();
    } else {
        s.tls_cert = cert;
        s.tls_key = key;
        if (create(argv[optind], &s) != OK)
            status = cli_fail();
        else
            report(argv[optind], &s);
    }
    free(cert);
    free(key);
    return status;
}
