#!/usr/bin/env python3
"""A small strict Noark 5 tjenestegrensesnitt 1.1 server: the sak/arkiv
system of `make run` and of the tests.

Only `GET /api` is known beforehand.  Every other href is an opaque token; a
client gets from one to the next by relation.  A guessed URL is a violation.

OWN KEY.  A client's search key on a journalpost is the registered
virksomhetsspesifikkeMetadata field `vnd-sluse-v1:noekkel` (chapter 6: such
fields may stand on a registrering, and "det skal være mulig å utføre søk i
virksomhetsspesifikke metadata" by full name).  It is set in the POST itself,

    "virksomhetsspesifikkeMetadata": {"vnd-sluse-v1:noekkel": "<key>"}

so a journalpost whose reply was lost is found again, from the templated link
https://rel.arkivverket.no/noark5/v5/api/sakarkiv/journalpost/ by

    $filter=vnd-sluse-v1:noekkel eq '<key>'

(noekkelord is a list, searchable only with any() at level "utvidet", and is
exported as subject words: unfit.)  A dokumentbeskrivelse carries
`eksternReferanse` and is found by `$filter=eksternReferanse eq '<key>'`, a
dokumentobjekt by `$filter=sjekksum eq '<sha256>'`.  Keys are not unique to
the server: a client that posts twice gets two, and /_fake/state tells.

Beyond the standard the server is one archive's policy: journalstatus M only,
journalposttype I, or X for what is scanned (403), titles without fødselsnummer
(400).  The standard (M082) lets a journalpost be any of I, U, N, X, S.

More control than fakelib's: GET /_fake/token-endpoint, its URL for a client
that is not led there; POST /_fake/expire-tokens; POST /_fake/touch
{"systemID"} (as if another user changed it: new ETag); POST /_fake/case
{"saksnummer", "tittel"?, "saksstatus"?, "administrativEnhet"?} makes or
changes a case behind the client's back; POST /_fake/post {"own_key" or
"saksnummer", "tittel"?, "journalstatus"?, "journalposttype"?, "flytt"?, and
days: "mottattDato"?, "journaldato"?, "dokumentetsDato"?} works on a post, or
makes one, as the people of the archive do.
"""

import os
import urllib.parse
import uuid

import fakelib
import n5_archive
import n5_files
import n5_filter
import n5_login
import n5_manners
import n5_model as model
import n5_report
import n5_store
from fakelib import Refused, Response
from n5_archive import LISTS, STRUCT, rel_of
from n5_model import JSON_TYPE, PARTS, REL, now

META = REL + "metadata/"
TEMPLATE = "{?$filter&$orderby&$top&$skip&$search}"
BULK = 157286400

# What may be made below what.
MAKES = {"arkivdel": ("saksmappe",), "saksmappe": ("journalpost", "merknad"),
         "journalpost": PARTS + ("merknad", "dokumentbeskrivelse"),
         "dokumentbeskrivelse": ("dokumentobjekt", "merknad")}


