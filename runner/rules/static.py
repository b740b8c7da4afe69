"""ORC316 dynamic_key: options that name something before a run starts take no `{{ }}`.

Bad: `model: "{{ inputs.m }}"`. Good: `model: architect`, and `--model architect=NAME` on the command line.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.load import Loaded
from runner.records import Problem
from runner.records.catalogue import finding
from runner.rules.scan import STATIC


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every static option that holds braces."""
    if loaded.pipeline is None:
        return
    for name, step in loaded.pipeline.steps.items():
        for option in sorted(STATIC & step.options.keys()):
            value = step.options[option]
            values = value if isinstance(value, list) else [value]
            if any(isinstance(item, str) and "{{" in item for item in values):
                pointer = ("steps", name, "with", option)
                hint = "use --model ALIAS=NAME" if option == "model" else "write the name itself"
                shown = "/".join(("", *pointer))
                yield finding(
                    "ORC316",
                    f'"{option}" is static and takes no {{{{ }}}}',
                    loaded.at(*pointer),
                    pointer=shown,
                    hint=hint,
                )
