"""What a run may call itself: nothing that failed is forgotten, and nothing is shown by a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from project import Project, payments
from runner.api.look import report
from runner.cli.run import say_end
from runner.errors import UsageError

MANAGER = """
    version: 1
    name: notes
    title: Notes
    description: Writes one file a task.
    components: [{name: notes, signals: [note]}]
    handles: [{components: [notes]}]
    specs:
      note:
        schema:
          type: object
          additionalProperties: false
          required: [kind, text]
          properties: {kind: {const: note}, text: {type: string}}
        identity: [text]
        expect: [text]
        good: "kind: note, text: hello"
        bad: write a note
    groups: [{name: all}]
    agents: {use: scripted/notes, order_points: 4}
    prompt: "{{ tasks }}"
    owns: ["notes/**"]
    checks:
      - {name: written, run: [test, -f, "{{ task.outputs[0] }}"]}
"""
SCRIPT = """
    agents:
      notes_bad:
        - {says: "I did nothing"}
      notes_good:
        - {writes: {notes/good.txt: "hello"}}
"""


def tasks(name: str) -> str:
    """The words of a command that answers one task."""
    one = {
        "id": f"notes_{name}", "title": f"Write {name}", "component": "notes", "action": "create",
        "requirements": ["R-1"], "outputs": [f"notes/{name}.txt"], "spec": {"kind": "note", "text": name},
    }  # fmt: skip
    return json.dumps(["echo", json.dumps({"tasks": [one]})])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "notes")
    made.write("managers/notes.yaml", MANAGER)
    made.write("scripted/notes.yaml", SCRIPT)
    return made


def test_what_failed_in_one_execute_step_is_not_forgotten_by_the_next_one(project: Project) -> None:
    project.pipeline(
        f"""
        one: {{uses: command, with: {{run: {tasks("bad")}, output: json}}}}
        two: {{uses: command, with: {{run: {tasks("good")}, output: json}}}}
        first: {{uses: assign, needs: [one], with: {{tasks: "{{{{ steps.one.output }}}}"}}}}
        bad: {{uses: execute, needs: [first], with: {{assignment: "{{{{ steps.first.output }}}}"}}}}
        second:
          uses: assign
          needs: {{bad: any, two: ok}}
          with: {{tasks: "{{{{ steps.two.output }}}}"}}
        good: {{uses: execute, needs: [second], with: {{assignment: "{{{{ steps.second.output }}}}"}}}}
        """,
        head="managers: [notes]\nlimits: {attempts: 1}\n",
    )
    outcome = project.run()
    assert (outcome.exit_code, outcome.status) == (1, "failed"), outcome
    assert "notes_bad" in outcome.reason
    shown = report(project.root, "run")["tasks"]
    assert {row["id"]: row["status"] for row in shown} == {"notes_bad": "failed", "notes_good": "verified"}


@pytest.mark.parametrize("step", ["execute", "validate"])
@pytest.mark.parametrize("dry", [False, True])
def test_no_file_takes_the_place_of_evidence(tmp_path: Path, step: str, dry: bool) -> None:
    made = payments(tmp_path / "shop")
    made.write("shown.json", "[]")
    with pytest.raises(UsageError, match="evidence"):
        (made.ahead if dry else made.run)("# Shop", pipeline="payments", given={step: "shown.json"})


def test_what_is_given_behind_until_is_refused(tmp_path: Path) -> None:
    made = payments(tmp_path / "shop")
    made.write("tasks.json", "{}")
    with pytest.raises(UsageError, match="--until stops there"):
        made.run("# Shop", pipeline="payments", given={"decompose": "tasks.json"}, until="plan")


def test_a_breakdown_up_to_a_step_that_works_shows_what_comes_before(tmp_path: Path) -> None:
    made = payments(tmp_path / "shop")
    wanted = (made.root / "request.md").read_text()
    outcome = made.ahead(wanted, pipeline="payments", until="execute")
    assert (outcome.exit_code, "payments_refund" in outcome.flow) == (0, True), outcome
    with pytest.raises(UsageError, match='no step "three"'):
        made.ahead(wanted, pipeline="payments", until="three")


def test_runs_of_one_name_at_once_have_a_workspace_each(project: Project) -> None:
    project.pipeline("a: {uses: command, with: {run: ['true']}}")
    words = [sys.executable, "-m", "runner", "run", "p", "--progress", "quiet"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    started = [
        subprocess.Popen(words, cwd=project.root, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = [process.communicate(timeout=120)[0] for process in started]
    places = {line for text in said for line in text.splitlines() if line.startswith("workspace: ")}
    assert [process.returncode for process in started] == [0, 0, 0, 0]
    assert places == {"workspace: out/p", "workspace: out/p-2", "workspace: out/p-3", "workspace: out/p-4"}


PLANNED = """
    models:
      plan:
        - json:
            title: t
            requirements: [{id: R-1, text: l, quote: left}]
            components: [{name: left, why: [R-1]}]
            not_understood: [{line: 3, text: sing}, {line: 4, text: dance}]
