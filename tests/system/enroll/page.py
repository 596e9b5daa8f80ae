# SPDX-License-Identifier: Apache-2.0
"""The sign-in page, as a browser runs it and as strangers would use it."""
import os
import re
import urllib.parse

from browser import Browser
from mde import by_token, discover, get_policies, new_csr, new_device, request_token
from probe import DATA, PUBLIC, WORK, check, database, expect, finish, send, signet

PASSWORD = open(os.path.join(WORK, "password")).read().strip()
APP = "ms-app://S-1-15-2-7"
AUTH = PUBLIC + "/EnrollmentServer/Auth"
FORM = "application/x-www-form-urlencoded"


def address(appru=APP, hint="alice"):
    return AUTH + "?" + urllib.parse.urlencode({"appru": appru, "login_hint": hint})


def get(url):
    return send(url, method="GET")


def post(**fields):
    return send(AUTH, urllib.parse.urlencode(fields).encode(), FORM, source="127.0.7.7")


def state_of(page):
    return re.search(b'name="state" value="(.*?)"', page.body)[1].decode()


# ---- in Chromium ----

browser = Browser(os.path.join(DATA, "tls.pem"))


def to_app(params):
    return params["url"].startswith("ms-app:")


def signs_in():
    """Form, wrong password, form again, right password: the token goes to the app by itself."""
    browser.go(address(hint='al"ice<b>'))
    expect(browser.run("document.querySelector('[name=user]').value") == 'al"ice<b>', "the hint")
    expect(browser.run("getComputedStyle(document.querySelector('button')).color") ==
           "rgb(255, 255, 255)", "the page's own style is not applied")
    browser.submit(user="alice", password="wrong")
    error = browser.run("document.querySelector('[role=alert]').textContent")
    expect(error == "wrong user name or password", error)
    expect(browser.run("document.querySelector('[name=password]').value") == "", "it comes back")
    browser.submit(user="alice", password=PASSWORD)
    sent = browser.wait("Page.frameRequestedNavigation", to_app)
    expect(sent["url"].rstrip("/").lower() == APP.lower() and sent["reason"] == "formSubmissionPost", sent)
    expect(not browser.violations(), browser.violations())
    return browser.submitted()["wresult"]


def enrolls():
    token = signs_in()
    expect(re.fullmatch("[A-Z2-7]{26}", token), token)
    device = new_device()
    expect(get_policies(by_token(token)).hresult == 0, "policies")
    expect(request_token(by_token(token), new_csr(), device).hresult == 0, "the token enrolls")
    account, = database("SELECT account FROM device WHERE device_id = ?", device)[0]
    expect(account == "alice", account)
    again = request_token(by_token(token), new_csr(), new_device())
    expect(again.hresult == 0x80180002, again)


def by_code():
    code = signet("user", "code", "alice").strip()
    browser.go(address())
    browser.submit(user="alice", password=code)
    browser.wait("Page.frameRequestedNavigation", to_app)
    token = browser.submitted()["wresult"]
    expect(request_token(by_token(token), new_csr(), new_device()).hresult == 0, "the token enrolls")
    browser.go(address())
    browser.submit(user="alice", password=code)
    error = browser.run("document.querySelector('[role=alert]').textContent")
    expect("used up" in error, error)


def runs_nothing_else():
    """A script that stands in the page is not run, nor is it framed."""
    browser.go(address())
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.bad=1\">')")
    script = "const s = document.createElement('script'); s.textContent = 'window.bad=1'; document.body.append(s)"
    browser.run(script)
    expect(browser.run("window.bad === undefined"), "a script was run")
    expect(browser.run("new Promise(done => setTimeout(done, 100)) && 1") == 1, "")
    expect(browser.violations(), "nothing was forbidden")


# ---- without ----

