# SPDX-License-Identifier: Apache-2.0
"""Hostile SCEP messages. Each is answered by HTTP 400 in plain text, or by a CertRep FAILURE; none by
a certificate. Argument: a PKCSReq that the server has answered with SUCCESS, whose enrollment waits
for its confirmation: its challenge would still serve."""
import sys

from der import children, tlv
from message import (DIGEST, FAIL_INFO, MESSAGE_TYPE, PKI_STATUS, TRANSACTION_ID, Signer, envelope_of,
                     resigned, signed_data, value_after)
from probe import (PLAIN, PUBLIC, check, database, decent, expect, finish, new_csr, new_identity, raw,
                   send)

VALID = open(sys.argv[1], "rb").read()
URL = PLAIN + "/scep/pkiclient.exe?operation=PKIOperation"
SCEP_REPLY = "application/x-pki-message"
BAD_MESSAGE_CHECK, BAD_REQUEST = b"1", b"2"


def certificates():
    return database("SELECT id, sha1, revoked FROM certificate ORDER BY id")


def post(body, **options):
    return decent(send(options.pop("url", URL), body, **options))


def is_failure(reply, info=None):
    return (reply.status == 200 and reply.type == SCEP_REPLY and
            value_after(reply, PKI_STATUS) == b"2" and
            (info is None or value_after(reply, FAIL_INFO) == info))


def is_refused(reply):
    """No CertRep can be made for what cannot be read."""
    return reply.status in (400, 413) and reply.type == "text/plain" and reply.body.strip()


def refused(body, **options):
    reply = post(body, **options)
    expect(is_refused(reply), reply)


def failure(info, body):
    reply = post(body)
    expect(is_failure(reply, info), reply)


def refused_or_failure(bodies):
    before = certificates()
    for name, body in bodies:
        reply = post(body)
        expect(is_refused(reply) or is_failure(reply), f"{name}: {reply}")
        expect(certificates() == before, f"{name}: a certificate was issued or revoked")


# ---- the bytes ----

