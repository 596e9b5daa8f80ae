/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New CAs: self-signed ones, and requests for an upper CA. A key is written before the certificate
 * that is made of it, and a key that is there already is taken: so what was interrupted can be
 * called again, and a CA exists from the moment in which its ca.pem does.
 */
#include "base/clock.h"
#include "base/file.h"
#include "ca/ca_place.h"
#include "x509/name.h"
#include "x509/pem.h"

enum { CA_DAYS = 3650 };

/* keyEncipherment, so that an RSA CA can open envelopes itself (the form of a single CA). */
static unsigned usage_of(const struct key *key) {
    return CERT_CA | KU_DIGITAL_SIGNATURE | (key_is_rsa(key) ? KU_KEY_ENCIPHERMENT : 0);
}

enum err ca_self_sign(struct arena *a, struct span subject, const struct key *key, int64_t validity,
                      struct buf *pem) {
    uint8_t serial[CERT_SERIAL_SIZE];
    struct span der;
    TRY(cert_new_serial(serial));
    struct cert_template t = {
        .serial = span_of(serial, sizeof serial),
        .issuer = subject,
        .subject = subject,
        .spki = key_spki(key),
        .issuer_spki = key_spki(key),
        .not_before = clock_ms() - HOUR_MS,
        .not_after = clock_ms() + (validity ? validity : CA_DAYS * DAY_MS),
        .key_usage = usage_of(key),
        .ca = true,
    };
    TRY(cert_build(a, &t, key, &der));
    return cert_to_pem(der, pem);
}

enum err ca_request(struct ca_place *p, struct span subject, const struct key *key,
                    const char *file, struct arena *a, struct span *pem) {
    BUF_AUTO(text);
    struct span der;
    TRY(csr_build(a, subject, key, usage_of(key), &der));
    pem_put(&text, PEM_REQUEST, der);
    *pem = arena_copy(a, buf_view(&text));
    return file_write(ca_path(p, file), buf_view(&text), 0644);
}

static enum err subject_of(struct arena *a, const struct ca_place *p, const struct ca_birth *birth,
                           struct span *der) {
    if (birth->subject) {
        enum err e = name_from_x500(a, span_str(birth->subject), der);
        return e == OK ? OK : err_context(ERR_USAGE, "the subject '%s'", birth->subject);
    }
    /* Neither a host name nor a CA's holds a quote: init and ca_name_is_valid check it. */
    const char *who = birth->host ? birth->host : p->settings->name;
    return name_from_x500(a, span_str(arena_printf(a, "CN=\"%s SCEP CA\"", who)), der);
}

static enum err create(struct ca_place *p, const struct ca_birth *birth, struct key **key) {
    BUF_AUTO(pem);
    struct span subject;
    bool changed;
    TRY(subject_of(&p->arena, p, birth, &subject));
    TRY(ca_key_make(p, ca_key_path(p), birth->key_kind, key));
    TRY(ca_self_sign(&p->arena, subject, *key, birth->validity, &pem));
    TRY(file_write(ca_path(p, "ca.pem"), buf_view(&pem), 0644));
    return ca_keep(p, false, &changed);
}

enum err ca_create(const char *folder, const struct ca_settings *settings,
                   const struct ca_birth *birth) {
    CA_PLACE_AUTO(p);
    struct key *key = NULL;
    TRY(ca_place_open(folder, settings, true, &p));
    if (ca_has(&p, "ca.pem"))
        return err_set(ERR_EXISTS, "there is a CA in '%s' already", folder);
    if (ca_has(&p, "ca.csr"))
        return err_set(ERR_EXISTS,
                       "the CA '%s' waits for the certificate of %s/ca.csr (signet ca import)",
                       settings->name, folder);
    enum err e = create(&p, birth, &key);
    key_free(key);
    return e;
}

/* The CA in force keeps its key until the new one has its certificate. */
static enum err make_csr(struct ca_place *p, const struct ca_birth *birth, struct key **key,
                         struct arena *a, struct span *pem) {
    struct ca_chain now = {0};
    struct span subject;
    bool replaces = ca_has(p, "ca.pem");
    if (replaces)
        TRY(ca_chain_load(&p->arena, ca_path(p, "ca.pem"), &now));
    if (replaces && !birth->subject)
        subject = now.certs[0].subject;
    else
        TRY(subject_of(&p->arena, p, birth, &subject));
    const char *path = replaces ? ca_path(p, "next.key") : ca_key_path(p);
    TRY(ca_key_make(p, path, birth->key_kind, key));
    return ca_request(p, subject, *key, "ca.csr", a, pem);
}

enum err ca_make_csr(const char *folder, const struct ca_settings *settings,
                     const struct ca_birth *birth, struct arena *a, struct span *csr_pem) {
    CA_PLACE_AUTO(p);
    struct key *key = NULL;
    TRY(ca_place_open(folder, settings, true, &p));
    TRY(ca_settle(&p));
    if (ca_has(&p, "next.pem") || ca_has(&p, "next.csr"))
        return err_set(ERR_CONFLICT,
                       "a rollover of the CA '%s' is under way: finish it first (signet ca "
                       "rollover %s --finish)",
                       settings->name, settings->name);
    enum err e = make_csr(&p, birth, &key, a, csr_pem);
    key_free(key);
    return e;
}
