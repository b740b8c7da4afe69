"""Templates: Jinja in an immutable sandbox, strict about undefined names, over JSON data only, within bounds.

`Renderer` renders and inspects; `sandbox` is the environment, `bounds` what keeps a template from swelling or hanging,
`inspect` what a template reads and includes, found without compiling it.
"""

from __future__ import annotations

from runner.render.inspection import Inspection, inspect
from runner.render.renderer import Renderer
from runner.render.trouble import TemplateProblem

__all__ = ["Inspection", "Renderer", "TemplateProblem", "inspect"]
