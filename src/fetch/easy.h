/* SPDX-License-Identifier: Apache-2.0 */
/* Internal to fetch/: a handle of libcurl's easy interface, with our options, request and reply. */
#ifndef SIGNET_FETCH_EASY_H
#define SIGNET_FETCH_EASY_H

#include <curl/curl.h>

#include "fetch/fetch.h"

/* Stays where it is from easy_open on: curl holds its address. */
struct easy {
    CURL *curl;
    struct curl_slist *connect_to, *headers;
    enum fetch_auth auth;
    bool has_user;
    bool verified;       /* the server's certificate is checked */
    bool asked_for_cert; /* since easy_watch_cert */
    bool post;
    bool post_sent;            /* and no answer has begun */
    bool once, sending;        /* since easy_send_once: whether a connection stood */
    struct fetch_reply *reply; /* of the request under way */
    char words[CURL_ERROR_SIZE];
};

/* Before anything else of curl. Thread-safe, any number of times. */
void easy_init(void);

/* All that stays the same from request to request. */
void easy_open(struct easy *e, const struct fetch_options *options);
void easy_close(struct easy *e);

/* Notes whether servers ask for a client certificate. No connection may outlive `e`. */
void easy_watch_cert(struct easy *e);

/* Keeps what goes out in reply->sent: for the tools, it costs time. */
void easy_watch_sent(struct easy *e);

/*
 * curl sends a request again when a connection that was used before breaks without an answer, and
 * has no option against that. From now on it does so for a GET only.
 */
void easy_send_once(struct easy *e);

/* Sets up one request. ERR_IO with reply->cause set when it must not be sent. */
enum err easy_begin(struct easy *e, const struct fetch_request *q,
                    struct fetch_reply *r) ERR_MUST_USE;

/* Fills in the reply of easy_begin, after curl ended with `code`. As fetch_send. */
enum err easy_end(struct easy *e, const struct fetch_request *q, CURLcode code) ERR_MUST_USE;

/* ---- reply.c ---- */

/* curl's callbacks; `user` is the struct easy. */
size_t reply_on_body(char *p, size_t size, size_t n, void *user);
size_t reply_on_header(char *p, size_t size, size_t n, void *user);
int reply_on_debug(CURL *c, curl_infotype type, char *p, size_t n, void *user);

/* Sets cause and unsent. */
void reply_judge(const struct easy *e, CURLcode code);
void reply_keep_server_cert(CURL *c, struct fetch_reply *r);

#endif
