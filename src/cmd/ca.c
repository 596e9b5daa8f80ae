/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAs are files: these verbs work on the data folder itself, under its locks (ca/ca.h), and then
 * have a server that runs read them anew.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/ca_list.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/owner.h"
#include "cmd/synopsis.h"
#include "server/admin.h"

static const char usage[] =
    "Usage: signet ca list [-o json] [-d DIR]\n"
    "       signet ca new NAME [--subject NAME] [--key KIND] [--passphrase-credential C] [-d DIR]\n"
    "       signet ca csr NAME [--subject NAME] [--key KIND] [--out FILE] [-d DIR]\n"
    "       signet ca import NAME FILE [-d DIR]\n"
    "       signet ca rollover NAME [--key KIND] [-d DIR]\n"
    "       signet ca rollover NAME --finish [-d DIR]\n\n"
    "The CAs that SCEP issues from. The one that signet init makes is called default.\n\n"
    "new makes a self-signed one. csr makes a request for the CA of your company instead: what that\n"
    "issues (PEM, with all certificates up to the root) is put in force by import; a CA that is\n"
    "there issues until then. rollover makes the successor of a CA and publishes it by\n"
    "GetNextCACert; --finish puts it in force, when clients have had the time to fetch it. A CA\n"
    "under an upper one rolls over in the same way, with a request and import in between.\n\n"
    "  --subject NAME              an X.500 string, such as 'CN=Issuing CA,O=\"Example, Inc.\"'\n"
    "  --key KIND                  rsa2048 (default), rsa3072, rsa4096, p256, p384, or the PKCS#11\n"
    "                              URI of a key that a token holds\n"
    "  --passphrase-credential C   encrypts the keys with the systemd credential C\n"
    "  --out FILE                  where the request goes (default: standard output)\n"
    "  -d DIR                      the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER
    ")\n";

enum { MAX_PEM = 1 << 20 };

struct call {
    struct cli cli;
    struct arena arena;
    struct config config;
    const char *verb, *name;
    const char *subject, *key, *credential, *out;
    bool finish;
    struct buf pem; /* of import */
    struct ca_settings settings;
    const char *folder; /* of the CA */
};

/* ---- what all verbs share ---- */

/* The name of the server, for the subject of a new CA. */
static const char *host_of(struct call *c) {
    const char *url = c->config.public_url, *at = strstr(url, "://");
    at = at ? at + 3 : url;
    return arena_str(&c->arena, span_of(at, strcspn(at, ":/\"")));
}

/* Signet reads the rest of its life from a section: without one the CA is not served. */
static bool has_section(const struct call *c) {
    for (size_t i = 0; i < c->config.pki.ca_count; i++)
        if (strcmp(c->config.pki.cas[i].name, c->name) == 0)
            return true;
    return false;
}

static void print_section(const struct call *c) {
    if (has_section(c) && !c->credential)
        return;
    printf("To be served it needs, in %s/signet.conf:\n\n  [ca \"%s\"]\n", c->cli.folder, c->name);
    if (c->credential)
        printf("  secret-credential = %s\n", c->credential);
    printf(
        "\nand, in an [endpoint \"...\"], the line: ca = %s. The server reads it at its start.\n",
        c->name);
}

/* A server that does not run reads the files when it starts. */
static enum err reload(const struct call *c) {
    json_t *reply;
    enum err e = admin_call(c->cli.folder, json_pack("{s:s}", "command", "pki.reload"), &reply);
    if (e == ERR_NOT_FOUND)
        return OK;
    if (e != OK)
        return err_context(e, "the files are changed, but the server goes on with what it had");
    json_decref(reply);
    if (has_section(c))
        printf("The server works with it from now on.\n");
    return OK;
}

static enum err make_folder(struct call *c) {
    if (strcmp(c->name, "default") == 0)
        return OK;
    TRY(file_mkdir(arena_printf(&c->arena, "%s/ca", c->cli.folder), 0700));
    return file_mkdir(c->folder, 0700);
}

/* What failed shall not leave a folder; one that holds anything stays. */
static enum err no_folder(const struct call *c, enum err e) {
    if (e != OK && strcmp(c->name, "default") != 0)
        rmdir(c->folder);
    return e;
}

/* ---- verbs ---- */

static enum err new_ca(struct call *c) {
    const struct ca_birth birth = {.subject = c->subject, .host = host_of(c), .key_kind = c->key};
    TRY(make_folder(c));
    TRY(no_folder(c, ca_create(c->folder, &c->settings, &birth)));
    printf("The CA '%s' is made.\n", c->name);
    TRY(ca_print_thumbprints(&c->config, c->name));
    print_section(c);
    return reload(c);
}

