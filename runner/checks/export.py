"""What a source file offers to others, against the spec of a module or a user interface component."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.component import component
from runner.checks.derive.source import python_differences, script_differences
from runner.checks.file import inside, parse_problems, read
from runner.checks.findings import judge
from runner.records import JsonObject

OPTIONS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "import": {"type": "boolean", "description": "import a Python module, too (default: true; never of tests)"},
        "env": {"type": "object", "additionalProperties": {"type": "string"}, "description": "for the import"},
    },
}
SCRIPTS = (".js", ".mjs", ".jsx", ".ts", ".tsx")
IMPORT = """import importlib, sys
module = importlib.import_module(sys.argv[1])
for name in sys.argv[2:]:
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            sys.exit(f"{sys.argv[1]} has no {name}")
        found = getattr(found, part)
"""


async def run(context: CheckContext) -> CheckOutcome:
    """Passed when everything that the spec lists is there. No evidence for other kinds."""
    spec = context.task.spec
    command = f"export: {spec.get('file', context.task.id)} against its spec"
    if context.task.kind not in ("module", "ui_component"):
        words = f"a spec of kind {context.task.kind} lists no exports"
        return CheckOutcome(passed=None, exit_code=0, command=command, output=words)
    path = inside(context.worktree, spec["file"])
    if path is None or not path.is_file():
        return judge(command, [], [f"{spec['file']} is missing"])
    text = read(path)
    wrong = parse_problems(text, path.name) or await _syntax(context, path, text)
    if wrong:
        return judge(command, [], [f"{spec['file']}: {line}" for line in wrong])
    compared, found = _compared(context, path, text)
    found += await _imported(context, path) if not found else []
    return judge(command, compared, [f"{spec['file']}: {line}" for line in found])


def _compared(context: CheckContext, path: Path, text: str) -> tuple[list[str], list[str]]:
    spec = context.task.spec
    if context.task.kind == "ui_component":
        return component(spec, text, context.tasks)
    names = ", ".join(one["name"] for one in spec["exports"])
    if path.suffix == ".py":
        return [f"{spec['file']} offers {names}"], list(python_differences(text, spec["exports"]))
    if path.suffix in SCRIPTS:
        return [f"{spec['file']} exports {names}"], list(script_differences(text, spec["exports"]))
    missing = [f"does not name {one['name']}" for one in spec["exports"] if one["name"].split(".")[-1] not in text]
    return [f"{spec['file']} names {names}"], missing


async def _syntax(context: CheckContext, path: Path, text: str) -> list[str]:
    """What Node says of a script, where Node is there: modules are told by their name, so a copy is looked at."""
    if path.suffix not in (".js", ".mjs") or not shutil.which("node"):
        return []
    copy = context.scratch / "module.mjs"
    copy.write_text(text, encoding="utf-8")
    done = await context.run_command(("node", "--check", str(copy)), timeout=context.check.timeout)
    return [f"does not parse: {done.output.strip()[-400:]}"] if done.exit_code else []


async def _imported(context: CheckContext, path: Path) -> list[str]:
    spec, options = context.task.spec, context.check.options
    parts = Path(spec["file"]).with_suffix("").parts
    tests = bool({"tests", "test"} & set(parts[:-1]))
    if path.suffix != ".py" or tests or not options.get("import", True) or not all(map(str.isidentifier, parts)):
        return []
    names = [one["name"] for one in spec["exports"]]
    module = ".".join(parts).removesuffix(".__init__")
    # Importing must not leave a database or a cache in the work tree.
    env = {"DATABASE_PATH": str(context.scratch / "app.db"), "PYTHONDONTWRITEBYTECODE": "1", **options.get("env", {})}
    words = (sys.executable, "-c", IMPORT, module, *names)
    done = await context.run_command(words, timeout=context.check.timeout, env=env)
    return [f"cannot be imported: {done.output.strip()[-800:]}"] if done.exit_code else []
