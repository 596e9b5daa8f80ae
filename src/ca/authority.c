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

enum { DEVICE_CA_DAYS = 3650, TLS_DAYS = 730 };

static char *path_of(struct arena *a, const char *folder, const char *file) {
    return arena_printf(a, "%s/%s", folder, file);
}

static enum err common_name(struct arena *a, const char *host, const char *role, struct span *der) {
    BUF_AUTO(text);
    buf_printf(&text, "CN=\"%s%s\"", host, role); /* a host name holds no quote: init checks it */
    return name_from_x500(a, buf_view(&text), der);
}

static enum err sign_and_save(struct arena *a, struct cert_template *t, const struct key *issuer,
                              const char *path) {
    uint8_t serial[CERT_SERIAL_SIZE];
    struct span der;
    TRY(cert_new_serial(serial));
    t->serial = span_of(serial, sizeof serial);
    t->not_before = clock_ms() - HOUR_MS;
    TRY(cert_build(a, t, issuer, &der));
    return cert_save_pem(der, path);
}

static enum err build_device_ca(struct arena *a, const char *folder, const char *host,
                                struct key *key) {
    TRY(key_save(key, SPAN_NONE, path_of(a, folder, "device-ca.key")));
    struct cert_template t = {
        .spki = key_spki(key),
        .issuer_spki = key_spki(key),
        .not_after = clock_ms() + DEVICE_CA_DAYS * DAY_MS,
        .key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN,
        .ca = true,
    };
    TRY(common_name(a, host, " device CA", &t.subject));
    t.issuer = t.subject;
    return sign_and_save(a, &t, key, path_of(a, folder, "device-ca.pem"));
}

static enum err create_challenge_key(struct arena *a, const char *folder) {
    uint8_t key[32];
    TRY(random_bytes(key, sizeof key));
    enum err e = file_write(path_of(a, folder, "challenge.key"), span_of(key, sizeof key), 0600);
    explicit_bzero(key, sizeof key);
    return e;
}

enum err authority_create(const char *folder, const char *host) {
    ARENA_AUTO(a);
    struct key *device;
    if (access(path_of(&a, folder, "challenge.key"), F_OK) == 0) /* made last */
        return err_set(ERR_EXISTS, "there are authorities in '%s' already", folder);
    TRY(key_generate("rsa2048", &device));
    enum err e = build_device_ca(&a, folder, host, device);
    key_free(device);
    return e == OK ? create_challenge_key(&a, folder) : e;
}

static enum err build_tls(struct arena *a, const char *folder, const char *host, struct key *key) {
    const char *eku[] = {EKU_SERVER_AUTH};
    TRY(key_save(key, SPAN_NONE, path_of(a, folder, "tls.key")));
    struct cert_template t = {
        .spki = key_spki(key),
        .not_after = clock_ms() + TLS_DAYS * DAY_MS,
        .key_usage = KU_DIGITAL_SIGNATURE,
    };
    TRY(common_name(a, host, "", &t.subject));
    t.issuer = t.subject;
    TRY(eku_build(a, eku, 1, &t.eku));
    TRY(san_build_host(a, host, &t.san));
    return sign_and_save(a, &t, key, path_of(a, folder, "tls.pem"));
}

enum err authority_create_tls(const char *folder, const char *host) {
    ARENA_AUTO(a);
    struct key *key;
    TRY(key_generate("p256", &key));
    enum err e = build_tls(&a, folder, host, key);
    key_free(key);
    return e;
}

/* A key beside another one's certificate would sign what nobody can verify. */
static enum err load_device_ca(struct authority *auth, const char *folder) {
    struct arena *a = &auth->arena;
    struct cert cert;
    TRY(file_check_closed(path_of(a, folder, "device-ca.key")));
    TRY(key_open(path_of(a, folder, "device-ca.key"), SPAN_NONE, &auth->device_key));
    TRY(cert_load_pem(a, path_of(a, folder, "device-ca.pem"), &auth->device_ca_cert));
    TRY(cert_parse(auth->device_ca_cert, &cert));
    if (!span_eq(key_spki(auth->device_key), cert.spki))
        return err_set(ERR_CONFIG, "%s/device-ca.key is not the key of device-ca.pem", folder);
    auth->device_ca_subject = cert.subject;
    return OK;
}

static enum err load_challenge_key(struct authority *auth, const char *folder) {
    BUF_AUTO(key);
    const char *path = path_of(&auth->arena, folder, "challenge.key");
    TRY(file_check_closed(path));
    TRY(file_read(path, 64, &key));
    if (key.n != sizeof auth->challenge_key)
        return err_set(ERR_CONFIG, "%s/challenge.key has %zu bytes instead of %zu", folder, key.n,
                       sizeof auth->challenge_key);
    memcpy(auth->challenge_key, key.p, key.n);
    return OK;
}

enum err authority_load(const char *folder, struct authority **out) {
    struct authority *auth = mem_alloc(sizeof *auth);
    enum err e = load_device_ca(auth, folder);
    if (e == OK)
        e = load_challenge_key(auth, folder);
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
    key_free(auth->device_key);
    arena_free(&auth->arena);
    explicit_bzero(auth, sizeof *auth);
    free(auth);
}

enum err challenge_mint_ndes(unsigned digits, char out[NDES_CHALLENGE_SIZE]) {
    uint8_t random[(NDES_CHALLENGE_SIZE - 1) / 2];
    if (digits != 16 && digits != 32)
        return err_set(ERR_CONFIG, "a challenge of %u digits; NDES has 16, or 32", digits);
    TRY(random_bytes(random, digits / 2));
    hex_upper(span_of(random, digits / 2), out);
    explicit_bzero(random, sizeof random);
    return OK;
}
