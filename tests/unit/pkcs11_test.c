/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on a token, which SoftHSM 2 plays; skipped where it is not installed. */
#include "crypto_fixture.h"

#include <openssl/rsa.h>
#include <pthread.h>

#include "crypto/algorithm.h"
#include "crypto/pkcs11_form.h"
#include "crypto/pkcs11_module.h"
#include "crypto/pkcs11_uri.h"
#include "crypto/public.h"
#include "crypto/rsa.h"
#include "crypto/unpad.h"

#define PIN "secret-1234"

static char *folder;        /* NULL: there is no SoftHSM */
static const char *library; /* its module */
static struct pair rsa, ec;

/* ---- URIs ---- */

static void reads_uris(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct pkcs11_uri uri;
    assert_true(pkcs11_is_uri("pkcs11:token=a"));
    assert_false(pkcs11_is_uri("/etc/pkcs11:"));
    assert_ok(pkcs11_uri_parse(&a,
                               "pkcs11:token=My%20token;object=CA%3bkey;id=%01%00%fF;type=private;"
                               "serial=77;manufacturer=M;model=v2?module-path=/usr/lib/x.so",
                               &uri));
    assert_string_equal(uri.token, "My token");
    assert_string_equal(uri.object, "CA;key");
    assert_true(span_eq(uri.id, span_of("\x01\x00\xff", 3)));
    assert_string_equal(uri.serial, "77");
    assert_string_equal(uri.manufacturer, "M");
    assert_string_equal(uri.model, "v2");
    assert_string_equal(uri.module_path, "/usr/lib/x.so");
    assert_ok(pkcs11_uri_parse(&a, "pkcs11:object=x", &uri));
    assert_null(uri.token);
    assert_null(uri.module_path);
    assert_int_equal(uri.id.n, 0);
}

static void refuses_uris(void **state) {
    (void)state;
    static const char *const bad[] = {
        "pkcs11:",
        "pkcs11:token=x",
        "pkcs11:object=",
        "pkcs11:object=a;object=b",
        "pkcs11:object=;object=b",
        "pkcs11:object",
        "pkcs11:object=a%2",
        "pkcs11:object=a%g0",
        "pkcs11:object=a%00b",
        "pkcs11:object=a;type=public",
        "pkcs11:object=a;color=red",
        "pkcs11:object=a;;token=b",
        "pkcs11:object=a?module-name=x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ARENA_AUTO(a);
        struct pkcs11_uri uri;
        assert_int_equal(pkcs11_uri_parse(&a, bad[i], &uri), ERR_PARSE);
    }
    ARENA_AUTO(a);
    struct pkcs11_uri uri;
    assert_int_equal(pkcs11_uri_parse(&a, "pkcs11:object=a?pin-value=4711", &uri), ERR_PARSE);
    assert_null(strstr(err_detail(), "4711"));
}

/* ---- forms ---- */

static void forms(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct spki spki;
    /* numbers with a first bit that is set, and with zeros that are too many */
    assert_ok(spki_parse(key_spki(rsa.ours), &spki));
    assert_true(span_eq(pkcs11_rsa_spki(&a, spki.n, spki.e), key_spki(rsa.ours)));
    uint8_t padded[8] = {0, 0, 0, 0, 0, 1, 0, 1};
    assert_true(span_eq(pkcs11_rsa_spki(&a, spki.n, span_of(padded, 8)), key_spki(rsa.ours)));
    /* a point as it is, and as an OCTET STRING */
    struct der_writer params = der_writer_in(&a), point = der_writer_in(&a);
    assert_ok(spki_parse(key_spki(ec.ours), &spki));
    der_put_oid(&params, OID_P256);
    der_put_item(&point, DER_OCTET_STRING, spki.bits);
    struct span p = der_written(&params);
    assert_true(span_eq(pkcs11_ec_spki(&a, p, spki.bits), key_spki(ec.ours)));
    assert_true(span_eq(pkcs11_ec_spki(&a, p, der_written(&point)), key_spki(ec.ours)));
    /* r with a first bit that is set, s with zeros in front */
    uint8_t raw[8] = {0x80, 1, 2, 3, 0, 0, 0x7f, 9};
    assert_true(span_eq(pkcs11_ecdsa_value(&a, span_of(raw, 8)),
                        span_of("\x30\x0b\x02\x05\x00\x80\x01\x02\x03\x02\x02\x7f\x09", 13)));
}

