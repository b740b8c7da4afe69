"""What the proof of a merge accepts and what it refuses, on real repositories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.workspace import Proof, Workspace
from runner.workspace.hunks import read_diff
from workshop import Edit, Workshop, git, put, replacing, writing

LINES = "".join(f"def line_{number}(): return {number}\n" for number in range(12))
PICTURE = bytes(range(256)) * 8


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop.at(tmp_path)


def removed(proof: Proof) -> list[tuple[str, str]]:
    return [(item.path, item.task) for item in proof.refused]


# Accepted


def test_new_files_remove_nothing(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    assert shop.proof(shop.work("b", writing(other=LINES)), "b").holds


def test_own_lines_may_go(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    proof = shop.proof(shop.work("a", writing(app="x = 1\n")), "a")
    assert proof.holds
    assert proof.touched == {"a"}


def test_independent_edits_of_one_file_merge(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    base = shop.workspace.head()
    first = shop.work("b", replacing("app.py", "def line_0(", "import b\ndef line_0("), base)
    second = shop.work("c", replacing("app.py", "return 11\n", "return 11\nimport c\n"), base)
    shop.land(first)
    assert shop.proof(second, "c").holds
    shop.land(second)
    assert (shop.files / "app.py").read_text() == f"import b\n{LINES}import c\n"


def test_a_dependent_edits_what_it_needs(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    proof = shop.proof(shop.work("b", replacing("app.py", "return 3", "return 33")), "b", "a")
    assert proof.holds
    assert proof.touched == {"a"}


def test_lines_from_before_the_run_may_go(tmp_path: Path) -> None:
    workspace = existing(tmp_path, "app.py", LINES)
    assert Workshop(workspace).proof(Workshop(workspace).work("b", lambda folder: (folder / "app.py").unlink())).holds


def test_lines_that_a_step_of_the_pipeline_made_may_go(shop: Workshop) -> None:
    seat, base = shop.seat(), shop.workspace.head()
    seat.start(base)
    put(seat.path, "app.py", LINES)
    shop.land(seat.commit(seat.changed(base), "scaffold: step of the pipeline\n\nOrch-Run: r1\nOrch-Step: scaffold\n"))
    shop.do("c", writing(other="x = 1\n"))
    assert shop.proof(shop.work("b", lambda folder: (folder / "app.py").unlink()), "b").holds


def test_moved_lines_are_not_removed(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    first, *rest = LINES.splitlines(keepends=True)
    assert shop.proof(shop.work("b", writing(app="".join([*rest, "new = 1\n", first]))), "b").holds


def test_a_reindent_removes_nothing(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    inside = "class Box:\n" + "".join(f"\t{line}" for line in LINES.splitlines(keepends=True))
    assert shop.proof(shop.work("b", writing(app=inside)), "b").holds


def test_other_line_ends_remove_nothing(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    assert shop.proof(shop.work("b", writing(app=LINES.replace("\n", "\r\n") + "new = 1\r\n")), "b").holds


def test_line_ends_back_and_no_newline_at_the_end(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES.replace("\n", "\r\n")))
    assert shop.proof(shop.work("b", writing(app=LINES.rstrip("\n"))), "b").holds


def test_sorted_imports_lose_nothing(shop: Workshop) -> None:
    shop.do("a", writing(app="import os\nimport sys\n\nimport abc\n\n\nprint(1)\n"))
    assert shop.proof(
        shop.work("b", writing(app="import abc\nimport json\nimport os\nimport sys\n\nprint(1)\n")), "b"
    ).holds


def test_blank_lines_may_go(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES.replace("\n", "\n\n\n")))
    assert shop.proof(shop.work("b", writing(app=LINES)), "b").holds


def test_a_rename_keeps_every_line(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))

    def rename(folder: Path) -> None:
        put(folder, "src/app.py", "new = 1\n" + LINES)
        (folder / "app.py").unlink()

    assert shop.proof(shop.work("b", rename), "b").holds


def test_generated_files_are_exempt(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    commit = shop.work("b", writing(app="x = 1\n"))
    assert not shop.proof(commit, "b").holds
    assert shop.proof(commit, "b", generated=("*.py",)).holds


# Refused


def test_an_unrelated_tasks_line_may_not_go(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    proof = shop.proof(shop.work("b", replacing("app.py", "def line_5(): return 5\n", "")), "b", "c")
    (line,) = proof.refused
    assert (line.path, line.line, line.text, line.task) == ("app.py", 6, "def line_5(): return 5", "a")
    assert str(line) == "app.py:6 (of a): def line_5(): return 5"


def test_a_stale_overwrite_of_another_tasks_addition(shop: Workshop) -> None:
    """The task rewrites a whole file as it knew it, and so drops what another one added since."""
    shop.do("a", writing(app=LINES))
    shop.do("c", replacing("app.py", "return 11\n", "return 11\nimport c\n"))
    assert removed(shop.proof(shop.work("b", writing(app=LINES + "import b\n")), "b", "a")) == [("app.py", "c")]


def test_only_the_lines_of_others_are_named(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    shop.do("c", replacing("app.py", "return 3\n", "return 33\n"))
    proof = shop.proof(shop.work("b", lambda folder: (folder / "app.py").unlink()), "b", "a")
    assert [str(line) for line in proof.refused] == ["app.py:4 (of c): def line_3(): return 33"]
    assert proof.touched == {"a"}


def test_a_reindented_line_still_belongs_to_its_writer(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    shop.do("b", writing(app="if True:\n" + "".join(f"    {line}" for line in LINES.splitlines(keepends=True))))
    proof = shop.proof(shop.work("b", replacing("app.py", "    def line_5(): return 5\n", "")), "b")
    assert removed(proof) == [("app.py", "a")]


def test_lines_follow_a_rename(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    shop.do("b", lambda folder: (folder / "app.py").rename(folder / "core.py"))
    proof = shop.proof(shop.work("b", replacing("core.py", "def line_5(): return 5\n", "")), "b")
    assert removed(proof) == [("core.py", "a")]


def test_a_rename_that_drops_a_line(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))

    def rename(folder: Path) -> None:
        put(folder, "core.py", LINES.replace("def line_5(): return 5\n", ""))
        (folder / "app.py").unlink()

    assert removed(shop.proof(shop.work("b", rename), "b")) == [("app.py", "a")]


def test_a_line_that_goes_to_another_file_is_removed(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))

    def move(folder: Path) -> None:
        replacing("app.py", "def line_5(): return 5\n", "")(folder)
        put(folder, "other.py", "def line_5(): return 5\n")

    assert removed(shop.proof(shop.work("b", move), "b")) == [("app.py", "a")]


def test_one_of_two_equal_lines_counts(shop: Workshop) -> None:
    shop.do("a", writing(app="pass_it()\nx = 1\npass_it()\ny = 2\n"))
    proof = shop.proof(shop.work("b", writing(app="x = 1\ny = 2\npass_it()\n")), "b")
    assert removed(proof) == [("app.py", "a")]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda folder: put(folder, "logo.png", PICTURE[::-1]), id="replaced"),
        pytest.param(lambda folder: put(folder, "logo.png", PICTURE + b"more"), id="appended to"),
        pytest.param(lambda folder: put(folder, "logo.png", PICTURE.replace(b"\n", b"\r")), id="other white space"),
        pytest.param(lambda folder: (folder / "logo.png").unlink(), id="deleted"),
        pytest.param(lambda folder: put(folder, "logo.png", "now a text\n"), id="made a text"),
    ],
)
def test_a_binary_is_one_line_of_its_last_author(shop: Workshop, edit: Edit) -> None:
    shop.do("a", lambda folder: put(folder, "logo.png", PICTURE[1:]))
    shop.do("c", lambda folder: put(folder, "logo.png", PICTURE))
    commit = shop.work("b", edit)
    assert removed(shop.proof(commit, "b", "a")) == [("logo.png", "c")]
    assert shop.proof(commit, "b", "c").holds


def test_a_renamed_binary_is_still_there(shop: Workshop) -> None:
    shop.do("a", lambda folder: put(folder, "logo.png", PICTURE))
    assert shop.proof(shop.work("b", lambda folder: (folder / "logo.png").rename(folder / "art.png")), "b").holds


def test_attributes_do_not_hide_lines(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))

    def hide(folder: Path) -> None:
        put(folder, ".gitattributes", "*.py binary -diff merge=ours\n")
        put(folder, "app.py", "x = 1\n")

    shop.do("c", lambda folder: put(folder, ".gitattributes", "*.py -diff\n"))
    assert {task for _, task in removed(shop.proof(shop.work("b", hide), "b", "c"))} == {"a"}


def test_settings_of_the_repository_do_not_hide_lines(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    writer = shop.workspace.head()
    put(shop.files, ".git/ignored", f"{writer}\n")
    put(shop.files, ".git/info/attributes", "*.py diff=blind\n")
    settings = {
        "blame.ignoreRevsFile": ".git/ignored",
        "diff.noprefix": "true",
        "diff.external": "true",
        "diff.blind.textconv": "true",
        "diff.blind.command": "true",
        "diff.context": "9",
        "core.quotePath": "true",
    }
    for name, value in settings.items():
        git(shop.files, "config", name, value)
    commit = shop.work("b", replacing("app.py", "def line_5(): return 5\n", ""))
    assert removed(shop.proof(commit, "b")) == [("app.py", "a")]


def test_lines_that_look_like_headers_of_a_diff(shop: Workshop) -> None:
    text = "--- a/other.py\n+++ b/other.py\n@@ -1,3 +1,3 @@\ndiff --git a/x b/x\n-- \n"
    shop.do("a", writing(app=text))
    proof = shop.proof(shop.work("b", writing(app="++ x\n-- y\n")), "b")
    assert [line.text for line in proof.refused] == text.splitlines()


@pytest.mark.parametrize(
    "name", ["with space.py", "grün.py", 'quo"te.py', "back\\slash.py", "tab\there.py", "-dash.py"]
)
def test_names_that_git_quotes(shop: Workshop, name: str) -> None:
    shop.do("a", lambda folder: put(folder, name, LINES))
    proof = shop.proof(shop.work("b", lambda folder: put(folder, name, LINES.replace("return 5", "return 6"))), "b")
    assert removed(proof) == [(name, "a")]


def test_a_deleted_file_without_lines_was_somebodys(shop: Workshop) -> None:
    shop.do("a", lambda folder: put(folder, "pkg/__init__.py", ""))
    proof = shop.proof(shop.work("b", lambda folder: (folder / "pkg/__init__.py").unlink()), "b")
    assert removed(proof) == [("pkg/__init__.py", "a")]


def test_a_link_in_place_of_a_file_removes_its_lines(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))

    def link(folder: Path) -> None:
        (folder / "app.py").unlink()
        os.symlink("elsewhere", folder / "app.py")

    assert {task for _, task in removed(shop.proof(shop.work("b", link), "b"))} == {"a"}


def test_lines_of_a_person_who_commits_during_the_run(shop: Workshop) -> None:
    shop.do("a", writing(app=LINES))
    put(shop.files, "notes.md", "mine\n")
    git(shop.files, "add", ".")
    git(shop.files, "commit", "-m", "Write a note\n\nOrch-Task: b\n")
    proof = shop.proof(shop.work("b", lambda folder: (folder / "notes.md").unlink()), "b")
    assert [str(line) for line in proof.refused] == ["notes.md:1 (of a commit from outside this run): mine"]


def test_hunks_are_read_by_their_counts() -> None:
    said = (
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -2,2 +2 @@ def\n--- a/y\n-b\n\\ No newline at end of file\n+++ c\n"
    )
    (file,) = read_diff(said)
    assert file.path == "x"
    assert file.removed == [(2, b"-- a/y"), (3, b"b")]
    assert file.added == [b"++ c"]


def existing(folder: Path, path: str, text: str) -> Workspace:
    """A repository with one commit of a person's."""
    put(folder / "repo", path, text)
    git(folder / "repo", "init")
    git(folder / "repo", "add", ".")
    git(folder / "repo", "commit", "-m", "Begin")
    return Workspace.open(folder / "repo", run="r1", home=folder / "home")
