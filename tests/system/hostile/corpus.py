# SPDX-License-Identifier: Apache-2.0
"""Every element of a request missing, doubled, of another type and of wrong lengths, layer by layer, and
every layer cut at every byte. What is around the wrong part is right: the signatures hold, and the
challenge is fresh and good. What the server may overlook is named; all else it must refuse."""
import itertools
import os

from client import CA, FAILURE, KEY, RA, REFUSED, SUCCESS, Client, certificates
from der import children, mutated, mutations
from forge import (GET_CERT, GET_CRL, PKCS_REQ, POLL, RENEWAL, Signer, attributes, csr, csr_info,
                   envelope, integer, message, sequence, sign_csr, signed, subject_of)
from probe import check, expect, finish

SUBJECT = "CN=hostile,O=Example"
client = Client("corpus")
stranger = Signer()
run, numbers = os.urandom(6).hex(), itertools.count()


def new_id():
    return f"{run}-{next(numbers)}".encode()


def request(content, signer=stranger, kind=PKCS_REQ):
    """A message around an envelope, under a transaction id that is not used yet."""
    return message(signer, kind, new_id(), content)


def our_csr(challenge):
    return csr(KEY, SUBJECT, challenge)


def hunt(base, assemble, harmless=lambda path, what: False, skip=lambda path: False, issues=True):
    """base(challenge) makes what is mutated, assemble(it) the message around it."""
    before, issued, wrong = certificates(), 0, []
    der = base(client.challenge())
    for path, what in mutations(der, skip):
        answer = client.post(assemble(mutated(der, path, what)))
        if answer.verdict == SUCCESS:
            issued += 1
            der = base(client.challenge())
        if (answer.verdict == SUCCESS) != bool(harmless(path, what)):
            wrong.append(f"{path} {what}: {answer}")
    expect(not wrong, "\n".join(wrong))
    expect(certificates() == before + issued * issues, f"{certificates() - before} certificates for {issued}")


def refuses(messages, send=client.post):
    """Each of (what, message) is refused, and nothing is issued."""
    before = certificates()
    wrong = []
    for what, body in messages:
        answer = send(body)
        if answer.verdict not in (REFUSED, FAILURE):
            wrong.append(f"{what}: {answer}")
    expect(not wrong, "\n".join(wrong))
    expect(certificates() == before, f"{before} certificates became {certificates()}")


def cuts(der, assemble=lambda part: part, step=1):
    return ((f"cut at {end}", assemble(der[:end])) for end in range(1, len(der), step))


def enroll(subject=SUBJECT):
    """A signer with a live certificate of the endpoint."""
    holder = Signer()
    challenge = client.challenge("--subject", subject)
    answer = client.post(request(envelope(csr(holder.key, subject, challenge), RA), holder))
    expect(answer.verdict == SUCCESS, answer)
    return Signer(holder.key, answer.rep.certificate(holder).der)


# ---- the outer layer ----

DIGESTS, CERTIFICATES = (0, 1, 0, 1), (0, 1, 0, 3)  # nobody asks the one; the other vouches for nothing
DIGEST_PARAMETERS, SIGNATURE_PARAMETERS = (0, 1, 0, 4, 0, 2, 1), (0, 1, 0, 4, 0, 4, 1)
INFO = (0, 1, 0)  # of an envelope: the EnvelopedData


def outer():
    hunt(lambda challenge: request(envelope(our_csr(challenge), RA)), lambda der: der,
         lambda path, what: path in (DIGEST_PARAMETERS, SIGNATURE_PARAMETERS) and what == "missing" or
         path == SIGNATURE_PARAMETERS and what == "another type",
         lambda path: path[:4] in (DIGESTS, CERTIFICATES))


def outer_cut():
    whole = request(envelope(our_csr(client.challenge()), RA))
    refuses(cuts(whole))
    refuses(cuts(whole, step=8), client.get)
    expect(client.post(whole).verdict == SUCCESS, "the whole message is not good")


def signer_certificate():
    """It may be wrong in what nobody reads; the certificate is issued for the CSR's key all the same."""
    whole = request(envelope(our_csr(client.challenge()), RA))
    before = certificates()
    for path, what in mutations(whole, lambda path: path[:4] != CERTIFICATES[:len(path[:4])]):
        client.post(mutated(whole, path, what))
    expect(certificates() <= before + 1, "more than one certificate for one challenge")


# ---- the signed attributes ----

def signed_attributes():
    content = None

    def base(challenge):
        nonlocal content
        content = envelope(our_csr(challenge), RA)
        return b"".join(attributes(PKCS_REQ, new_id(), content))
    hunt(base, lambda set_of: signed(stranger, content, set_of), harmless_attribute)


def harmless_attribute(path, what):
    """A client may send no nonce, or another one, and any transaction id of visible characters."""
    nonce, transaction = 3, 4
    if path[0] == nonce:
        return path == (nonce,) and what == "missing" or \
            path == (nonce, 0) and what in ("too short", "too long") or \
            path == (nonce, 1, 0) and what in ("empty", "too short", "too long")
    return path == (transaction, 1, 0) and what == "too short"


def no_attributes():
    content = envelope(our_csr(client.challenge()), RA)
    full = attributes(PKCS_REQ, b"none", content)
    refuses([("none", signed(stranger, content, b"")),
             ("a thousand", signed(stranger, content, b"".join(full * 200))),
             ("garbage", signed(stranger, content, bytes(1000)))])


# ---- the envelope ----

def the_envelope():
    """BER that is not minimal is mended; a recipient may stand there twice; the type of the content, and
    the NULL of RSA's parameters, are nobody's business."""
    hunt(lambda challenge: envelope(our_csr(challenge), RA), request,
         lambda path, what: path in (INFO + (0,), INFO + (1, 0, 0)) and what == "too long" or
         path == INFO + (1, 0) and what == "doubled" or path == INFO + (1, 0, 2, 1) and what == "missing" or
         path == INFO + (2, 0) and what in ("too short", "too long"))


