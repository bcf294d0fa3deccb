using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Chat;

/// <summary>
/// Text for a model, made by its template. Where a message itself contains the text of a control token, the text is cut
/// inside it: each piece is tokenized by itself, so that a file or tool result cannot end a turn or begin another.
/// </summary>
public sealed class PromptText
{
    internal PromptText(IReadOnlyList<string> pieces) => Pieces = pieces;

    /// <summary>The pieces; nearly always one.</summary>
    public IReadOnlyList<string> Pieces { get; }

    /// <summary>The whole text.</summary>
    public string Text => Pieces.Count == 1 ? Pieces[0] : string.Concat(Pieces);

    /// <summary>Whether the model's reply begins inside a reasoning section that the template opened.</summary>
    public bool OpensReasoning => Text.AsSpan().TrimEnd().EndsWith("<think>", StringComparison.Ordinal);

    /// <summary>Tokenizes it; control tokens of the template become those tokens, the messages' own do not.</summary>
    public int[] Encode(Tokenizer tokenizer) => Pieces.Count == 1
        ? tokenizer.Encode(Pieces[0], parseSpecial: true)
        : [.. Pieces.SelectMany(p => tokenizer.Encode(p, parseSpecial: true))];

    /// <inheritdoc/>
    public override string ToString() => Text;
}