/* ---- the token ---- */

static bool run(const char *command) {
    BUF_AUTO(out);
    bool good = scratch_run(folder, command, &out);
    if (!good)
        print_message("%s: %s\n", command, buf_cstr(&out));
    return good;
}

static void put_key(const struct pair *pair, const char *label, const char *id) {
    ARENA_AUTO(a);
    assert_ok(key_save(pair->ours, SPAN_NONE, arena_printf(&a, "%s/%s.pem", folder, label)));
    assert_true(run(arena_printf(&a,
                                 "softhsm2-util --import %s.pem --token signet --label %s --id %s "
                                 "--pin " PIN,
                                 label, label, id)));
}

static int make_token(void **state) {
    (void)state;
    static const char *const libraries[] = {"/usr/lib/softhsm/libsofthsm2.so",
                                            "/usr/local/lib/softhsm/libsofthsm2.so"};
    rsa = pair_new(2048);
    ec = pair_new(0);
    for (int i = 0; i < 2 && !library; i++)
        library = access(libraries[i], R_OK) == 0 ? libraries[i] : NULL;
    if (!library || system("command -v softhsm2-util >/dev/null") != 0) {
        print_message("skipped: SoftHSM 2 is not installed\n");
        return 0;
    }
    ARENA_AUTO(a);
    folder = scratch_new();
    char *conf = arena_printf(&a, "%s/softhsm2.conf", folder);
    char *text = arena_printf(&a, "directories.tokendir = %s\nlog.level = ERROR\n", folder);
    assert_ok(file_write(conf, span_str(text), 0600));
    setenv("SOFTHSM2_CONF", conf, 1);
    assert_true(run("softhsm2-util --init-token --free --label signet --so-pin 9876 --pin " PIN));
    assert_true(run("softhsm2-util --init-token --free --label other --so-pin 9876 --pin 0000"));
    put_key(&rsa, "rsa", "01");
    put_key(&ec, "ec", "02");
    return 0;
}

static int remove_token(void **state) {
    (void)state;
    pair_free(&rsa);
    pair_free(&ec);
    if (folder)
        scratch_free(folder);
    return 0;
}

static enum err open_on(const char *token, const char *rest, const char *pin, struct key **out) {
    ARENA_AUTO(a);
    if (!folder)
        skip();
    return key_open(arena_printf(&a, "pkcs11:token=%s;%s?module-path=%s", token, rest, library),
                    span_str(pin), out);
}