def envelope_cut():
    refuses(cuts(envelope(our_csr(client.challenge()), RA), request))


# ---- the CSR ----

def the_csr():
    hunt(our_csr, lambda der: request(envelope(der, RA)),
         lambda path, what: path == (0, 1, 1) and what == "missing")  # the NULL of its algorithm


def csr_cut():
    refuses(cuts(our_csr(client.challenge()), lambda der: request(envelope(der, RA))))


KEY_PARAMETERS = (0, 2, 0, 1)


def csr_information():
    """Its signature is made over what is wrong: proof of possession holds."""
    hunt(lambda challenge: csr_info(KEY, SUBJECT, challenge),
         lambda info: request(envelope(sign_csr(KEY, info), RA)),
         lambda path, what: path == KEY_PARAMETERS and what == "missing" or
         path == (0, 3, 0, 1, 0) and what == "another type")  # the challenge, as another string


# ---- RenewalReq, and the questions ----

holder = enroll()


def renewal():
    """Signed with a live certificate, for its own subject, inside the window."""
    hunt(lambda _: csr_info(KEY, SUBJECT),
         lambda info: request(envelope(sign_csr(KEY, info), RA), holder, RENEWAL),
         lambda path, what: path in (KEY_PARAMETERS, (0, 3)) and what == "missing")


def renewal_by_a_stranger():
    refuses([("self-signed", request(envelope(csr(KEY, SUBJECT), RA), stranger, RENEWAL)),
             ("with a challenge", request(envelope(our_csr(client.challenge()), RA), stranger, RENEWAL))])


QUESTIONS = {POLL: sequence(CA.subject, subject_of(SUBJECT)),
             GET_CERT: sequence(CA.subject, integer(4711)), GET_CRL: sequence(CA.subject, integer(1))}


def question(kind, harmless):
    hunt(lambda _: QUESTIONS[kind], lambda der: request(envelope(der, RA), holder, kind), harmless, issues=False)


def question_cut(kind):
    refuses(cuts(QUESTIONS[kind], lambda der: request(envelope(der, RA), holder, kind)))


# ---- types, recipients, bombs ----

def types():
    content = envelope(our_csr(client.challenge()), RA)
    kinds = [0, 1, 2, 3, 4, 16, 18, 23, 99, 256, 275, 999, 1000, 2**32 + 19, 2**64 + 19, b"", b"-1", b"+19",
             b"19 ", b" 19", b"019 ", b"1 9", b"0x13", b"19\x00", b"19" * 200, b"\xd9\xa1\xd9\xa9"]
    refuses((repr(kind), message(stranger, kind, b"types", content)) for kind in kinds)
    for kind in POLL, GET_CERT, GET_CRL, RENEWAL:
        refuses([(f"a CSR as {kind}", message(stranger, kind, b"types", content))])
    for kind in QUESTIONS:
        refuses([(f"{kind} as PKCSReq", request(envelope(QUESTIONS[kind], RA), holder))])


def bombs():
    deep = [b"\x30\x80" * 20000, b"\x30\x80" * 20000 + b"\x00\x00" * 20000, b"\x24\x80" * 5000,
            b"\x24\x80" + b"\x04\x01x" * 100000 + b"\x00\x00", b"\x24\x80" + b"\x24\x80\x00\x00" * 50000,
            b"\xa0\x80" * 9000, b"\x30\x82\xff\xff" * 9000, b"\x04\x84\x7f\xff\xff\xff", b"\x1f" + b"\x81" * 9000,
            bytes(300000), b"\x30\x80", b"\x30", b""]
    refuses(("a bomb outside", bomb) for bomb in deep if bomb)
    refuses(("as the content", request(bomb)) for bomb in deep)
    refuses(("in the envelope", request(envelope(bomb, RA))) for bomb in deep)
    refuses((f"as the content of {kind}", request(envelope(bomb, RA), holder, kind))
            for kind in QUESTIONS for bomb in deep)
    refuses(("as an attribute", signed(stranger, b"x", bomb)) for bomb in deep)
    refuses(("as the certificates", signed(stranger, b"x", b"".join(attributes(19, b"b", b"x")), certificates=bomb))
            for bomb in deep)
    head = children(children(request(b"x"))[0][1])[0][2]
    refuses(("as the SignedData", b"\x30\x80" + head + b"\xa0\x80" + bomb) for bomb in deep)


check("corpus: every element of the message", outer)
check("corpus: the message cut at every byte, by POST and by GET", outer_cut)
check("corpus: every element of the signer's certificate", signer_certificate)
check("corpus: every element of the signed attributes", signed_attributes)
check("corpus: attributes none, many, garbage", no_attributes)
check("corpus: every element of the envelope", the_envelope)
check("corpus: the envelope cut at every byte", envelope_cut)
check("corpus: every element of the CSR", the_csr)
check("corpus: the CSR cut at every byte", csr_cut)
check("corpus: every element of the CSR's information, signed", csr_information)
check("corpus: every element of a renewal's CSR", renewal)
check("corpus: a RenewalReq by a stranger", renewal_by_a_stranger)
for kind, harmless in ((POLL, lambda path, what: False), (GET_CERT, lambda path, what: False),
                       (GET_CRL, lambda path, what: path == (0, 1) and what == "too long")):
    check(f"corpus: every element of messageType {kind}", question, kind, harmless)
    check(f"corpus: messageType {kind} cut at every byte", question_cut, kind)
check("corpus: other messageTypes", types)
check("corpus: bombs in BER, in every layer", bombs)
finish()
