using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The <c>escape</c> filter.</summary>
internal static class Html
{
    /// <summary>Escapes <c>&amp; &lt; &gt; " '</c> as Python's markupsafe does.</summary>
    public static string Escape(string text)
    {
        if (text.AsSpan().IndexOfAny("&<>\"'") < 0) return text;
        var output = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '&' => output.Append("&amp;"),
                '<' => output.Append("&lt;"),
                '>' => output.Append("&gt;"),
                '"' => output.Append("&#34;"),
                '\'' => output.Append("&#39;"),
                _ => output.Append(c),
            };
        }
        return output.ToString();
    }
}
