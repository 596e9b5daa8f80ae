# SPDX-License-Identifier: Apache-2.0
"""A CertPoll for somebody else's request: everything is right but the key that signs it. Prints the
reply's pkiStatus, failInfo and server message. Arguments: URL, transactionID, CN of the request."""
import sys

from der import children, tlv
from probe import openssl, send
from windows import Announced, CertRep, Request, Signer, envelope, parts

url, transaction, name = sys.argv[1:]
announced = Announced("poll", url)


def subject_of(certificate):
    fields = children(parts(certificate)[0][1])
    return fields[5][2]


ca = openssl("x509", "-in", announced.ca, "-outform", "der")
theirs = openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj",
                 "/CN=" + name, "-outform", "der")
question = tlv(0x30, subject_of(ca), subject_of(theirs))
request = Request(None, Signer("poll"), envelope(question, announced.opener),
                  transaction=transaction.encode(), type=b"20")
reply = CertRep(send(url + "?operation=PKIOperation", request.der), request, announced)
print(reply.status.decode(), reply.fail_info.decode(), reply.server_message)
