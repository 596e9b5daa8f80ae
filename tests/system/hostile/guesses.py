# SPDX-License-Identifier: Apache-2.0
"""A flood of wrong passwords, each for another account and from another address, so that nobody is shut
out: who needs no password does not wait for theirs to be judged, and neither does the server's end. This
ends the server."""
import os
import signal
import statistics
import threading
import time

from client import KEY, RA, SUCCESS, Client
from forge import PKCS_REQ, Signer, csr, envelope, message
from probe import MANAGEMENT, PUBLIC, check, database, decent, expect, finish, host_identity, send

POLICY = PUBLIC + "/EnrollmentServer/Policy.svc"
SESSIONS = MANAGEMENT + "/ManagementServer/MDM.svc"
AT_ONCE, TIMES = 16, 15  # more than there are workers on a small machine


def guess(number):
    return ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action>http://schemas.microsoft.com/'
            'windows/pki/2009/01/enrollmentpolicy/IPolicy/GetPolicies</a:Action>'
            '<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/'
            'oasis-200401-wss-wssecurity-secext-1.0.xsd"><o:UsernameToken>'
            f"<o:Username>guess{number}</o:Username><o:Password>wrong</o:Password></o:UsernameToken>"
            '</o:Security></s:Header><s:Body><GetPolicies '
            'xmlns="http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"/></s:Body></s:Envelope>').encode()


class Flood:
    def __init__(self):
        self.over, self.judged, self.lost, self.odd = False, [], 0, []
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(AT_ONCE)]
        for t in self.threads:
            t.start()

    def run(self, thread):
        number = 0
        while not self.over:
            number += 1
            begun = time.monotonic()
            try:
                reply = decent(send(POLICY, guess(f"{thread}-{number}"), "application/soap+xml",
                                    source=f"127.7.{thread}.{number}"))
            except OSError:  # the server ends
                self.lost += 1
                continue
            if b"wrong user name or password" in reply.body:
                self.judged.append(time.monotonic() - begun)
            elif b"too many passwords are being checked" in reply.body:
                time.sleep(0.1)
            elif not (self.over and reply.status == 503):  # nothing is taken up while it stops
                self.odd.append(reply)

    def end(self):
        self.over = True
        for t in self.threads:
            t.join()


def timed(what):
    begun = time.monotonic()
    what()
    return time.monotonic() - begun


client, signer = Client(), Signer()
DEVICE, IDENTITY = database("SELECT device_id FROM device WHERE name = 'A'")[0][0], host_identity("A")
requests = [message(signer, PKCS_REQ, f"flood{i}-{os.urandom(4).hex()}".encode(),
                    envelope(csr(KEY, "CN=hostile,O=Example", client.challenge()), RA)) for i in range(TIMES)]
session = iter(range(TIMES))


def enrollment():
    answer = client.post(requests.pop())
    expect(answer.verdict == SUCCESS, answer)


def session_message():
    body = ('<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
            f"<SessionID>9{next(session)}</SessionID><MsgID>1</MsgID><Target><LocURI>{SESSIONS}</LocURI></Target>"
            f"<Source><LocURI>{DEVICE}</LocURI></Source></SyncHdr><SyncBody><Final/></SyncBody></SyncML>").encode()
    reply = send(SESSIONS, body, "application/vnd.syncml.dm+xml", identity=IDENTITY)
    expect(reply.status == 200 and b"<Data>200</Data>" in reply.body, reply)


def await_judged(count):
    patience = time.monotonic() + 120
    while len(flood.judged) < count:
        expect(time.monotonic() < patience, f"{len(flood.judged)} guesses judged, {flood.lost} lost: {flood.odd[:3]}")
        time.sleep(0.05)


def others_do_not_wait():
    await_judged(AT_ONCE)
    flood.judged.clear()
    for what in enrollment, session_message:
        times = sorted(timed(what) for _ in range(TIMES))
        await_judged(2)
        wait = statistics.median(flood.judged)
        print(f"    {what.__name__}: {times[TIMES // 2]:.3f} s, at most {times[-1]:.3f}; a guess: {wait:.3f}")
        expect(times[TIMES // 2] < wait / 3 and times[-1] < wait, f"{times}; a guess takes {wait}")
    expect(not flood.odd, flood.odd[:3])


def the_end_does_not_wait():
    wait = statistics.median(flood.judged)
    begun = time.monotonic()
    flood.over = True
    os.kill(int(os.environ["SERVER_PID"]), signal.SIGTERM)
    flood.end()
    took = time.monotonic() - begun
    expect(took < wait, f"it took {took} s; a guess {wait}")
    expect(not flood.odd, flood.odd[:3])


flood = Flood()
try:
    check("guesses: who needs no password does not wait for those who guess", others_do_not_wait)
    check("guesses: neither does who stops the server", the_end_does_not_wait)
finally:
    flood.end()
finish()
