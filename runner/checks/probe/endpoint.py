"""One endpoint of a started server, judged call by call against the model of its spec."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.checks.derive.calls import NOWHERE, NoValue, Variant, cleaned, fits, good, variants
from runner.checks.derive.compare import answer_differences, less, row_differences
from runner.checks.derive.model import Model, Outcome, Rows, dump, statuses, success
from runner.checks.derive.reference import Spec
from runner.checks.derive.rows import column_values
from runner.checks.probe import made, openapi
from runner.checks.probe.made import Made
from runner.checks.probe.server import Answer
from runner.checks.probe.world import Account, World, registers_users

REFUSALS = frozenset({400, 422})
NEAR = 8
"""How many rows a parameter that names one is tried with."""


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls with which values, and what the model says of it."""

    caller: Account | None
    values: Mapping[str, Any]
    outcome: Outcome


@dataclass
class Endpoint:
    """`differences` grows as calls are made."""

    world: World
    spec: Spec
    differences: list[str] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    reached: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    _n: int = 0

    def judge(self) -> None:
        """Every call that follows from the spec."""
        if not self._served():
            return
        self._tokens()
        self._success()
        self._statuses()
        self._bounds()
        self._filters()
        self._pages()
        if self.spec.get("emits"):
            self._emits()

    def compared(self) -> list[str]:
        """What was looked at, in words."""
        if not self.made:
            return []
        reached = ", ".join(map(str, sorted(self.reached)))
        lines = [
            f"{len(self.made)} call{'' if len(self.made) == 1 else 's'}; answers {reached} came where the spec says so"
        ]
        never = sorted(statuses(self.spec) - self.reached)
        if never:
            lines.append(f"not reached by any call: {', '.join(map(str, never))}")
        return [*lines, *made.lines(self.made), *self.world.notes, *dict.fromkeys(self.notes)]

    @property
    def name(self) -> str:
        return f"{self.spec['method']} {self.spec['path']}"

    def _served(self) -> bool:
        if self.world.document is None:
            self.notes.append("no OpenAPI document is served, so it was not compared")
            return True
        found = openapi.differences(self.world.document, self.spec)
        self.differences += found
        return self.world.serves(self.spec)

    def _tokens(self) -> None:
        if self.spec["auth"] == "none" or (self.spec["auth"] == "optional" and 401 not in statuses(self.spec)):
            return
        if not self.world.accounts:
            self.notes.append("nobody issues tokens yet, so no call had one")
        for caller in (None, Account(None, "not-a-token", {})):
            values = self.fresh(self._some_account())
            if caller or self.spec["auth"] == "required":
                self.refused("with a token that nobody issued" if caller else "without a token", caller, values, {401})

    def _some_account(self) -> Account | None:
        return self.world.accounts[0] if self.world.accounts else None

    def _success(self) -> None:
        found = self.find(success(self.spec))
        if found is None:
            self.notes.append(f"no call was found to which the spec answers {success(self.spec)}")
            return
        self.call("a call that fits", found.caller, found.values)
        if self.spec["auth"] == "optional" and found.caller:
            self.call("nobody logged in", None, found.values)
        if self.spec["method"] != "GET" and not self._logs_in():
            self.call("the same call again", found.caller, found.values)

    def _statuses(self) -> None:
        """One call for each other status that the spec's own queries can give."""
        for status in sorted(statuses(self.spec) - self.reached):
            found = self.find(status)
            if found is not None:
                self.call(self._reason(found), found.caller, found.values)
        if self._logs_in() and self.world.accounts:
            found = self.find(success(self.spec))
            secret = next((one["name"] for one in self.spec["body"] if one.get("format") == "password"), "")
            if found and secret:
                self.call("another password", found.caller, {**found.values, secret: "another-password-1"})

    def _reason(self, found: Call) -> str:
        """Why the spec answers so, in its own words where it has any."""
        status = found.outcome.status
        if status == self.spec.get("owner", {}).get("status"):
            return "someone else's"
        said = next((one.get("when", "") for one in self.spec["responses"] if one["status"] == status), "")
        return f"when {said}" if said else f"a call to which the spec answers {status}"

    def _bounds(self) -> None:
        for one in self._fields():
            self._n += 1
            try:
                values = variants(one, self._n)
            except NoValue as error:
                self.notes.append(str(error))
                continue
            if not one.get("references") or one["in"] != "path":
                values = [value for value in values if value.fits or not one.get("references")]
            for variant in values:
                self._variant(one, variant)
            self._left_out(one)

    def _fields(self) -> list[Spec]:
        return [*self.spec.get("params", []), *self.spec.get("body", [])]

    def _variant(self, one: Spec, variant: Variant) -> None:
        found = self.find(success(self.spec))
        if found is None:
            return
        values = {**found.values, variant.field: variant.value}
        if variant.fits:
            self.call(variant.words, found.caller, values, variant.field)
        else:
            also = {404} if one.get("in") == "path" else set()
            self.refused(variant.words, found.caller, values, self._refusals() | also, variant.field)

    def _left_out(self, one: Spec) -> None:
        found = self.find(success(self.spec)) if one.get("in") != "path" else None
        if found is None:
            return
        values = {name: value for name, value in found.values.items() if name != one["name"]}
        if one.get("required"):
            self.refused("left out", found.caller, values, self._refusals(), one["name"])
        elif one["name"] in found.values:
            self.call("left out", found.caller, values, one["name"])

    def _refusals(self) -> set[int]:
        return set(statuses(self.spec) & REFUSALS) or set(REFUSALS)

    def _filters(self) -> None:
        """For each text that a list can be filtered by, a value that some rows have and some have not."""
        for one in self.spec.get("params", []):
            if one["in"] == "query" and one["type"] == "string" and not one.get("choices"):
                found = self._telling(one)
                if found is None:
                    self.notes.append(f"no value was found for {one['name']} that only some rows have")
                    continue
                for value in (found.values[one["name"]], str(found.values[one["name"]]).upper()):
                    self.call(f"= {value!r}", found.caller, {**found.values, one["name"]: value}, one["name"])

    def _telling(self, one: Spec) -> Call | None:
        whole = self.find(success(self.spec))
        if whole is None or not whole.outcome.answer:
            return None
        texts = [value for row in whole.outcome.answer for value in row.values() if isinstance(value, str)]
        model = self._model()
        try:
            for text in dict.fromkeys([*texts, *(text[1:] for text in texts)]):
                if fits(one, text) and text.strip():
                    outcome = model.run(_id(whole.caller), {**whole.values, one["name"]: text})
                    if outcome.answer and outcome.answer != whole.outcome.answer:
                        return Call(whole.caller, {**whole.values, one["name"]: text}, outcome)
        finally:
            model.close()
        return None

    def _pages(self) -> None:
        paging = self.spec.get("paging")
        found = self.find(success(self.spec)) if paging else None
        if paging and found:
            if len(found.outcome.answer or ()) < 3:
                self.notes.append("too few rows for a second page")
            values = {**found.values, paging["limit"]: 2, paging["offset"]: 1}
            self.call("a page of 2 after the first item", found.caller, values)

    def _emits(self) -> None:
        # Imported names would close a circle: the stream module judges emitting endpoints through this class.
        from runner.checks.probe.stream import judge_emission  # noqa: PLC0415

        judge_emission(self)

    def fresh(self, caller: Account | None) -> dict[str, Any]:
        """Values that fit, new ones each time; parameters that name a row name one."""
        return next(values for _, values in self._combinations((caller,)))

    def find(self, status: int, told: bool = False) -> Call | None:
        """A call to which the model answers `status`; among lists the longest. `told`: that tells another user."""
        model = self._model()
        best: Call | None = None
        try:
            for caller, values in self._combinations(self._callers()):
                outcome = model.run(_id(caller), values)
                if outcome.status != status or (told and not self.receiver(outcome, caller)):
                    continue
                if outcome.answer is None or self.spec["method"] != "GET":
                    return Call(caller, values, outcome)
                if best is None or len(outcome.answer) > len(best.outcome.answer or ()):
                    best = Call(caller, values, outcome)
        finally:
            model.close()
        return best

    def receiver(self, outcome: Outcome, caller: Account | None) -> Account | None:
        """A user with a token, other than the caller, whom the model tells something."""
        told = {receiver for _, receivers, _ in outcome.told for receiver in receivers}
        return next((one for one in self.world.accounts if one.id in told and one is not caller), None)

    def _callers(self) -> tuple[Account | None, ...]:
        if self.spec["auth"] == "none" or not self.world.accounts:
            return (None,)
        return (*self.world.accounts, *((None,) if self.spec["auth"] == "optional" else ()))

    def _combinations(self, callers: tuple[Account | None, ...]) -> Iterator[tuple[Account | None, dict[str, Any]]]:
        self._n += 1
        pools = {one["name"]: self._pool(one) for one in self._fields() if self._given(one)}
        for values in itertools.product(*pools.values()):
            given = dict(zip(pools, values, strict=True))
            for caller in callers:
                yield caller, given
        first = {name: pool[0] for name, pool in pools.items()}
        if self._logs_in():
            for account in self.world.accounts:
                names = first.keys() & account.values.keys()
                yield None, {**first, **{name: account.values[name] for name in names}}
        for one in self.spec.get("body", []):
            for value in self._taken(one):
                for caller in callers:
                    yield caller, {**first, one["name"]: value}

    def _given(self, one: Spec) -> bool:
        """Whether a plain call gives this field: what is required, and the rest of a body."""
        return bool(one.get("required", one.get("in") == "path") or not one.get("in"))

    def _pool(self, one: Spec) -> list[Any]:
        target = one.get("references")
        if target:
            values = column_values(self.world.database, target["table"], target["column"]) or []
            kept = list(dict.fromkeys(values))
            return [*kept[:NEAR], *kept[-2:], NOWHERE if one["type"] != "integer" else 987_654]
        try:
            # Whoever logs in with made-up values must be nobody whom another endpoint's calls have registered.
            return [good(one, self._n + 5000 if self._logs_in() else self._n)]
        except NoValue as error:
            self.notes.append(str(error))
            return ["x"]

    def _taken(self, one: Spec) -> list[Any]:
        """Values of a body field that rows hold already: where they must be unique, there is a conflict."""
        found: list[Any] = []
        for write in self.spec.get("writes", []):
            if one["name"] in write["columns"] and write["table"] in self.world.tables:
                found += (column_values(self.world.database, write["table"], one["name"]) or [])[:NEAR]
        return [value for value in dict.fromkeys(found) if value is not None and fits(one, value)]

    def _logs_in(self) -> bool:
        return self.spec.get("issues") == "token" and not registers_users(self.spec)

    def _model(self) -> Model:
        return Model(self.spec, self.world.database, self.world.tables)

    def send(self, caller: Account | None, values: Mapping[str, Any]) -> Answer:
        """Make the call for real."""
        path, query = self.spec["path"], {}
        for param in self.spec.get("params", []):
            if param["in"] == "path":
                text = str(values[param["name"]])
                path = path.replace("{" + param["name"] + "}", text).replace(f":{param['name']}", text)
            elif values.get(param["name"]) is not None:
                query[param["name"]] = values[param["name"]]
        names = [one["name"] for one in self.spec.get("body", [])]
        body = {name: values[name] for name in names if name in values} if names else None
        token = caller.token if caller else ""
        return self.world.client.call(self.spec["method"], path, query, body, token)

    def call(self, words: str, caller: Account | None, values: Mapping[str, Any], about: str = "") -> Outcome:
        """Make a call and compare status, answer and tables with the model's; `about` is the field that it tries."""
        model = self._model()
        try:
            outcome = model.run(_id(caller), values, keep=True)
        finally:
            model.close()
        if outcome.status == success(self.spec) and self._wrong_password(values):
            missing = next((query["missing"] for query in self.spec["queries"] if "missing" in query), 401)
            self.refused(words, caller, values, {missing}, about)
            return outcome
        if outcome.status != success(self.spec):
            self.refused(words, caller, values, {outcome.status}, about)
            return outcome
        before = self._dump()
        answer = self.send(caller, values)
        after = self._dump()
        words = self._note(about, words, answer)
        if answer.status != outcome.status:
            self._say(words, f"answered {_said(answer)}, the spec says {outcome.status}")
            return outcome
        self.reached.add(answer.status)
        for line in answer_differences(self.spec, outcome, answer.body, answer.media):
            self._say(words, line)
        for line in row_differences(before, after, outcome, self.world.tables):
            self._say(words, line)
        self._secrets(words, values, answer, {name: less(after[name], before[name]) for name in after})
        return outcome

    def refused(
        self, words: str, caller: Account | None, values: Mapping[str, Any], allowed: set[int], about: str = ""
    ) -> None:
        """Make a call that must be refused with one of these statuses and change nothing."""
        before = self._dump()
        answer = self.send(caller, values)
        words = self._note(about, words, answer)
        if answer.status not in allowed:
            wanted = " or ".join(map(str, sorted(allowed)))
            self._say(words, f"answered {_said(answer)}, the spec says {wanted}")
            return
        self.reached.add(answer.status)
        changed = [
            table for table, rows in self._dump().items() if sorted(map(repr, rows)) != sorted(map(repr, before[table]))
        ]
        if changed:
            self._say(words, f"was refused and changed {', '.join(changed)}")

    def _note(self, about: str, words: str, answer: Answer) -> str:
        """Keep a call for `compared`; its name in a difference."""
        self.made.append(Made(about, words, _came(answer)))
        return self.made[-1].name

    def _wrong_password(self, values: Mapping[str, Any]) -> bool:
        if not self._logs_in():
            return False
        seen = cleaned(self.spec, values)
        known = [account.values for account in self.world.accounts]
        return not any(all(seen[name] == account.get(name, seen[name]) for name in seen) for account in known)

    def _secrets(self, words: str, values: Mapping[str, Any], answer: Answer, new: Rows) -> None:
        for one in self.spec.get("body", []):
            secret = values.get(one["name"])
            if one.get("format") == "password" and isinstance(secret, str) and len(secret) > 3:
                self.notes.append(f"{one['name']}: in no answer and in no row as it was sent")
                if secret in repr(answer.body):
                    self._say(words, f"the answer holds the {one['name']}")
                for table, rows in new.items():
                    if any(secret in repr(row) for row in rows):
                        self._say(words, f"{table} holds the {one['name']} as text")

    def _dump(self) -> Rows:
        return dump(self.world.database, self.world.tables)

    def _say(self, words: str, line: str) -> None:
        self.differences.append(f"{self.name}, {words}: {line}")


def _id(caller: Account | None) -> Any:
    return caller.id if caller else None


def _came(answer: Answer) -> str:
    """The status, and how long a list is; its order is the spec's, or there would be a difference."""
    size = f" with {len(answer.body)} items in order" if isinstance(answer.body, list) and len(answer.body) > 1 else ""
    return f"{answer.status}{size}"


def _said(answer: Answer) -> str:
    detail = answer.body if answer.status in (0, 500) else ""
    return f"{answer.status}{f' ({str(detail)[:300]})' if detail else ''}"
