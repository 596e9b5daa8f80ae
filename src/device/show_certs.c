/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate stores as `certutil -store` prints them. */
#include "device/show.h"

#include <ctype.h>

#include "device/csp_pfx.h"
#include "device/ossl.h"
#include "device/scep_values.h"

struct shown {
    struct arena *arena;
    const struct cert_entry *entry;
    X509 *x;
    const char *provider; /* of the key; NULL without one */
    bool exportable;      /* the key */
    bool fits;            /* the key is the certificate's */
};

static const char *name_text(struct arena *a, const X509_NAME *name) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(out, name, 0,
                       (XN_FLAG_ONELINE | ASN1_STRFLGS_UTF8_CONVERT) &
                           ~(unsigned long)(ASN1_STRFLGS_ESC_MSB | XN_FLAG_SPC_EQ));
    return arena_str(a, ossl_content(a, out));
}

/* "2026-11-22T14:43:00Z"; OpenSSL writes a space for the T. */
static char *time_text(struct arena *a, const ASN1_TIME *t) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    ASN1_TIME_print_ex(out, t, ASN1_DTFLGS_ISO8601);
    char *text = arena_str(a, ossl_content(a, out));
    char *space = strchr(text, ' ');
    if (space)
        *space = 'T';
    return text;
}

/* "2026-11-22 14:43" */
static const char *minute_text(struct arena *a, const ASN1_TIME *t) {
    char *text = time_text(a, t), *separator = strchr(text, 'T');
    if (separator)
        *separator = ' ';
    return arena_printf(a, "%.16s", text);
}

static char *serial_text(struct arena *a, const X509 *x) {
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;
    char *text = arena_str(a, span_str(hex));
    OPENSSL_free(hex);
    BN_free(n);
    return text;
}

/* certutil writes hex in small letters. */
static const char *lower(char *hex) {
    for (char *p = hex; *p; p++)
        *p = (char)tolower(*p);
    return hex;
}

static bool is_of(const struct reg_key *k, const char *name, const char *thumbprint) {
    const char *own = reg_text(k, name);
    return own && strcasecmp(own, thumbprint) == 0;
}

/* A SCEP enrollment's key, or that of a PFX, may be in the TPM; every other one is in software. */
static bool is_in_tpm(const struct host *h, const struct reg_key *root, const char *thumbprint) {
    for (const struct reg_key *k = root->child; k; k = k->next) {
        struct scep_settings s;
        scep_settings_read(reg_child(k, "Install"), "", &s);
        if ((is_of(k, "CertThumbprint", thumbprint) && scep_values_in_tpm(h, &s)) ||
            (is_of(k, "Thumbprint", thumbprint) && csp_pfx_in_tpm(h, k)) ||
            is_in_tpm(h, k, thumbprint))
            return true;
    }
    return false;
}

/* Of a PFX that was delivered so; the keys that the host made by itself never are. */
static bool is_exportable(const struct reg_key *root, const char *thumbprint) {
    for (const struct reg_key *k = root->child; k; k = k->next)
        if ((is_of(k, "Thumbprint", thumbprint) && is_of(k, "PFXKeyExportable", "true")) ||
            is_exportable(k, thumbprint))
            return true;
    return false;
}

static bool key_fits(const struct cert_entry *e, const X509 *x) {
    OSSL_AUTO(BIO) pem = ossl_reader(e->key);
    OSSL_AUTO(EVP_PKEY) key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    return key && X509_check_private_key(x, key) == 1;
}

static struct shown look_at(const struct host *h, struct arena *a, const struct cert_entry *e,
                            X509 *x) {
    struct shown s = {.arena = a, .entry = e, .x = x};
    if (!e->key.n)
        return s;
    s.provider = scep_values_provider(is_in_tpm(h, &h->registry->root, e->thumbprint));
    s.exportable = is_exportable(&h->registry->root, e->thumbprint);
    s.fits = key_fits(e, x);
    return s;
}

