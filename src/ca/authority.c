/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authority.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "x509/cert.h"
#include "x509/name.h"

#define EKU_SERVER_AUTH "1.3.6.1.5.5.7.3.1"

static const int64_t DAY = 86400000;
static const int64_t HOUR = 3600000;

enum { CA_DAYS = 3650, RA_DAYS = 1825, TLS_DAYS = 730, RSA_BITS = 2048 };

static char *path_of(struct arena *a, const char *folder, const char *file) {
    return arena_printf(a, "%s/%s", folder, file);
}

static enum err common_name(struct arena *a, const char *host, const char *role, struct span *der) {
    BUF_AUTO(text);
    buf_printf(&text, "CN=\"%s%s\"", host, role); /* a host name holds no quote: init checks it */
    return name_from_x500(a, buf_view(&text), der);
}

static enum err sign_and_save(struct arena *a, struct cert_template *t, const struct key *issuer,
                              const char *path, struct span *der) {
    uint8_t serial[CERT_SERIAL_SIZE];
    TRY(cert_new_serial(serial));
    t->serial = span_of(serial, sizeof serial);
    t->not_before = clock_ms() - HOUR;
    TRY(cert_build(a, t, issuer, der));
    return cert_save_pem(*der, path);
}

/* A self-signed CA: key and certificate in `name`.key and `name`.pem. */
static enum err create_ca(struct arena *a, const char *folder, const char *name, const char *host,
                          const char *role, struct key **key, struct span *subject) {
    TRY(key_new_rsa(RSA_BITS, key));
    TRY(key_save(*key, arena_printf(a, "%s/%s.key", folder, name)));
    TRY(common_name(a, host, role, subject));
    struct cert_template t = {
        .issuer = *subject,
        .subject = *subject,
        .spki = key_spki(*key),
        .issuer_spki = key_spki(*key),
        .not_after = clock_ms() + CA_DAYS * DAY,
        .key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN,
        .ca = true,
    };
    struct span der;
    return sign_and_save(a, &t, *key, arena_printf(a, "%s/%s.pem", folder, name), &der);
}

static enum err create_ra(struct arena *a, const char *folder, const char *host,
                          const struct key *ca_key, struct span ca_subject, struct key **key) {
    const char *eku[] = {EKU_SERVER_AUTH};
    TRY(key_new_rsa(RSA_BITS, key));
    TRY(key_save(*key, path_of(a, folder, "ra.key")));
    struct cert_template t = {
        .issuer = ca_subject,
        .spki = key_spki(*key),
        .issuer_spki = key_spki(ca_key),
        .not_after = clock_ms() + RA_DAYS * DAY,
        .key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
    };
    TRY(common_name(a, host, " SCEP RA", &t.subject));
    TRY(eku_build(a, eku, 1, &t.eku));
    struct span der;
    return sign_and_save(a, &t, ca_key, path_of(a, folder, "ra.pem"), &der);
}

enum err authority_create(const char *folder, const char *host) {
    ARENA_AUTO(a);
    struct key *ca = NULL, *ra = NULL, *device = NULL;
    struct span ca_subject, device_subject;
    uint8_t challenge_key[32];
    if (access(path_of(&a, folder, "challenge.key"), F_OK) == 0) /* made last */
        return err_set(ERR_EXISTS, "there are authorities in '%s' already", folder);
    enum err e = create_ca(&a, folder, "ca", host, " SCEP CA", &ca, &ca_subject);
    if (e == OK)
        e = create_ra(&a, folder, host, ca, ca_subject, &ra);
    if (e == OK)
        e = create_ca(&a, folder, "device-ca", host, " device CA", &device, &device_subject);
    if (e == OK)
        e = random_bytes(challenge_key, sizeof challenge_key);
    if (e == OK)
        e = file_write(path_of(&a, folder, "challenge.key"),
                       span_of(challenge_key, sizeof challenge_key), 0600);
    explicit_bzero(challenge_key, sizeof challenge_key);
    key_free(ca);
    key_free(ra);
    key_free(device);
    return e;
}

