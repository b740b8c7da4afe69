"""An endpoint spec as the parts of its Python file: parameters, models, statements and the steps of the handler."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from runner.blueprint.rendering.literals import WIDTH, pascal, python
from runner.blueprint.rendering.sql import binds

Spec = dict[str, Any]

_LOCALS = {
    "values",
    "connection",
    "caller",
    "body",
    "token",
    "stored",
    "owner",
    "receivers",
    "list",
    "id",
    "input",
    "type",
}
_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "uuid": "UUID",
    "datetime": "datetime",
}
_ANSWER_TYPES = {
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "uuid": "Uuid", "datetime": "Moment",
    "object": "dict[str, Any]", "list": "list[Any]",
}  # fmt: skip


def view(spec: Spec) -> Spec:
    """Everything that the template of a route says, by name."""
    name = handler_name(spec)
    success = success_of(spec)
    statements = [query_view(query, spec) for query in spec.get("queries", ())]
    emits = [emit_view(emit) for emit in spec.get("emits", ())]
    fields = [answer_field(field) for field in success.get("fields", ())]
    view: Spec = {
        "name": name,
        "model": pascal(name),
        "success": success,
        "media": success.get("media", ""),
        "body": [body_field(field) for field in spec.get("body", ())],
        "params": [parameter(param) for param in spec.get("params", ())],
        "fields": fields,
        "statements": statements,
        "emits": emits,
        "owner": owner_view(spec),
        "passwords": [field["name"] for field in spec.get("body", ()) if field.get("format") == "password"],
        "needs": bound_names(spec),
        "writes": _writes(spec),
        "caller": {"required": "RequiredCaller", "optional": "OptionalCaller"}.get(spec["auth"], ""),
        "failures": [response for response in spec["responses"] if response["status"] >= 400],
        "decorator": decorator(spec, success),
    }
    view["values"] = values_of(spec, view)
    view["imports"] = imports_of(spec, view)
    return view


def handler_name(spec: Spec) -> str:
    """The name of the handler: given, or the stem of the file."""
    return str(spec.get("name") or re.sub(r"\W", "_", PurePosixPath(spec["file"]).stem))


def success_of(spec: Spec) -> Spec:
    """The first response below 400."""
    return next((r for r in spec["responses"] if r["status"] < 400), {"status": 200, "when": "done"})


def reason(spec: Spec, status: int) -> str:
    """What the spec says this status means."""
    return next((r["when"] for r in spec["responses"] if r["status"] == status), "refused")


def _writes(spec: Spec) -> bool:
    starts = tuple(query["sql"].lstrip().split(None, 1)[0].upper() for query in spec.get("queries", ()))
    return any(start in {"INSERT", "UPDATE", "DELETE", "REPLACE"} for start in starts)


def bound_names(spec: Spec) -> frozenset[str]:
    """Every name that the statements of the endpoint bind."""
    statements = [query["sql"] for query in spec.get("queries", ())]
    statements += [emit["to"] for emit in spec.get("emits", ())]
    return frozenset(name for sql in statements for name in binds(sql))


def own_names(spec: Spec) -> frozenset[str]:
    """The binds that the request itself fills: parameters, fields of the body, and what every request has."""
    names = {item["name"] for key in ("params", "body") for item in spec.get(key, ())}
    hashes = {f"{field['name']}_hash" for field in spec.get("body", ()) if field.get("format") == "password"}
    return frozenset(
        names | hashes | {"user_id", "new_id", "now"} | ({"token_hash", "expires_at"} if spec.get("issues") else set())
    )


def query_view(query: Spec, spec: Spec) -> Spec:
    """One statement: its constant, whether its row is needed, and what each outcome answers."""
    name, bound = query["name"], bound_names(spec)
    used = name == spec.get("answer") or any(emit.get("from") == name for emit in spec.get("emits", ()))
    # A parameter or a field of this name comes first: :post_id is no column of the query "post" then.
    taken = own_names(spec)
    later = sorted(bind for bind in bound - taken if bind.startswith(f"{name}_"))
    return {
        **query,
        "constant": constant(name),
        "variable": variable(name),
        "keep": used or bool(later),
        "carries": [(bind, bind.removeprefix(f"{name}_")) for bind in later],
        "missing_reason": reason(spec, query["missing"]) if "missing" in query else "",
        "found_reason": reason(spec, query["refuse_if_found"]) if "refuse_if_found" in query else "",
        "conflict_reason": reason(spec, query["conflict"]) if "conflict" in query else "",
    }


def constant(name: str) -> str:
    """The module constant that holds a statement."""
    return f"{name.upper()}_SQL"


def variable(name: str) -> str:
    """A local name for a query's rows that hides neither a parameter nor a builtin."""
    return f"{name}_rows" if name in _LOCALS else name


