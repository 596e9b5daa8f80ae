/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates that a CA makes for the server's own use: RAs and the OCSP signer, in the forms
 * of windows-scep.md, 2.2. Each is a pair of files. A new pair is made in this order, so that the
 * machine may stop between any two steps:
 *
 *   old/   gets copies of the pair, if it may still have to open envelopes
 *   key    is replaced
 *   pem    is replaced
 *
 * A key whose certificate is missing, or is of another key, has been written by an interrupted
 * renewal: it gets its certificate, and nothing is lost.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "ca/ca_place.h"
#include "x509/attribute.h"
#include "x509/name.h"

#define EKU_SERVER_AUTH      "1.3.6.1.5.5.7.3.1"
#define EKU_OCSP_SIGNING     "1.3.6.1.5.5.7.3.9"
#define EKU_ENROLLMENT_AGENT "1.3.6.1.4.1.311.20.2.1"

enum {
    RA_DAYS = 1825,
    RA_MARGIN_DAYS = 30,
    OCSP_DAYS = 30,
    OCSP_MARGIN_DAYS = 15,
    MAX_COMMON = 48
};

static const struct role {
    const char *name, *title, *eku;
    unsigned key_usage;
    int days, margin_days;
} roles[CA_ROLES] = {
    [CA_RA] = {"ra", "RA", EKU_SERVER_AUTH, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT, RA_DAYS,
               RA_MARGIN_DAYS},
    [CA_RA_SIGN] = {"ra-sign", "RA signing", EKU_ENROLLMENT_AGENT, KU_DIGITAL_SIGNATURE, RA_DAYS,
                    RA_MARGIN_DAYS},
    [CA_RA_ENC] = {"ra-enc", "RA encryption", EKU_ENROLLMENT_AGENT, KU_KEY_ENCIPHERMENT, RA_DAYS,
                   RA_MARGIN_DAYS},
    [CA_OCSP] = {"ocsp", "OCSP", EKU_OCSP_SIGNING, KU_DIGITAL_SIGNATURE, OCSP_DAYS,
                 OCSP_MARGIN_DAYS},
};

const char *ca_role_name(enum ca_role role) {
    return roles[role].name;
}

/* One pair on disk; `key` is NULL and `cert.der` empty where a file is missing. */
struct pair {
    struct key *key;
    struct cert cert;
};

struct keeper {
    struct ca_place *p;
    struct ca_chain chain;
    struct key *issuer; /* opened when it is needed first: it may be in a token */
    bool changed;
};

static const char *file_of(struct ca_place *p, const struct role *r, const char *ending) {
    return ca_path(p, arena_printf(&p->arena, "%s.%s", r->name, ending));
}

static enum err load_pair(struct ca_place *p, const struct role *r, struct pair *out) {
    struct span der;
    enum err e = ca_key_open(p, file_of(p, r, "key"), &out->key);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    e = cert_load_pem(&p->arena, file_of(p, r, "pem"), &der);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    return cert_parse(der, &out->cert);
}

/* Near its end, unless it ends with its CA anyway. */
static bool is_due(const struct role *r, const struct cert *c, const struct cert *ca) {
    return c->not_after - r->margin_days * DAY_MS <= clock_ms() && c->not_after < ca->not_after;
}

static bool is_pair(const struct pair *pair) {
    return pair->key && pair->cert.der.n && span_eq(key_spki(pair->key), pair->cert.spki);
}

static bool is_fit(const struct role *r, const struct pair *pair, const struct cert *ca) {
    return is_pair(pair) && cert_verify(&pair->cert, ca->spki) == OK &&
           span_eq(pair->cert.issuer, ca->subject) && pair->cert.not_after <= ca->not_after &&
           !is_due(r, &pair->cert, ca);
}

/* Clients may hold the RA's certificate for as long as it says, and encrypt to it. */
static enum err archive(struct ca_place *p, const struct role *r, const struct pair *pair) {
    if (!(r->key_usage & KU_KEY_ENCIPHERMENT) || pair->cert.not_after <= clock_ms())
        return OK;
    const char *serial = hex_text(&p->arena, pair->cert.serial);
    const char *path = ca_path(p, arena_printf(&p->arena, "old/%s-%s", r->name, serial));
    TRY(file_mkdir(ca_path(p, "old"), 0700));
    TRY(key_save(pair->key, buf_view(&p->secret), arena_printf(&p->arena, "%s.key", path)));
    return cert_save_pem(pair->cert.der, arena_printf(&p->arena, "%s.pem", path));
}

/* The first common name of a Name, if it has one that is short enough to carry a title. */
static const char *common_name(struct arena *a, struct span der, const char *otherwise) {
    struct der name, rdn;
    struct attribute at;
    if (name_open(der, &name) != OK)
        return otherwise;
    while (!der_is_empty(&name) && rdn_next(&name, &rdn) == OK)
        while (!der_is_empty(&rdn) && attribute_next(&rdn, &at) == OK) {
            const char *key = attribute_key(at.oid);
            BUF_AUTO(text);
            string_show(&text, at.value.tag, at.value.content);
            if (key && strcmp(key, "CN") == 0 && text.n && text.n <= MAX_COMMON)
                return arena_str(a, buf_view(&text));
        }
    return otherwise;
}

/* "localhost SCEP CA" has the RA "localhost SCEP RA"; whatever is no CA by name gets it appended.
 */
