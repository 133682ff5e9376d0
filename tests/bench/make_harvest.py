#!/usr/bin/env python3
"""A harvest of N units, for measuring sluse-depot: make_harvest.py DIR N.

Cases of ten posts with a document each; all documents are one small file.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "e2e"))
import json

import harvests

PER_CASE = 31


def main():
    folder, wanted = sys.argv[1], int(sys.argv[2])
    h = harvests.Harvest()
    small = harvests.small()
    h.units = small.units[:5]  # arkiv .. klasse
    h.write(folder)
    n = len(h.units)
    with open(os.path.join(folder, "units.jsonl"), "a",
              encoding="utf-8") as file:
        for case in range((wanted - n) // PER_CASE):
            h = harvests.Harvest()
            number = "2025/%d" % (case + 1)
            h.case("c%d" % case, "L42", number, "Gnr %d - garasje" % case)
            for k in range(10):
                name = "c%d-%d" % (case, k)
                h.post(name, "c%d" % case, number, k + 1, case * 10 + k + 1,
                       "Brev om tiltak nr. %d" % k,
                       day="2025-%02d-%02d" % (1 + case % 12, 1 + k),
                       korrespondansepartperson=[
                           harvests.person("Ola Testesen")])
                h.document(name, 1, "Brev", harvests.PDF % 1, "H")
            for unit in h.units:
                json.dump(unit, file, ensure_ascii=False)
                file.write("\n")
            n += len(h.units)
            blobs = h.blobs
    for digest, data in blobs.items():
        where = os.path.join(folder, "files", digest[:2])
        os.makedirs(where, exist_ok=True)
        with open(os.path.join(where, digest), "wb") as out:
            out.write(data)
    with open(os.path.join(folder, "harvest.json")) as file:
        head = json.load(file)
    head.update(units=n, files=1, bytes=len(harvests.PDF % 1))
    with open(os.path.join(folder, "harvest.json"), "w") as file:
        json.dump(head, file)


if __name__ == "__main__":
    main()
