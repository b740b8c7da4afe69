"""What all generated tests are made of: cases, calls that create and list, values at the bounds."""

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing.calls import Call
from runner.blueprint.decomposing.samples import body, chain
from runner.blueprint.decomposing.shape import Shape, Thing, ids
from runner.blueprint.decomposing.tasks import task
from runner.records import Json, JsonObject

NOWHERE = "00000000-0000-4000-8000-000000000003"

ROW = "00000000-0000-4000-8000-00000000001"

Steps = list[dict[str, Json]]


def case_of(name: str, given: str, when: str, then: str, steps: Steps) -> dict[str, Json]:
    return {"name": name[:60], "given": given, "when": when, "then": then, "steps": steps}


def tests_task(
    shape: Shape,
    name: str,
    title: str,
    level: str,
    served: Sequence[str],
    targets: list[str],
    inputs: list[str],
    cases: list[dict[str, Json]],
) -> dict[str, Json]:
    file = f"tests/{'unit' if level == 'unit' else 'integration'}/test_{name}.py"
    spec: dict[str, Json] = {
        "kind": "tests",
        "level": level,
        "framework": "pytest",
        "file": file,
        "command": f"python -m pytest {file} -q",
        "targets": targets,
        "cases": cases,
    }
    wanted = ids(served) or shape.asked("tests")
    return task(
        f"testing_{name}", title, "testing", spec, wanted, complexity="medium", needs=["testing_support"], inputs=inputs
    )


def route_files(calls: Sequence[Call], names: Sequence[str]) -> list[str]:
    return [call.file for call in calls if call.name in names or call.name == "register"]


def other_email(shape: Shape) -> dict[str, Json]:
    return (
        {"email": "other@example.org"}
        if any(one["name"] == "email" for one in (shape.users.fields if shape.users else ()))
        else {}
    )


def is_bounded(one: JsonObject) -> bool:
    plain = "choices" not in one and "pattern" not in one and "format" not in one
    return ("choices" in one) or (
        plain
        and one["kind"] in ("string", "integer")
        and one.get("max") is not None
        and bool(one.get("given") is None or "min" in one)
    )


def edge_values(one: JsonObject) -> tuple[list[Json], list[Json]]:
    """(accepted, refused) values at the bounds of a field."""
    if "choices" in one:
        return [one["choices"][0]], ["nothing_of_this"[: max(3, len(max(one["choices"], key=len)) - 1)] + "_"]
    low, high = int(one.get("min", 0)), int(one["max"])
    accepted: list[int] = sorted({max(low, 1) if one["kind"] == "string" else low, high})
    if "min" not in one and one["kind"] != "string":
        accepted = [high]
    refused = ([low - 1] if "min" in one and (low > 0 or one["kind"] != "string") else []) + [high + 1]
    return (
        ([text_of(n) for n in accepted], [text_of(n) for n in refused])
        if one["kind"] == "string"
        else (list(accepted), list(refused))
    )


def text_of(length: int) -> Json:
    return {"text": length}


def shown_values(values: list[Json]) -> str:
    return ", ".join(str(v["text"] if isinstance(v, dict) else v) for v in values)


def creating(
    shape: Shape, thing: Thing, who: str, variant: int = 0, save: str = "", expect: int = 201, **given: Json
) -> dict[str, Json]:
    """The call that creates a row of a thing whose parent was saved under its name."""
    step: dict[str, Json] = {
        "call": f"POST {thing.collection}",
        "expect": expect,
        "body": body(thing, variant, **given),
    }
    if shape.accounts and who:
        step["as"] = who
    if thing.parent:
        step["path"] = {f"{thing.parent_name}_id": f"{{{thing.parent_name}.id}}"}
    return step | ({"save": save} if save else {})


def rows_above(shape: Shape, thing: Thing) -> Steps:
    return [creating(shape, above, "ada", save=above.name) for above in chain(shape, thing)]


def listing_call(thing: Thing, shape: Shape, who: str = "", **more: Json) -> dict[str, Json]:
    needs = thing.operations.get("read")
    step: dict[str, Json] = {"call": f"GET {thing.collection}", "expect": 200, **more}
    if shape.accounts and (who or (needs and needs.who in ("user", "owner"))):
        step["as"] = who or "ada"
    if thing.parent:
        step["path"] = {f"{thing.parent_name}_id": f"{{{thing.parent_name}.id}}"}
    return step
