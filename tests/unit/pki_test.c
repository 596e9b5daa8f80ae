/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoints in force: what they answer, where they are found, what they issue. */
#include "ca_fixture.h"
#include "csr_fixture.h"

#include <pthread.h>

#include "base/log.h"
#include "ca/pki.h"

static struct folder folder;
static struct pki_settings settings;

static struct endpoint_settings endpoint_of(const char *name, const char *path) {
    return (struct endpoint_settings){
        .name = name,
        .paths = {path},
        .path_count = 1,
        .ca = "default",
        .policy = {.rsa = true,
                   .p256 = true,
                   .rsa_min_bits = 2048,
                   .rsa_max_bits = 4096,
                   .eku = {"1.3.6.1.5.5.7.3.2"},
                   .eku_count = 1,
                   .key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
                   .validity = 365 * DAY,
                   .backdate = 600000,
                   .challenge_lifetime = 3600000,
                   .renewal_window = 30 * DAY},
    };
}

static int fresh(void **state) {
    folder = folder_new(state);
    settings = (struct pki_settings){.folder = folder.path, .ca_count = 1, .endpoint_count = 1};
    settings.cas[0] = ca_settings_default("default");
    settings.endpoints[0] = endpoint_of("default", "/scep");
    assert_ok(ca_create(folder.path, &settings.cas[0], &(struct ca_birth){.host = "pki.test"}));
    return 0;
}

static int clear(void **state) {
    (void)state;
    folder_free(&folder);
    return 0;
}

static struct pki_holder *open_it(void) {
    struct pki_holder *holder;
    assert_ok(pki_open(&settings, &holder));
    return holder;
}

static void not_opened(const char *word) {
    struct pki_holder *holder;
    assert_int_equal(pki_open(&settings, &holder), ERR_CONFIG);
    if (!strstr(err_detail(), word))
        fail_msg("'%s' is not in: %s", word, err_detail());
}

/* ---- answers ---- */

/* How many certificates `openssl` sees in the PKCS#7, and whether each is issued by one in it. */
static void judge_ca_certs(const struct endpoint *e, int count) {
    BUF_AUTO(path);
    buf_printf(&path, "%s/answer.der", folder.path);
    assert_ok(file_write(buf_cstr(&path), e->ca_certs, 0600));
    buf_clear(&path);
    buf_printf(&path, "%s/in-force.pem", folder.path);
    assert_ok(cert_save_pem(e->ca->issuer.cert, buf_cstr(&path)));
    sh(&folder,
       "openssl pkcs7 -inform DER -in answer.der -print_certs -out certs.pem && "
       "test $(grep -c BEGIN certs.pem) = %d && openssl verify -partial_chain -CAfile in-force.pem certs.pem",
       count);
}

static void one_ra(void **state) {
    (void)state;
    struct pki_holder *holder = open_it();
    const struct pki *pki = pki_acquire(holder);
    const struct endpoint *e = pki_endpoint(pki, "default");
    assert_false(e->ca_certs_single);
    judge_ca_certs(e, 2);
    assert_true(span_eq(e->signer.cert, e->ca->ra.cert));
    assert_int_equal(e->opener_count, 1);
    assert_true(e->openers[0].key == e->ca->ra.key);
    assert_string_equal(
        e->capabilities,
        "SHA-256\nSHA-512\nSHA-384\nAES\nDES3\nPOSTPKIOperation\nSCEPStandard\nRenewal\n");
    assert_string_equal(e->ca->sha1, fingerprint(&folder, "ca.pem"));
    assert_ptr_equal(pki_ca(pki, "default"), e->ca);
    assert_ptr_equal(pki_ca_by_sha1(pki, e->ca->sha1), e->ca);
    assert_null(pki_ca(pki, "other"));
    assert_null(pki_endpoint(pki, "other"));
    pki_release(pki);
    pki_close(holder);
}

