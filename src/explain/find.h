/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what the readers of inputs share. */
#ifndef SIGNET_EXPLAIN_FIND_H
#define SIGNET_EXPLAIN_FIND_H

#include "explain/explain.h"

struct finder {
    struct arena *arena;
    struct explain_report *report;
    struct explanation **last;
    struct explain_moment *moment; /* that codes belong to; NULL: none */
    size_t count;
    size_t unit;     /* number of the event, or of the line of none, that is read */
    size_t codes;    /* HRESULTs of the moment so far */
    const char *at;  /* the time that the next moment has, or "" */
    bool is_note;    /* the lines are a note of `signet device events`, and no event of Windows */
    bool has_syncml; /* <Data> is a status of the message around it */
};

void finder_begin(struct finder *, struct arena *, struct explain_report *);

/* Adds what was found, or counts it once more; `what` and `note` are printable, `found` need not
 * be. */
struct explanation *finder_add(struct finder *, enum explain_kind, const struct explain_entry *,
                               const char *what, struct span found);

/* An HRESULT, known or not. */
void finder_add_hresult(struct finder *, uint32_t code, struct span found);

/* Status 16, failInfo 2 ...; false when the table has no such number. */
bool finder_add_number(struct finder *, enum explain_kind, const struct explain_table *,
                       uint32_t number, struct span found);

/* An event that has happened: a moment of the story, and its explanation. */
void finder_add_event(struct finder *, const struct explain_entry *, struct span found);

/* Whether the text names a log, or source of events, that we know. */
bool names_source(struct span text);

/* The entry of an event's id, of the source that the text names, or of any when it names none;
 * NULL. */
const struct explain_entry *explain_event(uint32_t id, struct span source);

/* A bare number, or several: each is told as all that it may be. False when it is another text. */
bool explain_numbers(struct finder *, struct span text);

/* "event 32", "failInfo 2": a kind and its number. */
bool explain_named_number(struct finder *, struct span text);

/* Explains a number as one kind; false when it is no number of that kind. */
bool explain_number_as(struct finder *, enum explain_kind, struct span number);

/* A line of any text. */
void explain_line(struct finder *, struct span line);

/* Adds the texts that a line holds; true when one of them was an event's. */
bool look_at_phrases(struct finder *, const struct explain_phrases *, struct span line);

/* The codes and texts of a line, but no events; of an event's line also that its result is a text
 * of no code that we know. */
void explain_codes(struct finder *, struct span line);

/* Events as XML; false when there are none. */
bool explain_event_xml(struct finder *, struct span text);

/* Keys of SOFTWARE\Microsoft\SCEP; false when the text is no export of the registry. */
bool explain_registry(struct finder *, struct span text);

/* UTF-16 with or without BOM, or UTF-8 with one, as UTF-8 without. Stray bytes stay as they are. */
struct span explain_decode(struct arena *, struct span input);

/* What the input is when it is no log and no export; `text` is the decoded input. NULL: it may be.
 */
const char *explain_other(struct span input, struct span text);

/* ---- looking into text ---- */

/* Where `needle` stands in `text`, without regard to case; -1 when it does not. */
ptrdiff_t find_nocase(struct span text, const char *needle);

/* The next line without its end; `left` loses it. */
struct span take_line(struct span *left);

/* The digits, "16" or "0x10", that stand behind blanks and any of ":=(\"" ; false when there are
 * none. */
bool take_value(struct span text, uint32_t *out, struct span *digits);

bool is_word(uint8_t c); /* letter, digit or _ */

struct word {
    struct span text;
    uint8_t before, after; /* 0 at the ends of the line */
};

/* The next word from `at` on. */
bool next_word(struct span line, size_t *at, struct word *w);

/* Moves `rest` behind the next `label` that is a word of its own. */
bool next_label(struct span *rest, const char *label);

#endif
