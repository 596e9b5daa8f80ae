/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SCEP server on loopback in a thread of the test, made of OpenSSL, that does what a test tells
 * it and remembers what it was asked. The test sets its fields before the host talks to it and
 * reads them when the host is done: then nobody else touches them.
 */
#ifndef SIGNET_TESTS_DEVICE_SCEP_SERVER_H
#define SIGNET_TESTS_DEVICE_SCEP_SERVER_H

#include "device_scep_fixture.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum { REQUEST_MAX = 100000 };

struct scep_server {
    struct authority y;
    /* what it does, but 404 below /refused and a redirect to /scep below /moved */
    const char *caps;
    const char *type_ca, *type_message; /* Content-Types; NULL: none */
    X509 *const *answer_ca;             /* PKCS#7, up to NULL; NULL: RA and CA */
    bool single;                        /* the bare CA, which then does all */
    int status;                         /* of HTTP for everything, when not 0 */
    const char *html;                   /* instead of every answer */
    const char *location;               /* of a redirect: with status */
    bool hangs_up;                      /* instead of every answer */
    struct span garbage;                /* as the answer of PKIOperation */
    int pend;                           /* so many requests get PENDING first */
    struct reply reply;                 /* and then this */
    /* what it saw */
    int got_caps, got_ca, got_chain, posts, gets, reqs, polls;
    struct {
        int type;
        char transaction[100];
        char signer[THUMBPRINT_SIZE];
        uint8_t nonce[SCEP_NONCE_SIZE];
        bool recognized; /* its subject in IssuerAndSubject is that of the CSR before */
    } seen[8];
    int count;
    struct span csr, signer; /* the last ones, DER */
    EVP_PKEY *key;           /* of the last CSR */
    X509_NAME *subject;
    /* itself */
    SSL_CTX *tls; /* NULL: http */
    int fd, port;
    bool stop;
    pthread_t thread;
};

static inline struct span attribute_of(CMS_SignerInfo *si, const char *oid, int type) {
    OSSL_AUTO(ASN1_OBJECT) object = OBJ_txt2obj(oid, 1);
    const ASN1_STRING *s = CMS_signed_get0_data_by_OBJ(si, object, -3, type);
    must(s != NULL);
    return span_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static inline struct span open_envelope(struct scep_server *v, struct span content) {
    OSSL_AUTO(CMS_ContentInfo) inner = cms_read(content);
    OSSL_AUTO(BIO) clear = BIO_new(BIO_s_mem());
    must(inner && CMS_decrypt(inner, v->single ? v->y.ca_key : v->y.ra_key,
                              v->single ? v->y.ca : v->y.ra, NULL, clear, CMS_BINARY) == 1);
    return ossl_content(&v->y.a, clear);
}

static inline void take_csr(struct scep_server *v, struct span der) {
    v->csr = arena_copy(&v->y.a, der);
    const unsigned char *p = der.p;
    OSSL_AUTO(X509_REQ) csr = d2i_X509_REQ(NULL, &p, (long)der.n);
    must(csr && X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)) == 1);
    EVP_PKEY_free(v->key);
    X509_NAME_free(v->subject);
    v->key = X509_REQ_get_pubkey(csr);
    v->subject = X509_NAME_dup(X509_REQ_get_subject_name(csr));
}

/* IssuerAndSubject: the CA's name and that of the CSR that was pended. */
static inline bool names_the_pended(struct scep_server *v, struct span der) {
    const unsigned char *p = der.p, *issuer, *subject;
    size_t in, sn;
    long n;
    int tag, class;
    if (!v->subject || ASN1_get_object(&p, &n, &tag, &class, (long)der.n) & 0x80)
        return false;
    X509_NAME_get0_der(X509_get_subject_name(v->y.ca), &issuer, &in);
    X509_NAME_get0_der(v->subject, &subject, &sn);
    return (size_t)n == in + sn && memcmp(p, issuer, in) == 0 && memcmp(p + in, subject, sn) == 0;
}