static void split_ra(void **state) {
    (void)state;
    settings.endpoints[1] = endpoint_of("ndes", "/certsrv/mscep/mscep.dll");
    settings.endpoints[1].policy.ca_certs = CA_CERTS_SPLIT_RA;
    settings.endpoints[1].policy.renewal_window = 0;
    settings.endpoint_count = 2;
    struct pki_holder *holder = open_it();
    const struct pki *pki = pki_acquire(holder);
    const struct endpoint *e = pki_endpoint(pki, "ndes");
    judge_ca_certs(e, 3);
    assert_true(span_eq(e->signer.cert, e->ca->ra_sign.cert));
    assert_int_equal(e->opener_count, 2);
    assert_true(e->openers[1].key == e->ca->ra_enc.key);
    assert_string_equal(e->capabilities,
                        "SHA-256\nSHA-512\nSHA-384\nAES\nDES3\nPOSTPKIOperation\nSCEPStandard\n");
    judge_ca_certs(pki_endpoint(pki, "default"), 2);
    pki_release(pki);
    pki_close(holder);
}

static void the_ca_alone(void **state) {
    (void)state;
    settings.endpoints[0].policy.ca_certs = CA_CERTS_SINGLE;
    struct pki_holder *holder = open_it();
    const struct pki *pki = pki_acquire(holder);
    const struct endpoint *e = pki_endpoint(pki, "default");
    assert_true(e->ca_certs_single);
    assert_true(span_eq(e->ca_certs, e->ca->issuer.cert));
    assert_true(e->signer.key == e->ca->issuer.key);
    assert_true(e->openers[0].key == e->ca->issuer.key);
    assert_int_equal(e->opener_count, 2); /* and the RA, which another form has announced */
    pki_release(pki);
    pki_close(holder);
}

static void a_chain_up_to_the_root(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span csr;
    folder_free(&folder);
    folder = folder_new(state);
    assert_ok(ca_make_csr(folder.path, &settings.cas[0], &(struct ca_birth){.host = "pki.test"}, &a,
                          &csr));
    make_root(&folder, "root");
    sign(&folder, "root", "ca.csr", "issued", CA_EXTENSIONS, 100);
    sh(&folder, "cat issued.pem root.pem >both.pem");
    assert_ok(import_file(&folder, &settings.cas[0], "both.pem"));
    struct pki_holder *holder = open_it();
    const struct pki *pki = pki_acquire(holder);
    judge_ca_certs(pki_endpoint(pki, "default"), 3);
    pki_release(pki);
    settings.endpoints[0].policy.ca_certs = CA_CERTS_SINGLE;
    assert_int_equal(pki_reload(holder), ERR_CONFIG); /* the root gave it no keyEncipherment */
    assert_non_null(strstr(err_detail(), "[scep]: ca-certs = single wants a CA whose KeyUsage"));
    pki_close(holder);
}

static void an_ec_ca_is_not_alone(void **state) {
    (void)state;
    struct ca_birth birth = {.host = "pki.test", .key_kind = "p256"};
    folder_free(&folder);
    folder = folder_new(state);
    assert_ok(ca_create(folder.path, &settings.cas[0], &birth));
    struct pki_holder *holder = open_it();
    pki_close(holder);
    settings.endpoints[0].policy.ca_certs = CA_CERTS_SINGLE;
    not_opened("[scep]: ca-certs = single wants a CA with an RSA key");
}

/* The CA's signature makes an RA of it, but no client could encrypt to it. */
static void an_ra_opens_envelopes(void **state) {
    (void)state;
    pki_close(open_it());
    sh(&folder, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ra.key && "
                "openssl req -new -key ra.key -subj /CN=ra -out ra.csr");
    sign(&folder, "ca", "ra.csr", "ra", "keyUsage=digitalSignature", 1000);
    not_opened("[scep]: the CA 'default': an EC key cannot open envelopes: take an RSA key");
}

