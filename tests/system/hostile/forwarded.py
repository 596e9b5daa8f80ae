# SPDX-License-Identifier: Apache-2.0
"""Certificates in headers: who may name one, what is none, and where nobody may. Argument: `through`
(nginx at PROXY), `beside` it (the Unix socket DOOR, and the other listeners), or `proof` (the proxy's, at
PROXY_ADDRESS)."""
import base64
import http.client
import os
import resource
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
import xml.etree.ElementTree as tree

from probe import (DATA, MANAGEMENT, PLAIN, PUBLIC, WORK, Reply, check, context, database, decent, expect,
                   finish, host_identity, new_identity, openssl, send)

PATH, SYNCML, SOAP = "/ManagementServer/MDM.svc", "application/vnd.syncml.dm+xml", "application/soap+xml"


def device(name):
    return database("SELECT device_id FROM device WHERE name = ?", name)[0][0]


A, B = device("A"), device("B")
IDENTITY_A, IDENTITY_B = host_identity("A"), host_identity("B")


def message(source):
    return (f'<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
            f"<SessionID>99</SessionID><MsgID>1</MsgID><Target><LocURI>{MANAGEMENT}{PATH}</LocURI></Target>"
            f"<Source><LocURI>{source}</LocURI></Source></SyncHdr><SyncBody>"
            "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Final/></SyncBody></SyncML>").encode()


def header_status(reply):
    """What the server says of the message's header: 200, 401, 407."""
    expect(reply.status == 200 and reply.type == SYNCML, reply)
    for e in tree.fromstring(reply.body).iter():
        if e.tag.endswith("}Status"):
            return next(x.text for x in e if x.tag.endswith("}Data"))


def expect_status(reply, code):
    expect(header_status(decent(reply)) == code, reply)


def pem(identity):
    with open(identity[0]) as f:
        return f.read()


def escaped(identity):
    return urllib.parse.quote(pem(identity))


def rfc9440(identity):
    return ":" + base64.b64encode(ssl.PEM_cert_to_DER_cert(pem(identity))).decode() + ":"


def over(sock, fields, body, target=PATH, type=SYNCML, sessions=None, host="localhost"):
    """A request with these header fields, which may stand there twice, on a connected socket. `sessions`
    gets what a later connection can resume."""
    with sock:
        lines = [f"POST {target} HTTP/1.1", f"Host: {host}", f"Content-Type: {type}",
                 f"Content-Length: {len(body)}", "Connection: close"] + [f"{k}: {v}" for k, v in fields]
        sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        got = http.client.HTTPResponse(sock)
        got.begin()
        reply = Reply(got.status, got.headers, got.read())
        if sessions is not None:
            sessions.append(sock.session)
        return reply


def door(*fields, source=A):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(os.environ["DOOR"])
    return over(sock, fields, message(source))


def log_lines(*words):
    with open(os.environ["LOG"], errors="replace") as f:
        return [line for line in f if all(word in line for word in words)]


# ---- through nginx ----

def proxied(identity=None, headers=None, source=A):
    """As send does; the name that nginx serves is one that only curl and browsers resolve."""
    at = urllib.parse.urlsplit(os.environ["PROXY"])
    tls = ssl.create_default_context(cafile=os.path.join(WORK, "two.pem"))
    if identity:
        tls.load_cert_chain(*identity)
    sock = socket.create_connection(("127.0.0.1", at.port), timeout=20)
    return over(tls.wrap_socket(sock, server_hostname=at.hostname), (headers or {}).items(), message(source),
                host=at.hostname)


def own_certificate():
    expect_status(proxied(IDENTITY_A), "200")
    expect_status(proxied(IDENTITY_B, source=B), "200")


def foreign_certificates():
    expect_status(proxied(), "407")
    expect_status(proxied(IDENTITY_B), "401")  # of another host
    expect_status(proxied(new_identity("self", "-subj", f"/CN={A}")), "401")


def invented_headers():
    """nginx puts its own in the place of what a client invents."""
    for value in (escaped(IDENTITY_A), rfc9440(IDENTITY_A)):
        expect_status(proxied(headers={"Client-Cert": value}), "407")
        expect_status(proxied(IDENTITY_B, headers={"Client-Cert": value}), "401")
        expect_status(proxied(IDENTITY_A, headers={"client-cert": rfc9440(IDENTITY_B)}), "200")


def revoked(identity):
    """By hand: how a device leaves is told elsewhere. What a server knows is in its database."""
    print_of = openssl("x509", "-in", identity[0], "-noout", "-fingerprint", "-sha256").decode()
    sha256 = print_of.strip().split("=")[1].replace(":", "")
    done = subprocess.run(["sqlite3", "-cmd", ".timeout 5000", os.path.join(DATA, "signet.db"),
                           f"UPDATE identity SET revoked = {int(time.time() * 1000)} "
                           f"WHERE sha256 = x'{sha256}' AND revoked IS NULL; SELECT changes();"],
                          capture_output=True, text=True)
    expect(done.stdout.strip() == "1", done)


