"""The engine: needs by outcome without barriers; `if`, foreach, retry, timeout, may_fail, given, until."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from project import Project
from runner.errors import FileProblems, UsageError
from runner.journal import Key


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_steps_run_in_the_order_of_their_needs_and_hand_values_on(project: Project) -> None:
    project.pipeline(
        """
        last: {uses: command, needs: [first], with: {run: ["echo", "{{ steps.first.output.n }}"], output: lines}}
        first: {uses: command, with: {run: ["echo", '{"n": 7}'], output: json}}
    """,
        "outputs: {n: steps.last.output}\n",
    )
    outcome = project.run()
    assert (outcome.exit_code, outcome.status, outcome.outputs) == (0, "ok", {"n": ["7"]})
    assert list(project.steps()) == ["first", "last"]


def test_there_are_no_barriers(project: Project) -> None:
    project.pipeline("""
        slow: {uses: command, with: {shell: "sleep 1.5"}}
        quick: {uses: command, with: {shell: "true"}}
        after_quick: {uses: command, needs: [quick], with: {shell: "true"}}
        after_slow: {uses: command, needs: [slow], with: {shell: "true"}}
    """)
    project.run()
    ended = [event.subject for event in project.events("step_finished")]
    assert ended.index("after_quick") < ended.index("slow")


@pytest.mark.parametrize(
    ("outcome", "after"),
    [("ok", "skipped"), ("failed", "ok"), ("skipped", "skipped"), ("any", "ok")],
)
def test_a_need_names_the_outcome_it_wants(project: Project, outcome: str, after: str) -> None:
    project.pipeline(f"""
        broken: {{uses: command, with: {{shell: "echo it broke >&2; exit 3"}}}}
        after: {{uses: command, needs: {{broken: {outcome}}}, with: {{shell: "true"}}}}
    """)
    assert project.run().exit_code == 1
    assert project.statuses() == {"broken": "failed", "after": after}
    assert project.steps()["broken"]["reason"] == "exit 3: it broke"


def test_who_is_skipped_says_why_and_so_do_those_behind(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, with: {shell: "exit 1"}}
        b: {uses: command, needs: [a], with: {shell: "true"}}
        c: {uses: command, needs: [b], with: {shell: "true"}}
    """)
    project.run()
    steps = project.steps()
    assert steps["b"]["reason"] == 'needs "a" to be ok, it was failed: exit 1'
    assert steps["c"]["reason"] == 'needs "b" to be ok, it was skipped'


def test_may_fail_fails_the_step_and_not_the_run(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, may_fail: true, with: {shell: "exit 1"}}
        b: {uses: command, needs: {a: any}, with: {shell: "true"}}
    """)
    assert project.run().exit_code == 0
    assert project.statuses() == {"a": "failed", "b": "ok"}


def test_if_switches_a_step_off_and_who_needs_it_is_skipped(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, with: {run: [echo, "3"], output: json}}
        on: {uses: command, needs: [a], if: steps.a.output == 3, with: {shell: "true"}}
        off: {uses: command, needs: [a], if: steps.a.output > 3, with: {shell: "true"}}
        after: {uses: command, needs: [off], with: {shell: "true"}}
    """)
    assert project.run().exit_code == 0
    assert project.statuses() == {"a": "ok", "on": "ok", "off": "skipped", "after": "skipped"}
    assert "steps.a.output > 3" in project.steps()["off"]["reason"]


def test_foreach_runs_every_item_by_its_key_and_joins_the_outputs_in_order(project: Project) -> None:
    project.pipeline("""
        each:
          uses: command
          foreach: {in: [{n: 1, wait: 0.4}, {n: 2, wait: 0}], as: one, key: one.n}
          with: {run: [sh, -c, 'sleep "$1"; echo "$2"', sh, "{{ one.wait }}", "{{ one.n }}"], output: json}
    """)
    assert project.run().exit_code == 0
    assert project.steps()["each"]["output"] == [1, 2]
    with project.journal() as journal:
        assert sorted(key.item for key, _ in journal.entries("run", "item")) == ["1", "2"]
    assert [event.data["item"] for event in project.events("item_finished")] == ["2", "1"]


def test_foreach_collects_one_list_of_all_items(project: Project) -> None:
    project.pipeline("""
        each:
          uses: command
          foreach: {in: [a, b], as: one, collect: names}
          with: {run: [echo, '{"names": ["{{ one }}1", "{{ one }}2"]}'], output: json}
    """)
    project.run()
    assert project.steps()["each"]["output"] == {"names": ["a1", "a2", "b1", "b2"]}


@pytest.mark.parametrize(("on_error", "last"), [("stop", "skipped"), ("continue", "ok")])
def test_foreach_on_error_stops_or_continues(project: Project, on_error: str, last: str) -> None:
    project.pipeline(f"""
        each:
          uses: command
          foreach: {{in: [a, bad, c], as: one, parallel: 1, on_error: {on_error}}}
          with: {{run: [test, "{{{{ one }}}}", "!=", bad]}}
    """)
    assert project.run().exit_code == 1
    finished = {event.data["item"]: event.data["status"] for event in project.events("item_finished")}
    assert finished == {"a": "ok", "bad": "failed", "c": last}
    assert project.steps()["each"]["status"] == "failed"


