/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode RA: what the upstream is asked, read by our own server; what it answers in OpenSSL's hand,
 * and which of it is believed; and step-ca's webhook about what is under way.
 */
#include "scep_certrep_fixture.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <semaphore.h>
#include <sys/socket.h>

#include "base/text.h"
#include "cms/signed.h"
#include "gateway/ask.h"
#include "gateway/internal.h"

static struct gateway gateway; /* without a pool but for tests that send */
static struct authority authority;
static struct upstream settings;
static struct gateway_upstream upstream;
static struct pair ca_key, self_key;
static struct span ca, self, leaf;
static char *folder;

static const char their_secret[] = "c2VjcmV0IG9mIHRoZSBob29r"; /* "secret of the hook" */

/* ---- the upstream as it was learnt ---- */

static int prepare(void **state) {
    set_up(state);
    folder = scratch_new();
    gateway.options.authority = &authority;
    ca_key = pair_new(2048);
    self_key = pair_new(2048);
    ca = cert_new(&shared, "CN=Their CA", ca_key.ours, "CN=Their CA", ca_key.ours, true);
    ra = cert_new(&shared, "CN=Their RA", ra_key.ours, "CN=Their CA", ca_key.ours, false);
    ra_pair = scep_key_of(ra, ra_key.ours);
    leaf = cert_new(&shared, "CN=host", client_key.ours, "CN=Their CA", ca_key.ours, false);
    self = cert_new(&shared, "CN=us", self_key.ours, "CN=us", self_key.ours, false);
    return 0;
}

static int clean_up(void **state) {
    pair_free(&ca_key);
    pair_free(&self_key);
    scratch_free(folder);
    return tear_down(state);
}

static int learn(void **state) {
    (void)state;
    settings = (struct upstream){
        .name = "up", .url = "https://scep.example.com/scep?ca=1", .max_requests = 2};
    upstream = (struct gateway_upstream){
        .settings = &settings,
        .post = true,
        .aes = true,
        .sha256 = true,
        .certs = {ca, ra},
        .cert_count = 2,
        .chain = {ca},
        .chain_count = 1,
        .self = scep_key_of(self, self_key.ours),
        .recipient = ra_pair.parsed,
        .health = health_new("up", 2),
    };
    return 0;
}

static int forget(void **state) {
    (void)state;
    health_release(upstream.health);
    return 0;
}

/* ---- asking ---- */

static struct ask new_ask(struct arena *a, struct span csr) {
    return (struct ask){.upstream = &upstream, .arena = a, .csr = csr};
}

static struct ask begun(struct arena *a, struct span csr) {
    struct ask ask = new_ask(a, csr);
    struct ask *kept = arena_alloc(a, sizeof ask);
    *kept = ask;
    assert_int_equal(ask_begin(&gateway, kept), ASK_BEGUN);
    ask_free(kept); /* its place; what it knows stays */
    return *kept;
}

static void their_server_reads_it(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask ask = begun(&a, csr_der);
    struct scep_request r;
    struct scep_content content;
    assert_true(ask.job.request.post);
    assert_string_equal(ask.job.request.url,
                        "https://scep.example.com/scep?ca=1&operation=PKIOperation");
    assert_ok(scep_read(&a, ask.job.request.body, &r));
    assert_int_equal(r.message_type, SCEP_PKCS_REQ);
    assert_true(span_is(r.transaction_id, ask.answer.transaction));
    assert_int_equal(r.transaction_id.n, 40);
    assert_true(span_eq(r.signer, self));
    assert_int_equal(r.digest, DIGEST_SHA256);
    assert_ok(scep_open(&a, &r, &ra_pair, 1, false, &content));
    assert_true(span_eq(content.csr.der, csr_der));
    assert_int_equal(r.cipher, CIPHER_AES128_CBC);
    assert_int_equal(r.transport, TRANSPORT_PKCS1);
}

