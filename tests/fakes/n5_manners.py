"""Manners: how a core in the field may differ from the Noark 5 fake's own
ways, with the standard or against it.  Each is switched on by its name,
--manner NAME.
"""

import re
import uuid

import fakelib
import n5_archive
import n5_model as model
from fakelib import Refused, Response
from n5_model import JSON_TYPE, REL

MANNERS = {
    "root-after-login": "the root shows only the login to who is not known",
    "oidc-only": "login is found by OpenID Connect discovery alone",
    "no-token-endpoint": "and even that names no token endpoint",
    "double-links": "the metadata page names its links twice",
    "no-vsm": "a journalpost has no virksomhetsspesifikkeMetadata",
    "no-vsm-search": "a filter on one of those fields is not understood",
    "errors-in-200": "a filter that is not understood is answered with 200",
    "other-errors": 'errors are {"status", "message"}',
    "names": "codes of a dokumentbeskrivelse need their kodenavn",
    "formats": "only formats of the code list, or none, until a file comes",
    "moments": "dokumentetsDato is a dateTime, as in chapter 7",
    "no-intern": "no internal correspondents",
    "no-unit": "administrativEnhet of a case is the core's business",
    "hides-access": "a journalpost does not show its skjerming",
    "hides-access-here": "it does so in arkivstruktur, not in sakarkiv",
    "silent-files": "no referanseDokumentfil; 400 for a file too early or"
                    " once too often",
    "short-lists": "a list that is not filtered ends after its first page",
    "broken-next": "or goes on at an address that cannot be one",
    "undated": "and year(opprettetDato) is nothing there",
    "no-day-filter": "a filter compares no days, only their year()",
    "dead-links": "some relations lead nowhere: 404 and 501",
    "flat-lists": "a series lists all folders and registrations in it",
    "logs-below": "no page of logs: each unit leads to its own",
    "relations": "skjerming and kassasjon are links, not members",
    "dead-screens": "and that of skjerming leads nowhere",
    "deaf": "a filter of registrering is not heard",
    "bare-sizes": "filstoerrelse is text, and files have no checksum"}
# What no core does that is not broken or in bad hands.
HOSTILE = {
    "next-loops": "the last page of a list leads on to its first",
    "next-stays": "and each page to itself",
    "next-elsewhere": "and to another host",
    "too-many": "a list has a row more than it counts",
    "too-few": "and one has fewer",
    "no-ids": "a systemID climbs out of its folder",
    "twice": "a folder lies in itself",
    "deep": "every class holds another",
    "lost-above": "a folder lies below one that is not shown",
    "long-titles": "titles of a megabyte",
    "endless-file": "a file of ten gigabytes",
    "unsized-file": "and one that does not say so",
    "other-file": "the link to a file leads to another host",
    "not-an-object": "rows are texts"}
MANNERS.update(HOSTILE)


class Deaf:
    """A request without its filter."""

    def __init__(self, req):
        self.req = req

    def __getattr__(self, name):
        return getattr(self.req, name)

    def args(self):
        return [a for a in self.req.args() if a[0] != "$filter"]