static void what_is_not_opened(void **state) {
    (void)state;
    settings.endpoints[1] = endpoint_of("corp", "/scep/corp");
    settings.endpoints[1].ca = "corp";
    settings.endpoint_count = 2;
    not_opened("[endpoint \"corp\"]: ca = corp: there is no such CA");
    settings.endpoints[1].ca = "default";
    settings.endpoints[1].policy.challenges = CHALLENGES_NONE;
    not_opened("[endpoint \"corp\"]: challenge = none");
    settings.endpoint_count = 1;
    sh(&folder, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key");
    not_opened("[ca \"default\"]");
}

/* ---- what changes while it runs ---- */

static void who_holds_it_keeps_it(void **state) {
    (void)state;
    struct pki_holder *holder = open_it();
    const struct pki *old = pki_acquire(holder);
    assert_ok(ca_rollover_prepare(folder.path, &settings.cas[0], NULL));
    assert_ok(pki_reload(holder));
    const struct pki *now = pki_acquire(holder);
    assert_ptr_not_equal(old, now);
    assert_null(strstr(old->endpoints[0].capabilities, "GetNextCACert"));
    assert_non_null(strstr(now->endpoints[0].capabilities, "GetNextCACert\n"));
    assert_ok(ca_rollover_finish(folder.path, &settings.cas[0]));
    assert_ok(pki_reload(holder));
    pki_close(holder); /* what is held outlives the holder */
    assert_int_equal(now->ca_count, 1);
    judge_ca_certs(&now->endpoints[0], 2);
    pki_release(old);
    pki_release(now);
}

static void a_retired_ca_is_known(void **state) {
    (void)state;
    struct pki_holder *holder = open_it();
    const struct pki *before = pki_acquire(holder);
    assert_ok(ca_rollover_prepare(folder.path, &settings.cas[0], NULL));
    assert_ok(ca_rollover_finish(folder.path, &settings.cas[0]));
    assert_ok(pki_reload(holder));
    const struct pki *pki = pki_acquire(holder);
    assert_int_equal(pki->ca_count, 2);
    assert_false(pki_ca(pki, "default")->retired);
    assert_string_not_equal(pki_ca(pki, "default")->sha1, before->cas[0].sha1);
    const struct ca *retired = pki_ca_by_sha1(pki, before->cas[0].sha1);
    assert_non_null(retired);
    assert_true(retired->retired);
    assert_non_null(retired->ocsp.key);
    pki_release(before);
    pki_release(pki);
    pki_close(holder);
}

static void a_failed_reload_changes_nothing(void **state) {
    (void)state;
    struct pki_holder *holder = open_it();
    const struct pki *before = pki_acquire(holder);
    settings.endpoints[0].ca = "nope";
    assert_int_equal(pki_reload(holder), ERR_CONFIG);
    const struct pki *after = pki_acquire(holder);
    assert_ptr_equal(before, after);
    settings.endpoints[0].ca = "default";
    pki_release(before);
    pki_release(after);
    pki_close(holder);
}

static void an_ra_is_renewed(void **state) {
    (void)state;
    bool changed = true;
    struct pki_holder *holder = open_it();
    const struct pki *before = pki_acquire(holder);
    assert_ok(pki_keep(holder, &changed));
    assert_false(changed);
    int64_t ahead = before->cas[0].ra.parsed.not_after - clock_ms() - 20 * DAY;
    clock_shift(ahead);
    assert_ok(pki_keep(holder, &changed));
    assert_true(changed);
    const struct pki *after = pki_acquire(holder);
    const struct endpoint *e = &after->endpoints[0];
    assert_false(span_eq(e->signer.cert, before->endpoints[0].signer.cert));
    assert_int_equal(e->opener_count, 2);
    assert_true(span_eq(e->openers[1].cert, before->endpoints[0].signer.cert));
    clock_shift(-ahead);
    pki_release(before);
    pki_release(after);
    pki_close(holder);
}

static void *hold_and_release(void *user) {
    for (int i = 0; i < 2000; i++) {
        const struct pki *pki = pki_acquire(user);
        if (strcmp(pki->endpoints[0].name, "default") != 0)
            return user;
        pki_release(pki);
    }
    return NULL;
}

static void many_at_once(void **state) {
    (void)state;
    struct pki_holder *holder = open_it();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_release, holder), 0);
    for (int i = 0; i < 3; i++)
        assert_ok(pki_reload(holder));
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    pki_close(holder);
}

