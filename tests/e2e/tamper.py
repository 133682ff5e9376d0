#!/usr/bin/env python3
"""Whatever is done to the sporingslogg or to an export of it is found by whoever
holds an earlier head: changed bits and rows, rows swapped, inserted, taken away;
a tail cut or replaced; all of it signed anew with another key; yesterday's
database. SLUSE_TAMPERS says how many times (300); SLUSE_SEED repeats a run."""
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "outsider"))
import forge  # noqa: E402
import outsider  # noqa: E402

BUILD = os.path.abspath(os.environ.get("SLUSE_BUILD", os.path.join(
    forge.TOP, "build")))
TIMES = int(os.environ.get("SLUSE_TAMPERS", "300"))
SEED = os.environ.get("SLUSE_SEED", str(random.randrange(10 ** 6)))
LEAVES = 330


def sluse(*args):
    return subprocess.run([os.path.join(BUILD, "bin", "sluse"), *args],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", text=True, timeout=60)


def dump(path):
    """All that the journal consists of; None if it cannot be read."""
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    db.text_factory = bytes
    try:
        return [db.execute("SELECT %s ORDER BY 1" % what).fetchall()
                for what in ("* FROM leaf", "* FROM payload", "* FROM tree",
                             "size, root, nodes, note FROM checkpoint",
                             "number, vkey, introduction FROM journal_key",
                             "* FROM erasure")]
    except (sqlite3.Error, UnicodeDecodeError):  # its message may be bytes
        return None
    finally:
        db.close()


class Database:
    """One fresh copy, and what can be done to it."""

    def __init__(self, chance, root, whole):
        self.chance, self.root = chance, root
        self.path = os.path.join(root, "db", "sluse.db")
        self.whole, self.differs = whole, None

    def open(self):
        self.db = sqlite3.connect(self.path)
        return self.db

    def done(self):
        self.db.commit()
        self.db.close()

    def any(self, first=0, last=LEAVES - 1):
        return self.chance.randint(first, last)

    def bit(self):
        with open(self.path, "r+b") as file:
            data = bytearray(file.read())
            at = self.chance.randrange(100, len(data))
            data[at] ^= 1 << self.chance.randrange(8)
            file.seek(0)
            file.write(data)
        now = dump(self.path)
        self.differs = now and [(a, b) for old, new in zip(self.whole, now)
                                for a, b in zip(old, new) if a != b][:2]
        return now != self.whole

    def change(self, table, column):
        db = self.open()
        seq = self.any()
        value, = db.execute("SELECT %s FROM %s WHERE seq = ?" % (
            column, table), (seq,)).fetchone()
        text = isinstance(value, str)
        data = bytearray(value.encode() if text else value)
        at = self.chance.randrange(len(data))
        data[at] = data[at] ^ 1 if data[at] < 128 else data[at]
        if bytes(data) == (value.encode() if text else value):
            data.append(65)
        db.execute("UPDATE %s SET %s = ? WHERE seq = ?" % (table, column), (
            data.decode() if text else bytes(data), seq))
        self.done()

    def leaf_row(self):
        self.change("leaf", "bytes")

    def payload_row(self):
        self.change("payload", "body")

    def salt_row(self):
        self.change("payload", "salt")

    def head_row(self):
        db = self.open()
        size, note = self.chance.choice(db.execute(
            "SELECT size, note FROM checkpoint").fetchall())
        at = self.chance.randrange(len(note))
        db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (
            note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1:], size))
        self.done()

    def swap(self):
        db, a, b = self.open(), self.any(), self.any()
        while a == b:
            b = self.any()
        one, two = (db.execute("SELECT bytes FROM leaf WHERE seq = ?",
                               (n,)).fetchone()[0] for n in (a, b))
        db.execute("UPDATE leaf SET bytes = ? WHERE seq = ?", (two, a))
        db.execute("UPDATE leaf SET bytes = ? WHERE seq = ?", (one, b))
        self.done()

    def remove(self):
        db, seq = self.open(), self.any()
        db.execute("DELETE FROM leaf WHERE seq = ?", (seq,))
        db.execute("DELETE FROM payload WHERE seq = ?", (seq,))
        self.done()

    def remove_payload(self):
        db, seq = self.open(), self.any()
        db.execute("DELETE FROM payload WHERE seq = ?", (seq,))
        if self.any() % 2:  # with a false excuse
            db.execute("INSERT INTO erasure VALUES (?, ?)", (
                seq, self.any(0, LEAVES - 1)))
        self.done()

    def shift(self, db, first, by):
        for table in ("leaf", "payload"):
            db.execute("UPDATE %s SET seq = seq + 100000 WHERE seq >= ?" %
                       table, (first,))
            db.execute("UPDATE %s SET seq = seq - 100000 + ? WHERE "
                       "seq >= 100000" % table, (by,))

    def put(self, db, seq, word):
        data, salt, body = forge.event(seq, word)
        db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)", (seq, data))
        db.execute("INSERT INTO payload VALUES (?, ?, ?)", (seq, salt, body))

    def insert(self):
        db, seq = self.open(), self.any()
        self.shift(db, seq, 1)
        self.put(db, seq, "inserted")
        forge.rebuild(db, seq)
        self.done()

    def remove_well(self):
        db, seq = self.open(), self.any()
        db.execute("DELETE FROM leaf WHERE seq = ?", (seq,))
        db.execute("DELETE FROM payload WHERE seq = ?", (seq,))
        forge.rebuild(db, seq)
        self.done()

    def cut(self):
        db, seq = self.open(), self.any(1)
        db.execute("DELETE FROM leaf WHERE seq >= ?", (seq,))
        db.execute("DELETE FROM payload WHERE seq >= ?", (seq,))
        forge.rebuild(db, seq)
        self.done()

    def tail(self, seed=None):
        db, seq = self.open(), self.any()
        db.execute("DELETE FROM leaf WHERE seq >= ?", (seq,))
        db.execute("DELETE FROM payload WHERE seq >= ?", (seq,))
        for n in range(seq, LEAVES):
            self.put(db, n, "forged")
        if seed is not None:
            db.execute("UPDATE journal_key SET vkey = ?", (forge.OTHER_KEY,))
        forge.rebuild(db, seq, seed)
        self.done()

    def signed_tail(self):
        self.tail(forge.OTHER_SEED)

    def resigned(self):
        db = self.open()
        db.execute("UPDATE journal_key SET vkey = ?", (forge.OTHER_KEY,))
        forge.rebuild(db, 0, forge.OTHER_SEED)
        self.done()

    def false_key(self):
        """Beside the true one, introduced by itself."""
        self.tail(forge.OTHER_SEED)
        db = self.open()
        db.execute("DELETE FROM journal_key")
        db.execute("INSERT INTO journal_key VALUES (1, ?, 1, NULL), "
                   "(2, ?, 1, ?)", (forge.KEY, forge.OTHER_KEY, forge.sign(
                       1, b"x" * 32, forge.OTHER_SEED)))
        self.done()

    def yesterday(self):
        db = self.open()
        size = self.chance.choice([100, 200, 300])
        for table in ("leaf", "payload"):
            db.execute("DELETE FROM %s WHERE seq >= ?" % table, (size,))
        forge.rebuild(db, size)
        self.done()

    def view(self):
        """A table that never ends, or that says something else."""
        db = self.open()
        table = self.chance.choice(["leaf", "payload", "checkpoint"])
        db.execute("PRAGMA legacy_alter_table = ON")
        db.execute("ALTER TABLE %s RENAME TO mine" % table)
        db.execute("CREATE VIEW %s AS %s" % (table, self.chance.choice([
            "SELECT * FROM mine", "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL "
            "SELECT x + 1 FROM n) SELECT x AS seq, x'00' AS bytes, NULL AS "
            "consignment, NULL AS entry FROM n"])))
        self.done()

    def tree_row(self):
        db = self.open()
        db.execute(self.chance.choice([
            "DELETE FROM tree", "UPDATE tree SET size = size + 1",
            "UPDATE tree SET size = -1", "UPDATE tree SET root = x'00'",
            "UPDATE tree SET nodes = substr(nodes, 2)",
            "UPDATE tree SET size = 9223372036854775807"]))
        self.done()


