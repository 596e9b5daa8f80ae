# SPDX-License-Identifier: Apache-2.0
"""A small SCEP server that is right but for the faults that its argument names, "suffix" or
"suffix,no-ra". Usage: broken.py FAULTS FOLDER. It listens on loopback and prints its port; FOLDER gets
the keys (for all that use it), FAULTS.ca.pem, the root that a host trusts, and FAULTS.stranger.pem,
another one. Never to be used for real: it issues to everybody."""
import base64
import email.utils
import hashlib
import http.server
import os
import pickle
import socketserver
import ssl
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hostile"))
import forge
from der import children, oid, tlv
from forge import Certificate, CertRep, Key, Signer, attribute, extension, sequence, subject_of

HOUR, DAY = 3600, 86400
CLIENT_AUTH, SERVER_AUTH = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"
SIGNS, OPENS, BOTH, IS_CA = b"\x07\x80", b"\x05\x20", b"\x05\xa0", b"\x01\x06"
PAGE = 200, "text/html; charset=utf-8", b"<!DOCTYPE html><html><body>Please log in</body></html>\n"
NO_PAGE = 404, "text/plain", b"404 page not found\n"
BROKEN = 500, "text/plain", b"internal server error\n"


# ---- certificates ----

def moment(offset):
    return tlv(0x17, time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + offset)).encode())


def usage(bits):
    return extension("2.5.29.15", tlv(3, bits), critical=True)


def eku(*dotted):
    return extension("2.5.29.37", sequence(*(oid(d) for d in dotted)))


def dns(name):
    return extension("2.5.29.17", sequence(tlv(0x82, name.encode())))


def crl_url(url):
    return extension("2.5.29.31", sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, url.encode()))))))


def certificate(issuer, subject, spki, extensions, begins=-HOUR, ends=90 * DAY):
    """issuer: (Key, Name), both names in DER."""
    key, name = issuer
    tbs = sequence(b"\xa0\x03\x02\x01\x02", forge.integer(int.from_bytes(os.urandom(8), "big")),
                   forge.SHA256_RSA, name, sequence(moment(begins), moment(ends)), subject, spki,
                   tlv(0xa3, sequence(*extensions)))
    return sequence(tbs, forge.SHA256_RSA, tlv(3, b"\x00", key.sign(tbs)))


def bundle(*certificates):
    """A PKCS#7 with certificates only."""
    return sequence(forge.SIGNED, tlv(0xa0, sequence(b"\x02\x01\x01", tlv(0x31), sequence(forge.DATA),
                                                     tlv(0xa0, *certificates), tlv(0x31))))


def pem(kind, der):
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(der).decode()}-----END {kind}-----\n"


def keys(folder):
    """Making some takes a second: all servers of one test share them."""
    path = os.path.join(folder, "keys")
    if not os.path.exists(path):
        with open(path + ".new", "wb") as f:
            pickle.dump([Key() for _ in range(4)], f)
        os.rename(path + ".new", path)
    with open(path, "rb") as f:
        return pickle.load(f)


# ---- the server as it should be ----

