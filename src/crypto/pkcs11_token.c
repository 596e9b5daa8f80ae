/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_token.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crypto/key.h"

enum { MAX_SESSIONS = 16, MAX_SLOTS = 256 };

struct pkcs11_token {
    struct pkcs11_token *next;
    struct pkcs11_module *module;
    CK_SLOT_ID slot;
    CK_FLAGS flags;
    char label[sizeof(CK_UTF8CHAR[32]) + 1];
    unsigned users; /* guarded by `registry` */
    /* all below: guarded by `lock` */
    pthread_mutex_t lock;
    pthread_cond_t returned;
    struct buf pin;
    bool pin_refused, logged_in, stale;
    unsigned generation;
    CK_SESSION_HANDLE idle[MAX_SESSIONS];
    size_t idle_count, busy;
};

/* Tokens stay listed for the process's life: what is known of a refused PIN must not be lost. */
static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static struct pkcs11_token *tokens;

/* ---- finding ---- */

/* Cryptoki's texts are padded with blanks. */
static struct span padded(const unsigned char *p, size_t n) {
    while (n && p[n - 1] == ' ')
        n--;
    return span_of(p, n);
}

static bool fits(const char *wanted, const unsigned char *p, size_t n) {
    return !wanted || span_is(padded(p, n), wanted);
}

static bool is_wanted(const struct pkcs11_uri *uri, const CK_TOKEN_INFO *info) {
    return fits(uri->token, info->label, sizeof info->label) &&
           fits(uri->serial, info->serialNumber, sizeof info->serialNumber) &&
           fits(uri->manufacturer, info->manufacturerID, sizeof info->manufacturerID) &&
           fits(uri->model, info->model, sizeof info->model);
}

static enum err find_slot(const struct pkcs11_module *m, const struct pkcs11_uri *uri,
                          CK_SLOT_ID *slot, CK_TOKEN_INFO *info) {
    CK_SLOT_ID slots[MAX_SLOTS];
    CK_ULONG count = MAX_SLOTS, found = 0;
    CK_RV rv = m->f->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK)
        return err_set(ERR_IO, "%s: C_GetSlotList: %s", m->path, pkcs11_code(rv));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO seen;
        if (m->f->C_GetTokenInfo(slots[i], &seen) != CKR_OK || !is_wanted(uri, &seen))
            continue;
        *slot = slots[i];
        *info = seen;
        found++;
    }
    const char *name = uri->token ? uri->token : uri->serial ? uri->serial : "";
    if (!found)
        return err_set(ERR_NOT_FOUND, "%s: no token \"%s\" among %lu slots", m->path, name, count);
    if (found > 1)
        return err_set(ERR_CONFLICT, "%s: %lu tokens \"%s\": add serial= to the PKCS#11 URI",
                       m->path, found, name);
    return OK;
}

static struct pkcs11_token *listed(struct pkcs11_module *m, CK_SLOT_ID slot,
                                   const CK_TOKEN_INFO *info) {
    struct pkcs11_token *t = tokens;
    while (t && !(t->module == m && t->slot == slot))
        t = t->next;
    if (!t) {
        t = mem_alloc(sizeof *t);
        *t = (struct pkcs11_token){.next = tokens, .module = m, .slot = slot};
        pthread_mutex_init(&t->lock, NULL);
        pthread_cond_init(&t->returned, NULL);
        tokens = t;
    }
    if (!t->users) {
        struct span label = padded(info->label, sizeof info->label);
        memset(t->label, 0, sizeof t->label);
        memcpy(t->label, label.p, label.n);
        t->flags = info->flags;
    }
    return t;
}

/* Everything of this process on the token: nobody may hold a session. */
static void close_sessions(struct pkcs11_token *t) {
    t->module->f->C_CloseAllSessions(t->slot);
    t->idle_count = 0;
    t->logged_in = t->stale = false;
    t->generation++;
}

/*
 * The first user's PIN. Others must know it too, since they find the token logged in; but where the
 * token has refused it, a new one may take its place.
 */
static enum err take_pin(struct pkcs11_token *t, struct span pin) {
    bool same = same_secret(buf_view(&t->pin), pin);
    if (t->pin_refused && same)
        return err_set(ERR_AUTH,
                       "the token \"%s\" has refused this PIN: not tried again in this process, "
                       "since tokens lock after a few",
                       t->label);
    if (t->users && !t->pin_refused)
        return same ? OK
                    : err_set(ERR_AUTH, "the token \"%s\" is in use with another PIN", t->label);
    buf_free(&t->pin);
    buf_span(&t->pin, pin);
    t->pin_refused = false;
    return OK;
}

