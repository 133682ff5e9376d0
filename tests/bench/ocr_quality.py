#!/usr/bin/python3
"""How well and how dearly pages are read: sluse-ocr beside OCRmyPDF with its
best flags and beside bare Tesseract.

	ocr_quality.py [--half tune|hold] [--only SET,...] [--ours] [--errors]
	    [--work DIR] [--quick]

Word error rate = words to insert, delete or replace over the words that stand
there; forms and receipts are counted as bags of words, since the order of
their fields is a matter of taste, and of forms only what is missing or wrong,
since what was written on them by hand does not stand in the truth. Processor time is user + system of the whole
process tree, loading of the models included, one page after the other, the
same languages (nor+eng) for all. sluse-ocr loads once in its life and OCRmyPDF
for each page; "pages alone" is what is left of ours without: what a page more
costs.

The pages: drawn ones, and those of $SLUSE_SHARED (../shared) where they are;
and both made worse on purpose. "hold" pages were not looked at while numbers
were tuned. OCRmyPDF is left out, and this said, where it is not installed. Its
results are kept in DIR by the digest of its input.
"""
import argparse
import collections
import difflib
import hashlib
import io
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import unicodedata
import zlib

import ocr_pages

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("SLUSE_BUILD", os.path.join(TOP, "build"))
SHARED = os.environ.get("SLUSE_SHARED", os.path.join(TOP, "..", "shared"))
LANGUAGES = "nor+eng"
BAGS = ("kvittering",)
FLAGS = ["--deskew", "--clean", "--rotate-pages", "--jobs", "1", "--force-ocr",
         "-l", LANGUAGES, "--quiet"]
SAME = str.maketrans({"–": "-", "—": "-", "‐": "-", "−": "-", "“": '"',
                      "”": '"', "„": '"', "«": '"', "»": '"', "’": "'",
                      "‘": "'", "´": "'", "ﬁ": "fi", "ﬂ": "fl"})
LEADER = re.compile(r"[.…·_-]{4,}")


# -- errors ----------------------------------------------------------------------

def words(text):
    """Without dot leaders and rules: nobody counts their dots. What says that
    a line could not be read is no word of ours; its words are missing all the
    same."""
    found = unicodedata.normalize("NFC", text).translate(SAME).split()
    return [w for w in found if not LEADER.fullmatch(w) and w != "[…]"]


def distance(a, b):
    """Words to change, add or take away to make b of a."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        left, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1,
                                       left + (x != y))
    return row[-1]


def missing(a, b):
    """Words of a that b has nowhere."""
    return sum((collections.Counter(a) - collections.Counter(b)).values())


def bag_distance(a, b):
    """Words to change, add or take away, wherever they stand."""
    return max(missing(a, b), missing(b, a))


def errors(name, page, text):
    """(wrong, of)"""
    if name == "kvittering":  # whose truth is in capitals
        truth, got = words(page.truth.upper()), words(text.upper())
    else:
        truth, got = words(page.truth), words(text)
    if page.name.startswith("tfk-"):
        count = missing
    else:
        count = bag_distance if name in BAGS else distance
    return count(truth, got), len(truth)


# -- readers ---------------------------------------------------------------------

def run(command, **more):
    """Standard output, the processor seconds of the whole tree, and those that
    ocr_child told of its pages alone."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=7200,
                          env=dict(os.environ, OMP_THREAD_LIMIT="1"), **more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime -
           before.ru_stime)
    pages = re.search(rb" cpu_s=([0-9.]+) fork_ms", done.stderr)
    return (done.stdout.decode("utf-8", "replace"), cpu,
            float(pages.group(1)) if pages else cpu)


