/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording shows of messages, and what it must not show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../fuzz/marked.h"
#include "base/file.h"
#include "record/limits.h"
#include "record/lines.h"
#include "record/recorder.h"
#include "record/values.h"
#include "record/words.h"

/* ---- words and forms ---- */

typedef void show(struct buf *out, struct span value);

static void shows(show *how, const char *value, const char *expected) {
    BUF_AUTO(out);
    how(&out, span_str(value));
    assert_string_equal(buf_cstr(&out), expected);
}

static void test_forms(void **state) {
    (void)state;
    shows(word_form, "3559DC5D5C4017BD4CDBD0466AF14DDA41655E57", "<40 upper-case hex>");
    shows(word_form, "3559dc5d5c4017bd4cdbd0466af14dda41655e57", "<40 lower-case hex>");
    shows(word_form, "12345678901234567890", "<number, 20 characters>");
    shows(word_form, "748132ec-a575-4329-b01b-6171a9cf8478", "<GUID>");
    shows(word_form, "urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478", "<urn:uuid:GUID>");
    shows(word_form, "00-0C-29-51-60-9D", "<MAC address>");
    shows(word_form, "https://mdm.example", "<https URL, 19 characters>");
    shows(word_form, "alice@example.com", "<name@domain, 17 characters>");
    shows(word_form, "secret", "<printable, 6 characters>");
    shows(word_form, "sec_ret", "<ASCII, 7 characters>");
    shows(word_form, "s\xc3\xa9", "<text, 3 characters>");
    shows(word_form, "", "<nothing>");
    shows(word_number, "-2146889721", "-2146889721");
    shows(word_number, "12345678901", "<number, 11 characters>");
    shows(word_number, "12x", "<printable, 3 characters>");
    shows(word_pieces, "MSFT OMA DM Client/1.2.0.1", "MSFT OMA DM Client/1.2.0.1");
    shows(word_pieces, "MSFT swordfish/1.2 1234567", "MSFT <9>/1.2 <7>");
    shows(word_or_form, "Atomic", "Atomic");
    shows(word_or_form, "atomic", "<printable, 6 characters>");
    shows(word_name, "KeyLength", "KeyLength"); /* of the CSP table */
    shows(word_name, "swordfish", "<name, 9 characters>");
}

/* ---- XML ---- */

static char *xml(struct arena *a, const char *text) {
    BUF_AUTO(out);
    struct pseudonyms names = {0};
    const struct tree t = {.out = &out, .a = a, .names = &names};
    tree_xml(&t, span_str(text), 0);
    pseudonyms_free(&names);
    return arena_str(a, buf_view(&out));
}

#define NODE "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/060358dc442f/Install/"

static void shows_data(const char *node, const char *data, const char *expected) {
    ARENA_AUTO(a);
    const char *line = arena_printf(&a, "  Data = %s\n", expected);
    const char *said = xml(&a, arena_printf(&a,
                                            "<Item><Target><LocURI>" NODE "%s</LocURI></Target>"
                                            "<Data>%s</Data></Item>",
                                            node, data));
    if (!strstr(said, line))
        fail_msg("no '%s' in\n%s", line, said);
}

static void test_nodes(void **state) {
    (void)state;
    shows_data("KeyLength", "1024", "1024");
    shows_data("KeyLength", "many", "<printable, 4 characters>");
    shows_data("HashAlgorithm", "SHA-1+SHA-2", "SHA-1+SHA-2");
    shows_data("EKUMapping", "1.3.6.1.4.1.311.20.2.2+1.3.6.1.5.5.7.3.2",
               "1.3.6.1.4.1.311.20.2.2+1.3.6.1.5.5.7.3.2");
    shows_data("Challenge", "12", "<number, 2 characters>");
    shows_data("Challenge", "SHA-1", "<printable, 5 characters>");
    shows_data("Invented", "12", "<number, 2 characters>");
    shows_data("SubjectName", "CN=host,O=\"Ex, Inc.\";OU=a+L=b",
               "CN=<printable, 4 characters>,O=\"<printable, 8 characters>\";OU=<printable, 1 "
               "characters>+L=<printable, 1 characters>");
    shows_data("SubjectName", "secret", "<printable, 6 characters>");
    shows_data("SubjectAlternativeNames", "11+a@b.c;3+host;x",
               "11+<name@domain, 5 characters>;3+<printable, 4 characters>;<printable, 1 "
               "characters>");
}