class N5(n5_login.Login, n5_files.Files, n5_report.Report,
         n5_archive.Shown, fakelib.App):
    def __init__(self, args):
        self.args = args
        self.store = n5_store.Store(args.state, args.fsync)
        self.not_before = 0.0
        self.user = args.user or "fagsystem"
        self.user_id = str(uuid.uuid5(uuid.NAMESPACE_URL, self.user))
        self.auth = bool(args.user or args.require_auth)
        self.seed()

    # -- what is there from the start

    def seed(self):
        store = self.store
        if self.args.seed:
            n5_archive.Loader(store).load(self.args.seed)
        if not store.by_type["arkivdel"]:
            arkiv = self.make("arkiv", None, {
                "tittel": "Storvik kommune",
                "arkivstatus": {"kode": "O", "kodenavn": "Opprettet"}})
            self.make("arkivdel", arkiv["id"], {
                "tittel": "Sakarkiv 2026", "arkivdelstatus":
                {"kode": "A", "kodenavn": "Aktiv periode"}})
        rows = n5_store.DEFAULT_CASES
        if self.args.cases:
            rows = n5_store.read_cases(self.args.cases)
        codes = {"Under behandling": "B", "Avsluttet": "A", "Utgår": "U"}
        for number, title, status, unit in rows:
            status = codes.get(status, status)
            if not store.case(number):
                self.make_case(number, title, status, unit)

    def make_case(self, number, title, status, unit):
        year, seq = number.split("/")
        attrs = model.check_new("saksmappe", {
            "tittel": title, "saksstatus": {"kode": status},
            "administrativEnhet": unit})
        return self.make("saksmappe", n5_archive.open_series(self.store),
                         attrs, (int(year), int(seq)))

    def make(self, kind, parent, attrs, case_number=None):
        """A new object, on disk when this returns."""
        when = now()
        obj_id = str(uuid.uuid4())
        attrs = dict(attrs, systemID=obj_id)
        if kind == "merknad":
            attrs.update(merknadsdato=when, merknadRegistrertAv=self.user,
                         referanseMerknadRegistrertAv=self.user_id)
        elif kind not in PARTS:
            attrs.update(opprettetDato=when, opprettetAv=self.user,
                         referanseOpprettetAv=self.user_id)
        with self.store.lock:
            if kind == "saksmappe":
                self.number_case(attrs, when, case_number)
            elif kind == "journalpost":
                self.number_post(parent, attrs, when)
            elif kind == "dokumentbeskrivelse":
                attrs.update(tilknyttetDato=when, tilknyttetAv=self.user,
                             referanseTilknyttetAv=self.user_id)
            obj = {"id": obj_id, "type": kind, "parent": parent,
                   "version": 0, "attrs": attrs}
            self.store.put(obj)
        return obj

    def number_case(self, attrs, when, number):
        year = int(when[:4])
        year, seq = number or (year,
                               self.store.next_number("saksmappe", year))
        attrs.update(saksaar=year, sakssekvensnummer=seq, saksdato=when,
                     mappeID="%d/%d" % (year, seq))
        attrs.setdefault("saksansvarlig", "Ikke fordelt")
        if attrs["saksstatus"]["kode"] in "AU":
            attrs.update(avsluttetDato=when, avsluttetAv=self.user)

    def number_post(self, parent, attrs, when):
        year = int(when[:4])
        case = self.store.get(parent)
        number = len(self.store.children[parent, "journalpost"]) + 1
        attrs.update(
            journalaar=year, journaldato=when, journalpostnummer=number,
            journalsekvensnummer=self.store.next_number("journalpost", year),
            registreringsID="%s-%d" % (case["attrs"]["mappeID"], number),
            referanseArkivdel=n5_archive.series_of(self.store, case))

    # -- from URL to route

    def href(self, req, *route):
        return "%s/n5/%s" % (req.base, self.store.seal.close("|".join(route)))

    def classify(self, req):
        if req.path == "/api":
            req.route, req.kind = ("root",), "root"
        elif req.path == "/api/.well-known/openid-configuration":
            req.route, req.kind = ("oidc",), "oidc"
        elif req.path.startswith("/n5/"):
            text = self.store.seal.open(req.path[4:])
            req.route = text and tuple(text.split("|"))
            if req.route:
                self.name(req)

    def name(self, req):
        """kind and rel, for fault rules and the request log."""
        what, arg = req.route[0], (req.route + ("",))[1]
        if what == "object":
            obj = self.store.get(arg)
            req.kind = obj["type"] if obj else "object"
            req.rel = rel_of(req.kind)
        elif what == "list":
            req.kind = LISTS[arg][0]
            req.rel = rel_of(arg)
        elif what == "new":
            req.kind = arg
            req.rel = rel_of("ny-" + arg)
        elif what in ("fil", "upload"):
            req.kind, req.rel = "fil", STRUCT + "fil/"
        elif what == "page":
            req.kind, req.rel = arg, REL + arg + "/"
        elif what == "codes":
            req.kind, req.rel = "metadata", META + arg + "/"
        else:
            req.kind = what
        if req.kind in PARTS:
            req.kind = "korrespondansepart"

    def error(self, status, why):
        return Response(status, fakelib.dump_json(
            {"feil": {"kode": status, "beskrivelse": why}}), JSON_TYPE)

    def handle(self, req):
        if req.route is None:
            raise Refused(404, "no such URL was ever handed out: %s"
                          % req.path)
        what, args = req.route[0], req.route[1:]
        if self.auth and what not in ("root", "oidc", "token"):
            self.check_bearer(req)
        if what not in ("list", "codes") and req.query:
            raise Refused(400, "query on a link that takes none")
        return getattr(self, "on_" + what)(req, *args)

    def allow(self, req, *methods):
        if req.method not in methods:
            raise Refused(405, "%s is not for this resource" % req.method,
                          headers=[("Allow", ", ".join(methods))])

    def want_json(self, req, ctype=JSON_TYPE):
        """The body of a JSON request; Accept and Content-Type are strict."""
        self.want_accept(req)
        have, params = req.media_type("content-type")
        if have != ctype or params not in ("", "charset=utf-8"):
            raise Refused(415, "Content-Type %r, %s wanted"
                          % (req.headers.get("content-type"), ctype))
        try:
            value = fakelib.parse_json(req.body(1 << 20))
        except fakelib.StrictJSON as exc:
            raise Refused(400, "JSON: %s" % exc) from None
        if not isinstance(value, dict):
            raise Refused(400, "JSON object wanted")
        return value

    def want_accept(self, req):
        if JSON_TYPE not in req.accepts():
            raise Refused(406, "Accept %r, %s wanted"
                          % (req.headers.get("accept"), JSON_TYPE))

    def json(self, value, status=200, headers=()):
        return Response(status, fakelib.dump_json(value), JSON_TYPE, headers)

    # -- pages that only lead on

    def link(self, links, rel, href, templated=False):
        links[rel] = {"href": href}
        if templated:
            links[rel] = {"href": href + TEMPLATE, "templated": True}

    def page(self, links, **more):
        return self.json(dict(more, _links=dict(sorted(links.items()))))

    def on_root(self, req):
        self.allow(req, "GET")
        self.want_accept(req)
        return self.page(self.root_links(req))

    def root_links(self, req):
        links = {}
        for name in ("arkivstruktur", "sakarkiv", "metadata", "admin/system",
                     "loggingogsporing"):
            self.link(links, REL + name + "/", self.href(req, "page", name))
        if self.auth:
            self.link(links, REL + "login/rfc6749/", self.href(req, "token"))
            self.link(links, REL + "login/oidc/", req.base +
                      "/api/.well-known/openid-configuration")
        return links

    def on_oidc(self, req):
        self.allow(req, "GET")
        if not self.auth:
            raise Refused(404, "no login here", violation=False)
        if not {"application/json", "*/*"} & set(req.accepts()):
            raise Refused(406, "the document is application/json")
        return Response(200, fakelib.dump_json(self.discovery(req)),
                        "application/json")

    def discovery(self, req):
        return {"issuer": req.base + "/api",
                "token_endpoint": self.href(req, "token"),
                "grant_types_supported": ["password", "refresh_token"],
                "token_endpoint_auth_methods_supported":
                    ["client_secret_basic"]}

    def on_page(self, req, name):
        self.allow(req, "GET")
        self.want_accept(req)
        links = {}
        if name == "admin/system":
            self.link(links, "self", self.href(req, "page", name))
            return self.page(links, bulkgrense=self.args.bulkgrense,
                             leverandoer="Sluse", produkt="n5_server",
                             versjon="1", versjonsdato="2026-11-22",
                             protokollversjon="1.1")
        if name == "metadata":
            for codes in list(model.CODES) + ["virksomhetsspesifikkeMetadata"]:
                self.link(links, META + codes + "/",
                          self.href(req, "codes", codes), True)
        elif name in ("sakarkiv", "loggingogsporing"):
            for kind in (("saksmappe", "journalpost") if name == "sakarkiv"
                         else ("endringslogg", "hendelseslogg")):
                self.link(links, rel_of(kind), self.href(req, "list", kind),
                          True)
        else:
            for kind in ("arkiv", "arkivskaper", "arkivdel", "klasse",
                         "klassifikasjonssystem", "mappe", "registrering",
                         "dokumentbeskrivelse", "dokumentobjekt"):
                self.link(links, rel_of(kind), self.href(req, "list", kind),
                          True)
        return self.page(links)

    def on_codes(self, req, name):
        self.allow(req, "GET")
        self.want_accept(req)
        if name in model.CODES:
            fields = model.CODE_ROW
            rows = [{"kode": code, "kodenavn": text}
                    for code, text in model.CODES[name].items()]
        else:
            fields = model.VSM_ROW
            rows = [{"systemID": str(uuid.uuid5(uuid.NAMESPACE_URL, field)),
                     "navn": field, "type": kind,
                     "beskrivelse": "Fagsystemets egen nøkkel"}
                    for field, kind in model.VSM.items()]
        return self.listing(req, fields, lambda equal: rows, lambda row: row,
                            lambda row, field: row.get(field))

    # -- lists and searches

    def listing(self, req, fields, find, show, value):
        """The page of a list that the query asks for."""
        args = req.args()
        query = dict(args)
        if len(query) != len(args):
            raise Refused(400, "a query parameter twice")
        unknown = set(query) - {"$filter", "$top", "$skip", "$orderby",
                                "$search"}
        if unknown:
            raise Refused(400, "query parameter %r" % sorted(unknown)[0])
        test, equal = None, {}
        if "$filter" in query:
            test, equal = n5_filter.Filter(query["$filter"], fields).parse()
        rows = find(equal)
        if test:
            rows = [row for row in rows
                    if test(lambda field, row=row: value(row, field))]
        if "$search" in query:
            word = query["$search"].strip("'\"").lower()
            rows = [row for row in rows
                    if word in (value(row, "tittel") or "").lower()]
        for field, down in reversed(n5_filter.order(query["$orderby"], fields)
                                    if "$orderby" in query else []):
            rows = sorted(rows, reverse=down,
                          key=lambda row: (value(row, field) is not None,
                                           value(row, field) or 0))
        return self.slice(req, rows, query, show)

    def number(self, query, name):
        text = query.get(name, "")
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise Refused(400, "%s %r" % (name, text))
        return int(text)

    def slice(self, req, rows, query, show):
        skip = self.number(query, "$skip") if "$skip" in query else 0
        top = self.number(query, "$top") if "$top" in query else None
        wanted = len(rows) - skip if top is None else \
            min(top, len(rows) - skip)
        size = min(max(wanted, 0), self.args.page_size)
        own = req.base + req.path
        links = {"self": {"href": own +
                          ("?" + req.query if req.query else "")}}
        if req.rel:
            links[req.rel] = dict(links["self"])
        if wanted > size:
            more = dict(query, **{"$skip": str(skip + size)})
            if top is not None:
                more["$top"] = str(top - size)
            links["next"] = {"href": own + "?" + "&".join(
                "%s=%s" % (urllib.parse.quote(k, safe="$"),
                           urllib.parse.quote(v, safe=""))
                for k, v in more.items())}
        answer = {"count": len(rows)}
        if rows:
            answer["results"] = [show(r) for r in rows[skip:skip + size]]
        answer["_links"] = dict(sorted(links.items()))
        return self.json(answer)

    def on_list(self, req, name, parent=None):
        self.allow(req, "GET")
        self.want_accept(req)
        kinds = LISTS[name]
        with self.store.lock:
            return self.listing(
                req, model.filter_fields(kinds),
                lambda equal: self.found(name, kinds, parent, equal),
                lambda obj: self.represent(req, obj),
                lambda obj, field: model.value_of(obj["attrs"], field))

    # -- objects

    def represent(self, req, obj):
        kind, obj_id = obj["type"], obj["id"]
        own = self.href(req, "object", obj_id)
        links = {}
        self.link(links, "self", own)
        self.link(links, rel_of(kind), own)
        for name, above in self.parents(obj):
            self.link(links, rel_of(name), self.href(req, "object", above))
        for name in self.shows(obj):
            self.link(links, rel_of(name),
                      self.href(req, "list", name, obj_id), True)
        for name in MAKES.get(kind, ()):
            if name != "journalpost" or not self.closed(obj):
                self.link(links, rel_of("ny-" + name),
                          self.href(req, "new", name, obj_id))
        self.link_codes(req, links, kind)
        value = dict(obj["attrs"])
        if kind == "dokumentobjekt":
            file = self.href(req, "fil", obj_id)
            self.link(links, STRUCT + "fil/", file)
            if obj.get("file"):
                value["referanseDokumentfil"] = file
        value["_links"] = dict(sorted(links.items()))
        return value

    def link_codes(self, req, links, kind):
        for name, field in model.TYPES[kind].items():
            if field.type == "code" and name.lower() in model.CODES:
                self.link(links, META + name.lower() + "/",
                          self.href(req, "codes", name.lower()), True)

    def closed(self, case):
        return case["attrs"]["saksstatus"]["kode"] in "AU"

    def answer(self, req, obj, status=200):
        value = self.represent(req, obj)
        headers = [("ETag", '"%d"' % obj["version"])]
        if status == 201 or req.method in ("PUT", "PATCH"):
            headers.append(("Location", value["_links"]["self"]["href"]))
        return self.json(value, status, headers)

    def on_object(self, req, obj_id):
        self.allow(req, "GET", "PUT", "PATCH", "DELETE")
        self.want_accept(req)
        obj = self.store.get(obj_id)
        if obj is None:
            raise Refused(404, "no longer there", violation=False)
        if req.method == "GET":
            return self.answer(req, obj)
        if req.method == "DELETE":
            return self.delete(obj)
        return self.change(req, obj)

    def delete(self, obj):
        if obj["type"] != "dokumentobjekt":
            raise Refused(403, "%s is not deleted" % obj["type"])
        with self.store.lock:
            self.store.delete(obj["id"])
            if os.path.exists(self.store.path(obj["id"])):
                os.unlink(self.store.path(obj["id"]))
        return Response(204)

    def etag(self, req):
        """If-Match; some cores read a request header called ETag instead,
        so a client may send both, but not two different ones."""
        tags = {req.headers[name] for name in ("if-match", "etag")
                if name in req.headers}
        if len(tags) != 1:
            raise Refused(400, "If-Match wanted" if not tags else
                          "If-Match and ETag differ")
        return tags.pop()

    def change(self, req, obj):
        ctype = JSON_TYPE if req.method == "PUT" else model.PATCH_TYPE
        value = self.want_json(req, ctype)
        tag = self.etag(req)
        with self.store.lock:
            obj = self.store.get(obj["id"])
            if tag != '"%d"' % obj["version"]:
                raise Refused(409, "changed by another since ETag %s" % tag,
                              violation=False)
            old = self.represent(req, obj)
            old.pop("_links")
            if req.method == "PATCH":
                if "_links" in value:
                    raise Refused(501, "relations are not changed here")
                value = merge(old, value)
            attrs = model.check_put(obj["type"], value, old)
            self.check_change(obj, attrs)
            new = {k: v for k, v in obj["attrs"].items()
                   if model.TYPES[obj["type"]][k].given}
            new.update(attrs)
            if obj["type"] not in PARTS + ("merknad",):
                new.update(endretDato=now(), endretAv=self.user,
                           referanseEndretAv=self.user_id)
            obj = dict(obj, attrs=new, version=obj["version"] + 1)
            self.store.put(obj)
        return self.answer(req, obj)

    def check_change(self, obj, attrs):
        if obj["type"] in n5_archive.READ_ONLY:
            raise Refused(403, "not for this user")
        if obj["type"] == "saksmappe" and attrs["saksstatus"]["kode"] in \
                "AU" and self.store.below(obj["id"], "journalpost"):
            raise Refused(403, "case holds posts that are not archived",
                          violation=False)
        if obj["type"] == "dokumentbeskrivelse":
            self.check_document(obj["parent"], attrs, obj["id"])

    # -- making

    def on_new(self, req, kind, parent):
        self.allow(req, "GET", "POST")
        if req.method == "GET":
            self.want_accept(req)
            return self.template(req, kind)
        attrs = model.check_new(kind, self.want_new(req, kind))
        with self.store.lock:
            if kind == "journalpost" and self.closed(self.store.get(parent)):
                raise Refused(403, "saksmappe is closed (krav 5.4.7)",
                              violation=False)
            if kind == "dokumentbeskrivelse":
                self.check_document(parent, attrs)
            if kind == "dokumentobjekt":
                self.check_rendition(parent, attrs)
            obj = self.make(kind, parent, attrs)
        return self.answer(req, obj, 201)

    def want_new(self, req, _kind):
        return self.want_json(req)

    def template(self, req, kind):
        value = {}
        if kind == "journalpost":
            value["journalposttype"] = {"kode": "I"}
            value["journalstatus"] = {"kode": "M"}
        elif kind == "dokumentbeskrivelse":
            value["dokumenttype"] = {"kode": "B"}
            value["dokumentstatus"] = {"kode": "F"}
        elif kind == "dokumentobjekt":
            value["sjekksumAlgoritme"] = "SHA-256"
        elif kind == "saksmappe":
            value["saksstatus"] = {"kode": "B"}
        if "virksomhetsspesifikkeMetadata" in model.TYPES[kind]:
            value["virksomhetsspesifikkeMetadata"] = None
        links = {}
        self.link_codes(req, links, kind)
        return self.page(links, **value)

    def check_document(self, parent, attrs, own_id=None):
        for other in self.store.below(parent, "dokumentbeskrivelse"):
            if other["id"] == own_id:
                continue
            have = other["attrs"]
            if have["dokumentnummer"] == attrs["dokumentnummer"]:
                raise Refused(400, "dokumentnummer %d is taken"
                              % attrs["dokumentnummer"])
            if have["tilknyttetRegistreringSom"]["kode"] == "H" and \
                    attrs["tilknyttetRegistreringSom"]["kode"] == "H":
                raise Refused(400, "a second hoveddokument")

    def check_rendition(self, parent, attrs):
        others = [o["attrs"] for o in self.store.below(parent,
                                                       "dokumentobjekt")]
        attrs.setdefault("versjonsnummer", 1)
        for have in others:
            if have["versjonsnummer"] == attrs["versjonsnummer"] and \
                    have["variantformat"] == attrs["variantformat"]:
                raise Refused(400, "version %d in variant %s is there already"
                              % (have["versjonsnummer"],
                                 have["variantformat"]["kode"]))


