/* SPDX-License-Identifier: Apache-2.0 */
/* signet device set and import: what the administrator knows of hosts, and no host says itself. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/cmd.h"
#include "server/admin.h"

#define FOLDER_OPTION \
    "  -d DIR   the data folder (default: $SIGNET_DIR, else " CLI_DEFAULT_FOLDER ")\n"

static const char set_usage[] =
    "Usage: signet device set HOST sid=SID [-d DIR]\n\n"
    "Keeps the SID of the account in Active Directory that belongs to the host (named by its\n"
    "DeviceID or name), or to its user. Certificates of endpoints with strong-mapping carry it, as\n"
    "domain controllers demand it since KB5014754. An empty SID takes it back. It ends, too, when\n"
    "the host is removed, and when it has left and another account enrolls it.\n\n"
    "A host's name is what the host says that it is: prefer the DeviceID.\n\n" FOLDER_OPTION;

static const char import_usage[] =
    "Usage: signet device import FILE.csv [-d DIR]\n\n"
    "Sets the SIDs of many hosts: lines with DeviceID or name, a comma, the SID. Quotes around them,\n"
    "a head line \"device,sid\" and empty lines are fine. All lines are taken, or none.\n"
    "FILE - is standard input.\n\n"
    "A host's name is what the host says that it is: another one may have taken it. The DeviceID\n"
    "names a host that is known; a name that several hosts have is an error.\n\n" FOLDER_OPTION;

enum { MAX_CSV = 4 << 20, MAX_QUOTED = 80 };

int cmd_device_set(int argc, char **argv) {
    struct cli cli;
    json_t *reply;
    int status;
    if (!cli_options(argc, argv, set_usage, NULL, &cli, &status))
        return status;
    if (cli.argc != 2 || strncmp(cli.argv[1], "sid=", 4) != 0)
        return cli_usage(set_usage, "device set takes HOST sid=SID");
    const char *sid = cli.argv[1] + 4;
    json_t *request =
        json_pack("{s:s, s:s, s:s}", "command", "device.set", "device", cli.argv[0], "sid", sid);
    if (admin_call(cli.folder, request, &reply) != OK)
        return cli_fail();
    json_decref(reply);
    printf(*sid ? "%s has the SID %s.\n" : "%s has no SID any more.%s\n", cli.argv[0], sid);
    return 0;
}

/* ---- import ---- */

static struct span unquote(struct span cell) {
    cell = span_trim(cell);
    bool quoted = cell.n >= 2 && cell.p[0] == '"' && cell.p[cell.n - 1] == '"';
    return quoted ? span_of(cell.p + 1, cell.n - 2) : cell;
}

static bool is_head(struct span device, struct span sid) {
    return span_is_nocase(device, "device") && span_is_nocase(sid, "sid");
}

static enum err read_row(json_t *rows, struct span line, int number) {
    ptrdiff_t comma = span_find(line, ',');
    if (comma < 0) {
        ARENA_AUTO(a);
        return err_set(ERR_PARSE, "line %d: '%s' is not DEVICE,SID", number,
                       text_claim(&a, line, MAX_QUOTED));
    }
    struct span device = unquote(span_of(line.p, (size_t)comma));
    struct span sid = unquote(span_from(line, (size_t)comma + 1));
    if (number == 1 && is_head(device, sid))
        return OK;
    json_t *row = json_pack("{s:i, s:s%, s:s%}", "line", number, "device", device.p, device.n,
                            "sid", sid.p, sid.n);
    if (!row)
        return err_set(ERR_PARSE, "line %d is not UTF-8", number);
    json_array_append_new(rows, row);
    return OK;
}

static enum err read_rows(json_t *rows, struct span text) {
    if (span_starts(text, "\xef\xbb\xbf")) /* what Excel begins a file with */
        text = span_from(text, 3);
    for (int number = 1; text.n; number++) {
        ptrdiff_t end = span_find(text, '\n');
        size_t n = end < 0 ? text.n : (size_t)end;
        struct span line = span_trim(span_of(text.p, n));
        if (line.n)
            TRY(read_row(rows, line, number));
        text = span_from(text, n + 1);
    }
    return json_array_size(rows) ? OK : err_set(ERR_PARSE, "the file has no line DEVICE,SID");
}

int cmd_device_import(int argc, char **argv) {
    BUF_AUTO(text);
    struct cli cli;
    json_t *reply, *rows = NULL;
    int status;
    if (!cli_options(argc, argv, import_usage, NULL, &cli, &status))
        return status;
    if (cli.argc != 1)
        return cli_usage(import_usage, "device import takes one FILE.csv");
    enum err e = file_read(cli.argv[0], MAX_CSV, &text);
    rows = json_array();
    if (e == OK)
        e = read_rows(rows, buf_view(&text));
    if (e == OK)
        e = admin_call(cli.folder,
                       json_pack("{s:s, s:O}", "command", "device.import", "rows", rows), &reply);
    size_t count = json_array_size(rows);
    json_decref(rows);
    if (e != OK)
        return cli_fail();
    json_decref(reply);
    printf("%zu hosts have their SIDs.\n", count);
    return 0;
}
