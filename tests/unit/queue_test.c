/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administrator's commands in sessions: in order, at most once, and what the host said is kept.
 * The source is called as session.c calls it, with a host that says what a test needs.
 */
#include "store_fixture.h"

#include "csp/bare.h"
#include "mdm/source.h"
#include "store/group.h"
#include "store/queue.h"

#define GET(uri)  "<Get><Item><Target><LocURI>" uri "</LocURI></Target></Item></Get>"
#define EXEC(uri) "<Exec><Item><Target><LocURI>" uri "</LocURI></Target></Item></Exec>"

static struct device host;

/* ---- sessions ---- */

/* A message of the host, and what the server makes of it. */
struct message {
    const char *login; /* who is signed in */
    bool first, ended; /* a new session; an Alert 1223 */
    bool torn;         /* a part of a large result is missing still */
    struct {
        int64_t cmd_id;
        int status;
        const char *error, *uri, *data;
    } says[12];
    char sent[4000];    /* the commands of the reply */
    int64_t queue[600]; /* by CmdID: of which command of the queue */
    int64_t now;
};

static enum err say(struct tx *tx, struct exchange *x, const struct message *m) {
    for (size_t i = 0; m->says[i].cmd_id; i++) {
        const struct sent_command sent = {.cmd_id = m->says[i].cmd_id,
                                          .purpose = PURPOSE_QUEUE,
                                          .queue = m->queue[m->says[i].cmd_id]};
        struct syncml_item item = {.source = span_str(m->says[i].uri),
                                   .format = span_str("chr"),
                                   .data = span_str(m->says[i].data)};
        const struct heard heard = {&sent, m->says[i].status, m->says[i].error,
                                    m->says[i].data ? &item : NULL};
        TRY(queue_source.hear(tx, x, &heard));
    }
    return OK;
}

static enum err exchange_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct message *m = user;
    struct exchange x = {
        .a = &a, .joined = !m->first, .ended = m->ended, .now = m->now, .out = {.next_cmd_id = 1}};
    TRY(device_by_id(tx, &a, host.id, &x.device));
    x.device.login_status = m->login;
    x.session.chunk_uri = m->torn ? "./A" : NULL;
    TRY(say(tx, &x, m));
    memset(m->queue, 0, sizeof m->queue);
    enum err e = queue_source.settle(tx, &x);
    if (e == OK && !x.ended)
        e = queue_source.plan(tx, &x);
    snprintf(m->sent, sizeof m->sent, "%.*s", SPAN_FMT(buf_view(&x.out.out)));
    for (const struct sent_command *s = x.session.sent; s; s = s->next)
        m->queue[s->cmd_id] = s->queue;
    buf_free(&x.out.out);
    return e;
}

static void exchange(struct message *m) {
    m->now++;
    assert_ok(store_write(store, exchange_work, m));
    memset(m->says, 0, sizeof m->says);
    m->first = m->ended = m->torn = false;
}

/* ---- what an administrator does ---- */

static enum err put_host(struct tx *tx, void *user) {
    struct device *d = user;
    return device_put(tx, d);
}

static int open_with_host(void **state) {
    open_fresh(state);
    host = (struct device){
        .device_id = "D", .name = "PC", .hw_dev_id = "", .os_version = "", .account = "a"};
    return store_write(store, put_host, &host) == OK ? 0 : -1;
}

static enum err send_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct bare_command *c;
    struct queued q = {.device = host.id};
    TRY(bare_read(&a, span_str(user), &c));
    for (; c; c = c->next) {
        BUF_AUTO(body);
        bare_write(c, 1, &body);
        q.body = buf_cstr(&body);
        TRY(queue_add(tx, &q));
    }
    return OK;
}

static void send(const char *text) {
    assert_ok(write_name(send_work, text));
}

static enum err results_work(struct tx *tx, void *user) {
    struct queue_result **out = ((void **)user)[1];
    return queue_results(tx, ((void **)user)[0], *(int64_t *)((void **)user)[2], true, out);
}

