/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key with its certificate for one host: made or given, sent once, judged by what the host shows,
 * forgotten, taken away, revoked. The `openssl` command opens what is sent.
 */
#include "life_fixture.h"

#include "explain/hresult.h"
#include "mdm/claim.h"
#include "enroll/pfx.h"

/* ---- parcels ---- */

static const char *id; /* of the enrollment under test */
static const char *sha1;

struct packing {
    struct pfx_parcel parcel;
    struct pfx_placing placing;
    struct enrollment e;
    enum err result;
};

static enum err pack_work(struct tx *tx, void *user) {
    struct packing *p = user;
    struct device d;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    p->result = enroll_pfx(tx, &arena, &d, &p->parcel, &p->placing, &p->e);
    return p->result;
}

static struct packing keep_parcel(struct packing p) {
    char *text = arena_alloc(&arena, CERT_THUMBPRINT_SIZE);
    assert_ok(store_write(store, pack_work, &p));
    assert_ok(cert_sha1_hex(p.parcel.cert.der, text));
    sha1 = text;
    enrollment.id = id = p.e.id;
    return p;
}

static struct pfx_parcel made_at(const char *endpoint, struct pfx_wish wish) {
    struct packing p = {.placing = {.key_location = 3}};
    const struct pki *pki = pki_acquire(mdm.pki);
    wish.subject = wish.subject ? wish.subject : "CN=PC";
    assert_ok(pfx_make(authority, pki_endpoint(pki, endpoint), &arena, &wish, PKCS12_AES,
                       clock_ms(), &p.parcel));
    keep_parcel(p);
    pki_release(pki);
    return p.parcel;
}

static void make(void) {
    made_at("default", (struct pfx_wish){.subject = NULL});
}

/* ---- placeholders ---- */

static const struct device named = {
    .device_id = DEVICE, .name = "PC, \"1\";x", .account = "al+b@example.com"};

static void filled_as_in_a_profile(void **state) {
    (void)state;
    struct pfx_wish w = {.subject = "CN={{device.name}},OU=\"h {{device.name}}\",O={{user.upn}}",
                         .san = "3+{{device.id}};11+{{user.upn}}"};
    assert_ok(pfx_fill(&arena, &named, true, &w));
    assert_string_equal(w.subject, "CN=\"PC, \"\"1\"\";x\",OU=\"h PC, \"\"1\"\";x\","
                                   "O=\"al+b@example.com\"");
    assert_string_equal(w.san, "3+" DEVICE ";11+al+b@example.com");
    w = (struct pfx_wish){.subject = "CN=fixed"};
    assert_ok(pfx_fill(&arena, &named, false, &w));
    assert_string_equal(w.subject, "CN=fixed");
    assert_null(w.san);
}

