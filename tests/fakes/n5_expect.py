"""The harvest folder that an archive should give: from the Noark 5 fake's own
objects (GET /_fake/objects), not from what it shows by links.

    n5_expect.py SEED DIR [ARKIVDEL]    writes the harvest of a seed file,
                                        or of one series, by its short name
"""

import hashlib
import json
import os
import sys
import tempfile

import n5_archive
import n5_store
from n5_archive import FOLDERS, LISTS, LOGS, POSTS

# What becomes lines of its own, in this order, below each kind.
UNITS = {"arkiv": ("arkivskaper", "arkivdel", "underarkiv"),
         "arkivdel": ("klassifikasjonssystem", "mappe", "registrering"),
         "klassifikasjonssystem": ("klasse",),
         "klasse": ("underklasse", "mappe", "registrering"),
         "mappe": ("undermappe", "registrering"),
         "registrering": ("dokumentbeskrivelse",),
         "dokumentbeskrivelse": ("dokumentobjekt",)}
# What becomes lists in the fields of what it hangs on.
INSIDE = ("korrespondansepart", "merknad", "part", "kryssreferanse",
          "nasjonalidentifikator", "avskrivning", "dokumentflyt", "presedens",
          "konvertering")


def kind_of(name):
    return "mappe" if name in FOLDERS else \
        "registrering" if name in POSTS else \
        "endring" if name in LOGS else name


class Expect:
    """objects: [{"id", "type", "parent", "attrs", "file"?, ...}] in order of
    birth."""

    def __init__(self, objects):
        self.objects = objects
        self.by_id = {o["id"]: o for o in objects}
        self.written, self.lines = set(), []
        self.series = self.first = self.last = None

    def below(self, parent, name):
        """Children in the order in which a list shows them: by type, and
        within it by birth."""
        return [o for kind in LISTS[name] for o in self.objects
                if o["type"] == kind and o["parent"] == parent] + [
            o for o in self.objects if o["type"] == name and
            parent in o.get("also", ())]

    def fields(self, obj):
        value = dict(obj["attrs"])
        for name in INSIDE:
            rows = self.below(obj["id"], name)
            if rows:
                value[name] = [r["attrs"] for r in rows]
        if obj.get("secondary"):
            value["sekundaerklassifikasjon"] = [
                self.by_id[i]["attrs"] for i in obj["secondary"]]
        return value

    def is_out(self, obj, kind):
        """Of another series, or made at another time?"""
        if kind == "arkivdel":
            self.series = obj["id"]
        if kind == "mappe" and self.series_of(obj) != self.series:
            return True
        return kind == "registrering" and not self.made_in(obj)

    def series_of(self, obj):
        if "series" in obj or obj["type"] == "arkivdel":
            return obj.get("series", obj["id"])
        return self.series_of(self.by_id[obj["parent"]])

    def made_in(self, obj):
        day = obj["attrs"].get("opprettetDato", "")[:10]
        return (not self.first or day >= self.first) and \
            (not self.last or day <= self.last)

    def walk(self, obj, parent):
        kind = kind_of(obj["type"])
        if self.is_out(obj, kind):
            return
        at = len(self.lines)
        self.one(obj, parent)
        if kind == "mappe" and len(self.lines) == at + 1 and \
                not self.made_in(obj):
            del self.lines[at]          # nothing in it is of that time
            self.written.discard(obj["id"])

    def one(self, obj, parent):
        kind, again = kind_of(obj["type"]), obj["id"] in self.written
        line = {"kind": kind}
        if obj["type"] not in (kind, "endringslogg"):
            line["type"] = obj["type"]
        line.update(id=obj["id"], parent=parent, fields=self.fields(obj))
        if again:
            line["again"] = True
        if kind == "dokumentobjekt":
            self.document(line, obj)
        self.lines.append(line)
        self.written.add(obj["id"])
        if again and kind == "dokumentbeskrivelse":
            return
        for name in UNITS.get(kind, ()):
            for child in self.below(obj["id"], name):
                self.walk(child, obj["id"])

    def document(self, line, obj):
        file, attrs = obj.get("file"), obj["attrs"]
        if not file:
            line["missing"] = "http_404"
            return
        sha = file["sha256"]
        line.update(file="files/%s/%s" % (sha[:2], sha), sha256=sha,
                    size=file["size"])
        if attrs["sjekksum"].lower() != sha:
            line["differs"] = "checksum"
        elif attrs["filstoerrelse"] != file["size"]:
            line["differs"] = "size"

    def leads_to(self, obj, series):
        """Does the series lie in this archive?"""
        above = self.by_id[series]
        while above["parent"] is not None:
            above = self.by_id[above["parent"]]
            if above is obj:
                return True
        return False

    def run(self, series=None, first=None, last=None):
        """series: the one to take, by systemID; first, last: days between
        which registrations were made."""
        self.first, self.last = first, last
        if series:
            self.objects = [
                o for o in self.objects if o["type"] not in
                ("arkiv", "arkivdel") or o["id"] == series or
                (o["type"] == "arkiv" and self.leads_to(o, series))]
        for obj in self.objects:
            if obj["type"] == "arkiv" and obj["parent"] is None:
                self.walk(obj, None)
        for name in LOGS:
            for obj in self.objects:
                if obj["type"] == name:
                    above = obj["attrs"].get("referanseArkivenhet")
                    if above not in self.written:
                        if series or first or last:
                            continue
                        above = None
                    self.walk(obj, above)
        return self.lines


def summary(lines, target="arkiv", made="2026-11-29T20:00:00Z"):
    """harvest.json, but for the digest of units.jsonl."""
    files = {line["sha256"]: line["size"] for line in lines if "file" in line}
    count = lambda name, value: sum(x.get(name) == value for x in lines)
    return {"format": 1, "target": target, "connector": "noark5",
            "made": made, "units": len(lines), "files": len(files),
            "bytes": sum(files.values()),
            "missing": sum("missing" in x for x in lines),
            "differs": {"checksum": count("differs", "checksum"),
                        "size": count("differs", "size")}}


def main():
    seed, folder, *series = sys.argv[1:]
    with tempfile.TemporaryDirectory() as state:
        store = n5_store.Store(state)
        n5_archive.Loader(store).load(seed)
        lines = Expect(list(store.objects.values())).run(
            n5_archive.system_id(series[0]) if series else None)
        os.makedirs(folder)
        with open(folder + "/units.jsonl", "w", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        for line in lines:
            if "file" not in line:
                continue
            with open(store.path(line["id"]), "rb") as file:
                data = file.read()
            path = os.path.join(folder, line["file"])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        with open(folder + "/units.jsonl", "rb") as file:
            sha = hashlib.sha256(file.read()).hexdigest()
        with open(folder + "/harvest.json", "w", encoding="utf-8") as file:
            json.dump(dict(summary(lines), units_sha256=sha, complete=True),
                      file, ensure_ascii=False, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
