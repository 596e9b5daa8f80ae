/* SPDX-License-Identifier: Apache-2.0 */
/* Who may enroll a host, and how many: passwords, codes, sign-ins, limits, each with its fault. */
#include "enrolling_fixture.h"

/* ---- codes ---- */

struct coding {
    const char *account;
    int64_t life, hosts;
    char code[TICKET_CODE_SIZE];
};

static enum err make_code(struct tx *tx, void *user) {
    struct coding *c = user;
    int64_t now = clock_ms();
    return ticket_new_code(tx, authority, c->account, now, now + c->life, c->hosts, c->code);
}

static const char *new_code(const char *account, int64_t life, int64_t hosts) {
    struct coding c = {.account = account, .life = life, .hosts = hosts};
    assert_ok(store_write(store, make_code, &c));
    return arena_str(&arena, span_str(c.code));
}

static void codes_have_a_form(void **state) {
    (void)state;
    const char *code = new_code("alice", DAY, 1);
    assert_int_equal(strlen(code), 23);
    for (size_t i = 0; i < 23; i++)
        assert_int_equal(code[i] == '-', i % 6 == 5);
    assert_true(ticket_is_code(span_str(code)));
    assert_true(ticket_is_code(span_str("abcde fghij klmno-pqrs7")));
    static const char *const none[] = {"", "ABCDE-FGHIJ-KLMNO-PQRS", "ABCDE-FGHIJ-KLMNO-PQRSTU",
                                       "ABCDE-FGHIJ-KLMNO-PQRS1", "ABCDE_FGHIJ_KLMNO_PQRST"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(ticket_is_code(span_str(none[i])));
}

static void a_code_enrolls_one_host(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    q.password = new_code("alice", DAY, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get_policies(&q), 0); /* spends nothing */
    assert_int_equal(request_token(&q), 0);
    q.device = OTHER;
    q.content = csr_of(keys[1], OTHER);
    assert_int_equal(request_token(&q), 0x80180002);
    assert_non_null(strstr(fault_text, "used up"));
}

/* The answer was lost: the same host with the same key gets the same certificate, for ten minutes.
 */
static void a_lost_answer_is_given_again(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    q.password = new_code("alice", DAY, 1);
    assert_int_equal(request_token(&q), 0);
    struct span first = identity_cert;
    move_clock(9 * 60000);
    assert_int_equal(get_policies(&q), 0);
    assert_int_equal(request_token(&q), 0);
    assert_true(span_eq(first, identity_cert));
    struct asking other = q;
    other.content = csr_of(keys[1], HOST); /* another key: another request */
    assert_int_equal(request_token(&other), 0x80180002);
    other = q;
    other.device = OTHER;
    other.content = csr_of(keys[0], OTHER); /* another host with that key */
    assert_int_equal(request_token(&other), 0x80180002);
    move_clock(2 * 60000);
    assert_int_equal(request_token(&q), 0x80180002);
}

static void a_repeat_by_password_is_one_enrollment(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    assert_int_equal(request_token(&q), 0);
    struct span first = identity_cert;
    for (int i = 0; i < 8; i++) { /* more than the limit of a device allows */
        assert_int_equal(request_token(&q), 0);
        assert_true(span_eq(first, identity_cert));
    }
    move_clock(11 * 60000);
    assert_int_equal(request_token(&q), 0);
    assert_false(span_eq(first, identity_cert));
}

static void a_code_as_people_type_it(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    char *typed = arena_str(&arena, span_str(new_code("alice", DAY, 1)));
    for (char *c = typed; *c; c++)
        *c = (char)(*c == '-' ? ' ' : *c >= 'A' ? *c + 32 : *c);
    q.password = arena_printf(&arena, " %s ", typed);
    assert_int_equal(get_policies(&q), 0);
}

static void a_code_for_several_hosts(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    q.password = new_code("alice", DAY, 2);
    assert_int_equal(request_token(&q), 0);
    assert_int_equal(request_token(&q), 0); /* repeated: takes nothing */
    q.device = OTHER;
    q.content = csr_of(keys[1], OTHER);
    assert_int_equal(request_token(&q), 0);
    q.device = "00000000000000000000000000000001";
    q.content = csr_of(keys[2], q.device);
    assert_int_equal(request_token(&q), 0x80180002);
}

/* A password may have a code's form. */
static enum err add_lookalike(struct tx *tx, void *user) {
    struct account account = {.name = "carol", .password = user, .created = 1};
    return account_add(tx, &account);
}

static enum err take_back(struct tx *tx, void *user) {
    (void)user;
    return ticket_revoke(tx, "alice", clock_ms());
}

static enum err remove_alice(struct tx *tx, void *user) {
    (void)user;
    return account_remove(tx, "alice");
}

static void codes_that_are_refused(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    q.password = new_code("bob", DAY, 1);
    assert_int_equal(get_policies(&q), 0x80180002); /* whose it is, is not told */
    assert_string_equal(fault_text, "wrong user name or password");
    q.password = new_code("alice", HOUR_MS, 1);
    move_clock(HOUR_MS);
    assert_int_equal(get_policies(&q), 0x80180002);
    assert_non_null(strstr(fault_text, "expired"));
    q.password = new_code("alice", DAY, 1);
    assert_ok(store_write(store, take_back, NULL));
    assert_int_equal(get_policies(&q), 0x80180002);
    assert_non_null(strstr(fault_text, "taken back"));
    q.password = new_code("alice", DAY, 1);
    assert_ok(store_write(store, remove_alice, NULL));
    assert_int_equal(get_policies(&q), 0x80180002);
}

static enum err look_at_open(struct tx *tx, void *user) {
    return ticket_open_codes(tx, "alice", clock_ms(), user);
}

static void assert_open(int64_t count, int64_t until) {
    struct open_codes open;
    assert_ok(store_read(store, look_at_open, &open));
    assert_int_equal(open.count, count);
    assert_true(open.until >= until && open.until <= until + (until ? 60000 : 0));
}

static void open_codes_are_counted_until_the_last_one_ends(void **state) {
    (void)state;
    int64_t now = clock_ms();
    assert_open(0, 0);
    new_code("bob", 9 * DAY, 1);
    new_code("alice", 2 * DAY, 1);
    new_code("alice", DAY, 1);
    assert_open(2, now + 2 * DAY);
    struct asking q = good(keys[0]);
    q.password = new_code("alice", 3 * DAY, 1);
    assert_open(3, now + 3 * DAY);
    assert_int_equal(request_token(&q), 0); /* used up */
    assert_open(2, now + 2 * DAY);
    move_clock(DAY + HOUR_MS);
    assert_open(1, now + 2 * DAY);
    assert_ok(store_write(store, take_back, NULL));
    assert_open(0, 0);
}

static void a_password_may_look_like_a_code(void **state) {
    (void)state;
    const char *hash;
    struct asking q = good(keys[0]);
    q.user = "carol";
    q.password = "ABCDE-FGHIJ-KLMNO-PQRST";
    assert_ok(password_hash(&arena, span_str(q.password), &hash));
    assert_ok(store_write(store, add_lookalike, (void *)(uintptr_t)hash));
    assert_int_equal(get_policies(&q), 0);
    q.password = "ABCDE-FGHIJ-KLMNO-PQRS2";
    assert_int_equal(get_policies(&q), 0x80180002);
}

/* ---- sign-ins ---- */

static enum err sign_in_at(const char *from, const char *user, const char *password,
                           char token[MDM_SIGN_IN_SIZE]) {
    struct mdm_sign_in *s;
    TRY(mdm_sign_in(&mdm, &arena, span_str(user), span_str(password), from, &s));
    guess_now(mdm.guesses, mdm_sign_in_guess(s));
    return mdm_signed_in(s, token);
}

static enum err sign_in_as(const char *user, const char *password, char token[MDM_SIGN_IN_SIZE]) {
    return sign_in_at(peer, user, password, token);
}

static struct asking with_token(const char *token) {
    struct asking q = good(keys[0]);
    q.user = NULL;
    q.token = arena_str(&arena, span_str(token));
    return q;
}

static enum err read_account(struct tx *tx, void *user) {
    struct device d;
    TRY(device_by_device_id(tx, &arena, HOST, &d));
    *(const char **)user = d.account;
    return OK;
}

static void a_sign_in_enrolls_its_account(void **state) {
    (void)state;
    char token[MDM_SIGN_IN_SIZE];
    const char *account;
    assert_int_equal(sign_in_as("alice", "wrong", token), ERR_AUTH);
    assert_int_equal(sign_in_as("", "", token), ERR_AUTH);
    assert_ok(sign_in_as("alice", "swordfish", token));
    struct asking q = with_token(token);
    q.user = "bob"; /* what the message says of the user counts nothing */
    q.password = "";
    assert_int_equal(get_policies(&q), 0);
    assert_int_equal(request_token(&q), 0);
    assert_ok(store_read(store, read_account, &account));
    assert_string_equal(account, "alice");
    struct span first = identity_cert;
    assert_int_equal(request_token(&q), 0); /* a lost answer */
    assert_true(span_eq(first, identity_cert));
    q.device = OTHER;
    q.content = csr_of(keys[1], OTHER);
    assert_int_equal(request_token(&q), 0x80180002); /* one-time */
}

static void a_sign_in_lives_ten_minutes(void **state) {
    (void)state;
    char token[MDM_SIGN_IN_SIZE];
    assert_ok(sign_in_as("alice", "swordfish", token));
    struct asking q = with_token(token);
    move_clock(TICKET_SIGN_IN_MS - 1000);
    assert_int_equal(get_policies(&q), 0);
    move_clock(1000);
    assert_int_equal(get_policies(&q), 0x80180002);
    assert_int_equal(request_token(&q), 0x80180002);
}

/* The code is spent by the enrollment, not by the page; and by one of them only. */
static void a_sign_in_by_code(void **state) {
    (void)state;
    char one[MDM_SIGN_IN_SIZE], two[MDM_SIGN_IN_SIZE], three[MDM_SIGN_IN_SIZE];
    const char *code = new_code("alice", DAY, 1);
    assert_ok(sign_in_as("alice", code, one));
    assert_ok(sign_in_as("alice", code, two)); /* the page was closed in between */
    struct asking q = with_token(two);
    assert_int_equal(request_token(&q), 0);
    q = with_token(one);
    q.device = OTHER;
    q.content = csr_of(keys[1], OTHER);
    assert_int_equal(request_token(&q), 0x80180002);
    assert_int_equal(sign_in_as("alice", code, three), ERR_AUTH);
}

static void tokens_that_are_refused(void **state) {
    (void)state;
    struct asking q = with_token("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    assert_int_equal(get_policies(&q), 0x80180002);
    q = with_token(new_code("alice", DAY, 1)); /* a code is no sign-in */
    assert_int_equal(get_policies(&q), 0x80180002);
    char token[MDM_SIGN_IN_SIZE];
    assert_ok(sign_in_as("alice", "swordfish", token));
    q = good(keys[0]);
    q.password = token; /* and the other way round */
    assert_int_equal(get_policies(&q), 0x80180002);
}

/* ---- guessing ---- */

static enum err sign_in_from(const char *from, const char *user, const char *password) {
    char token[MDM_SIGN_IN_SIZE];
    return sign_in_at(from, user, password, token);
}

/* Five wrong passwords would shut out the address, and the account at every new one. */
static void a_code_is_no_guess(void **state) {
    (void)state;
    const char *expired = new_code("bob", HOUR_MS, 1), *others = new_code("alice", DAY, 1);
    move_clock(HOUR_MS);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(sign_in_from("198.51.100.10", "bob", expired), ERR_AUTH);
        assert_non_null(strstr(err_detail(), "expired"));
        assert_int_equal(sign_in_from("198.51.100.10", "bob", others), ERR_AUTH);
        assert_string_equal(err_detail(), "wrong user name or password");
    }
    assert_ok(sign_in_from("198.51.100.10", "bob", "swordfish"));
}

/* Neither where the address is shut out, nor where the account is. */
static void guesses_keep_no_code_out(void **state) {
    (void)state;
    static const char *const from[] = {"198.51.100.8", "198.51.100.9"};
    const char *code = new_code("bob", DAY, 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(sign_in_from(from[0], "bob", "wrong"), ERR_AUTH);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sign_in_from(from[i], "bob", "swordfish"), ERR_AUTH);
        assert_non_null(strstr(err_detail(), "too many wrong"));
        assert_int_equal(sign_in_from(from[i], "bob", "ABCDE-FGHIJ-KLMNO-PQRST"), ERR_AUTH);
        assert_non_null(strstr(err_detail(), "too many wrong")); /* no code of ours: a guess */
        assert_ok(sign_in_from(from[i], "bob", code));
    }
}