/* What asks again is the same transaction, with a nonce of its own. */
static void again_is_the_same_transaction(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask one = begun(&a, csr_der), two = begun(&a, csr_der);
    struct ask other = begun(&a, new_csr(client_key.theirs, "another"));
    assert_string_equal(one.answer.transaction, two.answer.transaction);
    assert_string_not_equal(one.answer.transaction, other.answer.transaction);
    assert_memory_not_equal(one.nonce, two.nonce, sizeof one.nonce);
    authority.challenge_key[0] ^= 1; /* the CSR alone does not tell it */
    struct ask elsewhere = begun(&a, csr_der);
    authority.challenge_key[0] ^= 1;
    assert_string_not_equal(one.answer.transaction, elsewhere.answer.transaction);
}

static void old_servers_are_asked_as_they_like(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct scep_request r;
    struct scep_content content;
    struct span message;
    upstream.post = upstream.aes = upstream.sha256 = false;
    struct ask ask = new_ask(&a, csr_der);
    ask.poll = true;
    assert_int_equal(ask_begin(&gateway, &ask), ASK_BEGUN);
    assert_false(ask.job.request.post);
    const char *text = strstr(ask.job.request.url, "&message=");
    assert_non_null(text);
    BUF_AUTO(base64);
    for (text += 9; *text; text++)
        if (*text == '%') {
            char hex[] = {text[1], text[2], 0};
            buf_char(&base64, (char)strtol(hex, NULL, 16));
            text += 2;
        } else {
            buf_char(&base64, *text);
        }
    assert_ok(base64_decode(&a, buf_view(&base64), &message));
    assert_ok(scep_read(&a, message, &r));
    assert_int_equal(r.message_type, SCEP_CERT_POLL);
    assert_int_equal(r.digest, DIGEST_SHA1);
    assert_ok(scep_open(&a, &r, &ra_pair, 1, false, &content));
    assert_int_equal(r.cipher, CIPHER_DES3_CBC);
    struct cert theirs;
    assert_ok(cert_parse(ca, &theirs));
    assert_true(span_eq(content.issuer, theirs.subject));
    ask_free(&ask);
}

static void not_twice_and_not_too_many(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span others[] = {new_csr(client_key.theirs, "1"), new_csr(client_key.theirs, "2")};
    struct ask one = new_ask(&a, csr_der), twin = one, second = new_ask(&a, others[0]),
               third = new_ask(&a, others[1]);
    assert_int_equal(ask_begin(&gateway, &one), ASK_BEGUN);
    assert_int_equal(ask_begin(&gateway, &twin), ASK_TWIN);
    ask_free(&twin);
    assert_int_equal(ask_begin(&gateway, &second), ASK_BEGUN);
    assert_int_equal(ask_begin(&gateway, &third), ASK_NOT); /* max_requests is 2 */
    assert_non_null(strstr(third.answer.reason, "under way"));
    ask_free(&third);
    ask_free(&one);
    assert_int_equal(ask_begin(&gateway, &third), ASK_BEGUN);
    ask_free(&second);
    ask_free(&third);
    struct gateway_status status; /* every place was given back, and tells nothing of its health */
    health_status(upstream.health, &a, &status);
    assert_int_equal(status.running, 0);
    assert_int_equal(status.health, GATEWAY_UNKNOWN);
}

/* Of one challenge one CSR is asked for at a time, until its answer is durable. */
static void one_at_a_time_of_a_challenge(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask one = new_ask(&a, csr_der), other = new_ask(&a, new_csr(client_key.theirs, "1")),
               third = new_ask(&a, new_csr(client_key.theirs, "2"));
    one.challenge = other.challenge = 7;
    third.challenge = 8;
    assert_int_equal(ask_begin(&gateway, &one), ASK_BEGUN);
    assert_int_equal(ask_begin(&gateway, &other), ASK_TWIN);
    assert_int_equal(ask_begin(&gateway, &third), ASK_BEGUN);
    ask_free(&third);
    ask_free(&other); /* it had no place */
    assert_int_equal(ask_begin(&gateway, &other), ASK_TWIN);
    ask_over(&one);
    assert_int_equal(ask_begin(&gateway, &other), ASK_BEGUN);
    ask_free(&one);
    ask_free(&other);
    one.challenge = other.challenge = 0; /* polls have none */
    assert_int_equal(ask_begin(&gateway, &one), ASK_BEGUN);
    assert_int_equal(ask_begin(&gateway, &other), ASK_BEGUN);
    ask_free(&one);
    ask_free(&other);
}

