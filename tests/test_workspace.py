"""Repositories, branches, seats: what is made, what is seen, and what of a person's is left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import CannotStart
from runner.workspace import HeadMoved, Workspace, trailers
from runner.workspace import git as git_module
from workshop import Workshop, git, put, writing


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop.at(tmp_path)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A person's: one commit, a change that is staged and one that is not, a file that git does not know."""
    folder = tmp_path / "repo"
    put(folder, "app.py", "one = 1\n")
    put(folder, ".gitignore", "*.log\nbuild/\n")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "Begin")
    put(folder, "staged.py", "staged\n")
    git(folder, "add", "staged.py")
    put(folder, "app.py", "one = 2\n")
    put(folder, "note.txt", "mine\n")
    return folder


def opened(repository: Path, **options: str) -> Workspace:
    return Workspace.open(repository, run="r1", home=repository.parent / "theirs", **options)


def state(folder: Path) -> tuple[str, ...]:
    """All of a repository that is a person's: branch, index, files."""
    return (
        git(folder, "symbolic-ref", "HEAD"),
        git(folder, "status", "--porcelain", "--untracked-files=all"),
        git(folder, "ls-files", "--stage"),
        git(folder, "rev-parse", "HEAD"),
        (folder / "app.py").read_text(),
    )


# A new repository


def test_a_new_repository_shows_what_was_accepted(shop: Workshop) -> None:
    first = shop.do("a", writing(app="x = 1\n", src__core="y = 2\n"))
    second = shop.do("b", lambda folder: (folder / "app.py").unlink())
    assert git(shop.files, "status", "--porcelain", "--branch").strip() == "## main"
    assert git(shop.files, "log", "--format=%H", "main").split() == [second, first, shop.workspace.base]
    assert sorted(path.name for path in shop.files.rglob("*.py")) == ["core.py"]


def test_a_commit_says_of_which_run_task_attempt_and_round_it_is(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n"))
    said = git(shop.files, "log", "-1", "--format=%s%n%(trailers:only,unfold)").split("\n")
    assert said[:5] == ["Do a", "Orch-Run: r1", "Orch-Task: a", "Orch-Attempt: 1", "Orch-Round: 0"]
    message = trailers("Two\nlines", run="r", task="t", attempt=2, round=1)
    assert message == "Two lines\n\nOrch-Run: r\nOrch-Task: t\nOrch-Attempt: 2\nOrch-Round: 1\n"


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "out/file", "mine\n")
    with pytest.raises(CannotStart, match="not empty"):
        Workspace.create(tmp_path / "out", run="r1", home=tmp_path / "home")


