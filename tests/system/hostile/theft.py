# SPDX-License-Identifier: Apache-2.0
"""What belongs to one key is not for another: transaction ids, waiting requests, certificates, CRLs. And
who was refused occupies nothing."""
import json
import os

from client import CA, FAILURE, KEY, PENDING, RA, SUCCESS, Client, alarms, certificates
from der import children
from forge import (GET_CERT, GET_CRL, PKCS_REQ, POLL, RENEWAL, Signer, csr, envelope, message, sequence,
                   subject_of)
from probe import check, expect, finish, signet

client, slow = Client("corpus"), Client("slow")
owner, thief = Signer(), Signer()
RUN = os.urandom(6).hex()
SUBJECT = f"CN=owner-{RUN}"
BAD_MESSAGE_CHECK, BAD_REQUEST, BAD_CERT_ID = 1, 2, 4


def ask(who, kind, transaction, content, at=client):
    return at.post(message(who, kind, f"{RUN}-{transaction}".encode(), envelope(content, RA)))


def request(who, transaction, challenge, at=client, subject=SUBJECT, key=None):
    return ask(who, PKCS_REQ, transaction, csr(key or who.key, subject, challenge), at)


def state(challenge_id):
    return next(c["state"] for c in json.loads(signet("challenge", "list", "-o", "json")) if c["id"] == challenge_id)


def mint(at=client, subject=SUBJECT):
    made = json.loads(signet("challenge", "new", "--subject", subject, "--endpoint", at.endpoint, "-o", "json"))
    made = made[0] if isinstance(made, list) else made
    return made["challenge"], made["id"]


def refused(answer, info):
    expect(answer.verdict == FAILURE and answer.rep.reason == info, answer)


def holder(at=client, subject=SUBJECT):
    who = Signer()
    answer = request(who, os.urandom(4).hex(), mint(at, subject)[0], at, subject)
    expect(answer.verdict == SUCCESS, answer)
    return Signer(who.key, answer.rep.certificate(who).der)


def transaction_id():
    expect(request(owner, "mine", mint()[0]).verdict == SUCCESS, "the owner is not served")
    before, (challenge, number) = certificates(), mint(subject="CN=thief")
    refused(request(thief, "mine", challenge, subject="CN=thief"), BAD_REQUEST)
    expect(certificates() == before, "the thief has a certificate")
    expect(state(number) == "open", "the thief's refusal used up his challenge")
    expect(alarms("transaction id was used with another key"), "no alarm")
    expect(request(thief, "his own", challenge, subject="CN=thief").verdict == SUCCESS, "under his own id")


def the_answer_of_another():
    """The owner's CSR, which anybody may have seen, in the thief's envelope: not under that id."""
    challenge, _ = mint()
    first = request(owner, "seen", challenge)
    expect(first.verdict == SUCCESS, first)
    refused(request(thief, "seen", challenge, key=owner.key), BAD_REQUEST)
    refused(ask(thief, RENEWAL, "seen", csr(owner.key, SUBJECT)), BAD_REQUEST)
    refused(ask(thief, POLL, "seen", sequence(CA.subject, subject_of(SUBJECT))), BAD_CERT_ID)
    again = request(owner, "seen", challenge)
    expect(again.rep.certificate(owner).der == first.rep.certificate(owner).der, "the owner's repeat")


def refused_occupies_nothing():
    """An id that was refused, for a bad challenge or a bad envelope, is free for others."""
    refused(request(thief, "free", "0123456789"), BAD_REQUEST)
    refused(ask(thief, PKCS_REQ, "free", b"nothing"), BAD_MESSAGE_CHECK)
    refused(ask(thief, POLL, "free", sequence(CA.subject, subject_of(SUBJECT))), BAD_CERT_ID)
    expect(request(owner, "free", mint()[0]).verdict == SUCCESS, "the id is occupied")


def another_type():
    """The same id by the same key with another CSR is a new request, which wants its own right."""
    challenge, _ = mint()
    expect(request(owner, "again", challenge).verdict == SUCCESS, "first")
    refused(request(owner, "again", challenge, key=KEY), BAD_REQUEST)
    expect(request(owner, "again", mint()[0], key=KEY).verdict == SUCCESS, "with a challenge of its own")


