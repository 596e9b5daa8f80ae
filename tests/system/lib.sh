# SPDX-License-Identifier: Apache-2.0
# What the system tests share. A test script sources it, calls `check NAME COMMAND ...` and ends with
# `finish`. $SIGNET is the program. Everything listens on loopback and is ended by pid.
set -u
SIGNET=${SIGNET:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/signet}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/signet-test-XXXXXX")
pids=()
failures=0

clean_up() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap clean_up EXIT

check() { # name, command ...
    local name=$1
    shift
    if "$@" >"$work/check.log" 2>&1; then
        echo "ok $name"
    else
        echo "not ok $name"
        sed 's/^/    /' "$work/check.log" | tail -n 20
        failures=$((failures + 1))
    fi
}

finish() {
    [ "$failures" -eq 0 ]
    exit
}

# Ports that are free now, on one line: below those that the kernel gives to clients, since any of
# these may have one, or rest in TIME-WAIT with one, by the time that a server wants it.
free_ports() { # how many
    python3 -c '
import random, socket, sys
free = []
while len(free) < int(sys.argv[1]):
    s, port = socket.socket(), random.randrange(15000, 32768)
    try:
        s.bind(("127.0.0.1", port))
        free.append(s)
    except OSError:
        s.close()
print(*[s.getsockname()[1] for s in free])' "$1"
}

# Makes the data folder $work/data. Sets $public, $management, $plain (URLs).
make_server() { # options of init ...
    read -r p m h <<<"$(free_ports 3)"
    public=https://localhost:$p management=https://localhost:$m plain=http://127.0.0.1:$h
    data=$work/data
    "$SIGNET" init "$data" --host localhost --listen 127.0.0.1 --public-port "$p" \
        --management-port "$m" --plain-port "$h" "$@" >"$work/init.log"
    export SIGNET_DIR=$data
    tls=(--cacert "$data/tls.pem")
}

set_config() { # key, value: the first line with that key, which for those of endpoints is [scep]'s
    sed -i "0,/^$1 =.*/s||$1 = $2|" "$data/signet.conf"
}

# Adds an endpoint to the configuration.
add_endpoint() { # name, lines ...
    printf '\n[endpoint "%s"]\n' "$1" >>"$data/signet.conf"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$data/signet.conf"
}

# Starts the server and waits until it answers. Sets $server (pid).
start_server() { # options of serve ...
    : >"$work/ready" # by us: the one of before must not be seen
    "$SIGNET" serve -d "$data" "$@" >"$work/ready" 2>>"$work/server.log" &
    server=$!
    pids+=("$server")
    for _ in $(seq 1200); do # a minute: with sanitizers, a token and a busy machine it takes long
        [ -s "$work/ready" ] && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    cat "$work/server.log"
    return 1
}

stop_server() {
    kill "$server"
    wait "$server"
}

# Makes the account alice and enrolls the emulated host $work/NAME.
enroll_host() { # name
    [ -f "$work/password" ] || {
        echo "swordfish" >"$work/password"
        "$SIGNET" user add alice --password-file "$work/password" >/dev/null
    }
    "$SIGNET" device trust "$work/$1" "$data/tls.pem" --name "$1" >/dev/null &&
        "$SIGNET" device enroll "$work/$1" --server "$public" --user alice \
            --password-file "$work/password" >"$work/enroll.log" 2>&1
}

thumbprint_of() { # PEM file
    openssl x509 -in "$1" -noout -fingerprint -sha1 | sed 's/.*=//; s/://g'
}

