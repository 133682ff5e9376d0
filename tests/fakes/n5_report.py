"""What the tests may ask of the Noark 5 fake, and do to it, behind the back
of the client: the /_fake/ calls that are its own.
"""

import time

import fakelib
import n5_model as model
from n5_model import PARTS, now


class Report:
    """Part of n5_server.N5."""

    def control(self, req, name):
        if (req.method, name) == ("GET", "token-endpoint"):
            req.base = "http://127.0.0.1:%d" % self.server.port
            return {"href": self.href(req, "token")}
        if (req.method, name) == ("GET", "objects"):
            with self.store.lock:
                return list(self.store.objects.values())
        if req.method != "POST":
            return None
        if name == "expire-tokens":
            self.not_before = time.time()
            return {}
        if name not in ("touch", "case", "post"):
            return None
        value = fakelib.parse_json(req.body())
        with self.store.lock:
            if name == "touch":
                obj = self.store.get(value["systemID"])
                self.store.put(dict(obj, version=obj["version"] + 1))
                return {"version": obj["version"] + 1}
            return getattr(self, "control_" + name)(value)

    def control_case(self, value):
        number = value["saksnummer"]
        case = self.store.case(number)
        if not case:
            self.make_case(number, value.get("tittel", "Uten tittel"),
                           value.get("saksstatus", "B"),
                           value.get("administrativEnhet", "Arkiv"))
            return {"saksnummer": number, "made": True}
        attrs = dict(case["attrs"])
        for name in ("tittel", "administrativEnhet"):
            attrs[name] = value.get(name, attrs[name])
        if "saksstatus" in value:
            attrs["saksstatus"] = model.code("saksstatus")(
                "saksstatus", {"kode": value["saksstatus"]})
            attrs.pop("avsluttetDato", None)
            attrs.pop("avsluttetAv", None)
            if value["saksstatus"] in "AU":
                attrs.update(avsluttetDato=now(), avsluttetAv="arkivar")
        self.store.put(dict(case, attrs=attrs, version=case["version"] + 1))
        return {"saksnummer": number, "made": False}

    def control_post(self, value):
        """What an archivist does: to our post, or one made by hand."""
        store = self.store
        if "own_key" in value:
            post = store.get(store.index["journalpost", model.OWN_KEY]
                             [value["own_key"]][0])
        else:
            post = self.make(
                "journalpost", store.case(value["saksnummer"])["id"],
                {"tittel": value["tittel"], "mottattDato": now(),
                 "journalposttype": {"kode": "I", "kodenavn": "Inngående"},
                 "journalstatus": {"kode": "J", "kodenavn": "Journalført"}})
        attrs, parent = dict(post["attrs"]), post["parent"]
        for name in ("journalstatus", "journalposttype"):
            if name in value:
                attrs[name] = {"kode": value[name],
                               "kodenavn": model.CODES[name][value[name]]}
        for name in ("tittel", "mottattDato", "journaldato", "dokumentetsDato"):
            if name in value:
                attrs[name] = value[name]
        if "flytt" in value:
            parent = store.case(value["flytt"])["id"]
            number = len(store.children[parent, "journalpost"]) + 1
            attrs.update(journalpostnummer=number, registreringsID="%s-%d" % (
                value["flytt"], number))
            store.children[post["parent"], "journalpost"].remove(post["id"])
            store.children[parent, "journalpost"].append(post["id"])
        store.put(dict(post, attrs=attrs, parent=parent,
                       version=post["version"] + 1))
        return {"number": attrs["registreringsID"]}

    def state(self):
        store = self.store
        with store.lock:
            posts = [self.post_state(store.get(i))
                     for i in store.by_type["journalpost"]]
            cases = [self.case_state(store.get(i))
                     for i in store.by_type["saksmappe"]]
        seen, doubles = set(), []
        for post in posts:
            if post["key"] in seen:
                doubles.append(post["key"])
            seen.add(post["key"])
        for case in cases:
            if case["key"] is not None and case["key"] in seen:
                doubles.append(case["key"])
            seen.add(case["key"])
        return {"journalposts": posts, "cases": cases, "doubles": doubles}

    def case_state(self, case):
        posts = self.store.below(case["id"], "journalpost")
        return {"case": case["attrs"]["mappeID"],
                "title": case["attrs"]["tittel"],
                "key": model.value_of(case["attrs"], model.OWN_KEY),
                "status": case["attrs"]["saksstatus"]["kode"],
                "unit": case["attrs"]["administrativEnhet"],
                "journalposts": len(posts),
                "journalposts_M": sum(p["attrs"]["journalstatus"]["kode"] ==
                                      "M" for p in posts)}

    def post_state(self, post):
        below, attrs, problems = self.store.below, post["attrs"], []
        documents = [self.document_state(d, problems)
                     for d in below(post["id"], "dokumentbeskrivelse")]
        parts = [p["attrs"] for p in below(post["id"], *PARTS)]
        if sum(d["role"] == "H" for d in documents) != 1:
            problems.append("not exactly one hoveddokument")
        if not any(p["korrespondanseparttype"]["kode"] in ("EA", "IA")
                   for p in parts):
            problems.append("no avsender")
        remarks = [m["attrs"]["merknadstekst"]
                   for m in below(post["id"], "merknad")]
        if len(set(remarks)) < len(remarks):
            problems.append("the same remark twice")
        names = [(p["korrespondanseparttype"]["kode"], p.get("navn"),
                  p.get("saksbehandler"), p.get("administrativEnhet"))
                 for p in parts]
        if len(set(names)) < len(names):
            problems.append("the same correspondent twice")
        return {
            "id": post["id"],
            "key": model.value_of(attrs, model.OWN_KEY) or
            attrs.get("beskrivelse"),
            "metadata": attrs.get("virksomhetsspesifikkeMetadata", {}),
            "case": self.store.get(post["parent"])["attrs"]["mappeID"],
            "number": attrs["registreringsID"], "title": attrs["tittel"],
            "offentligTittel": attrs.get("offentligTittel"),
            "status": attrs["journalstatus"]["kode"],
            "type": attrs["journalposttype"]["kode"],
            "year": attrs["journalaar"],
            "sequence": attrs["journalsekvensnummer"],
            "mottattDato": attrs.get("mottattDato"),
            "dokumentetsDato": attrs.get("dokumentetsDato"),
            "created": attrs["opprettetDato"], "documents": documents,
            "correspondents": [{
                "type": p["korrespondanseparttype"]["kode"],
                "name": p.get("navn") or p.get("saksbehandler") or
                p.get("administrativEnhet")} for p in parts],
            "remarks": remarks,
            "problems": problems}

    def document_state(self, document, problems):
        attrs, files = document["attrs"], []
        for obj in self.store.below(document["id"], "dokumentobjekt"):
            a = obj["attrs"]
            files.append({
                "id": obj["id"], "variant": a["variantformat"]["kode"],
                "version": a["versjonsnummer"], "format": a["format"]["kode"],
                "mime": a["mimeType"], "name": a.get("filnavn"),
                "size": a["filstoerrelse"], "sha256": a["sjekksum"],
                "complete": bool(obj.get("file"))})
        if not files or not all(f["complete"] for f in files):
            problems.append("document %d lacks a file"
                            % attrs["dokumentnummer"])
        return {"id": document["id"], "title": attrs["tittel"],
                "role": attrs["tilknyttetRegistreringSom"]["kode"],
                "number": attrs["dokumentnummer"],
                "key": attrs.get("eksternReferanse"), "files": files}

    def stats(self):
        store = self.store
        with store.lock:
            return {kind: len(store.by_type[kind])
                    for kind in model.TYPES if store.by_type[kind]}
