/* SPDX-License-Identifier: Apache-2.0 */
/* What a request asks of a SCEP server (RFC 8894, 4.1), whoever answers: an endpoint, a relay. */
#ifndef SIGNET_SERVER_SCEP_QUERY_H
#define SIGNET_SERVER_SCEP_QUERY_H

#include "http/http.h"

enum scep_operation { GET_CA_CAPS, GET_CA_CERT, GET_NEXT_CA_CERT, PKI_OPERATION };

/*
 * The operation; false when there is none that we know, or the method is not one of it: then that
 * is the reply. But for PKIOperation, `message` is not looked at: Windows says "default", others
 * other things.
 */
bool scep_operation_of(const struct http_request *r, struct http_reply *reply,
                       enum scep_operation *out);

/* The message of a PKIOperation: the body, or by GET the query's. ERR_PARSE. */
enum err scep_message_of(const struct http_request *r, struct span *out) ERR_MUST_USE;

/*
 * The message of a PKIOperation that came by GET: base64 as clients really send it, with blanks
 * where a '+' was not escaped, with line breaks, with or without padding. ERR_PARSE.
 */
enum err scep_read_message(struct arena *a, const char *text, struct span *out) ERR_MUST_USE;

#endif
