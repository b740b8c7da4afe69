"""What the main job calls verified fails when the software that it left is broken.

The run is the real one (`built`): its plan, tasks, results and workspace. Each fault that follows from its tasks is put
into a copy of the workspace, the checks that the run's managers gave to the task run again, and the verdicts are made
again with what they say. Faults in endpoints that do not touch each other share a server.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from checking import runs_in
from conftest import ROOT, Built
from runner.blueprint.rendering.mutants import Mutant, mutants
from runner.blueprint.rendering.pack import load_pack
from runner.checks import http
from runner.checks.base import CheckContext, CheckOutcome
from runner.executors.judging import checks_of
from runner.load import load_pipeline
from runner.managing.verdicts import verdicts
from runner.records import Assignment, Check, Evidence, Manager, Plan, Task, TaskResult, Verdict, from_json
from runner.registry import CHECKS
from runner.resources import Resources

LAYERS = ("database", "api", "realtime", "page")
IGNORED = shutil.ignore_patterns(".git", "__pycache__", "data")
BREAKS: Mapping[str, Mapping[str, str]] = {
    "Build a Twitter-like": {
        "api_create_post: row that is written": "a call that fits: answered 500",
        "api_follow_user: row that is written": "follows: 0 rows written",
        "api_like_post: row that is written": "likes: 0 rows written",
        "api_create_comment: row that is written": "a call that fits: answered 500",
        "realtime_stream_notifications: event on the stream": "must get the event",
    },
    "People sign up": {
        "authentication_register: row that is written user": "POST /api/auth/register with",
        "authentication_login: password at login": "another password: answered 200, the spec says 401",
    },
    "A username is unique": {
        "database_users: unique column username": "the same username must be refused",
        "authentication_register: shortest text of the body username": "username: 2 characters",
        "authentication_register: longest text of the body username": "username: 31 characters",
        "authentication_register: pattern of a text username": "which its pattern refuses",
    },
    "A password has at least 8": {
        "authentication_register: shortest text of the body password": "password: 7 characters: answered 201"
    },
    "Passwords are never stored": {"authentication_register: stored password": "holds the password as text"},
    "A signed-in user can post": {
        "database_posts: check of a column content": "281 characters must be refused",
        "api_create_post: longest text of the body content": "maxLength 281, the spec says 280",
        "api_create_post: token": "without a token",
        "frontend_post_composer: longest text of a form content": "280",
    },
    "An empty post": {
        "api_create_post: shortest text of the body content": "minLength 0, the spec says 1",
        "api_create_post: blanks around a text content": "white space",
    },
    "Anyone can read posts": {
        "api_list_posts: nobody but users": "nobody logged in: answered 401, the spec says 200",
        "api_list_posts: falling order of": "item 1",
    },
    "Only the author": {"api_delete_post: owner": "someone else's: answered 204, the spec says 403"},
    "Each post shows": {
        "api_list_posts: first count of posts": "like_count",
        "api_list_posts: last count of posts": "comment_count",
    },
    "Posts can be searched": {
        "api_list_posts: filter author": "author =",
        "api_list_posts: filter q": "q =",
    },
    "A user can like a post only once": {
        "database_likes: primary key": "a second row with the same user_id, post_id must be refused",
        "api_like_post: what is there already insert": "answered 201, the spec says 409",
        "api_unlike_post: row that is removed": "answered 404, the spec says 204",
    },
    "A user can comment": {
        "database_comments: check of a column content": "281 characters must be refused",
        "api_create_comment: longest text of the body content": "maxLength 281, the spec says 280",
    },
    "Comments are listed oldest": {"api_list_comments: rising order of": "item 1"},
    "When a post is deleted": {
        "database_likes: what happens on delete post_id": "on delete cascade is missing",
        "database_comments: what happens on delete post_id": "on delete cascade is missing",
    },
    "A user can follow other": {
        "api_follow_user: row that is written": "follows: 0 rows written",
        "api_unfollow_user: row that is removed": "answered 404, the spec says 204",
    },
    "Nobody can follow the same": {
        "database_follows: primary key": "a second row with the same follower_id, followed_id must be refused",
        "database_follows: check of a table follows_not_self": "must be refused; it was taken",
        "api_follow_user: what is there already insert": "answered 201, the spec says 409",
        "api_follow_user: what must not be found self": "the spec says 400",
    },
    "The feed shows": {
        "api_feed: whose rows": "the spec's SQL gives",
        "api_feed: own rows": "the spec's SQL gives",
        "api_feed: falling order of": "item 1",
    },
    "A user is notified in real time": {
        "api_follow_user: event of a write follow": "must get the event follow; none came",
        "api_like_post: event of a write like": "must get the event like; none came",
        "api_create_comment: event of a write comment": "must get the event comment; none came",
        "frontend_notification_panel: event that the page shows like": "like",
    },
    "Notifications are listed newest": {"realtime_list_notifications: falling order of": "item 1"},
    "Posting, liking, commenting": {
        f"{name}: token": "without a token"
        for name in ("api_create_post", "api_like_post", "api_create_comment", "api_follow_user")
    },
    "Every list shows 20": {
        f"{name}: {fault} limit": words
        for name in ("api_list_posts", "api_feed", "api_list_comments", "api_list_users", "realtime_list_notifications")
        for fault, words in {"how many at a time": "the spec's SQL gives 20", "largest parameter": "limit: 101"}.items()
    },
    "Everything can be done on a web page": {
        "frontend_post_composer: call of the page POST /api/posts": "POST /api/posts",
        "frontend_auth_panel: call of the page POST /api/auth/login": "POST /api/auth/login",
    },
}  # fmt: skip
"""By the beginning of a quote, all verified ones among them: what breaks just this, and the words that name it."""


@dataclass(frozen=True)
class Run:
    """The real run as its journal holds it, with the managers that it used."""

    plan: Plan
    tasks: Mapping[str, Task]
    results: Sequence[TaskResult]
    verdicts: Mapping[str, Verdict]
    checks: Mapping[str, tuple[Check, ...]]
    workspace: Path

    def judged(self, end: Mapping[str, Sequence[Evidence]]) -> dict[str, str]:
        """The status of each verdict with this evidence of the end."""
        found = verdicts(self.plan, self.tasks.values(), self.results, end)
        return {verdict.id: verdict.status for verdict in found}


@dataclass(frozen=True)
class Damage:
    """What the checks said of a fault, and the verdicts then."""

    found: bool
    output: str
    verdicts: Mapping[str, str]


@pytest.fixture(scope="module")
def run(built: Built) -> Run:
    assignment = from_json(Assignment, built.published("assignment"))
    managers = load_pipeline(ROOT / "pipelines" / "fullstack.yaml", Resources(built.root)).managers
    tasks = {task.id: task for task in assignment.tasks}
    groups = {task: group for group in assignment.groups for task in group.tasks}
    said = [from_json(Verdict, one) for one in built.published("verdicts")]
    return Run(
        plan=from_json(Plan, built.published("plan")),
        tasks=tasks,
        results=[from_json(TaskResult, one) for one in built.published("results")],
        verdicts={one.id: one for one in said},
        checks={name: _checks(task, managers[groups[name].manager], groups[name].name) for name, task in tasks.items()},
        workspace=built.workspace,
    )


def _checks(task: Task, manager: Manager, group: str) -> tuple[Check, ...]:
    """What judged the task when it was merged."""
    return tuple(check for check in checks_of(task, manager, group) if "merge" in check.at)


@pytest.fixture(scope="module")
def faults(run: Run) -> tuple[Mutant, ...]:
    return mutants(load_pack("webapp", ROOT), run.tasks.values())


@pytest.fixture(scope="module")
def damage(run: Run, faults: Sequence[Mutant]) -> dict[str, Damage]:
    """Each fault by name with what came of it; as many copies are judged at a time as there are cores, four at most."""

    async def all_rounds() -> list[dict[str, Damage]]:
        slots = asyncio.Semaphore(min(os.cpu_count() or 1, 4))
        return await asyncio.gather(*(_broken(run, together, slots) for together in rounds(run, faults)))

    return {name: one for found in asyncio.run(all_rounds()) for name, one in found.items()}


def rounds(run: Run, faults: Sequence[Mutant]) -> Iterator[tuple[Mutant, ...]]:
    """Faults to seed together: at most one for each endpoint; whatever others depend on stands alone."""
    shared: dict[str, list[Mutant]] = {}
    for one in faults:
        task = run.tasks[one.task]
        if task.kind == "endpoint" and not {"issues", "stream"} & task.spec.keys():
            shared.setdefault(one.task, []).append(one)
        else:
            yield (one,)
    for place in range(max(map(len, shared.values()))):
        yield tuple(found[place] for found in shared.values() if place < len(found))


async def _broken(run: Run, together: Sequence[Mutant], slots: asyncio.Semaphore) -> dict[str, Damage]:
    async with slots:
        with tempfile.TemporaryDirectory(prefix="orch-") as name:
            folder = Path(name) / "worktree"
            shutil.copytree(run.workspace, folder, ignore=IGNORED)
            applied = {one.name: one.apply(folder) for one in together}
            said = await evidence(run, folder, [one.task for one in together])
    return {
        one.name: Damage(
            found=applied[one.name],
            output="\n".join(item.output_tail for item in said[one.task]),
            verdicts=run.judged({one.task: said[one.task]}),
        )
        for one in together
    }


async def evidence(run: Run, folder: Path, names: Iterable[str]) -> dict[str, list[Evidence]]:
    """What the checks of these tasks say of the files of `folder`, as at a merge; endpoints share a server."""
    found: dict[str, list[Evidence]] = {name: [] for name in names}
    pairs = [(name, check) for name in found for check in run.checks[name]]
    for number, (name, check) in enumerate(pairs):
        if check.uses != "http":
            context = _context(run, folder, name, check, str(number))
            _add(found[name], check, await CHECKS.module(check.uses or "command").run(context))
    served = [pair for pair in pairs if pair[1].uses == "http"]
    contexts = [_context(run, folder, name, check, "http") for name, check in served]
    for (name, check), outcome in zip(served, await http.run_many(contexts), strict=True):
        _add(found[name], check, outcome)
    return found


def _context(run: Run, folder: Path, name: str, check: Check, scratch: str) -> CheckContext:
    here = folder.parent / f"scratch-{scratch}"
    here.mkdir(exist_ok=True)
    return CheckContext(
        check=check, task=run.tasks[name], tasks=run.tasks, worktree=folder, scratch=here, run_command=runs_in(folder)
    )


def _add(found: list[Evidence], check: Check, outcome: CheckOutcome) -> None:
    if outcome.passed is not None:
        fields = {"command": outcome.command, "exit_code": outcome.exit_code, "passed": outcome.passed}
        found.append(Evidence(name=check.name, output_tail=outcome.output, **fields))


async def test_the_same_checks_pass_on_the_software_as_it_is(
    run: Run, faults: Sequence[Mutant], tmp_path: Path
) -> None:
    folder = tmp_path / "worktree"
    shutil.copytree(run.workspace, folder, ignore=IGNORED)
    said = await evidence(run, folder, {one.task for one in faults})
    assert [item.output_tail for items in said.values() for item in items if not item.passed] == []
    assert all(said.values())
    assert run.judged(said) == {name: verdict.status for name, verdict in run.verdicts.items()}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_fault_fails_every_requirement_that_its_task_serves(
    run: Run, faults: Sequence[Mutant], damage: Mapping[str, Damage], layer: str
) -> None:
    here = [one for one in faults if one.layer == layer]
    assert here
    assert [one.name for one in here if not damage[one.name].found] == [], "these faults found no place"
    survived = {
        one.name: [name for name in one.requirements if damage[one.name].verdicts.get(name, "failed") != "failed"]
        for one in here
    }
    assert {name: left for name, left in survived.items() if left} == {}


def verified(run: Run) -> dict[str, str]:
    """The quote of each requirement and constraint that the run calls verified."""
    return standing(run, "verified")


def standing(run: Run, *statuses: str) -> dict[str, str]:
    """The quote of each requirement and constraint of these statuses: by default, of all that did not fail."""
    wanted = statuses or ("verified", "unverified")
    stated = (*run.plan.requirements, *run.plan.constraints)
    return {one.id: one.quote for one in stated if run.verdicts[one.id].status in wanted}


def test_whatever_is_verified_has_faults_that_break_just_that(run: Run) -> None:
    unbroken = [quote for quote in verified(run).values() if not _breaks(quote)]
    assert unbroken == [], "say in BREAKS which faults break these, or why none can"
    stale = [start for start in BREAKS if not any(quote.startswith(start) for quote in standing(run).values())]
    assert stale == []


def _breaks(quote: str) -> Mapping[str, str]:
    return next((found for start, found in BREAKS.items() if quote.startswith(start)), {})


@pytest.mark.parametrize("start", BREAKS)
def test_a_requirement_fails_with_the_words_that_name_its_damage(
    run: Run, damage: Mapping[str, Damage], start: str
) -> None:
    (name,) = [one for one, quote in standing(run).items() if quote.startswith(start)]
    for fault, words in BREAKS[start].items():
        found = [one for known, one in damage.items() if re.match(rf"{re.escape(fault)}(\b|$)", known)]
        assert found, f"there is no fault {fault}"
        for one in found:
            assert one.verdicts[name] == "failed", f"{fault} leaves {name} {one.verdicts[name]}"
            assert words in one.output, f"{fault}: {one.output}"
