using AgentRuntime.Engine;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Services;

namespace AgentRuntime.SemanticKernel.Tests;

/// <summary>Where engines come from, who shares them and who ends them.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public async Task Services_of_one_container_share_the_engine_that_it_loads_and_disposes()
    {
        var services = new ServiceCollection();
        services.AddAgentRuntimeChatCompletion(ScriptedModel.ModelPath).AddAgentRuntimeChatClient(ScriptedModel.ModelPath, "other")
            .AddAgentRuntimeChatClient(new AgentRuntimeModelOptions(ScriptedModel.ModelPath) { Engine = new() { ContextLength = 128 } }, "small");
        InferenceEngine shared;
        await using (var provider = services.BuildServiceProvider())
        {
            var completion = provider.GetRequiredService<IChatCompletionService>();
            Assert.Equal("synthetic tiny-test", completion.GetModelId());
            shared = provider.GetRequiredKeyedService<IChatClient>("other").GetService<InferenceEngine>()!;
            var small = provider.GetRequiredKeyedService<IChatClient>("small").GetService<InferenceEngine>()!;
            Assert.NotSame(shared, small);
            Assert.Equal(128, small.ContextLength);
            Assert.Same(shared, ((IChatClient)provider.GetRequiredKeyedService<IChatClient>("other")).GetService<InferenceEngine>());
        }
        Assert.Throws<ObjectDisposedException>(() => shared.CreateSession());
    }

    [Fact]
    public async Task An_engine_that_was_given_outlives_the_kernels_that_share_it()
    {
        await using var model = await ScriptedModel.LoadAsync();
        model.Wants("Hi.", "Hi again.");
        foreach (var reply in new[] { "Hi.", "Hi again." })
        {
            var builder = Kernel.CreateBuilder().AddAgentRuntimeChatCompletion(model.Engine);
            var kernel = builder.Build();
            Assert.Equal(reply, (await kernel.InvokePromptAsync("Hello")).ToString());
            await ((ServiceProvider)kernel.Services).DisposeAsync();
        }
        using var session = model.Engine.CreateSession();
    }

    [Fact]
    public async Task The_engine_in_the_container_is_found_by_service_id_or_without()
    {
        await using var model = await ScriptedModel.LoadAsync();
        await using var keyed = await ScriptedModel.LoadAsync();
        var services = new ServiceCollection();
        services.AddSingleton(model.Engine).AddKeyedSingleton("k", keyed.Engine);
        services.AddAgentRuntimeChatClient().AddAgentRuntimeChatClient(serviceId: "k").AddAgentRuntimeChatClient(serviceId: "x");
        await using var provider = services.BuildServiceProvider();
        Assert.Same(model.Engine, provider.GetRequiredService<IChatClient>().GetService<InferenceEngine>());
        Assert.Same(keyed.Engine, provider.GetRequiredKeyedService<IChatClient>("k").GetService<InferenceEngine>());
        Assert.Same(model.Engine, provider.GetRequiredKeyedService<IChatClient>("x").GetService<InferenceEngine>());
    }

    [Fact]
    public async Task What_is_missing_is_said()
    {
        var services = new ServiceCollection();
        services.AddAgentRuntimeChatClient().AddAgentRuntimeChatCompletion("/no/such/model.gguf");
        await using var provider = services.BuildServiceProvider();
        Assert.Contains("no InferenceEngine", Assert.Throws<EngineException>(() => provider.GetRequiredService<IChatClient>()).Message, StringComparison.Ordinal);
        Assert.Contains("/no/such/model.gguf", Assert.ThrowsAny<EngineException>(() => provider.GetRequiredService<IChatCompletionService>()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => services.AddAgentRuntimeChatClient(" "));
        Assert.Throws<ArgumentNullException>(() => AgentRuntimeKernelBuilderExtensions.AddAgentRuntimeChatClient(null!, "x"));
        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddAgentRuntimeChatClient());
    }

    [Fact]
    public async Task A_kernel_builder_takes_every_overload()
    {
        await using var model = await ScriptedModel.LoadAsync();
        var options = new AgentRuntimeModelOptions(ScriptedModel.ModelPath);
        var kernel = Kernel.CreateBuilder()
            .AddAgentRuntimeChatCompletion(ScriptedModel.ModelPath, "a").AddAgentRuntimeChatCompletion(options, "b").AddAgentRuntimeChatCompletion(model.Engine, "c")
            .AddAgentRuntimeChatClient(ScriptedModel.ModelPath, "d").AddAgentRuntimeChatClient(options, "e").AddAgentRuntimeChatClient(model.Engine, "f").Build();
        foreach (var id in new[] { "a", "b", "c" }) Assert.NotNull(kernel.GetRequiredService<IChatCompletionService>(id));
        foreach (var id in new[] { "d", "e", "f" }) Assert.NotNull(kernel.GetRequiredService<IChatClient>(id));
        await ((ServiceProvider)kernel.Services).DisposeAsync();
    }
}