static enum err subject_of(struct ca_place *p, const struct role *r, const struct cert *ca,
                           struct span *der) {
    BUF_AUTO(text);
    struct span name = span_str(common_name(&p->arena, ca->subject, p->settings->name));
    if (name.n > 3 && memcmp(name.p + name.n - 3, " CA", 3) == 0)
        name.n -= 3;
    buf_str(&text, "CN=\"");
    for (size_t i = 0; i < name.n; i++)
        buf_str(&text, name.p[i] == '"' ? "\"\"" : (char[]){(char)name.p[i], 0});
    buf_printf(&text, " %s\"", r->title);
    return name_from_x500(&p->arena, buf_view(&text), der);
}

static enum err open_issuer(struct keeper *k) {
    return k->issuer ? OK : ca_key_find(k->p, k->chain.certs[0].spki, &k->issuer, NULL);
}

static enum err certify(struct keeper *k, const struct role *r, const struct key *key) {
    struct arena *a = &k->p->arena;
    const struct cert *ca = &k->chain.certs[0];
    const char *eku[] = {r->eku};
    uint8_t serial[CERT_SERIAL_SIZE];
    struct span der;
    int64_t now = clock_ms(), end = now + r->days * DAY_MS;
    struct cert_template t = {
        .serial = span_of(serial, sizeof serial),
        .issuer = ca->subject,
        .spki = key_spki(key),
        .issuer_spki = ca->spki,
        .issuer_key_id = cert_key_id(ca),
        .not_before = now - HOUR_MS > ca->not_before ? now - HOUR_MS : ca->not_before,
        .not_after = end < ca->not_after ? end : ca->not_after,
        .key_usage = r->key_usage,
        .ocsp_no_check = r == &roles[CA_OCSP],
    };
    TRY(open_issuer(k));
    TRY(cert_new_serial(serial));
    TRY(subject_of(k->p, r, ca, &t.subject));
    TRY(eku_build(a, eku, 1, &t.eku));
    TRY(cert_build(a, &t, k->issuer, &der));
    TRY(cert_save_pem(der, file_of(k->p, r, "pem")));
    k->changed = true;
    return OK;
}

/* RA keys are RSA: they open envelopes. The OCSP signer's is as cheap as the CA's kind allows. */
static enum err replace_key(struct keeper *k, const struct role *r, struct pair *pair) {
    bool rsa = r != &roles[CA_OCSP];
    if (!rsa) {
        TRY(open_issuer(k));
        rsa = key_is_rsa(k->issuer);
    }
    if (is_pair(pair))
        TRY(archive(k->p, r, pair));
    key_free(pair->key);
    pair->key = NULL;
    TRY(key_generate(rsa ? "rsa2048" : "p256", &pair->key));
    return key_save(pair->key, buf_view(&k->p->secret), file_of(k->p, r, "key"));
}

static enum err keep_role(struct keeper *k, const struct role *r) {
    struct pair pair = {0};
    enum err e = load_pair(k->p, r, &pair);
    if (e == OK && !is_fit(r, &pair, &k->chain.certs[0])) {
        if (!pair.key || is_pair(&pair))
            e = replace_key(k, r, &pair);
        if (e == OK)
            e = certify(k, r, pair.key);
    }
    key_free(pair.key);
    return e == OK ? OK : err_context(e, "%s", file_of(k->p, r, "pem"));
}

static enum err keep(struct ca_place *p, const bool wanted[CA_ROLES], bool *changed) {
    struct keeper k = {.p = p};
    TRY(ca_chain_load(&p->arena, ca_path(p, "ca.pem"), &k.chain));
    enum err e = OK;
    if (k.chain.certs[0].not_after > clock_ms())
        for (int i = 0; e == OK && i < CA_ROLES; i++)
            if (wanted[i])
                e = keep_role(&k, &roles[i]);
    key_free(k.issuer);
    *changed = *changed || k.changed;
    return e;
}

/* A retired CA answers for what it has issued. */
static enum err keep_retired(struct ca_place *p, bool *changed) {
    static const bool ocsp_alone[CA_ROLES] = {[CA_OCSP] = true};
    for (int n = 1; n <= CA_MAX_RETIRED; n++) {
        struct ca_settings settings;
        const char *folder;
        if (!ca_retired(p, n, &folder, &settings))
            continue;
        CA_PLACE_AUTO(retired);
        TRY(ca_place_open(folder, &settings, true, &retired));
        TRY(keep(&retired, ocsp_alone, changed));
    }
    return OK;
}

enum err ca_keep(struct ca_place *p, bool split, bool *changed) {
    *changed = false;
    TRY(ca_settle(p));
    split = split || ca_has(p, "ra-sign.pem"); /* who has it once may want it again */
    const bool wanted[CA_ROLES] = {
        [CA_RA] = true, [CA_RA_SIGN] = split, [CA_RA_ENC] = split, [CA_OCSP] = true};
    TRY(keep(p, wanted, changed));
    return keep_retired(p, changed);
}

enum err ca_keep_ra(const char *folder, const struct ca_settings *settings, bool split,
                    bool *changed) {
    CA_PLACE_AUTO(p);
    *changed = false;
    TRY(ca_place_open(folder, settings, true, &p));
    if (!ca_has(&p, "ca.pem"))
        return ca_missing(&p);
    return ca_keep(&p, split, changed);
}
