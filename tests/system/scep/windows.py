# SPDX-License-Identifier: Apache-2.0
"""A SCEP client of Python and the openssl command: it puts together what Windows sends, in every form
that windows-scep.md knows, and reads CertReps as strictly as anybody could. Nothing of signet's own
and nothing of the emulated host's is in it."""
import os
import secrets

from der import children, oid, tlv
from probe import WORK, expect, openssl, send

NULL = b"\x05\x00"
DATA = oid("1.2.840.113549.1.7.1")
RSA = tlv(0x30, oid("1.2.840.113549.1.1.1"), NULL)
OAEP = oid("1.2.840.113549.1.1.7")
DIGESTS = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1",
           "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3"}
WITH_RSA = {"sha1": "1.2.840.113549.1.1.5", "sha256": "1.2.840.113549.1.1.11",
            "sha384": "1.2.840.113549.1.1.12", "sha512": "1.2.840.113549.1.1.13"}
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (oid("1.2.840.113549.1.9." + n) for n in "345")
MESSAGE_TYPE, PKI_STATUS, FAIL_INFO, SENDER_NONCE, RECIPIENT_NONCE, TRANSACTION_ID = (
    oid("2.16.840.1.113733.1.9." + n) for n in "234567")
SERVER_MESSAGE = oid("1.3.6.1.4.1.311.21.38")
# Critical, of no key that anybody knows; then the SKI; no KeyUsage (windows-scep.md, 3).
SIGNER = """[req]
distinguished_name = dn
x509_extensions = x
[dn]
[x]
2.5.29.35 = critical,DER:30168014{0}
subjectKeyIdentifier = hash
"""
# BasicConstraints with pathLenConstraint and no cA, which RFC 5280 forbids and Windows sends.
CSR = """[req]
prompt = no
distinguished_name = dn
attributes = a
req_extensions = x
[dn]
CN = {0}
[a]
challengePassword = {1}
[x]
2.5.29.19 = DER:3003020100
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = clientAuth
"""


def digest_id(name):
    return tlv(0x30, oid(DIGESTS[name]), NULL)


def write(name, text):
    path = os.path.join(WORK, name)
    with open(path, "w") as f:
        f.write(text)
    return path


class Signer:
    """The throw-away certificate of one attempt, as Windows makes it."""

    def __init__(self, name):
        self.cert, self.key = (os.path.join(WORK, name + end) for end in (".signer.pem", ".signer.key"))
        config = write(name + ".signer.cnf", SIGNER.format(secrets.token_hex(20)))
        openssl("req", "-x509", "-config", config, "-newkey", "rsa:2048", "-nodes", "-days", "366",
                "-subj", "/CN=SCEP Protocol Certificate", "-keyout", self.key, "-out", self.cert)
        self.der = openssl("x509", "-in", self.cert, "-outform", "der")
        fields = children(children(children(self.der)[0][1])[0][1])
        self.id = tlv(0x30, fields[3][2], fields[1][2])


class Csr:
    def __init__(self, name, cn, challenge):
        self.key = os.path.join(WORK, name + ".key")
        if not os.path.exists(self.key):  # one serves for all; a new one would cost much time
            openssl("genrsa", "-out", self.key, "2048")
        config = write(name + ".cnf", CSR.format(cn, challenge))
        self.der = openssl("req", "-new", "-config", config, "-key", self.key, "-outform", "der")