/* Who has his name as password: the recording does not say so. */
static void test_name_as_password(void **state) {
    ARENA_AUTO(a);
    BUF_AUTO(out);
    struct pseudonyms names = {0};
    const struct tree t = {.out = &out, .a = &a, .names = &names};
    (void)state;
    const char *said = xml(&a, "<a><Username>alice</Username><Password>alice</Password><Cred><Data>"
                               "alice</Data></Cred><parm name='AAUTHSECRET' value='alice'/></a>");
    assert_non_null(strstr(said, "Username = <user-1: printable, 5 characters>\n"));
    assert_non_null(strstr(said, "Password = <printable, 5 characters>\n"));
    assert_null(strstr(strstr(said, "Password"), "user-1"));
    /* challengePassword with "alice" and the INTEGER 1234 */
    static const char der[] = "\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07\x31\x0b"
                              "\x13\x05"
                              "alice"
                              "\x02\x02\x04\xd2";
    pseudonym_learn(&names, "user", span_str("alice"));
    tree_der(&t, span_of(der, sizeof der - 1), 0);
    assert_non_null(strstr(buf_cstr(&out), "PrintableString = <printable, 5 characters>\n"));
    assert_non_null(strstr(buf_cstr(&out), "INTEGER = <2 bytes>\n"));
    pseudonyms_free(&names);
}

static void test_codes(void **state) {
    ARENA_AUTO(a);
    (void)state;
    const char *said = xml(&a, "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><Source><LocURI>D3V"
                               "</LocURI></Source><Cred><Data>12</Data></Cred></SyncHdr><SyncBody>"
                               "<Status><Cmd>Add</Cmd><Data>418</Data></Status><Status><Cmd>pass"
                               "</Cmd></Status><Results><Item><Source><LocURI>./DevInfo/DevId"
                               "</LocURI></Source><Data>D3V</Data></Item></Results></SyncBody>"
                               "</SyncML>");
    assert_non_null(strstr(said, "SyncML {SYNCML:SYNCML1.2}\n"));
    assert_non_null(strstr(said, "Cmd = Add\n      Data = 418\n"));
    assert_non_null(strstr(said, "Cmd = <printable, 4 characters>\n"));
    assert_non_null(strstr(said, "Cred\n      Data = <number, 2 characters>\n"));
    assert_non_null(strstr(said, "LocURI = <device-1: printable, 3 characters>\n"));
    assert_non_null(strstr(said, "./DevInfo/DevId\n        Data = <device-1: printable"));
}

/* ---- what must not be shown ---- */

static enum err no_key(void *user, struct arena *a, const char *path, struct span message,
                       struct span *csr) {
    (void)user, (void)a, (void)path, (void)message, (void)csr;
    return err_set(ERR_MESSAGE_CHECK, "no key");
}

static void hides(const char *path, const char *query, const char *header, const char *body) {
    ARENA_AUTO(a);
    BUF_AUTO(out);
    BUF_AUTO(b);
    BUF_AUTO(h);
    BUF_AUTO(q);
    struct pseudonyms names = {0};
    marked_fill(&b, span_str(body));
    marked_fill(&h, span_str(header));
    marked_fill(&q, span_str(query));
    const struct record_header headers[] = {{"Authorization", buf_cstr(&h)},
                                            {buf_cstr(&h), "x"},
                                            {"User-Agent", buf_cstr(&h)},
                                            {"Referer", buf_cstr(&h)}};
    const struct record_exchange x = {.listener = "public",
                                      .method = buf_cstr(&h),
                                      .path = path,
                                      .query = buf_cstr(&q),
                                      .peer = buf_cstr(&h),
                                      .headers = headers,
                                      .header_count = 4,
                                      .body = buf_view(&b),
                                      .answer = buf_view(&b),
                                      .answer_type = "text/plain",
                                      .status = 200};
    const struct tree t = {.out = &out, .a = &a, .names = &names};
    exchange_write(&t, &x, no_key, NULL);
    exchange_write(&t, &x, NULL, NULL);
    assert_true(marked_found(buf_view(&b)) || marked_found(buf_view(&h)));
    if (marked_found(buf_view(&out)))
        fail_msg("the secret stands in\n%s", buf_cstr(&out));
    pseudonyms_free(&names);
}

