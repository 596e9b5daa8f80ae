/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, devices and their identities. See store/store.h for struct tx. */
#ifndef SIGNET_STORE_DEVICE_H
#define SIGNET_STORE_DEVICE_H

#include "store/store.h"

struct account {
    const char *name;
    const char *password; /* a slow hash in its own text form */
    int64_t created;      /* ms */
    int64_t max_devices;  /* hosts that it may have enrolled; -1: as the configuration has it */
    struct account *next;
};

/* ERR_EXISTS when the name is taken. */
enum err account_add(struct tx *tx, const struct account *account) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err account_get(struct tx *tx, struct arena *a, const char *name,
                     struct account *out) ERR_MUST_USE;
/* Its codes and sign-ins go with it. ERR_NOT_FOUND. */
enum err account_remove(struct tx *tx, const char *name) ERR_MUST_USE;
/* -1 for the configuration's number. ERR_NOT_FOUND. */
enum err account_set_max_devices(struct tx *tx, const char *name, int64_t max) ERR_MUST_USE;
enum err account_list(struct tx *tx, struct arena *a, struct account **out) ERR_MUST_USE;

/* Who may fetch challenges from an endpoint's mscep_admin page: a kind of account of its own. */
struct ndes_account {
    const char *endpoint, *name;
    const char *password; /* a slow hash in its own text form */
    int64_t created;      /* ms */
    struct ndes_account *next;
};

enum err ndes_account_add(struct tx *tx, const struct ndes_account *account) ERR_MUST_USE;
enum err ndes_account_get(struct tx *tx, struct arena *a, const char *endpoint, const char *name,
                          struct ndes_account *out) ERR_MUST_USE;
enum err ndes_account_remove(struct tx *tx, const char *endpoint, const char *name) ERR_MUST_USE;
enum err ndes_account_list(struct tx *tx, struct arena *a, struct ndes_account **out) ERR_MUST_USE;

enum device_state { /* numbers are kept in the database */
                    DEVICE_ENROLLED = 1,
                    DEVICE_LEAVING, /* told to unenroll, and not heard of since */
                    DEVICE_LEFT,
                    DEVICE_REMOVED, /* by the administrator: what is known of it stays */
};

/* "enrolled" .. "removed". */
const char *device_state_name(int state) __attribute__((returns_nonnull));

struct device {
    int64_t id;
    const char *device_id; /* 32 hex digits, claimed at enrollment, bound to the identity then */
    const char *name;      /* claimed by the host */
    const char *hw_dev_id, *os_version; /* claimed by the host */
    const char *account;                /* who enrolled it: proved by password */
    const char *login_status;           /* user, others or none, as of the last session; or NULL */
    int64_t enrolled, last_seen;        /* ms; last_seen 0: never */
    const char
        *sid;  /* of the host's or its user's account in AD, set by the administrator; or NULL */
    int state; /* enum device_state */
    int64_t left_at;             /* ms; 0: it is here */
    const char *enrollment_type; /* "Device", "Full"; NULL: not known */
    int64_t claims; /* id of the known host whose hardware it names, until that is settled; 0 */
    /* What its sessions show; all of it begins anew when it enrolls anew. */
    const char *model;    /* manufacturer and model; NULL: not said yet */
    const char *hw_shown; /* its HWDevID; NULL: none was shown yet */
    const char *hw_other; /* another one that was shown since: its sessions are refused until an
                           * administrator has settled it; NULL: none */
    int64_t hw_told;      /* ms, when it last answered the question for it; 0: never */
    int64_t watched;      /* ms, until then it is asked in each session */
    int64_t
        sync_version; /* SyncApplicationVersion that it took; 0: it was not asked to, -1: none */
    struct device *next;
};

/* Inserts a device, or takes over the row of its device_id: claims and account anew; it is enrolled
 * then. Sets out->id. */
enum err device_put(struct tx *tx, struct device *device) ERR_MUST_USE;
enum err device_by_device_id(struct tx *tx, struct arena *a, const char *device_id,
                             struct device *out) ERR_MUST_USE;
enum err device_by_id(struct tx *tx, struct arena *a, int64_t id, struct device *out) ERR_MUST_USE;
/* By its DeviceID, or its name when one device alone has it. ERR_NOT_FOUND; ERR_CONFLICT, too, for
 * the name of one that was removed. */
enum err device_find(struct tx *tx, struct arena *a, const char *text,
                     struct device *out) ERR_MUST_USE;
