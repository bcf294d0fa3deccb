using System.Runtime.CompilerServices;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Grammar.Grounding;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Conversations;

/// <summary>
/// A conversation on the engine in this process. The system text, the tools and the history are rendered and tokenized
/// once; what the model generated stays as it is; each append adds just what the chat template writes next.
/// </summary>
public sealed class ResidentConversation : IConversation
{
    private readonly InferenceEngine _engine;
    private readonly ConversationRenderer _renderer;
    private readonly IReadOnlyList<AITool> _tools;
    private readonly ToolSchemas _schemas;
    private readonly GenerationOptions _generation;
    private readonly ToolCallGrammar? _grammar;
    private readonly List<ChatMessage> _history = [];
    private Session _session;
    private int _opening;
    private bool _opensReasoning;

    /// <summary>Creates an empty conversation.</summary>
    /// <param name="engine">The engine; it stays the caller's to dispose.</param>
    /// <param name="tools">Tools on offer, in the order in which the model is told of them.</param>
    /// <param name="generation">How to generate.</param>
    /// <param name="options">How far replies are held to the tools; null for the defaults.</param>
    /// <exception cref="ModelFormatException">The model has no chat template.</exception>
    /// <exception cref="GrammarException">A tool cannot be held to.</exception>
    public ResidentConversation(InferenceEngine engine, IReadOnlyList<AITool> tools, GenerationOptions? generation = null, ResidentConversationOptions? options = null)
    {
        options ??= new();
        var source = engine.ChatTemplateSource
            ?? throw new ModelFormatException($"The model {engine.Model.Name} has no chat template, so it cannot hold a conversation; use an instruction-tuned model.");
        _engine = engine;
        _tools = tools;
        _schemas = new(tools);
        _generation = (generation ?? new()) with { Operation = "chat" };
        _renderer = new(ChatTemplate.Parse(source), ConversationRendererOptions.From(engine.Tokenizer));
        _grammar = Grammar(options);
        // The vocabulary is made ready while the first prompt is computed.
        if (_grammar is not null) _ = Task.Run(() => TokenGrammar.Prepare(engine.Tokenizer));
        _session = engine.CreateSession();
    }

    private ResidentConversation(ResidentConversation other)
    {
        (_engine, _renderer, _tools, _schemas, _generation) = (other._engine, other._renderer, other._tools, other._schemas, other._generation);
        _grammar = other._grammar;
        (_opening, _opensReasoning) = (other._opening, other._opensReasoning);
        _history.AddRange(other._history);
        _session = other._session.Fork();
    }

    /// <inheritdoc/>
    public string Model => _engine.Model.Name;

    /// <inheritdoc/>
    public int ContextTokens => _session.Length;

    /// <summary>The token ids of the conversation so far.</summary>
    public IReadOnlyList<int> Tokens => _session.Tokens;

    /// <inheritdoc/>
    public long ComputedTokens { get; private set; }

    /// <inheritdoc/>
    public GenerationOptions? Generation { get; set; }

