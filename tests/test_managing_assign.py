"""Groups, seats, edges: from tasks to an assignment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from managing import PAGE, backend, database, endpoint, index, managers, table
from runner.managing.assign import assign
from runner.managing.explain import details, explain, line
from runner.managing.references import edges
from runner.records import AgentPolicy, Assignment, Manager, Match, SeatPolicy, Task, from_json, to_json
from runner.schema import problems, shipped


def seats(assignment: Assignment) -> dict[str, tuple[str, ...]]:
    """The tasks of each seat, groups that share it included."""
    found: dict[str, tuple[str, ...]] = {}
    for group in assignment.groups:
        for seat in group.seats:
            found[seat.id] = (*found.get(seat.id, ()), *seat.tasks)
    return found


def pairs(*tasks: Task, them: dict[str, Manager] | None = None) -> set[tuple[str, str, str]]:
    found, _ = edges(tasks, them or managers())
    return {(edge.before, edge.after, edge.why) for edge in found}


def test_the_example_of_the_first_design() -> None:
    tasks = (table("users"), table("posts", "users"), table("followers", "users"), index("idx_posts", "posts"))
    assignment, wrong = assign(tasks, managers())
    assert wrong == []
    assert [(group.name, group.tasks) for group in assignment.groups] == [
        ("table_creation", ("database_users", "database_posts", "database_followers")),
        ("indexes_and_constraints", ("database_idx_posts",)),
    ]
    assert seats(assignment) == {
        "database.table_creation.1": ("database_users", "database_posts"),
        "database.table_creation.2": ("database_followers", "database_idx_posts"),
    }


def test_an_assignment_is_stored_as_json_that_has_a_schema() -> None:
    assignment, _ = assign((table("users"), table("posts", "users"), index("i", "posts")), managers())
    ready = tuple(replace(task, requirements=("R-1",)) for task in assignment.tasks)
    data = to_json(replace(assignment, tasks=ready))
    assert problems(shipped("assignment.schema.json"), data) == []
    assert from_json(Assignment, data).groups == assignment.groups
    assert problems(shipped("assignment.schema.json"), {**data, "groups": [{"manager": "x"}]}) != []


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        # Too few tasks, however many points.
        ([table("a", complexity="high"), table("b", complexity="high")], [2]),
        # Too few points, however many tasks.
        ([table(name, complexity="low") for name in "abcd"], [4]),
        # Both: two seats, packed by points, the largest first.
        ([table("a", complexity="high"), table("b"), table("c")], [1, 2]),
        ([table("a", complexity="low"), table("b", complexity="low"), table("c", complexity="high")], [1, 2]),
        # A chain is one part all the way down.
        ([table("a"), table("b", "a"), table("c", "b"), table("d", "c")], [4]),
        # A second part of one point is not worth a seat.
        ([table("a", complexity="high"), table("b", "a"), table("c", complexity="low")], [3]),
        # Two tasks that write one file are one part.
        ([table("a", outputs=("x",)), table("b", outputs=("x",)), table("c")], [2, 1]),
        # So are a file and a glob over it.
        ([table("a", outputs=("m/a",)), table("b", outputs=("m/*",)), table("c")], [2, 1]),
        # The source that most others need is set aside, to seat 1.
        ([table("a"), table("b", "a"), table("c", "a")], [2, 1]),
        # The sink that needs several parts goes last.
        ([table("a"), table("b"), table("c", "a", "b")], [2, 1]),
        # Source and sink: the two arms of a diamond are parts.
        ([table("a"), table("b", "a"), table("c", "a"), table("d", "b", "c")], [2, 2]),
    ],
)
def test_one_seat_or_two(tasks: list[Task], expected: list[int]) -> None:
    assignment, wrong = assign(tasks, managers())
    assert wrong == []
    assert [len(seat.tasks) for seat in assignment.groups[0].seats] == expected


def test_the_source_goes_first_to_seat_1_and_the_sink_last() -> None:
    tasks = (table("d", "b", "c"), table("b", "a"), table("c", "a"), table("a"))
    assignment, _ = assign(tasks, managers())
    first, second = assignment.groups[0].seats
    assert first.tasks[0] == "database_a"
    assert second.tasks[-1] == "database_d"


def test_the_part_with_most_points_is_packed_first_even_if_its_chain_is_short() -> None:
    leaves = [table(f"leaf{number}", "root", complexity="low") for number in range(6)]
    others = [table("four", complexity="high"), table("two"), table("one", "two", complexity="low")]
    assignment, _ = assign([*others, table("root", complexity="low"), *leaves], managers())
    assert [len(seat.tasks) for seat in assignment.groups[0].seats] == [7, 3]


def test_max_1_means_one_seat() -> None:
    tasks = [table(name, complexity="high") for name in "abcd"]
    assignment, _ = assign(tasks, managers(database(seats=SeatPolicy(max=1))))
    assert [len(seat.tasks) for seat in assignment.groups[0].seats] == [4]


def test_a_path_through_another_group_joins_parts() -> None:
    # users -> GET /a -> page of no group of ours: the two endpoints of b are joined through a table between them.
    joined = (
        endpoint("GET", "/a", "a", "medium"),
        endpoint("GET", "/b", "b", "medium", reads=["t"]),
        endpoint("GET", "/c", "c", "medium"),
    )
    between = table("t", inputs=("app/a.py",))
    assignment, _ = assign((*joined, between), managers())
    group = next(group for group in assignment.groups if group.manager == "backend")
    assert [set(seat.tasks) for seat in group.seats] == [{"backend_a", "backend_b"}, {"backend_c"}]


def test_a_small_group_shares_the_last_seat_of_the_group_before_it() -> None:
    tasks = [table("a"), table("b"), table("c"), index("i", "a")]
    assignment, _ = assign(tasks, managers())
    assert assignment.groups[1].seats[0].id == "database.table_creation.2"


def test_a_small_first_group_has_a_seat_of_its_own() -> None:
    assignment, _ = assign([table("a", complexity="low")], managers())
    assert assignment.groups[0].seats[0].id == "database.table_creation.1"


def test_groups_of_different_agents_never_share_a_seat() -> None:
    plain = database()
    other = replace(plain.groups[1], agents=AgentPolicy(use=("reviewer",)))
    mixed = replace(plain, groups=(plain.groups[0], other, plain.groups[2]))
    assignment, _ = assign([table("a"), table("b"), table("c"), index("i", "a")], managers(mixed))
    assert assignment.groups[1].seats[0].id == "database.indexes_and_constraints.1"


def test_references_make_edges_and_name_the_field() -> None:
    assert pairs(
        table("users"),
        table("posts", "users"),
        endpoint("POST", "/login", "login", reads=["users"]),
        endpoint("POST", "/posts", "post", writes=[{"table": "posts"}], needs_token_from="POST /login"),
    ) == {
        ("database_users", "database_posts", "foreign_keys.0.table"),
        ("database_users", "backend_login", "reads.0"),
        ("database_posts", "backend_post", "writes.0.table"),
        ("backend_login", "backend_post", "needs_token_from"),
    }


@pytest.mark.parametrize(
    "called", ["GET /posts/:id/likes", "GET /posts/{post_id}/likes/", "GET  /posts/{}/likes?page=2"]
)
def test_parameters_of_a_path_compare_by_position(called: str) -> None:
    page = Task(id="frontend_p", title="P", component="frontend", spec={"kind": "page", "name": "P", "calls": [called]})
    web = Manager(name="web", description="", handles=(Match(kinds=("page",)),), specs={"page": PAGE})
    found, wrong = edges((page, endpoint("GET", "/posts/{id}/likes", "likes")), managers(web, backend()))
    assert wrong == []
    assert [(edge.before, edge.after) for edge in found] == [("backend_likes", "frontend_p")]


def test_a_reference_may_be_to_several_kinds_and_soft() -> None:
    spec = {"kind": "page", "name": "P", "shows": ["users", "GET /x", "nothing"]}
    page = Task(id="frontend_p", title="P", component="frontend", spec=spec)
    web = Manager(name="web", description="", handles=(Match(kinds=("page",)),), specs={"page": PAGE})
    found, wrong = edges((page, table("users"), endpoint("GET", "/x", "x")), managers(web, database(), backend()))
    assert wrong == []
    assert {(edge.before, edge.soft) for edge in found} == {("database_users", True), ("backend_x", True)}


def test_what_nothing_creates_is_a_problem_with_the_nearest_name() -> None:
    _, wrong = edges((table("users"), table("posts", "usrs")), managers())
    assert [(one.rule, one.owner, one.pointer, one.message) for one in wrong] == [
        (
            "ORC453",
            "database_posts",
            "/tasks/1/spec/foreign_keys/0/table",
            'database_posts: nothing creates table "usrs" (foreign_keys.0.table); did you mean "users"?',
        )
    ]


def test_a_table_that_refers_to_itself_waits_for_nobody() -> None:
    assert edges((table("comments", "comments"),), managers()) == ((), [])


def test_a_change_waits_for_the_creation() -> None:
    assert pairs(table("users"), table("users", action="change", id="database_users_bio")) == {
        ("database_users", "database_users_bio", "change after create")
    }


def test_two_creators_of_one_identity_are_a_problem() -> None:
    _, wrong = edges((table("users"), table("users", id="database_again")), managers())
    assert [(one.rule, one.message) for one in wrong] == [
        ("ORC454", 'database_users and database_again both create table "users"')
    ]


def test_inputs_wait_for_whoever_writes_them_also_by_glob() -> None:
    reader = table("c", inputs=("migrations/a.sql", "app/*"))
    assert pairs(table("a"), endpoint("GET", "/b", "b"), reader) == {
        ("database_a", "database_c", "inputs: migrations/a.sql"),
        ("backend_b", "database_c", "inputs: app/*"),
    }


def test_of_two_that_write_and_read_one_file_the_creator_is_first() -> None:
    make = table("a", outputs=("schema.sql",), inputs=("schema.sql",))
    change = table("a", id="database_b", action="change", outputs=("schema.sql",), inputs=("schema.sql",))
    assert {(one, other) for one, other, _ in pairs(make, change)} == {("database_a", "database_b")}


def test_needs_of_unknown_tasks_and_of_other_components() -> None:
    tasks = (table("a", needs=("database_bb",)), table("b"), replace(endpoint("GET", "/x", "x"), needs=("database_b",)))
    found, wrong = edges(tasks, managers())
    assert [(one.severity, one.message) for one in wrong] == [
        ("error", 'database_a needs "database_bb", which is no task; did you mean "database_b"?'),
        ("warning", 'backend_x needs "database_b" of another component'),
    ]
    assert [(edge.before, edge.after, edge.why) for edge in found] == [("database_b", "backend_x", "needs")]


def test_after_makes_soft_edges_from_the_last_of_what_matches() -> None:
    late = replace(backend(), after=(Match(components=("database",)),))
    found, _ = edges((table("a"), table("b", "a"), endpoint("GET", "/x", "x")), managers(database(), late))
    assert [(edge.before, edge.after) for edge in found if edge.soft] == [("database_b", "backend_x")]


def test_a_soft_edge_that_closes_a_cycle_is_dropped_and_the_others_stay() -> None:
    late = replace(backend(), after=(Match(components=("database",)),))
    tasks = (table("a", inputs=("app/x.py",)), endpoint("GET", "/x", "x"), endpoint("GET", "/y", "y"))
    assignment, wrong = assign(tasks, managers(database(), late))
    assert wrong == []
    assert {(edge.before, edge.after, edge.soft) for edge in assignment.edges} == {
        ("backend_x", "database_a", False),
        ("database_a", "backend_y", True),
    }


def test_a_cycle_of_foreign_keys_becomes_create_and_alter() -> None:
    users = table("users", "posts", "teams", outputs=("migrations/0001_users.sql",))
    assignment, wrong = assign((users, table("posts", "users"), table("teams")), managers())
    assert wrong == []
    by_id = {task.id: task for task in assignment.tasks}
    alter = by_id["database_users_to_database_posts"]
    assert by_id["database_users"].spec["foreign_keys"] == [{"table": "teams"}]
    assert (alter.action, alter.spec["foreign_keys"], alter.outputs) == (
        "change",
        [{"table": "posts"}],
        ("migrations/9001_users_alter.sql",),
    )
    assert {edge.before for edge in assignment.edges if edge.after == alter.id} == {"database_users", "database_posts"}


def test_a_cycle_is_printed_as_a_path_with_its_reasons() -> None:
    tasks = (
        endpoint("GET", "/x", "x", reads=["a"]),
        table("a", inputs=("app/x.py",)),
    )
    _, wrong = assign(tasks, managers())
    assert [(one.rule, one.message) for one in wrong] == [
        ("ORC456", "tasks need each other: backend_x -> database_a (reads.0) -> backend_x (inputs: app/x.py)")
    ]


def test_a_declared_need_against_a_reference_is_a_contradiction() -> None:
    _, wrong = assign((table("users", needs=("database_posts",)), table("posts", "users")), managers())
    assert [(one.rule, one.owner) for one in wrong] == [("ORC457", "database_users")]
    assert "foreign_keys.0.table of database_posts says that database_users is first" in wrong[0].message


def test_a_task_nobody_takes_is_named() -> None:
    lost = Task(id="docs_x", title="Write x", component="docs", spec={"kind": "tabel"}, outputs=("x",))
    assignment, wrong = assign((lost, table("a")), managers())
    assert [(one.rule, one.owner) for one in wrong] == [("ORC459", "docs_x")]
    assert 'did you mean kind "table"?' in wrong[0].message
    assert [group.tasks for group in assignment.groups] == [("database_a",)]


def test_explain_says_the_way_of_a_task() -> None:
    found, _, _ = explain((table("users"), table("posts", "users"), index("i", "posts")), managers())
    assert [line(one) for one in found] == [
        "database_users -> database (kind table) -> table_creation (rule 1) -> seat 1",
        "database_posts -> database (kind table) -> table_creation (rule 1) -> seat 1",
        "database_i -> database (kind index) -> indexes_and_constraints (rule 2) -> seat database.table_creation.1",
    ]
    assert details(found[1]) == [
        "on its seat before it: database_users",
        "waits for database_users (foreign_keys.0.table)",
        "waited for by database_i",
    ]
