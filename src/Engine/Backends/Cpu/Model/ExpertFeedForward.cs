using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Threading;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>
/// Mixture of experts: a router picks the k experts of largest probability for each token, and their SwiGLU results are
/// summed with those probabilities as weights. Tokens are grouped by expert, so that a chosen expert's weights are read
/// once for all its tokens and others not at all.
/// </summary>
internal sealed unsafe class ExpertFeedForward : IFeedForward
{
    private readonly ModelConfig _config;
    private readonly Workspace _workspace;
    private readonly FloatKernels _kernels;
    private readonly ComputePool _pool;
    private readonly float* _probabilities;
    private readonly float* _weights;
    private readonly float* _results;
    private readonly int* _chosen;
    private readonly int* _starts;
    private readonly int* _tokenOfRow;
    private readonly int* _rowOfChoice;

    public ExpertFeedForward(ModelConfig config, Workspace workspace, FloatKernels kernels, ComputePool pool)
    {
        _config = config;
        _workspace = workspace;
        _kernels = kernels;
        _pool = pool;
        var rows = workspace.MaxTokens * config.ExpertsUsed;
        _probabilities = workspace.Floats(workspace.MaxTokens, config.Experts);
        _weights = workspace.Floats(rows, 1);
        _results = workspace.Floats(rows, config.EmbeddingLength);
        _chosen = workspace.Ints(rows);
        _tokenOfRow = workspace.Ints(rows);
        _rowOfChoice = workspace.Ints(rows);
        _starts = workspace.Ints(config.Experts + 1);
    }

    public void Run(CpuLayer layer, int tokens, int thread)
    {
        int experts = _config.Experts, width = _config.ExpertFeedForwardLength, embedding = _config.EmbeddingLength;
        var scratch = _workspace.Scratch[thread];
        var routing = new MatrixJob(_workspace.Normed, _workspace.Identity, tokens, _probabilities, experts);
        layer.Router!.Multiply(routing, thread, _pool.Threads, scratch);
        _pool.Barrier();
        var (start, end) = WorkShare.Of(tokens, thread, _pool.Threads);
        for (var t = start; t < end; t++) Choose(t);
        _pool.Barrier();
        if (thread == 0) GroupByExpert(tokens);
        _pool.Barrier();
        for (var e = 0; e < experts; e++)
        {
            int row = _starts[e], count = _starts[e + 1] - row;
            if (count == 0) continue;
            layer.Gate[e].Multiply(
                new(_workspace.Normed, _tokenOfRow + row, count, _workspace.Gate.Row(row), _workspace.Gate.Stride), thread, _pool.Threads, scratch);
            layer.Up[e].Multiply(
                new(_workspace.Normed, _tokenOfRow + row, count, _workspace.Up + (nint)row * width, width), thread, _pool.Threads, scratch);
        }
        _pool.Barrier();
        var (startRow, endRow) = WorkShare.Of(tokens * _config.ExpertsUsed, thread, _pool.Threads);
        for (var row = startRow; row < endRow; row++)
        {
            _kernels.SwiGlu(_workspace.Gate.Row(row), _workspace.Up + (nint)row * width, width);
            if (layer.Down[0].ReadsQuantized) _workspace.Gate.Quantize(row, width);
        }
        _pool.Barrier();
        for (var e = 0; e < experts; e++)
        {
            int row = _starts[e], count = _starts[e + 1] - row;
            if (count == 0) continue;
            var job = new MatrixJob(_workspace.Gate, _workspace.Identity + row, count, _results + (nint)row * embedding, embedding);
            layer.Down[e].Multiply(job, thread, _pool.Threads, scratch);
        }
        _pool.Barrier();
        for (var t = start; t < end; t++)
        {
            for (var i = t * _config.ExpertsUsed; i < (t + 1) * _config.ExpertsUsed; i++)
                _kernels.AddScaled(_results + (nint)_rowOfChoice[i] * embedding, _weights[i], _workspace.Hidden + (nint)t * embedding, embedding);
        }
    }

    /// <summary>Softmax over a token's router scores, then the most probable experts; ties go to the lower index.</summary>
    private void Choose(int token)
    {
        var scores = new Span<float>(_probabilities + (nint)token * _config.Experts, _config.Experts);
        var maximum = float.NegativeInfinity;
        foreach (var score in scores) maximum = Math.Max(maximum, score);
        var sum = 0f;
        foreach (ref var score in scores) sum += score = MathF.Exp(score - maximum);
        foreach (ref var score in scores) score /= sum;
        int first = token * _config.ExpertsUsed, used = _config.ExpertsUsed;
        var total = 0f;
        for (var k = 0; k < used; k++)
        {
            var best = 0;
            for (var e = 1; e < scores.Length; e++)
                if (scores[e] > scores[best]) best = e;
            _chosen[first + k] = best;
            total += _weights[first + k] = scores[best];
            scores[best] = -1;
        }
        if (!_config.NormalizeExpertWeights) return;
        for (var k = 0; k < used; k++) _weights[first + k] /= total;
    }

    /// <summary>Gives each choice a row, the rows of one expert side by side.</summary>
    private void GroupByExpert(int tokens)
    {
        var choices = tokens * _config.ExpertsUsed;
        new Span<int>(_starts, _config.Experts + 1).Clear();
        for (var i = 0; i < choices; i++) _starts[_chosen[i] + 1]++;
        for (var e = 0; e < _config.Experts; e++) _starts[e + 1] += _starts[e];
        for (var i = 0; i < choices; i++)
        {
            var row = _starts[_chosen[i]]++;
            _rowOfChoice[i] = row;
            _tokenOfRow[row] = i / _config.ExpertsUsed;
        }
        // Each start has moved to its expert's end: shift them back.
        for (var e = _config.Experts; e > 0; e--) _starts[e] = _starts[e - 1];
        _starts[0] = 0;
    }
}
