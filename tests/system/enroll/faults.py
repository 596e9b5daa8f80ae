# SPDX-License-Identifier: Apache-2.0
"""Each cause that a server of ours can have to refuse, provoked, and the HRESULT that Windows shows."""
import os

from mde import (MANAGEMENT, PUBLIC, WSTEP, XCEP, by_password, by_token, discover, get_policies, new_csr,
                 new_device, post, request_token)
from probe import check, database, expect, finish, host_identity, openssl, signet, WORK

PASSWORD = open(os.path.join(WORK, "password")).read().strip()
ALICE = by_password("alice", PASSWORD)
CSR = new_csr()


def told(answer, hresult, words=""):
    expect(answer.hresult == hresult and words in answer.text, answer)


def message_format():
    told(get_policies(ALICE.replace("o:Username>", "o:Username")), 0x80180001)
    told(request_token(ALICE, b"no CSR", new_device()), 0x80180001)
    told(discover(version="four"), 0x80180001, "RequestVersion")


def authentication():
    told(get_policies(by_password("alice", "")), 0x80180002)
    told(get_policies(by_token("A" * 26)), 0x80180002)


def authorization():
    known, = database("SELECT device_id FROM device WHERE name = 'H1'")[0]
    told(request_token(by_password("bob", PASSWORD), CSR, known), 0x80180003, "another account")


def certificate_request():
    told(request_token(ALICE, new_csr(key=("rsa:1024",)), new_device()), 0x80180004, "2048")
    told(request_token(ALICE, CSR, new_device(), request="Recovery"), 0x80180004, "Issue")


def enrollment_server():
    """A host that enrolls again and again, each time with another key."""
    device = new_device()
    for _ in range(5):
        told(request_token(ALICE, new_csr(), device), 0)
    told(request_token(ALICE, new_csr(), device), 0x80180005, "5 in an hour")
    expect("a host enrolled so often" in signet("alarm", "list"), "no alarm")


def invalid_security():
    told(get_policies(""), 0x80180007, "no Security")
    told(get_policies(ALICE + ALICE), 0x80180007, "twice")


def device_cap():
    signet("user", "set", "alice", "hosts=1")
    told(request_token(ALICE, new_csr(), new_device()), 0x80180013, "may have 1")
    signet("user", "set", "alice", "hosts=")


def not_supported():
    told(discover(device="Android"), 0x80180014)
    told(discover(version="2.0"), 0x80180014)
    told(discover(policies=("Certificate",)), 0x80180015)
    told(request_token(ALICE, CSR, new_device(), DeviceType="Android"), 0x80180014)


def not_eligible():
    certificate, key = host_identity("H1")
    cms = openssl("cms", "-sign", "-binary", "-nodetach", "-outform", "der", "-signer", certificate,
                  "-inkey", key, data=CSR)
    for base in PUBLIC, MANAGEMENT:
        told(request_token("", cms, None, request="Renew", base=base), 0x80180016, "too early")


def invalid_data():
    told(request_token(ALICE, CSR, None), 0x80180019, "DeviceID")
    told(request_token(ALICE, CSR, "0123"), 0x80180019, "DeviceID")


for name, function in (("80180001, malformed", message_format), ("80180002, not proved", authentication),
                       ("80180003, another account's host", authorization),
                       ("80180004, the CSR", certificate_request),
                       ("80180005, too often", enrollment_server),
                       ("80180007, the Security header", invalid_security),
                       ("80180013, the account's number of hosts", device_cap),
                       ("80180014 and 80180015, what is not served", not_supported),
                       ("80180016, no renewal yet", not_eligible),
                       ("80180019, the enrollment's data", invalid_data)):
    check("fault " + name, function)
finish()
