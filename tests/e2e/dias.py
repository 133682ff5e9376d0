#!/usr/bin/env python3
"""`sluse depot dias`: an instance with a queue of historic paper, a package of
it, and what an outsider finds in that with nothing of ours but the schemas."""
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import xml.etree.ElementTree as ET
from urllib.parse import unquote

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from house import BIN, DEMO, TOP, House, under_strace  # noqa: E402

SCHEMAS = os.path.join(TOP, "schemas", "dias")
METS = "{http://www.loc.gov/METS/}"
PREMIS = "{http://arkivverket.no/standarder/PREMIS}"
ADDML = "{http://www.arkivverket.no/standarder/addml}"
HREF = "{http://www.w3.org/1999/xlink}href"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
QUEUE = "Eldre arkiv"
HISTORIC = "[queue %s]\nkind = historic" % QUEUE
SAID = ("--start", "1948-01-01", "--end", "1996-12-31")


def historic_house():
    """A target that takes all; class Noark has the core."""
    house = House(target="webhook", extra=HISTORIC, ocr=True)
    house.sluse("cases", "import", house.cases)
    return house


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Package:
    """A package as an outsider reads it: everything in memory, by name."""

    def __init__(self, folder):
        self.folder = folder
        self.info = self.read("info.xml")
        name, = [n for n in os.listdir(folder) if n.endswith(".tar")]
        self.uuid = name[:-4]
        self.tar = self.read(name)
        self.files, self.members = {}, []
        with tarfile.open(fileobj=io.BytesIO(self.tar)) as tar:
            for member in tar:
                self.members.append(member)
                if member.isfile():
                    path = member.name[len(self.uuid) + 1:]
                    assert path not in self.files, path
                    self.files[path] = tar.extractfile(member).read()

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def xml(self, path):
        return ET.fromstring(self.files[path])

    def table(self, name):
        text = self.files["content/%s.csv" % name].decode("utf-8")
        assert text.endswith("\r\n")
        rows = list(csv.reader(io.StringIO(text), delimiter=";", strict=True))
        return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def lint(test, schema, data):
    """xmllint, which knows nothing of us, with no network."""
    done = subprocess.run(
        ["xmllint", "--nonet", "--noout", "--schema",
         os.path.join(SCHEMAS, schema), "-"], input=data,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ,
                 XML_CATALOG_FILES=os.path.join(SCHEMAS, "catalog.xml")))
    test.assertEqual(done.returncode, 0, done.stdout.decode())


def depot(*args, root=None, env=None, under=()):
    return subprocess.run(
        [*under, os.path.join(BIN, "sluse"), *(("--root", root) if root else ()),
         "depot", "dias", *args], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=env)


def check_mets(test, package):
    """METS and the tar name the same files with the same bytes."""
    mets = package.xml("dias-mets.xml")
    test.assertEqual(mets.get("OBJID"), "UUID:" + package.uuid)
    test.assertEqual(mets.get("TYPE"), "SIP")
    listed = {}
    ids = set()
    for file in mets.iter(METS + "file"):
        path = unquote(file.find(METS + "FLocat").get(HREF)[len("file:"):])
        test.assertNotIn(path, listed)
        listed[path] = file
        ids.add(file.get("ID"))
        test.assertEqual(file.get("CHECKSUMTYPE"), "SHA-256")
    test.assertEqual(set(listed) | {"dias-mets.xml"}, set(package.files))
    for path, file in listed.items():
        test.assertEqual(file.get("CHECKSUM"), sha256(package.files[path]), path)
        test.assertEqual(int(file.get("SIZE")), len(package.files[path]), path)
    test.assertEqual(len(ids), len(listed))
    pointers = [p.get("FILEID") for p in mets.iter(METS + "fptr")]
    test.assertLessEqual(set(pointers), ids)
    return mets, listed


def check_info(test, package):
    info = ET.fromstring(package.info)
    files = {f.find(METS + "FLocat").get(HREF): f
             for f in info.iter(METS + "file")}
    test.assertEqual(set(files), {
        "file:%s.tar" % package.uuid, "file:%s/dias-mets.xml" % package.uuid})
    tar = files["file:%s.tar" % package.uuid]
    test.assertEqual(tar.get("CHECKSUM"), sha256(package.tar))
    test.assertEqual(int(tar.get("SIZE")), len(package.tar))
    inner = files["file:%s/dias-mets.xml" % package.uuid]
    test.assertEqual(inner.get("CHECKSUM"),
                     sha256(package.files["dias-mets.xml"]))


