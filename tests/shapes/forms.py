# SPDX-License-Identifier: Apache-2.0
"""What may be said of a value that differs from host to host: its form, never the value."""
import re

GUID = "[0-9A-F]{8}(-[0-9A-F]{4}){3}"

FORMS = [
    (r"[0-9a-f]{40}", "40 lower-case hex"),
    (r"[0-9A-F]{40}", "40 upper-case hex"),
    (r"[0-9A-F]{64}", "64 upper-case hex"),
    (r"[0-9A-F]{32}", "32 upper-case hex"),
    (r"[0-9A-F]{32}\0", "32 upper-case hex and NUL"),
    (GUID + r"-[0-9A-F]{6}![0-9A-F]{32}\0", "30 characters of a GUID, '!', 32 upper-case hex, NUL"),
    (r"([0-9A-F]{2}-){5}[0-9A-F]{2}", "MAC address"),
    (r"\d+(\.\d+){3}", "version of four numbers"),
    (r"\./(Device|User)/Vendor/MSFT(/[^/ ]+)+", "node of a CSP"),
    (r"https://[^ ]+", "https URL"),
    (r"[^@ ]+@[^@ ]+", "user@domain"),
    (r"[A-Za-z0-9+/]{16}(\.\d+){3}", "16 base64 characters and three numbers"),
    (r"\d+", "number"),
]


def form(text):
    """'*' when the value shows no form that we know."""
    if not text:
        return "<nothing>"
    for pattern, name in FORMS:
        if re.fullmatch(pattern, text):
            return "<" + name + ">"
    return "*"
