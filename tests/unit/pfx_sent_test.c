/* SPDX-License-Identifier: Apache-2.0 */
/* What a host is sent of a PKCS#12, and what becomes of one that ends, or is revoked, before. The
 * `openssl` command opens what is sent. */
#include "pfx_fixture.h"

/* ---- what is sent ---- */

static void one_atomic(void **state) {
    (void)state;
    static const char *const steps[] = {"", "/KeyLocation", "/PFXKeyExportable", "/PFXCertPassword",
                                        "/PFXCertBlob"};
    struct span file;
    size_t n = 0;
    make();
    struct answer a = sent();
    const char *node =
        arena_printf(&arena, "./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/%s", id);
    for (const struct syncml_command *k = atomic_of(&a)->children; k; k = k->next, n++) {
        assert_true(n < sizeof steps / sizeof *steps);
        assert_int_equal(k->kind, SYNCML_ADD);
        assert_text(k->items->target, arena_printf(&arena, "%s%s", node, steps[n]));
    }
    assert_int_equal(n, sizeof steps / sizeof *steps);
    assert_text(child(&a, "KeyLocation"), "3");
    assert_text(child(&a, "PFXKeyExportable"), "false"); /* true by default */
    assert_ok(base64_decode(&arena, child(&a, "PFXCertBlob"), &file));
    assert_ok(file_write(arena_printf(&arena, "%s/s.p12", folder.path), file, 0600));
    sh(&folder,
       "openssl pkcs12 -in s.p12 -nodes -passin pass:%.*s -out s.pem && test "
       "\"$(openssl x509 -in s.pem -noout -fingerprint -sha1 | sed 's/.*=//; s/://g')\" = %s",
       SPAN_FMT(child(&a, "PFXCertPassword")), sha1);
    assert_state(STATE_SENT);
}

static void a_given_one(void **state) {
    (void)state;
    struct span file;
    give();
    struct answer a = say(1, hello); /* nobody is signed in, and nothing is known of its chain */
    has_atomics(&a, 0);
    assert_int_equal(count_kind(&a, SYNCML_ADD), 0);
    assert_int_equal(count_events(EVENT_NOTE, "signed in"), 1);
    a = say(1, "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224"
               "</Data><Item><Meta><Type>com.microsoft/MDM/LoginStatus</Type></Meta><Data>user"
               "</Data></Item></Alert>");
    has_atomics(&a, 1);
    assert_non_null(strstr(a.text, "./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/"));
    assert_text(child(&a, "KeyLocation"), "2");
    assert_int_equal(child(&a, "PFXKeyExportable").n, 0);
    assert_ok(base64_decode(&arena, child(&a, "PFXCertBlob"), &file));
    assert_ok(file_write(arena_printf(&arena, "%s/s.p12", folder.path), file, 0600));
    sh(&folder, "openssl pkcs12 -info -noout -in s.p12 -passin pass:%.*s 2>&1 | grep TripleDES",
       SPAN_FMT(child(&a, "PFXCertPassword")));
}

/* An endpoint that is gone has no chain that the host could get first. */
static void of_an_endpoint_that_is_gone(void **state) {
    (void)state;
    made_at("corp", (struct pfx_wish){.subject = NULL});
    settings.endpoint_count = 1;
    assert_ok(pki_reload(mdm.pki));
    struct answer a = say(1, hello);
    settings.endpoint_count = 3;
    has_atomics(&a, 0);
    assert_state(STATE_ASSIGNED);
    assert_int_equal(count_events(EVENT_ALARM, "the PKCS#12 cannot be sent"), 1);
    assert_true(row().secret.n > 1000);
}

static void it_ends_before_it_is_sent(void **state) {
    (void)state;
    make();
    move_clock(366 * DAY);
    struct answer a = say(1, hello);
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 0);
    assert_state(STATE_REJECTED);
    assert_int_equal(row().secret.n, 0);
    assert_string_equal(reason(sha1), "cessationOfOperation");
}

static enum err keep_lives(struct tx *tx, struct job *job) {
    int count;
    TRY(enroll_renew_all(tx, clock_ms(), &count));
    job->n = count;
    return OK;
}