def check_premis(test, package):
    """Every content file has an object with its digest, and every reference
    resolves."""
    premis = package.xml("administrative_metadata/dias-premis.xml")
    objects, digests = {}, {}
    for item in premis.iter(PREMIS + "object"):
        name = item.find(PREMIS + "objectIdentifier/" + PREMIS +
                         "objectIdentifierValue").text
        test.assertNotIn(name, objects)
        objects[name] = item
        for path, data in (("messageDigest", sha256), ):
            for found in item.iter(PREMIS + path):
                digests[name] = found.text
    prefix = package.uuid + "/"
    for path, data in package.files.items():
        if path.startswith("content/") and not path.endswith("addml.xsd"):
            test.assertEqual(digests.get(prefix + path), sha256(data), path)
    for name in digests:
        test.assertIn(name[len(prefix):], package.files)
    agents = {a.text for a in premis.iter(PREMIS + "agentIdentifierValue")}
    events = {e.text for e in premis.iter(PREMIS + "eventIdentifierValue")}
    for tag, known in (("relatedObjectIdentifierValue", objects),
                       ("linkingObjectIdentifierValue", objects),
                       ("linkingAgentIdentifierValue", agents),
                       ("relatedEventIdentifierValue", events)):
        for found in premis.iter(PREMIS + tag):
            test.assertIn(found.text, known, tag)
    kinds = {e.text for e in premis.iter(PREMIS + "eventType")}
    test.assertLessEqual(kinds, {"Adjustment", "Disposal", "Migration",
                                 "Creation", "Ingestion", "Deletion"})
    return premis, objects


def check_valid(test, package):
    lint(test, "submissionDescription.xsd", package.info)
    lint(test, "mets.xsd", package.files["dias-mets.xml"])
    for path in ("log.xml", "administrative_metadata/dias-premis.xml"):
        lint(test, "DIAS_PREMIS.xsd", package.files[path])
    for path, name in (("dias-mets.xsd", "mets.xsd"), (
            "administrative_metadata/dias-premis.xsd", "DIAS_PREMIS.xsd")):
        with open(os.path.join(SCHEMAS, name), "rb") as file:
            test.assertEqual(package.files[path], file.read())


class Schemas(unittest.TestCase):
    def test_unaltered(self):
        with open(os.path.join(SCHEMAS, "README.md"), encoding="utf-8") as file:
            rows = re.findall(r"^[|] `(\S+[.]xsd)` [|].*`([0-9a-f]{64})`", file.read(),
                              re.M)
        self.assertEqual({name for name, _ in rows}, {
            "mets.xsd", "submissionDescription.xsd", "DIAS_PREMIS.xsd"})
        for name, digest in rows:
            with open(os.path.join(SCHEMAS, name), "rb") as file:
                self.assertEqual(sha256(file.read()), digest, name)


def check_addml(test, package):
    addml_bytes = package.files["content/addml.xml"]
    lint(test, "../noark5/addml.xsd", addml_bytes)
    test.assertEqual(
        addml_bytes, package.files["administrative_metadata/addml.xml"])
    addml = ET.fromstring(addml_bytes)
    tables = {}
    for flat in addml.iter(ADDML + "flatFile"):
        values = [v.text for v in flat.iter(ADDML + "value")]
        name, _, digest, count = values
        data = package.files["content/" + name]
        test.assertEqual(digest, sha256(data))
        tables[flat.get("name")] = package.table(flat.get("name"))
        test.assertEqual(int(count), len(tables[flat.get("name")]))
    columns = {}
    for definition in addml.iter(ADDML + "flatFileDefinition"):
        name = definition.get("name")
        fields = [f.get("name") for f in definition.iter(ADDML + "fieldDefinition")]
        head = package.files["content/%s.csv" % name].decode().splitlines()[0]
        test.assertEqual(head, ";".join('"%s"' % f for f in fields))
        columns[name] = fields
        for key in definition.iter(ADDML + "key"):
            own = key.findall(ADDML + "fieldDefinitionReferences/" + ADDML +
                              "fieldDefinitionReference")[0].get("name")
            values = [row[own] for row in tables[name]]
            if key.find(ADDML + "primaryKey") is not None:
                test.assertEqual(len(set(values)), len(values), name)
                test.assertNotIn("", values)
                continue
            other = key.find(ADDML + "foreignKey/" + ADDML +
                             "flatFileDefinitionReference").get("name")
            primary = next(iter(tables[other][0])) if tables[other] else ""
            test.assertLessEqual(
                set(values), {row[primary] for row in tables[other]})
    return tables