class Announced:
    """What GetCACert announces: who opens envelopes, who signs, who issues."""

    def __init__(self, name, url):
        reply = send(url + "?operation=GetCACert&message=default", method="GET")
        self.file, certs = os.path.join(WORK, name + ".announced.pem"), []
        if reply.type == "application/x-x509-ca-cert":
            certs = [openssl("x509", "-inform", "der", data=reply.body)]
        else:
            text = openssl("pkcs7", "-inform", "der", "-print_certs", data=reply.body)
            certs = [b"-----BEGIN" + part for part in text.split(b"-----BEGIN")[1:]]
        write(name + ".announced.pem", b"".join(certs).decode())
        self.count = len(certs)
        self.ca = self.pick(certs, b"CA:TRUE")
        usable = [c for c in certs if c != self.ca] or certs
        self.opener = write(name + ".opener.pem", self.pick(usable, b"Key Encipherment").decode())
        self.signer = write(name + ".ra.pem", self.pick(usable, b"Digital Signature").decode())
        self.ca = write(name + ".ca.pem", self.ca.decode())

    @staticmethod
    def pick(certs, feature):
        for cert in certs:
            if feature in openssl("x509", "-noout", "-text", data=cert):
                return cert
        raise AssertionError(f"GetCACert has nobody with {feature}")


def parts(element):
    """The bodies of its children's children: what a SEQUENCE in a wrapper holds."""
    return children(children(element)[0][1])


def envelope(csr, recipient, cipher="aes128", transport="oaep", parameters=b"\x30\x00"):
    """EnvelopedData. OAEP is that of SHA-1, and `parameters` is how the message says so."""
    whole = openssl("cms", "-encrypt", "-binary", "-" + cipher, "-outform", "der", "-recip", recipient,
                    "-keyopt", "rsa_padding_mode:" + transport, data=csr)
    if transport != "oaep":
        return whole
    kind, wrapped = parts(whole)
    version, recipients, content = parts(wrapped[1])
    number, recipient_id, _, key = parts(recipients[1])
    info = tlv(0x30, number[2], recipient_id[2], tlv(0x30, OAEP, parameters), key[2])
    return tlv(0x30, kind[2], tlv(0xa0, tlv(0x30, version[2], tlv(0x31, info), content[2])))


class Request:
    """A message: what is in it, and its bytes. A PKCSReq unless its type is another."""

    def __init__(self, csr, signer, enveloped, digest="sha1", algorithm=RSA, transaction=None,
                 signing_time=True, type=b"19"):
        self.csr, self.signer, self.nonce = csr, signer, secrets.token_bytes(16)
        self.transaction = tlv(0x13, transaction or secrets.token_hex(20).encode())
        values = {MESSAGE_TYPE: tlv(0x13, type), CONTENT_TYPE: DATA, SENDER_NONCE: tlv(4, self.nonce),
                  MESSAGE_DIGEST: tlv(4, openssl("dgst", "-" + digest, "-binary", data=enveloped)),
                  TRANSACTION_ID: self.transaction}
        if signing_time:
            values[SIGNING_TIME] = tlv(0x17, b"240826203732Z")
        attributes = sorted(tlv(0x30, name, tlv(0x31, value)) for name, value in values.items())
        signature = openssl("dgst", "-" + digest, "-sign", signer.key, data=tlv(0x31, *attributes))
        info = tlv(0x30, b"\x02\x01\x01", signer.id, digest_id(digest), tlv(0xa0, *attributes), algorithm,
                   tlv(4, signature))
        data = tlv(0x30, b"\x02\x01\x01", tlv(0x31, digest_id(digest)),
                   tlv(0x30, DATA, tlv(0xa0, tlv(4, enveloped))), tlv(0xa0, signer.der), tlv(0x31, info))
        self.der = tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xa0, data))


