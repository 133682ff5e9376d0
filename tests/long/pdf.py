#!/usr/bin/env python3
"""The pdf reader over the PDFs of the shared sample folders.

`make check-long`. Each file is read in a process of its own: none may crash or
take longer than a minute. Pages whose look was judged by eye (pdf_truth.tsv:
file, page, text|both|image|blank) must be read so. What poppler's pdftotext finds on pages that are
text must be found by us: the share of its words, over all pages and the worst
ones.

Samples: $SLUSE_SHARED/corpus (../shared beside the checkout). Without them, or
without pdftotext, there is nothing to do, which is said and is no failure.
"""
import collections
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, os.environ.get("SLUSE_BUILD", "build"))
SHARED = os.environ.get("SLUSE_SHARED", os.path.join(TOP, "..", "shared"))
CORPUS = os.path.join(SHARED, "corpus")
RECALL_MIN = 0.98   # of all words
RIGHT_MIN = 0.97    # of the pages judged by eye


def words(text):
    """Words as sets of letters and digits: how a line is cut into words, and
    which hyphen it has, is not what is asked."""
    return collections.Counter(re.findall(r"\w+", text))


def read(path):
    """{page: (rc, verdict, ms, notes, text)}, or a word why not."""
    try:
        run = subprocess.run([os.path.join(BUILD, "test", "read_pdf"), path],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             timeout=60)
    except subprocess.TimeoutExpired:
        return "time"
    if run.returncode != 0:
        return "crash %d" % run.returncode
    pages = {}
    for block in run.stdout.decode("utf-8", "replace").split("\n\n"):
        lines = block.strip("\n").split("\n")
        while lines and not lines[0].startswith("page "):
            lines.pop(0)
        if lines:
            head = lines[0].split(" ")
            pages[int(head[1])] = (int(head[2]), head[3], float(head[4]),
                                   head[5:], "\n".join(lines[1:]))
    return pages


def oracle(path, page):
    run = subprocess.run(["pdftotext", "-q", "-enc", "UTF-8", "-f", str(page),
                          "-l", str(page), path, "-"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, timeout=60)
    return run.stdout.decode("utf-8", "replace")


def truth():
    rows = {}
    with open(os.path.join(HERE, "pdf_truth.tsv"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                name, page, verdict = line.rstrip("\n").split("\t")
                rows[name, int(page)] = verdict
    return rows


def samples():
    for folder, _, files in sorted(os.walk(CORPUS)):
        for name in sorted(files):
            if name.endswith(".pdf"):
                yield os.path.join(folder, name)


class Tally:
    def __init__(self):
        self.failed, self.kinds = [], collections.Counter()
        self.right, self.wrong = 0, []
        self.found = self.wanted = 0
        self.worst = []
        self.ms = []

    def judge(self, name, page, verdict, wanted):
        if wanted == verdict:
            self.right += 1
        else:
            self.wrong.append("%s page %d: %s, is %s" % (
                name, page, verdict, wanted))

    def recall(self, name, page, ours, theirs):
        want = words(theirs)
        if not want:
            return
        hit = sum((want & words(ours)).values())
        self.found += hit
        self.wanted += sum(want.values())
        self.worst.append((sum(want.values()) - hit, sum(want.values()), name,
                           page))

    def take(self, path, eye):
        name = os.path.relpath(path, CORPUS)
        pages = read(path)
        if isinstance(pages, str):
            self.failed.append("%s: %s" % (name, pages))
            return
        for page, (rc, verdict, ms, _, text) in pages.items():
            self.kinds[verdict if rc == 0 else "failed"] += 1
            self.ms.append(ms)
            if (name, page) in eye:
                self.judge(name, page, verdict, eye[name, page])
            if rc == 0 and verdict in ("text", "both"):
                self.recall(name, page, text, oracle(path, page))


def main():
    if not os.path.isdir(CORPUS) or shutil.which("pdftotext") is None:
        print("no %s, or no pdftotext: skipped" % CORPUS)
        return 0
    tally, eye = Tally(), truth()
    for path in samples():
        tally.take(path, eye)
    share = tally.found / max(tally.wanted, 1)
    seen = tally.right + len(tally.wrong)
    print("pages:", ", ".join("%s %d" % kind for kind in
                              sorted(tally.kinds.items())))
    print("cpu: %.1f ms a page in the mean, %.1f at the 99th of 100" % (
        sum(tally.ms) / len(tally.ms),
        sorted(tally.ms)[int(len(tally.ms) * .99)]))
    print("judged by eye: %d of %d right" % (tally.right, seen))
    for line in tally.wrong:
        print("  " + line)
    print("words of pdftotext: %d of %d found, %.4f" % (
        tally.found, tally.wanted, share))
    for lost, n, name, page in sorted(tally.worst)[:-11:-1]:
        print("  %d of %d not: %s page %d" % (lost, n, name, page))
    for line in tally.failed:
        print("FAILED " + line)
    bad = bool(tally.failed) or share < RECALL_MIN or \
        tally.right < RIGHT_MIN * seen
    print("%d passed, %d failed" % (not bad, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
