/* SPDX-License-Identifier: Apache-2.0 */
/* Building CRLs; as with every DER writer, read each function from its end. */
#include "x509/crl.h"

#include "wire/oid.h"
#include "x509/extension.h"
#include "x509/signing.h"

enum { DER_ENUMERATED = 0x0a };

static const char *const names[] = {
    [CRL_UNSPECIFIED] = "unspecified",
    [CRL_KEY_COMPROMISE] = "keyCompromise",
    [CRL_CA_COMPROMISE] = "cACompromise",
    [CRL_AFFILIATION_CHANGED] = "affiliationChanged",
    [CRL_SUPERSEDED] = "superseded",
    [CRL_CESSATION_OF_OPERATION] = "cessationOfOperation",
    [CRL_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
};

enum { REASONS = sizeof names / sizeof *names };

const char *crl_reason_name(enum crl_reason reason) {
    int i = (int)reason;
    bool known = i >= 0 && i < REASONS && names[i];
    return names[known ? i : CRL_UNSPECIFIED];
}

bool crl_reason_parse(const char *name, enum crl_reason *out) {
    for (int i = 0; i < REASONS; i++)
        if (names[i] && strcasecmp(name, names[i]) == 0) {
            *out = (enum crl_reason)i;
            return true;
        }
    return false;
}

/* RFC 5280, 5.3.1: `unspecified` is told by leaving the extension out. */
static void put_entry_extensions(struct der_writer *w, enum crl_reason reason) {
    uint8_t octet = (uint8_t)reason;
    size_t mark = der_mark(w);
    if (reason == CRL_UNSPECIFIED)
        return;
    der_put_item(w, DER_ENUMERATED, span_of(&octet, 1));
    extension_wrap(w, mark, OID_CRL_REASON, false);
    der_wrap(w, DER_SEQUENCE, mark);
}

/* RFC 5280, 5.1.2.6: without entries the list is absent, not empty. */
static void put_entries(struct der_writer *w, const struct crl_template *t) {
    size_t list = der_mark(w);
    for (size_t i = t->count; i-- > 0;) {
        size_t mark = der_mark(w);
        put_entry_extensions(w, t->entries[i].reason);
        der_put_time(w, t->entries[i].revoked);
        der_put_item(w, DER_INTEGER, t->entries[i].serial);
        der_wrap(w, DER_SEQUENCE, mark);
    }
    if (t->count)
        der_wrap(w, DER_SEQUENCE, list);
}

static void put_number(struct der_writer *w, int64_t number) {
    uint8_t octets[9] = {0};
    size_t at = sizeof octets, mark = der_mark(w);
    do
        octets[--at] = (uint8_t)number;
    while ((number >>= 8) > 0);
    if (octets[at] & 0x80)
        at--;
    der_put_item(w, DER_INTEGER, span_of(octets + at, sizeof octets - at));
    extension_wrap(w, mark, OID_CRL_NUMBER, false);
}

static enum err put_extensions(struct der_writer *w, const struct crl_template *t) {
    size_t mark = der_mark(w);
    put_number(w, t->number);
    TRY(extension_put_aki(w, t->issuer_key_id, t->issuer_spki));
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
    return OK;
}

enum err crl_build(struct arena *a, const struct crl_template *t, const struct key *issuer_key,
                   struct span *der) {
    struct der_writer tbs = der_writer_in(a);
    TRY(put_extensions(&tbs, t));
    put_entries(&tbs, t);
    der_put_time(&tbs, t->next_update);
    der_put_time(&tbs, t->this_update);
    der_put(&tbs, t->issuer);
    signing_put_algorithm(&tbs, issuer_key);
    der_put_small(&tbs, 1); /* v2 */
    der_wrap(&tbs, DER_SEQUENCE, 0);
    return signing_wrap(a, der_written(&tbs), issuer_key, der);
}