static bool signature_holds(const struct pair *pair, enum digest d, struct span data,
                            struct span signature) {
    const EVP_MD *const mds[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = EVP_DigestVerifyInit(ctx, NULL, mds[d], NULL, pair->theirs) > 0 &&
                EVP_DigestVerify(ctx, signature.p, signature.n, data.p, data.n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

static void signs(void **state) {
    (void)state;
    const struct pair *const pairs[] = {&rsa, &ec};
    const char *const names[] = {"object=rsa", "id=%02"};
    for (int i = 0; i < 2; i++) {
        struct key *k = NULL;
        assert_ok(open_on("signet", names[i], PIN, &k));
        assert_true(span_eq(key_spki(k), key_spki(pairs[i]->ours)));
        assert_int_equal(key_is_rsa(k), i == 0);
        assert_int_equal(key_bits(k), i == 0 ? 2048 : 256);
        for (int d = DIGEST_SHA1; d <= DIGEST_SHA512; d++) {
            ARENA_AUTO(a);
            struct span signature, data = span_str("to be signed");
            assert_ok(key_sign(k, (enum digest)d, data, &a, &signature));
            assert_true(signature_holds(pairs[i], (enum digest)d, data, signature));
            assert_false(signature_holds(pairs[i], (enum digest)d, span_str("x"), signature));
        }
        assert_int_equal(key_save(k, SPAN_NONE, "/tmp/never"), ERR_CONFLICT);
        key_free(k);
    }
}

static void decrypts(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct key *k = NULL;
    struct public_key *public = NULL;
    struct span sealed, em, secret = span_str("0123456789abcdef");
    uint8_t got[16];
    assert_ok(open_on("signet", "object=rsa", PIN, &k));
    assert_ok(key_check_decrypt(k));
    assert_ok(public_load(&a, key_spki(k), &public));
    assert_ok(public_encrypt(public, false, secret, &a, &sealed));
    assert_ok(key_decrypt_raw(k, sealed, &a, &em));
    assert_int_equal(unpad_pkcs1(em, got, sizeof got), 1);
    assert_memory_equal(got, secret.p, sizeof got);
    /* the token gives what is there and does not judge it */
    uint8_t *tampered = exact_copy(sealed, sealed.n);
    tampered[100] ^= 1;
    assert_ok(key_decrypt_raw(k, span_of(tampered, sealed.n), &a, &em));
    assert_int_equal(em.n, 256);
    assert_int_equal(unpad_pkcs1(em, got, sizeof got), 0);
    memset(tampered, 0xff, sealed.n); /* not below the modulus */
    assert_int_equal(key_decrypt_raw(k, span_of(tampered, sealed.n), &a, &em), ERR_CRYPTO);
    assert_int_equal(key_decrypt_raw(k, span_of(tampered, 255), &a, &em), ERR_CRYPTO);
    assert_ok(key_decrypt_raw(k, sealed, &a, &em)); /* after a failure too */
    free(tampered);
    key_free(k);
    assert_ok(open_on("signet", "object=ec", PIN, &k));
    assert_int_equal(key_check_decrypt(k), ERR_ALGORITHM);
    key_free(k);
}

static void refusals(void **state) {
    (void)state;
    struct key *k = NULL;
    assert_int_equal(open_on("none", "object=rsa", PIN, &k), ERR_NOT_FOUND);
    assert_int_equal(open_on("signet", "object=none", PIN, &k), ERR_NOT_FOUND);
    assert_int_equal(open_on("signet", "object=rsa;id=%02", PIN, &k), ERR_NOT_FOUND);
    assert_int_equal(open_on("signet", "object=rsa;serial=1", PIN, &k), ERR_NOT_FOUND);
    assert_int_equal(open_on("signet", "object=rsa", "", &k), ERR_AUTH);
    assert_int_equal(key_open("pkcs11:object=a?module-path=/nonexistent.so", SPAN_NONE, &k),
                     ERR_IO);
    assert_int_equal(key_open("pkcs11:object=a?module-path=libz.so.1", SPAN_NONE, &k), ERR_IO);
}

static CK_FUNCTION_LIST *cryptoki(void) {
    struct pkcs11_module *m = NULL;
    assert_ok(pkcs11_module_load(library, &m));
    return m->f;
}

static CK_SLOT_ID slot_of(const char *label) {
    CK_SLOT_ID slots[16];
    CK_ULONG n = 16;
    assert_int_equal(cryptoki()->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        assert_int_equal(cryptoki()->C_GetTokenInfo(slots[i], &info), CKR_OK);
        if (memcmp(info.label, label, strlen(label)) == 0)
            return slots[i];
    }
    fail();
    return 0;
}

/* A token locks after a few wrong PINs: each is shown to it once, whoever asks and how often. */
static void wrong_pin(void **state) {
    (void)state;
    struct key *k = NULL, *other = NULL;
    CK_SESSION_HANDLE session;
    assert_int_equal(open_on("signet", "object=rsa", "4711-wrong", &k), ERR_AUTH);
    assert_null(strstr(err_detail(), "4711"));
    assert_non_null(strstr(err_detail(), "CKR_PIN_INCORRECT"));
    assert_int_equal(open_on("signet", "object=rsa", "4711-wrong", &k), ERR_AUTH);
    assert_non_null(strstr(err_detail(), "not tried again"));
    assert_ok(open_on("signet", "object=rsa", PIN, &k));
    assert_int_equal(open_on("signet", "object=ec", "4711-wrong", &other), ERR_AUTH);
    assert_ok(open_on("signet", "object=ec", PIN, &other));
    key_free(other);
    /* the PIN is changed behind our back: one attempt with the old one, then none */
    CK_SLOT_ID slot = slot_of("signet");
    CK_UTF8CHAR old[] = PIN, new[] = "other-5678";
    CK_FUNCTION_LIST *f = cryptoki();
    assert_int_equal(
        f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session), CKR_OK);
    assert_int_equal(f->C_SetPIN(session, old, sizeof old - 1, new, sizeof new - 1), CKR_OK);
    assert_int_equal(f->C_CloseAllSessions(slot), CKR_OK);
    ARENA_AUTO(a);
    struct span signature;
    assert_int_equal(key_sign(k, DIGEST_SHA256, span_str("x"), &a, &signature), ERR_AUTH);
    assert_non_null(strstr(err_detail(), "CKR_PIN_INCORRECT"));
    assert_int_equal(key_sign(k, DIGEST_SHA256, span_str("x"), &a, &signature), ERR_AUTH);
    assert_null(strstr(err_detail(), "CKR_PIN_INCORRECT"));
    /* whoever brings the new one helps all */
    assert_int_equal(open_on("signet", "object=ec", PIN, &other), ERR_AUTH);
    assert_ok(open_on("signet", "object=ec", "other-5678", &other));
    assert_ok(key_sign(k, DIGEST_SHA256, span_str("x"), &a, &signature));
    key_free(other);
    assert_int_equal(
        f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session), CKR_OK);
    assert_int_equal(f->C_SetPIN(session, new, sizeof new - 1, old, sizeof old - 1), CKR_OK);
    key_free(k);
}

/* ---- many threads, and a token that forgets ---- */

enum { THREADS = 4, SIGNS = 50 };

struct worker {
    const struct key *key;
    const struct pair *pair;
    int failures;
};

static void *sign_many(void *arg) {
    struct worker *w = arg;
    for (int i = 0; i < SIGNS; i++) {
        ARENA_AUTO(a);
        struct span signature, data = span_str(arena_printf(&a, "message %d", i));
        bool good = key_sign(w->key, DIGEST_SHA256, data, &a, &signature) == OK;
        if (!good)
            print_message("%s\n", err_detail());
        w->failures += !good || !signature_holds(w->pair, DIGEST_SHA256, data, signature);
    }
    return NULL;
}

/* Half of the threads sign with one key, half with the other: how many signatures failed. */
static int failures_of_many(struct key *const keys[2]) {
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    int failures = 0;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){keys[i % 2], i % 2 ? &ec : &rsa, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        failures += workers[i].failures;
    }
    return failures;
}

