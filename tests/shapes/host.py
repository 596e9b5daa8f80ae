# SPDX-License-Identifier: Apache-2.0
"""The messages in a trace folder of the emulated host, each beside the shape that it must have."""
import base64
import binascii
import difflib
import os
import re
from xml.etree import ElementTree

import der_shape
import http_shape
import xml_shape

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = ("discover-get", "discover", "policies", "rst", "wstep-csr", "SHA-256 wstep-csr",
            "syncml first package", "syncml package with result alert", "syncml answer",
            "getcacaps", "getcacert", "pkcsreq", "certpoll", "syncml unenrollment")
ALERT = "mdm.SCEPcertinstall.result"
LEAVES = b"mdm.unenrollment.userrequest"
OIW_SHA1 = "OID 1.3.14.3.2.29 sha1WithRSA of OIW"  # signs the CSR when the policy names no hash
SHA256, SHA256_RSA = b"2.16.840.1.101.3.4.2.1", "OID 1.2.840.113549.1.1.11 sha256WithRSAEncryption"
SYNCML = "{SYNCML:SYNCML1.2}"
REPLACE = "    Replace %s\n      CmdID %s = " % (SYNCML, SYNCML)


def committed(name):
    with open(os.path.join(HERE, name + ".shape")) as f:
        return f.read()


def read_file(path):
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as f:
        return f.read()


def messages(folder):
    """(stem, kind, headers, body) of each request, in the order in which they left."""
    for name in sorted(os.listdir(folder)):
        found = re.fullmatch(r"(\d+-out-(\w+))\.headers", name)
        if found:
            stem = os.path.join(folder, found.group(1))
            body = read_file(stem + ".xml") or read_file(stem + ".der")
            yield found.group(1), found.group(2), read_file(stem + ".headers").decode("latin-1"), body


def der(data):
    try:
        return der_shape.shape(data)
    except (der_shape.NotDer, IndexError, UnicodeDecodeError) as e:
        return "not DER: %s\n" % e


def http(headers, through_proxy=True):
    try:
        return http_shape.shape(headers, through_proxy)
    except (ValueError, IndexError) as e:
        return "not HTTP: %s\n" % e


def token(body):
    found = re.search(rb"<wsse:BinarySecurityToken[^>]*>([^<]*)<", body)
    try:
        return base64.b64decode(found.group(1) if found else b"", validate=True)
    except binascii.Error:
        return b""


def text_of(body, name):
    try:
        return ElementTree.fromstring(body).findtext(".//{SYNCML:SYNCML1.2}%s" % name, "")
    except ElementTree.ParseError:
        return ""


def enrollment(stem, kind, headers, body, policy):
    name = kind if body or kind != "discover" else "discover-get"
    actual = http(headers) + ("\n" + xml_shape.shape(body) if body else "")
    yield name, stem, committed(name), actual
    if name == "rst":
        csr, name = committed("wstep-csr"), "wstep-csr"
        if SHA256 in policy:
            csr, name = csr.replace(OIW_SHA1, SHA256_RSA), "SHA-256 wstep-csr"
        yield name, stem, csr, der(token(body))


def package_1(head, body):
    """The captured package 1, with as many result alerts before its Replace as the host sent: each
    moves the Replace's CmdID on."""
    expected = committed("syncml-session1-msg1").split("\n\n")[1]
    actual = xml_shape.shape(body)
    before, after = expected.split(REPLACE)
    alerts, alert = actual.count(ALERT), committed("reference/syncml-result-alert")
    for i in range(alerts):
        before += alert.replace("CmdID %s = *" % SYNCML, "CmdID %s = %d" % (SYNCML, 4 + i))
    after = re.sub(r"^\d+", str(4 + alerts), after)
    return alerts, head + "\n" + before + REPLACE + after, actual


def answer(body):
    actual = xml_shape.shape(body, answer=True)
    name = "syncml-results" if "<Results>" in body.decode("utf-8", "replace") else "syncml-statuses"
    ids = [int(n) for n in re.findall(rb"<CmdID>(\d+)</CmdID>", body)]
    if ids != list(range(1, len(ids) + 1)):
        actual += "CmdIDs do not count from 1 on: %s\n" % ids
    return committed("reference/" + name), actual


def ent_dm_id(answer):
    """What the provisioning document in an answer to the RST sets EntDMID to; "0" when it does not."""
    document = b"".join(base64.b64decode(t) for t in re.findall(rb"ProvisionDoc\"[^>]*>([^<]*)<", answer))
    found = re.search(rb'name="EntDMID" value="([^"]*)"', document)
    return found.group(1).decode() if found else "0"


def syncml(stem, headers, body, request_id):
    """Client-Request-Id stands in the very first message only: as in the second captured session."""
    head = committed("syncml-session1-msg1" if request_id else "syncml-unenroll").split("\n\n")[0] + "\n"
    head = head.replace("Client-Request-Id: 0", "Client-Request-Id: " + request_id)
    if LEAVES in body:
        name, expected = "syncml unenrollment", committed("syncml-unenroll")
        actual = http(headers) + "\n" + xml_shape.shape(body)
    elif text_of(body, "MsgID") == "1" or request_id:
        alerts, expected, actual = package_1(head, body)
        actual = http(headers) + "\n" + actual
        name = "syncml package with result alert" if alerts else "syncml first package"
    else:
        expected, actual = answer(body)
        name, expected, actual = "syncml answer", head + "\n" + expected, http(headers) + "\n" + actual
    yield name, stem, expected, actual


def scep(stem, kind, headers, body):
    """Of a CertPoll there is no capture: it has to be a PKCSReq in all but its messageType."""
    like = "pkcsreq" if kind == "certpoll" else kind
    expected, actual = committed("reference/" + like), http(headers, through_proxy=False)
    if like == "pkcsreq":
        outside = committed("windows-pkcsreq")
        if kind == "certpoll":
            outside = outside.replace('PrintableString "19"', 'PrintableString "20"')
        expected, actual = expected + "\n" + outside, actual + "\n" + der(body)
    elif body:
        actual += "a body\n"
    yield kind, stem, expected, actual


def judge(stem, kind, headers, body, request_id="", policy=b""):
    """(name, message, expected shape, actual shape) of what is in one message."""
    if kind in ("getcacaps", "getcacert", "pkcsreq", "certpoll"):
        yield from scep(stem, kind, headers, body)
    elif kind == "syncml":
        yield from syncml(stem, headers, body, request_id)
    elif kind in ("discover", "policies", "rst"):
        yield from enrollment(stem, kind, headers, body, policy)
    else:
        yield kind, stem, "a kind that is known\n", kind + "\n"


def in_context(folder):
    """The arguments of judge for each message: the first session's and the policy's meaning included."""
    request_id, policy = "0", b""
    for stem, kind, headers, body in messages(folder):
        yield stem, kind, headers, body, request_id if kind == "syncml" else "", policy
        answer = read_file(os.path.join(folder, stem.replace("-out-", "-in-") + ".xml"))
        if kind == "syncml":
            request_id = ""
        elif kind == "policies":
            policy = answer
        elif kind == "rst":
            request_id = ent_dm_id(answer)


def differences(folder, wanted=EXPECTED):
    """{name: [lines of what is wrong]}; a wanted kind that never came is wrong too."""
    wrong = {}
    for message in in_context(folder):
        for name, stem, expected, actual in judge(*message):
            wrong.setdefault(name, []).extend(difflib.unified_diff(
                expected.splitlines(), actual.splitlines(), "shape of " + name, stem, lineterm=""))
    for name in wanted:
        wrong.setdefault(name, ["the trace holds no such message"])
    return wrong
