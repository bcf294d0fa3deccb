using AgentRuntime.Engine.Chat.ToolCalls;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Salvage;

/// <summary>
/// Tool calls of a model that no grammar held to their form. What can only have been meant one way is repaired; a call
/// that cannot be read carries the sentence that the model is to read, and comes back to it as the call's result.
/// </summary>
/// <param name="tools">The tools that the model was offered.</param>
internal sealed class CallSalvage(IEnumerable<AITool> tools)
{
    private readonly List<AIFunctionDeclaration> _tools = [.. tools.OfType<AIFunctionDeclaration>()];

    /// <summary>A call with its tool's name and arguments as they must have been meant, or the same call where nothing is wrong or nothing is certain.</summary>
    public FunctionCallContent Repair(FunctionCallContent call)
    {
        if (Find(call.Name) is not { } tool) return call;
        if (call.Exception is not null and not ToolCallFormatException)
        {
            // Clients say no more than that the arguments could not be parsed.
            return new(call.CallId, tool.Name) { Exception = new ToolCallFormatException(Sentence(tool), "") };
        }
        var arguments = call.Arguments is null ? null : ArgumentRepair.Repair(tool.JsonSchema, call.Arguments);
        return tool.Name == call.Name && arguments is null ? call : new(call.CallId, tool.Name, arguments ?? call.Arguments) { Exception = call.Exception };
    }

    /// <summary>The contents of a reply whose calls stand in its text, as models write them when the endpoint does not take them out; the same contents where there are none.</summary>
    /// <param name="contents">The reply.</param>
    /// <param name="callsBefore">Number of calls earlier in the conversation, for the ids.</param>
    public IReadOnlyList<AIContent> TakeFromText(IReadOnlyList<AIContent> contents, int callsBefore)
    {
        if (_tools.Count == 0 || contents.Any(content => content is FunctionCallContent)) return contents;
        var text = string.Concat(contents.OfType<TextContent>().Select(content => content.Text));
        if (Read(text, callsBefore) is not { } parts) return contents;
        List<AIContent> taken = [.. contents.Where(content => content is not TextContent)];
        var before = string.Concat(parts.Where(part => part.Kind == ReplyPartKind.Content).Select(part => part.Text));
        if (before.Length > 0) taken.Add(new TextContent(before));
        taken.AddRange(parts.Where(part => part.Call is not null).Select(part => Repair(part.Call!)));
        return taken;
    }

    /// <summary>The parts of the text by the family that understands it best, or null when there is no call of an offered tool in it.</summary>
    private List<ReplyPart>? Read(string text, int callsBefore)
    {
        List<ReplyPart>? malformed = null;
        foreach (var format in ToolCallFormats.All)
        {
            if (!format.Openings.Any(opening => text.Contains(opening, StringComparison.Ordinal)) && !(format.Name == "generic" && Unfenced(text)[0] == '{')) continue;
            var parser = format.CreateParser(new() { CallsBefore = callsBefore, Schemas = new(_tools) });
            List<ReplyPart> parts = [.. parser.Push(format.Name == "generic" ? Unfenced(text) : text), .. parser.Finish()];
            var calls = parts.Where(part => part.Call is not null).ToList();
            // Prose may speak of a mark; a reply that is nothing else was meant as a call.
            var isOnlyCalls = parts.TrueForAll(part => part.Kind != ReplyPartKind.Content);
            if (calls.Count == 0 || !calls.TrueForAll(part => Find(part.Call!.Name) is not null || (isOnlyCalls && part.Kind == ReplyPartKind.CallMalformed))) continue;
            if (calls.TrueForAll(part => part.Kind == ReplyPartKind.CallReady)) return parts;
            malformed ??= parts;
        }
        return malformed;
    }

    /// <summary>The tool of a name, or the only one whose name differs just in case, dashes or a module's name in front.</summary>
    private AIFunctionDeclaration? Find(string name)
    {
        if (_tools.Find(tool => tool.Name == name) is { } exact) return exact;
        var alike = _tools.FindAll(tool => ArgumentRepair.Plain(tool.Name) == ArgumentRepair.Plain(name[(name.LastIndexOf('.') + 1)..]));
        return alike.Count == 1 ? alike[0] : null;
    }

    /// <summary>A whole reply without the fence of a code block around it; never empty.</summary>
    private static string Unfenced(string text)
    {
        text = text.Trim();
        if (text.StartsWith("```", StringComparison.Ordinal) && text.EndsWith("```", StringComparison.Ordinal) && text.IndexOf('\n') is > 0 and var line && text.Length - 3 > line)
            text = text[(line + 1)..^3].Trim();
        return text.Length == 0 ? " " : text;
    }

    private static string Sentence(AIFunctionDeclaration tool)
    {
        var names = ArgumentRepair.Properties(tool.JsonSchema).Select(property => property.Name).ToList();
        return $"the arguments of {tool.Name} are no valid JSON; call it again with a JSON object" + (names.Count == 0 ? "" : $" of {string.Join(", ", names)}");
    }
}
