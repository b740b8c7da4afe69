"""`prompt`: schema and rules judge, problems are named by path, foreach asks again only who owns the problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from project import Project
from runner.models.ask import ask_json
from runner.models.base import Answer, Ask, Message
from runner.records import Json, Problem


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


ONE = """
    a:
      uses: prompt
      with:
        model: scripted/m
        prompt: "Count {{ what }} for {{ run.pipeline }}"
        vars: {what: sheep}
        schema: {type: object, required: [n], additionalProperties: false, properties: {n: {type: integer, minimum: 3}}}
"""


def test_a_wrong_answer_is_asked_for_again_by_json_path(project: Project) -> None:
    project.write(
        "scripted/m.yaml",
        """
        models:
          a:
            - {expects: [Count sheep for p], json: {n: 1}}
            - {expects: [Count sheep, "/n", "3"], json: {n: 5}}
    """,
    )
    project.pipeline(ONE)
    assert project.run().exit_code == 0
    assert project.steps()["a"]["output"] == {"n": 5}


def test_the_last_wrong_answer_fails_the_step(project: Project) -> None:
    project.write("scripted/m.yaml", "models: {a: [{json: {n: 1}}, {text: 'not json'}, {json: {m: 1}}]}\n")
    project.pipeline(ONE)
    assert project.run().exit_code == 1
    assert "still wrong after 3 attempts" in project.steps()["a"]["reason"]


def test_without_a_schema_the_output_is_the_text_and_is_never_rendered_again(project: Project) -> None:
    project.write(
        "scripted/m.yaml", "models: {a: [{text: '{{ 7 * 7 }}'}], b: [{expects: ['got {{ 7 * 7 }}'], text: ok}]}\n"
    )
    project.pipeline("""
        a: {uses: prompt, with: {model: scripted/m, prompt: hello}}
        b:
          uses: prompt
          needs: [a]
          with: {model: scripted/m, prompt: "got {{ x }}", vars: {x: "{{ steps.a.output }}"}}
    """)
    assert project.run().exit_code == 0
    assert project.steps()["b"]["output"] == "ok"


THINGS = """
        version: 1
        name: things
        description: Things.
        components: [{name: left}, {name: right}]
        handles: [{kinds: [thing]}]
        specs:
          thing:
            schema:
              type: object
              required: [kind, name]
              properties: {kind: {const: thing}, name: {type: string}, like: {type: string}}
            identity: [name]
            references: [{at: like, kind: thing}]
            good: "kind: thing"
            bad: A thing
        groups: [{name: rest}]
        agents: {use: [scripted/m]}
        prompt: Do it.
    """
TASK = """{id: %s_x, title: Make x, component: %s, action: create, requirements: [%s], outputs: [%s],
          spec: {kind: thing, name: %s, like: %s}}"""


def test_under_foreach_only_the_item_that_owns_a_problem_is_asked_again(project: Project) -> None:
    project.write("managers/things.yaml", THINGS)
    left = TASK % ("left", "left", "R-1", "a.txt", "a", "b")
    wrong, right = (TASK % ("right", "right", "R-2", "b.txt", "b", like) for like in ("nothing", "b"))
    project.write(
        "scripted/m.yaml",
        f"""
        models:
          plan:
            - json:
                title: t
                requirements: [{{id: R-1, text: l, quote: left}}, {{id: R-2, text: r, quote: right}}]
                components: [{{name: left, why: [R-1]}}, {{name: right, why: [R-2]}}]
          split/left: [{{json: {{tasks: [{left}]}}}}]
          split/right:
            - {{json: {{tasks: [{wrong}]}}}}
            - {{expects: ["Your answer has problems", "/tasks/0/spec/like"], json: {{tasks: [{right}]}}}}
    """,
    )
    project.pipeline(
        """
        plan: {uses: prompt, with: {model: scripted/m, prompt: plan, schema: plan.schema.json}}
        split:
          uses: prompt
          needs: [plan]
          foreach: {in: steps.plan.output.components, as: one, key: one.name, collect: tasks}
          with: {model: scripted/m, prompt: split, schema: tasks.schema.json, rules: [resolvable_references]}
    """,
        "inputs: {request: {type: markdown}}\nmanagers: [things]\n",
    )
    outcome = project.run("left and right")
    asked = [event.subject for event in project.events("ask_finished")]
    assert (outcome.exit_code, asked) == (0, ["plan", "split/left", "split/right", "split/right"])
    assert [task["spec"]["name"] for task in project.steps()["split"]["output"]["tasks"]] == ["a", "b"]
    with project.journal() as journal:
        published = {key.item: data for key, data in journal.entries("run", "published")}
    assert published["tasks"] == project.steps()["split"]["output"]
    assert published["plan"]["title"] == "t"


async def test_a_deterministic_model_is_not_asked_again_and_its_problems_stay() -> None:
    asked: list[Ask] = []

    async def send(ask: Ask) -> Answer:
        asked.append(ask)
        return Answer(data={"n": len(asked)})

    def judge(data: Json) -> list[Problem]:
        return [Problem("ORC105", "range", "too small", pointer="/n")]

    first = Ask(address="a", messages=(Message(role="user", text="count"),))
    answered = await ask_json(send, first, judge, attempts=3, deterministic=True)
    assert (len(asked), answered.data, len(answered.problems)) == (1, {"n": 1}, 1)


def test_an_answer_that_reached_us_is_not_bought_twice(project: Project) -> None:
    project.write("scripted/m.yaml", "models: {a: [{json: {n: 1}}, {json: {n: 5}, delay: 3s}]}\n")
    project.pipeline(ONE)
    assert project.run(time=1.5).exit_code == 4
    with project.journal() as journal:
        row = journal.run("run")
        assert len(journal.entries("run", "answer")) == 1
        journal.update_run("run", options={"time": 60.0})
        assert row["status"] == "limit"
    assert project.resume().exit_code == 0
    assert [event.data["attempt"] for event in project.events("ask_started")] == [1, 2, 2]
    assert project.steps()["a"]["output"] == {"n": 5}


@pytest.mark.parametrize("wrong", [False, True])
def test_rules_judge_the_answers_that_are_there_when_an_item_failed(project: Project, wrong: bool) -> None:
    tasks = "{tasks: [{id: left_x, title: x, component: left, action: create, requirements: [%s], outputs: [a.txt],"
    tasks = tasks % ("R-9" if wrong else "R-1") + " spec: {kind: thing, name: a}}]}"
    project.write("managers/things.yaml", THINGS)
    project.write(
        "scripted/m.yaml",
        f"""
        models:
          plan:
            - json:
                title: t
                requirements: [{{id: R-1, text: l, quote: left}}, {{id: R-2, text: r, quote: right}}]
                components: [{{name: left, why: [R-1]}}, {{name: right, why: [R-2]}}]
          split/left: [{{json: {tasks}}}]
          split/right: [{{text: "no"}}]
    """,
    )
    project.pipeline(
        """
        plan: {uses: prompt, with: {model: scripted/m, prompt: plan, schema: plan.schema.json}}
        split:
          uses: prompt
          needs: [plan]
          foreach: {in: steps.plan.output.components, as: one, key: one.name, collect: tasks, on_error: continue}
          with: {model: scripted/m, prompt: split, schema: tasks.schema.json, rules: [unknown_requirement, covers_plan]}
    """,
        "inputs: {request: {type: markdown}}\nmanagers: [things]\nlimits: {attempts: 1}\n",
    )
    assert project.run("left and right").exit_code == 1
    split = project.steps()["split"]
    with project.journal() as journal:
        published = {key.item for key, _ in journal.entries("run", "published")}
    assert (split["status"], split["reason"].startswith("right: ")) == ("failed", True)
    if wrong:
        assert ("R-9" in split["reason"], split["output"], published) == (True, None, {"plan"})
    else:
        assert ([task["id"] for task in split["output"]["tasks"]], published) == (["left_x"], {"plan", "tasks"})
        assert "R-2" not in split["reason"]


def test_a_plan_is_seen_by_steps_that_need_it_and_by_no_other(project: Project) -> None:
    planned = (
        "{json: {title: t, requirements: [{id: R-1, text: l, quote: left}], components: [{name: left, why: [R-1]}]}}"
    )
    said = "[{text: ok}]"
    project.write("scripted/m.yaml", f"models: {{plan: [{planned}], far: {said}, near: {said}}}\n")
    project.pipeline(
        """
        plan: {uses: prompt, with: {model: scripted/m, prompt: plan, schema: plan.schema.json}}
        other: {uses: command, with: {run: [sleep, "0.5"]}}
        far:
          uses: prompt
          needs: [other]
          with: {model: scripted/m, prompt: "plan: {% if plan is defined %}{{ plan.title }}{% endif %}."}
        between: {uses: command, needs: [plan], with: {run: ["true"]}}
        near:
          uses: prompt
          needs: [between]
          with: {model: scripted/m, prompt: "plan: {{ plan.title }}."}
    """,
        "inputs: {request: {type: markdown}}\n",
    )
    outcome = project.run("left")
    assert outcome.exit_code == 0, outcome.reason
    sizes = {event.subject: event.data["characters"] for event in project.events("ask_started")}
    assert (sizes["far"], sizes["near"]) == (len("plan: ."), len("plan: t."))
