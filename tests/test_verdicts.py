"""Verdicts: what failed, what was shown, and what only looks as if it had been."""

from __future__ import annotations

from typing import Any

import pytest

from runner.managing.verdicts import verdicts
from runner.records import Constraint, Criterion, Evidence, Plan, Requirement, Task, TaskResult, Verdict


def plan(quote: str = "Users can post", constraints: tuple[Constraint, ...] = ()) -> Plan:
    return Plan(
        title="x",
        requirements=(Requirement(id="R-1", text="posting", quote=quote), Requirement(id="R-2", text="y", quote="y")),
        components=(),
        constraints=constraints,
        criteria=(Criterion(id="S-1", text="it works", requirements=("R-1",)),),
    )


def task(name: str = "api_post", requirements: tuple[str, ...] = ("R-1",), **spec: Any) -> Task:
    return Task(id=name, title="x", component="api", spec={"kind": "endpoint", **spec}, requirements=requirements)


def result(name: str = "api_post", status: Any = "verified", *checks: bool, reason: str = "") -> TaskResult:
    evidence = tuple(_evidence(passed, n) for n, passed in enumerate(checks))
    return TaskResult(task=name, status=status, checks=evidence, reason=reason)


def _evidence(passed: bool, n: int = 0, name: str = "") -> Evidence:
    return Evidence(name=name or f"check {n}", command=f"c{n}", exit_code=int(not passed), passed=passed)


def by_id(found: tuple[Verdict, ...]) -> dict[str, Verdict]:
    return {verdict.id: verdict for verdict in found}


def test_every_requirement_constraint_and_criterion_gets_one_verdict_in_the_plans_order() -> None:
    whole = plan(constraints=(Constraint(id="C-1", text="z", quote="z"),))
    assert [verdict.id for verdict in verdicts(whole, [], [])] == ["R-1", "R-2", "C-1", "S-1"]


def test_verified_needs_tasks_that_are_verified_by_evidence() -> None:
    found = by_id(verdicts(plan(), [task()], [result("api_post", "verified", True, True)]))
    assert (found["R-1"].status, found["R-1"].reason) == ("verified", "1 task verified by 2 checks")
    assert [one.name for one in found["R-1"].evidence] == ["check 0", "check 1"]
    assert (found["R-2"].status, found["R-2"].reason) == ("unverified", "no task serves R-2")
    assert found["R-2"].suggestions == ("add a task that lists R-2 in its requirements",)


@pytest.mark.parametrize(
    ("results", "status", "reason"),
    [
        ([], "unverified", "api_post has no result"),
        ([result("api_post", "verified")], "unverified", "api_post has no evidence"),
        ([result("api_post", "unverified", reason="no check")], "unverified", "api_post is unverified: no check"),
        ([result("api_post", "failed", True, reason="3 attempts")], "failed", "api_post failed: 3 attempts"),
        ([result("api_post", "skipped", reason="needs x")], "failed", "api_post was skipped: needs x"),
        ([result("api_post", "verified", True)], "verified", "1 task verified by 1 check"),
        ([result("api_post", "verified", True, False)], "failed", 'api_post: check "check 1" failed'),
    ],
)
def test_what_one_task_says_decides(results: list[TaskResult], status: str, reason: str) -> None:
    found = by_id(verdicts(plan(), [task()], results))
    assert (found["R-1"].status, found["R-1"].reason) == (status, reason)
    assert found["S-1"].status == status


SKIPPED = [
    result("b", "skipped", reason="needs a, which failed: the check failed"),
    result("c", "skipped", reason="needs b, which was skipped (needs a, which failed)"),
]
LONG = "3 attempts\nand a page of output"


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([result("a", "failed", reason=LONG), *SKIPPED], "a failed: 3 attempts; and 2 tasks that need it were skipped"),
        ([result("a", "failed"), SKIPPED[0]], "a failed; and 1 task that needs it was skipped"),
        ([result("x", "failed"), result("a", "failed"), *SKIPPED], "a failed; and 2 tasks that need it were skipped"),
        (
            [result("a", "failed"), result("d", "failed"), *SKIPPED],
            "a failed; d failed; and 2 tasks that need them were skipped",
        ),
        (
            [result("x", "failed"), result("b", "skipped", reason="needs x, which failed"), SKIPPED[1]],
            "2 tasks were skipped, for want of x",
        ),
        (
            [result(name, "failed", reason="no") for name in "abcdef"],
            "a failed: no; b failed: no; c failed: no; d failed: no; 2 more failed",
        ),
        ([result(name, "unverified") for name in "abcdef"], "a is unverified; b is unverified; c is unverified; "
         "d is unverified; 2 more"),
    ],
)  # fmt: skip
def test_a_reason_names_what_failed_and_counts_what_was_skipped(results: list[TaskResult], reason: str) -> None:
    tasks = [task(name) for name in "abcdef" if any(one.task == name for one in results)]
    assert by_id(verdicts(plan(), tasks, results))["R-1"].reason == reason


