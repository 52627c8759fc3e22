"""CEL's own conformance cases as conditions, one JSON object a line.

    python3 cel_cases.py FOLDER > cases.jsonl

FOLDER holds tests/simple/testdata/*.textproto of the CEL specification. Each case becomes a condition that must hold
(`(expr) == value`) or come to no answer. What needs protocol buffer messages, variables or a type checker is left out and
counted on standard error by reason.
"""

import collections
import json
import pathlib
import re
import sys

TOKEN = re.compile(r'\s+|#[^\n]*|("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')|([A-Za-z_][\w.]*)|(-?(?:inf|nan|[\d.][\w.+-]*))|(\[[\w./]+\])|([{}:<>,;\[\]-])')


def tokens(text):
    at = 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise SyntaxError(text[at : at + 40])
        at = m.end()
        if m.lastindex:
            yield m.group(0)


def unquoted(literal):
    """A textproto string, as bytes."""
    out, body, i = bytearray(), literal[1:-1], 0
    simple = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, "'": 39, '"': 34, "?": 63}
    while i < len(body):
        if body[i] != "\\":
            out += body[i].encode()
            i += 1
            continue
        c = body[i + 1]
        if c in simple:
            out.append(simple[c])
            i += 2
        elif c == "x":
            m = re.match(r"[0-9a-fA-F]{1,2}", body[i + 2 :])
            out.append(int(m.group(0), 16))
            i += 2 + m.end()
        elif c in "uU":
            n = 4 if c == "u" else 8
            out += chr(int(body[i + 2 : i + 2 + n], 16)).encode()
            i += 2 + n
        else:
            m = re.match(r"[0-7]{1,3}", body[i + 1 :])
            out.append(int(m.group(0), 8) & 255)
            i += 1 + m.end()
    return bytes(out)


class Parser:
    def __init__(self, text):
        self.all = list(tokens(text))
        self.at = 0

    def peek(self):
        return self.all[self.at] if self.at < len(self.all) else None

    def next(self):
        self.at += 1
        return self.all[self.at - 1]

    def message(self, end=None):
        fields = collections.defaultdict(list)
        while self.peek() != end:
            name = self.next()
            if self.peek() == ":":
                self.next()
            fields[name] += self.values()
            if self.peek() in (",", ";"):
                self.next()
        return fields

    def values(self):
        if self.peek() == "[":
            self.next()
            all = []
            while self.peek() != "]":
                all += self.values()
                if self.peek() == ",":
                    self.next()
            self.next()
            return all
        if self.peek() in ("{", "<"):
            close = "}" if self.next() == "{" else ">"
            inside = self.message(close)
            self.next()
            return [inside]
        if self.peek()[0] in "\"'":
            text = b""
            while self.peek() and self.peek()[0] in "\"'":
                text += unquoted(self.next())
            return [text]
        sign = self.next() if self.peek() == "-" else ""
        return [sign + self.next()]


class LeftOut(Exception):
    pass


def literal(value):
    """A value of the specification as CEL."""
    (kind, (v, *_)), *_ = value.items()
    if kind == "int64_value":
        return v
    if kind == "uint64_value":
        return v.rstrip("u") + "u"
    if kind == "double_value":
        named = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity", "NaN": "NaN"}
        return f"double('{named[v]}')" if v in named else repr(float(v))
    if kind == "string_value":
        return json.dumps(v.decode(errors="strict"))
    if kind == "bytes_value":
        return "b'" + "".join(f"\\x{b:02x}" for b in v) + "'"
    if kind == "bool_value":
        return v
    if kind == "null_value":
        return "null"
    if kind == "type_value":
        return v.decode()
    if kind == "list_value":
        return "[" + ", ".join(literal(i) for i in v.get("values", [])) + "]"
    if kind == "map_value":
        return "{" + ", ".join(f"{literal(e['key'][0])}: {literal(e['value'][0])}" for e in v.get("entries", [])) + "}"
    raise LeftOut("messages")


def case(test):
    if "bindings" in test or "type_env" in test:
        raise LeftOut("variables")
    if "check_only" in test or "typed_result" in test:
        raise LeftOut("type checker")
    expr = test["expr"][0].decode()
    if "TestAllTypes" in expr or "google.protobuf." in expr or "container" in test:
        raise LeftOut("messages")
    if "unknown" in test or "any_unknowns" in test:
        raise LeftOut("unknowns")
    if "eval_error" in test or "any_eval_errors" in test:
        return f"({expr}\n) == ({expr}\n)", False
    if "value" not in test:
        return f"({expr}\n) == true", True
    value = test["value"][0]
    if value.get("double_value") in (["nan"], ["NaN"]):
        return f"({expr}\n) != ({expr}\n)", True
    return f"({expr}\n) == {literal(value)}", True


left_out = collections.Counter()
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.textproto")):
    for section in Parser(path.read_text()).message()["section"]:
        for test in section["test"]:
            try:
                condition, holds = case(test)
            except LeftOut as why:
                left_out[str(why)] += 1
                continue
            name = "/".join([section["name"][0].decode(), test["name"][0].decode()])
            print(json.dumps({"file": path.stem, "name": name, "condition": condition, "holds": holds}))
print(f"left out: {dict(left_out)}", file=sys.stderr)
