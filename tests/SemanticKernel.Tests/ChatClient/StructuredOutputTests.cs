using System.Text.Json;
using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;

namespace AgentRuntime.SemanticKernel.Tests.ChatClient;

/// <summary>Replies of a type, as Microsoft.Extensions.AI asks for them: the grammar holds the model, whatever it wants.</summary>
public sealed class StructuredOutputTests : IAsyncLifetime
{
    private ScriptedModel _model = null!;
    private EngineChatClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await ScriptedModel.LoadAsync();
        _client = new(_model.Engine);
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task An_object()
    {
        _model.Wants("""{"fullName":"Ann O'Hara","age":44,"job":"Surgeon","isAlive":true,"notes":null}""");
        var person = (await _client.GetResponseAsync<Person>("Who is she?")).Result;
        Assert.Equal(new Person("Ann O'Hara", 44, JobType.Surgeon, true, null), person);
    }

    [Fact]
    public async Task An_array()
    {
        _model.Wants("""{"data":[{"fullName":"Ann","age":1,"job":"Nurse","isAlive":true,"notes":"x"},{"fullName":"Bob","age":2,"job":"Surgeon","isAlive":false,"notes":null}]}""");
        Assert.Equal(["Ann", "Bob"], (await _client.GetResponseAsync<Person[]>("Who are they?")).Result.Select(p => p.FullName));
    }

    [Fact]
    public async Task Simple_values()
    {
        _model.Wants("""{"data":"text"}""", """{"data":-12}""", """{"data":false}""", """{"data":"Nurse"}""");
        Assert.Equal("text", (await _client.GetResponseAsync<string>("Text")).Result);
        Assert.Equal(-12, (await _client.GetResponseAsync<int>("Number")).Result);
        Assert.False((await _client.GetResponseAsync<bool>("Truth")).Result);
        Assert.Equal(JobType.Nurse, (await _client.GetResponseAsync<JobType>("Job")).Result);
    }

    [Fact]
    public async Task A_model_that_wants_to_chat_cannot()
    {
        _model.Wants("Sure! Here is the job that you asked for.");
        var job = await _client.GetResponseAsync<JobType>("Job?", new ChatOptions { MaxOutputTokens = 100 });
        Assert.True(job.TryGetResult(out var result));
        Assert.True(Enum.IsDefined(result));
        Assert.Equal(ChatFinishReason.Stop, job.FinishReason);
    }

    [Fact]
    public async Task A_stream_is_held_too()
    {
        _model.Wants("No.");
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"enum":[{"ok":true}]}""")) };
        var text = string.Concat(await _client.GetStreamingResponseAsync("Ok?", options).Select(u => u.Text).ToListAsync());
        Assert.True(JsonElement.Parse(text).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task Functions_first_and_the_object_then()
    {
        using var client = _client.AsBuilder().UseFunctionInvocation().Build();
        _model.Wants(ScriptedModel.Call("Age", "{\"name\": \"Ann\"}"), """{"fullName":"Ann","age":3,"job":"Nurse","isAlive":true,"notes":null}""");
        var response = await client.GetResponseAsync<Person>("Who is she?", new ChatOptions { Tools = [AIFunctionFactory.Create((string name) => name.Length, "Age")] });
        Assert.Equal(new Person("Ann", 3, JobType.Nurse, true, null), response.Result);
        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(m => m.Role));
    }

    [Fact]
    public async Task Json_in_the_prompt_needs_no_format()
    {
        _model.Wants("""{"fullName":"Ann","age":1,"job":"Nurse","isAlive":true,"notes":"x"}""");
        Assert.Equal("Ann", (await _client.GetResponseAsync<Person>("Who is she?", useJsonSchemaResponseFormat: false)).Result.FullName);
    }

    [Fact]
    public async Task A_conversation_goes_on_after_it()
    {
        _model.Wants("""{"data":5}""", "Five, as I said.");
        var first = await _client.GetResponseAsync<int>("Number");
        var second = await _client.GetResponseAsync("Again?", new ChatOptions { ConversationId = first.ConversationId });
        Assert.Equal(("Five, as I said.", first.Usage!.TotalTokenCount - 1), (second.Text, second.Usage!.CachedInputTokenCount));
    }

    private enum JobType
    {
        Surgeon,
        Nurse,
    }

    private sealed record Person(string FullName, int Age, JobType Job, bool IsAlive, string? Notes);
}
