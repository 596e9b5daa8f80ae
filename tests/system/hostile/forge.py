# SPDX-License-Identifier: Apache-2.0
"""SCEP messages from nothing: keys, CSRs, envelopes and signatures of our own making, so that each
part of a message can be wrong while all the others are right. Knows no server and no environment."""
import ctypes
import ctypes.util
import hashlib
import os
import subprocess

from der import children, oid, tlv

SHA256 = tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), b"\x05\x00")
RSA = tlv(0x30, oid("1.2.840.113549.1.1.1"), b"\x05\x00")
SHA256_RSA = tlv(0x30, oid("1.2.840.113549.1.1.11"), b"\x05\x00")
OAEP = tlv(0x30, oid("1.2.840.113549.1.1.7"), b"\x30\x00")
AES128 = "2.16.840.1.101.3.4.1.2"
DATA, SIGNED, ENVELOPED = (oid(f"1.2.840.113549.1.7.{n}") for n in (1, 2, 3))
CONTENT_TYPE, MESSAGE_DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
SCEP = "2.16.840.1.113733.1.9."
TYPE, STATUS, FAIL_INFO, NONCE, RECIPIENT_NONCE, TRANSACTION = (oid(SCEP + str(n)) for n in range(2, 8))
FAIL_TEXT, SERVER_MESSAGE = oid("1.3.6.1.5.5.7.24.1"), oid("1.3.6.1.4.1.311.21.34")
CHALLENGE, EXTENSIONS = oid("1.2.840.113549.1.9.7"), oid("1.2.840.113549.1.9.14")
PKCS_REQ, RENEWAL, POLL, GET_CERT, GET_CRL = 19, 17, 20, 21, 22

crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
for name in "EVP_CIPHER_CTX_new", "EVP_aes_128_cbc":
    getattr(crypto, name).restype = ctypes.c_void_p


def aes(key, iv, data, encrypt=True):
    """AES-128-CBC with padding."""
    context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    out, n, tail = ctypes.create_string_buffer(len(data) + 32), ctypes.c_int(), ctypes.c_int()
    crypto.EVP_CipherInit_ex(context, ctypes.c_void_p(crypto.EVP_aes_128_cbc()), None, key, iv,
                             int(encrypt))
    crypto.EVP_CipherUpdate(context, out, ctypes.byref(n), data, len(data))
    good = crypto.EVP_CipherFinal_ex(context, ctypes.byref(out, n.value), ctypes.byref(tail))
    crypto.EVP_CIPHER_CTX_free(context)
    assert good, "the padding is wrong"
    return out.raw[:n.value + tail.value]


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def sequence(*parts):
    return tlv(0x30, *parts)


class Key:
    """An RSA key whose every operation is at hand: nothing checks what it is used for."""

    def __init__(self, bits=2048):
        der = subprocess.run(["openssl", "genrsa", "-traditional", str(bits)], capture_output=True,
                             check=True).stdout
        der = subprocess.run(["openssl", "rsa", "-traditional", "-outform", "der"], input=der,
                             capture_output=True, check=True).stdout
        numbers = [int.from_bytes(body, "big") for _, body, _ in children(children(der)[0][1])]
        _, self.n, self.e, _, self.p, self.q, self.dp, self.dq, self.inverse = numbers
        self.der, self.size = der, bits // 8
        self.spki = spki_of(self.n, self.e)

    def private(self, number):
        a, b = pow(number, self.dp, self.p), pow(number, self.dq, self.q)
        return b + (a - b) * self.inverse % self.p * self.q

    def sign(self, data):
        digest = sequence(SHA256, tlv(4, hashlib.sha256(data).digest()))
        padded = b"\x00\x01" + b"\xff" * (self.size - 3 - len(digest)) + b"\x00" + digest
        return self.private(int.from_bytes(padded, "big")).to_bytes(self.size, "big")

    def decrypt(self, data):
        plain = self.private(int.from_bytes(data, "big")).to_bytes(self.size, "big")
        assert plain[:2] == b"\x00\x02", "not PKCS#1 v1.5"
        return plain[plain.index(b"\x00", 2) + 1:]