"""


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_what_was_not_understood_is_said_and_strict_does_not_accept_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], strict: bool, code: int
) -> None:
    made = Project(tmp_path / "plan")
    made.write("scripted/m.yaml", PLANNED)
    made.pipeline(
        "plan: {uses: prompt, with: {model: scripted/m, prompt: plan, schema: plan.schema.json}}",
        "inputs: {request: {type: markdown}}\n",
    )
    outcome = made.run("# left\n\nsing\ndance\n", strict=strict)
    say_end(made.root, outcome)
    said = capsys.readouterr()
    assert outcome.exit_code == code
    assert said.out.splitlines()[-1] == f"run: run {outcome.status}, 2 lines not understood"
    assert ("2 lines not understood, which --strict does not accept" in said.err) == strict
    assert "2 lines of the request were not understood." in report(made.root, "run")["verdict"]


def test_every_validate_judges_the_tasks_of_its_own_branch(project: Project) -> None:
    project.write(
        "scripted/plan.yaml",
        """
        models:
          plan:
            - json:
                title: t
                requirements: [{id: R-1, text: l, quote: left}]
                components: [{name: notes, why: [R-1]}]
    """,
    )
    branches = [
        f"""
        {name}_tasks: {{uses: command, with: {{run: {tasks(name)}, output: json}}}}
        {name}_who: {{uses: assign, needs: [{name}_tasks], with: {{tasks: "{{{{ steps.{name}_tasks.output }}}}"}}}}
        {name}_do: {{uses: execute, needs: [{name}_who], with: {{assignment: "{{{{ steps.{name}_who.output }}}}"}}}}
        {name}:
          uses: validate
          needs: [plan, {name}_do, {wait}]
          with: {{plan: "{{{{ steps.plan.output }}}}", results: "{{{{ steps.{name}_do.output }}}}"}}
        """
        for name, wait in (("good", "pause"), ("bad", "plan"))
    ]
    plan = "plan: {uses: prompt, with: {model: scripted/plan, prompt: plan, schema: plan.schema.json}}"
    pause = 'pause: {uses: command, with: {run: [sleep, "1.5"]}}'
    project.pipeline(
        "\n".join(textwrap.dedent(part) for part in (plan, pause, *branches)).replace(
            "[plan, bad_do, plan]", "[plan, bad_do]"
        ),
        head="inputs: {request: {type: markdown}}\nmanagers: [notes]\nlimits: {attempts: 1}\n",
    )
    project.run("left")
    judged = {name: project.steps()[name]["output"]["verdicts"] for name in ("good", "bad")}
    assert {name: verdicts[0]["tasks"] for name, verdicts in judged.items()} == {
        "good": ["notes_good"],
        "bad": ["notes_bad"],
    }
