using System.Diagnostics.Metrics;
using System.Globalization;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Server.Diagnostics;

namespace AgentRuntime.Server.Tests.Load;

/// <summary>Many clients at one server for some time: what came of it.</summary>
internal sealed record LoadRun
{
    public const string Model = "load";
    private const int Clients = 64, Places = 56;

    public required string ModelFile { get; init; }

    public required TimeSpan Duration { get; init; }

    public required int Completed { get; init; }

    public required int Cut { get; init; }

    public required int Refused { get; init; }

    public required long Events { get; init; }

    public required long ComputedTokens { get; init; }

    /// <summary>Seconds from a request's body being there until the engine has it, sorted.</summary>
    public required double[] RequestOverhead { get; init; }

    /// <summary>Seconds from an event leaving the engine until it is with the operating system, sorted.</summary>
    public required double[] DeliverOverhead { get; init; }

    /// <summary>Live bytes of the managed heap, evenly over the run, the first after a tenth of it.</summary>
    public required IReadOnlyList<long> LiveBytes { get; init; }

    public required IReadOnlyList<long> ResidentBytes { get; init; }

    /// <summary>KV blocks that somebody still holds in the end.</summary>
    public required int BlocksHeld { get; init; }

    public static async Task<LoadRun> RunAsync(TimeSpan duration, string? modelFile)
    {
        var folder = Directory.CreateTempSubdirectory("agentrt-load-").FullName;
        try
        {
            var path = modelFile ?? Path.Combine(folder, "model.gguf");
            if (modelFile is null) ModelSynthesizer.Write("tiny-test", "Q8_0", path);
            await using var engine = await InferenceEngine.LoadAsync(path);
            var free = engine.Statistics.KvBlocksFree;
            // Fewer places than clients, so that some are refused.
            await using var server = await InferenceServer.StartAsync(engine, new() { Port = 0, ModelName = Model, MaxConcurrentRequests = Places });
            using var overhead = new OverheadLog();
            LoadClient[] clients = [.. Enumerable.Range(0, Clients).Select(i => new LoadClient(server.Address, i % 8 == 0 ? LoadKind.Slow : i % 8 == 1 ? LoadKind.Cut : LoadKind.Steady, i))];
            using var over = new CancellationTokenSource(duration);
            var running = clients.Select(client => Task.Run(() => client.RunAsync(over.Token))).ToArray();
            List<long> live = [], resident = [];
            for (var sample = 0; sample < 10 && !running.Any(r => r.IsFaulted); sample++)
            {
                await Task.Delay(duration / 10);
                // What a collection takes is in the overhead: it is the host's own.
                live.Add(GC.GetTotalMemory(forceFullCollection: sample is 4 or 9));
                resident.Add(Environment.WorkingSet);
            }
            await Task.WhenAll(running);
            foreach (var client in clients) client.Dispose();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (engine.Statistics is { Running: > 0 } or { Waiting: > 0 }) await Task.Delay(5, limit.Token);
            await server.StopAsync(limit.Token);
            await engine.CheckIntegrityAsync();
            return new()
            {
                ModelFile = modelFile is null ? "tiny-test (synthetic)" : Path.GetFileName(modelFile),
                Duration = duration,
                Completed = clients.Sum(c => c.Completed),
                Cut = clients.Sum(c => c.Cut),
                Refused = clients.Sum(c => c.Refused),
                Events = clients.Sum(c => c.Events),
                ComputedTokens = engine.Statistics.ComputedTokens,
                RequestOverhead = overhead.Sorted("request"),
                DeliverOverhead = overhead.Sorted("deliver"),
                LiveBytes = live,
                ResidentBytes = resident,
                BlocksHeld = free - engine.Statistics.KvBlocksFree - engine.Statistics.KvBlocksCached,
            };
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    public static double Percentile(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];

    public string Report() => string.Create(CultureInfo.InvariantCulture, $"""
        # The server under load

        {Clients} streaming clients at a server with {Places} places for {Duration.TotalSeconds:0} s, one process with the clients in it, {Environment.ProcessorCount} cores, model {ModelFile}.
        An eighth of the clients reads slowly (pauses of up to 40 ms, receive buffers of 4 KB), an eighth leaves in the middle of the answer,
        all ask again at once; prompts of 30 to 500 tokens behind a shared front, answers of 8 to 120 tokens.

        | | |
        |---|---|
        | answers completed | {Completed:#,0} |
        | clients that left in the middle | {Cut:#,0} |
        | refused with 429 and Retry-After | {Refused:#,0} |
        | other errors | 0 |
        | events received | {Events:#,0} ({Events / Duration.TotalSeconds:#,0}/s) |
        | tokens computed | {ComputedTokens:#,0} ({ComputedTokens / Duration.TotalSeconds:#,0}/s) |
        | KV blocks held in the end | {BlocksHeld}; `CheckIntegrity` passed |

        The server's own overhead, exact values of `agentruntime.server.overhead`, in milliseconds:

        | | count | p50 | p90 | p99 | p99.9 | max |
        |---|---|---|---|---|---|---|
        | request: body read → the engine has it | {Row(RequestOverhead)} |
        | deliver: event out of the engine → with the operating system | {Row(DeliverOverhead)} |

        Memory after each tenth of the run, MB (the fifth and tenth of the managed heap after a full collection, which counts as overhead above):

        | managed heap | {string.Join(" | ", LiveBytes.Select(b => (b / 1e6).ToString("0.0", CultureInfo.InvariantCulture)))} |
        |---|{string.Concat(Enumerable.Repeat("---|", LiveBytes.Count))}
        | resident | {string.Join(" | ", ResidentBytes.Select(b => (b / 1e6).ToString("0", CultureInfo.InvariantCulture)))} |

        Made by `AGENTRT_LOAD_SECONDS=60 AGENTRT_LOAD_REPORT=FILE [AGENTRT_LOAD_MODEL=GGUF]` with `LoadTests` of tests/Server.Tests.

        """);

    private static string Row(double[] sorted) => string.Create(CultureInfo.InvariantCulture,
        $"{sorted.Length:#,0} | {1e3 * Percentile(sorted, 0.5):0.00} | {1e3 * Percentile(sorted, 0.9):0.00} | {1e3 * Percentile(sorted, 0.99):0.00} | {1e3 * Percentile(sorted, 0.999):0.00} | {1e3 * sorted[^1]:0.00}");

    /// <summary>Keeps the exact values of the server's histogram.</summary>
    private sealed class OverheadLog : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, (double[] Values, StrongCount Count)> _phases = new()
        {
            ["request"] = (new double[1 << 16], new()),
            ["deliver"] = (new double[1 << 21], new()),
        };

        public OverheadLog()
        {
            _listener.InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == ServerDiagnostics.Name) l.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
            {
                var (values, count) = _phases[(string)tags[0].Value!];
                var index = Interlocked.Increment(ref count.Value) - 1;
                if (index < values.Length) values[index] = value;
            });
            _listener.Start();
        }

        public double[] Sorted(string phase)
        {
            var (values, count) = _phases[phase];
            var sorted = values[..Math.Min(values.Length, count.Value)];
            Array.Sort(sorted);
            return sorted;
        }

        public void Dispose() => _listener.Dispose();

        private sealed class StrongCount
        {
            public int Value;
        }
    }
}
