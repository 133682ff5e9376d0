#!/usr/bin/env python3
"""The table of formats: imported from signature files, used on the road and by
`sluse identify`, and named in the log."""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "fuzz"))
import house  # noqa: E402
import make_outlook  # noqa: E402
from trial import Trial, run_all  # noqa: E402

SLUSE = os.path.join(house.BUILD, "bin", "sluse")
COLUMNS = ("filename,filesize,modified,errors,namespace,id,format,version,mime,"
           "class,basis,warning,extension,accepted,type,pronom")

DROID = """<?xml version="1.0" encoding="UTF-8"?>
<FFSignatureFile Version="7" DateCreated="2026-02-03T04:05:06"
 xmlns="http://www.nationalarchives.gov.uk/pronom/SignatureFile">
<InternalSignatureCollection>
 <InternalSignature ID="1" Specificity="Specific">
  <ByteSequence Reference="BOFoffset">
   <SubSequence Position="1" SubSeqMinOffset="0" SubSeqMaxOffset="4">
    <Sequence>4C4F434B</Sequence>
    <LeftFragment Position="1" MinOffset="1" MaxOffset="2">41</LeftFragment>
    <LeftFragment Position="2" MinOffset="0" MaxOffset="0">[30:39]</LeftFragment>
    <RightFragment Position="1" MinOffset="3" MaxOffset="3">58</RightFragment>
    <RightFragment Position="1" MinOffset="3" MaxOffset="3">5959</RightFragment>
   </SubSequence>
   <SubSequence Position="2" SubSeqMinOffset="2"><Sequence>[!0000]</Sequence>
   </SubSequence>
  </ByteSequence>
  <ByteSequence Reference="EOFoffset">
   <SubSequence Position="1" SubSeqMinOffset="0" SubSeqMaxOffset="9">
    <Sequence>454E44</Sequence></SubSequence>
  </ByteSequence>
  <ByteSequence>
   <SubSequence Position="1" SubSeqMinOffset="0"><Sequence>5A</Sequence>
   </SubSequence>
  </ByteSequence>
 </InternalSignature>
 <InternalSignature ID="2" Specificity="Specific">
  <ByteSequence Reference="BOFoffset">
   <SubSequence Position="1" SubSeqMinOffset="0" SubSeqMaxOffset="0">
    <Sequence>[0010:2020]</Sequence></SubSequence></ByteSequence>
 </InternalSignature>
 <InternalSignature ID="3" Specificity="Specific">
  <ByteSequence Reference="BOFoffset">
   <SubSequence Position="1" SubSeqMinOffset="0" SubSeqMaxOffset="0">
    <Sequence>41~</Sequence></SubSequence></ByteSequence>
 </InternalSignature>
</InternalSignatureCollection>
<FileFormatCollection>
 <FileFormat ID="10" PUID="fmt/9001" Name="Lock &amp; key" Version="2"
  MIMEType="application/x-lock">
  <InternalSignatureID>1</InternalSignatureID>
  <Extension>LCK</Extension><Extension>key</Extension>
  <HasPriorityOverFileFormatID>11</HasPriorityOverFileFormatID></FileFormat>
 <FileFormat ID="11" PUID="fmt/9002" Name="Other">
  <InternalSignatureID>2</InternalSignatureID>
  <InternalSignatureID>3</InternalSignatureID></FileFormat>
 <FileFormat ID="12" PUID="fmt/9003" Name="Boxed">
  <InternalSignatureID>2</InternalSignatureID></FileFormat>
</FileFormatCollection></FFSignatureFile>
"""
CONTAINERS = """<?xml version="1.0"?>
<ContainerSignatureMapping schemaVersion="1.0" signatureVersion="3">
<ContainerSignatures>
 <ContainerSignature Id="77" ContainerType="ZIP"><Description>x</Description>
  <Files><File><Path>kind</Path><BinarySignatures>
   <InternalSignatureCollection><InternalSignature ID="5">
    <ByteSequence Reference="BOFoffset"><SubSequence Position="1"
     SubSeqMinOffset="0" SubSeqMaxOffset="8">
     <Sequence>'a-b' 00 ['c'-'d'] (22|27)</Sequence></SubSequence>
    </ByteSequence></InternalSignature></InternalSignatureCollection>
   </BinarySignatures></File><File><Path>other</Path></File></Files>
 </ContainerSignature>
</ContainerSignatures>
<FileFormatMappings><FileFormatMapping signatureId="77" Puid="fmt/9003"/>
</FileFormatMappings></ContainerSignatureMapping>
"""
TABLE = [
    "f\tfmt/9001\tLock & key\t2\tapplication/x-lock\tlck,key\tfmt/9002",
    "b\t1\tB0-4:[30:39]41{1-2}4C4F434B{3}(58|5959){2-*}([!00]??|00[!00])"
    "\tE0-9:454E44\tV0:5A",
    "f\tfmt/9002\tOther\t\t\t\t",
    "b\t2\tB0-0:(00[10:FF]|[01:1F]??|20[00:20])",
    "f\tfmt/9003\tBoxed\t\t\t\t",
    "z\t77\t@kind\tB0-8:612D6200[63:64](22|27)\t@other",
]
LOCK = b"7A.LOCK...X..\1\2\0Z END\n"