static void test_hides(void **state) {
    static const char *const bodies[] = {
        "<a>\1</a>",
        "<\1 \1='\2'/>",
        "<a xmlns='\1'><!-- \1 --><?\1 \1?><![CDATA[\1]]></a>",
        "<a>\1<b/>\1</a>",
        "not xml \1 \2 \3",
        "<Status><Cmd>\1</Cmd><Data>\3</Data></Status>",
        "<BinarySecurityToken ValueType='http://schemas.microsoft.com/windows/pki/2009/01/"
        "enrollment#PKCS10'>\2</BinarySecurityToken>",
        "<Item><Target><LocURI>./Device/\1/\2</LocURI></Target><Data>\2</Data></Item>",
        "<characteristic type='\1'><parm name='AAUTHSECRET' value='\1'/></characteristic>",
        "\x30\x16\x06\x03\x55\x04\x03\x0c\x0a\1\x04\x00",
        "\x30\x0c\x16\x0a\1",
        "AES\n\1\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        hides("/EnrollmentServer/Enrollment.svc", "a=\1&\1=x", "Basic \2", bodies[i]);
        hides("/ManagementServer/MDM.svc", "\1", "\1", bodies[i]);
        hides("/scep/" MARKED "/pkiclient.exe", "operation=PKIOperation&message=\2", "\3",
              bodies[i]);
    }
}

/* ---- the recorder ---- */

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/signet-record-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    ARENA_AUTO(a);
    (void)state;
    return system(arena_printf(&a, "rm -rf '%s'", folder));
}

static struct record_exchange capabilities(void) {
    return (struct record_exchange){.listener = "plain",
                                    .method = "GET",
                                    .path = "/scep/pkiclient.exe",
                                    .query = "operation=GetCACaps",
                                    .peer = "192.0.2.1",
                                    .status = 200,
                                    .answer_type = "text/plain",
                                    .answer = span_str("AES\n")};
}

