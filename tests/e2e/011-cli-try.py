#!/usr/bin/env python3
"""sluse try, read and identify on the demo post, against its manifest.

Usage: 011-cli-try.py BIN   (the folder of sluse and the other programs)
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../spool/demo")
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data")
# A dry run has no target: what would be done is ready.
DISPOSITION = {"done": "ready"}
# No queue is named there, so that nobody knows of paper.
REASON = {"empty_scan": "empty"}
# The manifest counts the bomb as one document; its parts are told too.
UNCOUNTED = {"13c"}


def run(binary, *args):
    p = subprocess.run([binary, *args], stdout=subprocess.PIPE, timeout=120,
                       check=False)
    return [json.loads(line) for line in p.stdout.splitlines()], p.returncode


def wrong_with(item, got):
    """What does not fit the manifest, in words."""
    bad = []

    def same(what, have, want):
        if have != want:
            bad.append(f"{what} is {have!r}, want {want!r}")

    for want in item["expect"].get("entries", []):
        case = got["placement"].get("case", {})
        same("disposition", got["disposition"],
             DISPOSITION.get(want["disposition"], want["disposition"]))
        if want["disposition"] == "done":
            same("case", case.get("value"), want["case"])
            same("accepted", case.get("accepted"), True)
            same("case sent", (got["would_send"] or {}).get("saksnummer"),
                 want["case"])
            same("documents sent", len(got["would_send"]["dokumenter"]),
                 want["documents"])
        else:
            same("would_send", got["would_send"], None)
        if "reason" in want:
            same("reason", got["reason"],
                 REASON.get(want["reason"], want["reason"]))
        if item["id"] not in UNCOUNTED:
            same("documents", len(got["documents"]), want["documents"])
    return bad


def details(binary, folder):
    """What lies in an answer, and how the command ends: (name, have, want)."""
    cases = ("--cases", os.path.join(DEMO, "saker.csv"))

    def tried(*paths):
        rows, code = run(binary, "--json", "try", *cases, *paths)
        return rows[0], code

    def correspondents(row):
        return [(k["type"], k["navn"])
                for k in row["would_send"]["korrespondansepart"]]

    def roles(row):
        return sorted({part["role"] for part in row["parts"]})

    good = os.path.join(DEMO, "06-handikap-cp865.txt")
    bad = os.path.join(DEMO, "13-avbrutt.pdf")
    for paths, want in (((good,), 0), ((bad,), 1), ((good, bad, good), 1)):
        yield "status", tried(*paths)[1], want
    # Nothing that a library says of its own is taken for a word about the page.
    said = subprocess.run(
        [binary, "read", os.path.join(DEMO, "02-nabovarsel.tif")],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120,
        check=False).stderr
    yield "stderr", said, b""
    # Text is shown with its lines and tabs; what plays tricks is shown as such.
    form = os.path.join(folder, "skjema.txt")
    with open(form, "wb") as file:
        file.write(b"Navn:\tKari\xe2\x80\xae\n\tSted:\n\nslutt")
    said = subprocess.run([binary, "read", form], stdout=subprocess.PIPE,
                          timeout=120, check=True).stdout
    yield ("tabs", said.split(b"\n", 1)[1],
           b"Navn:\tKari\\u{202E}\n\tSted:\n\nslutt\n")
    row, _ = tried(good)
    # What is not sure enough is shown, and not sent.
    yield ("unsure", row["placement"]["correspondent"]["value"],
           "Magnhild Østerås")
    yield "sent", correspondents(row), [("EA", "Ukjent avsender")]
    row, _ = tried(os.path.join(DEMO, "16-svarinn.zip"))
    yield "recipient", correspondents(row), [
        ("EA", "Strandgata Dagligvare AS"), ("EM", "Elvestrand kommune")]
    yield "roles", roles(row), ["container", "document", "sidecar"]
    row, _ = tried(os.path.join(DATA, "packages", "putmessage.xml"))
    yield "titles", [(d["title"], d["name"]) for d in row["documents"]], [
        ("Høringssvar", "svar.txt"), ("Merknader", "merknader.txt")]
    # What a description screens is screened.
    screened = os.path.join(folder, "skjermet")
    os.mkdir(screened)
    shutil.copy(os.path.join(DATA, "packages", "arkivmelding-screened.xml"),
                os.path.join(screened, "arkivmelding.xml"))
    with open(os.path.join(screened, "brev.txt"), "w") as file:
        file.write("Deres ref: 2026/211\n")
    row, _ = tried(screened)
    yield "screened", row["would_send"]["tittel"], "Innkommet dokument"


def cut_off(binary):
    """How it ends, and what it says, when its reader leaves."""
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run([binary, "identify", "-r", "--csv", DEMO],
                          stdout=writes, stderr=subprocess.PIPE, timeout=120,
                          check=False)
    os.close(writes)
    return done.returncode, done.stderr


def main():
    binary = os.path.join(sys.argv[1] if len(sys.argv) > 1 else "build/bin",
                          "sluse")
    with open(os.path.join(DEMO, "MANIFEST.json"), encoding="utf-8") as f:
        items = json.load(f)["items"]
    passed = failed = 0
    for item in items:
        path = os.path.join(DEMO, item["name"])
        rows, _ = run(binary, "--json", "try", "--cases",
                      os.path.join(DEMO, "saker.csv"), path)
        bad = wrong_with(item, rows[0]) if rows else ["no answer"]
        plain, code = run(binary, "--json", "identify", path)
        if not plain:
            bad.append("identify: no answer")
        elif os.path.isfile(path) and os.path.getsize(path) > 0 and (
                code != 0 or not plain[0]["mime"]):
            bad.append(f"identify: {plain[0]}")
        print("not ok" if bad else "ok", item["id"], "; ".join(bad))
        failed += bool(bad)
        passed += not bad
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(os.fsencode(folder), b"n\xe5.txt"), "wb") as f:
            f.write(b"Deres ref: 2026/211\n")
        rows, _ = run(binary, "--json", "try", folder)
        for what, have, want in details(binary, folder):
            print("ok" if have == want else "not ok", what,
                  "" if have == want else f"{have!r}, want {want!r}")
            failed += have != want
            passed += have == want
        names = [p["name"] for r in rows for p in r["parts"]]
        for what, good in (
                ("a name that is no UTF-8", names == ["n\\xE5.txt"]),
                ("a reader who leaves",
                 cut_off(binary) == (-signal.SIGPIPE, b""))):
            print("ok" if good else "not ok", what)
            failed += not good
            passed += good
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
