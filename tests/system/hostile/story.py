# SPDX-License-Identifier: Apache-2.0
"""A SCEP client and an administrator who come to every commit of the SCEP server, and come again, with
the same message or command, when they get no answer. For 50-crash, which kills the server meanwhile."""
import collections
import http.client
import os
import sqlite3
import subprocess

from forge import (PKCS_REQ, POLL, RENEWAL, CertRep, Certificate, Signer, csr, envelope, message,
                   sequence, subject_of)

ENDPOINT = '\n[endpoint "slow"]\napproval = manual\nvalidity = 20d\n'
SUCCESS, FAILURE, PENDING = 0, 2, 3
# What the journal holds at the end, each once however often the server died.
JOURNAL = {"the certificate was issued": 2, "the certificate was issued by the proof of an earlier one": 1,
           "a request waits for an administrator": 1, "an administrator approved the request": 1,
           "the administrator revoked the certificate": 1}


class NoAnswer(Exception):
    pass


class Story:
    """ask(*arguments) and tell(*arguments) run signet, ask for what it says in JSON; revive() sees to it that the server,
    which gave no answer, is dead, and starts it anew."""

    def __init__(self, data, port, keys, ask, tell, revive):
        self.data, self.port, self.revive = data, port, revive
        self.signer, self.key = keys
        self.raw_ask, self.raw_tell = ask, tell
        self.ra = Certificate.read(os.path.join(data, "ra.pem"))
        self.ca = Certificate.read(os.path.join(data, "ca.pem"))
        self.crl_number = 0
        self.held = []  # the certificates that the client got

    def again(self, work):
        for _ in range(3):
            try:
                return work()
            except (OSError, http.client.HTTPException, NoAnswer):
                self.revive()
        raise NoAnswer("three times without an answer")

    def http(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body)
            reply = connection.getresponse()
            data = reply.read()
        finally:
            connection.close()
        if reply.status != 200:
            raise NoAnswer(f"{path}: {reply.status} {data[:200]!r}")
        return data

    def post(self, whole, endpoint, status, signer=None):
        path = f"/scep{endpoint}?operation=PKIOperation"
        rep = self.again(lambda: CertRep(self.http("POST", path, whole)))
        assert rep.status == status, f"{endpoint}: status {rep.status}: {rep.text}"
        if status != SUCCESS:
            return None
        cert = rep.certificate(signer)
        if cert.der not in self.held:
            self.held.append(cert.der)
        return cert

    def challenge(self, *options):
        made = self.again(lambda: self.raw_ask("challenge", "new", *options))
        return (made[0] if isinstance(made, list) else made)["challenge"]

    def approve(self):
        for request in self.raw_ask("request", "list"):
            self.raw_tell("request", "approve", str(request["id"]))

    def revoke(self, serial):
        if self.raw_ask("cert", "show", serial)["state"] != "revoked":
            self.raw_tell("cert", "revoke", serial, "--reason", "superseded")

    def crl(self):
        """Its numbers only grow."""
        der = self.again(lambda: self.http("GET", "/pki/default.crl"))
        text = subprocess.run(["openssl", "crl", "-inform", "der", "-noout", "-text", "-crlnumber"], input=der,
                              capture_output=True, check=True).stdout.decode()
        number = int(text.rsplit("crlNumber=", 1)[1].split()[0], 16)
        assert number >= self.crl_number, f"the CRL {number} after {self.crl_number}"
        fresh, self.crl_number = number > self.crl_number, number
        return text, fresh

    def run(self):
        one = self.challenge("--subject", "CN=one")
        first = message(self.signer, PKCS_REQ, b"first", envelope(csr(self.signer.key, "CN=one", one), self.ra))
        cert = self.post(first, "/pkiclient.exe", SUCCESS, self.signer)
        two = self.challenge("--subject", "CN=two", "--endpoint", "slow")
        second = message(self.signer, PKCS_REQ, b"second", envelope(csr(self.key, "CN=two", two), self.ra))
        self.post(second, "/slow", PENDING)
        self.again(self.approve)
        poll = message(self.signer, POLL, b"second", envelope(
            sequence(self.ca.subject, subject_of("CN=two")), self.ra))
        approved = self.post(poll, "/slow", SUCCESS, self.signer)
        holder = Signer(self.key, approved.der)
        third = message(holder, RENEWAL, b"third", envelope(csr(self.signer.key, "CN=two"), self.ra))
        renewed = self.post(third, "/slow", SUCCESS, holder)
        self.crl()
        serial = cert.serial[2:].lstrip(b"\x00").hex()
        self.again(lambda: self.revoke(serial))
        text, fresh = self.crl()
        assert fresh and serial.upper() in text, f"{serial} is not in the CRL:\n{text}"
        for whole, endpoint, who, was in ((second, "/slow", self.signer, approved), (third, "/slow", holder, renewed)):
            assert self.post(whole, endpoint, SUCCESS, who).der == was.der, "another certificate for the same request"
        self.post(first, "/pkiclient.exe", FAILURE)  # its certificate is revoked: a repeat gets no other

    def check(self):
        """Nothing is lost and nothing is doubled. After the server has stopped."""
        db = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.data, "signet.db"), uri=True)
        try:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity_check"
            assert not db.execute("PRAGMA foreign_key_check").fetchall(), "foreign_key_check"
            issued = [der for der, in db.execute("SELECT der FROM certificate")]
            assert sorted(issued) == sorted(self.held) and len(issued) == 3, f"{len(issued)} issued, {len(self.held)} held"
            assert db.execute("SELECT count(*) FROM certificate WHERE revoked IS NOT NULL").fetchone() == (1,), "revoked"
            assert db.execute("SELECT count(*) FROM challenge WHERE used IS NOT NULL").fetchone() == (2,), "challenges"
            assert db.execute("SELECT count(*), sum(state = 2) FROM request").fetchone() == (3, 3), "requests"
            told = collections.Counter(text for text, in db.execute("SELECT text FROM journal"))
            assert all(told[text] == n for text, n in JOURNAL.items()), told
            assert not [text for text in told if "challenge" in text or "transaction" in text], told
        finally:
            db.close()
