/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SyncML as Windows speaks it (MS-MDM, OMA DM 1.2.1; windows-mdm.md, section B): reading a device's
 * message in whatever order and prefixes it comes, writing the server's.
 */
#ifndef SIGNET_SYNCML_SYNCML_H
#define SIGNET_SYNCML_SYNCML_H

#include "xml/xml.h"

enum syncml_kind {
    SYNCML_STATUS,
    SYNCML_RESULTS,
    SYNCML_ALERT,
    SYNCML_ADD,
    SYNCML_REPLACE,
    SYNCML_DELETE,
    SYNCML_GET,
    SYNCML_EXEC,
    SYNCML_ATOMIC,
    SYNCML_SEQUENCE,
    SYNCML_UNKNOWN, /* an element that is none of these: answered with 400 */
};

struct syncml_item {
    struct span target, source; /* LocURI */
    struct span type, format;   /* of the item's Meta, or of the command's */
    struct span data;           /* character data, not trimmed */
    bool has_data, more_data;
    struct syncml_item *next;
};

struct syncml_command {
    enum syncml_kind kind;
    struct span name;                  /* the element's name */
    struct span cmd_id;                /* any string; empty when missing */
    struct span msg_ref, cmd_ref, cmd; /* of Status and Results */
    struct span data;                  /* Status: the code; Alert: the number */
    struct span original_error;        /* msft:originalerror of a Status' Data */
    struct syncml_item *items;
    struct syncml_command *children; /* of Atomic and Sequence */
    struct syncml_command *next;
};

struct syncml_message {
    struct span session_id; /* up to 8 hex digits, kept as text */
    int64_t msg_id;
    struct span target, source; /* LocURI of the header */
    struct span loc_name;       /* LocName of the source: the user that Cred speaks for */
    struct span cred_type, cred_format, cred_data; /* of Cred; empty: none */
    struct syncml_command *commands;
    bool final;
};

/*
 * Parses a device's message. ERR_PARSE names the element that is missing or wrong (no SyncHdr, no
 * SessionID, MsgID not a positive number, no Source); ERR_LIMIT. Spans in `a`.
 */
enum err syncml_parse(struct arena *a, struct span xml, struct syncml_message **out) ERR_MUST_USE;

/* The kind of an element name such as "Add"; SYNCML_UNKNOWN for others. */
enum syncml_kind syncml_kind_of(struct span name);

/* A Status' or Alert's Data as a number; 0 when it is none. */
int syncml_code(const struct syncml_command *c) __attribute__((nonnull));

/* Writes a message of the server, without white space. Zero-initialise, then begin .. end. */
struct syncml_writer {
    struct buf out;
    unsigned next_cmd_id; /* the id that the next command gets */
};

void syncml_begin(struct syncml_writer *w, struct span session_id, int64_t msg_id,
                  struct span target, struct span source);

/* The status of the device's command `cmd_ref` ("0" and "SyncHdr" for the header). */
void syncml_write_status(struct syncml_writer *w, int64_t msg_ref, struct span cmd_ref,
                         struct span cmd, int code);

/* The status of the header with a challenge for syncml:auth-md5; `nonce` is base64. */
void syncml_write_challenge(struct syncml_writer *w, int64_t msg_ref, int code, const char *nonce);

/* Each of these returns the CmdID that it wrote. */
unsigned syncml_write_get(struct syncml_writer *w, const char *loc_uri);
unsigned syncml_write_add(struct syncml_writer *w, const char *loc_uri, const char *format,
                          struct span data);
unsigned syncml_write_replace(struct syncml_writer *w, const char *loc_uri, const char *format,
                              struct span data);
unsigned syncml_write_delete(struct syncml_writer *w, const char *loc_uri);
unsigned syncml_write_exec(struct syncml_writer *w, const char *loc_uri, const char *format,
                           struct span data);

/* An Add of an interior node, which has no Data. */
unsigned syncml_write_node(struct syncml_writer *w, const char *loc_uri);
/* What is written between the two is in one Atomic. */
unsigned syncml_open_atomic(struct syncml_writer *w);
void syncml_close_atomic(struct syncml_writer *w);

/*
 * Appends commands that are written already (a rendered profile, see csp/profile.h) whose CmdIDs
 * run from `w->next_cmd_id` on; `count` is how many ids it uses.
 */
void syncml_write_raw(struct syncml_writer *w, struct span commands, unsigned count);

/* Final, and the closing tags. w->out holds the message; the caller frees it with buf_free. */
void syncml_end(struct syncml_writer *w);

#endif
