"""Files to records: what is merged, what becomes seconds and tuples, which files a run needs, where problems stand."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.load import Loaded, all_managers, load_manager, load_pipeline, seconds
from runner.needs import find_cycle, reachable
from runner.records import Backend, Match, from_json, to_json
from runner.records.manager import Manager
from runner.records.pipeline import Pipeline
from runner.resources import Resources, find_root, shipped_folder
from runner.rules import judge_pipeline

ROOT = Path(__file__).parent.parent
PIPELINE = """\
version: 1
name: shop
inputs: {request: {type: markdown}, size: {type: integer, default: null}}
models: {m: [{use: openai/gpt-5.2, base_url: "http://127.0.0.1:1", max_output: 512}, scripted/planner, blueprint]}
agents: {coder: [scripted/worker]}
managers: [store, {use: heir, with: {agents: {parallel: 5, seats: {max: 1}}, tools: [read]}}]
limits: {cost_usd: 2.5, time: 1h30m, idle: 250ms}
environment: {prepare: ["pip install -r 'my file.txt'", [npm, ci]], files: [package-lock.json]}
requires: {commands: [git], secrets: [TOKEN]}
steps:
  ask:
    uses: prompt
    timeout: 90s
    with: {model: m, template: say.md.j2, vars: {request: "{{ inputs.request }}"}, schema: answer.schema.json}
  each:
    uses: command
    needs: {ask: any}
    if: ask_again
    foreach: {in: [a, b], as: part, on_error: continue}
    retry: 2
    may_fail: true
    with: {run: ls}
outputs: {answer: "steps.ask.output | default('')"}
"""
STORE = """\
version: 1
name: store
description: Sells things.
components: [{name: store, signals: [buy, sell]}]
handles: [{kinds: [thing], actions: [create]}, {keywords: [shop]}]
specs:
  thing:
    schema: thing.schema.json
    identity: [name]
    references: [{at: parts, kind: [thing, crate], soft: true}]
    good: A red hat.
    bad: Something.
agents: {seats: {second_from: {points: 7}}, session: {idle: 2m}}
groups:
  - {name: first, match: {actions: [create]}, agents: {parallel: 1, attempts: 2}}
  - {name: rest, template: deep/order.md.j2}
owns: ["shop/**"]
checks:
  - {name: sold, run: "test -f '{{ task.id }} x'", exit: nonzero, timeout: 1m, at: [end]}
  - {name: shape, uses: file, with: {path: x}}
