/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log with the columns of the Event Viewer, the text of each below its line; or as the
 * XML that the Event Viewer saves. `signet explain` reads both.
 */
#include "device/show.h"

#include "base/clock.h"
#include "base/text.h"
#include "xml/xml.h"

static const char *level(const struct event *e) {
    return e->error ? "Error" : "Information";
}

/* The Event Viewer leaves away what all of Windows' sources begin with. */
static const char *short_source(int id) {
    const char *source = event_source(id), *prefix = "Microsoft-Windows-";
    size_t n = strlen(prefix);
    return strncmp(source, prefix, n) == 0 ? source + n : source;
}

/* "Admin" of ".../Admin" */
static const char *short_log(int id) {
    const char *log = event_log(id), *slash = strchr(log, '/');
    return slash ? slash + 1 : log;
}

static void print_event(const struct event *e, FILE *out) {
    char at[SHOW_TIME_SIZE];
    BUF_AUTO(text);
    text_printable(&text, span_str(e->text));
    fprintf(out, "%-11s  %s  %-48s  %8d  %-13s  %s\n    %s\n", level(e), show_time(e->at_ms, at),
            short_source(e->id), e->id, "None", short_log(e->id), buf_cstr(&text));
}

static json_t *event_json(const struct event *e) {
    char at[CLOCK_ISO_SIZE];
    return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "time", clock_iso(e->at_ms, at), "id", e->id,
                     "source", event_source(e->id), "log", event_log(e->id), "level", level(e),
                     "text", e->text);
}

static void event_xml(struct buf *b, const struct event *e) {
    enum { LEVEL_ERROR = 2, LEVEL_INFORMATION = 4 };
    char at[CLOCK_ISO_SIZE];
    buf_printf(b,
               "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
               "<Provider Name='%s'/><EventID>%d</EventID><Level>%d</Level>"
               "<TimeCreated SystemTime='%s'/><Channel>%s</Channel></System>"
               "<RenderingInfo Culture='en-US'>",
               event_source(e->id), e->id, e->error ? LEVEL_ERROR : LEVEL_INFORMATION,
               clock_iso(e->at_ms, at), event_log(e->id));
    xml_leaf(b, "Message", span_str(e->text));
    xml_leaf(b, "Level", span_str(level(e)));
    buf_str(b, "</RenderingInfo></Event>\n");
}

static bool is_wanted(const struct event *e, int id, bool own) {
    return id ? e->id == id : own || e->id != EVENT_COMMAND;
}

void show_events(const struct host *h, enum show_form form, int id, bool own, FILE *out) {
    json_t *all = json_array();
    BUF_AUTO(xml);
    if (form == SHOW_TEXT)
        fprintf(out, "%-11s  %-19s  %-48s  %8s  %-13s  %s\n", "Level", "Date and Time", "Source",
                "Event ID", "Task Category", "Log");
    for (size_t i = 0; i < h->events.count; i++) {
        const struct event *e = &h->events.events[i];
        if (!is_wanted(e, id, own))
            continue;
        if (form == SHOW_JSON)
            json_array_append_new(all, event_json(e));
        else if (form == SHOW_XML)
            event_xml(&xml, e);
        else
            print_event(e, out);
    }
    if (form == SHOW_XML)
        fprintf(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Events>\n%s</Events>\n",
                buf_cstr(&xml));
    if (form == SHOW_JSON)
        show_json(all, out);
    else
        json_decref(all);
}
