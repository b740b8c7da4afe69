"""Further ways to break a rule, beside the one that its folder shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.api.lint import lint

HERE = Path(__file__).parent
PIPELINE = (HERE / "ORC001" / "good.yaml").read_text()
MANAGER = (HERE / "ORC426" / "good.yaml").read_text()
CHECK = 'run: "test -f sold"'
AGENTS = "agents: {coder: [blueprint]}\n"


def step(text: str, needs: str = "[ask]") -> str:
    return PIPELINE + f"  more:\n    uses: command\n    needs: {needs}\n    {text}\n"


def check(text: str) -> str:
    return MANAGER.replace(CHECK, text)


VARIANTS = {
    "a check with an option that its type has not": (check("uses: file, with: {hodls: [x]}"), "ORC302"),
    "a check without an option that its type needs": (
        check("uses: rubric, with: {model: x}}\n  - {name: b, " + CHECK), "ORC303",
    ),
    "options where nobody reads them": (MANAGER.replace(CHECK, CHECK + ", with: {x: 1}"), "ORC302"),
    "a check that is nothing": (MANAGER.replace(CHECK, "exit: [0]"), "ORC423"),
    "a shell whose script holds braces": (
        step("""with: {run: [sh, -c, "echo {{ inputs.request }}"]}"""), "ORC317",
    ),
    "an interpreter behind another program": (
        step("""with: {run: "timeout 5 python3 -B -c 'print({{ inputs.many }})'"}"""), "ORC317",
    ),
    "a check that is a shell whose script holds braces": (
        MANAGER.replace(CHECK, 'run: [bash, -lc, "ls {{ task.id }}"]'), "ORC317",
    ),
    "a check that is a script with braces": (MANAGER.replace(CHECK, 'shell: "echo {{ x }}"'), "ORC317"),
    "a command whose program is a value": (step("""with: {run: "{{ inputs.request }} --version"}"""), "ORC317"),
    "a check whose program is a value": (MANAGER.replace(CHECK, 'run: ["./{{ task.id }}"]'), "ORC317"),
    "a required field that the schema forbids": (
        MANAGER.replace("required: [kind, name]", "required: [kind, name, nmae]\n      additionalProperties: false"),
        "ORC305",
    ),
    "a keyword that JSON Schema has not": (MANAGER.replace("properties:", "propertys:", 1), "ORC305"),
    "a schema that wants another kind": (MANAGER.replace("kind: {const: item}", "kind: {const: thing}"), "ORC417"),
    "a check that has no time at all": (check(CHECK + ", timeout: 0s"), "ORC112"),
    "a schema file that is not there": (PIPELINE.replace("answer.schema", "answr.schema"), "ORC311"),
    "a manager that extends itself": ("version: 1\nname: heir\nextends: heir\n", "ORC421"),
    "a manager that extends nobody": ("version: 1\nname: shop\nextends: nobody\n", "ORC421"),
    "an override of the wrong type": (PIPELINE + AGENTS + "managers: [{use: store, with: {owns: 3}}]\n", "ORC103"),
    "managers without any agent": (PIPELINE + "managers: [store]\n", "ORC308"),
    "an agent step with a model": (
        PIPELINE + "  do: {uses: agent, with: {agent: none, prompt: Do it.}}\n", "ORC310",
    ),
    "a prompt step with a model that is none": (PIPELINE.replace("[blueprint]", "[none]"), "ORC310"),
    "reading what comes later": (
        step("with: {run: ls}").replace('"{{ inputs.request }}"', '"{{ steps.more.output }}"'), "ORC206",
    ),
    "a step's field that does not exist": (step('with: {run: "ls {{ steps.ask.outptu }}"}'), "ORC224"),
    "a field of an input": (step('with: {run: "ls {{ inputs.request.text }}"}'), "ORC224"),
    "a name that is none": (step('with: {run: "ls {{ plan.title }}"}'), "ORC223"),
    "the item of another step's foreach": (step('with: {run: "ls {{ part }}"}'), "ORC223"),
    "a field that items have not": (
        step('foreach: {in: steps.ask.output.parts, as: part, key: part.name}\n    with: {run: "ls {{ part.nmae }}"}'),
        "ORC224",
    ),
    "items that are the same": (step("foreach: {in: [a, a], as: part}\n    with: {run: ls}"), "ORC218"),
    "a key that is a list": (
        step("foreach: {in: steps.ask.output.parts, as: part, key: part.tags}\n    with: {run: ls}"), "ORC218",
    ),
    "braces that are open": (step('with: {run: "ls {{ inputs.request"}'), "ORC221"),
    "a literal as a condition": (step("if: \"'yes'\"\n    with: {run: ls}"), "ORC209"),
    "a secret in a prompt": (PIPELINE.replace("inputs.request }}", "secrets.KEY }}"), "ORC315"),
    "a choice that is none": (
        PIPELINE.replace("{type: integer, default: 3}", "{type: choice, choices: [a, b], default: c}"), "ORC323",
    ),
    "a number out of its range": (PIPELINE.replace("default: 3", "default: 3, max: 2"), "ORC323"),
    "a boolean that is no integer": (PIPELINE.replace("default: 3", "default: true"), "ORC323"),
    "a pattern of an input that is none": (PIPELINE.replace("markdown}", "text, pattern: '(', default: a}"), "ORC305"),
    "a slow pattern of an input": (PIPELINE.replace("markdown}", "text, pattern: '(a+)+$', default: a}"), "ORC307"),
    "a group twice": (MANAGER + "groups: [{name: a, match: {actions: [fix]}}, {name: a}]\n", "ORC405"),
    "a template that hides in a group": (MANAGER + "groups: [{name: a, template: nope.md.j2}]\n", "ORC311"),
    "a prompt of a manager": (MANAGER + "prompt: Do {{ tsak.title }}.\n", "TMPL002"),
    "a field that tasks have not": (MANAGER + "prompt: Do {{ task.titel }}.\n", "TMPL003"),
    "a recursive loop": (
        MANAGER + 'prompt: "{% for a in tasks recursive %}{{ loop(tasks) }}{% endfor %}"\n', "TMPL012",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_found(name: str, tmp_path: Path) -> None:
    text, rule = VARIANTS[name]
    assert text not in (PIPELINE, MANAGER)
    file = tmp_path / "x.yaml"
    file.write_text(text)
    problems = lint(HERE / "project", [file]).problems
    assert [problem.rule for problem in problems] == [rule], [problem.message for problem in problems]
    assert all(problem.hint for problem in problems)


CLEAN = {
    "a status is always there": step("if: steps.ask.status == 'failed'\n    with: {run: ls}", "{ask: any}"),
    "a chain of needs is a need": step('with: {run: "ls {{ steps.ask.output.title }}"}')
    + '  last: {uses: command, needs: [more], with: {run: "ls {{ steps.ask.output.title }}"}}\n',
    "a model by its own name": PIPELINE.replace("model: m,", "model: openai/gpt-5.2,"),
    "a template that asks before it reads": PIPELINE.replace(
        "template: say.md.j2", "prompt: '{% if more is defined %}{{ more }}{% endif %}{{ request }}'"
    ),
    "an item of a literal list": step('foreach: {in: [a, b], as: part}\n    with: {run: "ls {{ part }}"}'),
    "a collected list": PIPELINE
    + "  all:\n    uses: prompt\n    needs: [ask]\n"
    + "    foreach: {in: steps.ask.output.parts, as: part, key: part.name, collect: parts}\n"
    + "    with: {model: m, prompt: Go., schema: answer.schema.json}\n"
    + '  use: {uses: command, needs: [all], with: {run: "ls {{ steps.all.output.parts }}"}}\n',
    "a check of its own kind": MANAGER.replace(CHECK, CHECK + ", match: {kinds: [item]}"),
}


@pytest.mark.parametrize("name", CLEAN)
def test_what_is_right_is_not_flagged(name: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(CLEAN[name])
    assert [problem.message for problem in lint(HERE / "project", [file]).problems] == []
