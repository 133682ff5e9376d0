"""Manners: how a core in the field may differ from the Noark 5 fake's own
ways, with the standard or against it.  Each is switched on by its name,
--manner NAME.
"""

import re

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
    "silent-files": "no referanseDokumentfil; 400 for a file too early or"
                    " once too often",
    "short-lists": "a list that is not filtered ends after its first page"}


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
        if self.has("no-vsm-search"):
            fields = {k: v for k, v in fields.items() if ":" not in k}
        try:
            return super().listing(req, fields, *how)
        except Refused as exc:
            if not self.has("errors-in-200"):
                raise
            return self.json({"status": exc.status, "message": exc.why})

    def slice(self, req, rows, query, show):
        if self.has("short-lists") and "$filter" not in query:
            answer = {"count": len(rows), "_links": {}}
            if rows:
                answer["results"] = [show(r) for r in
                                     rows[:self.args.page_size]]
            return self.json(answer)
        return super().slice(req, rows, query, show)

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
        if self.has("no-intern"):
            value["_links"].pop(
                REL + "arkivstruktur/ny-korrespondansepartintern/", None)
        if self.has("hides-access"):
            value.pop("skjerming", None)
        if self.has("silent-files"):
            value.pop("referanseDokumentfil", None)
        return value

    def on_fil(self, req, obj_id):
        if not self.has("silent-files"):
            return super().on_fil(req, obj_id)
        try:
            return super().on_fil(req, obj_id)
        except Refused as exc:
            if exc.status in (404, 409):
                exc.status = 400
            raise