static json_t *cert_json(const struct shown *s) {
    struct arena *a = s->arena;
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "store",
                          certstore_name(s->entry->store), "thumbprint", s->entry->thumbprint,
                          "subject", name_text(a, X509_get_subject_name(s->x)), "issuer",
                          name_text(a, X509_get_issuer_name(s->x)), "serial", serial_text(a, s->x),
                          "not_before", time_text(a, X509_get0_notBefore(s->x)), "not_after",
                          time_text(a, X509_get0_notAfter(s->x)), "key", s->provider != NULL);
    if (s->provider) {
        json_object_set_new(j, "provider", json_string(s->provider));
        json_object_set_new(j, "exportable", json_boolean(s->exportable));
        json_object_set_new(j, "key_fits", json_boolean(s->fits));
    }
    return j;
}

static void print_key(const struct shown *s, FILE *out) {
    const char *test = X509_get_key_usage(s->x) & KU_KEY_ENCIPHERMENT ? "Encryption" : "Signature";
    if (!s->provider)
        return;
    fprintf(out, "  Key Container = %s\n  Provider = %s\nPrivate key is %sexportable\n",
            s->entry->thumbprint, s->provider, s->exportable ? "" : "NOT ");
    fprintf(out, "%s test %s\n", test,
            s->fits ? "passed" : "FAILED: the key is of another certificate");
}

static void print_cert(const struct shown *s, unsigned number, FILE *out) {
    struct arena *a = s->arena;
    bool root = X509_NAME_cmp(X509_get_subject_name(s->x), X509_get_issuer_name(s->x)) == 0;
    fprintf(out, "================ Certificate %u ================\n", number);
    fprintf(out, "Serial Number: %s\nIssuer: %s\n NotBefore: %s\n NotAfter: %s\nSubject: %s\n%s\n",
            lower(serial_text(a, s->x)), name_text(a, X509_get_issuer_name(s->x)),
            minute_text(a, X509_get0_notBefore(s->x)), minute_text(a, X509_get0_notAfter(s->x)),
            name_text(a, X509_get_subject_name(s->x)),
            root ? "Root Certificate: Subject matches Issuer" : "Non-root Certificate");
    fprintf(out, "Cert Hash(sha1): %s\n", lower(arena_str(a, span_str(s->entry->thumbprint))));
    print_key(s, out);
    fputc('\n', out);
}

/* The user's stores are those of `certutil -user`. */
static const char *const headings[STORE__MAX] = {
    [STORE_ROOT] = "Root \"Trusted Root Certification Authorities\"",
    [STORE_CA] = "CA \"Intermediate Certification Authorities\"",
    [STORE_MY] = "My \"Personal\"",
    [STORE_REQUEST] = "Request \"Certificate Enrollment Requests\"",
    [STORE_USER_CA] = "CA \"Intermediate Certification Authorities\" (-user)",
    [STORE_USER_MY] = "My \"Personal\" (-user)",
    [STORE_USER_REQUEST] = "Request \"Certificate Enrollment Requests\" (-user)",
};

static void show_store(const struct host *h, struct arena *a, enum cert_store store, json_t *all,
                       FILE *out) {
    unsigned number = 0;
    for (size_t i = 0; i < h->certs.count; i++) {
        const struct cert_entry *e = &h->certs.entries[i];
        OSSL_AUTO(X509) x = e->store == store ? ossl_x509_read(e->der) : NULL;
        if (!x)
            continue;
        struct shown s = look_at(h, a, e, x);
        if (all)
            json_array_append_new(all, cert_json(&s));
        else if (number == 0)
            fprintf(out, "%s\n", headings[store]);
        if (!all)
            print_cert(&s, number++, out);
    }
}

void show_certs(const struct host *h, enum show_form form, FILE *out) {
    ARENA_AUTO(a);
    json_t *all = form == SHOW_JSON ? json_array() : NULL;
    for (int store = 0; store < STORE__MAX; store++)
        show_store(h, &a, (enum cert_store)store, all, out);
    if (all)
        show_json(all, out);
}
