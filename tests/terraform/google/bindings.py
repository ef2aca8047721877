"""The schema of a Terraform provider, read as text from the bindings on PyPI; none of their code is run.

Each generated class says of each attribute its name, whether it is computed, optional or required, and its type; blocks
are classes of their own. That is what Terraform needs to check, plan and test a configuration.

A schema is {"attributes": {name: [type, flags]}, "blocks": {name: block}}; an attribute may have a third entry, its
allowed values. Types are Terraform's wire form ("string",
["list", "string"], …), flags are letters: r required, o optional, c computed, w write-only. A block is
{"nesting": "list" | "set" | "single", "min": n, "max": n, "computed": bool, "block": schema}.
"""

import json
import re
from typing import Any

Schema = dict[str, Any]

NOTE = re.compile(r"^    // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$")
GETTER = re.compile(r"this\.get(\w+)Attribute\('(\w+)'\)")
CHILD = re.compile(r"^    _\w+ = new ([\w.]+)\(this, \"(\w+)\"(?:, (true|false))?\);")
HCL = re.compile(
    r"(?m)^ {8}(?: {4})?(\w+): \{\n\s+value: [^\n]*\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n"
    r"\s+storageClassType: \"(\w+)\""
)
BY_GETTER: dict[str, Any] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "AnyMap": ["map", "string"],
    "BooleanMap": ["map", "bool"],
    "NumberMap": ["map", "number"],
}
BY_STORAGE: dict[str, Any] = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "stringList": ["list", "string"],
    "numberList": ["list", "number"],
    "stringMap": ["map", "string"],
}
INTERFACE = re.compile(r"(?m)^export interface (\w+)")
# one comment and the member behind it; its link ends in the attribute's own name
COMMENT = re.compile(r"/\*\*(?P<text>(?:(?!\*/).)*?)\{@link \S+#(?P<name>\w+) [^}]*\}\s*\*/\s*readonly ", re.DOTALL)
ALLOWED = re.compile(r'Possible values: (\["[^\]]*"\])')
MAP_CLASSES = {
    "cdktn.StringMap": "string",
    "cdktn.NumberMap": "number",
    "cdktn.BooleanMap": "bool",
    "cdktn.AnyMap": "string",
    "cdktn.StringMapList": "string",
}
Mapper = dict[str, tuple[str, str, str]]  # attribute: is it a block, its kind, its storage class


class BindingsError(Exception):
    """The bindings do not look as this reader knows them."""


def read_kinds(text: str, declarations: str = "") -> dict[str, Schema]:
    """The schemas of every resource, data source or provider whose class stands in the JavaScript text, by its type.

    Where the documentation in the TypeScript declarations closes a list of values, the attribute gets it.

    Raises: BindingsError if an attribute has no type that this reader knows.
    """
    reader = _Reader(text, read_allowed(declarations))
    found = {}
    for name, body in reader.classes.items():
        if kind := re.search(r'static tfResourceType = "(\w+)"', body):
            found[kind[1]] = reader.read_struct(name, body, _read_mapper(body))
    return found


def read_allowed(declarations: str) -> dict[str, dict[str, list[str]]]:
    """For each interface, the attributes whose documentation says `Possible values: ["A", "B"]`."""
    parts = INTERFACE.split(declarations)
    found: dict[str, dict[str, list[str]]] = {}
    for name, part in zip(parts[1::2], parts[2::2], strict=True):
        for comment in COMMENT.finditer(part):
            if allowed := ALLOWED.search(comment["text"]):
                found.setdefault(name, {})[comment["name"]] = json.loads(allowed[1])
    return found


def _read_mapper(text: str) -> Mapper:
    return {match[1]: (match[2], match[3], match[4]) for match in HCL.finditer(text)}


