# SPDX-License-Identifier: Apache-2.0
"""Chromium without a screen, driven through its pipe (DevTools protocol: JSON, each ended by NUL)."""
import base64
import hashlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Browser:
    def __init__(self, trusted):
        """trusted: a PEM certificate whose key is believed, whoever signed it."""
        self.folder = tempfile.mkdtemp(prefix="signet-chromium-")
        spki = subprocess.run(["openssl", "x509", "-in", trusted, "-noout", "-pubkey"],
                              capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=spki,
                             capture_output=True, check=True).stdout
        pin = base64.b64encode(hashlib.sha256(der).digest()).decode()
        theirs, self.out = os.pipe()
        self.into, ours = os.pipe()

        def connect():  # Chromium reads from 3 and writes to 4
            reader, writer = os.dup(theirs), os.dup(ours)
            os.dup2(reader, 3)
            os.dup2(writer, 4)
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe",
             f"--user-data-dir={self.folder}", f"--ignore-certificate-errors-spki-list={pin}",
             "about:blank"], close_fds=False, preexec_fn=connect, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(ours)
        self.rest, self.number, self.events, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log":
            self.call(domain + ".enable")
        # What a script of the page submits is told, and then sent.
        self.call("Runtime.addBinding", name="submitted")
        self.call("Page.addScriptToEvaluateOnNewDocument", source="""
            const submit = HTMLFormElement.prototype.submit;
            HTMLFormElement.prototype.submit = function() {
                submitted(JSON.stringify(Object.fromEntries(new FormData(this))));
                submit.call(this);
            };""")

    def receive(self, seconds):
        """The next message, or None when there is none for so long."""
        end = time.monotonic() + seconds
        while b"\0" not in self.rest:
            if not select.select([self.into], [], [], max(0, end - time.monotonic()))[0]:
                return None
            block = os.read(self.into, 65536)
            if not block:
                raise EOFError("Chromium has ended")
            self.rest += block
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while answer := self.receive(60):
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)
        raise TimeoutError(method)

    def wait(self, method, condition=lambda params: True, seconds=60):
        """The parameters of an event that came, or comes."""
        end = time.monotonic() + seconds
        while True:
            for event in self.events:
                if event.get("method") == method and condition(event["params"]):
                    return event["params"]
            event = self.receive(max(0, end - time.monotonic()))
            if event is None:
                raise TimeoutError(f"{method}; there were {[e.get('method') for e in self.events]}")
            self.events.append(event)

    def run(self, script):
        """The value of an expression in the page."""
        got = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in got:
            raise RuntimeError(got["exceptionDetails"])
        return got["result"].get("value")

    def go(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def submit(self, **fields):
        """Fills the page's form in and presses its button; the next page is loaded then."""
        for name, value in fields.items():
            self.run(f"document.querySelector('[name={name}]').value = {json.dumps(value)}")
        self.events.clear()
        self.run("document.querySelector('button').click()")
        self.wait("Page.loadEventFired")

    def submitted(self):
        """The fields of the form that the page's script sent."""
        return json.loads(self.wait("Runtime.bindingCalled")["payload"])

    def violations(self):
        """Of the Content-Security-Policy, as the console tells them."""
        said = [e["params"]["entry"]["text"] for e in self.events if e.get("method") == "Log.entryAdded"]
        return [text for text in said if "Content Security Policy" in text or "Content-Security-Policy" in text]

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
