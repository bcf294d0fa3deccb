using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentRuntime.Engine.Grammar;

namespace AgentRuntime.Engine.Tests.Grammar;

public sealed class TokenGrammarTests
{
    [Theory]
    [InlineData("true", """{"a": [1, -2.5e3, "x\ud83d\ude00\n", null, true, {}]}""", true)]
    [InlineData("true", """[1,]""", false)]
    [InlineData("true", "\"\\ud800\"", false)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]}""", """{"b": "x", "a": 1}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]}""", """{"a": 1}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""", """{"a": "x"}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""", """{"\u0061": "x"}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""", """{"ab": "x"}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""", """{"a": 1, "a": 2}""", false)]
    [InlineData("""{"type":"object","properties":{"a":true},"additionalProperties":false}""", """{"ab": 1}""", false)]
    [InlineData("""{"type":"object","minProperties":1,"maxProperties":2}""", """{"x": 1, "y": 2}""", true)]
    [InlineData("""{"type":"object","minProperties":1,"maxProperties":2}""", """{"x": 1, "y": 2, "z": 3}""", false)]
    [InlineData("""{"type":"object","minProperties":1}""", """{}""", false)]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"string"},"minItems":1,"maxItems":3}""", """[1, "a", "b"]""", true)]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"string"},"minItems":1,"maxItems":3}""", """[1, "a", "b", "c"]""", false)]
    [InlineData("""{"type":"array","items":{"type":"string"},"minItems":2}""", """["a"]""", false)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"äöü\"", true)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"abcd\"", false)]
    [InlineData("""{"type":"string","minLength":2}""", "\"a\"", false)]
    [InlineData("""{"type":"string","pattern":"^[a-f]+\\d{2}$"}""", "\"cafe12\"", true)]
    [InlineData("""{"type":"string","pattern":"^[a-f]+\\d{2}$"}""", "\"cafe1\"", false)]
    [InlineData("""{"type":"string","pattern":"b{2}"}""", "\"a bb c\"", true)]
    [InlineData("""{"type":"string","format":"date"}""", "\"2024-02-28\"", true)]
    [InlineData("""{"type":"string","format":"date"}""", "\"2024-02-30\"", false)]
    [InlineData("""{"type":"integer","minimum":10,"exclusiveMaximum":200,"multipleOf":5}""", "195", true)]
    [InlineData("""{"type":"integer","minimum":10,"exclusiveMaximum":200,"multipleOf":5}""", "200", false)]
    [InlineData("""{"type":"integer","minimum":10,"exclusiveMaximum":200,"multipleOf":5}""", "12", false)]
    [InlineData("""{"type":"number","minimum":-1.5,"maximum":2.25}""", "-1.49", true)]
    [InlineData("""{"type":"number","minimum":-1.5,"maximum":2.25}""", "2.26", false)]
    [InlineData("""{"type":["integer","null"]}""", "null", true)]
    [InlineData("""{"type":"integer"}""", "1.5", false)]
    [InlineData("""{"enum":["a",1,{"x":[true]}]}""", """{ "x": [true]}""", true)]
    [InlineData("""{"enum":["a",1,{"x":[true]}]}""", "\"b\"", false)]
    [InlineData("""{"enum":[1,5,20],"minimum":4,"maximum":10}""", "20", false)]
    [InlineData("""{"enum":[1,5,20],"minimum":4,"maximum":10}""", "5", true)]
    [InlineData("""{"const":{"a":1,"a":2}}""", """{"a": 2}""", true)]
    [InlineData("""{"enum":[1,5],"minimum":2,"minimum":2}""", "5", true)]
    [InlineData("""{"anyOf":[{"type":"integer"},{"type":"string","maxLength":2}]}""", "\"abc\"", false)]
    [InlineData("""{"allOf":[{"minimum":3},{"maximum":5}],"type":"integer"}""", "6", false)]
    [InlineData("""{"oneOf":[{"properties":{"k":{"const":"a"},"v":{"type":"integer"}},"required":["k","v"]},{"properties":{"k":{"const":"b"}},"required":["k"]}],"type":"object"}""", """{"k": "b", "v": "x"}""", true)]
    [InlineData("""{"oneOf":[{"properties":{"k":{"const":"a"},"v":{"type":"integer"}},"required":["k","v"]},{"properties":{"k":{"const":"b"}},"required":["k"]}],"type":"object"}""", """{"k": "a", "v": "x"}""", false)]
    [InlineData("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}},"additionalProperties":false}}}""", """{"next": {"next": {}}}""", true)]
    [InlineData("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}},"additionalProperties":false}}}""", """{"next": {"next": 1}}""", false)]
    public void Instances_are_told_apart(string schema, string instance, bool valid) =>
        Assert.Equal(valid, GrammarFixture.AcceptsJson(schema, instance.TrimEnd()));

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "#: a schema is expected")]
    [InlineData("""{"type":"strnig"}""", "#/type: there is no type 'strnig'")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":2}""", "contradicts itself")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":4,"multipleOf":5}""", "contradicts itself")]
    [InlineData("""{"properties":{"a":{"$ref":"#"}},"required":["a"],"type":"object"}""", "recurses without end")]
    [InlineData("""{"$ref":"#"}""", "refers to itself")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "there is no '#/$defs/x'")]
    [InlineData("""{"properties":{"a/b":{"uniqueItems":true}}}""", "#/properties/a~1b/uniqueItems")]
    [InlineData("""{"if":{}}""", "'if' is not supported")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":2}]}""", "#/oneOf/1")]
    [InlineData("""{"type":"string","pattern":"(((a{100}){100}){100}){100}"}""", "#/pattern")]
    [InlineData("""{"type":"string","pattern":"(?=a)b"}""", "look-around")]
    [InlineData("""{"type":"string","pattern":"(a"}""", "lacks a ')'")]
    public void Bad_schemas_are_refused_with_their_place(string schema, string message)
    {
        var error = Assert.Throws<GrammarException>(() => GrammarFixture.AcceptsJson(schema, "1"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_schemas_are_refused_quickly()
    {
        _ = GrammarFixture.AcceptsJson("true", "1");
        var combined = "{\"allOf\":[" + string.Join(',', Enumerable.Range(0, 60).Select(i => $$"""{"anyOf":[{"minimum":{{i}}},{"maximum":{{i}}}]}""")) + "]}";
        string[] schemas =
        [
            string.Concat(Enumerable.Repeat("{\"items\":", 60_000)) + "true" + new string('}', 60_000),
            combined,
            "{\"pattern\":\"" + new string('(', 50_000) + "\"}",
        ];
        foreach (var schema in schemas)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Throws<GrammarException>(() => GrammarFixture.AcceptsJson(schema, "1"));
            // The aim is 100 ms; machines that run tests are busy.
            var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            TestContext.Current.SendDiagnosticMessage($"{schema[..20]} refused in {elapsed} ms");
            Assert.InRange(elapsed, 0, 1500);
        }
    }

    [Fact]
    public void Choices_and_patterns_hold_whole_texts()
    {
        var choices = Constraint.Choices("yes", "no", "nobody");
        Assert.True(GrammarFixture.Accepts(choices, "no"));
        Assert.True(GrammarFixture.Accepts(choices, "nobody"));
        Assert.False(GrammarFixture.Accepts(choices, "nob"));
        var date = Constraint.Regex(@"\d{4}-\d\d|[^a-zé]+ü");
        Assert.True(GrammarFixture.Accepts(date, "2024-01"));
        Assert.True(GrammarFixture.Accepts(date, "ÄÖü"));
        Assert.False(GrammarFixture.Accepts(date, "2024-1"));
        Assert.Throws<GrammarException>(() => GrammarFixture.Accepts(Constraint.Choices(), "a"));
    }

    [Fact]
    public void What_is_generated_at_random_satisfies_the_schema()
    {
        const string Schema = """
            {"type":"object","properties":{"path":{"type":"string","pattern":"^[a-z]{1,3}\\.cs$"},"line":{"type":"integer","minimum":1,"maximum":500},
             "mode":{"enum":["a","b"]},"tags":{"type":"array","items":{"type":"string","maxLength":4},"maxItems":3}},"required":["path","line","mode","tags"],"additionalProperties":false}
            """;
        var finished = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            if (GrammarFixture.Generate(Constraint.JsonSchema(Schema), seed) is not { } text) continue;
            finished++;
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            Assert.Matches(new Regex("^[a-z]{1,3}\\.cs$"), root.GetProperty("path").GetString()!);
            Assert.InRange(root.GetProperty("line").GetInt32(), 1, 500);
            Assert.Contains(root.GetProperty("mode").GetString(), new[] { "a", "b" });
            Assert.True(root.GetProperty("tags").GetArrayLength() <= 3);
            Assert.All(root.GetProperty("tags").EnumerateArray(), tag => Assert.True(tag.GetString()!.EnumerateRunes().Count() <= 4));
        }
        Assert.True(finished > 10, $"only {finished} texts ended");
    }
}
