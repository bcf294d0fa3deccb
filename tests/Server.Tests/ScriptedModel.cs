using System.Runtime.InteropServices;
using System.Text;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Server.Tests;

/// <summary>
/// A model that writes what it is told to: the text after the last <c>say:</c> of the prompt, up to the end of that message or to
/// <c>|</c>; without one, "ab " without end. It knows the prompt only from its KV blocks, which hold the token ids.
/// </summary>
internal sealed class ScriptedModel(ModelConfig config, Tokenizer tokenizer, int blocks) : IModelRunner
{
    private const string Reply = "<|im_start|>assistant\n";
    private const string End = "<|im_end|>";
    private readonly int[] _cells = new int[blocks * RunnerOptions.BlockTokens];

    public ModelConfig Config => config;

    public RunnerOptions Options { get; } = new() { KvBlocks = blocks };

    public int BlockBytes => RunnerOptions.BlockTokens * sizeof(int);

    /// <summary>Closed, it holds the engine before its next pass.</summary>
    public ManualResetEventSlim Gate { get; } = new(true);

    /// <summary>Called before each pass.</summary>
    public Action? BeforePass { get; set; }

    public void Forward(in ForwardBatch batch, Span<float> logits)
    {
        Gate.Wait();
        BeforePass?.Invoke();
        var row = 0;
        foreach (var slice in batch.Sequences)
        {
            for (var i = 0; i < slice.Count; i++) Cell(slice, slice.ContextLength + i) = batch.Tokens[slice.Start + i];
            foreach (var index in batch.LogitRows)
            {
                if (index < slice.Start || index >= slice.Start + slice.Count) continue;
                var tokens = Enumerable.Range(0, slice.ContextLength + index - slice.Start + 1).Select(p => Cell(slice, p)).ToArray();
                var values = logits.Slice(row++ * config.VocabularySize, config.VocabularySize);
                values.Clear();
                values[Next(tokens)] = 20;
            }
        }
    }

    public void CopyBlock(int source, int destination) => Block(source).CopyTo(Block(destination));

    public void ReadBlock(int block, Span<byte> destination) => MemoryMarshal.AsBytes(Block(block)).CopyTo(destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) => source.CopyTo(MemoryMarshal.AsBytes(Block(block)));

    public void Dispose() => Gate.Dispose();

    private int Next(int[] tokens)
    {
        var text = tokenizer.Decode(tokens, special: true);
        var prompt = text[..(text.LastIndexOf(Reply, StringComparison.Ordinal) is >= 0 and var found ? found + Reply.Length : text.LastIndexOf('|') + 1)];
        var said = prompt.LastIndexOf("say:", StringComparison.Ordinal);
        var reply = said < 0 ? "ab " : prompt[(said + 4)..];
        reply = reply[..Math.Min(Index(reply, End), Index(reply, "|"))];

        // In bytes, for a token may end inside a character.
        var written = tokens.Sum(t => tokenizer.Bytes(t, special: true).Length) - Encoding.UTF8.GetByteCount(prompt);
        if (said < 0) written = 0;
        var script = tokenizer.Encode(reply + End, parseSpecial: true);
        var next = 0;
        while (written > 0 && next < script.Length - 1) written -= tokenizer.Bytes(script[next++], special: true).Length;
        return script[next];
    }

    private static int Index(string text, string part) => text.IndexOf(part, StringComparison.Ordinal) is >= 0 and var index ? index : text.Length;

    private Span<int> Block(int block) => _cells.AsSpan(block * RunnerOptions.BlockTokens, RunnerOptions.BlockTokens);

    private ref int Cell(SequenceSlice slice, int position) => ref Block(slice.Blocks[position / RunnerOptions.BlockTokens])[position % RunnerOptions.BlockTokens];
}
