# SPDX-License-Identifier: Apache-2.0
"""Hostile HTTP: requests that two readers could see differently, and too much of anything. Each is
refused once, in plain text, and nothing after it is read as a second request."""
import os
import socket
import urllib.parse

from probe import DATA, PLAIN, PUBLIC, check, context, decent, expect, finish, raw, send

CAPS = "/scep?operation=GetCACaps"
SMUGGLED = b"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: x\r\n\r\n"
HOST = b"Host: x\r\n"


def post(*fields, version=b"1.1", body=b""):
    return (b"POST /scep?operation=PKIOperation HTTP/" + version + b"\r\n" + HOST +
            b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body)


def refused(request, *codes):
    got = raw(PLAIN, request + SMUGGLED)
    statuses = [line.split(b" ")[1] for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    expect(len(statuses) == 1 and int(statuses[0]) in (codes or (400,)), got[:400])
    expect(b"POSTPKIOperation" not in got, "a second request was read")
    expect(b"<html" not in got.lower() and b"text/plain" in got, got[:400])


LENGTHS = {
    "Content-Length and Transfer-Encoding":
        post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "Transfer-Encoding and Content-Length":
        post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "two Content-Lengths": post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello"),
    "the same Content-Length twice": post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"),
    "a list of lengths": post(b"Content-Length: 5, 5", body=b"hello"),
    "a signed length": post(b"Content-Length: +5", body=b"hello"),
    "a negative length": post(b"Content-Length: -5", body=b"hello"),
    "a hex length": post(b"Content-Length: 0x5", body=b"hello"),
    "an empty length": post(b"Content-Length:", body=b"hello"),
    "another coding": post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "a coding that only looks like it": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "two codings": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity",
                        body=b"0\r\n\r\n"),
    "chunks in HTTP/1.0": post(b"Transfer-Encoding: chunked", version=b"1.0", body=b"0\r\n\r\n"),
    "a blank before the colon": post(b"Content-Length : 5", body=b"hello"),
    "a vertical tab in the coding": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
}
CHUNKS = {
    "a chunk size of no digits": b"zz\r\n",
    "an empty chunk size": b"\r\n",
    "a negative chunk size": b"-1\r\n",
    "a chunk size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk that is longer than said": b"3\r\nhello\r\n0\r\n\r\n",
    "a bare LF after the size": b"5\nhello\r\n0\r\n\r\n",
}
LINES = {
    "a bare LF": b"GET " + CAPS.encode() + b" HTTP/1.1\n" + HOST + b"\r\n",
    "a NUL": b"GET " + CAPS.encode() + b" HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
    "a folded line": b"GET " + CAPS.encode() + b" HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "two Hosts": b"GET " + CAPS.encode() + b" HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "no Host": b"GET " + CAPS.encode() + b" HTTP/1.1\r\n\r\n",
    "no colon": b"GET " + CAPS.encode() + b" HTTP/1.1\r\n" + HOST + b"nothing\r\n\r\n",
    "HTTP/2.0": b"GET " + CAPS.encode() + b" HTTP/2.0\r\n" + HOST + b"\r\n",
    "a target without /": b"GET scep HTTP/1.1\r\n" + HOST + b"\r\n",
    "the HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n",
}


def huge_chunk():
    refused(post(b"Transfer-Encoding: chunked", body=b"f" * 16 + b"\r\n"), 400, 413)
    refused(post(b"Transfer-Encoding: chunked", body=b"f" * 40 + b"\r\n"), 400, 413)


def long_queries():
    url = PLAIN + "/scep?operation=GetCACaps&message="
    reply = decent(send(url + "A" * 65536, method="GET"))
    expect(reply.status == 200 and b"POSTPKIOperation" in reply.body, reply)
    refused(b"GET " + CAPS.encode() + b"&message=" + b"A" * 204800 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
            400, 414, 431)


def many_fields():
    refused(b"GET " + CAPS.encode() + b" HTTP/1.1\r\n" + HOST +
            b"".join(b"X-%d: 1\r\n" % n for n in range(5000)) + b"\r\n", 400, 431)


def head():
    got = raw(PLAIN, b"HEAD " + CAPS.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    expect(got.startswith(b"HTTP/1.1 200 ") and got.endswith(b"\r\n\r\n"), got)


def half_requests():
    for request in (b"", b"G", b"GET / HTTP/1.1\r\n", post(b"Content-Length: 500", body=b"half"),
                    post(b"Transfer-Encoding: chunked", body=b"5\r\nhe")):
        got = raw(PLAIN, request)
        expect(not got or got.startswith(b"HTTP/1.1 4"), got[:200])


def tls_garbage():
    for data in b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(5000), bytes(3):
        expect(b"HTTP/1" not in raw(PUBLIC, data), "HTTP on the TLS port")
    port = urllib.parse.urlsplit(PUBLIC).port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        with context().wrap_socket(s, server_hostname="localhost") as tls:
            tls.sendall(b"GET " + CAPS.encode() + b" HTTP/1.1\r\nHost: localhost\r\n")
    # gone in the middle of a request, without a word


def no_second_line():
    """What a client sends reaches neither the head of the reply nor a line of the log of its own."""
    for path in ("/scep?operation=%0d%0aInjected:%201", "/a%0d%0aInjected:%201",
                 "/a%0alevel%3derror%20injected", "/scep?operation=%00", "/%2e%2e/%2e%2e/etc/passwd",
                 "/scep/../../etc/passwd", "/%", "/%zz", "/?%", "//"):
        reply = decent(send(PLAIN + path, method="GET"))
        expect(reply.status in (400, 404) and "Injected" not in reply.headers, reply)
        expect(b"root:" not in reply.body, reply)
    with open(os.path.join(DATA, "..", "server.log"), "rb") as log:
        for line in log:
            expect(not line.lower().startswith((b"injected", b"level=error injected")), line)


def paths():
    for path in ("/scepx", "/EnrollmentServer/Policy.svc", "/ManagementServer/MDM.svc", "/admin",
                 "/EnrollmentServer/Discovery.svc"):
        reply = decent(send(PLAIN + path, b"x", "application/soap+xml"))
        expect(reply.status == 404, f"{path} on the plain listener: {reply}")


for group, prefix in ((LENGTHS, b""), (LINES, b"")):
    for name, request in group.items():
        check("http: " + name, refused, request)
for name, chunks in CHUNKS.items():
    check("http: " + name, refused, post(b"Transfer-Encoding: chunked", body=chunks))
check("http: huge chunk sizes", huge_chunk)
check("http: a query of 64 KiB is served, one of 200 KiB is not", long_queries)
check("http: 5,000 fields", many_fields)
check("http: HEAD has no body", head)
check("http: half requests", half_requests)
check("http: garbage on the TLS port", tls_garbage)
check("http: nothing is injected into replies or the log", no_second_line)
check("http: the plain listener serves SCEP and nothing else", paths)
finish()
