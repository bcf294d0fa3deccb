using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.KvCache;

public class PrefixTreeTests
{
    private readonly KvCacheManager _cache = new(new FakeRunner(6));

    private Sequence Compute(int[] tokens)
    {
        var sequence = new Sequence { Tokens = [.. tokens] };
        _cache.Open(sequence);
        var restorable = 0;
        _cache.Adopt(sequence, tokens.Length, partly: true, ref restorable);
        _cache.Extend(sequence, tokens.Length);
        _cache.Commit(sequence, tokens.Length);
        KvCacheInvariants.CheckIntegrity(_cache);
        return sequence;
    }

    private void Close(Sequence sequence)
    {
        _cache.Close(sequence);
        KvCacheInvariants.CheckIntegrity(_cache);
    }

    private int Resident(int[] tokens)
    {
        var probe = new Sequence { Tokens = [.. tokens] };
        _cache.Open(probe);
        var restorable = 0;
        _cache.Adopt(probe, tokens.Length, partly: true, ref restorable);
        var computed = probe.Computed;
        Close(probe);
        return computed;
    }

    [Fact]
    public void Finds_the_longest_prefix_into_the_middle_of_a_block()
    {
        var tokens = TestEngine.Tokens(1, 80);
        Close(Compute(tokens));
        Assert.Equal(80, Resident(tokens));
        Assert.Equal(70, Resident([.. tokens[..70], 1, 2, 3]));
        Assert.Equal(40, Resident([.. tokens[..40], -1]));
        Assert.Equal(0, Resident(TestEngine.Tokens(2, 80)));
    }

    [Fact]
    public void Evicts_what_was_let_go_longest_ago_from_its_end()
    {
        var (a, b, c) = (TestEngine.Tokens(1, 64), TestEngine.Tokens(2, 64), TestEngine.Tokens(3, 64));
        Close(Compute(a));
        Close(Compute(b));
        Resident(a);
        Close(Compute([.. c, 1]));
        Assert.Equal(64, Resident(a));
        Assert.Equal(32, Resident(b));
    }

    [Fact]
    public void Never_evicts_what_a_live_sequence_uses()
    {
        var live = Compute(TestEngine.Tokens(1, 64));
        for (var seed = 2; seed < 10; seed++) Close(Compute(TestEngine.Tokens(seed, 128)));
        Assert.Equal(64, Resident(TestEngine.Tokens(1, 64)));
        Assert.Throws<InvalidOperationException>(() => Compute(TestEngine.Tokens(20, 160)));
        Close(live);
    }

    [Fact]
    public void Two_sequences_that_compute_the_same_keep_one_copy()
    {
        var tokens = TestEngine.Tokens(1, 64);
        var (first, second) = (new Sequence { Tokens = [.. tokens] }, new Sequence { Tokens = [.. tokens] });
        _cache.Open(first);
        _cache.Open(second);
        _cache.Extend(first, 64);
        _cache.Extend(second, 64);
        _cache.Commit(first, 64);
        _cache.Commit(second, 64);
        KvCacheInvariants.CheckIntegrity(_cache);
        Assert.Equal(4, _cache.Available);
    }

    [Fact]
    public void A_longer_tail_takes_the_place_of_a_shorter_one()
    {
        var tokens = TestEngine.Tokens(1, 60);
        Close(Compute(tokens[..40]));
        Close(Compute(tokens));
        Assert.Equal(4, _cache.Pool.Free);
        Close(Compute(tokens[..50]));
        Assert.Equal(4, _cache.Pool.Free);
    }

    [Fact]
    public void The_integrity_check_notices_what_is_wrong()
    {
        var sequence = Compute(TestEngine.Tokens(1, 40));
        _cache.Pool.Retain(sequence.Blocks[1]);
        Assert.Throws<InvalidOperationException>(() => KvCacheInvariants.CheckIntegrity(_cache));
        _cache.Pool.Release(sequence.Blocks[1]);
        KvCacheInvariants.CheckIntegrity(_cache);
        _cache.Pool.Release(sequence.Blocks[1]);
        Assert.Throws<InvalidOperationException>(() => KvCacheInvariants.CheckIntegrity(_cache));
    }
}
