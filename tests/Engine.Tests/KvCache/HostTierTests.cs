using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.KvCache;

public sealed class HostTierTests : IDisposable
{
    private const int Blocks = 6, Slots = 6;

    private readonly FakeRunner _runner = new(Blocks, hostSlots: Slots);
    private readonly KvCacheManager _cache;

    public HostTierTests() => _cache = new(_runner);

    public void Dispose() => _runner.Dispose();

    private Sequence Compute(int[] tokens, bool reuse = true)
    {
        var sequence = new Sequence { Tokens = [.. tokens] };
        _cache.Open(sequence);
        if (reuse) Adopt(sequence);
        _cache.Extend(sequence, tokens.Length);
        _cache.Commit(sequence, tokens.Length);
        KvCacheInvariants.CheckIntegrity(_cache);
        return sequence;
    }

    private bool Adopt(Sequence sequence, int restorable = 100) => _cache.Adopt(sequence, sequence.Tokens.Count, partly: true, ref restorable);

    private void Close(Sequence sequence)
    {
        _cache.Close(sequence);
        KvCacheInvariants.CheckIntegrity(_cache);
    }

    /// <summary>Positions that are in either tier, and how many of their blocks come from host memory.</summary>
    private (int Positions, int Restored) Find(int[] tokens)
    {
        var probe = new Sequence { Tokens = [.. tokens] };
        var before = _runner.Restored;
        _cache.Open(probe);
        Adopt(probe);
        KvCacheInvariants.CheckIntegrity(_cache);
        var positions = probe.Computed;
        Close(probe);
        return (positions, _runner.Restored - before);
    }

    [Fact]
    public void What_was_evicted_comes_back()
    {
        var (a, b) = (TestEngine.Tokens(1, 150), TestEngine.Tokens(2, 190));
        Close(Compute(a));
        Close(Compute(b));
        Assert.Equal(5, _cache.Tree.Host!.Nodes.Count);
        Assert.Equal((150, 5), Find(a));
        Assert.Equal((150, 0), Find(a));
        // One of its blocks did not have to go.
        Assert.Equal((128, 3), Find(b[..128]));
    }

    [Fact]
    public void No_more_comes_back_than_is_asked_for()
    {
        var a = TestEngine.Tokens(1, 128);
        Close(Compute(a));
        Close(Compute(TestEngine.Tokens(2, 192)));
        var probe = new Sequence { Tokens = [.. a] };
        _cache.Open(probe);
        Assert.False(Adopt(probe, 0));
        Assert.Equal((0, 0), (probe.Computed, _runner.Restored));
        Assert.False(Adopt(probe, 3));
        Assert.Equal((96, 3), (probe.Computed, _runner.Restored));
        Assert.True(Adopt(probe, 3));
        Assert.Equal((128, 4), (probe.Computed, _runner.Restored));
        Close(probe);
    }

    [Fact]
    public void What_was_let_go_longest_ago_is_dropped_from_its_end()
    {
        var (a, b, c) = (TestEngine.Tokens(1, 128), TestEngine.Tokens(2, 128), TestEngine.Tokens(3, 192));
        Close(Compute(a));
        Close(Compute(b));
        Close(Compute(c));
        // Eight blocks were evicted, six have slots: b's four, and the first two of a.
        Assert.Equal((64, 2), Find(a));
        // One of b's made room when c's first had to go before a's first was back.
        Assert.Equal((96, 3), Find(b));
    }

    [Fact]
    public void A_way_that_parts_within_a_block_gets_a_copy()
    {
        var a = TestEngine.Tokens(1, 96);
        Close(Compute(a));
        Close(Compute(TestEngine.Tokens(2, 192)));
        Close(Compute([.. a[..50], .. TestEngine.Tokens(3, 40)]));
        Assert.Equal(2, _runner.Restored);
        Assert.Equal((96, 2), Find(a));
    }

    [Fact]
    public void What_came_back_goes_again_without_a_copy()
    {
        var (a, b) = (TestEngine.Tokens(1, 128), TestEngine.Tokens(2, 128));
        Close(Compute(a));
        Close(Compute(b));
        // Eight blocks in six: two of each change places, and each of them was copied once.
        for (var turn = 0; turn < 6; turn++)
        {
            Assert.Equal((128, 2), Find(turn % 2 == 0 ? a : b));
            Assert.Equal((4, 2, 2), (_runner.Offloaded, _cache.Tree.Host!.Nodes.Count, _cache.Tree.Host!.Copies.Count));
        }
        // Whoever needs a slot takes those of the copies first.
        Close(Compute(TestEngine.Tokens(3, 128)));
        Assert.Equal((6, 0), (_cache.Tree.Host!.Nodes.Count, _cache.Tree.Host!.Copies.Count));
    }

