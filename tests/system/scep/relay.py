# SPDX-License-Identifier: Apache-2.0
"""Stands between a client and the server, and offers less (or more) than the server does: the first
part of a path, such as /-AES,+SHA-1/, says what GetCACaps loses and what it gets in front.
Arguments: the server's port; then it prints its own."""
import http.client
import http.server
import sys

SERVER = int(sys.argv[1])


def edited(capabilities, edits):
    lines = capabilities.decode().split()
    for edit in edits.split(","):
        if edit[0] == "-":
            lines.remove(edit[1:])
        else:
            lines.insert(0, edit[1:])
    return "\n".join(lines).encode()


class Relay(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        _, edits, path = self.path.split("/", 2)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
        try:
            reply, content = self.ask(path, body)
        except (OSError, http.client.HTTPException) as cause:
            print(f"relay: {self.command} /{path[:80]}: {cause!r}", file=sys.stderr, flush=True)
            return self.send_error(502, repr(cause))
        if "operation=GetCACaps" in path:
            content = edited(content, edits)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def ask(self, path, body):
        upper = http.client.HTTPConnection("127.0.0.1", SERVER, timeout=20)
        upper.request(self.command, "/" + path, body, {"Content-Type": self.headers.get_content_type()})
        reply = upper.getresponse()
        return reply, reply.read()

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Relay)
print(server.server_port, flush=True)
server.serve_forever()
