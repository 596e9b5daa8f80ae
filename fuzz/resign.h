/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For targets behind a signature, which no fuzzer guesses: a key of ours, and a message's
 * attributes to be signed again with it.
 */
#ifndef SIGNET_FUZZ_RESIGN_H
#define SIGNET_FUZZ_RESIGN_H

#include "fuzz.h"

#include "base/clock.h"
#include "cms/signed.h"
#include "scep/message.h"
#include "x509/name.h"

/* A fresh RSA key with its own certificate of this name and serial, in `forever`. */
static inline struct scep_key resign_key(struct arena *forever, const char *x500) {
    struct key *key = NULL;
    struct scep_key out = {0};
    struct span name;
    must(key_generate("rsa2048", &key) == OK);
    must(name_from_x500(forever, span_str(x500), &name) == OK);
    struct cert_template t = {.serial = span_str("\x01"),
                              .issuer = name,
                              .subject = name,
                              .spki = key_spki(key),
                              .not_after = clock_ms()};
    out.key = key;
    must(cert_build(forever, &t, key, &out.cert) == OK);
    must(cert_parse(out.cert, &out.parsed) == OK);
    return out;
}

/* The attributes but for the two that cms_signed_build adds; false when it takes fewer. */
static inline bool resign_attributes(const struct cms_signer *signer, struct span *out,
                                     size_t *count) {
    struct der d = cms_attributes(signer), at;
    struct cms_attribute attribute;
    for (*count = 0; !der_is_empty(&d);) {
        at = d;
        must(cms_attribute_next(&d, &attribute) == OK);
        if (oid_is(attribute.oid, OID_CONTENT_TYPE) || oid_is(attribute.oid, OID_MESSAGE_DIGEST))
            continue;
        if (*count == CMS_MAX_ATTRIBUTES)
            return false;
        out[(*count)++] = span_of(at.p, (size_t)(d.p - at.p));
    }
    return true;
}

/* The same content and attributes under a signature of `key`; false when there are too many. */
static inline bool resign(struct arena *a, const struct cms_signed *msg, enum digest digest,
                          const struct scep_key *key, bool with_cert, struct span *message) {
    struct span others[CMS_MAX_ATTRIBUTES];
    struct cms_signing s = {.content = msg->content,
                            .attributes = others,
                            .digest = digest,
                            .issuer = key->parsed.issuer,
                            .serial = key->parsed.serial,
                            .key = key->key,
                            .cert = with_cert ? key->cert : SPAN_NONE};
    if (!resign_attributes(&msg->signer, others, &s.attribute_count))
        return false;
    must(cms_signed_build(a, &s, message) == OK);
    return true;
}

#endif
