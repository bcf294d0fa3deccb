using System.Diagnostics;
using System.Text;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Grounding;

namespace AgentRuntime.Engine.Tests.Grammar.Grounding;

public class SuffixAutomatonTests
{
    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("aaaaaaa")]
    [InlineData("abab")]
    [InlineData("abcbc")]
    [InlineData("the cat sat on the mat\nthe cat\n")]
    [InlineData("äöäü")]
    [InlineData("𝄞𝄢a𝄞")]
    public void Accepts_just_the_parts_that_occur_once(string text)
    {
        var automaton = new SuffixAutomaton(Encoding.UTF8.GetBytes(text));
        for (var start = 0; start <= text.Length; start++)
        {
            for (var length = 0; start + length <= text.Length; length++)
            {
                var part = text.Substring(start, length);
                if (SplitsCharacter(part)) continue;
                Assert.Equal(length > 0 && Occurrences(text, part) == 1, Accepts(automaton, Encoding.UTF8.GetBytes(part)));
            }
        }
        Assert.False(Accepts(automaton, "z"u8));
    }

    [Fact]
    public void Random_texts_agree_with_a_search()
    {
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => "ab\nü"[random.Next(4)]));
            var automaton = new SuffixAutomaton(Encoding.UTF8.GetBytes(text));
            for (var i = 0; i < 40; i++)
            {
                var start = random.Next(text.Length);
                var part = text.Substring(start, random.Next(1, text.Length - start + 1));
                if (random.Next(4) == 0) part += 'a';
                Assert.Equal(Occurrences(text, part) == 1, Accepts(automaton, Encoding.UTF8.GetBytes(part)));
            }
        }
    }

    [Fact]
    public void Characters_are_not_split()
    {
        var automaton = new SuffixAutomaton("xäy"u8);
        Assert.False(Accepts(automaton, [0xC3]));
        Assert.Equal(-1, automaton.Step(automaton.Start, 0xA4));
        Assert.True(Accepts(automaton, "ä"u8));
    }

    [Fact]
    public void Every_step_can_still_end()
    {
        var text = "ab ab ab\nab ab\n"u8.ToArray();
        var automaton = new SuffixAutomaton(text);
        for (var start = 0; start < text.Length; start++)
        {
            for (var length = 1; start + length <= text.Length; length++) Assert.True(CanEnd(automaton, Run(automaton, text.AsSpan(start, length))));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public void Repetition_costs_no_more(int period)
    {
        var text = new byte[200_000];
        for (var i = 0; i < text.Length; i++) text[i] = (byte)('a' + i % period % 20 + i % period / 20);
        var time = Stopwatch.StartNew();
        var automaton = new SuffixAutomaton(text);
        // Quadratic time would be minutes.
        Assert.True(time.Elapsed < TimeSpan.FromSeconds(10), $"{time.Elapsed} for 200,000 bytes");
        Assert.True(Accepts(automaton, text));
        Assert.False(Accepts(automaton, text.AsSpan(period)));
    }

    internal static bool Accepts(ByteAutomaton automaton, ReadOnlySpan<byte> bytes) => Run(automaton, bytes) is >= 0 and var state && automaton.Accepts(state);

    internal static int Run(ByteAutomaton automaton, ReadOnlySpan<byte> bytes)
    {
        var state = automaton.Start;
        foreach (var value in bytes)
        {
            state = automaton.Step(state, value);
            if (state < 0) break;
        }
        return state;
    }

    private static bool CanEnd(SuffixAutomaton automaton, int state) =>
        automaton.Accepts(state) || Enumerable.Range(0, 256).Any(value => automaton.Step(state, (byte)value) is >= 0 and var next && CanEnd(automaton, next));

    private static int Occurrences(string text, string part)
    {
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = at + 1 < text.Length ? text.IndexOf(part, at + 1, StringComparison.Ordinal) : -1) count++;
        return count;
    }

    private static bool SplitsCharacter(string part) => part.Length > 0 && (char.IsLowSurrogate(part[0]) || char.IsHighSurrogate(part[^1]));
}