class Manners:
    """Part of n5_server.N5: stands before what it changes."""

    def has(self, manner):
        return manner in self.args.manner

    # -- pages and errors

    def on_root(self, req):
        if self.has("root-after-login") and self.auth:
            try:
                self.check_bearer(req)
            except Refused:
                return self.page({k: v for k, v in self.root_links(
                    req).items() if "/login/" in k})
        return super().on_root(req)

    def root_links(self, req):
        links = super().root_links(req)
        if self.has("logs-below"):
            links.pop(REL + "loggingogsporing/")
        if self.has("oidc-only"):
            links.pop(REL + "login/rfc6749/", None)
        return links

    def discovery(self, req):
        value = super().discovery(req)
        if self.has("no-token-endpoint"):
            del value["token_endpoint"]
        return value

    def on_page(self, req, name):
        answer = super().on_page(req, name)
        if name == "metadata" and self.has("double-links"):
            body = re.sub(rb'"_links":\s*\{(.*)\}\s*\}',
                          rb'"_links":{\1,\1}}', answer.body, flags=re.S)
            return Response(200, body, JSON_TYPE)
        return answer

    def error(self, status, why):
        if self.has("other-errors"):
            return self.json({"status": status, "message": why}, status)
        return super().error(status, why)

    # -- lists

    def listing(self, req, fields, *how):
        if self.has("deaf") and req.rel == REL + "arkivstruktur/registrering/":
            req = Deaf(req)
        if self.has("no-vsm-search"):
            fields = {k: v for k, v in fields.items() if ":" not in k}
        if self.has("broken-next") or self.has("short-lists"):
            fields = dict(fields, opprettetDato="date")
            how = how[:-1] + (self.dated(how[-1]),)
        if self.has("no-day-filter"):
            fields = {k: "integer" if v == "date" and "year(" not in
                      dict(req.args()).get("$filter", "") else v
                      for k, v in fields.items()}
        try:
            return super().listing(req, fields, *how)
        except Refused as exc:
            if not self.has("errors-in-200"):
                raise
            return self.json({"status": exc.status, "message": exc.why})

    def shows(self, obj):
        names = super().shows(obj)
        if self.has("relations"):
            names = [n for n in names if n != "merknad" or
                     self.found(n, ("merknad",), obj["id"], {})]
        return names

    def slice(self, req, rows, query, show):
        answer = self.sliced(req, rows, query, show)
        if not set(HOSTILE) & set(self.args.manner):
            return answer
        page = fakelib.parse_json(answer.body)
        own = {"href": req.base + req.path}
        here = {"href": req.base + req.target}
        last = "next" not in page["_links"] and rows
        if self.has("next-loops") and last:
            page["_links"]["next"] = own
        if self.has("next-stays") and rows:
            page["_links"]["next"] = here
        if self.has("next-elsewhere") and last:
            page["_links"]["next"] = {
                "href": "http://127.0.0.2:%d/n5/x" % self.server.port}
        if self.has("too-many") and rows:
            page["count"] = max(page["count"] - 1, 1)
        if self.has("too-few") and last:
            page["count"] += 1
        if self.has("not-an-object") and rows:
            page["results"] = ["rad"] * len(page["results"])
        return self.json(page)

    def dated(self, value):
        """Everything was made at some time, shown or not."""
        made = None if self.has("undated") else "2026-01-01T00:00:00Z"
        return lambda row, field: made if field == "opprettetDato" else \
            value(row, field)

    def sliced(self, req, rows, query, show):
        if self.has("short-lists") and "$filter" not in query:
            answer = {"count": len(rows), "_links": {}}
            if rows:
                answer["results"] = [show(r) for r in
                                     rows[:self.args.page_size]]
            return self.json(answer)
        answer = super().slice(req, rows, query, show)
        if self.has("broken-next") and "$filter" not in query:
            page = fakelib.parse_json(answer.body)
            if "next" in page["_links"]:
                page["_links"]["next"]["href"] = \
                    req.base + req.path + "&$skip=%d" % self.args.page_size
            return self.json(page)
        return answer

    # -- objects

    def want_new(self, req, kind):
        value = super().want_new(req, kind)
        if kind == "journalpost" and self.has("no-vsm") and \
                "virksomhetsspesifikkeMetadata" in value:
            raise Refused(400, "virksomhetsspesifikkeMetadata: unknown field")
        if self.has("moments") and "T" not in value.get("dokumentetsDato",
                                                        "T"):
            raise Refused(400, "dokumentetsDato: dateTime wanted")
        if kind == "dokumentbeskrivelse" and self.has("names"):
            for name in ("dokumenttype", "dokumentstatus",
                         "tilknyttetRegistreringSom"):
                if "kodenavn" not in value.get(name, {"kodenavn": ""}):
                    raise Refused(400, "%s: null kodenavn" % name)
        if kind == "dokumentobjekt" and self.has("formats"):
            code = value.setdefault("format", {"kode": "av/0"})["kode"]
            if code not in model.CODES["format"]:
                raise Refused(404, "format: no such metadata entity",
                              violation=False)
        if kind == "saksmappe" and self.has("no-unit"):
            if "administrativEnhet" in value:
                raise Refused(400, "administrativEnhet: unknown field")
            value["administrativEnhet"] = "Arkiv"
        return value

    def represent(self, req, obj):
        value = super().represent(req, obj)
        self.turn(req, obj, value)
        if self.has("no-intern"):
            value["_links"].pop(
                REL + "arkivstruktur/ny-korrespondansepartintern/", None)
        if self.has("hides-access") or (
                self.has("hides-access-here") and
                req.rel != REL + "arkivstruktur/registrering/"):
            value.pop("skjerming", None)
        if self.has("silent-files"):
            value.pop("referanseDokumentfil", None)
        return value

    def turn(self, req, obj, value):
        """What a harvest meets."""
        links = value["_links"]
        if self.has("logs-below") and "opprettetAv" in value:
            self.link(links, REL + "loggingogsporing/endringslogg/",
                      self.href(req, "list", "endringslogg", obj["id"]), True)
        if self.has("relations"):
            for name in ("skjerming", "kassasjon"):
                if value.pop(name, None):
                    self.link(links, REL + "arkivstruktur/%s/" % name,
                              self.href(req, "part", name, obj["id"]))
        if self.has("bare-sizes") and "filstoerrelse" in value:
            value["filstoerrelse"] = str(value["filstoerrelse"])
            for name in ("sjekksum", "sjekksumAlgoritme"):
                value.pop(name, None)
        for kind, status in (("klassifikasjonssystem", 404),
                             ("saksmappe", 501)):
            if self.has("dead-links") and obj["type"] == kind:
                self.link(links, REL + "sakarkiv/sekundaerklassifikasjon/",
                          self.href(req, "dead", str(status)))
        if self.has("no-ids") and obj["type"] == "mappe":
            value["systemID"] = "../../../" + value["systemID"][:27]
        if self.has("long-titles") and obj["type"] == "saksmappe":
            value["tittel"] = "x" * (1 << 20)
        if self.has("lost-above") and obj["type"] == "saksmappe":
            self.link(links, REL + "arkivstruktur/overmappe/",
                      self.href(req, "object", "nobody"))
        if self.has("other-file") and obj["type"] == "dokumentobjekt":
            self.link(links, REL + "arkivstruktur/fil/",
                      "http://127.0.0.2:9/fil")

    def on_dead(self, req, status):
        raise Refused(int(status), "there is no such thing",
                      violation=False)

    def on_part(self, req, name, obj_id):
        self.allow(req, "GET")
        self.want_accept(req)
        if name == "skjerming" and self.has("dead-screens"):
            raise Refused(404, "there is no such thing", violation=False)
        value = dict(self.store.get(obj_id)["attrs"][name])
        return self.page({"self": {"href": req.base + req.path}}, **value)

    def found(self, name, kinds, parent, equal):
        rows = super().found(name, kinds, parent, equal)
        above = parent and self.store.get(parent)
        if self.has("flat-lists") and above and above["type"] == "arkivdel" \
                and name in ("mappe", "registrering"):
            return [o for o in self.store.candidates(kinds, None, equal)
                    if n5_archive.series_of(self.store, o) == parent]
        if self.has("twice") and name == "undermappe" and \
                above["type"] == "mappe":
            return [above]
        if self.has("deep") and name == "underklasse" and not rows:
            self.store.put({
                "id": str(uuid.uuid4()), "type": "klasse", "parent": parent,
                "version": 0, "attrs": above["attrs"]})
            new = super().found(name, kinds, parent, equal)
            new[0]["attrs"] = dict(above["attrs"], systemID=new[0]["id"])
            return new
        return rows

    def on_fil(self, req, obj_id):
        if req.method == "GET" and (self.has("endless-file") or
                                    self.has("unsized-file")):
            return n5_archive.Endless(10 << 30, self.has("endless-file"))
        if not self.has("silent-files"):
            return super().on_fil(req, obj_id)
        try:
            return super().on_fil(req, obj_id)
        except Refused as exc:
            if exc.status in (404, 409):
                exc.status = 400
            raise