class Right:
    """Each fault is a mixin before this class, which changes a method or a value."""
    tls = False          # plain HTTP
    raw = None           # bytes instead of any HTTP answer
    wait = 0             # seconds before each answer
    skew = 0             # of the Date header
    capabilities = "POSTPKIOperation\nSHA-256\nSHA-512\nAES\nDES3\nSCEPStandard\nRenewal\n"
    ca_type = "application/x-x509-ca-ra-cert"
    reply_type = "application/x-pki-message"
    ca_dates, ra_dates, leaf_dates, tls_dates = {}, {}, {}, {}
    ra_extensions = usage(BOTH), eku(SERVER_AUTH)
    leaf_extensions = usage(BOTH), eku(CLIENT_AUTH)
    tls_name = "localhost"
    status = b"0"
    more = ()            # certificates beside the leaf

    def __init__(self, name, folder, port):
        self.name, self.folder = name, folder
        self.here = f"http://127.0.0.1:{port}"
        self.ca_key, self.ra_key, self.stranger_key, self.tls_key = keys(folder)
        self.ca_name = subject_of("CN=Test CA|O=Example")
        self.issuer, self.ra_issuer = [(self.ca_key, self.ca_name)] * 2
        self.stranger = self.stranger_key, subject_of("CN=Stranger CA")
        self.make()

    def make(self):
        self.ca = self.new_ca(self.ca_key, self.ca_name, **self.ca_dates)
        self.stranger_ca = self.new_ca(*self.stranger)
        self.ra = certificate(self.ra_issuer, subject_of("CN=Test RA|O=Example"), self.ra_key.spki,
                              self.ra_extensions, **self.ra_dates)
        self.signer = Signer(self.ra_key, self.ra)
        for name, der in ("ca.pem", self.ca), ("stranger.pem", self.stranger_ca):
            with open(self.path(name), "w") as f:
                f.write(pem("CERTIFICATE", der))

    def new_ca(self, key, name, **dates):
        basic = extension("2.5.29.19", sequence(b"\x01\x01\xff"), critical=True)
        return certificate((key, name), name, key.spki, (basic, usage(IS_CA)), **dates)

    def path(self, name):
        return os.path.join(self.folder, f"{self.name}.{name}")

    def answer(self, path, query, body):
        """(status, type, body)"""
        if path.rstrip("/") != "/scep" and not path.startswith("/scep/"):
            return NO_PAGE
        operation, message = query.get("operation"), query.get("message", "")
        if operation == "GetCACaps":
            return self.get_capabilities()
        if operation == "GetCACert":
            return self.get_ca(message)
        if operation == "PKIOperation":
            return self.operate(body or base64.b64decode(message.replace(" ", "+")))
        return 400, "text/plain", b"no such operation\n"

    def get_capabilities(self):
        return 200, "text/plain", self.capabilities.encode()

    def get_ca(self, message):
        return 200, self.ca_type, self.ca_body()

    def ca_body(self):
        return bundle(*self.ca_certificates())

    def ca_certificates(self):
        return [self.ra, self.ca]

    def operate(self, message):
        return 200, self.reply_type, self.reply(message)

    # A CertRep, part by part.
    def reply(self, message):
        request = CertRep(message)  # a request has the same form
        csr = self.opened(request.content)
        content = self.sealed(self.issued(csr), requester(message)) if self.status == b"0" else b""
        return self.signed(content, b"".join(sorted(self.attributes(request, content))))

    def opened(self, envelope):
        with open(self.path("ra.pem"), "w") as f:
            f.write(pem("CERTIFICATE", self.ra) + pem("RSA PRIVATE KEY", self.ra_key.der))
        done = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "der", "-recip", self.path("ra.pem")],
                              input=envelope, capture_output=True)
        if done.returncode:
            raise ValueError(done.stderr.decode())
        return done.stdout

    def issued(self, csr):
        info = children(children(children(csr)[0][1])[0][1])
        subject, spki = self.wish(info[1][2], info[2][2])
        leaf = certificate(self.issuer, subject, spki, self.leaf_extensions, **self.leaf_dates)
        return bundle(leaf, *self.more)

    def wish(self, subject, spki):
        return subject, spki

    def sealed(self, content, cert):
        return forge.envelope(content, cert)

    def attributes(self, request, content):
        sent = {"contentType": attribute(forge.CONTENT_TYPE, forge.DATA),
                "messageDigest": attribute(forge.MESSAGE_DIGEST, tlv(4, hashlib.sha256(content).digest())),
                "messageType": attribute(forge.TYPE, tlv(0x13, b"3")),
                "pkiStatus": attribute(forge.STATUS, tlv(0x13, self.status)),
                "transactionID": attribute(forge.TRANSACTION, tlv(0x13, request.of(forge.TRANSACTION))),
                "senderNonce": attribute(forge.NONCE, tlv(4, os.urandom(16))),
                "recipientNonce": attribute(forge.RECIPIENT_NONCE, tlv(4, request.of(forge.NONCE)))}
        if self.status == b"2":
            sent["failInfo"] = attribute(forge.FAIL_INFO, tlv(0x13, b"2"))
        self.spoil(sent, request)
        return sent.values()

    def spoil(self, sent, request):
        pass

    def signed(self, content, set_of):
        return forge.signed(self.signer, content, set_of)