/* The second time all of them find their sessions closed. (SoftHSM 2.6 itself crashes when sessions
 * are closed under a running operation, so that is not tried; signet never does it.) */
static void many_threads(void **state) {
    (void)state;
    struct key *keys[2] = {NULL};
    assert_ok(open_on("signet", "object=rsa", PIN, &keys[0]));
    assert_ok(open_on("signet", "object=ec", PIN, &keys[1]));
    assert_int_equal(failures_of_many(keys), 0);
    assert_int_equal(cryptoki()->C_CloseAllSessions(slot_of("signet")), CKR_OK);
    assert_int_equal(failures_of_many(keys), 0);
    key_free(keys[0]);
    key_free(keys[1]);
}

static void heals(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct key *k = NULL, *second = NULL;
    struct span signature, data = span_str("x");
    assert_ok(open_on("signet", "object=rsa", PIN, &k));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(cryptoki()->C_CloseAllSessions(slot_of("signet")), CKR_OK);
        assert_ok(key_sign(k, DIGEST_SHA256, data, &a, &signature));
        assert_true(signature_holds(&rsa, DIGEST_SHA256, data, signature));
    }
    /* opening another key heals too */
    assert_int_equal(cryptoki()->C_CloseAllSessions(slot_of("signet")), CKR_OK);
    assert_ok(open_on("signet", "object=ec", PIN, &second));
    assert_ok(key_sign(second, DIGEST_SHA256, data, &a, &signature));
    assert_ok(key_sign(k, DIGEST_SHA256, data, &a, &signature));
    key_free(k);
    key_free(second);
    /* the last one out logs out: the PIN is wanted again */
    assert_int_equal(open_on("signet", "object=rsa", "", &k), ERR_AUTH);
}

/* ---- the public half ---- */

