using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentRuntime.Server.Tests.Http;

/// <summary>Damaged requests of every kind: each is answered, or refused with a 4xx; none is the server's failure.</summary>
public sealed class HostileBodyTests
{
    private static readonly (string Path, string Body)[] Seeds =
    [
        ("/v1/chat/completions", """
            {"model":"scripted","messages":[{"role":"system","content":"You help."},{"role":"user","content":[{"type":"text","text":"say:x"}]},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"read","arguments":"{\"path\":\"ä\"}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"say:y"}],"tools":[{"type":"function","function":{"name":"read","description":"Reads.",
            "parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}}],"tool_choice":"auto","n":1,"temperature":0.5,"top_p":0.9,
            "seed":1,"stop":["END"],"max_tokens":8,"stream":false,"logprobs":true,"top_logprobs":2,"metadata":{"a":"b"}}
            """),
        ("/v1/chat/completions", """
            {"model":"scripted","messages":[{"role":"user","content":"say:{}"}],"max_tokens":12,"stream":true,"stream_options":{"include_usage":true},
            "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{"a":{"enum":["b",1,null]}},"additionalProperties":false}}}}
            """),
        ("/v1/completions", """{"model":"scripted","prompt":["say:a|",[1,2,3]],"n":2,"max_tokens":8,"logprobs":1,"ignore_eos":true,"stop":"x","top_k":4,"min_p":0.1}"""),
        ("/v1/responses", """
            {"model":"scripted","instructions":"You help.","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"say:x"}]},
            {"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},{"type":"function_call","call_id":"c1","name":"read","arguments":"{}"},
            {"type":"function_call_output","call_id":"c1","output":"say:y"}],"tools":[{"type":"function","name":"read","parameters":{"type":"object"}},{"type":"web_search"}],
            "max_output_tokens":16,"stream":true,"store":false,"text":{"format":{"type":"text"},"verbosity":"low"},"reasoning":{"effort":null},"include":[]}
            """),
        ("/tokenize", """{"content":"Hello <|im_end|>","add_special":true,"parse_special":false}"""),
        ("/detokenize", """{"tokens":[1,2,300]}"""),
    ];

    private static readonly string[] Values =
        ["null", "true", "0", "-1", "1e999", "18446744073709551616", "0.1", "\"\"", "\"auto\"", "\"<|im_start|>\"", "\"\\ud800\"", "[]", "{}", "[null]", "[[[[]]]]", "{\"type\":\"function\"}", "[\"a\",1]"];

    [Fact]
    public async Task Every_damaged_request_is_answered_or_refused()
    {
        await using var server = await TestServer.StartAsync(o => o with { MaxOutputTokens = 16 });
        var random = new Random(20261123);
        var statuses = new Dictionary<int, int>();
        var requests = int.Parse(Environment.GetEnvironmentVariable("AGENTRT_HOSTILE_REQUESTS") ?? "1500", System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < requests; i++)
        {
            var (path, seed) = Seeds[random.Next(Seeds.Length)];
            var body = random.Next(2) == 0 ? DamagedJson(random, seed) : DamagedBytes(random, Encoding.UTF8.GetBytes(seed));
            using var response = await server.Http.PostAsync(path, new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } });
            var text = await response.Content.ReadAsStringAsync();
            var status = (int)response.StatusCode;
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            if (status is not 200 and not (>= 400 and < 500)) Assert.Fail($"{status} {text} for {path} {Encoding.UTF8.GetString(body)}\n{string.Join('\n', server.Log.Where(l => l.StartsWith("error", StringComparison.Ordinal)))}");
            if (status != 200) Assert.NotEmpty(JsonElement.Parse(text).GetProperty("error").GetProperty("message").GetString()!);
        }
        Assert.True(statuses[200] > requests / 30 && statuses[400] > requests / 3, string.Join(", ", statuses));
        Assert.DoesNotContain(server.Log, line => line.StartsWith("error", StringComparison.Ordinal));
        await server.IdleAsync();
    }

    // Some value becomes another, disappears or gets a neighbour.
    private static byte[] DamagedJson(Random random, string seed)
    {
        var root = JsonNode.Parse(seed)!;
        for (var changes = random.Next(1, 3); changes > 0; changes--)
        {
            List<JsonNode> nodes = [.. Inside(root)];
            if (nodes.Count == 0) break;
            var node = nodes[random.Next(nodes.Count)];
            var marker = JsonValue.Create($"@{random.Next(Values.Length)}@");
            switch (node.Parent)
            {
                case JsonObject parent when random.Next(4) == 0:
                    parent.Remove(node.GetPropertyName());
                    break;
                case JsonObject parent when random.Next(4) == 0:
                    parent[node.GetPropertyName() + "x"] = marker;
                    break;
                case { } parent:
                    node.ReplaceWith(marker);
                    break;
            }
        }
        var text = root.ToJsonString();
        for (var i = 0; i < Values.Length; i++) text = text.Replace($"\"@{i}@\"", Values[i], StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text);
    }

    private static byte[] DamagedBytes(Random random, byte[] seed)
    {
        List<byte> bytes = [.. seed];
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var place = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(place, Math.Min(random.Next(1, 20), bytes.Count - place - 1));
                    break;
                case 2:
                    bytes.Insert(place, (byte)"{}[]\",:0\\\u007f"[random.Next(10)]);
                    break;
                default:
                    bytes.InsertRange(place, bytes.GetRange(place, Math.Min(random.Next(1, 30), bytes.Count - place)));
                    break;
            }
        }
        return [.. bytes];
    }

    private static IEnumerable<JsonNode> Inside(JsonNode node) => node switch
    {
        JsonObject o => o.Where(p => p.Value is not null).SelectMany(p => Inside(p.Value!).Prepend(p.Value!)),
        JsonArray a => a.Where(i => i is not null).SelectMany(i => Inside(i!).Prepend(i!)),
        _ => [],
    };
}
