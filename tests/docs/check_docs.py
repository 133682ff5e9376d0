#!/usr/bin/env python3
"""The manual pages against the code.

Tables between `.\\" begin NAME` and `.\\" end NAME` are made from the .def files
and `sluse config manual`; --write makes them anew. Checked: the tables; that
options, commands, keys, variables and calls of the code stand in their page
and the page names no others; that the examples compile; mandoc's warnings.
Needs a build (SLUSE_BUILD).
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("SLUSE_BUILD", "build"))
PAGES = {name: os.path.join(TOP, path) for name, path in (
    ("sluse.1", "daemon/cli/sluse.1"),
    ("sluse-report.1", "daemon/report/sluse-report.1"),
    ("sluse-depot.1", "daemon/depot/sluse-depot.1"),
    ("sluse.conf.5", "daemon/config/sluse.conf.5"),
    ("sluse-journal.5", "daemon/journal/sluse-journal.5"),
    ("sluse-pronom.5", "daemon/pronom/sluse-pronom.5"),
    ("sluse-reader.7", "plugins/sluse-reader.7"),
    ("sluse-connector.7", "plugins/sluse-connector.7"),
    ("sluse-packages.7", "plugins/readers/sluse-packages.7"),
    ("sluse-connector-noark5.7",
     "plugins/connectors/sluse-connector-noark5.7"),
    ("sluse-connector-webhook.7",
     "plugins/connectors/sluse-connector-webhook.7"),
    ("slused.8", "daemon/engine/slused.8"),
    ("sluse-work.8", "daemon/worker/sluse-work.8"),
    ("sluse-push.8", "daemon/push/sluse-push.8"),
    ("sluse-convert.8", "daemon/convert/sluse-convert.8"),
    ("sluse-decrypt.8", "daemon/decrypt/sluse-decrypt.8"))}


def text(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def page(name):
    return text(PAGES[name])


def sources(*folders):
    for folder in folders:
        for where, _, names in os.walk(os.path.join(TOP, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield text(os.path.join(where, name))


# -- rows of the code -------------------------------------------------------
def rows(path, macro):
    """Arguments of each MACRO(..) of a .def file, adjoining strings joined."""
    code = re.sub(r"/\*.*?\*/", "", text(path), flags=re.S)
    for body in re.findall(
            r"\b%s\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*)\)" % macro, code):
        body = re.sub(r'"\s*"', "", body)
        yield [cell.strip().strip('"') for cell in
               re.findall(r'"(?:[^"\\]|\\.)*"|[^,"\s][^,"]*', body)]


def registry(name, macro, room="registry"):
    found = list(rows("daemon/%s/%s.def" % (room, name), macro))
    # A row that the pattern above missed must not go unnoticed.
    wanted = len(re.findall(r"^%s\(" % macro,
                            text("daemon/%s/%s.def" % (room, name)), re.M))
    if len(found) != wanted or wanted == 0:
        raise AssertionError("%s: %d rows of %d" % (name, len(found), wanted))
    return found


OWNER = {"RECORDS": "records centre", "OPERATIONS": "IT operations",
         "VENDOR": "vendor", "SENDER": "sender"}


def columns(lines, kinds):
    out = [".Bl -column %s" % " ".join('"%s"' % kind for kind in kinds)]
    for line in lines:
        out.append(".It %s" % " Ta ".join(line))
    return out + [".El"]


def sentences(words):
    return re.sub(r"([.?]\)?) (?=[A-Z])", r"\1\n", words).split("\n")


def table_reasons():
    out = [".Bl -tag -width Ds"]
    for slug, disposition, owner, english, _ in registry("reasons", "SL_REASON"):
        out += [".It Li %s" % slug] + sentences(english)
        if slug.startswith("refused_"):
            disposition = "refused at the door"
        elif slug == "ignored_name":
            disposition = "left out of a folder"
        out += ["(%s; %s)" % (disposition, OWNER[owner])]
    return out + [".El"]


def table_signatures():
    out = [".Bl -tag -width Ds"]
    for slug, english, _ in registry("signatures", "SL_SIGNED"):
        out += [".It Li %s" % slug] + sentences(english)
    return out + [".El"]


def table_transitions():
    return columns(
        [(was, event.rstrip("_"), to) for was, event, to in
         registry("transitions", "SL_RULE")],
        ("quarantined", "quarantine", "quarantined"))


def table_verbs():
    """A verb, and who may do it: across, six roles are too wide for a page."""
    roles = [row[0] for row in registry("roles", "SL_DUTY", "access")]
    said = {"yes": "", "two": "with a second person: ",
            "bare": "without content: ", "glass": "glass: "}
    out = [".Bl -tag -width Ds"]
    for row in registry("verbs", "SL_VERB", "access"):
        lines = []
        for kind, words in said.items():
            who = [role for role, may in zip(roles, row[3:9]) if may == kind]
            if len(who) == len(roles):
                lines.append("all roles")
            elif who:
                lines.append(words + ", ".join(who))
        out += [".It %s" % row[-1], ";\n".join(lines)]
    return out + [".El"]


def table_roles():
    out = [".Bl -tag -width Ds"]
    for name, nb, english in registry("roles", "SL_DUTY", "access"):
        out += [".It Li %s" % name + (" Pq %s" % nb if nb != name else ""),
                english[0].upper() + english[1:] + "."]
    return out + [".El"]


def table_deviations():
    out = [".Bl -tag -width Ds"]
    for name, nb, english in registry("deviations", "SL_DEVIATION"):
        out += [".It Li %s Pq %s" % (name, nb),
                english[0].upper() + english[1:] + "."]
    return out + [".El"]


def table_fields():
    found = list(rows("daemon/wire/fields.def", "SL_FIELD"))
    return columns([(row[1], row[2]) for row in found],
                   ("correspondent_orgnr", "sender's organisation number"))


def table_keys():
    return subprocess.run(
        [os.path.join(BUILD, "bin", "sluse"), "config", "manual"],
        stdout=subprocess.PIPE, check=True, encoding="utf-8"
    ).stdout.rstrip("\n").split("\n")


def table_reports():
    return subprocess.run(
        [os.path.join(BUILD, "bin", "sluse-report"), "--manual"],
        stdout=subprocess.PIPE, check=True, encoding="utf-8"
    ).stdout.rstrip("\n").split("\n")


TABLES = {
    ("sluse-report.1", "reports"): table_reports,
    ("slused.8", "stages"): lambda: columns(
        [(name, nb, "of a consignment" if owner == "CONSIGNMENT" else
          "of an entry") for _, name, nb, owner in
         registry("stages", "SL_STAGE")],
        ("identified", "identifisert", "of a consignment")),
    ("slused.8", "dispositions"): lambda: columns(
        [(name, nb) for _, name, nb in registry("dispositions", "SL_DISPO")],
        ("quarantined", "venter, prøves igjen")),
    ("slused.8", "outcomes"): lambda: columns(
        [(name, nb) for _, name, nb in registry("outcomes", "SL_OUTCOME")],
        ("not_archive_worthy", "samme forsendelse mottatt igjen")),
    ("slused.8", "transitions"): table_transitions,
    ("slused.8", "reasons"): table_reasons,
    ("slused.8", "events"): lambda: columns(
        registry("events", "SL_EVENT"),
        ("130", "configuration_changed", "overføring i gang igjen")),
    ("slused.8", "roles"): table_roles,
    ("slused.8", "verbs"): table_verbs,
    ("sluse.1", "deviations"): table_deviations,
    ("sluse-work.8", "signatures"): table_signatures,
    ("sluse.conf.5", "keys"): table_keys,
    ("sluse-reader.7", "fields"): table_fields,
}


def marks(name):
    return '.\\" begin %s\n' % name, '.\\" end %s\n' % name


def table_in(page_text, name):
    begin, end = marks(name)
    return page_text.split(begin, 1)[1].split(end, 1)[0]


def write():
    for (name, table), make in TABLES.items():
        was = page(name)
        begin, end = marks(table)
        old = begin + table_in(was, table) + end
        new = begin + "\n".join(make()) + "\n" + end
        if old != new:
            with open(PAGES[name], "w", encoding="utf-8") as file:
                file.write(was.replace(old, new))
            print("wrote %s of %s" % (table, name))


# -- what a page names --------------------------------------------------------
def plain(name):
    """The page as a reader sees it."""
    out = subprocess.run(["mandoc", "-T", "utf8", PAGES[name]],
                         stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return re.sub(".\b", "", out.stdout)


def page_options(name):
    return set(re.findall(r"\bFl Fl ([a-z-]+)", page(name)))


def code_options(*paths):
    """Long options: getopt's tables and strcmp's of main."""
    found = set()
    for path in paths:
        code = text(path)
        found |= set(re.findall(
            r'\{"([a-z-]+)", (?:required_argument|no_argument|[01]), NULL,', code))
        found |= set(re.findall(r'strcmp\(argv\[\w+\], "--([a-z-]+)"\)', code))
    return found


def members(struct, path):
    """Function members of a struct of a contract header."""
    body = re.search(r"^struct %s \{(.*?)^\};" % struct, text(path),
                     re.M | re.S)[1]
    return set(re.findall(r"\(\*(\w+)\)", body))


def plugin_keys(path):
    body = re.search(r"keys\[\] = \{(.*?)NULL", text(path), re.S)[1]
    return set(re.findall(r'"(\w+)"', body))


def examples(name):
    """Code of the page's EXAMPLES."""
    body = page(name).split(".Sh EXAMPLES", 1)[1]
    body = body.split(".Bd -literal\n", 1)[1].split(".Ed\n", 1)[0]
    return body.replace("\\e", "\\")


