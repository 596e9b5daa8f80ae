# SPDX-License-Identifier: Apache-2.0
"""The doors beside PKIOperation: OCSP, CRLs and certificates, the NDES page, PKIOperation's queries, and
paths that want to be something else."""
import base64
import hashlib
import os
import urllib.parse

from client import CA, FAILURE, KEY, RA, SUCCESS, Client, certificates
from der import children, mutated, mutations, oid, tlv
from forge import PKCS_REQ, Signer, csr, envelope, extension, integer, message, sequence
from probe import PLAIN, PUBLIC, check, decent, expect, finish, raw, send

OCSP_TYPE = "application/ocsp-response"
SUCCESSFUL, MALFORMED, UNAUTHORIZED = 0, 1, 6
client, signer = Client("corpus"), Signer()


# ---- OCSP ----

def name_and_key():
    tbs = children(children(children(CA.der)[0][1])[0][1])
    bits = children(tbs[6][1])[1][1][1:]
    return hashlib.sha1(CA.subject).digest(), hashlib.sha1(bits).digest()


def cert_id(serial):
    name, key = name_and_key()
    return sequence(sequence(oid("1.3.14.3.2.26"), b"\x05\x00"), tlv(4, name), tlv(4, key), serial)


def ocsp_request(*ids, nonce=None):
    extensions = b"" if nonce is None else tlv(0xa2, sequence(extension("1.3.6.1.5.5.7.48.1.2", tlv(4, nonce))))
    return sequence(sequence(sequence(*(sequence(i) for i in ids)), extensions))


def ocsp(body):
    reply = decent(send(PLAIN + "/ocsp", body, type="application/ocsp-request"))
    return ocsp_status(reply)


def ocsp_status(reply):
    expect(reply.status == 200 and reply.type == OCSP_TYPE, reply)
    return children(children(reply.body)[0][1])[0][1][0]


def ocsp_elements():
    good = ocsp_request(cert_id(integer(4711)), nonce=b"n" * 16)
    expect(ocsp(good) == SUCCESSFUL, "the request is not good")
    for path, what in mutations(good):
        expect(ocsp(mutated(good, path, what)) in (SUCCESSFUL, MALFORMED, UNAUTHORIZED), f"{path} {what}")
    for end in range(1, len(good)):
        expect(ocsp(good[:end]) == MALFORMED, f"cut at {end}")


def ocsp_garbage():
    for body in (b"", b"x", bytes(1 << 20), b"\xff" * (1 << 20), b"\x30\x80" * 10000, b"\x30\x84\xff\xff\xff\xff",
                 ocsp_request(), ocsp_request(*[cert_id(integer(n)) for n in range(1000)]),
                 ocsp_request(cert_id(tlv(2))), ocsp_request(cert_id(tlv(2, bytes(5000)))),
                 ocsp_request(cert_id(integer(1)), nonce=bytes(5000))):
        expect(ocsp(body) == MALFORMED, body[:40])
    expect(ocsp(ocsp_request(sequence(sequence(oid("1.3.14.3.2.26")), tlv(4, bytes(20)), tlv(4, bytes(20)), integer(1))))
           == UNAUTHORIZED, "another CA")
    expect(ocsp(ocsp_request(*[cert_id(integer(n)) for n in range(1, 17)])) == SUCCESSFUL, "16 certificates")
    reply = send(PLAIN + "/ocsp", bytes((1 << 20) + 1))
    expect(reply.status == 413, reply)