def reinstated():
    subprocess.run(["sqlite3", "-cmd", ".timeout 5000", os.path.join(DATA, "signet.db"),
                    "UPDATE identity SET revoked = NULL"], check=True)


def resumed_sessions():
    """A ticket of before brings the certificate along, and the revocation finds it."""
    at = urllib.parse.urlsplit(MANAGEMENT)

    def connection(tls, session=None):
        sock = socket.create_connection(("127.0.0.1", at.port), timeout=20)
        return tls.wrap_socket(sock, server_hostname="localhost", session=session)

    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        tls = context(IDENTITY_B)
        tls.minimum_version = tls.maximum_version = version
        first = connection(tls)
        held = connection(tls)
        tickets = []
        expect_status(over(first, (), message(B), sessions=tickets), "200")
        ticket = tickets[0]
        second = connection(tls, ticket)
        expect(second.session_reused, f"{version}: not resumed")
        expect_status(over(second, (), message(B)), "200")
        revoked(IDENTITY_B)
        third = connection(tls, ticket)
        expect(third.session_reused, f"{version}: not resumed after the revocation")
        expect_status(over(third, (), message(B)), "401")
        expect_status(over(held, (), message(B)), "401")
        expect_status(proxied(IDENTITY_B, source=B), "401")
        expect_status(door(("Client-Cert", rfc9440(IDENTITY_B)), source=B), "401")
        reinstated()


# ---- beside nginx ----

def both_forms():
    for value in (escaped(IDENTITY_A), rfc9440(IDENTITY_A)):
        expect_status(door(("Client-Cert", value)), "200")
        expect_status(door(("client-CERT", value), source=B), "401")
    for none in ("", "::"):
        expect_status(door(("Client-Cert", none)), "407")
    expect_status(door(), "407")


def exactly_one():
    own, other = rfc9440(IDENTITY_A), escaped(IDENTITY_B)
    for fields in ((own, other), (other, own), (own, own), (own, ""), ("", own)):
        reply = decent(door(*[("Client-Cert", value) for value in fields]))
        expect(reply.status == 400 and reply.type == "text/plain", reply)


def no_certificates():
    good, long = rfc9440(IDENTITY_A), ":" + "QUJD" * 16000 + ":"
    for value in ("x", ":", ":::", good[:-1], good[1:], good + ", " + good, good + ";a=1", good[:100] + ":",
                  long, ":" + "A" * 90000 + ":", escaped(IDENTITY_A)[:-1], escaped(IDENTITY_A) * 2, "%",
                  "%00" + escaped(IDENTITY_A), ":" + base64.b64encode(bytes(1000)).decode() + ":",
                  "-----BEGIN%20CERTIFICATE-----%0A" * 500, pem(IDENTITY_A).replace("\n", " ")[:-20]):
        reply = decent(door(("Client-Cert", value)))
        expect(reply.status in (400, 431) and reply.type == "text/plain", f"{value[:40]}: {reply}")


def only_sessions():
    """Nothing else is served there, but for renewals of identities."""
    for target in ("/scep", "/healthz", "/pki/default.crl", "/ocsp", "/"):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(os.environ["DOOR"])
        expect(decent(over(sock, (), b"", target)).status == 404, target)


def ignored_elsewhere():
    """On every other listener it says nothing; that it came is told once a minute of an address."""
    for value in (escaped(IDENTITY_A), rfc9440(IDENTITY_A)):
        for _ in range(3):
            expect_status(send(MANAGEMENT + PATH, message(A), SYNCML, headers={"Client-Cert": value}), "407")
        expect_status(send(MANAGEMENT + PATH, message(A), SYNCML, identity=IDENTITY_A,
                           headers={"Client-Cert": rfc9440(IDENTITY_B)}), "200")
        for url in (PUBLIC, PLAIN):
            expect(send(url + "/healthz", method="GET", headers={"Client-Cert": value}).status == 200, url)
    lines = log_lines("event=forwarded_ignored")
    expect(1 <= len(lines) <= 2, lines)
    expect(all("peer=127.0.0.1" in line and "MII" not in line for line in lines), lines)


# ---- too large ----

