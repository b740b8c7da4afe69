"""The cases of a tests spec as Python: each step is one call and what must be true of its answer."""

from __future__ import annotations

import re
from typing import Any

from runner.blueprint.rendering.literals import WIDTH, prose, python

Spec = dict[str, Any]

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)((?:\.[a-z_][a-z0-9_]*)*)\}")


def value(data: object, indent: int = 0) -> str:
    """A value of a step: {"text": 5} is five letters, "{post.id}" what an earlier step saved."""
    if isinstance(data, dict) and set(data) == {"text"} and isinstance(data["text"], int):
        return f'"x" * {data["text"]}'
    if isinstance(data, dict):
        return _lines([f"{python(str(key))}: {value(item, indent + 4)}" for key, item in data.items()], "{}", indent)
    if isinstance(data, list):
        return _lines([value(item, indent + 4) for item in data], "[]", indent)
    if isinstance(data, str) and _PLACE.fullmatch(data):
        return _place(_PLACE.fullmatch(data))
    if isinstance(data, str) and _PLACE.search(data):
        return "f" + python(_PLACE.sub(lambda found: "{" + _place(found, "'") + "}", data))
    return python(data)


def _lines(items: list[str], brackets: str, indent: int) -> str:
    flat = f"{brackets[0]}{', '.join(items)}{brackets[1]}"
    if len(flat) + indent <= WIDTH - 24 and "\n" not in flat:
        return flat
    pad = " " * (indent + 4)
    return f"{brackets[0]}\n{''.join(f'{pad}{item},{chr(10)}' for item in items)}{' ' * indent}{brackets[1]}"


def _place(found: re.Match[str] | None, quote: str = '"') -> str:
    assert found is not None  # noqa: S101 - the caller matched
    return found[1] + "".join(f"[{quote}{part}{quote}]" for part in found[2].split(".")[1:])


def case(spec: Spec) -> str:
    """One test function."""
    fixtures = sorted({fixture for step in spec.get("steps", ()) if (fixture := _fixture(step))})
    lines = [f"def test_{spec['name']}({', '.join(fixtures)}):"]
    doc = f"{spec['given']}; {spec['when']}: {spec['then']}"
    lines.append(f'    """Given {prose(doc)}."""')
    indent = 4
    for step in _only_used(spec.get("steps", ())):
        lines += [" " * indent + line if line else "" for line in _step(step, indent).split("\n")]
        indent += 4 if "listen" in step else 0
    return "\n".join(lines)


def _only_used(steps: list[Spec]) -> list[Spec]:
    """Steps without the names that nothing uses later."""
    texts = [str({key: item for key, item in step.items() if key != "save"}) for step in steps]
    return [
        {key: item for key, item in step.items() if key != "save" or _is_used(str(item), step, texts[index + 1 :])}
        for index, step in enumerate(steps)
    ]


def _is_used(name: str, step: Spec, later: list[str]) -> bool:
    checked = any(key in step for key in ("starts", "length", "differs", "equals", "listen"))
    return checked or any(f"{{{name}." in text or f"{{{name}}}" in text for text in later)


def _fixture(step: Spec) -> str:
    if "sql" in step or "rows" in step or "migrate" in step:
        return "database"
    return "" if "run" in step else "api"


def _step(step: Spec, indent: int) -> str:
    for key, render in _STEPS.items():
        if key in step:
            return render(step, indent)
    raise ValueError(f"unknown step: {sorted(step)}")


def _call(step: Spec, indent: int) -> str:
    method, path = step["call"].split(" ", 1)
    wanted = step.get("path", {})
    filled = re.sub(r"\{(\w+)\}", lambda found: str(wanted.get(found[1], found[0])), path)
    words = [python(method), value(filled)]
    words += [f"user={python(step['as'])}"] if step.get("as") else []
    words += [f"token={python(step['token'])}"] if step.get("token") else []
    words += [f"params={value(step['query'], 4)}"] if step.get("query") else []
    words += [f"json={value(step['body'], 4)}"] if "body" in step else []
    words.append(f"expect={step['expect']}")
    checked = any(key in step for key in ("fields", "has", "count", "column"))
    name = step.get("save") or ("answer" if checked else "")
    call = _wrapped(f"{name} = api.call(" if name else "api.call(", words, indent)
    return "\n".join([call, *_answer_checks(step, name)])