    /// <inheritdoc/>
    public ValueTask AppendAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken = default)
    {
        PromptText text;
        if (_history.Count == 0)
        {
            text = _renderer.RenderStart(messages, _tools);
            _opening = messages.Count;
        }
        else if (Continuation(messages) is { } rest)
        {
            text = rest;
        }
        else
        {
            // The template rewrites history: a new session finds what is resident of the new text by itself.
            text = _renderer.RenderStart([.. _history, .. messages], _tools);
            _session.Dispose();
            _session = _engine.CreateSession();
        }
        var ids = text.Encode(_engine.Tokenizer);
        if (_session.Length == 0 && _engine.Tokenizer is { AddsBos: true, Vocabulary.BosToken: { } bos } && (ids.Length == 0 || ids[0] != bos)) ids = [bos, .. ids];
        _session.Append(ids);
        _history.AddRange(messages);
        _opensReasoning = text.OpensReasoning;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask AppendReplyAsync(Reply reply, CancellationToken cancellationToken = default)
    {
        if (reply.TokenIds.Count == 0) throw new AgentException("The reply has no token ids, so it is one of a remote model; continue it with that model.");
        _session.Append([.. reply.TokenIds]);
        _history.Add(reply.Message);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplyEvent> RespondAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var before = _session.Checkpoint();
        var calls = _history.Sum(m => m.Contents.Count(c => c is FunctionCallContent));
        var (generation, isHeld) = NextGeneration();
        var builder = new ReplyBuilder(_renderer.Format.CreateParser(new() { StartsInReasoning = _opensReasoning, CallsBefore = calls, Schemas = _schemas, IsHeld = isHeld }));
        List<int> ids = [];
        var complete = false;
        try
        {
            await foreach (var e in _session.GenerateAsync(generation, cancellationToken).ConfigureAwait(false))
            {
                if (e.Token is { } token) ids.Add(token);
                foreach (var part in builder.Push(TextOf(e))) yield return part;
                if (e is not { Usage: { } usage, FinishReason: { } reason }) continue;

                ComputedTokens += usage.ComputedTokens;
                foreach (var part in builder.Complete(generation.CutOff(reason))) yield return part;
                complete = reason != FinishReason.Cancelled;
                var reply = new Reply(builder.ToMessage(), ids, reason, usage);
                if (complete) _history.Add(reply.Message);
                yield return new() { Reply = reply };
            }
        }
        finally
        {
            // A reply that was cut off is not part of the conversation.
            if (!complete) _session.Rewind(before);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IConversation> ForkAsync(CancellationToken cancellationToken = default)
    {
        // What was appended and not computed yet would otherwise be computed by both.
        if (_session.Length > 0) await ComputeAsync(cancellationToken).ConfigureAwait(false);
        return new ResidentConversation(this);
    }

    /// <summary>Computes what was appended, without a reply.</summary>
    /// <returns>What it cost.</returns>
    public async Task<Usage> ComputeAsync(CancellationToken cancellationToken = default)
    {
        var usage = await _session.PrefillAsync(cancellationToken).ConfigureAwait(false);
        ComputedTokens += usage.ComputedTokens;
        return usage;
    }

    /// <inheritdoc/>
    public ConversationCheckpoint Checkpoint() => new(_history.Count, _session.Length) { Session = _session.Checkpoint() };

    /// <inheritdoc/>
    public ValueTask RewindAsync(ConversationCheckpoint checkpoint, CancellationToken cancellationToken = default)
    {
        _session.Rewind(checkpoint.Session ?? throw new ArgumentException("The checkpoint is not one of this conversation.", nameof(checkpoint)));
        _history.RemoveRange(checkpoint.Messages, _history.Count - checkpoint.Messages);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _session.Dispose();
        return ValueTask.CompletedTask;
    }

    // A mask or constraint of the caller's own says what he wants instead.
    private ToolCallGrammar? Grammar(ResidentConversationOptions options)
    {
        if (_generation.TokenMask is not null || _generation.Constraint is not null) return null;
        var held = options.ConstrainToolCalls ? _tools : [];
        return held.Count == 0 && _generation.ThinkingBudget is null
            ? null
            : ToolCallGrammar.Compile(_renderer.Format, held, _engine.Tokenizer, new()
            {
                Grounding = options.GroundArguments ? ToolGrounding.Of(held, options.UngroundedTools) : null,
                LoosenUnsupportedSchemas = options.LoosenUnsupportedSchemas,
            });
    }

    /// <summary>How the next reply is generated: held to a constraint of its own, or else to the grammar of tool calls.</summary>
    private (GenerationOptions Options, bool IsHeld) NextGeneration()
    {
        var options = Generation is { } own ? own with { Operation = _generation.Operation } : _generation;
        return _grammar is null || options.Constraint is not null || options.TokenMask is not null
            ? (options, false)
            : (options with { TokenMask = _grammar.CreateMask(_opensReasoning, options.ThinkingBudget) }, true);
    }

    /// <summary>What the template writes between the last reply and new messages, or null when it would write the past differently.</summary>
    private PromptText? Continuation(IReadOnlyList<ChatMessage> messages)
    {
        // Several appends in a row: everything since the last reply was one piece for the template, which is not there any more.
        if (_history[^1].Role != ChatRole.Assistant) return null;
        var last = _session.Tokens[^1];
        var end = EndsReply(last) ? _engine.Tokenizer.Vocabulary.Tokens[last] : null;
        return _renderer.RenderAppend(_history[.._opening], _history[^1], messages, _tools, end);
    }

    /// <summary>The text of an event; control tokens that mark tool calls are shown to the parser by name.</summary>
    private string TextOf(TokenEvent e) =>
        e.Token is { } token && _engine.Tokenizer.Vocabulary.Types[token] == TokenType.Control && !EndsReply(token)
            ? e.Text + _engine.Tokenizer.Vocabulary.Tokens[token]
            : e.Text;

    private bool EndsReply(int token) => _engine.Tokenizer.EndTokens.Contains(token);
}