def spki_of(n, e=65537):
    return sequence(RSA, tlv(3, b"\x00", sequence(integer(n), integer(e))))


def subject_of(text):
    """A Name from "CN=...,O=...", or with | between its parts where they hold commas."""
    types = {"CN": "2.5.4.3", "O": "2.5.4.10"}
    rdns = [part.split("=", 1) for part in text.split("|" if "|" in text else ",")] if text else []
    return sequence(*(tlv(0x31, sequence(oid(types[k]), tlv(12, v.encode()))) for k, v in rdns))


def extension(dotted, value, critical=False):
    return sequence(oid(dotted), b"\x01\x01\xff" if critical else b"", tlv(4, value))


def csr_info(key, subject, challenge=None, extensions=(), more=b""):
    """The part of a CSR that is signed."""
    attributes = b""
    if challenge is not None:
        attributes += sequence(CHALLENGE, tlv(0x31, tlv(0x13, challenge.encode())))
    if extensions:
        attributes += sequence(EXTENSIONS, tlv(0x31, sequence(*extensions)))
    return sequence(b"\x02\x01\x00", subject_of(subject), key.spki, tlv(0xa0, attributes, more))


def sign_csr(key, info, signature=None):
    return sequence(info, SHA256_RSA, tlv(3, b"\x00", signature or key.sign(info)))


def csr(key, subject, challenge=None, extensions=()):
    return sign_csr(key, csr_info(key, subject, challenge, extensions))


class Certificate:
    def __init__(self, der):
        self.der = der
        fields = children(children(children(der)[0][1])[0][1])
        self.serial, self.issuer, self.subject, spki = (fields[n][2] for n in (1, 3, 5, 6))
        numbers = children(children(children(spki)[0][1])[1][1][1:])
        inside = children(numbers[0][1]) if numbers[0][0] == 0x30 else []
        self.n, self.e = (int.from_bytes(body, "big") for _, body, _ in inside) if inside else (0, 0)
        self.id = sequence(self.issuer, self.serial)

    @classmethod
    def read(cls, pem):
        return cls(subprocess.run(["openssl", "x509", "-in", pem, "-outform", "der"],
                                  capture_output=True, check=True).stdout)


class Signer:
    """A key and a certificate that says it is: self-signed unless another is given."""

    def __init__(self, key=None, certificate=None, subject="CN=SCEP Protocol Certificate"):
        self.key = key or Key()
        self.cert = Certificate(certificate or self.self_signed(subject_of(subject)))

    def self_signed(self, name):
        times = sequence(tlv(0x17, b"200101000000Z"), tlv(0x17, b"491231235959Z"))
        tbs = sequence(b"\xa0\x03\x02\x01\x02", integer(int.from_bytes(os.urandom(8), "big")),
                       SHA256_RSA, name, times, name, self.key.spki)
        return sequence(tbs, SHA256_RSA, tlv(3, b"\x00", self.key.sign(tbs)))


def pkcs1(cert, secret, head=b"\x00\x02"):
    """PKCS#1 v1.5 encryption; `head` other than that is what no decryption takes."""
    size = (cert.n.bit_length() + 7) // 8
    filler = bytes(1 + b % 255 for b in os.urandom(size - 3 - len(secret)))
    padded = head + filler + b"\x00" + secret
    return pow(int.from_bytes(padded, "big"), cert.e, cert.n).to_bytes(size, "big")


def recipient(cert, secret, **more):
    """One KeyTransRecipientInfo."""
    encrypted = more.get("encrypted") or pkcs1(cert, secret, more.get("head", b"\x00\x02"))
    return sequence(b"\x02\x01\x00", more.get("id", cert.id), more.get("algorithm", RSA),
                    tlv(4, encrypted))


