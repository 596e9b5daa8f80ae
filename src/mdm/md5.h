/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncml:auth-md5 (windows-mdm.md, B.6): how a host proves itself where its certificate does not
 * arrive, because a tunnel ends TLS and forwards none.
 *
 *     host    package 1                                        MsgID 1
 *     signet  401 with a nonce, 407 for the commands           nothing else is looked at
 *     host    package 1 again, with Cred                       MsgID 2
 *     signet  212 with the next nonce, and the session begins
 *
 * The digest is B64(MD5(B64(MD5(name ":" secret)) ":" nonce)); the secrets, one of each direction,
 * were made at the enrollment. Nonces are not kept: they are an HMAC over what may use them (the
 * host, the session, a few minutes) and the number of logins so far, so that none serves twice, and
 * strangers who ask for them change nothing. A host that nobody knows gets one, too.
 *
 * After 212 a host sends no Cred, and nothing of TLS binds its messages to the login. Therefore the
 * CmdIDs of each reply begin at a random number, and a message without digest must answer a command
 * that is open. Without that, whoever knows DeviceID and SessionID would be let in.
 */
#ifndef SIGNET_MDM_MD5_H
#define SIGNET_MDM_MD5_H

#include "ca/authority.h"
#include "store/device_secret.h"

struct exchange;
struct mdm;
struct mde_app_auth;

enum { MD5_NONCE = 16, MD5_DIGEST_TEXT = 25 }; /* bytes; characters and a NUL */

/* What is known of a sender who is judged so; all zero for others. */
struct md5_login {
    bool asked;     /* he is: no certificate, and the listener allows it */
    bool wrong;     /* his digest does not hold */
    bool proved;    /* his digest holds */
    bool by_next;   /* it is that of the secret on its way to the host, which has arrived */
    bool begins;    /* it answers our 401: a session begins, whatever its MsgID */
    bool again;     /* byte for byte the last message of a session: it gets the same answer */
    int rekeyed;    /* what the host says to a new secret: a status, or 0 */
    unsigned first; /* CmdID of our replies; 0: as usual */
    const char *device_id;
    const char *nonce; /* base64, for the reply; NULL: none */
    struct device_secret secret;
};

/* The text in Cred/Data. `out` is wiped by whoever asked for a secret one. ERR_CRYPTO. */
enum err md5_digest(const char *name, struct span secret, struct span nonce,
                    char out[MD5_DIGEST_TEXT]) ERR_MUST_USE;

/* 16 bytes that nobody else can compute, from what may use them; base64 in `a`. ERR_CRYPTO. */
enum err md5_nonce(const struct authority *auth, struct arena *a, const char *what,
                   const char **nonce) ERR_MUST_USE;

/* A nonce for the host's next login, in whichever session. */
enum err md5_next_nonce(const struct authority *auth, struct arena *a, const char *device_id,
                        int64_t logins, const char **nonce) ERR_MUST_USE;

/*
 * Whose message it is: fills x->device and x->login, writes nothing. ERR_AUTH for those whom we do
 * not believe; x->login.nonce is then what they get.
 */
enum err md5_identify(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* Once the message's place is known (place.h). ERR_AUTH: it is not the repeat that it seemed. */
enum err md5_bind(struct exchange *x) ERR_MUST_USE;

/* The login counts: its nonce is used up, and the secret that it proved is the one in force. */
enum err md5_accept(struct tx *tx, struct exchange *x) ERR_MUST_USE;

/* After ERR_AUTH: logs it, and sets the nonce of the 401. Writes nothing. */
enum err md5_refuse(struct exchange *x) ERR_MUST_USE;

/* New secrets for a host that enrolls; `device` of the row is not set. All in `a`. */
enum err md5_enroll(const struct authority *auth, struct arena *a, const char *device_id,
                    int64_t now, struct device_secret **out) ERR_MUST_USE;

/* What the provisioning document says of them, with the nonce of the host's next login. */
enum err md5_app_auth(const struct authority *auth, struct arena *a,
                      const struct device_secret *secret, struct mde_app_auth *out) ERR_MUST_USE;

/* A secret: 26 characters, 128 bits; `sealed` is what the database keeps of it. */
enum err md5_new_secret(const struct authority *auth, struct arena *a, const char **secret,
                        struct span *sealed) ERR_MUST_USE;
enum err md5_open_secret(const struct authority *auth, struct arena *a, struct span sealed,
                         struct span *secret) ERR_MUST_USE;

#endif