enum err pkcs11_token_open(const struct pkcs11_uri *uri, struct span pin,
                           struct pkcs11_token **out) {
    struct pkcs11_module *m = NULL;
    CK_SLOT_ID slot = 0;
    CK_TOKEN_INFO info = {0};
    TRY(pkcs11_module_load(uri->module_path, &m));
    TRY(find_slot(m, uri, &slot, &info));
    pthread_mutex_lock(&registry);
    struct pkcs11_token *t = listed(m, slot, &info);
    pthread_mutex_lock(&t->lock);
    enum err e = take_pin(t, pin);
    if (e == OK) {
        t->users++;
        *out = t;
    }
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_unlock(&registry);
    return e;
}

void pkcs11_token_close(struct pkcs11_token *t) {
    if (!t)
        return;
    pthread_mutex_lock(&registry);
    pthread_mutex_lock(&t->lock);
    if (--t->users == 0) {
        close_sessions(t);
        if (!t->pin_refused)
            buf_free(&t->pin);
    }
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_unlock(&registry);
}

const char *pkcs11_token_label(const struct pkcs11_token *t) {
    return t->label;
}

bool pkcs11_token_can(const struct pkcs11_token *t, CK_MECHANISM_TYPE mechanism, CK_FLAGS flags) {
    CK_MECHANISM_INFO info = {0};
    CK_RV rv = t->module->f->C_GetMechanismInfo(t->slot, mechanism, &info);
    return rv == CKR_OK && (info.flags & flags) == flags;
}

/* ---- sessions ---- */

static bool is_about_pin(CK_RV rv) {
    return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE ||
           rv == CKR_PIN_EXPIRED || rv == CKR_PIN_LOCKED || rv == CKR_USER_PIN_NOT_INITIALIZED;
}

static enum err login(struct pkcs11_token *t, CK_SESSION_HANDLE session) {
    bool keypad = t->flags & CKF_PROTECTED_AUTHENTICATION_PATH;
    if (t->logged_in || !(t->flags & CKF_LOGIN_REQUIRED))
        return OK;
    if (!t->pin.n && !keypad)
        return err_set(ERR_AUTH, "the token \"%s\" wants a PIN: bring it as a credential",
                       t->label);
    if (t->pin_refused)
        return err_set(ERR_AUTH, "the token \"%s\" has refused the PIN", t->label);
    CK_RV rv = t->module->f->C_Login(session, CKU_USER, t->pin.p, t->pin.n);
    t->logged_in = rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN;
    t->pin_refused = is_about_pin(rv);
    if (t->logged_in)
        return OK;
    return err_set(t->pin_refused ? ERR_AUTH : ERR_IO, "the token \"%s\" lets us not in: %s",
                   t->label, pkcs11_code(rv));
}

static enum err open_session(struct pkcs11_token *t, CK_SESSION_HANDLE *session, CK_RV *rv) {
    CK_FUNCTION_LIST *f = t->module->f;
    *rv = f->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL, session);
    if (*rv != CKR_OK)
        return err_set(ERR_IO, "the token \"%s\" opens no session: %s", t->label, pkcs11_code(*rv));
    enum err e = login(t, *session);
    if (e != OK)
        f->C_CloseSession(*session);
    return e;
}

/* False: there is none now, but somebody will bring one back. */
static bool take(struct pkcs11_token *t, CK_SESSION_HANDLE *session, enum err *e) {
    CK_RV rv = CKR_OK;
    *e = OK;
    if (t->busy && (t->stale || t->busy == MAX_SESSIONS))
        return false;
    if (t->stale)
        close_sessions(t);
    if (t->idle_count) {
        *session = t->idle[--t->idle_count];
        return true;
    }
    *e = open_session(t, session, &rv);
    return rv != CKR_SESSION_COUNT || !t->busy;
}

enum err pkcs11_acquire(struct pkcs11_token *t, struct pkcs11_session *out) {
    enum err e = OK;
    *out = (struct pkcs11_session){.f = t->module->f};
    pthread_mutex_lock(&t->lock);
    while (!take(t, &out->handle, &e))
        pthread_cond_wait(&t->returned, &t->lock);
    out->generation = t->generation;
    if (e == OK)
        t->busy++;
    pthread_mutex_unlock(&t->lock);
    return e;
}

void pkcs11_release(struct pkcs11_token *t, const struct pkcs11_session *s, CK_RV rv) {
    pthread_mutex_lock(&t->lock);
    t->busy--;
    if (pkcs11_is_lost(rv))
        t->stale = true; /* and all are closed by the next who comes */
    else if (rv == CKR_OK && !t->stale)
        t->idle[t->idle_count++] = s->handle;
    else if (!t->stale)
        s->f->C_CloseSession(s->handle); /* an operation may still be active on it */
    pthread_cond_broadcast(&t->returned);
    pthread_mutex_unlock(&t->lock);
}

bool pkcs11_is_lost(CK_RV rv) {
    return rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
           rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_DEVICE_REMOVED ||
           rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_KEY_HANDLE_INVALID ||
           rv == CKR_OBJECT_HANDLE_INVALID;
}
