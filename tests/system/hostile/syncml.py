# SPDX-License-Identifier: Apache-2.0
"""Hostile sessions at the management listener: strangers, forged answers, commands that a host may not
send. Arguments: the enrollments of the hosts A (issued, waiting) and B (confirmed)."""
import gzip
import os
import sys
import xml.etree.ElementTree as tree

from probe import (MANAGEMENT, WORK, check, database, decent, expect, finish, host_identity,
                   new_identity, openssl, send, signet)

ENROLLMENT_A, ENROLLMENT_B = sys.argv[1:3]
URL = MANAGEMENT + "/ManagementServer/MDM.svc"
SYNCML = "application/vnd.syncml.dm+xml"
NODE = "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/"
CONFIRMED, STATES = 8, {5: "requested", 6: "issued", 8: "confirmed", 9: "failed"}


def device(name):
    return database("SELECT device_id FROM device WHERE name = ?", name)[0][0]


A, B = device("A"), device("B")
IDENTITY_A, IDENTITY_B = host_identity("A"), host_identity("B")


def message(source, commands="", session="77", number="1", before=""):
    return (f'{before}<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD>'
            f"<VerProto>DM/1.2</VerProto><SessionID>{session}</SessionID><MsgID>{number}</MsgID>"
            f"<Target><LocURI>{URL}</LocURI></Target><Source><LocURI>{source}</LocURI></Source>"
            f"</SyncHdr><SyncBody>{commands}<Final/></SyncBody></SyncML>").encode()


def post(body, identity=IDENTITY_A, type=SYNCML):
    return decent(send(URL, body, type, identity=identity))


def known():
    return (database("SELECT id, state, deadline, host_status, host_thumbprint FROM enrollment"),
            database("SELECT count(*) FROM event"),
            database("SELECT device, sha1 FROM trusted_root ORDER BY 1, 2"),
            database("SELECT device, session_id, msg_id FROM session"),
            database("SELECT hex(sha256), revoked FROM identity"))


def local(element):
    return element.tag.split("}")[-1]


def text(element, name):
    found = [e.text or "" for e in element.iter() if local(e) == name]
    return found[0] if found else ""


def statuses(reply):
    """[(Cmd, code)] of the answer."""
    expect(reply.status == 200 and reply.type == SYNCML, reply)
    return [(text(e, "Cmd"), text(e, "Data")) for e in tree.fromstring(reply.body).iter()
            if local(e) == "Status"]


def refused(body, *codes, **options):
    before = known()
    reply = post(body, **options)
    expect(reply.status in codes and reply.type == "text/plain", reply)
    expect(known() == before, "something changed")


def stranger(code, identity, source=A):
    """The header's status, and nothing else: no command, no word about the device."""
    before = known()
    body = message(source, "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>")
    reply = post(body, identity)
    expect(statuses(reply) == [("SyncHdr", code)], reply)
    names = {local(e) for e in tree.fromstring(reply.body).iter()}
    expect(not names & {"Get", "Add", "Atomic", "Exec", "Results"}, names)
    expect(known() == before, "something changed")


# ---- strangers ----

def self_signed():
    stranger("401", new_identity("self", "-subj", f"/CN={A}"))


def another_ca():
    """A CA with the very names of ours, and a leaf with the name and serial of A's identity."""
    subject = openssl("x509", "-in", IDENTITY_A[0], "-noout", "-issuer", "-nameopt", "RFC2253")
    name = "/" + subject.decode().strip().split("=", 1)[1].strip()
    serial = openssl("x509", "-in", IDENTITY_A[0], "-noout", "-serial").decode().strip().split("=")[1]
    ca = new_identity("false-ca", "-subj", name)
    cert, key, csr = (os.path.join(WORK, "false." + end) for end in ("pem", "key", "csr"))
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", f"/CN={A}",
            "-out", csr)
    openssl("x509", "-req", "-in", csr, "-CA", ca[0], "-CAkey", ca[1], "-set_serial", "0x" + serial,
            "-days", "3", "-out", cert)
    stranger("401", (cert, key))