static void guessing_is_made_slow(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    BUF_AUTO(soap);
    q.user = "bob";
    q.password = "wrong";
    put_envelope(&soap, ACTION_GET_POLICIES, &q);
    buf_str(&soap, "<GetPolicies/></s:Body></s:Envelope>");
    for (int i = 0; i <= 5; i++) {
        BUF_AUTO(reply);
        assert_false(answered(
            mdm_get_policies(&mdm, &arena, buf_view(&soap), "198.51.100.7", false), &reply));
        assert_int_equal(hear(&reply, false), 0x80180002);
        assert_int_equal(strstr(fault_text, "too many wrong") != NULL, i == 5);
    }
}

/* ---- limits ---- */

struct capping {
    const char *name;
    int64_t max;
};

static enum err cap(struct tx *tx, void *user) {
    struct capping *c = user;
    return account_set_max_devices(tx, c->name, c->max);
}

static struct asking numbered(unsigned n) {
    struct asking q = good(keys[n % 3]);
    q.device = arena_printf(&arena, "%032X", n);
    q.hw = arena_printf(&arena, "HW%u", n);
    q.content = csr_of(keys[n % 3], q.device);
    return q;
}

static void an_account_has_so_many_hosts(void **state) {
    (void)state;
    mdm.hosts_per_user = 2;
    for (unsigned n = 1; n <= 3; n++) {
        struct asking q = numbered(n);
        assert_int_equal(request_token(&q), n <= 2 ? 0 : 0x80180013);
    }
    assert_non_null(strstr(fault_text, "2 hosts"));
    struct asking again = numbered(1); /* one that is here */
    again.content = csr_of(keys[2], again.device);
    assert_int_equal(request_token(&again), 0);
    struct capping alice = {"alice", 3};
    assert_ok(store_write(store, cap, &alice));
    struct asking third = numbered(3), fourth = numbered(4);
    assert_int_equal(request_token(&third), 0);
    assert_int_equal(request_token(&fourth), 0x80180013);
    alice.max = 0; /* no limit */
    assert_ok(store_write(store, cap, &alice));
    assert_int_equal(request_token(&fourth), 0);
    alice.max = -1;
    assert_ok(store_write(store, cap, &alice));
    struct asking fifth = numbered(5);
    assert_int_equal(request_token(&fifth), 0x80180013);
}

