using System.Text;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Models.Synthesis;

/// <summary>
/// A byte-level BPE vocabulary of any size: the 256 bytes, then letter sequences in order of length, each with the
/// merge that makes it from the sequence one letter shorter, and the ChatML tokens at the end. Any text can be written
/// with it, English in about two letters a token.
/// </summary>
internal static class SyntheticVocabulary
{
    private static readonly (string Text, TokenType Type)[] Special =
    [
        ("<tool_call>", TokenType.UserDefined), ("</tool_call>", TokenType.UserDefined),
        ("<|endoftext|>", TokenType.Control), ("<|im_start|>", TokenType.Control), ("<|im_end|>", TokenType.Control),
    ];

    /// <summary>The chat template that goes with it: ChatML with calls as JSON between tags.</summary>
    public const string ChatTemplate =
        """
        {%- for message in messages %}
        {{- '<|im_start|>' + message.role + '\n' + (message.content or '') }}
        {%- if loop.first and message.role == 'system' and tools %}
        {{- '\nTools:' }}
        {%- for tool in tools %}
        {{- '\n' }}{{- tool | tojson }}
        {%- endfor %}
        {%- endif %}
        {%- for call in message.tool_calls or [] %}
        {%- set function = call.function or call %}
        {{- '\n<tool_call>\n{"name": "' + function.name + '", "arguments": ' }}
        {%- if function.arguments is string %}
        {{- function.arguments }}
        {%- else %}
        {{- function.arguments | tojson }}
        {%- endif %}
        {{- '}\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\n' }}
        {%- endif %}
        """;

    /// <summary>Makes one of exactly <paramref name="size"/> entries, at least 512.</summary>
    public static VocabularyData Create(int size, string preTokenizer)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 512);
        var tokens = new List<string>(size);
        var merges = new List<string>(size);
        for (var value = 0; value < 256; value++) tokens.Add(ByteText(value).ToString());
        var space = ByteText(' ').ToString();
        foreach (var word in Words())
        {
            // Each sequence with a space before it and, from two letters on, without.
            Add(space + word);
            if (word.Length > 1) Add(word);
            if (tokens.Count >= size - Special.Length) break;
        }
        var types = new TokenType[size];
        Array.Fill(types, TokenType.Normal);
        for (var i = 0; i < Special.Length; i++) types[tokens.Count + i] = Special[i].Type;
        tokens.AddRange(Special.Select(token => token.Text));
        return new()
        {
            Model = "gpt2",
            PreTokenizer = preTokenizer,
            Tokens = tokens,
            Types = types,
            Merges = merges,
            EosToken = tokens.IndexOf("<|im_end|>"),
            PaddingToken = tokens.IndexOf("<|endoftext|>"),
            AddBos = false,
        };

        void Add(string token)
        {
            if (tokens.Count >= size - Special.Length) return;
            tokens.Add(token);
            merges.Add($"{token[..^1]} {token[^1]}");
        }
    }

    /// <summary>a, b, …, z, aa, ab, … without end.</summary>
    private static IEnumerable<string> Words()
    {
        var text = new StringBuilder();
        for (var number = 1; ; number++)
        {
            text.Clear();
            for (var rest = number; rest > 0; rest = (rest - 1) / 26) text.Insert(0, (char)('a' + (rest - 1) % 26));
            yield return text.ToString();
        }
    }

    /// <summary>
    /// The letter that stands for a byte in byte-level BPE: itself where it is printable, else the next unused one
    /// from U+0100 (GPT-2's alphabet).
    /// </summary>
    private static char ByteText(int value)
    {
        static bool Printable(int b) => b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
        return Printable(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(b => !Printable(b)));
    }
}
