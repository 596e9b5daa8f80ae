# SPDX-License-Identifier: Apache-2.0
"""The server as a SCEP client sees it that sends many messages and judges each answer."""
import base64
import http.client
import json
import os
import urllib.parse

from forge import FAIL_INFO, CertRep, Certificate, Key
from probe import DATA, PLAIN, database, expect, signet

REFUSED, SUCCESS, FAILURE, PENDING = "refused", "SUCCESS", "FAILURE", "PENDING"
RA = Certificate.read(os.path.join(DATA, "ra.pem"))
CA = Certificate.read(os.path.join(DATA, "ca.pem"))
KEY = Key()  # that all our CSRs are for: making one takes long


class Answer:
    """One line of plain text with 400, 413 or 414, or a CertRep: nothing else is decent."""

    def __init__(self, status, type, body):
        self.status, self.body, self.rep, self.verdict = status, body, None, REFUSED
        if status == 200 and type == "application/x-pki-message":
            self.rep = CertRep(body)
            self.verdict = {0: SUCCESS, 2: FAILURE, 3: PENDING}[self.rep.status]
            expect(self.verdict == SUCCESS or not self.rep.content, "an envelope in a " + self.verdict)
            return
        line = body.decode()
        expect(status in (400, 413, 414) and type == "text/plain", f"{status} {type} {body[:200]!r}")
        expect(line.endswith("\n") and line.count("\n") == 1 and line.strip(), f"not one line: {line!r}")

    def __repr__(self):
        if not self.rep:
            return f"{self.status} {self.body!r}"
        return f"{self.verdict} {self.rep.of(FAIL_INFO)} {self.rep.text}"


class Client:
    """An endpoint, over one connection that is kept."""

    def __init__(self, endpoint=None):
        self.endpoint, self.path = endpoint, "/scep" + (f"/{endpoint}" if endpoint else "")
        self.connection = None
        self.challenges = []

    def ask(self, method, target, body=None):
        for attempt in 1, 2:
            reused, self.connection = self.connection, self.connection or http.client.HTTPConnection(
                "127.0.0.1", urllib.parse.urlsplit(PLAIN).port, timeout=30)
            try:
                self.connection.request(method, target, body)
                got = self.connection.getresponse()
                body_of_reply = got.read()
                type_of = got.getheader("Content-Type", "").split(";")[0]
                if got.will_close:
                    self.close()
                return Answer(got.status, type_of, body_of_reply)
            except (http.client.HTTPException, OSError):
                self.close()
                if not reused or attempt == 2:
                    raise

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def post(self, message):
        return self.ask("POST", self.path + "?operation=PKIOperation", message)

    def get(self, message):
        text = urllib.parse.quote(base64.b64encode(message), safe="")
        return self.ask("GET", f"{self.path}?operation=PKIOperation&message={text}")

    def challenge(self, *options):
        """A fresh one for the subject CN=hostile,O=Example; with options, for what they say."""
        what = options or ("--subject", "CN=hostile,O=Example", "--count", "40")
        where = ("--endpoint", self.endpoint) if self.endpoint else ()
        if options or not self.challenges:
            made = json.loads(signet("challenge", "new", *what, *where, "-o", "json"))
            made = [c["challenge"] for c in (made if isinstance(made, list) else [made])]
            if options:
                return made[0]
            self.challenges = made
        return self.challenges.pop()


def certificates():
    return database("SELECT count(*) FROM certificate")[0][0]


def alarms(text):
    return [a for a in json.loads(signet("alarm", "list", "-o", "json")) if text in a["text"]]