def test_what_follows_several_failed_ones_names_them() -> None:
    whole = plan(constraints=(Constraint(id="C-1", text="z", quote="z", requirements=("R-1", "R-2")),))
    one = task(requirements=("R-1", "R-2"))
    assert by_id(verdicts(whole, [one], [result("api_post", "failed", reason="no")]))["C-1"].reason == "R-1, R-2 failed"


def test_one_failed_task_among_verified_ones_fails_the_requirement() -> None:
    tasks = [task("a"), task("b")]
    found = by_id(verdicts(plan(), tasks, [result("a", "verified", True), result("b", "failed", reason="no")]))
    assert (found["R-1"].status, found["R-1"].tasks) == ("failed", ("a", "b"))


def test_a_check_that_failed_at_the_end_outweighs_the_one_that_passed_before() -> None:
    end = {"api_post": (_evidence(False),)}
    found = by_id(verdicts(plan(), [task()], [result("api_post", "verified", True)], end))
    assert found["R-1"].status == "failed"


def test_a_check_that_passed_on_the_last_attempt_outweighs_its_failure_before() -> None:
    checks = (_evidence(False, name="same"), _evidence(True, name="same"))
    done = TaskResult(task="api_post", status="verified", checks=checks)
    assert by_id(verdicts(plan(), [task()], [done]))["R-1"].status == "verified"


@pytest.mark.parametrize(
    ("quote", "spec"),
    [
        ("at most 280 characters", {"body": [{"max": 280}]}),
        ("at most 280 characters", {"columns": [{"type": "VARCHAR(280)"}]}),
        ("a password of eight characters", {"body": [{"min": 8}]}),
        ("up to 1,000 rows", {"max": 1000}),
        ("within 5 minutes", {"seconds": 300}),
        ("files of 2 MB", {"max": 2097152}),
        ("files of 2 MiB", {"max": 2097152}),
        ("in 250 milliseconds", {"seconds": 0.25}),
        ("the 2nd time, as in v2 and 24/7x", {}),
    ],
)
def test_a_number_that_a_spec_holds_is_measured(quote: str, spec: dict[str, Any]) -> None:
    found = by_id(verdicts(plan(quote), [task(**spec)], [result("api_post", "verified", True)]))
    assert found["R-1"].status == "verified"


def test_a_number_that_no_spec_holds_is_named_and_leaves_it_unverified() -> None:
    one = task(body=[{"max": 140}])
    found = by_id(verdicts(plan("at most 280 characters"), [one], [result("api_post", "verified", True)]))
    assert found["R-1"].status == "unverified"
    assert found["R-1"].reason == "R-1 says 280, and no spec of its tasks holds it"
    assert found["R-1"].suggestions == (
        "put the number 280 into the spec of one of api_post, so that a check can measure it",
    )
    assert (found["S-1"].status, found["S-1"].suggestions) == ("unverified", found["R-1"].suggestions)


def test_a_criterion_follows_its_requirements_and_the_tasks_that_list_it() -> None:
    tasks = [task("a"), task("b", ("S-1",))]
    results = [result("a", "verified", True), result("b", "failed", reason="no")]
    found = by_id(verdicts(plan(), tasks, results))
    assert (found["R-1"].status, found["S-1"].status) == ("verified", "failed")
    assert found["S-1"].tasks == ("b", "a")


def test_a_constraint_follows_the_requirements_that_it_bounds() -> None:
    whole = plan(constraints=(Constraint(id="C-1", text="z", quote="z", requirements=("R-1",)),))
    found = by_id(verdicts(whole, [task()], [result("api_post", "failed", reason="no")]))
    assert (found["C-1"].status, found["C-1"].reason) == ("failed", "R-1 failed: api_post failed: no")


@pytest.mark.parametrize(
    ("name", "status"), [("component is as specified", "unverified"), ("page in a browser", "verified")]
)
def test_what_speaks_of_a_browser_wants_a_check_that_used_one(name: str, status: str) -> None:
    done = TaskResult(task="api_post", status="verified", checks=(_evidence(True, name=name),))
    found = by_id(verdicts(plan("Works in a current browser"), [task()], [done]))["R-1"]
    assert found.status == status
    assert ("browser" in found.reason) == (status == "unverified")
