"""YAML and JSON with line and column: plain values, the place of each of them, and what is wrong with the text.

The text is read as a stream of parser events with limits on size, depth, nodes and aliases, so that no file can
make orch hang, crash or swell; PyYAML's constructors (which can) are never used.
"""

from __future__ import annotations

from runner.positions.builder import load_json, load_yaml
from runner.positions.document import Document, Node
from runner.positions.source import check_text, read_source

__all__ = ["Document", "Node", "check_text", "load_json", "load_yaml", "read_source"]
