# SPDX-License-Identifier: Apache-2.0
"""An upstream for the gateway: a SCEP server that is right but for faults that a test switches while
it runs, that keeps its transactions, and that remembers what it was asked.

    upstream.py FOLDER [--name NAME] [--port N] [--kind KIND,...] [--faults FAULT,...]
                [--challenge C] [--webhook URL --secret BASE64]

It listens on loopback and prints its port; the SCEP path is /scep. FOLDER gets NAME.ca.pem, the root
that hosts trust, NAME.leaf-1.pem and so on, what it issued in that order, and NAME.memory: started
again with the same FOLDER, NAME and KIND it has the same CA, RA and transactions, after kill -9 too.

KIND (right, split-ra, single, tls ...) and FAULT (operation, operation-page, reply-signer ...) are
classes of probe/broken.py, or of this file:

    pends       PKCSReq is answered PENDING, the first CertPoll SUCCESS
    held        both are PENDING until /control?approve=1
    forgetful   the same request again gets another certificate
    get-only    no POSTPKIOperation, and POST is answered 405
    huge        PKIOperation is answered with 100 MiB
    operation-silent   PKIOperation is not answered
    operation-late     it is done, and answered after 3 seconds
    operation-vanishes it is done, and the connection is closed without an answer
    operation-503      503 with Retry-After: 7
    reply-error-page   the CertRep's place is taken by an HTML page with status 500
    refused-text       FAILURE with a failInfoText of several lines and escape sequences
    other-ca           GetCACert shows another CA, with its RA
    leaf-ra            GetCACert shows what every host has before the RA: a certificate of the CA

/control?faults=A,B switches them ("faults=" none), challenge=C the challenge. Its answer, also
without a query, is JSON: faults, requests (method, HTTP version, query, content type and messageType
of each PKIOperation), issued (serial, transaction), pending. Never to be used for real."""
import argparse
import hashlib
import hmac
import http.server
import json
import os
import pickle
import sys
import threading
import time
import urllib.parse
import urllib.request
from base64 import b64decode, b64encode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "probe"))
import broken
import forge
from der import children, tlv
from forge import Certificate, CertRep, Signer, attribute, subject_of


# ---- what survives a restart ----

class Memory:
    """certificates of itself, requests, what was issued and what is pending."""

    def __init__(self, path):
        self.path, self.lock = path, threading.RLock()
        self.kept = {"own": {}, "bundles": {}, "issued": [], "pending": {}}
        self.requests, self.approved = [], False
        if os.path.exists(path):
            with open(path, "rb") as f:
                self.kept = pickle.load(f)

    def keep(self):
        with open(self.path + ".new", "wb") as f:
            pickle.dump(self.kept, f)
        os.rename(self.path + ".new", self.path)


class Remembers:
    """Between the faults and broken.Right."""
    pends = held = forgetful = False

    def make(self):
        own = self.memory.kept["own"]
        if self.kind not in own:
            before = dict(self.__dict__)
            super().make()
            own[self.kind] = {k: v for k, v in self.__dict__.items() if before.get(k, self) is not v}
            self.memory.keep()
        self.__dict__.update(own[self.kind])

    def reply(self, message):
        request = CertRep(message)
        with self.memory.lock:
            before = self.status
            try:
                csr = self.csr_of(request)
                self.status = self.decide(request, csr, before)
                content = self.sealed(self.bundle_of(request, csr), broken.requester(message)) \
                    if self.status == b"0" else b""
                set_of = b"".join(sorted(self.attributes(request, content)))
            finally:
                self.status = before
        return self.signed(content, set_of)

    def csr_of(self, request):
        if request.of(forge.TYPE) == b"20":
            return self.memory.kept["pending"].get(request.of(forge.TRANSACTION))
        return self.opened(request.content)

    def decide(self, request, csr, status):
        pending, transaction = self.memory.kept["pending"], request.of(forge.TRANSACTION)
        if status != b"0" or not csr:
            return status if csr else b"2"
        if self.held and not self.memory.approved:
            status = b"3"
        if request.of(forge.TYPE) == b"19":
            if not self.is_allowed(csr, transaction):
                return b"2"
            status = b"3" if self.pends else status
        if status == b"3":
            pending[transaction] = csr
        else:
            pending.pop(transaction, None)
        self.memory.keep()
        return status

    def is_allowed(self, csr, transaction):
        if self.challenge is not None and challenge_of(csr) != self.challenge:
            return False
        return not self.webhook or allowed_by(self.webhook, self.secret, csr, transaction)

    def bundle_of(self, request, csr):
        transaction, kept = request.of(forge.TRANSACTION), self.memory.kept
        key = transaction, hashlib.sha256(csr).digest()
        if self.forgetful or key not in kept["bundles"]:
            bundle = kept["bundles"][key] = self.issued(csr)
            leaf = leaf_of(bundle)
            kept["issued"].append({"serial": leaf.serial[2:].hex(), "transaction": transaction.decode()})
            with open(self.path(f"leaf-{len(kept['issued'])}.pem"), "w") as f:
                f.write(broken.pem("CERTIFICATE", leaf.der))
            self.memory.keep()
        return kept["bundles"][key]


def leaf_of(bundle):
    fields = children(children(children(children(bundle)[0][1])[1][1])[0][1])
    return Certificate(children(next(body for tag, body, _ in fields if tag == 0xa0))[0][2])


