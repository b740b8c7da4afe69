"""Orders carried out for real: scripted agents, git, checks in the sandbox, kills."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from floor import Floor, generated, manager, shell, task
from runner.errors import LimitReached
from runner.executors import local
from runner.executors.base import POINTS
from runner.journal import Journal
from runner.records import (
    AgentPolicy,
    Check,
    Group,
    Kind,
    Limits,
    Match,
    SeatPolicy,
    SessionPolicy,
    TaskCheck,
    TaskResult,
)
from runner.sandbox import Sandbox
from workshop import git

GOOD = shell("no bad words", "! grep -rn BAD --include=*.txt .")
ONE_SEAT = AgentPolicy(seats=SeatPolicy(max=1))


def writes(*texts: str, name: str) -> list[dict[str, dict[str, str]]]:
    """One attempt for each text."""
    return [{"writes": {f"{name}.txt": text}} for text in texts]


def log(floor: Floor) -> list[str]:
    return git(floor.files, "log", "--reverse", "--format=%(trailers:key=Orch-Task,valueonly,separator=)").split()


def text(floor: Floor, name: str) -> str:
    return (floor.files / name).read_text()


# From task to merged commit


def test_tasks_become_one_verified_commit_each(tmp_path: Path) -> None:
    tasks = (task("text_a"), task("text_b", "text_a"))
    floor = Floor(tmp_path, tasks, {"text_a": writes("a", name="text_a"), "text_b": writes("b", name="text_b")})
    floor.manager = manager(checks=(GOOD,))
    results = floor.run()
    assert {result.status for result in results.values()} == {"verified"}
    assert log(floor) == ["text_a", "text_b"]
    assert results["text_b"].commit == git(floor.files, "rev-parse", "main").strip()
    assert [file.path for file in results["text_a"].files] == ["text_a.txt"]
    assert [(one.name, one.exit_code, one.at) for one in results["text_a"].checks] == [("no bad words", 0, "merge")]
    assert git(floor.files, "status", "--porcelain") == ""


def test_what_happens_is_said(tmp_path: Path) -> None:
    floor = Floor(tmp_path, (task("text_a"),), {"*": writes("a", name="text_a")}, manager(checks=(GOOD,)))
    floor.run()
    assert [kind for kind, _, _ in floor.events] == [
        *("order_started", "turn_started", "turn_finished", "check_finished", "merge_started", "check_finished"),
        *("merge_finished", "task_finished", "order_finished"),
    ]
    assert floor.said("turn_finished")[0][1]["files"] == ["text_a.txt"]


def test_without_a_check_nothing_is_verified(tmp_path: Path) -> None:
    nothing_to_judge = Check(name="rubric", uses="rubric", options={"asks": ["is it good?"]})
    floor = Floor(tmp_path, (task("text_a"),), {"*": writes("a", name="text_a")}, manager(checks=(nothing_to_judge,)))
    result = floor.run()["text_a"]
    assert (result.status, result.reason, result.checks) == ("unverified", "no check judged it", ())


def test_checks_come_from_manager_kind_group_and_task(tmp_path: Path) -> None:
    kind = Kind(name="text", schema={}, identity=("file",), good="g", bad="b", checks=(shell("of the kind", "true"),))
    team = manager(
        specs={"text": kind},
        checks=(GOOD, replace(GOOD, name="for others", match=Match(actions=("remove",)))),
        groups=(Group(name="all", checks=(shell("of the group", "true"),)),),
    )
    own = TaskCheck(name="of the task", run="test -s 'text_a.txt'")
    floor = Floor(tmp_path, (task("text_a", checks=(own,)),), {"*": writes("a", name="text_a")}, team)
    names = [check.name for check in floor.run()["text_a"].checks]
    assert names == ["no bad words", "of the kind", "of the group", "of the task"]


def test_two_seats_work_at_once(tmp_path: Path) -> None:
    tasks = (task("text_a"), task("text_b"))
    script = {name: [{"writes": {f"{name}.txt": name}, "delay": 0.3}] for name in ("text_a", "text_b")}
    floor = Floor(tmp_path, tasks, script)
    floor.run()
    turns = [kind for kind, _, _ in floor.events if kind.startswith("turn_")]
    assert turns == ["turn_started", "turn_started", "turn_finished", "turn_finished"]


def test_the_first_prompt_of_an_order_lists_its_tasks_the_later_ones_their_own(tmp_path: Path) -> None:
    tasks = tuple(task(name, complexity="low") for name in ("text_a", "text_b", "text_c"))
    script = {name: writes(name, name=name) for name in ("text_a", "text_b", "text_c")}
    floor = Floor(tmp_path, tasks, script, manager(agents=ONE_SEAT))
    floor.run()
    said = [floor.prompts[(name, 0, 1)].strip() for name in ("text_a", "text_b", "text_c")]
    assert said == ["['text_a', 'text_b', 'text_c']", "['text_b']", "['text_c']"]


def test_a_session_is_renewed_between_orders_when_it_is_used_up(tmp_path: Path) -> None:
    policy = AgentPolicy(seats=SeatPolicy(max=1), order_points=1, session=SessionPolicy(tasks=2))
    names = ("text_a", "text_b", "text_c", "text_d", "text_e")
    script = {name: writes(name, name=name) for name in names}
    floor = Floor(tmp_path, tuple(task(name) for name in names), script, manager(agents=policy))
    with Journal.open(tmp_path / "journal.db") as journal:
        job = floor.job(journal)
        agent, seen = job.agents["team"], []

        class Listening:
            async def turn(self, turn):  # type: ignore[no-untyped-def]
                seen.append(turn.session)
                return await agent.turn(turn)

        asyncio.run(local.run_orders(replace(job, agents={"team": Listening()})))
    assert [bool(session) for session in seen] == [False, True, False, True, False]


# Failing


def test_a_failed_check_is_told_to_the_next_attempt(tmp_path: Path) -> None:
    script = {"text_a": writes("BAD", "good", name="text_a")}
    floor = Floor(tmp_path, (task("text_a"),), script, manager(checks=(GOOD,)))
    result = floor.run()["text_a"]
    assert (result.status, result.attempts) == ("verified", 2)
    told = floor.prompts[("text_a", 0, 2)]
    assert 'The check "no bad words" failed (exit code 1)' in told
    assert "./text_a.txt:1:BAD" in told
    assert git(floor.files, "show", "orch/r1/kept/text_a-0-1:text_a.txt") == "BAD"


def test_after_the_last_attempt_the_task_failed_and_its_dependents_are_skipped(tmp_path: Path) -> None:
    tasks = (task("text_a"), task("text_b", "text_a"), task("text_c", "text_b"), task("text_d"))
    script = {"text_a": writes("BAD", name="text_a"), "text_d": writes("d", name="text_d")}
    floor = Floor(tmp_path, tasks, script, manager(checks=(GOOD,)), Limits(attempts=2))
    results = floor.run()
    assert {name: result.status for name, result in results.items()} == {
        "text_a": "failed",
        "text_b": "skipped",
        "text_c": "skipped",
        "text_d": "verified",
    }
    assert results["text_a"].attempts == 2
    assert results["text_a"].reason == 'check "no bad words" failed (exit code 1)'
    assert "./text_a.txt:1:BAD" in results["text_a"].checks[0].output_tail
    assert results["text_b"].reason.startswith("needs text_a, which failed")
    assert "text_b" in results["text_c"].reason
    assert log(floor) == ["text_d"]


def test_an_agent_that_repeats_itself_gets_no_more_attempts(tmp_path: Path) -> None:
    script = {"text_a": writes("BAD", "BAD again", "BAD again", "good", name="text_a")}
    floor = Floor(tmp_path, (task("text_a"),), script, manager(checks=(GOOD,)), Limits(attempts=5))
    result = floor.run()["text_a"]
    assert (result.status, result.attempts) == ("failed", 3)
    said = "it did exactly what the attempt before did, so that 2 more were not spent"
    assert result.reason == f'check "no bad words" failed (exit code 1); {said}'


def test_the_same_files_on_another_head_are_no_repetition(tmp_path: Path) -> None:
    """text_b is merged between the first and the second attempt."""
    script = {"text_a": writes("BAD", "BAD", "good", name="text_a"), "text_b": writes("b", name="text_b")}
    tasks = (task("text_a"), task("text_b"))
    floor = Floor(tmp_path, tasks, script, manager(agents=ONE_SEAT, checks=(GOOD,)), Limits(attempts=3))
    assert [(one.status, one.attempts) for one in floor.run().values()] == [("verified", 3), ("verified", 1)]
    assert log(floor) == ["text_b", "text_a"]


def test_writing_outside_its_ownership_fails_the_attempt_and_is_undone(tmp_path: Path) -> None:
    first = {"writes": {"text_a.txt": "a", "lib/other.txt": "x", "docs/ours.md": "y"}}
    floor = Floor(tmp_path, (task("text_a"),), {"text_a": [first, *writes("a", name="text_a")]})
    floor.manager = manager(owns=("docs/**",))
    assert floor.run()["text_a"].attempts == 2
    told = floor.prompts[("text_a", 0, 2)]
    assert "- lib/other.txt" in told
    assert "docs/ours.md" not in told
    assert "text_a.txt, docs/**" in told
    assert git(floor.files, "ls-files").split() == ["text_a.txt"]


def test_an_output_that_is_not_there_fails_the_attempt(tmp_path: Path) -> None:
    floor = Floor(
        tmp_path, (task("text_a", outputs=("text_a.txt", "more/*.md")),), {"text_a": [{}, *writes("a", name="text_a")]}
    )
    assert floor.run()["text_a"].attempts == 2
    assert "- text_a.txt" in floor.prompts[("text_a", 0, 2)]
    assert "more" not in floor.prompts[("text_a", 0, 2)]


def test_an_agent_that_fails_is_tried_again(tmp_path: Path) -> None:
    script = {
        "text_a": [{"exit": 3, "says": "no idea"}, {"transient": True, "says": "busy"}, *writes("a", name="text_a")]
    }
    floor = Floor(tmp_path, (task("text_a"),), script)
    assert floor.run()["text_a"].attempts == 3
    assert "no idea" in floor.prompts[("text_a", 0, 2)]
    assert "busy" in floor.prompts[("text_a", 0, 3)]


def test_a_turn_ends_at_the_managers_time_limit(tmp_path: Path) -> None:
    script = {"text_a": [{"runs": [["sleep", "600"]]}, *writes("a", name="text_a")]}
    floor = Floor(tmp_path, (task("text_a"),), script, manager(limits=Limits(time=0.5)))
    assert floor.run()["text_a"].attempts == 2
    assert "ended with" in floor.prompts[("text_a", 0, 2)] or "no end after 0.5 s" in floor.prompts[("text_a", 0, 2)]


def test_a_later_task_of_an_order_goes_on_when_an_earlier_one_failed(tmp_path: Path) -> None:
    tasks = (task("text_a"), task("text_b"), task("text_c", "text_a"))
    script = {"text_a": writes("BAD", "good", name="text_a"), **{n: writes(n, name=n) for n in ("text_b", "text_c")}}
    floor = Floor(tmp_path, tasks, script, manager(agents=ONE_SEAT, checks=(GOOD,)))
    results = floor.run()
    assert {result.status for result in results.values()} == {"verified"}
    assert log(floor) == ["text_b", "text_a", "text_c"]


# Side by side in the same files


def test_two_tasks_with_one_output_never_run_together(tmp_path: Path) -> None:
    tasks = (task("text_a", outputs=("one.txt",)), task("text_b", outputs=("*.txt",)), task("text_c"))
    script = {
        "text_a": [{"writes": {"one.txt": "a\n"}, "delay": 0.2}],
        "text_b": [{"writes": {"two.txt": "b\n"}, "delay": 0.2}],
        "text_c": [{"writes": {"text_c.txt": "c\n"}, "delay": 0.2}],
    }
    floor = Floor(
        tmp_path, tasks, script, manager(agents=AgentPolicy(seats=SeatPolicy(max=2, tasks=2, points=2), order_points=1))
    )
    floor.run()
    open_tasks: set[str] = set()
    for kind, subject, _ in floor.events:
        if kind == "turn_started":
            open_tasks.add(subject)
        if kind == "task_finished":
            open_tasks.remove(subject)
        assert "text_b" not in open_tasks or len(open_tasks) == 1


def test_a_conflict_is_refused_and_names_both_sides_and_one_attempt_starts_on_the_new_head(tmp_path: Path) -> None:
    tasks = (task("text_a"), task("text_b"))
    script = {
        "text_a": [{"writes": {"text_a.txt": "a", "shared.md": "by a\n"}, "delay": 0.1}],
        "text_b": [
            {"writes": {"text_b.txt": "b", "shared.md": "by b\n"}, "delay": 0.6},
            {"expects": ["+by a"], "writes": {"text_b.txt": "b"}, "edits": {"shared.md": {"by a": "by a\nby b"}}},
        ],
    }
    floor = Floor(tmp_path, tasks, script, manager(owns=("shared.md",)), Limits(attempts=1))
    results = floor.run()
    assert [result.status for result in results.values()] == ["unverified", "unverified"]
    assert results["text_b"].attempts == 2
    assert text(floor, "shared.md") == "by a\nby b\n"
    ((subject, refused),) = floor.said("merge_refused")
    assert (subject, refused["reason"], refused["kept"]) == (
        "text_b",
        "conflict in shared.md",
        "orch/r1/kept/text_b-0-1",
    )
    assert git(floor.files, "show", f"{refused['kept']}:shared.md") == "by b\n"
    told = floor.prompts[("text_b", 0, 2)]
    assert "orch/r1/kept/text_b-0-1" in told
    assert f"main ({results['text_a'].commit[:12]})" in told


def test_a_merge_that_drops_lines_of_an_unrelated_task_is_refused(tmp_path: Path) -> None:
    tasks = (task("text_a", outputs=("shared.md",)), task("text_b"))
    script = {
        "text_a": [{"writes": {"shared.md": "one\ntwo\nthree\n"}}],
        "text_b": [{"writes": {"text_b.txt": "b", "shared.md": "three\n"}}, *writes("b", name="text_b")],
    }
    floor = Floor(tmp_path, tasks, script, manager(owns=("shared.md",), agents=ONE_SEAT))
    floor.run()
    assert floor.said("merge_refused")[0][1]["lines"] == [
        "shared.md:1 (of text_a): one",
        "shared.md:2 (of text_a): two",
    ]
    assert "- shared.md:2 (of text_a): two" in floor.prompts[("text_b", 0, 2)]
    assert text(floor, "shared.md") == "one\ntwo\nthree\n"


def test_a_check_that_fails_only_on_the_merged_result_refuses_the_merge(tmp_path: Path) -> None:
    tasks = (task("text_a"), task("text_b"))
    script = {
        "text_a": [{"writes": {"text_a.txt": "a"}, "delay": 0.1}],
        "text_b": [{"writes": {"text_b.txt": "b"}, "delay": 0.6}, {"writes": {"text_b.txt": "both"}}],
    }
    apart = shell("not both plain", 'test "$(cat text_?.txt)" != ab')
    floor = Floor(tmp_path, tasks, script, manager(checks=(apart,)))
    results = floor.run()
    assert results["text_b"].attempts == 2
    assert floor.said("merge_refused")[0][1]["reason"] == 'check "not both plain" of text_b fails on the merged result'
    assert text(floor, "text_b.txt") == "both"


def test_checks_of_a_task_whose_lines_are_removed_run_again(tmp_path: Path) -> None:
    keeps = TaskCheck(name="says hello", run="grep hello text_a.txt")
    tasks = (task("text_a", checks=(keeps,)), task("text_b", "text_a", outputs=("text_a.txt", "text_b.txt")))
    script = {
        "text_a": writes("hello\n", name="text_a"),
        "text_b": [
            {"writes": {"text_a.txt": "bye\n", "text_b.txt": "b"}},
            {
                "expects": ['check "says hello" of text_a fails'],
                "writes": {"text_a.txt": "hello, bye\n", "text_b.txt": "b"},
            },
        ],
    }
    floor = Floor(tmp_path, tasks, script)
    assert floor.run()["text_b"].status == "unverified"
    assert text(floor, "text_a.txt") == "hello, bye\n"


def test_a_reopened_task_may_change_what_needs_it_and_their_checks_run_again(tmp_path: Path) -> None:
    keeps = TaskCheck(name="says b", run="grep b text_b.txt")
    tasks = (task("text_a"), task("text_b", "text_a", checks=(keeps,)), task("text_c"))
    script = {
        "text_a": [
            {"writes": {"text_a.txt": "a"}},
            {"writes": {"text_a.txt": "aa", "text_b.txt": "nothing\n"}},
            {"writes": {"text_a.txt": "aa", "text_b.txt": "better\n"}},
        ],
        "text_b": writes("b\n", name="text_b"),
        "text_c": writes("c\n", name="text_c"),
    }
    floor = Floor(tmp_path, tasks, script, manager(owns=("*.txt",)))
    first = floor.run()
    done = {name: result for name, result in first.items() if name != "text_a"}
    script["text_a"] = script["text_a"][1:]
    with Journal.open(tmp_path / "journal.db") as journal:
        job = floor.job(journal, round=1, step="validate", done=done, feedback={"text_a": "do it better"})
        agent = job.agents["team"]

        class ByAttempt:
            async def turn(self, turn):  # type: ignore[no-untyped-def]
                return await agent.turn(replace(turn, round=0))

        results = {one.task: one for one in asyncio.run(local.run_orders(replace(job, agents={"team": ByAttempt()})))}
    assert "do it better" in floor.prompts[("text_a", 1, 1)]
    assert 'check "says b" of text_b fails' in floor.prompts[("text_a", 1, 2)]
    assert (results["text_a"].round, results["text_a"].attempts) == (1, 2)
    assert results["text_b"] == first["text_b"]
    assert text(floor, "text_b.txt") == "better\n"


def test_generated_files_are_made_again_by_their_command(tmp_path: Path) -> None:
    list_all = "import glob; open('list.txt', 'w').write(' '.join(sorted(glob.glob('text_*.txt'))))"
    tasks = (task("text_a"), task("text_b"))
    script = {
        name: [{"writes": {f"{name}.txt": name}, "runs": [["python", "-c", list_all]], "delay": delay}]
        for name, delay in (("text_a", 0.1), ("text_b", 0.5))
    }
    made = generated("python", "-c", list_all, files=("list.txt",))
    floor = Floor(tmp_path, tasks, script, manager(generated=(made,), checks=(shell("list", "grep text_ list.txt"),)))
    results = floor.run()
    assert [result.attempts for result in results.values()] == [1, 1]
    assert text(floor, "list.txt") == "text_a.txt text_b.txt"
    assert log(floor) == ["text_a", "text_b"]


# Evidence


def test_a_check_runs_once_on_the_same_files(tmp_path: Path) -> None:
    counting = shell("counts", f"echo run >> {tmp_path}/runs")
    floor = Floor(tmp_path, (task("text_a"),), {"*": writes("a", name="text_a")}, manager(checks=(counting,)))
    floor.sandbox = Sandbox.choose("none")
    floor.run()
    assert (tmp_path / "runs").read_text() == "run\n"
    assert [data["at"] for _, data in floor.said("check_finished")] == ["attempt", "merge"]


def test_a_check_judges_the_commit_and_not_what_lies_around(tmp_path: Path) -> None:
    """An ignored file, and what an earlier check left or changed, are not there for the next one."""
    first = shell("first", "test ! -e __pycache__/x && echo mess > mess.txt && echo mess > text_a.txt")
    second = shell("second", "test ! -e mess.txt && grep clean text_a.txt")
    script = {"*": [{"writes": {"text_a.txt": "clean", "__pycache__/x": "x"}}]}
    floor = Floor(tmp_path, (task("text_a"),), script, manager(checks=(first, second)))
    assert floor.run()["text_a"].status == "verified"


def test_a_check_that_does_not_end_has_failed(tmp_path: Path) -> None:
    slow = shell("slow", "sleep 600", timeout=0.5)
    floor = Floor(
        tmp_path, (task("text_a"),), {"*": writes("a", name="text_a")}, manager(checks=(slow,)), Limits(attempts=1)
    )
    result = floor.run()["text_a"]
    assert (result.status, result.checks[0].exit_code) == ("failed", 124)


def test_checks_at_the_end_run_on_the_head_or_on_any_folder(tmp_path: Path) -> None:
    last = shell("all there", "cat text_a.txt text_b.txt", at=("end",))
    tasks = (task("text_a"), task("text_b"))
    floor = Floor(tmp_path, tasks, {n: writes(n, name=n) for n in ("text_a", "text_b")}, manager(checks=(last,)))
    results = floor.run()
    assert {result.status for result in results.values()} == {"unverified"}
    with Journal.open(tmp_path / "journal.db") as journal:
        job = floor.job(journal)
        found = asyncio.run(local.run_checks(job, ["text_a", "text_b"], "end"))
        assert [(one.passed, one.at) for one in found["text_a"]] == [(True, "end")]
        assert found["text_a"][0].commit == job.workspace.head()
        mutant = tmp_path / "mutant"
        mutant.mkdir()
        broken = asyncio.run(local.run_checks(job, ["text_b"], "end", folder=mutant))
    assert [one.passed for one in broken["text_b"]] == [False]


# Ending and going on


def long_nap() -> str:
    """Seconds that nobody else on this machine sleeps."""
    return f"987.{uuid.uuid4().int % 10**12:012}"


def runs(*words: str) -> bool:
    """Whether a process with exactly these words is there."""
    line = "\0".join([*words, ""]).encode()
    return any(said(path) == line for path in Path("/proc").glob("[0-9]*/cmdline"))


def said(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_the_time_limit_ends_the_work_and_what_is_done_stays(tmp_path: Path) -> None:
    tasks, nap = (task("text_a"), task("text_b", "text_a")), long_nap()
    script = {
        "text_a": writes("a", name="text_a"),
        "text_b": [{"runs": [["sleep", nap]], "writes": {"text_b.txt": "b"}}],
    }
    floor = Floor(tmp_path, tasks, script)
    with pytest.raises(LimitReached, match="with 1 tasks to go"):
        floor.run(deadline=time.monotonic() + 1.5)
    assert not runs("sleep", nap)
    floor.script = {"text_b": writes("b", name="text_b")}
    results = floor.run()
    assert [result.status for result in results.values()] == ["unverified", "unverified"]
    assert log(floor) == ["text_a", "text_b"]


def test_cancelling_ends_what_runs(tmp_path: Path) -> None:
    nap = long_nap()
    script = {"*": [{"appends": {"started": "{task}"}, "runs": [["sleep", nap]]}]}
    floor = Floor(tmp_path, (task("text_a"),), script)

    async def cancelled() -> None:
        running = asyncio.create_task(floor.carry_out())
        while not floor.said("turn_started"):  # noqa: ASYNC110 -- nothing else to wait for
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    assert not runs("sleep", nap)


def test_results_that_stand_are_not_worked_on_again(tmp_path: Path) -> None:
    tasks = (task("text_a"), task("text_b", "text_a"))
    floor = Floor(tmp_path, tasks, {n: writes(n, name=n) for n in ("text_a", "text_b")})
    first = floor.run()
    floor.events.clear()
    assert floor.run() == first
    assert floor.events == []


KILLED = (
    task("text_a"),
    task("text_b", "text_a", outputs=("text_a.txt", "text_b.txt")),
    task("text_c"),
    task("text_d", "text_c"),
)


def killed_floor(root: Path) -> Floor:
    """Each task notes its start outside; text_b edits what text_a wrote and fails once; text_c works meanwhile."""
    notes = {"appends": {"starts.log": "{task} {attempt}"}}
    script = {
        "text_a": [{**notes, "writes": {"text_a.txt": "a\nb\nc\n"}}],
        "text_b": [
            {**notes, "writes": {"text_b.txt": "BAD"}},
            {**notes, "edits": {"text_a.txt": {"b\n": "B\n"}}, "writes": {"text_b.txt": "b"}},
        ],
        "text_c": [{**notes, "writes": {"text_c.txt": "c"}, "delay": 0.15}],
        "text_d": [{**notes, "writes": {"text_d.txt": "d"}}],
    }
    floor = Floor(root, KILLED, script, manager(checks=(GOOD,)))
    floor.save()
    return floor


def live(root: Path, point: str = "", name: str = "") -> subprocess.CompletedProcess[str]:
    program = Path(__file__).with_name("floor.py")
    path = os.pathsep.join(
        [str(Path(sys.modules["runner"].__file__ or "").resolve().parent.parent), str(program.parent)]
    )
    words = [sys.executable, str(program), str(root), point, name]
    return subprocess.run(words, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)


def finished(root: Path) -> set[tuple[str, int]]:
    with Journal.open(root / "journal.db") as journal:
        return {(key.task, data["attempts"]) for key, data in journal.entries("r1", "result")}


def starts(root: Path) -> list[str]:
    path = root / "starts.log"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("name", ["text_b", "text_c"])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_each_point_loses_nothing(tmp_path: Path, point: str, name: str) -> None:
    floor = killed_floor(tmp_path)
    ended = live(tmp_path, point, name if point != "ordered" or name == "text_c" else "text_a")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    stands, before = finished(tmp_path), starts(tmp_path)
    again = live(tmp_path)
    assert json.loads(again.stdout or "{}") == dict.fromkeys(("text_a", "text_b", "text_c", "text_d"), "verified"), (
        again.stderr
    )
    restarted = starts(tmp_path)[len(before) :]
    assert not {one.split()[0] for one in restarted} & {task for task, _ in stands}
    if POINTS.index(point) >= POINTS.index("journalled"):
        assert not set(before) & set(restarted) - in_flight(before, name)
    assert sorted(log(floor)) == ["text_a", "text_b", "text_c", "text_d"]
    assert git(floor.files, "status", "--porcelain") == ""
    assert (text(floor, "text_a.txt"), text(floor, "text_b.txt")) == ("a\nB\nc\n", "b")
    assert list((floor.files / ".git").rglob("*.lock")) == []
    assert list((tmp_path / "home").rglob("*.lock")) == []
    assert {result.attempts for result in results_of(tmp_path) if result.task == "text_b"} == {2}


def in_flight(before: list[str], name: str) -> set[str]:
    """Starts of other tasks that were still at work when everything ended."""
    return {one for one in before if not one.startswith(name)}


def results_of(root: Path) -> list[TaskResult]:
    with Journal.open(root / "journal.db") as journal:
        return [
            TaskResult(task=key.task, status=data["status"], attempts=data["attempts"])
            for key, data in journal.entries("r1", "result")
        ]