class _Reader:
    def __init__(self, text: str, allowed: dict[str, dict[str, list[str]]]) -> None:
        self.allowed = allowed
        self.classes, self.mappers = {}, {}
        for part in re.split(r"(?m)^(?=class \w+ extends )", text):
            if head := re.match(r"class (\w+) extends (?:cdktn|cdktf)\.\w+ \{", part):
                self.classes[head[1]] = part
        for part in re.split(r"(?m)^function ", text)[1:]:
            if head := re.match(r"(\w+)ToHclTerraform\(struct", part):
                self.mappers[head[1].lower()] = _read_mapper(part.split("\n}\n")[0])

    def read_struct(self, name: str, body: str, mapper: Mapper) -> Schema:
        schema: Schema = {"attributes": {}, "blocks": {}}
        for note, lines in _split_notes(body):
            self._read_member(schema, f"{name}.{note[1]}", note, lines, mapper)
        for attribute, values in {**self.allowed.get(name, {}), **self.allowed.get(f"{name}Config", {})}.items():
            if attribute in schema["attributes"] and schema["attributes"][attribute][0] == "string":
                schema["attributes"][attribute].append(values)
        return schema

    def _read_member(self, schema: Schema, shown: str, note: re.Match[str], lines: list[str], mapper: Mapper) -> None:
        name, text = note[1], "\n".join(lines)
        is_block, kind, storage = mapper.get(name, ("", "", ""))
        flags = "".join(letter for letter, place in (("c", 2), ("o", 3), ("r", 4)) if note[place] == "true")
        flags += "w" if "Write-only" in text else ""
        child = CHILD.match(lines[0]) if lines else None
        if child and child[1] in MAP_CLASSES:
            schema["attributes"][name] = [["map", MAP_CLASSES[child[1]]], flags]
        elif child:
            self._read_child(schema, name, child, flags, "set" if child[3] == "true" or kind == "set" else "list")
        elif (getter := GETTER.search(text)) or name in mapper:
            if not getter and is_block == "true":
                schema["blocks"][name] = self._read_mapped(storage)
                return
            found = BY_GETTER.get(getter[1]) if getter else BY_STORAGE.get(storage)
            if found is None:
                raise BindingsError(f"{shown} has the unknown type {getter[1] if getter else storage!r}")
            is_set = kind == "set" or "tolist" in text
            schema["attributes"][name] = [["set", found[1]] if is_set else found, flags]
        else:
            raise BindingsError(f"{shown} has no type")

    def _read_child(self, schema: Schema, name: str, child: re.Match[str], flags: str, nesting: str) -> None:
        base = re.sub(r"(OutputReference|List|Map)$", "", child[1].split(".")[-1])
        inner = self.read_struct(base, self.classes[f"{base}OutputReference"], self.mappers.get(base.lower(), {}))
        if name == "timeouts":
            schema["blocks"][name] = _make_block("single", inner)
        elif "o" in flags or "r" in flags:
            most = 1 if child[1].endswith("OutputReference") else 0
            schema["blocks"][name] = _make_block(nesting, inner, int("r" in flags), most, "c" in flags)
        else:
            schema["attributes"][name] = [[nesting, ["object", _object_type(inner)]], flags]

    def _read_mapped(self, storage: str) -> Schema:
        mapper = self.mappers[storage.lower().removesuffix("list")]
        inner = {name: [BY_STORAGE[kind], "o"] for name, (_, _, kind) in mapper.items()}
        return _make_block("list", {"attributes": inner, "blocks": {}}, 0, 1)


def _split_notes(body: str) -> list[tuple[re.Match[str], list[str]]]:
    """Each attribute's comment with the lines up to the next one."""
    found: list[tuple[re.Match[str], list[str]]] = []
    for line in body.split("\n"):
        if note := NOTE.match(line):
            found.append((note, []))
        elif found:
            found[-1][1].append(line)
    return found


def _make_block(nesting: str, inner: Schema, least: int = 0, most: int = 0, computed: bool = False) -> Schema:
    return {"nesting": nesting, "min": least, "max": most, "computed": computed, "block": inner}


def _object_type(schema: Schema) -> dict[str, Any]:
    types = {name: attribute[0] for name, attribute in schema["attributes"].items()}
    for name, block in schema["blocks"].items():
        types[name] = [block["nesting"], ["object", _object_type(block["block"])]]
    return types