/* ---- sent: to a server that takes it and says nothing, until it is gone ---- */

struct silence {
    int fd;
    char url[64];
    sem_t told;
};

static void silence_begin(struct silence *s) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    getsockname(s->fd, (struct sockaddr *)&at, &n);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/scep", ntohs(at.sin_port));
    sem_init(&s->told, 0, 0);
    settings.url = s->url;
    assert_ok(fetch_pool_new(&gateway.pool));
    upstream.peer = fetch_peer_new(gateway.pool, &(struct fetch_options){.timeout_ms = 30000});
}

static void told(struct ask *ask) {
    sem_post(&((struct silence *)ask->user)->told);
}

static void send_to_silence(struct silence *s, struct ask *ask) {
    ask->done = told;
    ask->user = s;
    assert_int_equal(ask_begin(&gateway, ask), ASK_BEGUN);
    ask_send(ask);
}

/* Ends what is under way; each is told. */
static void silence_end(struct silence *s, int sent) {
    close(s->fd);
    fetch_pool_refuse(gateway.pool);
    while (sent--)
        assert_int_equal(sem_wait(&s->told), 0);
}

static void silence_free(struct silence *s) {
    fetch_pool_free(gateway.pool);
    fetch_peer_free(upstream.peer);
    gateway.pool = NULL;
    upstream.peer = NULL;
    sem_destroy(&s->told);
}

static enum gateway_health health_after(struct silence *s, struct arena *a, int64_t challenge) {
    static char nth[2] = "a";
    struct ask ask = new_ask(a, new_csr(client_key.theirs, nth));
    struct gateway_status status;
    nth[0]++;
    ask.challenge = challenge;
    send_to_silence(s, &ask);
    assert_int_equal(sem_wait(&s->told), 0);
    assert_int_equal(ask.job.reply.cause, FETCH_TIMEOUT);
    ask_free(&ask);
    health_status(upstream.health, a, &status);
    return status.health;
}

