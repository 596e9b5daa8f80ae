#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server with mscep_admin pages as NDES behind IIS has them, and as it should not have them.

    ndes.py --user DOMAIN\\USER --password P [--tls CERT KEY] [--challenge HEX] [--now FILE] [--log FILE]

Prints its port. The path says how to log in and what comes: /AUTH/PAGE, such as /ntlm/ok.
AUTH  none, basic, ntlm (the full handshake, the NTLMv2 response is verified), iis (as ntlm, but
      Negotiate is offered before it, and leads nowhere)
PAGE  ok (UTF-16LE without a BOM), bom, utf8, full and permission (NDES's two refusals), login (HTML
      of somebody else), truncated, huge, empty, redirect, error, silent, slow (ok, after
      2 s); now: what --now FILE says
Each page that was given out is a line of --log FILE: "PAGE CHALLENGE". Without --challenge each one
is fresh.
"""
import argparse
import base64
import hmac
import http.server
import secrets
import ssl
import struct
import threading
import time

options = argparse.ArgumentParser()
options.add_argument("--user", default="CORP\\scep")
options.add_argument("--password", default="sword:fish")
options.add_argument("--tls", nargs=2)
options.add_argument("--challenge")
options.add_argument("--now")
options.add_argument("--log")
options = options.parse_args()
DOMAIN, _, USER = options.user.rpartition("\\")
log_lock = threading.Lock()

# ---- pages ----

HEAD = ("<HTML><Head><Title>Network Device Enrollment Service</Title></Head><Body>\r\n"
        "<P> Network Device Enrollment Service allows you to obtain certificates for routers or other "
        "network devices using the Simple Certificate Enrollment Protocol (SCEP). ")
PASSWORD = (
    "<P> The thumbprint (hash value) for the CA certificate is: <B> 0BC8B5B0 0F6B7A0D 8C8A0A5D 1C0B5A33 </B> "
    "<P> The enrollment challenge password is: <B> %s </B> "
    "<P> This password can be used only once and will expire within 60 minutes.")
FULL = ("<P> The password cache is full. <P> Network Device Enrollment Service stores unused password "
        "for later use.")
PERMISSION = ("<P> You do not have sufficient permission to enroll with SCEP. Please contact your "
              "system administrator.")


def page(name, challenge):
    """Its bytes."""
    text = HEAD + {"full": FULL, "permission": PERMISSION}.get(name, PASSWORD % challenge) + "</Body></HTML>"
    if name == "utf8":
        return text.encode()
    if name == "login":
        return b"<html><body>Sign in to continue</body></html>"
    if name == "empty":
        return b""
    if name == "huge":
        text += "<!-- %s -->" % ("x" * 1000000)
    body = text.encode("utf-16-le")
    if name == "truncated":  # in the middle of the digits
        body = body[:2 * (text.index(challenge) + len(challenge) // 2)]
    return b"\xff\xfe" + body if name == "bom" else body


# ---- NTLM (MS-NLMP) ----


def md4(data):
    """RFC 1320: hashlib has it no more."""
    def rotate(x, n):
        x &= 0xffffffff
        return (x << n | x >> (32 - n)) & 0xffffffff

    data += b"\x80" + b"\0" * (-(len(data) + 9) % 64) + struct.pack("<Q", 8 * len(data))
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    rounds = (
        (lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
        (lambda x, y, z: x & y | x & z | y & z, 0x5a827999,
         [4 * (i % 4) + i // 4 for i in range(16)], (3, 5, 9, 13)),
        (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1,
         [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], (3, 9, 11, 15)))
    for at in range(0, len(data), 64):
        words = struct.unpack("<16I", data[at:at + 64])
        a, b, c, d = state
        for function, constant, order, shifts in rounds:
            for i, k in enumerate(order):
                a = rotate(a + function(b, c, d) + words[k] + constant, shifts[i % 4])
                a, b, c, d = d, a, b, c
        state = [x + y & 0xffffffff for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


assert md4(b"abc").hex() == "a448017aaf21d8525fc10ae87aa6729d"


def hmac_md5(key, data):
    return hmac.new(key, data, "md5").digest()


def ntlm_challenge(nonce):
    """Type 2: Unicode, NTLM, extended session security, target info."""
    name = DOMAIN.encode("utf-16-le")
    info = b"".join(struct.pack("<HH", kind, len(text)) + text
                    for kind, text in ((2, name), (1, "NDES".encode("utf-16-le")), (0, b"")))
    flags = 0x1 | 0x4 | 0x200 | 0x80000 | 0x800000
    fixed = 48
    return (b"NTLMSSP\0" + struct.pack("<IHHII", 2, len(name), len(name), fixed, flags) + nonce + bytes(8) +
            struct.pack("<HHI", len(info), len(info), fixed + len(name)) + name + info)


def ntlm_holds(message, nonce):
    """Whether type 3 proves the password, by NTLMv2."""
    def field(at):
        size, _, start = struct.unpack_from("<HHI", message, at)
        return message[start:start + size]

    response, domain, user = field(20), field(28), field(36)
    if len(response) < 24 + 28:
        return False  # NTLMv1: refused, as every IIS of today does
    proof, blob = response[:16], response[16:]
    if user.decode("utf-16-le").lower() != USER.lower():
        return False
    key = hmac_md5(md4(options.password.encode("utf-16-le")),
                   user.decode("utf-16-le").upper().encode("utf-16-le") + domain)
    return hmac.compare_digest(hmac_md5(key, nonce + blob), proof)


# ---- HTTP ----


class Ndes(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # NTLM proves who holds a connection
    nonce = None
    proved = False

    def answer(self, status, body=b"", fields=()):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, *offers):
        self.answer(401, b"<h2>401 - Unauthorized</h2>", [("WWW-Authenticate", x) for x in offers])

    def basic(self):
        given = self.headers.get("Authorization", "")
        wanted = base64.b64encode((options.user + ":" + options.password).encode()).decode()
        if given == "Basic " + wanted:
            return True
        self.refuse('Basic realm="ndes"')
        return False

    def ntlm(self, *before):
        if self.proved:
            return True
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        message = base64.b64decode(token) if kind == "NTLM" else b""
        step = struct.unpack_from("<I", message, 8)[0] if len(message) >= 12 else 0
        if step == 1:
            self.nonce = secrets.token_bytes(8)
            self.refuse("NTLM " + base64.b64encode(ntlm_challenge(self.nonce)).decode())
        elif step == 3 and self.nonce and ntlm_holds(message, self.nonce):
            self.proved = True
        else:
            self.nonce = None
            self.refuse(*before, "NTLM")
        return self.proved

    def do_GET(self):
        how, _, what = self.path.strip("/").partition("/")
        if how == "basic" and not self.basic() or how == "ntlm" and not self.ntlm() or \
                how == "iis" and not self.ntlm("Negotiate"):
            return
        if what == "now":
            with open(options.now) as f:
                what = f.read().strip()
        if what == "silent":
            time.sleep(60)
            return
        if what == "slow":
            time.sleep(2)
        if what == "redirect":
            self.answer(301, b"", [("Location", "/none/ok")])
            return
        if what == "error":
            self.answer(500, b"<h2>500 - Internal server error</h2>")
            return
        challenge = options.challenge or secrets.token_hex(8).upper()
        if options.log:
            with log_lock, open(options.log, "a") as f:
                print(what, challenge, file=f)
        self.answer(200, page(what, challenge))

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # who hangs up is part of what is tested


server = Server(("127.0.0.1", 0), Ndes)
if options.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