def ocsp_by_get():
    good = base64.b64encode(ocsp_request(cert_id(integer(4711)))).decode()
    for path, status in ((urllib.parse.quote(good, safe=""), SUCCESSFUL), (good, SUCCESSFUL), (good + "/", MALFORMED),
                         (good[:-4], MALFORMED), ("%00", None), ("%", None), ("AAAA" * 15000, None), ("../ocsp/" + good, MALFORMED),
                         ("/" + good, MALFORMED), (good + "?x=" + good, SUCCESSFUL), ("%2e%2e%2f", MALFORMED), ("", MALFORMED),
                         ("=" * 100, MALFORMED), (good.replace("=", ""), None)):
        got = raw(PLAIN, f"GET /ocsp/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        line = got.split(b"\r\n", 1)[0]
        expect(b"<html" not in got.lower() and b" 50" not in line[8:12], got[:200])
        if status is not None:
            expect(line == b"HTTP/1.1 200 OK", f"{path[:60]}: {got[:200]}")
            body = got.split(b"\r\n\r\n", 1)[1]
            expect(children(children(body)[0][1])[0][1][0] == status, f"{path[:60]}: {body!r}")
    for method in "PUT", "DELETE", "OPTIONS", "PROPFIND":
        expect(send(PLAIN + "/ocsp", b"x", method=method).status in (405, 501), method)


# ---- paths ----

def status_of(target, where=PLAIN):
    got = raw(where, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
    expect(b"<html" not in got.lower() and b"-----BEGIN" not in got, got[:200])
    expect(got.startswith(b"HTTP/1.1 "), got[:100])
    head, body = got.split(b"\r\n\r\n", 1)
    return int(got[9:12]), body


def files():
    names = ["", ".crl", "..crl", "x.crl", "default", "default.pem", "default.key", "default.crl/", "default.crl/x",
             "../ca.key", "..%2fca.key", "..%2f..%2fetc%2fpasswd", "%2e%2e/ca.key", "....//ca.key", "/etc/passwd",
             "default%00.crl", "default.crl%00", "default%2ecr", "a" * 7000 + ".crl", "0" * 40 + ".crl", "'OR'1.crl",
             "default.crl;x", "default .crl", "%ff%fe.crl", "ra.pem", "signet.conf", "signet.db", "*.crl", "device.key",
             "device-ca.pem", "device-ca.key", "device-ca.crt"]
    for name in names:
        status, body = status_of("/pki/" + name)
        expect(status in (400, 404, 414), f"{name[:60]}: {status}")
        expect(body.count(b"\n") == 1, body[:100])
    for name in "default.crl", "DEFAULT.CRL", "default.crl?x=../../ca.key", "default.crt", "%64efault.crl", \
            "device.crl", "device.crt":
        expect(status_of("/pki/" + name)[0] == 200 or name.startswith("DEFAULT"), name)


def routes():
    caps = "?operation=GetCACaps"
    found = ["/scep", "/scep/pkiclient.exe", "/scep/corpus", "/scep/corpus/pkiclient.exe", "/SCEP/CORPUS",
             "/scep%2Fcorpus", "/scep/corpus/../slow", "/scep/corpus//"]
    lost = ["/scep/../scep", "/scep/corpus../slow", "/scep/./corpus", "/scep//corpus", "//scep", "/scep/corpus%00", "/scep/%",
            "/scep/corpus%", "/scep/corpusx", "/scep/%63orpu%73x", "/scep/..", "/scep/pkiclient.exe/..", "/%2e%2e/scep",
            "/scep/pkiclient.exe/corpus", "/scep;/corpus", "/scep\\corpus", "/scep/" + "a" * 8000, "/" + "scep/" * 1500,
            "/scep/corpus\u00ff/../..%2f", "/./scep", "/%73cep/other", "/", "/..", "/*", "/scep/ corpus"]
    for path in found:
        expect(status_of(path + caps)[0] == 200, path)
    for path in lost:
        status = status_of(path + caps)[0]
        expect(status in (400, 404, 414), f"{path[:60]}: {status}")


def same_endpoint():
    """However the path is written, the endpoint that serves it is the one whose policy it gets: a
    challenge of corpus is worth nothing at slow."""
    for path in "/scep/slow/../corpus", "/scep/slow/%2e%2e/corpus", "/scep/slow/pkiclient.exe/../../corpus":
        client = Client("corpus")
        challenge = client.challenge()
        client.path = path
        answer = client.post(message(signer, PKCS_REQ, os.urandom(6).hex().encode(),
                                     envelope(csr(KEY, "CN=hostile,O=Example", challenge), RA)))
        expect(answer.verdict == FAILURE, f"{path}: {answer}")


# ---- PKIOperation's query ----

def query(text):
    got = raw(PLAIN, f"GET /scep/corpus?{text} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
    expect(got.startswith(b"HTTP/1.1 ") and b"<html" not in got.lower(), got[:200])
    return int(got[9:12]), got.split(b"\r\n\r\n", 1)[1]


def queries():
    good = message(signer, PKCS_REQ, os.urandom(6).hex().encode(),
                   envelope(csr(KEY, "CN=hostile,O=Example", client.challenge()), RA))
    text = urllib.parse.quote(base64.b64encode(good), safe="")
    operation, before = "operation=PKIOperation", certificates()
    bad = ["", "&", "=", "operation", "operation=", "operation=&message=x", operation, operation + "&message",
           operation + "&message=", operation + "&message=%00", operation + "&message=" + text[:40] + "%00" + text[40:],
           operation + "&message=%", operation + "&message=!!!!", operation + "&message=A", operation + "&message=====",
           operation + "&message=" + "A" * 64000, operation + "&Message=" + text, "Operation=PKIOperation&message=" + text,
           "operation=pkioperation&message=" + text, "operation=PKIOperation%20&message=" + text,
           "operation=GetCACert%00&message=x", "operation=PKIOperation%00&message=" + text,
           "operation=x&operation=PKIOperation&message=" + text, operation + "&message=x&message=" + text,
           "a=b&" * 15000 + "c", "operation=" + "x" * 60000, operation + "&message=" + "%41" * 20000]
    for what in bad:
        status, body = query(what)
        expect(status in (400, 414) and body.count(b"\n") == 1 and len(body) > 1, f"{what[:70]}: {status} {body[:90]}")
    for n in 65000, 66000, 70000, 1 << 20, 3 << 20:
        got = raw(PLAIN, b"GET /scep/corpus?operation=PKIOperation&message=" + b"A" * n + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        expect(got.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 414 ")), f"{n}: {got[:100]}")
    expect(certificates() == before, "a certificate was issued")
    # The first of each name counts, and nothing behind it.
    status, body = query(f"x=%&operation=PKIOperation&message={text}&operation=x&message=y")
    expect(status == 200 and certificates() == before + 1, f"{status} {body[:100]}")


def largest_query():
    """A message that fills 64 KiB of query is read to its end."""
    filler = [extension(f"1.2.3.{n}", os.urandom(2300)) for n in range(15)]
    whole = message(signer, PKCS_REQ, os.urandom(6).hex().encode(),
                    envelope(csr(KEY, "CN=hostile,O=Example", client.challenge(), filler), RA))
    expect(46000 > len(whole) > 36000, len(whole))
    expect(client.get(whole).verdict == SUCCESS, f"a message of {len(whole)} octets")


def methods():
    for method, body in (("PUT", b"x"), ("DELETE", None), ("HEAD", None), ("OPTIONS", None), ("PATCH", b"x"), ("TRACE", None)):
        reply = send(PLAIN + "/scep/corpus?operation=PKIOperation&message=AAAA", body, method=method)
        expect(reply.status in (405, 501), f"{method}: {reply}")


# ---- the NDES page ----

def page():
    url = PUBLIC + "/certsrv/mscep_admin/"
    for credentials in ("Basic", "Basic ", "Basic !!!!", "Basic " + "A" * 5000, "Negotiate TlRMTVNTUAAB", "Bearer x", "basic Og==",
                        "Basic Og==", "Basic AAAA", "Basic " + base64.b64encode(b"a" * 4000 + b":b").decode(),
                        "Basic " + base64.b64encode(b"nocolon").decode(), "Basic " + base64.b64encode(b"\xff\xfe:\x00").decode(),
                        "Basic " + base64.b64encode(b"' OR 1=1 --:x").decode()):
        reply = send(url, method="GET", headers={"Authorization": credentials})
        expect(reply.status in (400, 401, 429, 431) and b"<html" not in reply.body.lower(), f"{credentials[:40]}: {reply}")
    for path in ("../mscep_admin", "x", "?x=y", "%2e%2e", "/"):
        expect(send(url + path, method="GET").status in (401, 404, 429), path)


check("doors: every element of an OCSP request", ocsp_elements)
check("doors: OCSP of garbage, too much and too many", ocsp_garbage)
check("doors: OCSP by GET", ocsp_by_get)
check("doors: files of /pki/", files)
check("doors: paths that want to be others", routes)
check("doors: a path with .. in it is still its endpoint's", same_endpoint)
check("doors: PKIOperation's query", queries)
check("doors: a query of nearly 64 KiB", largest_query)
check("doors: methods", methods)
check("doors: credentials of the NDES page", page)
finish()