/* What a refused request would have spent is not. */
static void a_refusal_spends_nothing(void **state) {
    (void)state;
    const char *code = new_code("alice", DAY, 1);
    struct capping alice = {"alice", 1};
    assert_ok(store_write(store, cap, &alice));
    struct asking one = numbered(1), two = numbered(2);
    assert_int_equal(request_token(&one), 0);
    two.password = code;
    assert_int_equal(request_token(&two), 0x80180013);
    alice.max = 2;
    assert_ok(store_write(store, cap, &alice));
    assert_int_equal(request_token(&two), 0);
}

static enum err count_alarms(struct tx *tx, void *user) {
    return journal_count_alarms(tx, NULL, "a host enrolled so often that it is not listened to", 0,
                                user);
}

static void a_device_enrolls_so_often(void **state) {
    (void)state;
    int64_t alarms;
    for (unsigned n = 0; n < 7; n++) {
        struct asking q = good(keys[n % 3]);
        assert_int_equal(request_token(&q), n < 5 ? 0 : 0x80180005);
        move_clock(60000);
    }
    assert_non_null(strstr(fault_text, "5 in an hour"));
    assert_ok(store_read(store, count_alarms, &alarms));
    assert_int_equal(alarms, 1);
    struct asking clone = good(keys[0]); /* the same board under another DeviceID */
    clone.device = OTHER;
    clone.content = csr_of(keys[0], OTHER);
    assert_int_equal(request_token(&clone), 0x80180005);
    clone.hw = "00000000"; /* that names nothing */
    assert_int_equal(request_token(&clone), 0);
    move_clock(HOUR_MS);
    struct asking later = good(keys[0]);
    assert_int_equal(request_token(&later), 0);
}

