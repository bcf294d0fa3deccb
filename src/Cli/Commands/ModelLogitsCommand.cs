using System.CommandLine;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt model logits</c>: what the model makes of token sequences, to hold it against other engines.</summary>
internal static class ModelLogitsCommand
{
    public static Command Create()
    {
        var (model, jsonl) = (ModelCommand.ModelArgument(), ModelCommand.JsonLinesOption());
        var command = new Command("logits", "Reads a JSON array of token ids a line; writes the argmax of every position and the last position's logits. Example: echo '[1,2]' | agentrt model logits FILE --jsonl") { model, jsonl };
        var engineArguments = new EngineArguments(command, model: false);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using var engine = await engineArguments.LoadAsync(result, ModelResolver.Find(result.GetRequiredValue(model)), cancellationToken).ConfigureAwait(false);
            foreach (var ids in JsonLines.Read<int[]>(Console.In, "a JSON array of token ids"))
            {
                if (ids.Length == 0) throw new UsageException("Standard input: a sequence is empty; give at least one token id.");
                using var session = engine.CreateSession();
                session.Append(ids);
                var logits = await session.ForwardLogitsAsync(cancellationToken).ConfigureAwait(false);
                JsonLines.Write(result.InvocationConfiguration.Output, new { Argmax = logits.ArgMax, LastLogits = logits.Last });
            }
        });
        return command;
    }
}
