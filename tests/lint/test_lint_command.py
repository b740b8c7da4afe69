"""`orch lint` as it is called: what it prints, how it exits, what it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner import schema

Orch = Callable[..., "subprocess.CompletedProcess[str]"]

PIPELINE = """\
version: 1
name: shop
inputs: {request: {type: markdown}}
models: {m: [blueprint]}
steps:
  ask:
    uses: prompt
    with: {model: m, template: say.md.j2, vars: {request: "{{ inputs.request }}"}}
  list:
    uses: command
    needs: [ask]
    with: {run: ls}
"""
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)
TEN = {
    "unknown_key": (PIPELINE.replace("needs:", "nedes:"), "11:5", "ORC101", "known keys"),
    "wrong_type": (PIPELINE.replace("model: m,", "model: 5,"), "8:19", "ORC103", "write text"),
    "duplicate_key": (PIPELINE + "name: other\n", "13:1", "ORC002", "keep one"),
    "tab": (PIPELINE.replace("    needs", "\tneeds"), "11:1", "ORC006", "indent with spaces"),
    "cycle": (PIPELINE.replace("  list:", "    needs: [list]\n  list:"), "9:13", "ORC202", "remove one of these needs"),
    "unknown_step": (PIPELINE.replace("[ask]", "[aks]"), "11:13", "ORC201", "steps of this pipeline"),
    "missing_template": (PIPELINE.replace("say.md", "sya.md"), "8:32", "ORC311", "looked in"),
    "undefined_variable": (PIPELINE.replace("say.md.j2", "tell.md.j2"), "1:9", "TMPL002", "available"),
    "alias_bomb": (BOMB, "5:8", "ORC012", "write it out"),
    "brackets": ("[" * 40_000, "1:101", "ORC012", "make it flatter"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("pipelines", "managers", "templates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "templates" / "say.md.j2").write_text("Say {{ request }}.\n")
    return tmp_path


@pytest.mark.parametrize("name", TEN)
def test_a_broken_file_gives_position_message_and_hint(orch: Orch, project: Path, name: str) -> None:
    text, place, rule, hint = TEN[name]
    (project / "templates" / "tell.md.j2").write_text("Tell {{ rquest }}.\n")
    file = project / "pipelines" / "shop.yaml"
    file.write_text(text)
    done = orch("lint", str(file), cwd=project)
    assert done.returncode == 1
    first, rest = done.stdout.split("\n", 1)
    path = "templates/tell.md.j2" if name == "undefined_variable" else "pipelines/shop.yaml"
    assert first.startswith(f"{path}:{place}: error: ")
    assert f"[{rule} " in first
    assert hint in rest
    assert "1 error in 1 of 1 file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", TEN)
def test_run_refuses_what_lint_refuses_in_the_same_words(orch: Orch, project: Path, name: str) -> None:
    (project / "templates" / "tell.md.j2").write_text("Tell {{ rquest }}.\n")
    (project / "request.md").write_text("Say something.\n")
    file = project / "pipelines" / "shop.yaml"
    file.write_text(TEN[name][0])
    linted = orch("lint", str(file), cwd=project)
    run = orch("run", str(file), "--request", "request.md", "--offline", cwd=project)
    assert run.returncode == 2
    assert linted.stdout.strip() in run.stdout + run.stderr
    assert not (project / "out").exists()


def test_a_clean_file_prints_nothing_but_a_summary(orch: Orch, project: Path) -> None:
    (project / "pipelines" / "shop.yaml").write_text(PIPELINE)
    done = orch("lint", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "ok: 2 files\n")


def test_a_syntax_error_in_one_file_hides_no_other_file(orch: Orch, project: Path) -> None:
    (project / "pipelines" / "a.yaml").write_text("a: [1\n")
    (project / "pipelines" / "b.yaml").write_text(PIPELINE.replace("[ask]", "[aks]"))
    done = orch("lint", cwd=project)
    assert "pipelines/a.yaml:2:1: error" in done.stdout
    assert "[ORC201 unknown_step]" in done.stdout
    assert "2 errors in 2 of 3 files" in done.stderr


def test_the_frame_points_at_the_place(orch: Orch, project: Path) -> None:
    (project / "pipelines" / "shop.yaml").write_text(PIPELINE.replace("[ask]", "[aks]"))
    done = orch("lint", "pipelines/shop.yaml", cwd=project)
    assert done.stdout.splitlines() == [
        'pipelines/shop.yaml:11:13: error: step "aks" is not defined; did you mean "ask"? [ORC201 unknown_step]',
        "   |",
        "11 |     needs: [aks]",
        "   |             ^~~",
        '   = help: steps of this pipeline: "ask", "list"',
    ]


def test_json_is_what_its_schema_says(orch: Orch, project: Path) -> None:
    (project / "pipelines" / "shop.yaml").write_text(PIPELINE + "name: other\nsandbox: nome\n")
    done = orch("lint", "--format", "json", cwd=project)
    data = json.loads(done.stdout)
    assert schema.problems(schema.shipped("lint.schema.json"), data) == []
    assert data["summary"] == {"files": 2, "errors": 2, "warnings": 0, "infos": 0}
    assert [one["rule"] for one in data["findings"]] == ["ORC002", "ORC104"]
    assert data["findings"][0]["related"][0]["line"] == 2


def test_output_is_the_same_every_time(orch: Orch, project: Path) -> None:
    (project / "pipelines" / "shop.yaml").write_text(PIPELINE.replace("[ask]", "[aks]") + "x: 1\ny: 2\n")
    outputs = {orch("lint", cwd=project, PYTHONHASHSEED=str(seed)).stdout for seed in range(4)}
    assert len(outputs) == 1


def test_warnings_fail_only_when_strict(orch: Orch, project: Path) -> None:
    (project / "pipelines" / "shop.yaml").write_text(PIPELINE + "description: no\n")
    assert orch("lint", cwd=project).returncode == 0
    assert orch("lint", "--strict", cwd=project).returncode == 1


def test_wrong_usage_is_exit_2(orch: Orch, project: Path) -> None:
    assert orch("lint", "nowhere.yaml", cwd=project).returncode == 2
    assert orch("lint", "--format", "xml", cwd=project).returncode == 2


def test_a_file_cannot_forge_lines_or_colours_of_the_log(orch: Orch, project: Path) -> None:
    (project / "pipelines" / "shop.yaml").write_text(PIPELINE + 'sandbox: "\\e[31mred\\n::error file=x::y"\n')
    done = orch("lint", cwd=project)
    assert "\x1b" not in done.stdout
    assert not any(row.startswith("::error") for row in done.stdout.splitlines())


def test_a_secret_is_not_printed(orch: Orch, project: Path) -> None:
    key = "sk-ant-" + "a1" * 20
    (project / "pipelines" / "shop.yaml").write_text(PIPELINE + f"description: {key}\n")
    done = orch("lint", cwd=project)
    assert "[SEC002 hard_coded_secret]" in done.stdout
    assert key not in done.stdout + done.stderr
    assert "sk-a***" in done.stdout


def test_lint_imports_nothing_heavy(project: Path) -> None:
    (project / "pipelines" / "shop.yaml").write_text(
        PIPELINE.replace("say.md.j2", "say.md.j2, rules: [quotes_request]")
    )
    heavy = ["openai", "anthropic", "networkx", "rich", "asyncio", "sqlalchemy", "fastapi", "starlette", "uvicorn"]
    script = (
        "import sys\nfrom runner.cli import main\n"
        "try:\n    main(['lint'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    import_path = str(Path(schema.__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env={"PYTHONPATH": import_path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_schema_prints_a_schema(orch: Orch, project: Path) -> None:
    done = orch("schema", "pipeline", cwd=project)
    assert json.loads(done.stdout)["$id"] == "urn:orch:pipeline:1"
    wrong = orch("schema", "pipelin", cwd=project)
    assert wrong.returncode == 2
    assert 'did you mean "pipeline"?' in wrong.stderr


def test_plans_and_tasks_are_judged_at_their_place(orch: Orch, project: Path) -> None:
    task = {
        "id": "shop_hat", "title": "Make a hat", "component": "shop", "requirements": ["R-1"], "outputs": ["hat"],
        "spec": {"kind": "tabel"},
    }  # fmt: skip
    (project / "tasks.json").write_text(json.dumps({"tasks": [task]}, indent=1))
    done = orch("lint", "tasks.json", cwd=project)
    assert done.returncode == 1
    assert "tasks.json:4:" in done.stdout
    assert "[ORC460 unknown_spec_kind]" in done.stdout


@pytest.mark.parametrize("words", [[], ["scripted"], ["scripted/d.yaml"], ["elsewhere.yaml"]])
def test_a_double_is_judged_by_its_schema_wherever_it_stands(orch: Orch, project: Path, words: list[str]) -> None:
    file = project / (words[0] if words and words[0].endswith(".yaml") else "scripted/d.yaml")
    file.parent.mkdir(exist_ok=True)
    file.write_text("models:\n  plan: [{jsno: 1}]\n")
    done = orch("lint", *words, cwd=project)
    assert done.returncode == 1
    assert f'{file.relative_to(project)}:2:11: error: unexpected key "jsno"' in done.stdout
    file.write_text("models:\n  plan: [{json: 1}]\n")
    assert orch("lint", *words, cwd=project).returncode == 0


def test_a_file_of_the_wrong_form_says_once_that_other_checks_wait(orch: Orch, project: Path) -> None:
    file = project / "pipelines" / "shop.yaml"
    wait = "further checks of this file wait until this is fixed"
    file.write_text(
        PIPELINE.replace("needs:", "nedes:").replace("inputs:", "inptus:").replace("uses: command", "uses: 5")
    )
    said = orch("lint", cwd=project).stdout
    assert (said.count("ORC101"), said.count(wait)) == (2, 1)
    assert said.rstrip().endswith(wait)
    file.write_text(PIPELINE.replace("[ask]", "[aks]"))
    assert wait not in orch("lint", cwd=project).stdout
