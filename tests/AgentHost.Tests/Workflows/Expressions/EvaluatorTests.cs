using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Tests.Workflows.Expressions;

/// <summary>What expressions give.</summary>
public sealed class EvaluatorTests
{
    private static readonly ExpressionContext Context = ExpressionContext.Empty
        .With("inputs", JsonNode.Parse("""{"name": "Ada", "count": 3, "files": ["b.cs", "a.cs", "b.cs"], "map": {"x-y": 1, "z": null}, "empty": []}"""))
        .With("steps", JsonNode.Parse("""{"find": {"outputs": {"json": [{"id": 1, "kind": "bug"}, {"id": 2, "kind": "idea"}], "text": " a\n\nb "}, "outcome": "success"}}"""))
        .With("item", JsonValue.Create("it's"));

    [Theory]
    // Paths
    [InlineData("inputs.name", "\"Ada\"")]
    [InlineData("inputs['name']", "\"Ada\"")]
    [InlineData("inputs.map.x-y", "1")]
    [InlineData("inputs.files[1]", "\"a.cs\"")]
    [InlineData("inputs.files[9]", "null")]
    [InlineData("inputs.files[-1]", "null")]
    [InlineData("inputs.files[0.5]", "null")]
    [InlineData("inputs.gone.further", "null")]
    [InlineData("nothing", "null")]
    [InlineData("steps.find.outputs.json[0].kind", "\"bug\"")]
    [InlineData("inputs[format('{0}', 'name')]", "\"Ada\"")]
    // Literals
    [InlineData("'it''s'", "\"it's\"")]
    [InlineData("-1.5", "-1.5")]
    [InlineData("[1, 'a', null, true]", "[1,\"a\",null,true]")]
    [InlineData("'}}'", "\"}}\"")]
    // Comparison and booleans
    [InlineData("inputs.count == 3.0", "true")]
    [InlineData("inputs.count != 3", "false")]
    [InlineData("inputs.count >= 3 && inputs.count < 4", "true")]
    [InlineData("'a' < 'b'", "true")]
    [InlineData("'B' < 'a'", "true")]
    [InlineData("'3' == 3", "false")]
    [InlineData("inputs.empty < 3", "false")]
    [InlineData("inputs.empty == []", "true")]
    [InlineData("!(true && false) || false", "true")]
    [InlineData("true || false && false", "true")]
    [InlineData("!inputs.name", "true")]
    [InlineData("1 < 2 == true", "true")]
    [InlineData("null == inputs.map.z", "true")]
    // Text
    [InlineData("contains('abc', 'bc')", "true")]
    [InlineData("contains(inputs.files, 'a.cs')", "true")]
    [InlineData("contains(inputs.files, 3)", "false")]
    [InlineData("startsWith('abc', 'ab')", "true")]
    [InlineData("endsWith('abc', 'ab')", "false")]
    [InlineData("lower('ÄB')", "\"äb\"")]
    [InlineData("upper(item)", "\"IT'S\"")]
    [InlineData("quote(item)", "\"'it'\\\\''s'\"")]
    [InlineData("trim(steps.find.outputs.text)", "\"a\\n\\nb\"")]
    [InlineData("lines(trim(steps.find.outputs.text))", "[\"a\",\"b\"]")]
    [InlineData("split('a,b,,c', ',')", "[\"a\",\"b\",\"\",\"c\"]")]
    [InlineData("split('ab', '')", "[\"ab\"]")]
    [InlineData("replace('aXbX', 'X', '--')", "\"a--b--\"")]
    [InlineData("replace('ab', '', '-')", "\"ab\"")]
    [InlineData("format('{0}-{1} {{0}} {7} {', 'a', 2)", "\"a-2 {0} {7} {\"")]
    [InlineData("join(inputs.files)", "\"b.cs, a.cs, b.cs\"")]
    [InlineData("join([1, true, null, [2]], '/')", "\"1/true//[2]\"")]
    [InlineData("slice('hello', 1, 3)", "\"el\"")]
    [InlineData("slice('hello', 3)", "\"lo\"")]
    [InlineData("slice('hello', 4, 2)", "\"\"")]
    [InlineData("slice(inputs.files, -5, 1)", "[\"b.cs\"]")]
    [InlineData("length('abc')", "3")]
    [InlineData("length(inputs.map)", "2")]
    // Lists and maps
    [InlineData("first(inputs.files)", "\"b.cs\"")]
    [InlineData("last(inputs.empty)", "null")]
    [InlineData("concat(inputs.files, [1])", "[\"b.cs\",\"a.cs\",\"b.cs\",1]")]
    [InlineData("unique(inputs.files)", "[\"b.cs\",\"a.cs\"]")]
    [InlineData("sort(['b', 10, 'a', 9])", "[9,10,\"a\",\"b\"]")]
    [InlineData("keys(inputs.map)", "[\"x-y\",\"z\"]")]
    [InlineData("pluck(steps.find.outputs.json, 'id')", "[1,2]")]
    [InlineData("where(steps.find.outputs.json, 'kind', 'bug')", "[{\"id\":1,\"kind\":\"bug\"}]")]
    // Conversions
    [InlineData("default(inputs.gone, 'x')", "\"x\"")]
    [InlineData("default('', 'x')", "\"\"")]
    [InlineData("string(inputs.map)", "\"{\\\"x-y\\\":1,\\\"z\\\":null}\"")]
    [InlineData("number('1e3')", "1000")]
    [InlineData("number('x')", "null")]
    [InlineData("number('NaN')", "null")]
    [InlineData("toJSON('a')", "\"\\\"a\\\"\"")]
    [InlineData("fromJSON('{\"a\": [1]}').a[0]", "1")]
    [InlineData("fromJSON('{')", "null")]
    [InlineData("fromJSON('{\"a\": 1, \"a\": 2}')", "null")]
    [InlineData("fromJSON('\"\\ud800\"')", "null")]
    [InlineData("fromJSON('1e999')", "null")]
    // Total: what makes no sense is null
    [InlineData("lower(3)", "null")]
    [InlineData("join('a')", "null")]
    [InlineData("length(null)", "null")]
    [InlineData("slice('a', 'b')", "null")]
    [InlineData("nofunction(1)", "null")]
    [InlineData("lower()", "null")]
    public void Gives(string expression, string json) => Assert.Equal(json, JsonValues.Json(Evaluator.Evaluate(Read(expression), Context)));

