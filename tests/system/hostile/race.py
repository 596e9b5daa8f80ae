# SPDX-License-Identifier: Apache-2.0
"""Many at once with one challenge: whatever wins, one certificate is live. Arguments: an enrollment
that was accepted, the session's trace (its challenge is in it), a PKCSReq as a pattern."""
import glob
import os
import re
import sys
import threading

from message import PKI_STATUS, Signer, envelope_of, resigned, value_after
from probe import PLAIN, WORK, check, database, decent, expect, finish, openssl, send

ENROLLMENT, TRACE, PATTERN = sys.argv[1], sys.argv[2], open(sys.argv[3], "rb").read()
SIGNER = Signer("racer")


def node(name):
    for path in glob.glob(os.path.join(TRACE, "*-in-syncml.xml")):
        found = re.search(f"Install/{name}</LocURI>.*?<Data>([^<]*)", open(path).read())
        if found:
            return found.group(1)
    raise AssertionError("the trace has no " + name)


def request(number):
    """What the profile promises, with a new key."""
    path = os.path.join(WORK, "race.cnf")
    with open(path, "w") as f:
        f.write(f"""[req]
prompt = no
string_mask = utf8only
distinguished_name = name
attributes = attributes
req_extensions = extensions
[name]
O = Example, Inc.
CN = {database("SELECT d.device_id FROM device d JOIN enrollment e ON e.device = d.id "
               "WHERE e.id = ?", ENROLLMENT)[0][0]}
[attributes]
challengePassword = {node("Challenge")}
[extensions]
keyUsage = digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth
subjectAltName = otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@example.com, DNS:host.example.com
""")
    csr = openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-config",
                  path, "-outform", "der")
    return resigned(PATTERN, SIGNER, enveloped=envelope_of(csr), transaction=b"race%d" % number)


def at_once(messages):
    replies = [None] * len(messages)

    def post(i):
        replies[i] = send(PLAIN + "/scep?operation=PKIOperation", messages[i])
    threads = [threading.Thread(target=post, args=(i,)) for i in range(len(messages))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return [decent(r) for r in replies]


def certificates(live=False):
    return database("SELECT count(*) FROM certificate WHERE enrollment = ? AND (revoked IS NULL OR ?)",
                    ENROLLMENT, not live)[0][0]


def the_same():
    replies = at_once([request(0)] * 8)
    for reply in replies:
        expect(value_after(reply, PKI_STATUS) == b"0", reply)
    expect(certificates() == 1, f"{certificates()} certificates for one request")


def different():
    for reply in at_once([request(n) for n in range(1, 7)]):
        expect(value_after(reply, PKI_STATUS) in (b"0", b"2"), reply)
    expect(certificates(live=True) == 1, f"{certificates(live=True)} live certificates")


check("race: one request eight times at once: one certificate", the_same)
check("race: six requests with one challenge at once: one live certificate", different)
finish()