static void not_everything_is_filled(void **state) {
    (void)state;
    static const struct {
        const char *subject, *san;
        bool trust;
        enum err e;
        const char *detail;
    } cases[] = {
        {"CN={{device.name}}", NULL, false, ERR_REFUSED, "--subject: {{device.name}} is what"},
        {"CN=x", "3+{{device.name}}", false, ERR_REFUSED, "--san: {{device.name}} is what"},
        {"CN=x", "3+{{device.name}}", true, ERR_PARSE, "--san: the value \"PC, \"1\";x\""},
        {"CN=PC {{user.upn}}", NULL, false, ERR_PARSE, "needs quotes; write them around"},
        {"CN={{scep.challenge}}", NULL, true, ERR_PARSE, "no value for {{scep.challenge}}; there"},
        {"CN={{enrollment.id}}", NULL, true, ERR_PARSE, "no value for {{enrollment.id}}; there"},
        {"CN={{device.id}}{{x}}", NULL, true, ERR_PARSE, "no value for {{x}}; there are device.id"},
        {"CN={{}}", NULL, true, ERR_PARSE, "unknown placeholder {{}}"},
        {"CN=x", "3+{{device.id", true, ERR_PARSE, "--san: {{ without }}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pfx_wish w = {.subject = cases[i].subject, .san = cases[i].san};
        assert_int_equal(pfx_fill(&arena, &named, cases[i].trust, &w), cases[i].e);
        if (!strstr(err_detail(), cases[i].detail))
            fail_msg("\"%s\" does not tell of \"%s\"", err_detail(), cases[i].detail);
    }
}

/* ---- */

static struct pkcs12 given_by(const char *name, const char *extensions) {
    BUF_AUTO(key);
    struct pkcs12 c = {.count = 1};
    sh(&folder,
       "openssl req -newkey rsa:2048 -nodes -keyout g.key -subj /CN=given -out g.csr && openssl "
       "pkcs8 -topk8 -nocrypt -in g.key -outform DER -out g.p8");
    sign(&folder, "up", "g.csr", name, extensions, 20);
    assert_ok(file_read(arena_printf(&arena, "%s/g.p8", folder.path), 65536, &key));
    assert_ok(
        cert_load_pem(&arena, arena_printf(&arena, "%s/%s.pem", folder.path, name), &c.certs[0]));
    c.key = arena_copy(&arena, buf_view(&key));
    return c;
}

static enum err take_it(const struct pkcs12 *given, struct pfx_parcel *out) {
    return pfx_take(authority, &arena, given, PKCS12_3DES, clock_ms(), out);
}

static void give(void) {
    struct packing p = {.placing = {.key_location = 2, .user_scope = true}};
    const struct pkcs12 given = given_by("g", "basicConstraints=CA:FALSE");
    assert_ok(take_it(&given, &p.parcel));
    keep_parcel(p);
}

static enum err row_work(struct tx *tx, void *user) {
    return pfx_get(tx, &arena, id, user);
}

static struct pfx row(void) {
    struct pfx p;
    assert_ok(store_read(store, row_work, &p));
    return p;
}

/* ---- the host's side ---- */

static const struct syncml_command *command_for(const struct answer *a, enum syncml_kind kind,
                                                const char *end) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next) {
        const char *uri = c->items ? arena_str(&arena, c->items->target) : "";
        size_t n = strlen(uri), m = strlen(end);
        if (c->kind == kind && n >= m && strcmp(uri + n - m, end) == 0)
            return c;
    }
    return NULL;
}

static const struct syncml_command *atomic_of(const struct answer *a) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == SYNCML_ATOMIC)
            return c;
    fail_msg("no Atomic in %s", a->text);
    return NULL;
}

/* From hello to the Atomic, with the roots that come before. */
static struct answer sent(void) {
    struct answer a = say(1, hello);
    if (count_kind(&a, SYNCML_ATOMIC))
        return a;
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
    return a;
}

static const char *answers(const struct answer *a, int atomic, const char *guilty) {
    BUF_AUTO(b);
    const struct syncml_command *c = atomic_of(a);
    put_status(&b, a, c->cmd_id, atomic);
    for (const struct syncml_command *k = c->children; k; k = k->next)
        put_status(&b, a, k->cmd_id,
                   atomic == 200                                         ? 200
                   : strstr(arena_str(&arena, k->items->target), guilty) ? 500
                                                                         : 215);
    return arena_str(&arena, buf_view(&b));
}

/* 418 of the node itself, which an Atomic before has made. */
static const char *answers_there(const struct answer *a) {
    BUF_AUTO(b);
    const struct syncml_command *c = atomic_of(a);
    put_status(&b, a, c->cmd_id, 507);
    for (const struct syncml_command *k = c->children; k; k = k->next)
        put_status(&b, a, k->cmd_id, k == c->children ? 418 : 215);
    return arena_str(&arena, buf_view(&b));
}

