# SPDX-License-Identifier: Apache-2.0
# Starting and steering upstream.py; source lib.sh before. What it says is in $work/NAME.log.

start_upstream() { # name, options ...: sets $upstream (pid) and $port
    : >"$work/$1.port"
    python3 "$here/gateway/upstream.py" "$work" --name "$@" >"$work/$1.port" 2>>"$work/$1.log" &
    upstream=$!
    pids+=("$upstream")
    for _ in $(seq 400); do
        [ -s "$work/$1.port" ] && break
        sleep 0.05
    done
    port=$(cat "$work/$1.port")
}
control() { # query
    curl -s "http://127.0.0.1:$port/control?${1:-}"
}
upstream_saw() { # expression on the answer of /control
    control | json "$1"
}
issued() {
    upstream_saw "len(v['issued'])"
}
