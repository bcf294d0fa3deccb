using System.Text;
using AgentRuntime.Engine.Formats.HuggingFace;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Fuzz.Tokenization;

/// <summary>Vocabularies, described in JSON, and a text that is encoded and decoded with what they make.</summary>
internal sealed class TokenizerTarget : IFuzzTarget
{
    public string Name => "tokenizer";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        """
        {"model":"gpt2","pre":"qwen2","tokens":["a","b","c","Ġ","ab","Ġa","Ċ","1","Ã","¼","Ã¼","<|end|>","<t>"],"types":[1,1,1,1,1,1,1,1,1,1,1,3,4],
        "merges":["a b","Ġ a","Ã ¼"],"eos":11,"text":"ab ü a<|end|><t>\n  c 1"}
        """u8.ToArray(),
        """
        {"model":"llama","tokens":["<unk>","<s>","</s>","<0x0A>","<0xC3>","<0xBC>","▁","a","b","▁a","ab"],"types":[2,3,3,6,6,6,1,1,1,1,1],
        "scores":[0,0,0,0,0,0,-1,-2,-3,-4,-5],"bos":1,"eos":2,"unk":0,"text":"ab a ü<s>x"}
        """u8.ToArray(),
    ];

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[] { "\"gpt2\"", "\"llama\"", "\"llama-bpe\"", "\"tiny-coder\"", "\"gpt-4o\"", "\"a \"", "\" a\"", "\"<0xFF>\"", "\"\\ud83d\\ude00\"", "\"\"", "-1", "3", "6", "1e30", "null", "aaaaaaaaaaaaaaaa", "👩‍👩‍👧", "\\u0000" }
            .Select(Encoding.UTF8.GetBytes),
    ];

    public bool Run(byte[] input)
    {
        var json = JsonFields.Parse(input, "fuzz.json");
        var tokenizer = TokenizerFactory.Create(new()
        {
            Model = json.Text("model") ?? "",
            PreTokenizer = json.Text("pre"),
            Tokens = [.. json.Items("tokens").Select(item => json.Text(item, "tokens"))],
            Types = [.. json.Items("types").Select(item => (TokenType)json.Integer(item, "types", -1, 9))],
            Scores = [.. json.Items("scores").Select(item => (float)json.Integer(item, "scores", -1000, 1000))],
            Merges = [.. json.Items("merges").Select(item => json.Text(item, "merges"))],
            BosToken = json.Integer("bos", -1),
            EosToken = json.Integer("eos", -1),
            UnknownToken = json.Integer("unk", -1),
        });
        var text = json.Text("text") ?? "";
        foreach (var special in new[] { true, false })
        {
            var ids = tokenizer.Encode(text, special);
            if (ids.Any(id => id < 0 || id >= tokenizer.VocabularySize)) throw new InvalidOperationException("An id is outside the vocabulary.");
            _ = tokenizer.Decode(ids, special);
        }
        return true;
    }
}
