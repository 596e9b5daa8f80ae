/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/certificate_words.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "crypto/pkcs12.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet pfx make HOST --subject ATTRIBUTE=VALUE... [OPTIONS] [-o json] [-d DIR]\n"
    "       signet pfx send HOST FILE.p12 --password-file FILE [OPTIONS] [-o json] [-d DIR]\n"
    "       signet pfx remove ID [-d DIR]\n\n"
    "A key with its certificate for one host, sealed in PKCS#12 and delivered once, in the host's next\n"
    "session. make has the server make the key, and a CA of signet's issue the certificate. send takes\n"
    "both from a file, which is opened here: its password goes nowhere, and the host gets the file\n"
    "sealed anew with one of signet's. Key and password are forgotten as soon as the host has taken\n"
    "them, so that nothing is renewed: an alarm says when a new one is to be made.\n"
    "Both print the id of an enrollment: signet enrollment show ID. remove has the host delete\n"
    "certificate and key; one that a CA of signet's has issued is revoked when they are gone.\n\n"
    "  --subject ATTRIBUTE=VALUE  CN, OU, O, L, S, C, DC, E ... or an OID; again and again, in this\n"
    "                       order: --subject CN=host1 --subject 'O=Example, Inc.'\n"
    "  --san KIND=VALUE     dns, email, upn or uri, as in --san dns=host1.example.com; again and again\n"
    "                       {{device.id}}, {{user.upn}} and {{device.name}} in these two are the host's\n"
    "  --trust-device-name  {{device.name}} may stand there: a host can claim any\n"
    "  --use USE            what it is for, again and again: wifi, vpn, tls-client, smartcard, email\n"
    "                       or ipsec, as signet profile new --help has them\n"
    "  --eku NAME|OID       any other, such as documentSigning or 1.3.6.1.4.1.311.10.3.12\n"
    "  --key-usage sign|encrypt|both  digitalSignature, keyEncipherment\n"
    "  --endpoint NAME      whose CA issues, and whose policy holds (default: that of [scep])\n"
    "  --key rsa:2048|rsa:3072|rsa:4096  (default: rsa:2048)\n"
    "These are for make. What is not given is as the endpoint's policy has it. An administrator makes\n"
    "it: an endpoint's approval = manual, or its webhook, is not asked, and the journal says so.\n\n"
    "  --password-file FILE the password of FILE.p12, which may be empty\n"
    "  --user               for the store of the user who enrolled the host, not the machine's\n"
    "  --protection WHERE   where the host keeps the key: software (default), tpm (or fail),\n"
    "                       tpm-or-software\n"
    "  --exportable         the host's users may export the key; with --protection software only\n"
    "  --pkcs12 aes|3des    how it is sealed: AES-256 with SHA-256 (default), or 3DES with SHA-1. Which\n"
    "                       builds of Windows read the first is not known to signet; Status 86 of a host\n"
    "                       may mean that it does not\n"
    "  -d DIR               the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

enum { MAX_PASSWORD = 1024 };

struct order {
    struct cli_many lists[WORDS_LISTS + 1];
    const char *key_usage, *endpoint, *key;
    const char *password_file, *protection, *pkcs12;
    bool user, exportable, trust;
};

static void put(json_t *request, const char *key, const char *value) {
    if (value)
        json_object_set_new(request, key, json_string(value));
}

/* Says what was done, and forgets the request. */
static int call(const struct cli *cli, json_t *request, const char *verb) {
    json_t *reply;
    if (admin_call(cli->folder, request, &reply) != OK)
        return cli_fail();
    const json_t *device = json_object_get(reply, "device");
    json_object_del(reply, "ok");
    if (cli->json)
        cli_print_json(json_incref(reply));
    else /* A host's name is its own claim: who enrolled it, and under which DeviceID, is not. */
        printf("Enrollment %s: %s (DeviceID %s, enrolled by %s) gets the key and certificate that "
               "were %s for %s in its next session.\n"
               "Follow it with: signet enrollment show %s\n",
               cli_text(reply, "id"), cli_text(device, "name"), cli_text(device, "device_id"),
               cli_text(device, "account"), verb, cli_text(reply, "subject"),
               cli_text(reply, "id"));
    json_decref(reply);
    return 0;
}

