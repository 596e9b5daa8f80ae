# SPDX-License-Identifier: Apache-2.0
"""The administration socket: who may speak, and what comes of nonsense."""
import json
import os
import socket
import stat

from probe import DATA, WORK, check, database, expect, finish

FOLDER, PATH = os.path.join(DATA, "run"), os.path.join(DATA, "run", "admin.sock")
NOBODY = 65534


def talk(line):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(15)
        s.connect(PATH)
        got = b""
        try:
            s.sendall(line)
            s.shutdown(socket.SHUT_WR)
            while block := s.recv(65536):
                got += block
        except (BrokenPipeError, ConnectionResetError):
            pass
        return got


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def modes():
    for path, least in ((PATH, 0o600), (FOLDER, 0o700)):
        expect(mode(path) == least, f"{path} has mode {mode(path):o}")
    for name in os.listdir(DATA):
        if name.endswith(".key") or name.startswith("signet.db") or name == "signet.conf":
            expect(mode(os.path.join(DATA, name)) & 0o077 == 0, f"others may read {name}")


def as_nobody(work):
    """Runs work() in a child under another uid; its truth is the child's exit status."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os._exit(0 if work() else 1)
        except BaseException:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def cannot_connect():
    try:
        talk(b'{"command": "device.list"}\n')
    except PermissionError:
        return True
    return False


def another_user():
    expect(as_nobody(cannot_connect) == 0, "another user reached the socket")


def another_user_by_credentials():
    """With the modes out of the way, the peer's credentials alone decide."""
    paths = {WORK: 0o711, DATA: 0o711, FOLDER: 0o711, PATH: 0o666}
    before = {path: mode(path) for path in paths}
    for path, wide in paths.items():
        os.chmod(path, wide)
    try:
        expect(as_nobody(lambda: talk(b'{"command": "device.list"}\n') == b"") == 0,
               "another user was answered")
    finally:
        for path, was in before.items():
            os.chmod(path, was)
    with open(os.path.join(WORK, "server.log")) as log:
        expect(f"peer_uid={NOBODY} status=refused" in log.read(), "the log does not tell of it")


def refused(line):
    answer = json.loads(talk(line))
    expect(answer["ok"] is False and answer["error"], answer)
    return answer["error"]


def nonsense():
    for line in (b"garbage\n", b"{\n", b"[]\n", b"null\n", b"5\n", b'"x"\n', b"{}\n", b"\n", b"\x00\n",
                 b'{"command": 5}\n', b'{"command": "nope"}\n', b'{"command": "\xff\xfe"}\n',
                 b"[" * 100000 + b"\n", b'{"a":' * 100000 + b"\n",
                 b'{"command": "device.list", "command": {}}\n'):
        refused(line)


def too_long():
    got = talk(b'{"command": "' + b"x" * (2 << 20) + b'"}\n')
    expect(not got or json.loads(got)["ok"] is False, got[:200])
    expect(talk(b'{"command": "device.list"}') == b"", "a line without end was answered")


def wrong_arguments():
    before = [database(f"SELECT count(*) FROM {table}") for table in ("account", "profile", "enrollment")]
    for command in ("user.add", "user.remove", "profile.add", "profile.show", "profile.assign",
                    "enrollment.show"):
        for values in ({}, {"name": 5, "id": [], "body": {}}, {"name": "", "id": ""},
                       {"name": "x" * 100000, "password": "y", "id": "z" * 100000},
                       {"name": "' OR 1=1 --", "id": "' OR 1=1 --", "device": "%"},
                       {"name": "<b>", "body": "<Atomic>"}):
            refused(json.dumps({"command": command} | values).encode() + b"\n")
    after = [database(f"SELECT count(*) FROM {table}") for table in ("account", "profile", "enrollment")]
    expect(after == before, "something was added")


check("admin: modes of the socket, its folder, keys and database", modes)
if os.getuid() == 0:
    check("admin: another user cannot connect", another_user)
    check("admin: nor speak where the modes let him", another_user_by_credentials)
else:
    print("skip admin: another user (only root can become one)")
check("admin: nonsense gets an error in JSON", nonsense)
check("admin: lines that are too long or have no end", too_long)
check("admin: commands with wrong arguments", wrong_arguments)
finish()