def poll(who, transaction, subject=SUBJECT, issuer=CA.subject, at=slow):
    return ask(who, POLL, transaction, sequence(issuer, subject_of(subject)), at)


def waiting():
    challenge, _ = mint(slow)
    expect(request(owner, "waits", challenge, slow).verdict == PENDING, "it does not wait")
    expect(poll(owner, "waits").verdict == PENDING, "the owner's poll")
    refused(poll(thief, "waits"), BAD_CERT_ID)
    expect(alarms("polled for a request that another key"), "no alarm")
    refused(poll(owner, "waits", "CN=other"), BAD_CERT_ID)
    refused(poll(owner, "waits", issuer=subject_of("CN=other")), BAD_MESSAGE_CHECK)
    refused(poll(owner, "waits", at=client), BAD_CERT_ID)
    refused(poll(owner, "nothing"), BAD_CERT_ID)
    refused(request(thief, "waits", challenge, slow), BAD_REQUEST)
    refused(request(thief, "waits too", challenge, slow), BAD_REQUEST)
    waits = [r for r in json.loads(signet("request", "list", "-o", "json")) if r["subject"] == SUBJECT]
    expect(len(waits) == 1, waits)
    signet("request", "approve", str(waits[0]["id"]))
    refused(poll(thief, "waits"), BAD_CERT_ID)
    expect(poll(owner, "waits").rep.certificate(owner).n == owner.key.n, "the owner's certificate")


def question(who, kind, serial, at=client, issuer=CA.subject):
    return ask(who, kind, os.urandom(4).hex(), sequence(issuer, serial), at)


def questions():
    live, revoked, elsewhere = holder(), holder(), holder(Client("des"))
    serial = live.cert.serial
    signet("cert", "revoke", revoked.cert.serial[2:].hex())
    forged = Signer(thief.key, pretended(live))
    for what, who in (("self-signed", thief), ("revoked", revoked), ("of another endpoint", elsewhere),
                      ("forged", forged)):
        for kind in GET_CERT, GET_CRL:
            answer = question(who, kind, serial)
            refused(answer, BAD_REQUEST)
        refused(ask(who, RENEWAL, os.urandom(4).hex(), csr(KEY, SUBJECT)),
                BAD_REQUEST if what == "revoked" else BAD_CERT_ID)
    expect(question(live, GET_CERT, serial).rep.certificate(live).der == live.cert.der, "its own")
    expect(question(live, GET_CRL, serial).verdict == SUCCESS, "the CRL")
    refused(question(live, GET_CERT, elsewhere.cert.serial), BAD_CERT_ID)
    refused(question(live, GET_CERT, RA.serial), BAD_CERT_ID)
    refused(question(live, GET_CERT, serial, issuer=subject_of("CN=other")), BAD_MESSAGE_CHECK)
    refused(question(live, GET_CRL, serial, issuer=subject_of("CN=other")), BAD_MESSAGE_CHECK)
    expect(alarms("renewal was asked for with a revoked certificate"), "no alarm")


def pretended(who):
    """A certificate with all names and numbers of another's, for the thief's key."""
    tbs, algorithm, signature = (whole for _, _, whole in children(children(who.cert.der)[0][1]))
    fields = [whole for _, _, whole in children(children(tbs)[0][1])]
    fields[6] = thief.key.spki
    return sequence(sequence(*fields), algorithm, signature)


def renewal_of_another_name():
    live = holder()
    for subject in "CN=other", SUBJECT + ",O=more", "":
        refused(ask(live, RENEWAL, os.urandom(4).hex(), csr(KEY, subject)), BAD_REQUEST)
    refused(ask(live, RENEWAL, os.urandom(4).hex(), csr(live.key, SUBJECT)), BAD_REQUEST)
    expect(ask(live, RENEWAL, os.urandom(4).hex(), csr(KEY, SUBJECT)).verdict == SUCCESS, "a right one")


check("theft: a transaction id of another key", transaction_id)
check("theft: a request that somebody has seen", the_answer_of_another)
check("theft: who was refused occupies no id", refused_occupies_nothing)
check("theft: an id again, with another CSR", another_type)
check("theft: a request that waits", waiting)
check("theft: GetCert, GetCRL and RenewalReq without a live certificate of the endpoint", questions)
check("theft: a renewal under another name, or with the old key", renewal_of_another_name)
finish()
