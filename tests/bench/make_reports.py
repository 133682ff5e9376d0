#!/usr/bin/python3
"""Make a database as it is after years: make_reports.py COUNT ROOT [DAYS]

COUNT entries, one to a consignment, over DAYS (default 1825) until now: nine of
ten transferred, the rest held, deferred, stopped, closed or a duplicate; a
twentieth was held and settled. Rows have the sizes that the road writes; the
log's leaves have no tree above them (`journal verify` is not what this is for).
The same rows come out every time but for the day they end with.
"""
import datetime
import os
import re
import sqlite3
import sys
import time
import zoneinfo

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OSLO = zoneinfo.ZoneInfo("Europe/Oslo")
QUEUES = "'Skannet post', 'E-post', 'Digital post', 'Skjema', 'SvarInn', 'Barnevern'"
UNITS = "'Dokumentsenteret', 'Byggesak', 'Skole', 'Helse'"
STEPS = ("journalpost", "korrespondansepart 1", "dokumentbeskrivelse 1",
         "dokumentobjekt 1 1", "fil 1 1", "verified")


def registry(name, macro):
    with open(os.path.join(TOP, "daemon", "registry", name + ".def"),
              encoding="utf-8") as file:
        return re.findall(r"^%s\((\d+), (\w+)" % macro, file.read(), re.M)


def schema(db):
    folder = os.path.join(TOP, "schemas", "sql")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            db.executescript(file.read())
        db.execute("PRAGMA user_version = %d" % int(name[:3]))
    for table, macro in (("stage", "SL_STAGE"), ("disposition", "SL_DISPO"),
                         ("outcome", "SL_OUTCOME"), ("event", "SL_EVENT")):
        names = {"stage": "stages", "disposition": "dispositions",
                 "outcome": "outcomes", "event": "events"}[table]
        db.executemany("INSERT INTO %s VALUES (?, ?)" % table,
                       registry(names, macro))
    with open(os.path.join(TOP, "daemon", "wire", "fields.def"),
              encoding="utf-8") as file:
        db.executemany("INSERT INTO field VALUES (?, ?)", re.findall(
            r"^SL_FIELD\((\d+), (\w+)", file.read(), re.M))


def pick(what, words):
    """SQL: one of the words by a number."""
    names = words.split(", ")
    return "CASE (%s) %% %d %s END" % (what, len(names), " ".join(
        "WHEN %d THEN %s" % pair for pair in enumerate(names)))


# What became of number n: transferred unless its last two digits say otherwise.
DISPOSITION = """CASE n % 100 WHEN 3 THEN 30 WHEN 13 THEN 30 WHEN 23 THEN 20
 WHEN 33 THEN 40 WHEN 43 THEN 50 ELSE 60 END"""
OUTCOME = """CASE WHEN n % 100 IN (3, 13, 23, 33, 43) THEN NULL
 WHEN n % 100 = 53 THEN 30 WHEN n % 100 = 63 THEN 40 ELSE 10 END"""
REASON = """CASE n % 100 WHEN 3 THEN 'no_evidence' WHEN 13 THEN 'unknown_case'
 WHEN 23 THEN 'target_down' WHEN 33 THEN 'limit_ratio' WHEN 43 THEN 'damaged' END"""
DELIVERED = "(n % 100 NOT IN (3, 13, 23, 33, 43, 53, 63))"


def luhn(n):
    """The last digit of reception number n of 2026."""
    digits = ("26%06d" % n)[::-1]
    return -sum(sum(divmod(int(d) * (2 - i % 2), 10))
                for i, d in enumerate(digits)) % 10