static inline void remember(struct scep_server *v, CMS_SignerInfo *si, X509 *signer) {
    int64_t type = 0;
    must(v->count < 8 &&
         span_int(attribute_of(si, OID_SCEP_MESSAGE_TYPE, V_ASN1_PRINTABLESTRING), &type));
    struct span id = attribute_of(si, OID_SCEP_TRANSACTION_ID, V_ASN1_PRINTABLESTRING),
                nonce = attribute_of(si, OID_SCEP_SENDER_NONCE, V_ASN1_OCTET_STRING);
    must(nonce.n == SCEP_NONCE_SIZE);
    v->seen[v->count].type = (int)type;
    snprintf(v->seen[v->count].transaction, 100, "%.*s", SPAN_FMT(id));
    memcpy(v->seen[v->count].signer, thumbprint(&v->y.a, signer), THUMBPRINT_SIZE);
    memcpy(v->seen[v->count].nonce, nonce.p, nonce.n);
    v->count++;
}

static inline struct span operate(struct scep_server *v, struct span message) {
    OSSL_AUTO(CMS_ContentInfo) cms = cms_read(message);
    OSSL_AUTO(BIO) content = BIO_new(BIO_s_mem());
    must(cms &&
         CMS_verify(cms, NULL, NULL, NULL, content, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) == 1);
    OSSL_CERTS_AUTO certs = CMS_get1_certs(cms);
    X509 *signer = sk_X509_value(certs, 0);
    remember(v, sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0), signer);
    v->signer = ossl_x509_der(&v->y.a, signer);
    struct span inner = open_envelope(v, ossl_content(&v->y.a, content));
    bool polls = v->seen[v->count - 1].type == SCEP_CERT_POLL;
    v->polls += polls;
    v->reqs += !polls;
    if (polls)
        v->seen[v->count - 1].recognized = names_the_pended(v, inner);
    else
        take_csr(v, inner);
    struct asked q = {signer, v->key, v->seen[v->count - 1].transaction,
                      v->seen[v->count - 1].nonce};
    struct reply pending = {.status = "3"}, r = v->pend-- > 0 ? pending : v->reply;
    if (v->single) {
        r.signer = v->y.ca;
        r.signer_key = v->y.ca_key;
    }
    return make_reply(&v->y, &q, &r);
}

static inline struct span ca_answer(struct scep_server *v) {
    X509 *const usual[] = {v->y.ra, v->y.ca, NULL}, *const *certs =
                                                        v->answer_ca ? v->answer_ca : usual;
    size_t n = 0;
    while (certs[n])
        n++;
    return v->single ? ossl_x509_der(&v->y.a, v->y.ca) : bundle(&v->y.a, certs, n);
}

/* %XX only: Windows' client has no '+' for a blank. */
static inline struct span message_of(struct scep_server *v, const char *url) {
    const char *p = strstr(url, "&message=");
    must(p != NULL);
    BUF_AUTO(text);
    for (p += strlen("&message="); *p && *p != ' '; p++) {
        char hex[3] = {p[0] == '%' ? p[1] : 0, p[0] == '%' ? p[2] : 0, 0};
        must(*p != '+' && *p != '/' && *p != '=');
        buf_char(&text, hex[0] ? (char)strtol(hex, NULL, 16) : *p);
        p += hex[0] ? 2 : 0;
    }
    struct span der;
    must(base64_decode(&v->y.a, buf_view(&text), &der) == OK);
    return der;
}

static inline bool asks(const char *url, const char *operation) {
    char wanted[100];
    snprintf(wanted, sizeof wanted, "/pkiclient.exe?operation=%s&message=default ", operation);
    return strstr(url, wanted) != NULL;
}

static inline struct span answer_to(struct scep_server *v, const char *url, struct span body,
                                    const char **type) {
    bool post = strncmp(url, "POST ", 5) == 0;
    *type = NULL;
    if (asks(url, "GetCACaps")) {
        v->got_caps++;
        return span_str(v->caps);
    }
    *type = v->type_ca;
    if (asks(url, "GetCACert") || asks(url, "GetCACertChain")) {
        v->got_chain += asks(url, "GetCACertChain");
        v->got_ca += asks(url, "GetCACert");
        return ca_answer(v);
    }
    *type = v->type_message;
    must(strstr(url, "/pkiclient.exe?operation=PKIOperation") != NULL);
    v->posts += post;
    v->gets += !post;
    if (v->garbage.n)
        return v->garbage;
    return operate(v, post ? body : message_of(v, url));
}

/* ---- HTTP ---- */

