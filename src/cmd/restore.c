/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backup is checked as a whole, then unpacked beside the place where it shall be, then held
 * against what the server wants at its start; only then is it moved there.
 */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/authority.h"
#include "cmd/archive.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/passphrase.h"
#include "server/config.h"
#include "store/store.h"

static const char usage[] =
    "Usage: signet restore FILE [--passphrase-file FILE] [-d DIR]\n\n"
    "Makes the data folder DIR, which must not exist or be empty, from a file of signet backup.\n"
    "Everything is checked before DIR is there: the file's integrity, the configuration, the CAs\n"
    "with their keys, the database.\n\n"
    "  --passphrase-file FILE   the passphrase of a sealed backup (- is standard input)\n"
    "  -d DIR                   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER
    ")\n";

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at) {
    (void)status, (void)type, (void)at;
    return remove(path);
}

/* Keys of a token, or behind a credential that is not at hand here, cannot be tried. */
static enum err check_ca(const struct config *c, const struct ca_settings *settings,
                         struct arena *a) {
    const char *folder = ca_folder(a, c->folder, settings->name);
    struct ca cas[PKI_MAX_CAS];
    size_t n;
    bool token = settings->key && strncmp(settings->key, "pkcs11:", 7) == 0;
    if (token || (settings->secret && !getenv("CREDENTIALS_DIRECTORY"))) {
        fprintf(stderr, "signet: the keys of the CA '%s' could not be tried: %s\n", settings->name,
                token ? "they are a token's" : "its secret is not at hand");
        return ca_look(folder, settings, a, &cas[0]);
    }
    TRY(ca_load(folder, settings, a, cas, PKI_MAX_CAS, &n));
    while (n)
        ca_unload(&cas[--n]);
    return OK;
}

static enum err check_loaded(const struct config *c) {
    ARENA_AUTO(a);
    struct authority *auth;
    struct store *store;
    TRY(authority_load(c->folder, &auth));
    authority_free(auth);
    for (size_t i = 0; i < c->pki.ca_count; i++)
        TRY(check_ca(c, &c->pki.cas[i], &a));
    TRY(store_open(arena_printf(&a, "%s/signet.db", c->folder), &store));
    store_close(store);
    return OK;
}

static enum err check(const char *folder) {
    struct config config;
    TRY(config_load(folder, &config));
    enum err e = check_loaded(&config);
    config_free(&config);
    return e;
}

static enum err unpack(struct backup_stream *stream, const char *staging, const char *folder) {
    TRY(archive_read(stream, NULL));
    TRY(archive_read(stream, staging));
    TRY(check(staging));
    sync();
    if (rename(staging, folder) != 0) /* replaces an empty folder, and no other */
        return err_set(errno == ENOTEMPTY || errno == EEXIST ? ERR_EXISTS : ERR_IO,
                       "cannot make '%s': %s", folder, strerror(errno));
    sync();
    return OK;
}

static bool is_empty(const char *folder) {
    DIR *dir = opendir(folder);
    bool empty = dir != NULL;
    for (const struct dirent *entry; empty && (entry = readdir(dir));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (dir)
        closedir(dir);
    return empty;
}

/* Early, and in words; rename(2) has the last one. */
static enum err check_place(const char *folder) {
    struct stat status;
    if (lstat(folder, &status) != 0 || (S_ISDIR(status.st_mode) && is_empty(folder)))
        return OK;
    return err_set(ERR_EXISTS, "'%s' exists and is not empty; restore makes a new folder", folder);
}

static enum err restore(const struct cli *cli, struct span passphrase) {
    ARENA_AUTO(a);
    struct backup_stream *stream;
    char *staging = arena_printf(&a, "%s.restore-XXXXXX", cli->folder);
    TRY(check_place(cli->folder));
    TRY(backup_open(cli->argv[0], passphrase, &stream));
    enum err e = mkdtemp(staging) ? unpack(stream, staging, cli->folder)
                                  : err_set(ERR_IO, "cannot make a folder beside '%s': %s",
                                            cli->folder, strerror(errno));
    backup_close(stream);
    if (e != OK && access(staging, F_OK) == 0)
        nftw(staging, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return e;
}

int cmd_restore(int argc, char **argv) {
    const char *file = NULL;
    const struct cli_option own[] = {{"passphrase-file", &file, NULL}, {NULL, NULL, NULL}};
    BUF_AUTO(passphrase);
    struct cli cli;
    int status;
    umask(077);
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc != 1)
        return cli_usage(usage, "restore takes one FILE of signet backup");
    size_t n = strlen(cli.folder);
    while (n > 1 && cli.folder[n - 1] == '/')
        n--;
    ARENA_AUTO(a);
    cli.folder = arena_str(&a, span_of(cli.folder, n));
    if (passphrase_read(file, &passphrase) != OK || restore(&cli, buf_view(&passphrase)) != OK)
        return cli_fail();
    printf("%s is restored. It belongs to you: give it to the server's user if that is another\n"
           "(chown -R), and end the server that the backup was taken of before this one starts.\n",
           cli.folder);
    return 0;
}