static void test_recorder(void **state) {
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct recorder *r;
    struct stat s;
    struct record_exchange x = capabilities(), page = x;
    (void)state;
    page.query = "";
    page.path = "/EnrollmentServer/Auth"; /* of a password: no word of it */
    assert_int_equal(recorder_start(folder, NULL, NULL, &r), OK);
    recorder_take(r, &x);
    recorder_take(r, &page);
    recorder_take(r, &x);
    recorder_stop(r);
    const char *file = arena_printf(&a, "%s/00002-GetCACaps.txt", folder);
    assert_int_equal(file_read(file, 10000, &text), OK);
    assert_non_null(strstr(buf_cstr(&text), "from = <client-1: printable, 9 characters>\n"));
    assert_non_null(strstr(buf_cstr(&text), "line = GET /scep/pkiclient.exe?operation=GetCACaps"));
    assert_non_null(strstr(buf_cstr(&text), "text\n    AES\n"));
    assert_int_equal(stat(file, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    assert_int_equal(stat(folder, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0700);
    assert_int_equal(access(arena_printf(&a, "%s/00003-GetCACaps.txt", folder), F_OK), -1);
    buf_clear(&text);
    assert_int_equal(file_read(arena_printf(&a, "%s/recording.txt", folder), 10000, &text), OK);
    assert_non_null(strstr(buf_cstr(&text), "2 exchanges were written, 0 left out.\n"));
    assert_int_equal(recorder_start(folder, NULL, NULL, &r), ERR_EXISTS);
    assert_null(r);
}

/* ---- what was taken belongs to the recorder ---- */

struct gate { /* holds the recorder's thread inside the opener */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool inside, open;
};

static enum err hold(void *user, struct arena *a, const char *path, struct span message,
                     struct span *csr) {
    struct gate *g = user;
    pthread_mutex_lock(&g->lock);
    g->inside = true;
    pthread_cond_signal(&g->moved);
    while (!g->open)
        pthread_cond_wait(&g->moved, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return no_key(NULL, a, path, message, csr);
}

static void await_inside(struct gate *g) {
    pthread_mutex_lock(&g->lock);
    while (!g->inside)
        pthread_cond_wait(&g->moved, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void let_go(struct gate *g) {
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_signal(&g->moved);
    pthread_mutex_unlock(&g->lock);
}

static const char *lend(struct arena *a, const char *s) {
    return arena_str(a, span_str(s));
}

/* Takes an exchange whose strings are gone when it returns, as a closed connection's are. */
static void take_passing(struct recorder *r) {
    struct arena lent = {0};
    const struct record_header header = {lend(&lent, "User-Agent"), lend(&lent, "Mozilla")};
    const struct record_exchange x = {.listener = lend(&lent, "management"),
                                      .method = lend(&lent, "POST"),
                                      .path = lend(&lent, "/ManagementServer/MDM.svc"),
                                      .query = lend(&lent, "mode=Maintenance"),
                                      .peer = lend(&lent, "192.0.2.1"),
                                      .headers = &header,
                                      .header_count = 1,
                                      .body = span_str(lend(&lent, "<a/>")),
                                      .status = 200,
                                      .answer_type = lend(&lent, "text/plain"),
                                      .answer = span_str(lend(&lent, "AES\n"))};
    recorder_take(r, &x);
    arena_free(&lent);
}

static void test_owns(void **state) {
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct recorder *r;
    struct gate g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};
    struct record_exchange first = capabilities();
    first.query = "operation=PKIOperation";
    (void)state;
    const char *inside = arena_printf(&a, "%s/owns", folder);
    assert_int_equal(recorder_start(inside, hold, &g, &r), OK);
    recorder_take(r, &first);
    await_inside(&g);
    take_passing(r);
    let_go(&g);
    recorder_stop(r);
    assert_int_equal(file_read(arena_printf(&a, "%s/00002-session.txt", inside), 10000, &text), OK);
    assert_non_null(strstr(buf_cstr(&text), "listener = management\n"));
    assert_non_null(strstr(buf_cstr(&text), "MDM.svc?mode=Maintenance\n"));
    assert_non_null(strstr(buf_cstr(&text), "header User-Agent = Mozilla\n"));
}

/* Whatever the disk does, who sends a request does not notice. */
static void test_disk_goes(void **state) {
    ARENA_AUTO(a);
    struct recorder *r;
    struct record_exchange x = capabilities();
    (void)state;
    const char *inside = arena_printf(&a, "%s/inside", folder);
    assert_int_equal(recorder_start(inside, NULL, NULL, &r), OK);
    assert_int_equal(unlink(arena_printf(&a, "%s/recording.txt", inside)), 0);
    assert_int_equal(rmdir(inside), 0);
    for (int i = 0; i < 100; i++)
        recorder_take(r, &x);
    recorder_stop(r);
    assert_int_equal(access(inside, F_OK), -1);
}

/* A server that stops does not wait for a queue that takes long. */
static enum err linger(void *user, struct arena *a, const char *path, struct span message,
                       struct span *csr) {
    const struct timespec longer = {.tv_sec = RECORDER_DRAIN_MS / 1000, .tv_nsec = 300000000};
    enum err e = hold(user, a, path, message, csr);
    nanosleep(&longer, NULL);
    return e;
}

static void test_deadline(void **state) {
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct recorder *r;
    struct gate g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, true};
    struct record_exchange x = capabilities();
    x.query = "operation=PKIOperation";
    (void)state;
    const char *inside = arena_printf(&a, "%s/deadline", folder);
    assert_int_equal(recorder_start(inside, linger, &g, &r), OK);
    for (int i = 0; i < 5; i++)
        recorder_take(r, &x);
    await_inside(&g);
    recorder_stop(r);
    assert_int_equal(file_read(arena_printf(&a, "%s/recording.txt", inside), 10000, &text), OK);
    assert_non_null(strstr(buf_cstr(&text), "The end: 1 exchanges were written, 4 left out"));
}

/* ---- what would be too long ---- */

static void test_cut(void **state) {
    static const char *const pieces[] = {
        "<a b='c'/>",                                         /* of short names much becomes */
        "<EKUMapping>1.2.3+x</EKUMapping>",                   /* pieces */
        "<LocURI>./a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p</LocURI>", /* steps */
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.", /* one value */
    };
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        ARENA_AUTO(a);
        BUF_AUTO(body);
        BUF_AUTO(out);
        struct pseudonyms names = {0};
        struct recorded *read;
        const struct tree t = {.out = &out, .a = &a, .names = &names};
        struct record_exchange x = capabilities();
        buf_str(&body, "<VerDTD xmlns='urn:x'>");
        for (int n = 0; n < 19000; n++)
            buf_str(&body, pieces[i]);
        buf_str(&body, "</VerDTD>");
        x.body = x.answer = buf_view(&body);
        buf_str(&out, "signet recording 1: session, +0.000 s\n");
        exchange_write(&t, &x, NULL, NULL);
        assert_true(out.n < 2 * RECORD_MAX_TEXT + 100000);
        if (lines_parse(&a, buf_view(&out), &read) != OK)
            fail_msg("%zu: %s", i, err_detail());
        bool cut = strstr(buf_cstr(&out), "  (more is left out)\nserver\n");
        assert_int_equal(cut, i < 3);
        pseudonyms_free(&names);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_name_as_password),
        cmocka_unit_test(test_hides),
        cmocka_unit_test_setup_teardown(test_recorder, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_owns, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_deadline, make_folder, remove_folder),
        cmocka_unit_test(test_cut),
        cmocka_unit_test_setup_teardown(test_disk_goes, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