static enum err csr(struct call *c) {
    const struct ca_birth birth = {.subject = c->subject, .host = host_of(c), .key_kind = c->key};
    struct span pem;
    TRY(make_folder(c));
    TRY(no_folder(c, ca_make_csr(c->folder, &c->settings, &birth, &c->arena, &pem)));
    owner_leave(); /* FILE is the caller's */
    if (c->out)
        TRY(file_write(c->out, pem, 0644));
    else
        fwrite(pem.p, 1, pem.n, stdout);
    fprintf(
        stderr,
        "Have it signed as a CA (CA:TRUE; keyCertSign and cRLSign; digitalSignature and, for\n"
        "the form of a single CA, keyEncipherment). Put the certificate and all its issuers up\n"
        "to the root into one PEM file, and then: signet ca import %s FILE\n",
        c->name);
    return OK;
}

static enum err print_in_force(struct call *c) {
    printf("The CA '%s' is in force.\n", c->name);
    TRY(ca_print_thumbprints(&c->config, c->name));
    printf("Profiles with {{scep.ca_thumbprint}} get it by themselves; others, and clients that\n"
           "pin the CA or its RA, must be told.\n");
    print_section(c);
    return reload(c);
}

static enum err print_next(struct call *c) {
    printf("The next CA of '%s' is published by GetNextCACert. When your clients have fetched it:\n"
           "signet ca rollover %s --finish\n",
           c->name, c->name);
    return reload(c);
}

static enum err import(struct call *c) {
    ARENA_AUTO(a);
    struct ca ca;
    TRY(ca_import(c->folder, &c->settings, buf_view(&c->pem)));
    TRY(ca_look(c->folder, &c->settings, &a, &ca));
    return ca.next.n ? print_next(c) : print_in_force(c);
}

static enum err rollover(struct call *c) {
    if (c->finish) {
        TRY(ca_rollover_finish(c->folder, &c->settings));
        printf("The CA of before signs its CRL and OCSP answers until it expires.\n");
        return print_in_force(c);
    }
    TRY(ca_rollover_prepare(c->folder, &c->settings, c->key));
    const char *request = arena_printf(&c->arena, "%s/next.csr", c->folder);
    if (access(request, F_OK) != 0)
        return print_next(c);
    printf("The request for the next CA of '%s' is %s.\n"
           "Have it signed as the first one was, and then: signet ca import %s FILE\n",
           c->name, request, c->name);
    return OK;
}

static const struct verb {
    const char *name;
    enum err (*run)(struct call *c);
    int arguments; /* with the verb */
    const char *takes;
} verbs[] = {
    {"new", new_ca, 2, "one NAME"},
    {"csr", csr, 2, "one NAME"},
    {"import", import, 3, "a NAME and a FILE"},
    {"rollover", rollover, 2, "one NAME"},
};

/* ---- the command ---- */

static enum err prepare(struct call *c) {
    if (!ca_name_is_valid(c->name))
        return err_set(ERR_USAGE, "'%s' is not a name: letters, digits, dots, - and _", c->name);
    if (strcmp(c->verb, "import") == 0)
        TRY(file_read(c->cli.argv[2], MAX_PEM, &c->pem));
    TRY(owner_become(c->cli.folder));
    TRY(config_load(c->cli.folder, &c->config));
    c->settings = ca_settings_of(&c->config, c->name);
    if (c->credential && c->settings.secret && strcmp(c->credential, c->settings.secret) != 0)
        return err_set(ERR_USAGE, "signet.conf names another credential for the CA '%s': '%s'",
                       c->name, c->settings.secret);
    if (c->credential)
        c->settings.secret = c->credential;
    c->folder = ca_folder(&c->arena, c->cli.folder, c->name);
    return OK;
}

static int run(struct call *c, const struct verb *verb) {
    c->name = c->cli.argv[1];
    enum err e = prepare(c);
    if (e == OK)
        e = verb->run(c);
    owner_leave();
    config_free(&c->config);
    buf_free(&c->pem);
    arena_free(&c->arena);
    return e == OK ? 0 : cli_fail();
}

static int list(struct call *c) {
    if (owner_become(c->cli.folder) != OK || config_load(c->cli.folder, &c->config) != OK)
        return cli_fail();
    bool good = ca_list_print(&c->config, c->cli.json);
    owner_leave();
    config_free(&c->config);
    return good ? 0 : 1;
}

int cmd_ca(int argc, char **argv) {
    struct call c = {0};
    const struct cli_option own[] = {{"subject", &c.subject, NULL},
                                     {"key", &c.key, NULL},
                                     {"passphrase-credential", &c.credential, NULL},
                                     {"out", &c.out, NULL},
                                     {"finish", NULL, &c.finish},
                                     {NULL, NULL, NULL}};
    int status;
    log_set_level(LOG_WARN); /* what was made stands in our own output */
    umask(077);
    if (!cli_options(argc, argv, usage, own, &c.cli, &status))
        return status;
    c.verb = c.cli.argc ? c.cli.argv[0] : "";
    if (c.cli.argc == 1 && strcmp(c.verb, "list") == 0)
        return list(&c);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(c.verb, verbs[i].name) != 0)
            continue;
        if (c.cli.argc != verbs[i].arguments)
            return cli_usage(usage, "ca %s takes %s", c.verb, verbs[i].takes);
        return run(&c, &verbs[i]);
    }
    return synopsis_refuse(usage, &c.cli);
}