    [Fact]
    public void What_is_computed_anew_frees_its_slot()
    {
        var a = TestEngine.Tokens(1, 96);
        Close(Compute(a));
        Close(Compute(TestEngine.Tokens(2, 192)));
        Assert.Equal(3, _cache.Tree.Host!.Nodes.Count);
        var again = Compute(a, reuse: false);
        // Three of the other's blocks made room for it.
        Assert.Equal((3, 0), (_cache.Tree.Host!.Nodes.Count, _runner.Restored));
        Assert.Equal((96, 0), Find(a));
        Close(again);
    }

    [Fact]
    public void A_machine_without_memory_for_all_slots_uses_those_that_it_has()
    {
        _runner.HostMemory = 3;
        Close(Compute(TestEngine.Tokens(1, 192)));
        Close(Compute(TestEngine.Tokens(2, 192)));
        Assert.Equal((3, 3), (_cache.Tree.Host!.Slots, _cache.Tree.Host!.Nodes.Count));
        Assert.Equal((64, 2), Find(TestEngine.Tokens(1, 192)));
        _runner.HostMemory = 0;
        Assert.Equal((64, 0), Find(TestEngine.Tokens(1, 192)));
    }

    [Fact]
    public void A_machine_without_any_memory_evicts_as_if_there_were_no_slots()
    {
        _runner.HostMemory = 0;
        Close(Compute(TestEngine.Tokens(1, 192)));
        Close(Compute(TestEngine.Tokens(2, 128)));
        Assert.Equal(0, _cache.Tree.Host!.Slots);
        Assert.Equal((64, 0), Find(TestEngine.Tokens(1, 192)));
    }

    [Fact]
    public void Live_sequences_keep_their_blocks()
    {
        var live = Compute(TestEngine.Tokens(1, 192));
        var waiting = new Sequence { Tokens = [.. TestEngine.Tokens(2, 64)] };
        _cache.Open(waiting);
        Adopt(waiting);
        Assert.Throws<InvalidOperationException>(() => _cache.Extend(waiting, 64));
        Assert.Equal(0, _runner.Offloaded);
        Close(waiting);
        Close(live);
    }

    [Fact]
    public void A_conversation_that_comes_back_computes_its_new_tokens_only()
    {
        var options = new GenerationOptions { MaxTokens = 10, IgnoreEos = true };
        using var test = new TestEngine(blocks: 12, hostSlots: 40);
        var conversations = Enumerable.Range(0, 4).Select(i => TestEngine.Tokens(i, 200).ToList()).ToArray();
        var statistics = test.Engine.Statistics;
        Assert.Equal((40, 0), (statistics.KvHostBlocks, statistics.KvHostBlocksUsed));
        for (var turn = 0; turn < 5; turn++)
        {
            foreach (var tokens in conversations)
            {
                using var session = test.Session([.. tokens]);
                var usage = test.Generate(session, options)[^1].Usage!;
                Assert.Equal(TestEngine.Expected(tokens, options), session.Tokens);
                tokens.Clear();
                tokens.AddRange(session.Tokens);
                tokens.AddRange(TestEngine.Tokens(100 + turn, 5));
                // The token generated last was never computed: it and the five new ones are.
                if (turn > 0) Assert.Equal(6, usage.NewTokens);
            }
            test.CheckIntegrity();
        }
        // 200 tokens, then five turns of which the last one's end is not computed.
        Assert.Equal(4 * (200 + 5 * 9 + 4 * 6), test.Runner.ComputedTokens);
        Assert.True(test.Engine.Statistics.KvHostBlocksUsed > 0);
    }

    [Fact]
    public void Sessions_that_wait_give_their_blocks_to_one_that_has_work()
    {
        var options = new GenerationOptions { MaxTokens = 10, IgnoreEos = true };
        // Each holds six blocks in the end, eight are there.
        using var test = new TestEngine(blocks: 8, hostSlots: 40);
        var sessions = Enumerable.Range(0, 3).Select(i => test.Session(TestEngine.Tokens(i, 100))).ToArray();
        for (var turn = 0; turn < 5; turn++)
        {
            foreach (var session in sessions)
            {
                var before = session.Tokens.ToArray();
                var usage = test.Generate(session, options)[^1].Usage!;
                Assert.Equal(TestEngine.Expected(before, options), session.Tokens);
                // What is not in a whole block is computed again.
                if (turn > 0) Assert.InRange(usage.NewTokens, 8, 7 + 32);
                session.Append(TestEngine.Tokens(50 + turn, 7));
                test.CheckIntegrity();
            }
        }
        Assert.True(test.Runner.Restored > 0);
        foreach (var session in sessions) session.Dispose();
    }

