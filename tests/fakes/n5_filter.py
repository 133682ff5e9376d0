"""The part of OData's $filter and $orderby that chapter 6 of the Noark 5
tjenestegrensesnitt names at level "basis": and, or, parentheses; eq gt ge lt
le; startswith, contains, substring, year.  Everything else is refused, as is
a field the type does not have or a literal of another type than the field.

A parsed filter is (test, equal): test(get) is true or false, get(field) gives
a value; `equal` holds the field = value pairs that must be true for any hit,
so that a caller may look them up in an index first.
"""

import datetime
import re

from fakelib import Refused

TOKEN = re.compile(r"""\s*(?:
    (?P<string>'(?:[^']|'')*')
  | (?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?)?
             (?:Z|[+-]\d\d:\d\d)?(?![\w-]))
  | (?P<number>-?\d+(?![\w.-]))
  | (?P<name>[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?::[a-z0-9]+)?
             (?:/[A-Za-z]+)*)
  | (?P<mark>[(),])
)""", re.X)
OPERATORS = ("eq", "gt", "ge", "lt", "le")
CALLS = ("contains", "startswith", "substring", "year")


def moment(text):
    """A date or dateTime as an aware moment, for comparing."""
    if "T" not in text:
        text = text[:10] + "T00:00:00" + text[10:]
    when = datetime.datetime.fromisoformat(text)
    if when.tzinfo is None:
        when = when.replace(tzinfo=datetime.timezone.utc)
    return when


class Filter:
    """Recursive descent; one use.  `fields` maps name to its type:
    "string", "integer" or "date"."""

    def __init__(self, text, fields):
        self.text = text
        self.fields = fields
        self.tokens = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if not found:
                raise Refused(400, "$filter not understood at %r"
                              % text[at:at + 20])
            self.tokens.append((found.lastgroup, found.group(found.lastgroup)))
            at = found.end()
        self.tokens.append(("end", ""))
        self.at = 0

    def parse(self):
        node = self.either()
        if self.peek()[0] != "end":
            raise Refused(400, "$filter: %r unexpected" % self.peek()[1])
        return node

    def peek(self):
        return self.tokens[self.at]

    def take(self, kind=None, value=None):
        token = self.tokens[self.at]
        if kind and token[0] != kind or value and token[1] != value:
            raise Refused(400, "$filter: %r unexpected, %s wanted"
                          % (token[1], value or kind))
        self.at += 1
        return token[1]

    def either(self):
        tests = [self.both()]
        while self.peek() == ("name", "or"):
            self.take()
            tests.append(self.both())
        if len(tests) == 1:
            return tests[0]
        return (lambda get: any(t(get) for t, _ in tests), {})

    def both(self):
        tests = [self.term()]
        while self.peek() == ("name", "and"):
            self.take()
            tests.append(self.term())
        if len(tests) == 1:
            return tests[0]
        equal = {}
        for _, pairs in tests:
            equal.update(pairs)
        return (lambda get: all(t(get) for t, _ in tests), equal)

    def term(self):
        if self.peek() == ("mark", "("):
            self.take()
            node = self.either()
            self.take("mark", ")")
            return node
        kind, name = self.peek()
        if kind != "name":
            raise Refused(400, "$filter: %r unexpected" % name)
        if self.tokens[self.at + 1] == ("mark", "("):
            return self.call()
        field = self.field()
        return self.compare(lambda get: get(field), self.fields[field], field)

    def field(self):
        name = self.take("name")
        if name not in self.fields:
            raise Refused(400, "$filter: unknown field %r" % name)
        return name

    def string(self):
        return self.take("string")[1:-1].replace("''", "'")

    def call(self):
        name = self.take("name")
        if name not in CALLS:
            raise Refused(400, "$filter: unknown function %r" % name)
        self.take("mark", "(")
        field = self.field()
        want = "date" if name == "year" else "string"
        if self.fields[field] != want:
            raise Refused(400, "$filter: %s() of %r" % (name, field))
        if name == "year":
            self.take("mark", ")")
            return self.compare(lambda get: get(field) and
                                int(get(field)[:4]), "integer")
        self.take("mark", ",")
        if name == "substring":
            return self.substring(field)
        part = self.string()
        self.take("mark", ")")
        if name == "contains":
            return (lambda get: part in (get(field) or ""), {})
        return (lambda get: (get(field) or "").startswith(part), {})

    def substring(self, field):
        start = int(self.take("number"))
        end = None
        if self.peek() == ("mark", ","):
            self.take()
            end = start + int(self.take("number"))
        self.take("mark", ")")
        return self.compare(lambda get: (get(field) or "")[start:end],
                            "string")

    def compare(self, left, kind, field=None):
        operator = self.take("name")
        if operator not in OPERATORS:
            raise Refused(400, "$filter: unknown operator %r" % operator)
        if kind == "integer":
            right = int(self.take("number"))
        elif kind == "date":
            right = self.date(self.take("date"))
            inner = left
            left = lambda get: inner(get) and moment(inner(get))
        else:
            right = self.string()
        equal = {field: right} if field and operator == "eq" and \
            kind != "date" else {}

        def test(get):
            value = left(get)
            if value is None:
                return False
            return {"eq": value == right, "gt": value > right,
                    "ge": value >= right, "lt": value < right,
                    "le": value <= right}[operator]
        return test, equal

    def date(self, text):
        try:
            return moment(text)
        except ValueError:
            raise Refused(400, "$filter: no such date %r" % text) from None


def order(text, fields):
    """[(field, descending)] of an $orderby."""
    keys = []
    for part in text.split(","):
        words = part.split()
        if not words or len(words) > 2 or words[0] not in fields or \
                words[1:] not in ([], ["asc"], ["desc"]):
            raise Refused(400, "$orderby not understood: %r" % part)
        keys.append((words[0], words[1:] == ["desc"]))
    return keys