static void put_value(struct buf *b, const struct answer *a, const char *node, const char *value) {
    const struct syncml_command *c = command_for(a, SYNCML_GET, node);
    if (!c)
        fail_msg("no Get of %s in %s", node, a->text);
    put_status(b, a, c->cmd_id, value ? 200 : 404);
    if (value)
        buf_printf(b,
                   "<Results><CmdID>8</CmdID><MsgRef>%d</MsgRef><CmdRef>%.*s</CmdRef><Item><Data>%s"
                   "</Data></Item></Results>",
                   (int)a->m->msg_id, SPAN_FMT(c->cmd_id), value);
}

/* What the host says to the two questions; NULL: 404. */
static const char *nodes(const struct answer *a, const char *status, const char *thumbprint) {
    BUF_AUTO(b);
    put_value(&b, a, arena_printf(&arena, "%s/Status", id), status);
    put_value(&b, a, arena_printf(&arena, "%s/Thumbprint", id), thumbprint);
    return arena_str(&arena, buf_view(&b));
}

static enum err lose_work(struct tx *tx, struct job *job) {
    struct enrollment e;
    TRY(enrollment_get(tx, &arena, job->id, &e));
    return enroll_record(tx, &e, EVENT_GONE, "gone", NULL);
}

/* The host takes the Atomic and is asked at once. */
static struct answer accepted(void) {
    struct answer a = sent();
    a = say((int)a.m->msg_id + 1, answers(&a, 200, ""));
    assert_state(STATE_ACCEPTED);
    return a;
}

static struct answer shows_nodes(const struct answer *a, const char *status,
                                 const char *thumbprint) {
    return say((int)a->m->msg_id + 1, nodes(a, status, thumbprint));
}

static void is_confirmed(void) {
    struct answer a = accepted();
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
}

/* ---- what is made ---- */

static void as_the_policy_has_it(void **state) {
    (void)state;
    const struct pfx_wish wish = {.subject = "CN=PC,O=\"Ex, Inc\"",
                                  .san = "3+pc.example;11+al@example.com",
                                  .eku = "1.3.6.1.5.5.7.3.2",
                                  .key_usage = 128,
                                  .key = "rsa3072"};
    struct pfx_parcel p = made_at("corp", wish);
    assert_ok(cert_save_pem(p.cert.der, arena_printf(&arena, "%s/p.pem", folder.path)));
    sh(&folder,
       "openssl verify -CAfile ca/lab/ca.pem p.pem && openssl x509 -in p.pem -noout -text >t && "
       "grep -q 'CN = PC, O = \"Ex, Inc\"' t && grep -q 'DNS:pc.example' t && grep -q UPN t && "
       "grep -q '3072 bit' t && grep -q 'Digital Signature$' t && grep -q 'Client Auth' t && "
       "! grep -q CA:TRUE t");
    assert_state(STATE_ASSIGNED);
    assert_string_equal(look().e.endpoint, "corp");
    assert_string_equal(reason(sha1), "");
    assert_int_equal(events(id, EVENT_ISSUED, sha1), 1);
}

static enum err refuse_wish(const struct pki *pki, const struct pfx_wish *wish) {
    struct pfx_parcel p;
    return pfx_make(authority, pki_endpoint(pki, "default"), &arena, wish, PKCS12_AES, clock_ms(),
                    &p);
}

static void no_more_than_the_policy(void **state) {
    (void)state;
    static const struct pfx_wish bad[] = {
        {.subject = "CN=x", .eku = "1.3.6.1.5.5.7.3.1"},
        {.subject = "CN=x", .eku = "1.3.6.1.5.5.7.3.2+1.3.6.1.5.5.7.3.1"},
        {.subject = "CN=x", .key_usage = 0x84}, /* keyCertSign */
        {.subject = "CN=x", .key_usage = 0x04},
    };
    static const struct pfx_wish unreadable[] = {{.subject = "=x"},
                                                 {.subject = "CN=x", .san = "x"},
                                                 {.subject = "CN=x", .eku = "clientAuth"}};
    const struct pki *pki = pki_acquire(mdm.pki);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(refuse_wish(pki, &bad[i]), ERR_REFUSED);
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++)
        assert_int_equal(refuse_wish(pki, &unreadable[i]), ERR_PARSE);
    settings.endpoints[0].policy.subject_rule = "CN=pc*";
    assert_int_equal(refuse_wish(pki, &(struct pfx_wish){.subject = "CN=x"}), ERR_REFUSED);
    settings.endpoints[0].policy.subject_rule = NULL;
    settings.endpoints[0].policy.rsa_min_bits = 4096;
    assert_int_equal(refuse_wish(pki, &(struct pfx_wish){.subject = "CN=x"}), ERR_REFUSED);
    settings.endpoints[0].policy.rsa_min_bits = 2048;
    pki_release(pki);
}

