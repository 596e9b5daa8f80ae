/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a backup: what was written comes back, and nothing else is taken. */
#include "ca_fixture.h"

#include <sys/stat.h>

#include "cmd/archive.h"

static const char passphrase[] = "correct horse";

static const char *at(struct arena *a, const struct folder *f, const char *file) {
    return arena_printf(a, "%s/%s", f->path, file);
}

/* A folder "in", and the backup of it, "out". */
static struct folder make(void **state, bool sealed) {
    struct folder f = folder_new(state);
    struct backup_stream *s;
    struct archive_writer *w;
    ARENA_AUTO(a);
    sh(&f, "mkdir -p in/ca && head -c 200000 /dev/urandom >in/big && printf x >in/one && "
           ": >in/none && chmod 600 in/big in/none && chmod 644 in/one && printf key >in/ca/k && "
           "chmod 600 in/ca/k");
    assert_ok(backup_create(at(&a, &f, "out"), sealed ? span_str(passphrase) : SPAN_NONE, &s));
    assert_ok(archive_begin(s, &w));
    static const char *const files[] = {"big", "one", "none"};
    for (size_t i = 0; i < 3; i++)
        assert_ok(archive_add_file(w, files[i], arena_printf(&a, "%s/in/%s", f.path, files[i])));
    assert_ok(archive_add_folder(w, "ca", 0700));
    assert_ok(archive_add_file(w, "ca/k", at(&a, &f, "in/ca/k")));
    assert_ok(archive_end(w));
    assert_ok(backup_finish(s));
    archive_free(w);
    backup_close(s);
    return f;
}

/* Opens, checks and unpacks it into the new folder "back". */
static enum err unpack(const struct folder *f, const char *file, const char *phrase) {
    struct backup_stream *s;
    ARENA_AUTO(a);
    sh(f, "rm -rf back && mkdir back");
    TRY(backup_open(at(&a, f, file), span_str(phrase), &s));
    enum err e = archive_read(s, NULL);
    if (e == OK)
        e = archive_read(s, at(&a, f, "back"));
    backup_close(s);
    return e;
}

static void round_trip(void **state) {
    for (int sealed = 0; sealed < 2; sealed++) {
        struct folder f = make(state, sealed);
        assert_ok(unpack(&f, "out", sealed ? passphrase : NULL));
        sh(&f,
           "diff -r in back && rm back/SHA256SUMS 2>/dev/null; test \"$(cd in && find . -type f "
           "-printf '%%m %%p\\n' | sort)\" = \"$(cd back && find . -type f -printf '%%m %%p\\n' | "
           "sort)\" && test \"$(stat -c %%a out)\" = 600");
        folder_free(&f);
    }
}

/* `tar` and `sha256sum` agree with us on what is in a plain one. */
static void judged_by_tar(void **state) {
    struct folder f = make(state, false);
    sh(&f, "tar tvf out && mkdir t && tar xf out -C t && cd t && sha256sum -c SHA256SUMS && "
           "rm SHA256SUMS && diff -r . ../in");
    folder_free(&f);
}

static void sealed_is_sealed(void **state) {
    struct folder f = make(state, true);
    sh(&f, "! grep -aq -e ustar -e SHA256SUMS -e big out && head -c 8 out | grep -q SIGNETB1");
    assert_int_equal(unpack(&f, "out", "wrong passphrase"), ERR_AUTH);
    assert_int_equal(unpack(&f, "out", NULL), ERR_AUTH);
    struct folder plain = make(state, false);
    assert_int_equal(unpack(&plain, "out", passphrase), ERR_PARSE);
    folder_free(&plain);
    /* Two seals of the same have nothing in common. */
    struct folder other = make(state, true);
    sh(&f, "! cmp -s -i 12 -n 28 out %s/out", other.path);
    folder_free(&other);
    folder_free(&f);
}

static void flip(const struct folder *f, long offset) {
    sh(f,
       "python3 -c \"d = bytearray(open('out', 'rb').read()); d[%ld] ^= 1; "
       "open('bad', 'wb').write(d)\"",
       offset);
}

static void tampered(void **state) {
    static const long sealed_offsets[] = {8, 12, 30, 40, 1000, 150000, -1, -17};
    static const long plain_offsets[] = {3, 100, 130, 600, 150000, -2000, -1030};
    struct folder f = make(state, true);
    for (size_t i = 0; i < sizeof sealed_offsets / sizeof *sealed_offsets; i++) {
        flip(&f, sealed_offsets[i]);
        enum err e = unpack(&f, "bad", passphrase);
        assert_true(e == ERR_AUTH || e == ERR_PARSE);
        sh(&f, "test -z \"$(ls -A back)\"");
    }
    folder_free(&f);
    f = make(state, false);
    for (size_t i = 0; i < sizeof plain_offsets / sizeof *plain_offsets; i++) {
        flip(&f, plain_offsets[i]);
        assert_int_equal(unpack(&f, "bad", NULL), ERR_PARSE);
        sh(&f, "test -z \"$(ls -A back)\"");
    }
    folder_free(&f);
}