    [Fact]
    public void A_session_that_gave_up_its_blocks_is_suspended_with_them()
    {
        using var test = new TestEngine(blocks: 8, hostSlots: 40);
        var session = test.Session(TestEngine.Tokens(1, 161));
        test.Run(session.PrefillAsync());
        using var other = test.Session(TestEngine.Tokens(2, 161));
        test.Run(other.PrefillAsync());
        Assert.True(test.Runner.Offloaded > 0);
        using var file = new MemoryStream();
        test.Run(session.SuspendAsync(file));
        file.Position = 0;

        using var elsewhere = new TestEngine();
        using var resumed = elsewhere.Run(elsewhere.Engine.ResumeSessionAsync(file));
        var options = new GenerationOptions { MaxTokens = 5, IgnoreEos = true };
        var usage = elsewhere.Generate(resumed, options)[^1].Usage!;
        Assert.Equal((160, 1), (usage.CachedTokens, usage.NewTokens));
        Assert.Equal(TestEngine.Expected(TestEngine.Tokens(1, 161), options), resumed.Tokens);

        // And resumed where the blocks are another's.
        file.Position = 0;
        using var back = test.Run(test.Engine.ResumeSessionAsync(file));
        test.Generate(back, options);
        Assert.Equal(resumed.Tokens, back.Tokens);
    }

    [Fact]
    public void Who_decodes_does_not_wait_for_all_that_another_brings_back()
    {
        var (few, many) = (new GenerationOptions { MaxTokens = 3, IgnoreEos = true }, new GenerationOptions { MaxTokens = 30, IgnoreEos = true });
        using var test = new TestEngine(blocks: 48, new() { PrefillChunkBesideDecode = 16 }, hostSlots: 100);
        var text = TestEngine.Tokens(1, 1000);
        foreach (var tokens in new[] { text, TestEngine.Tokens(2, 1400) })
        {
            using var first = test.Session(tokens);
            test.Generate(first, few);
        }
        using var decoding = test.Session(TestEngine.Tokens(3, 50));
        var stream = TestEngine.Collect(decoding, many);
        test.Engine.Loop.RunUntilIdle(maxSteps: 3);

        using var session = test.Session(text);
        var (passes, restored) = (test.Runner.Passes.Count, new List<int> { test.Runner.Restored });
        test.Runner.BeforePass = () => restored.Add(test.Runner.Restored);
        var reply = TestEngine.Collect(session, few);
        var events = test.Run(reply);
        test.Run(stream);
        // Thirty blocks and more, eight a pass, and the decoding session has its token in each.
        Assert.True(restored[^1] - restored[0] >= 28, $"{restored[^1] - restored[0]} blocks came back");
        Assert.All(restored.Zip(restored.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 0, 8));
        Assert.All(test.Runner.Passes.Skip(passes).Take(4), pass => Assert.Contains(1, pass));
        Assert.Equal(TestEngine.Expected(text, few), session.Tokens);
        Assert.InRange(events[^1].Usage!.NewTokens, 1, 32);
    }

    [Fact]
    public void A_device_that_fails_to_offload_fails_the_requests_and_leaves_all_in_order()
    {
        var options = new GenerationOptions { MaxTokens = 5, IgnoreEos = true };
        using var test = new TestEngine(blocks: 8, hostSlots: 12);
        var texts = Enumerable.Range(0, 3).Select(i => TestEngine.Tokens(i, 150)).ToArray();
        // On the way back of one, after some of its blocks.
        for (var good = 0; good < 4; good++)
        {
            for (var i = 0; i < 3; i++)
            {
                using var session = test.Session(texts[(good + i) % 3]);
                test.Generate(session, options);
            }
            var left = good;
            test.Runner.BeforeOffload = () =>
            {
                if (left-- == 0) throw new InvalidOperationException("the device is gone");
            };
            using (var session = test.Session(texts[good % 3]))
            {
                var error = Assert.ThrowsAny<EngineException>(() => test.Generate(session, options));
                Assert.Contains("the device is gone", error.Message, StringComparison.Ordinal);
            }
            test.CheckIntegrity();
            test.Runner.BeforeOffload = null;
        }
        foreach (var text in texts)
        {
            using var session = test.Session(text);
            test.Generate(session, options);
            Assert.Equal(TestEngine.Expected(text, options), session.Tokens);
        }
    }
}