/* Boards without a number are many hosts, however they write it. */
static void boards_that_name_nothing(void **state) {
    (void)state;
    static const char *const nothing[] = {"{0000-0000}", "", "FFFF"};
    for (unsigned n = 0; n < 21; n++) {
        struct asking q = numbered(n);
        q.hw = nothing[n / 7];
        assert_int_equal(request_token(&q), 0);
    }
}

/* Nobody is stopped by what somebody else says that his hardware is. */
static void another_accounts_hardware_counts_nothing(void **state) {
    (void)state;
    for (unsigned n = 0; n < 6; n++) {
        struct asking his = good(keys[n % 3]);
        his.user = "bob";
        his.device = OTHER;
        his.content = csr_of(keys[n % 3], OTHER);
        assert_int_equal(request_token(&his), n < 5 ? 0 : 0x80180005);
    }
    struct asking q = good(keys[0]);
    assert_int_equal(request_token(&q), 0);
}

/* ---- the other faults (C.7) ---- */

static unsigned faulted(struct asking q) {
    return request_token(&q);
}

static void each_cause_has_its_fault(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    q.no_security = true;
    assert_int_equal(faulted(q), 0x80180007);
    q = good(keys[0]);
    q.user = NULL;
    assert_int_equal(faulted(q), 0x80180002);
    q = good(keys[0]);
    q.device = NULL;
    assert_int_equal(faulted(q), 0x80180019);
    q = good(keys[0]);
    q.device = "0123";
    assert_int_equal(faulted(q), 0x80180019);
    q = good(keys[0]);
    q.content = csr_of(keys[0], OTHER);
    assert_int_equal(faulted(q), 0x80180019);
    q = good(keys[0]);
    q.device_type = "Android";
    assert_int_equal(faulted(q), 0x80180014);
    q = good(keys[0]);
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    q.content = csr_of(weak, HOST);
    EVP_PKEY_free(weak);
    assert_int_equal(faulted(q), 0x80180004);
    q = good(keys[0]);
    q.content = span_str("none");
    assert_int_equal(faulted(q), 0x80180001);
    assert_int_equal(faulted(good(keys[0])), 0);
    q = good(keys[0]);
    q.user = "bob";
    assert_int_equal(faulted(q), 0x80180003); /* another account's host */
}

