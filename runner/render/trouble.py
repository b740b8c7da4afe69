"""What is wrong with a template, with its place."""

from __future__ import annotations

from runner.errors import StepFailed


class TemplateProblem(StepFailed):
    """A template cannot be read or rendered. `line` and `column` count from 1; `rule` is the id that lint reports."""

    def __init__(
        self, message: str, path: str, line: int = 1, column: int = 1, rule: str = "TMPL001", hint: str = ""
    ) -> None:
        super().__init__(f"{path}:{line}: {message}", hint)
        self.reason, self.path, self.line, self.column, self.rule = message, path, line, column, rule
