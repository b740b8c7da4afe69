"""`command`: words stay words, values never become code, changes outside `owns` fail, what passes is committed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def head_files(project: Project) -> list[str]:
    out = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "main"],
        cwd=project.root / "out" / "p",
        check=True,
        capture_output=True,
        text=True,
    )
    return out.stdout.split()


@pytest.mark.parametrize(
    ("form", "output"),
    [("text", "a b\n[1]\n"), ("lines", ["a b", "[1]"]), ("none", None)],
)
def test_output_has_the_form_that_was_asked_for(project: Project, form: str, output: object) -> None:
    project.pipeline(f"""
        a: {{uses: command, with: {{shell: "echo noise >&2; echo a b; echo '[1]'", output: {form}}}}}
    """)
    assert project.run().exit_code == 0
    assert project.steps()["a"]["output"] == output


def test_json_is_judged_by_its_schema(project: Project) -> None:
    project.pipeline("""
        good: {uses: command, with: {run: [echo, '{"n": 1}'], output: json, schema: {type: object, required: [n]}}}
        bad: {uses: command, with: {run: [echo, '{"m": 1}'], output: json, schema: {type: object, required: [n]}}}
        none: {uses: command, with: {run: [echo, hello], output: json}}
    """)
    assert project.run().exit_code == 1
    steps = project.steps()
    assert project.statuses() == {"good": "ok", "bad": "failed", "none": "failed"}
    assert '"n"' in steps["bad"]["reason"]
    assert "not JSON" in steps["none"]["reason"]


def test_a_value_stays_one_word_and_is_never_code(project: Project) -> None:
    project.pipeline(
        """
        a: {uses: command, with: {run: "echo -- {{ inputs.x }}", output: lines}}
        b: {uses: command, with: {shell: 'echo "$X"', env: {X: "{{ inputs.x }}"}, output: lines}}
    """,
        "inputs: {x: {type: text}}\n",
    )
    value = 'a b"; touch pwned; $(touch pwned) {{ 7 * 7 }}'
    assert project.run(values={"x": value}).exit_code == 0
    assert project.steps()["a"]["output"] == [f"-- {value}"]
    assert project.steps()["b"]["output"] == [value]
    assert not list(project.root.rglob("pwned"))


def test_a_value_that_looks_like_an_option_is_refused(project: Project) -> None:
    project.pipeline('a: {uses: command, with: {run: "ls {{ inputs.x }}"}}', "inputs: {x: {type: text}}\n")
    assert project.run(values={"x": "--help"}).exit_code == 1


def test_exit_codes_that_count_as_passed(project: Project) -> None:
    project.pipeline("""
        seven: {uses: command, with: {shell: "exit 7", exit: [0, 7]}}
        broken: {uses: command, with: {shell: "exit 1", exit: nonzero}}
        fine: {uses: command, with: {shell: "true", exit: nonzero}}
    """)
    project.run()
    assert project.statuses() == {"seven": "ok", "broken": "ok", "fine": "failed"}


@pytest.mark.parametrize("sandbox", ["auto", "none"])
def test_without_owns_a_command_may_only_read(project: Project, sandbox: str) -> None:
    project.pipeline('a: {uses: command, with: {shell: "echo x > new.txt"}}')
    assert project.run(sandbox=sandbox).exit_code == 1
    assert "new.txt" not in head_files(project)


def test_what_it_owns_is_committed_and_the_next_step_sees_it(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, with: {shell: "mkdir -p d; echo 1 > d/x.txt", owns: ["d/**"]}}
        b: {uses: command, needs: [a], with: {shell: "cat d/x.txt", output: lines}}
    """)
    assert project.run().exit_code == 0
    assert project.steps()["b"]["output"] == ["1"]
    assert head_files(project) == ["d/x.txt"]
    assert (project.root / "out" / "p" / "d" / "x.txt").read_text() == "1\n"


def test_what_it_does_not_own_fails_the_step_and_nothing_is_committed(project: Project) -> None:
    project.pipeline('a: {uses: command, with: {shell: "echo 1 > d.txt; echo 1 > e.txt", owns: [d.txt]}}')
    assert project.run().exit_code == 1
    assert "changed e.txt, which it does not own" in project.steps()["a"]["reason"]
    assert head_files(project) == []


def test_checks_decide_whether_changes_are_kept(project: Project) -> None:
    project.pipeline("""
        bad:
          uses: command
          with: {shell: "echo 1 > a.txt", owns: [a.txt], checks: [{name: is two, run: [grep, "2", a.txt]}]}
        good:
          uses: command
          with: {shell: "echo 2 > b.txt", owns: [b.txt], checks: [{name: is two, run: [grep, "2", b.txt]}]}
    """)
    assert project.run().exit_code == 1
    assert head_files(project) == ["b.txt"]
    assert 'check "is two" failed (exit 1)' in project.steps()["bad"]["reason"]
    assert [check["passed"] for check in project.steps()["good"]["checks"]] == [True]


def test_two_steps_that_change_files_at_once_both_land(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, with: {shell: "sleep 0.2; echo 1 > a.txt", owns: [a.txt]}}
        b: {uses: command, with: {shell: "sleep 0.2; echo 1 > b.txt", owns: [b.txt]}}
    """)
    assert project.run().exit_code == 0
    assert head_files(project) == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("[NaN]", "NaN is no number"),
        ('"\\ud800"', "half of a character"),
        ("[" * 5000, "nested too deeply"),
        ("[" * 200 + "]" * 200, "nested deeper than 100"),
    ],
)
def test_json_that_could_not_be_handed_on_fails_the_step(project: Project, printed: str, why: str) -> None:
    words = json.dumps(["printf", "%s", printed])
    project.pipeline(f"a: {{uses: command, with: {{run: {words}, output: json}}}}")
    assert project.run().exit_code == 1
    assert why in project.steps()["a"]["reason"]


def test_values_of_any_type_reach_env_and_stdin_as_text(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, with: {run: [echo, '{"n": 1}'], output: json}}
        b:
          uses: command
          needs: [a]
          with:
            shell: "cat; echo $N"
            env: {N: "{{ steps.a.output.n }}"}
            stdin: "{{ steps.a.output }}"
    """)
    assert project.run().exit_code == 0
    assert project.steps()["b"]["output"] == '{"n": 1}1\n'


@pytest.mark.parametrize("value", ["a\\0b", "x" * 200_000], ids=["zero", "long"])
@pytest.mark.parametrize("where", ["run: [echo, '{{ inputs.x }}']", "run: [env], env: {X: '{{ inputs.x }}'}"])
def test_a_value_that_no_program_takes_fails_the_step(project: Project, value: str, where: str) -> None:
    text = value if len(value) > 100 else json.dumps("a\0b")[1:-1]
    project.pipeline(
        f"a: {{uses: command, with: {{{where}}}}}", head=f'inputs: {{x: {{type: text, default: "{text}"}}}}\n'
    )
    assert project.run().exit_code == 1
    assert "exit 126" in project.steps()["a"]["reason"]


@pytest.mark.parametrize("run", ["run: [no-such-program]", "shell: no-such-program"])
def test_a_program_that_is_not_there_is_no_failure_that_was_wanted(project: Project, run: str) -> None:
    project.pipeline(f"a: {{uses: command, with: {{{run}, exit: nonzero}}}}")
    assert project.run().exit_code == 1
    assert "exit 127" in project.steps()["a"]["reason"]
