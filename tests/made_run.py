"""A made-up run of chirp as rows of a journal: real plan and tasks, invented times, one failure of each sort."""

from __future__ import annotations

import heapq
import json
from pathlib import Path
from typing import Any

from runner.records import Event

DATA = Path(__file__).parent / "data" / "chirp"
MANAGERS = {"api": "backend", "authentication": "backend", "realtime": "backend"}
SECONDS = {"low": 2.1, "medium": 4.3, "high": 9.7, "split": 9.7}
START = 1_780_000_000.0


def plan() -> dict[str, Any]:
    made: dict[str, Any] = json.loads((DATA / "plan.json").read_text())
    made["not_understood"] = [{"line": 31, "text": "It should feel <b>snappy</b> | somehow."}]
    made["questions"] = ["Should deleted posts keep their comments?"]
    return made


def tasks() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads((DATA / "tasks.json").read_text())["tasks"]
    return made


def edges(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tables = {task["spec"]["table"]: task["id"] for task in made if task["spec"]["kind"] == "table"}
    found = [{"before": need, "after": task["id"], "why": "needs"} for task in made for need in task.get("needs", ())]
    for task in made:
        if task["spec"]["kind"] == "endpoint":
            text = json.dumps(task["spec"].get("queries", ""))
            found += [
                {"before": table, "after": task["id"], "why": f"queries name {name}"}
                for name, table in tables.items()
                if f" {name} " in text
            ]
        if task["component"] == "frontend" and task["spec"]["kind"] == "ui_component":
            found.append({"before": "api_feed", "after": task["id"], "why": "calls"})
        if task["component"] == "testing" and task["id"] != "testing_support":
            found.append({"before": "api_create_post", "after": task["id"], "why": "targets"})
    return found


def assignment(made: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    made = made or tasks()
    groups: dict[tuple[str, str], list[str]] = {}
    for task in made:
        manager = MANAGERS.get(task["component"], task["component"])
        groups.setdefault((manager, task["spec"]["kind"] + "s"), []).append(task["id"])
    return {
        "tasks": made,
        "edges": edges(made),
        "groups": [_group(manager, name, inside) for (manager, name), inside in groups.items()],
    }


def _group(manager: str, name: str, inside: list[str]) -> dict[str, Any]:
    half = (len(inside) + 1) // 2
    parts = [inside[:half], inside[half:]] if len(inside) > 2 else [inside]
    seats = [{"id": f"{manager}.{name}.{number}", "tasks": part} for number, part in enumerate(parts, 1)]
    return {"manager": manager, "name": name, "tasks": inside, "seats": seats}


class Made:
    """Plays the assignment on a clock of its own and keeps the events."""

    def __init__(self, fail: str = "frontend_post_card", retry: str = "database_posts", slots: int = 5) -> None:
        self.fail, self.retry, self.slots = fail, retry, slots
        self.assignment = assignment()
        self.events: list[Event] = []
        self.results: dict[str, dict[str, Any]] = {}

    def say(self, now: float, kind: str, subject: str = "", /, **data: Any) -> None:
        self.events.append(Event(seq=len(self.events) + 1, at=START + now, kind=kind, subject=subject, data=data))

    def play(self) -> Made:
        self.say(
            0,
            "run_started",
            "r1",
            pipeline="fullstack",
            workspace="out/chirp",
            offline=True,
            sandbox="bubblewrap",
            models={"architect": "blueprint", "reviewer": "none"},
            agents={"coder": "blueprint"},
            notes=["architect: openai/gpt-5.2 is not ready (--offline)"],
        )
        usage = {"input": 5210, "output": 812, "cache_read": 0, "cache_write": 0, "requests": 1, "cost_usd": 0.0}
        for name, start, end in (("plan", 0.1, 1.4), ("decompose", 1.5, 3.8), ("assign", 3.9, 4.2)):
            self.say(start, "step_started", name, uses="assign" if name == "assign" else "prompt")
            if name != "assign":
                self.say(start, "ask_started", name, model="blueprint", attempt=1, characters=9000)
                self.say(end, "ask_finished", name, model="blueprint", attempt=1, seconds=end - start, usage=usage)
            self.say(end, "step_finished", name, status="ok", seconds=end - start)
        self.say(4.2, "tasks_assigned", "assign", groups=len(self.assignment["groups"]), tasks=55, edges=90)
        self.say(4.3, "step_started", "execute", uses="execute")
        end = self._work(4.4)
        self.say(end, "step_finished", "execute", status="failed", seconds=end - 4.3, reason="1 task failed")
        self.say(
            end + 0.1, "problem", "execute", severity="warning", message="the reviewer is none", hint="set a model"
        )
        self.say(end + 2, "run_finished", "r1", status="failed", exit_code=1, seconds=end + 2)
        return self

    def _work(self, now: float) -> float:
        by_id = {task["id"]: task for task in self.assignment["tasks"]}
        seats = [
            (group, seat["id"], list(seat["tasks"])) for group in self.assignment["groups"] for seat in group["seats"]
        ]
        before: dict[str, set[str]] = {task: set() for task in by_id}
        for edge in self.assignment["edges"]:
            before[edge["after"]].add(edge["before"])
        done: set[str] = set()
        busy: list[tuple[float, int, str]] = []
        working: set[int] = set()
        while len(done) < len(by_id):
            for index, (group, seat, queue) in enumerate(seats):
                ready = [task for task in queue if before[task] <= done]
                skipped = [task for task in ready if any(self._bad(need) for need in before[task])]
                for task in skipped:
                    queue.remove(task)
                    done.add(task)
                    bad = next(need for need in before[task] if self._bad(need))
                    self._finish(now, task, group, seat, "skipped", f"it needs {bad}, which failed", 0)
                ready = [task for task in ready if task not in skipped]
                if ready and index not in working and len(busy) < self.slots:
                    queue.remove(ready[0])
                    working.add(index)
                    heapq.heappush(busy, (self._turns(now, by_id[ready[0]], group, seat), index, ready[0]))
            if not busy:
                continue
            now, index, task = heapq.heappop(busy)
            group, seat, _ = seats[index]
            working.discard(index)
            done.add(task)
            failed = task == self.fail
            status = "failed" if failed else "unverified" if task.startswith("documentation") else "verified"
            tries = 3 if failed else 2 if task == self.retry else 1
            self._finish(now, task, group, seat, status, "check http failed three times" if failed else "", tries)
        self.events.sort(key=lambda event: event.at)
        self.events = [
            Event(seq=number, at=event.at, kind=event.kind, subject=event.subject, data=event.data)
            for number, event in enumerate(self.events, 1)
        ]
        return now

    def _bad(self, task: str) -> bool:
        return self.results.get(task, {}).get("status") in ("failed", "skipped")

    def _turns(self, now: float, task: dict[str, Any], group: dict[str, Any], seat: str) -> float:
        name, length = task["id"], SECONDS[task.get("complexity", "low")]
        tries = 3 if name == self.fail else 2 if name == self.retry else 1
        for attempt in range(1, tries + 1):
            good = attempt == tries and name != self.fail
            order = f"{seat}-{name}-{attempt}"
            who = {"seat": seat, "agent": "blueprint"}
            self.say(
                now,
                "order_started",
                order,
                **who,
                manager=group["manager"],
                group=group["name"],
                tasks=[name],
                attempts=[attempt],
                round=0,
            )
            self.say(now, "turn_started", name, order=order, attempt=attempt, **who)
            now += length
            self.say(
                now,
                "turn_finished",
                name,
                order=order,
                attempt=attempt,
                outcome="done",
                seconds=length,
                files=["a.py"],
                **who,
            )
            self.say(
                now + 0.4,
                "check_finished",
                name,
                name="matches its spec",
                at="attempt",
                passed=good,
                exit_code=0 if good else 1,
                seconds=0.4,
                output_tail="" if good else "expected 409, got 500\n\x1b[31mred\x1b[0m",
            )
            if good:
                self.say(now + 0.5, "merge_started", name, commit="c0ffee" * 6, head="0" * 40)
                self.say(now + 0.7, "merge_finished", name, commit="beef" * 10, seconds=0.2)
            now += 0.8
            self.say(now, "order_finished", order, seat=seat, status="ok" if good else "failed")
        return now

    def _finish(
        self, at: float, task: str, group: dict[str, Any], seat: str, status: str, reason: str, tries: int
    ) -> None:
        place = {"manager": group["manager"], "group": group["name"], "seat": seat}
        commit = "" if status in ("failed", "skipped") else "beef" * 10
        self.say(at, "task_finished", task, status=status, reason=reason, attempts=tries, commit=commit, **place)
        good = status == "verified"
        check = {
            "name": "matches its spec",
            "command": f"pytest -q tests/test_{task}.py",
            "exit_code": 0 if good else 1,
            "passed": good,
            "seconds": 0.4,
            "output_tail": "5 passed"
            if good
            else "expected 409, got 500\n\x1b[31mred\x1b[0m <script>alert(1)</script>",
            "commit": commit,
            "at": "merge",
        }
        self.results[task] = {
            "task": task,
            "status": status,
            **place,
            "attempts": tries,
            "round": 0,
            "reason": reason,
            "commit": commit,
            "files": [{"path": f"src/{task}.py", "sha256": "ab" * 32}] if commit else [],
            "checks": [check] if status in ("verified", "failed") else [],
            "usage": {"input": 900, "output": 120, "cache_read": 0, "cache_write": 0, "requests": 0, "cost_usd": 0.0},
        }

    def verdicts(self) -> list[dict[str, Any]]:
        made = plan()
        return [
            self._verdict(item["id"]) for word in ("requirements", "constraints", "criteria") for item in made[word]
        ]

    def _verdict(self, promise: str) -> dict[str, Any]:
        serving = [task["id"] for task in self.assignment["tasks"] if promise in task["requirements"]]
        status, reason, more = "verified", "every check of its tasks passed", []
        if self.fail in serving:
            status, reason = "failed", f"{self.fail} failed"
            more = [f"look at the last attempt: orch show r1 {self.fail}"]
        elif promise == "S-4":
            status, reason, more = "unverified", "no check covers it", ["add a check that measures the feed"]
        evidence = [check for task in serving for check in self.results[task]["checks"]][:4]
        return {
            "id": promise,
            "status": status,
            "tasks": serving,
            "reason": reason,
            "evidence": evidence if status != "unverified" else [],
            "suggestions": more,
        }


ROW = {"run": "r1", "created": START, "request_sha256": "ab" * 32, "limits": {"agents": 5}}