def _wrapped(start: str, words: list[str], indent: int) -> str:
    flat = f"{start}{', '.join(words)})"
    if len(flat) + indent <= WIDTH and "\n" not in flat:
        return flat
    return start + "\n" + "".join(f"    {word},\n" for word in words) + ")"


def _answer_checks(step: Spec, name: str) -> list[str]:
    checks = [_equal(f"{name}[{python(key)}]", item) for key, item in step.get("fields", {}).items()]
    checks += [f"assert {name}[{python(key)}]" for key in step.get("has", ())]
    if "count" in step:
        checks.append(f"assert len({name}) == {step['count']}")
    for key, items in step.get("column", {}).items():
        checks.append(f"assert [row[{python(key)}] for row in {name}] == {value(items)}")
    return checks


def _equal(left: str, data: object) -> str:
    if data is None or isinstance(data, bool):
        return f"assert {left} is {data}"
    return f"assert {left} == {value(data)}"


def _listen(step: Spec, indent: int) -> str:
    path = step["listen"].split(" ", 1)[1]
    return f"with api.listen({value(path)}, user={python(step['as'])}) as {step['save']}:"


def _event(step: Spec, indent: int) -> str:
    wait = f"event = {step['in']}.wait_for({python(step['event'])}, seconds={step.get('within_seconds', 5)})"
    return "\n".join([wait, *(_equal(f"event[{python(key)}]", item) for key, item in step.get("fields", {}).items())])


def _sql(step: Spec, indent: int) -> str:
    inner = indent + (4 if step.get("refused") else 0)
    words = [python(step["sql"]), value(step.get("params", {}), 4)]
    call = _wrapped("database.execute(", words, inner)
    if not step.get("refused"):
        return call
    return "with pytest.raises(sqlite3.IntegrityError):\n" + "\n".join(f"    {line}" for line in call.split("\n"))


def _migrate(step: Spec, indent: int) -> str:
    path = 'path = Path(database.execute("PRAGMA database_list").fetchone()["file"])'
    return f"{path}\nassert len(migrate(path)) == {step['applied']}"


def _rows(step: Spec, indent: int) -> str:
    return f"assert database.execute({python(step['rows'])}).fetchone()[0] == {value(step['equals'])}"


def _run(step: Spec, indent: int) -> str:
    module, function = step["run"].split(":")
    call = f"{module.rsplit('.', 1)[-1]}.{function}({', '.join(value(item) for item in step.get('args', ()))})"
    if "equals_file" in step:
        return f'assert {call} == Path({python(step["equals_file"])}).read_text(encoding="utf-8")'
    if "save" not in step:
        return _equal(call, step["equals"]) if "equals" in step else call
    name = step["save"]
    lines = [f"{name} = {call}"]
    lines += [f"assert {name}.startswith({python(step['starts'])})"] if "starts" in step else []
    lines += [f"assert len({name}) == {step['length']}"] if "length" in step else []
    lines += [f"assert {name} != {value(step['differs'])}"] if "differs" in step else []
    return "\n".join(lines)


def _get(step: Spec, indent: int) -> str:
    lines = [f"text = api.text({value(step['get'])}, expect={step['expect']})"]
    return "\n".join(lines + [f"assert {python(part)} in text" for part in step.get("contains", ())])


_STEPS = {
    "call": _call,
    "listen": _listen,
    "event": _event,
    "sql": _sql,
    "migrate": _migrate,
    "rows": _rows,
    "run": _run,
    "get": _get,
}


def imports(spec: Spec) -> tuple[list[str], list[str], list[str]]:
    """The lines to import: of the standard library, of others, of the application."""
    steps = [step for case_ in spec["cases"] for step in case_.get("steps", ())]
    refused = any(step.get("refused") for step in steps)
    standard = (["import sqlite3"] if refused else []) + (
        ["from pathlib import Path"] if any("equals_file" in step or "migrate" in step for step in steps) else []
    )
    modules = sorted({step["run"].split(":")[0] for step in steps if "run" in step})
    names = sorted(module.rsplit(".", 1)[-1] for module in modules)
    own = [f"from app import {', '.join(names)}"] if names else []
    own += ["from app.database import migrate"] if any("migrate" in step for step in steps) else []
    return standard, ["import pytest"] if refused else [], own