/* ---- what is given ---- */

static void not_everything_is_taken(void **state) {
    (void)state;
    struct pfx_parcel p;
    struct pkcs12 given = given_by("g", "basicConstraints=CA:FALSE");
    assert_ok(take_it(&given, &p));
    assert_false(p.made);
    struct pkcs12 other = given;
    other.certs[0] = given_by("other", "basicConstraints=CA:FALSE").certs[0];
    assert_int_equal(take_it(&other, &p), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "not that of the certificate"));
    given.key.n--;
    assert_int_equal(take_it(&given, &p), ERR_PARSE);
    given = given_by("g", "basicConstraints=CA:TRUE");
    assert_int_equal(take_it(&given, &p), ERR_REFUSED);
    given = given_by("g", "basicConstraints=CA:FALSE");
    move_clock(30 * DAY);
    assert_int_equal(take_it(&given, &p), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "has ended"));
}

/* Made here, then given once more: it is one host's. */
static void one_certificate_one_host(void **state) {
    (void)state;
    struct packing p = {.placing = {.key_location = 3}};
    make();
    p.parcel.cert.der = row().cert;
    assert_ok(cert_parse(p.parcel.cert.der, &p.parcel.cert));
    p.parcel.secret = row().secret;
    assert_int_equal(store_write(store, pack_work, &p), ERR_CONFLICT);
    happens(id, EVENT_SENT);
    happens(id, EVENT_REJECTED);
    const char *first = id;
    keep_parcel(p);
    assert_string_not_equal(first, id);
    assert_string_equal(look().e.endpoint, "default");
    happens(id, EVENT_SENT);
    done((struct job){.run = leave});
    assert_string_equal(reason(sha1), "cessationOfOperation");
    assert_int_equal(store_write(store, pack_work, &p), ERR_REFUSED); /* revoked */
}

static const char *given_of_ours(void) {
    struct packing p = {.placing = {.key_location = 3}};
    make();
    p.parcel = (struct pfx_parcel){.secret = row().secret};
    assert_ok(cert_parse(row().cert, &p.parcel.cert));
    happens(id, EVENT_SENT);
    happens(id, EVENT_REJECTED);
    keep_parcel(p);
    return id;
}

static enum err remove_work(struct tx *tx, struct job *job) {
    return enroll_pfx_remove(tx, &arena, &job->e);
}

/* What was given, and never left, is as it was before. */
static void given_and_taken_back(void **state) {
    (void)state;
    done((struct job){.run = remove_work, .id = given_of_ours()});
    assert_state(STATE_REMOVED);
    assert_string_equal(reason(sha1), "");
    assert_int_equal(events(id, EVENT_NOTE, "never left"), 1);
}

static void given_and_left(void **state) {
    (void)state;

    given_of_ours();
    const char *one = sha1;
    give();
    done((struct job){.run = leave});
    assert_string_equal(reason(one), "");
    assert_int_equal(events(id, EVENT_ALARM, "at its CA"), 0);
}

static void not_twice_in_a_store(void **state) {
    (void)state;
    struct packing p = {.placing = {.key_location = 3}};
    const struct pkcs12 given = given_by("g", "basicConstraints=CA:FALSE");
    assert_ok(take_it(&given, &p.parcel));
    p = keep_parcel(p);
    const char *first = id;
    assert_int_equal(store_write(store, pack_work, &p), ERR_CONFLICT);
    p.placing.user_scope = true;
    keep_parcel(p);
    p.placing.user_scope = false;
    done((struct job){.run = remove_work, .id = first});
    keep_parcel(p);
}