def png_files(pages, folder):
    """The pages as files, in order."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for i, page in enumerate(pages):
        path = os.path.join(folder, "%03d-%s.png" % (i, page.name))
        if not os.path.exists(path):
            dpi = {"dpi": (page.dpi, page.dpi)} if page.dpi else {}
            page.image.save(path, compress_level=1, **dpi)
        paths.append(path)
    return paths


def texts_of(out, paths):
    """What -t prints, by file."""
    parts = re.split("(?m)^== (.*)$", out)
    return dict.fromkeys(paths, "") | dict(zip(parts[1::2], parts[2::2]))


def engine(program, paths):
    out, *cpu = run([os.path.join(BUILD, "test", program), "-j", "1", "-t",
                     "-l", LANGUAGES, *paths])
    got = texts_of(out, paths)
    return [got[p] for p in paths], *cpu


def pdf(pages):
    """A PDF of the same pixels, one image a page."""
    out, places = io.BytesIO(), []

    def obj(body):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")

    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    obj(b"<< /Type /Catalog /Pages 2 0 R >>")
    obj(b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (
        len(pages), b" ".join(b"%d 0 R" % (3 + 3 * i)
                              for i in range(len(pages)))))
    for i, page in enumerate(pages):
        image = page.image
        # Who has no resolution in the header takes the page for an A4.
        dpi = page.dpi or max(image.size[0] / 8.27, image.size[1] / 11.69)
        w, h = (v * 72 / dpi for v in image.size)
        obj(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.3f %.3f] /Resources"
            b" << /XObject << /I %d 0 R >> >> /Contents %d 0 R >>" % (
                w, h, 3 * i + 4, 3 * i + 5))
        data = zlib.compress(image.tobytes(), 6)
        obj(b"<< /Type /XObject /Subtype /Image /Width %d /Height %d "
            b"/ColorSpace /DeviceGray /BitsPerComponent %d /Filter /FlateDecode"
            b" /Length %d >>\nstream\n" % (*image.size, 1 if image.mode == "1"
                                           else 8, len(data)) + data +
            b"\nendstream")
        draw = b"q %.3f 0 0 %.3f 0 0 cm /I Do Q" % (w, h)
        obj(b"<< /Length %d >>\nstream\n" % len(draw) + draw + b"\nendstream")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    for at in places:
        out.write(b"%010d 00000 n \n" % at)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
              % (len(places) + 1, start))
    return out.getvalue()


def ocrmypdf(pages, work):
    data = pdf(pages)
    key = hashlib.sha256(data + " ".join(FLAGS).encode()).hexdigest()[:24]
    kept = os.path.join(work, "ocrmypdf-%s.json" % key)
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            return json.load(file)
    source = os.path.join(work, key + ".pdf")
    side = os.path.join(work, key + ".txt")
    with open(source, "wb") as file:
        file.write(data)
    _, cpu, _ = run(["ocrmypdf", *FLAGS, "--sidecar", side, source, source + "-"])
    with open(side, encoding="utf-8") as file:
        texts = file.read().split("\f")
    texts = (texts + [""] * len(pages))[:len(pages)]
    os.unlink(source + "-")
    with open(kept, "w", encoding="utf-8") as file:
        json.dump([texts, cpu], file)
    return texts, cpu


# -- the table -------------------------------------------------------------------

def bases():
    """What is made worse: drawn pages, archive pages, forms."""
    drawn, real = ocr_pages.drawn(), ocr_pages.real(SHARED)
    return (drawn[:2] + drawn[3:5] + real.get("arkiv", []) +
            real.get("skjema", []))


def all_sets(only):
    """(name, pages), made as they are asked for."""
    for name, pages in [("tegnet", ocr_pages.drawn()),
                        ("understrek", ocr_pages.underlined()),
                        *ocr_pages.real(SHARED).items()]:
        if not only or name in only:
            yield name, pages
    for way in ocr_pages.WAYS:
        if not only or way.__name__ in only or "degraded" in only:
            yield way.__name__, [ocr_pages.degrade(way, p) for p in bases()]


def show_errors(reader, page, text):
    a, b = words(page.truth), words(text)
    print("-- %s %s" % (reader, page.name))
    for tag, i, j, m, n in difflib.SequenceMatcher(
            None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            print("   %-40s | %s" % (" ".join(a[i:j])[:120],
                                     " ".join(b[m:n])[:160]))


def measure(name, half, pages, opt):
    """{reader: (wrong, of, cpu, cpu of the pages alone)}"""
    folder = os.path.join(opt.work, "pages", name, half)
    paths = png_files(pages, folder)
    readers = {"ours": lambda: engine("ocr_child", paths)}
    if not opt.ours:
        readers["raw"] = lambda: kept_raw(paths, opt.work)
        if shutil.which("ocrmypdf"):
            readers["ocrmypdf"] = lambda: ocrmypdf(pages, opt.work)
    out = {}
    for reader, read in readers.items():
        texts, cpu, *alone = read()
        counts = [errors(name, p, t) for p, t in zip(pages, texts)]
        out[reader] = (sum(c[0] for c in counts), sum(c[1] for c in counts),
                       cpu, *(alone or [cpu]))
        for page, text, (wrong, of) in zip(pages, texts, counts):
            if opt.pages:
                print("   %-10s %-28s %.3f" % (reader, page.name, wrong / of))
            if opt.errors and reader == "ours":
                show_errors(reader, page, text)
    return out


def kept_raw(paths, work):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            digest.update(file.read())
    kept = os.path.join(work, "raw-%s.json" % digest.hexdigest()[:24])
    if not os.path.exists(kept):
        with open(kept + "-", "w", encoding="utf-8") as file:
            json.dump(engine("ocr_floor", paths), file)
        os.rename(kept + "-", kept)
    with open(kept, encoding="utf-8") as file:
        return json.load(file)


HEAD = ("set", "half", "pages", "words", "WER ours", "WER ocrmypdf", "WER raw",
        "CPU s/page ours", "ocrmypdf", "ours/ocrmypdf", "pages alone",
        "ours/raw")


def line(name, half, pages, got):
    def wer(reader):
        return "%.3f" % (got[reader][0] / got[reader][1]) \
            if reader in got else "-"

    def cpu(reader, part=2):
        return got[reader][part] / pages if reader in got else 0

    def ratio(reader, part=2):
        return "%.2f" % (cpu("ours", part) / cpu(reader)) if cpu(reader) \
            else "-"
    print("| " + " | ".join(str(v) for v in (
        name, half, pages, got["ours"][1], wer("ours"), wer("ocrmypdf"),
        wer("raw"), "%.2f" % cpu("ours"), "%.2f" % cpu("ocrmypdf"),
        ratio("ocrmypdf"), ratio("ocrmypdf", 3), ratio("raw"))) + " |",
          flush=True)


def add(total, got):
    for reader, values in got.items():
        old = total.setdefault(reader, (0, 0, 0, 0))
        total[reader] = tuple(a + b for a, b in zip(old, values))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", choices=("tune", "hold"))
    parser.add_argument("--only", default="")
    parser.add_argument("--ours", action="store_true")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--work", default=os.path.join(BUILD, "bench", "ocr"))
    opt = parser.parse_args()
    os.makedirs(opt.work, exist_ok=True)
    if not opt.ours and shutil.which("ocrmypdf") is None:
        print("ocrmypdf is not installed: not compared")
    if not os.path.isdir(SHARED):
        print("no %s: only drawn pages" % SHARED)
    print("| " + " | ".join(HEAD) + " |")
    totals = collections.defaultdict(dict)
    counts = collections.Counter()
    ways = [w.__name__ for w in ocr_pages.WAYS]
    for name, pages in all_sets([o for o in opt.only.split(",") if o]):
        for half in ("tune", "hold"):
            mine = [p for p in pages if p.half == half]
            if not mine or opt.half not in (None, half):
                continue
            got = measure(name, half, mine, opt)
            line(name, half, len(mine), got)
            kind = "degraded" if name in ways else "as it is"
            counts[kind, half] += len(mine)
            add(totals[kind, half], got)
    for (kind, half), total in totals.items():
        line("ALL " + kind, half, counts[kind, half], total)
    return 0


if __name__ == "__main__":
    sys.exit(main())
