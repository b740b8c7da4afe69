"""The main job as a new user meets it: chirp from a page of prose, offline, with evidence for every requirement."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import jsonschema
import pytest

from conftest import ROOT, Built

REQUEST = ROOT / "examples" / "chirp" / "spec.md"


def test_it_ends_with_exit_0_and_says_where_software_and_report_are(built: Built) -> None:
    assert built.finished.returncode == 0, built.finished.stderr[-3000:]
    assert "workspace: out/spec" in built.finished.stdout
    (said,) = re.findall(r"report: (\S+)", built.finished.stdout)
    assert (built.root / said).is_file()


def test_the_report_is_valid(built: Built) -> None:
    schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(built.report)


def test_most_requirements_are_verified_and_none_failed(built: Built) -> None:
    statuses = [one["status"] for one in built.report["requirements"]]
    assert "failed" not in statuses
    assert statuses.count("verified") >= 15
    assert all(one["evidence"] for one in built.report["requirements"] if one["status"] == "verified")


def folded(text: str) -> str:
    return " ".join(re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "", text).split())


def test_every_line_of_the_request_is_accounted_for(built: Built) -> None:
    plan = built.published("plan")
    quotes = [one["quote"] for kind in ("requirements", "constraints", "exclusions") for one in plan.get(kind, [])]
    quoted = folded(" ".join(quotes))
    open_lines = {one["line"] for one in built.report["not_understood"]}
    lost = [
        (number, line)
        for number, line in enumerate(REQUEST.read_text(encoding="utf-8").splitlines(), start=1)
        if line.strip() and not line.startswith("#") and number not in open_lines
        if not all(piece in quoted for piece in [folded(line)])
    ]
    assert lost == []


def test_the_result_is_a_repository_with_one_commit_a_task(built: Built) -> None:
    log = subprocess.run(
        ["git", "log", "--format=%(trailers:key=Orch-Task,valueonly,separator=%x2C)"],
        cwd=built.workspace, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert sorted(log) == sorted(task["id"] for task in built.report["tasks"] if task["commit"])
    status = subprocess.run(["git", "status", "--porcelain"], cwd=built.workspace, capture_output=True, check=True)
    assert status.stdout == b""


@pytest.fixture
def software(built: Built, tmp_path: Path) -> Path:
    """A clone of the generated repository, as its next developer would have it."""
    subprocess.run(["git", "clone", "-q", str(built.workspace), str(tmp_path / "software")], check=True)
    return tmp_path / "software"


def clean() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8"}


def test_its_own_tests_pass_when_run_by_hand(software: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=software, env=clean(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\b\d\d passed", done.stdout)


def start_command(readme: str) -> list[str]:
    """The command under the heading "Start", with this interpreter for that of the virtual environment."""
    section = readme.split("## Start", 1)[1]
    (command,) = re.search(r"```sh\n(.+?)\n```", section, re.DOTALL).groups()  # type: ignore[union-attr]
    return [sys.executable if word.endswith("python") else word for word in shlex.split(command)]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_its_server_starts_by_the_command_of_its_readme(software: Path) -> None:
    command, port = start_command((software / "README.md").read_text(encoding="utf-8")), free_port()
    server = subprocess.Popen(command, cwd=software, env={**clean(), "PORT": str(port)}, stderr=subprocess.PIPE)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_for(client)
            account = {"username": "ada", "password": "difference engine"}
            assert client.post("/api/auth/register", json=account).status_code == 201
            token = client.post("/api/auth/login", json=account).json()["token"]
            headers = {"Authorization": f"Bearer {token}"}
            assert client.post("/api/posts", json={"content": "a" * 280}, headers=headers).status_code == 201
            assert client.post("/api/posts", json={"content": "a" * 281}, headers=headers).status_code == 422
            assert "<script" in client.get("/").text
    finally:
        server.terminate()
        server.wait(10)
        assert server.stderr is not None
        server.stderr.close()


def wait_for(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            client.get("/api/health")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the server did not start within ten seconds")