def test_foreach_refuses_two_items_of_one_key(project: Project) -> None:
    project.pipeline("""
        first: {uses: command, with: {run: [echo, '[{"k": 1}, {"k": 1}]'], output: json}}
        each:
          uses: command
          needs: [first]
          foreach: {in: steps.first.output, as: one, key: one.k}
          with: {shell: "true"}
    """)
    assert project.run().exit_code == 1
    assert project.steps()["each"]["reason"] == 'two items of `foreach` have the key "1"; keys must differ'


def test_a_timeout_fails_the_step_and_ends_its_processes(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, timeout: 300ms, with: {shell: "sleep 30; touch late"}}
        b: {uses: command, needs: {a: failed}, with: {shell: "true"}}
    """)
    assert project.run().exit_code == 1
    assert project.steps()["a"]["reason"] == "timed out after 0.3 s"
    assert project.statuses()["b"] == "ok"


def test_retry_repeats_transient_errors_only(project: Project) -> None:
    project.write(
        "scripted/m.yaml",
        """
        models:
          busy: [{transient: true}, {text: hello}]
          wrong: [{expects: [never there], text: no}]
    """,
    )
    project.pipeline("""
        busy: {uses: prompt, retry: 1, with: {model: scripted/m, prompt: say}}
        wrong: {uses: prompt, retry: 3, with: {model: scripted/m, prompt: say}}
    """)
    assert project.run().exit_code == 1
    assert project.steps()["busy"]["output"] == "hello"
    asked = [event.subject for event in project.events("ask_started")]
    assert (asked.count("busy"), asked.count("wrong")) == (2, 1)


def test_until_stops_after_a_step_and_what_it_needs(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, with: {shell: "true"}}
        b: {uses: command, needs: [a], with: {shell: "true"}}
        c: {uses: command, needs: [b], with: {shell: "exit 1"}}
    """)
    assert project.run(until="b").exit_code == 0
    assert project.statuses() == {"a": "ok", "b": "ok"}
    with pytest.raises(UsageError, match='no step "d"'):
        project.run(until="d")


def test_given_takes_the_place_of_a_step(project: Project) -> None:
    project.write("a.json", json.dumps({"n": 41}))
    project.pipeline("""
        a: {uses: command, with: {shell: "exit 1", output: json}}
        b: {uses: command, needs: [a], with: {run: [echo, "{{ steps.a.output.n }}"]}}
    """)
    assert project.run(given={"a": "a.json"}).exit_code == 0
    assert project.steps()["b"]["output"] == "41\n"
    with pytest.raises(UsageError, match='no step "z"'):
        project.run(given={"z": "a.json"})
    with pytest.raises(UsageError, match="missing"):
        project.run(given={"a": "missing.json"})


def test_what_is_given_is_judged_like_an_answer_with_its_position(project: Project) -> None:
    project.write("scripted/m.yaml", "models: {}\n")
    project.write(
        "plan.yaml",
        """
        title: x
        requirements:
          - {id: R-1, text: t, quote: not in the request}
        components: [{name: database, why: [R-1]}]
    """,
    )
    project.pipeline(
        """
        plan:
          uses: prompt
          with: {model: scripted/m, prompt: plan, schema: plan.schema.json, rules: [quotes_request]}
    """,
        "inputs: {request: {type: markdown}}\n",
    )
    outcome = project.run("# Something\n\nA thing.\n", given={"plan": "plan.yaml"})
    assert outcome.exit_code == 2
    assert isinstance(outcome.error, FileProblems)
    (problem,) = outcome.error.problems
    assert problem.position is not None
    assert (problem.position.path, problem.position.line) == ("plan.yaml", 3)


def test_a_file_that_lint_refuses_is_refused_before_anything_is_made(project: Project) -> None:
    project.pipeline("a: {uses: command, wiht: {}}")
    with pytest.raises(FileProblems):
        project.run()
    assert not (project.root / ".orch").exists()
    assert not (project.root / "out").exists()