def truncations():
    n = len(VALID)
    ends = sorted(set(range(1, 12)) | {n * k // 28 for k in range(1, 28)} | {n - 1, n - 2, n - 257})
    refused_or_failure((f"cut at {end}", VALID[:end]) for end in ends)


def flipped(at):
    return VALID[:at] + bytes([VALID[at] ^ 1 << at % 8]) + VALID[at + 1:]


def signer_certificate():
    """Where it stands in the message: the one part that no signature is asked for."""
    whole = next(whole for tag, _, whole in signed_data(VALID) if tag == 0xa0)
    at = VALID.index(whole)
    return range(at, at + len(whole))


def flips():
    places = list(range(0, 24)) + [len(VALID) * k // 60 for k in range(1, 60)]
    refused_or_failure((f"flip at {at}", flipped(at)) for at in places
                       if at not in signer_certificate())


def flips_in_the_signer():
    """A throw-away certificate, which vouches for nothing: when it still serves to answer, the answer
    is what it was before."""
    before = certificates()
    for at in signer_certificate()[::41]:
        post(flipped(at))
        expect(certificates() == before, f"flip at {at}: a certificate was issued or revoked")


def lengths():
    body = children(VALID)[0][1]
    return [
        ("a length of 4 GiB", b"\x30\x84\xff\xff\xff\xff" + body),
        ("a length of 2^64-1", b"\x30\x88" + b"\xff" * 8 + body),
        ("a length in 126 bytes", b"\x30\xfe" + b"\x7f" * 126 + body),
        ("the reserved length byte", b"\x30\xff" + body),
        ("a length one too large", b"\x30\x82" + (len(body) + 1).to_bytes(2, "big") + body),
        ("a byte after the end", VALID + b"\x00"),
        ("a second message after the end", VALID + VALID),
        ("indefinite lengths without end", b"\x30\x80" * 500),
        ("indefinite length around the message", b"\x30\x80" + body),
        ("nesting 10,000, indefinite", b"\x30\x80" * 10000 + b"\x00\x00" * 10000),
        ("nesting 10,000", nested(10000)),
        ("1 MiB of zeros", bytes(1 << 20)),
        ("1 MiB of 0xff", b"\xff" * (1 << 20)),
        ("high tag numbers", b"\x3f" + b"\xff" * 1000),
        ("text", b"<html>hello</html>"),
    ]


def nested(depth):
    size, heads = 0, []
    for _ in range(depth):
        head = tlv(0x30, bytes(size))[:-size] if size else b"\x30\x00"
        heads.append(head)
        size += len(head)
    return b"".join(reversed(heads))


# ---- messages of our own ----

def same_request_by_another_signer(signer):
    """Whoever saw the message can sign its envelope again with a key of his own: it has to be worth
    nothing to him, and the certificate on the host's way must not be revoked by it."""
    before = certificates()
    post(resigned(VALID, signer, transaction=b"A" * 40))
    expect(certificates() == before, f"{before} became {certificates()}")


def foreign_envelope(signer):
    stranger, _ = new_identity("stranger-ra", "-subj", "/CN=RA")
    failure(BAD_MESSAGE_CHECK, resigned(VALID, signer, enveloped=envelope_of(new_csr(), stranger)))


def without_challenge(signer):
    failure(BAD_REQUEST, resigned(VALID, signer, transaction=b"B" * 40,
                                  enveloped=envelope_of(new_csr())))


def no_csr_inside(signer):
    for content in b"no CSR", b"\x30\x80" * 200, b"\x30\x82\xff\xff" + bytes(100):
        failure(BAD_MESSAGE_CHECK,
                resigned(VALID, signer, transaction=b"C" * 40,
                         enveloped=envelope_of(content)))


def wrong_types(signer):
    for kind in b"17", b"20", b"21", b"99":
        reply = post(resigned(VALID, signer, message_type=kind))
        expect(is_failure(reply), f"{kind}: {reply}")
    for kind in b"3", b"", b"-1", b"19 ", b"1" * 400:
        reply = post(resigned(VALID, signer, message_type=kind))
        expect(is_failure(reply) or is_refused(reply), f"{kind}: {reply}")


def missing_attributes(signer):
    for attribute in MESSAGE_TYPE, TRANSACTION_ID, DIGEST:
        reply = post(resigned(VALID, signer, drop=attribute))
        expect(is_failure(reply) or is_refused(reply), reply)


def strange_transactions(signer):
    before = certificates()
    for transaction in b"", b"'; DROP TABLE certificate; --", b"x" * 5000, b"a\x00b", b"%n%s\r\n":
        reply = post(resigned(VALID, signer, transaction=transaction, message_type=b"20"))
        expect(is_failure(reply) or is_refused(reply), f"{transaction[:20]}: {reply}")
    expect(certificates() == before, "the certificates changed")


def signed_by_another_key(signer):
    _, other = new_identity("other", "-subj", "/CN=SCEP Protocol Certificate")
    failure(BAD_MESSAGE_CHECK, resigned(VALID, signer, key=other))


# ---- HTTP around a message ----

def answered(reply):
    """The very message that was answered before gets its certificate again: the way is open."""
    expect(reply.status == 200 and value_after(reply, PKI_STATUS) == b"0", reply)


def too_large():
    for how in False, True:
        got = raw(PLAIN, b"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: x\r\n" +
                  (b"Transfer-Encoding: chunked\r\n\r\n100001\r\n" if how else
                   b"Content-Length: 1048577\r\n\r\n") + bytes(1 << 20) + b"\x00\r\n0\r\n\r\n")
        expect(got.startswith(b"HTTP/1.1 413 ") and b"<html" not in got.lower(), got[:200])


before_all = certificates()
check("scep: the message is good: no Content-Type", lambda: answered(post(VALID)))
check("scep: and in chunks", lambda: answered(post(VALID, chunked=True, type="text/html")))
check("scep: and in BER, its length in more octets than it needs", lambda: answered(
    post(b"\x30\x84" + len(children(VALID)[0][1]).to_bytes(4, "big") + children(VALID)[0][1])))
check("scep: and over https", lambda: answered(
    post(VALID, url=PUBLIC + "/scep?operation=PKIOperation", type="application/x-pki-message")))
check("scep: truncated", truncations)
check("scep: bits flipped", flips)
check("scep: bits flipped in the signer's certificate", flips_in_the_signer)
for name, body in lengths():
    check("scep: " + name, refused_or_failure, [(name, body)])
check("scep: empty body", refused, b"")
check("scep: empty body in no chunk", lambda: refused(b"", chunked=True))
check("scep: above 1 MiB: 413", too_large)

mine = Signer("signer")
check("scep: another messageType", wrong_types, mine)
check("scep: attributes missing", missing_attributes, mine)
check("scep: strange transaction ids", strange_transactions, mine)
check("scep: signed by another key", signed_by_another_key, mine)
check("scep: an envelope for another RA", foreign_envelope, mine)
check("scep: an envelope without a CSR", no_csr_inside, mine)
check("scep: a CSR without a challenge", without_challenge, mine)
check("scep: an EC signer cannot be answered in words that it reads", lambda: refused_or_failure(
    [("EC", resigned(VALID, Signer("ec-signer", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")))]))
check("scep: a seen envelope under another signature changes nothing",
      same_request_by_another_signer, mine)
check("scep: the certificates are what they were", lambda: expect(
    certificates() == before_all, f"{before_all} became {certificates()}"))
finish()