def certificate_of_the_scep_ca():
    """What SCEP issues is no identity: none of the authorities can stand in for another."""
    store = os.path.join(WORK, "B", "certs", "My")
    for name in os.listdir(store):
        cert = os.path.join(WORK, "scep-issued.pem")
        openssl("x509", "-inform", "der", "-in", os.path.join(store, name), "-out", cert)
        stranger("401", (cert, os.path.join(WORK, "B", "keys", name.replace(".cer", ".key"))), B)


def revoked_identity():
    old = host_identity("C")
    reply = post(message(device("C")), old)
    expect(statuses(reply) == [("SyncHdr", "200")], reply)
    done = os.spawnlp(os.P_WAIT, "sh", "sh", "-c",
                      '"$SIGNET" device enroll "$WORK/C2" --server "$PUBLIC" --user alice '
                      '--password-file "$WORK/password" >"$WORK/c2.log" 2>&1')
    expect(done == 0, open(os.path.join(WORK, "c2.log")).read())
    stranger("401", old, device("C"))


# ---- XML ----

def malformed():
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    whole = message(A, "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>")
    refused(message(A, "<Alert><Data>&e;</Data></Alert>", before=entity), 400)
    refused(message(A, "<a>" * 10000 + "</a>" * 10000), 400, 413)
    for end in (0, 1, 40, len(whole) // 2, len(whole) - 1):
        refused(whole[:end], 400)
    for body in b"garbage", b"<html/>", b"\x00", b"\x03\x00\x00\x6a", b"<SyncML/>":  # WBXML too
        refused(body, 400)
    for number in "", "0", "-1", "x", "1e3", "9" * 40:
        refused(message(A, number=number), 400)
    for session in "", "x", "1" * 400, "-1":
        refused(message(A, session=session), 400)
    refused(message(""), 400)


def too_much():
    alert = "<Alert><CmdID>9</CmdID><Data>1</Data></Alert>"
    refused(message(A, alert * 5000), 400, 413)
    refused(message(A, "<a/>" * 100000), 400, 413)
    padded = message(A)
    refused(padded + b" " * ((1 << 20) + 1 - len(padded)), 413)


def wrongly_encoded():
    whole = message(A, "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>")
    text = whole.decode()
    refused(whole.replace(b"1201", b"\xff\xfe\xc0"), 400)
    refused(whole.replace(b"1201", b"\xed\xa0\x80"), 400)  # a surrogate
    refused(text.encode("utf-16")[:-1], 400)
    refused(text.encode("utf-32"), 400)
    for name in "utf-16", "x-nothing", "":
        refused(f'<?xml version="1.0" encoding="{name}"?>'.encode() + whole, 400)
    before = known()
    reply = decent(send(URL, gzip.compress(whole), SYNCML, identity=IDENTITY_A,
                        headers={"Content-Encoding": "gzip"}))
    expect(reply.status == 415 and reply.type == "text/plain", reply)
    expect(known() == before, "something changed")


def not_syncml():
    for kind in "text/xml", "application/soap+xml", "application/vnd.syncml.dm+wbxml", None:
        refused(message(A), 415, type=kind)
    for method in "GET", "PUT", "DELETE", "HEAD":
        reply = decent(send(URL, method=method, identity=IDENTITY_A))
        expect(reply.status == 405 and reply.headers["Allow"] == "POST", reply)
    reply = decent(send(MANAGEMENT + "/", message(A), SYNCML, identity=IDENTITY_A))
    expect(reply.status == 404, reply)


# ---- what a host may not do ----

def commands_to_the_server():
    item = f"<Item><Target><LocURI>{NODE}{ENROLLMENT_A}/Status</LocURI></Target><Data>1</Data></Item>"
    kinds = ("Get", "Exec", "Add", "Delete", "Atomic", "Sequence")
    commands = "".join(f"<{k}><CmdID>{n}</CmdID>{item}</{k}>" for n, k in enumerate(kinds, 2))
    before = known()[:2]
    codes = dict(statuses(post(message(A, commands))))
    expect(codes == {"SyncHdr": "200"} | dict.fromkeys(kinds, "405"), codes)
    codes = dict(statuses(post(message(A, f"<Bogus><CmdID>2</CmdID>{item}</Bogus>"))))
    expect(codes["Bogus"] in ("400", "405", "406"), codes)
    expect(known()[:2] == before, "something changed")


def without_an_id():
    reply = post(message(A, "<Alert><Data>1201</Data></Alert>"))
    answered = [e for e in tree.fromstring(reply.body).iter() if local(e) == "Status"][1]
    expect((text(answered, "CmdRef"), text(answered, "Data")) == ("", "400"), reply.body)


# ---- messages out of order ----

def notes(name, text):
    """What the journal has of a device, or of strangers (None)."""
    return database("SELECT count(*) FROM journal j LEFT JOIN device d ON d.id = j.device"
                    " WHERE j.text LIKE ? AND d.name IS ?", f"%{text}%", name)[0][0]


def repeated():
    first, second = message(A, session="b1"), message(A, "<Get><CmdID>9</CmdID></Get>", "b1", "2")
    replies = [post(first), post(first), post(second), post(second)]
    expect(replies[0].body == replies[1].body, replies[1])
    before = known(), notes("A", "")
    expect(replies[2].body == replies[3].body == post(second).body, replies[3])
    expect((known(), notes("A", "")) == before, "a repeat changed something")


def out_of_order():
    post(message(A, session="b2"))
    before = known()
    expect(statuses(post(message(A, session="b2", number="7"))) == [("SyncHdr", "400")], "ahead")
    post(message(A, session="b2", number="2"))
    odd = message(A, "<Alert><CmdID>3</CmdID><Data>1</Data></Alert>", "b2", "2")
    expect(statuses(post(odd)) == [("SyncHdr", "200")], "another message under its MsgID")
    expect(known()[:3] == before[:3], "something changed")
    for what in "left out a MsgID", "under an old MsgID":
        expect(notes("A", what) == 1, f"{notes('A', what)} notes: {what}")


def two_sessions():
    opened = Session(A, IDENTITY_A, "b3")
    expect(opened.asked, "A was not asked")
    late = message(A, answer(opened.asked, {"Status": "16"}), "b4", "2")
    before = known()
    expect(statuses(post(late)) == [("SyncHdr", "200")], "it was heard")
    expect(known() == before, "something changed")
    expect(notes("A", "two sessions at once") == 1, "no note")


def strangers_are_told():
    for name, what in ((None, "not issued here"), ("B", "in another device's name"),
                       ("C", "revoked or expired")):
        expect(notes(name, what) == 1, f"{notes(name, what)} alarms: {what}")
    expect(notes("A", "was not sent") == 1, "no note of answers that nobody asked for")
    expect(notes("B", "was not sent") == 1, "no note of answers to another device's questions")


def flood_of_strangers():
    at = "127.0.9.9"
    for i in range(2000):  # 200 a minute are allowed, whatever they call themselves
        source = B if i % 2 else f"{i:032X}"
        reply = decent(send(URL, message(source, session="f0"), SYNCML, identity=None, source=at))
        if reply.status != 200:
            break
        expect(statuses(reply)[0] == ("SyncHdr", "407"), reply)
    expect(reply.status == 429 and i >= 200, f"{i}: {reply}")
    expect(0 < int(reply.headers["Retry-After"]) <= 60, reply.headers["Retry-After"])
    reply = send(URL, message(B, session="f0"), SYNCML, identity=IDENTITY_B, source=at)
    expect(reply.status == 200 and statuses(reply)[0] == ("SyncHdr", "200"), f"B is not served: {reply}")
    expect(notes("B", "too many messages") == 0, "B is blamed")


def flood():
    for _ in range(2000):  # 200 a minute are allowed
        reply = post(message(B, session="f1"), IDENTITY_B)
        if reply.status != 200:
            break
    expect(reply.status == 429, reply)
    expect(0 < int(reply.headers["Retry-After"]) <= 60, reply.headers["Retry-After"])
    expect(notes("B", "too many messages") == 1, f"{notes('B', 'too many messages')} notes")
    expect(statuses(post(message(A, session="f1")))[0] == ("SyncHdr", "200"), "A is not served")


class Session:
    """One of a host's sessions; `asked` has the server's questions about an enrollment."""

    def __init__(self, source, identity, number, type="com.microsoft:mdm.SCEPcertinstall.result"):
        self.source, self.identity, self.number, self.last = source, identity, number, 0
        self.say(f"<Alert><CmdID>2</CmdID><Data>1224</Data><Item><Meta><Type>{type}</Type></Meta>"
                 "<Data>0</Data></Item></Alert>")

    def say(self, commands):
        self.last += 1
        reply = post(message(self.source, commands, self.number, self.last), self.identity)
        expect(statuses(reply)[0] == ("SyncHdr", "200"), reply)
        self.reply = tree.fromstring(reply.body)
        if self.last == 1:
            self.asked = {text(e, "LocURI").rsplit("/", 1)[1]: text(e, "CmdID")
                          for e in self.reply.iter() if local(e) == "Get"}


def answer(asked, values, reference="1"):
    """Status and Results for questions, whatever is true."""
    out, number = "", 2
    for node, command in asked.items():
        out += (f"<Status><CmdID>{number}</CmdID><MsgRef>{reference}</MsgRef><CmdRef>{command}"
                f"</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status><Results><CmdID>{number + 1}</CmdID>"
                f"<MsgRef>{reference}</MsgRef><CmdRef>{command}</CmdRef><Item><Source><LocURI>{NODE}"
                f"{ENROLLMENT_A}/{node}</LocURI></Source><Data>{values.get(node, '')}</Data></Item>"
                "</Results>")
        number += 2
    return out


def state(enrollment):
    return database("SELECT state FROM enrollment WHERE id = ?", enrollment)[0][0]


def live(enrollment):
    return database("SELECT sha1 FROM certificate WHERE enrollment = ? AND revoked IS NULL",
                    enrollment)[0][0]


def events(enrollment, kind=None):
    return database("SELECT kind, text FROM event WHERE enrollment = ? AND kind = ifnull(?, kind)",
                    enrollment, kind)


def never_sent():
    session = Session(A, IDENTITY_A, "a1")
    before = known()[:3]
    session.say(answer({"Status": "4000", "CertThumbprint": "4001"}, forged(live(ENROLLMENT_A))))
    session.say(answer({"Status": "-1", "CertThumbprint": "x"}, forged(live(ENROLLMENT_A)), "99"))
    session.say("".join(
        f"<Status><CmdID>2</CmdID><MsgRef>{n}</MsgRef><CmdRef>{n}</CmdRef><Cmd>Atomic</Cmd>"
        "<Data>200</Data></Status>" for n in (0, 7, "x", "", "9" * 30)))
    expect(known()[:3] == before, "an answer to no question changed something")


def forged(thumbprint):
    return {"Status": "1", "ErrorCode": "0", "CertThumbprint": thumbprint,
            "RespondentServerUrl": "https://localhost/scep"}


def never_confirmed(thumbprint):
    session = Session(A, IDENTITY_A, "a2")
    expect(set(session.asked) >= {"Status", "CertThumbprint"}, session.asked)
    session.say(answer(session.asked, forged(thumbprint)))
    expect(state(ENROLLMENT_A) != CONFIRMED, "confirmed by " + thumbprint)


def forged_thumbprints():
    mine = live(ENROLLMENT_A)
    for thumbprint in ("0123456789ABCDEF" * 2 + "01234567", mine[:-1], mine + "0", mine[::-1], "%",
                       "*", "' OR 1=1 --", "", "x" * 5000):
        never_confirmed(thumbprint)


def thumbprint_of_another_enrollment():
    never_confirmed(live(ENROLLMENT_B))


def success_needs_status_1():
    for status in "0", "16", "32", "2", "x", "", "11", "1" * 40, "-1":
        session = Session(A, IDENTITY_A, "a3")
        session.say(answer(session.asked, forged(live(ENROLLMENT_A)) | {"Status": status}))
        expect(state(ENROLLMENT_A) != CONFIRMED, f"confirmed with Status {status}")


def words_forge_no_lines():
    """What a host says is quoted in the timeline; it cannot write the timeline."""
    forgery = "5&#10;  => CONFIRMED&#10;  00:00:00.000  confirmed  by nobody"
    for node in "Status", "CertThumbprint", "RespondentServerUrl", "ErrorCode":
        session = Session(A, IDENTITY_A, "a6")
        status = "16" if node == "ErrorCode" else "1"
        session.say(answer(session.asked, {"Status": status, "CertThumbprint": "00", node: forgery}))
        shown = signet("enrollment", "show", ENROLLMENT_A) + signet("enrollment", "list")
        expect("\n  => CONFIRMED" not in shown and "\n  00:00:00.000" not in shown, shown)
        expect(state(ENROLLMENT_A) != CONFIRMED, "confirmed")


def answers_of_another_device():
    """B knows the numbers of what A was asked, and answers in A's stead."""
    session = Session(A, IDENTITY_A, "a4")
    expect(session.asked, "A was not asked")
    before = events(ENROLLMENT_A), state(ENROLLMENT_A)
    other = Session(B, IDENTITY_B, "a4", "x")  # so that it is not asked itself
    expect(not other.asked, other.asked)
    for values in forged(live(ENROLLMENT_A)), {"Status": "16", "ErrorCode": "0x80091007"}:
        other.say(answer(session.asked, values))
    expect((events(ENROLLMENT_A), state(ENROLLMENT_A)) == before, "B spoke for A")
    stranger("401", IDENTITY_B, A)


def the_truth():
    session = Session(A, IDENTITY_A, "a5")
    words = answer(session.asked, forged(live(ENROLLMENT_A)))
    session.say(words)
    expect(state(ENROLLMENT_A) == CONFIRMED, STATES.get(state(ENROLLMENT_A)))
    return session, words


def confirmed_stays():
    session, words = the_truth()
    before = events(ENROLLMENT_A)
    session.say(words)
    expect(events(ENROLLMENT_A) == before, f"a repeat added {events(ENROLLMENT_A)[len(before):]}")
    session.say(answer(session.asked, {"Status": "16", "ErrorCode": "0x80091007"}))
    session.say(answer(session.asked, {"Status": "32"}))
    session.say("<Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>"
                f"{session.asked['Status']}</CmdRef><Cmd>Get</Cmd><Data>404</Data></Status>")
    expect(state(ENROLLMENT_A) == CONFIRMED, "the confirmation was lost")
    deadline = database("SELECT ifnull(deadline, 0) FROM enrollment WHERE id = ?", ENROLLMENT_A)
    expect(deadline == [(0,)], f"a confirmed enrollment waits for an outcome again: {deadline}")


check("syncml: no client certificate: 407", stranger, "407", None)
check("syncml: a self-signed certificate: 401", self_signed)
check("syncml: a certificate of another CA: 401", another_ca)
check("syncml: a certificate that SCEP issued: 401", certificate_of_the_scep_ca)
check("syncml: another host's DeviceID: 401", stranger, "401", IDENTITY_B, A)
check("syncml: a DeviceID that nobody has: 401", stranger, "401", IDENTITY_A, "0" * 32)
check("syncml: a revoked identity: 401", revoked_identity)
check("syncml: malformed messages", malformed)
check("syncml: too many commands, elements, bytes", too_much)
check("syncml: wrong encodings", wrongly_encoded)
check("syncml: another type, method or path", not_syncml)
check("syncml: a command without CmdID: 400", without_an_id)
check("syncml: a repeated message gets the same bytes", repeated)
check("syncml: MsgIDs left out or used again", out_of_order)
check("syncml: two sessions of one host", two_sessions)
check("syncml: commands to the server: 405", commands_to_the_server)
check("syncml: answers to commands that were never sent", never_sent)
check("syncml: Status 1 with forged thumbprints", forged_thumbprints)
check("syncml: Status 1 with another enrollment's thumbprint", thumbprint_of_another_enrollment)
check("syncml: the right thumbprint without Status 1", success_needs_status_1)
check("syncml: what a host says forges no line of the timeline", words_forge_no_lines)
check("syncml: another device's answers", answers_of_another_device)
check("syncml: the truth is believed, once, and stays", confirmed_stays)
check("syncml: the administrator is told", strangers_are_told)
check("syncml: a flood of strangers: 429, and the host that they name is served", flood_of_strangers)
check("syncml: a flood: 429, and the others are served", flood)
check("syncml: B is confirmed as before", lambda: expect(state(ENROLLMENT_B) == CONFIRMED, "lost"))
finish()
