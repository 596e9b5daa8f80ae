/* SPDX-License-Identifier: Apache-2.0 */
/* GetCACaps: what the server says that it can, and what Windows does because of it. */
#include "base/text.h"
#include "device/hresult.h"
#include "probe/internal.h"
#include "wire/scep.h"

enum { LIST_MAX = 400 };

static bool lists(struct span body, const char *keyword) {
    while (body.n) {
        ptrdiff_t end = span_find(body, '\n');
        size_t n = end < 0 ? body.n : (size_t)end;
        if (span_is_nocase(span_trim(span_of(body.p, n)), keyword))
            return true;
        body = span_from(body, n + 1);
    }
    return false;
}

/* The keywords with blanks between. */
static const char *listed(struct probe *p, struct span body) {
    BUF_AUTO(words);
    while (body.n) {
        ptrdiff_t end = span_find(body, '\n');
        size_t n = end < 0 ? body.n : (size_t)end;
        struct span word = span_trim(span_of(body.p, n));
        if (word.n && words.n)
            buf_char(&words, ' ');
        buf_span(&words, word);
        body = span_from(body, n + 1);
    }
    return words.n ? text_claim(p->a, buf_view(&words), LIST_MAX) : "none";
}

static bool lists_sha2(struct span body) {
    static const char *const words[] = {"SHA-256", "SHA-384", "SHA-512", "SHA-2"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lists(body, words[i]))
            return true;
    return false;
}

void probe_judge_capabilities(struct probe *p, struct span body) {
    scep_caps_read(body, &p->caps);
    const char *all = listed(p, body);
    bool standard = lists(body, "SCEPStandard"), sha2 = lists_sha2(body);
    probe_fact(p, "capabilities", "%s", all);
    if (!p->caps.post)
        probe_found(p, PROBE_CAPS_NO_POST, "listed: %s", all);
    if (!p->caps.aes)
        probe_found(p, PROBE_CAPS_NO_AES, "listed: %s", all);
    if (!sha2 && !standard)
        probe_found(p, PROBE_CAPS_NO_SHA2, "listed: %s", all);
    /* one word for POST, AES and SHA-256 (RFC 8894, 3.5.2), younger than Windows' client */
    bool spelt = lists(body, "POSTPKIOperation") && lists(body, "AES") && sha2;
    if (standard && !spelt)
        probe_unknown(p, "whether Windows knows SCEPStandard, which alone stands for some of "
                         "POSTPKIOperation, AES and SHA-256 here: list them too");
    probe_checked(p, "capabilities");
}

/* Whether the step before has told already why GetCACaps has no answer. */
static bool reported(const struct probe *p) {
    return probe_was_found(p, PROBE_SUFFIX) || probe_was_found(p, PROBE_CAPS_STATUS) ||
           probe_was_found(p, PROBE_WEB_PAGE) || probe_was_found(p, PROBE_REDIRECT);
}

/* Windows would ask GetCACertChain instead of GetCACert (1.7). */
static void check_chain(struct probe *p) {
    FETCH_REPLY_AUTO(reply);
    probe_get(p, p->url, "GetCACertChain", SCEP_WINDOWS_MESSAGE, &reply);
    uint32_t fault = probe_fault(&reply);
    if (!fault)
        return;
    probe_found_as(p, PROBE_CAPS_CHAIN, fault, "GetCACertChain: %s", probe_seen(p, &reply));
    p->caps.chain = false; /* as if it were not listed */
}

void probe_capabilities(struct probe *p) {
    FETCH_REPLY_AUTO(reply);
    probe_get(p, p->url, "GetCACaps", p->message, &reply);
    uint32_t fault = probe_fault(&reply);
    if (fault) {
        const char *seen = probe_seen(p, &reply);
        if (!reported(p))
            probe_found_fault(p, PROBE_CAPS_STATUS, &reply, "GetCACaps: %s", seen);
        probe_unknown(p,
                      "what the server can, for GetCACaps is not answered: the rest goes by GET, "
                      "with 3DES and SHA-1");
        return;
    }
    probe_judge_capabilities(p, buf_view(&reply.body));
    if (p->options->gateway) /* it keeps that word from the hosts */
        p->caps.chain = false;
    if (p->caps.chain)
        check_chain(p);
}
