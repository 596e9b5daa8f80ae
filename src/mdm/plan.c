/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host is sent next: questions first (they belong to the session's first message), then the
 * CA certificate if it is not known to be there, then each profile that waits. One step at a time:
 * a profile goes only to a host that has confirmed the CA certificate.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "csp/profile.h"
#include "mdm/session.h"
#include "store/challenge.h"
#include "wire/mdm.h"

static enum err keep(struct tx *tx, struct exchange *x, unsigned cmd_id,
                     enum command_purpose purpose, const char *enrollment, const char *loc_uri) {
    struct sent_command c = {x->msg_id, cmd_id, (int)purpose, enrollment, loc_uri, NULL};
    return command_add(tx, x->device.id, &c);
}

/* ---- questions ---- */

static enum err ask(struct tx *tx, struct exchange *x, const struct enrollment *e) {
    static const struct {
        enum command_purpose purpose;
        const char *node;
    } questions[] = {
        {PURPOSE_GET_STATUS, "Status"},
        {PURPOSE_GET_ERROR, "ErrorCode"},
        {PURPOSE_GET_THUMBPRINT, "CertThumbprint"},
        {PURPOSE_GET_RESPONDENT, "RespondentServerUrl"},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const char *uri = arena_printf(x->a, "./%s" CSP_SCEP_ROOT "/%s/%s",
                                       e->user_scope ? "User" : "Device", e->id, questions[i].node);
        unsigned id = syncml_write_get(&x->out, uri);
        TRY(keep(tx, x, id, questions[i].purpose, e->id, uri));
    }
    return OK;
}

/* ---- the CA certificate ---- */

static enum err send_trust(struct tx *tx, struct exchange *x) {
    const char *uri = arena_printf(x->a, "./Device" CSP_ROOT_CERTS "/Root/%s/EncodedCertificate",
                                   x->ca->root_sha1);
    BUF_AUTO(encoded);
    base64_encode(&encoded, ca_root(x->ca));
    unsigned id = syncml_write_add(&x->out, uri, "b64", buf_view(&encoded));
    TRY(keep(tx, x, id, PURPOSE_TRUST_ADD, NULL, uri));
    id = syncml_write_get(&x->out, uri);
    return keep(tx, x, id, PURPOSE_TRUST_GET, NULL, uri);
}

/* ---- the profile ---- */

static const char *kept_text(struct arena *a, struct span s) {
    return s.n ? arena_str(a, s) : NULL;
}

static int64_t number(struct span s) {
    int64_t n;
    return span_int(span_trim(s), &n) ? n : 0;
}

/* What the host will ask the CA for: the CSR is held against it. */
static void keep_promise(struct exchange *x, struct enrollment *e, const struct profile *p) {
    e->subject = kept_text(x->a, p->subject);
    e->san = kept_text(x->a, p->san);
    e->eku = kept_text(x->a, p->eku);
    e->key_usage = number(p->key_usage);
    e->key_length = number(p->key_length);
}

static enum err keep_children(struct tx *tx, struct exchange *x, const struct enrollment *e,
                              struct span commands) {
    struct xml_node *root;
    TRY(xml_parse_fragment(x->a, commands, &root));
    struct xml_node *atomic = xml_child(root, "Atomic");
    TRY(keep(tx, x, (unsigned)number(xml_path_text(atomic, "CmdID")), PURPOSE_ATOMIC, e->id, ""));
    for (struct xml_node *c = atomic ? atomic->child : NULL; c; c = c->next) {
        struct span id = xml_path_text(c, "CmdID");
        if (id.n)
            TRY(keep(tx, x, (unsigned)number(id), PURPOSE_CHILD, e->id,
                     arena_str(x->a, xml_path_text(c, "Item/Target/LocURI"))));
    }
    return OK;
}

/* Minted now, while the host is in session: a short life is enough for it. */
static enum err mint(struct tx *tx, struct exchange *x, const struct enrollment *e,
                     char challenge[CHALLENGE_SIZE]) {
    uint8_t hash[32];
    TRY(challenge_mint(challenge));
    TRY(challenge_hash(x->mdm->authority, span_str(challenge), hash));
    struct challenge c = {.hash = span_of(hash, sizeof hash),
                          .kind = CHALLENGE_ENROLLMENT,
                          .endpoint = PKI_DEFAULT,
                          .enrollment = e->id,
                          .created = x->now,
                          .expires = x->now + x->mdm->challenge_lifetime};
    return challenge_replace(tx, &c);
}

static enum err send_profile(struct tx *tx, struct exchange *x, struct enrollment *e,
                             struct buf *commands, struct profile *filled) {
    char challenge[CHALLENGE_SIZE] = "";
    if (profile_uses(span_str(e->body), "scep.challenge"))
        TRY(mint(tx, x, e, challenge));
    struct profile_values values = {
        .scep_url = x->mdm->scep_url,
        .challenge = challenge,
        .ca_thumbprint = x->ca->sha1,
        .enrollment_id = e->id,
        .device_id = x->device.device_id,
        .device_name = x->device.name,
        .user_upn = x->device.account,
    };
    enum err result =
        profile_render(x->a, span_str(e->body), &values, x->out.next_cmd_id, commands, filled);
    explicit_bzero(challenge, sizeof challenge);
    return result;
}

/* A profile that cannot be rendered is reported once, and tried again in later sessions. */
static enum err report_unsendable(struct tx *tx, struct enrollment *e) {
    log_write(LOG_ERROR, "mdm", "enrollment=%s profile=%s reason=%s", e->id,
              log_q(span_str(e->profile)), log_q(span_str(err_detail())));
    if (e->asked++)
        return enrollment_update(tx, e);
    return enroll_record(tx, e, EVENT_ALARM, "the profile cannot be sent", "reason", err_detail(),
                         NULL);
}

static enum err deliver(struct tx *tx, struct exchange *x, struct enrollment *e) {
    BUF_AUTO(commands);
    struct profile filled;
    enum err result = send_profile(tx, x, e, &commands, &filled);
    if (result == ERR_STORE || result == ERR_CRYPTO)
        return result;
    if (result != OK)
        return report_unsendable(tx, e);
    TRY(keep_children(tx, x, e, buf_view(&commands)));
    syncml_write_raw(&x->out, buf_view(&commands), filled.commands);
    keep_promise(x, e, &filled);
    return enroll_record(tx, e, EVENT_SENT, "the profile was sent to the host in one Atomic",
                         "session", text_claim(x->a, x->in->session_id, 32), "server_url",
                         kept_text(x->a, filled.server_url), "ca_thumbprint",
                         kept_text(x->a, filled.ca_thumbprint), "subject", e->subject, NULL);
}

/* ./User exists only while the enrolled user is signed in (windows-mdm.md, A.1). */
static bool is_reachable(const struct exchange *x, const struct enrollment *e) {
    const char *login = x->device.login_status;
    return !e->user_scope || (login && strcmp(login, "user") == 0);
}

static bool trusts_ca(const struct exchange *x) {
    return x->device.trusted_root && strcmp(x->device.trusted_root, x->ca->root_sha1) == 0;
}

enum err session_plan(struct tx *tx, struct exchange *x) {
    struct enrollment *all;
    bool first = x->msg_id == 1, asked_for_trust = x->trust_add_code || x->trust_get_code;
    TRY(enrollment_list(tx, x->a, x->device.id, &all));
    for (struct enrollment *e = all; e && first; e = e->next)
        if (is_reachable(x, e) && enroll_wants_answer(e, x->now, x->hint)) {
            TRY(ask(tx, x, e));
            e->sessions++;
            TRY(enrollment_update(tx, e));
        }
    for (struct enrollment *e = all; e; e = e->next) {
        if (e->state != STATE_ASSIGNED || !is_reachable(x, e))
            continue;
        if (!trusts_ca(x))
            return asked_for_trust ? OK : send_trust(tx, x);
        TRY(deliver(tx, x, e));
    }
    return OK;
}
