#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A webhook as step-ca's users write them, for webhook_test: checks the signature, answers by path.

    webhook_server.py ID SECRET CERT KEY     prints two ports: of http and of https
"""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

ID, SECRET, CERT, KEY = sys.argv[1], base64.b64decode(sys.argv[2]), sys.argv[3], sys.argv[4]


def complaint(headers, body):
    """What is wrong with the question, or nothing."""
    mac = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if headers["X-Smallstep-Signature"] != mac or headers["X-Smallstep-Webhook-ID"] != ID:
        return "signature"
    if headers["Content-Type"] != "application/json":
        return "type"
    question = json.loads(body)
    if question["scepChallenge"] != "s3cret \u00fc" or question["scepTransactionID"] != "T-1":
        return "challenge"
    if question["provisionerName"] != "corp" or not question["timestamp"].endswith("Z"):
        return "name"
    request = question["x509CertificateRequest"]
    raw = base64.b64decode(request["raw"], validate=True)
    seen = subprocess.run(["openssl", "req", "-inform", "DER", "-verify", "-noout", "-pubkey"],
                          input=raw, capture_output=True)
    spki = base64.b64decode("".join(seen.stdout.decode().split("\n")[1:-2]))
    if seen.returncode or base64.b64decode(request["publicKey"]) != spki:
        return "csr"
    return None if request["publicKeyAlgorithm"] == "ECDSA" else "algorithm"


class Hook(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, length=None, location=None):
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # where a client lands that follows a redirect
        self.answer(200, b'{"allow": true}')

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        wrong = complaint(self.headers, body)
        what, _, rest = self.path[1:].partition("/")
        if wrong:
            self.answer(400, wrong.encode())
        elif what == "json":
            self.answer(200, urllib.parse.unquote_to_bytes(rest))
        elif what == "status":
            self.answer(int(rest), b'{"allow": true}')
        elif what == "redirect":
            self.answer(int(rest), b'{"allow": true}', location="/json/%7B%22allow%22:true%7D")
        elif what == "cut":
            self.answer(200, b'{"allow": true}', length=100)
        elif what == "slow":
            time.sleep(float(rest))
            self.answer(200, b'{"allow": true}')

    def log_message(self, *args):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that hang up are what is tested


plain = Quiet(("127.0.0.1", 0), Hook)
secure = Quiet(("127.0.0.1", 0), Hook)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
secure.socket = context.wrap_socket(secure.socket, server_side=True)
print(plain.server_port, secure.server_port, flush=True)
threading.Thread(target=secure.serve_forever, daemon=True).start()
plain.serve_forever()
