using System.CommandLine;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt model …</c>: what a model file holds, and its parts on their own.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Models: what they hold, and their parts on their own. Example: agentrt model inspect FILE")
    {
        ModelInspectCommand.Create(), Tokenize(), Detokenize(), ModelRenderCommand.Create(), ModelLogitsCommand.Create(), ModelSynthesizeCommand.Create(),
        ModelPullCommand.Create(), ModelListCommand.Create(), ModelRemoveCommand.Create(),
    };

    /// <summary>The argument MODEL of these commands.</summary>
    internal static Argument<string> ModelArgument() => new("MODEL") { Description = "A GGUF file, a Hugging Face folder, or the name of an installed model." };

    /// <summary>The flag that names the form of the input; it is the only form, and stands for itself on the command line.</summary>
    internal static Option<bool> JsonLinesOption() => new("--jsonl") { Description = "Reads and writes JSON, a document a line.", Required = true };

    private static Command Tokenize()
    {
        var (model, jsonl) = (ModelArgument(), JsonLinesOption());
        var special = new Option<bool>("--special") { Description = "Recognises control tokens, and adds BOS where the model wants it." };
        var command = new Command("tokenize", "Text to token ids: reads a JSON string a line. Example: echo '\"hello\"' | agentrt model tokenize FILE --jsonl") { model, jsonl, special };
        command.SetAction(result =>
        {
            var tokenizer = Tokenizer(result.GetRequiredValue(model));
            var all = result.GetValue(special);
            foreach (var text in JsonLines.Read<string>(Console.In, "a JSON string"))
            {
                var ids = tokenizer.Encode(text, parseSpecial: all);
                if (all && tokenizer.AddsBos && tokenizer.Vocabulary.BosToken is { } bos) ids = [bos, .. ids];
                JsonLines.Write(result.InvocationConfiguration.Output, ids);
            }
        });
        return command;
    }

    private static Command Detokenize()
    {
        var (model, jsonl) = (ModelArgument(), JsonLinesOption());
        var special = new Option<bool>("--special") { Description = "Shows control tokens by name." };
        var command = new Command("detokenize", "Token ids to text: reads a JSON array a line. Example: echo '[1,2]' | agentrt model detokenize FILE --jsonl") { model, jsonl, special };
        command.SetAction(result =>
        {
            var tokenizer = Tokenizer(result.GetRequiredValue(model));
            foreach (var ids in JsonLines.Read<int[]>(Console.In, "a JSON array of token ids"))
            {
                JsonLines.Write(result.InvocationConfiguration.Output, tokenizer.Decode(ids, result.GetValue(special)));
            }
        });
        return command;
    }

    /// <exception cref="ModelFormatException">The model has no vocabulary.</exception>
    private static Tokenizer Tokenizer(string model)
    {
        using var file = ModelLoader.Open(ModelResolver.Find(model));
        return TokenizerFactory.Create(file.Vocabulary ?? throw new ModelFormatException($"{file.Path} has no vocabulary."));
    }
}
