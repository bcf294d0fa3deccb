namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class ScopingTests
{
    [Theory]
    [InlineData(
        "{% for x in l %}{{ i }}{% endfor %}{% set i = 1 %}|{{ i }}",
        "|1")]
    [InlineData(
        "{% set s %}[{{ s }}]{% endset %}{{ s }}",
        "[]")]
    [InlineData(
        "{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% set i = 2 %}{{ m() }}",
        "2")]
    [InlineData(
        "{{ i }}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% set i = 2 %}{{ m() }}",
        "772")]
    [InlineData(
        "{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% if t %}{% set i = 2 %}{% endif %}{{ m() }}",
        "72")]
    [InlineData(
        "{% for x in [1, 2] %}{% for y in [1] %}{{ i }}{% endfor %}{% set i = x %}{% endfor %}{{ i }}",
        "777")]
    [InlineData(
        "{% for x in l %}{% continue %}{% else %}else{% endfor %}{% for x in l %}{% if loop.index > 1 %}{% break %}{% endif %}{% else %}else{% endfor %}",
        "else")]
    [InlineData(
        "{% for x in [1, 2] %}{% for y in [] %}{% else %}{% break %}{% endfor %}{{ x }}{% endfor %}",
        "")]
    [InlineData(
        "{% macro m(a, b=a ~ i) %}{{ b }}{% endmacro %}{{ m('x') }}{% with i = 5, a = i %}{{ i }}{{ a }}{{ m('y') }}{% endwith %}",
        "x757y7")]
    [InlineData(
        "{% for x in l %}{% set f = x %}{% if loop.last %}{% set s = 'last' %}{% endif %}{{ f }}{{ s }};{% endfor %}{{ f }}{{ s }}",
        "3Hello World;1Hello World;2last;2.5Hello World")]
    public void Names_live_where_Jinja_puts_them(string source, string expected) => Assert.Equal(expected, JinjaSample.Render(source));
}
