"""What reporters write while a run goes on, and what never gets through them."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TextIO

import jsonschema
import pytest

from made_run import Made
from runner.records import EVENT_KINDS, Event
from runner.registry import REPORTERS
from runner.reporters import units
from runner.reporters.lines import SAY, say
from runner.reporters.safe import Writer, escape, escape_lines, mask, masked, secrets_in, shorten
from runner.reporters.tty import Terminal, fit, width_of

ROOT = Path(__file__).parent.parent


def event(kind: str, subject: str = "", /, at: float = 100.0, **data: object) -> Event:
    return Event(seq=1, at=at, kind=kind, subject=subject, data=data)


def written(name: str, *events: Event) -> str:
    stream = io.StringIO()
    reporter = REPORTERS.module(name).open_reporter(stream)
    for one in events:
        reporter.event(one)
    reporter.close()
    return stream.getvalue()


# what may be printed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünï ✓", "plain ünï ✓"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("two\nlines\r\t", "two\\nlines\\r\\t"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
        ("turned \u202eback", "turned \\u202eback"),
        ("forged\u2028line", "forged\\u2028line"),
    ],
)
def test_control_characters_become_visible(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_blocks_keep_lines_and_tabs_only() -> None:
    assert escape_lines("a\tb\nc\x1b[2J\x00") == "a\tb\nc\\x1b[2J\\x00"


def test_secrets_are_variables_named_like_secrets() -> None:
    environ = {"MY_API_KEY": "k" * 12, "DB_PASSWORD": "hunter22222", "KEYBOARD": "qwertyuiop", "X_TOKEN": "short"}
    assert secrets_in(environ) == ("k" * 12, "hunter22222")


@pytest.mark.parametrize(
    "text", ["sk-abcdefghijklmnopqrst", "ghp_" + "a1" * 15, "AKIAABCDEFGHIJKLMNOP", "the value of-the-variable"]
)
def test_secrets_are_masked_by_value_and_by_shape(text: str) -> None:
    assert "***" in mask(f"before {text} after", ("of-the-variable",))
    assert text.split()[-1] not in mask(f"before {text} after", ("of-the-variable",))


def test_masking_reaches_every_string_of_a_value() -> None:
    value = {"a secret-one": ["secret-one", {"x": "secret-one!"}], "n": 1, "none": None, "yes": True}
    assert masked(value, ("secret-one",)) == {"a ***": ["***", {"x": "***!"}], "n": 1, "none": None, "yes": True}


def test_ordinary_words_are_not_masked() -> None:
    text = "task-skills ask-me-anything-you-want sk-short " + "ab" * 32
    assert mask(text) == text


def test_a_writer_survives_a_poor_encoding_and_a_gone_reader() -> None:
    raw = io.BytesIO()
    text = io.TextIOWrapper(raw, encoding="ascii")
    Writer(text).line("done ✓")
    assert raw.getvalue() == b"done \\u2713\n"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        writer = Writer(stream)
        writer.line("x" * 100_000)
        writer.line("nobody hears this")
        assert writer.gone
        # What was not written is tried again when the stream is closed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (units.seconds(0.04), "0.0s"),
        (units.seconds(9.94), "9.9s"),
        (units.seconds(9.96), "10s"),
        (units.seconds(59.6), "1m 00s"),
        (units.seconds(3599.6), "1h 00m"),
        (units.seconds(3725), "1h 02m"),
        (units.usd(None), "unknown"),
        (units.usd(0.0), "$0.00"),
        (units.usd(0.0042), "$0.0042"),
        (units.usd(12.5), "$12.50"),
        (units.count(1, "criterion", "criteria"), "1 criterion"),
        (units.count(2, "criterion", "criteria"), "2 criteria"),
        (units.tokens(999), "999"),
        (units.tokens(12_345), "12.3k"),
        (units.tokens(999_999), "1.0M"),
        (units.moment(0), "1970-01-01 00:00:00 UTC"),
        (shorten("abcdef", 4), "abc…"),
        (shorten("abcd", 4), "abcd"),
    ],
)
def test_units_read_well(said: str, expected: str) -> None:
    assert said == expected


# lines


def test_every_kind_of_event_has_a_line() -> None:
    assert set(SAY) == set(EVENT_KINDS)
    assert all(say(event(kind, "x")) for kind in EVENT_KINDS)


def test_an_unknown_kind_is_said_with_its_data() -> None:
    assert say(event("news", "x", big="yes")) == "news x {'big': 'yes'}"


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (event("step_started", "decompose", uses="prompt", items=9), "step decompose starts (prompt, 9 items)"),
        (
            event("order_started", "o", seat="s.1", tasks=["a", "b"], attempts=[1, 2], agent="codex"),
            "s.1 works on a, b (attempt 2) [codex]",
        ),
        (
            event("check_finished", "t", name="db", passed=False, exit_code=1, output_tail="no table\nposts\n"),
            "t: check db failed, exit 1: no table\\nposts",
        ),
        (
            event("task_finished", "t", status="failed", attempts=3, seat="s.1", reason="no"),
            "task t failed after 3 attempts [s.1]: no",
        ),
        (event("merge_refused", "t", reason="drops 3 lines of u"), "t: merge refused: drops 3 lines of u"),
        (
            event("problem", "plan", severity="warning", message="odd", hint="do this"),
            "warning: plan: odd (do this)",
        ),
        (event("run_finished", "r", status="ok", exit_code=0, seconds=61), "run ok, exit 0 (1m 01s)"),
        (
            event("run_started", "r", pipeline="p", models={"m": {"name": "blueprint", "settings": {}, "why": ""}}),
            "run r: p; models blueprint",
        ),
        (event("round_started", "validate", round=1, reopened=["a"]), "validation round 1: reopened a"),
    ],
)
def test_lines(one: Event, line: str) -> None:
    assert say(one) == line


# plain, json, quiet


def test_plain_counts_from_the_first_event_and_leaves_out_details() -> None:
    text = written(
        "plain",
        event("run_started", "r", at=50.0, pipeline="p"),
        event("turn_started", "t", at=51.0),
        event("check_finished", "t", at=52.0, name="c", passed=True),
        event("check_finished", "t", at=53.5, name="c", passed=False, exit_code=1),
    )
    assert text == "    0.0s  run r: p\n    3.5s  t: check c failed, exit 1\n"


def test_json_lines_are_events_in_ascii() -> None:
    schema = json.loads((ROOT / "schemas" / "event.schema.json").read_text())
    events = [*Made().play().events, event("note", "x", message="\x1b[2J\u2028 ü\n")]
    lines = written("json", *events).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(events)
    for line, one in zip(lines, events, strict=True):
        assert line.isascii()
        assert line.isprintable()
        jsonschema.validate(json.loads(line), schema)
        assert json.loads(line)["data"] == json.loads(json.dumps(dict(one.data)))


def test_the_event_schema_names_the_kinds_of_the_records() -> None:
    schema = json.loads((ROOT / "schemas" / "event.schema.json").read_text())
    assert schema["properties"]["kind"]["enum"] == list(EVENT_KINDS)


def test_quiet_says_errors_only() -> None:
    text = written(
        "quiet",
        event("run_started", "r", pipeline="p"),
        event("problem", "x", severity="warning", message="w"),
        event("problem", "x", severity="error", message="e"),
    )
    assert text == "error: x: e\n"


@pytest.mark.parametrize("name", ["plain", "json", "quiet", "tty"])
def test_no_reporter_lets_a_secret_or_an_escape_through(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "value-of-the-key")
    bad = "value-of-the-key \x1b]0;title\x07"
    text = written(
        name,
        event("turn_started", bad, seat=bad, attempt=1),
        event("step_started", bad, uses=bad),
        event("problem", "x", severity="error", message=bad),
    )
    assert "value-of-the-key" not in text
    assert "\x1b]0" not in text
    assert "\x07" not in text
    assert "***" in text


# the terminal


class Screen:
    """What a terminal shows after the escape sequences that the reporter uses; wraps like one."""

    def __init__(self, columns: int) -> None:
        self.columns, self.rows, self.row, self.column = columns, [""], 0, 0

    def feed(self, text: str) -> None:
        for part in re.findall(r"\x1b\[\??[0-9;]*[A-Za-z]|.|\n", text, re.DOTALL):
            self._one(part)

    def _one(self, part: str) -> None:
        if part.startswith("\x1b"):
            self._sequence(part)
        elif part == "\n":
            self.row, self.column = self.row + 1, 0
            self._grow()
        elif part == "\r":
            self.column = 0
        else:
            if self.column == self.columns:
                self._one("\n")
            line = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = line[: self.column] + part + line[self.column + 1 :]
            self.column += 1

    def _sequence(self, part: str) -> None:
        if part.endswith("A"):
            self.row = max(0, self.row - int(part[2:-1] or 1))
        elif part.endswith("J"):
            self.rows = [*self.rows[: self.row], self.rows[self.row][: self.column]]
        else:
            assert part[-1] in "mhl", part

    def _grow(self) -> None:
        self.rows += [""] * (self.row + 1 - len(self.rows))

    def narrow(self, columns: int) -> None:
        """Wraps again, as terminals do; the cursor stays behind the last row."""
        pieces = [row[at : at + columns] for row in self.rows[: self.row] for at in range(0, max(1, len(row)), columns)]
        self.columns, self.rows, self.row, self.column = columns, [*pieces, ""], len(pieces), 0

    @property
    def lines(self) -> list[str]:
        return [row for row in self.rows if row]


class Tape(io.StringIO):
    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self.screen = screen

    def write(self, text: str) -> int:
        self.screen.feed(text)
        return super().write(text)


def terminal(screen: Screen, stream: TextIO, lines: int = 24) -> Terminal:
    return Terminal(stream, lambda: os.terminal_size((screen.columns, lines)), clock=lambda: 160.0, colour=False)


@pytest.mark.parametrize("columns", [120, 80, 40, 20])
def test_the_block_never_leaves_a_trace(columns: int) -> None:
    screen = Screen(columns)
    reporter = terminal(screen, Tape(screen))
    made = Made().play().events
    for one in made:
        reporter.event(one)
    reporter.close()
    kept = "".join(screen.lines)
    assert "▸" not in kept
    assert kept.count("task database_users verified") == (1 if columns >= 80 else kept.count("task database_users"))
    assert screen.column == 0


def test_the_block_shows_what_is_at_work_and_counts_the_rest() -> None:
    screen = Screen(100)
    reporter = terminal(screen, Tape(screen))
    reporter.event(event("tasks_assigned", "assign", at=100.0, tasks=9, groups=1, edges=0))
    for number in range(8):
        reporter.event(event("turn_started", f"t{number}", at=130.0, seat="s.1", attempt=1 + number % 2))
    reporter.event(event("turn_finished", "t0", at=140.0))
    reporter.event(event("task_finished", "t7", at=150.0, status="failed"))
    block = screen.lines[-8:]
    reporter.close()
    assert block[0] == "1/9 tasks · 1 failed · 1m 00s"
    assert block[1] == "  ▸ t0  checking  30s"
    assert block[2] == "  ▸ t1  s.1, attempt 2  30s"
    assert block[7] == "    and 1 more task"


def test_the_block_survives_a_terminal_that_becomes_narrow() -> None:
    screen = Screen(100)
    reporter = terminal(screen, Tape(screen))
    reporter.event(event("note", "", message="this line stays"))
    reporter.event(event("turn_started", "database_posts_with_a_long_name", seat="database.table_creation.1"))
    screen.narrow(30)
    reporter.event(event("note", "", message="this one too"))
    assert sum("▸" in line for line in screen.lines) == 1
    reporter.close()
    assert [line.strip() for line in screen.lines] == ["note: this line stays", "note: this one too"]


def test_a_line_of_the_block_is_cut_before_it_wraps() -> None:
    screen = Screen(30)
    reporter = terminal(screen, Tape(screen))
    reporter.event(event("turn_started", "database_posts_with_a_long_name", seat="database.table_creation.1"))
    assert screen.lines[-1] == "  ▸ database_posts_with_a_lo…"
    reporter.close()


def test_the_block_fits_into_three_rows() -> None:
    screen = Screen(60)
    tape = Tape(screen)
    reporter = terminal(screen, tape, lines=3)
    for number in range(8):
        reporter.event(event("turn_started", f"t{number}", seat="s"))
    assert len(screen.lines) == 2
    reporter.close()


def test_wide_characters_take_two_columns() -> None:
    assert width_of("日本a\u0301") == 5
    assert fit("日本語", 4) == "日…"
    assert fit("abc", 3) == "abc"
    assert fit("abc", 0) == ""


def test_every_write_shows_the_cursor_again() -> None:
    screen = Screen(80)
    tape = Tape(screen)
    reporter = terminal(screen, tape)
    reporter.event(event("turn_started", "t", seat="s"))
    assert tape.getvalue().rindex("\x1b[?25h") > tape.getvalue().rindex("\x1b[?25l")
    reporter.close()
    assert tape.getvalue().endswith("\x1b[?25h")


def test_on_a_real_terminal_the_width_is_asked_for() -> None:
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "from made_run import Made\n"
        "from runner.reporters.tty import open_reporter\n"
        "reporter = open_reporter(sys.stderr)\n"
        "for event in Made().play().events: reporter.event(event)\n"
        "reporter.close()\n"
    )
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        stderr=child,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(child)
    text = _all_of(parent)
    assert process.wait() == 0
    screen = Screen(70)
    screen.feed(text.replace("\r\n", "\n"))
    assert "\x1b[32m✓\x1b[0m task database_users verified" in text
    assert all(len(line) < 70 for line in re.findall(r"▸ [^\r\n]*", text))
    assert not any("▸" in line for line in screen.lines)
    assert any("run failed, exit 1" in line for line in screen.lines)


def _all_of(descriptor: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts).decode()
