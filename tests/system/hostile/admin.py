# SPDX-License-Identifier: Apache-2.0
"""The administration socket: who may speak, and what comes of nonsense."""
import json
import os
import socket
import stat
import subprocess

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
    with open(os.path.join(WORK, "server.log"), errors="replace") as log:
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
    for command in ("user.add", "user.remove", "profile.add", "profile.show", "profile.assign", "profile.unassign",
                    "profile.remove", "enrollment.show", "device.show", "device.unenroll", "device.remove",
                    "device.confirm", "device.reject", "group.remove", "group.show", "group.delete", "command.send",
                    "command.show", "command.cancel", "command.retry"):
        for values in ({}, {"name": 5, "id": [], "body": {}}, {"name": "", "id": ""},
                       {"name": "x" * 100000, "password": "y", "id": "z" * 100000},
                       {"name": "' OR 1=1 --", "id": "' OR 1=1 --", "device": "%"},
                       {"name": "<b>", "body": "<Atomic>"}):
            refused(json.dumps({"command": command} | values).encode() + b"\n")
    after = [database(f"SELECT count(*) FROM {table}") for table in ("account", "profile", "enrollment")]
    expect(after == before, "something was added")


NEW = {
    "challenge.new": ("subject", "san", "eku", "lifetime", "count", "endpoint"), "challenge.list": ("max",),
    "challenge.revoke": ("id",), "request.list": ("max",), "request.approve": ("id",),
    "request.deny": ("id", "reason"), "cert.list": ("max", "before", "endpoint", "subject"), "cert.show": ("id",),
    "cert.export": ("id",), "cert.revoke": ("id", "reason"), "alarm.list": ("max",), "device.set": ("device", "sid"),
    "device.import": ("rows",), "user.add": ("endpoint",), "user.remove": ("endpoint",),
    "device.list": ("after", "max", "all"), "device.show": ("device",), "device.unenroll": ("device", "now"),
    "device.remove": ("device",), "device.confirm": ("device",), "device.reject": ("device",),
    "enrollment.list": ("after", "max", "newest", "device", "state"), "profile.unassign": ("profile", "device"), "profile.remove": ("name",),
    "group.add": ("devices",), "group.remove": ("name", "devices"), "group.show": ("name", "after", "max"),
    "group.delete": ("name",), "command.send": ("device", "body"), "command.show": ("id",), "command.cancel": ("id",),
    "command.retry": ("id",), "command.list": ("device", "state", "batch", "before", "max"),
}
VALUES = [None, True, 0, -1, 2**62, 1.5, 1e300, "", "x", "0", "-1", "\u0000", "a\u0001b", "x" * 300000, "' OR 1=1 --", "%",
          "CN=a", [], {}, [[]], [None], [{}], {"a": {}}, ["x"] * 1000]
TABLES = ("challenge", "request", "certificate", "account", "ndes_account", "device", "queue", "device_group",
          "group_member", "assignment")


def rows():
    return [database(f"SELECT count(*) FROM {table}") for table in TABLES] + [
        database("SELECT count(*) FROM certificate WHERE revoked IS NOT NULL"),
        database("SELECT count(*) FROM challenge WHERE revoked IS NOT NULL"),
        database("SELECT count(*) FROM device WHERE sid IS NOT NULL")]


def wrong_types():
    """Any value in any argument of the commands: an answer in JSON, and nothing that was not asked for."""
    before = rows()
    for command, arguments in NEW.items():
        for argument in arguments:
            for value in VALUES:
                line = json.dumps({"command": command, "endpoint": "nowhere", argument: value}).encode() + b"\n"
                answer = json.loads(talk(line))
                expect(answer["ok"] is (not answer.get("error")), f"{line[:90]}: {answer}")
                expect(not answer["ok"] or command.endswith(".list") or answer.get("count") == 0,
                       f"{line[:90]}: {str(answer)[:200]}")
    for value in VALUES:
        if value is not None and not isinstance(value, str):  # not the account of the same name that enrolls hosts
            for command in "user.remove", "challenge.new", "cert.list":
                refused(json.dumps({"command": command, "name": "alice", "subject": "CN=x", "endpoint": value}).encode() + b"\n")
    expect(rows() == before, f"{before} became {rows()}")


def wrong_imports():
    before, device = rows(), database("SELECT device_id FROM device")[0][0]
    sid = "S-1-5-21-1-2-3-500"
    for some in ([{"device": device}], [{"sid": sid}], [{"device": device, "sid": 5}], [{"device": 5, "sid": sid}],
                 [{"device": device, "sid": "S-1-5-21-1-2-3-4294967296"}], [{"device": device, "sid": sid + "\n"}],
                 [{"device": device, "sid": sid}, {"device": "nobody", "sid": sid}], [{"device": device, "sid": sid}, 5],
                 [{"device": device, "sid": sid}] * 2000 + [None], [[device, sid]], {"device": device, "sid": sid}, device):
        refused(json.dumps({"command": "device.import", "rows": some}).encode() + b"\n")
    expect(rows() == before, "an import that was refused changed something")


def csv():
    """The command reads what a spreadsheet, or an enemy, has made."""
    before, device = rows(), database("SELECT device_id FROM device")[0][0]
    path = os.path.join(WORK, "hostile.csv")
    sid = b"S-1-5-21-1-2-3-500"
    good = device.encode() + b"," + sid + b"\n"
    for content in (b"\x00", good + b"\x00,\x00\n", good + b"\xff\xfe,S-1\n", good + b'"', good + b'"open,' + sid + b"\n",
                    good + b",\n", good + b"a,b,c\n", good + b"=cmd()," + sid + b"\n", good + b"x" * 100000,
                    good + device.encode() + b",S-1-5-x\n", good + device.encode() + b"," + b"S-1" + b"-5" * 5000 + b"\n",
                    "\ufeffdevice;sid\n".encode("utf-16"), good * 3 + b"nobody," + sid + b"\n", b"," * (1 << 20)):
        with open(path, "wb") as f:
            f.write(content)
        done = subprocess.run([os.environ["SIGNET"], "device", "import", path, "-d", DATA], capture_output=True, timeout=60)
        words = done.stderr.decode()
        expect(done.returncode == 1 and words.count("\n") <= 3 and "Sanitizer" not in words, f"{content[:60]}: {words[:300]}")
    expect(rows() == before, "an import that was refused changed something")


check("admin: modes of the socket, its folder, keys and database", modes)
if os.getuid() == 0:
    check("admin: another user cannot connect", another_user)
    check("admin: nor speak where the modes let him", another_user_by_credentials)
else:
    print("skip admin: another user (only root can become one)")
check("admin: nonsense gets an error in JSON", nonsense)
check("admin: lines that are too long or have no end", too_long)
check("admin: commands with wrong arguments", wrong_arguments)
check("admin: values of wrong types in every argument of the commands", wrong_types)
check("admin: imports with wrong rows", wrong_imports)
check("admin: CSV files that are none", csv)
finish()