/* ---- routes ---- */

static struct pki three; /* of the three endpoints below; only what pki_route looks at */
static struct endpoint_settings routed[3];

static void set_routes(size_t count) {
    routed[0] = endpoint_of("default", "/scep");
    routed[0].paths[routed[0].path_count++] = "/certsrv/mscep/mscep.dll";
    routed[1] = endpoint_of("corp", "/scep/corp");
    routed[2] = endpoint_of("lab", "/scep/corp/lab");
    three = (struct pki){.endpoint_count = count, .configured_count = count};
    for (size_t i = 0; i < count; i++)
        three.endpoints[i] =
            (struct endpoint){.name = routed[i].name, .settings = &routed[i], .policy = NULL};
}

static void goes_to(const char *path, const char *name) {
    const struct endpoint *e = pki_route(&three, path);
    if (strcmp(e ? e->name : "nobody", name) != 0)
        fail_msg("%s goes to %s", path, e ? e->name : "nobody");
}

static void routes(void **state) {
    (void)state;
    static const struct {
        const char *path, *name;
    } table[] = {
        {"/scep", "default"},
        {"/SCEP", "default"},
        {"/scep/pkiclient.exe", "default"},
        {"/scep/PKIClient.EXE/pkiclient.exe", "default"},
        {"/scep/pkiclient.exe/pkiclient.exe/pkiclient.exe", "default"},
        {"/certsrv/mscep/mscep.dll", "default"},
        {"/CertSrv/mscep/mscep.dll/pkiclient.exe", "default"},
        {"/certsrv/mscep/mscep.dll/other", "nobody"},
        {"/certsrv/mscep", "nobody"},
        {"/scep/", "nobody"},
        {"//scep", "nobody"},
        {"/scep//pkiclient.exe", "nobody"},
        {"/scep/corpse", "nobody"},
        {"/scep/cor", "nobody"},
        {"/scep/crop/pkiclient.exe", "nobody"},
        {"/scep/pkiclient.exe/corp", "nobody"},
        {"/scep/pkiclient.exe2", "nobody"},
        {"/scepter", "nobody"},
        {"/", "nobody"},
        {"", "nobody"},
        {"/scep/corp", "corp"},
        {"/Scep/CORP/", "corp"},
        {"/scep/corp/pkiclient.exe", "corp"},
        {"/scep/corp/anything/else", "corp"},
        {"/scep/corp/labor", "corp"},
        {"/scep/corp/../lab", "corp"},
        {"/scep/corp//lab", "corp"},
        {"/scep/corp/lab", "lab"},
        {"/scep/corp/lab/pkiclient.exe", "lab"},
        {"/scep/../scep/corp", "nobody"},
    };
    set_routes(3);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        goes_to(table[i].path, table[i].name);
}

static void a_default_alone_takes_all_below(void **state) {
    (void)state;
    set_routes(1);
    goes_to("/scep", "default");
    goes_to("/scep/", "default");
    goes_to("/scep/whatever/pkiclient.exe", "default");
    goes_to("/scep/corp", "default");
    goes_to("/scepter", "nobody");
}

/* ---- issuing ---- */

static void issue(const struct endpoint *e, const struct grant *grant, struct issued *out,
                  struct arena *a, const char *file) {
    BUF_AUTO(path);
    assert_ok(pki_issue(e, a, grant, clock_ms(), out));
    buf_printf(&path, "%s/%s", folder.path, file);
    assert_ok(cert_save_pem(out->der, buf_cstr(&path)));
}

static struct grant grant_for(struct arena *a, const struct endpoint *e, EVP_PKEY *key,
                              const char *san) {
    struct csr csr;
    struct grant grant;
    struct asked w = {.cn = "host", .san = san, .eku = "clientAuth", .key = key};
    assert_ok(asked_csr(a, &w, &csr));
    assert_ok(policy_grant(a, e->policy, &csr, true, &grant));
    return grant;
}

