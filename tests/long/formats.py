#!/usr/bin/env python3
"""PRONOM's skeletons: files made of one signature each, named after it.

Every one must be told by its name's PUID, but for those the table itself
excuses: a PUID or signature of another release, a format that is told by what
lies in its container and not by its bytes, and the few named below, whose bytes
are not what the signature of this release asks for.

Samples: $SLUSE_SHARED (../shared beside the checkout). Without them there is
nothing to do, which is said and is no failure.
"""
import collections
import csv
import io
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, os.environ.get("SLUSE_BUILD", "build"))
SHARED = os.environ.get("SLUSE_SHARED", os.path.join(TOP, "..", "shared"))
FOLDERS = ("data/pronom-skeletons", "corpus/formats/pronom-skeletons",
           "corpus/formats/pronom-container-skeletons")
NAME = re.compile(r"(x-fmt|fmt)-(\d+)-(container-)?signature-id-(\d+)")
# By signature: what its file lacks.
EXCUSED = {
    "1435": "the second sequence, 000500040001, is not in it",
    "1274": "no colon with a line feed after id=ImageMagick",
    "1508": "the tag is more than 2048 bytes after SONY",
    "1509": "the tag is more than 2048 bytes after SONY",
    "339": "shorter than the 64 bytes that must follow the colon",
    "2265": "01F0 stands where 010F is asked for",
    "2317": "shorter than offset 2896",
    "2051": "<smil is more than 86 bytes after the version",
}


def table():
    signatures, inside, puid = collections.defaultdict(set), set(), None
    with open(os.path.join(TOP, "schemas/pronom/table.tsv"),
              encoding="utf-8") as file:
        for line in file:
            field = line.rstrip("\n").split("\t")
            if field[0] == "f":
                puid = field[1]
                signatures[puid] = set()
            elif field[0] in ("b", "z", "o"):
                signatures[puid].add(field[1])
                if field[0] != "b":
                    inside.add(puid)
    return signatures, inside


def excuse(signatures, inside, puid, boxed, number):
    if puid not in signatures:
        return "PUID of a later release"
    if puid in inside and not boxed:
        return "told by what lies in it"
    if number not in signatures[puid]:
        return "signature of another release"
    return EXCUSED.get(number)


def main():
    folders = [os.path.join(SHARED, name) for name in FOLDERS]
    folders = [name for name in folders if os.path.isdir(name)]
    if not folders:
        print("no %s: skipped\n0 passed, 0 failed" % SHARED)
        return 0
    out = subprocess.run(
        [os.path.join(BUILD, "bin", "sluse"), "identify", "--csv", "-r",
         "--pronom-only", *folders], stdout=subprocess.PIPE, check=False,
        timeout=600).stdout.decode("utf-8", "replace")
    signatures, inside = table()
    got = collections.defaultdict(set)
    for row in csv.DictReader(io.StringIO(out)):
        got[row["filename"]].add(row["id"])
    passed, failed, excused = 0, 0, collections.Counter()
    for path, puids in sorted(got.items()):
        name = NAME.match(os.path.basename(path))
        if name is None:
            continue
        puid = "%s/%s" % name.group(1, 2)
        why = excuse(signatures, inside, puid, name[3], name[4])
        if puids == {puid}:
            passed += 1
        elif why is not None:
            excused[why] += 1
        else:
            failed += 1
            print("%s: %s" % (path, " ".join(sorted(puids))))
    for why, n in excused.most_common():
        print("%5d excused: %s" % (n, why))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
