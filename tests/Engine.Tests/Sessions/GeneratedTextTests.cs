using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Sessions;

public class GeneratedTextTests
{
    private static (List<string> Pieces, bool Stopped) Write(string text, params string[] stops)
    {
        var tokenizer = new FakeTokenizer();
        var generated = new GeneratedText(tokenizer, stops);
        var pieces = new List<string>();
        foreach (var value in System.Text.Encoding.UTF8.GetBytes(text)) pieces.Add(generated.Push(value));
        pieces.Add(generated.Finish());
        return (pieces, generated.Stopped);
    }

    [Fact]
    public void Gives_whole_characters_as_they_are_complete()
    {
        Assert.Equal(["a", "", "\u00e9", "", "", "", "\ud83d\ude00", ""], Write("a\u00e9\ud83d\ude00").Pieces);
    }

    [Fact]
    public void Stops_before_the_stop_sequence()
    {
        var (pieces, stopped) = Write("one STOP two", "STOP");
        Assert.True(stopped);
        Assert.Equal("one ", string.Concat(pieces));
    }

    [Fact]
    public void Holds_back_only_what_may_be_a_stop()
    {
        Assert.Equal(["a", "", "", "##a", "", "", "##"], Write("a##a##", "###").Pieces);
    }

    [Theory]
    [InlineData("aabaabb", "aabb", "aab")]
    [InlineData("xyzabc", "abc", "xyz")]
    [InlineData("one two", "two", "one ")]
    public void The_stop_may_start_anywhere(string text, string stop, string expected) =>
        Assert.Equal(expected, string.Concat(Write(text, stop).Pieces));

    [Fact]
    public void The_earliest_of_several_stops_counts() => Assert.Equal("a", string.Concat(Write("a<b>c", "b>", "<b").Pieces));

    [Fact]
    public void A_broken_character_at_the_end_is_shown_as_such()
    {
        var generated = new GeneratedText(new FakeTokenizer(), []);
        Assert.Equal("", generated.Push(0xC3));
        Assert.Equal("\ufffd", generated.Finish());
    }
}
