"""Every finding that orch can make about a file: stable id, word, severity. Ids never change their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from runner.records.problem import Position, Problem

Severity = Literal["error", "warning", "info"]

_ERRORS = """
ORC000 internal_error        ORC001 yaml_syntax           ORC002 duplicate_key        ORC006 tab_indent
ORC007 encoding              ORC008 multi_document        ORC009 custom_tag           ORC010 alias
ORC012 limit                 ORC013 non_string_key        ORC014 empty_file
ORC101 unknown_key           ORC102 missing_key           ORC103 wrong_type           ORC104 enum
ORC105 range                 ORC106 exclusive_keys        ORC107 id_format            ORC109 version
ORC112 duration_size
ORC201 unknown_step          ORC202 needs_cycle           ORC203 self_need            ORC206 undeclared_need
ORC208 missing_output_read   ORC209 non_boolean_condition ORC210 repeat_form          ORC211 foreach_source
ORC215 missing_pipeline_output
ORC217 foreach_key_missing   ORC218 foreach_key_value     ORC219 foreach_collect      ORC220 foreach_name
ORC221 expression_syntax     ORC222 expression_form       ORC223 unknown_name         ORC224 unknown_field
ORC225 braces                ORC227 two_assignments
ORC301 unknown_uses          ORC302 unknown_option        ORC303 missing_option       ORC305 schema_invalid
ORC306 schema_ref            ORC307 schema_pattern        ORC308 unknown_alias        ORC309 unknown_backend
ORC310 unfit_backend         ORC311 missing_file          ORC312 path_escape          ORC313 undeclared_secret
ORC315 secret_outside_env    ORC316 dynamic_key           ORC317 braces_in_shell      ORC319 unknown_rule
ORC320 unfit_rule            ORC321 output_schema         ORC323 unfit_default
ORC401 unknown_manager       ORC402 duplicate_manager     ORC405 unreachable_group    ORC406 rest_group
ORC410 unknown_component     ORC411 unknown_kind          ORC412 duplicate_kind       ORC415 reference_path
ORC416 reference_kind        ORC417 identity_path         ORC418 expect_path          ORC421 extends_form
ORC422 manager_override      ORC423 check_form            ORC424 unknown_check        ORC427 unfit_match
TMPL001 template_syntax      TMPL002 undefined_variable   TMPL003 undefined_field     TMPL006 unknown_filter
TMPL011 include_not_found    TMPL012 costly_constant      TMPL013 private_attribute   TMPL016 yaml_flow_brace
SEC002 hard_coded_secret
"""

_WARNINGS = """
ORC003 yaml11_boolean        ORC004 yaml11_number         ORC005 implicit_date         ORC011 schema_modeline
ORC204 dead_step             ORC226 constant_comparison   ORC324 not_shipped          ORC403 unreachable_manager
ORC407 idle_second_seat      ORC408 parallel_over_limit   ORC420 wide_owns            ORC425 rubric_only
ORC426 no_checks             ORC428 no_effect             ORC429 unfit_example
"""


def _table(text: str, severity: Severity) -> dict[str, tuple[str, Severity]]:
    words = text.split()
    return {rule: (name, severity) for rule, name in zip(words[::2], words[1::2], strict=True)}


CATALOGUE: Mapping[str, tuple[str, Severity]] = {
    **_table(_ERRORS, "error"),
    **_table(_WARNINGS, "warning"),
}
"""Id -> (name, severity). Rules over plans and tasks say theirs in their own module."""


def finding(
    rule: str,
    message: str,
    position: Position | None = None,
    *,
    pointer: str = "",
    hint: str = "",
    related: tuple[tuple[Position, str], ...] = (),
    severity: Severity | None = None,
) -> Problem:
    """The problem with the name and severity that the catalogue gives to `rule`. Raises KeyError for an unknown id."""
    name, usual = CATALOGUE[rule]
    return Problem(rule, name, message, position, severity or usual, pointer, hint, related)
