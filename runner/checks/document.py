"""One document against its spec: headings, what it covers, links, examples."""

from __future__ import annotations

import re
from pathlib import Path

from runner.checks.base import CheckContext
from runner.checks.derive.markdown import fences, headings, links

RUN = "run"
"""The word after a fence's language that marks it as runnable."""


async def document(context: CheckContext, path: Path, text: str) -> tuple[list[str], list[str]]:
    """What was compared, and how the document differs from its spec."""
    spec = context.task.spec
    examples = [line for one in spec["sections"] for line in one.get("examples", [])] + list(spec.get("examples", []))
    differences = _headings(context, text) + _links(context, path, text)
    differences += [f"does not hold the example `{line}`" for line in dict.fromkeys(examples) if line not in text]
    differences += [f"does not mention {name}" for name in spec.get("covers", []) if not _mentions(text, name)]
    ran, failed = await _examples(context, text)
    counted = f"{len(spec['sections'])} sections, {len(links(text))} links, {len(spec.get('covers', []))} subjects"
    return [f"{spec['file']}: {counted}", *ran], [f"{spec['file']}: {line}" for line in differences + failed]


def _headings(context: CheckContext, text: str) -> list[str]:
    spec = context.task.spec
    found = [" ".join(words.replace("`", "").split()).lower() for _, words in headings(text)]
    wanted = ([spec["title"]] if spec.get("title") else []) + [one["heading"] for one in spec["sections"]]
    missing = [f'has no heading "{name}"' for name in wanted if name.lower() not in found]
    places = [found.index(name.lower()) for name in wanted if name.lower() in found]
    return missing + (["has its headings in another order than the spec"] if places != sorted(places) else [])


def _links(context: CheckContext, path: Path, text: str) -> list[str]:
    root, missing = context.worktree.resolve(), []
    for target in links(text):
        name = target.partition("#")[0]
        if not name or re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.IGNORECASE):
            continue
        real = (root / name.lstrip("/") if name.startswith("/") else path.parent / name).resolve()
        if not real.is_relative_to(root) or not real.exists():
            missing.append(f"links to {target}, which is not there")
    return missing


def _mentions(text: str, name: str) -> bool:
    """Whether an identity stands in the text; its words may be set apart by marks or table cells."""
    words = [re.escape(word) for word in name.split()]
    return re.search(r"[\s`*|]+".join(words), text) is not None


async def _examples(context: CheckContext, text: str) -> tuple[list[str], list[str]]:
    ran, failed = [], []
    for fence in fences(text):
        if RUN in fence.info[1:]:
            done = await context.run_command(("/bin/sh", "-ec", fence.text), timeout=context.check.timeout)
            if done.exit_code:
                failed.append(f"the example at line {fence.line} ended with {done.exit_code}: {done.output[-500:]}")
            ran.append(f"the example at line {fence.line} ran")
    return ran, failed