static inline int peer_read(SSL *s, int fd, void *p, size_t n) {
    return s ? SSL_read(s, p, (int)n) : (int)read(fd, p, n);
}

static inline void peer_write(SSL *s, int fd, struct span data) {
    while (data.n) {
        int n = s ? SSL_write(s, data.p, (int)data.n) : (int)write(fd, data.p, data.n);
        if (n <= 0)
            return;
        data = span_from(data, (size_t)n);
    }
}

static inline void serve_one(struct scep_server *v, SSL *s, int fd) {
    static char text[REQUEST_MAX + 1];
    size_t n = 0, wanted = 0;
    const char *end = NULL;
    while (!wanted || n < wanted) {
        int got = peer_read(s, fd, text + n, REQUEST_MAX - n);
        if (got <= 0)
            return;
        text[n += (size_t)got] = 0;
        const char *length = strstr(text, "Content-Length: ");
        end = strstr(text, "\r\n\r\n");
        if (end && !wanted)
            wanted = (size_t)(end + 4 - text) +
                     (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
    }
    const char *type = "text/html";
    if (v->hangs_up)
        return;
    int status = v->status;
    const char *refused = strstr(text, " /refused/"), *moved = strstr(text, " /moved/");
    struct span body =
        v->html || v->status || refused || moved
            ? span_str(v->html)
            : answer_to(v, text, span_of(end + 4, (size_t)(text + n - end - 4)), &type);
    BUF_AUTO(out);
    if (refused)
        status = 404;
    if (moved && !status)
        status = 307;
    buf_printf(&out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n",
               status ? status : 200, body.n);
    if (moved)
        buf_printf(&out, "Location: /scep/%.*s\r\n", (int)strcspn(moved + 8, " "), moved + 8);
    if (type)
        buf_printf(&out, "Content-Type: %s\r\n", type);
    if (v->location)
        buf_printf(&out, "Location: %s\r\n", v->location);
    buf_str(&out, "\r\n");
    buf_span(&out, body);
    peer_write(s, fd, buf_view(&out));
}

static inline void *serve(void *user) {
    struct scep_server *v = user;
    for (;;) {
        int fd = accept(v->fd, NULL, NULL);
        if (v->stop || fd < 0)
            return NULL;
        SSL *s = v->tls ? SSL_new(v->tls) : NULL;
        if (s)
            SSL_set_fd(s, fd);
        if (!s || SSL_accept(s) == 1)
            serve_one(v, s, fd);
        if (s)
            SSL_shutdown(s);
        SSL_free(s);
        close(fd);
    }
}

static inline struct scep_server *server_start(void) {
    struct scep_server *v = calloc(1, sizeof *v);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    authority_make(&v->y);
    v->caps = "POSTPKIOperation\nAES\nSHA-256\n";
    v->type_ca = SCEP_TYPE_CA_RA_CERT;
    v->type_message = SCEP_TYPE_MESSAGE;
    v->fd = socket(AF_INET, SOCK_STREAM, 0);
    must(bind(v->fd, (struct sockaddr *)&at, n) == 0 && listen(v->fd, 4) == 0);
    getsockname(v->fd, (struct sockaddr *)&at, &n);
    v->port = ntohs(at.sin_port);
    must(pthread_create(&v->thread, NULL, serve, v) == 0);
    return v;
}

/* TLS from that version on, with a certificate of the CA. */
static inline void server_use_tls(struct scep_server *v, int min_version) {
    X509 *x = make_cert(v->y.ra_key, (struct made_cert){.cn = "tls",
                                                        .issuer = v->y.ca,
                                                        .issuer_key = v->y.ca_key,
                                                        .san = "IP:127.0.0.1"});
    v->tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(v->tls, x);
    SSL_CTX_use_PrivateKey(v->tls, v->y.ra_key);
    SSL_CTX_set_min_proto_version(v->tls, min_version);
    X509_free(x);
}

static inline void server_stop(struct scep_server *v) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)v->port)};
    v->stop = true;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    pthread_join(v->thread, NULL);
    close(fd);
    close(v->fd);
    SSL_CTX_free(v->tls);
    EVP_PKEY_free(v->key);
    X509_NAME_free(v->subject);
    authority_free(&v->y);
    free(v);
}

#endif
