"""`orch runs | show | events | report | graph` on a real journal, through the real command line."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from made_run import ROW, Made, plan
from runner.api import look
from runner.api.pictures import draw
from runner.errors import UsageError
from runner.journal import Journal, Key
from runner.records import Foreach, Pipeline, Step

Orch = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parent.parent


def kept(journal: Journal, run: str, played: Made, results: bool = True) -> None:
    """Writes a made-up run to a journal; its times are now."""
    journal.create_run(run, {**ROW, "run": run, "status": "running", "pipeline": "fullstack", "sources": {}})
    published: dict[str, Any] = {"plan": plan(), "assignment": played.assignment, "verdicts": played.verdicts()}
    for item, data in published.items():
        journal.post(Key(run=run, kind="published", item=item), data)
    for task, result in played.results.items() if results else ():
        journal.post(Key(run=run, kind="result", step="execute", task=task), result)
    for event in played.events:
        journal.event(run, event.kind, event.subject, event.data)
    journal.flush()


@pytest.fixture(scope="module")
def played() -> Made:
    return Made().play()


@pytest.fixture
def project(tmp_path: Path, played: Made) -> Path:
    with Journal.open(tmp_path / ".orch" / "journal.db") as journal:
        kept(journal, "chirp-1a2b", played)
        kept(journal, "chirp-1c3d", played)
        kept(journal, "blog-77", played)
    return tmp_path


def test_without_a_journal_nothing_is_made(orch: Orch, tmp_path: Path) -> None:
    done = orch("runs")
    assert done.returncode == 2
    assert "no runs yet" in done.stderr
    assert "orch run PIPELINE" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_runs_lists_the_newest_first(orch: Orch, project: Path) -> None:
    lines = orch("runs").stdout.splitlines()
    assert lines[0].split() == ["run", "status", "started", "time", "tasks", "title"]
    assert [line.split()[0] for line in lines[1:]] == ["blog-77", "chirp-1c3d", "chirp-1a2b"]
    assert "48 verified" in lines[1]
    rows = json.loads(orch("runs", "--json").stdout)
    assert rows[0]["run"] == "blog-77"
    assert rows[0]["tasks"] == {"failed": 1, "skipped": 3, "unverified": 3, "verified": 48}


def test_a_run_is_found_from_inside_a_folder(orch: Orch, project: Path) -> None:
    (project / "deep" / "er").mkdir(parents=True)
    assert "blog-77" in orch("runs", cwd=project / "deep" / "er").stdout


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("chirp-1a", 0, "run chirp-1a2b: failed"),
        ("last", 0, "run blog-77: failed"),
        ("chirp-1", 2, '"chirp-1" is the beginning of 2 runs'),
        ("nothing", 2, 'there is no run "nothing"'),
    ],
)
def test_a_run_may_be_named_by_its_beginning(orch: Orch, project: Path, name: str, code: int, said: str) -> None:
    done = orch("show", name)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_show_says_what_was_asked_done_and_lacks(orch: Orch, project: Path) -> None:
    text = orch("show").stdout
    titles = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert "requirements, constraints, criteria" in titles
    assert "  ✗ failed      R-3   3 checks" in text
    assert "  – skipped     frontend_post_feed" in text
    assert "  line 31: It should feel <b>snappy</b> | somehow." in text
    assert "orch show blog-77 frontend_post_card" in text


def test_show_of_a_task_tells_every_attempt(orch: Orch, project: Path) -> None:
    text = orch("show", "last", "frontend_post_card").stdout
    assert text.startswith("frontend_post_card: failed after 3 attempts — check http failed three times\n")
    assert text.count("turn starts") == 3
    assert "✗ failed: matches its spec (exit 1)" in text
    assert "\n  expected 409, got 500\n" in text
    assert "\x1b" not in text
    row = json.loads(orch("show", "last", "frontend_post_card", "--json").stdout)
    assert row["attempts"] == 3
    wrong = orch("show", "last", "nothing")
    assert wrong.returncode == 2
    assert "its tasks: orch show blog-77" in wrong.stderr


def test_show_prints_what_a_step_gave(orch: Orch, tmp_path: Path) -> None:
    with Journal.open(tmp_path / ".orch" / "journal.db") as journal:
        journal.create_run("r", {"pipeline": "p"})
        journal.post(Key(run="r", kind="step", step="plan"), {"status": "ok", "output": plan()})
        journal.post(Key(run="r", kind="step", step="execute"), {"status": "failed", "output": None})
    assert json.loads(orch("show", "last", "--step", "plan").stdout) == plan()
    wrong = orch("show", "last", "--step", "execute")
    assert wrong.returncode == 2
    assert "steps that have one: plan" in wrong.stderr


def test_events_are_the_rows_in_both_forms(orch: Orch, project: Path, played: Made) -> None:
    rows = [json.loads(line) for line in orch("events", "last", "--format", "json").stdout.splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(played.events) + 1))
    assert [row["kind"] for row in rows] == [event.kind for event in played.events]
    plain = orch("events", "last", "--after", "2").stdout.splitlines()
    assert len(plain) == len(rows) - 2
    assert plain[0].split()[0] == "3"


def test_follow_goes_on_until_nobody_works_on_the_run(tmp_path: Path) -> None:
    seen: list[str] = []
    with Journal.open(tmp_path / ".orch" / "journal.db") as journal:
        journal.create_run("r", {"pipeline": "p"})
        journal.event("r", "run_started", "r", {"pipeline": "p"})
        journal.flush()
        hold = journal.hold("r")
        first = threading.Event()

        def read() -> None:
            for event in look.events(tmp_path, "r", follow=True):
                seen.append(event.kind)
                first.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert first.wait(20)
        assert seen == ["run_started"]
        journal.event("r", "run_finished", "r", {"status": "ok", "exit_code": 0})
        journal.flush()
        hold.release()
        reader.join(20)
    assert seen == ["run_started", "run_finished"]


def test_a_run_whose_process_is_gone_was_interrupted(tmp_path: Path, played: Made) -> None:
    half = Made()
    half.events, half.assignment = played.events[:90], played.assignment
    half.results = {"database_users": played.results["database_users"]}
    with Journal.open(tmp_path / ".orch" / "journal.db") as journal:
        journal.create_run("r", {**ROW, "run": "r", "pipeline": "fullstack", "status": "running"})
        journal.post(Key(run="r", kind="published", item="plan"), plan())
        journal.post(Key(run="r", kind="published", item="assignment"), half.assignment)
        journal.post(Key(run="r", kind="result", step="execute", task="database_users"), half.results["database_users"])
        for event in half.events:
            journal.event("r", event.kind, event.subject, event.data)
        journal.flush()
        with journal.hold("r"):
            assert look.report(tmp_path, "r")["status"] == "running"
        made = look.report(tmp_path, "r")
    assert made["status"] == "interrupted"
    assert made["verdict"].startswith("Interrupted. 0 of 11 requirements are verified, 11 unverified.")
    assert made["next"][0]["command"] == "orch resume r"
    statuses = {task["id"]: task["status"] for task in made["tasks"]}
    assert statuses["database_users"] == "verified"
    assert statuses["documentation_readme"] == "pending"


@pytest.mark.parametrize("form", look.FORMATS)
def test_the_report_comes_in_three_formats(orch: Orch, project: Path, form: str) -> None:
    text = orch("report", "last", "--format", form).stdout
    start = {"md": "# Chirp\n", "html": "<!doctype html>", "json": "{\n"}[form]
    assert text.startswith(start)
    file = project / f"mine.{form}"
    done = orch("report", "last", "--format", form, "--output", str(file))
    assert done.stdout == ""
    assert file.read_text() == text


def test_the_json_report_is_valid(orch: Orch, project: Path) -> None:
    schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text())
    jsonschema.validate(json.loads(orch("report", "--format", "json").stdout), schema)


def test_write_report_leaves_three_files_and_nothing_half(project: Path, tmp_path: Path) -> None:
    with look.open_journal(project) as journal:
        paths = look.write_report(journal, "blog-77", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "report.json", "report.md"]
    assert json.loads(paths["json"].read_text())["run"] == "blog-77"


def test_a_secret_of_the_environment_is_masked_everywhere(orch: Orch, tmp_path: Path) -> None:
    with Journal.open(tmp_path / ".orch" / "journal.db") as journal:
        journal.create_run("r", {"pipeline": "p"})
        journal.event("r", "note", "", {"message": "my-secret-value"})
        journal.event("r", "problem", "x", {"severity": "error", "message": "my-secret-value", "hint": ""})
    for words in (
        ["show"],
        ["events"],
        ["events", "last", "--format", "json"],
        ["report"],
        ["report", "--format=html"],
    ):
        done = orch(*words, THE_API_KEY="my-secret-value")
        assert "my-secret-value" not in done.stdout, words
        assert "***" in done.stdout.replace("\\", ""), words


def test_a_reader_that_leaves_is_no_error(project: Path) -> None:
    shell = f"set -o pipefail; {sys.executable} -m runner events last --format json | head -1"
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=project,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert json.loads(done.stdout)["seq"] == 1


@pytest.mark.parametrize("words", [("runs",), ("show",), ("events",), ("report", "last", "--format", "json")])
def test_looking_imports_no_graph_library_and_no_web(project: Path, words: tuple[str, ...]) -> None:
    code = (
        "import sys; from runner.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = ('networkx', 'rich', 'fastapi', 'openai', 'anthropic', 'jinja2')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=project,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"


# graph


def test_graph_draws_a_pipeline_by_name_and_by_path(orch: Orch, tmp_path: Path) -> None:
    by_name = orch("graph", "fullstack")
    assert by_name.returncode == 0
    assert by_name.stdout == orch("graph", str(ROOT / "pipelines" / "fullstack.yaml")).stdout
    assert "  2  decompose ×n  (prompt, each component)  after plan" in by_name.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("form", "start"), [("mermaid", "graph LR\n"), ("dot", "digraph"), ("svg", "<svg ")])
def test_graph_in_other_formats(orch: Orch, form: str, start: str) -> None:
    done = orch("graph", "fullstack", "--format", form)
    assert done.stdout.startswith(start)
    assert "execute" in done.stdout


def test_graph_of_a_missing_pipeline_says_where_it_looked(orch: Orch, tmp_path: Path) -> None:
    done = orch("graph", "fulstack")
    assert done.returncode == 2
    assert 'there is no pipeline "fulstack"' in done.stderr
    assert "pipelines" in done.stderr


def test_needs_by_outcome_are_drawn_on_their_step() -> None:
    steps = {
        "a": Step(name="a", uses="command"),
        "b": Step(name="b", uses="command", needs={"a": "failed"}, foreach=Foreach(source=[1], name="x")),
    }
    text = draw(Pipeline(name="p", steps=steps), "text")
    assert text == "  1  a  (command)\n  2  b ×n [a failed]  (command, each x)  after a\n"


def test_names_are_found_or_refused(project: Path) -> None:
    with look.open_journal(project) as journal:
        assert look.find_run(journal, "blog") == "blog-77"
        with pytest.raises(UsageError):
            look.find_run(journal, "chirp")
        with pytest.raises(UsageError):
            look.find_run(journal, "zzz")