/* ---- what is sent ---- */

static struct span child(const struct answer *a, const char *name) {
    const char *end = arena_printf(&arena, "/%s", name);
    for (const struct syncml_command *k = atomic_of(a)->children; k; k = k->next)
        if (strstr(arena_str(&arena, k->items->target), end))
            return k->items->data;
    return SPAN_NONE;
}

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

/* ---- what the host says ---- */

static void confirmed_in_one_session(void **state) {
    (void)state;
    make();
    assert_true(row().secret.n > 1000);
    struct answer a = accepted();
    assert_int_equal(row().secret.n, 0); /* as soon as it was accepted */
    assert_int_equal(count_kind(&a, SYNCML_GET), 2);
    a = shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
    assert_int_equal(count_kind(&a, SYNCML_GET), 0);
    assert_true(look().e.not_after > clock_ms() + 300 * DAY);
    a = say(1, hello); /* and is not asked, nor sent, again */
    assert_int_equal(count_kind(&a, SYNCML_GET) + count_kind(&a, SYNCML_ATOMIC), 0);
}

static void one_a_message(void **state) {
    (void)state;
    make();
    const char *first = id;
    make();
    struct answer a = sent();
    a = say((int)a.m->msg_id + 1, answers(&a, 200, ""));
    has_atomics(&a, 1);
    a = say((int)a.m->msg_id + 1, answers(&a, 200, ""));
    assert_state(STATE_ACCEPTED);
    id = first;
    assert_state(STATE_ACCEPTED);
}

/* What another one of the host has lost says nothing of this one. */
static void counts_for_itself(void **state) {
    (void)state;
    make();
    is_confirmed();
    const char *lost = id;
    for (int i = 0; i < 5; i++)
        done((struct job){.run = lose_work, .id = lost});
    make();
    is_confirmed();
    done((struct job){.run = lose_work, .id = id});
    move_clock(8 * DAY);
    struct answer a = say(1, hello);
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
}

static void without_a_status(void **state) {
    (void)state;
    make();
    struct answer a = accepted();
    shows_nodes(&a, NULL, sha1);
    assert_state(STATE_CONFIRMED);
    assert_int_equal(count_events(EVENT_CONFIRMED, "no Status"), 1);
}

static void a_status_in_words(void **state) {
    (void)state;
    make();
    struct answer a = accepted();
    shows_nodes(&a, "86", NULL);
    assert_state(STATE_FAILED);
    assert_int_equal(count_events(EVENT_FAILED, "ERROR_INVALID_PASSWORD"), 1);
    a = say(1, hello);
    has_atomics(&a, 0); /* never twice */
    move_clock(10 * 60000);
    a = say(1, hello);
    shows_nodes(&a, "1234", sha1); /* whatever else it shows */
    assert_state(STATE_FAILED);
    assert_int_equal(count_events(EVENT_FAILED, "Status 1234, unknown: meaning not known"), 1);
    move_clock(10 * 60000);
    a = say(1, hello);
    shows_nodes(&a, "0", sha1); /* a later proof */
    assert_state(STATE_CONFIRMED);
}

static void names_of_hresults(void **state) {
    (void)state;
    assert_string_equal(hresult_of_pfx(0x80070056).name, "ERROR_INVALID_PASSWORD");
    assert_string_equal(hresult_of_pfx(86).name, "ERROR_INVALID_PASSWORD");
    assert_string_equal(hresult_of_pfx(1460).name, "ERROR_TIMEOUT");
    assert_string_equal(hresult_of_pfx(0x800705B4).name, "ERROR_TIMEOUT");
    assert_string_equal(hresult_of_pfx(1460).cause, "not known"); /* that of SCEP is another */
    assert_string_equal(hresult_of_pfx(5).meaning, "meaning not known");
}

