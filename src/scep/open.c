/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening an envelope. Whoever changes one, and guesses at the plaintext by the answer or by its
 * time, must learn nothing: so the content is parsed whether or not the padding was good, a CSR's
 * own signature is part of what must be right, and a CSR that cannot be read costs what one with a
 * broken signature costs (`make timing` measures it).
 */
#include "cms/signed.h"
#include "scep/content.h"

/* What everybody can see in the message may be told: ERR_ALGORITHM. */
static enum err read_envelope(struct arena *a, const struct scep_request *request, bool allow_des,
                              struct cms_enveloped *env) {
    enum cipher cipher;
    TRY(cms_enveloped_read(a, request->enveloped, env));
    TRY(cms_enveloped_cipher(env, &cipher));
    if (cipher == CIPHER_DES_CBC && !allow_des)
        return err_set(ERR_ALGORITHM, "the content is encrypted with DES-CBC, which anybody can "
                                      "break: let the client use AES, or switch on the endpoint's "
                                      "allow-des");
    return OK;
}

struct cms_opener scep_opener(const struct scep_key *key) {
    return (struct cms_opener){.issuer = key->parsed.issuer,
                               .serial = key->parsed.serial,
                               .spki = key->parsed.spki,
                               .key_id = cert_key_id(&key->parsed),
                               .key = key->key};
}

static enum err open_envelope(struct arena *a, struct scep_request *request,
                              const struct cms_enveloped *env, const struct scep_key *keys,
                              size_t count, struct scep_content *content) {
    struct cms_opener openers[SCEP_MAX_OPENERS];
    struct span plain;
    uint32_t good = 0;
    if (count > SCEP_MAX_OPENERS)
        return err_set(ERR_INTERNAL, "%zu keys to open an envelope with", count);
    for (size_t i = 0; i < count; i++)
        openers[i] = scep_opener(&keys[i]);
    TRY(cms_enveloped_open(a, env, openers, count, &request->transport, &request->cipher, &plain,
                           &good));
    enum err e = scep_content_read(a, request->message_type, plain, content);
    return (good & (e == OK)) ? OK : ERR_MESSAGE_CHECK;
}

enum err scep_open(struct arena *a, struct scep_request *request, const struct scep_key *openers,
                   size_t count, bool allow_des, struct scep_content *content) {
    struct cms_enveloped env;
    *content = (struct scep_content){0};
    if (!scep_has_content(request->message_type))
        return err_set(ERR_REFUSED, "messageType %d is not one that this server answers",
                       request->message_type);
    enum err e = read_envelope(a, request, allow_des, &env);
    if (e == ERR_ALGORITHM)
        return e;
    if (e == OK)
        e = open_envelope(a, request, &env, openers, count, content);
    if (e == OK)
        return OK;
    *content = (struct scep_content){0};
    return err_set(ERR_MESSAGE_CHECK, "the envelope does not open: it is not for this RA, or its "
                                      "key, cipher or content is wrong");
}
