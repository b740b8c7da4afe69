"""`--given decompose=FILE`: what a person changes in the tasks changes the code, the tests and the evidence."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from conftest import ROOT, Built, run_orch

CHECK = {"name": "posts_no_tabs", "expression": "instr(message, char(9)) = 0"}


def edited(tasks: Any) -> Any:
    """280 becomes 140, the column `content` becomes `message`, and posts get one more CHECK."""
    text = json.dumps(tasks)
    for old, new in ((r"\b280\b", "140"), (r"\b281\b", "141"), (r"\bcontent\b", "message")):
        text = re.sub(old, new, text)
    changed = json.loads(text)
    (posts,) = [task for task in listed(changed) if task["id"] == "database_posts"]
    posts["spec"]["checks"].append(CHECK)
    return changed


def listed(tasks: Any) -> list[Any]:
    return list(tasks["tasks"] if isinstance(tasks, dict) else tasks)


@pytest.fixture(scope="module")
def rebuilt(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("given")
    (root / "plan.json").write_text(json.dumps(built.published("plan")), encoding="utf-8")
    (root / "tasks.json").write_text(json.dumps(edited(built.published("tasks"))), encoding="utf-8")
    request = ROOT / "examples" / "chirp" / "spec.md"
    words = ("run", "fullstack", "--request", str(request), "--offline", "--progress", "plain")
    given = ("--given", "plan=plan.json", "--given", "decompose=tasks.json")
    return Built(root, run_orch((*words, *given), root, tmp_path_factory.mktemp("home"), timeout=600))


def text_of(built: Built, pattern: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(built.workspace.glob(pattern)))


def test_the_run_succeeds(rebuilt: Built) -> None:
    assert rebuilt.finished.returncode == 0, rebuilt.finished.stderr[-3000:]


@pytest.mark.parametrize(
    "pattern", ["migrations/**/*posts.sql", "app/routes/create_post.py", "tests/**/*.py", "app/static/**/*.js"]
)
def test_code_page_and_tests_follow_the_tasks(built: Built, rebuilt: Built, pattern: str) -> None:
    before, after = text_of(built, pattern), text_of(rebuilt, pattern)
    assert re.search(r"\b28[01]\b", before)
    assert re.search(r"\bcontent\b", before)
    assert re.search(r"\b14[01]\b", after)
    assert re.search(r"\bmessage\b", after)
    assert not re.search(r"\b28[01]\b", after)


def test_the_new_check_is_in_the_database_and_in_the_evidence(rebuilt: Built) -> None:
    assert CHECK["name"] in text_of(rebuilt, "migrations/sqlite/*posts.sql")
    assert CHECK["name"] in text_of(rebuilt, "migrations/postgresql/*posts.sql")
    assert CHECK["expression"] in evidence(rebuilt, "database_posts")
    assert "140" in evidence(rebuilt, "database_posts")
    assert "280" not in evidence(rebuilt, "database_posts")


def evidence(built: Built, task: str) -> str:
    (found,) = [one for one in built.report["tasks"] if one["id"] == task]
    return "\n".join(check["output_tail"] for check in found["checks"])


def test_what_the_request_says_and_no_task_says_is_not_called_verified(rebuilt: Built) -> None:
    told = {one["id"]: one["status"] for one in rebuilt.report["requirements"] if "280" in one["quote"]}
    assert told
    assert set(told.values()) == {"unverified"}