generated: [{files: ["*.lock"], run: make lock}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    texts = {
        "pipelines/shop.yaml": PIPELINE,
        "managers/store.yaml": STORE,
        "managers/heir.yaml": "version: 1\nname: heir\nextends: store\ntools: [read, write]\nprompt: Do it.\n",
        "templates/say.md.j2": "{% include 'deep/part.md.j2' %}\n",
        "templates/deep/part.md.j2": "Say {{ request }}.\n",
        "templates/deep/order.md.j2": "Do {{ task.title }}.\n",
        "schemas/answer.schema.json": '{"type": "object", "properties": {"x": {"$ref": "thing.schema.json"}}}',
        "schemas/thing.schema.json": '{"type": "object", "required": ["name"],'
        ' "properties": {"name": {}, "parts": {}}}',
        "scripted/planner.yaml": "models: {}\n",
        "scripted/worker.yaml": "agents: {}\n",
    }
    for name, text in texts.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def loaded(project: Path) -> Loaded:
    return load_pipeline(project / "pipelines" / "shop.yaml", Resources(project))


def shop(project: Path) -> Pipeline:
    found = loaded(project)
    assert found.pipeline is not None, found.problems
    return found.pipeline


def test_a_pipeline_becomes_records(project: Path) -> None:
    pipeline = shop(project)
    assert pipeline.models["m"][0] == Backend(
        use="openai/gpt-5.2", settings={"base_url": "http://127.0.0.1:1", "max_output": 512}
    )
    assert (pipeline.models["m"][1].kind, pipeline.models["m"][1].model) == ("scripted", "planner")
    assert (pipeline.limits.time, pipeline.limits.idle, pipeline.limits.cost_usd) == (5400.0, 0.25, 2.5)
    assert pipeline.environment is not None
    assert pipeline.environment.prepare == (("pip", "install", "-r", "my file.txt"), ("npm", "ci"))
    assert pipeline.inputs["size"].has_default
    assert not pipeline.inputs["request"].has_default
    assert pipeline.managers == ("store", "heir")
    assert pipeline.requires.secrets == ("TOKEN",)


def test_a_step_becomes_a_record(project: Path) -> None:
    step = shop(project).steps["each"]
    assert (step.needs, step.condition, step.retry, step.may_fail) == ({"ask": "any"}, "ask_again", 2, True)
    assert step.foreach is not None
    assert (step.foreach.source, step.foreach.name, step.foreach.on_error) == (["a", "b"], "part", "continue")
    assert shop(project).steps["ask"].timeout == 90.0


def test_the_schema_of_a_step_is_the_schema_itself(project: Path) -> None:
    assert shop(project).steps["ask"].options["schema"]["type"] == "object"


def test_a_manager_becomes_records(project: Path) -> None:
    store = loaded(project).managers["store"]
    assert store.handles == (Match(kinds=("thing",), actions=("create",)), Match(keywords=("shop",)))
    assert store.specs["thing"].schema["required"] == ["name"]
    assert store.specs["thing"].references[0].kinds == ("thing", "crate")
    assert store.template == "order.md.j2"
    assert (store.agents.seats.max, store.agents.seats.tasks, store.agents.seats.points) == (2, 3, 7)
    assert store.agents.session.idle == 120.0
    assert [(group.agents.parallel, group.agents.attempts) for group in store.groups] == [(1, 2), (3, None)]
    assert store.groups[0].agents.seats.points == 7
    assert store.checks[0].run == ("test", "-f", "{{ task.id }} x")
    assert (store.checks[0].exit, store.checks[0].timeout, store.checks[0].at) == ((), 60.0, ("end",))
    assert (store.checks[1].uses, store.checks[1].options, store.checks[1].exit) == ("file", {"path": "x"}, (0,))
    assert store.generated[0].run == ("make", "lock")


def test_extends_and_with_merge_maps_and_replace_the_rest(project: Path) -> None:
    heir = loaded(project).managers["heir"]
    assert (heir.name, heir.description, heir.handles[1].keywords) == ("heir", "Sells things.", ("shop",))
    assert heir.tools == ("read",)
    assert (heir.prompt, heir.template) == ("Do it.", "")
    assert (heir.agents.parallel, heir.agents.seats.max, heir.agents.seats.points) == (5, 1, 7)
    assert heir.groups[1].agents.parallel == 5


def test_a_place_of_a_merged_manager_is_in_the_file_that_says_it(project: Path) -> None:
    found = loaded(project)
    places = [
        found.in_manager("heir", *pointer) for pointer in (("tools",), ("prompt",), ("owns", 0), ("agents", "seats"))
    ]
    assert [place.path for place in places] == [
        "pipelines/shop.yaml", "managers/heir.yaml", "managers/store.yaml", "pipelines/shop.yaml",
    ]  # fmt: skip


def test_the_sources_are_every_file_of_the_project_that_a_run_uses(project: Path) -> None:
    sources = loaded(project).sources
    own = {file.relative_to(project).as_posix() for file in project.rglob("*") if file.is_file()}
    assert own <= set(sources)
    assert all(sources[name] == (project / name).read_text() for name in own)
    assert "templates/order.md.j2" in sources, "the shipped template that `store` uses"


def test_the_sources_are_enough_to_load_again(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = tmp_path_factory.mktemp("again")
    first = loaded(project)
    for name, text in first.sources.items():
        (again / name).parent.mkdir(parents=True, exist_ok=True)
        (again / name).write_text(text)
    shutil.rmtree(project)
    second = load_pipeline(again / "pipelines" / "shop.yaml", Resources(again))
    assert (second.pipeline, second.managers) == (first.pipeline, first.managers)


def test_records_survive_being_stored(project: Path) -> None:
    found = loaded(project)
    assert found.pipeline is not None
    assert from_json(Pipeline, to_json(found.pipeline)) == found.pipeline
    assert from_json(Manager, to_json(found.managers["store"])) == found.managers["store"]


def test_a_list_of_managers_may_be_replaced(project: Path) -> None:
    found = load_pipeline(project / "pipelines" / "shop.yaml", Resources(project), ["heir"])
    assert list(found.managers) == ["heir"]
    assert found.managers["heir"].agents.parallel == 5, "what the pipeline says about it still holds"
    assert found.pipeline is not None
    assert found.pipeline.managers == ("heir",)
    unknown = load_pipeline(project / "pipelines" / "shop.yaml", Resources(project), ["hier"])
    assert [problem.rule for problem in unknown.problems] == ["ORC401"]


def test_a_manager_alone_and_all_there_are(project: Path) -> None:
    found = load_manager(project / "managers" / "heir.yaml", Resources(project))
    assert (found.pipeline, list(found.managers)) == (None, ["heir"])
    assert {"store", "heir", "database"} <= set(all_managers(Resources(project)))


@pytest.mark.parametrize(
    ("old", "new", "rule", "path", "line"),
    [
        ("use: heir", "use: hier", "ORC401", "pipelines/shop.yaml", 6),
        ("tools: [read]", "tool: [read]", "ORC422", "pipelines/shop.yaml", 6),
        ("parallel: 5", "parallel: 0", "ORC105", "pipelines/shop.yaml", 6),
        ("say.md.j2", "../say.md.j2", "ORC312", "pipelines/shop.yaml", 14),
        ("answer.schema.json", "answr.schema.json", "ORC311", "pipelines/shop.yaml", 14),
    ],
)
def test_problems_of_references(project: Path, old: str, new: str, rule: str, path: str, line: int) -> None:
    file = project / "pipelines" / "shop.yaml"
    file.write_text(PIPELINE.replace(old, new))
    places = [(p.rule, p.position.path, p.position.line) for p in loaded(project).problems if p.position]
    assert (rule, path, line) in places


def test_a_link_out_of_the_folder_is_refused(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.txt"
    outside.write_text("SECRET")
    (project / "templates" / "say.md.j2").unlink()
    (project / "templates" / "say.md.j2").symlink_to(outside)
    found = loaded(project)
    assert [problem.rule for problem in found.problems] == ["ORC312"]
    assert not any("SECRET" in text for text in found.sources.values())


def test_a_broken_manager_is_said_at_its_own_place_and_hides_nothing(project: Path) -> None:
    (project / "managers" / "store.yaml").write_text(STORE.replace("owns:", "onws:"))
    (project / "pipelines" / "shop.yaml").write_text(PIPELINE.replace("if: ask_again", "if: ask_again =="))
    problems = judge_pipeline(loaded(project))
    assert ("ORC101", "managers/store.yaml") in [(p.rule, p.position.path) for p in problems if p.position]
    assert "ORC221" in {problem.rule for problem in problems}


def test_every_shipped_pipeline_and_manager_loads() -> None:
    resources = Resources(ROOT)
    for name in resources.names("pipelines"):
        file = resources.find("pipelines", name)
        assert file is not None
        assert load_pipeline(file, resources).problems == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("250ms", 0.25), ("1d", 86400), ("0s", 0)],
)
def test_durations_are_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


def test_the_root_is_the_nearest_folder_with_a_mark(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_root(inner) == inner.resolve()
    (tmp_path / "managers").mkdir()
    assert find_root(inner) == tmp_path.resolve()
    (tmp_path / "a" / ".orch").mkdir()
    assert find_root(inner) == (tmp_path / "a").resolve()


def test_the_project_comes_before_what_is_shipped(tmp_path: Path) -> None:
    resources = Resources(tmp_path)
    shipped = resources.find("managers", "database")
    assert shipped == shipped_folder("managers") / "database.yaml"
    (tmp_path / "managers").mkdir()
    (tmp_path / "managers" / "database.yaml").write_text("name: mine\n")
    assert resources.find("managers", "database") == tmp_path / "managers" / "database.yaml"
    assert resources.find("scripted", "database") is None
    assert resources.looked("managers", "x") == ("managers/ (project)", "managers/ (shipped)")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "", "a\0b"])
def test_names_that_climb_find_nothing(tmp_path: Path, name: str) -> None:
    assert Resources(tmp_path).find("templates", name) is None


EDGES = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3), max_size=6)


@given(EDGES)
def test_a_cycle_is_a_path_that_exists_and_is_found_if_there_is_one(edges: dict[str, list[str]]) -> None:
    cycle = find_cycle(edges)
    cyclic = any(node in reachable(node, edges) for node in edges)
    assert (cycle is not None) == cyclic
    if cycle is not None:
        assert cycle[0] == cycle[-1]
        assert all(after in edges[before] for before, after in pairwise(cycle))
        assert cycle[0] == min(cycle, key=list(edges).index)


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain = {str(number): [str(number + 1)] for number in range(50_000)}
    assert find_cycle(chain) is None
    assert find_cycle({**chain, "50000": ["0"]}) is not None
