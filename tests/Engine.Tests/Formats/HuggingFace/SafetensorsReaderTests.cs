using AgentRuntime.Engine.Formats.HuggingFace;

namespace AgentRuntime.Engine.Tests.Formats.HuggingFace;

public sealed class SafetensorsReaderTests
{
    [Fact]
    public void Lists_tensors_by_place()
    {
        var file = TestFolder.WithHeader(
            """{"b":{"dtype":"F16","shape":[2,1],"data_offsets":[4,8]},"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", new byte[8]);
        var entries = SafetensorsReader.Read(file, file.Length, "x");
        Assert.Equal(["a", "b"], entries.Select(entry => entry.Name));
        Assert.Equal(file.Length - 4, entries[1].Offset);
        Assert.Equal([2L, 1L], entries[1].Shape);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "takes 4 bytes, its shape needs 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "lies at 4 to 12, outside the 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}""", "lies at 8 to 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", "has no data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", "has no data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "is -1, expected 1 to")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,2147483647,8],"data_offsets":[0,4]}}""", "is larger than the file")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", "has 9 dimensions")]
    [InlineData("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", "unknown type F31")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", "has no dtype")]
    [InlineData("""{"a":3}""", "\"a\" is of kind Number, expected an object")]
    [InlineData("""{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "empty name")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}""", "overlaps another")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "the JSON is damaged")]
    [InlineData("""{"a\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "")]
    [InlineData("[]", "holds no JSON object")]
    [InlineData("{", "the JSON is damaged")]
    public void A_damaged_header_is_refused(string header, string message)
    {
        var file = TestFolder.WithHeader(header, new byte[8]);
        Assert.Contains(message, Assert.Throws<ModelFormatException>(() => SafetensorsReader.Read(file, file.Length, "x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_beyond_the_file_is_refused()
    {
        Assert.Throws<ModelFormatException>(() => SafetensorsReader.Read([1, 2, 3], 3, "x"));
        Assert.Contains("claims 18446744073709551615 bytes", Assert.Throws<ModelFormatException>(
            () => SafetensorsReader.Read([255, 255, 255, 255, 255, 255, 255, 255, 0], 9, "x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Throws<ModelFormatException>(() => SafetensorsReader.Read(
            TestFolder.WithHeader("{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}"), 300_000, "x"));

    [Fact]
    public void Names_that_are_not_UTF_8_are_refused()
    {
        var file = TestFolder.WithHeader("""{"?":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", new byte[4]);
        file[Array.IndexOf(file, (byte)'?')] = 0xFF;
        Assert.Contains("not valid UTF-8", Assert.Throws<ModelFormatException>(() => SafetensorsReader.Read(file, file.Length, "x")).Message, StringComparison.Ordinal);
    }
}
