# SPDX-License-Identifier: Apache-2.0
"""Why an envelope did not open is nobody's business: all causes get one and the same answer. What
everybody can see in the message, a cipher, may be told."""
import os

from client import CA, FAILURE, KEY, RA, SUCCESS, Client, certificates
from der import children, oid, tlv
from forge import (AES128, GET_CERT, OAEP, PKCS_REQ, POLL, RENEWAL, Signer, aes, csr, csr_info, enveloped,
                   envelope, extension, integer, message, pkcs1, recipient, sequence, sign_csr, spki_of)
from probe import check, expect, finish

SUBJECT = "CN=hostile,O=Example"
client = Client("corpus")
signer, other = Signer(), Signer(subject="CN=another RA")
GOOD = csr(KEY, SUBJECT, client.challenge())
BAD_ALG, BAD_MESSAGE_CHECK = 0, 1


def keys():
    """Wrong in the RecipientInfo."""
    secret, size = os.urandom(16), 256
    ours = RA.id
    tampered = bytearray(pkcs1(RA, secret))
    tampered[100] ^= 1
    yield "another RA", envelope(GOOD, other.cert)
    yield "another RA's key under our name", envelope(GOOD, RA, secret, encrypted=pkcs1(other.cert, secret))
    yield "the CA's name", envelope(GOOD, RA, secret, id=CA.id)
    yield "another serial number", envelope(GOOD, RA, id=sequence(RA.issuer, integer(1)))
    yield "another issuer", envelope(GOOD, RA, id=sequence(other.cert.issuer, RA.serial))
    yield "a key identifier", envelope(GOOD, RA, id=tlv(0x80, bytes(20)))
    yield "a key identifier of nothing", envelope(GOOD, RA, id=tlv(0x80))
    yield "a tampered key", envelope(GOOD, RA, secret, encrypted=bytes(tampered))
    for what, encrypted in (("zeros", bytes(size)), ("ones", b"\xff" * size), ("one", bytes(size - 1) + b"\x01"),
                            ("the modulus", RA.n.to_bytes(size, "big")), ("a byte", b"\x01"),
                            ("too short", pkcs1(RA, secret)[:-1]), ("too long", pkcs1(RA, secret) + b"\x00"),
                            ("4096 bits", os.urandom(512))):
        yield f"as key: {what}", envelope(GOOD, RA, secret, encrypted=encrypted, id=ours)
    for head in b"\x00\x01", b"\x01\x02", b"\x00\x00":
        yield f"a padding of {head.hex()}", envelope(GOOD, RA, secret, head=head)
    for n in 0, 1, 8, 15, 17, 24, 32, 200, 245:
        yield f"a key of {n} octets", enveloped([recipient(RA, os.urandom(n))], AES128, tlv(4, bytes(16)),
                                                aes(secret, bytes(16), GOOD))
    for what, algorithm in (("OAEP", OAEP), ("OAEP with SHA-256", sequence(
            oid("1.2.840.113549.1.1.7"), sequence(tlv(0xa0, sequence(oid("2.16.840.1.101.3.4.2.1")))))),
                            ("none that is known", sequence(oid("1.2.3.4"), b"\x05\x00")),
                            ("RSA with parameters", sequence(oid("1.2.840.113549.1.1.1"), b"\x30\x00"))):
        yield f"key transport: {what}", envelope(GOOD, RA, algorithm=algorithm)


def recipients():
    """Wrong in their number and kind."""
    secret, iv = os.urandom(16), bytes(16)
    strangers = [recipient(other.cert, secret, id=sequence(other.cert.issuer, integer(n))) for n in range(1, 300)]
    for what, some in (("no recipient", []), ("300 strangers", strangers),
                       ("a password", [tlv(0xa3, b"\x02\x01\x00")]), ("an agreement", [tlv(0xa1, bytes(40))]),
                       ("garbage", [b"\x04\x01x"]), ("garbage before ours", [b"\x30\x00", recipient(RA, secret)])):
        yield what, enveloped(some, AES128, tlv(4, iv), aes(secret, iv, GOOD))


