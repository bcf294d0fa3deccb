using System.Collections.Frozen;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Collects the tokens that end a reply. Files name one or two of them; the others are known by how model families write
/// them, and count only where the vocabulary has them as special tokens.
/// </summary>
internal static class EndTokenFinder
{
    private static readonly string[] KnownNames =
    [
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "</s>", "<|end|>", "<|return|>", "<|call|>",
        "<end_of_turn>", "<eos>", "<EOT>", "[EOT]", "[EOS]", "<|eot|>", "<|eom|>", "<|END_OF_TURN_TOKEN|>", "<|endofturn|>",
        "<\uFF5Cend\u2581of\u2581sentence\uFF5C>", "<|user|>", "<|observation|>", "[|endofturn|]", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "[e~[",
    ];

    /// <summary>The ids.</summary>
    public static FrozenSet<int> Find(VocabularyData vocabulary, Func<string, int?> find)
    {
        var found = new HashSet<int>();
        foreach (var name in KnownNames)
            if (find(name) is { } id && vocabulary.Types[id] is TokenType.Control or TokenType.UserDefined) found.Add(id);

        // In the harmony format a message ends with <|end|> and the reply goes on; <|return|> and <|call|> end it.
        if (find("<|return|>") is not null && find("<|call|>") is not null && find("<|end|>") is { } end) found.Remove(end);

        if (vocabulary.EosToken is { } eos) found.Add(eos);
        if (vocabulary.EotToken is { } eot) found.Add(eot);
        return found.ToFrozenSet();
    }
}