DATABASE = ["bit", "leaf_row", "payload_row", "salt_row", "head_row", "swap",
            "remove", "remove_payload", "insert", "remove_well", "cut", "tail",
            "signed_tail", "resigned", "false_key", "yesterday", "tree_row", "view"]


class Tamper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="sluse-tamper-")
        cls.addClassCleanup(shutil.rmtree, cls.top)
        cls.root = os.path.join(cls.top, "whole")
        cls.heads = forge.make(cls.root, LEAVES)
        cls.head = os.path.join(cls.top, "head")
        with open(cls.head, "w", encoding="utf-8") as file:
            file.write(cls.heads[LEAVES])
        cls.export = os.path.join(cls.top, "export")
        done = sluse("--root", cls.root, "journal", "export", "--payloads",
                     cls.export)
        assert done.returncode == 0, done.stdout
        cls.chance = random.Random(SEED)

    def refused(self, done, how):
        self.assertIn(done.returncode, (1, 5), "seed %s, %s: %s" % (
            SEED, how, done.stdout))
        self.assertNotIn("Sanitizer", done.stdout)

    def verify(self, root, *args):
        return sluse("--root", root, "journal", "verify", "--against",
                     self.head, *args)

    def test_whole(self):
        for args in ((), ("--key", forge.KEY), (self.export,),
                     ("--key", forge.KEY, self.export)):
            done = self.verify(self.root, *args)
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(outsider.check_export(
            self.export, forge.KEY, self.heads[200])[1], LEAVES)

    def test_database(self):
        whole = dump(os.path.join(self.root, "db", "sluse.db"))
        work = os.path.join(self.top, "work")
        seen = 0
        while seen < TIMES * 2 // 3:
            shutil.copytree(self.root, work)
            how = DATABASE[seen % len(DATABASE)]
            database = Database(self.chance, work, whole)
            real = getattr(database, how)()
            if real is not False:  # a bit in slack that holds no data
                # Whoever trusts the key that he was given, and whoever has
                # nothing but the earlier head.
                args = ("--key", forge.KEY) if seen % 2 else ()
                self.refused(self.verify(work, *args), "%s %s" % (
                    how, database.differs))
                seen += 1
            shutil.rmtree(work)

    def continued_by(self, root, key, name=forge.ORIGIN, seed=forge.OTHER_SEED,
                     note=None):
        """Behind the head of 200 leaves the log goes on as somebody likes it,
        and with his own key beside the true one."""
        shutil.copytree(self.root, root)
        db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
        for table, column in (("leaf", "seq >="), ("payload", "seq >="),
                              ("checkpoint", "size >")):
            db.execute("DELETE FROM %s WHERE %s 200" % (table, column))
        db.execute("INSERT INTO journal_key VALUES (2, ?, 1, ?)", (key, note))
        tree = outsider.Tree()
        for data, in db.execute("SELECT bytes FROM leaf ORDER BY seq").fetchall():
            tree.append(outsider.leaf_hash(data))
        for seq in range(200, LEAVES):
            # An administrator's decision, as a log that was put back has it.
            data, salt, body = forge.event(
                seq, "forged", name, 203 if seq == 200 and
                name != forge.ORIGIN else None)
            db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)", (seq, data))
            db.execute("INSERT INTO payload VALUES (?, ?, ?)", (seq, salt, body))
            tree.append(outsider.leaf_hash(data))
        forge.put_tree(db, tree)
        forge.put_head(db, tree, forge.sign(
            tree.size, tree.root(), seed, name))
        db.commit()
        db.close()

    def exported(self, root):
        out = root + "-export"
        done = sluse("--root", root, "journal", "export", "--payloads", out)
        self.assertEqual(done.returncode, 0, done.stdout)
        return out

    def early(self):
        path = os.path.join(self.top, "early")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.heads[200])
        return path

    def everywhere(self, root, code, *args):
        """What is said of database and export, held against an earlier head or
        not."""
        said = []
        for against in ((), ("--against", self.early())):
            for where in (("--root", root, "journal", "verify"),
                          ("journal", "verify", self.exported(root))):
                done = sluse(*where, *args, *against)
                self.assertEqual(done.returncode, code, (where, args, against,
                                                         done.stdout))
                said.append(done.stdout)
        return said

    def test_a_stranger_goes_on(self):
        """An earlier head says nothing of what came behind it; a key does, if
        the one before it introduced it."""
        root = os.path.join(self.top, "on")
        self.continued_by(root, forge.OTHER_KEY)
        for said in self.everywhere(root, 1):
            self.assertIn("not introduced", said)
            self.assertIn(forge.OTHER_KEY, said)
        for said in self.everywhere(root, 1, "--key", forge.KEY):
            self.assertIn(forge.OTHER_KEY, said)

    def test_a_stranger_goes_on_under_a_new_name(self):
        """As a log goes on after a backup was put back, when the key was lost:
        who it is must be told from outside."""
        root, name = os.path.join(self.top, "new-name"), forge.ORIGIN + "~2"
        key = outsider.make_vkey(name, outsider.ed25519_public(
            forge.OTHER_SEED))
        self.continued_by(root, key, name)
        lost = "At sequence 200, 2026-"
        for said in self.everywhere(root, 1):
            self.assertIn("NOT whole", said)
            self.assertIn(key + ", which signs from sequence 200 on", said)
            self.assertIn(lost, said)
            self.assertIn("goes on as %s." % name, said)
        self.everywhere(root, 1, "--key", forge.KEY)
        for keys in (("--key", key), ("--key", forge.KEY, "--key", key)):
            for said in self.everywhere(root, 0, *keys):
                self.assertNotIn("introduced", said)
                self.assertIn(lost, said)
        both = os.path.join(self.top, "both")
        with open(both, "w", encoding="utf-8") as file:
            file.write(forge.KEY + "\n" + key + "\n")
        self.everywhere(root, 0, "--key", both)
        row = json.loads(sluse("--json", "--root", root, "journal",
                               "verify").stdout)
        self.assertEqual(row["not_introduced"], [{"key": key, "from": 200}])
        self.assertEqual([(g["seq"], g["origin"]) for g in row["given_up"]],
                         [(200, name)])
        out = self.exported(root)
        for keys in (forge.KEY, [forge.KEY, forge.KEY]):
            with self.assertRaisesRegex(outsider.Bad, "nobody introduced .*~2"):
                outsider.check_export(out, keys, self.heads[200])
        for keys in (key, [forge.KEY, key]):
            self.assertEqual(outsider.check_export(out, keys, self.heads[200]),
                             (name, LEAVES, [(200, name)]))

    def test_the_same_key_under_a_new_name(self):
        """Nobody new signs; that something was given up is told all the same."""
        root, name = os.path.join(self.top, "same"), forge.ORIGIN + "~2"
        key = outsider.make_vkey(name, outsider.ed25519_public(forge.SEED))
        self.continued_by(root, key, name, forge.SEED)
        for keys in ((), ("--key", forge.KEY)):
            for said in self.everywhere(root, 0, *keys):
                self.assertIn("At sequence 200, ", said)

    def test_a_new_name_that_nobody_signed(self):
        """Without the key the log was cut, and a leaf says that it was given
        up: neither that leaf nor the heads that are remembered are believed."""
        root, name = os.path.join(self.top, "unsigned"), forge.ORIGIN + "~2"
        self.continued_by(root, outsider.make_vkey(
            name, outsider.ed25519_public(forge.SEED)), name, forge.SEED)
        db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
        db.execute("DELETE FROM checkpoint WHERE size > 200")
        db.commit()
        db.close()
        done = sluse("--root", root, "journal", "verify")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("not signed yet", done.stdout)
        os.mkdir(os.path.join(root, "journal"))
        with open(os.path.join(root, "sluse.conf"), "w",
                  encoding="utf-8") as file:
            file.write("[journal]\nhead_file = elsewhere\n")
        for path in ("journal/checkpoint", "elsewhere"):
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(self.heads[300])
            done = sluse("--root", root, "journal", "verify")
            self.assertEqual(done.returncode, 1, done.stdout)
            where = "head_file" if path == "elsewhere" else path
            self.assertIn(where + ": a leaf is not what was signed",
                          done.stdout)
            os.unlink(os.path.join(root, path))

    def test_a_proof_from_an_earlier_name(self):
        """Given up nine times: a leaf of each name is proved by the last head,
        and none by the head of a log of another name."""
        root = os.path.join(self.top, "ten")
        names = [forge.ORIGIN] + ["%s~%d" % (forge.ORIGIN, n)
                                  for n in range(2, 11)]
        self.named(root, names)
        proof = os.path.join(self.top, "ten-proof")
        for seq in range(len(names)):
            done = sluse("--root", root, "journal", "prove", "--output", proof,
                         str(seq))
            self.assertEqual(done.returncode, 0, done.stdout)
            done = sluse("--root", root, "journal", "verify", proof)
            self.assertEqual(done.returncode, 0, (seq, done.stdout))
        for first in (forge.ORIGIN + "~11", "annen.kommune.no/sporingslogg"):
            shutil.rmtree(root)
            self.named(root, [first] + names[9:])
            done = sluse("--root", root, "journal", "prove", "--output", proof,
                         "0")
            self.assertEqual(done.returncode, 0, done.stdout)
            done = sluse("--root", root, "journal", "verify", proof)
            self.assertEqual(done.returncode, 1, (first, done.stdout))
            self.assertIn("not the leaf of its place", done.stdout)
            os.unlink(proof)

    def named(self, root, names):
        """A log of one leaf for each name, the last signs."""
        forge.make(root, 0)
        db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
        db.execute("DELETE FROM journal_key")
        tree = outsider.Tree()
        for seq, name in enumerate(names):
            data, salt, body = forge.event(seq, origin=name,
                                           kind=203 if seq else None)
            db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)", (seq, data))
            db.execute("INSERT INTO payload VALUES (?, ?, ?)",
                       (seq, salt, body))
            db.execute("INSERT INTO journal_key VALUES (?, ?, 1, NULL)", (
                seq + 1, outsider.make_vkey(name, outsider.ed25519_public(
                    forge.SEED))))
            tree.append(outsider.leaf_hash(data))
        forge.put_tree(db, tree)
        forge.put_head(db, tree, forge.sign(tree.size, tree.root(),
                                            origin=names[-1]))
        db.commit()
        db.close()

    def test_an_introduced_key(self):
        """Who trusts the later key only can hold an earlier head against it."""
        root = os.path.join(self.top, "introduced")
        text = "sluse/key/v1\n%s\n%s\n" % (forge.ORIGIN, forge.OTHER_KEY)
        self.continued_by(root, forge.OTHER_KEY, note=forge.sign_text(
            text, forge.SEED, forge.OTHER_SEED))
        for keys in ((), ("--key", forge.KEY), ("--key", forge.OTHER_KEY)):
            for said in self.everywhere(root, 0, *keys):
                self.assertNotIn("given up", said)
        out = self.exported(root)
        for key in (forge.KEY, forge.OTHER_KEY):
            outsider.check_export(out, key, self.heads[200])
        third = outsider.make_vkey(forge.ORIGIN, outsider.ed25519_public(
            b"3" * 32))
        self.everywhere(root, 1, "--key", third)
        with self.assertRaises(outsider.Bad):
            outsider.check_export(out, third)

    def test_a_view_that_never_ends(self):
        """Nothing is exported or proved from it, and nobody waits for it."""
        root = os.path.join(self.top, "endless")
        out, proof = (os.path.join(self.top, n) for n in ("out", "proof"))
        for table in ("leaf", "payload", "checkpoint", "journal_key"):
            shutil.copytree(self.root, root)
            db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
            columns = [r[1] for r in db.execute(
                "PRAGMA table_info(%s)" % table)]
            db.execute("PRAGMA legacy_alter_table = ON")
            db.execute("ALTER TABLE %s RENAME TO mine" % table)
            db.execute("CREATE VIEW %s AS WITH RECURSIVE n(x) AS (SELECT 0 "
                       "UNION ALL SELECT x + 1 FROM n) SELECT %s FROM n, mine" %
                       (table, ", ".join(columns)))
            db.commit()
            db.close()
            for line in (("export", out), ("export", "--payloads", out),
                         ("prove", "--output", proof, "7"),
                         ("consistency", "--output", proof, "100")):
                done = sluse("--root", root, "journal", *line)
                self.assertEqual(done.returncode, 1, (table, line, done.stdout))
                self.assertIn("views or triggers", done.stdout)
                self.assertFalse(os.path.exists(out) or os.path.exists(proof))
            shutil.rmtree(root)

    def test_false_excuses(self):
        """A payload is gone because an event says so, and no other reason."""
        name = os.path.join("payload", "entries", "000.jsonl")
        with open(os.path.join(self.export, name), encoding="utf-8") as file:
            lines = file.readlines()
        work = os.path.join(self.top, "excuse")
        for event in (3, 10, 50, LEAVES - 1, LEAVES, 10 ** 9, -1):
            shutil.copytree(self.export, work)
            with open(os.path.join(work, name), "w", encoding="utf-8") as file:
                file.writelines(lines[:10] + [
                    '{"seq":10,"erased":%d}\n' % event] + lines[11:])
            done = self.verify("/nowhere", "--key", forge.KEY, work)
            self.refused(done, event)
            self.assertIn("sequence 10:", done.stdout)
            with self.assertRaises(outsider.Bad):
                outsider.check_export(work, forge.KEY)
            shutil.rmtree(work)

    def test_payloads_that_are_left_out(self):
        """An export says whether it has any, and verify what it looked at."""
        work = os.path.join(self.top, "without")
        shutil.copytree(self.export, work)
        shutil.rmtree(os.path.join(work, "payload"))
        done = self.verify("/nowhere", work)
        self.refused(done, "payload/")
        self.assertIn("payload/ is missing", done.stdout)
        with self.assertRaisesRegex(outsider.Bad, "payload"):
            outsider.check_export(work, forge.KEY)
        shutil.rmtree(work)
        done = sluse("--root", self.root, "journal", "export", work)
        self.assertEqual(done.returncode, 0, done.stdout)
        done = self.verify("/nowhere", work)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("There are no payloads", done.stdout)
        self.assertNotIn("no payloads", self.verify("/nowhere",
                                                    self.export).stdout)
        outsider.check_export(work, forge.KEY)
        shutil.rmtree(work)

    def test_payload_lines_that_are_left_out(self):
        """Each entry has one line, and one only."""
        name = os.path.join("payload", "entries", "000.jsonl")
        with open(os.path.join(self.export, name), encoding="utf-8") as file:
            lines = file.readlines()
        work = os.path.join(self.top, "lines")
        for said, changed in (
                ("entry 9 is missing", lines[:9] + lines[10:]),
                ("entry 255 is missing", lines[:-1]),
                ("entry 0 is missing", []),
                ("entry 9 is there twice", lines[:10] + lines[9:]),
                ("entry 9 is there twice", lines + [lines[9]]),
                ("entry 900 is none", lines + [lines[9].replace(
                    '"seq":9,', '"seq":900,')])):
            shutil.copytree(self.export, work)
            with open(os.path.join(work, name), "w", encoding="utf-8") as file:
                file.writelines(changed)
            with self.assertRaisesRegex(outsider.Bad, said):
                outsider.check_export(work, forge.KEY)
            self.refused(self.verify("/nowhere", work), said)
            shutil.rmtree(work)

    def test_an_erasure_that_is_not_signed_yet(self):
        """An export would miss the event that tells why a payload is gone."""
        root = os.path.join(self.top, "erased")
        shutil.copytree(self.root, root)
        db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
        tree = outsider.Tree()
        for data, in db.execute("SELECT bytes FROM leaf ORDER BY seq").fetchall():
            tree.append(outsider.leaf_hash(data))
        salt, body = bytes(32), '{"erased":[5],"content":false}'
        data = forge.leaf(LEAVES, salt, body, kind=204)
        db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)", (LEAVES, data))
        db.execute("INSERT INTO payload VALUES (?, ?, ?)", (LEAVES, salt, body))
        db.execute("INSERT INTO erasure VALUES (5, ?)", (LEAVES,))
        db.execute("DELETE FROM payload WHERE seq = 5")
        tree.append(outsider.leaf_hash(data))
        forge.put_tree(db, tree)
        db.commit()
        out = root + "-export"
        done = sluse("--root", root, "journal", "export", "--payloads", out)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("not been signed yet", done.stdout)
        self.assertFalse(os.path.exists(out))
        done = sluse("--root", root, "journal", "export", out + "-bare")
        self.assertEqual(done.returncode, 0, done.stdout)
        forge.put_head(db, tree, forge.sign(tree.size, tree.root()))
        db.commit()
        db.close()
        done = sluse("journal", "verify", self.exported(root))
        self.assertEqual(done.returncode, 0, done.stdout)
        outsider.check_export(out, forge.KEY)

    def test_an_erasure_after_an_export(self):
        """What was erased is gone from an export that goes on, also where its
        bundle was not full then."""
        for leaves, more in ((21, 1), (250, 6), (250, 10), (300, 5)):
            root = os.path.join(self.top, "erased-%d-%d" % (leaves, more))
            forge.make(root, leaves)
            out = self.exported(root)
            gone = leaves - 2
            db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
            salt, = db.execute("SELECT salt FROM payload WHERE seq = ?",
                               (gone,)).fetchone()
            tree = outsider.Tree()
            for data, in db.execute("SELECT bytes FROM leaf ORDER BY seq"
                                    ).fetchall():
                tree.append(outsider.leaf_hash(data))
            for seq in range(leaves, leaves + more):
                mine, body = bytes(32), '{"erased":[%d],"content":false}' % gone
                data = forge.leaf(seq, mine, body, kind=204)
                db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)",
                           (seq, data))
                db.execute("INSERT INTO payload VALUES (?, ?, ?)",
                           (seq, mine, body))
                tree.append(outsider.leaf_hash(data))
            db.execute("INSERT INTO erasure VALUES (?, ?)", (gone, leaves))
            db.execute("DELETE FROM payload WHERE seq = ?", (gone,))
            forge.put_tree(db, tree)
            forge.put_head(db, tree, forge.sign(tree.size, tree.root()))
            db.commit()
            db.close()
            self.assertEqual(self.exported(root), out)
            done = sluse("journal", "verify", out)
            self.assertEqual(done.returncode, 0, done.stdout)
            outsider.check_export(out, forge.KEY)
            for folder, _, names in os.walk(os.path.join(out, "payload")):
                for name in names:
                    with open(os.path.join(folder, name),
                              encoding="utf-8") as file:
                        self.assertFalse(salt.hex() in file.read(), name)

    def test_an_export_cut_in_its_last_file(self):
        """The mark beside it tells whose it is; a head that is whole counts
        more, since it is the later one."""
        work, other = (os.path.join(self.top, n) for n in ("cut", "other"))
        mark, last = (os.path.join(work, n) for n in (
            ".checkpoint-unfinished", "checkpoint"))
        whole = self.heads[LEAVES]
        false = forge.sign(LEAVES, b"x" * 32)
        for before, now, code in (
                (whole, "", 0), (self.heads[200], whole[:-1], 0),
                (whole, whole[:50], 0), (self.heads[200], whole, 0),
                (false, whole[:50], 5), (whole, false, 5)):
            shutil.copytree(self.export, work)
            for path, text in ((mark, before), (last, now)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            shutil.copytree(work, other)
            done = sluse("--root", self.root, "journal", "export",
                         "--payloads", work)
            self.assertEqual(done.returncode, code, done.stdout)
            if code == 0:
                self.assertFalse(os.path.exists(mark))
                done = sluse("journal", "verify", work)
                self.assertEqual(done.returncode, 0, done.stdout)
            else:
                self.assertEqual(subprocess.run(
                    ["diff", "-r", work, other], timeout=60).returncode, 0)
            shutil.rmtree(work)
            shutil.rmtree(other)

    def test_from_head_to_head(self):
        """Between any two that were signed; to no other than was asked for."""
        way, old = (os.path.join(self.top, n) for n in ("way", "old"))
        sizes = sorted(self.heads)

        def asked(*args):
            return sluse("--root", self.root, "journal", "consistency",
                         "--output", way, *map(str, args))
        for i, first in enumerate(sizes):
            with open(old, "w", encoding="utf-8") as file:
                file.write(self.heads[first])
            for last in sizes[i:]:
                done = asked(first, last)
                self.assertEqual(done.returncode, 0, done.stdout)
                with open(way, encoding="utf-8") as file:
                    text = file.read()
                self.assertTrue(text.endswith("\n\n" + self.heads[last]))
                outsider.check_consistent(text, self.heads[first], forge.KEY)
                done = sluse("journal", "verify", "--key", forge.KEY,
                             "--against", old, way)
                self.assertEqual(done.returncode, 0, done.stdout)
        os.unlink(way)
        for args, said in (((100, 150), "no signed head of 150"),
                           ((100, 331), "no signed head of 331"),
                           ((200, 100), "later than 100"),
                           ((331,), "covers 330 events"), ((0,), "begins")):
            done = asked(*args)
            self.assertEqual(done.returncode, 1, args)
            self.assertIn(said, done.stdout)
            self.assertFalse(os.path.exists(way))

    def test_an_export_over_what_is_no_file(self):
        """Nothing waits for a pipe, or is written behind a link."""
        work, away = (os.path.join(self.top, n) for n in ("odd", "behind"))
        for how in ("pipe", "link"):
            shutil.copytree(self.export, work)
            if how == "pipe":
                os.unlink(os.path.join(work, "vkey"))
                os.mkfifo(os.path.join(work, "vkey"))
            else:
                os.rename(os.path.join(work, "tile"), away)
                shutil.rmtree(os.path.join(away, "entries"))
                os.symlink(away, os.path.join(work, "tile"))
            done = sluse("--root", self.root, "journal", "export",
                         "--payloads", work)
            self.assertEqual(done.returncode, 5, done.stdout)
            self.assertIn("cannot write", done.stdout)
            shutil.rmtree(work)
        self.assertEqual(sorted(os.listdir(away)), ["0", "1"])
        shutil.rmtree(away)

    def files(self):
        for folder, _, names in os.walk(self.export):
            for name in names:
                if not name.endswith((".md", ".pem")) or \
                        name == "key.pem":
                    yield os.path.relpath(os.path.join(folder, name),
                                          self.export)

    def test_export(self):
        work = os.path.join(self.top, "work-export")
        names = sorted(self.files())
        for n in range(TIMES // 3):
            shutil.copytree(self.export, work)
            name = os.path.join(work, names[n % len(names)])
            with open(name, "rb") as file:
                data = bytearray(file.read())
            how = self.chance.choice(["flip", "cut", "more", "gone"])
            at = self.chance.randrange(len(data))
            if how == "gone":
                os.unlink(name)
            else:
                if how == "flip":
                    data[at] ^= 1 << self.chance.randrange(8)
                with open(name, "wb") as file:
                    file.write(data[:at] if how == "cut" else data)
                    file.write(b"more" if how == "more" else b"")
            self.refused(self.verify("/nowhere", "--key", forge.KEY, work),
                         "%s %s" % (how, names[n % len(names)]))
            shutil.rmtree(work)


if __name__ == "__main__":
    unittest.main(verbosity=2)
