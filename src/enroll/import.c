/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate of an upstream that an administrator brings. A host can name any thumbprint, such
 * as one that it saw another host use: its word alone makes no certificate its own. The upstream
 * must have answered its enrollment with SUCCESS, and where several hosts name the same one, the
 * promise must decide. What an import has not confirmed is not bound: the next may take it.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "enroll/enroll.h"
#include "enroll/observe.h"
#include "enroll/record.h"

enum { MAX_IDS = 120 }; /* characters of a message */

/* ---- whose it is ---- */

static enum err check_success(const struct enrollment *e) {
    if (e->successes > 0)
        return OK;
    return err_set(ERR_REFUSED,
                   "the host of %s shows the certificate, but '%s' has answered no request of this "
                   "enrollment with SUCCESS: it was not issued for it",
                   e->id, e->endpoint);
}

/* ERR_CONFLICT, which names them. */
static enum err undecided(struct arena *a, const struct enrollment *all,
                          const struct foreign_certificate *c) {
    BUF_AUTO(ids);
    for (; all && ids.n < MAX_IDS; all = all->next)
        if (all->successes > 0)
            buf_printf(&ids, "%s%s", ids.n ? ", " : "", all->id);
    return err_set(ERR_CONFLICT,
                   "the hosts of several enrollments show the certificate %s, and what their "
                   "profiles promised does not say whose it is: %s; assign the profile to each of "
                   "them anew, and revoke this certificate at '%s'",
                   c->sha1, arena_str(a, buf_view(&ids)), c->upstream);
}

/* The only one, or the only one whose promise it keeps. */
static enum err decide(struct arena *a, const struct enrollment *all,
                       const struct foreign_certificate *c, struct enrollment *out) {
    const struct enrollment *last = NULL, *fits = NULL;
    int candidates = 0, fitting = 0;
    for (const struct enrollment *e = all; e; e = e->next) {
        if (e->successes <= 0)
            continue;
        candidates++;
        last = e;
        if (observe_keeps_promise(a, e, c) == OK) {
            fitting++;
            fits = e;
        }
    }
    if (!candidates)
        return check_success(all);
    if (candidates > 1 && fitting != 1)
        return undecided(a, all, c);
    *out = candidates == 1 ? *last : *fits;
    out->next = NULL;
    return OK;
}

enum err enroll_find_import(struct tx *tx, struct arena *a, const struct foreign_certificate *c,
                            struct enrollment *out) {
    struct enrollment *all;
    TRY(enrollment_list_by_thumbprint(tx, a, c->upstream, c->sha1, &all));
    if (!all)
        return err_set(ERR_NOT_FOUND,
                       "no enrollment of '%s' shows the certificate %s: the host tells it "
                       "in a session after it has enrolled",
                       c->upstream, c->sha1);
    return decide(a, all, c, out);
}

/* ---- keeping it ---- */

static enum err check_import(const struct enrollment *e, const struct foreign_certificate *c) {
    if (strcmp(e->endpoint, c->upstream) != 0)
        return err_set(ERR_REFUSED, "the enrollment %s is of '%s', not of the upstream '%s'", e->id,
                       e->endpoint, c->upstream);
    if (e->state == STATE_GONE || !e->host_thumbprint ||
        strcasecmp(e->host_thumbprint, c->sha1) != 0)
        return err_set(
            ERR_REFUSED, "the certificate %s is not the one that the host of %s shows: %s", c->sha1,
            e->id,
            e->state != STATE_GONE && e->host_thumbprint && *e->host_thumbprint ? e->host_thumbprint
                                                                                : "none");
    return check_success(e);
}

static bool has_confirmed(const struct enrollment *e, const struct foreign_certificate *c) {
    return enroll_is_kept(e) && e->state != STATE_REPORTED && e->host_thumbprint &&
           strcasecmp(e->host_thumbprint, c->sha1) == 0;
}

/* From an enrollment that an earlier import gave it to, and that it has not confirmed. */
static enum err bind_anew(struct tx *tx, struct arena *a, const struct enrollment *e,
                          const struct foreign_certificate *c) {
    struct foreign_certificate known;
    struct enrollment before;
    TRY(foreign_by_id(tx, a, c->id, &known));
    if (known.source != FOREIGN_IMPORT || !known.enrollment)
        return err_set(ERR_EXISTS, "the certificate %s of the upstream '%s' is known already",
                       c->sha1, c->upstream);
    TRY(enrollment_get(tx, a, known.enrollment, &before));
    if (has_confirmed(&before, c))
        return err_set(ERR_EXISTS,
                       "the certificate %s of the upstream '%s' is known already: it has "
                       "confirmed the enrollment %s",
                       c->sha1, c->upstream, before.id);
    if (strcmp(known.enrollment, e->id) == 0)
        return OK; /* the same import again: it is judged anew */
    TRY(foreign_bind(tx, c->id, e->id));
    return enroll_record(tx, &before, EVENT_NOTE,
                         "the imported certificate is that of another enrollment", "thumbprint",
                         c->sha1, "enrollment", e->id, NULL);
}

enum err enroll_import(struct tx *tx, struct arena *a, struct enrollment *e,
                       struct foreign_certificate *c) {
    TRY(check_import(e, c));
    c->enrollment = e->id;
    c->source = FOREIGN_IMPORT;
    c->seen = clock_ms();
    enum err added = foreign_add(tx, c);
    if (added == ERR_EXISTS)
        added = bind_anew(tx, a, e, c);
    TRY(added);
    TRY(enroll_record(tx, e, EVENT_NOTE, "the certificate that the host shows was imported",
                      "thumbprint", c->sha1, "subject", c->subject, "upstream", c->upstream, NULL));
    TRY(observe_import(tx, a, e, c));
    return enrollment_update(tx, e);
}
