namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class ToJsonTests
{
    [Theory]
    [InlineData(
        "{{ d | tojson }} {{ l | tojson }} {{ none | tojson }} {{ true | tojson }} {{ 1.0 | tojson }} {{ fl | tojson }} {{ big | tojson }} {{ (1, 2) | tojson }}",
        "{\"b\": 1, \"a\": {\"x\": [1, 2]}, \"items\": \"own\"} [3, 1, 2] null true 1.0 1e+22 18446744073709551615 [1, 2]")]
    [InlineData(
        "{{ d | tojson(indent=2) }}",
        "{\n  \"b\": 1,\n  \"a\": {\n    \"x\": [\n      1,\n      2\n    ]\n  },\n  \"items\": \"own\"\n}")]
    [InlineData(
        "{{ [] | tojson(indent=2) }} {{ {} | tojson(indent=4) }} {{ {'a': [], 'b': {}} | tojson(indent=1) }} {{ {'a': 1} | tojson(indent='\\t') }}",
        "[] {} {\n \"a\": [],\n \"b\": {}\n} {\n\t\"a\": 1\n}")]
    [InlineData(
        "{{ d | tojson(separators=(',', ':')) }} {{ d | tojson(sort_keys=true) }} {{ u | tojson }} {{ u | tojson(ensure_ascii=true) }} {{ html | tojson }}",
        "{\"b\":1,\"a\":{\"x\":[1,2]},\"items\":\"own\"} {\"a\": {\"x\": [1, 2]}, \"b\": 1, \"items\": \"own\"} \"aé🙂b\" \"a\\u00e9\\ud83d\\ude42b\" \"<a href='x'>\\\"&</a>\"")]
    [InlineData(
        "{{ \"q\\\"b\\\\s\\n\\r\\t\\b\\f\\x01\\x7f/\" | tojson }} {{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }} {{ {'z': 1, 'a': 2} | tojson(sort_keys=true, indent=2, separators=(', ', ' = ')) }}",
        "\"q\\\"b\\\\s\\n\\r\\t\\b\\f\\u0001\u007f/\" {\"1\": 4, \"null\": 3, \"1.5\": 5} {\n  \"a\" = 2, \n  \"z\" = 1\n}")]
    public void Json_is_written_as_by_json_dumps(string source, string expected) => Assert.Equal(expected, JinjaSample.Render(source));
}