def requester(message):
    """The certificate that a message is signed with."""
    fields = children(children(children(children(message)[0][1])[1][1])[0][1])
    return Certificate(children(fields[3][1])[0][2])


# ---- the ways in which it can be wrong ----

class Tls:
    tls = True

    def make(self):
        super().make()
        leaf = certificate(self.tls_issuer(), subject_of("CN=" + self.tls_name), self.tls_key.spki,
                           (usage(BOTH), eku(SERVER_AUTH), dns(self.tls_name)), **self.tls_dates)
        with open(self.path("tls.pem"), "w") as f:
            f.write(pem("CERTIFICATE", leaf) + pem("RSA PRIVATE KEY", self.tls_key.der))

    def tls_issuer(self):
        return self.ca_key, self.ca_name

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("tls.pem"))
        return context


class TlsVersion(Tls):
    def context(self):
        context = super().context()
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context


class TlsTrust(Tls):
    def tls_issuer(self):
        return self.stranger


class TlsExpired(Tls):
    tls_dates = {"begins": -2 * DAY, "ends": -DAY}


class TlsName(Tls):
    tls_name = "elsewhere.example"


class TlsClientCert(Tls):
    def context(self):
        context = super().context()
        context.load_verify_locations(self.path("ca.pem"))
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


class TlsClientCertRequired(TlsClientCert):
    def context(self):
        context = super().context()
        context.verify_mode = ssl.CERT_REQUIRED
        return context


class Closes:
    raw = b""


class NotHttp:
    raw = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"


class Cut:
    raw = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nPOSTPKI"


class Endless:
    capabilities = "AES\n" * (2 << 20)


class Silent:
    wait = 600


class Ahead:
    skew = DAY


class Behind:
    skew = -DAY


class Suffix:
    def answer(self, path, *more):
        return super().answer(path, *more) if path == "/scep" else NO_PAGE


class SuffixForbidden:
    def answer(self, path, *more):
        return super().answer(path, *more) if path == "/scep" else (403, "text/plain", b"forbidden\n")


class SuffixPage:
    def answer(self, path, *more):
        return super().answer(path, *more) if path == "/scep" else PAGE


class SuffixCloses:
    """A proxy before the server that knows its path only."""

    def answer(self, path, *more):
        return super().answer(path, *more) if path == "/scep" else None


class Doubled:
    def answer(self, path, *more):
        return super().answer(path, *more) if path in ("/scep", "/scep/pkiclient.exe") else NO_PAGE


class WebPage:
    def answer(self, *_):
        return PAGE


class Redirect:
    def answer(self, *_):
        return 302, "text/plain", b"elsewhere\n"


class RedirectSuffix:
    def answer(self, path, *more):
        return super().answer(path, *more) if path == "/scep" else (301, "text/plain", b"elsewhere\n")


class MessageDefault:
    """EJBCA in CA mode: no CA has that name."""

    def get_ca(self, message):
        return NO_PAGE if message == "default" else super().get_ca(message)


class Capabilities:
    def get_capabilities(self):
        return BROKEN


class CapabilitiesPage:
    def get_capabilities(self):
        return PAGE


class NoPost:
    capabilities = "SHA-256\nAES\nSCEPStandard\n"

    def get_capabilities(self):
        return 200, "text/plain", self.capabilities.replace("SCEPStandard\n", "").encode()


class NoAes:
    capabilities = "POSTPKIOperation\nSHA-256\nDES3\n"


class NoSha2:
    capabilities = "POSTPKIOperation\nSHA-1\nAES\n"


class Chain:
    capabilities = Right.capabilities + "GetCaCertChain\n"


class CaStatus:
    def get_ca(self, message):
        return BROKEN


class CaPage:
    def get_ca(self, message):
        return PAGE


class CaPem:
    def ca_body(self):
        return pem("CERTIFICATE", self.ca).encode()


class CaBase64:
    def ca_body(self):
        return base64.encodebytes(super().ca_body())


