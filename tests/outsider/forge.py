"""Makes a sporingslogg without Sluse, whole or forged: a database with leaves,
payloads, tree and signed heads, as schemas/sql has them."""
import base64
import hashlib
import os
import sqlite3

import outsider

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ORIGIN = "testvik.kommune.no/sporingslogg"
SEED = hashlib.sha256(b"a key for tests").digest()
OTHER_SEED = hashlib.sha256(b"somebody else's key").digest()
KEY = outsider.make_vkey(ORIGIN, outsider.ed25519_public(SEED))
OTHER_KEY = outsider.make_vkey(ORIGIN, outsider.ed25519_public(OTHER_SEED))
SQL = os.path.join(TOP, "schemas", "sql")


def leaf(seq, salt, body, actor="slused", origin=ORIGIN, kind=None, ms=None):
    digest = hashlib.sha256(salt + body.encode()).hexdigest()
    return ("sluse/leaf/v1\n%s\n%d\n%d\n%d\n-\n%s\n%s\n-\n" % (
        origin, seq, 1795323600000 + 17 * seq if ms is None else ms,
        10 + seq % 7 if kind is None else kind, actor,
        digest)).encode()


def event(seq, word="event", origin=ORIGIN, kind=None):
    salt = hashlib.sha256(b"salt %d" % seq).digest()
    body = '{"%s":%d,"text":"%s"}' % (word, seq, "blåbær " * (seq % 5))
    return leaf(seq, salt, body, origin=origin, kind=kind), salt, body


def sign_text(text, *seeds, origin=ORIGIN):
    lines = ""
    for seed in seeds:
        public = outsider.ed25519_public(seed)
        line = outsider.key_id(origin, b"\1" + public) + outsider.ed25519_sign(
            seed, text.encode())
        lines += "— %s %s\n" % (origin, base64.b64encode(line).decode())
    return "%s\n%s" % (text, lines)


def sign(size, root, seed=SEED, origin=ORIGIN):
    return sign_text("%s\n%d\n%s\n" % (
        origin, size, base64.b64encode(root).decode()), seed, origin=origin)


def put_tree(db, tree):
    db.execute("INSERT OR REPLACE INTO tree VALUES (1, ?, ?, ?)",
               (tree.size, b"".join(tree.stack), tree.root()))


def put_head(db, tree, note):
    db.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?, ?)",
               (tree.size, tree.root(), b"".join(tree.stack), 1795323600000,
                note))


def make(root, leaves, every=100, payloads=True):
    """A whole instance's database in root; the heads by their size."""
    os.makedirs(os.path.join(root, "db"), exist_ok=True)
    db = sqlite3.connect(os.path.join(root, "db", "sluse.db"))
    for name in sorted(os.listdir(SQL)):
        with open(os.path.join(SQL, name), encoding="utf-8") as file:
            db.executescript(file.read())
    db.execute("PRAGMA user_version = %d" % int(name[:3]))
    db.execute("INSERT INTO journal_key VALUES (1, ?, 1, NULL)", (KEY,))
    tree, heads = outsider.Tree(), {}
    for seq in range(leaves):
        data, salt, body = event(seq)
        db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)", (seq, data))
        if payloads:
            db.execute("INSERT INTO payload VALUES (?, ?, ?)",
                       (seq, salt, body))
        tree.append(outsider.leaf_hash(data))
        if tree.size % every == 0 or tree.size == leaves:
            heads[tree.size] = sign(tree.size, tree.root())
            put_head(db, tree, heads[tree.size])
    put_tree(db, tree)
    db.commit()
    db.close()
    return heads


def rebuild(db, first=0, seed=None):
    """What a forger does: leaves get their numbers, the tree fits them, heads
    that do not are gone; with a seed they are there again, signed by it."""
    rows = db.execute("SELECT l.bytes, p.salt, p.body FROM leaf l LEFT JOIN "
                      "payload p USING (seq) ORDER BY l.seq").fetchall()
    sizes = [r[0] for r in db.execute("SELECT size FROM checkpoint")]
    for table in ("leaf", "payload", "tree", "checkpoint"):
        keep = " WHERE size <= %d" % first if table == "checkpoint" and \
            seed is None else None
        if table == "checkpoint" and keep:
            db.execute("DELETE FROM checkpoint WHERE size > ?", (first,))
        else:
            db.execute("DELETE FROM " + table)
    tree = outsider.Tree()
    for seq, (data, salt, body) in enumerate(rows):
        lines = data.decode().split("\n")
        lines[2] = str(seq)
        lines[7] = hashlib.sha256(salt + body.encode()).hexdigest()
        data = "\n".join(lines).encode()
        db.execute("INSERT INTO leaf VALUES (?, ?, NULL, NULL)", (seq, data))
        db.execute("INSERT INTO payload VALUES (?, ?, ?)", (seq, salt, body))
        tree.append(outsider.leaf_hash(data))
        if seed is not None and tree.size in sizes:
            put_head(db, tree, sign(tree.size, tree.root(), seed))
    put_tree(db, tree)
