using System.Diagnostics;
using AgentRuntime.Engine.Chat;

namespace AgentRuntime.Engine.Tests.Chat.Jinja;

/// <summary>A template comes out of a downloaded file: whatever it does, it ends soon, in a typed error.</summary>
public class LimitTests
{
    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "it took")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "macros call each other")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "text grew")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}", "grew too large")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for a in range(999) %}{% set ns.x = [ns.x] %}{% endfor %}", "nests deeper")]
    [InlineData("{% set ns = namespace(x=3) %}{% for a in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}", "number grew")]
    [InlineData("{{ 'a' * 1000000000 }}", "text grew")]
    [InlineData("{{ [1] * 1000000000 }}", "grew too large")]
    [InlineData("{{ 10 ** 1000000000 }}", "number grew")]
    [InlineData("{{ 'a' | center(2000000000) }}", "text grew")]
    [InlineData("{{ 'a'.ljust(2000000000) }}", "text grew")]
    [InlineData("{{ 'a' | indent(2000000000) }}", "text grew")]
    [InlineData("{{ '%2000000000d' % 1 }}", "too large")]
    [InlineData("{{ '{:2000000000}'.format(1) }}", "too large")]
    [InlineData("{{ [1] | batch(2000000000, 0) | list }}", "grew too large")]
    [InlineData("{{ range(2000000000) }}", "at most")]
    [InlineData("{{ ('a' * 5000000) | replace('', 'bb') }}", "text grew")]
    [InlineData("{{ ('a' * 4000000) in ('a' * 8000000) }}", "too long to be searched")]
    [InlineData("{% set x = 'a' * 5000000 %}{% for a in range(99) %}{% set y = x ~ a %}{% endfor %}", "intermediate text")]
    [InlineData("{% set x = 'a' * 900000 %}{% for a in range(99) %}{{ x }}{% endfor %}", "text grew")]
    public void Growth_is_stopped(string source, string reason)
    {
        var clock = Stopwatch.StartNew();
        var error = Assert.Throws<TemplateException>(() => JinjaSample.Render(source));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), clock.Elapsed.ToString());
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("not ", "")]
    [InlineData("1 if ", " else 2")]
    [InlineData("f(", ")")]
    [InlineData("a[", "]")]
    [InlineData("{1:", "}")]
    [InlineData("1 + ", "")]
    [InlineData("1 ** ", "")]
    [InlineData("1 or ", "")]
    [InlineData("'a' ~ ", "")]
    public void Deep_expressions_give_a_result_or_a_typed_error(string open, string close)
    {
        foreach (var depth in new[] { 50, 5000, 100_000 })
        {
            var source = "{{ " + string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth)) + " }}";
            try
            {
                JinjaSample.Render(source);
            }
            catch (TemplateException)
            {
            }
        }
    }

    [Theory]
    [InlineData("{% if 1 %}")]
    [InlineData("{% for x in l %}")]
    [InlineData("{% set x %}")]
    [InlineData("{% macro m() %}")]
    [InlineData("{{ i.a")]
    [InlineData("{{ i|upper")]
    public void Deep_statements_and_long_chains_are_refused(string open)
    {
        var source = string.Concat(Enumerable.Repeat(open, 3000));
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source));
        var chain = "{{ i" + string.Concat(Enumerable.Repeat(".a", 3000)) + " }}";
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse(chain));
    }

    [Fact]
    public void A_source_that_is_too_long_is_refused() =>
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse(new string('x', 2_000_000)));

    [Fact]
    public void Changed_templates_never_fail_in_another_way()
    {
        const string source = "{%- macro m(a, b=2) -%}{{ a ~ b|upper }}{%- endmacro %}{% for x in ms if x.n > 1 %}{{ m(x['role'][1:], b=x.n // 2) }}{{ loop.index if loop.first else '' }}{% else %}{# c #}{% endfor %}{% set ns = namespace(q=1) %}{% set ns.q = ns.q ** 2 %}{{ ns.q is defined and d | tojson(indent=2) }}";
        var random = new Random(11);
        const string alphabet = "{}%#-+|()[].,:'\"~*/=<> \nab01if endfor not in is else";
        for (var round = 0; round < 4000; round++)
        {
            var text = source.ToCharArray().ToList();
            for (var change = random.Next(1, 5); change > 0; change--)
            {
                var at = random.Next(text.Count);
                if (random.Next(2) == 0) text.RemoveAt(at);
                else text.Insert(at, alphabet[random.Next(alphabet.Length)]);
            }
            try
            {
                JinjaSample.Render(string.Concat(text));
            }
            catch (TemplateException)
            {
            }
        }
    }
}