/* As many CSRs as a host likes may make the upstream hang: it is one failure. */
static void a_challenge_is_one_asker(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct silence s;
    silence_begin(&s);
    fetch_peer_free(upstream.peer);
    upstream.peer = fetch_peer_new(gateway.pool, &(struct fetch_options){.timeout_ms = 200});
    for (int i = 0; i < 4; i++)
        assert_int_equal(health_after(&s, &a, 7), GATEWAY_UNKNOWN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(health_after(&s, &a, 8 + i), GATEWAY_UNKNOWN);
    assert_int_equal(health_after(&s, &a, 20), GATEWAY_DOWN); /* of five challenges */
    silence_end(&s, 0);
    silence_free(&s);
}

/* ---- answers ---- */

/* A SUCCESS with those certificates, as a good server writes it. */
static struct their_reply success(struct arena *a, const struct ask *ask, const struct span *certs,
                                  size_t count, const EVP_CIPHER *cipher) {
    struct their_reply r = usual_reply("0");
    r.content = their_envelope(a, cms_certs_only(a, certs, count, SPAN_NONE), &self, 1, cipher,
                               (struct transport){.oaep = false});
    r.cert = ra;
    r.transaction = ask->answer.transaction;
    r.answered = arena_str(a, span_of(ask->nonce, sizeof ask->nonce));
    return r;
}

/* `add_text` ends at a NUL: a nonce of a test has none. */
static struct ask ask_for(struct arena *a) {
    struct ask ask = begun(a, csr_der);
    memset(ask.nonce, 'n', sizeof ask.nonce);
    return ask;
}

static void answer_with(struct ask *ask, struct span body) {
    fetch_reply_free(&ask->job.reply);
    ask->job.result = OK;
    ask->job.reply = (struct fetch_reply){.status = 200};
    buf_span(&ask->job.reply.body, body);
    ask->answer.outcome = UPSTREAM_WRONG;
    ask->answer.cert = SPAN_NONE;
    ask->answer.reason = NULL;
    ask_read(ask);
}

static void answer(struct ask *ask, const struct their_reply *r) {
    answer_with(ask, their_certrep(ask->arena, r));
}

static void is_certificate(const struct ask *ask) {
    if (ask->answer.reason)
        assert_string_equal(ask->answer.reason, "");
    assert_int_equal(ask->answer.outcome, UPSTREAM_SUCCESS);
    assert_true(span_eq(ask->answer.cert, leaf));
}

static void is_wrong(const struct ask *ask, const char *reason) {
    assert_int_equal(ask->answer.outcome, UPSTREAM_WRONG);
    assert_int_equal(ask->answer.cert.n, 0);
    if (!strstr(ask->answer.reason, reason))
        assert_string_equal(ask->answer.reason, reason);
}

/* Missing nonces, SHA-1, single DES, a chain beside the leaf, the CA as signer: all is believed. */
static void servers_of_every_kind(void **state) {
    (void)state;
    const EVP_CIPHER *const ciphers[] = {EVP_des_cbc(), EVP_des_ede3_cbc(), EVP_aes_256_cbc()};
    for (unsigned i = 0; i < 3 * 8; i++) {
        ARENA_AUTO(a);
        struct span chain[] = {ca, leaf};
        struct ask ask = ask_for(&a);
        struct their_reply r =
            success(&a, &ask, i & 1 ? chain : &leaf, i & 1 ? 2 : 1, ciphers[i / 8]);
        if (i & 2) {
            r.md = EVP_sha1();
            r.nonce = r.answered = NULL;
        }
        if (i & 4) {
            r.cert = ca;
            r.key = ca_key.theirs;
        }
        answer(&ask, &r);
        is_certificate(&ask);
        ask_free(&ask);
    }
}

static void refusals_and_patience(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask ask = ask_for(&a);
    struct their_reply r = success(&a, &ask, &leaf, 1, EVP_aes_128_cbc());
    r.content = SPAN_NONE;
    r.status = "3";
    answer(&ask, &r);
    assert_int_equal(ask.answer.outcome, UPSTREAM_PENDING);
    r.status = "2";
    r.fail_info = "3";
    r.text = "\x1b[31mlate\nstatus=SUCCESS";
    answer(&ask, &r);
    assert_int_equal(ask.answer.outcome, UPSTREAM_REFUSED);
    assert_int_equal(ask.answer.fail_info, SCEP_BAD_TIME);
    assert_string_equal(
        ask.answer.reason,
        "the upstream refused the request: failInfo badTime, \\x1b[31mlate\\x0astatus=SUCCESS");
    r.fail_info = r.text = NULL;
    answer(&ask, &r);
    assert_int_equal(ask.answer.outcome, UPSTREAM_REFUSED);
    assert_int_equal(ask.answer.fail_info, -1);
    ask_free(&ask);
}

static void answers_of_somebody_else(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask ask = ask_for(&a);
    struct their_reply good = success(&a, &ask, &leaf, 1, EVP_aes_128_cbc()), r = good;
    r.transaction = "0123456789";
    answer(&ask, &r);
    is_wrong(&ask, "another transaction");
    r = good;
    r.answered = "mmmmmmmmmmmmmmmm";
    answer(&ask, &r);
    is_wrong(&ask, "another nonce");
    r = good;
    r.cert = client;
    r.key = client_key.theirs;
    answer(&ask, &r);
    assert_int_equal(ask.answer.outcome, UPSTREAM_WRONG);
    r = good; /* a stranger's certificate of the RA's name and number */
    r.key = client_key.theirs;
    r.cert = cert_new(&a, "CN=Their RA", client_key.ours, "CN=Their CA", client_key.ours, false);
    answer(&ask, &r);
    assert_int_equal(ask.answer.outcome, UPSTREAM_WRONG);
    answer(&ask, &good);
    is_certificate(&ask);
    ask_free(&ask);
}

static void certificates_that_are_none(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask ask = ask_for(&a);
    struct span other_key =
        cert_new(&a, "CN=host", self_key.ours, "CN=Their CA", ca_key.ours, false);
    struct span other_ca =
        cert_new(&a, "CN=host", client_key.ours, "CN=Other CA", ra_key.ours, false);
    struct span forged = /* the pinned CA's name, another's signature */
        cert_new(&a, "CN=host", client_key.ours, "CN=Their CA", ra_key.ours, false);
    struct their_reply r = success(&a, &ask, &other_key, 1, EVP_aes_128_cbc());
    answer(&ask, &r);
    is_wrong(&ask, "no certificate for the key");
    r = success(&a, &ask, &other_ca, 1, EVP_aes_128_cbc());
    answer(&ask, &r);
    is_wrong(&ask, "'CN=Other CA', which is not the pinned CA");
    r = success(&a, &ask, &forged, 1, EVP_aes_128_cbc());
    answer(&ask, &r);
    is_wrong(&ask, "not the pinned CA");
    r = success(&a, &ask, &leaf, 1, EVP_aes_128_cbc());
    clock_shift(3600000);
    answer(&ask, &r);
    clock_shift(-2 * 3600000);
    is_wrong(&ask, "has expired");
    answer(&ask, &r);
    clock_shift(3600000);
    is_wrong(&ask, "not valid before");
    ask_free(&ask);
}

static struct ask *leaf_of(struct arena *a, struct ask *ask, const char *issuer,
                           const struct key *key, bool is_ca) {
    struct span c = cert_new(a, "CN=host", client_key.ours, issuer, key, is_ca);
    struct their_reply r = success(a, ask, &c, 1, EVP_aes_128_cbc());
    answer(ask, &r);
    return ask;
}

/* The pinned CA and those below it issue; those above it do not, and nobody makes the host a CA. */
static void who_may_issue_what(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask ask = ask_for(&a);
    struct pair above = pair_new(2048), below = pair_new(2048);
    upstream.chain[1] = upstream.certs[2] =
        cert_new(&a, "CN=Root", above.ours, "CN=Root", above.ours, true);
    upstream.chain_count = 2;
    upstream.certs[3] = cert_new(&a, "CN=Sub", below.ours, "CN=Their CA", ca_key.ours, true);
    upstream.cert_count = 4;
    is_wrong(leaf_of(&a, &ask, "CN=Their CA", ca_key.ours, true), "is a CA's");
    is_wrong(leaf_of(&a, &ask, "CN=Root", above.ours, false), "'CN=Root', which is not the pinned");
    is_wrong(leaf_of(&a, &ask, "CN=Their RA", ra_key.ours, false), "not the pinned CA");
    leaf_of(&a, &ask, "CN=Sub", below.ours, false);
    assert_int_equal(ask.answer.outcome, UPSTREAM_SUCCESS);
    upstream.cert_count = 3; /* what is not there any more issues nothing */
    is_wrong(leaf_of(&a, &ask, "CN=Sub", below.ours, false), "not the pinned CA");
    leaf_of(&a, &ask, "CN=Their CA", ca_key.ours, false);
    assert_int_equal(ask.answer.outcome, UPSTREAM_SUCCESS);
    ask_free(&ask);
    pair_free(&above);
    pair_free(&below);
}

static void answers_that_are_none(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask ask = ask_for(&a);
    struct their_reply r = success(&a, &ask, &leaf, 1, EVP_aes_128_cbc());
    struct span good = their_certrep(&a, &r);
    answer_with(&ask, span_str("<html>\x1b[2J"));
    is_wrong(&ask, "no CertRep but a web page");
    assert_null(strchr(ask.answer.reason, '\x1b'));
    answer_with(&ask, SPAN_NONE);
    is_wrong(&ask, "an empty body");
    for (size_t n = 0; n < good.n; n += 17) {
        answer_with(&ask, span_of(good.p, n));
        is_wrong(&ask, "");
    }
    r.content = span_str("not an envelope");
    answer(&ask, &r);
    is_wrong(&ask, "");
    r.status = "7";
    answer(&ask, &r);
    is_wrong(&ask, "");
    ask_free(&ask);
}

static void http_without_an_answer(void **state) {
    (void)state;
    ARENA_AUTO(a);
    static const struct {
        int status;
        enum fetch_cause cause;
        enum upstream_outcome outcome;
        const char *said;
    } cases[] = {
        {500, FETCH_OK, UPSTREAM_SILENT, "HTTP 500"},
        {0, FETCH_LOCAL, UPSTREAM_UNASKED, "got no request"},
        {404, FETCH_OK, UPSTREAM_NO_CERTREP, "HTTP 404"},
        {302, FETCH_OK, UPSTREAM_NO_CERTREP, "HTTP 302"},
        {502, FETCH_OK, UPSTREAM_SILENT, "HTTP 502"},
        {504, FETCH_OK, UPSTREAM_SILENT, "HTTP 504"},
        {0, FETCH_CONNECT, UPSTREAM_UNASKED, "got no request: what\\x0a"},
        {0, FETCH_NAME, UPSTREAM_UNASKED, "got no request: what\\x0a"},
        {0, FETCH_TLS_TRUST, UPSTREAM_UNASKED, "got no request: what\\x0a"},
        {0, FETCH_RESET, UPSTREAM_SILENT, "no answer of the upstream came: what\\x0a"},
        {0, FETCH_TIMEOUT, UPSTREAM_SILENT, "did not answer in time: what\\x0a"},
        {0, FETCH_LIMIT, UPSTREAM_WRONG, "larger than 4 MiB"},
        {0, FETCH_INVALID, UPSTREAM_WRONG, "no HTTP: what\\x0a"},
    };
    struct ask ask = ask_for(&a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask.job.reply.status = cases[i].status;
        ask.job.reply.cause = cases[i].cause;
        ask.job.result = cases[i].cause ? ERR_IO : OK;
        snprintf(ask.job.detail, sizeof ask.job.detail, "what\n");
        ask_read(&ask);
        assert_int_equal(ask.answer.outcome, cases[i].outcome);
        if (!strstr(ask.answer.reason, cases[i].said))
            assert_string_equal(ask.answer.reason, cases[i].said);
    }
    ask_free(&ask);
}

/* ---- the webhook ---- */

static struct span question(struct arena *a, struct span csr, const char *transaction) {
    BUF_AUTO(raw);
    base64_encode(&raw, csr);
    return span_str(arena_printf(a,
                                 "{\"provisionerName\":\"p\",\"scepTransactionID\":\"%s\","
                                 "\"x509CertificateRequest\":{\"raw\":\"%s\"}}",
                                 transaction, buf_cstr(&raw)));
}

static const char *signature(struct arena *a, struct span body) {
    uint8_t mac[32];
    char *hex = arena_alloc(a, 65);
    assert_ok(hmac_sha256(span_str("secret of the hook"), body, mac));
    hex_lower(span_of(mac, 32), hex);
    return hex;
}

static enum err hook(struct arena *a, struct span body, const char *mac) {
    return ask_webhook(&gateway, &upstream, a, body, mac);
}

static enum err signed_hook(struct arena *a, struct span body) {
    return hook(a, body, signature(a, body));
}

static void make_secret(struct arena *a) {
    scratch_put(folder, "secret", span_str(arena_printf(a, "%s\n", their_secret)));
    settings.webhook_secret = arena_printf(a, "%s/secret", folder);
}

static struct span question_of(struct arena *a, const struct ask *ask) {
    return question(a, ask->csr, ask->answer.transaction);
}

static void the_hook_knows_what_is_asked(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask ask = new_ask(&a, csr_der);
    struct silence s;
    make_secret(&a);
    silence_begin(&s);
    send_to_silence(&s, &ask);
    struct span body = question_of(&a, &ask);
    const char *mac = signature(&a, body);
    char *bad = arena_str(&a, span_str(mac));
    bad[0] = bad[0] == '0' ? '1' : '0';
    assert_int_equal(hook(&a, body, bad), ERR_AUTH);
    assert_int_equal(hook(&a, body, ""), ERR_AUTH);
    assert_int_equal(hook(&a, body, NULL), ERR_AUTH);
    assert_int_equal(hook(&a, question(&a, csr_der, "other"), mac), ERR_AUTH);
    assert_int_equal(signed_hook(&a, question(&a, csr_der, "other")), ERR_REFUSED);
    assert_int_equal(signed_hook(&a, question(&a, leaf, ask.answer.transaction)), ERR_REFUSED);
    assert_int_equal(signed_hook(&a, span_str("[]")), ERR_PARSE);
    assert_int_equal(signed_hook(&a, span_str("{\"x509CertificateRequest\":{\"raw\":7}}")),
                     ERR_PARSE);
    assert_int_equal(signed_hook(&a, span_str("")), ERR_PARSE);
    assert_ok(signed_hook(&a, body)); /* none of them has used it up */
    silence_end(&s, 1);
    ask_free(&ask);
    silence_free(&s);
    assert_int_equal(signed_hook(&a, body), ERR_REFUSED); /* it is not asked for any more */
}

/* Only between the request and its answer, once, and for no CertPoll. */
static void the_hook_says_yes_once(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct ask one = new_ask(&a, csr_der), two = new_ask(&a, new_csr(client_key.theirs, "2")),
               poll = new_ask(&a, new_csr(client_key.theirs, "3"));
    struct silence s;
    make_secret(&a);
    silence_begin(&s);
    poll.poll = true;
    send_to_silence(&s, &poll);
    assert_int_equal(signed_hook(&a, question_of(&a, &poll)), ERR_REFUSED);
    assert_int_equal(ask_begin(&gateway, &one), ASK_BEGUN);
    assert_int_equal(signed_hook(&a, question_of(&a, &one)), ERR_REFUSED); /* not sent yet */
    ask_free(&one);
    send_to_silence(&s, &one);
    assert_ok(signed_hook(&a, question_of(&a, &one)));
    assert_int_equal(signed_hook(&a, question_of(&a, &one)), ERR_REFUSED);
    silence_end(&s, 2);
    ask_free(&poll);
    ask_free(&one);
    send_to_silence(&s, &two); /* it is answered at once, and never was allowed */
    assert_int_equal(sem_wait(&s.told), 0);
    assert_int_equal(signed_hook(&a, question_of(&a, &two)), ERR_REFUSED);
    assert_int_equal(
        ask_begin(&gateway, &(struct ask){.upstream = &upstream, .arena = &a, .csr = two.csr}),
        ASK_TWIN);
    ask_free(&two);
    silence_free(&s);
}

static void a_hook_without_a_secret(void **state) {
    (void)state;
    ARENA_AUTO(a);
    struct span body = question(&a, csr_der, "t");
    assert_int_equal(signed_hook(&a, body), ERR_NOT_FOUND);
    settings.webhook_secret = "/nonexistent/secret";
    assert_int_not_equal(signed_hook(&a, body), OK);
    scratch_put(folder, "empty", span_str("\n"));
    settings.webhook_secret = arena_printf(&a, "%s/empty", folder);
    uint8_t mac[32];
    char hex[65];
    assert_ok(hmac_sha256(SPAN_NONE, body, mac));
    hex_lower(span_of(mac, 32), hex);
    assert_int_equal(hook(&a, body, hex), ERR_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, learn, forget)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(their_server_reads_it),
        TEST(again_is_the_same_transaction),
        TEST(old_servers_are_asked_as_they_like),
        TEST(not_twice_and_not_too_many),
        TEST(one_at_a_time_of_a_challenge),
        TEST(a_challenge_is_one_asker),
        TEST(servers_of_every_kind),
        TEST(refusals_and_patience),
        TEST(answers_of_somebody_else),
        TEST(certificates_that_are_none),
        TEST(who_may_issue_what),
        TEST(answers_that_are_none),
        TEST(http_without_an_answer),
        TEST(the_hook_knows_what_is_asked),
        TEST(the_hook_says_yes_once),
        TEST(a_hook_without_a_secret),
    };
    return cmocka_run_group_tests_name("ask", tests, prepare, clean_up);
}
