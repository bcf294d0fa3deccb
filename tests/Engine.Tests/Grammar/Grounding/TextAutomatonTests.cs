using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Grounding;

namespace AgentRuntime.Engine.Tests.Grammar.Grounding;

public class TextAutomatonTests
{
    private static readonly string[] Paths = ["src/a.cs", "src/ab.cs", "src/a", "README.md", "ü/x", "", "src/a.cs"];

    [Fact]
    public void A_set_accepts_its_texts_and_nothing_else()
    {
        var set = Set(Paths);
        foreach (var path in Paths.Where(path => path.Length > 0)) Assert.True(Accepts(set, path));
        foreach (var other in new[] { "", "s", "src/a.c", "src/a.csx", "src/b.cs", "ü" }) Assert.False(Accepts(set, other));
        Assert.True(set.Continues(SuffixAutomatonTests.Run(set, "src/a"u8)));
        Assert.False(set.Continues(SuffixAutomatonTests.Run(set, "src/ab.cs"u8)));
    }

    [Fact]
    public void A_set_without_texts_can_not_even_begin()
    {
        var nothing = Set([""]);
        Assert.False(nothing.Continues(nothing.Start));
        var json = new JsonTextAutomaton(nothing);
        Assert.Equal(-1, json.Step(json.Start, (byte)'"'));
    }

    [Fact]
    public void Many_paths_are_found()
    {
        var paths = Enumerable.Range(0, 50_000).Select(i => $"src/project{i % 97}/folder{i % 11}/File{i}.cs").ToList();
        var set = Set(paths);
        Assert.All(paths.Where((_, i) => i % 500 == 0), path => Assert.True(Accepts(set, path)));
        Assert.False(Accepts(set, "src/project0/folder0/File1.cs"));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("a \"quoted\" \\ word")]
    [InlineData("line\nnext\tcolumn\r\n")]
    [InlineData("\u0001 \u001f \b \f \u007f")]
    [InlineData("ünïcode 𝄞 \u2028 </tag> '")]
    public void Json_is_spelled_in_one_way(string text)
    {
        var automaton = new JsonTextAutomaton(Set([text]));
        var spelling = Spelling(text);
        Assert.Equal(text, JsonSerializer.Deserialize<string>(spelling));
        Assert.True(Accepts(automaton, spelling));
        Assert.False(Accepts(automaton, spelling[..^1]));
        Assert.False(Accepts(automaton, spelling + "\""));
        // Every byte on the way is the only one that leads on.
        var state = automaton.Start;
        foreach (var value in Encoding.UTF8.GetBytes(spelling))
        {
            Assert.Equal([value], Enumerable.Range(0, 256).Select(b => (byte)b).Where(b => automaton.Step(state, b) >= 0));
            state = automaton.Step(state, value);
        }
        Assert.False(automaton.Continues(state));
    }

    [Fact]
    public void Json_takes_no_escape_that_is_not_needed()
    {
        var automaton = new JsonTextAutomaton(Set(["a/b\nc", "\u0001"]));
        Assert.True(Accepts(automaton, "\"a/b\\nc\""));
        Assert.True(Accepts(automaton, "\"\\u0001\""));
        foreach (var other in new[] { "\"a\\/b\\nc\"", "\"\\u0061/b\\nc\"", "\"a/b\nc\"", "\"a/b\\u000ac\"", "\"\\u0002\"", "\"\\u0011\"" }) Assert.False(Accepts(automaton, other));
    }

    internal static string Spelling(string text)
    {
        // The relaxed encoder still escapes what lies outside the basic plane and a few others, so only what must be is taken from it.
        var output = new StringBuilder("\"");
        foreach (var c in text)
        {
            output.Append(c is '"' or '\\' or < ' ' ? JsonEncodedText.Encode(c.ToString(), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString().ToLowerInvariant() : c.ToString());
        }
        return output.Append('"').ToString();
    }

    private static TextSetAutomaton Set(IEnumerable<string> texts) => new(texts.Select(Encoding.UTF8.GetBytes));

    private static bool Accepts(ByteAutomaton automaton, string text) => SuffixAutomatonTests.Accepts(automaton, Encoding.UTF8.GetBytes(text));
}