class Pages(unittest.TestCase):
    def test_tables(self):
        for (name, table), make in TABLES.items():
            with self.subTest(name + " " + table):
                self.assertEqual(
                    table_in(page(name), table), "\n".join(make()) + "\n",
                    "stale: run tests/docs/check_docs.py --write")

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_width(self):
        """A terminal has 80 columns; what has no place to break is let be."""
        for name in PAGES:
            wide = [line for line in plain(name).splitlines() if len(line) > 80
                    and max(map(len, line.split())) < 60]
            self.assertEqual(wide, [], name)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_lint(self):
        for name, path in PAGES.items():
            with self.subTest(name):
                done = subprocess.run(
                    ["mandoc", "-T", "lint", "-W", "warning", path],
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.returncode, 0)

    def test_every_page_is_listed(self):
        there = set()
        for folder in ("daemon", "plugins"):
            for where, _, names in os.walk(os.path.join(TOP, folder)):
                there |= {os.path.join(where, n) for n in names
                          if re.search(r"\.[1-8]$", n)}
        self.assertEqual(there, set(PAGES.values()))

    def test_references(self):
        """.Xr leads to a page of ours or one of the system's that we know."""
        system = {"systemd 1", "systemd-analyze 1", "syslog 3"}
        ours = {" ".join(name.rsplit(".", 1)) for name in PAGES}
        ours |= {"sluse-ocr 8", "sluse-place 8", "sluse-report 8"}
        for name in PAGES:
            for other in re.findall(r"^\.Xr (\S+ \d)", page(name), re.M):
                self.assertIn(other, ours | system, name)

    def test_commands(self):
        table = re.search(r"commands\[\] = \{(.*?)^\};",
                          text("daemon/cli/args.c"), re.M | re.S)[1]
        code = set()
        for command, sub in re.findall(r'\{"([a-z-]+)", (NULL|"[a-z-]+"),', table):
            code.add((command, sub.strip('"') if sub != "NULL" else ""))
        self.assertGreater(len(code), 20)
        told = set()
        groups = {command for command, sub in code if sub}
        for line in re.findall(r"^\.It Ic (.*)", page("sluse.1"), re.M):
            names = [part.split() for part in line.split(" | ")]
            first = names[0][0]
            if first in groups:
                told |= {(first, names[0][1])}
                told |= {(first, other[0]) for other in names[1:]}
            else:
                told |= {(other[0], "") for other in names}
        self.assertEqual(told, code)

    def test_options(self):
        self.assertEqual(page_options("sluse.1"),
                         code_options("daemon/cli/args.c"))
        self.assertEqual(page_options("sluse-report.1"),
                         code_options("daemon/report/line.c",
                                      "daemon/programs/sluse-report.c"))
        depot = [os.path.relpath(path, TOP) for path in
                 glob.glob(os.path.join(TOP, "daemon/depot/*.c"))]
        self.assertEqual(page_options("sluse-depot.1"), code_options(*depot))
        self.assertEqual(page_options("slused.8"),
                         code_options("daemon/programs/slused.c"))
        self.assertEqual(
            page_options("sluse-work.8"),
            code_options("daemon/worker/worker.c",
                         "daemon/programs/sluse-work.c",
                         "daemon/programs/sluse-ocr.c",
                         "daemon/programs/sluse-place.c",
                         "daemon/programs/sluse-report.c"))
        self.assertEqual(page_options("sluse-push.8"),
                         code_options("daemon/programs/sluse-push.c"))

        self.assertEqual(
            page_options("sluse-decrypt.8"),
            code_options("daemon/worker/worker.c",
                         "daemon/programs/sluse-decrypt.c"))

        self.assertEqual(page_options("sluse-convert.8"),
                         code_options("daemon/worker/worker.c",
                                      "daemon/programs/sluse-convert.c"))
        told = page("sluse-convert.8").split(".Ss What is converted", 1)[1]
        kinds = re.findall(r'^SL_CONVERTIBLE\("(\w+)"',
                           text("daemon/engine/convertible.def"), re.M)
        self.assertEqual(re.findall(r"^\.Li (\w+) ?[.,]?$",
                                    told.split(".Ss", 1)[0], re.M), kinds)

    def test_environment(self):
        code = set()
        for source in sources("daemon", "plugins"):
            code |= set(re.findall(r'getenv\("(\w+)"\)', source))
        code = {name for name in code if not name.startswith("SLUSE_TEST_")}
        told = set()
        for name in PAGES:
            for line in re.findall(r"^\.(?:It )?Ev (.*)", page(name), re.M):
                told |= set(re.findall(r"[A-Z][A-Z_]+", line))
        self.assertEqual(told, code)

    def test_details(self):
        """What the folders have Norwegian words for is what programs say."""
        code = "".join(re.sub(r'"\s*\n\s*"', "", text) for text in
                       sources("daemon", "plugins"))
        said = [row[0] for row in rows("daemon/faces/details.def", "SL_DETAIL")]
        self.assertGreater(len(said), 20)
        self.assertEqual([en for en in said if '"%s"' % en not in code], [])

    def test_connector_keys(self):
        for name, path in (("noark5", "plugins/connectors/noark5.c"),
                           ("webhook", "plugins/connectors/webhook.c")):
            told = set(re.findall(
                r"^\.It Cm (\w+)", page("sluse-connector-%s.7" % name), re.M))
            self.assertEqual(told, plugin_keys(path), name)
        ours = set(re.findall(r'"(\w+)"', re.search(
            r"ours\[\] = \{(.*?)NULL", text("daemon/push/section.c"), re.S)[1]))
        told = page("sluse.conf.5").split(".Ss Further keys", 1)[1]
        self.assertEqual(set(re.findall(r"^\.It Cm (\w+)", told, re.M)), ours)

    def test_defaults_of_noark5(self):
        told = re.sub(r"\s+", " ", plain("sluse-connector-noark5.7"))
        for source in sources("plugins/connectors/noark5"):
            for key, value in re.findall(
                    r'n5_config\(\s*s, "(\w+)",\s*"([^"]+)"\)', source):
                if key != "name":
                    self.assertRegex(
                        told, r"%s .*?Default: %s\." % (key, re.escape(value)))

    def test_packages(self):
        """Every place that is kept of a description stands in its page."""
        told = re.sub(r"\s+", " ", plain("sluse-packages.7"))
        n = 0
        for source in sources("plugins/readers/package"):
            kept = re.findall(r'\{"([^"]+)",\s*KEEP\(', source)
            kept += re.findall(r'\{"([^"]+)", "[a-z_]+", \d+\}', source)
            for place in kept:
                n += 1
                if not place.endswith(("/kode", "/identifikator")):
                    self.assertIn(place, told)
        self.assertGreater(n, 70)

    def test_contracts(self):
        for name, path, structs in (
                ("sluse-reader.7", "plugins/reader.h",
                 ("sluse_reader", "sluse_reader_host")),
                ("sluse-connector.7", "plugins/connector.h",
                 ("sluse_connector", "sluse_connector_host"))):
            code = set().union(*(members(s, path) for s in structs))
            told = set()
            for line in re.findall(r"^\.It Fn (.*)", page(name), re.M):
                told |= {line.split()[0]}
                told |= set(re.findall(r", Fn (\w+)", line))
            self.assertEqual(told, code, name)
        for name, path, pattern in (
                ("sluse-reader.7", "plugins/reader.h", r"\bSLUSE_READ_[A-Z]+"),
                ("sluse-connector.7", "plugins/connector.h",
                 r"^\t(SLUSE_[A-Z_]+) =")):
            code = set(re.findall(pattern, text(path), re.M))
            told = set(re.findall(r"^\.It Dv (SLUSE_\w+)", page(name), re.M))
            self.assertEqual(told, code, name)

    def test_post(self):
        schema = json.loads(text("schemas/post.schema.json"))
        code = set()

        def walk(node):
            for key, child in node.get("properties", {}).items():
                code.add(key)
                walk(child)
            if "items" in node:
                walk(node["items"])
        walk(schema)
        told = set()
        for line in re.findall(r"^\.(?:It )?Cm (.*)",
                               table_in(page("sluse-connector.7"), "post"), re.M):
            told |= set(re.findall(r"\w+", line))
        self.assertEqual(told, code)

    def test_reasons_of_connectors(self):
        known = {row[0] for row in registry("reasons", "SL_REASON")}
        told = re.search(r"\.Fa reason ,\n(.*?)\n\.Fa text",
                         page("sluse-connector.7"), re.S)[1]
        named = set(re.findall(r"\b[a-z]+_[a-z]+\b", told))
        self.assertGreater(len(named), 8)
        self.assertEqual(named - known, set())

    def test_readme(self):
        """Links lead somewhere; targets, commands, programs and parts exist."""
        targets = set()
        for path in ("Makefile", "tests/tests.mk"):
            targets |= set(re.findall(r"^([a-z][a-z-]*):", text(path), re.M))
        commands = set(re.findall(r'^    \{"([a-z-]+)",',
                                  text("daemon/cli/args.c"), re.M))
        parts = set(subprocess.run(
            [sys.executable, os.path.join(TOP, "tests", "run.py"), "--list"],
            stdout=subprocess.PIPE, text=True, check=True).stdout.split())
        for name in ("README.md", "CONTRIBUTING.md", "CHANGES.md"):
            said = text(name)
            for link in re.findall(r"\]\(([^)#:]+)\)", said):
                self.assertTrue(os.path.exists(os.path.join(TOP, link)), link)
            code = re.findall(r"`([^`]+)`", said) + re.findall(
                r"^    +(\S.*)$", said, re.M)
            for line in code:
                for target in re.findall(r"\bmake\s+([a-z][a-z-]*)", line):
                    self.assertIn(target, targets, name)
                for command in re.findall(
                        r"(?:^|/)sluse (?:--root \w+ )?([a-z-]+)", line):
                    self.assertIn(command, commands, name)
                for wanted in re.findall(r'PARTS="([^"]*)"', line):
                    self.assertEqual(set(wanted.split()) - parts, set())
                for path in re.findall(
                        r"^(?:daemon|plugins|tests|spool|schemas|systemd)/"
                        r"[\w./-]*$", line):
                    if "NAME" not in path:
                        self.assertTrue(
                            os.path.exists(os.path.join(TOP, path)), path)

    def test_examples_compile(self):
        compiler = os.environ.get("CC", "cc").split()
        for name in ("sluse-reader.7", "sluse-connector.7"):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "example.c")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(examples(name))
                # As `make install` lays the contracts.
                os.symlink(os.path.join(TOP, "plugins"),
                           os.path.join(folder, "sluse"))
                done = subprocess.run(
                    compiler + ["-std=c17", "-Wall", "-Wextra", "-Werror",
                                "-Wstrict-prototypes", "-shared", "-fPIC",
                                "-fvisibility=hidden", "-I", folder, "-o",
                                os.path.join(folder, "example.so"), path],
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                self.assertEqual(done.returncode, 0, name + "\n" + done.stdout)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        unittest.main()
