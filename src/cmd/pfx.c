/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/synopsis.h"
#include "crypto/pkcs12.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet pfx make HOST --subject SUBJECT [OPTIONS] [-o json] [-d DIR]\n"
    "       signet pfx send HOST FILE.p12 --password-file FILE [OPTIONS] [-o json] [-d DIR]\n"
    "       signet pfx remove ID [-d DIR]\n\n"
    "A key with its certificate for one host, sealed in PKCS#12 and delivered once, in the host's next\n"
    "session. make has the server make the key, and a CA of signet's issue the certificate. send takes\n"
    "both from a file, which is opened here: its password goes nowhere, and the host gets the file\n"
    "sealed anew with one of signet's. Key and password are forgotten as soon as the host has taken\n"
    "them, so that nothing is renewed: an alarm says when a new one is to be made.\n"
    "Both print the id of an enrollment: signet enrollment show ID. remove has the host delete\n"
    "certificate and key; one that a CA of signet's has issued is revoked when they are gone.\n\n"
    "  --subject S          the subject, as in a profile: 'CN=host1,O=Example'. Here and in --san\n"
    "                       {{device.id}}, {{user.upn}} and {{device.name}} are the host's\n"
    "  --san SAN            the alternative names, as in a profile: '3+host1.example.com;11+me@example.com'\n"
    "                       (2 e-mail, 3 DNS name, 7 URI, 8 address, 11 UPN)\n"
    "  --trust-device-name  {{device.name}} may stand in these two: a host can claim any\n"
    "  --eku OIDS           the EKUs, as in a profile: 1.3.6.1.5.5.7.3.2+1.3.6.1.5.5.7.3.4\n"
    "  --key-usage N        as in a profile: 128 signs, 32 enciphers keys, 160 does both\n"
    "  --endpoint NAME      whose CA issues, and whose policy holds (default: that of [scep])\n"
    "  --key KIND           rsa2048 (default), rsa3072 or rsa4096\n"
    "                       An administrator makes it: an endpoint's approval = manual, or its webhook,\n"
    "                       is not asked, and the journal says so\n"
    "The seven above are for make. What is not given is as the endpoint's policy has it.\n\n"
    "  --password-file FILE the password of FILE.p12, which may be empty\n"
    "  --user               for the store of the user who enrolled the host, not the machine's\n"
    "  --key-location N     where the host keeps the key: 1 in the TPM, 2 there if it has one,\n"
    "                       3 in software (default)\n"
    "  --exportable         the host's users may export the key; with --key-location 3 only\n"
    "  --pkcs12 aes|3des    how it is sealed: AES-256 with SHA-256 (default), or 3DES with SHA-1. Which\n"
    "                       builds of Windows read the first is not known to signet; Status 86 of a host\n"
    "                       may mean that it does not\n"
    "  -d DIR               the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n";

enum { MAX_PASSWORD = 1024 };

struct order {
    const char *subject, *san, *eku, *key_usage, *endpoint, *key;
    const char *password_file, *key_location, *pkcs12;
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

static json_t *begin(const struct cli *cli, const struct order *o, const char *command) {
    json_t *request = json_pack("{s:s, s:s, s:b, s:b}", "command", command, "device", cli->argv[1],
                                "user", (int)o->user, "exportable", (int)o->exportable);
    put(request, "pkcs12", o->pkcs12);
    return request;
}

static int make(const struct cli *cli, const struct order *o) {
    if (!o->subject || o->password_file)
        return cli_usage(usage, o->subject ? "--password-file is for pfx send"
                                           : "pfx make wants --subject");
    json_t *request = begin(cli, o, "pfx.make");
    put(request, "subject", o->subject);
    put(request, "san", o->san);
    put(request, "eku", o->eku);
    put(request, "endpoint", o->endpoint);
    put(request, "key", o->key);
    json_object_set_new(request, "trust_device_name", json_boolean(o->trust));
    if (cli_put_number(request, "key_usage", o->key_usage) &&
        cli_put_number(request, "key_location", o->key_location))
        return call(cli, request, "made");
    json_decref(request);
    return cli_usage(usage, "--key-usage and --key-location take a number");
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
    json_t *request = begin(cli, o, "pfx.send");
    if (!cli_put_number(request, "key_location", o->key_location)) {
        json_decref(request);
        return cli_usage(usage, "--key-location takes a number");
    }
    put_content(request, content);
    json_t *key = json_incref(json_object_get(request, "key"));
    int status = call(cli, request, "given");
    explicit_bzero((void *)(uintptr_t)json_string_value(key), json_string_length(key));
    json_decref(key);
    return status;
}

static int send(const struct cli *cli, const struct order *o) {
    ARENA_AUTO(a);
    struct pkcs12 content;
    if (o->subject || o->san || o->eku || o->key_usage || o->endpoint || o->key || o->trust)
        return cli_usage(
            usage,
            "what the certificate of a file says is settled: --subject, --san, "
            "--eku, --key-usage, --endpoint, --key and --trust-device-name are for pfx make");
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
    struct order o = {0};
    const struct cli_option own[] = {{"subject", &o.subject, NULL},
                                     {"san", &o.san, NULL},
                                     {"eku", &o.eku, NULL},
                                     {"key-usage", &o.key_usage, NULL},
                                     {"endpoint", &o.endpoint, NULL},
                                     {"key", &o.key, NULL},
                                     {"password-file", &o.password_file, NULL},
                                     {"key-location", &o.key_location, NULL},
                                     {"pkcs12", &o.pkcs12, NULL},
                                     {"user", NULL, &o.user},
                                     {"exportable", NULL, &o.exportable},
                                     {"trust-device-name", NULL, &o.trust},
                                     {NULL, NULL, NULL}};
    struct cli cli;
    int status;
    if (!cli_options(argc, argv, usage, own, &cli, &status))
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
