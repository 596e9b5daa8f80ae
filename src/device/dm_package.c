/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dm_package.h"

#include "wire/mdm.h"
#include "wire/scep.h"
#include "xml/xml.h"

static uint32_t outcome(const struct host *h, const struct task *t, const char *name) {
    uint32_t number = 0;
    reg_number(registry_open(h->registry, t->key), name, &number);
    return number;
}

bool dm_tells_result(const struct host *h, const struct task *t) {
    bool success = outcome(h, t, "Status") == CSP_SCEP_SUCCESS;
    return t->state == TASK_REPORT && !h->fault.no_alert &&
           !host_switch_is(h, "result-alert", "none") &&
           (success || host_switch_is(h, "alert-on", "any"));
}

/* Only the alert's name was ever seen; each other part has a switch (windows-mdm.md, A.6 and G). */
static void write_result_alert(struct buf *b, unsigned id, const struct host *h,
                               const struct task *t) {
    bool enroll = host_switch_is(h, "alert-source", "enroll");
    uint32_t data = host_switch_is(h, "alert-data", "status")    ? outcome(h, t, "Status")
                    : host_switch_is(h, "alert-data", "hresult") ? outcome(h, t, "ErrorCode")
                                                                 : 0;
    buf_printf(b, "<Alert><CmdID>%u</CmdID><Data>%s</Data><Item>", id,
               host_switch(h, "result-alert"));
    if (!host_switch_is(h, "alert-source", "none")) {
        buf_str(b, "<Source><LocURI>");
        xml_escape(b, span_str(t->uri));
        buf_str(b, enroll ? "/Install/Enroll</LocURI></Source>" : "</LocURI></Source>");
    }
    buf_printf(b,
               "<Meta><Type xmlns=\"" NS_METINF "\">" ALERT_TYPE_SCEP_RESULT
               "</Type><Format xmlns=\"" NS_METINF
               "\">int</Format></Meta><Data>%d</Data></Item></Alert>",
               (int32_t)data);
}

/* As captured: no Source (windows-mdm.md, C.9). */
static void write_leaving_alert(struct buf *b, unsigned id) {
    buf_printf(b,
               "<Alert><CmdID>%u</CmdID><Data>%d</Data><Item><Meta><Type xmlns=\"" NS_METINF
               "\">" ALERT_TYPE_UNENROLL "</Type><Format xmlns=\"" NS_METINF
               "\">int</Format></Meta><Data>1</Data></Item></Alert>",
               id, ALERT_GENERIC);
}

/* Of Microsoft's list of alerts (B.3); the server need not know it, but counts on with it. */
static void write_extra_alert(struct buf *b, unsigned id) {
    buf_printf(b,
               "<Alert><CmdID>%u</CmdID><Data>%d</Data><Item><Meta><Type xmlns=\"" NS_METINF
               "\">com.microsoft.mdm.synctype</Type></Meta><Data>device</Data></Item></Alert>",
               id, ALERT_CLIENT_EVENT);
}

static void write_info(struct buf *b, const char *uri, const char *value) {
    buf_printf(b, "<Item><Source><LocURI>%s</LocURI></Source>", uri);
    xml_leaf(b, "Data", span_str(value));
    buf_str(b, "</Item>");
}

static void write_device_info(struct buf *b, unsigned id, const struct host *h) {
    buf_printf(b, "<Replace><CmdID>%u</CmdID>", id);
    write_info(b, "./DevInfo/DevId", h->device_id);
    write_info(b, "./DevInfo/Man", HOST_MANUFACTURER);
    write_info(b, "./DevInfo/Mod", HOST_MODEL);
    write_info(b, "./DevInfo/DmV", "1.3");
    write_info(b, "./DevInfo/Lang", HOST_LANGUAGE);
    buf_str(b, "</Replace>");
}

void dm_write_package_1(const struct host *h, bool leaving, struct buf *b) {
    unsigned id = 4;
    buf_str(b, "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
               "<Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns=\"" NS_METINF
               "\">" ALERT_TYPE_LOGIN_STATUS "</Type></Meta>");
    xml_leaf(b, "Data", span_str(host_switch(h, "login-status")));
    buf_str(b, "</Item></Alert>");
    if (h->fault.extra_alert)
        write_extra_alert(b, id++);
    if (leaving)
        write_leaving_alert(b, id++);
    for (size_t i = 0; !leaving && i < h->tasks.count; i++)
        if (dm_tells_result(h, &h->tasks.list[i]))
            write_result_alert(b, id++, h, &h->tasks.list[i]);
    write_device_info(b, id, h);
}
