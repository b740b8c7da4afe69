"""Renders templates of some folders, and texts given inline."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from pathlib import Path

import jinja2
from jinja2.exceptions import SecurityError

from runner.records import JsonObject
from runner.render.bounds import BUDGET, Budget, TooMuch, joined
from runner.render.inspection import Inspection, column_of, inspect, syntax_problem
from runner.render.sandbox import FolderLoader, Sandbox
from runner.render.trouble import TemplateProblem


class Renderer:
    """`folders` are looked through in order; `texts` (name -> source) stand before any file."""

    def __init__(self, folders: tuple[Path, ...], texts: Mapping[str, str] | None = None) -> None:
        self._loader = FolderLoader(tuple(folders), texts)
        self._sandbox = Sandbox(self._loader)

    def render(self, template: str, variables: JsonObject) -> str:
        """The template with its variables, which must be JSON. Raises TemplateProblem."""
        try:
            found = self._sandbox.get_template(template)
        except jinja2.TemplateNotFound as error:
            raise TemplateProblem(f'template "{template}" was not found', template, rule="ORC311") from error
        except jinja2.TemplateSyntaxError as error:
            raise syntax_problem(error, error.name or template, "") from error
        except RecursionError as error:
            raise TemplateProblem("the template is nested too deeply", template, rule="TMPL012") from error
        return self._rendered(found, variables, template)

    def render_text(self, source: str, variables: JsonObject, name: str) -> str:
        """The same for a source that stands inline; `name` is how messages call it."""
        try:
            code = self._sandbox.compile(source, name, name)
        except jinja2.TemplateSyntaxError as error:
            raise syntax_problem(error, name, source) from error
        except RecursionError as error:
            raise TemplateProblem("the template is nested too deeply", name, rule="TMPL012") from error
        made = jinja2.Template.from_code(self._sandbox, code, self._sandbox.make_globals(None))
        return self._rendered(made, variables, name)

    def inspect(self, template: str) -> Inspection:
        """What a template reads, includes and uses. Raises TemplateProblem."""
        return inspect(self.source(template), template)

    def inspect_text(self, source: str, name: str) -> Inspection:
        """The same for a source that stands inline."""
        return inspect(source, name)

    def variables(self, template: str) -> set[str]:
        """The names that must be given to a template and to all that it includes. Raises TemplateProblem."""
        found: set[str] = set()
        seen, pending = set(), [template]
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                looked = self.inspect(name)
                found |= looked.variables
                pending += [included for included, _ in looked.includes]
        return found

    def source(self, template: str) -> str:
        """The text of a template. Raises TemplateProblem."""
        try:
            return self._loader.get_source(self._sandbox, template)[0]
        except jinja2.TemplateNotFound as error:
            raise TemplateProblem(f'template "{template}" was not found', template, rule="ORC311") from error

    def file(self, template: str) -> Path | None:
        """The file of a template, None where there is none."""
        return self._loader.find(template)

    def _rendered(self, template: jinja2.Template, variables: JsonObject, name: str) -> str:
        # A copy through JSON: a template can neither reach an object nor change what the engine holds.
        values = json.loads(json.dumps(variables))
        token = BUDGET.set(Budget())
        try:
            return joined(template.generate(values))
        except jinja2.UndefinedError as error:
            raise self._problem(error, name, "TMPL002", f"{error.message}") from error
        except SecurityError as error:
            raise self._problem(error, name, "TMPL013", _plainly(error)) from error
        except TooMuch as error:
            raise self._problem(error, name, "TMPL012", f"{error}") from error
        except jinja2.TemplateNotFound as error:
            raise self._problem(error, name, "TMPL011", f'template "{error.name}" was not found') from error
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
            raise self._problem(error, name, "TMPL001", f"{error}") from error
        except jinja2.TemplateError as error:
            raise self._problem(error, name, "TMPL001", f"{error}") from error
        finally:
            BUDGET.reset(token)

    def _problem(self, error: Exception, name: str, rule: str, message: str) -> TemplateProblem:
        # Jinja rewrites the traceback so that frames of a template carry its name and line.
        places = [
            (f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__) if self._is_ours(f.filename, name)
        ]
        path, line = places[-1] if places else (name, 1)
        text = message.replace("'", '"')
        word = text.split('"')[1] if text.count('"') > 1 else ""
        column = column_of(self._text(path), line or 1, word) if word else 1
        return TemplateProblem(text, path, line or 1, column, rule, _HINTS.get(rule, ""))

    def _is_ours(self, filename: str, name: str) -> bool:
        return filename == name or self._loader.find(filename) is not None or filename in self._loader.texts

    def _text(self, template: str) -> str:
        file = self._loader.find(template)
        return file.read_text(encoding="utf-8-sig") if file else str(self._loader.texts.get(template, ""))


def _plainly(error: SecurityError) -> str:
    # Jinja names the object by its address.
    return "this call is not part of templates" if "not safely callable" in f"{error}" else f"{error}".rstrip(".")


_HINTS = {
    "TMPL002": "give it under vars, or write `| default(...)`",
    "TMPL012": "templates are bounded; compute this before",
    "TMPL013": "templates see plain data only",
}
