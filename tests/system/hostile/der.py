# SPDX-License-Identifier: Apache-2.0
"""Just enough DER to take a SCEP message apart and put another one together."""


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(size)]) + size + body


def children(body):
    """The elements in a constructed body: [(tag, body, whole)]."""
    found, at = [], 0
    while at < len(body):
        start, tag, n = at, body[at], body[at + 1]
        at += 2
        if n & 128:
            size = n & 127
            n = int.from_bytes(body[at:at + size], "big")
            at += size
        found.append((tag, body[at:at + n], body[start:at + n]))
        at += n
    return found


def oid(text):
    numbers = [int(n) for n in text.split(".")]
    numbers[:2] = [40 * numbers[0] + numbers[1]]
    out = b""
    for n in numbers:
        digits = [n & 127]
        while n := n >> 7:
            digits.insert(0, 128 | n & 127)
        out += bytes(digits)
    return tlv(6, out)



def mutations(der, skip=lambda path: False):
    """Every element of `der`: missing, doubled, of another type and of wrong lengths: (path, what). A
    path is a tuple of places; `skip` leaves out what stands at and below one."""
    for path, tag, body in elements(der, (), skip):
        for what in wrong(tag, body):
            yield path, what


def elements(der, path, skip):
    for place, (tag, body, _) in enumerate(children(der)):
        here = path + (place,)
        if skip(here):
            continue
        yield here, tag, body
        if tag & 0x20:
            yield from elements(body, here, skip)


def wrong(tag, body):
    whole = tlv(tag, body)
    head = len(whole) - len(body)
    ways = {
        "missing": b"",
        "doubled": whole * 2,
        "another type": tlv(4 if tag != 4 else 12, body),
        "null": b"\x05\x00",
        "empty": tlv(tag),
        "too short": tlv(tag, body[:-1]),
        "too long": tlv(tag, body, b"\x00"),
        "a length one too large": tlv(tag, body + b"\x00")[:head] + body,
        "a length of 4 GiB": bytes([tag]) + b"\x84\xff\xff\xff\xff" + body,
        "a length without end": bytes([tag]) + b"\x80" + body,
    }
    return {what: bad for what, bad in ways.items() if bad != whole}


def mutated(der, path, what):
    """`der` with that wrong at that place; the lengths around it are right."""
    parts = [whole for _, _, whole in children(der)]
    tag, body, _ = children(der)[path[0]]
    parts[path[0]] = tlv(tag, mutated(body, path[1:], what)) if path[1:] else wrong(tag, body)[what]
    return b"".join(parts)
