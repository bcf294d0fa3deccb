using System.Globalization;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Models;

/// <summary>What has to hold of a vocabulary, whatever file it came from.</summary>
internal static class VocabularyCheck
{
    /// <summary>What is wrong with a vocabulary, without a full stop; null when nothing is.</summary>
    public static string? Problem(VocabularyData vocabulary)
    {
        var count = vocabulary.Tokens.Count;
        if (vocabulary.Types.Count != count)
            return $"the vocabulary has {count} tokens but {vocabulary.Types.Count} token types";
        if (vocabulary.Scores.Count != 0 && vocabulary.Scores.Count != count)
            return $"the vocabulary has {count} tokens but {vocabulary.Scores.Count} scores";
        return SpecialTokens(vocabulary) ?? Entries(vocabulary) ?? Merges(vocabulary);
    }

    private static string? SpecialTokens(VocabularyData vocabulary)
    {
        (string Name, int? Id)[] tokens =
        [
            ("beginning-of-sequence", vocabulary.BosToken), ("end-of-sequence", vocabulary.EosToken),
            ("end-of-turn", vocabulary.EotToken), ("unknown", vocabulary.UnknownToken), ("padding", vocabulary.PaddingToken),
        ];
        foreach (var (name, id) in tokens)
            if (id is < 0 || id >= vocabulary.Tokens.Count)
                return $"the {name} token has id {id}, but the vocabulary has {vocabulary.Tokens.Count} entries";
        return null;
    }

    private static string? Entries(VocabularyData vocabulary)
    {
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
        {
            var (text, type) = (vocabulary.Tokens[id], vocabulary.Types[id]);
            if (!Enum.IsDefined(type)) return $"token {id} has the unknown type {(int)type}";
            if (type == TokenType.Byte && !IsByte(text)) return $"token {id} is \"{Short(text)}\", expected a byte written as <0xNN>";
        }
        for (var id = 0; id < vocabulary.Scores.Count; id++)
            if (float.IsNaN(vocabulary.Scores[id])) return $"the score of token {id} is not a number";
        return null;
    }

    private static string? Merges(VocabularyData vocabulary)
    {
        for (var rank = 0; rank < vocabulary.Merges.Count; rank++)
        {
            var merge = vocabulary.Merges[rank];
            // A part may itself hold a space, so look for one that leaves something on both sides.
            if (merge.Length < 3 || merge.IndexOf(' ', 1, merge.Length - 2) < 0)
                return $"merge {rank} is \"{Short(merge)}\", expected two parts with a space between";
        }
        return null;
    }

    private static bool IsByte(string text) =>
        text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
        && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
