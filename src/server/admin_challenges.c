/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on challenges, and on requests that wait for an administrator. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "enroll/challenges.h"
#include "server/admin_target.h"
#include "server/config.h"
#include "server/report.h"

enum { MAX_COUNT = 100000, BATCH = 1000, DEFAULT_LIST = 100, MAX_LIST = 100000 };

/* ---- challenge.new ---- */

/* What is asked for: `count` challenges, made in batches, so that others come in between. */
struct minting {
    struct admin_call *call;
    const struct endpoint *endpoint;
    struct challenge_order order;
    int64_t made, count;
    json_t *list;
};

#define NUMBER "{{n}}"

/* With {{n}} in it: each challenge has a name of its own. */
static const char *numbered(struct arena *a, const char *text, int64_t n) {
    const char *at = text ? strstr(text, NUMBER) : NULL;
    if (!at)
        return text;
    return arena_printf(a, "%.*s%lld%s", (int)(at - text), text, (long long)n, at + strlen(NUMBER));
}

static enum err mint_one(struct tx *tx, struct minting *m, int64_t n) {
    ARENA_AUTO(a);
    struct challenge kept = {0};
    char text[NDES_CHALLENGE_SIZE];
    struct challenge_order order = m->order;
    order.subject = numbered(&a, order.subject, n);
    order.san = numbered(&a, order.san, n);
    TRY(challenge_order(tx, m->call->scope->scep->authority, m->endpoint, &order, &kept, text));
    json_t *item = report_challenge(&kept);
    json_object_set_new(item, "challenge", json_string(text));
    json_array_append_new(m->list, item);
    explicit_bzero(text, sizeof text);
    return OK;
}

static enum err mint_batch(struct tx *tx, void *user) {
    struct minting *m = user;
    for (int64_t i = 0; i < BATCH && m->made < m->count; i++)
        TRY(mint_one(tx, m, ++m->made));
    return OK;
}

static enum err read_order(struct admin_call *c, struct minting *m) {
    const char *lifetime;
    m->order = (struct challenge_order){.kind = CHALLENGE_ONE_TIME};
    TRY(admin_optional(c, "subject", &m->order.subject));
    TRY(admin_optional(c, "san", &m->order.san));
    TRY(admin_optional(c, "eku", &m->order.eku));
    TRY(admin_optional(c, "lifetime", &lifetime));
    TRY(admin_number(c, "count", 1, MAX_COUNT, 1, &m->count));
    return lifetime ? config_duration(c->a, lifetime, &m->order.lifetime) : OK;
}

static enum err find_endpoint(const struct admin_call *c, const struct pki *pki,
                              const struct endpoint **out) {
    const char *name;
    TRY(admin_optional(c, "endpoint", &name));
    return admin_endpoint(c, pki, name, out);
}

static enum err challenge_new(struct tx *none, struct admin_call *c) {
    struct minting m = {.call = c, .list = admin_put_list(c, "challenges")};
    const struct pki *pki = pki_acquire(c->scope->pki);
    (void)none;
    enum err e = find_endpoint(c, pki, &m.endpoint);
    if (e == OK)
        e = read_order(c, &m);
    while (e == OK && m.made < m.count)
        e = store_write(c->scope->store, mint_batch, &m);
    pki_release(pki);
    if (e != OK)
        json_array_clear(m.list); /* of a batch that was rolled back, perhaps */
    return e;
}

/* ---- the others of challenges ---- */

static enum err list_challenges(struct tx *tx, struct admin_call *c) {
    struct challenge *all;
    int64_t max;
    json_t *list = admin_put_list(c, "challenges");
    TRY(admin_number(c, "max", 1, MAX_LIST, DEFAULT_LIST, &max));
    TRY(challenge_list(tx, c->a, max, &all));
    for (; all; all = all->next)
        json_array_append_new(list, report_challenge(all));
    return OK;
}

static enum err id_argument(const struct admin_call *c, int64_t *id) {
    TRY(admin_number(c, "id", 1, INT64_MAX, 0, id));
    return *id ? OK : err_set(ERR_USAGE, "the argument 'id' is missing");
}

static enum err revoke_challenge(struct tx *tx, struct admin_call *c) {
    int64_t id;
    TRY(id_argument(c, &id));
    return challenge_revoke(tx, id, clock_ms());
}

/* ---- requests ---- */

/* A request, and whose word it waits for: that of an upstream is not to be given here. */
static json_t *show_request(const struct pki *pki, const struct request *r) {
    json_t *out = report_request(r);
    const struct endpoint *e = pki_endpoint(pki, r->endpoint);
    if (r->state == REQUEST_PENDING)
        json_object_set_new(out, "waits_for",
                            json_string(e && e->upstream ? "upstream" : "administrator"));
    return out;
}

static enum err list_requests(struct tx *tx, struct admin_call *c) {
    struct request *all;
    int64_t max;
    json_t *list = admin_put_list(c, "requests");
    TRY(admin_number(c, "max", 1, MAX_LIST, DEFAULT_LIST, &max));
    TRY(request_list(tx, c->a, admin_flag(c, "all"), max, &all));
    const struct pki *pki = pki_acquire(c->scope->pki);
    for (; all; all = all->next)
        json_array_append_new(list, show_request(pki, all));
    pki_release(pki);
    return OK;
}

static enum err approve(struct tx *none, struct admin_call *c) {
    struct issued issued;
    int64_t id;
    (void)none;
    TRY(id_argument(c, &id));
    const struct pki *pki = pki_acquire(c->scope->pki);
    enum err e = request_approve(c->scope->scep, pki, c->a, id, &issued);
    pki_release(pki);
    TRY(e);
    admin_put(c, "thumbprint", json_string(issued.sha1));
    return OK;
}

static enum err deny(struct tx *none, struct admin_call *c) {
    const char *reason;
    int64_t id;
    (void)none;
    TRY(id_argument(c, &id));
    TRY(admin_optional(c, "reason", &reason));
    return request_deny(c->scope->scep, c->a, id,
                        reason ? reason : "the administrator denied the request");
}

const struct admin_command admin_challenge_commands[] = {
    {"challenge.new", challenge_new, ADMIN_ALONE, NULL},
    {"challenge.list", list_challenges, ADMIN_READS, NULL},
    {"challenge.revoke", revoke_challenge, ADMIN_WRITES, NULL},
    {"request.list", list_requests, ADMIN_READS, NULL},
    {"request.approve", approve, ADMIN_ALONE, NULL},
    {"request.deny", deny, ADMIN_ALONE, NULL},
    {NULL, NULL, ADMIN_READS, NULL},
};
