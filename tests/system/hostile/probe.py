# SPDX-License-Identifier: Apache-2.0
"""What the hostile tests share: a client that sends anything, and checks in the tests' own form.

The environment names the server under test: SIGNET, DATA (its folder), WORK (of the test), PUBLIC,
MANAGEMENT and PLAIN (URLs)."""
import http.client
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import traceback
import urllib.parse

DATA, WORK = os.environ["DATA"], os.environ["WORK"]
PUBLIC, MANAGEMENT, PLAIN = (os.environ[name] for name in ("PUBLIC", "MANAGEMENT", "PLAIN"))
failures = 0


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.type = headers.get("Content-Type", "").split(";")[0].strip().lower()
        self.headers = headers

    def __repr__(self):
        return f"{self.status} {self.type} {self.body[:400]!r}"


def context(identity=None):
    """TLS as a client speaks it; identity: (certificate, key), two PEM files."""
    tls = ssl.create_default_context(cafile=os.path.join(DATA, "tls.pem"))
    if identity:
        tls.load_cert_chain(*identity)
    return tls


def send(url, body=None, type=None, method="POST", identity=None, chunked=False, headers=None,
         source="127.0.0.1"):
    """source: the address to come from, any of 127.0.0.0/8."""
    at = urllib.parse.urlsplit(url)
    where = ("127.0.0.1", at.port)
    if at.scheme == "https":
        connection = http.client.HTTPSConnection(at.hostname, at.port, timeout=20,
                                                 source_address=(source, 0), context=context(identity))
    else:
        connection = http.client.HTTPConnection(*where, timeout=20, source_address=(source, 0))
    fields = dict(headers or {})
    if type:
        fields["Content-Type"] = type
    target = at.path + ("?" + at.query if at.query else "")
    try:
        connection.request(method, target, iter([body[:7], body[7:]]) if chunked else body, fields,
                           encode_chunked=chunked)
        got = connection.getresponse()
        return Reply(got.status, got.headers, got.read())
    finally:
        connection.close()


def raw(url, data, timeout=20):
    """Bytes to a plain listener, and all that comes back until it closes."""
    at = urllib.parse.urlsplit(url)
    with socket.create_connection(("127.0.0.1", at.port), timeout=timeout) as s:
        got = b""
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while block := s.recv(65536):
                got += block
        except TimeoutError:
            raise
        except OSError:
            pass  # it hung up; what it said before counts
        return got


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def decent(reply):
    """What holds for every answer to hostile input: no web page, and no certificate."""
    expect(b"<html" not in reply.body.lower() and reply.type != "text/html", f"HTML: {reply}")
    expect(b"-----BEGIN" not in reply.body, f"a certificate: {reply}")
    expect(reply.type != "application/x-x509-ca-cert", f"a certificate: {reply}")
    return reply


def check(name, function, *arguments):
    global failures
    try:
        function(*arguments)
        print("ok", name, flush=True)
    except Exception:  # every one is a failed check, the server's hanging up included
        failures += 1
        print("not ok", name)
        print("    " + traceback.format_exc().strip().replace("\n", "\n    "), flush=True)


def finish():
    sys.exit(failures > 0)


def database(sql, *arguments):
    """Looks past the server. Rows as tuples."""
    db = sqlite3.connect(f"file:{DATA}/signet.db?mode=ro", uri=True)
    try:
        return db.execute(sql, arguments).fetchall()
    finally:
        db.close()


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True)
    expect(done.returncode == 0, done.stderr.decode(errors="replace"))
    return done.stdout


def signet(*arguments):
    """What the administrator sees."""
    done = subprocess.run([os.environ["SIGNET"], *arguments], capture_output=True, text=True,
                          env=os.environ | {"SIGNET_DIR": DATA})
    expect(done.returncode == 0, done.stderr)
    return done.stdout


def new_csr(subject="/CN=somebody", key=("rsa:2048",)):
    """A PKCS#10 request, DER, with a key that nobody keeps."""
    return openssl("req", "-new", "-newkey", *key, "-nodes", "-keyout", "/dev/null", "-subj", subject,
                   "-outform", "der")


def new_identity(name, *more):
    """A certificate with its key: self-signed unless `more` names an issuer. Two PEM files."""
    cert, key = os.path.join(WORK, name + ".pem"), os.path.join(WORK, name + ".key")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days",
            "3", *more)
    return cert, key


def host_identity(host):
    """The identity of an emulated host, as PEM files of our own."""
    store = os.path.join(WORK, host, "certs", "UserMy")
    name = sorted(os.listdir(store))[-1]
    cert = os.path.join(WORK, f"{host}-{name}.pem")
    openssl("x509", "-inform", "der", "-in", os.path.join(store, name), "-out", cert)
    return cert, os.path.join(WORK, host, "keys", name.replace(".cer", ".key"))