static void a_closed_house(void **state) {
    (void)state;
    struct asking q = good(keys[0]);
    mdm.closed = true;
    assert_int_equal(get_policies(&q), 0x80180017);
    assert_int_equal(request_token(&q), 0x80180017);
    mdm.closed_text = "We move. Call 100.";
    assert_int_equal(get_policies(&q), 0x80180032);
    assert_string_equal(fault_text, "We move. Call 100.");
}

/* ---- discovery ---- */

static struct xml_node *discovered;

static unsigned discover(const char *version, const char *device, const char *policies,
                         bool renewing) {
    BUF_AUTO(soap);
    BUF_AUTO(reply);
    const struct asking nobody = {.no_security = true};
    put_envelope(&soap, ACTION_DISCOVER, &nobody);
    buf_printf(&soap,
               "<Discover><request><EmailAddress>a@b</EmailAddress><RequestVersion>%s"
               "</RequestVersion><DeviceType>%s</DeviceType><AuthPolicies>%s</AuthPolicies>"
               "</request></Discover></s:Body></s:Envelope>",
               version, device, policies);
    bool ok = mdm_discover(&mdm, &arena, buf_view(&soap), "192.0.2.1", renewing, &reply);
    unsigned number = hear(&reply, ok);
    struct xml_node *root;
    assert_ok(xml_parse(&arena, buf_view(&reply), &root));
    discovered = xml_path(root, "Body/DiscoverResponse/DiscoverResult");
    return number;
}

