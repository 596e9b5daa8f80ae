/* SPDX-License-Identifier: Apache-2.0 */
#include "mdm/tickets.h"

#include "base/buf.h"

enum { LETTERS = 20, GROUP = 5 };

/* The kind stands before the text, so that no code is ever a sign-in, or a challenge of SCEP. */
static enum err hash_of(const struct authority *auth, int kind, struct span text, uint8_t out[32]) {
    BUF_AUTO(b);
    buf_str(&b, kind == TICKET_CODE ? "enrollment code " : "enrollment sign-in ");
    buf_span(&b, text);
    enum err e = challenge_hash(auth, buf_view(&b), out);
    explicit_bzero(b.p, b.n);
    return e;
}

enum err ticket_new_code(struct tx *tx, const struct authority *auth, const char *account,
                         int64_t now, int64_t expires, int64_t hosts, char out[TICKET_CODE_SIZE]) {
    char letters[CHALLENGE_SIZE];
    uint8_t hash[32];
    TRY(challenge_mint(letters));
    letters[LETTERS] = 0;
    TRY(hash_of(auth, TICKET_CODE, span_str(letters), hash));
    for (size_t i = 0, at = 0; i < LETTERS; i++) {
        if (i && i % GROUP == 0)
            out[at++] = '-';
        out[at++] = letters[i];
        out[at] = 0;
    }
    explicit_bzero(letters, sizeof letters);
    const struct ticket t = {.hash = span_of(hash, sizeof hash),
                             .kind = TICKET_CODE,
                             .account = account,
                             .created = now,
                             .expires = expires,
                             .uses = hosts};
    return ticket_add(tx, &t);
}

enum err ticket_new_sign_in(struct tx *tx, const struct authority *auth, const char *account,
                            const struct ticket *code, int64_t now, char out[TICKET_SIGN_IN_SIZE]) {
    uint8_t hash[32];
    TRY(challenge_mint(out));
    TRY(hash_of(auth, TICKET_SIGN_IN, span_str(out), hash));
    const struct ticket t = {.hash = span_of(hash, sizeof hash),
                             .kind = TICKET_SIGN_IN,
                             .account = account,
                             .created = now,
                             .expires = now + TICKET_SIGN_IN_MS,
                             .uses = 1,
                             .code = code->kind ? code->hash : SPAN_NONE};
    return ticket_add(tx, &t);
}

/* The letters of a code without what people put between them; 0 for what is none. */
static size_t code_letters(struct span text, char out[LETTERS + 1]) {
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = (char)text.p[i];
        if (c == '-' || c == ' ')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        bool letter = (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
        if (!letter || n == LETTERS)
            return 0;
        out[n++] = c;
    }
    out[n] = 0;
    return n == LETTERS ? n : 0;
}

bool ticket_is_code(struct span text) {
    char letters[LETTERS + 1];
    bool is = code_letters(text, letters) > 0;
    explicit_bzero(letters, sizeof letters);
    return is;
}

static enum err judge(const struct ticket *t, int64_t now) {
    const char *what = t->kind == TICKET_CODE ? "enrollment code" : "sign-in";
    if (t->revoked)
        return err_set(ERR_AUTH, "the %s was taken back", what);
    if (!t->uses && now - t->used >= TICKET_REPEAT_MS)
        return err_set(ERR_AUTH, "the %s is used up; get a new one", what);
    if (t->uses && t->expires <= now)
        return err_set(ERR_AUTH, "the %s has expired; get a new one", what);
    return OK;
}

enum err ticket_check(struct tx *tx, struct arena *a, const struct authority *auth, int kind,
                      struct span text, int64_t now, struct ticket *out) {
    char letters[LETTERS + 1];
    uint8_t hash[32];
    if (kind == TICKET_CODE) {
        if (!code_letters(text, letters))
            return err_set(ERR_NOT_FOUND, "this is no enrollment code");
        text = span_str(letters);
    }
    TRY(hash_of(auth, kind, text, hash));
    explicit_bzero(letters, sizeof letters);
    TRY(ticket_get(tx, a, span_of(hash, sizeof hash), out));
    return judge(out, now);
}

static enum err take_one(struct tx *tx, struct span hash, int64_t now, const char *what) {
    bool spent;
    TRY(ticket_spend(tx, hash, now, &spent));
    return spent ? OK : err_set(ERR_AUTH, "the %s is used up or has expired; get a new one", what);
}

enum err ticket_take(struct tx *tx, const struct ticket *t, int64_t now) {
    if (!t->kind)
        return OK;
    TRY(take_one(tx, t->hash, now, t->kind == TICKET_CODE ? "enrollment code" : "sign-in"));
    return t->code.n ? take_one(tx, t->code, now, "enrollment code") : OK;
}
