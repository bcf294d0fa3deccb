using System.ComponentModel;
using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;
using static AgentRuntime.SemanticKernel.Tests.ScriptedModel;

namespace AgentRuntime.SemanticKernel.Tests.ChatClient;

/// <summary>Functions beneath the loop of Microsoft.Extensions.AI.</summary>
public sealed class FunctionCallingTests : IAsyncLifetime
{
    private readonly List<string> _seen = [];
    private ScriptedModel _model = null!;
    private IChatClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await LoadAsync();
        _client = new EngineChatClient(_model.Engine).AsBuilder().UseFunctionInvocation().Build();
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task A_function_without_parameters()
    {
        _model.Wants(Call("GetSecretNumber"), "It is 7.");
        var response = await _client.GetResponseAsync("What is it?", With(AIFunctionFactory.Create(() => { _seen.Add("called"); return 7; }, "GetSecretNumber")));
        Assert.Equal(("It is 7.", "called"), (response.Text, _seen.Single()));
        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(m => m.Role));
        Assert.Equal("7", response.Messages[1].Contents.OfType<FunctionResultContent>().Single().Result?.ToString());
        AssertSecondRequestPaidForNewTokensOnly(response);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_function_with_parameters(bool streaming)
    {
        _model.Wants("Adding.\n" + Call("Add", """{"a": 2, "b": 40}"""), "42.");
        var options = With(AIFunctionFactory.Create((int a, int b) => { _seen.Add($"{a}+{b}"); return a + b; }, "Add"));
        var response = streaming
            ? await _client.GetStreamingResponseAsync("2 + 40?", options).ToChatResponseAsync()
            : await _client.GetResponseAsync("2 + 40?", options);
        Assert.Equal("2+40", _seen.Single());
        Assert.Equal("42.", response.Messages[^1].Text);
        AssertSecondRequestPaidForNewTokensOnly(response);
    }

    [Theory]
    [InlineData("""{"town": "Ulm"}""", "Ulm C")]
    [InlineData("""{"town": "Ulm", "unit": "F"}""", "Ulm F")]
    public async Task A_parameter_may_be_left_out(string arguments, string expected)
    {
        _model.Wants(Call("Weather", arguments), "Rain.");
        await _client.GetResponseAsync("Weather?", With(AIFunctionFactory.Create((string town, string unit = "C") => _seen.Add($"{town} {unit}"), "Weather")));
        Assert.Equal(expected, _seen.Single());
    }

    [Fact]
    public async Task Parameters_may_be_nested()
    {
        _model.Wants(Call("Send", """{"parcel": {"to": {"street": "Main \"St\"", "number": 3}, "grams": 12.5}}"""), "Sent.");
        await _client.GetResponseAsync("Send it", With(AIFunctionFactory.Create((Parcel parcel) => _seen.Add(parcel.ToString()), "Send")));
        Assert.Equal(new Parcel(new("Main \"St\"", 3), 12.5).ToString(), _seen.Single());
    }