static void another_certificate(void **state) {
    (void)state;
    make();
    struct answer a = accepted();
    shows_nodes(&a, "0", A1);
    assert_state(STATE_FAILED);
    assert_int_equal(count_events(EVENT_FAILED, "another certificate"), 1);
}

static void nothing_yet(void **state) {
    (void)state;
    make();
    struct answer a = accepted();
    shows_nodes(&a, "0", "");
    assert_state(STATE_ACCEPTED);
    a = say(1, hello);
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
}

static void a_rejected_atomic(void **state) {
    (void)state;
    make();
    struct answer a = sent();
    say((int)a.m->msg_id + 1, answers(&a, 507, "PFXCertBlob"));
    assert_state(STATE_REJECTED);
    assert_int_equal(count_events(EVENT_REJECTED, "500 PFXCertBlob"), 1);
    assert_int_equal(row().secret.n, 0);
    assert_string_equal(reason(sha1), "cessationOfOperation"); /* nobody has its key */
    a = say(1, hello);
    assert_int_equal(count_kind(&a, SYNCML_GET) + count_kind(&a, SYNCML_ATOMIC), 0);
}

/* ---- what is lost ---- */

static void the_answer_to_the_atomic_is_lost(void **state) {
    (void)state;
    make();
    struct answer a = sent();
    const char *password = arena_str(&arena, child(&a, "PFXCertPassword"));
    a = say(1, hello); /* the host has begun anew: it is asked before anything is sent */
    has_atomics(&a, 0);
    a = shows_nodes(&a, NULL, NULL);
    assert_int_equal(count_events(EVENT_LOST, ""), 1);
    has_atomics(&a, 1); /* it was never there */
    assert_text(child(&a, "PFXCertPassword"), password);
    a = say(1, hello);
    shows_nodes(&a, "0", sha1); /* and this time it was */
    assert_state(STATE_CONFIRMED);
    assert_int_equal(count_events(EVENT_ACCEPTED, "its answer to it was lost"), 1);
    assert_int_equal(row().secret.n, 0);
    assert_int_equal(count_events(EVENT_SENT, ""), 2);
}

/* An Atomic before has come: it is not known to have failed. Once: then it is a refusal. */
static void the_node_is_there(void **state) {
    (void)state;
    make();
    struct answer a = sent();
    say((int)a.m->msg_id + 1, answers_there(&a));
    assert_state(STATE_SENT);
    assert_true(row().secret.n > 0);
    a = say(1, hello);
    a = shows_nodes(&a, NULL, NULL);
    has_atomics(&a, 1);
    say((int)a.m->msg_id + 1, answers_there(&a));
    assert_state(STATE_REJECTED);
}

/* 500 to both proves neither that it is there nor that it is not. */
static void an_error_tells_nothing(void **state) {
    (void)state;
    BUF_AUTO(b);
    make();
    sent();
    struct answer a = say(1, hello);
    put_status(&b, &a, command_for(&a, SYNCML_GET, "/Status")->cmd_id, 500);
    put_status(&b, &a, command_for(&a, SYNCML_GET, "/Thumbprint")->cmd_id, 404);
    a = say(2, buf_cstr(&b));
    assert_state(STATE_SENT);
    has_atomics(&a, 0);
    assert_true(row().secret.n > 1000);
}

static void the_same_answer_again(void **state) {
    (void)state;
    make();
    struct answer roots = say(1, hello);
    const char *second = message_of(2, take_roots(&roots, NULL));
    struct answer a = send_text(second, NULL);
    has_atomics(&a, 1);
    assert_string_equal(send_text(second, NULL).text, a.text);
    assert_int_equal(count_events(EVENT_SENT, ""), 1);
}

/* ---- secrets ---- */

static bool in_files(struct span wanted) {
    static const char *const names[] = {"db", "db-wal"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        BUF_AUTO(b);
        if (file_read(arena_printf(&arena, "%s/%s", folder.path, names[i]), 1 << 26, &b) == OK)
            found |= memmem(b.p, b.n, wanted.p, wanted.n) != NULL;
    }
    return found;
}

