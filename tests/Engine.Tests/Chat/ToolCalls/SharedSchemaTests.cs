using System.Text.Json;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Grammar;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>Real schemas of functions and MCP tools, with the instances that are said to be valid or not, as calls in every format.</summary>
public sealed class SharedSchemaTests(ITestOutputHelper output)
{
    [Fact]
    public void Calls_fit_as_their_arguments_are_valid()
    {
        var (held, valid, fits, refused) = (0, 0, 0, 0);
        foreach (var file in Files())
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            var schema = document.RootElement.GetProperty("schema");
            var instances = document.RootElement.GetProperty("tests").EnumerateArray().Where(test => test.GetProperty("data").ValueKind == JsonValueKind.Object).ToList();
            if (instances.Count == 0) continue;
            foreach (var format in ToolCallFormats.All)
            {
                ToolCallGrammar grammar;
                try
                {
                    grammar = ToolCallGrammar.Compile(format, [ToolSets.Tool("f", schema.GetRawText())], MarkedVocabulary.Tokenizer, new() { Mode = ChatToolMode.RequireAny });
                }
                catch (GrammarException)
                {
                    refused++;
                    continue;
                }
                held++;
                foreach (var test in instances)
                {
                    var call = new FunctionCallContent("", "f", test.GetProperty("data").EnumerateObject().ToDictionary(property => property.Name, property => (object?)property.Value));
                    var isValid = test.GetProperty("valid").GetBoolean();
                    var fit = Fits(grammar, format.Write([call]));
                    // Between tags some values have another text that means something else, so only JSON is told apart exactly.
                    if (!isValid && format.Shape.JsonArguments) Assert.False(fit, $"{Path.GetFileName(file)} {format.Name}: {format.Write([call])}");
                    if (!isValid) continue;
                    valid++;
                    if (fit) fits++;
                }
            }
        }
        output.WriteLine($"{held} grammars, {refused} refused; {fits} of {valid} valid calls fit");
        // Names that a schema allows without giving them cannot be written, nor numbers in another spelling.
        Assert.InRange((double)fits / valid, 0.85, 1);
    }

    [Theory]
    [InlineData("hermes")]
    [InlineData("qwen3-coder")]
    public void Random_calls_are_read_as_calls(string family)
    {
        var (format, tokenizer) = (ToolCallFormats.Find(family)!, MarkedVocabulary.Tokenizer);
        var (written, cut) = (0, 0);
        foreach (var file in Files())
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            AIFunctionDeclaration[] tools = [ToolSets.Tool("f", document.RootElement.GetProperty("schema").GetRawText())];
            ToolCallGrammar grammar;
            try { grammar = ToolCallGrammar.Compile(format, tools, tokenizer, new() { Mode = ChatToolMode.RequireAny }); }
            catch (GrammarException) { continue; }
            if (RandomReply.Write(grammar.CreateMask(), tokenizer, new Random(written)) is not { } reply)
            {
                cut++;
                continue;
            }
            var parser = format.CreateParser(new() { Schemas = new(tools), IsHeld = true });
            var calls = parser.Push(reply).Concat(parser.Finish()).Where(part => part.Call is not null).ToList();
            Assert.True(calls.Count > 0 && calls.TrueForAll(part => part.Kind == ReplyPartKind.CallReady && part.Call!.Name == "f"), $"{Path.GetFileName(file)}: {reply}");
            written++;
        }
        // Many of the schemas bound no text, and chance finds no end of those.
        Assert.True(written > cut, $"{written} written, {cut} without an end");
    }

    private static IEnumerable<string> Files()
    {
        var folder = Path.Combine(TestFiles.Root, "..", "shared", "json-schema", "maskbench");
        Assert.SkipUnless(Directory.Exists(folder), $"{folder} is not there; it is beside the project on its own machines only.");
        return Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal);
    }

    private static bool Fits(ToolCallGrammar grammar, string reply)
    {
        var mask = grammar.CreateMask();
        foreach (var token in MarkedVocabulary.Tokenizer.Encode(reply, parseSpecial: true))
        {
            if ((mask.Allowed[token >> 6] >> token & 1) == 0) return false;
            mask.Accept(token);
        }
        return ((GrammarMask)mask).MayEnd;
    }
}