class CaGarbage:
    def ca_body(self):
        return os.urandom(900)


class CaEmpty:
    def ca_body(self):
        return b""


class CaCut:
    def ca_body(self):
        return super().ca_body()[:-40]


class CaNone:
    def ca_certificates(self):
        return []


class CaType:
    ca_type = "application/octet-stream"


class NoRa:
    def ca_certificates(self):
        return [self.ca, self.stranger_ca]


class RaUsage:
    ra_extensions = (eku(SERVER_AUTH),)


class RaSignsOnly:
    ra_extensions = usage(SIGNS), eku(SERVER_AUTH)


class RaEku:
    ra_extensions = (usage(BOTH),)


class RaIssuer:
    def make(self):
        self.ra_issuer = self.stranger
        super().make()


class CaExpired:
    ca_dates = {"begins": -2 * DAY, "ends": -DAY}


class RaFuture:
    ra_dates = {"begins": DAY}


class CaKey:
    """One bare CA with an EC key, to which nobody can encrypt in SCEP."""
    ca_type = "application/x-x509-ca-cert"

    def ca_body(self):
        return subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                               "ec_paramgen_curve:P-256", "-nodes", "-keyout", os.devnull, "-days", "9",
                               "-subj", "/CN=EC CA", "-outform", "der"], capture_output=True, check=True).stdout


class Crl:
    def make(self):
        self.ra_extensions = *self.ra_extensions, crl_url(self.here + "/gone.crl")
        super().make()


class SplitRa:
    """No fault: what NDES does. The RA that signs comes first."""

    def make(self):
        super().make()
        self.opens = self.ra
        self.signer = Signer(self.stranger_key, certificate(
            self.issuer, subject_of("CN=Test RA signing"), self.stranger_key.spki, (usage(SIGNS), eku(SERVER_AUTH))))
        self.ra = certificate(self.issuer, subject_of("CN=Test RA encryption"), self.ra_key.spki,
                              (usage(OPENS), eku(SERVER_AUTH)))

    def ca_certificates(self):
        return [self.signer.cert.der, self.ra, self.ca]


class Single:
    """No fault: one bare CA that does all; nothing checks its KeyUsage."""
    ca_type = "application/x-x509-ca-cert"

    def make(self):
        super().make()
        self.ra, self.ra_key = self.ca, self.ca_key
        self.signer = Signer(self.ca_key, self.ca)

    def ca_body(self):
        return self.ca


class NoOaep:
    """micromdm/scep 2.1."""

    def operate(self, message):
        return BROKEN if oid("1.2.840.113549.1.1.7") in message else super().operate(message)


class SpentChallenge(NoOaep):
    """It cannot read OAEP, or says so of what it dislikes, and refuses the second request."""
    status = b"2"


class OaepUnknown:
    """It cannot read OAEP, and answers the other with what says neither yes nor no."""

    def operate(self, message):
        if oid("1.2.840.113549.1.1.7") in message:
            return BROKEN
        return super().operate(message)

    def spoil(self, sent, request):
        del sent["pkiStatus"]


class OperationOnce:
    """401, and a certificate for whoever asks a second time: nobody should."""
    times = 0

    def operate(self, message):
        type(self).times += 1
        return (401, "text/plain", b"unauthorized\n") if self.times == 1 else super().operate(message)


class OaepRefused:
    """The same, by a server that says so in a CertRep: badMessageCheck."""

    def reply(self, message):
        self.status = b"2" if oid("1.2.840.113549.1.1.7") in message else b"0"
        return super().reply(message)

    def spoil(self, sent, request):
        if self.status == b"2":
            sent["failInfo"] = attribute(forge.FAIL_INFO, tlv(0x13, b"1"))


class Operation:
    def operate(self, message):
        return BROKEN


class OperationPage:
    def operate(self, message):
        return PAGE


class OperationCloses:
    def operate(self, message):
        return None


class ReplyGarbage:
    def reply(self, message):
        return os.urandom(2000)


class ReplyCut:
    def reply(self, message):
        return super().reply(message)[:-300]


