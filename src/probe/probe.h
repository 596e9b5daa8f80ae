/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays the Windows SCEP client against any SCEP server and says what will stop Windows there. It
 * goes on after a fault as if that were mended, so that one run finds all of them; the order of
 * findings is the order in which Windows would meet them.
 *
 * Its requests are those of the emulated host (device/), whose shape is held against captures of
 * real ones; what the server answers is read by signet's own code, which judges nothing by silence.
 */
#ifndef SIGNET_PROBE_PROBE_H
#define SIGNET_PROBE_PROBE_H

#include "base/arena.h"
#include "base/err.h"

enum probe_severity {
    PROBE_NOTE,  /* worth knowing; stops nobody */
    PROBE_RISK,  /* may stop Windows: the reference leaves it open, or it depends on the profile */
    PROBE_STOPS, /* will stop Windows */
};

/* What can be found. Each has an entry in the table of codes.c and a paragraph in docs/probe.md. */
enum probe_code {
    /* the way to the server */
    PROBE_NAME,
    PROBE_UNREACHABLE,
    PROBE_BROKEN,
    PROBE_TIMEOUT,
    PROBE_NOT_HTTP,
    PROBE_TLS, /* no TLS at all, and not for want of TLS 1.2 */
    PROBE_TLS_VERSION,
    PROBE_TLS_TRUST,
    PROBE_TLS_ROOT,
    PROBE_TLS_NAME,
    PROBE_TLS_CLIENT_CERT,
    /* the path */
    PROBE_SUFFIX,
    PROBE_SUFFIX_DOUBLED,
    PROBE_REDIRECT,
    PROBE_WEB_PAGE,
    PROBE_MESSAGE_DEFAULT,
    /* GetCACaps */
    PROBE_CAPS_STATUS,
    PROBE_CAPS_NO_POST,
    PROBE_CAPS_NO_AES,
    PROBE_CAPS_NO_SHA2,
    PROBE_CAPS_CHAIN,
    /* GetCACert */
    PROBE_CA_STATUS,
    PROBE_CA_FORM,
    PROBE_CA_TYPE,
    PROBE_CA_NO_RA,
    PROBE_RA_USAGE,
    PROBE_RA_EKU,
    PROBE_RA_ISSUER,
    PROBE_CA_KEY,
    PROBE_CA_VALIDITY,
    PROBE_THUMBPRINT,
    PROBE_ROOT_ABSENT,
    PROBE_ROOT_TRUST,
    PROBE_CRL,
    PROBE_REVOKED,
    PROBE_CLOCK,
    /* PKIOperation */
    PROBE_OAEP,
    PROBE_OPERATION_STATUS,
    PROBE_REPLY_FORM,
    PROBE_REPLY_ATTRIBUTE,
    PROBE_REPLY_TRANSACTION,
    PROBE_REPLY_NONCE,
    PROBE_REPLY_NONCE_COPIED,
    PROBE_REPLY_SIGNER,
    PROBE_REPLY_SIGNATURE,
    PROBE_REPLY_SHA1,
    PROBE_REPLY_TYPE,
    PROBE_REFUSED,
    PROBE_PENDING,
    PROBE_REPLY_CLOSED,
    PROBE_REPLY_DES,
    PROBE_REPLY_CERTS,
    PROBE_CERT_KEY,
    PROBE_CERT_VALIDITY,
    PROBE_CERT_EXPIRED,
    PROBE_CERT_CHAIN,
    PROBE_CERT_CONTENT,
    PROBE_CODES
};

struct probe_entry {
    const char *name; /* stable, as in "ra-usage" */
    enum probe_severity severity;
    uint32_t hresult;  /* what the host shows; 0: code not known */
    const char *fact;  /* how sure it is, and the section of windows-scep.md that says so */
    const char *title; /* what is wrong, in one sentence */
    const char *cure;  /* what the server's administrator does about it */
};

/* The entry of a code; static. */
const struct probe_entry *probe_entry(enum probe_code code) __attribute__((returns_nonnull));

struct probe_finding {
    const struct probe_entry *entry;
    uint32_t
        hresult; /* of this finding: the entry's, or an HTTP status of the server; 0: unknown */
    const char *detail; /* what was seen: a status, a name, a date; never NULL */
    struct probe_finding *next;
};

/* A fact of the server that is no fault: "capabilities", "recipient", "thumbprint" ... */
struct probe_fact {
    const char *name, *value;
    struct probe_fact *next;
};

struct probe_options {
    const char *url;        /* ServerURL as it stands in the profile */
    struct span trust;      /* PEM: the roots of the hosts; empty: the system's, for TLS only */
    const char *challenge;  /* with `subject`; NULL: not */
    const char *subject;    /* X.500 as in the CSP's SubjectName: a certificate is asked for */
    const char *thumbprint; /* CAThumbprint of the profile, 40 hex digits; NULL: any that matches */
    unsigned timeout_ms;    /* of each request; 0: 10 s */
    void (*progress)(const char *step); /* NULL: silent */
    /*
     * Asks as the gateway does instead of Windows: the URL as it stands, any version of TLS, the
     * proxy of the environment; and what hosts would meet before their request is judged as the
     * gateway gives it to them.
     */
    bool gateway;
    /* With `gateway`: the request is that of its mode RA, by PKCS#1 v1.5 and with a challenge that
     * the server does not know, as those of signet are; `challenge` is NULL. */
    bool ra;
    const char *message; /* with `gateway`: `message` of GetCACaps and GetCACert; NULL: none */
    struct span chain;   /* with `gateway`: PEM, CA certificates that are added to GetCACert */
};

struct probe_report {
    struct probe_finding *findings; /* in Windows' order */
    struct probe_fact *facts;       /* in the order of the run */
    struct probe_fact *checked;     /* name only: what was checked */
    struct probe_fact *unknown;     /* name only: what this run could not tell */
    const char *thumbprint;   /* SHA-1 of the CA that issues, which CAThumbprint should name; NULL:
                                 GetCACert could not be had */
    const char *inconclusive; /* why the absence of a verdict says nothing; NULL: it does */
    bool enrolled;            /* a certificate was issued (and is thrown away) */
};

/*
 * Runs all checks that can be run; takes seconds. ERR_USAGE for options that make no sense (URL,
 * subject, thumbprint); a server that does not answer is a finding, not an error. The report lives
 * in `a`. One run at a time for a thread.
 */
enum err probe_run(const struct probe_options *options, struct arena *a,
                   struct probe_report *out) ERR_MUST_USE __attribute__((nonnull));

/*
 * The same for an answer to GetCACert that is at hand (degenerate PKCS#7 or one certificate): asks
 * nobody, and judges it alone. The options' URL is not looked at.
 */
enum err probe_certificates(const struct probe_options *options, struct span ca_certs,
                            struct arena *a, struct probe_report *out) ERR_MUST_USE
    __attribute__((nonnull));

/* The first finding that stops Windows, or NULL. */
const struct probe_finding *probe_verdict(const struct probe_report *r) __attribute__((nonnull));

#endif
