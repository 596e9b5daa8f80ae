# SPDX-License-Identifier: Apache-2.0
"""64 at once with one challenge: whatever wins, one certificate is live. Arguments: an enrollment that
was accepted, and its session's trace, in which its challenge is."""
import glob
import os
import re
import subprocess
import sys
import threading

from client import RA, SUCCESS, FAILURE, Client, alarms, certificates
from der import oid, tlv
from forge import PKCS_REQ, Key, Signer, csr, envelope, extension, message, sequence
from probe import DATA, WORK, check, database, expect, finish, signet

ENROLLMENT, TRACE = sys.argv[1:3]
MANY = 64
RUN = os.urandom(6).hex()
KEYS, SIGNERS = [Key() for _ in range(8)], [Signer() for _ in range(4)]


def node(name):
    for path in glob.glob(os.path.join(TRACE, "*-in-syncml.xml")):
        found = re.search(f"Install/{name}</LocURI>.*?<Data>([^<]*)", open(path).read())
        if found:
            return found.group(1)
    raise AssertionError("the trace has no " + name)


DEVICE = database("SELECT d.device_id FROM device d JOIN enrollment e ON e.device = d.id WHERE e.id = ?",
                  ENROLLMENT)[0][0]
PROMISED = [extension("2.5.29.15", b"\x03\x02\x05\xa0"), extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.2"))),
            extension("2.5.29.17", sequence(
                tlv(0xa0, oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xa0, tlv(12, b"alice@example.com"))),
                tlv(0x82, b"host.example.com")))]


def request(number, challenge, subject, extensions=()):
    content = csr(KEYS[number % len(KEYS)], subject, challenge, extensions)
    signer = SIGNERS[number % len(SIGNERS)]
    return message(signer, PKCS_REQ, f"{RUN}-{challenge[:4]}-{number}".encode(), envelope(content, RA))


def at_once(messages):
    """All of them on connections of their own, sent when all are there."""
    answers, start = [None] * len(messages), threading.Barrier(len(messages))

    def post(i):
        client = Client()
        client.path = "/scep/pkiclient.exe"
        client.ask("GET", client.path + "?operation=PKIOperation")  # connects
        start.wait()
        answers[i] = client.post(messages[i])
        client.close()
    threads = [threading.Thread(target=post, args=(i,)) for i in range(len(messages))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    expect(None not in answers, "an answer is missing")
    return answers


def of_enrollment(live=False):
    return database("SELECT count(*) FROM certificate WHERE enrollment = ? AND (revoked IS NULL OR ?)",
                    ENROLLMENT, not live)[0][0]


def for_enrollment(number):
    return request(number, node("Challenge"), f"O=Example, Inc.|CN={DEVICE}", PROMISED)


def the_same():
    for answer in at_once([for_enrollment(0)] * MANY):
        expect(answer.verdict == SUCCESS, answer)
    expect(of_enrollment() == 1, f"{of_enrollment()} certificates for one request")


def different():
    for answer in at_once([for_enrollment(n) for n in range(1, MANY + 1)]):
        expect(answer.verdict in (SUCCESS, FAILURE), answer)
    expect(of_enrollment(live=True) == 1, f"{of_enrollment(live=True)} live certificates")
    expect(of_enrollment() > 1, "nobody else was served")


def one_time():
    before, challenge = certificates(), Client().challenge("--subject", "CN=racer")
    messages = [request(n, challenge, "CN=racer") for n in range(MANY)]
    # Eight keys: the CSRs of one key are the same, and so is their answer.
    won = [n for n, answer in enumerate(at_once(messages)) if answer.verdict == SUCCESS]
    expect(won and len({n % len(KEYS) for n in won}) == 1, won)
    expect(certificates() == before + 1, f"{certificates() - before} certificates for one challenge")
    expect(alarms("a one-time challenge was used again"), "no alarm")
    replayed = [n for n, answer in enumerate(at_once(messages)) if answer.verdict == SUCCESS]
    expect({n % len(KEYS) for n in replayed} == {n % len(KEYS) for n in won}, (won, replayed))
    expect(certificates() == before + 1, "a replay was issued")
    state = database("SELECT count(*), count(used) FROM challenge WHERE subject = 'CN=racer'")
    expect(state == [(1, 1)], state)


def approvals():
    """Eight administrators approve one request."""
    slow, signer = Client("slow"), Signer()
    challenge = slow.challenge("--subject", "CN=racer")
    slow.post(message(signer, PKCS_REQ, RUN.encode(), envelope(csr(KEYS[0], "CN=racer", challenge), RA)))
    number, before = database("SELECT max(id) FROM request WHERE state = 1")[0][0], certificates()
    running = [subprocess.Popen([os.environ["SIGNET"], "request", "approve", str(number), "-d", DATA],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(8)]
    expect(sorted(p.wait(60) for p in running).count(0) == 1, "not one approved it")
    expect(certificates() == before + 1, f"{certificates() - before} certificates for one approval")


def second_server():
    with open(os.path.join(WORK, "second"), "w+") as out:
        done = subprocess.run([os.environ["SIGNET"], "serve", "-d", DATA], stdout=out, stderr=out, timeout=30)
        out.seek(0)
        words = out.read()
    expect(done.returncode == 1 and "another" in words and DATA in words, words)
    signet("device", "list")  # and the first one still has its socket


check("race: one request 64 times at once: one certificate", the_same)
check("race: 64 requests with an enrollment's challenge at once: one live certificate", different)
check("race: 64 requests with a one-time challenge at once: one certificate, an alarm, no replay", one_time)
check("race: one request approved eight times at once", approvals)
check("race: a second server on the same folder", second_server)
finish()