class ReplyEmpty:
    def reply(self, message):
        return b""


class ReplyType:
    reply_type = "application/octet-stream"


class ReplyLacks:
    lacks = None

    def spoil(self, sent, request):
        del sent[self.lacks]


class ReplyTransaction:
    def spoil(self, sent, request):
        sent["transactionID"] = attribute(forge.TRANSACTION, tlv(0x13, b"0123456789ABCDEF"))


class ReplyNonce:
    def spoil(self, sent, request):
        sent["recipientNonce"] = attribute(forge.RECIPIENT_NONCE, tlv(4, os.urandom(16)))


class ReplyRepeats:
    def spoil(self, sent, request):
        for i in range(9):
            sent[i] = sent["senderNonce"]


class ReplyNonceCopied:
    def spoil(self, sent, request):
        sent["senderNonce"] = attribute(forge.NONCE, tlv(4, request.of(forge.NONCE)))


class ReplySigner:
    def signed(self, content, set_of):
        return forge.signed(Signer(self.stranger_key), content, set_of)


class ReplySignature:
    def signed(self, content, set_of):
        return forge.signed(self.signer, content, set_of, key=self.stranger_key)


class Refused:
    status = b"2"


class Pending:
    status = b"3"


class ReplyClosed:
    """Encrypted to somebody else."""

    def sealed(self, content, cert):
        return forge.envelope(content, cert, encrypted=forge.pkcs1(Certificate(self.stranger_ca), os.urandom(16)))


class ReplyDes:
    def sealed(self, content, cert):
        path = self.path("requester.pem")
        with open(path, "w") as f:
            f.write(pem("CERTIFICATE", cert.der))
        return subprocess.run(["openssl", "cms", "-encrypt", "-provider", "legacy", "-provider", "default", "-des",
                               "-binary", "-outform", "der", path], input=content, capture_output=True, check=True).stdout


class ReplyCerts:
    def make(self):
        super().make()
        self.more = (self.ca,)


class CertKey:
    def wish(self, subject, spki):
        return subject, self.stranger_key.spki


class CertFuture:
    leaf_dates = {"begins": HOUR}


class CertExpired:
    leaf_dates = {"begins": -2 * DAY, "ends": -DAY}


class CertChain:
    def make(self):
        super().make()
        self.issuer = self.stranger


class CertSubject:
    def wish(self, subject, spki):
        return subject_of("CN=somebody else"), spki


class CertUsage:
    leaf_extensions = usage(BOTH), eku(SERVER_AUTH)


def named(name):
    """The class of a fault: "no-ra" is NoRa, "lacks-senderNonce" a CertRep without that."""
    if name == "right":
        return Right
    if name.startswith("lacks-"):
        return type(name, (ReplyLacks,), {"lacks": name[6:]})
    return globals()["".join(part.capitalize() for part in name.split("-"))]


# ---- HTTP ----

class Http(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        at = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(at.query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.scep.wait)
        try:
            answer = self.scep.answer(at.path, query, body)
        except Exception as e:  # a request that it cannot read
            answer = 500, "text/plain", f"{type(e).__name__}: {e}\n".encode()
        if not answer:
            self.close_connection = True
            return
        status, type_of, body = answer
        self.send_response(status)
        self.send_header("Content-Type", type_of)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/login")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate((timestamp or time.time()) + self.scep.skew, usegmt=True)

    def log_message(self, form, *arguments):
        print(form % arguments, file=sys.stderr, flush=True)


class Raw(socketserver.StreamRequestHandler):
    """One request is read, and what comes is no answer."""

    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(self.scep.raw)


class Listener(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        print(f"{address}: {sys.exc_info()[1]}", file=sys.stderr, flush=True)


def main(faults, folder):
    server = Listener(("127.0.0.1", 0), Http)
    kind = type(faults, (*(named(name) for name in faults.split(",") if name != "right"), Right), {})
    scep = kind(faults, folder, server.server_port)
    server.RequestHandlerClass = type("Handler", (Http if scep.raw is None else Raw,), {"scep": scep})
    if scep.tls:
        server.socket = scep.context().wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
