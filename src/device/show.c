/* SPDX-License-Identifier: Apache-2.0 */
#include "device/show.h"

#include "device/ossl.h"

#include "base/clock.h"

static void print_json(json_t *j, FILE *out) {
    json_dumpf(j, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(j);
}

/* A SCEP challenge, what the host logs in by (MD5), or what a PFX is to be opened with. */
static bool is_secret(const struct reg_key *k, const struct reg_value *v) {
    return v->text && *v->text &&
           (strcasecmp(k->name ? k->name : "", "Challenge") == 0 ||
            strcasecmp(v->name, "AAuthSecret") == 0 || strcasecmp(v->name, "PFXCertPassword") == 0);
}

static json_t *value_json(const struct reg_key *k, const struct reg_value *v) {
    if (!v->text)
        return json_integer(v->number);
    return json_string(is_secret(k, v) ? "(hidden)" : v->text);
}

static void add_key(json_t *all, const struct reg_key *k, const char *path) {
    json_t *values = json_object();
    for (const struct reg_value *v = k->values; v; v = v->next)
        json_object_set_new(values, v->name, value_json(k, v));
    if (*path)
        json_object_set_new(all, path, values);
    else
        json_decref(values);
    for (const struct reg_key *c = k->child; c; c = c->next) {
        BUF_AUTO(below);
        buf_printf(&below, "%s%s%s", path, *path ? "\\" : "", c->name);
        add_key(all, c, buf_cstr(&below));
    }
}

static void hide_secrets(struct registry *r, struct reg_key *k) {
    for (const struct reg_value *v = k->values; v; v = v->next)
        if (is_secret(k, v))
            reg_set_text(r, k, v->name, span_str("(hidden)"));
    for (struct reg_key *c = k->child; c; c = c->next)
        hide_secrets(r, c);
}

void show_registry(const struct host *h, bool json, FILE *out) {
    if (json) {
        json_t *all = json_object();
        add_key(all, &h->registry->root, "");
        print_json(all, out);
        return;
    }
    BUF_AUTO(text);
    struct registry copy = {0};
    registry_copy(&copy, h->registry);
    hide_secrets(&copy, &copy.root);
    registry_print(&copy.root, "", &text);
    fputs(buf_cstr(&text), out);
    registry_free(&copy);
}

static json_t *event_json(const struct event *e, const char *at) {
    return json_pack("{s:s, s:i, s:s, s:s, s:s}", "time", at, "id", e->id, "source",
                     event_source(e->id), "level", e->error ? "Error" : "Information", "text",
                     e->text);
}

void show_events(const struct host *h, bool json, FILE *out) {
    json_t *all = json_array();
    for (size_t i = 0; i < h->events.count; i++) {
        const struct event *e = &h->events.events[i];
        char at[CLOCK_ISO_SIZE];
        clock_iso(e->at_ms, at);
        if (json)
            json_array_append_new(all, event_json(e, at));
        else
            fprintf(out, "%s  %-11s  %3d  %s\n    %s\n", at, e->error ? "Error" : "Information",
                    e->id, event_source(e->id), e->text);
    }
    if (json)
        print_json(all, out);
    else
        json_decref(all);
}

static const char *name_text(struct arena *a, const X509_NAME *name) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(out, name, 0,
                       (XN_FLAG_ONELINE | ASN1_STRFLGS_UTF8_CONVERT) &
                           ~(unsigned long)(ASN1_STRFLGS_ESC_MSB | XN_FLAG_SPC_EQ));
    return arena_str(a, ossl_content(a, out));
}

/* "2026-11-22T14:43:00Z"; OpenSSL writes a space for the T. */
static const char *time_text(struct arena *a, const ASN1_TIME *t) {
    OSSL_AUTO(BIO) out = BIO_new(BIO_s_mem());
    ASN1_TIME_print_ex(out, t, ASN1_DTFLGS_ISO8601);
    char *text = arena_str(a, ossl_content(a, out));
    char *space = strchr(text, ' ');
    if (space)
        *space = 'T';
    return text;
}

static const char *serial_text(struct arena *a, const X509 *x) {
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;
    const char *text = arena_str(a, span_str(hex));
    OPENSSL_free(hex);
    BN_free(n);
    return text;
}

static json_t *cert_json(struct arena *a, const struct cert_entry *e, X509 *x) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "store", certstore_name(e->store),
                     "thumbprint", e->thumbprint, "subject", name_text(a, X509_get_subject_name(x)),
                     "issuer", name_text(a, X509_get_issuer_name(x)), "serial", serial_text(a, x),
                     "not_before", time_text(a, X509_get0_notBefore(x)), "not_after",
                     time_text(a, X509_get0_notAfter(x)), "key", e->key.n > 0);
}

static void print_cert(struct arena *a, const struct cert_entry *e, X509 *x, FILE *out) {
    fprintf(out, "%s\\%s%s\n    subject %s\n    issuer  %s\n    serial  %s\n    valid   %s to %s\n",
            certstore_name(e->store), e->thumbprint, e->key.n ? "  (with its private key)" : "",
            name_text(a, X509_get_subject_name(x)), name_text(a, X509_get_issuer_name(x)),
            serial_text(a, x), time_text(a, X509_get0_notBefore(x)),
            time_text(a, X509_get0_notAfter(x)));
}

void show_certs(const struct host *h, bool json, FILE *out) {
    ARENA_AUTO(a);
    json_t *all = json_array();
    for (size_t i = 0; i < h->certs.count; i++) {
        const struct cert_entry *e = &h->certs.entries[i];
        OSSL_AUTO(X509) x = ossl_x509_read(e->der);
        if (x && json)
            json_array_append_new(all, cert_json(&a, e, x));
        else if (x)
            print_cert(&a, e, x, out);
    }
    if (json)
        print_json(all, out);
    else
        json_decref(all);
}
