/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: DIR/signet.conf, an INI file whose every key is written there with its default
 * and a comment by `signet init`. A key that is not known, or a value that cannot be read, is an
 * error that names the line.
 */
#ifndef SIGNET_SERVER_CONFIG_H
#define SIGNET_SERVER_CONFIG_H

#include "ca/pki.h"

struct address {
    const char *host;    /* an address to bind, such as "0.0.0.0" or "::1" */
    unsigned short port; /* 0: no such listener */
    const char *path;    /* listen-forwarded: a Unix socket instead; else NULL */
};

struct config {
    struct arena arena; /* holds the strings */
    const char *folder;
    /* [server] */
    const char *public_url, *management_url, *scep_url;
    struct address listen_public, listen_management, listen_plain;
    const char *tls_cert, *tls_key; /* paths, those that are relative from the folder on */
    struct address listen_forwarded;
    const char *forwarded_ca;                       /* PEM file; NULL: none, as the next two */
    const char *forwarded_secret, *forwarded_group; /* the secret itself; a group's name */
    const char *forwarded_header;
    unsigned connections;
    const char *log_level;
    /* [scep], [endpoint "NAME"], [ca "NAME"] */
    struct pki_settings pki;
    /* [mdm] */
    const char *provider_id, *name;
    unsigned device_auth;      /* enum device_auth of mdm/ */
    int64_t identity_validity; /* ms */
    bool sign_in_page;         /* hosts that can are sent to the sign-in page */
    int64_t hosts_per_user;    /* 0: no limit */
    bool enrollment_closed;
    const char *closed_text;      /* or NULL */
    unsigned messages_per_minute; /* of one host; 0: no limit */
    /* [enrollment] */
    int64_t confirm_within; /* ms */
    int64_t confirm_sessions;
};

/*
 * [scep] is the endpoint "default", which mdm/ delivers; [endpoint "NAME"] is another, with the
 * same keys and `path` defaulting to /scep/NAME. [ca "default"] and [ca "NAME"] are CAs. What the
 * endpoints' policies say as a whole is judged by pki_open (policy_check).
 */

/* Reads and checks it. ERR_CONFIG names file, line, key and cure. Freed with config_free. */
enum err config_load(const char *folder, struct config *out) ERR_MUST_USE;
void config_free(struct config *c);

/* A time as the file has it, such as "1h", from one second on. ERR_CONFIG quotes it. */
enum err config_duration(struct arena *a, const char *text, int64_t *ms) ERR_MUST_USE;

/* What `signet init` asks for; the rest of a new file are defaults. */
struct config_seed {
    const char *host, *listen; /* name of the server; address to bind */
    const char *public_url;    /* NULL: https://host[:port] */
    unsigned short public_port, management_port, plain_port;
    const char *tls_cert, *tls_key;
};

/* Writes a new DIR/signet.conf with comments. ERR_EXISTS, ERR_IO. */
enum err config_create(const char *folder, const struct config_seed *seed) ERR_MUST_USE;

#endif
