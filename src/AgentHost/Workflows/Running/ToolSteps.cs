using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Mcp;
using AgentRuntime.Tools.Shell;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>Runs the steps that call a tool or a command: through the same dispatcher, sandbox and approval as an agent's calls.</summary>
internal sealed class ToolSteps(RunScope run, Workflow workflow, ToolDispatcher dispatcher, IReadOnlyList<McpTool> mcpTools, JsonObject env)
{
    private const int MaxCommandSeconds = 600;

    /// <summary>Runs the action and returns its outputs.</summary>
    /// <exception cref="StepFailedException">The tool failed, or the command's exit code is not 0.</exception>
    public Task<JsonObject> RunAsync(StepInstance instance, JsonObject inputs, CancellationToken cancellationToken) => instance.Step.Action switch
    {
        RunAction => CommandAsync(instance, inputs, cancellationToken),
        McpAction mcp => McpAsync(instance, mcp, inputs, cancellationToken),
        ToolAction tool => ToolAsync(instance, tool.Tool, inputs, cancellationToken),
        var other => throw new InvalidOperationException($"A step with '{other.Key}' calls no tool."),
    };

    private async Task<JsonObject> ToolAsync(StepInstance instance, string tool, JsonObject inputs, CancellationToken cancellationToken)
    {
        var result = await InvokeAsync(instance, tool, inputs["with"] as JsonObject, null, cancellationToken).ConfigureAwait(false);
        return result.IsError ? throw new StepFailedException(Sentence(result.Text)) : new() { ["text"] = result.Text };
    }

    private async Task<JsonObject> McpAsync(StepInstance instance, McpAction action, JsonObject inputs, CancellationToken cancellationToken)
    {
        var tool = mcpTools.FirstOrDefault(t => t.Server == action.Server && t.ToolName == action.Tool)
            ?? throw new StepFailedException($"{workflow.File}:{action.Mark}: the MCP server '{action.Server}' has no tool '{action.Tool}'");
        var outputs = await ToolAsync(instance, tool.Name, inputs, cancellationToken).ConfigureAwait(false);
        outputs["json"] = JsonValues.TryParse(outputs["text"]!.GetValue<string>(), out var json) ? json : null;
        return outputs;
    }

    private async Task<JsonObject> CommandAsync(StepInstance instance, JsonObject inputs, CancellationToken cancellationToken)
    {
        var variables = env.Concat(inputs["env"]!.AsObject()).GroupBy(v => v.Key)
            .ToDictionary(g => g.Key, g => JsonValues.Text(g.Last().Value) ?? "", StringComparer.Ordinal);
        var seconds = instance.Step.Timeout is { } timeout ? (int)Math.Min(MaxCommandSeconds, Math.Ceiling(timeout.TotalSeconds) + 1) : MaxCommandSeconds;
        var arguments = new JsonObject { ["command"] = inputs["command"]!.DeepClone(), ["timeout_seconds"] = seconds };
        var result = await InvokeAsync(instance, "run_command", arguments, variables.Count == 0 ? null : new(variables), cancellationToken).ConfigureAwait(false);
        if (result.ExitCode is not { } code) throw new StepFailedException(Sentence(result.Text));
        var text = Output(result.Text, code);
        var outputs = new JsonObject { ["text"] = text, ["exit-code"] = code };
        var last = text.TrimEnd().Split('\n')[^1].Trim();
        return code == 0 ? outputs
            : throw new StepFailedException($"the command ended with exit code {code}{(last.Length > 0 ? ": " + Short(last) : "")}") { Outputs = outputs };
    }

    private async Task<ToolResult> InvokeAsync(
        StepInstance instance, string tool, JsonObject? arguments, CommandVariables? variables, CancellationToken cancellationToken)
    {
        var values = JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments ?? [])!;
        var shown = new StreamMask(run, instance.Path);
        var result = await dispatcher.InvokeAsync(
            new FunctionCallContent(instance.Path, tool, values), shown.Push, variables: variables, cancellationToken: cancellationToken).ConfigureAwait(false);
        shown.Flush();
        return result;
    }

    /// <summary>A command's output without the line about its exit code, which is there for models.</summary>
    private static string Output(string text, int code)
    {
        var last = $"exit code {code}";
        return text == last ? "" : text.EndsWith("\n" + last, StringComparison.Ordinal) ? text[..^(last.Length + 1)] : text;
    }

    private static string Sentence(string text) => Short(text.StartsWith("error: ", StringComparison.Ordinal) ? text["error: ".Length..] : text);

    private static string Short(string text) => text.Length <= 500 ? text : text[..500] + "…";
}
