/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "ca/authority.h"
#include "ca/ca.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/init_folder.h"
#include "http/tls.h"
#include "server/config.h"
#include "store/store.h"
#include "x509/name.h"

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
    "  --plain-port N          SCEP over http (default 80; 0: none)\n"
    "  --ca-subject SUBJECT    of the CA (default CN=\"NAME SCEP CA\")\n"
    "  --ca-key KIND           rsa2048 (default), rsa3072, rsa4096, p256 or p384\n";

enum {
    HOST = 256,
    PUBLIC_URL,
    TLS_CERT,
    TLS_KEY,
    LISTEN,
    PUBLIC_PORT,
    MANAGEMENT_PORT,
    PLAIN_PORT,
    CA_SUBJECT,
    CA_KEY
};

struct order {
    struct config_seed seed;
    struct ca_birth ca;
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
    {"ca-subject", required_argument, NULL, CA_SUBJECT},
    {"ca-key", required_argument, NULL, CA_KEY},
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
static int take_option(int c, struct order *o, unsigned *seen) {
    struct config_seed *s = &o->seed;
    const char **text = c == HOST         ? &s->host
                        : c == PUBLIC_URL ? &s->public_url
                        : c == TLS_CERT   ? &s->tls_cert
                        : c == TLS_KEY    ? &s->tls_key
                        : c == LISTEN     ? &s->listen
                        : c == CA_SUBJECT ? &o->ca.subject
                        : c == CA_KEY     ? &o->ca.key_kind
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

static int check_ca(const struct ca_birth *ca) {
    static const char *const kinds[] = {"rsa2048", "rsa3072", "rsa4096", "p256", "p384"};
    ARENA_AUTO(a);
    struct span name;
    bool known = !ca->key_kind;
    for (size_t i = 0; !known && i < sizeof kinds / sizeof *kinds; i++)
        known = strcmp(ca->key_kind, kinds[i]) == 0;
    if (!known)
        return cli_usage(usage, "--ca-key: '%s' is none of rsa2048, rsa3072, rsa4096, p256, p384",
                         ca->key_kind);
    if (ca->subject && name_from_x500(&a, span_str(ca->subject), &name) != OK)
        return cli_usage(usage, "--ca-subject: %s", err_detail());
    return 0;
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

/* What an init that was interrupted left is kept, if it can be read. */
static enum err create_authority(const char *folder, const char *host) {
    struct authority *auth;
    enum err e = authority_create(folder, host);
    if (e != ERR_EXISTS)
        TRY(e);
    TRY(authority_load(folder, &auth));
    authority_free(auth);
    return OK;
}

static enum err load_ca(const char *folder, char sha1[41]) {
    ARENA_AUTO(a);
    struct ca ca;
    size_t count;
    const struct ca_settings settings = ca_settings_default(PKI_DEFAULT);
    TRY(ca_load(folder, &settings, &a, &ca, 1, &count));
    memcpy(sha1, ca.sha1, sizeof ca.sha1);
    ca_unload(&ca);
    return OK;
}

static enum err create_ca(const char *folder, const struct ca_birth *birth, char sha1[41]) {
    const struct ca_settings settings = ca_settings_default(PKI_DEFAULT);
    enum err e = ca_create(folder, &settings, birth);
    if (e != ERR_EXISTS)
        TRY(e);
    else
        printf("The CA that is in '%s' already is kept.\n", folder);
    bool changed; /* the RA, where the interruption came between */
    TRY(ca_keep_ra(folder, &settings, false, &changed));
    return load_ca(folder, sha1);
}

/* The configuration comes last: a folder without one is not ready, and init can be run again. */
static enum err create(const char *folder, const struct order *o, char sha1[41]) {
    const struct config_seed *s = &o->seed;
    TRY(init_folder(folder));
    TRY(create_authority(folder, s->host));
    TRY(create_ca(folder, &o->ca, sha1));
    if (!s->tls_cert)
        TRY(authority_create_tls(folder, s->host));
    TRY(create_database(folder));
    return config_create(folder, s);
}

static enum err create_and_report(const char *folder, const struct order *o) {
    const struct config_seed *s = &o->seed;
    char sha1[41];
    TRY(create(folder, o, sha1));
    printf("%s is ready.\n\n"
           "  configuration   %s/signet.conf\n"
           "  SCEP CA         %s/ca.pem, thumbprint %s\n"
           "  TLS             %s%s\n\n"
           "Next: signet serve -d %s\n"
           "      signet user add NAME -d %s        who may enroll hosts\n",
           folder, folder, folder, sha1, s->tls_cert ? s->tls_cert : folder,
           s->tls_cert ? "" : "/tls.pem (self-signed: import it on each host before it enrolls)",
           folder, folder);
    return OK;
}

/* serve runs anywhere: a path given here must not depend on the folder it was given in. */
static enum err create_with_pair(const char *folder, struct order *o) {
    struct config_seed *s = &o->seed;
    if (!s->tls_cert)
        return create_and_report(folder, o);
    TRY(http_tls_check(s->tls_cert, s->tls_key));
    char *cert = realpath(s->tls_cert, NULL), *key = realpath(s->tls_key, NULL);
    s->tls_cert = cert;
    s->tls_key = key;
    enum err e = cert && key ? create_and_report(folder, o)
                             : err_set(ERR_IO, "the TLS certificate or its key has gone");
    free(cert);
    free(key);
    return e;
}

int cmd_init(int argc, char **argv) {
    struct order o = {
        .seed = {
            .listen = "0.0.0.0", .public_port = 443, .management_port = 8443, .plain_port = 80}};
    unsigned seen = 0;
    umask(077);
    log_set_level(LOG_WARN); /* what was made stands in our own output */
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        int status = c == '?' || c == ':' ? wrong_option(c, argv) : take_option(c, &o, &seen);
        if (status)
            return status;
    }
    if (optind + 1 != argc)
        return cli_usage(usage, "init takes one folder%s", optind < argc ? ", not more" : "");
    int status = check_options(&o.seed);
    if (!status)
        status = check_ca(&o.ca);
    if (status)
        return status;
    o.ca.host = o.seed.host;
    return create_with_pair(argv[optind], &o) == OK ? 0 : cli_fail();
}
