/* SPDX-License-Identifier: Apache-2.0 */
/* Writing extensions; as with every DER writer, read each function from its end. */
#include "crypto/public.h"
#include "wire/oid.h"
#include "x509/extension.h"

void extension_wrap(struct der_writer *w, size_t mark, const char *oid, bool critical) {
    der_wrap(w, DER_OCTET_STRING, mark);
    if (critical)
        der_put_true(w);
    der_put_oid(w, oid);
    der_wrap(w, DER_SEQUENCE, mark);
}

void extension_put(struct der_writer *w, const char *oid, struct span value) {
    size_t mark = der_mark(w);
    der_put(w, value);
    extension_wrap(w, mark, oid, false);
}

/* An upper CA may have named our key in its own way: then that is the name. */
enum err extension_put_aki(struct der_writer *w, struct span issuer_key_id,
                           struct span issuer_spki) {
    uint8_t id[20];
    size_t mark = der_mark(w);
    if (!issuer_key_id.n) {
        TRY(spki_key_id(issuer_spki, id));
        issuer_key_id = span_of(id, sizeof id);
    }
    der_put_item(w, DER_CONTEXT(0), issuer_key_id);
    der_wrap(w, DER_SEQUENCE, mark);
    extension_wrap(w, mark, OID_AUTHORITY_KEY_ID, false);
    return OK;
}

enum err extension_put_ski(struct der_writer *w, struct span spki) {
    uint8_t id[20];
    size_t mark = der_mark(w);
    TRY(spki_key_id(spki, id));
    der_put_item(w, DER_OCTET_STRING, span_of(id, sizeof id));
    extension_wrap(w, mark, OID_SUBJECT_KEY_ID, false);
    return OK;
}

/* A named bit list: DER drops the zero bits at its end (X.690, 11.2.2). */
void extension_put_key_usage(struct der_writer *w, unsigned bits) {
    uint8_t unused = 0, octet = (uint8_t)bits;
    size_t mark = der_mark(w);
    while (unused < 8 && !(octet >> unused & 1))
        unused++;
    uint8_t content[] = {unused, octet};
    der_put_item(w, DER_BIT_STRING, span_of(content, sizeof content));
    extension_wrap(w, mark, OID_KEY_USAGE, true);
}

void extension_put_ca(struct der_writer *w) {
    size_t mark = der_mark(w);
    der_put_true(w);
    der_wrap(w, DER_SEQUENCE, mark);
    extension_wrap(w, mark, OID_BASIC_CONSTRAINTS, true);
}

/* GeneralName: uniformResourceIdentifier. */
static void put_uri(struct der_writer *w, const char *uri) {
    der_put_item(w, DER_CONTEXT(6), span_str(uri));
}

/* One DistributionPoint, whose distributionPoint [0] is a fullName [0]. */
void extension_put_crl_url(struct der_writer *w, const char *url) {
    size_t mark = der_mark(w);
    put_uri(w, url);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_SEQUENCE, mark);
    extension_wrap(w, mark, OID_CRL_POINTS, false);
}

static void put_access(struct der_writer *w, const char *method, const char *url) {
    size_t mark = der_mark(w);
    if (!url)
        return;
    put_uri(w, url);
    der_put_oid(w, method);
    der_wrap(w, DER_SEQUENCE, mark);
}

void extension_put_aia(struct der_writer *w, const char *ocsp_url, const char *issuer_url) {
    size_t mark = der_mark(w);
    put_access(w, OID_AD_CA_ISSUERS, issuer_url);
    put_access(w, OID_AD_OCSP, ocsp_url);
    der_wrap(w, DER_SEQUENCE, mark);
    extension_wrap(w, mark, OID_AUTHORITY_INFO, false);
}

/* A GeneralNames with one otherName; Active Directory's CAs write the SID as text, not binary. */
void extension_put_sid(struct der_writer *w, const char *sid) {
    size_t mark = der_mark(w);
    der_put_item(w, DER_OCTET_STRING, span_str(sid));
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
    der_put_oid(w, OID_NTDS_OBJECT_SID);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), mark);
    der_wrap(w, DER_SEQUENCE, mark);
    extension_wrap(w, mark, OID_NTDS_CA_SECURITY_EXT, false);
}
