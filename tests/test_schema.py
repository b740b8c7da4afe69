"""JSON Schema: problems in words with places, and a registry that reaches nothing outside."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from runner import schema
from runner.positions import load_yaml
from runner.registry import STEPS
from runner.schema.patterns import why_slow

SCHEMAS = Path(__file__).parent.parent / "schemas"


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    hits: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"type": "string"}')

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/x.json", hits
        http.shutdown()
        thread.join()


def test_a_remote_reference_is_refused_and_never_fetched(server: tuple[str, list[str]]) -> None:
    url, hits = server
    bad = {"$ref": url}
    assert [problem.rule for problem in schema.check(bad)] == ["ORC306"]
    assert [problem.rule for problem in schema.problems(bad, 3)] == ["ORC306"]
    assert hits == []


@pytest.mark.parametrize(
    "reference",
    ["file:///etc/hostname", "/etc/hostname", "../../etc/x.json", "urn:x", "#/$defs/nothing", "nothing.json"],
)
def test_a_reference_reaches_only_the_schema_itself_and_files_of_schemas(reference: str) -> None:
    assert [problem.rule for problem in schema.check({"$ref": reference})] == ["ORC306"]
    assert [problem.rule for problem in schema.problems({"$ref": reference}, 3)] == ["ORC306"]


def test_a_reference_to_a_file_of_schemas_is_followed() -> None:
    wanted = {"type": "object", "properties": {"plan": {"$ref": "plan.schema.json"}}}
    assert schema.check(wanted) == []
    assert [problem.rule for problem in schema.problems(wanted, {"plan": 3})] == ["ORC103"]


def test_a_schema_that_refers_to_itself_ends() -> None:
    loop = {"$ref": "#"}
    assert [problem.rule for problem in schema.problems(loop, 1)] == ["ORC305"]


@pytest.mark.parametrize(
    "wrong", [{"type": "objekt"}, {"properties": 3}, {"pattern": "("}, {"minLength": -1}, [], "x", None]
)
def test_a_schema_is_judged_before_it_judges(wrong: object) -> None:
    assert [problem.rule for problem in schema.check(wrong)] == ["ORC305"]


SLOW = ["^(a+)+$", "(a|a)*$", "(a|ab)*c", "(x+x+)+y", "(.*,)*", r"(\w+\s?)*$", "(a{1,30}){1,30}", r"(a)\1+", "(?:a*)*b"]
FINE = [
    "^[a-z][a-z0-9_]{0,62}$",
    r"^[a-z_]+(\.(\*|[a-z_]+))*$",
    "^([0-9]{1,6}(ms|s|m|h|d)){1,4}$",
    "^https?://",
    "([a-z]+,)*",
]


@pytest.mark.parametrize("pattern", SLOW)
def test_patterns_that_can_hang_are_refused(pattern: str) -> None:
    assert [problem.rule for problem in schema.check({"type": "string", "pattern": pattern})] == ["ORC307"]
    with pytest.raises(ValueError, match="exponential"):
        schema.problems({"properties": {"x": {"pattern": pattern}}}, {"x": "a" * 40 + "!"})


@pytest.mark.parametrize("pattern", FINE)
def test_patterns_that_cannot_hang_are_used(pattern: str) -> None:
    assert why_slow(pattern) == ""
    re.search(pattern, "a" * 5000 + "!")


def test_a_property_called_pattern_is_no_pattern() -> None:
    assert (
        schema.check({"type": "object", "properties": {"pattern": {"type": "string"}, "$ref": {"type": "string"}}})
        == []
    )


@pytest.mark.parametrize("file", sorted(SCHEMAS.rglob("*.json")), ids=lambda file: file.name)
def test_every_shipped_schema_is_valid(file: Path) -> None:
    assert schema.check(json.loads(file.read_text())) == []


@pytest.mark.parametrize("name", [name for name, module in STEPS.modules.items() if module])
def test_options_of_a_shipped_step_type_are_those_of_the_pipeline_schema(name: str) -> None:
    options = STEPS.module(name).OPTIONS
    wanted = schema.shipped("pipeline.schema.json")["$defs"][f"with_{name}"]
    assert options in ({"$ref": f"pipeline.schema.json#/$defs/with_{name}"}, wanted)


def told(wanted: dict[str, object], text: str) -> list[tuple[str, str, int]]:
    document, _ = load_yaml(text, "x.yaml")
    assert document is not None
    found = schema.problems(wanted, document.data, document)
    return [(problem.rule, problem.message, problem.position.line if problem.position else 0) for problem in found]


def test_an_unknown_key_points_at_the_key_and_says_what_was_meant() -> None:
    wanted = {"additionalProperties": False, "properties": {"uses": {}, "with": {}}, "required": ["uses"]}
    assert told(wanted, "uses: x\nwiht: 1\n") == [("ORC101", 'unexpected key "wiht"; did you mean "with"?', 2)]


def test_a_misspelt_key_is_not_also_missing() -> None:
    wanted = {"additionalProperties": False, "properties": {"uses": {}}, "required": ["uses"]}
    assert [rule for rule, _, _ in told(wanted, "usse: x\n")] == ["ORC101"]


def test_a_key_that_is_there_is_not_proposed() -> None:
    wanted = {"additionalProperties": False, "properties": {"uses": {}}}
    assert told(wanted, "uses: 1\nuse: 2\n") == [("ORC101", 'unexpected key "use"', 2)]


def test_long_lists_of_names_are_cut() -> None:
    wanted = {"enum": [f"word{number}" for number in range(20)]}
    assert "and 12 more" in told({"properties": {"a": wanted}}, "a: x\n")[0][1]


def test_problems_stand_in_the_order_of_the_file() -> None:
    wanted = {"properties": {name: {"type": "integer"} for name in "abc"}}
    assert [line for _, _, line in told(wanted, "c: x\na: y\nb: z\n")] == [1, 2, 3]


def test_a_pointer_of_the_data_inside_its_document() -> None:
    document, _ = load_yaml("top:\n  - a: x\n", "x.yaml")
    assert document is not None
    found = schema.problems({"properties": {"a": {"type": "integer"}}}, {"a": "x"}, document, ("top", 0))
    assert found[0].pointer == "/top/0/a"
    assert found[0].position is not None
    assert (found[0].position.line, found[0].position.column) == (2, 8)
