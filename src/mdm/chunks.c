/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/chunks.h"

#include "wire/mdm.h"

/*
 * `chunk_ref` says to what the parts belong, and what the first of them said of its format, which
 * the others do not repeat: "MsgRef/CmdRef/format". TOO_LARGE is the first byte when the rest is to
 * be thrown away.
 */
#define TOO_LARGE '!'

bool chunks_drop(struct session *s) {
    bool had = s->chunk_uri != NULL;
    s->chunk_uri = s->chunk_ref = NULL;
    s->chunk = SPAN_NONE;
    return had;
}

static const char *ref_of(struct exchange *x, const struct syncml_command *c) {
    return arena_printf(x->a, "%.*s/%.*s/", SPAN_FMT(c->msg_ref), SPAN_FMT(c->cmd_ref));
}

static bool overflowed(const struct session *s) {
    return *s->chunk_ref == TOO_LARGE;
}

static const char *kept_ref(const struct session *s) {
    return s->chunk_ref + overflowed(s);
}

static bool goes_on(const struct session *s, const char *ref, const struct syncml_item *i) {
    return s->chunk_uri && span_is(i->source, s->chunk_uri) &&
           strncmp(kept_ref(s), ref, strlen(ref)) == 0;
}

/* Its data with that of the parts before it; *large when that is too much. */
static struct span joined(struct exchange *x, const struct syncml_item *i, bool *large) {
    const struct session *s = &x->session;
    if (overflowed(s) || s->chunk.n + i->data.n > CHUNKS_MAX) {
        *large = true;
        return SPAN_NONE;
    }
    uint8_t *all = arena_alloc(x->a, s->chunk.n + i->data.n + 1);
    if (s->chunk.n)
        memcpy(all, s->chunk.p, s->chunk.n);
    if (i->data.n)
        memcpy(all + s->chunk.n, i->data.p, i->data.n);
    return span_of(all, s->chunk.n + i->data.n);
}

static void keep(struct exchange *x, const char *ref, const struct syncml_item *i, bool large) {
    struct session *s = &x->session;
    s->chunk_uri = arena_str(x->a, i->source);
    s->chunk_ref =
        arena_printf(x->a, "%s%s%.*s", large ? "!" : "", ref, SPAN_FMT(span_trim(i->format)));
    s->chunk = large ? SPAN_NONE : i->data;
}

/* Whether the item is complete now, and small enough. */
static bool take_item(struct exchange *x, const char *ref, struct syncml_item *i, int *code) {
    struct session *s = &x->session;
    bool large = false;
    if (goes_on(s, ref, i)) {
        i->data = joined(x, i, &large);
        i->format = span_str(kept_ref(s) + strlen(ref));
        chunks_drop(s);
    } else if (chunks_drop(s)) {
        x->torn = true;
    }
    large = large || (i->more_data && i->data.n > CHUNKS_MAX);
    if (i->more_data)
        keep(x, ref, i, large);
    x->too_large |= large;
    if (large)
        *code = SYNCML_TOO_LARGE;
    else if (i->more_data)
        *code = SYNCML_CHUNK_TAKEN;
    return !large && !i->more_data;
}

int chunks_take(struct exchange *x, struct syncml_command *results) {
    int code = SYNCML_OK;
    const char *ref = NULL;
    struct syncml_item **at = &results->items;
    while (*at) {
        if (!x->session.chunk_uri && !(*at)->more_data) { /* as nearly always */
            at = &(*at)->next;
            continue;
        }
        ref = ref ? ref : ref_of(x, results);
        if (take_item(x, ref, *at, &code))
            at = &(*at)->next;
        else
            *at = (*at)->next;
    }
    return code;
}