/* The host's side of it, which both verbs have. */
static enum err put_placing(json_t *request, const struct cli *cli, const struct order *o) {
    unsigned location = KEY_IN_SOFTWARE;
    if (o->protection)
        TRY(protection_read(o->protection, &location));
    if (location == KEY_IN_HELLO)
        return err_set(ERR_USAGE, "--protection: a PKCS#12 goes into software, tpm or "
                                  "tpm-or-software, not into Windows Hello");
    put(request, "device", cli->argv[1]);
    put(request, "pkcs12", o->pkcs12);
    json_object_set_new(request, "user", json_boolean(o->user));
    json_object_set_new(request, "exportable", json_boolean(o->exportable));
    json_object_set_new(request, "key_location", json_integer(location));
    return OK;
}

/* ---- made by the server ---- */

static enum err put_key(json_t *request, const char *key) {
    static const char *const kinds[][2] = {
        {"rsa:2048", "rsa2048"}, {"rsa:3072", "rsa3072"}, {"rsa:4096", "rsa4096"}};
    for (size_t i = 0; key && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(key, kinds[i][0]) == 0) {
            put(request, "key", kinds[i][1]);
            return OK;
        }
    return key ? err_set(ERR_USAGE, "--key: '%s' is none of rsa:2048, rsa:3072, rsa:4096", key)
               : OK;
}

static void put_words(json_t *request, const char *key, struct buf *words) {
    if (words->n)
        put(request, key, buf_cstr(words));
}

static enum err put_wish(json_t *request, const struct order *o, struct certificate_words *words) {
    unsigned bits;
    TRY(certificate_words_read(o->lists, words));
    put_words(request, "subject", &words->subject);
    put_words(request, "san", &words->san);
    put_words(request, "eku", &words->eku);
    put(request, "endpoint", o->endpoint);
    if (o->key_usage) {
        TRY(key_usage_read(o->key_usage, &bits));
        json_object_set_new(request, "key_usage", json_integer(bits));
    }
    return put_key(request, o->key);
}

static int make(const struct cli *cli, const struct order *o) {
    struct certificate_words words __attribute__((cleanup(certificate_words_free))) = {0};
    if (!o->lists[WORDS_SUBJECT].count || o->password_file)
        return cli_usage(usage, o->password_file ? "--password-file is for pfx send"
                                                 : "pfx make wants --subject");
    json_t *request = json_pack("{s:s}", "command", "pfx.make");
    json_object_set_new(request, "trust_device_name", json_boolean(o->trust));
    if (put_wish(request, o, &words) == OK && put_placing(request, cli, o) == OK)
        return call(cli, request, "made");
    json_decref(request);
    return cli_usage(usage, "%s", err_detail());
}

/* ---- a file ---- */

/* As PKCS#12 has its passwords (RFC 7292, B.1); others would open, and fail at the host. */
static bool is_utf8(struct span text) {
    uint32_t character;
    while (text.n) {
        size_t n = utf8_character(text, &character);
        if (!n)
            return false;
        text = span_from(text, n);
    }
    return true;
}

static enum err open_file(struct arena *a, const char *path, const char *password_file,
                          struct pkcs12 *out) {
    BUF_AUTO(file);
    BUF_AUTO(password);
    TRY(file_read(password_file, MAX_PASSWORD, &password));
    while (password.n && strchr("\r\n", password.p[password.n - 1]))
        password.n--;
    if (password.n && memchr(password.p, 0, password.n))
        return err_set(ERR_PARSE, "'%s' holds no password", password_file);
    if (!is_utf8(buf_view(&password)))
        return err_set(ERR_PARSE, "'%s' is not UTF-8: write the password anew", password_file);
    buf_char(&password, '\0');
    TRY(file_read(path, PKCS12_MAX_SIZE, &file));
    enum err e = pkcs12_open(a, buf_view(&file), buf_cstr(&password), out);
    return e == OK ? OK : err_context(e, "%s", path);
}