class CertRep:
    """A reply, taken apart. What every CertRep must have is expected of it here (section 9)."""

    def __init__(self, reply, request, announced):
        expect(reply.status == 200 and reply.type == "application/x-pki-message", reply)
        self.der = reply.body
        signed = parts(parts(self.der)[1][1])
        self.info = parts(signed[-1][1])
        self.content = children(signed[2][1])[1:]
        _, self.signer_id, self.digest, attributes, self.algorithm, _ = self.info
        whole = [a[2] for a in children(attributes[1])]
        expect(whole == sorted(whole), "the attributes are not in the order of a DER SET")
        self.attributes = {}
        for attribute in whole:
            name, values = children(children(attribute)[0][1])
            self.attributes[name[2]] = values[1]
        self.check_attributes(request)
        self.check_signature(announced)

    def check_attributes(self, request):
        for name in (CONTENT_TYPE, MESSAGE_DIGEST, MESSAGE_TYPE, PKI_STATUS, SENDER_NONCE,
                     RECIPIENT_NONCE, TRANSACTION_ID):
            expect(name in self.attributes, f"an attribute is missing: {name.hex()}")
        expect(self.attributes[MESSAGE_TYPE] == tlv(0x13, b"3"), "messageType")
        expect(self.attributes[TRANSACTION_ID] == request.transaction, "another transactionID")
        expect(self.attributes[RECIPIENT_NONCE] == tlv(4, request.nonce), "another recipientNonce")
        (tag, nonce, _), = children(self.attributes[SENDER_NONCE])
        expect(tag == 4 and len(nonce) == 16 and nonce != request.nonce, "no fresh senderNonce")

    def check_signature(self, announced):
        """By who was announced; the signer's certificate need not be in the message."""
        der = openssl("x509", "-in", announced.signer, "-outform", "der")
        fields = parts(parts(der)[0][2])
        expect(self.signer_id[2] == tlv(0x30, fields[3][2], fields[1][2]), "signed by somebody else")
        path = write_bytes("certrep.der", self.der)
        self.enveloped = openssl("cms", "-verify", "-inform", "der", "-in", path, "-binary", "-certfile",
                                 announced.signer, "-CAfile", announced.ca, "-purpose", "any",
                                 *([] if self.content else ["-content", "/dev/null"]))
        expect(self.algorithm[2] == RSA, "the signature's algorithm is not rsaEncryption")

    @property
    def status(self):
        return children(self.attributes[PKI_STATUS])[0][1]

    @property
    def fail_info(self):
        return children(self.attributes[FAIL_INFO])[0][1]

    @property
    def server_message(self):
        (tag, text, _), = children(self.attributes[SERVER_MESSAGE])
        expect(tag == 0x0c, "the server's message is no UTF8String")
        return text.decode()

    def leaf(self, request):
        """The one certificate in the envelope, PEM; SUCCESS is expected."""
        expect(self.status == b"0", f"pkiStatus {self.status}, {self.attributes.get(SERVER_MESSAGE)}")
        path = write_bytes("enveloped.der", self.enveloped)
        inner = openssl("cms", "-decrypt", "-binary", "-inform", "der", "-in", path, "-recip",
                        request.signer.cert, "-inkey", request.signer.key)
        version, digests, content, certs, infos = parts(parts(inner)[1][1])
        expect(digests[1] == infos[1] == b"" and content[1] == DATA and certs[0] == 0xa0,
               "the content is not a degenerate SignedData")
        expect(len(children(certs[1])) == 1, "not the leaf alone")
        leaf = openssl("x509", "-inform", "der", data=certs[1])
        key = openssl("pkey", "-in", request.csr.key, "-pubout")
        expect(openssl("x509", "-noout", "-pubkey", data=leaf) == key, "a certificate of another key")
        return leaf

    def mirrors(self, digest, cipher, transport):
        """Whether digest, key transport and cipher are these."""
        expect(self.digest[2] == digest_id(digest), f"another digest than {digest}")
        path = write_bytes("enveloped.der", self.enveloped)
        text = openssl("cms", "-cmsout", "-print", "-inform", "der", "-in", path).decode()
        wrapped = "rsaesOaep" if transport == "oaep" else "rsaEncryption"
        expect(f"algorithm: {wrapped} " in text, f"another key transport than {transport}:\n{text}")
        expect(f"algorithm: {cipher} " in text, f"another cipher than {cipher}:\n{text}")


def write_bytes(name, data):
    path = os.path.join(WORK, name)
    with open(path, "wb") as f:
        f.write(data)
    return path