static void what_is_issued(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct issued issued;
    struct cert cert;
    EVP_PKEY *key = rsa_key(2048);
    struct policy *policy = &settings.endpoints[0].policy;
    policy->crl_url = "http://pki.test/pki/default.crl";
    policy->ocsp_url = "http://pki.test/ocsp";
    policy->issuer_url = "http://pki.test/pki/default.crt";
    policy->mapping = MAPPING_EXTENSION;
    struct pki_holder *holder = open_it();
    const struct pki *pki = pki_acquire(holder);
    const struct endpoint *e = pki->endpoints;
    struct grant grant = grant_for(&a, e, key, "DNS:host.example.com");
    assert_ok(policy_map_sid(&a, e->policy, "S-1-5-21-1-2-3-1105", &grant));
    issue(e, &grant, &issued, &a, "leaf.pem");
    sh(&folder, "openssl verify -x509_strict -purpose sslclient -CAfile ca.pem leaf.pem");
    sh(&folder,
       "openssl x509 -in leaf.pem -noout -text >text; for t in 'DNS:host.example.com' "
       "'TLS Web Client Authentication' 'CA Issuers - URI:http://pki.test/pki/default.crt'"
       " 'OCSP - URI:http://pki.test/ocsp' 'URI:http://pki.test/pki/default.crl' "
       "'S-1-5-21-1-2-3-1105' 'Digital Signature, Key Encipherment$'; do grep -q -e \"$t\" "
       "text || { echo missing: $t; cat text; exit 1; }; done; ! grep CA:TRUE text");
    assert_string_equal(issued.sha1, fingerprint(&folder, "leaf.pem"));
    assert_ok(cert_parse(issued.der, &cert));
    assert_int_equal(cert.not_before, issued.not_before);
    assert_int_equal(cert.not_after, issued.not_after);
    assert_int_equal(issued.not_after % 1000, 0);
    assert_true(span_eq(cert.serial, issued.serial));
    int64_t life = issued.not_after - clock_ms();
    assert_true(life <= policy->validity && life > policy->validity - 60000);
    grant.validity = 60000; /* a webhook may shorten it, and nobody may lengthen it */
    assert_ok(pki_issue(e, &a, &grant, clock_ms(), &issued));
    assert_true(issued.not_after - clock_ms() <= 60000);
    grant.validity = 4000 * DAY;
    assert_ok(pki_issue(e, &a, &grant, clock_ms(), &issued));
    assert_true(issued.not_after - clock_ms() <= policy->validity);
    pki_release(pki);
    pki_close(holder);
    EVP_PKEY_free(key);
}

static void nothing_outlives_its_ca(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct issued issued;
    EVP_PKEY *key = ec_key("P-256");
    struct policy *policy = &settings.endpoints[0].policy;
    policy->validity = 20000 * DAY;
    policy->backdate = DAY;
    struct pki_holder *holder = open_it();
    const struct pki *pki = pki_acquire(holder);
    const struct cert *ca = &pki->cas[0].issuer.parsed;
    struct grant grant = grant_for(&a, pki->endpoints, key, NULL);
    assert_ok(pki_issue(pki->endpoints, &a, &grant, clock_ms(), &issued));
    assert_int_equal(issued.not_after, ca->not_after);
    assert_int_equal(issued.not_before, ca->not_before);
    assert_ok(pki_issue(pki->endpoints, &a, &grant, clock_ms() + 3 * DAY, &issued));
    assert_true(issued.not_before - clock_ms() >= 2 * DAY - 60000);
    assert_int_equal(pki_issue(pki->endpoints, &a, &grant, ca->not_after, &issued), ERR_REFUSED);
    assert_non_null(strstr(err_detail(), "has expired"));
    pki_release(pki);
    pki_close(holder);
    EVP_PKEY_free(key);
}

#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, fresh, clear)

/* ---- gateways ---- */