static void assert_discovered(const char *name, const char *value) {
    struct span text = xml_path_text(discovered, name);
    if (!span_is(text, value))
        fail_msg("%s is \"%.*s\", not \"%s\"", name, SPAN_FMT(text), value);
}

#define WINDOWS   "CIMClient_Windows"
#define ON_PREM   "<AuthPolicy>OnPremise</AuthPolicy>"
#define FEDERATED "<AuthPolicy>Federated</AuthPolicy>"

static void discovery_chooses(void **state) {
    (void)state;
    assert_int_equal(discover("4.0", WINDOWS, FEDERATED ON_PREM, false), 0);
    assert_discovered("AuthPolicy", "OnPremise");
    assert_discovered("EnrollmentVersion", "4.0");
    assert_int_equal(discover("4.0", WINDOWS, FEDERATED, false), 0x80180015);
    mdm.sign_in_url = "https://mdm.test/a";
    assert_int_equal(discover("7.0", WINDOWS, FEDERATED ON_PREM, false), 0);
    assert_discovered("AuthPolicy", "Federated");
    assert_discovered("AuthenticationServiceUrl", "https://mdm.test/a");
    assert_discovered("EnrollmentVersion", "4.0");
    assert_int_equal(discover("3.0", WINDOWS, ON_PREM, false), 0);
    assert_discovered("AuthPolicy", "OnPremise");
    assert_discovered("AuthenticationServiceUrl", "");
    assert_discovered("EnrollmentVersion", "3.0"); /* not above the host's */
    assert_int_equal(discover("4.0", WINDOWS, "<AuthPolicy>Certificate</AuthPolicy>", false),
                     0x80180015);
    assert_int_equal(discover("2.0", WINDOWS, ON_PREM, false), 0x80180014);
    assert_int_equal(discover("4.0", "Android", ON_PREM, false), 0x80180014);
    assert_int_equal(discover("four", WINDOWS, ON_PREM, false), 0x80180001);
    assert_int_equal(discover("4.0", WINDOWS, FEDERATED, true), 0); /* a renewal asks nobody */
    assert_discovered("EnrollmentServiceUrl", "https://mdm.test:8443/e");
}

static void types_choose_the_store(void **state) {
    (void)state;
    static const char *const types[] = {"Full", "Device", "Kiosk"};
    for (size_t i = 0; i < 3; i++) {
        struct asking q = numbered((unsigned)i + 1);
        q.type = types[i];
        assert_int_equal(request_token(&q), 0);
        const struct xml_node *my = document->child->child;
        while (!span_is(xml_attr(my, "type"), "My"))
            my = my->next;
        assert_true(span_is(xml_attr(my->child, "type"), i == 1 ? "System" : "User"));
    }
}

#define WITH_HOUSE(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HOUSE(codes_have_a_form),
        WITH_HOUSE(a_code_enrolls_one_host),
        WITH_HOUSE(a_lost_answer_is_given_again),
        WITH_HOUSE(a_repeat_by_password_is_one_enrollment),
        WITH_HOUSE(a_code_as_people_type_it),
        WITH_HOUSE(a_code_for_several_hosts),
        WITH_HOUSE(codes_that_are_refused),
        WITH_HOUSE(open_codes_are_counted_until_the_last_one_ends),
        WITH_HOUSE(a_password_may_look_like_a_code),
        WITH_HOUSE(a_sign_in_enrolls_its_account),
        WITH_HOUSE(a_sign_in_lives_ten_minutes),
        WITH_HOUSE(a_sign_in_by_code),
        WITH_HOUSE(tokens_that_are_refused),
        WITH_HOUSE(a_code_is_no_guess),
        WITH_HOUSE(guessing_is_made_slow),
        WITH_HOUSE(guesses_keep_no_code_out),
        WITH_HOUSE(an_account_has_so_many_hosts),
        WITH_HOUSE(a_refusal_spends_nothing),
        WITH_HOUSE(a_device_enrolls_so_often),
        WITH_HOUSE(boards_that_name_nothing),
        WITH_HOUSE(another_accounts_hardware_counts_nothing),
        WITH_HOUSE(each_cause_has_its_fault),
        WITH_HOUSE(a_closed_house),
        WITH_HOUSE(discovery_chooses),
        WITH_HOUSE(types_choose_the_store),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
