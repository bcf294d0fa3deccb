namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class StatementsTests
{
    [Theory]
    [InlineData(
        "{% if i > 5 %}a{% elif i > 3 %}b{% else %}c{% endif %}{% if missing %}x{% elif not e %}y{% endif %}",
        "ay")]
    [InlineData(
        "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}:{{ x }} {% endfor %}",
        "1032TrueFalse31:3 2121FalseFalse31:1 3210FalseTrue31:2 ")]
    [InlineData(
        "{% for x in [] %}x{% else %}empty{% endfor %}{% for x in missing %}x{% else %}none{% endfor %}",
        "emptynone")]
    [InlineData(
        "{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}={{ x }} {% else %}none{% endfor %}{% for x in l if x > 10 %}{% else %}no{% endfor %}",
        "1/2=3 2/2=2 no")]
    [InlineData(
        "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k, v in d | items %}{{ k }}{% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for c in 'aé🙂' %}[{{ c }}]{% endfor %}",
        "b=1;a={'x': [1, 2]};items=own;baitemsbaitems[a][é][🙂]")]
    [InlineData(
        "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}{% for x in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{{ loop.cycle('a', 'b') }} {% endfor %}",
        "<3>1 3<1>2 1<2> FalseTruea TrueTrueb TrueFalsea ")]
    [InlineData(
        "{% for x in [1, 1, 2] %}{{ loop.changed(x) }} {% endfor %}{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
        "True False True 123")]
    [InlineData(
        "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
        "0134")]
    [InlineData(
        "{% set x = 1 %}{% for y in [1, 2] %}{% set x = x + y %}{{ x }}{% endfor %}{{ x }}",
        "231")]
    [InlineData(
        "{% set ns = namespace(a=1, b='q') %}{% for y in [1, 2] %}{% set ns.a = ns.a + y %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}{% set ns.c = [1] %}{{ ns.c }}",
        "4qFalse[1]")]
    [InlineData(
        "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set a = b, a %}{{ a }}{% if t %}{% set z = 5 %}{% endif %}{{ z }}",
        "12(2, 1)5")]
    [InlineData(
        "{% set x %}  block {{ i }} {% endset %}[{{ x }}]{% set y | upper | trim %}  q {{ i }}{% endset %}[{{ y }}]",
        "[  block 7 ][Q 7]")]
    [InlineData(
        "{% macro m(a, b=2, c=b) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, 5) }} {{ m(1, c=9) }} {{ m() }} {{ m(b=1, a=2) }} {{ m.name }} {{ m.arguments }}",
        "122 155 129 22 211 m ('a', 'b', 'c')")]
    [InlineData(
        "{% macro v() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ v(1, 2, x=3) }}{% macro r(n) %}{{ n }}{% if n > 0 %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(3) }}",
        "(1, 2){'x': 3}3210")]
    [InlineData(
        "{% macro box(t) %}<{{ t }}>{{ caller() }}</>{% endmacro %}{% call box('a') %}body {{ i }}{% endcall %}{% macro rows(l) %}{% for x in l %}{{ caller(x, 2) }};{% endfor %}{% endmacro %}{% call(a, b) rows([1, 2]) %}{{ a }}-{{ b }}{% endcall %}",
        "<a>body 7</>1-2;2-2;")]
    [InlineData(
        "{% set q = 1 %}{% macro g() %}{{ q }}{% set q = 3 %}{{ q }}{% endmacro %}{{ g() }}{% set q = 2 %}{{ g() }}{{ q }}",
        "13232")]
    [InlineData(
        "{% filter upper %}abc {{ s }}{% endfilter %}{% filter replace('a', 'b') | upper %}aXa{% endfilter %}",
        "ABC HELLO WORLDBXB")]
    [InlineData(
        "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}{% with %}{% set w = 1 %}{{ w }}{% endwith %}{{ w is defined }}",
        "12False1False")]
    [InlineData(
        "{% raw %}{{ x }}{% if %}{% endraw %}{# comment {{ x }} #}|{% block hello %}in block{% endblock %}{% generation %}gen{{ i }}{% endgeneration %}",
        "{{ x }}{% if %}|in blockgen7")]
    [InlineData(
        "{% for item in [{'c': [{'c': []}]}, {'c': []}] recursive %}[{{ loop.depth }}{{ loop(item.c) }}]{% endfor %}",
        "[1[2]][1]")]
    [InlineData(
        "{% set f = joiner(', ') %}{% for x in l %}{{ f() }}{{ x }}{% endfor %} {% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }} {{ dict(a=1, b=2) }} {{ dict({'x': 1}, y=2) }} {{ dict([('a', 1)]) }}",
        "3, 1, 2 abab {'a': 1, 'b': 2} {'x': 1, 'y': 2} {'a': 1}")]
    [InlineData(
        "{{ strftime_now('%Y-%m-%d %H:%M:%S %a %A %b %B %j %y %I %p %e %-d %-m %% %d %U %W %w %u %V %G %F %T %D %R %C %h') }}",
        "2026-01-05 09:30:07 Mon Monday Jan January 005 26 09 AM  5 5 1 % 05 01 01 1 1 02 2026 2026-01-05 09:30:07 01/05/26 09:30 20 Jan")]
    [InlineData(
        "{% for x in l %}{% for y in l %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}{% print 1, 2 %}{% if 1 %}{% if 0 %}{% else %}deep{% endif %}{% endif %}",
        "1231 1232 1233 12deep")]
    [InlineData(
        "{% set m = ms | selectattr('role', 'equalto', 'user') %}{{ m | list | length }}{{ m | list | length }} {{ ms | map(attribute='n') | first }}{% set it = l | reverse %}{{ it | first }}{{ it | list }}",
        "20 22[1, 3]")]
    [InlineData(
        "{% autoescape false %}{{ '<' }}{% endautoescape %}{%- set ns = namespace({'k': 1}) -%}{{ ns.k }}{% for m in ms[::-1] %}{{ m.content }}{{ loop.index0 }}{% endfor %}",
        "<1q20a11q12")]
    [InlineData(
        "{% if x is defined and x %}a{% endif %}{{ x if x is defined else 'undef' }}{{ 'd' if ms is iterable and ms is not mapping and ms is sequence }}{% for x in [1,2,3] %}{% if loop.first %}F{% elif loop.last %}L{% else %}M{% endif %}{% endfor %}",
        "undefdFML")]
    public void Statements_follow_Jinja(string source, string expected) => Assert.Equal(expected, JinjaSample.Render(source));
}