static json_t *base64_of(struct span der) {
    BUF_AUTO(text);
    base64_encode(&text, der);
    return json_stringn_nocheck((const char *)text.p, text.n);
}

static void put_content(json_t *request, const struct pkcs12 *content) {
    json_t *list = json_array();
    for (size_t i = 0; i < content->count; i++)
        json_array_append_new(list, base64_of(content->certs[i]));
    json_object_set_new(request, "certificates", list);
    json_object_set_new(request, "key", base64_of(content->key));
}

static int send_opened(const struct cli *cli, const struct order *o, const struct pkcs12 *content) {
    json_t *request = json_pack("{s:s}", "command", "pfx.send");
    if (put_placing(request, cli, o) != OK) {
        json_decref(request);
        return cli_usage(usage, "%s", err_detail());
    }
    put_content(request, content);
    json_t *key = json_incref(json_object_get(request, "key"));
    int status = call(cli, request, "given");
    explicit_bzero((void *)(uintptr_t)json_string_value(key), json_string_length(key));
    json_decref(key);
    return status;
}

static bool wishes_something(const struct order *o) {
    for (size_t i = 0; i < WORDS_LISTS; i++)
        if (o->lists[i].count)
            return true;
    return o->key_usage || o->endpoint || o->key || o->trust;
}

static int send(const struct cli *cli, const struct order *o) {
    ARENA_AUTO(a);
    struct pkcs12 content;
    if (wishes_something(o))
        return cli_usage(usage,
                         "what the certificate of a file says is settled: --subject, --san, --use, "
                         "--eku, --key-usage, --endpoint, --key and "
                         "--trust-device-name are for pfx make");
    if (!o->password_file)
        return cli_usage(usage, "pfx send wants --password-file");
    if (open_file(&a, cli->argv[2], o->password_file, &content) != OK)
        return cli_fail();
    return send_opened(cli, o, &content);
}

/* ---- */

static const char *what_removal_does(const json_t *reply) {
    if (strcmp(cli_text(reply, "state"), "removed") == 0)
        return " is removed: the host never had it";
    if (strcmp(cli_text(reply, "before"), "rejected") == 0)
        return ": the host has rejected it, and so has nothing to delete; it is asked to all the "
               "same in its next session";
    return ": the host deletes certificate and key in its next session";
}

static int remove_pfx(const struct cli *cli) {
    json_t *reply;
    const char *id = cli->argv[1];
    if (admin_call(cli->folder, json_pack("{s:s, s:s}", "command", "pfx.remove", "id", id),
                   &reply) != OK)
        return cli_fail();
    printf("Enrollment %s%s.\n", id, what_removal_does(reply));
    json_decref(reply);
    return 0;
}

int cmd_pfx(int argc, char **argv) {
    struct order o = {.lists = WORDS_OF_CERTIFICATE};
    const struct cli_option own[] = {{"key-usage", &o.key_usage, NULL},
                                     {"endpoint", &o.endpoint, NULL},
                                     {"key", &o.key, NULL},
                                     {"password-file", &o.password_file, NULL},
                                     {"protection", &o.protection, NULL},
                                     {"pkcs12", &o.pkcs12, NULL},
                                     {"user", NULL, &o.user},
                                     {"exportable", NULL, &o.exportable},
                                     {"trust-device-name", NULL, &o.trust},
                                     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options_many(argc, argv, usage, own, o.lists, &cli, &status))
        return status;
    const char *verb = cli.argc ? cli.argv[0] : "";
    if (cli.argc == 2 && strcmp(verb, "make") == 0)
        return make(&cli, &o);
    if (cli.argc == 3 && strcmp(verb, "send") == 0)
        return send(&cli, &o);
    if (cli.argc == 2 && strcmp(verb, "remove") == 0)
        return remove_pfx(&cli);
    return synopsis_refuse(usage, &cli);
}
