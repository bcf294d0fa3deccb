using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>Cosines and sines of every position on the device, [position][pair] floats.</summary>
internal sealed unsafe class RopeTables(CudaDevice device, ModelConfig config, int positions)
{
    private readonly int _pairs = config.RopeDimensions / 2;

    public ulong Cosines { get; } = device.AllocateFloats((long)positions * (config.RopeDimensions / 2));

    public ulong Sines { get; } = device.AllocateFloats((long)positions * (config.RopeDimensions / 2));

    /// <summary>Longest sequence: the model's context, or less when there is not room for it.</summary>
    public static int Positions(ModelConfig config, int blocks) => (int)Math.Min(config.ContextLength, (long)blocks * RunnerOptions.BlockTokens);

    /// <summary>Computes them.</summary>
    /// <param name="factors">Divisors of the frequencies (Llama 3), or empty.</param>
    public void Fill(float[] factors)
    {
        var frequencies = RopeFrequencies.Compute(config, factors);
        var magnitude = RopeFrequencies.Magnitude(config);
        var cosines = new float[checked(positions * _pairs)];
        var sines = new float[cosines.Length];
        Parallel.For(0, positions, position =>
        {
            for (var i = 0; i < _pairs; i++)
            {
                var (sine, cosine) = Math.SinCos(position * frequencies[i]);
                cosines[position * _pairs + i] = (float)cosine * magnitude;
                sines[position * _pairs + i] = (float)sine * magnitude;
            }
        });
        Send(cosines, Cosines);
        Send(sines, Sines);
    }

    private void Send(float[] values, ulong address)
    {
        fixed (float* source = values) device.Driver.CopyToDevice(address, source, values.Length * (long)sizeof(float), device.Stream);
        device.Synchronize();
    }
}