def test_a_persons_edit_of_the_checked_out_files_stays(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n"))
    put(shop.files, "app.py", "x = 'mine'\n")
    made = shop.merged(shop.work("b", writing(app="x = 2\n")))
    shop.workspace.advance(made.head, made.commit)
    assert shop.workspace.check_out() is False
    assert (shop.files / "app.py").read_text() == "x = 'mine'\n"
    assert git(shop.files, "show", "main:app.py") == "x = 2\n"


def test_files_catch_up_once_nothing_is_in_the_way(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n"))
    put(shop.files, ".git/index.lock", "")
    made = shop.merged(shop.work("b", writing(app="x = 2\n")))
    shop.workspace.advance(made.head, made.commit)
    assert shop.workspace.check_out() is False
    (shop.files / ".git/index.lock").unlink()
    shop.do("c", writing(other="y = 1\n"))
    assert git(shop.files, "status", "--porcelain") == ""
    assert (shop.files / "app.py").read_text() == "x = 2\n"


def test_a_person_on_another_branch_is_left_there(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n"))
    git(shop.files, "switch", "--quiet", "--create", "mine")
    shop.do("b", writing(app="x = 2\n"))
    assert (shop.files / "app.py").read_text() == "x = 1\n"
    assert git(shop.files, "status", "--porcelain") == ""


def test_the_branch_moves_only_from_where_it_stands(shop: Workshop) -> None:
    before = shop.workspace.head()
    shop.do("a", writing(app="x = 1\n"))
    with pytest.raises(HeadMoved):
        shop.workspace.advance(before, before)


def test_a_missing_identity_is_set_by_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    shop = Workshop.at(tmp_path)
    assert git(shop.files, "log", "-1", "--format=%an <%ae>", "main").strip() == "orch <orch@localhost>"
    put(Path(os.environ["HOME"]), ".gitconfig", "[user]\nname = Ada\nemail = ada@example.org\n")
    other = Workspace.create(tmp_path / "other", run="r2", home=tmp_path / "home2")
    assert git(other.path, "log", "-1", "--format=%an <%ae>", "main").strip() == "Ada <ada@example.org>"


# A repository that was there


def test_a_persons_branch_index_and_files_are_never_touched(repository: Path) -> None:
    before = state(repository)
    shop = Workshop(opened(repository))
    shop.do("a", writing(app="one = 3\n", new="x\n"))
    shop.workspace.keep(shop.work("b", writing(app="four\n")), "b-0-1")
    shop.workspace.close()
    assert state(repository) == before
    assert git(repository, "show", "orch/r1/main:app.py") == "one = 3\n"
    assert git(repository, "branch", "--list", "--format=%(refname:short)").split() == [
        *("main", "orch/r1/kept/b-0-1", "orch/r1/main", "orch/r1/order-1", "orch/r1/order-2")
    ]
    assert git(repository, "worktree", "list").count("\n") == 1


def test_work_begins_at_head_or_at_a_base(repository: Path) -> None:
    assert opened(repository).head() == git(repository, "rev-parse", "HEAD").strip()
    git(repository, "tag", "v1")
    git(repository, "commit", "--allow-empty", "-m", "Later")
    other = Workspace.open(repository, run="r2", home=repository.parent / "home2", base="v1")
    assert other.head() == git(repository, "rev-parse", "v1").strip()


@pytest.mark.parametrize("base", ["no-such-branch", "--all"])
def test_an_unknown_base_is_refused(repository: Path, base: str) -> None:
    with pytest.raises(CannotStart, match="has no commit"):
        opened(repository, base=base)


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="no git repository"):
        Workspace.open(tmp_path, run="r1", home=tmp_path / "home")


def test_a_repository_without_a_commit_will_do(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    git(tmp_path / "repo", "init")
    shop = Workshop(opened(tmp_path / "repo"))
    shop.do("a", writing(app="x = 1\n"))
    assert git(tmp_path / "repo", "show", "orch/r1/main:app.py") == "x = 1\n"


def test_hooks_and_filters_of_the_repository_do_not_run(repository: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for hook in ("pre-commit", "commit-msg", "post-checkout", "reference-transaction", "post-index-change"):
        put(repository, f".git/hooks/{hook}", f"#!/bin/sh\necho {hook} >> {marker}\n")
        (repository / ".git/hooks" / hook).chmod(0o755)
    git(repository, "config", "core.fsmonitor", f"echo fsmonitor >> {marker}; true")
    Workshop(opened(repository)).do("a", writing(app="x = 1\n"))
    assert not marker.exists()


def test_settings_of_the_person_do_not_count(repository: Path) -> None:
    home = Path(os.environ["HOME"])
    put(home, "ignore", "new.py\n")
    put(home, ".gitconfig", f"[core]\nexcludesFile = {home}/ignore\nautocrlf = true\n[commit]\ngpgSign = true\n")
    shop = Workshop(opened(repository))
    shop.do("a", writing(new="x = 1\n"))
    assert git(repository, "show", "orch/r1/main:new.py") == "x = 1\n"


# What changed


def test_nothing_that_a_worker_does_to_git_hides_a_change(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n", kept="y = 1\n"))

    def hide(folder: Path) -> None:
        put(folder, "app.py", "x = 2\n")
        git(folder, "update-index", "--assume-unchanged", "app.py")
        git(folder, "update-index", "--skip-worktree", "kept.py")
        put(folder, "kept.py", "y = 2\n")
        put(folder, ".gitignore", "*\n")
        put(folder, "hidden/by/ignore.py", "z\n")
        git(folder, "add", "-f", "hidden")
        git(folder, "commit", "-m", "Mine")
        git(shop.files, "config", "core.excludesFile", "/dev/null")

    seat, base = shop.seat(), shop.workspace.head()
    seat.start(base, "orch/r1/o")
    hide(seat.path)
    assert seat.changed(base).paths == (".gitignore", "app.py", "hidden/by/ignore.py", "kept.py")


def test_a_git_file_that_points_elsewhere_leads_nowhere(shop: Workshop, repository: Path) -> None:
    seat, base = shop.seat(), shop.workspace.head()
    seat.start(base)
    put(seat.path, ".git", f"gitdir: {repository}/.git\n")
    put(seat.path, "new.py", "x\n")
    before = state(repository)
    assert seat.changed(base).paths == ("new.py",)
    seat.start(base)
    assert (seat.path / ".git").read_text().strip() == f"gitdir: {seat.git.directory}"
    assert state(repository) == before


def test_what_the_base_ignores_is_no_change_unless_it_is_wanted(repository: Path) -> None:
    seat = opened(repository).worktree("seat")
    base = seat.workspace.head()
    seat.start(base)
    for path in ("a.log", "build/x.js", "build/y.js", "__pycache__/z.pyc", "node_modules/n/i.js", "src/new.py"):
        put(seat.path, path, "text\n")
    assert seat.changed(base, wanted=("build/x.*",)).paths == ("build/x.js", "src/new.py")


def test_deletions_modes_and_links_are_changes(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n", tool="y = 1\n", link="z = 1\n"))
    seat, base = shop.seat(), shop.workspace.head()
    seat.start(base)
    (seat.path / "app.py").unlink()
    (seat.path / "tool.py").chmod(0o755)
    (seat.path / "link.py").unlink()
    os.symlink("tool.py", seat.path / "link.py")
    changes = {change.path: (change.status, change.mode) for change in seat.changed(base).changes}
    assert changes == {"app.py": ("D", "000000"), "link.py": ("T", "120000"), "tool.py": ("M", "100755")}


def test_a_repository_inside_the_work_tree_is_seen_and_removed(shop: Workshop) -> None:
    seat, base = shop.seat(), shop.workspace.head()
    seat.start(base)
    put(seat.path, "vendor/lib/code.py", "x\n")
    git(seat.path / "vendor/lib", "init")
    git(seat.path / "vendor/lib", "add", ".")
    git(seat.path / "vendor/lib", "commit", "-m", "Mine")
    assert seat.changed(base).paths == ("vendor/lib/",)
    seat.start(base)
    assert os.listdir(seat.path) == [".git"]


def test_a_fresh_start_leaves_nothing_of_the_turn_before(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n"))
    seat, base = shop.seat(), shop.workspace.head()
    seat.start(base, "orch/r1/one")
    writing(app="x = 2\n", other="y\n", __pycache____x="z\n")(seat.path)
    put(seat.git.directory, "index.lock", "")
    seat.start(base, "orch/r1/two")
    assert sorted(os.listdir(seat.path)) == [".git", "app.py"]
    assert (seat.path / "app.py").read_text() == "x = 1\n"
    assert git(seat.path, "status", "--porcelain", "--branch").strip() == "## orch/r1/two"
    git(seat.path, "add", ".")


def test_after_a_commit_the_worker_sees_a_clean_tree(shop: Workshop) -> None:
    commit = shop.work("a", writing(app="x = 1\n"))
    assert git(shop.seat().path, "status", "--porcelain") == ""
    assert git(shop.seat().path, "rev-parse", "HEAD").strip() == commit


def test_names_that_are_hard(shop: Workshop) -> None:
    names = sorted(["a b.txt", "grün.txt", 'q"uote.txt', "new\nline.txt", "-dash.txt", "*.txt", ":(top)x", "ta\tb"])
    shop.do("a", lambda folder: [put(folder, name, "x\n") for name in names])
    assert sorted(name for name in os.listdir(shop.files) if name != ".git") == names
    shop.do("b", lambda folder: [(folder / name).unlink() for name in names])
    assert os.listdir(shop.files) == [".git"]


# Going on after a kill


def reopened(shop: Workshop) -> Workshop:
    was = shop.workspace
    return Workshop(Workspace.reopen(was.path, run=was.run, home=was.home, base=was.base, own=was.own))


def test_a_seat_is_found_again(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n"))
    again = reopened(shop)
    assert again.seat().path == shop.seat().path
    again.do("b", writing(app="x = 2\n"))
    assert (shop.files / "app.py").read_text() == "x = 2\n"


def test_a_seat_that_was_half_made_is_made_again(shop: Workshop) -> None:
    shop.do("a", writing(app="x = 1\n"))
    (shop.seat().path / ".git").unlink()
    (shop.seat().git.directory / "HEAD").unlink()
    reopened(shop).do("b", writing(app="x = 2\n"))
    assert (shop.files / "app.py").read_text() == "x = 2\n"


def test_own_locks_go_and_a_persons_stay(shop: Workshop, repository: Path) -> None:
    shop.do("a", writing(app="x = 1\n"))
    seat = shop.seat()
    locks = [
        *(shop.files / ".git" / name for name in ("index.lock", "refs/heads/main.lock")),
        *(seat.git.directory / "index.lock", shop.workspace.home / "index/team.group.1.lock"),
        shop.files / ".git/refs/heads/orch/r1/order-1.lock",
    ]
    for lock in locks:
        put(lock.parent, lock.name, "")
    reopened(shop).do("b", writing(app="x = 2\n"))
    assert not any(lock.exists() for lock in locks)
    theirs = Workshop(opened(repository))
    put(repository, ".git/index.lock", "")
    reopened(theirs).do("a", writing(app="x = 2\n"))
    assert (repository / ".git/index.lock").exists()


@pytest.mark.parametrize("torn", [False, True])
def test_a_checkout_that_was_cut_off_is_finished(shop: Workshop, torn: bool) -> None:
    shop.do("a", writing(app="x = 1\n", gone="y\n", kept="z\n"))

    def change(folder: Path) -> None:
        writing(app="x = 2\n", new="n\n")(folder)
        (folder / "gone.py").unlink()

    made = shop.merged(shop.work("b", change))
    shop.workspace.advance(made.head, made.commit)
    put(shop.files, "kept.py", "mine\n")
    if torn:
        put(shop.files, "app.py", "x =")
        put(shop.files, ".git/index.lock", "")
    reopened(shop)
    assert git(shop.files, "status", "--porcelain").split() == ["M", "kept.py"]
    assert (shop.files / "app.py").read_text() == "x = 2\n"


def test_a_workspace_that_was_not_written_down_is_opened_again(repository: Path) -> None:
    first = opened(repository)
    git(repository, "commit", "--allow-empty", "-m", "Later")
    assert opened(repository).base == first.base


# The git that is there


@pytest.mark.parametrize(("said", "message"), [("git version 2.37.9", "too old"), ("", "too old")])
def test_an_old_git_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, message: str) -> None:
    put(tmp_path, "git", f"#!/bin/sh\necho '{said}'\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    git_module.require_git.cache_clear()
    with pytest.raises(CannotStart, match=message):
        Workspace.create(tmp_path / "out", run="r1", home=tmp_path / "home")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(CannotStart, match="not installed"):
        Workspace.create(tmp_path / "out", run="r1", home=tmp_path / "home")


def test_what_git_reads_is_replaced_and_never_half_written(tmp_path: Path) -> None:
    """A kill while a seat starts over would otherwise leave an empty HEAD, and with it no repository."""
    shop = Workshop.at(tmp_path)
    first = shop.do("a", writing(a="a"))
    seat, before = shop.seat(), {}
    for file in (seat.git.directory / "HEAD", shop.workspace.home / "shown"):
        before[file] = (file.with_name("same"), file.read_text())
        os.link(file, before[file][0])
    shop.do("b", writing(b="b"))
    seat.start(first)
    assert {file: same.read_text() for file, (same, _) in before.items()} == {f: was for f, (_, was) in before.items()}
    assert all(file.read_text() != was for file, (_, was) in before.items())