/* A session that may write; the open key's login is this one's too. */
static CK_SESSION_HANDLE session_to_write(void) {
    CK_SESSION_HANDLE session = 0;
    assert_int_equal(cryptoki()->C_OpenSession(slot_of("signet"),
                                               CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                               &session),
                     CKR_OK);
    return session;
}

static void destroy_public(CK_SESSION_HANDLE session, CK_BYTE id) {
    CK_FUNCTION_LIST *f = cryptoki();
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG n = 0;
    CK_ATTRIBUTE find[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, &id, sizeof id}};
    assert_int_equal(f->C_FindObjectsInit(session, find, 2), CKR_OK);
    assert_int_equal(f->C_FindObjects(session, &object, 1, &n), CKR_OK);
    assert_int_equal(f->C_FindObjectsFinal(session), CKR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(f->C_DestroyObject(session, object), CKR_OK);
}

static void create(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG n) {
    CK_OBJECT_HANDLE object;
    assert_int_equal(cryptoki()->C_CreateObject(session, attributes, n, &object), CKR_OK);
}

/* The public half of another key under the same id: what it would sign, nobody could verify. */
static void wrong_public_half(void **state) {
    (void)state;
    if (!folder)
        skip();
    struct pair other = pair_new(2048);
    put_key(&other, "mixed", "07");
    struct key *k = NULL, *again = NULL;
    struct spki spki;
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_KEY_TYPE type = CKK_RSA;
    CK_BBOOL yes = CK_TRUE;
    CK_BYTE id[] = {7}, modulus[256], exponent[] = {1, 0, 1};
    assert_ok(open_on("signet", "object=mixed", PIN, &k));
    assert_ok(spki_parse(key_spki(rsa.ours), &spki));
    memcpy(modulus, spki.n.p, sizeof modulus);
    CK_SESSION_HANDLE session = session_to_write();
    destroy_public(session, 7);
    assert_ok(open_on("signet", "object=mixed", PIN, &again)); /* RSA's private half tells it */
    assert_true(span_eq(key_spki(again), key_spki(other.ours)));
    key_free(again);
    CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class},      {CKA_ID, id, sizeof id},
        {CKA_KEY_TYPE, &type, sizeof type},     {CKA_TOKEN, &yes, sizeof yes},
        {CKA_MODULUS, modulus, sizeof modulus}, {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent}};
    create(session, attributes, 6);
    assert_int_equal(open_on("signet", "object=mixed", PIN, &again), ERR_REFUSED);
    key_free(k);
    pair_free(&other);
}

/* An EC private key does not tell its point: without a public key there must be a certificate. */
static void certificate_instead(void **state) {
    (void)state;
    if (!folder)
        skip();
    ARENA_AUTO(a);
    struct pair other = pair_new(0);
    put_key(&other, "bare", "08");
    struct key *k = NULL, *again = NULL;
    struct cert c;
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    CK_BYTE id[] = {8};
    assert_ok(open_on("signet", "object=bare", PIN, &k));
    CK_SESSION_HANDLE session = session_to_write();
    destroy_public(session, 8);
    assert_int_equal(open_on("signet", "object=bare", PIN, &again), ERR_NOT_FOUND);
    struct span der = cert_new(&a, "CN=x", other.ours, "CN=x", other.ours, true);
    assert_ok(cert_parse(der, &c));
    CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_ID, id, sizeof id},
        {CKA_CERTIFICATE_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_SUBJECT, arena_str(&a, c.subject), c.subject.n},
        {CKA_VALUE, arena_str(&a, der), der.n},
    };
    create(session, attributes, 6);
    assert_ok(open_on("signet", "object=bare", PIN, &again));
    assert_true(span_eq(key_spki(again), key_spki(other.ours)));
    key_free(again);
    key_free(k);
    pair_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_uris),
        cmocka_unit_test(refuses_uris),
        cmocka_unit_test(forms),
        cmocka_unit_test(signs),
        cmocka_unit_test(decrypts),
        cmocka_unit_test(refusals),
        cmocka_unit_test(wrong_pin),
        cmocka_unit_test(many_threads),
        cmocka_unit_test(heals),
        cmocka_unit_test(wrong_public_half),
        cmocka_unit_test(certificate_instead),
    };
    return cmocka_run_group_tests_name("pkcs11", tests, make_token, remove_token);
}
