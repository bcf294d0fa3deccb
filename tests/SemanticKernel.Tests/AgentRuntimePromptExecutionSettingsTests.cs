using System.ComponentModel;
using System.Text.Json;
using AgentRuntime.Engine;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace AgentRuntime.SemanticKernel.Tests;

public sealed class AgentRuntimePromptExecutionSettingsTests
{
    private static readonly AgentRuntimePromptExecutionSettings Full = new()
    {
        ServiceId = "local",
        ModelId = "m",
        Temperature = 0.5f,
        TopP = 0.9f,
        TopK = 40,
        MinP = 0.05f,
        RepetitionPenalty = 1.1f,
        RepetitionWindow = 32,
        Seed = 7,
        MaxTokens = 99,
        StopSequences = ["END"],
        IgnoreEos = true,
        ThinkingBudget = 500,
        ResponseFormat = "json_object",
        ReasoningEffort = "low",
        ChatSystemPrompt = "Be brief.",
    };

    [Fact]
    public void Every_setting_reaches_the_engine()
    {
        var options = Full.ToChatOptions(null);
        Assert.Equal((0.5f, 0.9f, 40, 7L, 99, "Be brief."), (options.Temperature!.Value, options.TopP!.Value, options.TopK!.Value, options.Seed!.Value, options.MaxOutputTokens!.Value, options.Instructions));
        Assert.Equal(["END"], options.StopSequences!);
        Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat);
        Assert.Equal(ReasoningEffort.Low, options.Reasoning!.Effort);
        Assert.Equal(["ignore_eos", "min_p", "repetition_penalty", "repetition_window", "thinking_budget"], options.AdditionalProperties!.Keys.Order());
    }

    [Fact]
    public void What_is_not_set_is_not_said()
    {
        var options = new AgentRuntimePromptExecutionSettings().ToChatOptions(null);
        Assert.Null(options.Temperature);
        Assert.Null(options.AdditionalProperties);
        Assert.All(JsonSerializer.SerializeToElement(new AgentRuntimePromptExecutionSettings()).EnumerateObject(), p => Assert.Equal(JsonValueKind.Null, p.Value.ValueKind));
    }

    [Fact]
    public void Json_there_and_back()
    {
        var json = JsonSerializer.Serialize(Full);
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<AgentRuntimePromptExecutionSettings>(json)));
        Assert.Contains("\"max_tokens\":99", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_others_are_read_by_their_names()
    {
        Assert.Null(AgentRuntimePromptExecutionSettings.FromExecutionSettings(null).Temperature);
        Assert.Same(Full, AgentRuntimePromptExecutionSettings.FromExecutionSettings(Full));
        var behavior = FunctionChoiceBehavior.Auto();
        var read = AgentRuntimePromptExecutionSettings.FromExecutionSettings(new()
        {
            FunctionChoiceBehavior = behavior,
            ServiceId = "s",
            ExtensionData = new Dictionary<string, object> { ["temperature"] = 0.25, ["max_tokens"] = "12", ["stop_sequences"] = new[] { "X" }, ["response_format"] = "text", ["logit_bias"] = 1 },
        });
        Assert.Equal((0.25f, 12, "X", "s"), (read.Temperature!.Value, read.MaxTokens!.Value, read.StopSequences!.Single(), read.ServiceId));
        Assert.Same(behavior, read.FunctionChoiceBehavior);
        Assert.Equal(["logit_bias"], read.ExtensionData!.Keys);
        var error = Assert.Throws<EngineException>(() => AgentRuntimePromptExecutionSettings.FromExecutionSettings(new() { ExtensionData = new Dictionary<string, object> { ["top_k"] = "many" } }));
        Assert.Contains("top_k", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Frozen_settings_stay_as_they_are()
    {
        var settings = (AgentRuntimePromptExecutionSettings)Full.Clone();
        settings.Temperature = 1;
        Assert.Equal(0.5f, Full.Temperature);
        settings.Freeze();
        settings.Freeze();
        Assert.Throws<InvalidOperationException>(() => settings.Temperature = 2);
        Assert.Throws<InvalidOperationException>(() => settings.ResponseFormat = null);
        Assert.Throws<NotSupportedException>(() => settings.StopSequences!.Add("more"));
        Assert.Equal(JsonSerializer.Serialize(settings), JsonSerializer.Serialize((AgentRuntimePromptExecutionSettings)settings.Clone()));
        Assert.False(settings.Clone().IsFrozen);
    }

    [Fact]
    public void A_clone_has_every_property()
    {
        foreach (var property in typeof(AgentRuntimePromptExecutionSettings).GetProperties().Where(p => p.CanWrite && p.Name is not ("FunctionChoiceBehavior" or "ExtensionData")))
        {
            Assert.NotNull(property.GetValue(Full));
            Assert.Equal(property.GetValue(Full), property.GetValue(Full.Clone()));
        }
    }

    [Fact]
    public void Response_formats_of_every_kind()
    {
        Assert.Null(Schema("text"));
        Assert.Null(Schema("json_object"));
        Assert.Equal("""{"type":"integer"}""", Schema(JsonElement.Parse("""{"type":"integer"}""")));
        Assert.Contains("\"town\"", Schema(typeof(Weather)), StringComparison.Ordinal);
        Assert.Equal(Schema(typeof(Weather)), Schema(ChatResponseFormat.ForJsonSchema<Weather>()));
        Assert.Throws<EngineException>(() => Schema("yaml"));
        Assert.Throws<EngineException>(() => Schema(5));

        static string? Schema(object format)
        {
            var direct = new AgentRuntimePromptExecutionSettings { ResponseFormat = format };
            var json = JsonSerializer.Serialize(direct);
            var read = JsonSerializer.Deserialize<AgentRuntimePromptExecutionSettings>(json)!;
            Assert.Equal(json, JsonSerializer.Serialize(read));
            var schema = (direct.ToChatOptions(null).ResponseFormat as ChatResponseFormatJson)?.Schema?.GetRawText();
            Assert.Equal(schema, (read.ToChatOptions(null).ResponseFormat as ChatResponseFormatJson)?.Schema?.GetRawText());
            return schema;
        }
    }

    [Fact]
    public void A_reasoning_effort_that_is_not_known_is_refused()
    {
        Assert.Equal(ReasoningEffort.None, new AgentRuntimePromptExecutionSettings { ReasoningEffort = "none" }.ToChatOptions(null).Reasoning!.Effort);
        Assert.Contains("'much'", Assert.Throws<EngineException>(() => new AgentRuntimePromptExecutionSettings { ReasoningEffort = "much" }.ToChatOptions(null)).Message, StringComparison.Ordinal);
    }

    private sealed record Weather([property: Description("Where.")] string Town);
}
