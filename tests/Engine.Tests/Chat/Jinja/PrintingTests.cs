namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class PrintingTests
{
    [Theory]
    [InlineData(
        "{{ n }}|{{ t }}|{{ i }}|{{ f }}|{{ l }}|{{ d }}|{{ u }}",
        "None|True|7|2.5|[3, 1, 2]|{'b': 1, 'a': {'x': [1, 2]}, 'items': 'own'}|aé🙂b")]
    [InlineData(
        "{{ [1.0, -0.0, 1e16, 1e15, 1e-5, 0.0001, 123456.789, 1e100, 0.1, 100.0] }}",
        "[1.0, -0.0, 1e+16, 1000000000000000.0, 1e-05, 0.0001, 123456.789, 1e+100, 0.1, 100.0]")]
    [InlineData(
        "{{ [1e-7, 1.5e-7, 1e-10, 5e-324, 1.7976931348623157e308, 0.00001234, 123456789012345680.0, -1e-7, 0.05, 1e22] }}",
        "[1e-07, 1.5e-07, 1e-10, 5e-324, 1.7976931348623157e+308, 1.234e-05, 1.2345678901234568e+17, -1e-07, 0.05, 1e+22]")]
    [InlineData(
        "{{ big }} {{ fl }} {{ big + 1 }}",
        "18446744073709551615 1e+22 18446744073709551616")]
    [InlineData(
        "{{ [\"it's\", 'say \"x\"', 'both \\' \"', \"tab\\t\", \"nl\\n\", \"\\x01\", \"é\", \"🙂\", \"\\u200b\", \"\\\\\"] }}",
        "[\"it's\", 'say \"x\"', 'both \\' \"', 'tab\\t', 'nl\\n', '\\x01', 'é', '🙂', '\\u200b', '\\\\']")]
    [InlineData(
        "{{ (1,) }}{{ () }}{{ (1, 2) }}{{ 1, 2 }}",
        "(1,)()(1, 2)(1, 2)")]
    [InlineData(
        "{{ {'a': 1, 2: none, (1, 2): [], true: 1.5} }}",
        "{'a': 1, 2: None, (1, 2): [], True: 1.5}")]
    [InlineData(
        "{{ missing }}|{{ missing | string }}|{{ [missing] }}",
        "||[Undefined]")]
    [InlineData(
        "{{ none | string ~ 1 ~ 1.5 ~ true ~ [1] }}",
        "None11.5True[1]")]
    [InlineData(
        "{{ 1_000 }} {{ 0x1f }} {{ 0o17 }} {{ 0b101 }} {{ 1e3 }} {{ 1.5e-3 }}",
        "1000 31 15 5 1000.0 0.0015")]
    [InlineData(
        "{{ \"a\" \"b\" 'c' }}",
        "abc")]
    [InlineData(
        "{{ 'x\\ty\\\\n\\q\\101\\x41\\u0041\\U0001f642' }}",
        "x\ty\\n\\qAAA🙂")]
    public void Values_print_as_in_Python(string source, string expected) => Assert.Equal(expected, JinjaSample.Render(source));
}
