# SPDX-License-Identifier: Apache-2.0
"""DER to a shape: one line an element. A small strict walker of its own, so that neither signet nor
OpenSSL judges itself. What a value may be depends on the OID that opens the SEQUENCE around it."""
from forms import form


class NotDer(Exception):
    pass


TAGS = {1: "BOOLEAN", 2: "INTEGER", 3: "BIT STRING", 4: "OCTET STRING", 5: "NULL", 6: "OID",
        12: "UTF8String", 16: "SEQUENCE", 17: "SET", 19: "PrintableString", 22: "IA5String",
        23: "UTCTime", 24: "GeneralizedTime", 30: "BMPString"}
STRINGS = {12: "utf-8", 19: "latin-1", 22: "latin-1", 30: "utf-16-be"}

DATA, SIGNED, ENVELOPED = ("1.2.840.113549.1.7.%d" % n for n in (1, 2, 3))
RSA, AKI, SKI = "1.2.840.113549.1.1.1", "2.5.29.35", "2.5.29.14"
MESSAGE_TYPE, PKI_STATUS = "2.16.840.1.113733.1.9.2", "2.16.840.1.113733.1.9.3"

OIDS = {
    DATA: "data", SIGNED: "signedData", ENVELOPED: "envelopedData", RSA: "rsaEncryption",
    AKI: "authorityKeyIdentifier", SKI: "subjectKeyIdentifier", "2.5.4.3": "commonName",
    MESSAGE_TYPE: "messageType", PKI_STATUS: "pkiStatus",
    "2.16.840.1.113733.1.9.5": "senderNonce", "2.16.840.1.113733.1.9.6": "recipientNonce",
    "2.16.840.1.113733.1.9.7": "transactionID", "1.3.6.1.4.1.311.21.38": "SCEP server message",
    "1.2.840.113549.1.9.3": "contentType", "1.2.840.113549.1.9.4": "messageDigest",
    "1.2.840.113549.1.9.5": "signingTime", "1.2.840.113549.1.9.14": "extensionRequest",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption", "1.2.840.113549.1.1.7": "RSAES-OAEP",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.3.14.3.2.26": "sha1", "1.3.14.3.2.29": "sha1WithRSA of OIW",
    "2.16.840.1.101.3.4.1.2": "aes128-CBC", "1.3.6.1.4.1.311.66.1.0": "Windows DeviceID",
}
OPENED = (DATA, AKI, SKI)                # their OCTET STRINGs hold DER
SHOWN = (MESSAGE_TYPE, PKI_STATUS)       # their strings are constants
SIGNER = "SCEP Protocol Certificate"     # the name of every throw-away signer


class Element:
    def __init__(self, raw, content, children):
        self.raw, self.tag, self.content, self.children = raw, raw[0], content, children

    @property
    def number(self):
        return self.tag & 0x1F

    @property
    def universal(self):
        return self.tag < 0x40


def read_length(data, at):
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    value = data[at + 1:at + 1 + count]
    if not 1 <= count <= 4 or len(value) < count or value[0] == 0 or (count == 1 and value[0] < 0x80):
        raise NotDer("a length that is indefinite, cut off or longer than needed at %d" % at)
    return int.from_bytes(value, "big"), at + 1 + count


def check(e):
    if e.universal and bool(e.tag & 0x20) != (e.number in (16, 17)):
        raise NotDer("tag %02x: constructed where DER wants primitive, or the reverse" % e.tag)
    if e.tag == 1 and e.content not in (b"\0", b"\xff"):
        raise NotDer("BOOLEAN is %s" % e.content.hex())
    if e.tag == 5 and e.content:
        raise NotDer("NULL has a content")
    if e.tag == 2 and (not e.content or len(e.content) > 1 and
                       (e.content[0], e.content[1] >> 7) in ((0, 0), (0xFF, 1))):
        raise NotDer("INTEGER is empty or longer than needed")
    encodings = [c.raw for c in e.children]
    if e.tag == 0x31 and encodings != sorted(encodings):
        raise NotDer("a SET OF that is not sorted")


