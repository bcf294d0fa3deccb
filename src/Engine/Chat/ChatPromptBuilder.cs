using System.Collections.Concurrent;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>
/// Makes prompts that begin with what is resident. A conversation that the memory knows, by its id or by the history
/// that the caller sends, goes on from its tokens, and only what is new is rendered. Any other is rendered as a whole,
/// and texts that the engine has seen become the tokens that they were.
/// </summary>
internal sealed class ChatPromptBuilder(InferenceEngine engine, ChatTemplate template, ConversationMemory memory)
{
    // One for each value of the template's reasoning variables, so very few.
    private readonly ConcurrentDictionary<string, ConversationRenderer> _renderers = new(StringComparer.Ordinal);

    /// <summary>The renderer for a setup.</summary>
    public ConversationRenderer Renderer(ChatSetup setup) => _renderers.GetOrAdd(
        setup.VariablesKey, _ => new(template, ConversationRendererOptions.From(engine.Tokenizer) with { Variables = setup.Variables, Clock = engine.Options.TimeProvider }));

    /// <summary>Makes the prompt of a request.</summary>
    /// <exception cref="ConversationLostException">There is no conversation of that id.</exception>
    /// <exception cref="EngineException">There is nothing to reply to.</exception>
    /// <exception cref="TemplateException">The template refuses the conversation.</exception>
    public ChatPrompt Build(ChatRequest request)
    {
        if (request.Messages.Count == 0) throw new EngineException("The request holds no message, so there is nothing to reply to; send at least one.");
        if (request.ConversationId is not { } id) return FromHistory(request.Setup, request.Messages);
        var known = memory.FindById(id) ?? throw new ConversationLostException(id);
        return (known.SetupKey == request.Setup.Key ? Continue(known, request.Setup, request.Messages) : null)
            ?? Whole(request.Setup, [.. known.Messages, .. request.Messages], known.Tokens);
    }

    /// <summary>Remembers the text of a conversation for callers that send it again in other parts.</summary>
    public void Remember(KnownConversation known)
    {
        // The map knows a text by what it looks like, so a text that only looks like a control token must not get there.
        if (!known.IsPlain) return;
        var tokens = known.HasAddedBos ? known.Tokens[1..] : known.Tokens;
        engine.TextTokens.Record(engine.Tokenizer.Decode(tokens, special: true), tokens);
    }

    private ChatPrompt FromHistory(ChatSetup setup, IReadOnlyList<ChatMessage> messages)
    {
        var key = setup.Key;
        KnownConversation? longest = null;
        var keys = messages.Select(m => key = ChatSetup.Extend(key, m)).ToArray();
        for (var count = messages.Count - 1; count > 0 && longest is null; count--)
        {
            if (messages[count - 1].Role != ChatRole.Assistant) continue;
            longest = memory.FindByKey(keys[count - 1]);
            if (longest is not null && Continue(longest, setup, [.. messages.Skip(count)]) is { } prompt) return prompt;
        }
        return Whole(setup, messages, longest?.Tokens);
    }

    private ChatPrompt? Continue(KnownConversation known, ChatSetup setup, IReadOnlyList<ChatMessage> messages)
    {
        var start = setup.WithInstructions(known.Messages.Take(known.Opening));
        if (Renderer(setup).RenderAppend(start, known.Messages[^1], messages, setup.Tools, known.EndText) is not { } text) return null;
        return new()
        {
            Tokens = [.. known.Tokens, .. text.Encode(engine.Tokenizer)],
            Expected = known.Tokens,
            Messages = [.. known.Messages, .. messages],
            Opening = known.Opening,
            Key = messages.Aggregate(known.Key, ChatSetup.Extend),
            HasAddedBos = known.HasAddedBos,
            IsPlain = known.IsPlain && text.Pieces.Count == 1,
            OpensReasoning = text.OpensReasoning,
            Calls = known.Calls + CallsIn(messages),
        };
    }

    private ChatPrompt Whole(ChatSetup setup, IReadOnlyList<ChatMessage> messages, IReadOnlyList<int>? expected)
    {
        var text = Renderer(setup).RenderStart(setup.WithInstructions(messages), setup.Tools);
        var isPlain = text.Pieces.Count == 1;
        var known = isPlain ? engine.TextTokens.Encode(text.Text) : null;
        var tokens = known?.Tokens ?? text.Encode(engine.Tokenizer);
        int[] bos = engine.Tokenizer is { AddsBos: true, Vocabulary.BosToken: { } id } && (tokens.Length == 0 || tokens[0] != id) ? [id] : [];
        // A conversation that has a reply already was somewhere before, and then most likely here.
        if (messages.Any(m => m.Role == ChatRole.Assistant) && known?.Nearest is { } nearest) expected ??= [.. bos, .. nearest];
        return new()
        {
            Tokens = [.. bos, .. tokens],
            Expected = expected,
            Messages = messages,
            Opening = messages.Count,
            Key = messages.Aggregate(setup.Key, ChatSetup.Extend),
            HasAddedBos = bos.Length > 0,
            IsPlain = isPlain,
            OpensReasoning = text.OpensReasoning,
            Calls = CallsIn(messages),
        };
    }

    private static int CallsIn(IEnumerable<ChatMessage> messages) => messages.Sum(m => m.Contents.Count(c => c is FunctionCallContent));
}