    [Theory]
    [InlineData("Hi ${{ inputs.name }}, ${{ inputs.count }} of ${{ inputs.files }}${{ inputs.gone }}.", "\"Hi Ada, 3 of [\\\"b.cs\\\",\\\"a.cs\\\",\\\"b.cs\\\"].\"")]
    [InlineData("${{ inputs.count }}", "3")]
    [InlineData("${{ inputs.files }}", "[\"b.cs\",\"a.cs\",\"b.cs\"]")]
    [InlineData(" ${{ inputs.count }}", "\" 3\"")]
    [InlineData("${{ '${{ }}' }}", "\"${{ }}\"")]
    public void A_text_that_is_one_expression_keeps_its_type(string text, string json)
    {
        var problems = new ProblemList("x");
        var template = ExpressionReader.ReadTemplate(text, _ => Mark.Start, problems);
        Assert.Equal(0, problems.Count);
        Assert.Equal(json, JsonValues.Json(Evaluator.Resolve(new TextValue(template!, Mark.Start), Context)));
    }

    [Fact]
    public void What_would_grow_without_bound_is_null()
    {
        var million = ExpressionContext.Empty.With("inputs", new JsonObject { ["text"] = new string('a', 900_000), ["list"] = new JsonArray([.. Enumerable.Range(0, 60_000).Select(i => (JsonNode)i)]) });
        foreach (var expression in new[] { "replace(inputs.text, 'a', 'aaaa')", "format('{0}{0}', inputs.text)", "join([inputs.text, inputs.text])", "concat(inputs.list, inputs.list)", "toJSON([inputs.text, inputs.text])", "string([inputs.text, inputs.text])" })
            Assert.Null(Evaluator.Evaluate(Read(expression), million));
        Assert.Equal(60_000, Evaluator.Evaluate(Read("length(sort(unique(inputs.list)))"), million)!.GetValue<int>());
    }

    [Fact]
    public void A_text_beyond_all_measure_is_an_error_that_names_its_line()
    {
        var context = ExpressionContext.Empty.With("item", new string('a', 9_000_000));
        var template = ExpressionReader.ReadTemplate("${{ item }} ${{ item }}", _ => Mark.Start, new("x"))!;
        var error = Assert.Throws<AgentException>(() => Evaluator.Resolve(new TextValue(template, new(7, 1)), context));
        Assert.Contains("line 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_expression_throws()
    {
        // Random sequences of tokens: those that can be read have a value.
        string[] tokens = ["inputs", "steps", "item", ".", "name", "files", "[", "]", "(", ")", ",", "'a'", "3", "-1", "null", "true", "!", "==", "<", "&&", "||", "join", "slice", "format", "default", "fromJSON", "where", "sort", "'{0}'"];
        var random = new Random(7);
        var read = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Join(' ', Enumerable.Range(0, random.Next(1, 9)).Select(_ => tokens[random.Next(tokens.Length)]));
            if (ExpressionReader.ReadExpression(text, _ => Mark.Start, new("x")) is not { } expression) continue;
            read++;
            _ = JsonValues.Json(Evaluator.Evaluate(expression, Context));
            _ = new ExpressionChecker(ExpressionScope.Empty.With("inputs", ExpressionType.Object), new("x")).Check(expression);
        }
        Assert.InRange(read, 500, 20_000);
    }

    private static Expression Read(string text)
    {
        var problems = new ProblemList("x");
        var expression = ExpressionReader.ReadExpression(text, offset => new(1, offset + 1), problems);
        Assert.Equal([], problems.InOrder());
        return expression!;
    }
}
