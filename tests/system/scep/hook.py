#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A webhook that thinks for a while and allows every challenge but 'no'.

    hook.py FOLDER SECONDS     writes its port into FOLDER/hook.port; a file there for each question
"""
import http.server
import json
import os
import sys
import time

FOLDER, SECONDS = sys.argv[1], float(sys.argv[2])


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        open(f"{FOLDER}/asked.{self.client_address[1]}", "w").close()
        time.sleep(SECONDS)
        body = json.dumps({"allow": question["scepChallenge"] != "no"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
with open(f"{FOLDER}/port.new", "w") as out:
    out.write(str(server.server_port))
os.rename(f"{FOLDER}/port.new", f"{FOLDER}/hook.port")
server.serve_forever()