def discovery():
    answer = discover(("Federated", "OnPremise"))
    expect("<AuthPolicy>Federated<" in answer.body and f"Url>{AUTH}</Auth" in answer.body, answer)
    answer = discover(("OnPremise",))
    expect("<AuthPolicy>OnPremise<" in answer.body and "AuthenticationServiceUrl" not in answer.body, answer)


def apps_only():
    for appru in ("https://evil.example/", "javascript:alert(1)", "ms-app:", "ms-app://", "MS-APP://x",
                  "ms-app://x?y", "ms-app://x\" onload=\"y", "ms-app://x@evil.example", "ms-app://x:1",
                  "ms-app://x%0d%0aSet-Cookie:1", "http://ms-app://x", "ms-app://" + "x" * 300, "", "data:,"):
        reply = get(address(appru))
        expect(reply.status == 400 and reply.type == "text/plain", (appru, reply))
    expect(get(AUTH).status == 400, "no appru at all")
    expect(get(address("ms-app://windows.immersivecontrolpanel/x/y")).status == 200, "a good one")


def fields():
    reply = get(address())
    policy = reply.headers["Content-Security-Policy"]
    for part in "default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'":
        expect(part in policy, policy)
    expect("script-src" not in policy, policy)  # this one has none
    for name, value in (("Cache-Control", "no-store"), ("X-Frame-Options", "DENY"),
                        ("Referrer-Policy", "no-referrer"), ("X-Content-Type-Options", "nosniff")):
        expect(reply.headers[name] == value, (name, reply.headers[name]))
    expect("Set-Cookie" not in reply.headers, "a cookie")


def forms_of_others():
    """Only what the server sealed says where the token goes."""
    good = state_of(get(address()))
    for state in ("", "x", good[:-4], "A" + good[1:], good[:20] + "AAAA" + good[24:], "A" * len(good)):
        reply = post(user="alice", password=PASSWORD, state=state, appru="ms-app://evil")
        expect(reply.status == 400 and b"wresult" not in reply.body, reply)
    reply = post(user="alice", password=PASSWORD, state=good, appru="ms-app://evil")
    expect(b'action="' + APP.encode() + b'"' in reply.body and b"evil" not in reply.body, reply)
    expect(send(AUTH, b"{}", "application/json").status == 415, "another type")
    expect(send(AUTH, method="PUT").status == 405, "another method")
    reply = post(user='<script>alert(1)</script>', password="x", state=good)
    expect(b"<script" not in reply.body and b"&lt;script&gt;" in reply.body, reply)


def odd_bodies():
    state = urllib.parse.quote_plus(state_of(get(address())))
    for body in (b"", b"&&&", b"=", b"user", b"%", b"user=%zz&password=%&state=" + state.encode(),
                 b"user=a%00b&password=x&state=" + state.encode(), b"\0" * 100, b"\xff" * 1000,
                 b"user=" + b"x" * 500000 + b"&password=y&state=" + state.encode()):
        reply = send(AUTH, body, FORM, source="127.0.7.8")
        expect(reply.status in (200, 400) and b"wresult" not in reply.body, reply)
    expect(send(AUTH, b"x" * (2 << 20), FORM).status == 413, "2 MiB")


def guessing():
    state = state_of(get(address()))
    said = []
    for _ in range(6):
        body = urllib.parse.urlencode({"user": "bob", "password": "guess", "state": state}).encode()
        said.append(b"too many wrong" in send(AUTH, body, FORM, source="127.0.7.9").body)
    expect(said == [False] * 5 + [True], said)


try:
    check("page: discovery sends hosts to it, and only those that can", discovery)
    check("page: Chromium signs in, and the token enrolls once", enrolls)
    check("page: an enrollment code in the password's place", by_code)
    check("page: it runs no script but its own", runs_nothing_else)
finally:
    browser.close()
check("page: only apps get an answer", apps_only)
check("page: the header fields", fields)
check("page: forms that are not ours", forms_of_others)
check("page: odd bodies", odd_bodies)
check("page: guessing is made slow", guessing)
finish()