def read(data):
    """All elements of `data`, one after the other."""
    out, at = [], 0
    while at < len(data):
        tag = data[at]
        if tag & 0x1F == 0x1F or at + 1 >= len(data):
            raise NotDer("a long tag or a cut at %d" % at)
        length, start = read_length(data, at + 1)
        if start + length > len(data):
            raise NotDer("an element at %d that ends behind its parent" % at)
        content = data[start:start + length]
        e = Element(data[at:start + length], content, read(content) if tag & 0x20 else [])
        check(e)
        out.append(e)
        at = start + length
    return out


def oid(content):
    numbers, n = [], 0
    for byte in content:
        n = n << 7 | byte & 0x7F
        if byte < 0x80:
            numbers, n = numbers + [n], 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(x) for x in [first, numbers[0] - 40 * first] + numbers[1:])


def oid_around(e):
    """The OID that says what stands in this SEQUENCE; a public key has it one SEQUENCE deeper."""
    tags = [c.tag for c in e.children]
    if e.tag == 0x30 and tags == [0x30, 3]:
        return oid_around(e.children[0])
    return oid(e.children[0].content) if e.tag == 0x30 and tags[:1] == [6] else None


def is_foreign_issuer(e):
    """An issuerAndSerialNumber that names a certificate of somebody's CA, not the throw-away one."""
    return (len(e.children) == 2 and [c.tag for c in e.children] == [0x30, 2] and
            all(c.tag == 0x31 for c in e.children[0].children) and SIGNER.encode() not in e.content)


def name_of(e):
    return TAGS.get(e.number, "tag %d" % e.number) if e.universal else "[%d]" % e.number


def describe_integer(e, around):
    value = int.from_bytes(e.content, "big", signed=True)
    if value < 1 << 24:
        return "INTEGER %d" % value
    return "INTEGER %d bits" % value.bit_length() if around == RSA else "INTEGER %d bytes" % len(e.content)


def describe_string(e, around):
    text = e.content.decode(STRINGS[e.number])
    if around in SHOWN or text == SIGNER:
        return '%s "%s"' % (name_of(e), text)
    return "%s %s" % (name_of(e), form(text))


def describe_bytes(e, around):
    size = "%d bytes" % len(e.content)
    if around == ENVELOPED:
        size = "*"  # the encrypted key is as long as the recipient's
    elif around == DATA:
        size = "*, whole blocks of 16" if e.content and len(e.content) % 16 == 0 else size
    elif around not in OIDS or OIDS[around] == "Windows DeviceID":
        size = "%s %s" % (size, form(e.content.decode("latin-1")))
    return "%s %s" % (name_of(e), size)


def describe(e, around):
    """One primitive element, in the SEQUENCE that the OID `around` opens."""
    if e.tag == 6:
        return "OID %s %s" % (oid(e.content), OIDS.get(oid(e.content), "?"))
    if e.tag == 1:
        return "BOOLEAN " + ("TRUE" if e.content == b"\xff" else "FALSE")
    if e.tag == 2:
        return describe_integer(e, around)
    if e.tag == 3:
        return "BIT STRING %d bytes, %d unused bits" % (len(e.content) - 1, e.content[0])
    if e.tag in (5, 23, 24):
        return name_of(e) + ("" if e.tag == 5 else " *, %d characters" % len(e.content))
    return describe_string(e, around) if e.universal and e.number in STRINGS else describe_bytes(e, around)


def walk(e, around, depth, out):
    def say(text, at=depth):
        out.append("  " * at + text)
    around = oid_around(e) or around
    if e.tag == 0x30 and is_foreign_issuer(e):
        say("SEQUENCE")
        say("Name *", depth + 1)
        say("INTEGER *", depth + 1)
    elif e.tag & 0x20:
        say(name_of(e))
        for child in e.children:
            walk(child, around, depth + 1, out)
    elif e.tag == 4 and around in OPENED and depth and not is_key_id(e, around):
        say("OCTET STRING that holds")
        for child in read(e.content):
            walk(child, around, depth + 1, out)
    elif e.tag == 3 and around == RSA and e.content[:2] == b"\0\x30":
        say("BIT STRING that holds, 0 unused bits")
        for child in read(e.content[1:]):
            walk(child, around, depth + 1, out)
    else:
        say(describe(e, around))


def is_key_id(e, around):
    """The twenty bytes inside of a SubjectKeyIdentifier's own OCTET STRING."""
    return around == SKI and len(e.content) == 20


def shape(data):
    out = []
    for e in read(data):
        walk(e, None, 0, out)
    return "\n".join(out) + "\n"