static struct queue_result *results_of(struct arena *a, int64_t id) {
    struct queue_result *out = NULL;
    void *user[] = {a, &out, &id};
    assert_ok(store_read(store, results_work, user));
    return out;
}

/* "done sent waiting": of all commands, in order. */
static enum err states_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    const struct queue_filter f = {.device = host.id, .max = 1000};
    struct queued *all;
    char *out = user;
    TRY(queue_page(tx, &a, &f, &all));
    *out = '\0';
    for (; all; all = all->next) { /* newest first */
        char rest[200];
        snprintf(rest, sizeof rest, "%s", out);
        snprintf(out, sizeof rest, "%s%s%.180s", queue_state_name(all->state), *rest ? " " : "",
                 rest);
    }
    return OK;
}

static void assert_states(const char *wanted) {
    char text[200];
    assert_ok(store_read(store, states_work, text));
    assert_string_equal(text, wanted);
}

/* ---- tests ---- */

static void in_order_and_kept(void **state) {
    ARENA_AUTO(a);
    struct message m = {.first = true};
    (void)state;
    send(GET("./A") EXEC("./B"));
    exchange(&m);
    assert_string_equal(m.sent, "<Get><CmdID>1</CmdID><Item><Target><LocURI>./A</LocURI></Target>"
                                "</Item></Get><Exec><CmdID>2</CmdID><Item><Target><LocURI>./B"
                                "</LocURI></Target></Item></Exec>");
    assert_states("sent sent");
    send(GET("./C"));
    int64_t get = m.queue[1], exec = m.queue[2];
    m.says[0].cmd_id = 1, m.says[0].status = 200;
    exchange(&m);
    assert_string_equal(m.sent, ""); /* one of the last has no Status yet */
    assert_states("done sent waiting");
    m.queue[1] = get, m.queue[2] = exec;
    m.says[0].cmd_id = 2, m.says[0].status = 500, m.says[0].error = "0x86000002";
    m.says[1].cmd_id = 1, m.says[1].uri = "./A", m.says[1].data = "what <it> is";
    exchange(&m);
    assert_non_null(strstr(m.sent, "./C"));
    assert_states("done failed sent");
    struct queue_result *r = results_of(&a, get);
    assert_int_equal(r->status, 200);
    assert_string_equal(r->format, "chr");
    assert_true(span_is(r->data, "what <it> is"));
    assert_null(r->next);
    r = results_of(&a, exec);
    assert_int_equal(r->status, 500);
    assert_string_equal(r->original_error, "0x86000002");
    assert_null(r->format);
}

static void at_most_once(void **state) {
    struct message m = {.first = true};
    (void)state;
    send(EXEC("./A") EXEC("./B"));
    exchange(&m);
    assert_states("sent sent");
    m.says[0].cmd_id = 1, m.says[0].status = 202;
    exchange(&m); /* the other one gets no Status in this session */
    send(EXEC("./C"));
    m.first = true;
    exchange(&m);
    assert_states("done unknown sent");
    assert_null(strstr(m.sent, "./B"));
    m.ended = true;
    exchange(&m);
    assert_states("done unknown unknown");
    m.first = true;
    exchange(&m);
    assert_string_equal(m.sent, "");
}

static void a_status_counts_once(void **state) {
    ARENA_AUTO(a);
    struct message m = {.first = true};
    (void)state;
    send(EXEC("./A"));
    exchange(&m);
    int64_t id = m.queue[1];
    m.says[0].cmd_id = 1, m.says[0].status = 200;
    m.says[1].cmd_id = 1, m.says[1].status = 500;
    exchange(&m);
    assert_states("done");
    assert_int_equal(results_of(&a, id)->status, 200);
}

