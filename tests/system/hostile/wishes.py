# SPDX-License-Identifier: Apache-2.0
"""What a CSR asks for is a wish. The endpoint "open" takes any CN of O=Example and DNS names below
example.com, and grants clientAuth alone; openssl judges what comes of it."""
import os

from client import FAILURE, KEY, RA, SUCCESS, Client, certificates
from der import oid, tlv
from forge import PKCS_REQ, Key, Signer, csr, csr_info, envelope, extension, message, sequence, sign_csr, spki_of
from probe import check, expect, finish, openssl

client, signer = Client("open"), Signer()
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
SID_URI = b"tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500"
SID_NAME = oid("1.3.6.1.4.1.311.25.2.1") + tlv(0xa0, tlv(4, b"S-1-5-21-1-2-3-500"))
SID = sequence(tlv(0xa0, SID_NAME))
DNS = tlv(0x82, b"a.example.com")


def eku(*dotted):
    return extension("2.5.29.37", sequence(*(oid(d) for d in dotted)))


def san(*names):
    return extension("2.5.29.17", sequence(*names))


def ask(subject="CN=wisher,O=Example", extensions=(), key=KEY, request=None):
    challenge = client.challenge("--for", "1h")
    request = request(challenge) if request else csr(key, subject, challenge, extensions)
    return client.post(message(signer, PKCS_REQ, os.urandom(8).hex().encode(), envelope(request, RA)))


def granted(extensions, subject="CN=wisher,O=Example"):
    answer = ask(subject, extensions)
    expect(answer.verdict == SUCCESS, answer)
    der = answer.rep.certificate(signer).der
    return der, openssl("x509", "-inform", "der", "-noout", "-text", data=der).decode()


def refused(what, *arguments, **more):
    before = certificates()
    answer = ask(*arguments, **more)
    expect(answer.verdict == FAILURE, f"{what}: {answer}")
    expect(certificates() == before, what)
    return answer


def all_at_once():
    der, text = granted([
        extension("2.5.29.19", sequence(b"\x01\x01\xff"), critical=True),
        extension("2.5.29.15", b"\x03\x02\x00\xff", critical=True),
        eku("2.5.29.37.0", CLIENT_AUTH, "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.9", "1.3.6.1.4.1.311.20.2.1"),
        san(DNS, tlv(0x86, SID_URI), tlv(0xa0, SID_NAME)),
        extension("1.3.6.1.4.1.311.25.2", SID),
        extension("1.3.6.1.4.1.311.20.2", tlv(30, "DomainController".encode("utf-16-be"))),
        extension("1.3.6.1.4.1.311.21.7", sequence(oid("1.3.6.1.4.1.311.21.8.1.2"), b"\x02\x01\x64")),
        extension("1.3.6.1.4.1.311.21.10", sequence(sequence(oid("2.5.29.37.0")))),
        extension("2.5.29.14", tlv(4, bytes(20))), extension("2.5.29.35", sequence(tlv(0x80, bytes(20)))),
        extension("2.5.29.31", sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, b"http://evil.example/crl")))))),
        extension("1.3.6.1.5.5.7.1.1", sequence(sequence(oid("1.3.6.1.5.5.7.48.1"), tlv(0x86, b"http://evil.example")))),
        extension("2.5.29.32", sequence(sequence(oid("2.5.29.32.0")))),
        extension("1.3.6.1.5.5.7.48.1.5", b"\x05\x00"), extension("1.2.3.4.5", b"\x05\x00", critical=True)])
    for never in ("CA:TRUE", "Certificate Sign", "CRL Sign", "Code Signing", "Any Extended", "OCSP", "1.3.6.1.4.1.311",
                  "evil.example", "Policies", "S-1-5-21", "1.2.3.4.5", "DomainController"):
        expect(never not in text and never.encode() not in der, never + text)
    for dotted in "1.3.6.1.4.1.311.25.2", "1.3.6.1.4.1.311.20.2", "1.3.6.1.4.1.311.21.7", "2.5.29.32":
        expect(oid(dotted) not in der, dotted)
    expect("TLS Web Client Authentication\n" in text and "DNS:a.example.com\n" in text, text)
    expect(text.count("Key Usage") == 2 and "Digital Signature, Key Encipherment\n" in text, text)


def outside():
    for what, extensions in (
            ("EKUs outside the ceiling alone", [eku("1.3.6.1.5.5.7.3.3", "1.3.6.1.4.1.311.20.2.2")]),
            ("any EKU", [eku("2.5.29.37.0")]), ("200 EKUs", [eku(*(f"1.2.3.{n}" for n in range(200)))]),
            ("keyCertSign alone", [extension("2.5.29.15", b"\x03\x02\x02\x04")]),
            ("no bit of KeyUsage", [extension("2.5.29.15", b"\x03\x01\x00")]),
            ("a DNS name of others", [san(tlv(0x82, b"a.example.org"))]),
            ("a DNS name that only ends so", [san(tlv(0x82, b"aexample.com"))]),
            ("one good name and one bad", [san(DNS, tlv(0x82, b"evil.org"))]),
            ("a NUL in a DNS name", [san(tlv(0x82, b"evil.org\x00.example.com"))]),
            ("an e-mail address", [san(tlv(0x81, b"a@example.com"))]), ("an address", [san(tlv(0x87, bytes(4)))]),
            ("a directory name", [san(tlv(0xa4, sequence()))]), ("a URI", [san(tlv(0x86, b"https://a.example.com"))]),
            ("a UPN", [san(DNS, tlv(0xa0, oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xa0, tlv(12, b"admin@corp"))))]),
            ("1,000 names", [san(*([DNS] * 1000))]), ("an empty DNS name", [san(tlv(0x82))]),
            ("a DNS name of 70,000 characters", [san(tlv(0x82, b"x" * 70000 + b".example.com"))])):
        refused(what, extensions=extensions)


def subjects():
    for subject in ("", "CN=a", "O=Example", "O=Example,CN=a,O=Example", "CN=a,O=Other", "CN=a,CN=b,O=Example",
                    "CN=a\x00b,O=Example", "CN=a\nb,O=Example", "CN=" + "x" * 70000 + ",O=Example",
                    "CN=a,O=Example\x00"):
        refused(repr(subject[:40]), subject)


def keys():
    info = lambda spki: lambda challenge: sign_csr(KEY, csr_info(KEY, "CN=a,O=Example", challenge).replace(KEY.spki, spki))
    small = Key(1024)
    refused("RSA of 1024 bits", key=small)
    refused("another's key", request=info(Signer().key.spki))
    for exponent in 0, 1, 2, 65536:
        refused(f"the exponent {exponent}", request=info(spki_of(KEY.n, exponent)))


def possession():
    """The signer's key may differ from the CSR's; that in the CSR has to sign it."""
    refused("a broken signature", request=lambda c: sign_csr(KEY, csr_info(KEY, "CN=a,O=Example", c), bytes(256)))
    refused("the signer's signature", request=lambda c: sign_csr(signer.key, csr_info(KEY, "CN=a,O=Example", c)))


check("wishes: CA:TRUE, SID, template, EKUs and URLs of a CSR are in no certificate", all_at_once)
check("wishes: nothing left, or names outside the rules: refused", outside)
check("wishes: subjects outside the rules", subjects)
check("wishes: keys that are none", keys)
check("wishes: a CSR without possession of its key", possession)
finish()
