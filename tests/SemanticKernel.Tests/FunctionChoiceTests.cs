using System.ComponentModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using static AgentRuntime.SemanticKernel.Tests.ScriptedModel;
using SkCall = Microsoft.SemanticKernel.FunctionCallContent;
using SkResult = Microsoft.SemanticKernel.FunctionResultContent;

namespace AgentRuntime.SemanticKernel.Tests;

/// <summary>Semantic Kernel's function choice behaviours over the engine.</summary>
public sealed class FunctionChoiceTests : IAsyncLifetime
{
    private readonly List<string> _seen = [];
    private ScriptedModel _model = null!;
    private Kernel _kernel = null!;
    private IChatCompletionService _chat = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await LoadAsync();
        var builder = Kernel.CreateBuilder().AddAgentRuntimeChatCompletion(_model.Engine);
        builder.Plugins.AddFromFunctions("Helpers",
        [
            KernelFunctionFactory.CreateFromMethod(() => { _seen.Add("time"); return "12:30"; }, "Time", "The time."),
            KernelFunctionFactory.CreateFromMethod((string town) => { _seen.Add(town); return "rain in " + town; }, "Weather", "The weather."),
            KernelFunctionFactory.CreateFromMethod(string (string text) => throw new InvalidOperationException("no luck"), "Broken", "Fails."),
        ]);
        _kernel = builder.Build();
        _chat = _kernel.GetRequiredService<IChatCompletionService>();
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Auto_calls_functions_by_itself(bool streaming)
    {
        _model.Wants(Call("Helpers_Time"), Call("Helpers_Weather", """{"town": "Ulm"}"""), "Half past twelve, rain.");
        Assert.Equal("Half past twelve, rain.", await AskAsync(With(FunctionChoiceBehavior.Auto()), streaming));
        Assert.Equal(["time", "Ulm"], _seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Auto_in_a_prompt_s_own_settings(bool streaming)
    {
        _model.Wants(Call("Helpers_Weather", """{"town": "Ulm"}"""), "Rain.");
        var function = KernelFunctionFactory.CreateFromPrompt(PromptTemplateConfig.FromJson(
            """{"template": "Weather in {{$town}}?", "execution_settings": {"default": {"temperature": 0, "function_choice_behavior": {"type": "auto", "functions": ["Helpers.Weather"]}}}}"""));
        var arguments = new KernelArguments { ["town"] = "Ulm" };
        var text = streaming
            ? string.Concat(await _kernel.InvokeStreamingAsync<string>(function, arguments).ToListAsync())
            : (await _kernel.InvokeAsync(function, arguments)).ToString();
        Assert.Equal(("Rain.", "Ulm"), (text, _seen.Single()));
    }

    [Fact]
    public async Task Calls_may_be_made_by_hand()
    {
        _model.Wants(Call("Helpers_Weather", """{"town": "Ulm"}"""), "Rain.");
        var settings = With(FunctionChoiceBehavior.Auto(autoInvoke: false));
        var history = new ChatHistory("Weather?");
        var message = await _chat.GetChatMessageContentAsync(history, settings, _kernel);
        Assert.Empty(_seen);
        history.Add(message);
        foreach (var call in SkCall.GetFunctionCalls(message)) history.Add((await call.InvokeAsync(_kernel)).ToChatMessage());
        Assert.Equal(["Ulm"], _seen);
        Assert.Equal("Rain.", (await _chat.GetChatMessageContentAsync(history, settings, _kernel)).Content);
    }

    [Fact]
    public async Task Streamed_calls_may_be_made_by_hand()
    {
        _model.Wants(Call("Helpers_Weather", """{"town": "Ulm"}"""));
        var builder = new FunctionCallContentBuilder();
        await foreach (var content in _chat.GetStreamingChatMessageContentsAsync(new ChatHistory("Weather?"), With(FunctionChoiceBehavior.Auto(autoInvoke: false)), _kernel)) builder.Append(content);
        var call = Assert.Single(builder.Build());
        Assert.Equal(("Helpers_Weather", "Ulm"), (Name(call), call.Arguments!["town"]?.ToString()));
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task Functions_outside_the_kernel_may_be_offered()
    {
        _model.Wants(Call("Secret"));
        var function = KernelFunctionFactory.CreateFromMethod(() => 42, "Secret");
        // Semantic Kernel invokes only what is in the kernel by itself.
        var message = await _chat.GetChatMessageContentAsync(new ChatHistory("Secret?"), With(FunctionChoiceBehavior.Auto([function], autoInvoke: false)), _kernel);
        Assert.Equal("Secret", SkCall.GetFunctionCalls(message).Single().FunctionName);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parallel_calls(bool concurrent)
    {
        _model.Wants(Call("Helpers_Weather", """{"town": "Ulm"}""") + "\n" + Call("Helpers_Weather", """{"town": "Bonn"}"""), "Rain.");
        var behavior = FunctionChoiceBehavior.Auto(options: new() { AllowParallelCalls = true, AllowConcurrentInvocation = concurrent });
        Assert.Equal("Rain.", await AskAsync(With(behavior), false));
        Assert.Equal(["Bonn", "Ulm"], _seen.Order());
    }

    [Fact]
    public async Task One_call_a_reply_when_parallel_calls_are_off()
    {
        _model.Wants(Call("Helpers_Weather", """{"town": "Ulm"}""") + "\n" + Call("Helpers_Weather", """{"town": "Bonn"}"""), "Rain.");
        await AskAsync(With(FunctionChoiceBehavior.Auto(options: new() { AllowParallelCalls = false })), false);
        Assert.Equal(["Ulm"], _seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Required_calls_whatever_the_model_wants(bool streaming)
    {
        _model.Wants("I would rather talk.", "Done.");
        var text = await AskAsync(With(FunctionChoiceBehavior.Required([_kernel.Plugins.GetFunction("Helpers", "Time")])), streaming);
        Assert.EndsWith("Done.", text, StringComparison.Ordinal);
        Assert.NotEmpty(_seen);
        Assert.All(_seen, name => Assert.Equal("time", name));
    }

    [Fact]
    public async Task Required_calls_may_be_made_by_hand()
    {
        _model.Wants("I would rather talk.");
        var message = await _chat.GetChatMessageContentAsync(
            new ChatHistory("Weather?"), With(FunctionChoiceBehavior.Required([_kernel.Plugins.GetFunction("Helpers", "Time")], autoInvoke: false, options: new() { AllowParallelCalls = false })), _kernel);
        Assert.Equal("Helpers_Time", Name(Assert.Single(SkCall.GetFunctionCalls(message))));
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task Required_in_a_prompt_s_own_settings()
    {
        _model.Wants("I would rather talk.", "Done.");
        var function = KernelFunctionFactory.CreateFromPrompt(PromptTemplateConfig.FromJson(
            """{"template": "Time?", "execution_settings": {"default": {"function_choice_behavior": {"type": "required", "functions": ["Helpers.Time"]}}}}"""));
        Assert.EndsWith("Done.", (await _kernel.InvokeAsync(function)).ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(_seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task None_describes_functions_and_calls_none(bool streaming)
    {
        _model.Wants("I would ask Helpers_Weather.");
        Assert.Equal("I would ask Helpers_Weather.", await AskAsync(With(FunctionChoiceBehavior.None()), streaming));
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task A_failing_function_is_a_result_that_the_model_reads()
    {
        _model.Wants(Call("Helpers_Broken", """{"text": "x"}"""), "It failed.");
        var history = new ChatHistory("Try");
        Assert.Equal("It failed.", (await _chat.GetChatMessageContentAsync(history, With(FunctionChoiceBehavior.Auto()), _kernel)).Content);
        Assert.Contains(history.SelectMany(m => m.Items), i => i is SkResult);
    }

    [Fact]
    public async Task Filters_see_each_call_and_may_end_the_loop()
    {
        var filter = new StopAtSecond();
        _kernel.AutoFunctionInvocationFilters.Add(filter);
        _model.Wants(Call("Helpers_Time"), Call("Helpers_Weather", """{"town": "Ulm"}"""), "never asked for");
        await AskAsync(With(FunctionChoiceBehavior.Auto()), false);
        Assert.Equal(("time", 1), (_seen.Single(), _model.Left));
        Assert.Equal(["Time", "Weather"], filter.Names);
    }

    [Fact]
    public async Task A_second_request_with_the_same_history_costs_its_new_tokens()
    {
        _model.Wants("Looking.\n" + Call("Helpers_Weather", """{"town": "Ulm"}""") + "\n" + Call("Helpers_Weather", """{"town": "Bonn"}"""), "Rain.", "Take a coat.");
        var history = new ChatHistory("Weather?");
        var settings = With(FunctionChoiceBehavior.Auto());
        var first = await _chat.GetChatMessageContentAsync(history, settings, _kernel);
        history.Add(first);
        history.AddUserMessage("So?");
        var second = await _chat.GetChatMessageContentAsync(history, settings, _kernel);
        var (before, after) = (Turns.UsageOf(first), Turns.UsageOf(second));
        Assert.Equal(Turns.Computed(before), after.CachedInputTokenCount);
    }

    [Fact]
    public async Task The_kernel_s_chat_client_calls_functions_too()
    {
        var kernel = Kernel.CreateBuilder().AddAgentRuntimeChatClient(_model.Engine).Build();
        kernel.Plugins.AddRange(_kernel.Plugins);
        _model.Wants(Call("Helpers_Time"), "Half past twelve.");
        var result = await kernel.InvokePromptAsync("Time?", new(With(FunctionChoiceBehavior.Auto())));
        Assert.Equal(("Half past twelve.", "time"), (result.ToString(), _seen.Single()));
    }

    [Fact]
    public async Task A_type_holds_the_reply()
    {
        _model.Wants("""{"town":"Ulm","degrees":3}""");
        var result = await _kernel.InvokePromptAsync("Weather?", new(new AgentRuntimePromptExecutionSettings { ResponseFormat = typeof(Report) }));
        Assert.Equal("""{"town":"Ulm","degrees":3}""", result.ToString());
    }

    // Semantic Kernel separates the plugin's name in some places and not in others.
    private static string Name(SkCall call) => (call.PluginName is null ? "" : call.PluginName + "_") + call.FunctionName;

    private static AgentRuntimePromptExecutionSettings With(FunctionChoiceBehavior behavior) => new() { FunctionChoiceBehavior = behavior };

    private async Task<string> AskAsync(PromptExecutionSettings settings, bool streaming)
    {
        var history = new ChatHistory("What now?");
        return streaming
            ? string.Concat(await _chat.GetStreamingChatMessageContentsAsync(history, settings, _kernel).Select(c => c.Content).ToListAsync())
            : (await _chat.GetChatMessageContentAsync(history, settings, _kernel)).Content!;
    }

    private sealed class StopAtSecond : IAutoFunctionInvocationFilter
    {
        public List<string> Names { get; } = [];

        public async Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next)
        {
            Names.Add(context.Function.Name);
            if (Names.Count == 2) context.Terminate = true;
            else await next(context);
        }
    }

    private sealed record Report([property: Description("Where.")] string Town, int Degrees);
}
