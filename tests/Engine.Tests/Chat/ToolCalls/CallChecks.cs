using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentRuntime.Engine.Chat.ToolCalls;
using Microsoft.Extensions.AI;
using NJsonSchema;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>Checks calls by a schema validator that has nothing to do with the grammar.</summary>
internal static partial class CallChecks
{
    private static readonly ConcurrentDictionary<AIFunctionDeclaration, JsonSchema> Schemas = [];

    /// <summary>The calls of a reply, all of which must be well-formed and satisfy the schema of an offered tool.</summary>
    public static List<FunctionCallContent> ValidCalls(IToolCallFormat format, IReadOnlyList<AIFunctionDeclaration> tools, string reply, bool startsInReasoning = false)
    {
        var parser = format.CreateParser(new() { Schemas = new(tools), StartsInReasoning = startsInReasoning, IsHeld = true });
        var parts = parser.Push(reply).Concat(parser.Finish()).ToList();
        Assert.True(parts.TrueForAll(part => part.Kind != ReplyPartKind.CallMalformed), $"{format.Name}: malformed: {parts.Find(part => part.Kind == ReplyPartKind.CallMalformed)?.Call?.Exception?.Message} in {reply}");
        var calls = parts.Select(part => part.Call).OfType<FunctionCallContent>().ToList();
        foreach (var call in calls)
        {
            var tool = tools.SingleOrDefault(tool => tool.Name == call.Name);
            Assert.True(tool is not null, $"{format.Name}: there is no {call.Name} in {reply}");
            // The validator counts the length of texts in UTF-16 and not, as the standard says, in characters.
            var arguments = Surrogates().Replace(JsonSerializer.Serialize(call.Arguments), "x");
            var errors = Schemas.GetOrAdd(tool, static tool => JsonSchema.FromJsonAsync(tool.JsonSchema.GetRawText()).GetAwaiter().GetResult()).Validate(arguments);
            Assert.True(errors.Count == 0, $"{format.Name}: {call.Name}({arguments}): {string.Join("; ", errors)} in {reply}");
        }
        return calls;
    }

    [GeneratedRegex(@"\\u[dD][89a-bA-B][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")]
    private static partial Regex Surrogates();
}