def enveloped(recipients, cipher, iv, ciphertext):
    """The ContentInfo of an EnvelopedData; the ciphertext whatever it is."""
    content = sequence(DATA, sequence(oid(cipher), iv), tlv(0x80, ciphertext))
    return sequence(ENVELOPED, tlv(0xa0, sequence(b"\x02\x01\x00", tlv(0x31, *recipients), content)))


def envelope(content, cert, secret=None, **more):
    """The same, right in all that is not asked to be wrong."""
    secret, iv = secret or os.urandom(16), os.urandom(16)
    return enveloped([recipient(cert, secret, **more)], AES128, tlv(4, iv), aes(secret, iv, content))


def attribute(name, *values):
    return sequence(name, tlv(0x31, *values))


def attributes(kind, transaction, content, nonce=b"n" * 16):
    """The signed attributes of a request; `kind` is a number, or the bytes of one."""
    number = kind if isinstance(kind, bytes) else b"%d" % kind
    return [attribute(CONTENT_TYPE, DATA), attribute(TYPE, tlv(0x13, number)),
            attribute(MESSAGE_DIGEST, tlv(4, hashlib.sha256(content).digest())),
            attribute(NONCE, tlv(4, nonce)), attribute(TRANSACTION, tlv(0x13, transaction))]


def signed(signer, content, set_of, key=None, certificates=None):
    """The message: `set_of` is the inside of the signed attributes, in the order of DER or not."""
    info = sequence(b"\x02\x01\x01", signer.cert.id, SHA256, tlv(0xa0, set_of), RSA,
                    tlv(4, (key or signer.key).sign(tlv(0x31, set_of))))
    certificates = signer.cert.der if certificates is None else certificates
    return sequence(SIGNED, tlv(0xa0, sequence(
        b"\x02\x01\x01", tlv(0x31, SHA256), sequence(DATA, tlv(0xa0, tlv(4, content))),
        tlv(0xa0, certificates), tlv(0x31, info))))


def message(signer, kind, transaction, content, **more):
    """A whole request around an envelope."""
    return signed(signer, content, b"".join(sorted(attributes(kind, transaction, content))), **more)


class CertRep:
    """What the server answered: its signed attributes by name, and the content."""

    def __init__(self, der):
        fields = children(children(children(children(der)[0][1])[1][1])[0][1])
        content = children(children(fields[2][1])[1][1])[0][1]
        self.content = content
        info = children(children(fields[-1][1])[0][1])
        self.attributes = {}
        for _, body, _ in children(info[3][1]):
            name, values = children(body)
            self.attributes[name[2]] = children(values[1])[0][1]

    def of(self, name):
        return self.attributes.get(name)

    @property
    def status(self):
        return int(self.of(STATUS))

    @property
    def reason(self):
        return int(self.of(FAIL_INFO))

    @property
    def text(self):
        return (self.of(FAIL_TEXT) or b"").decode()

    def telling(self):
        """All that tells one failure from another: nonces and the time tell nothing."""
        hidden = (NONCE, oid("1.2.840.113549.1.9.5"))
        return tuple(sorted((k, v) for k, v in self.attributes.items() if k not in hidden))

    def certificate(self, signer):
        """Of a SUCCESS, decrypted with the signer's key."""
        data = children(children(children(self.content)[0][1])[1][1])[0][1]
        info = children(children(data)[1][1])[0][1]
        secret = signer.key.decrypt(children(info)[3][1])
        fields = children(children(data)[2][1])
        iv = children(fields[1][1])[1][1]
        bag = aes(secret, iv, fields[2][1], encrypt=False)
        fields = children(children(children(children(bag)[0][1])[1][1])[0][1])
        return Certificate(children(next(b for tag, b, _ in fields if tag == 0xa0))[0][2])