# One attempt of the emulated host $work/NAME, whose registry is filled by hand, at the URL $scep_url.
# Its messages are in $work/NAME/trace.
scep_by_hand() { # name, challenge, subject, SAN, key length, key usage, EKU
    "$SIGNET" device trust "$work/$1" "$data/tls.pem" "$data/ca.pem" --name "$1" >/dev/null || return 1
    cat >"$work/$1/registry.reg" <<REG
Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\byhand\\one]
"CertThumbprint"=""
"Status"=dword:00000020

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\byhand\\one\\Install]
"ServerURL"="$scep_url"
"CAThumbprint"="$(thumbprint_of "$data/ca.pem")"
"SubjectName"="$(sed 's/["\\]/\\&/g' <<<"$3")"
"SubjectAlternativeNames"="${4:-}"
"EKUMapping"="${7:-1.3.6.1.5.5.7.3.2}"
"KeyUsage"=dword:$(printf %08x "${6:-160}")
"KeyLength"=dword:$(printf %08x "${5:-2048}")
"HashAlgorithm"="SHA-2"
"RetryCount"=dword:00000000
"Enroll"=""

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SCEP\\byhand\\one\\Install\\Challenge]
"Challenge"="$2"
REG
    "$SIGNET" device scep "$work/$1" --trace "$work/$1/trace"
}

# Whether the last answer to a host's request says that.
answered() { # name, pattern
    "$SIGNET" scep decode "$(ls "$work/$1"/trace/*-in-pkcsreq.der | tail -1)" >"$work/decoded" 2>&1
    cat "$work/decoded"
    grep -q -- "$2" "$work/decoded"
}

# A profile of ours with RSA-2048. Its nodes can be changed by `sed` before it is added.
write_profile() { # file
    local uri='./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/{{enrollment.id}}' n=2
    add() { # node, format, data
        echo "<Add><CmdID>$n</CmdID><Item><Target><LocURI>$uri/Install/$1</LocURI></Target>" \
            "<Meta><Format xmlns=\"syncml:metinf\">$2</Format></Meta><Data>$3</Data></Item></Add>"
        n=$((n + 1))
    }
    {
        echo '<Atomic><CmdID>1</CmdID>'
        echo "<Add><CmdID>20</CmdID><Item><Target><LocURI>$uri</LocURI></Target>" \
            '<Meta><Format xmlns="syncml:metinf">node</Format></Meta></Item></Add>'
        add RetryCount int 3
        add RetryDelay int 1
        add KeyUsage int 160
        add KeyLength int 2048
        add HashAlgorithm chr SHA-2
        add SubjectName chr 'CN={{device.id}},O="Example, Inc."'
        add SubjectAlternativeNames chr '11+alice@example.com;3+host.example.com'
        add EKUMapping chr 1.3.6.1.5.5.7.3.2
        add ServerURL chr '{{scep.url}}'
        add Challenge chr '{{scep.challenge}}'
        add CAThumbprint chr '{{scep.ca_thumbprint}}'
        echo "<Exec><CmdID>30</CmdID><Item><Target><LocURI>$uri/Install/Enroll</LocURI></Target></Item></Exec>"
        echo '</Atomic>'
    } >"$1"
}

# Assigns a profile and prints the enrollment's id.
assign() { # profile, host
    "$SIGNET" profile assign "$1" "$2" -o json | json "v['id']"
}

# A session, and then the host runs until its SCEP tasks are done and told.
run_host() { # name, options ...
    local name=$1
    shift
    "$SIGNET" device sync "$work/$name" "$@" >>"$work/$name.log" 2>&1
    "$SIGNET" device run "$work/$name" --until-settled --for 60 --time-scale 600 "$@" \
        >>"$work/$name.log" 2>&1
}

# Evaluates a Python expression on the JSON of standard input, which is `v`.
json() { # expression
    python3 -c 'import json, sys; v = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

# The same on an enrollment.
enrollment() { # id, expression
    "$SIGNET" enrollment show "$1" -o json | json "$2"
}

state_is() { # id, state
    local state
    state=$(enrollment "$1" "v['state']")
    echo "state: $state"
    [ "$state" = "$2" ] || {
        "$SIGNET" enrollment show "$1"
        return 1
    }
}

# Whether an enrollment has an event of that kind whose text matches.
has_event() { # id, kind, pattern
    "$SIGNET" enrollment show "$1" -o json |
        python3 -c '
import json, re, sys
events = json.load(sys.stdin)["events"]
print(*[e["kind"] + ": " + e["text"] + " " + str(e["evidence"]) for e in events], sep="\n")
sys.exit(not any(e["kind"] == sys.argv[1] and re.search(sys.argv[2], e["text"] + str(e["evidence"]))
                 for e in events))' "$2" "$3"
}
