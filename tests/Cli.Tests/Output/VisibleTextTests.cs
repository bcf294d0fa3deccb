using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Tests.Output;

public sealed class VisibleTextTests
{
    [Theory]
    [InlineData("plain\ttext\nnaïve ✓ 🦊", "plain\ttext\nnaïve ✓ 🦊")]
    [InlineData("rm -rf src\u001b[2K\rdotnet test", "rm -rf src␛[2K␍dotnet test")]
    [InlineData("a\r\nb", "a\nb")]
    [InlineData("\0\u007f\u009b", "␀␡<U+009B>")]
    [InlineData("echo \u202Efr- mr", "echo <U+202E>fr- mr")]
    public void Control_characters_come_in_sight(string text, string visible) => Assert.Equal(visible, VisibleText.Of(text));
}