def contents():
    """Wrong under the cipher, or in the CSR."""
    secret, iv = os.urandom(16), os.urandom(16)
    good = aes(secret, iv, GOOD)
    for what, ciphertext in (("nothing", b""), ("no whole block", good[:-1]), ("a block less", good[:-16]),
                             ("its last block torn", good[:-1] + bytes([good[-1] ^ 1])),
                             ("its first block torn", bytes([good[0] ^ 1]) + good[1:]),
                             ("random", os.urandom(len(good))), ("1 MB of zeros", bytes(900000))):
        yield f"as ciphertext: {what}", enveloped([recipient(RA, secret)], AES128, tlv(4, iv), ciphertext)
    for what, iv in (("half", tlv(4, bytes(8))), ("none", b""), ("NULL", b"\x05\x00"), ("17 octets", tlv(4, bytes(17)))):
        yield f"as IV: {what}", enveloped([recipient(RA, secret)], AES128, iv, good)
    broken = csr_info(KEY, SUBJECT, "x")
    ec = sequence(sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), tlv(3, b"\x00\x04" + bytes(64)))
    info = lambda spki: sequence(b"\x02\x01\x00", sequence(), spki, tlv(0xa0))
    for what, content in (
            ("nothing", b""), ("text", b"hello"), ("zeros", bytes(1 << 19)), ("half a CSR", GOOD[:300]),
            ("a CSR and more", GOOD + b"\x00"), ("two CSRs", GOOD * 2), ("a certificate", signer.cert.der),
            ("a broken signature", sign_csr(KEY, broken, bytes(256))),
            ("no signature", sign_csr(KEY, broken, b"x")), ("another key's signature", sign_csr(signer.key, broken)),
            ("an unknown signature algorithm", sequence(broken, sequence(oid("1.2.3")), tlv(3, bytes(257)))),
            ("MD5", sequence(broken, sequence(oid("1.2.840.113549.1.1.4"), b"\x05\x00"), tlv(3, bytes(257)))),
            ("ECDSA over an RSA key", sequence(broken, sequence(oid("1.2.840.10045.4.3.2")), tlv(3, bytes(70)))),
            ("a point that is not on the curve", sequence(info(ec), sequence(oid("1.2.840.10045.4.3.2")), tlv(3, bytes(71)))),
            ("a modulus of zero", sign_csr(KEY, info(spki_of(0)))), ("a modulus of one", sign_csr(KEY, info(spki_of(1)))),
            ("an even modulus", sign_csr(KEY, info(spki_of(KEY.n + 1)))),
            ("a modulus of 100,000 bits", sign_csr(KEY, info(spki_of((1 << 100000) + 1)))),
            ("two challenges", sign_csr(KEY, csr_info(KEY, SUBJECT, "x", more=sequence(
                oid("1.2.840.113549.1.9.7"), tlv(0x31, tlv(19, b"y")))))),
            ("an extension twice", csr(KEY, SUBJECT, "x", [extension("2.5.29.37", b"\x30\x00")] * 2)),
            ("100 extensions", csr(KEY, SUBJECT, "x", [extension(f"1.2.3.{n}", b"\x05\x00") for n in range(100)])),
            ("BER without end", b"\x30\x80" * 2000)):
        yield f"as content: {what}", envelope(content, RA)


def one_answer(kind):
    answers, bodies, before = {}, set(), certificates()
    for causes in keys, recipients, contents:
        for what, content in causes():
            answer = client.post(message(signer, kind, b"the same for all", content))
            expect(answer.verdict == FAILURE and answer.rep.reason == BAD_MESSAGE_CHECK and not answer.rep.text,
                   f"{what}: {answer}")
            answers.setdefault(answer.rep.telling(), []).append(what)
            bodies.add(len(answer.body))
    expect(len(answers) == 1, f"{len(answers)} answers: {[v[:5] for v in answers.values()]}")
    expect(len(bodies) == 1, f"answers of {bodies} octets")
    expect(certificates() == before, "a certificate was issued")


def ciphers():
    """Seen by everybody: badAlg. Single DES where it is off says how it is switched on."""
    secret = os.urandom(16)
    for what, cipher, iv in (("DES", "1.3.14.3.2.7", tlv(4, bytes(8))), ("RC4", "1.2.840.113549.3.4", b""),
                             ("RC2", "1.2.840.113549.3.2", sequence(integer(58), tlv(4, bytes(8)))),
                             ("AES-GCM", "2.16.840.1.101.3.4.1.6", sequence(tlv(4, bytes(12)))),
                             ("unknown", "1.2.3.4.5", tlv(4, bytes(8))), ("a long OID", "1.3" + ".4294967295" * 30, b"")):
        answer = client.post(message(signer, PKCS_REQ, b"ciphers",
                                     enveloped([recipient(RA, secret)], cipher, iv, bytes(800))))
        expect(answer.verdict == FAILURE and answer.rep.reason == BAD_ALG, f"{what}: {answer}")
        expect(what != "DES" or "allow-des" in answer.rep.text, answer.rep.text)


def digests():
    """MD5 and what nobody knows, as the message's digest and signature."""
    whole = message(signer, PKCS_REQ, b"digests", envelope(GOOD, RA))
    sha256 = oid("2.16.840.1.101.3.4.2.1")
    for digest in "1.2.840.113549.2.5", "1.2.840.113549.2.2", "2.16.840.1.101.3.4.2.9":
        answer = client.post(resized(whole, sha256, oid(digest)))
        expect(answer.verdict != SUCCESS, answer)


def resized(der, old, new):
    """Another OID in every place of one, with lengths that fit."""
    out = b""
    for tag, body, whole in children(der):
        out += new if whole == old else tlv(tag, resized(body, old, new)) if tag & 0x20 else whole
    return out


def ours_among_many():
    """The server takes its own RecipientInfo, wherever it stands."""
    secret, iv = os.urandom(16), os.urandom(16)
    strangers = [recipient(other.cert, secret, id=sequence(other.cert.issuer, integer(n))) for n in range(1, 300)]
    for place in 0, 150, 299:
        some = strangers[:place] + [recipient(RA, secret)] + strangers[place:]
        content = enveloped(some, AES128, tlv(4, iv), aes(secret, iv, csr(KEY, SUBJECT, client.challenge())))
        answer = client.post(message(signer, PKCS_REQ, os.urandom(8).hex().encode(), content))
        expect(answer.verdict == SUCCESS, f"at {place}: {answer}")


check("opening: every cause, one answer to a PKCSReq", one_answer, PKCS_REQ)
check("opening: and to a RenewalReq", one_answer, RENEWAL)
check("opening: and to a CertPoll", one_answer, POLL)
check("opening: and to a GetCert", one_answer, GET_CERT)
check("opening: unknown ciphers, and single DES where it is off", ciphers)
check("opening: unknown digests", digests)
check("opening: our RecipientInfo among 300", ours_among_many)
finish()
