#!/usr/bin/env python3
"""check_schema.py SCHEMA FILE...: checks JSON files against the part of JSON
Schema that the schemas of this tree use; an unknown keyword is an error."""
import json
import re
import sys

KNOWN = {"$schema", "$id", "title", "description", "type", "enum", "const",
         "required", "properties", "additionalProperties", "items", "minItems",
         "maxItems", "minLength", "maxLength", "pattern", "minimum", "maximum"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def check(value, schema, at, bad):
    unknown = set(schema) - KNOWN
    if unknown:
        bad.append(f"{at}: schema uses {sorted(unknown)}")
    if "type" in schema and not is_type(value, schema["type"]):
        bad.append(f"{at}: not {schema['type']}")
        return
    if "enum" in schema and value not in schema["enum"]:
        bad.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        bad.append(f"{at}: {value!r} is not {schema['const']!r}")
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get(
                "maxLength", len(value)):
            bad.append(f"{at}: length {len(value)}")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            bad.append(f"{at}: {value!r} does not match")
    elif isinstance(value, int) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get(
                "maximum", value):
            bad.append(f"{at}: {value} is out of range")
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get(
                "maxItems", len(value)):
            bad.append(f"{at}: {len(value)} items")
        for i, item in enumerate(value):
            check(item, schema.get("items", {}), f"{at}[{i}]", bad)
    elif isinstance(value, dict):
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        for key in schema.get("required", []):
            if key not in value:
                bad.append(f"{at}: {key} is missing")
        for key, item in value.items():
            if key in properties:
                check(item, properties[key], f"{at}.{key}", bad)
            elif more is False:
                bad.append(f"{at}: {key} is unknown")
            elif isinstance(more, dict):
                check(item, more, f"{at}.{key}", bad)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f)
    failed = 0
    for path in sys.argv[2:]:
        bad = []
        with open(path, encoding="utf-8") as f:
            check(json.load(f), schema, "$", bad)
        for line in bad:
            print(f"# {path}: {line}")
        failed += bool(bad)
    passed = len(sys.argv) - 2 - failed
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