/* The host has not come at all: housekeeping sees to it. */
static void it_ends_while_it_waits(void **state) {
    (void)state;
    make();
    move_clock(364 * DAY);
    assert_int_equal(done((struct job){.run = keep_lives}).n, 0);
    assert_true(row().secret.n > 1000);
    move_clock(2 * DAY);
    assert_int_equal(done((struct job){.run = keep_lives}).n, 1);
    assert_state(STATE_REJECTED);
    assert_int_equal(row().secret.n, 0);
    assert_int_equal(count_events(EVENT_REJECTED, "signet pfx make"), 1);
    assert_string_equal(reason(sha1), "cessationOfOperation");
    assert_int_equal(done((struct job){.run = keep_lives}).n, 0);
    struct answer a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_GET) + count_kind(&a, SYNCML_ATOMIC), 0);
}

/* It may be on the host, and nobody knows: that is not for us to decide, but the key goes. */
static void it_ends_on_its_way(void **state) {
    (void)state;
    make();
    sent();
    move_clock(366 * DAY);
    assert_int_equal(done((struct job){.run = keep_lives}).n, 1);
    assert_state(STATE_SENT);
    assert_int_equal(row().secret.n, 0);
    assert_int_equal(count_events(EVENT_NOTE, "kept no longer"), 1);
    assert_int_equal(done((struct job){.run = keep_lives}).n, 0);
    struct answer a = say(1, hello);
    a = shows_nodes(&a, NULL, NULL); /* it never arrived */
    has_atomics(&a, 0);
    assert_state(STATE_REJECTED);
    assert_int_equal(count_events(EVENT_REJECTED, "has ended before"), 1);
}

static enum err claim_anew(struct tx *tx, struct job *job) {
    struct device same = job->device;
    struct claim_verdict verdict;
    return claim_check(tx, &arena, &same, &verdict);
}

/* What was taken before is no loss of this kind. */
static void the_host_enrolls_anew_before_it_is_sent(void **state) {
    (void)state;
    make();
    is_confirmed();
    const char *taken = id;
    give();
    done((struct job){.run = claim_anew});
    state_is(taken, "revoked");
    state_is(id, "revoked");
    assert_int_equal(events(id, EVENT_ALARM, "enrolled anew before it took the PKCS#12"), 1);
    assert_int_equal(events(taken, EVENT_ALARM, "enrolled anew"), 0);
    assert_int_equal(row().secret.n, 0);
}

static enum err revoke_work(struct tx *tx, struct job *job) {
    struct certificate *all;
    TRY(certificate_list(tx, &arena, job->id, &all));
    return certificate_revoke(tx, all->id, clock_ms(), "keyCompromise");
}

static void revoked_before_it_is_sent(void **state) {
    (void)state;
    make();
    done((struct job){.run = revoke_work, .id = id});
    struct answer a = say(1, hello);
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 0);
    assert_state(STATE_REJECTED);
    assert_int_equal(count_events(EVENT_REJECTED, "was revoked"), 1);
    assert_int_equal(row().secret.n, 0);
}

#define HARDWARE "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"

static enum err show_hardware(struct tx *tx, struct job *job) {
    job->device.hw_shown = HARDWARE;
    job->device.hw_told = clock_ms() - 1;
    return device_set_shown(tx, &job->device);
}

/* Though the weekly question is not due. */
static void the_hardware_comes_first(void **state) {
    (void)state;
    BUF_AUTO(b);
    struct answer a = say(1, hello);
    done((struct job){.run = show_hardware});
    move_clock(1000);
    a = say(1, hello);
    assert_null(command_for(&a, SYNCML_GET, "/HWDevID"));
    make();
    a = say(1, hello);
    assert_non_null(command_for(&a, SYNCML_GET, "/HWDevID"));
    assert_int_equal(count_kind(&a, SYNCML_ADD), 0);
    put_value(&b, &a, "/HWDevID", HARDWARE);
    a = say(2, buf_cstr(&b));
    a = say(3, take_roots(&a, NULL));
    has_atomics(&a, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_LIFE(revoked_before_it_is_sent),
        WITH_LIFE(the_hardware_comes_first),
        WITH_LIFE(one_atomic),
        WITH_LIFE(a_given_one),
        WITH_LIFE(of_an_endpoint_that_is_gone),
        WITH_LIFE(it_ends_before_it_is_sent),
        WITH_LIFE(it_ends_while_it_waits),
        WITH_LIFE(it_ends_on_its_way),
        WITH_LIFE(the_host_enrolls_anew_before_it_is_sent),
    };
    return cmocka_run_group_tests_name("pfx_sent", tests, build, tear_down);
}