def test_secrets_reach_env_only(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    project.pipeline(
        """
        a: {uses: command, with: {shell: 'test "$TOKEN" = s3cret', env: {TOKEN: "{{ secrets.SHOP_TOKEN }}"}}}
    """,
        "requires: {secrets: [SHOP_TOKEN]}\n",
    )
    assert project.run().exit_code == 0


def test_the_limits_of_a_step_end_the_run_with_4(project: Project) -> None:
    project.pipeline("""
        a: {uses: command, limits: {time: 300ms}, with: {shell: "sleep 30"}}
    """)
    outcome = project.run()
    assert (outcome.exit_code, outcome.status) == (4, "limit")
    assert project.steps() == {}


def test_a_killed_foreach_goes_on_with_the_items_that_are_missing(project: Project) -> None:
    log = project.root / "log"
    project.pipeline(f"""
        first: {{uses: command, with: {{run: [sh, -c, "echo first >> {log}; echo 1"]}}}}
        each:
          uses: command
          needs: [first]
          foreach: {{in: [a, b, c, d], as: one, parallel: 1}}
          with: {{run: [sh, -c, 'echo "$0" >> {log}; test "$0" != c || sleep ${{WAIT:-0}}; echo "$0"', "{{{{ one }}}}"],
                  env: {{WAIT: "{{{{ secrets.WAIT_SECONDS }}}}"}}, output: lines}}
    """, "requires: {secrets: [WAIT_SECONDS]}\nsandbox: none\n")  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "WAIT_SECONDS": "60"}
    process = subprocess.Popen([sys.executable, "-m", "runner", "run", "p"], cwd=project.root, env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    for _ in range(1000):
        if log.exists() and "c" in log.read_text().split():
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    with project.journal() as journal:
        (row,) = journal.runs()
    code = subprocess.run([sys.executable, "-m", "runner", "resume", str(row["run"])], cwd=project.root,
                          env={**environment, "WAIT_SECONDS": "0"}, capture_output=True, check=False)  # fmt: skip
    assert code.returncode == 0, code.stderr
    assert log.read_text().split() == ["first", "a", "b", "c", "c", "d"]
    assert project.steps(str(row["run"]))["each"]["output"] == [["a"], ["b"], ["c"], ["d"]]


def test_foreach_refuses_to_join_what_holds_no_list(project: Project) -> None:
    project.pipeline("""
        a:
          uses: command
          foreach: {in: [x, y], as: item, collect: tasks}
          with: {run: [echo, "{{ item }}"]}
    """)
    assert project.run().exit_code == 1
    assert '"tasks"' in project.steps()["a"]["reason"]


def test_a_secret_that_a_command_prints_is_kept_nowhere(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_VALUE", 'hunter2 "quoted" hunter2')
    project.pipeline(
        """
        bad: {uses: command, with: {shell: 'echo "$X"; exit 3', env: {X: "{{ secrets.MY_VALUE }}"}}}
        says: {uses: command, with: {shell: 'echo "$X"', env: {X: "{{ secrets.MY_VALUE }}"}}}
        next: {uses: command, needs: [says], with: {run: [echo, "{{ steps.says.output }}"]}}
        """,
        head="requires: {secrets: [MY_VALUE]}\n",
    )
    outcome = project.run()
    assert "exit 3: ***" in outcome.reason
    assert project.steps()["next"]["output"] == "***\n\n"
    kept = [path for path in (project.root / ".orch").rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert kept == []


@pytest.mark.parametrize(
    "step", ["{uses: command, with: {run: ls, output: json, SCHEMA}}", "{uses: agent, with: {AGENT, SCHEMA}}"]
)
def test_what_is_given_fits_the_schema_of_its_step(project: Project, step: str) -> None:
    wanted = "schema: {type: object, required: [n]}"
    project.write("scripted/a.yaml", "agents: {a: [{says: x}]}\n")
    agent = "agent: scripted/a, prompt: hello"
    project.pipeline("a: " + step.replace("SCHEMA", wanted).replace("AGENT", agent))
    project.write("good.json", '{"n": 1}')
    project.write("bad.json", '{"m": 1}')
    assert project.run(run="good", given={"a": "good.json"}).exit_code == 0
    assert project.run(run="bad", given={"a": "bad.json"}).exit_code == 1
    assert '"n"' in project.steps("bad")["a"]["reason"]


def test_what_failed_before_a_crash_stops_the_rest_of_a_foreach(project: Project) -> None:
    project.pipeline("""
        a:
          uses: command
          foreach: {in: [x, y], as: item}
          with: {run: [test, x, =, "{{ item }}"]}
    """)
    project.run()
    with project.journal() as journal:
        own = ("run", "created", "workspace", "repository", "claimed")
        row = {name: value for name, value in journal.run("run").items() if name not in own}
        failed = next(data for key, data in journal.entries("run", "item", step="a", item="y"))
        journal.create_run("again", {**row, "status": "interrupted"})
        journal.post(Key(run="again", kind="item", step="a", item="y"), failed).result()
    assert project.resume("again").exit_code == 1
    assert [event.subject for event in project.events("item_started", run="again")] == []
    assert 'x: item "y" failed' in project.steps("again")["a"]["failures"]


def test_the_time_of_earlier_lives_counts_unless_new_time_is_given(project: Project) -> None:
    project.pipeline("a: {uses: command, with: {shell: 'sleep 0.9'}}", "limits: {time: 700ms}\n")
    assert project.run().exit_code == 4
    started = len(project.events("step_started"))
    again = project.resume()
    assert (again.exit_code, "the time limit of 0.7 s is reached" in again.reason) == (4, True)
    assert len(project.events("step_started")) == started
    assert project.resume(limit=60).exit_code == 0