static void an_atomic_speaks_for_its_children(void **state) {
    struct message m = {.first = true};
    (void)state;
    send("<Atomic>" EXEC("./A") EXEC("./B") "</Atomic><Atomic>" EXEC("./C") "</Atomic>");
    exchange(&m);
    assert_int_equal(m.queue[1], m.queue[3]);
    assert_int_equal(m.queue[4], m.queue[5]);
    m.says[0].cmd_id = 1, m.says[0].status = 200;
    m.says[1].cmd_id = 4, m.says[1].status = 507;
    m.says[2].cmd_id = 5, m.says[2].status = 405;
    exchange(&m);
    assert_states("done failed");
}

static void a_sequence_does_not(void **state) {
    struct message m = {.first = true};
    (void)state;
    send("<Sequence>" EXEC("./A") EXEC("./B") "</Sequence><Sequence>" GET("./C") "</Sequence>");
    exchange(&m);
    int64_t first = m.queue[1], second = m.queue[4];
    m.says[0].cmd_id = 1, m.says[0].status = 200;
    m.says[1].cmd_id = 2, m.says[1].status = 200;
    m.says[2].cmd_id = 4, m.says[2].status = 200;
    m.says[3].cmd_id = 5, m.says[3].status = 200;
    exchange(&m);
    assert_states("sent done"); /* ./B has no Status */
    m.queue[3] = first, m.queue[4] = second;
    m.says[0].cmd_id = 3, m.says[0].status = 404;
    exchange(&m);
    assert_states("failed done");
}

static void the_user_is_waited_for(void **state) {
    struct message m = {.first = true, .login = "none"};
    (void)state;
    send(GET("./Device/A") GET("./User/B") GET("./Device/C"));
    exchange(&m);
    assert_states("sent waiting waiting");
    m.says[0].cmd_id = 1, m.says[0].status = 200;
    exchange(&m);
    assert_states("done waiting waiting"); /* the order is kept */
    m.first = true, m.login = "user";
    exchange(&m);
    assert_states("done sent sent");
}

static void a_result_that_still_comes(void **state) {
    struct message m = {.first = true};
    (void)state;
    send(GET("./A"));
    exchange(&m);
    send(GET("./B"));
    m.says[0].cmd_id = 1, m.says[0].status = 200, m.torn = true;
    exchange(&m);
    assert_states("done waiting");
    exchange(&m);
    assert_states("done sent");
}

static void results_are_bounded(void **state) {
    ARENA_AUTO(a);
    static char large[QUEUE_MAX_DATA + 10];
    struct message m = {.first = true};
    (void)state;
    memset(large, 'x', QUEUE_MAX_DATA + 1);
    memcpy(large + QUEUE_MAX_DATA - 1, "\xc3\xa4", 2); /* a character over the edge */
    send("<Get><Item><Target><LocURI>./A</LocURI></Target></Item>"
         "<Item><Target><LocURI>./B</LocURI></Target></Item></Get>");
    exchange(&m);
    int64_t id = m.queue[1];
    for (int i = 0; i < 80; i++) {
        m.queue[1] = id;
        m.says[0].cmd_id = 1, m.says[0].uri = "./B", m.says[0].data = i ? "again" : large;
        exchange(&m);
    }
    struct queue_result *r = results_of(&a, id);
    assert_string_equal(r->loc_uri, "./A");
    assert_null(r->format);
    r = r->next;
    assert_string_equal(r->loc_uri, "./B");
    assert_int_equal(r->data.n, QUEUE_MAX_DATA - 1);
    assert_int_equal(r->size, QUEUE_MAX_DATA + 1);
    int more = 0;
    for (r = r->next; r; r = r->next, more++)
        assert_string_equal(r->cmd, "Results");
    assert_int_equal(more, QUEUE_MAX_MORE);
}

static void messages_are_bounded(void **state) {
    BUF_AUTO(text);
    struct message m = {.first = true};
    (void)state;
    for (int i = 0; i < 51; i++)
        buf_str(&text, GET("./A"));
    send(buf_cstr(&text));
    exchange(&m);
    assert_true(m.queue[50] > 0);
    assert_int_equal(m.queue[51], 0);
}

