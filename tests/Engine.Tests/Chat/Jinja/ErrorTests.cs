using AgentRuntime.Engine.Chat;

namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class ErrorTests
{
    [Theory]
    [InlineData("{{ missing.x }}")]
    [InlineData("{{ missing + 'a' }}")]
    [InlineData("{{ 'a' + missing }}")]
    [InlineData("{{ 'a' + 1 }}")]
    [InlineData("{{ 1 + 'a' }}")]
    [InlineData("{{ 1 + none }}")]
    [InlineData("{{ 'a' < 1 }}")]
    [InlineData("{{ none | length }}")]
    [InlineData("{{ 5 | length }}")]
    [InlineData("{% for x in none %}{% endfor %}")]
    [InlineData("{% for x in 5 %}{% endfor %}")]
    [InlineData("{{ 'a' in 5 }}")]
    [InlineData("{{ 1 in 'abc' }}")]
    [InlineData("{{ 'x' in none }}")]
    [InlineData("{{ missing() }}")]
    [InlineData("{{ s() }}")]
    [InlineData("{{ s.nope() }}")]
    [InlineData("{{ l.append(1) }}")]
    [InlineData("{{ d.update({'a': 1}) }}")]
    [InlineData("{{ d.pop('b') }}")]
    [InlineData("{{ 1 / 0 }}")]
    [InlineData("{{ 1 // 0 }}")]
    [InlineData("{{ 1 % 0 }}")]
    [InlineData("{{ l | nofilter }}")]
    [InlineData("{{ l is notest }}")]
    [InlineData("{{ raise_exception('own words') }}")]
    [InlineData("{{ missing | tojson }}")]
    [InlineData("{{ (l | map('string')) | tojson }}")]
    [InlineData("{{ (l | map('string')) | length }}")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(b=2) }}")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}")]
    [InlineData("{% for a, b in [1] %}{% endfor %}")]
    [InlineData("{% for a, b in [[1, 2, 3]] %}{% endfor %}")]
    [InlineData("{% set x.y = 1 %}")]
    [InlineData("{{ [1, 'a'] | sort }}")]
    [InlineData("{{ {[]: 1} }}")]
    [InlineData("{{ missing | int }}")]
    [InlineData("{{ -'a' }}")]
    [InlineData("{{ 'a'.split('') }}")]
    [InlineData("{{ range(1000000) | length }}")]
    [InlineData("{{ 'abc'.index('z') }}")]
    [InlineData("{{ '-'.join([1]) }}")]
    [InlineData("{{ 5 | items | list }}")]
    [InlineData("{{ none.x.y }}")]
    [InlineData("{{ loop.index }}")]
    [InlineData("{{ '{}'.format() }}")]
    [InlineData("{{ '%d' % 'a' }}")]
    [InlineData("{% if x %}")]
    [InlineData("{% endif %}")]
    [InlineData("{% for x in l %}")]
    [InlineData("{{ 1 + }}")]
    [InlineData("{{ (1 }}")]
    [InlineData("{{ 'abc }}")]
    [InlineData("{% nosuchtag %}")]
    [InlineData("{# open")]
    [InlineData("{{ a b }}")]
    [InlineData("{% include 'x' %}")]
    [InlineData("{% break %}")]
    [InlineData("{{ 1 | }}")]
    [InlineData("{% set 1 = 2 %}")]
    [InlineData("{% else %}")]
    [InlineData("{{ f(a=1, 2) }}")]
    [InlineData("{{ }}")]
    [InlineData("{% macro m(a=1, b) %}{% endmacro %}")]
    [InlineData("{{ [1, 2 }}")]
    [InlineData("{{ } }}")]
    [InlineData("{% raw %}x")]
    [InlineData("{{ ~ }}")]
    [InlineData("{{ x is }}")]
    [InlineData("{{ 1 is string is string }}")]
    [InlineData("{{ i[1:] }}")]
    [InlineData("{{ i | indent }}")]
    [InlineData("{{ ms | unique | list }}")]
    public void What_Jinja_refuses_is_refused_with_a_line(string source)
    {
        var error = Assert.Throws<TemplateException>(() => JinjaSample.Render("\n" + source));
        Assert.True(error.Line >= 1, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void The_templates_own_words_are_kept()
    {
        var error = Assert.Throws<TemplateException>(() => JinjaSample.Render("a\n\n{{ raise_exception('Only one system message!') }}"));
        Assert.Equal("Only one system message!", error.Reason);
        Assert.Equal(3, error.Line);
    }
}
