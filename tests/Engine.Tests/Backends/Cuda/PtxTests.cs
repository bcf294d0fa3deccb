using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Kernels;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

public sealed class PtxTests
{
    private static readonly string Folder = Path.Combine(TestFiles.Root, "native", "kernels");

    [Fact]
    public void ThePtxIsOfTheseSources()
    {
        var expected = Directory.GetFiles(Path.Combine(Folder, "src")).Order(StringComparer.Ordinal)
            .Select(file => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}  src/{Path.GetFileName(file)}");
        var manifest = File.ReadAllLines(Path.Combine(Folder, "ptx", "manifest.sha256")).Order(StringComparer.Ordinal);
        Assert.True(expected.Order(StringComparer.Ordinal).SequenceEqual(manifest), "The kernels' sources changed: run native/kernels/build and commit its PTX.");
    }

    [Theory]
    [InlineData("sm_80")]
    [InlineData("sm_90a")]
    public void EveryKernelIsInThePtx(string target)
    {
        var ptx = Encoding.UTF8.GetString(KernelModule.Ptx(target));
        Assert.Contains($".target {target}", ptx, StringComparison.Ordinal);
        string[] types = ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_k", "q5_k", "q6_k", "mxfp4"];
        string[] kernels =
        [
            "rms_norm", "pack_rows", "sample_parts", "sample_choose", "rope", "swiglu", "route", "combine_experts", "gather_choices",
            .. types.SelectMany(type => new[] { $"embed_{type}", $"gemv_{type}_1", $"gemv_{type}_4", $"gemv_{type}_16" }),
            .. types.Skip(1).SelectMany(type => new[] { $"gemm_{type}_32", $"gemm_{type}_128" }),
            .. new[] { "f16_4", "f16_8", "f32_4", "q8_0_4", "q8_0_8" }.SelectMany(kind => new[] { 64, 128, 256 }.Select(length => $"attention_{kind}_{length}")),
            .. new[] { 64, 128, 256 }.Select(length => $"prefill_attention_{length}"), "prefill_merge_64", "prefill_merge_128",
        ];
        Assert.Equal(kernels.Order(StringComparer.Ordinal), Regex.Matches(ptx, @"\.entry (\w+)\(").Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AKernelIsTakenAlone()
    {
        var all = new PtxText(KernelModule.Ptx("sm_80"));
        Assert.Equal(Regex.Count(Encoding.UTF8.GetString(KernelModule.Ptx("sm_80")), @"\.entry \w+\("), all.Kernels.Count);
        foreach (var kernel in new[] { "embed_f32", "gemm_q4_k_128", all.Kernels.Last() })
        {
            var one = Encoding.UTF8.GetString(all.Of(kernel));
            Assert.Equal([kernel], Regex.Matches(one, @"\.entry (\w+)\(").Select(match => match.Groups[1].Value));
            Assert.StartsWith("//\n// Generated", one, StringComparison.Ordinal);
            Assert.Contains(".target sm_80", one, StringComparison.Ordinal);
            Assert.Equal(one.Count(c => c == '{'), one.Count(c => c == '}'));
            Assert.EndsWith("\0", one, StringComparison.Ordinal);
            Assert.True(one.Length < 500_000, $"{kernel} has {one.Length} bytes");
        }
    }

    [Fact]
    public void PtxOfAnotherCompilerIsTakenFromItsFolder()
    {
        var folder = Path.Combine(Folder, "ptx");
        Assert.Equal(KernelModule.Ptx("sm_80"), KernelModule.Ptx("sm_80", folder));
        var error = Assert.Throws<CudaException>(() => KernelModule.Ptx("sm_80", Path.Combine(folder, "absent")));
        Assert.Contains(KernelModule.FolderVariable, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, 0, "sm_80")]
    [InlineData(8, 9, "sm_80")]
    [InlineData(9, 0, "sm_90a")]
    [InlineData(10, 0, "sm_80")]
    public void ADeviceGetsPtxThatItCanRun(int major, int minor, string target) =>
        Assert.Equal(target, KernelModule.Target(new CudaDeviceInfo(0, "", major, minor, 1, 1)));
}