def emit_view(emit: Spec) -> Spec:
    """One event: the constants of its receivers and fields, and the row it comes from."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", emit["event"]).upper()
    return {
        **emit, "constant": f"{name}_RECEIVERS_SQL", "fields_constant": f"{name}_FIELDS",
        "source": variable(emit["from"]) if emit.get("from") else "",
    }  # fmt: skip


def owner_view(spec: Spec) -> Spec | None:
    """The statement that finds whose row it is, and the answers when it is missing or another's."""
    owner = spec.get("owner")
    if not owner:
        return None
    sql = f"SELECT {owner['column']} FROM {owner['table']} WHERE {owner.get('key', 'id')} = :{owner['param']}"  # noqa: S608
    missing = 404 if any(r["status"] == 404 for r in spec["responses"]) else owner["status"]
    return {
        **owner, "sql": sql, "missing": missing,
        "missing_reason": reason(spec, missing), "refused_reason": reason(spec, owner["status"]),
    }  # fmt: skip


def _bounds(field: Spec, text: bool) -> list[str]:
    low, high = ("min_length", "max_length") if text else ("ge", "le")
    words = [f"{low}={python(field['min'])}"] if "min" in field else []
    words += [f"{high}={python(field['max'])}"] if "max" in field else []
    if text and field.get("pattern"):
        words.append(f"pattern={python(field['pattern'])}")
    return words


def _literal(choices: list[str]) -> str:
    return f"Literal[{', '.join(python(choice) for choice in choices)}]"


def body_field(field: Spec) -> Spec:
    """One line of the body's model; a field that is not required may be left out and is then None."""
    text = field["type"] == "string"
    kind = _literal(field["choices"]) if field.get("choices") else _TYPES[field["type"]]
    words = _bounds(field, text)
    if text and field.get("format") == "email" and not field.get("pattern"):
        words.append(f"pattern={python('^[^@ ]+@[^@ ]+[.][^@ ]+$')}")
    if text and field.get("trim"):
        words.insert(0, "strip_whitespace=True")
    if words:
        kind = f"Annotated[{kind}, {'StringConstraints' if text else 'Field'}({', '.join(words)})]"
    optional = not field["required"]
    return {**field, "annotation": f"{kind} | None" if optional else kind, "default": " = None" if optional else ""}


def parameter(param: Spec) -> Spec:
    """One parameter of the handler, with its bounds and default."""
    text = param["type"] == "string"
    kind = _literal(param["choices"]) if param.get("choices") else _TYPES[param["type"]]
    words = _bounds(param, text)
    required = param.get("required", param["in"] == "path")
    optional = not required and param.get("default") is None
    if optional:
        kind += " | None"
    if words:
        kind = f"Annotated[{kind}, {'Path' if param['in'] == 'path' else 'Query'}({', '.join(words)})]"
    default = "" if required else f" = {python(param.get('default'))}"
    return {**param, "annotation": kind, "assignment": default, "has_default": bool(default)}


def answer_field(field: Spec) -> Spec:
    kind = _ANSWER_TYPES[field["type"]]
    return {**field, "annotation": f"{kind} | None" if field.get("null") else kind}


def decorator(spec: Spec, success: Spec) -> str:
    """The route decorator, on one line or several."""
    arguments = [python(spec["path"])]
    if success["status"] != 200:
        arguments.append(f"status_code={success['status']}")
    if success.get("media"):
        arguments.append("response_class=StreamingResponse")
    described = {
        r["status"]: {"description": r["when"]} for r in spec["responses"] if r["status"] >= 400 and r["status"] != 422
    }
    call = f"@router.{spec['method'].lower()}("
    if described:
        flat = f"responses={python(described, -WIDTH)}"
        short = len(call) + len(", ".join([*arguments, flat])) < WIDTH
        arguments.append(flat if short else f"responses={python(described, 4, len('    responses=,'))}")
    if len(call) + len(", ".join(arguments)) + 1 <= WIDTH and "\n" not in "".join(arguments):
        return f"{call}{', '.join(arguments)})"
    return call + "\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def _value_of(param: Spec) -> str:
    name = param["name"]
    if param["type"] != "uuid":
        return str(name)
    return f"str({name})" if not param["annotation"].endswith("| None") else f"{name} and str({name})"


def values_of(spec: Spec, view: Spec) -> list[tuple[str, str]]:
    """What each bind of the statements is filled with, as Python expressions."""
    needed = set(view["needs"]) | ({spec["owner"]["param"]} if spec.get("owner") else set())
    values = [(p["name"], _value_of(p)) for p in view["params"] if p["name"] in needed]
    for field in view["body"]:
        name = field["name"]
        if name in needed:
            values.append((name, _body_value(field)))
        if f"{name}_hash" in needed and name in view["passwords"]:
            values.append((f"{name}_hash", f"hash_password(body.{name})"))
    caller = "caller and caller.id" if spec["auth"] == "optional" else "caller.id"
    implicit = {
        "user_id": caller, "new_id": "new_id()", "now": "now()",
        "token_hash": "hash_token(token)", "expires_at": "expiry()",
    }  # fmt: skip
    taken = {name for name, _ in values}
    return values + [(name, text) for name, text in implicit.items() if name in needed and name not in taken]


