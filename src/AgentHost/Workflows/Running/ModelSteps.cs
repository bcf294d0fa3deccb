using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Events;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Mcp;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>Runs the steps that talk to a model: one reply, or a whole agent loop.</summary>
internal sealed class ModelSteps(RunScope run, IReadOnlyList<McpTool> mcpTools)
{
    private const int DefaultMaxTokens = 1024;
    private const int DefaultAgentTokens = 4096;

    /// <summary>Runs the action on a conversation and returns its outputs.</summary>
    /// <exception cref="StepFailedException">The reply is no answer, or the agent found none.</exception>
    public Task<JsonObject> RunAsync(StepInstance instance, string key, JsonObject inputs, IConversation conversation, StepMeter meter, CancellationToken cancellationToken) =>
        instance.Step.Action switch
        {
            PromptAction prompt => PromptAsync(instance, prompt, inputs, conversation, meter, cancellationToken),
            AgentAction agent => AgentAsync(instance, key, agent, inputs, conversation, meter, cancellationToken),
            var other => throw new InvalidOperationException($"A step with '{other.Key}' uses no model."),
        };

    /// <summary>The tools of an agent, under its own approval mode when it has one.</summary>
    public IReadOnlyList<AIFunction> ToolsOf(AgentAction agent)
    {
        var builtIn = run.Host.Tools(agent.Approval);
        // A tool of an MCP server knows the run's approval mode only, so that a stricter agent gets those that read.
        var servers = agent.Approval == ApprovalMode.Never ? mcpTools.Where(t => t.IsReadOnly).ToList() : mcpTools;
        if (agent.Tools is null) return builtIn;
        return [.. agent.Tools.SelectMany(IEnumerable<AIFunction> (reference) => reference.Name.StartsWith("mcp:", StringComparison.Ordinal)
            ? servers.Where(t => reference.Name == $"mcp:{t.Server}/{t.ToolName}" || reference.Name == $"mcp:{t.Server}/*")
            : builtIn.Where(t => t.Name == reference.Name)).DistinctBy(t => t.Name)];
    }

    private async Task<JsonObject> PromptAsync(
        StepInstance instance, PromptAction prompt, JsonObject inputs, IConversation conversation, StepMeter meter, CancellationToken cancellationToken)
    {
        conversation.Generation = new GenerationOptions
        {
            MaxTokens = prompt.MaxTokens ?? DefaultMaxTokens,
            Temperature = (float)(prompt.Temperature ?? 0),
            Constraint = prompt.Schema is null ? null : Constraint.JsonSchema(JsonValues.Json(prompt.Schema)),
        };
        var user = new ChatMessage(ChatRole.User, JsonValues.Text(inputs["text"]));
        await conversation.AppendAsync(
            inputs["system"] is { } system ? [new(ChatRole.System, JsonValues.Text(system)), user] : [user], cancellationToken).ConfigureAwait(false);

        var reply = await ReplyAsync(instance, conversation, cancellationToken).ConfigureAwait(false);
        meter.AddReply(reply.Usage);
        var outputs = new JsonObject { ["text"] = reply.Message.Text.Trim() };
        if (prompt.Schema is null) return outputs;
        if (!JsonValues.TryParse(reply.Message.Text, out var json))
        {
            throw new StepFailedException(reply.FinishReason == FinishReason.Length
                ? $"the reply was cut off after {reply.Usage.OutputTokens} tokens, before its JSON was whole; raise 'max-tokens', or bound the schema's texts with maxLength"
                : "the reply is no JSON");
        }
        outputs["json"] = json;
        return outputs;
    }

    private async Task<Reply> ReplyAsync(StepInstance instance, IConversation conversation, CancellationToken cancellationToken)
    {
        var shown = new StreamMask(run, instance.Path);
        await foreach (var part in conversation.RespondAsync(cancellationToken).ConfigureAwait(false))
        {
            if (part.Text is { } text) shown.Push(text);
            if (part.Reply is not { } reply) continue;
            shown.Flush();
            if (reply.FinishReason == FinishReason.Cancelled) throw new OperationCanceledException(cancellationToken);
            return reply;
        }
        throw new StepFailedException("the model gave no reply");
    }

    private async Task<JsonObject> AgentAsync(
        StepInstance instance, string key, AgentAction action, JsonObject inputs, IConversation conversation, StepMeter meter, CancellationToken cancellationToken)
    {
        var host = run.Host;
        var task = JsonValues.Text(inputs["task"])!;
        conversation.Generation = new GenerationOptions { MaxTokens = action.MaxTokens ?? DefaultAgentTokens, Temperature = (float)(action.Temperature ?? 0) };
        IReadOnlyList<ChatMessage> opening = conversation.ContextTokens == 0 ? AgentPrompt.Create(host.Repository, task) : [new(ChatRole.User, task)];
        var dispatcher = new ToolDispatcher(ToolsOf(action), host.ToolTimeout, host.Time);
        var options = new AgentOptions { ToolTimeout = host.ToolTimeout, TokenBudget = action.TokenBudget ?? 0 };
        if (action.MaxSteps is { } steps) options = options with { MaxSteps = steps };
        var description = new RunDescription(task, host.Repository, conversation.Model);

        var unfinished = Unfinished(instance, key);
        using var recorder = unfinished is null ? host.Journal.Create(host.Repository, conversation.Model, task, opening, run.Mask.Apply) : host.Journal.Continue(unfinished.Summary.Id, run.Mask.Apply);
        run.Recorder.Started(instance.Path, key, recorder.Id);
        var shown = new StreamMask(run, instance.Path);
        var agent = new Agent(conversation, dispatcher, recorder, options, e => Watch(e, shown, meter), host.Time);
        var result = unfinished is null
            ? await agent.RunAsync(description, opening, cancellationToken).ConfigureAwait(false)
            : await agent.ResumeAsync(description, new(unfinished, dispatcher.IsReadOnly, host.AskAboutInterrupted), cancellationToken).ConfigureAwait(false);
        shown.Flush();
        if (result.Status == RunStatus.Cancelled) throw new OperationCanceledException(result.Answer, cancellationToken);
        return result.Status == RunStatus.Completed
            ? new() { ["text"] = result.Answer, ["steps"] = result.Steps }
            : throw new StepFailedException(result.Answer.TrimEnd('.'));
    }

    /// <summary>The agent's run that an earlier process did not end; it is gone on with, so that its calls do not run twice.</summary>
    private RecordedRun? Unfinished(StepInstance instance, string key)
    {
        if (run.Recorder.Find(instance.Path, key) is not { Status: RunStatus.Running, AgentRun: { } id }) return null;
        var recorded = run.Host.Journal.Load(id);
        return recorded.Summary.Status is RunStatus.Running or RunStatus.Cancelled ? recorded : null;
    }

    private static void Watch(AgentEvent value, StreamMask shown, StepMeter meter)
    {
        switch (value)
        {
            case MessageDelta { Reasoning: false } delta: shown.Push(delta.Text); break;
            case ToolStarted call: shown.Push($"\n{call.Name} {call.Arguments}\n"); break;
            case ToolOutput output: shown.Push(output.Text); break;
            case ToolCompleted { Ok: false } failed: shown.Push($"{failed.Result}\n"); break;
            case StepCompleted step: meter.Add(new(1, step.PromptTokens, step.CachedTokens, step.OutputTokens, 0)); break;
        }
    }
}