static void cut_short(void **state) {
    for (int sealed = 0; sealed < 2; sealed++) {
        struct folder f = make(state, sealed);
        static const char *const sizes[] = {"0",      "7",  "39",   "41",   "512",
                                            "100000", "-1", "-512", "-1024"};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            sh(&f, "head -c %s out >bad", sizes[i]);
            assert_int_not_equal(unpack(&f, "bad", sealed ? passphrase : NULL), OK);
            sh(&f, "test -z \"$(ls -A back)\"");
        }
        sh(&f, "cp out bad && printf more >>bad");
        assert_int_not_equal(unpack(&f, "bad", sealed ? passphrase : NULL), OK);
        folder_free(&f);
    }
}

/* Archives that Python makes, with correct sums, and members that we never write. */
static void hostile_members(void **state) {
    struct folder f = folder_new(state);
    static const char script[] =
        "cat >make.py <<'EOF'\n"
        "import hashlib, io, sys, tarfile\n"
        "name, kind, twice = sys.argv[1], sys.argv[2], sys.argv[3:]\n"
        "t, sums = tarfile.open('bad', 'w', format=tarfile.USTAR_FORMAT), ''\n"
        "for _ in range(2 if twice else 1):\n"
        "    i = tarfile.TarInfo(name)\n"
        "    i.type = {'file': b'0', 'symlink': b'2', 'hard': b'1', 'fifo': b'6'}[kind]\n"
        "    i.linkname = '/etc/passwd' if kind in ('symlink', 'hard') else ''\n"
        "    i.size = 1 if kind == 'file' else 0\n"
        "    t.addfile(i, io.BytesIO(b'x'))\n"
        "    sums += hashlib.sha256(b'x').hexdigest() + '  ' + name + '\\n'\n"
        "i = tarfile.TarInfo('SHA256SUMS'); i.size = len(sums)\n"
        "t.addfile(i, io.BytesIO(sums.encode())); b = t.fileobj\n"
        "b.write(b'\\0' * 1024); b.close()\n"
        "EOF\n";
    sh(&f, "%s", script);
    static const char *const good[] = {"a file", "ca"};
    for (size_t i = 0; i < 2; i++) {
        sh(&f, "python3 make.py '%s' file", good[i]);
        assert_ok(unpack(&f, "bad", NULL));
    }
    static const char *const bad[] = {"../up", "a/../../up", "/tmp/absolute", "..", "./dot", "a//b",
                                      "a/",    "new\\nline", "back\\\\slash"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sh(&f, "python3 make.py \"$(printf '%s')\" file", bad[i]);
        assert_int_equal(unpack(&f, "bad", NULL), ERR_PARSE);
        sh(&f, "test -z \"$(ls -A back)\" && test ! -e up && test ! -e ../up");
    }
    static const char *const kinds[] = {"symlink", "hard", "fifo"};
    for (size_t i = 0; i < 3; i++) {
        sh(&f, "python3 make.py name %s", kinds[i]);
        assert_int_equal(unpack(&f, "bad", NULL), ERR_PARSE);
    }
    sh(&f, "python3 make.py name file twice");
    assert_int_equal(unpack(&f, "bad", NULL), ERR_PARSE);
    folder_free(&f);
}

static void nothing_is_replaced(void **state) {
    struct folder f = make(state, true);
    struct backup_stream *s;
    ARENA_AUTO(a);
    assert_int_equal(backup_create(at(&a, &f, "out"), SPAN_NONE, &s), ERR_EXISTS);
    sh(&f, "test -s out");
    assert_ok(backup_create(at(&a, &f, "unfinished"), SPAN_NONE, &s));
    assert_ok(backup_write(s, span_str("x")));
    backup_close(s);
    sh(&f, "test ! -e unfinished");
    assert_int_equal(backup_open(at(&a, &f, "missing"), SPAN_NONE, &s), ERR_IO);
    folder_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),          cmocka_unit_test(judged_by_tar),
        cmocka_unit_test(sealed_is_sealed),    cmocka_unit_test(tampered),
        cmocka_unit_test(cut_short),           cmocka_unit_test(hostile_members),
        cmocka_unit_test(nothing_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
