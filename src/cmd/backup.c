/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/archive.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "cmd/passphrase.h"
#include "server/config.h"
#include "store/store.h"

static const char usage[] =
    "Usage: signet backup FILE (--passphrase-file FILE | --plain) [-d DIR]\n\n"
    "Writes the data folder into one new file: the database as it is at one moment, keys,\n"
    "certificates, signet.conf. The server may run meanwhile. signet restore takes it back.\n\n"
    "  --passphrase-file FILE   seals it with the first line of FILE (- is standard input)\n"
    "  --plain                  leaves it open, a tar that `tar tvf` lists: whoever reads it has\n"
    "                           the CA's keys\n"
    "  -d DIR                   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER
    ")\n";

enum { MAX_DEPTH = 4, MAX_CAS = 64, URI_SIZE = 7 };

struct work {
    struct arena arena;
    const char *folder, *out;
    struct archive_writer *archive;
    size_t files;
    int locks[MAX_CAS];
    size_t locked;
};

static void note(const char *what, const char *name) {
    fprintf(stderr, "signet: not in the backup: %s%s\n", name, what);
}

/* The database is added by itself; what belongs to a running server has no meaning elsewhere. */
static bool is_left_out(const char *name) {
    static const char *const names[] = {"signet.db", "signet.db-wal", "signet.db-shm",
                                        "lock",      "run",           ARCHIVE_SUMS};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void note_token(const char *name, const char *path) {
    char start[URI_SIZE + 1] = {0};
    FILE *f = fopen(path, "re");
    if (f && fread(start, 1, URI_SIZE, f) == URI_SIZE && strcmp(start, "pkcs11:") == 0)
        note(" is a token's key: the backup has only its URI", name);
    if (f)
        fclose(f);
}

static enum err add_folder(struct work *w, const char *name, int depth);

static enum err add(struct work *w, const char *name, int depth) {
    struct stat status;
    const char *path = arena_printf(&w->arena, "%s/%s", w->folder, name);
    if (lstat(path, &status) != 0)
        return err_set(ERR_IO, "cannot read '%s': %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode)) {
        TRY(archive_add_folder(w->archive, name, status.st_mode & 07777));
        return add_folder(w, name, depth + 1);
    }
    if (!S_ISREG(status.st_mode)) {
        note(", which is no file", name);
        return OK;
    }
    note_token(name, path);
    w->files++;
    return archive_add_file(w->archive, name, path);
}

static enum err add_folder(struct work *w, const char *name, int depth) {
    const char *path = arena_printf(&w->arena, "%s/%s", w->folder, name);
    struct dirent **entries;
    if (depth > MAX_DEPTH)
        return err_set(ERR_LIMIT, "the folder '%s' is deeper than a data folder's", path);
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0)
        return err_set(ERR_IO, "cannot read '%s': %s", path, strerror(errno));
    enum err e = OK;
    for (int i = 0; i < n; i++) {
        const char *file = entries[i]->d_name;
        bool skip =
            strcmp(file, ".") == 0 || strcmp(file, "..") == 0 || (!*name && is_left_out(file));
        if (e == OK && !skip)
            e = add(w, arena_printf(&w->arena, "%s%s%s", name, *name ? "/" : "", file), depth);
        free(entries[i]);
    }
    free(entries);
    return e;
}

static bool is_inside(const char *folder, const char *path) {
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* No CA may change while its files are read (ca/ca.h). */
static enum err lock_cas(struct work *w) {
    const char *names[MAX_CAS];
    size_t n;
    TRY(ca_names(w->folder, &w->arena, names, MAX_CAS, &n));
    for (size_t i = 0; i < n; i++)
        TRY(ca_lock(ca_folder(&w->arena, w->folder, names[i]), false, &w->locks[w->locked++]));
    return OK;
}

static enum err add_database(struct work *w) {
    const char *copy = arena_printf(&w->arena, "%s.database", w->out);
    TRY(store_backup(arena_printf(&w->arena, "%s/signet.db", w->folder), copy));
    enum err e = archive_add_file(w->archive, "signet.db", copy);
    unlink(copy);
    w->files++;
    return e;
}

/* It would hold itself, or all backups before it. */
static enum err check_outside(struct work *w) {
    char *out = realpath(w->out, NULL), *folder = realpath(w->folder, NULL);
    bool inside = out && folder && is_inside(folder, out);
    free(out);
    free(folder);
    return inside ? err_set(ERR_USAGE, "'%s' is in the data folder: a backup belongs elsewhere",
                            w->out)
                  : OK;
}

static enum err write_archive(struct work *w, struct backup_stream *stream) {
    TRY(check_outside(w));
    TRY(archive_begin(stream, &w->archive));
    TRY(lock_cas(w));
    TRY(add_folder(w, "", 0));
    TRY(add_database(w));
    TRY(archive_end(w->archive));
    return backup_finish(stream);
}

static void release(struct work *w) {
    while (w->locked)
        if (w->locks[--w->locked] >= 0)
            close(w->locks[w->locked]);
    archive_free(w->archive);
    arena_free(&w->arena);
}

/* What the configuration names and the folder does not hold. */
static void note_outside(const struct config *c) {
    if (!is_inside(c->folder, c->tls_cert))
        note(" (tls-cert)", c->tls_cert);
    if (!is_inside(c->folder, c->tls_key))
        note(" (tls-key)", c->tls_key);
    for (size_t i = 0; i < c->pki.ca_count; i++) {
        const struct ca_settings *ca = &c->pki.cas[i];
        if (ca->key && !is_inside(c->folder, ca->key))
            note(" (the CA's key)", ca->key);
        if (ca->secret)
            note(" (a systemd credential, without which the keys cannot be read)", ca->secret);
    }
}

static enum err backup(const struct cli *cli, struct span passphrase) {
    struct work w = {.folder = cli->folder, .out = cli->argv[0]};
    struct backup_stream *stream;
    struct config config;
    TRY(config_load(cli->folder, &config));
    enum err e = backup_create(w.out, passphrase, &stream);
    if (e == OK) {
        e = write_archive(&w, stream);
        backup_close(stream);
    }
    if (e == OK) {
        note_outside(&config);
        printf("%s holds %zu files of '%s'%s.\n", w.out, w.files, w.folder,
               passphrase.n ? ", sealed" : "; whoever reads it has the keys that are in it");
    }
    release(&w);
    config_free(&config);
    return e;
}

int cmd_backup(int argc, char **argv) {
    const char *file = NULL;
    bool plain = false;
    const struct cli_option own[] = {
        {"passphrase-file", &file, NULL}, {"plain", NULL, &plain}, {NULL, NULL, NULL}};
    BUF_AUTO(passphrase);
    struct cli cli;
    int status;
    umask(077);
    if (!cli_options(argc, argv, usage, own, &cli, &status))
        return status;
    if (cli.argc != 1)
        return cli_usage(usage, "backup takes one FILE to write");
    if (plain == (file != NULL))
        return cli_usage(usage, "the backup holds the CA's keys: give --passphrase-file FILE to "
                                "seal it, or say --plain");
    if (passphrase_read(file, &passphrase) != OK || backup(&cli, buf_view(&passphrase)) != OK)
        return cli_fail();
    return 0;
}
