# SPDX-License-Identifier: Apache-2.0
"""What Windows may send, message by message, and CertReps read strictly. The challenges come in
files, one a line, each once for CN=section9.
Arguments: NAME, URL and file of each endpoint: "default" (one RA), "split", "single",
"old" (mirrors SHA-1)."""
import base64
import sys
import urllib.parse

from der import oid, tlv
from probe import check, expect, finish, openssl, send
from windows import (NULL, RSA, WITH_RSA, Announced, CertRep, Csr, Request, Signer, envelope)

ENDPOINTS = dict(zip(sys.argv[1::3], sys.argv[2::3]))
challenges = {name: open(file).read().split() for name, file in zip(sys.argv[1::3], sys.argv[3::3])}
announced = {name: Announced(name, url) for name, url in ENDPOINTS.items()}
signer = Signer("windows")
BAD_ALGORITHM, OPAQUE = b"0", b"1"  # badMessageCheck, which all failures of opening get


def build(endpoint="default", cipher="aes128", transport="oaep", parameters=b"\x30\x00", **options):
    csr = Csr("windows", "section9", challenges[endpoint].pop())
    enveloped = envelope(csr.der, announced[endpoint].opener, cipher, transport, parameters)
    return Request(csr, signer, enveloped, **options)


def post(request, endpoint="default", type="application/x-pki-message"):
    return send(ENDPOINTS[endpoint] + "/pkiclient.exe?operation=PKIOperation", request.der, type)


def answered(request, endpoint="default"):
    return CertRep(post(request, endpoint), request, announced[endpoint])


def succeeds(endpoint="default", answer=("sha256", "aes-128-cbc", "oaep"), **options):
    request = build(endpoint, **options)
    reply = answered(request, endpoint)
    leaf = reply.leaf(request)
    reply.mirrors(*answer)
    return reply, leaf


def refused(fail_info, **options):
    reply = answered(build(**options))
    expect((reply.status, reply.fail_info) == (b"2", fail_info), (reply.status, reply.fail_info))
    expect(not reply.enveloped, "a FAILURE with content")


def strict(form):
    reply, leaf = succeeds(form)
    expect(reply.server_message == "Issued", reply.server_message)
    text = openssl("x509", "-noout", "-text", data=leaf).decode()
    expect("Basic Constraints" not in text, "BasicConstraints was copied")
    expect("Digital Signature, Key Encipherment" in text and "TLS Web Client" in text, text)
    openssl("verify", "-x509_strict", "-CAfile", announced[form].ca, data=leaf)


for form in "default", "split", "single":
    check(f"{form}: a CertRep with all attributes, by the announced signer, with the leaf alone", strict, form)

# ---- the envelope ----

for name, parameters in (("absent", b""), ("NULL", NULL), ("an empty SEQUENCE", b"\x30\x00")):
    check(f"RSAES-OAEP, parameters {name}", lambda p: succeeds(parameters=p), parameters)
SHA256_OAEP = tlv(0x30, tlv(0xa0, tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), NULL)))
check("RSAES-OAEP that says SHA-256 and is not: refused",
      lambda: refused(OPAQUE, parameters=SHA256_OAEP))
check("PKCS#1 v1.5", lambda: succeeds(transport="pkcs1", answer=("sha256", "aes-128-cbc", "pkcs1")))
check("AES-256", lambda: succeeds(cipher="aes256", answer=("sha256", "aes-256-cbc", "oaep")))
check("3DES is answered by AES", lambda: succeeds(cipher="des3"))

# ---- the signature ----

for digest in WITH_RSA:
    mirrored = "sha256" if digest == "sha1" else digest
    for algorithm, name in ((RSA, "rsaEncryption"), (tlv(0x30, oid(WITH_RSA[digest]), NULL), "WithRSA")):
        check(f"{digest}, {name}", lambda d, a, m: succeeds(digest=d, algorithm=a,
              answer=(m, "aes-128-cbc", "oaep")), digest, algorithm, mirrored)
check("SHA-1 is answered by SHA-1 where the endpoint says so", lambda: succeeds(
    "old", answer=("sha1", "aes-128-cbc", "oaep")))
check("sha256WithRSA on a SHA-1 digest: refused", lambda: refused(
    BAD_ALGORITHM, algorithm=tlv(0x30, oid(WITH_RSA["sha256"]), NULL)))


def another_key():
    other, kept = Signer("other"), signer.key
    signer.key = other.key
    try:
        refused(OPAQUE)
    finally:
        signer.key = kept


check("a signature by another key than the certificate's: refused", another_key)

# ---- the attributes ----

for transaction in (b"a", b"A-Z '()+,./:=?0 9", b"QmFzZTY0IHdpdGggKyBhbmQgLw==", b"7" * 200):
    check(f"transactionID {transaction[:28].decode()!r}",
          lambda t: succeeds(transaction=t), transaction)
check("no signingTime", lambda: succeeds(signing_time=False))

# ---- the transport ----


def content_type(type):
    request = build()
    CertRep(post(request, type=type), request, announced["default"]).leaf(request)


for type in None, "application/octet-stream", "text/plain; charset=utf-8", "application/x-www-form-urlencoded":
    check(f"POST with the Content-Type {type}", content_type, type)


def by_get():
    request = build()
    message = urllib.parse.quote(base64.b64encode(request.der), safe="")
    reply = send(f"{ENDPOINTS['default']}/pkiclient.exe?operation=PKIOperation&message={message}", method="GET")
    CertRep(reply, request, announced["default"]).leaf(request)


check("GET", by_get)
finish()
