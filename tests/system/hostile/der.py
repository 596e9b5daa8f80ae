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