def challenge_of(csr):
    attributes = children(children(children(csr)[0][1])[0][1])[3][1]
    for _, body, _ in children(attributes):
        name, values = children(body)
        if name[2] == forge.CHALLENGE:
            return children(values[1])[0][1].decode()
    return None


def allowed_by(url, secret, csr, transaction):
    """As step-ca asks its SCEPCHALLENGE webhook."""
    body = json.dumps({"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                       "provisionerName": "upstream", "scepChallenge": challenge_of(csr) or "",
                       "scepTransactionID": transaction.decode(),
                       "x509CertificateRequest": {"raw": b64encode(csr).decode()}}).encode()
    signature = hmac.new(b64decode(secret), body, hashlib.sha256).hexdigest()
    question = urllib.request.Request(url, body, {"Content-Type": "application/json",
                                                  "X-Smallstep-Signature": signature,
                                                  "X-Smallstep-Webhook-ID": "upstream"})
    try:
        with urllib.request.urlopen(question, timeout=10) as answer:
            return answer.status == 200 and json.load(answer).get("allow") is True
    except (OSError, ValueError) as e:
        print(f"webhook: {e}", file=sys.stderr, flush=True)
        return False


# ---- faults beside those of broken.py ----

class Pends:
    pends = True


class Held:
    held = True


class Forgetful:
    forgetful = True


class GetOnly(broken.NoPost):
    def answer(self, path, query, body):
        return (405, "text/plain", b"GET only\n") if body else super().answer(path, query, body)


class Huge:
    def operate(self, message):
        return 200, self.reply_type, bytes(100 << 20)


class OperationSilent:
    def operate(self, message):
        time.sleep(600)


class OperationLate:
    def operate(self, message):
        answer = super().operate(message)
        time.sleep(3)
        return answer


class OperationVanishes:
    def operate(self, message):
        super().operate(message)


class Operation503:
    def operate(self, message):
        return 503, "text/plain\r\nRetry-After: 7", b"maintenance\n"


class ReplyErrorPage:
    def operate(self, message):
        return 500, *broken.PAGE[1:]


class RefusedText(broken.Refused):
    def spoil(self, sent, request):
        super().spoil(sent, request)
        text = "denied by policy\x1b[31m\r\nstatus=SUCCESS \u202eforged"
        sent["failInfoText"] = attribute(forge.FAIL_TEXT, tlv(12, text.encode()))


class OtherCa:
    def ca_certificates(self):
        name = subject_of("CN=Another CA")
        own = self.memory.kept["own"]
        if "other" not in own:
            ca = self.new_ca(self.stranger_key, name)
            own["other"] = [broken.certificate((self.stranger_key, name), subject_of("CN=Another RA"), self.tls_key.spki,
                                               self.ra_extensions), ca]
            self.memory.keep()
        return own["other"]


class LeafRa:
    def ca_certificates(self):
        own = self.memory.kept["own"]
        if "leaf" not in own:
            own["leaf"] = broken.certificate(self.issuer, subject_of("CN=host"), self.tls_key.spki, self.leaf_extensions)
            self.memory.keep()
        return [own["leaf"], *super().ca_certificates()]


def named(name):
    mine = "".join(part.capitalize() for part in name.split("-"))
    return globals()[mine] if mine in globals() else broken.named(name)


# ---- the server ----

class Handler(broken.Http):
    @property
    def scep(self):
        return self.server.scep

    def do_GET(self):
        at = urllib.parse.urlsplit(self.path)
        if at.path == "/control":
            self.control(dict(urllib.parse.parse_qsl(at.query, keep_blank_values=True)))
            return
        if "PKIOperation" in at.query:
            self.server.memory.requests.append({
                "method": self.command, "version": self.request_version, "query": at.query[:60],
                "type": self.headers.get("Content-Type")})
        super().do_GET()

    do_POST = do_GET

    def control(self, query):
        server = self.server
        if "faults" in query:
            server.faults = query["faults"]
        if "challenge" in query:
            server.options.challenge = query["challenge"]
        server.memory.approved = server.memory.approved or "approve" in query
        server.build()
        body = json.dumps({"faults": server.faults, "requests": server.memory.requests,
                           "issued": server.memory.kept["issued"],
                           "pending": len(server.memory.kept["pending"])}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(broken.Listener):
    request_queue_size = 128

    def __init__(self, options):
        super().__init__(("127.0.0.1", options.port), Handler)
        self.options, self.faults = options, options.faults
        self.memory = Memory(os.path.join(options.folder, options.name + ".memory"))
        self.build()

    def build(self):
        o = self.options
        names = [n for n in self.faults.split(",") + o.kind.split(",") if n and n != "right"]
        kind = type("Upstream", (*(named(n) for n in names), Remembers, broken.Right), {
            "memory": self.memory, "kind": o.kind, "challenge": o.challenge, "webhook": o.webhook,
            "secret": o.secret})
        self.scep = kind(o.name, o.folder, self.server_port)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--name", default="upstream")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--kind", default="right")
    parser.add_argument("--faults", default="")
    parser.add_argument("--challenge")
    parser.add_argument("--webhook")
    parser.add_argument("--secret")
    server = Server(parser.parse_args())
    if server.scep.tls:
        server.socket = server.scep.context().wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
