#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bodies of a captured Windows 10 host, as it sent them, and answers in its place.

captured.py bodies CAPTURE FOLDER PUBLIC MANAGEMENT USER PASSWORD
    writes discover.xml, policies.xml, rst.xml, session1.xml, session2.xml, and their lengths before
    anything was changed to standard output: those are the capture's own Content-Lengths.
captured.py identity ANSWER OUT.der     the certificate of the host in the answer to rst.xml
captured.py answer MESSAGE REPLY OUT    what the host says to a server's message: 200 to everything,
    and what a Get asks for when it was added before; the number of the server's commands is printed
captured.py session MESSAGE OUT SESSION with another SessionID
captured.py commands REPLY              the server's commands: name, LocURI
captured.py data REPLY STEP             the Data of the node whose LocURI ends so
captured.py status REPLY                the statuses that the server gives: command, code
"""
import base64
import re
import sys
from xml.sax.saxutils import escape

SERVER = "https://windows.fleetdm.ngrok.io"
COMMANDS = "Atomic|Add|Replace|Get|Exec|Delete|Sequence"


def read(path):
    with open(path) as f:
        return f.read()


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def bodies(capture, folder, public, management, user, password):
    """Compacted as they came over the wire, each against its own Content-Length."""
    text = read(capture)
    names = iter(["discover", "policies", "rst", "session1", "session2"])
    for part in text.split("= Input Request =")[1:]:
        length = re.search(r"Content-Length: (\d+)", part.split("= Output Response =")[0])
        if not length:
            continue
        body = re.search(r"----------- Input Body -----------\s*(<.*?)=====", part, re.S).group(1)
        body = re.sub(r">\s+<", "><", body).strip()
        print(len(body), length.group(1))
        body = body.replace(SERVER + "/ManagementServer", management + "/ManagementServer")
        body = body.replace(SERVER, public)
        body = re.sub(r"https://EnterpriseEnrollment[^/]*", public, body)
        body = body.replace("demo@fleetdm.ngrok.io", user)
        body = re.sub(r"(<wsse:Username>)[^<]*", r"\g<1>" + user, body)
        body = re.sub(r"(<wsse:Password [^>]*>)[^<]*", r"\g<1>" + password, body)
        write("%s/%s.xml" % (folder, next(names)), body)


def identity(answer, out):
    token = re.search(r"BinarySecurityToken[^>]*>([^<]*)<", read(answer)).group(1)
    document = base64.b64decode(token).decode()
    mine = document[document.index('type="My"') :]
    der = base64.b64decode(re.search(r'EncodedCertificate" value="([^"]*)', mine).group(1))
    with open(out, "wb") as f:
        f.write(der)


def found(reply):
    """The server's commands: name, CmdID, LocURI, Data."""
    one = r"<(%s)><CmdID>([^<]*)</CmdID>(.*?)(?=<(?:%s)><CmdID>|$)" % (COMMANDS, COMMANDS)
    for m in re.finditer(one, reply, re.S):
        uri = re.search(r"<LocURI>([^<]*)", m.group(3))
        data = re.search(r"<Data>([^<]*)", m.group(3))
        yield m.group(1), m.group(2), uri and uri.group(1), data and data.group(1)


def answer(message, reply, out):
    said, heard = read(message), read(reply)
    header = re.search(r"<SyncHdr>.*?</SyncHdr>", said).group(0)
    header = re.sub(r"<MsgID>(\d+)", lambda m: "<MsgID>%d" % (int(m.group(1)) + 1), header)
    ref = re.search(r"<MsgID>(\d+)", heard).group(1)
    lines, added = [("0", "SyncHdr", "200", None, None)], {}
    for name, cmd, uri, data in found(heard):
        if name == "Add" and data:
            added[uri] = data
        code = "404" if name == "Get" and uri not in added else "200"
        value = added.get(uri) if name == "Get" else None
        lines.append((cmd, name, code, uri, value))
    body, number = "", 0
    for cmd, name, code, uri, value in lines:
        number += 1
        body += (
            "<Status><CmdID>%d</CmdID><MsgRef>%s</MsgRef><CmdRef>%s</CmdRef><Cmd>%s</Cmd>"
            "<Data>%s</Data></Status>" % (number, ref, cmd, name, code)
        )
        if value is not None:
            number += 1
            body += (
                "<Results><CmdID>%d</CmdID><MsgRef>%s</MsgRef><CmdRef>%s</CmdRef><Item><Source>"
                "<LocURI>%s</LocURI></Source><Data>%s</Data></Item></Results>"
                % (number, ref, cmd, uri, escape(value))
            )
    write(
        out,
        '<SyncML xmlns="SYNCML:SYNCML1.2">%s<SyncBody>%s<Final/></SyncBody></SyncML>'
        % (header, body),
    )
    print(len(lines) - 1)


def session(message, out, number):
    write(out, re.sub(r"<SessionID>[^<]*", "<SessionID>" + number, read(message), count=1))


def commands(reply):
    for name, _, uri, _ in found(read(reply)):
        print(name, uri or "")


def data(reply, step):
    print(*[d for _, _, uri, d in found(read(reply)) if uri and uri.endswith(step) and d])


def status(reply):
    for m in re.finditer(r"<Cmd>([^<]*)</Cmd>.*?<Data>([^<]*)</Data></Status>", read(reply)):
        print(*m.groups())


{f.__name__: f for f in (bodies, identity, answer, session, commands, data, status)}[sys.argv[1]](
    *sys.argv[2:]
)
