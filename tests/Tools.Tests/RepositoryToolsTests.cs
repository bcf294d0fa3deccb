using System.Text.Json;
using AgentRuntime.Tools.Files;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Tools.Tests;

public class RepositoryToolsTests
{
    [Fact]
    public void ToolsComeInOrdinalOrderWithTheirParameters()
    {
        using var repository = new TempRepository();
        var lines = RepositoryTools.Create(repository.Context).Select(tool =>
            $"{tool.Name}({string.Join(", ", tool.JsonSchema.GetProperty("properties").EnumerateObject().Select(p => p.Name))})");
        Assert.Equal(
            "edit_file(path, old, new) git_diff(path) list_files(path) read_file(path, start, end) "
            + "run_command(command, timeout_seconds) search(pattern, path) write_file(path, content)",
            string.Join(' ', lines));
    }

    [Fact]
    public void SchemaSaysTypesAndWhatIsRequired()
    {
        using var repository = new TempRepository();
        var schema = repository.Tool("read_file").JsonSchema;
        Assert.Equal("object", schema.GetProperty("type").GetString());
        Assert.Equal("integer", schema.GetProperty("properties").GetProperty("start").GetProperty("type").GetString());
        Assert.Equal("""["path"]""", schema.GetProperty("required").GetRawText());
        Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
    }

    [Fact]
    public void ReadingToolsSayThatTheyMayBeRepeated()
    {
        using var repository = new TempRepository();
        var reading = RepositoryTools.Create(repository.Context).Where(tool => tool.IsReadOnly).Select(tool => tool.Name);
        Assert.Equal(["git_diff", "list_files", "read_file", "search"], reading);
        Assert.Equal(true, repository.Tool("search").AdditionalProperties["retryable"]);
        Assert.Equal(false, repository.Tool("run_command").AdditionalProperties["retryable"]);
    }

    [Theory]
    [InlineData("""{}""", "error: read_file needs 'path'; it takes path, start, end")]
    [InlineData("""{"path":null}""", "error: read_file needs 'path'; it takes path, start, end")]
    [InlineData("""{"path":"a","line":1}""", "error: read_file has no parameter 'line'; it takes path, start, end")]
    [InlineData("""{"path":5}""", "error: 'path' of read_file must be a string")]
    [InlineData("""{"path":"a","start":1.5}""", "error: 'start' of read_file must be a whole number")]
    [InlineData("""{"path":"a","start":[1]}""", "error: 'start' of read_file must be a whole number")]
    [InlineData("""{"path":"a","start":1e300}""", "error: 'start' of read_file must be a whole number")]
    public async Task WrongArgumentsAreAResult(string json, string expected)
    {
        using var repository = new TempRepository();
        repository.Write("a", "text");
        var values = JsonSerializer.Deserialize<Dictionary<string, object?>>(json)!;
        var result = await repository.Call("read_file", [.. values.Select(v => (v.Key, v.Value))]);
        Assert.Equal(expected, result.Text);
        Assert.Equal("invalid_arguments", result.ErrorKindName);
    }

    [Fact]
    public async Task JsonOfAResultIsItsText()
    {
        using var repository = new TempRepository();
        repository.Write("a", "x");
        object result = await repository.Call("read_file", ("path", "a"), ("start", "1"));
        Assert.Equal("\"1: x\"", JsonSerializer.Serialize(result));
    }

    [Fact]
    public async Task CancellationThrows()
    {
        using var repository = new TempRepository();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await repository.Tool("list_files").InvokeAsync(new AIFunctionArguments(), cancelled.Token));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/no/such/folder")]
    public void ARepositoryMustBeAFolder(string root) =>
        Assert.Throws<ToolsException>(() => new RepositoryPaths(root));
}