    [Fact]
    public async Task Parameters_may_be_arrays()
    {
        _model.Wants(Call("Sum", """{"numbers": [1, 2, 3], "addresses": [{"street": "a", "number": 1}]}"""), "6.");
        await _client.GetResponseAsync("Sum", With(AIFunctionFactory.Create((int[] numbers, List<Address> addresses) => _seen.Add($"{numbers.Sum()} {addresses[0].Street}"), "Sum")));
        Assert.Equal("6 a", _seen.Single());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Several_calls_in_one_reply(bool streaming)
    {
        _model.Wants(Call("Age", """{"name": "Ann"}""") + "\n" + Call("Age", """{"name": "Bob"}"""), "Ann 3, Bob 4.");
        var options = With(AIFunctionFactory.Create((string name) => { _seen.Add(name); return name == "Ann" ? 3 : 4; }, "Age"));
        var response = streaming
            ? await _client.GetStreamingResponseAsync("Ages?", options).ToChatResponseAsync()
            : await _client.GetResponseAsync("Ages?", options);
        Assert.Equal(["Ann", "Bob"], _seen);
        Assert.Equal(2, response.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>().Select(c => c.CallId).Distinct().Count());
        AssertSecondRequestPaidForNewTokensOnly(response);
    }

    [Fact]
    public async Task One_call_a_reply_where_several_are_not_allowed()
    {
        _model.Wants(Call("Age", """{"name": "Ann"}""") + "\n" + Call("Age", """{"name": "Bob"}"""), "Ann 3.");
        var options = With(AIFunctionFactory.Create((string name) => { _seen.Add(name); return 3; }, "Age"));
        options.AllowMultipleToolCalls = false;
        await _client.GetResponseAsync("Ages?", options);
        Assert.Equal(["Ann"], _seen);
    }

    [Fact]
    public async Task Several_rounds_of_calls()
    {
        _model.Wants(Call("Next", """{"after": 0}"""), Call("Next", """{"after": 1}"""), Call("Next", """{"after": 2}"""), "3.");
        var response = await _client.GetResponseAsync("Count", With(AIFunctionFactory.Create((int after) => { _seen.Add($"{after}"); return after + 1; }, "Next")));
        Assert.Equal(["0", "1", "2"], _seen);
        Assert.Equal("3.", response.Messages[^1].Text);
    }

    [Fact]
    public async Task An_exception_is_a_result_that_the_model_reads()
    {
        _model.Wants(Call("Broken"), "Sorry.");
        var response = await _client.GetResponseAsync("Try", With(AIFunctionFactory.Create(string () => throw new InvalidOperationException("secret"), "Broken")));
        Assert.Equal("Sorry.", response.Text);
        Assert.IsType<InvalidOperationException>(response.Messages[1].Contents.OfType<FunctionResultContent>().Single().Exception);
    }

    [Fact]
    public async Task No_function_is_called_where_none_may_be()
    {
        _model.Wants("Just text.");
        var options = With(AIFunctionFactory.Create(() => _seen.Add("called"), "Touch"));
        options.ToolMode = ChatToolMode.None;
        Assert.Equal("Just text.", (await _client.GetResponseAsync("Touch", options)).Text);
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task A_model_that_wants_to_chat_must_call_where_a_call_is_required()
    {
        _model.Wants("I would rather talk.", "Done.");
        var options = With(AIFunctionFactory.Create((bool on) => _seen.Add($"A {on}"), "A"), AIFunctionFactory.Create((bool on) => _seen.Add($"B {on}"), "B"));
        (options.ToolMode, options.AllowMultipleToolCalls) = (ChatToolMode.RequireAny, false);
        var response = await _client.GetResponseAsync("Do", options);
        Assert.Single(_seen);
        // The loop requires a call of the first reply only.
        Assert.Equal("Done.", response.Messages[^1].Text);
    }

    [Theory]
    [InlineData("A")]
    [InlineData("B")]
    public async Task One_function_may_be_required_by_name(string name)
    {
        _model.Wants(Call(name == "A" ? "B" : "A", """{"on": true}"""), "Done.");
        var options = With(AIFunctionFactory.Create((bool on) => _seen.Add("A"), "A"), AIFunctionFactory.Create((bool on) => _seen.Add("B"), "B"));
        options.ToolMode = ChatToolMode.RequireSpecific(name);
        await _client.GetResponseAsync("Do", options);
        Assert.Equal([name], _seen);
    }

    [Fact]
    public async Task Arguments_cannot_break_their_schema()
    {
        // Neither the unknown parameter nor the text instead of the number can be written.
        _model.Wants(Call("Set", """{"level": "high", "more": 1}"""), "Done.");
        await _client.GetResponseAsync("Set", With(AIFunctionFactory.Create((Level level) => _seen.Add($"{level}"), "Set")));
        Assert.Contains(_seen.Single(), Enum.GetNames<Level>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_is_cut_off_is_not_made(bool streaming)
    {
        _model.Wants(Call("Wipe", """{"what": "only this one file and nothing else"}"""));
        var options = With(AIFunctionFactory.Create((string what = "all") => _seen.Add(what), "Wipe"));
        options.MaxOutputTokens = 40;
        var response = streaming
            ? await _client.GetStreamingResponseAsync("Wipe", options).ToChatResponseAsync()
            : await _client.GetResponseAsync("Wipe", options);
        Assert.Empty(_seen);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        var call = response.Messages.Single().Contents.OfType<FunctionCallContent>().Single();
        Assert.Contains("cut off", call.Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_declaration_without_a_body_is_handed_to_the_caller()
    {
        _model.Wants(Call("Elsewhere", """{"x": 1}"""));
        var declaration = AIFunctionFactory.Create((int x) => x, "Elsewhere").AsDeclarationOnly();
        var response = await _client.GetResponseAsync("Do", With(declaration));
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Equal("Elsewhere", response.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>().Single().Name);
    }

    private static ChatOptions With(params AITool[] tools) => new() { Tools = tools };

    /// <summary>Usage adds the requests up. What was computed is the context at the end less its last token, and the second request found all of the first but its last token.</summary>
    private static void AssertSecondRequestPaidForNewTokensOnly(ChatResponse response)
    {
        var (usage, computed) = (response.Usage!, response.Usage!.AdditionalCounts![EngineChatProperties.ComputedTokens]);
        var first = usage.InputTokenCount + usage.OutputTokenCount - computed - 2;
        Assert.Equal(first, usage.CachedInputTokenCount);
    }

    private sealed record Address([property: Description("Name of the street.")] string Street, int Number);

    [System.Text.Json.Serialization.JsonConverter(typeof(System.Text.Json.Serialization.JsonStringEnumConverter<Level>))]
    private enum Level
    {
        Low,
        Mid,
    }

    private sealed record Parcel(Address To, double Grams);
}
