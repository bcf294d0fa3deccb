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
    [InlineData("""{"type":"object","patternProperties":{"^n_":{"type":"integer"}},"additionalProperties":{"type":"string"}}""", """{"n_a": 1, "m": "x"}""", true)]
    [InlineData("""{"type":"object","patternProperties":{"^n_":{"type":"integer"}},"additionalProperties":{"type":"string"}}""", """{"n_a": "x"}""", false)]
    [InlineData("""{"type":"object","patternProperties":{"^n_":{"type":"integer"}},"additionalProperties":{"type":"string"}}""", """{"n": 1}""", false)]
    [InlineData("""{"type":"object","properties":{"n_b":{"maximum":3}},"patternProperties":{"^n_":{"type":"integer"},"b$":{"minimum":2}},"additionalProperties":false}""", """{"n_b": 3, "ab": 2.5, "n_": 0}""", true)]
    [InlineData("""{"type":"object","properties":{"n_b":{"maximum":3}},"patternProperties":{"^n_":{"type":"integer"},"b$":{"minimum":2}},"additionalProperties":false}""", """{"n_b": 1}""", false)]
    [InlineData("""{"type":"object","properties":{"n_b":{"maximum":3}},"patternProperties":{"^n_":{"type":"integer"},"b$":{"minimum":2}},"additionalProperties":false}""", """{"n_xb": 2.5}""", false)]
    [InlineData("""{"type":"object","properties":{"n_b":{"maximum":3}},"patternProperties":{"^n_":{"type":"integer"},"b$":{"minimum":2}},"additionalProperties":false}""", """{"x": 1}""", false)]
    [InlineData("""{"type":"object","properties":{"a":true},"patternProperties":{"^a$":{"type":"integer"}},"additionalProperties":false,"maxProperties":1}""", """{"a": "x"}""", false)]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^[a-z]+$","maxLength":3,"not":{"enum":["no"]}}}""", """{"abc": 1, "n": 2}""", true)]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^[a-z]+$","maxLength":3,"not":{"enum":["no"]}}}""", """{"no": 2}""", false)]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^[a-z]+$","maxLength":3,"not":{"enum":["no"]}}}""", """{"abcd": 2}""", false)]
    [InlineData("""{"type":"object","propertyNames":{"enum":["a","b"]},"properties":{"c":true}}""", """{"b": 2, "a": 1}""", true)]
    [InlineData("""{"type":"object","propertyNames":{"enum":["a","b"]},"properties":{"c":true}}""", """{"c": 2}""", false)]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$","minLength":2,"maxLength":4}""", "\"abcd\"", true)]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$","minLength":2,"maxLength":4}""", "\"a\"", false)]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$","minLength":2,"maxLength":4}""", "\"abcde\"", false)]
    [InlineData("""{"type":"string","allOf":[{"pattern":"a"},{"pattern":"b"}],"not":{"pattern":"c"}}""", "\"xbä, a\"", true)]
    [InlineData("""{"type":"string","allOf":[{"pattern":"a"},{"pattern":"b"}],"not":{"pattern":"c"}}""", "\"abc\"", false)]
    [InlineData("""{"type":"string","not":{"enum":["a","é\""]}}""", "\"ab\"", true)]
    [InlineData("""{"type":"string","not":{"enum":["a","é\""]}}""", "\"é\\\"\"", false)]
    [InlineData("""{"not":{"type":["string","object","array"]}}""", "1.5", true)]
    [InlineData("""{"not":{"type":["string","object","array"]}}""", "\"a\"", false)]
    [InlineData("""{"not":{"const":3},"type":"integer","minimum":3,"maximum":4}""", "3", false)]
    [InlineData("""{"not":{"const":3},"type":"integer","minimum":3,"maximum":4}""", "4", true)]
    [InlineData("""{"type":"integer","multipleOf":13,"not":{"anyOf":[{"multipleOf":2},{"multipleOf":3}]},"minimum":1,"maximum":100}""", "65", true)]
    [InlineData("""{"type":"integer","multipleOf":13,"not":{"anyOf":[{"multipleOf":2},{"multipleOf":3}]},"minimum":1,"maximum":100}""", "39", false)]
    [InlineData("""{"type":"number","multipleOf":0.25,"minimum":0}""", "1.75", true)]
    [InlineData("""{"type":"number","multipleOf":0.25,"minimum":0}""", "1.7", false)]
    [InlineData("""{"type":"integer","multipleOf":2.5}""", "5", true)]
    [InlineData("""{"type":"integer","multipleOf":2.5}""", "4", false)]
    [InlineData("""{"type":"object","not":{"required":["a","b"]}}""", """{"a": 1}""", true)]
    [InlineData("""{"type":"object","not":{"required":["a","b"]}}""", """{"a": 1, "b": 2}""", false)]
    [InlineData("""{"type":"object","not":{"properties":{"a":{"type":"integer"}}}}""", """{"a": "x"}""", true)]
    [InlineData("""{"type":"object","not":{"properties":{"a":{"type":"integer"}}}}""", """{"b": "x"}""", false)]
    [InlineData("""{"type":"object","properties":{"k":{"enum":["a","b"]}},"required":["k"],"if":{"properties":{"k":{"const":"a"}}},"then":{"required":["x"]},"else":{"required":["y"]}}""", """{"k": "a", "x": 1}""", true)]
    [InlineData("""{"type":"object","properties":{"k":{"enum":["a","b"]}},"required":["k"],"if":{"properties":{"k":{"const":"a"}}},"then":{"required":["x"]},"else":{"required":["y"]}}""", """{"x": 1, "k": "b"}""", false)]
    [InlineData("""{"type":"object","dependentRequired":{"a":["b"]}}""", """{"b": 1, "a": 2}""", true)]
    [InlineData("""{"type":"object","dependentRequired":{"a":["b"]}}""", """{"a": 2}""", false)]
    [InlineData("""{"type":"object","dependentSchemas":{"a":{"properties":{"b":{"type":"integer"}}}}}""", """{"a": 2, "b": "x"}""", false)]
    [InlineData("""{"type":"array","contains":{"type":"integer"},"items":{"type":["integer","string"]}}""", """["a", 1, "b"]""", true)]
    [InlineData("""{"type":"array","contains":{"type":"integer"},"items":{"type":["integer","string"]}}""", """["a", "b"]""", false)]
    [InlineData("""{"type":"array","contains":{"type":"integer"},"maxItems":2}""", """["a", "b", 1]""", false)]
    [InlineData("""{"type":"array","contains":{"type":"integer"},"minContains":2,"maxContains":2}""", """[1, null, 2]""", true)]
    [InlineData("""{"type":"array","contains":{"type":"integer"},"minContains":2,"maxContains":2}""", """[1, 3, 2]""", false)]
    [InlineData("""{"type":"array","contains":{"type":"string"},"minContains":2,"maxContains":2}""", """["a"]""", false)]
    [InlineData("""{"type":"array","allOf":[{"contains":{"const":1}},{"contains":{"const":2}}],"maxItems":2}""", "[2, 1]", true)]
    [InlineData("""{"type":"array","allOf":[{"contains":{"const":1}},{"contains":{"const":2}}],"maxItems":2}""", "[2, 2]", false)]
    [InlineData("""{"type":"array","not":{"contains":{"const":1}}}""", "[2, 1]", false)]
    [InlineData("""{"type":"array","not":{"items":{"type":"integer"}}}""", "[2, 1]", false)]
    [InlineData("""{"type":"array","not":{"items":{"type":"integer"}}}""", "[2, true]", true)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number","minimum":2}]}""", "1", true)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number","minimum":2}]}""", "2", false)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number","minimum":2}]}""", "2.5", true)]
    [InlineData("""{"type":"number","not":{"type":"integer"}}""", "-0.5", true)]
    [InlineData("""{"type":"number","not":{"type":"integer"}}""", "1.0", false)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"multipleOf":2,"type":"integer"}]}""", "3", true)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"multipleOf":2,"type":"integer"}]}""", "4", false)]
    [InlineData("""{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a": 1}""", true)]
    [InlineData("""{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a": 1, "b": 2}""", false)]
    [InlineData("""{"enum":[{"a":[1,2]},{"a":[1,1]},3],"properties":{"a":{"uniqueItems":true}},"not":{"type":"integer"}}""", """{"a": [1, 2]}""", true)]
    [InlineData("""{"enum":[{"a":[1,2]},{"a":[1,1]},3],"properties":{"a":{"uniqueItems":true}},"not":{"type":"integer"}}""", """{"a": [1, 1]}""", false)]
    [InlineData("""{"anyOf":[{"$ref":"#"},{"type":"integer"},{"type":"array","items":{"$ref":"#"}}]}""", "[1, [2]]", true)]
    [InlineData("""{"anyOf":[{"$ref":"#"},{"type":"integer"},{"type":"array","items":{"$ref":"#"}}]}""", "[true]", false)]
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
    [InlineData("""{"not":{"patternProperties":{"a":false}}}""", "#/not/patternProperties: the keyword")]
    [InlineData("""{"unevaluatedProperties":false}""", "'unevaluatedProperties' is not supported")]
    [InlineData("""{"oneOf":[{"format":"date"},{"minLength":2,"maxLength":12}],"type":"string"}""", "#/oneOf/1")]
    [InlineData("""{"type":"object","propertyNames":{"anyOf":[{"maxLength":2},{"pattern":"a"}]}}""", "#/propertyNames: names of properties")]
    [InlineData("""{"type":"array","contains":{"type":"integer"},"maxContains":0,"minContains":1}""", "contradicts itself")]
    [InlineData("""{"type":"string","pattern":"a","minLength":100000}""", "#/pattern")]
    [InlineData("""{"multipleOf":0}""", "#/multipleOf: a number above 0")]
    [InlineData("""{"type":"string","pattern":"(((a{100}){100}){100}){100}"}""", "#/pattern")]
    [InlineData("""{"type":"string","pattern":"(?=a)b"}""", "look-around")]
    [InlineData("""{"type":"string","pattern":"(a"}""", "lacks a ')'")]
    public void Bad_schemas_are_refused_with_their_place(string schema, string message)
    {
        var error = Assert.Throws<GrammarException>(() => GrammarFixture.AcceptsJson(schema, "1"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "60,000 levels", string.Concat(Enumerable.Repeat("{\"items\":", 60_000)) + "true" + new string('}', 60_000) },
        { "60,000 levels of allOf", string.Concat(Enumerable.Repeat("{\"allOf\":[", 60_000)) },
        { "an opened pattern", "{\"pattern\":\"" + new string('(', 50_000) + "\"}" },
        { "repeated repetitions", """{"type":"string","pattern":"((((a{1,50}){1,50}){1,50}){1,50}){1,50}"}""" },
        { "patterns that explode together", """{"type":"string","allOf":[{"pattern":"a.{12}b"},{"pattern":"b.{11}c"},{"pattern":"c.{13}d"},{"pattern":"(a|b)*c{3}(d|e){9}"}],"maxLength":150000}""" },
        { "a negated pattern that explodes", """{"type":"string","not":{"pattern":"(a|b|c|d)*a(a|b|c|d){14}$"}}""" },
        { "60 choices of 2 together", "{\"allOf\":[" + Many(60, i => $$"""{"anyOf":[{"minimum":{{i}}},{"maximum":{{i}}}]}""") + "]}" },
        { "60 choices of 60 together", "{\"allOf\":[" + Many(60, i => "{\"anyOf\":[" + Many(60, j => $$"""{"required":["a{{i}}_{{j}}"]}""") + "]}") + "]}" },
        { "400 alternatives that exclude each other", "{\"oneOf\":[" + Many(400, i => $$"""{"required":["a{{i}}"]}""") + "]}" },
        { "40 dependencies", "{\"type\":\"object\",\"dependencies\":{" + Many(40, i => $"\"a{i}\":[\"b{i}\"]") + "}}" },
        { "a product of negations", "{\"allOf\":[" + Many(40, i => $$"""{"not":{"properties":{"a{{i}}":{"type":"string"},"b{{i}}":{"type":"null"} } } }""") + "]}" },
        { "references in a ring", """{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"not":{"$ref":"#/$defs/a"}}}}}""" },
        { "a tree without leaves", """{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"l":{"$ref":"#/$defs/n"},"r":{"$ref":"#/$defs/n"}},"required":["l","r"]}}}""" },
        { "a reference to itself in a list", """{"enum":[1],"not":{"$ref":"#"}}""" },
        { "bounds without a number", """{"type":"integer","minimum":1,"maximum":100000000000000,"multipleOf":6,"not":{"multipleOf":3}}""" },
        { "a contradiction of lengths", """{"type":"string","minLength":9,"maxLength":3}""" },
        { "many patterns of names", "{\"type\":\"object\",\"patternProperties\":{" + Many(40, i => $"\"a{i}.*b\":true") + "}}" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_schemas_are_refused_quickly(string what, string schema)
    {
        var best = double.MaxValue;
        for (var round = 0; round < 3; round++)
        {
            var start = Stopwatch.GetTimestamp();
            var error = Assert.Throws<GrammarException>(() => TokenGrammar.Compile(Constraint.JsonSchema(schema), GrammarFixture.Tokenizer));
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Assert.InRange(error.Message.Length, 10, 500);
        }
        TestContext.Current.SendDiagnosticMessage($"{what}: {best} ms");
        // The aim is 100 ms; machines that run tests are busy.
        Assert.True(best < 1000, $"{what} took {best} ms");
    }

    [Theory]
    [InlineData(10_000)]
    public void Long_lists_are_taken_quickly(int count)
    {
        var schema = "{\"enum\":[" + Many(count, i => $"\"value {i}\"") + "]}";
        var start = Stopwatch.GetTimestamp();
        Assert.True(GrammarFixture.AcceptsJson(schema, $"\"value {count - 1}\""));
        Assert.False(GrammarFixture.AcceptsJson(schema, $"\"value {count}\""));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 0, 3000);
    }

    private static string Many(int count, Func<int, string> part) => string.Join(',', Enumerable.Range(0, count).Select(part));

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