/* In what the database's file holds; the log beside it is gone when the server has stopped. */
static void nothing_is_left(void **state) {
    (void)state;
    struct span file;
    make();
    struct span sealed = row().secret, middle = span_of(sealed.p + sealed.n / 2, 64);
    struct answer a = sent();
    assert_ok(base64_decode(&arena, child(&a, "PFXCertBlob"), &file));
    const struct span clear[] = {child(&a, "PFXCertPassword"), span_of(file.p + 200, 64),
                                 span_of(child(&a, "PFXCertBlob").p + 400, 64)};
    assert_true(in_files(middle));
    for (size_t i = 0; i < 3; i++)
        assert_false(in_files(clear[i]));
    a = say(3, answers(&a, 200, ""));
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
    store_close(store);
    bool left = in_files(middle);
    for (size_t i = 0; i < 3; i++)
        left |= in_files(clear[i]);
    assert_ok(store_open(arena_printf(&arena, "%s/db", folder.path), &store));
    assert_false(left);
}

/* ---- its life ---- */

static void taken_away(void **state) {
    (void)state;
    BUF_AUTO(b);
    make();
    is_confirmed();
    done((struct job){.run = remove_work, .id = id});
    assert_state(STATE_REMOVING);
    struct answer a = say(1, hello);
    const struct syncml_command *delete = command_for(&a, SYNCML_DELETE, id);
    const struct syncml_command *get = command_for(&a, SYNCML_GET, "/Thumbprint");
    assert_non_null(delete);
    assert_non_null(get);
    assert_null(command_for(&a, SYNCML_GET, "/Status"));
    put_status(&b, &a, delete->cmd_id, 200);
    put_status(&b, &a, get->cmd_id, 404);
    say(2, buf_cstr(&b));
    assert_state(STATE_REMOVED);
    assert_string_equal(reason(sha1), "cessationOfOperation");
    struct job again = {.run = remove_work, .id = id};
    assert_int_equal(store_write(store, run_job, &again), ERR_CONFLICT);
}

static void taken_away_before(void **state) {
    (void)state;
    make();
    done((struct job){.run = remove_work, .id = id});
    assert_state(STATE_REMOVED);
    assert_int_equal(row().secret.n, 0);
    assert_string_equal(reason(sha1), "cessationOfOperation");
    const char *wifi = assigned("wifi");
    struct job other = {.run = remove_work, .id = wifi};
    assert_int_equal(store_write(store, run_job, &other), ERR_CONFLICT);
}

static void the_host_leaves(void **state) {
    (void)state;
    make();
    is_confirmed();
    const char *of_ours = sha1, *first = id;
    give();
    happens(id, EVENT_SENT);
    done((struct job){.run = leave});
    assert_string_equal(reason(of_ours), "cessationOfOperation");
    state_is(first, "revoked");
    state_is(id, "revoked");
    assert_int_equal(events(id, EVENT_ALARM, "at its CA (CN=up)"), 1);
    assert_int_equal(row().secret.n, 0);
}

static void it_ends(void **state) {
    (void)state;
    make();
    is_confirmed();
    move_clock(341 * DAY);
    say(1, hello);
    assert_int_equal(count_all(), 1); /* nothing is made in its place */
    assert_int_equal(events(id, EVENT_ALARM, "signet pfx make"), 1);
    assert_state(STATE_CONFIRMED);
    say(1, hello);
    assert_int_equal(events(id, EVENT_ALARM, ""), 1);
}

