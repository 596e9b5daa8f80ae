/* SPDX-License-Identifier: Apache-2.0 */
#include "device/scep_events.h"

#include "device/hresult.h"
#include "wire/scep.h"

/* CERT_SYSTEM_STORE_CURRENT_USER_ID and ..._LOCAL_MACHINE_ID: 0x1 was seen of a user's. */
enum { STORE_OF_USER = 1, STORE_OF_MACHINE = 2 };

void scep_log_request(struct host *h, const struct scep_settings *s, const char *url) {
    eventlog_add(&h->events, &h->mem, EVENT_SCEP_REQUEST, false,
                 "SCEP: Certificate request generated successfully. Enhanced Key Usage: (%s), NDES "
                 "URL: (%s), Container Name: (), KSP Setting: (0x%x), Store Location: (0x%x).",
                 s->ekus, url, s->key_protection, s->user_scope ? STORE_OF_USER : STORE_OF_MACHINE);
}

static const char *method(const struct scep_transport *t) {
    return arena_printf(t->arena, "%s(%lldms)", t->posted ? "POST" : "GET", (long long)t->took_ms);
}

void scep_log_failed_init(const struct scep_transport *t, const struct scep_settings *s,
                          const char *stage, uint32_t hr) {
    struct host *h = t->host;
    eventlog_add(&h->events, &h->mem, EVENT_CERTENROLL_INIT, true,
                 "SCEP Certificate enrollment initialization for %s via %s failed: %s Method: %s "
                 "Stage: %s %s",
                 scep_account(h, t->arena, s->user_scope), t->url ? t->url : s->server_url, stage,
                 method(t), stage, hresult_full(t->arena, hr));
    eventlog_add(&h->events, &h->mem, EVENT_SCEP_LOG_ERROR, true,
                 "SCEP: Failed LogError Message : (SCEPInstallCertificateWithScepHelper:Failed to "
                 "Initialize SCEP enrollment with NDES Server '%s', CA cert thumbprint '%s' and "
                 "server certs ''. LogError 0x%x)",
                 s->server_url, s->ca_thumbprint, hr);
}

/* The server's verdict and words. */
static const char *refusal_text(struct arena *a, const struct scep_answer *w) {
    static const char *const names[] = {"SCEPFailBadAlgorithm", "SCEPFailBadMessageCheck",
                                        "SCEPFailBadRequest", "SCEPFailBadTime",
                                        "SCEPFailBadCertId"};
    return arena_printf(a,
                        "PkiStatus(2): SCEPDispositionFailure / FailInfo(%d): %s / "
                        "EnrollStatus(256): EnrollDenied / %.*s",
                        w->fail_info, w->fail_info < 0 ? "none" : names[w->fail_info],
                        (int)w->text.n, (const char *)w->text.p);
}

void scep_log_failed_enroll(const struct scep_transport *t, const struct scep_settings *s,
                            const char *stage, const struct scep_answer *refusal, uint32_t hr) {
    struct host *h = t->host;
    eventlog_add(&h->events, &h->mem, EVENT_CERTENROLL_FAILED, true,
                 "SCEP Certificate enrollment for %s via %s failed: %s Method: %s Stage: %s %s",
                 scep_account(h, t->arena, s->user_scope), t->url,
                 refusal ? refusal_text(t->arena, refusal) : stage, method(t), stage,
                 hresult_full(t->arena, hr));
}

void scep_log_outcome(struct host *h, const struct scep_settings *s, const struct scep_outcome *o) {
    ARENA_AUTO(a);
    const char *text = hresult_text(&a, o->hresult);
    bool failed = o->status == CSP_SCEP_FAILED;
    if (o->status == CSP_SCEP_SUCCESS)
        eventlog_add(&h->events, &h->mem, EVENT_SCEP_INSTALLED, false,
                     "SCEP: Certificate installed successfully.");
    if (failed)
        eventlog_add(&h->events, &h->mem, EVENT_SCEP_FAILED, true,
                     "SCEP: Certificate enroll failed. Result: (%s).", text);
    eventlog_add(&h->events, &h->mem, EVENT_SCEP_RESULT, failed,
                 "SCEP: InstallFromRegEntries. CorrelationGuid : (%s) UniqueId : (%s) Certificate "
                 "Thumbprint : (%s) Respondent Server : (%s) Install Status : (0x%x) Current Retry "
                 "Count :  (0x%x) Result : (%s)",
                 s->correlation, s->id, o->thumbprint, o->responder ? o->responder : "", o->status,
                 s->attempt, text);
}
