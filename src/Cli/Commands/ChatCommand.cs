using System.CommandLine;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt chat</c>: a conversation in the terminal; its history stays resident.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var system = new Option<string?>("--system") { HelpName = "TEXT", Description = "A system message." };
        var command = new Command("chat", "A conversation in the terminal; an empty line or Ctrl-D ends it. Example: agentrt chat --model qwen2.5-coder") { system };
        var engineArguments = new EngineArguments(command);
        var sampling = new SamplingArguments(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = sampling.Options(result);
            await using var engine = await engineArguments.LoadAsync(result, cancellationToken).ConfigureAwait(false);
            await using var conversation = new ResidentConversation(engine, [], options);
            var first = result.GetValue(system) is { Length: > 0 } text ? [new ChatMessage(ChatRole.System, text)] : Array.Empty<ChatMessage>();
            while (await ReadAsync(result, cancellationToken).ConfigureAwait(false) is { Length: > 0 } line)
            {
                await conversation.AppendAsync([.. first, new(ChatRole.User, line)], cancellationToken).ConfigureAwait(false);
                first = [];
                await RespondAsync(result, conversation, cancellationToken).ConfigureAwait(false);
            }
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<string?> ReadAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (!Console.IsInputRedirected) await result.InvocationConfiguration.Error.WriteAsync("> ").ConfigureAwait(false);
        // Reading from a terminal cannot be cancelled: Ctrl-C must not wait for it.
        return await Task.Run(Console.In.ReadLine, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task RespondAsync(ParseResult result, ResidentConversation conversation, CancellationToken cancellationToken)
    {
        var (output, error) = (result.InvocationConfiguration.Output, Consoles.For(result.InvocationConfiguration.Error));
        await foreach (var part in conversation.RespondAsync(cancellationToken).ConfigureAwait(false))
        {
            if (part.Text is { } text)
            {
                await output.WriteAsync(text).ConfigureAwait(false);
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (part.Reasoning is { } reasoning)
            {
                error.Write(new Text(reasoning, new Style(Color.Grey)));
            }
            else if (part.Reply is { } reply)
            {
                await output.WriteLineAsync().ConfigureAwait(false);
                error.MarkupLine(
                    $"[grey]cached {reply.Usage.CachedTokens} · new {reply.Usage.NewTokens} · output {reply.Usage.OutputTokens} · " +
                    $"first token {Durations.Text(reply.Usage.TimeToFirstToken.TotalMilliseconds)}[/]");
            }
        }
    }
}