def _body_value(field: Spec) -> str:
    access = f"body.{field['name']}"
    if field["type"] == "uuid":
        return f"str({access})" if field["required"] else f"{access} and str({access})"
    if field["type"] == "datetime":
        return f"{access}.isoformat()" if field["required"] else f"{access} and {access}.isoformat()"
    return access


def imports_of(spec: Spec, view: Spec) -> dict[str, list[str]]:
    """The names that the file uses, by module, sorted."""
    values = dict(view["values"])
    annotations = " ".join(item["annotation"] for item in [*view["body"], *view["params"], *view["fields"]])
    found: dict[str, set[str]] = {}

    def use(module: str, name: str, when: bool = True) -> None:
        if when:
            found.setdefault(module, set()).add(name)

    raises = any(key in query for query in view["statements"] for key in ("missing", "refuse_if_found"))
    conflicts = any("conflict" in query for query in view["statements"])
    use("datetime", "datetime", "datetime" in annotations)
    for name in ("Annotated", "Any", "Literal"):
        use("typing", name, re.search(rf"\b{name}\b", annotations) is not None)
    use("uuid", "UUID", re.search(r"\bUUID\b", annotations) is not None)
    use("fastapi", "APIRouter")
    use(
        "fastapi",
        "HTTPException",
        raises or conflicts or bool(spec.get("owner")) or spec.get("role") in {"login", "health"},
    )
    for name in ("Path", "Query"):
        use("fastapi", name, f" {name}(" in annotations)
    use("fastapi.responses", "StreamingResponse", bool(view["media"]))
    use("pydantic", "BaseModel", bool(view["body"] or view["fields"]))
    use("pydantic", "ConfigDict", bool(view["body"]))
    for name in ("Field", "StringConstraints"):
        use("pydantic", name, f" {name}(" in annotations)
    use("app.auth", view["caller"], bool(view["caller"]))
    for name, call in (("hash_password", "hash_password("), ("hash_token", "hash_token("), ("expiry", "expiry(")):
        use("app.auth", name, any(call in text for text in values.values()))
    use("app.auth", "new_token", bool(spec.get("issues")))
    use("app.auth", "verify_password", spec.get("role") == "login")
    use("app.auth", "NOBODY", spec.get("role") == "login")
    use("app.database", "Connection", bool(view["statements"] or view["owner"]))
    for name in ("Uuid", "Moment"):
        use("app.database", name, re.search(rf"\b{name}\b", annotations) is not None)
    use("app.database", "new_id", "new_id" in values)
    use("app.database", "now", "now" in values)
    use("app.database", "transaction", view["writes"])
    use("app.events", "hub", bool(spec.get("emits") or spec.get("stream")))
    use("app.events", "stream", bool(spec.get("stream")))
    view["uses_sqlite"] = conflicts or spec.get("role") == "health"
    return {module: sorted(names, key=_isort) for module, names in sorted(found.items())}


def _isort(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as import sorters order them."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def signature(spec: Spec, view: Spec) -> str:
    """The line (or lines) that define the handler; parameters with defaults come last."""
    plain = [f"{p['name']}: {p['annotation']}" for p in view["params"] if not p["has_default"]]
    if view["body"]:
        plain.append(f"body: {view['model']}Body")
    if view["statements"] or view["owner"]:
        plain.append("connection: Connection")
    if view["caller"]:
        plain.append(f"caller: {view['caller']}")
    plain += [f"{p['name']}: {p['annotation']}{p['assignment']}" for p in view["params"] if p["has_default"]]
    start = f"{'async ' if spec.get('stream') else ''}def {view['name']}("
    end = f") -> {returns(view)}:"
    if len(start) + len(", ".join(plain)) + len(end) <= WIDTH:
        return f"{start}{', '.join(plain)}{end}"
    return start + "\n" + "".join(f"    {item},\n" for item in plain) + end


def returns(view: Spec) -> str:
    """The annotation of what the handler returns."""
    if view["media"]:
        return "StreamingResponse"
    if not view["fields"]:
        return "None"
    return f"list[{view['model']}Answer]" if view["success"].get("list") else f"{view['model']}Answer"


def answer(spec: Spec, view: Spec) -> str:
    """The expression that the handler returns, "" where it answers with nothing."""
    if not view["fields"] or view["media"]:
        return ""
    rows = variable(spec["answer"])
    if view["success"].get("list"):
        return f"[{view['model']}Answer(**row) for row in {rows}]"
    return f"{view['model']}Answer({'token=token, ' if spec.get('issues') else ''}**{rows})"


def values_literal(view: Spec) -> str:
    """The dictionary of binds, on one line or several."""
    items = [f"{python(name)}: {text}" for name, text in view["values"]]
    flat = "{" + ", ".join(items) + "}"
    if len(flat) + len("    values = ") <= WIDTH:
        return flat
    return "{\n" + "".join(f"        {item},\n" for item in items) + "    }"


def emitted(emit: Spec) -> str:
    """The expression of an event's data: fields of the row it comes from, or of the binds."""
    source = variable(emit["from"]) if emit.get("from") else "values"
    if not emit.get("payload"):
        return f"dict({source})"
    return f"{{name: {source}[name] for name in {emit['fields_constant']}}}"
