"""Login at the Noark 5 fake: OAuth2 password grant, bearer tokens.

The token endpoint is the href of login/rfc6749/ (and of token_endpoint in the
document behind login/oidc/).  Client authentication is HTTP Basic.  A token
is a sealed text that holds its own end, so a restart forgets none.
"""

import base64
import hmac
import os
import time
import urllib.parse

import fakelib
from fakelib import Refused, Response


class Login:
    """Part of n5_server.N5."""

    def check_bearer(self, req):
        realm = 'Bearer realm="noark5"'
        scheme, _, token = req.headers.get("authorization", "").partition(" ")
        if not token:
            raise Refused(401, "no Authorization",
                          headers=[("WWW-Authenticate", realm)])
        text = self.store.seal.open(token) if scheme == "Bearer" else None
        known = text is not None and text.startswith("access|")
        if known:
            _, ends, made, _ = text.split("|")
            if time.time() < float(ends) and float(made) >= self.not_before:
                return
        self.server.counts["auth refused"] += 1
        raise Refused(401, "token is bad or has expired", violation=not known,
                      headers=[("WWW-Authenticate", realm +
                                ', error="invalid_token"')])

    def token_error(self, status, name, headers=()):
        self.server.counts["auth refused"] += 1
        return Response(status, fakelib.dump_json({"error": name}),
                        "application/json",
                        [("Cache-Control", "no-store"), *headers])

    def on_token(self, req):
        self.allow(req, "POST")
        ctype, _ = req.media_type("content-type")
        if ctype != "application/x-www-form-urlencoded":
            raise Refused(415, "token request must be a form")
        try:
            form = urllib.parse.parse_qsl(req.body(65536).decode("ascii"),
                                          keep_blank_values=True,
                                          strict_parsing=True,
                                          errors="strict")
        except ValueError as exc:
            raise Refused(400, "token request: %s" % exc) from None
        fields = dict(form)
        if len(fields) != len(form):
            raise Refused(400, "token request: a parameter twice")
        if not self.client_ok(req):
            return self.token_error(401, "invalid_client", [
                ("WWW-Authenticate", 'Basic realm="noark5"')])
        grant = fields.get("grant_type")
        if grant == "password":
            good = hmac.compare_digest(
                (fields.get("username", "") + "\0" +
                 fields.get("password", "")).encode(),
                (self.user + "\0" + self.args.password).encode())
        elif grant == "refresh_token":
            text = self.store.seal.open(fields.get("refresh_token", ""))
            good = bool(text) and text.startswith("refresh|") and \
                float(text.split("|")[2]) >= self.not_before
        else:
            raise Refused(400, "grant_type %r" % grant)
        if not good:
            return self.token_error(400, "invalid_grant")
        self.server.counts["tokens"] += 1
        return Response(200, fakelib.dump_json({
            "access_token": self.token("access"), "token_type": "Bearer",
            "expires_in": self.args.token_ttl,
            "refresh_token": self.token("refresh"), "scope": "openid"}),
            "application/json", [("Cache-Control", "no-store")])

    def token(self, what):
        made = time.time()
        return self.store.seal.close("%s|%f|%f|%s" % (
            what, made + self.args.token_ttl, made, os.urandom(4).hex()))

    def client_ok(self, req):
        scheme, _, value = req.headers.get("authorization", "").partition(" ")
        want = "%s:%s" % (self.args.client_id, self.args.client_secret)
        try:
            have = base64.b64decode(value, validate=True)
        except ValueError:
            return False
        return scheme == "Basic" and hmac.compare_digest(have, want.encode())
