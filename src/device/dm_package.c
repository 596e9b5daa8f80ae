/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dm_package.h"

#include "wire/mdm.h"
#include "xml/xml.h"

static void write_result_alert(struct buf *b, unsigned id, const char *code, const char *uri) {
    buf_printf(b, "<Alert><CmdID>%u</CmdID><Data>%s</Data><Item><Source>", id, code);
    xml_leaf(b, "LocURI", span_str(uri));
    buf_str(b, "</Source><Meta><Type xmlns=\"" NS_METINF "\">" ALERT_TYPE_SCEP_RESULT "</Type>"
               "<Format xmlns=\"" NS_METINF "\">int</Format></Meta><Data>0</Data></Item></Alert>");
}

/* As captured: no Source (windows-mdm.md, C.9). */
static void write_leaving_alert(struct buf *b, unsigned id) {
    buf_printf(b,
               "<Alert><CmdID>%u</CmdID><Data>%d</Data><Item><Meta><Type xmlns=\"" NS_METINF
               "\">" ALERT_TYPE_UNENROLL "</Type><Format xmlns=\"" NS_METINF
               "\">int</Format></Meta><Data>1</Data></Item></Alert>",
               id, ALERT_GENERIC);
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
    const char *code = host_switch(h, "result-alert");
    unsigned id = 4;
    buf_str(b, "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
               "<Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns=\"" NS_METINF
               "\">" ALERT_TYPE_LOGIN_STATUS "</Type></Meta>");
    xml_leaf(b, "Data", span_str(host_switch(h, "login-status")));
    buf_str(b, "</Item></Alert>");
    if (leaving)
        write_leaving_alert(b, id++);
    for (size_t i = 0; !leaving && strcmp(code, "none") != 0 && i < h->tasks.count; i++)
        if (h->tasks.list[i].state == TASK_REPORT)
            write_result_alert(b, id++, code, h->tasks.list[i].uri);
    write_device_info(b, id, h);
}
