using System.CommandLine;
using System.Globalization;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Backends;
using Spectre.Console;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The options of every command that runs a model.</summary>
internal sealed class EngineArguments
{
    private readonly Option<string?> _model = new("--model", "-m") { HelpName = "MODEL", Description = "A GGUF file, a Hugging Face folder, or the name of an installed model." };
    private readonly Option<string> _device = new("--device") { HelpName = "cpu|cuda[:n]|auto", Description = "Where the model runs.", DefaultValueFactory = _ => "auto" };
    private readonly Option<string> _gpuLayers = new("--gpu-layers") { HelpName = "N|auto", Description = "Layers that run on the GPU, the rest on the processor; auto: as many as fit.", DefaultValueFactory = _ => "auto" };
    private readonly Option<int?> _threads = new("--threads") { HelpName = "N", Description = "Compute threads; one per core when absent." };
    private readonly Option<int?> _context = new("--context") { HelpName = "TOKENS", Description = "Longest conversation; what the model was made for, up to 32,768, when absent." };
    private readonly Option<string> _kv = new("--kv") { HelpName = "f16|f32|q8_0", Description = "How keys and values are stored.", DefaultValueFactory = _ => "f16" };

    private readonly Option<double?> _kvHost = new("--kv-host") { HelpName = "GB", Description = "Host memory for keys and values that a GPU has no room for; a quarter of what is free when absent, 0 for none." };

    // Opened once, so that what there is to say of it is said once.
    private IBackend? _backend;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="model">Whether the model is an option; false for commands that take it as an argument.</param>
    public EngineArguments(Command command, bool model = true)
    {
        if (model) command.Options.Add(_model);
        command.Options.Add(_device);
        command.Options.Add(_gpuLayers);
        command.Options.Add(_threads);
        command.Options.Add(_context);
        command.Options.Add(_kv);
        command.Options.Add(_kvHost);
    }

    /// <summary>The path of the model to use.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="recorded">The model that a recorded run used: it goes before everything but the option.</param>
    public string ModelPath(ParseResult result, string? recorded = null) =>
        ModelResolver.Resolve(result.GetValue(_model) ?? recorded, Configuration.Load(), result.InvocationConfiguration.Error);

    /// <summary>The model as it was named on the command line or in the environment; null when it was not.</summary>
    public string? NamedModel(ParseResult result) => result.GetValue(_model) ?? Environment.GetEnvironmentVariable("AGENTRT_MODEL");

    /// <summary>Loads the model, with a progress bar when standard error is a terminal.</summary>
    public Task<InferenceEngine> LoadAsync(ParseResult result, CancellationToken cancellationToken) => LoadAsync(result, ModelPath(result), cancellationToken);

    /// <summary>Loads the model at a path.</summary>
    public Task<InferenceEngine> LoadAsync(ParseResult result, string path, CancellationToken cancellationToken) => LoadAsync(result, path, o => o, cancellationToken);

    /// <summary>Loads the model at a path, with options that the command changes.</summary>
    public async Task<InferenceEngine> LoadAsync(ParseResult result, string path, Func<EngineOptions, EngineOptions> change, CancellationToken cancellationToken)
    {
        var options = change(Options(result));
        if (Console.IsErrorRedirected || result.InvocationConfiguration.Error != Console.Error)
            return await InferenceEngine.LoadAsync(path, options, null, cancellationToken).ConfigureAwait(false);
        return await Consoles.Error.Progress().AutoClear(true).StartAsync(async progress =>
        {
            var task = progress.AddTask("loading " + Markup.Escape(Path.GetFileName(path)), maxValue: 1);
            return await InferenceEngine.LoadAsync(path, options, new Progress<double>(share => task.Value = share), cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>The engine options that were asked for.</summary>
    /// <exception cref="UsageException">One is out of range.</exception>
    public EngineOptions Options(ParseResult result)
    {
        var threads = result.GetValue(_threads) ?? Configuration.Load().Threads ?? 0;
        if (threads is < 0 or > 1024) throw new UsageException($"--threads {threads} is out of range; use 1 to 1024.");
        var context = result.GetValue(_context);
        if (context is < 1) throw new UsageException($"--context {context} is out of range; use a positive number of tokens.");
        var device = result.GetValue(_device)!;
        void Note(string note) => result.InvocationConfiguration.Error.WriteLine("note: " + note);
        return new()
        {
            Device = device,
            Backend = _backend ??= Devices.Open(device, Note),
            GpuLayers = GpuLayers(result, device),
            Notes = Note,
            Threads = threads,
            ContextLength = context,
            KvType = KvTypeOf(result.GetValue(_kv)!),
            HostMemoryLimit = HostMemory(result.GetValue(_kvHost)),
        };
    }

    private static long? HostMemory(double? gigabytes) => gigabytes is null or (>= 0 and <= 1e6)
        ? (long?)(gigabytes * 1e9)
        : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--kv-host {gigabytes} is out of range; use 0 or more gigabytes."));

    private int? GpuLayers(ParseResult result, string device)
    {
        var layers = result.GetValue(_gpuLayers)!;
        if (layers == "auto") return null;
        if (!int.TryParse(layers, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            throw new UsageException($"--gpu-layers {layers} is no number of layers; use 0 or more, or auto.");
        return device == "cpu" && count > 0 ? throw new UsageException($"--gpu-layers {layers} needs a GPU; use --device cuda or auto with it.") : count;
    }

    private static KvType KvTypeOf(string name) => name switch
    {
        "f16" => KvType.F16,
        "f32" => KvType.F32,
        "q8_0" => KvType.Q8_0,
        _ => throw new UsageException($"There is no KV type '{name}'; use f16, f32 or q8_0."),
    };
}
