#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the shape of one message. Usage: shape.py der|xml|answer|http FILE
(answer: the SyncML of a host that answers to commands)"""
import sys

import der_shape
import http_shape
import xml_shape

READERS = {
    "der": der_shape.shape,
    "xml": xml_shape.shape,
    "answer": lambda data: xml_shape.shape(data, answer=True),
    "http": lambda data: http_shape.shape(data.decode("latin-1"), through_proxy=False),
}

if len(sys.argv) != 3 or sys.argv[1] not in READERS:
    print(__doc__, file=sys.stderr)
    sys.exit(2)
with open(sys.argv[2], "rb") as f:
    print(READERS[sys.argv[1]](f.read()), end="")
