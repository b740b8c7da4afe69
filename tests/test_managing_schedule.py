"""The dispatcher: which orders may start, what they hold, and what becomes of the rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from managing import Worked, backend, database, endpoint, index, managers, table, work
from runner.managing.assign import assign
from runner.managing.globs import overlap
from runner.managing.ranks import seated, upward
from runner.managing.schedule import Dispatcher, Wait
from runner.records import AssignedGroup, Assignment, Edge, Seat, Task, TaskResult

SEED = (table("users"), table("posts", "users"), table("followers", "users"), index("idx", "posts"))


def dispatcher(tasks: Sequence[Task], slots: int = 8, **options: Any) -> Dispatcher:
    them = options.pop("them", None) or managers()
    assignment, wrong = assign(tasks, them)
    assert [one for one in wrong if one.severity == "error"] == []
    return Dispatcher(assignment, them, slots, **options)


def alone(tasks: Sequence[Task], edges: Sequence[tuple[str, str]] = ()) -> Assignment:
    """Each task on a seat of its own, all in the group of tables."""
    groups = tuple(
        AssignedGroup(
            manager="database",
            name="table_creation",
            tasks=(task.id,),
            seats=(Seat(id=f"database.{task.id}.1", tasks=(task.id,)),),
        )
        for task in tasks
    )
    made = tuple(Edge(before=one, after=other, why="needs") for one, other in edges)
    return Assignment(tasks=tuple(tasks), groups=groups, edges=made)


def taken(one: Dispatcher) -> list[tuple[str, ...]]:
    return [order.tasks for order in one.take()]


def test_the_first_order_holds_what_becomes_ready_inside_it() -> None:
    one = dispatcher(SEED)
    (order,) = one.take()
    assert (order.id, order.seat, order.manager, order.group) == (
        "database_users-1",
        "database.table_creation.1",
        "database",
        "table_creation",
    )
    assert (order.tasks, order.attempts, order.feedback) == (("database_users", "database_posts"), (1, 1), ("", ""))
    assert one.take() == ()


def test_a_merged_task_unlocks_other_seats_while_its_order_goes_on() -> None:
    one = dispatcher(SEED)
    (order,) = one.take()
    assert one.may_start(order.id, "database_users")
    assert not one.may_start(order.id, "database_posts")
    assert one.finished_task(order.id, "database_users", "verified") == ()
    assert one.may_start(order.id, "database_posts")
    assert taken(one) == [("database_followers",)]


def test_an_order_holds_tasks_of_one_group_only() -> None:
    # Both are ready and stand on one seat, which the second group shares.
    one = dispatcher((table("a", complexity="low"), table("z", action="change", complexity="low")))
    (order,) = one.take()
    assert order.tasks == ("database_a",)
    one.finished_task(order.id, "database_a", "verified")
    one.release(order.id)
    (after,) = one.take()
    assert (after.seat, after.group, after.tasks) == (order.seat, "migrations_and_queries", ("database_z",))


def test_an_order_holds_nothing_that_waits_for_another_seat() -> None:
    # d waits for c on its own seat and for b and b2 on the other one.
    tasks = (table("b", complexity="low"), table("b2", complexity="low"), table("c"), table("d", "b", "c", "b2"))
    assignment, _ = assign(tasks, managers())
    assert [len(seat.tasks) for seat in assignment.groups[0].seats] == [2, 2]
    one = Dispatcher(assignment, managers(database(order_points=9)), 8)
    assert all("database_d" not in order.tasks for order in one.take())


@pytest.mark.parametrize(("points", "sizes"), [(1, [1, 1, 1, 1]), (2, [2, 2]), (3, [3, 1]), (4, [4])])
def test_order_points_bound_an_order(points: int, sizes: list[int]) -> None:
    tasks = [endpoint("GET", f"/{name}", name) for name in "abcd"]
    one = dispatcher(tasks, them=managers(backend(order_points=points)))
    assert [len(order) for order in _each(one)] == sizes


def test_a_task_larger_than_order_points_is_an_order_of_its_own() -> None:
    tasks = [endpoint("GET", f"/{name}", name, "high") for name in "ab"]
    one = dispatcher(tasks, them=managers(backend(order_points=2)))
    assert [len(order) for order in _each(one)] == [1, 1]


def _each(one: Dispatcher) -> list[tuple[str, ...]]:
    found = []
    while not one.finished:
        for order in one.take():
            found.append(order.tasks)
            for task in order.tasks:
                one.finished_task(order.id, task, "verified")
            one.release(order.id)
    return found


def test_the_longest_chain_goes_first() -> None:
    tasks = [table(name) for name in "abcd"]
    one = Dispatcher(alone(tasks, [("database_d", "database_c")]), managers(), slots=1)
    assert taken(one) == [("database_d",)]


def test_a_queue_on_one_seat_weighs_as_much_as_a_chain() -> None:
    weights = {"long": 1.0, "l1": 1.0, "l2": 1.0, "wide": 1.0, "w1": 1.0, "w2": 1.0, "w3": 1.0}
    after = {"long": ["l1"], "l1": ["l2"], "wide": ["w1", "w2", "w3"]}
    seats = dict.fromkeys(("w1", "w2", "w3"), "s") | {name: name for name in ("long", "l1", "l2", "wide")}
    assert upward(weights, after)["wide"] == 2.0
    assert seated(weights, after, seats)["wide"] == 4.0
    assert seated(weights, after, seats)["long"] == 3.0


def test_slots_bound_the_orders_at_once_and_a_retried_seat_keeps_its_slot() -> None:
    tasks = [table(name) for name in "abc"]
    one = Dispatcher(alone(tasks), managers(database(parallel=9)), slots=2)
    first, second = one.take()
    assert one.waiting_for == {"database_c": Wait("slots", "2")}
    one.retry_task(first.id, first.tasks[0], 1, "no")
    assert one.take() == ()
    one.release(second.id)
    assert len(one.take()) == 1


def test_parallel_bounds_one_manager_and_not_the_others() -> None:
    tasks = [table(name) for name in "abc"] + [endpoint("GET", "/x", "x")]
    assignment = alone(tasks[:3])
    with_x = assign(tasks[3:], managers())[0].groups
    both = Assignment(tasks=tuple(tasks), groups=(*assignment.groups, *with_x), edges=())
    one = Dispatcher(both, managers(database(parallel=2), backend()), slots=8)
    orders = one.take()
    assert sorted(order.manager for order in orders) == ["backend", "database", "database"]
    assert one.waiting_for == {"database_c": Wait("parallel", "database (2)")}
    mine = next(order for order in orders if order.manager == "database")
    one.finished_task(mine.id, mine.tasks[0], "verified")
    one.release(mine.id)
    assert taken(one) == [("database_c",)]


def grouped(tasks: Sequence[Task], **groups: str) -> Dispatcher:
    """A seat each; `database` has two slots, of which `table_creation` may use one. `groups` maps names to groups."""
    plain = database(parallel=2)
    first = replace(plain.groups[0], agents=replace(plain.agents, parallel=1))
    assigned = tuple(
        AssignedGroup(
            manager="database",
            name=groups[str(task.spec["table"])],
            tasks=(task.id,),
            seats=(Seat(id=task.id, tasks=(task.id,)),),
        )
        for task in tasks
    )
    assignment = Assignment(tasks=tuple(tasks), groups=assigned, edges=())
    return Dispatcher(assignment, managers(replace(plain, groups=(first, *plain.groups[1:]))), slots=8)


def end(one: Dispatcher, task: str) -> None:
    order = next(order for order in one.running if task in order.tasks)
    one.finished_task(order.id, task, "verified")
    one.release(order.id)


def test_parallel_of_a_group_bounds_that_group_below_its_manager() -> None:
    one = grouped([table(name) for name in "abiz"], a="table_creation", b="table_creation", i="rest", z="rest")
    assert taken(one) == [("database_a",), ("database_i",)]
    assert one.waiting_for == {
        "database_b": Wait("parallel", "database.table_creation (1)"),
        "database_z": Wait("parallel", "database (2)"),
    }
    end(one, "database_i")
    assert taken(one) == [("database_z",)]
    end(one, "database_a")
    assert taken(one) == [("database_b",)]


def test_a_seat_that_its_group_holds_back_lets_the_next_of_its_manager_go() -> None:
    first, second = table("i", complexity="high"), table("z", complexity="high")
    tasks = (first, second, table("a"), table("b"), table("y", complexity="low"))
    one = grouped(tasks, a="table_creation", b="table_creation", i="rest", z="rest", y="rest")
    assert taken(one) == [("database_i",), ("database_z",)]
    end(one, "database_i")
    assert taken(one) == [("database_a",)]
    end(one, "database_z")
    assert taken(one) == [("database_y",)]


def test_a_parked_manager_goes_on_when_the_seat_that_came_first_cannot() -> None:
    # b is parked behind the cap and then blocked by a file; c, parked behind it, must not be forgotten.
    tasks = (
        table("a"),
        table("b", outputs=("x",)),
        table("c", complexity="low"),
        endpoint("GET", "/x", "x", "high", ("x",)),
    )
    seats = alone(tasks[:3])
    groups = (*seats.groups, *assign(tasks[3:], managers())[0].groups)
    one = Dispatcher(replace(seats, tasks=tasks, groups=groups), managers(database(parallel=1), backend()), slots=8)
    by_task = {order.tasks[0]: order for order in one.take()}
    assert set(by_task) == {"backend_x", "database_a"}
    one.finished_task(by_task["database_a"].id, "database_a", "verified")
    one.release(by_task["database_a"].id)
    assert taken(one) == [("database_c",)]


def test_one_order_a_seat() -> None:
    tasks = [endpoint("GET", f"/{name}", name, "high") for name in "ab"]
    one = dispatcher(tasks, them=managers(backend(order_points=4)))
    assert len(one.take()) == 1
    assert one.waiting_for == {"backend_b": Wait("seat", "backend.api_endpoints.1")}


@pytest.mark.parametrize(
    ("other", "meets"), [("app.py", True), ("*.py", True), ("**", True), ("app/x.py", False), ("b.py", False)]
)
def test_overlapping_outputs_never_run_together_until_merged(other: str, meets: bool) -> None:
    tasks = (table("a", outputs=("app.py",)), table("b", outputs=(other,)))
    one = Dispatcher(alone(tasks), managers(), slots=8)
    orders = one.take()
    assert len(orders) == (1 if meets else 2)
    if meets:
        assert one.waiting_for == {"database_b": Wait("file", "app.py")}
        one.finished_task(orders[0].id, "database_a", "verified")
        assert taken(one) == [("database_b",)]


def test_a_blocked_order_is_skipped_and_not_waited_for() -> None:
    tasks = (
        table("a", complexity="high", outputs=("app.py",)),
        table("b", complexity="medium", outputs=("app.py",)),
        table("c", complexity="low", outputs=("c.py",)),
    )
    one = Dispatcher(alone(tasks), managers(), slots=8)
    assert taken(one) == [("database_a",), ("database_c",)]


def test_behind_a_blocked_task_the_next_of_its_seat_is_taken() -> None:
    tasks = (
        endpoint("GET", "/a", "a", "high", outputs=("app.py",)),
        endpoint("GET", "/b", "b", "low"),
        table("t", complexity="split", outputs=("app.py",)),
    )
    one = dispatcher(tasks)
    assert sorted(taken(one)) in ([("backend_a",)], [("backend_b",), ("database_t",)])
    one = dispatcher(tasks, weights={"backend_a": 4, "backend_b": 1, "database_t": 9})
    assert sorted(taken(one)) == [("backend_b",), ("database_t",)]


def test_tasks_of_one_order_may_write_one_file() -> None:
    tasks = [endpoint("GET", f"/{name}", name, outputs=("app.py",)) for name in "ab"]
    assert taken(dispatcher(tasks)) == [("backend_a", "backend_b")]


def test_a_failed_task_skips_what_needs_it_with_the_reason() -> None:
    one = dispatcher(SEED)
    (order,) = one.take()
    skipped = one.finished_task(order.id, "database_users", "failed", "the check failed")
    assert dict(skipped) == {
        "database_posts": "needs database_users, which failed: the check failed",
        "database_followers": "needs database_users, which failed: the check failed",
        "database_idx": "needs database_posts, which was skipped (needs database_users, which failed)",
    }
    assert not one.may_start(order.id, "database_posts")
    one.release(order.id)
    assert one.finished
    assert one.idle


def test_a_soft_edge_orders_and_does_not_skip() -> None:
    soft = Edge(before="database_a", after="database_b", why="after", soft=True)
    one = Dispatcher(replace(alone((table("a"), table("b"))), edges=(soft,)), managers(), slots=8)
    (order,) = one.take()
    assert order.tasks == ("database_a",)
    assert one.finished_task(order.id, "database_a", "failed") == ()
    assert taken(one) == [("database_b",)]


def test_a_retried_task_comes_back_in_a_new_order_with_feedback() -> None:
    one = dispatcher((table("a"), table("b", "a")))
    (order,) = one.take()
    one.retry_task(order.id, "database_a", 1, "column x is missing")
    assert one.take() == ()
    one.release(order.id)
    (again,) = one.take()
    assert (again.id, again.tasks, again.attempts, again.feedback) == (
        "database_a-2",
        ("database_a", "database_b"),
        (2, 1),
        ("column x is missing", ""),
    )


def test_a_retried_task_frees_its_files() -> None:
    tasks = (table("a", outputs=("x",)), table("b", outputs=("x",)))
    one = Dispatcher(alone(tasks), managers(), slots=8)
    (order,) = one.take()
    one.retry_task(order.id, order.tasks[0], 1, "")
    assert taken(one) == [("database_b",)]


def test_what_an_order_never_started_goes_back_on_release() -> None:
    one = dispatcher([endpoint("GET", f"/{name}", name) for name in "abc"])
    (order,) = one.take()
    one.finished_task(order.id, "backend_a", "verified")
    one.release(order.id)
    (again,) = one.take()
    assert (again.id, again.tasks, again.attempts) == ("backend_b-1", ("backend_b", "backend_c"), (1, 1))


def test_the_id_of_an_order_is_never_used_twice() -> None:
    one = dispatcher([endpoint("GET", "/a", "a")])
    ids = []
    for _ in range(3):
        (order,) = one.take()
        ids.append(order.id)
        one.release(order.id)
    assert ids == ["backend_a-1", "backend_a-1.2", "backend_a-1.3"]


def test_a_round_stands_in_orders_with_what_is_known_of_attempts() -> None:
    one = dispatcher(SEED[:1], round=2, attempts={"database_users": 1}, feedback={"database_users": "R-1 failed"})
    (order,) = one.take()
    assert (order.id, order.round, order.attempts, order.feedback) == ("database_users-r2-2", 2, (2,), ("R-1 failed",))


def result(task: str, status: Any, reason: str = "") -> dict[str, TaskResult]:
    return {task: TaskResult(task=task, status=status, reason=reason)}


def test_results_that_stand_unlock_and_are_never_worked_on_again() -> None:
    done = result("database_users", "unverified") | result("database_posts", "verified")
    one = dispatcher(SEED, done=done)
    assert one.skipped_at_start == ()
    assert sorted(task for order in _each(one) for task in order) == ["database_followers", "database_idx"]


def test_a_failure_that_stands_skips_at_the_start_but_not_what_is_done() -> None:
    done = result("database_users", "failed", "no") | result("database_posts", "verified")
    one = dispatcher(SEED, done=done)
    assert one.skipped_at_start == (("database_followers", "needs database_users, which failed: no"),)
    assert taken(one) == [("database_idx",)]


def test_an_order_of_an_earlier_life_is_adopted() -> None:
    (order,) = dispatcher(SEED).take()
    one = dispatcher(SEED, done=result("database_users", "verified"))
    one.adopt(order)
    assert taken(one) == [("database_followers",)]
    one.finished_task(order.id, "database_posts", "verified")
    one.release(order.id)
    assert one.running[0].tasks == ("database_followers",)
    assert "database_users" not in one.waiting_for


def test_demands_share_a_capacity() -> None:
    tasks = [table(name) for name in "abc"]
    demands = {"database_a": {"gpu": 2}, "database_b": {"gpu": 1}, "database_c": {"gpu": 1}}
    weights = {"database_a": 1.0, "database_b": 3.0, "database_c": 2.0}
    one = Dispatcher(alone(tasks), managers(), 8, capacities={"gpu": 2}, demands=demands, weights=weights)
    orders = one.take()
    assert [order.tasks for order in orders] == [("database_b",), ("database_c",)]
    assert one.waiting_for == {"database_a": Wait("resource", "gpu")}
    for order in orders:
        one.finished_task(order.id, order.tasks[0], "verified")
        one.release(order.id)
    assert taken(one) == [("database_a",)]


def test_waiting_for_names_the_need() -> None:
    one = dispatcher(SEED)
    one.take()
    assert one.waiting_for["database_followers"] == Wait("needs", "database_users")


@pytest.mark.parametrize("seed", range(25))
def test_no_cap_no_need_and_no_exclusion_is_ever_violated(seed: int) -> None:
    chance = random.Random(seed)
    tasks = _random_tasks(chance)
    them = managers(database(parallel=1, order_points=chance.choice([1, 4, 9])), backend(parallel=3))
    assignment, wrong = assign(tasks, them)
    assert wrong == []
    slots = chance.choice([1, 3, 8])
    durations = {task.id: task.points * chance.uniform(0.2, 3) for task in tasks}
    done = work(Dispatcher(assignment, them, slots), durations)
    assert sorted(one.task for one in done) == sorted(task.id for task in tasks)
    _assert_needs(done, assignment)
    _assert_caps(done, slots)
    _assert_exclusion(done, tasks)


def _random_tasks(chance: random.Random) -> list[Task]:
    files = ["app.py", "db/*.sql", "db/x.sql", "docs/**", "docs/a.md"]
    tasks: list[Task] = []
    for number in range(chance.randint(2, 30)):
        before = [task for task in tasks if task.component == "database"]
        refers = [str(task.spec["table"]) for task in chance.sample(before, min(len(before), chance.randint(0, 2)))]
        outputs = (f"own/{number}", *chance.sample(files, chance.choice([0, 0, 1])))
        complexity = chance.choice(["low", "medium", "high"])
        if chance.random() < 0.5:
            tasks.append(table(f"t{number}", *refers, complexity=complexity, outputs=outputs))
        else:
            tasks.append(endpoint("GET", f"/{number}", f"e{number}", complexity, outputs=outputs, reads=refers))
    return tasks


def _assert_needs(done: Sequence[Worked], assignment: Assignment) -> None:
    when = {one.task: one for one in done}
    for edge in assignment.edges:
        assert when[edge.before].end <= when[edge.after].start + 1e-9


def _assert_caps(done: Sequence[Worked], slots: int) -> None:
    keys: tuple[tuple[Callable[[Worked], str], dict[str, int]], ...] = (
        (lambda one: "all", {"all": slots}),
        (lambda one: one.order.manager, {"database": 1, "backend": 3}),
        (lambda one: one.order.seat, {}),
    )
    for moment in {one.start for one in done}:
        busy = [one for one in done if one.start <= moment < one.end - 1e-9]
        for key, caps in keys:
            for name in {key(one) for one in busy}:
                assert sum(1 for one in busy if key(one) == name) <= caps.get(name, 1)


def _assert_exclusion(done: Sequence[Worked], tasks: Sequence[Task]) -> None:
    outputs = {task.id: task.outputs for task in tasks}
    for one in done:
        for other in done:
            if one.task < other.task and one.start < other.end - 1e-9 and other.start < one.end - 1e-9:
                assert not any(overlap(a, b) for a in outputs[one.task] for b in outputs[other.task])


@pytest.mark.parametrize("seed", range(15))
def test_failures_retries_and_releases_lose_no_task(seed: int) -> None:
    chance = random.Random(seed)
    tasks = _random_tasks(chance)
    one = dispatcher(tasks, slots=4, them=managers(database(), backend()))
    ended: dict[str, str] = {}
    attempts: dict[str, int] = {}
    while not one.finished:
        orders = one.take() or one.running
        assert orders, one.waiting_for
        order = chance.choice(orders)
        for task, attempt in zip(order.tasks, order.attempts, strict=True):
            if not one.may_start(order.id, task):
                continue
            assert attempt == attempts.get(task, 0) + 1
            fate = chance.random()
            if fate < 0.1:
                break  # cancelled: the rest of the order was never started
            if fate < 0.3 and attempt < 3:
                attempts[task] = attempt
                one.retry_task(order.id, task, attempt, "again")
                continue
            status: Any = "failed" if fate < 0.4 else "verified"
            ended[task] = status
            for later, _ in one.finished_task(order.id, task, status):
                assert later not in ended
                ended[later] = "skipped"
        one.release(order.id)
    assert sorted(ended) == sorted(task.id for task in tasks)
    assert one.idle
