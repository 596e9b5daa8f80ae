/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
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
#include "cmd/init_folder.h"
#include "http/tls.h"
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

static int wrong_option(int c, char **argv) {
    if (c == ':')
        return cli_usage(usage, "the option '%s' lacks its value", argv[optind - 1]);
    if (optopt > 0 && optopt < HOST) /* one letter: optind may still be at its argument */
        return cli_usage(usage, "there is no option '-%c'", optopt);
    return cli_usage(usage, "there is no option '%s'", argv[optind - 1]);
}

static bool read_port(const char *text, bool may_be_zero, unsigned short *out) {
    int64_t n;
    if (!span_int(span_str(text), &n) || n < (may_be_zero ? 0 : 1) || n > 65535)
        return false;
    *out = (unsigned short)n;
    return true;
}

/* 0, or the exit status after a message. `seen` has a bit for each option that was given. */
static int take_option(int c, struct config_seed *s, unsigned *seen) {
    const char **text = c == HOST         ? &s->host
                        : c == PUBLIC_URL ? &s->public_url
                        : c == TLS_CERT   ? &s->tls_cert
                        : c == TLS_KEY    ? &s->tls_key
                        : c == LISTEN     ? &s->listen
                                          : NULL;
    unsigned short *port = c == PUBLIC_PORT       ? &s->public_port
                           : c == MANAGEMENT_PORT ? &s->management_port
                                                  : &s->plain_port;
    if (*seen & 1u << (c - HOST))
        return cli_usage(usage, "the option --%s was given twice", options[c - HOST + 1].name);
    *seen |= 1u << (c - HOST);
    if (text)
        *text = optarg;
    else if (!read_port(optarg, c == PLAIN_PORT, port))
        return cli_usage(usage, "--%s: '%s' is not a port", options[c - HOST + 1].name, optarg);
    return 0;
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

static bool is_address(const char *text) {
    uint8_t address[16];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool is_host_name(const char *host) {
    size_t n = strlen(host);
    return is_address(host) ||
           (n >= 1 && n <= 253 && strspn(host, NAME_CHARACTERS) == n && !strchr(".-", *host));
}

/* It goes into the configuration, into XML and before paths: no query, no blank, no comment. */
static bool is_public_url(const char *url) {
    if (strncmp(url, "https://", 8) != 0)
        return false;
    size_t n = strcspn(url + 8, "/");
    return n > 0 && url[8] != ':' && strspn(url + 8, NAME_CHARACTERS ":/[]~%") == strlen(url + 8);
}

static bool are_ports_distinct(const struct config_seed *s) {
    return s->public_port != s->management_port && s->public_port != s->plain_port &&
           s->management_port != s->plain_port;
}

/* What serve or a host would stumble over later. 0, or the exit status after a message. */
static int check_options(const struct config_seed *s) {
    if (!s->host)
        return cli_usage(usage, "--host NAME is missing");
    if (!is_host_name(s->host))
        return cli_usage(
            usage, "--host: '%s' is not a name such as mdm.example.com, nor an address", s->host);
    if (s->public_url && !is_public_url(s->public_url))
        return cli_usage(usage, "--public-url: '%s' is not https:// with a host", s->public_url);
    if (!is_address(s->listen))
        return cli_usage(usage, "--listen: '%s' is not an IPv4 or IPv6 address", s->listen);
    if (!are_ports_distinct(s))
        return cli_usage(usage, "the ports %u, %u and %u must differ", s->public_port,
                         s->management_port, s->plain_port);
    if (!s->tls_cert != !s->tls_key)
        return cli_usage(usage, "--tls-cert and --tls-key go together");
    return 0;
}

static enum err create_database(const char *folder) {
    ARENA_AUTO(a);
    struct store *store;
    TRY(store_open(arena_printf(&a, "%s/signet.db", folder), &store));
    store_close(store);
    return OK;
}

/* Authorities of an init that was interrupted are kept, if they can be read. */
static enum err create_authority(const char *folder, const char *host) {
    struct authority *auth;
    enum err e = authority_create(folder, host);
    if (e == ERR_EXISTS)
        printf("The authorities that are in '%s' already are kept.\n", folder);
    else
        TRY(e);
    TRY(authority_load(folder, &auth));
    authority_free(auth);
    return OK;
}

/* The configuration comes last: a folder without one is not ready, and init can be run again. */
static enum err create(const char *folder, const struct config_seed *s) {
    TRY(init_folder(folder));
    TRY(create_authority(folder, s->host));
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

/* serve runs anywhere: a path given here must not depend on the folder it was given in. */
static enum err create_with_pair(const char *folder, struct config_seed *s) {
    if (!s->tls_cert) {
        TRY(create(folder, s));
        report(folder, s);
        return OK;
    }
    TRY(http_tls_check(s->tls_cert, s->tls_key));
    char *cert = realpath(s->tls_cert, NULL), *key = realpath(s->tls_key, NULL);
    s->tls_cert = cert;
    s->tls_key = key;
    enum err e = cert && key ? create(folder, s)
                             : err_set(ERR_IO, "the TLS certificate or its key has gone");
    if (e == OK)
        report(folder, s);
    free(cert);
    free(key);
    return e;
}

int cmd_init(int argc, char **argv) {
    struct config_seed s = {
        .listen = "0.0.0.0", .public_port = 443, .management_port = 8443, .plain_port = 80};
    unsigned seen = 0;
    umask(077);
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        int status = c == '?' || c == ':' ? wrong_option(c, argv) : take_option(c, &s, &seen);
        if (status)
            return status;
    }
    if (optind + 1 != argc)
        return cli_usage(usage, "init takes one folder%s", optind < argc ? ", not more" : "");
    int status = check_options(&s);
    if (status)
        return status;
    return create_with_pair(argv[optind], &s) == OK ? 0 : cli_fail();
}