/* At most `max` of those with an id above `after`, by id. */
enum err device_page(struct tx *tx, struct arena *a, int64_t after, int64_t max,
                     struct device **out) ERR_MUST_USE;
/* The same of a group's members; not those that were removed. */
enum err device_page_of_group(struct tx *tx, struct arena *a, int64_t device_group, int64_t after,
                              int64_t max, struct device **out) ERR_MUST_USE;
/* Those that are here with that HWDevID. */
enum err device_list_by_hw(struct tx *tx, struct arena *a, const char *hw_dev_id,
                           struct device **out) ERR_MUST_USE;
/* Those that were told to leave before `before`. */
enum err device_list_leaving(struct tx *tx, struct arena *a, int64_t before,
                             struct device **out) ERR_MUST_USE;
/* Counts to `most` and no further: an account may have a whole fleet. */
enum err device_count_of_account(struct tx *tx, const char *account, int64_t most,
                                 int64_t *count) ERR_MUST_USE;
/* Writes state, left_at and claims. */
enum err device_set_state(struct tx *tx, const struct device *device) ERR_MUST_USE;
/* Writes model, hw_shown, hw_other, hw_told, watched and sync_version. */
enum err device_set_shown(struct tx *tx, const struct device *device) ERR_MUST_USE;
/* NULL: the host has not said who is signed in. */
enum err device_seen(struct tx *tx, int64_t id, int64_t at, const char *login_status) ERR_MUST_USE;

/* The host confirmed that it trusts a root, by its SHA-1; and whether it has. */
enum err device_add_trust(struct tx *tx, int64_t id, const char *root_sha1) ERR_MUST_USE;
enum err device_trusts(struct tx *tx, int64_t id, const char *root_sha1, bool *out) ERR_MUST_USE;
/* Nothing is known of what it trusts. */
enum err device_forget_trust(struct tx *tx, int64_t id) ERR_MUST_USE;

/* What the administrator says of a device; NULL takes it back. ERR_NOT_FOUND. */
enum err device_set_sid(struct tx *tx, int64_t id, const char *sid) ERR_MUST_USE;

/*
 * A device's TLS client certificate (identity.c). After a renewal two are good: the host may not
 * have got the answer. The first session with the new one ends the old; of a host that has shown
 * its HWDevID, the first in which it shows it again.
 */
struct identity {
    struct span sha256; /* the key */
    int64_t device;
    struct span der;
    struct span serial;                 /* content octets; empty for those of before schema 4 */
    int64_t issued, not_after, revoked; /* ms; revoked 0: live */
    int64_t used;                       /* ms, in its first session; 0: not yet */
    const char *reason;                 /* of the revocation: a name of x509/crl.h; or NULL */
    struct identity *next;
};

/* Adds the identity and revokes the device's earlier ones. */
enum err identity_replace(struct tx *tx, const struct identity *identity) ERR_MUST_USE;
/* Adds it; the device's earlier ones stay good until identity_supersede. */
enum err identity_add(struct tx *tx, const struct identity *identity) ERR_MUST_USE;
/* ERR_NOT_FOUND. */
enum err identity_get(struct tx *tx, struct arena *a, struct span sha256,
                      struct identity *out) ERR_MUST_USE;
/* The device's newest that is not revoked. ERR_NOT_FOUND. */
enum err identity_latest(struct tx *tx, struct arena *a, int64_t device,
                         struct identity *out) ERR_MUST_USE;
/* It came in a session: it is marked. */
enum err identity_first_used(struct tx *tx, const struct identity *identity,
                             int64_t at) ERR_MUST_USE;
/* The host holds it: those that were issued before it are revoked; *changed becomes true when there
 * was one. */
enum err identity_supersede(struct tx *tx, const struct identity *identity, int64_t at,
                            bool *changed) ERR_MUST_USE;
/*
 * How many were issued since `since` to the device of that DeviceID and to those of its account
 * with that HWDevID (NULL: none such), and when the first of them was.
 */
enum err identity_count(struct tx *tx, const struct device *device, const char *hw_dev_id,
                        int64_t since, int64_t *count, int64_t *first) ERR_MUST_USE;

/* Revokes those of the device that are live. */
enum err identity_revoke(struct tx *tx, int64_t device, int64_t at,
                         const char *reason) ERR_MUST_USE;
/* The revoked ones that a CRL must name at `now`: serial (or, where the row has none, der), revoked
 * and reason are set. */
enum err identity_list_revoked(struct tx *tx, struct arena *a, int64_t now,
                               struct identity **out) ERR_MUST_USE;

#endif
