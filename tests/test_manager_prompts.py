"""What a manager's prompt and checks may read: the fields of its own kinds, and of everything else that has a shape."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from pathlib import Path

import pytest

from project import Project
from runner.api.lint import lint
from runner.records import Problem, Task, WorkOrder
from runner.render.variables import ORDER

HEAD = """
version: 1
name: timers
description: Timers.
handles: [{kinds: [timer, alarm]}]
specs:
  timer:
    schema:
      additionalProperties: false
      required: [kind, minutes]
      properties: {kind: {const: timer}, minutes: {type: integer}, steps: {type: array, items: {properties: {at: {}}}}}
    identity: [minutes]
    good: "kind: timer, minutes: 5"
    bad: a timer
  alarm:
    schema:
      required: [kind, sound]
      properties: {kind: {const: alarm}, sound: {type: string}}
    identity: [sound]
    good: "kind: alarm, sound: bell"
    bad: an alarm
"""
CHECKS = "checks: [{name: c, run: [test, -f, x]}]\n"


def found(root: Path, tail: str, head: str = HEAD) -> list[Problem]:
    file = Project(root).write("managers/timers.yaml", head.lstrip() + textwrap.dedent(tail))
    return lint(root, [file]).problems


def said(problem: Problem) -> str:
    assert problem.position is not None
    return f"{problem.position.line}:{problem.position.column} {problem.rule} {problem.message}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ task.spec.minutes }} {{ task.spec.kind }} {{ task.spec.sound }} {{ task.title }}",
        "{% for step in task.spec.steps %}{{ step.at }}{% endfor %}",
        "{% for one in tasks %}{{ one.id }} {{ one.spec.minutes }}{% else %}{{ order.seat }}{% endfor %}",
        "{% for one in tasks if one.title %}{{ loop.index }}{% endfor %}{{ manager.kinds.timer.good }}",
        "{% for check in checks %}{{ check.command }}{% endfor %}{{ task.spec.items() }}",
        "{% for one in related %}{{ one.spec.anything }}{% endfor %}",
        "{% for one in tasks %}{% set one = 3 %}{{ one.titel }}{% endfor %}",
        "{% for key, value in task.spec.items() %}{{ key }} {{ value.odd }}{% endfor %}",
        "{% if task.spec.odd is defined %}{{ task.spec.odd }}{% endif %}",
    ],
)
def test_what_a_turn_gives_may_be_read(tmp_path: Path, text: str) -> None:
    assert [said(one) for one in found(tmp_path, f"prompt: |\n  {text}\n{CHECKS}")] == []


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("In {{ task.spec.minuts }}", 19, '"task.spec" has no field "minuts"; did you mean "minutes"?'),
        ("{{ task.titel }}", 11, '"task" has no field "titel"; did you mean "title"?'),
        ("{{ task['titel'] }}", 12, '"task" has no field "titel"; did you mean "title"?'),
        ("{{ task.id }} {{ task.spec.od }}", 30, '"task.spec" has no field "od"'),
        ("{{ order.seet }}", 12, '"order" has no field "seet"; did you mean "seat"?'),
        ("{{ manager.titl }}", 14, '"manager" has no field "titl"; did you mean "title"?'),
        ("{% for one in tasks %}{{ one.titel }}{% endfor %}", 32,
         '"one" has no field "titel"; did you mean "title"?'),
        ("{% for one in tasks %}{{ one.spec.minuts }}{% endfor %}", 37,
         '"one.spec" has no field "minuts"; did you mean "minutes"?'),
        ("{% for s in task.spec.steps %}{{ s.et }}{% endfor %}", 38,
         '"s" has no field "et"'),
        ("{% for task in tasks %}{{ task.titel }}{% endfor %}", 34,
         '"task" has no field "titel"; did you mean "title"?'),
        ("{% for c in checks %}{{ c.comand }}{% endfor %}", 29,
         '"c" has no field "comand"; did you mean "command"?'),
    ],
)  # fmt: skip
def test_a_field_that_is_not_there_is_named_where_it_stands(
    tmp_path: Path, text: str, column: int, message: str
) -> None:
    problems = found(tmp_path, f"prompt: |\n  {text}\n{CHECKS}")
    assert [said(one) for one in problems] == [f"22:{column} TMPL003 {message}"]


def test_a_template_file_is_judged_by_the_kinds_of_its_manager(tmp_path: Path) -> None:
    Project(tmp_path).write("templates/t.md.j2", "{{ task.spec.minutes }}\n{{ task.spec.minuts }}\n")
    problems = found(tmp_path, f"template: t.md.j2\n{CHECKS}")
    assert [said(one) for one in problems] == [
        '2:14 TMPL003 "task.spec" has no field "minuts"; did you mean "minutes"?'
    ]
    assert problems[0].hint == 'fields: "kind", "minutes", "steps", "sound"'


def test_a_schema_that_is_open_lets_a_prompt_read_anything(tmp_path: Path) -> None:
    head = HEAD.replace("      properties: {kind: {const: alarm}, sound: {type: string}}\n", "      type: object\n")
    assert head != HEAD
    assert found(tmp_path, f"prompt: '{{{{ task.spec.odd }}}}'\n{CHECKS}", head) == []


@pytest.mark.parametrize(
    "check",
    [
        'run: [test, "{{ task.spec.minutes }}"], env: {M: "{{ task.id }}", N: "a {{ task.spec.sound }} b"}',
        'run: "test {{ task.spec.odd | default(3) }}"',
        'run: [x], env: {N: "{{ task.spec.steps[0].at }} {{ task.outputs | first }}"}',
    ],
)
def test_a_check_may_read_its_task(tmp_path: Path, check: str) -> None:
    assert [said(one) for one in found(tmp_path, f"checks: [{{name: c, {check}}}]\n")] == []


@pytest.mark.parametrize(
    ("check", "word", "message"),
    [
        ('run: [x], env: {M: "{{ task.spec.minuts }}"}', "minuts",
         'ORC224 "task.spec" has no field "minuts"; did you mean "minutes"?'),
        ('run: [x], env: {M: "{{ tsk.spec }}"}', "tsk",
         'ORC223 "tsk" is not a name that a check knows; did you mean "task"?'),
        ('run: [x, "-m={{ task.titel }}"]', "titel", 'ORC224 "task" has no field "titel"; did you mean "title"?'),
        ('run: "x {{ task.titel }}"', "titel", 'ORC224 "task" has no field "titel"; did you mean "title"?'),
        ('run: [x], env: {M: "{{ task.id + 1 }}"}', " task.id +",
         'ORC222 "task.id + 1": arithmetic is not part of expressions'),
        ('run: [x], env: {M: "{{ task.id"}', "{{", 'ORC221 "{{" is not closed'),
        ('uses: file, with: {files: ["{{ task.id }}"]}', "{{", 'ORC225 "with" of a check takes no {{ }}'),
        ('match: {kinds: [alarm]}, run: [x, "{{ task.spec.minutes }}"]', "minutes",
         'ORC224 "task.spec" has no field "minutes"'),
    ],
)  # fmt: skip
def test_a_check_that_cannot_be_filled_is_an_error(tmp_path: Path, check: str, word: str, message: str) -> None:
    line = f"checks: [{{name: c, {check}}}]\n"
    assert [said(one) for one in found(tmp_path, line)] == [f"21:{line.index(word) + 1} {message}"]


def test_the_checks_of_a_kind_see_its_own_fields_alone(tmp_path: Path) -> None:
    line = '    checks: [{name: k, run: [x, "{{ task.spec.minutes }}"]}]\n'
    problems = found(tmp_path, CHECKS, HEAD + line)
    assert [said(one) for one in problems] == [
        f'21:{line.index("minutes") + 1} ORC224 "task.spec" has no field "minutes"'
    ]


def test_the_checks_of_a_group_are_judged_too(tmp_path: Path) -> None:
    group = "groups: [{name: g, checks: [{name: k, run: [x, '{{ task.spec.od }}']}]}]\n"
    assert [one.rule for one in found(tmp_path, group + CHECKS)] == ["ORC224"]


def test_the_page_on_managers_lists_every_variable_and_its_fields(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "managers.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.M))
    assert sorted(rows) == sorted(ORDER)
    shapes = {"task": Task, "order": WorkOrder}
    for name, record in shapes.items():
        assert {field.name for field in dataclasses.fields(record)} <= set(re.findall(r"`(\w+)`", rows[name])), name
