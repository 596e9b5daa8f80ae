# SPDX-License-Identifier: Apache-2.0
"""Takes DER apart and puts it together again, so that a test can spoil any element of it."""
import der_shape


class Node:
    """`kids` of a constructed element, and of a string that holds DER (behind `prefix`)."""

    def __init__(self, element):
        self.tag, self.content, self.prefix = element.tag, element.content, b""
        self.kids = [Node(e) for e in element.children]
        self.holds_elements = bool(self.kids)
        inner = self.content[1:] if self.tag == 3 else self.content
        if self.tag in (3, 4) and inner[:1] in (b"\x30", b"\x04"):
            self.open(inner)

    def open(self, inner):
        try:
            self.kids = [Node(e) for e in der_shape.read(inner)]
        except (der_shape.NotDer, IndexError):
            return
        self.prefix, self.holds_elements = b"\0" if self.tag == 3 else b"", True

    def encode(self):
        content = self.content
        if self.holds_elements:
            content = self.prefix + b"".join(k.encode() for k in self.kids)
        return bytes([self.tag]) + length(len(content)) + content


def length(n):
    if n < 0x80:
        return bytes([n])
    size = (n.bit_length() + 7) // 8
    return bytes([0x80 | size]) + n.to_bytes(size, "big")


def parse(data):
    (element,) = der_shape.read(data)
    return Node(element)


def is_foreign(node):
    return node.tag == 0x30 and der_shape.is_foreign_issuer(der_shape.read(node.encode())[0])


def places(node):
    """(parent, index) of each element, but for what is in the name of somebody's CA."""
    for i, kid in enumerate(node.kids):
        yield node, i
        if not is_foreign(node):
            yield from places(kid)


def follow(data, oid):
    """The tree of `data` and, in it, parent and index of the first element with this OID."""
    root = parse(data)
    for parent, i in places(root):
        if parent.kids[i].tag == 6 and der_shape.oid(parent.kids[i].content) == oid:
            return root, parent, i
    raise KeyError(oid)
