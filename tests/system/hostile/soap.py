# SPDX-License-Identifier: Apache-2.0
"""Hostile SOAP to discovery, policies and enrollment: HTTP 500 with a SOAP fault, or 415 and 405 for
what is no SOAP. Nothing of it makes a device or takes one away."""
import base64
import os
import re

from probe import (MANAGEMENT, PUBLIC, WORK, check, database, decent, expect, finish, host_identity,
                   new_csr, new_identity, openssl, send, signet)

SOAP = "application/soap+xml"
DISCOVERY = PUBLIC + "/EnrollmentServer/Discovery.svc"
POLICY = PUBLIC + "/EnrollmentServer/Policy.svc"
ENROLLMENT = PUBLIC + "/EnrollmentServer/Enrollment.svc"
MDE = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
XCEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
WSTEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
ACTIONS = {DISCOVERY: MDE + "/IDiscoveryService/Discover",
           POLICY: XCEP + "/IPolicy/GetPolicies",
           ENROLLMENT: WSTEP + "/RST/wstep"}
PASSWORD = open(os.path.join(WORK, "password")).read().strip()


def security(user, password):
    if user is None:
        return ""
    word = "" if password is None else f"<o:Password>{password}</o:Password>"
    return (f'<o:Security xmlns:o="{WSSE}"><o:UsernameToken><o:Username>{user}</o:Username>{word}'
            "</o:UsernameToken></o:Security>")


def envelope(action, body, user=None, password=None, before=""):
    return (f'{before}<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>'
            f"<a:Action>{action}</a:Action><a:MessageID>urn:uuid:1</a:MessageID>"
            f"{security(user, password)}</s:Header><s:Body>{body}</s:Body></s:Envelope>").encode()


DISCOVER = (f'<Discover xmlns="{MDE}"><request><EmailAddress>alice@example.com</EmailAddress>'
            "<RequestVersion>4.0</RequestVersion><AuthPolicies><AuthPolicy>OnPremise</AuthPolicy>"
            "</AuthPolicies></request></Discover>")
GET_POLICIES = f'<GetPolicies xmlns="{XCEP}"/>'


def token(csr, device="0123456789abcdef0123456789ABCDEF", request=WST + "/Issue", name="HOSTILE"):
    if isinstance(csr, bytes):
        csr = base64.b64encode(csr).decode()
    element = "" if csr is None else (f'<BinarySecurityToken xmlns="{WSSE}" ValueType="{WSTEP}#PKCS10">'
                                      f"{csr}</BinarySecurityToken>")
    return (f'<RequestSecurityToken xmlns="{WST}"><TokenType>http://schemas.microsoft.com/5.0.0.0/'
            "ConfigurationManager/Enrollment/DeviceEnrollmentToken</TokenType>"
            f"<RequestType>{request}</RequestType>{element}"
            '<AdditionalContext xmlns="http://schemas.xmlsoap.org/ws/2006/12/authorization">'
            f'<ContextItem Name="DeviceID"><Value>{device}</Value></ContextItem>'
            f'<ContextItem Name="DeviceName"><Value>{name}</Value></ContextItem>'
            '<ContextItem Name="EnrollmentType"><Value>Full</Value></ContextItem>'
            "</AdditionalContext></RequestSecurityToken>")


def rst(csr, user="alice", password=PASSWORD, action=ACTIONS[ENROLLMENT], **options):
    return envelope(action, token(csr, **options), user, password)


def known():
    return (database("SELECT device_id, name, account FROM device ORDER BY id"),
            database("SELECT hex(sha256), device, revoked FROM identity ORDER BY sha256"),
            database("SELECT id, state FROM enrollment ORDER BY id"))


def fault(subcode, url, body, type=SOAP + "; charset=utf-8", error_type=None, source="127.0.0.1"):
    before = known()
    reply = decent(send(url, body, type, source=source))
    expect(reply.status == 500 and reply.type == SOAP, reply)
    expect(b"Fault>" in reply.body and f":{subcode}<".encode() in reply.body, reply)
    told = re.findall(b"<ErrorType>(.*?)</ErrorType>", reply.body)
    expect(told == ([error_type.encode()] if error_type else []), reply)
    expect(b"<BinarySecurityToken" not in reply.body, reply)
    expect(PASSWORD.encode() not in reply.body, "the password comes back")
    expect(known() == before, "something changed")
    return reply


