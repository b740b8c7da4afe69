"""Templates: strict, in a sandbox, over data only, within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.render import Renderer, TemplateProblem, inspect

DATA = {"plan": {"title": "Chirp", "items": ["a", "b"], "note": "<b>"}, "names": ["x", "y"], "n": 2}


@pytest.fixture
def renderer(tmp_path: Path) -> Renderer:
    folder = tmp_path / "templates"
    (folder / "sub").mkdir(parents=True)
    (folder / "main.md.j2").write_text("# {{ plan.title }}\n{% include 'sub/part.md.j2' %}\n")
    (folder / "sub" / "part.md.j2").write_text("{% for name in names %}\n- {{ name }}\n{% endfor %}\n")
    (folder / "broken.md.j2").write_text("fine\n{{ plan.titel }}\n")
    (tmp_path / "secret.txt").write_text("SECRET")
    (folder / "out.md.j2").symlink_to(tmp_path / "secret.txt")
    return Renderer((folder,))


def test_a_template_with_its_include(renderer: Renderer) -> None:
    assert renderer.render("main.md.j2", DATA) == "# Chirp\n- x\n- y\n"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ plan.items }}", '["a", "b"]'),
        ("{{ plan['items'] | join('+') }}", "a+b"),
        ("{{ plan.note }}", "<b>"),
        ("{{ names | tojson }}", '["x", "y"]'),
        ("{{ plan | yaml }}", "title: Chirp\nitems:\n- a\n- b\nnote: <b>"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{{ 'a' ~ n ~ names }}", "a2['x', 'y']"),
        ("{{ n + 1 }}{{ n * 2 }}{{ 7 // n }}{{ 7 % n }}", "3431"),
        ("{{ 'ab' * 2 }}", "abab"),
        ("{% set ns = namespace(t=0) %}{% for i in range(4) %}{% set ns.t = ns.t + i %}{% endfor %}{{ ns.t }}", "6"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(n) }}", "<2>"),
        ("{% for x in names %}{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}", "1,2"),
        ("{{ 'x-y' | replace('-', '_') | upper }}", "X_Y"),
        ("{{ missing | default('none') }}", "none"),
    ],
)
def test_what_templates_may_use(renderer: Renderer, source: str, text: str) -> None:
    assert renderer.render_text(source, DATA, "inline") == text


def test_output_is_never_a_template(renderer: Renderer) -> None:
    assert renderer.render_text("{{ x }}", {"x": "{{ 7 * 7 }}"}, "inline") == "{{ 7 * 7 }}"


def test_an_undefined_name_has_its_place(renderer: Renderer) -> None:
    with pytest.raises(TemplateProblem) as failed:
        renderer.render("broken.md.j2", DATA)
    assert (failed.value.rule, failed.value.path, failed.value.line) == ("TMPL002", "broken.md.j2", 2)


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ names.append('z') }}",
    "{{ plan.update({'a': 1}) }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ ('%s' | format(1)) }}",
    "{{ names | attr('__class__') }}",
    "{{ names | map(attribute='__class__') | list }}",
    "{{ self._TemplateReference__context }}",
    "{{ range.__self__ }}",
    "{{ plan.get.__self__ }}",
    "{{ plan.keys }}",
    "{{ lipsum.__globals__ }}",
    "{% set x = names.__class__ %}{{ x }}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_nothing_reaches_out_of_a_template(renderer: Renderer, source: str) -> None:
    with pytest.raises(TemplateProblem):
        renderer.render_text(source, DATA, "inline")


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/hostname", "sub/../main.md.j2", "out.md.j2", "nope.j2"])
def test_only_templates_inside_the_folder_are_included(renderer: Renderer, name: str) -> None:
    with pytest.raises(TemplateProblem) as failed:
        renderer.render_text("{% include '" + name + "' %}", DATA, "inline")
    assert failed.value.rule == "TMPL011"
    with pytest.raises(TemplateProblem):
        renderer.render(name, DATA)


SWELLING = [
    "{% if false %}{{ 9 ** (9 ** 9) }}{% endif %}{{ 9 ** (9 ** 9) }}",
    "{{ 'a' * 2000000000 }}",
    "{{ [0] * 1000000000 }}",
    "{{ range(1000000000) | list }}",
    "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 60,
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x + x %}" * 60,
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 60,
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x | replace('a', 'aa') %}" * 60,
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = [x, x] | join %}" * 60,
    "{% set x = 10 %}" + "{% set x = x * x %}" * 60,
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
    "{% if 1 %}" * 2000 + "{% endif %}" * 2000,
    "{{ 'x' | indent(1000000000) }}" * 3 + "{{ 9 ** 9 }}",
]


@pytest.mark.parametrize("source", SWELLING, ids=range(len(SWELLING)))
def test_a_template_cannot_swell_or_hang(renderer: Renderer, source: str) -> None:
    with pytest.raises(TemplateProblem):
        renderer.render_text(source, DATA, "inline")


@pytest.mark.parametrize("source", SWELLING, ids=range(len(SWELLING)))
def test_looking_at_a_template_runs_nothing_of_it(source: str) -> None:
    try:
        variables = inspect(source, "inline").variables
    except TemplateProblem:
        return  # too deep to be looked at, and said so
    assert variables <= {"x"}


def test_constants_are_not_computed_while_compiling(renderer: Renderer) -> None:
    assert (
        renderer.render_text("{% if false %}{{ 9 ** (9 ** 9) }}{{ 'a' * 10000000000 }}{% endif %}ok", {}, "inline")
        == "ok"
    )


def test_a_template_gets_a_copy_of_its_data(renderer: Renderer) -> None:
    data = {"names": ["x"]}
    with pytest.raises(TypeError):
        renderer.render_text("{{ o }}", {"o": object()}, "inline")
    renderer.render_text("{% for n in names %}{{ n }}{% endfor %}", data, "inline")
    assert data == {"names": ["x"]}


def test_the_variables_of_a_template_and_its_includes(renderer: Renderer) -> None:
    assert renderer.variables("main.md.j2") == {"plan", "names"}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("{{ a }}{% set b = c %}{{ b }}", {"a", "c"}),
        ("{% for x in xs %}{{ x }}{{ loop.index }}{{ y }}{% endfor %}", {"xs", "y"}),
        ("{% macro m(p) %}{{ p }}{{ q }}{% endmacro %}{{ m(1) }}", {"q"}),
        ("{% for x in xs %}{% endfor %}{{ x }}", {"xs", "x"}),
        ("{{ range(3) | list }}{{ namespace() }}", set()),
        ("{% if a is defined %}{{ a }}{% endif %}", {"a"}),
    ],
)
def test_names_that_must_be_given(source: str, names: set[str]) -> None:
    assert inspect(source, "inline").variables == names


def test_what_a_template_asks_about_is_guarded() -> None:
    looked = inspect("{% if a.b is defined %}{{ a.b }}{% endif %}{{ c | default(1) }}{{ d }}", "inline")
    assert {("a",), ("a", "b"), ("c",)} <= looked.guarded
    assert ("d",) not in looked.guarded


@pytest.mark.parametrize(
    ("source", "line", "rule"),
    [
        ("a\n{% if x %}", 2, "TMPL001"),
        ("a\n{{ x", 2, "TMPL001"),
        ("{% nope %}", 1, "TMPL001"),
        ("{% for x in %}", 1, "TMPL001"),
    ],
)
def test_a_syntax_error_has_its_line(renderer: Renderer, source: str, line: int, rule: str) -> None:
    with pytest.raises(TemplateProblem) as failed:
        renderer.render_text(source, {}, "inline")
    assert (failed.value.rule, failed.value.line) == (rule, line)
    assert failed.value.hint
