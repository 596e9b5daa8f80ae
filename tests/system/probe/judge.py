# SPDX-License-Identifier: Apache-2.0
"""Holds what `signet probe -o json` said against what it should have. Usage: judge.py FILE STATUS WORD ...

A WORD is stops:CODE:HRESULT ("null" where it is not known), risk:CODE, note:CODE, fact:NAME, enrolled, or
blind (nothing stops, and too little was seen).
All faults and risks have to be there in that order, and no other; of notes and facts those that are named."""
import json
import sys


def main(path, status, *words):
    with open(path) as f:
        report = json.load(f)
    print(json.dumps(report, indent=1))
    findings = report["findings"]
    stops = [f for f in findings if f["severity"] == "stops"]
    wanted = [w.split(":") for w in words]
    kinds = {kind: [w[1] for w in wanted if w[0] == kind] for kind in ("note", "fact")}
    seen = [[f["severity"], f["code"]] + ([f["hresult"] or "null"] if f in stops else [])
            for f in findings if f["severity"] != "note"]
    first = stops[0] if stops else {"code": None, "hresult": None}
    checks = {
        f"faults and risks are {seen}": seen == [w for w in wanted if w[0] in ("stops", "risk")],
        "the verdict is not the first fault": (report["verdict"], report["hresult"]) == (first["code"], first["hresult"]),
        "stops": report["stops"] == bool(stops),
        "inconclusive": not report["inconclusive"] or bool(stops) or "blind" in words,
        f"the exit status is {status}": int(status) == bool(stops or "blind" in words),
        "enrolled": report["enrolled"] == ("enrolled" in words),
        "a note is missing": set(kinds["note"]) <= {f["code"] for f in findings if f["severity"] == "note"},
        "a fact is missing": set(kinds["fact"]) <= {f["name"] for f in report["facts"]},
        "a finding does not say what was seen, or its cure": all(
            f["detail"] and f["title"] and f["cure"] and f["fact"] for f in findings),
        "nothing was checked, and nothing is unknown": report["checked"] or report["unknown"],
    }
    wrong = [what for what, good in checks.items() if not good]
    print(*(f"WRONG: {what}" for what in wrong), sep="\n")
    return bool(wrong)


sys.exit(main(*sys.argv[1:]))