def at_each(make, subcode="MessageFormat"):
    for url in DISCOVERY, POLICY, ENROLLMENT:
        fault(subcode, url, make(url))


# ---- XML ----

def laughs(url):
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return envelope(ACTIONS[url], "<Discover>&a9;</Discover>",
                    before=f"<!DOCTYPE x [{entities}]>")


def external(url):
    return envelope(ACTIONS[url], "<Discover>&file;</Discover>",
                    before='<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>')


def external_does_not_read():
    for url in DISCOVERY, POLICY, ENROLLMENT:
        reply = fault("MessageFormat", url, external(url))
        expect(b"root:" not in reply.body, reply)


def parameter_entity(url):
    return envelope(ACTIONS[url], "<Discover/>",
                    before=f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{PUBLIC}/scep"> %p;]>')


def deep(url):
    return envelope(ACTIONS[url], "<a>" * 10000 + "</a>" * 10000)


def wide(url):
    return envelope(ACTIONS[url], "<a/>" * 100000)


def attributes(url):
    return envelope(ACTIONS[url], "<a " + " ".join(f'b{n}="1"' for n in range(5000)) + "/>")


def good(url):
    return {DISCOVERY: envelope(ACTIONS[DISCOVERY], DISCOVER),
            POLICY: envelope(ACTIONS[POLICY], GET_POLICIES, "alice", PASSWORD),
            ENROLLMENT: rst(b"none")}[url]


def truncated():
    for url in DISCOVERY, POLICY, ENROLLMENT:
        whole = good(url)
        for end in (1, len(whole) // 3, len(whole) // 2, len(whole) - 1):
            fault("MessageFormat", url, whole[:end])
        fault("MessageFormat", url, b"")
        fault("MessageFormat", url, b"\xff\xfe<\x00")


def other_encodings(url):
    return '<?xml version="1.0" encoding="UTF-7"?>'.encode() + good(url)


def not_soap():
    for url in DISCOVERY, POLICY, ENROLLMENT:
        for body in b"<SyncML/>", b"{}", b"<html></html>":
            fault("MessageFormat", url, body)
        for kind in "text/xml", "application/json", "text/html", None:
            reply = decent(send(url, good(url), kind))
            expect(reply.status == 415 and reply.type == "text/plain", reply)


def methods():
    for url in POLICY, ENROLLMENT:
        for method in "GET", "PUT", "DELETE", "OPTIONS", "TRACE":
            reply = decent(send(url, method=method))
            expect(reply.status == 405 and reply.headers["Allow"] == "POST", reply)


# ---- who asks ----

def without_password():
    fault("InvalidSecurity", POLICY, envelope(ACTIONS[POLICY], GET_POLICIES))
    fault("InvalidSecurity", ENROLLMENT, rst(CSR, None, None))
    for user, password in ("alice", None), ("alice", ""), ("", PASSWORD), ("", ""):
        fault("Authentication", POLICY, envelope(ACTIONS[POLICY], GET_POLICIES, user, password))
        fault("Authentication", ENROLLMENT, rst(CSR, user, password))


def wrong_password():
    """Each from an address of its own, or it would not be listened to in the end."""
    texts, number = set(), 0
    for user, word in ("alice", "wrong"), ("nobody", PASSWORD), ("' OR 1=1 --", "x"), ("ALICE", "x"):
        number += 1
        reply = fault("Authentication", POLICY,
                      envelope(ACTIONS[POLICY], GET_POLICIES, user, word), source=f"127.0.9.{number}")
        texts.add(reply.body)
    expect(len(texts) == 1, "the fault tells which accounts exist")
    for word in "wrong", "Swordfish", PASSWORD + " ", " " + PASSWORD, "x" * 100000:
        number += 1
        fault("Authentication", ENROLLMENT, rst(CSR, password=word), source=f"127.0.9.{number}")


def guessing():
    """The sixth guess is not looked at, not even when it is right; elsewhere it is."""
    right = envelope(ACTIONS[POLICY], GET_POLICIES, "mallory", "malice")
    expect(send(POLICY, right, SOAP).status == 200, "the right one")
    body = envelope(ACTIONS[POLICY], GET_POLICIES, "mallory", "guess")
    texts = [fault("Authentication", POLICY, body, source="127.0.8.1").body for _ in range(6)]
    expect([b"too many wrong" in text for text in texts] == [False] * 5 + [True], texts)
    expect(b"too many wrong" in fault("Authentication", POLICY, right, source="127.0.8.1").body,
           "it is told that the password was right")
    expect(send(POLICY, right, SOAP).status == 200, "where it was right before, it still is")


def two_tokens():
    """A request that says twice who asks is nobody's."""
    one = security("alice", PASSWORD)
    inner = one[one.index("<o:UsernameToken>"):one.index("</o:Security>")]
    for twice in one + security("mallory", "malice"), one.replace(inner, inner + inner), \
            one.replace("<o:Username>", "<o:Username>mallory</o:Username><o:Username>"):
        for url, body in (POLICY, envelope(ACTIONS[POLICY], GET_POLICIES, "alice", PASSWORD)), \
                (ENROLLMENT, rst(CSR)):
            fault("InvalidSecurity", url, body.replace(one.encode(), twice.encode()))


def tokens():
    """What the sign-in page never gave."""
    kind = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken"
    one = security("alice", PASSWORD).encode()
    for value, type, subcode in (("QUJD", kind, "Authentication"), ("%%%", kind, "InvalidSecurity"),
                                 ("QUJD" * 5000, kind, "InvalidSecurity"), ("AAAA", kind, "Authentication"),
                                 ("QUJD", "urn:ietf:params:oauth:token-type:jwt", "InvalidSecurity")):
        token = (f'<o:Security xmlns:o="{WSSE}"><o:BinarySecurityToken ValueType="{type}">{value}'
                 "</o:BinarySecurityToken></o:Security>").encode()
        fault(subcode, ENROLLMENT, rst(CSR).replace(one, token))


def actions():
    fault("MessageFormat", ENROLLMENT, rst(CSR, action=ACTIONS[POLICY]))
    fault("MessageFormat", ENROLLMENT, rst(CSR, action=ACTIONS[ENROLLMENT].upper()))
    fault("MessageFormat", ENROLLMENT,
          envelope(ACTIONS[ENROLLMENT], GET_POLICIES, "alice", PASSWORD))
    fault("MessageFormat", POLICY, envelope(ACTIONS[ENROLLMENT], GET_POLICIES, "alice", PASSWORD))
    fault("MessageFormat", DISCOVERY, envelope(ACTIONS[DISCOVERY], GET_POLICIES))


# ---- what is asked for ----

CSR = new_csr()


def broken_signature():
    for at in -1, -100, -256, 40:
        broken = bytearray(CSR)
        broken[at] ^= 1
        fault_of_request(bytes(broken))


def fault_of_request(csr):
    """A CSR that cannot be read is a malformed message to one, a bad request to the other."""
    before = known()
    reply = decent(send(ENROLLMENT, rst(csr), SOAP))
    expect(reply.status == 500 and reply.type == SOAP, reply)
    expect(b":CertificateRequest<" in reply.body or b":MessageFormat<" in reply.body, reply)
    expect(b"<BinarySecurityToken" not in reply.body and known() == before, reply)


def no_csr():
    for csr in None, "", "  ", "%%%", "AAAA=AAA", "QUJD\x26#0;", "QQ":
        fault("MessageFormat", ENROLLMENT, rst(csr))
    for csr in b"garbage", CSR[:-1], CSR + b"\x00", b"\x30\x80" * 1000, b"\x30\x84\xff\xff\xff\xff":
        fault_of_request(csr)


def weak_keys():
    fault("CertificateRequest", ENROLLMENT, rst(new_csr(key=("rsa:1024",))))
    fault_of_request(new_csr(key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")))
    fault_of_request(new_csr(key=("ed25519",)))


def device_ids():
    for device in ("", "0123", "g" * 32, "0" * 31, "0" * 33, "0" * 5000, "0" * 16 + " " + "0" * 15,
                   "&lt;" * 32, "../../../../../../../../../../etc", "\u0660" * 32):
        fault("Authorization", ENROLLMENT, rst(CSR, device=device),
              error_type="InvalidEnrollmentData")


def another_accounts_device():
    """Mallory has an account, and the name of a host that is not his."""
    mine, = database("SELECT device_id FROM device WHERE name = 'A'")[0]
    for device in mine, mine.lower():
        fault("Authorization", ENROLLMENT,
              rst(CSR, "mallory", "malice", device=device))
    live = database("SELECT count(*) FROM identity i JOIN device d ON d.id = i.device "
                    "WHERE d.name = 'A' AND d.account = 'alice' AND i.revoked IS NULL")
    expect(live == [(1,)], live)


def renewal():
    """Only a CMS by an identity of ours renews one, whatever the password."""
    renew = WST + "/Renew"
    for request in WST + "/issue", "Issue", "x" * 10000:
        fault("CertificateRequest", ENROLLMENT, rst(CSR, request=request))
    for url in ENROLLMENT, MANAGEMENT + "/EnrollmentServer/Enrollment.svc":
        for content in CSR, b"garbage", b"\x30\x80" * 1000, b"\x30\x84\xff\xff\xff\xff":
            fault("MessageFormat", url, rst(content, request=renew))
        for name, made in (("somebody", new_identity("robo-self", "-subj", "/CN=" + "0" * 32)),
                           ("revoked or early", host_identity("A"))):
            fault("Authorization", url, rst(cms(CSR, made), request=renew),
                  error_type="NotEligibleToRenew")
        fault("Authentication", url,
              rst(cms(CSR, host_identity("A")).replace(CSR, other(CSR)), request=renew))


def cms(content, identity):
    certificate, key = identity
    return openssl("cms", "-sign", "-binary", "-nodetach", "-outform", "der", "-signer", certificate,
                   "-inkey", key, data=content)


def other(csr):
    changed = bytearray(csr)
    changed[len(csr) // 2] ^= 1
    return bytes(changed)


def at_the_management_listener():
    """Discovery and policies of renewals; and no enrollment without what one needs elsewhere."""
    base = MANAGEMENT + "/EnrollmentServer/"
    reply = send(base + "Discovery.svc", envelope(ACTIONS[DISCOVERY], DISCOVER), SOAP)
    expect(reply.status == 200 and MANAGEMENT.encode() in reply.body, reply)
    fault("Authentication", base + "Enrollment.svc", rst(CSR, "alice", ""))
    fault("InvalidSecurity", base + "Enrollment.svc", rst(CSR, None, None))
    fault("MessageFormat", base + "Policy.svc", b"<x/>")


def names_forge_no_lines():
    """A host's name is the host's claim: it may be anything, and is shown in one line all the same."""
    for number, name in enumerate(("X&#10;forged line", "X&#13;&#10;forged line", "X&#9;Y", "\u009b2J",
                                   "\u0085forged line", "\u202egnp.exe", "N" * 50000)):
        device = f"{number:032X}"
        reply = send(ENROLLMENT, rst(CSR, "mallory", "malice", device=device, name=name), SOAP)
        if reply.status != 200:  # refusing it is as good
            expect(b"Fault>" in decent(reply).body, reply)
        shown = signet("device", "list")
        expect("\nforged" not in shown and "\u009b" not in shown and "\u0085" not in shown, repr(shown))
        expect(max(map(len, shown.splitlines())) < 1000, "a line of the list has no end")
    with open(os.path.join(WORK, "server.log"), encoding="utf-8", errors="replace") as log:
        for line in log:
            expect(not line.startswith("forged") and len(line) < 5000, line[:300])


for name, make in (("entities that grow", laughs), ("a parameter entity", parameter_entity),
                   ("10,000 levels", deep), ("100,000 elements", wide),
                   ("5,000 attributes", attributes), ("an unknown encoding", other_encodings)):
    check("soap: " + name, at_each, make)
check("soap: an external entity is not read", external_does_not_read)
check("soap: truncated", truncated)
check("soap: what is no SOAP", not_soap)
check("soap: other methods", methods)
check("soap: no password", without_password)
check("soap: wrong passwords, unknown accounts: one and the same fault", wrong_password)
check("soap: guessing is made slow", guessing)
check("soap: two tokens, two users", two_tokens)
check("soap: tokens that the sign-in page never gave", tokens)
check("soap: another action or body", actions)
check("soap: no CSR, or garbage", no_csr)
check("soap: a CSR with a broken signature", broken_signature)
check("soap: RSA-1024, EC and Ed25519", weak_keys)
check("soap: malformed DeviceIDs", device_ids)
check("soap: a DeviceID of another account's host", another_accounts_device)
check("soap: renewals that nobody is entitled to", renewal)
check("soap: at the management listener", at_the_management_listener)
check("soap: names of hosts forge no lines", names_forge_no_lines)
finish()
