# SPDX-License-Identifier: Apache-2.0
"""A request's line and headers to a shape. The captured headers were printed by Go, which sorts them
and spells their names its own way: order and spelling on the wire are unknown, so the shape is sorted
and spelt so too. What a proxy adds or takes away on its way is left out."""
import re

from forms import form

NDES_CLIENT = r"(NDES client) \d+(\.\d+){3}/\w+"
FREE = {"Host", "Content-Length"}
PROXY = {"Connection", "Keep-Alive", "X-Forwarded-For", "X-Forwarded-Proto"}
DISCOVERY, SUFFIX = "/EnrollmentServer/Discovery.svc", "/pkiclient.exe"


def request_line(line):
    method, target, version = line.split(" ")
    path, mark, query = target.partition("?")
    if path.endswith(SUFFIX):
        path = "*" + SUFFIX
    elif path != DISCOVERY:
        path = "*"
    return " ".join([method, path + mark + query, version])


def header(name, value):
    if name in FREE:
        return "%s: *" % name
    if name == "User-Agent":
        value = re.sub(NDES_CLIENT, r"\1 <build>/<branch>", value)
    return "%s: %s" % (name, form(value) if name == "Ms-Cv" else value)


def shape(text, through_proxy):
    lines = [line.strip() for line in text.strip().splitlines()]
    pairs = [(n.strip().title(), v.strip()) for n, _, v in (line.partition(":") for line in lines[1:])]
    kept = [header(n, v) for n, v in pairs if not (through_proxy and n in PROXY)]
    return "\n".join([request_line(lines[0])] + sorted(kept)) + "\n"