def large(url, type, chunked, **options):
    """10 MiB, of which the server reads as little as it likes."""
    size = 10 << 20
    at = urllib.parse.urlsplit(url)
    sock = socket.create_connection(("127.0.0.1", at.port), timeout=20)
    if at.scheme == "https":
        sock = context(options.get("identity")).wrap_socket(sock, server_hostname="localhost")
    with sock:
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        sock.sendall(f"POST {at.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\n"
                     f"{length}\r\n\r\n".encode())
        block = b"x" * 65536
        try:
            for _ in range(size // len(block)):
                sock.sendall(b"10000\r\n" + block + b"\r\n" if chunked else block)
        except OSError:
            pass  # it closed, having said why
        got = http.client.HTTPResponse(sock)
        got.begin()
        return decent(Reply(got.status, got.headers, got.read()))


def ten_mebibytes():
    for chunked in (False, True):
        for name in ("Discovery", "Policy", "Enrollment"):
            reply = large(f"{PUBLIC}/EnrollmentServer/{name}.svc", SOAP, chunked)
            expect(reply.status == 500 and reply.type == SOAP, reply)
            fault = tree.fromstring(reply.body)
            expect(any(e.tag.endswith("}Subcode") for e in fault.iter()), reply)
            expect(b"MessageFormat" in reply.body and b"too large" in reply.body, reply)
        reply = large(MANAGEMENT + PATH, SYNCML, chunked, identity=IDENTITY_A)
        expect(reply.status == 413 and reply.type == "text/plain", reply)
        reply = large(PLAIN + "/scep", "application/x-pki-message", chunked)
        expect(reply.status == 413 and reply.type == "text/plain", reply)


# ---- idle connections ----

def resident():
    with open(f"/proc/{os.environ['SERVER_PID']}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def idle_connections():
    """Each after a request of its host, from four addresses, since one may have 1024 at most."""
    count, tls = 1500, context(IDENTITY_A)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    port = urllib.parse.urlsplit(MANAGEMENT).port
    before, held = resident(), []
    for i in range(count):
        sock = socket.create_connection(("127.0.0.1", port), 20, (f"127.0.0.{2 + i % 4}", 0))
        sock = tls.wrap_socket(sock, server_hostname="localhost")
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        expect(b" 404 " in sock.recv(4096), i)
        held.append(sock)
    each = (resident() - before) / count
    print(f"    {each:.1f} KiB of memory for each of {count} idle connections")
    for sock in held:
        sock.close()
    with open(os.environ["SIGNET"], "rb") as f:
        sanitized = b"__asan_init" in (program := f.read()) or b"__tsan_init" in program
    expect(each <= 32 or sanitized, each)


# ---- the proof of the proxy ----

def to_proxy_door(fields, identity=None):
    address, port = os.environ["PROXY_ADDRESS"].split(":")
    sock = socket.create_connection((address, int(port)), timeout=20)
    return over(context(identity).wrap_socket(sock, server_hostname="localhost"), fields, message(A))


def only_with_both():
    proxy = (os.path.join(WORK, "proxy.pem"), os.path.join(WORK, "proxy.key"))
    cert, secret = ("X-Host-Cert", rfc9440(IDENTITY_A)), ("Signet-Proxy-Secret", "open-sesame")
    expect_status(to_proxy_door((cert, secret), proxy), "200")
    for fields in ((cert,), (cert, ("Signet-Proxy-Secret", "open-sesam")), (cert, secret, secret),
                   (cert, ("Signet-Proxy-Secret", ""))):
        reply = decent(to_proxy_door(fields, proxy))
        expect(reply.status == 403 and b"sesam" not in reply.body, reply)
    for stranger in (None, IDENTITY_A, new_identity("false-proxy", "-subj", "/CN=proxy")):
        try:
            reply = to_proxy_door((cert, secret), stranger)
        except OSError:
            continue
        raise AssertionError(f"{stranger} got in: {reply}")
    expect(log_lines("event=handshake", "listener=forwarded"), "the log has no word of them")


def another_header():
    """The standard's header beside it is the host's own, which this nginx does not take out."""
    expect_status(proxied(IDENTITY_B, source=B), "200")
    for identity in (None, IDENTITY_A):
        reply = decent(proxied(identity, {"Client-Cert": rfc9440(IDENTITY_B)}, B))
        expect(reply.status == 400 and reply.type == "text/plain", reply)


part = sys.argv[1]
if part == "through":
    check("forwarded: the host's own certificate, through nginx", own_certificate)
    check("forwarded: none: 407; another's, a stranger's: 401", foreign_certificates)
    check("forwarded: what a client writes into the header itself is nothing", invented_headers)
    check("forwarded: a revoked certificate in a resumed session, on every way: 401", resumed_sessions)
elif part == "beside":
    check("forwarded: RFC 9440 and escaped PEM", both_forms)
    check("forwarded: exactly one header", exactly_one)
    check("forwarded: what is no certificate: 400", no_certificates)
    check("forwarded: nothing that is public", only_sessions)
    check("forwarded: on the other listeners it is ignored, and told", ignored_elsewhere)
    check("doors: bodies of 10 MiB, each refused in its protocol's form", ten_mebibytes)
    check("doors: an idle TLS connection takes at most 32 KiB", idle_connections)
else:
    check("forwarded: the proxy needs both its certificate and the secret", only_with_both)
    check("forwarded: a header of another name, and only that", another_header)
finish()