static struct endpoint_settings gateway_of(const char *name, const char *path,
                                           const struct span *certs, size_t count) {
    struct endpoint_settings e = endpoint_of(name, path);
    e.upstream = name;
    e.upstream_certs = certs;
    e.upstream_cert_count = count;
    e.policy.renewal_window = 0;
    return e;
}

static void expect_endpoint(struct pki_holder *holder, const char *name, int certs) {
    const struct pki *pki = pki_acquire(holder);
    const struct endpoint *e = pki_endpoint(pki, name);
    assert_int_equal(e != NULL, certs > 0);
    if (e) {
        BUF_AUTO(path);
        assert_string_equal(e->upstream, name);
        assert_true(span_eq(e->signer.cert, e->ca->ra.cert));
        buf_printf(&path, "%s/answer.der", folder.path);
        assert_ok(file_write(buf_cstr(&path), e->ca_certs, 0600));
        sh(&folder,
           "openssl pkcs7 -inform DER -in answer.der -print_certs -out certs.pem && "
           "test $(grep -c BEGIN certs.pem) = %d",
           certs);
    }
    pki_release(pki);
}

static void gateways_beside_the_endpoints(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span certs[2];
    make_root(&folder, "upstream");
    assert_ok(cert_load_pem(&a, arena_printf(&a, "%s/upstream.pem", folder.path), &certs[0]));
    struct pki_holder *holder = open_it();
    const struct pki *before = pki_acquire(holder);
    certs[1] = before->endpoints[0].ca->issuer.cert; /* the upstream's CA is below ours */
    struct endpoint_settings list[] = {gateway_of("up", "/gateway/up", certs, 2),
                                       gateway_of("two", "/gateway/two", certs, 1)};
    assert_ok(pki_set_gateways(holder, list, 2));
    memset(list, 0xff, sizeof list); /* it has copies */
    expect_endpoint(holder, "up", 3);
    expect_endpoint(holder, "two", 3);
    assert_ok(pki_reload(holder));
    expect_endpoint(holder, "up", 3);
    const struct pki *pki = pki_acquire(holder);
    assert_ptr_equal(pki_route(pki, "/GATEWAY/up/pkiclient.exe"), pki_endpoint(pki, "up"));
    assert_null(pki_route(pki, "/gateway/other"));
    /* The default's is the only endpoint of signet.conf still: any suffix is its. */
    assert_ptr_equal(pki_route(pki, "/scep/whatever"), pki_endpoint(pki, "default"));
    pki_release(pki);
    list[0] = gateway_of("default", "/gateway/x", certs, 1);
    assert_int_equal(pki_set_gateways(holder, list, 1), ERR_CONFIG);
    list[0] = gateway_of("x", "/scep", certs, 1);
    assert_int_equal(pki_set_gateways(holder, list, 1), ERR_CONFIG);
    list[0] = gateway_of("x", "/gateway/x", certs, 1);
    list[0].ca = "nobody";
    assert_int_equal(pki_set_gateways(holder, list, 1), ERR_CONFIG);
    expect_endpoint(holder, "two", 3); /* the old ones stay */
    assert_ok(pki_set_gateways(holder, NULL, 0));
    expect_endpoint(holder, "two", 0);
    pki_release(before);
    pki_close(holder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CA(one_ra),
        WITH_CA(split_ra),
        WITH_CA(the_ca_alone),
        WITH_CA(a_chain_up_to_the_root),
        WITH_CA(an_ec_ca_is_not_alone),
        WITH_CA(an_ra_opens_envelopes),
        WITH_CA(what_is_not_opened),
        WITH_CA(who_holds_it_keeps_it),
        WITH_CA(a_retired_ca_is_known),
        WITH_CA(a_failed_reload_changes_nothing),
        WITH_CA(an_ra_is_renewed),
        WITH_CA(many_at_once),
        cmocka_unit_test(routes),
        cmocka_unit_test(a_default_alone_takes_all_below),
        WITH_CA(what_is_issued),
        WITH_CA(nothing_outlives_its_ca),
        WITH_CA(gateways_beside_the_endpoints),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
