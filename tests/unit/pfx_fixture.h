/* SPDX-License-Identifier: Apache-2.0 */
/* A PKCS#12 for one host, made or given, and the host's side of its delivery. */
#ifndef SIGNET_TESTS_PFX_FIXTURE_H
#define SIGNET_TESTS_PFX_FIXTURE_H

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

static inline enum err pack_work(struct tx *tx, void *user) {
    struct packing *p = user;
    struct device d;
    TRY(device_by_device_id(tx, &arena, DEVICE, &d));
    p->result = enroll_pfx(tx, &arena, &d, &p->parcel, &p->placing, &p->e);
    return p->result;
}

static inline struct packing keep_parcel(struct packing p) {
    char *text = arena_alloc(&arena, CERT_THUMBPRINT_SIZE);
    assert_ok(store_write(store, pack_work, &p));
    assert_ok(cert_sha1_hex(p.parcel.cert.der, text));
    sha1 = text;
    enrollment.id = id = p.e.id;
    return p;
}

static inline struct pfx_parcel made_at(const char *endpoint, struct pfx_wish wish) {
    struct packing p = {.placing = {.key_location = 3}};
    const struct pki *pki = pki_acquire(mdm.pki);
    wish.subject = wish.subject ? wish.subject : "CN=PC";
    assert_ok(pfx_make(authority, pki_endpoint(pki, endpoint), &arena, &wish, PKCS12_AES,
                       clock_ms(), &p.parcel));
    keep_parcel(p);
    pki_release(pki);
    return p.parcel;
}

static inline void make(void) {
    made_at("default", (struct pfx_wish){.subject = NULL});
}

static inline struct pkcs12 given_by(const char *name, const char *extensions) {
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

static inline enum err take_it(const struct pkcs12 *given, struct pfx_parcel *out) {
    return pfx_take(authority, &arena, given, PKCS12_3DES, clock_ms(), out);
}

static inline void give(void) {
    struct packing p = {.placing = {.key_location = 2, .user_scope = true}};
    const struct pkcs12 given = given_by("g", "basicConstraints=CA:FALSE");
    assert_ok(take_it(&given, &p.parcel));
    keep_parcel(p);
}

static inline enum err row_work(struct tx *tx, void *user) {
    return pfx_get(tx, &arena, id, user);
}

static inline struct pfx row(void) {
    struct pfx p;
    assert_ok(store_read(store, row_work, &p));
    return p;
}

/* ---- the host's side ---- */

static inline const struct syncml_command *command_for(const struct answer *a,
                                                       enum syncml_kind kind, const char *end) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next) {
        const char *uri = c->items ? arena_str(&arena, c->items->target) : "";
        size_t n = strlen(uri), m = strlen(end);
        if (c->kind == kind && n >= m && strcmp(uri + n - m, end) == 0)
            return c;
    }
    return NULL;
}

static inline const struct syncml_command *atomic_of(const struct answer *a) {
    for (const struct syncml_command *c = a->m->commands; c; c = c->next)
        if (c->kind == SYNCML_ATOMIC)
            return c;
    fail_msg("no Atomic in %s", a->text);
    return NULL;
}

/* From hello to the Atomic, with the roots that come before. */
static inline struct answer sent(void) {
    struct answer a = say(1, hello);
    if (count_kind(&a, SYNCML_ATOMIC))
        return a;
    a = say(2, take_roots(&a, NULL));
    has_atomics(&a, 1);
    return a;
}

static inline const char *answers(const struct answer *a, int atomic, const char *guilty) {
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
static inline const char *answers_there(const struct answer *a) {
    BUF_AUTO(b);
    const struct syncml_command *c = atomic_of(a);
    put_status(&b, a, c->cmd_id, 507);
    for (const struct syncml_command *k = c->children; k; k = k->next)
        put_status(&b, a, k->cmd_id, k == c->children ? 418 : 215);
    return arena_str(&arena, buf_view(&b));
}

static inline void put_value(struct buf *b, const struct answer *a, const char *node,
                             const char *value) {
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
static inline const char *nodes(const struct answer *a, const char *status,
                                const char *thumbprint) {
    BUF_AUTO(b);
    put_value(&b, a, arena_printf(&arena, "%s/Status", id), status);
    put_value(&b, a, arena_printf(&arena, "%s/Thumbprint", id), thumbprint);
    return arena_str(&arena, buf_view(&b));
}

static inline enum err lose_work(struct tx *tx, struct job *job) {
    struct enrollment e;
    TRY(enrollment_get(tx, &arena, job->id, &e));
    return enroll_record(tx, &e, EVENT_GONE, "gone", NULL);
}

/* The host takes the Atomic and is asked at once. */
static inline struct answer accepted(void) {
    struct answer a = sent();
    a = say((int)a.m->msg_id + 1, answers(&a, 200, ""));
    assert_state(STATE_ACCEPTED);
    return a;
}

static inline struct answer shows_nodes(const struct answer *a, const char *status,
                                        const char *thumbprint) {
    return say((int)a->m->msg_id + 1, nodes(a, status, thumbprint));
}

static inline void is_confirmed(void) {
    struct answer a = accepted();
    shows_nodes(&a, "0", sha1);
    assert_state(STATE_CONFIRMED);
}

static inline struct span child(const struct answer *a, const char *name) {
    const char *end = arena_printf(&arena, "/%s", name);
    for (const struct syncml_command *k = atomic_of(a)->children; k; k = k->next)
        if (strstr(arena_str(&arena, k->items->target), end))
            return k->items->data;
    return SPAN_NONE;
}

static inline enum err remove_work(struct tx *tx, struct job *job) {
    return enroll_pfx_remove(tx, &arena, &job->e);
}

#endif
