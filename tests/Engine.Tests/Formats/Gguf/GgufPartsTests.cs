using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Formats.Gguf;

public sealed class GgufPartsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void A_split_model_opens_by_its_first_file()
    {
        WriteParts();
        using var model = ModelLoader.Open(Part(1));
        Assert.Equal(4, model.RequireConfig().EmbeddingLength);
        Assert.Equal(11, model.Tensors.Count);
        Assert.Equal(11, ModelInspection.Of(model).Tensors.Count);
    }

    [Fact]
    public void Another_part_says_which_one_to_open()
    {
        WriteParts();
        using var model = ModelLoader.Open(Part(2));
        Assert.Equal("m-00002-of-00002.gguf: the file is part 2 of 2 of a model; open the part whose name ends with -00001-of-00002.gguf.", model.Problem);
        File.Move(Part(1), Path.Combine(_folder, "renamed.gguf"));
        using var renamed = ModelLoader.Open(Path.Combine(_folder, "renamed.gguf"));
        Assert.Contains("part 1 of 2", renamed.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        WriteParts();
        File.Delete(Part(2));
        Assert.Contains("part m-00002-of-00002.gguf is missing", Assert.Throws<ModelFormatException>(() => ModelLoader.Open(Part(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_in_two_parts_is_refused()
    {
        WriteParts();
        var second = RawGguf.Llama();
        File.WriteAllBytes(Part(2), second.ToArray());
        Assert.Contains("is in another part of the model too", Assert.Throws<ModelFormatException>(() => ModelLoader.Open(Part(1))).Message, StringComparison.Ordinal);
    }

    private string Part(int number) => Path.Combine(_folder, $"m-0000{number}-of-00002.gguf");

    /// <summary>Every third tensor goes to the second file, which holds nothing else but its number.</summary>
    private void WriteParts()
    {
        var (whole, first, second) = (RawGguf.Llama(), RawGguf.Llama(), new RawGguf { ["split.no"] = 1u, ["split.count"] = 2u });
        first["split.no"] = 0u;
        first["split.count"] = 2u;
        first.Tensors.Clear();
        first.DataBytes = 0;
        for (var i = 0; i < whole.Tensors.Count; i++) (i % 3 == 0 ? second : first).AddTensor(whole.Tensors[i].Name, 0, whole.Tensors[i].Shape);
        File.WriteAllBytes(Part(1), first.ToArray());
        File.WriteAllBytes(Part(2), second.ToArray());
    }
}