class Core(n5_manners.Manners, N5):
    """One that may have manners of its own."""


def merge(old, patch):
    """RFC 7396."""
    new = dict(old)
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        elif isinstance(value, dict) and isinstance(new.get(name), dict):
            new[name] = merge(new[name], value)
        else:
            new[name] = value
    return new


def main():
    parser = fakelib.common_arguments("strict Noark 5 service interface")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--require-auth", action="store_true",
                        help="login needed even without --user"
                        " (then user and password are 'fagsystem')")
    parser.add_argument("--client-id", default="sluse")
    parser.add_argument("--client-secret", default="hemmelig")
    parser.add_argument("--token-ttl", type=int, default=3600)
    parser.add_argument("--cases", metavar="CSV",
                        help="saksnummer,tittel,saksstatus,administrativEnhet")
    parser.add_argument("--seed", metavar="JSON",
                        help="an archive to begin with: see n5_archive.py")
    parser.add_argument("--page-size", type=int, default=50)
    parser.add_argument("--bulkgrense", type=int, default=BULK)
    parser.add_argument("--manner", action="append", default=[],
                        choices=n5_manners.MANNERS,
                        help="see n5_manners.py; may be given more than once")
    args = parser.parse_args()
    if args.user is None and args.require_auth:
        args.user = args.password = "fagsystem"
    fakelib.run(Core(args), args, "/api")


if __name__ == "__main__":
    main()