static void asked_each_week(void **state) {
    (void)state;
    make();
    is_confirmed();
    move_clock(8 * DAY);
    struct answer a = say(1, hello);
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
    move_clock(8 * DAY);
    a = say(1, hello);
    shows_nodes(&a, "0", "");
    assert_state(STATE_GONE);
    assert_int_equal(events(id, EVENT_ALARM, "signet pfx remove"), 1);
    assert_int_equal(count_all(), 1);
    move_clock(8 * DAY);
    a = say(1, hello);
    shows_nodes(&a, NULL, sha1);
    assert_state(STATE_CONFIRMED);
    move_clock(8 * DAY);
    a = say(1, hello);
    shows_nodes(&a, NULL, NULL);
    assert_state(STATE_GONE);
    assert_int_equal(events(id, EVENT_ALARM, "was it reset"), 1);
}

static enum err purge_work(struct tx *tx, struct job *job) {
    return enrollment_purge(tx, clock_ms(), 10, &job->n);
}

static enum err find_row(struct tx *tx, struct job *job) {
    struct pfx pfx;
    job->n = pfx_get(tx, &arena, job->text, &pfx);
    return OK;
}

/* Long after its end, and its certificate's, nothing is kept of it. */
static void forgotten_in_the_end(void **state) {
    (void)state;
    make();
    done((struct job){.run = remove_work, .id = id});
    move_clock(300 * DAY);
    assert_int_equal(done((struct job){.run = purge_work}).n, 0);
    assert_int_equal(done((struct job){.run = find_row, .text = id}).n, OK);
    move_clock(66 * DAY);
    assert_int_equal(done((struct job){.run = purge_work}).n, 1);
    assert_int_equal(done((struct job){.run = find_row, .text = id}).n, ERR_NOT_FOUND);
}

static void a_given_one_each_week(void **state) {
    (void)state;
    struct packing p = {.placing = {.key_location = 3}};
    const struct pkcs12 given = given_by("g", "basicConstraints=CA:FALSE");
    assert_ok(take_it(&given, &p.parcel));
    keep_parcel(p);
    is_confirmed();
    move_clock(8 * DAY);
    struct answer a = say(1, hello);
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
    assert_int_equal(events(id, EVENT_GONE, ""), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filled_as_in_a_profile),
        cmocka_unit_test(not_everything_is_filled),
        WITH_LIFE(as_the_policy_has_it),
        WITH_LIFE(no_more_than_the_policy),
        WITH_LIFE(not_everything_is_taken),
        WITH_LIFE(one_certificate_one_host),
        WITH_LIFE(given_and_taken_back),
        WITH_LIFE(given_and_left),
        WITH_LIFE(not_twice_in_a_store),
        WITH_LIFE(revoked_before_it_is_sent),
        WITH_LIFE(the_hardware_comes_first),
        WITH_LIFE(the_node_is_there),
        WITH_LIFE(one_atomic),
        WITH_LIFE(a_given_one),
        WITH_LIFE(of_an_endpoint_that_is_gone),
        WITH_LIFE(it_ends_before_it_is_sent),
        WITH_LIFE(it_ends_while_it_waits),
        WITH_LIFE(it_ends_on_its_way),
        WITH_LIFE(the_host_enrolls_anew_before_it_is_sent),
        WITH_LIFE(confirmed_in_one_session),
        WITH_LIFE(one_a_message),
        WITH_LIFE(counts_for_itself),
        WITH_LIFE(without_a_status),
        WITH_LIFE(a_status_in_words),
        WITH_LIFE(names_of_hresults),
        WITH_LIFE(another_certificate),
        WITH_LIFE(nothing_yet),
        WITH_LIFE(a_rejected_atomic),
        WITH_LIFE(the_answer_to_the_atomic_is_lost),
        WITH_LIFE(an_error_tells_nothing),
        WITH_LIFE(the_same_answer_again),
        WITH_LIFE(nothing_is_left),
        WITH_LIFE(taken_away),
        WITH_LIFE(taken_away_before),
        WITH_LIFE(the_host_leaves),
        WITH_LIFE(it_ends),
        WITH_LIFE(asked_each_week),
        WITH_LIFE(forgotten_in_the_end),
        WITH_LIFE(a_given_one_each_week),
    };
    return cmocka_run_group_tests_name("pfx", tests, build, tear_down);
}