static enum err build_tls(struct arena *a, const char *folder, const char *host, struct key *key) {
    const char *eku[] = {EKU_SERVER_AUTH};
    TRY(key_save(key, path_of(a, folder, "tls.key")));
    struct cert_template t = {
        .spki = key_spki(key),
        .not_after = clock_ms() + TLS_DAYS * DAY,
        .key_usage = KU_DIGITAL_SIGNATURE,
    };
    TRY(common_name(a, host, "", &t.subject));
    t.issuer = t.subject;
    TRY(eku_build(a, eku, 1, &t.eku));
    TRY(san_build_host(a, host, &t.san));
    struct span der;
    return sign_and_save(a, &t, key, path_of(a, folder, "tls.pem"), &der);
}

enum err authority_create_tls(const char *folder, const char *host) {
    ARENA_AUTO(a);
    struct key *key;
    TRY(key_new_ec(&key));
    enum err e = build_tls(&a, folder, host, key);
    key_free(key);
    return e;
}

static enum err load_cert(struct authority *auth, const char *folder, const char *file,
                          struct span *der, struct cert *cert) {
    TRY(cert_load_pem(&auth->arena, path_of(&auth->arena, folder, file), der));
    enum err e = cert_parse(*der, cert);
    return e == OK ? OK : err_context(e, "%s/%s", folder, file);
}

/* A key beside another one's certificate would sign what nobody can verify. */
static enum err load_pair(struct authority *auth, const char *folder, const char *name,
                          struct key **key, struct span *der, struct cert *cert) {
    struct arena *a = &auth->arena;
    TRY(key_load(arena_printf(a, "%s/%s.key", folder, name), key));
    TRY(load_cert(auth, folder, arena_printf(a, "%s.pem", name), der, cert));
    if (!span_eq(key_spki(*key), cert->spki))
        return err_set(ERR_CONFIG, "%s/%s.key is not the key of %s.pem", folder, name, name);
    return OK;
}

static enum err load_challenge_key(struct authority *auth, const char *folder) {
    BUF_AUTO(key);
    TRY(file_read(path_of(&auth->arena, folder, "challenge.key"), 64, &key));
    if (key.n != sizeof auth->challenge_key)
        return err_set(ERR_CONFIG, "%s/challenge.key has %zu bytes instead of %zu", folder, key.n,
                       sizeof auth->challenge_key);
    memcpy(auth->challenge_key, key.p, key.n);
    return OK;
}

static enum err load(struct authority *auth, const char *folder) {
    struct cert ca, ra, device_ca;
    uint8_t sha1[DIGEST_MAX_SIZE];
    TRY(load_pair(auth, folder, "ca", &auth->ca_key, &auth->ca_cert, &ca));
    TRY(load_pair(auth, folder, "ra", &auth->ra_key, &auth->ra_cert, &ra));
    TRY(load_pair(auth, folder, "device-ca", &auth->device_key, &auth->device_ca_cert, &device_ca));
    if (cert_verify(&ra, ca.spki) != OK)
        return err_set(ERR_CONFIG, "%s/ra.pem is not issued by ca.pem: Windows would refuse it",
                       folder);
    auth->ca_subject = ca.subject;
    auth->device_ca_subject = device_ca.subject;
    TRY(digest_of(DIGEST_SHA1, auth->ca_cert, sha1));
    hex_upper(span_of(sha1, 20), auth->ca_sha1);
    return load_challenge_key(auth, folder);
}

enum err authority_load(const char *folder, struct authority **out) {
    struct authority *auth = mem_alloc(sizeof *auth);
    enum err e = load(auth, folder);
    if (e != OK) {
        authority_free(auth);
        return e;
    }
    *out = auth;
    return OK;
}

void authority_free(struct authority *auth) {
    if (!auth)
        return;
    key_free(auth->ca_key);
    key_free(auth->ra_key);
    key_free(auth->device_key);
    arena_free(&auth->arena);
    explicit_bzero(auth, sizeof *auth);
    free(auth);
}