class Folder(unittest.TestCase):
    """A folder as content, and what --check finds in packages that are not as
    they were."""

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="sluse-test-")
        self.addCleanup(shutil.rmtree, self.top)
        self.content = os.path.join(self.top, "avleveringspakke")
        os.makedirs(os.path.join(self.content, "dokumenter", "tom"))
        for path, data in (("arkivuttrekk.xml", b"<addml/>"),
                           ("dokumenter/1.pdf", b"%PDF-1.4\n" * 3000),
                           ("dokumenter/\u00f8 & \u00e5.TXT", b"tekst"),
                           ("dokumenter/" + "langt" * 40 + ".xml", b"<a/>")):
            with open(os.path.join(self.content, path), "wb") as file:
                file.write(data)
            os.utime(os.path.join(self.content, path), (1e9, 1e9))

    def path(self, name):
        return os.path.join(self.top, name)

    def make(self, name="pakke", *more, env=None):
        done = depot(self.path(name), "--content", self.content, "--label",
                     "Uttrekk <1>", "--archivist", "Testvik kommune", *SAID,
                     *more, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return Package(self.path(name))

    def check(self, name="pakke"):
        done = depot(self.path(name), "--check", "--json")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [r for r in rows if "fault" in r]

    def test_whole(self):
        package = self.make("pakke", "--depot", "IKA Prove", "--agreement",
                            "2026/7", "--contact", "A. Arkivar", "--email",
                            "arkiv@example.no", "--type", "Avlevering")
        check_valid(self, package)
        mets, listed = check_mets(self, package)
        check_info(self, package)
        check_premis(self, package)
        for path in ("arkivuttrekk.xml", "dokumenter/1.pdf",
                     "dokumenter/\u00f8 & \u00e5.TXT"):
            with open(os.path.join(self.content, path), "rb") as file:
                self.assertEqual(package.files["content/" + path], file.read())
        self.assertIn(package.uuid + "/content/dokumenter/tom",
                      [m.name for m in package.members])
        agents = {(a.get("ROLE"), a.get("OTHERROLE"), a.get("TYPE")):
                  a.find(METS + "name").text for a in mets.iter(METS + "agent")}
        self.assertEqual(agents["ARCHIVIST", None, "ORGANIZATION"],
                         "Testvik kommune")
        self.assertEqual(agents["OTHER", "SUBMITTER", "INDIVIDUAL"],
                         "A. Arkivar")
        self.assertEqual(agents["PRESERVATION", None, "ORGANIZATION"],
                         "IKA Prove")
        ids = {a.get("TYPE"): a.text for a in mets.iter(METS + "altRecordID")}
        self.assertEqual(ids, {
            "DELIVERYSPECIFICATION": "Uttrekk <1>",
            "SUBMISSIONAGREEMENT": "2026/7", "DELIVERYTYPE": "Avlevering",
            "STARTDATE": SAID[1], "ENDDATE": SAID[3]})
        self.assertEqual(self.check(), (0, []))
        self.assertFalse(os.path.exists(self.path("pakke.part")))

    def test_same_bytes(self):
        uuid = "01234567-89ab-4def-8123-456789abcdef"
        one = self.make("en", "--uuid", uuid)
        two = self.make("to", "--uuid", uuid)
        self.assertEqual([(m.name, m.size, m.mode, m.uid, m.gid, m.uname)
                          for m in one.members],
                         [(m.name, m.size, m.mode, m.uid, m.gid, m.uname)
                          for m in two.members])
        for path, data in one.files.items():
            if path.startswith("content/"):
                self.assertEqual(data, two.files[path])
        self.assertEqual({(m.uid, m.gid, m.uname) for m in one.members},
                         {(0, 0, "")})

    def test_slash(self):
        """A shell puts one behind the name of a folder that is there."""
        os.mkdir(self.path("pakke"))
        self.make("pakke/")
        self.assertEqual(self.check(), (0, []))
        self.assertEqual(sorted(os.listdir(self.top)),
                         ["avleveringspakke", "pakke"])

    def test_killed(self):
        """What a killed run left is replaced; what another left is not."""
        part = self.path("pakke.part")
        for mark, code in (("sluse dias\n", 0), ("sluse noark5\n", 5),
                           (None, 5)):
            os.mkdir(part)
            with open(os.path.join(part, "info.xml"), "w") as file:
                file.write("<halv")
            if mark is not None:
                with open(os.path.join(part, ".sluse-part"), "w") as file:
                    file.write(mark)
            done = depot(self.path("pakke"), "--content", self.content,
                         "--label", "L", "--archivist", "A", *SAID)
            self.assertEqual(done.returncode, code, done.stderr)
            if code == 0:
                self.assertEqual(self.check(), (0, []))
                self.assertNotIn(".sluse-part", os.listdir(self.path("pakke")))
                shutil.rmtree(self.path("pakke"))
            else:
                self.assertIn("pakke.part is not empty",
                              done.stderr)
                with open(os.path.join(part, "info.xml")) as file:
                    self.assertEqual(file.read(), "<halv")
                shutil.rmtree(part)

    def test_killed_at_a_sync(self):
        """The mark is there as long as a step takes its time: of the tar, of
        info.xml, of the folder."""
        told = ("--content", self.content, "--label", "L", "--archivist", "A")
        part = self.path("pakke.part")
        for n in (1, 2, 3):
            done = depot(self.path("pakke"), *told, *SAID, under=under_strace(
                self, "fsync:signal=SIGKILL:when=%d" % n))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(".sluse-part", os.listdir(part), n)
            self.assertFalse(os.path.exists(self.path("pakke")))
        done = depot(self.path("pakke"), *told, *SAID)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.check(), (0, []))
        self.assertFalse(os.path.exists(part))

    def test_not_made(self):
        """Whatever is wrong, nothing half-made is left."""
        def fails(code, word, *args, name="nei"):
            done = depot(self.path(name), *args)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(word, done.stderr)
            self.assertFalse(os.path.exists(self.path(name + ".part")))
        told = ("--content", self.content, "--label", "L", "--archivist", "A")
        fails(2, "--start", *told)
        fails(2, "period", *told, "--start", "1990-01-01", "--end", "1989-12-31")
        fails(2, "period", *told, "--start", "1990-01-01", "--end", "1999-02-29")
        fails(2, "period", *told, "--start", "1990- 1-01", "--end", "1999-02-28")
        fails(2, "later", *told, *SAID, "--from", "2026-02-01", "--to",
              "2026-01-31")
        fails(2, "2026-01-31", *told, *SAID, "--from", "1.2.2026")
        fails(2, "usage", *told, "--check")
        fails(2, "UUID", *told, *SAID, "--uuid", "X")
        fails(5, "not empty", *told, *SAID, name="avleveringspakke")
        fails(2, "cannot lie in", *told, *SAID, name="avleveringspakke/ny")
        os.symlink("/etc/hostname", os.path.join(self.content, "lenke"))
        fails(5, "lenke", *told, *SAID)
        os.unlink(os.path.join(self.content, "lenke"))
        os.mkfifo(os.path.join(self.content, "ror"))
        fails(5, "ror", *told, *SAID)
        os.unlink(os.path.join(self.content, "ror"))
        with open(os.path.join(os.fsencode(self.content), b"\xff"), "wb"):
            pass
        fails(5, "UTF-8", *told, *SAID)
        os.unlink(os.path.join(os.fsencode(self.content), b"\xff"))
        with open(os.path.join(self.content, "a\x01b"), "wb"):
            pass
        fails(5, "XML", *told, *SAID)
        self.assertFalse(os.path.exists(self.path("nei")))

    # -- broken on purpose ------------------------------------------------------
    def rebuild(self, change, name="pakke"):
        """Unpacks, lets change the files, packs again. info.xml is made to fit,
        so that what is found is found inside."""
        package = Package(self.path(name))
        files = dict(package.files)
        change(files)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, data in files.items():
                member = tarfile.TarInfo(package.uuid + "/" + path)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        info = package.info.decode()
        for old, new in ((package.tar, out.getvalue()),
                         (package.files["dias-mets.xml"],
                          files.get("dias-mets.xml", b""))):
            info = info.replace('SIZE="%d"' % len(old), 'SIZE="%d"' % len(new))
            info = info.replace(sha256(old), sha256(new))
        for path, data in (("info.xml", info.encode()),
                           (package.uuid + ".tar", out.getvalue())):
            with open(os.path.join(self.path(name), path), "wb") as file:
                file.write(data)

    def found(self, change, *slugs):
        shutil.rmtree(self.path("pakke"), ignore_errors=True)
        shutil.copytree(self.path("hel"), self.path("pakke"))
        self.rebuild(change)
        code, faults = self.check()
        self.assertEqual(code, 1, faults)
        self.assertEqual(sorted(f["fault"] for f in faults), sorted(slugs),
                         faults)
        return faults

    def test_found(self):
        self.make("hel")
        shutil.copytree(self.path("hel"), self.path("pakke"))
        self.rebuild(lambda files: None)
        self.assertEqual(self.check(), (0, []))
        pdf = "content/dokumenter/1.pdf"

        def flip(files):
            data = bytearray(files[pdf])
            data[1000] ^= 1
            files[pdf] = bytes(data)
        faults = self.found(flip, "digest_differs", "digest_differs")
        self.assertTrue(all(pdf in f["text"] for f in faults))
        self.found(lambda f: f.__setitem__(pdf, f[pdf][:-1]), "digest_differs",
                   "digest_differs", "size_differs")
        self.found(lambda f: f.pop(pdf), "missing", "missing")
        self.found(lambda f: f.__setitem__("content/fremmed.txt", b"x"),
                   "unlisted", "no_object")
        self.found(lambda f: f.__setitem__("log.xml", f["log.xml"] + b" "),
                   "digest_differs", "size_differs")
        self.found(lambda f: f.pop("log.xml"), "missing", "missing")

        def edit(path, old, new, count=1):
            def change(files):
                self.assertIn(old, files[path])
                files[path] = files[path].replace(old, new, count)
            return change
        mets = "dias-mets.xml"
        self.found(edit(mets, b'USE="Datafile"', b""), "not_valid")
        self.found(edit(mets, b"</mets:mets>", b""), "not_valid")
        self.found(edit(mets, b'TYPE="SIP"', b'TYPE="SOP"'), "not_valid")
        self.found(edit(mets, b'CHECKSUMTYPE="SHA-256"',
                        b'CHECKSUMTYPE="MD5"'), "no_digest")
        premis = "administrative_metadata/dias-premis.xml"
        digest = sha256(Package(self.path("hel")).files[pdf]).encode()
        self.found(edit(premis, digest, b"0" * 64), "digest_differs",
                   "digest_differs")
        self.found(edit(premis, b"premis:size>", b"premis:sise>", 2),
                   "not_valid", "digest_differs")

    def test_found_outside(self):
        package = self.make()
        tar = os.path.join(self.path("pakke"), package.uuid + ".tar")
        with open(tar, "ab") as file:
            file.write(b"\0" * 512)
        code, faults = self.check()
        self.assertEqual((code, sorted(f["fault"] for f in faults)),
                         (1, ["digest_differs", "size_differs"]))
        with open(tar, "wb") as file:
            file.write(package.tar[:len(package.tar) // 2])
        code, faults = self.check()
        self.assertEqual(code, 1)
        self.assertIn("cannot_read", [f["fault"] for f in faults])
        with open(tar, "wb") as file:
            file.write(package.tar)
        with open(os.path.join(self.path("pakke"), "huskelapp"), "w"):
            pass
        self.assertEqual([f["fault"] for f in self.check()[1]], ["unlisted"])
        os.unlink(os.path.join(self.path("pakke"), "huskelapp"))
        self.assertEqual(self.check(), (0, []))
        os.unlink(tar)
        self.assertEqual(self.check()[0], 5)
        os.unlink(os.path.join(self.path("pakke"), "info.xml"))
        self.assertEqual(self.check()[0], 5)

    def test_hostile_names(self):
        """A tar of somebody else: nothing is written anywhere."""
        package = self.make()
        for name in ("/etc/passwd", "../ut", package.uuid + "/../ut", "x"):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w") as tar:
                member = tarfile.TarInfo(name)
                tar.addfile(member)
            with open(os.path.join(self.path("pakke"),
                                   package.uuid + ".tar"), "wb") as file:
                file.write(out.getvalue())
            code, faults = self.check()
            self.assertEqual(code, 1)
            self.assertIn("bad_name", [f["fault"] for f in faults])
        self.assertFalse(os.path.exists(self.path("ut")))

    def test_memory(self):
        """Ten thousand files and one of 100 MB: memory does not grow so."""
        big = os.path.join(self.content, "mange")
        os.makedirs(big)
        for i in range(10000):
            with open(os.path.join(big, "%06d.txt" % i), "w") as file:
                file.write(str(i))
        with open(os.path.join(self.content, "stor.tif"), "wb") as file:
            file.truncate(100 << 20)
        script = ("import resource,subprocess,sys;"
                  "r=subprocess.run(sys.argv[1:]).returncode;"
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);"
                  "sys.exit(r)")
        base = [os.path.join(BIN, "sluse"), "depot", "dias", self.path("stor")]
        for args in ([*base, "--content", self.content, "--label", "L",
                      "--archivist", "A", *SAID], [*base, "--check"]):
            done = subprocess.run([sys.executable, "-c", script, *args],
                                  stdout=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
            peak = int(done.stdout.split()[-1])
            print("    %s: %d KiB at most" % (args[-1], peak))
            self.assertLess(peak, 40 << 10)


class Queue(unittest.TestCase):
    """Scans in a historic queue, delivered, and handed over."""

    @classmethod
    def setUpClass(cls):
        cls.house = historic_house()
        cls.addClassCleanup(cls.house.close)
        for name in ("01-ledsagerbevis-skannet.pdf", "02-nabovarsel.tif",
                     "03-skjenkebevilling.pdf", "07-byggesoknad.zip"):
            cls.house.drop(os.path.join(DEMO, name), queue=QUEUE)
        cls.house.drop(os.path.join(DEMO, "04-uttalelse-blandet.pdf"),
                       queue="Skannet post")
        cls.house.wait_quiet(180, 5)
        cls.out = tempfile.mkdtemp(prefix="sluse-test-")
        cls.addClassCleanup(shutil.rmtree, cls.out)
        cls.dir = os.path.join(cls.out, "pakke")
        cls.done = depot(cls.dir, "--queue", QUEUE, "--json", *SAID,
                         root=cls.house.root)
        if cls.done.returncode == 0:
            cls.package = Package(cls.dir)

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)

    def sources(self):
        return self.house.query(
            "SELECT c.reception, o.number, o.name, b.sha256, b.size FROM source o"
            " JOIN consignment c ON c.id = o.consignment JOIN blob b ON"
            " b.id = o.blob WHERE c.queue = ?", QUEUE)

    def test_valid_and_whole(self):
        check_valid(self, self.package)
        check_mets(self, self.package)
        check_info(self, self.package)
        check_premis(self, self.package)
        done = depot(self.dir, "--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_originals(self):
        """Every file that was dropped is there with its bytes, none from
        another queue, and no more than that and what was made of them."""
        table = {row["fil"]: row for row in self.package.table("filer")}
        originals = {(r["forsendelse"], r["navn"]): r for r in table.values()
                     if r["opphav"] == "original"}
        rows = self.sources()
        self.assertEqual(len(originals), len(rows))
        for reception, _, name, digest, size in rows:
            row = originals[reception, name]
            data = self.package.files[row["fil"]]
            self.assertEqual(sha256(data), digest.hex())
            self.assertEqual(row["sha256"], digest.hex())
            self.assertEqual(int(row["storrelse"]), size)
            with open(os.path.join(DEMO, name), "rb") as file:
                self.assertEqual(data, file.read())
        there = {p for p in self.package.files
                 if p.startswith("content/dokumenter/")}
        self.assertEqual(there, set(table))
        # What a zip holds is there for itself, and says where it is from.
        parts = [r for r in table.values() if r["opphav"] == "del"]
        self.assertGreater(len(parts), 1)
        for row in parts:
            self.assertIn(row["laget_av"], table)

    def test_posts(self):
        tables = check_addml(self, self.package)
        posts = {r["post"]: r for r in tables["poster"]}
        rows = self.house.query(
            "SELECT c.reception || '.' || e.number, e.case_number, e.title,"
            " (SELECT count(*) FROM document d WHERE d.entry = e.id) FROM entry e"
            " JOIN consignment c ON c.id = e.consignment WHERE c.queue = ?",
            QUEUE)
        self.assertEqual(set(posts), {r[0] for r in rows})
        for number, case, title, documents in rows:
            row = posts[number]
            self.assertEqual(row["saksnummer"], case)
            self.assertEqual(row["tittel"], title)
            self.assertEqual(int(row["dokumenter"]), documents)
            self.assertEqual(row["posttype"], "X")
            self.assertEqual(row["ko"], QUEUE)
            self.assertRegex(row["mottatt"],
                             r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[+]0[12]:00$")
            self.assertNotEqual(row["registrering"], "")
        scanned, = [r for r in posts.values()
                    if r["navn"].startswith("01-")]
        self.assertEqual((scanned["sider"], scanned["ocr_sider"]), ("2", "2"))
        mean = self.house.query(
            "SELECT avg(g.confidence) FROM page g JOIN part p ON p.id = g.part"
            " JOIN source o ON o.id = p.source JOIN consignment c ON"
            " c.id = o.consignment WHERE c.reception = ? AND g.source = 2",
            scanned["forsendelse"])[0][0]
        self.assertEqual(int(scanned["ocr_sikkerhet"]), int(mean))
        said = json.loads(self.done.stdout)
        self.assertEqual(said["posts"], len(posts))
        self.assertEqual(said["pages"], len(tables["sider"]))

    def test_texts(self):
        """The text beside each file, a form feed after each page."""
        for row in self.package.table("filer"):
            if row["navn"] != "01-ledsagerbevis-skannet.pdf":
                continue
            text = self.package.files[row["tekst"]].decode("utf-8")
            self.assertEqual(text.count("\f"), 2)
            self.assertIn("rullestol", text)
            return
        self.fail("not found")

    def test_events(self):
        """PREMIS tells what the sporingslogg does: kind, time, actor."""
        premis = self.package.xml("administrative_metadata/dias-premis.xml")
        told = {}
        for event in premis.iter(PREMIS + "event"):
            get = lambda tag: event.find(".//" + PREMIS + tag).text  # noqa: E731
            name = get("eventDetail").split(" ")[0]
            told.setdefault(get("linkingObjectIdentifierValue"), set()).add(
                (name, get("eventType"), get("eventDateTime"),
                 int(get("eventIdentifierValue").rpartition("/")[2]),
                 get("linkingAgentIdentifierValue")))
        kinds = {"received": "Ingestion", "unpacked": "Creation",
                 "identified": "Creation", "read": "Creation",
                 "entry_born": "Creation"}
        for reception in {r[0] for r in self.sources()}:
            rows = self.house.rows("journal", "list", reception)
            want = {(r["event"], kinds[r["event"]], r["time"], r["seq"],
                     r["actor"]) for r in rows if r["event"] in kinds}
            self.assertEqual(told[reception], want)
            self.assertEqual({w[0] for w in want}, set(kinds))

    def test_formats(self):
        premis = self.package.xml("administrative_metadata/dias-premis.xml")
        keys = {}
        for item in premis.iter(PREMIS + "object"):
            key = item.find(".//" + PREMIS + "formatRegistryKey")
            name = item.find(PREMIS + "originalName")
            if key is not None and name is not None:
                keys[name.text] = key.text
        self.assertEqual(keys["02-nabovarsel.tif"], "fmt/353")

    def test_told(self):
        """The sporingslogg tells who took content out, and which package."""
        h = self.house
        actor = "uid:%d" % os.getuid()
        for kind in ("content_read", "packed_for_depot"):
            rows = h.rows("journal", "list", "--kind", kind)
            self.assertEqual({r["actor"] for r in rows}, {actor}, kind)
        self.assertIn("depot-dias", [r["payload"]["verb"] for r in h.rows(
            "journal", "list", "--kind", "content_read")])
        said = json.loads(self.done.stdout)
        told, = [r["payload"] for r in rows
                 if r["payload"]["package"] == self.package.uuid]
        self.assertEqual(told, {
            "queue": QUEUE, "package": self.package.uuid,
            "sha256": sha256(self.package.tar), "bytes": len(self.package.tar),
            **{k: said[k] for k in ("files", "consignments", "posts",
                                    "pages")}})

    def test_refused(self):
        """What is not there, not historic, or not finished makes nothing."""
        def fails(code, word, *args):
            name = os.path.join(self.out, "nei")
            done = depot(name, *args, *SAID, root=self.house.root)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(word, done.stderr)
            self.assertFalse(os.path.exists(name))
            self.assertFalse(os.path.exists(name + ".part"))
        fails(2, "historic", "--queue", "Skannet post")
        fails(5, "no such queue", "--queue", "Finnes ikke")
        fails(5, "nothing finished", "--queue", QUEUE, "--to", "2020-01-01")
        fails(2, "2026-01-31", "--queue", QUEUE, "--to", "i går")


class Noark(unittest.TestCase):
    """Historic paper in a Noark core: a post of type X in status M, which is in
    no journal; with that it is finished, and can be handed over."""

    def test_type_x(self):
        with House(extra=HISTORIC) as h:
            h.sluse("cases", "import", h.cases)
            h.drop(os.path.join(DEMO, "03-skjenkebevilling.pdf"), queue=QUEUE)
            h.wait_quiet(90, 1)
            self.assertEqual(h.query("SELECT disposition, outcome FROM entry"),
                             [(60, 10)])
            post, = h.fake.control("GET", "state")["journalposts"]
            self.assertEqual((post["type"], post["status"]), ("X", "M"))
            out = os.path.join(h.root, "ut")
            done = depot(out, "--queue", QUEUE, *SAID, root=h.root)
            self.assertEqual(done.returncode, 0, done.stderr)
            row, = Package(out).table("poster")
            self.assertEqual((row["posttype"], row["status"]), ("X", "M"))
            # That it stays so is no finding, nor that no journal has it.
            head = ("registreringsID;saksnummer;tittel;journaldato;type;status"
                    "\n2025/1-1;2025/1;Brev;2025-01-10;N;M\n")
            path = os.path.join(h.root, "journal.csv")
            for more in "", "%s;%s;%s;2025-01-10;X;M\n" % (
                    row["registrering"], row["saksnummer"], row["tittel"]):
                with open(path, "w") as file:
                    file.write(head + more)
                found = [r for r in h.rows(
                    "report", "journalkontroll", "--days", "0", path)
                    if r.get("finding") in ("still_m", "not_journaled")]
                self.assertEqual([(r["finding"], r["registration"])
                                  for r in found], [("still_m", "2025/1-1")])


class Changed(unittest.TestCase):
    """The store is not what the database says: the package is not made."""

    def test_changed(self):
        with historic_house() as h:
            h.drop(os.path.join(DEMO, "03-skjenkebevilling.pdf"), queue=QUEUE)
            h.drop(os.path.join(DEMO, "10-uten-holdepunkt.pdf"), queue=QUEUE)
            h.wait_quiet(90, 2)
            out = os.path.join(h.root, "ut")
            done = depot(out, "--queue", QUEUE, *SAID, root=h.root)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("still on the road", done.stderr)
            self.assertRegex(done.stderr, r"M\d\d-\d{6}-\d")
            done = depot(out, "--queue", QUEUE, "--finished", "--json", *SAID,
                         root=h.root)
            self.assertEqual(done.returncode, 0, done.stderr)
            said = json.loads(done.stdout)
            self.assertEqual((said["posts"], said["unfinished"]), (1, 1))
            self.assertIn("left out: 1 consignments", Package(out).files[
                "log.xml"].decode())
            reception, digest = h.query(
                "SELECT c.reception, b.sha256 FROM blob b JOIN source o ON"
                " o.blob = b.id JOIN consignment c ON c.id = o.consignment"
                " WHERE o.name LIKE '03-%'")[0]
            blob = os.path.join(h.root, "store", "sha256", digest.hex()[:2],
                                digest.hex())
            with open(blob, "rb") as file:
                data = bytearray(file.read())
            data[500] ^= 1
            os.chmod(blob, 0o640)
            with open(blob, "wb") as file:
                file.write(data)
            shutil.rmtree(out)
            done = depot(out, "--queue", QUEUE, "--finished", *SAID, root=h.root)
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn(reception, done.stderr)
            self.assertIn("SHA-256 differs", done.stderr)
            self.assertFalse(os.path.exists(out) or os.path.exists(out + ".part"))
            os.unlink(blob)
            done = depot(out, "--queue", QUEUE, "--finished", *SAID, root=h.root)
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn("is not in the store", done.stderr)


class Untold(unittest.TestCase):
    """What the sporingslogg cannot be told of does not leave."""

    def test_untold(self):
        with historic_house() as h:
            h.drop(os.path.join(DEMO, "03-skjenkebevilling.pdf"), queue=QUEUE)
            h.wait_quiet(90, 1)
            out = os.path.join(h.root, "ut")

            def fails(code, word):
                done = depot(out, "--queue", QUEUE, *SAID, root=h.root)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(word, done.stderr)
                self.assertFalse(os.path.exists(out) or
                                 os.path.exists(out + ".part"))
            h.stop()
            fails(3, "slused")
            h.start()
            done = depot(out, "--queue", QUEUE, *SAID, root=h.root)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(depot(out, "--check").returncode, 0)

            def told():
                return len(h.rows("journal", "list", "--kind",
                                  "packed_for_depot"))
            # Killed while slused is told: begun anew by the next run.
            self.assertEqual(told(), 1)
            shutil.rmtree(out)
            done = depot(out, "--queue", QUEUE, *SAID, root=h.root,
                         under=under_strace(
                             self, "connect:signal=SIGKILL:when=2"))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(".sluse-part", os.listdir(out + ".part"))
            done = depot(out, "--queue", QUEUE, *SAID, root=h.root)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(told(), 2)
            # It was told of, and cannot get its name: that is the fault.
            shutil.rmtree(out)
            done = depot(out, "--queue", QUEUE, *SAID, root=h.root,
                         under=under_strace(self, "/^rename:error=EIO"))
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn("cannot give the package its name", done.stderr)
            self.assertFalse(os.path.exists(out) or
                             os.path.exists(out + ".part"))
            self.assertEqual(told(), 3)


if __name__ == "__main__":
    unittest.main()