static enum err spoil(struct tx *tx, void *user) {
    (void)user;
    struct queued q = {.device = host.id, .body = "<Get>"};
    return queue_add(tx, &q);
}

static void a_spoilt_one_keeps_nobody_up(void **state) {
    struct message m = {.first = true};
    (void)state;
    assert_ok(store_write(store, spoil, NULL));
    send(GET("./A"));
    exchange(&m);
    assert_states("failed sent");
}

static enum err cancel(struct tx *tx, void *user) {
    (void)user;
    return queue_cancel_all(tx, host.id, 9);
}

static void a_host_that_leaves_gets_nothing(void **state) {
    struct message m = {.first = true};
    (void)state;
    send(GET("./A"));
    exchange(&m);
    send(GET("./B"));
    assert_ok(store_write(store, cancel, NULL));
    assert_states("unknown cancelled");
}

/* ---- groups ---- */

/* Two commands of one batch; they make the host busy where no more than one is allowed. */
static enum err send_to_group(struct tx *tx, int64_t group) {
    struct queued first = {.body = GET("./A")}, second = {.body = GET("./B")};
    int64_t hosts, open;
    bool before, after, less;
    TRY(queue_group_is_busy(tx, group, 0, &before));
    TRY(queue_add_for_group(tx, group, &first, &hosts));
    second.batch = first.batch;
    TRY(queue_add_for_group(tx, group, &second, &hosts));
    TRY(queue_group_is_busy(tx, group, 1, &after));
    TRY(queue_group_is_busy(tx, group, 2, &less));
    TRY(queue_count_open(tx, host.id, &open));
    return before || !after || less || hosts != 1 || open != 2 || first.batch != first.id ||
                   second.id != first.id + 1
               ? err_set(ERR_INTERNAL, "commands for a group")
               : OK;
}

static enum err group_work(struct tx *tx, void *user) {
    ARENA_AUTO(a);
    struct group g, *all;
    struct device *members;
    bool made, again, joined, twice, left;
    (void)user;
    TRY(group_make(tx, &a, "lab", 5, &g, &made));
    TRY(group_make(tx, &a, "lab", 6, &g, &again));
    TRY(group_add_member(tx, g.id, host.id, &joined));
    TRY(group_add_member(tx, g.id, host.id, &twice));
    TRY(group_list(tx, &a, host.id, &all));
    TRY(device_page_of_group(tx, &a, g.id, 0, 10, &members));
    if (!made || again || g.created != 5 || !joined || twice || !all || all->next ||
        all->members != 1 || !members || members->id != host.id || members->next)
        return err_set(ERR_INTERNAL, "membership");
    TRY(device_page_of_group(tx, &a, g.id, host.id, 10, &members));
    TRY(send_to_group(tx, g.id));
    host.state = DEVICE_REMOVED;
    TRY(device_set_state(tx, &host));
    TRY(group_count(tx, &g));
    if (members || g.members)
        return err_set(ERR_INTERNAL, "a removed one is a member");
    TRY(group_remove_member(tx, g.id, host.id, &left));
    TRY(group_delete(tx, g.id));
    return left && group_get(tx, &a, "lab", &g) == ERR_NOT_FOUND ? OK
                                                                 : err_set(ERR_INTERNAL, "delete");
}

static void groups(void **state) {
    (void)state;
    assert_ok(store_write(store, group_work, NULL));
}

#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, open_with_host, close_it)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HOST(in_order_and_kept),
        WITH_HOST(at_most_once),
        WITH_HOST(a_status_counts_once),
        WITH_HOST(an_atomic_speaks_for_its_children),
        WITH_HOST(a_sequence_does_not),
        WITH_HOST(the_user_is_waited_for),
        WITH_HOST(a_result_that_still_comes),
        WITH_HOST(results_are_bounded),
        WITH_HOST(messages_are_bounded),
        WITH_HOST(a_spoilt_one_keeps_nobody_up),
        WITH_HOST(a_host_that_leaves_gets_nothing),
        WITH_HOST(groups),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
