"""`python -m runner.checks.probe NAME < plan.json`: run one probe here and print its findings as the last line."""

from __future__ import annotations

import importlib
import json
import sys

MARK = "orch-findings:"


def main() -> int:
    name = sys.argv[1]
    module = importlib.import_module(f"runner.checks.probe.{name}")
    found = module.probe(json.load(sys.stdin))
    sys.stdout.write(f"\n{MARK}{json.dumps(found)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