def oslo(ms):
    """As the road writes when it was received."""
    return datetime.datetime.fromtimestamp(ms // 1000, OSLO).isoformat()


def fill(db, count, now, days):
    age = days * 86400000
    db.create_function("luhn", 1, luhn, deterministic=True)
    db.create_function("oslo", 1, oslo, deterministic=True)
    db.execute("CREATE TEMP TABLE n (n INTEGER PRIMARY KEY, ms INTEGER,"
               " last INTEGER)")
    db.execute("""WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
        WHERE n < ?1) INSERT INTO n SELECT n, ?2 - ?3 + ?3 / ?1 * n, luhn(n)
        FROM s""", (count, now, age))
    db.execute("""INSERT INTO consignment (id, ulid, reception, queue, name,
        name_raw, is_folder, actor, received_ms, dropped_ms, size, stage,
        disposition, outcome, reason, entries, source_place)
        SELECT n, printf('01M8KXPW%%018d', n), printf('M26-%%06d-%%d', n, last),
        %s, printf('scan-%%08d.pdf', n), CAST(printf('scan-%%08d.pdf', n) AS BLOB),
        0, 'uid:' || (1000 + n %% 7), ms, ms - 60000, 20000 + n %% 90000,
        50, iif(n %% 100 = 73, 60, 60), iif(n %% 100 = 73, 50, NULL),
        iif(n %% 100 = 73, 'duplicate_message', NULL), iif(n %% 100 = 73, 0, 1),
        'gone' FROM n""" % pick("n", QUEUES))
    db.execute("INSERT INTO reception_year VALUES (2026, ?1)", (count,))
    db.execute("UPDATE consignment SET channel_key = 'brev-' || id || "
               "'@example.no' WHERE queue = 'E-post'")
    db.execute("INSERT INTO blob SELECT n, CAST(printf('%032d', n) AS BLOB), "
               "20000 + n % 90000, ms FROM n")
    db.execute("INSERT INTO source SELECT n, n, 0, printf('scan-%08d.pdf', n), "
               "CAST(printf('scan-%08d.pdf', n) AS BLOB), n FROM n")
    db.execute("""INSERT INTO part (id, source, number, parent, depth, role,
        name, name_raw, name_charset, bundle, offset, size, sha256, mime, puid,
        format, basis, warnings, reader, reason, pages) SELECT n, n, 0, 0, 0, 1,
        printf('scan-%08d.pdf', n), CAST(printf('scan-%08d.pdf', n) AS BLOB),
        'UTF-8', NULL, 0, 20000 + n % 90000, CAST(printf('%032d', n) AS BLOB),
        'application/pdf', 'fmt/17', 'PDF 1.3', 3, '', 'pdf', NULL,
        1 + (n % 7 = 0) * 3 FROM n""")
    db.execute("""INSERT INTO page SELECT n.n, p.p, 1, iif(n.n % 6 = 0, 2, 1),
        iif(n.n % 6 = 0, 600 + n.n % 400, 1000), 'nb', 595, 842, 300, 0,
        iif(p.p = 3 AND n.n % 3 = 0, 1, 0), NULL,
        substr(replace(hex(zeroblob(350)), '0', 'ord '), 1, 700), zeroblob(800)
        FROM n JOIN (SELECT 0 AS p UNION SELECT 1 UNION SELECT 2 UNION SELECT 3) p
        WHERE p.p < 1 + (n.n % 7 = 0) * 3 ORDER BY 1, 2""")
    db.execute("""INSERT INTO entry (id, consignment, number, own_key, stage,
        disposition, outcome, reason, detail, attempts, retry_ms, held_until_ms,
        duplicate_of, revision, born_ms, changed_ms, case_number, title, post) SELECT n, n, 1, printf('sluse-%%026d', n),
        iif(%s = 60 AND %s, 80, 50), %s, %s, %s, NULL, 0, NULL, NULL, NULL,
        1 + (n %% 20 = 7), ms + 2000, ms + 9000,
        printf('2026/%%d', n %% 40000), printf('Søknad om tiltak %%d', n),
        printf('{"version":1,"ownKey":"sluse-%%026d","reception":"M26-%%06d-%%d.1",'
        || '"saksnummer":"2026/%%d","tittel":"Søknad om tiltak %%d",'
        || '"journalposttype":"I","journalstatus":"M","mottattDato":"%%s",'
        || '"dokumentetsDato":"2026-03-05","enhet":"%%s"%%s,"korrespondansepart":'
        || '[{"type":"EA","navn":"Ukjent avsender"}],"dokumenter":[{"nummer":1,'
        || '"rolle":"H","tittel":"Søknad om tiltak","renditions":[{"rendition":1,'
        || '"variant":"P","filnavn":"scan.pdf","mimeType":"application/pdf",'
        || '"format":"fmt/17","storrelse":20000,"sha256":"%%064d"}]}]}',
        n, n, last, n %% 40000, n, oslo(ms), %s, iif(n %% 30 = 1, ',"tilgangskode":"XX"', ''), n)
        FROM n WHERE n %% 100 <> 73 ORDER BY n""" % (
            DISPOSITION, DELIVERED, DISPOSITION, OUTCOME, REASON,
            pick("n / 7", UNITS)))
    db.execute("INSERT INTO document (id, entry, number, role, title, part) SELECT n, n, 1, 'H', 'Søknad om tiltak', n "
               "FROM n WHERE n % 100 <> 73")
    db.execute("""INSERT INTO placement SELECT n.n, r.r, f.f, 0,
        iif(f.f = 1, printf('2026/%d', (n.n + (r.r = 1 AND n.n % 40 = 7)) % 40000),
        'verdi'), 900, 1,
        '[{"source":"text","part":1,"file":"scan.pdf","page":0,"label":"deres ref",'
        || '"value":"2026/1","box":[1,2,3,4],"rule":"'
        || iif(n.n % 3 = 0, 'your_reference', 'case_label')
        || '","score":900,"runnerUp":0}]',
        iif(r.r = 2 AND f.f = 1, 'uid:1003', 'sluse-place')
        FROM n JOIN (SELECT 1 AS r UNION SELECT 2) r
        JOIN (SELECT 1 AS f UNION SELECT 5 UNION SELECT 7) f
        WHERE n.n % 100 <> 73 AND r.r <= 1 + (n.n % 20 = 7) ORDER BY 1, 2, 3""")
    db.execute("""INSERT INTO delivery SELECT n, n, 'arkiv',
        iif(%s, 'delivered', 'pending'), 1, 0, ms + 5000, ms + 5000, NULL, NULL,
        201, iif(%s, printf('{"id":"%%08d-5731-46dc-b186-7bf94bf76724","number":'
        || '"2026/%%d-%%d","case":"2026/%%d","journalaar":2026,'
        || '"journalsekvensnummer":%%d,"url":"https://arkiv.example.no/n5/%%064d",'
        || '"status":"%%s"%%s,"documents":[{"id":"d61f14f0-5100-4d5e-b941-%%012d",'
        || '"sha256":"%%064d","size":20000}]}', n, n %% 40000, n / 40000 + 1,
        n %% 40000, n, n, iif(n %% 4 = 0, 'J', 'M'), iif(n %% 4 = 0, printf(
        ',"journaldato":"%%s"', date(ms / 1000 + n %% 9 * 86400, 'unixepoch')), ''),
        n, n), NULL), ms + 9000 + n %% 5 * 86400000 * (n %% 11 = 0), 0
        FROM n WHERE n %% 100 <> 73 AND (%s OR n %% 100 = 23)""" % (
            DELIVERED, DELIVERED, DELIVERED))
    db.execute(SHOWN)


# The target's own journal: a receipt says less than it in one of forty.
SHOWN = """INSERT INTO target_post SELECT 'arkiv', e.id, e.own_key, e.case_number,
    json_extract(d.receipt, '$.number'), 2026, e.id, 'I',
    iif(e.id %% 40 = 1, 'A', json_extract(d.receipt, '$.status')), e.title, '',
    iif(e.id %% 30 = 1, 'XX', ''), substr(oslo(c.received_ms), 1, 10),
    '2026-03-05', iif(e.id %% 40 = 1, date(d.changed_ms / 1000 + 259200,
    'unixepoch'), ifnull(json_extract(d.receipt, '$.journaldato'), '')), 0,
    d.changed_ms, d.changed_ms, d.changed_ms FROM delivery d JOIN entry e
    ON e.id = d.entry JOIN consignment c ON c.id = e.consignment
    WHERE d.state = 'delivered' AND e.id %% 10 <> 9 ORDER BY e.id""".replace("%%", "%")


def log(db, count):
    """16 leaves an entry, and those of what was held; what never got an entry
    has its own. What came in is told as on the road, by the consignment's number;
    only the digest over its parts is not one."""
    kinds = [(20, ""), (30, ""),
             (40, "{\"pronom\":\"DROID_SignatureFile_V120\",\"puid\":[\"fmt/17\"]}"),
             (50, ""),
             (51, "{\"documents\":1}"), (60, "{\"revision\":1,\"case\":\"2026/1\"}"),
             (70, "{}"), (80, "{\"target\":\"arkiv\",\"attempt\":1}")]
    kinds += [(82, "{\"target\":\"arkiv\",\"step\":\"%s\"}" % s) for s in STEPS]
    kinds += [(81, "{\"stage\":\"delivered\",\"from\":\"ready\",\"to\":\"done\"}"),
              (130, "{}"),
              (110, "{\"stage\":\"read\",\"from\":\"ready\",\"to\":\"done\"}")]
    held = (102, "{\"stage\":\"read\",\"from\":\"ready\",\"to\":\"held\","
                 "\"reason\":\"no_evidence\"}", "slused")
    again = (102, "{\"stage\":\"read\",\"from\":\"held\",\"to\":\"held\","
                  "\"reason\":\"unknown_case\"}", "uid:1003")
    done = (106, "{\"stage\":\"read\",\"from\":\"held\",\"to\":\"ready\"}", "uid:1003")
    db.execute("CREATE TEMP TABLE kind (at INTEGER PRIMARY KEY, event, body, actor)")
    rows = [(e, b, "slused") for e, b in kinds]
    rows[5:5] = [held, again, done]
    db.executemany("INSERT INTO kind VALUES (?, ?, ?, ?)",
                   [(i,) + r for i, r in enumerate(rows)])
    # Held: all that still are, and a twentieth that was settled; a person held
    # half of those once more. Of what has no entry every other one was held.
    # Sequences have gaps: what is counted here are rows.
    source = """FROM n CROSS JOIN kind k WHERE iif(n.n % 100 = 73,
        k.event IN (20, 30, 40, 50, 130, 110) OR (k.at IN (5, 7) AND n.n % 200 = 73),
        k.event IN (20, 30, 40, 50, 51, 130)
        OR (k.at = 5 AND (n.n % 20 = 7 OR n.n % 100 IN (3, 13)))
        OR (k.at = 6 AND n.n % 40 = 7) OR (k.at = 7 AND n.n % 20 = 7)
        OR (k.event BETWEEN 60 AND 85 AND {}))""".format(
            DELIVERED.replace("n %", "n.n %"))
    entry = "iif(event < 51 OR event = 130 OR n %%%% 100 = 73, %s, %s)"
    db.execute(("""INSERT INTO leaf SELECT (n - 1) * %d + at, CAST(printf(
        'sluse/leaf/v1\nbench\n%%d\n%%d\n%%d\nM26-%%06d-%%d%%s\n%%s\n%%064d\n-\n',
        (n - 1) * %d + at, ms + at * 1000, event, n, last, """ +
                entry % ("''", "'.1'") + """, actor, n) AS BLOB),
        n, """ + entry % ("NULL", "n") + " %s") % (len(rows), len(rows), source))
    db.execute("""INSERT INTO payload SELECT (n - 1) * %d + at, zeroblob(32),
        CASE event WHEN 20 THEN printf('{"queue":"%%s","received_ms":%%d,"bytes":'
        || '%%d,"sources":["%%s"],"files":1}', %s, ms, 20000 + n %% 90000,
        lower(hex(printf('%%032d', n))))
        WHEN 30 THEN printf('{"files":1,"parts":1,"archives":0,"pages":%%d,'
        || '"list":"%%064d"}', 1 + (n %% 7 = 0) * 3, n)
        WHEN 50 THEN printf('{"pages":%%d,"texts":%%d}', 1 + (n %% 7 = 0) * 3,
        1 + (n %% 7 = 0) * 3) ELSE body END %s""" % (
            len(rows), pick("n", QUEUES), source))


def make(count, root, days=1825):
    os.makedirs(os.path.join(root, "db"), exist_ok=True)
    path = os.path.join(root, "db", "sluse.db")
    if os.path.exists(path):
        os.remove(path)
    with open(os.path.join(root, "sluse.conf"), "w", encoding="utf-8") as file:
        file.write("[instance]\nname = Testvik kommune\n")
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA page_size=4096; PRAGMA journal_mode=OFF;"
                     "PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;"
                     "PRAGMA temp_store=FILE;")
    schema(db)
    db.execute("BEGIN")
    fill(db, count, int(time.time() * 1000), days)
    log(db, count)
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode=WAL")
    db.close()
    return path


if __name__ == "__main__":
    make(int(sys.argv[1]), sys.argv[2],
         int(sys.argv[3]) if len(sys.argv) > 3 else 1825)
