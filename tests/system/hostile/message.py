# SPDX-License-Identifier: Apache-2.0
"""SCEP messages put together by hand: any attribute, any content, any signer."""
import os

from der import children, oid, tlv
from probe import DATA, new_identity, openssl

PKI_STATUS = oid("2.16.840.1.113733.1.9.3") + b"\x31\x03\x13\x01"
FAIL_INFO = oid("2.16.840.1.113733.1.9.4") + b"\x31\x03\x13\x01"
MESSAGE_TYPE = oid("2.16.840.1.113733.1.9.2")
TRANSACTION_ID = oid("2.16.840.1.113733.1.9.7")
DIGEST = oid("1.2.840.113549.1.9.4")
SHA256 = tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), b"\x05\x00")


def value_after(reply, attribute):
    """The one character in the reply that stands after an attribute's name: PKI_STATUS, FAIL_INFO."""
    at = reply.body.find(attribute)
    return reply.body[at + len(attribute):][:1] if at >= 0 else None


def signed_data(message):
    """The elements of the SignedData."""
    return children(children(children(children(message)[0][1])[1][1])[0][1])


class Signer:
    """A throw-away signer, as each attempt of a host has one."""

    def __init__(self, name, *more):
        self.cert, self.key = new_identity(name, "-subj", "/CN=SCEP Protocol Certificate", *more)
        self.der = openssl("x509", "-in", self.cert, "-outform", "der")
        fields = children(children(children(self.der)[0][1])[0][1])
        self.id = tlv(0x30, fields[3][2], fields[1][2])


def resigned(message, signer, message_type=b"19", transaction=None, enveloped=None, drop=None, key=None):
    """A message anew, with other attributes or content, under another signature."""
    signed = signed_data(message)
    version, digests, content = signed[0][2], signed[1][2], signed[2]
    info = children(children(signed[-1][1])[0][1])
    if enveloped is not None:
        content = (0x30, children(content[1])[0][2] + tlv(0xa0, tlv(4, enveloped)))
    inner = children(children(content[1])[1][1])[0][1]
    digest = openssl("dgst", "-sha256", "-binary", data=inner)
    attributes = []
    for _, body, whole in children(info[3][1]):
        name = children(body)[0][2]
        if name == drop:
            continue
        if name == MESSAGE_TYPE:
            whole = tlv(0x30, name, tlv(0x31, tlv(0x13, message_type)))
        if name == TRANSACTION_ID and transaction is not None:
            whole = tlv(0x30, name, tlv(0x31, tlv(0x13, transaction)))
        if name == DIGEST:
            whole = tlv(0x30, name, tlv(0x31, tlv(4, digest)))
        attributes.append(whole)
    attributes.sort()
    signature = openssl("dgst", "-sha256", "-sign", key or signer.key,
                        data=tlv(0x31, *attributes))
    signer_info = tlv(0x30, b"\x02\x01\x01", signer.id, SHA256, tlv(0xa0, *attributes),
                      tlv(0x30, oid("1.2.840.113549.1.1.1"), b"\x05\x00"), tlv(4, signature))
    data = tlv(0x30, version, tlv(0x31, SHA256), tlv(content[0], content[1]),
               tlv(0xa0, signer.der), tlv(0x31, signer_info))
    return tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xa0, data))


def envelope_of(content, recipient=os.path.join(DATA, "ra.pem")):
    return openssl("cms", "-encrypt", "-binary", "-aes128", "-outform", "der", recipient, data=content)