def run(*args, env=None):
    done = subprocess.run([SLUSE, *args], stdout=subprocess.PIPE, timeout=60,
                          stderr=subprocess.PIPE, text=True, check=False,
                          env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout, done.stderr


def put(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


class Formats(Trial):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="sluse-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.xml = (put(self.folder, "d.xml", DROID),
                    put(self.folder, "c.xml", CONTAINERS))

    def test_import(self):
        table = os.path.join(self.folder, "t.tsv")
        code, out, err = run("pronom", "import", "--output", table, *self.xml)
        # Signature 3 cannot be expressed: left out, told, and the status.
        self.assertEqual((code, out), (
            1, "t.tsv: PRONOM 7/3, 3 formats, 3 signatures\n"), err)
        self.assertIn("signature 3 is left out", err)
        with open(table, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual([x for x in lines if x[0] in "fboz"], TABLE)
        self.assertEqual(lines[:2], ["sluse-pronom\t1",
                                     "version\t7\t2026-02-03\t3"])
        with open(self.xml[0], "a", encoding="utf-8") as file:
            file.write("<")
        self.assertEqual(run("pronom", "import", "--output", table,
                             *self.xml)[0], 5)
        self.assertEqual(run("pronom", "import", "--output", table,
                             self.xml[1], self.xml[1])[0], 5)

    def test_import_of_nothing(self):
        """An empty release does not take the place of a good table."""
        table = os.path.join(self.folder, "t.tsv")
        run("pronom", "import", "--output", table, *self.xml)
        with open(table, "rb") as file:
            good = file.read()
        empty = [put(self.folder, "a.xml", '<?xml version="1.0"?>'
                     '<FFSignatureFile Version="1"/>'),
                 put(self.folder, "b.xml", '<?xml version="1.0"?>'
                     "<ContainerSignatureMapping/>")]
        code, out, err = run("pronom", "import", "--output", table, *empty)
        self.assertEqual((code, out), (5, ""), err)
        self.assertIn("no release of PRONOM", err)
        with open(table, "rb") as file:
            self.assertEqual(file.read(), good)

    def test_damaged(self):
        table = os.path.join(self.folder, "t.tsv")
        run("pronom", "import", "--output", table, *self.xml)
        path = put(self.folder, "a.lck", LOCK)
        own = {"SLUSE_PRONOM": table}
        code, out, _ = run("--json", "identify", path, env=own)
        row = json.loads(out)
        self.assertEqual((code, row["puid"], row["pronom"], row["basis"],
                          row["name"], row["warnings"]), (
            0, ["fmt/9001"], "7/3", "signature", "Lock & key", []))
        with open(table, "r+b") as file:
            file.seek(-100, os.SEEK_END)
            file.write(b"!")
        code, out, err = run("identify", path, env=own)
        self.assertEqual((code, out), (6, ""))
        self.assertIn("checksum", err)

    def test_road(self):
        h = self.house()
        h.stop()
        run("--root", h.root, "pronom", "import", *self.xml)
        h.start()
        h.drop_bytes(LOCK, "a.lck")
        h.wait_quiet(20, 1)
        self.assertEqual(
            h.query("SELECT puid, format FROM part WHERE number = 0"),
            [("fmt/9001", "Lock & key 2")])
        events = [e for e in h.rows("journal", "list")
                  if e["event"] == "identified"]
        self.assertEqual([e["payload"] for e in events],
                         [{"pronom": "7/3", "puid": ["fmt/9001"]}])
        h.check_whole(self)

    def test_list(self):
        deep = os.path.join(self.folder, "top", "deep")
        os.makedirs(deep)
        top = os.path.dirname(deep)
        put(top, "a.pdf", b"%PDF-1.4\n\1%%EOF")
        put(top, "b.doc", b"GIF89a\1\1\1;")
        put(top, "c,\n\xff.txt".encode("latin-1").decode("utf-8", "surrogateescape"),
            "Hei.\n")
        put(deep, "d.png", b"")
        for i in range(70):  # more than one child takes
            put(deep, "e%02d.json" % i, "{}")
        code, out, _ = run("identify", "--csv", top)
        self.assertEqual((code, out.split("\n", 1)[0]), (0, COLUMNS))
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([(r["id"], r["basis"], r["warning"], r["accepted"],
                           r["namespace"]) for r in rows], [
            ("fmt/18", "signature", "", "2022:../2008-12-31,2026", "pronom"),
            ("fmt/4", "signature", "extension mismatch", "", "pronom"),
            ("x-fmt/111", "text", "", "2022,2026", "pronom")])
        code, out, _ = run("identify", "--csv", "-r", top)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual(len(rows), 74)
        self.assertEqual(code, 1)  # one is empty
        self.assertEqual(sum(r["id"] == "fmt/817" for r in rows), 70)
        self.assertEqual([r["errors"] for r in rows
                          if r["filename"].endswith("d.png")], ["empty"])
        code, alone, _ = run("identify", "--csv", "-r", "--pronom-only", top)
        keep = [c for c in COLUMNS.split(",") if c not in ("type", "warning")]
        self.assertEqual(
            [[r[c] for c in keep]
             for r in csv.DictReader(io.StringIO(alone))],
            [[r[c] for c in keep] for r in rows])
        code, out, err = run("identify", os.path.join(top, "none"),
                             os.path.join(top, "a.pdf"))
        self.assertEqual(code, 5, err)
        self.assertIn("fmt/18", out)

    def test_directory_behind_the_first_megabyte(self):
        """Of a compound file, which libmagic is not shown: a long message."""
        letter = b"Brev til kommunen\n" * 60000
        path = put(self.folder, "lang.msg", make_outlook.ole2(
            make_outlook.message(
                {0x001A001F: "IPM.Note", 0x0037001F: "Klage",
                 0x1000001F: "Hei"}, make_outlook.TO[:1],
                [make_outlook.file("brev.txt", letter)])))
        rows = [json.loads(run("--json", *args, path)[1])
                for args in (("identify",), ("try",))]
        self.assertEqual((rows[0]["mime"], rows[0]["puid"], rows[0]["basis"]), (
            "application/vnd.ms-outlook", ["x-fmt/430"], "container"))
        self.assertEqual([(p["name"], p["reader"]) for p in rows[1]["parts"]],
                         [("lang.msg", "outlook"), ("body.txt", "text"),
                          ("brev.txt", "text")])

    def test_descriptors(self):
        """sluse-work gets files by the hundred, so it may have as many."""
        put(self.folder, "sluse-work", "#!/bin/sh\nulimit -Sn >&2\n")
        os.chmod(os.path.join(self.folder, "sluse-work"), 0o755)
        own = {"SLUSE_LIBEXEC": self.folder}
        done = subprocess.run(
            ["sh", "-c", 'ulimit -Sn 1024; exec "$@"', "sh", SLUSE,
             "identify", self.xml[0]], stdout=subprocess.PIPE, timeout=60,
            stderr=subprocess.PIPE, text=True, check=False,
            env=dict(os.environ, **own))
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn("2064", done.stderr.splitlines())

    def test_only(self):
        done = subprocess.run(
            [os.path.join(os.path.dirname(SLUSE), "sluse-work"), "--only",
             "reading"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=60, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (
            2, "sluse-work: --only takes identify or pronom\n"))


if __name__ == "__main__":
    run_all()
