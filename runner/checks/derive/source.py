"""What a source file exports, read from its text: Python by its syntax tree, JavaScript and TypeScript by patterns."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_differences(text: str, exports: list[dict[str, object]]) -> Iterator[str]:
    """How the definitions of a Python file differ from the exports of its spec."""
    tree = ast.parse(text)
    for one in exports:
        name, signature = str(one["name"]), str(one["signature"])
        found = _definition(tree.body, name.split("."))
        if found is None:
            yield f"does not define {name}"
        elif isinstance(found, Function | ast.ClassDef):
            yield from _signature(name, signature, found)


def _definition(body: list[ast.stmt], path: list[str]) -> ast.stmt | None:
    for node in _statements(body):
        if path[0] in _names(node):
            if len(path) == 1:
                return node
            return _definition(node.body, path[1:]) if isinstance(node, ast.ClassDef) else node
    return None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        for inner in ("body", "orelse", "handlers", "finalbody"):
            if isinstance(node, ast.If | ast.Try | ast.With):
                yield from _statements([one for one in getattr(node, inner, []) if isinstance(one, ast.stmt)])


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, Function | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name) for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {one.id for target in targets if target for one in ast.walk(target) if isinstance(one, ast.Name)}


def _signature(name: str, text: str, found: Function | ast.ClassDef) -> Iterator[str]:
    wanted = parsed(text)
    if wanted is None or not isinstance(found, Function):
        return
    said, real = _parameters(wanted), _parameters(found)
    if said != real:
        yield f"{name} takes ({', '.join(real)}), the spec says ({', '.join(said)})"
    optional = len(found.args.defaults) - len(wanted.args.defaults)
    if said == real and optional:
        yield f"{name} has {len(found.args.defaults)} defaults, the spec says {len(wanted.args.defaults)}"


def parsed(signature: str) -> Function | None:
    """The Python signature `name(a: int) -> str` as a definition; None where it is none, or says `...`."""
    if "..." in signature or "(" not in signature:
        return None
    try:
        node = ast.parse(f"def {signature.strip().removeprefix('async ').removeprefix('def ')}: ...").body[0]
    except SyntaxError:
        return None
    return node if isinstance(node, Function) else None


def _parameters(node: Function) -> list[str]:
    args = node.args
    names = [one.arg for one in (*args.posonlyargs, *args.args)]
    names += [f"*{args.vararg.arg}"] if args.vararg else []
    names += [one.arg for one in args.kwonlyargs]
    names += [f"**{args.kwarg.arg}"] if args.kwarg else []
    return [name for name in names if name not in ("self", "cls")]


def script_differences(text: str, exports: list[dict[str, object]]) -> Iterator[str]:
    """The same for JavaScript and TypeScript."""
    for one in exports:
        name = str(one["name"]).split(".")[0]
        found = _exported(text, name)
        if not found:
            yield f"does not export {name}"
            continue
        said = re.match(rf"{re.escape(name)}\(([^{{}}()]*)", str(one["signature"]))
        real = re.search(rf"function\s*\*?\s*{re.escape(name)}\s*\(([^{{}}()]*)", text)
        if said and real and _plain(said.group(1)) != _plain(real.group(1)):
            yield f"{name} takes ({real.group(1).strip()}), the spec says ({said.group(1).strip()})"


def _exported(text: str, name: str) -> bool:
    word = re.escape(name)
    declared = rf"export\s+(?:default\s+)?(?:async\s+)?(?:function\s*\*?|class|const|let|var|type|interface)\s+{word}\b"
    listed = rf"export\s*\{{[^}}]*\b{word}\b[^}}]*\}}"
    return re.search(f"{declared}|{listed}|exports\\.{word}\\b", text) is not None


def _plain(parameters: str) -> list[str]:
    found = [part.split("=")[0].split(":")[0].strip() for part in parameters.split(",")]
    return [name for name in found if name]
