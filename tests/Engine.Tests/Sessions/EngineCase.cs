using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Sessions;

/// <summary>
/// One random case: several sessions on one small engine, each compared after every operation with the same history
/// computed without any engine.
/// </summary>
internal sealed class EngineCase : IDisposable
{
    private const int Context = 160;
    private const int FewestBlocks = 7, MostBlocks = 18;

    private readonly Random _random;
    private readonly TestEngine _test;
    private readonly List<(Session Session, List<int> Expected, List<SessionCheckpoint> Checkpoints)> _sessions = [];

    public EngineCase(int seed, bool hostMemory = false)
    {
        _random = new Random(seed);
        _test = new TestEngine(_random.Next(FewestBlocks, (hostMemory ? MostBlocks / 2 : MostBlocks) + 1), new EngineOptions
        {
            ContextLength = Context,
            PrefillChunk = _random.Next(4, 80),
            PrefillChunkBesideDecode = _random.Next(1, 40),
            MaxRunning = _random.Next(1, 5),
            KvWait = TimeSpan.Zero,
        }, hostSlots: hostMemory ? _random.Next(1, 20) : 0);
    }

    /// <summary>Blocks that came back from host memory.</summary>
    public int Restored => _test.Runner.Restored;

    public void Run(int operations)
    {
        for (var i = 0; i < operations; i++)
        {
            Operate();
            foreach (var (session, expected, _) in _sessions)
            {
                if (!session.Tokens.SequenceEqual(expected)) Assert.Equal(expected, session.Tokens);
            }
            _test.CheckIntegrity();
        }
    }

    public void Dispose()
    {
        foreach (var (session, _, _) in _sessions) session.Dispose();
        _test.Dispose();
    }

    private void Operate()
    {
        var operation = _random.Next(12);
        if (_sessions.Count == 0 || (operation == 0 && _sessions.Count < 6)) Create();
        else if (operation is 1 or 2) Append(_random.Next(_sessions.Count));
        else if (operation is 3 or 4 or 5) Generate();
        else if (operation == 6) Fork();
        else if (operation == 7) Rewind();
        else if (operation == 8) SuspendAndResume();
        else if (operation == 9) CancelMidway();
        else if (operation == 10) Prefill();
        else Close();
    }

    private void Create()
    {
        _sessions.Add((_test.Engine.CreateSession(), [], []));
        Append(_sessions.Count - 1);
    }

    /// <summary>Few different texts, so that sessions share prefixes of all lengths.</summary>
    private void Append(int index)
    {
        var (session, expected, checkpoints) = _sessions[index];
        var text = TestEngine.Tokens(_random.Next(2), 100).AsSpan(0, _random.Next(1, 90));
        if (expected.Count + text.Length > Context)
        {
            var tokens = text.ToArray();
            Assert.Throws<ContextOverflowException>(() => session.Append(tokens));
            return;
        }
        if (expected.Count > 0 && _random.Next(2) == 0) checkpoints.Add(session.Checkpoint());
        session.Append(text);
        expected.AddRange(text);
    }

    private GenerationOptions Options() => new()
    {
        MaxTokens = _random.Next(1, 50),
        Temperature = _random.Next(2),
        TopK = _random.Next(2) * 20,
        Seed = (ulong)_random.Next(5),
        IgnoreEos = _random.Next(2) == 0,
        RepetitionPenalty = 1 + _random.Next(2) * 0.1f,
    };

    private void Generate()
    {
        var running = new List<(int Index, GenerationOptions Options, Task Task)>();
        for (var i = 0; i < _sessions.Count; i++)
        {
            if (_random.Next(3) == 0) continue;
            var options = Options();
            running.Add((i, options, TestEngine.Collect(_sessions[i].Session, options)));
            for (var steps = _random.Next(3); steps > 0; steps--) _test.Engine.Loop.RunUntilIdle(maxSteps: 1);
        }
        foreach (var (i, options, task) in running)
        {
            try
            {
                _test.Run(task);
                _sessions[i] = _sessions[i] with { Expected = TestEngine.Expected(_sessions[i].Expected, options, Context) };
            }
            catch (ContextOverflowException)
            {
                // Full, or the live sessions leave too few blocks: nothing may have changed.
            }
        }
    }

    private void CancelMidway()
    {
        var i = _random.Next(_sessions.Count);
        var (session, expected, checkpoints) = _sessions[i];
        using var cancellation = new CancellationTokenSource();
        var options = Options();
        var task = TestEngine.Collect(session, options, cancellation.Token);
        for (var steps = _random.Next(30); steps > 0; steps--) _test.Engine.Loop.RunUntilIdle(maxSteps: 1);
        cancellation.Cancel();
        try
        {
            _test.Run(task);
        }
        catch (ContextOverflowException)
        {
            return;
        }
        var whole = TestEngine.Expected(expected, options, Context);
        Assert.True(session.Length <= whole.Count);
        _sessions[i] = (session, whole[..session.Length], checkpoints);
    }

    private void Fork()
    {
        if (_sessions.Count == 6) return;
        var (session, expected, checkpoints) = _sessions[_random.Next(_sessions.Count)];
        _sessions.Add((session.Fork(), [.. expected], [.. checkpoints]));
    }

    private void Rewind()
    {
        var (session, expected, checkpoints) = _sessions[_random.Next(_sessions.Count)];
        if (checkpoints.Count == 0) return;
        var index = _random.Next(checkpoints.Count);
        session.Rewind(checkpoints[index]);
        expected.RemoveRange(checkpoints[index].Length, expected.Count - checkpoints[index].Length);
        checkpoints.RemoveRange(index, checkpoints.Count - index);
    }

    private void SuspendAndResume()
    {
        var i = _random.Next(_sessions.Count);
        var (session, expected, checkpoints) = _sessions[i];
        using var file = new MemoryStream();
        _test.Run(session.SuspendAsync(file));
        _sessions.RemoveAt(i);
        for (var others = _random.Next(3); others > 0 && _sessions.Count > 0; others--) Generate();
        file.Position = 0;
        try
        {
            _sessions.Add((_test.Run(_test.Engine.ResumeSessionAsync(file)), expected, checkpoints));
        }
        catch (ContextOverflowException)
        {
            // The live sessions leave no room for it.
        }
    }

    private void Prefill()
    {
        try
        {
            var (session, expected, _) = _sessions[_random.Next(_sessions.Count)];
            if (expected.Count > 0) _test.Run(session.PrefillAsync());
        }
        catch (ContextOverflowException)
        {
            // The live sessions leave no room for it.
        }
    }

    private void Close()
    {
        var i = _random.Next(_sessions.Count);
        _sessions[i].Session.Dispose();
        _sessions.RemoveAt(i);
    }
}
