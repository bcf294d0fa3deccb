namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class TypeTestsTests
{
    [Theory]
    [InlineData(
        "{{ n is none }} {{ missing is none }} {{ n is defined }} {{ missing is undefined }} {{ s is string }} {{ i is number }} {{ i is integer }} {{ t is integer }} {{ t is number }} {{ f is float }} {{ t is boolean }} {{ t is true }} {{ 1 is true }} {{ n is false }}",
        "True False True True True True True False True True True True False False")]
    [InlineData(
        "{{ d is mapping }} {{ l is mapping }} {{ l is iterable }} {{ s is iterable }} {{ i is iterable }} {{ l is sequence }} {{ s is sequence }} {{ d is sequence }} {{ missing is iterable }} {{ missing is sequence }} {{ n is iterable }} {{ range(3) is iterable }} {{ (1, 2) is sequence }} {{ (l | map('string')) is sequence }} {{ (l | map('string')) is iterable }} {{ d.items() is iterable }}",
        "True False True True False True True True True True False True True False True True")]
    [InlineData(
        "{{ raise_exception is defined }} {{ strftime_now is defined }} {{ raise_exception is callable }} {{ s is callable }} {{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }} {{ 'ABC' is upper }} {{ 'abc' is lower }} {{ n is sameas none }} {{ l is sameas l }} {{ 1 is sameas 1.0 }} {{ 'a' is in 'abc' }} {{ d.update is defined }} {{ d.nope is defined }} {{ d['keys'] is callable }}",
        "True True True False True False True True True True True False True False False True")]
    [InlineData(
        "{{ i is not none and i is not string }} {{ not i is string }} {{ i is string or i is number }} {{ (i is number) | string }} {{ 'x' if i is number else 'y' }} {{ i is divisibleby(7) }} {{ [] is none }} {{ s is string and s | length > 3 }}",
        "True True True True x True False True")]
    public void Tests_follow_Jinja(string source, string expected) => Assert.Equal(expected, JinjaSample.Render(source));
}
