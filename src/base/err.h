/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. A function that can fail returns enum err, which must be looked at; its detail for people
 * ("what, with which input, and the cure") is kept in a thread-local line by err_set.
 *
 *     TRY(der_read(&r, DER_SEQUENCE, &seq));            goes up on error
 *     return err_set(ERR_DER, "INTEGER longer than %d bytes", 20);
 *
 * The detail goes to logs and to the operator. It must never hold a secret.
 */
#ifndef SIGNET_BASE_ERR_H
#define SIGNET_BASE_ERR_H

enum err {
    OK = 0,
    ERR_INTERNAL,      /* our fault, or the machine's */
    ERR_IO,            /* a file, a socket, a process */
    ERR_USAGE,         /* the command line */
    ERR_CONFIG,        /* the configuration file */
    ERR_NOT_FOUND,     /* no such object */
    ERR_EXISTS,        /* an object of that name exists */
    ERR_CONFLICT,      /* the object is in a state that does not allow this */
    ERR_PARSE,         /* malformed input: DER, XML, base64, a profile, a registry file */
    ERR_LIMIT,         /* well-formed, but larger or deeper than we take */
    ERR_ALGORITHM,     /* an algorithm that is unknown, or that policy refuses */
    ERR_MESSAGE_CHECK, /* SCEP badMessageCheck: integrity of a message (RFC 8894, 3.2.1.4.5) */
    ERR_REFUSED,       /* SCEP badRequest: understood, and not permitted */
    ERR_TIME,          /* SCEP badTime */
    ERR_CERT_ID,       /* SCEP badCertId */
    ERR_CRYPTO,        /* an operation of OpenSSL failed */
    ERR_AUTH,          /* who is asking is not proved */
    ERR_FORBIDDEN,     /* proved, and not allowed */
    ERR_METHOD,        /* HTTP method not allowed */
    ERR_MEDIA_TYPE,    /* HTTP content type not supported */
    ERR_BUSY,          /* try again later */
    ERR_STORE,         /* the database */
    ERR__MAX
};

/* Sets this thread's detail line (truncated at 511 bytes) and returns `code`. */
enum err err_set(enum err code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before this thread's detail and returns `code`. */
enum err err_context(enum err code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* This thread's detail line: valid until its next err_set. */
const char *err_detail(void) __attribute__((returns_nonnull));

/* A short fixed text for the code, such as "malformed input". */
const char *err_text(enum err code) __attribute__((returns_nonnull));

/* The HTTP status that answers this error on a plain HTTP route, such as 400. */
int err_http_status(enum err code);

/* The SCEP failInfo (RFC 8894, 3.2.1.4.5: 0 badAlg .. 4 badCertId) that tells this error. */
int err_fail_info(enum err code);

#define ERR_MUST_USE __attribute__((warn_unused_result))

#define TRY(expression)                      \
    do {                                     \
        enum err try_result_ = (expression); \
        if (try_result_ != OK)               \
            return try_result_;              \
    } while (0)

#endif
