using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace AgentRuntime.Tools.Shell;

/// <summary>Runs one command to its end, its timeout or its cancellation, and leaves nothing of it running.</summary>
/// <param name="start">How to start it.</param>
/// <param name="leadsGroup">Whether the process leads a group of its own, to be ended as a whole.</param>
/// <param name="hiddenPrefix">What is removed from its output: the repository's path.</param>
/// <param name="progress">Receives the output as it comes; may be null.</param>
/// <param name="time">The clock.</param>
internal sealed partial class CommandRunner(
    ProcessStartInfo start, bool leadsGroup, string hiddenPrefix, IProgress<string>? progress, TimeProvider time)
{
    private const int MaxOutputCharacters = 30_000;
    private const int KillSignal = 9;
    // How long a process in the background may keep the output open after the command has ended.
    private static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(500);

    /// <summary>What the command reads from its standard input; null for nothing.</summary>
    public string? Input { get; init; }

    private readonly HeadTailBuffer _output = new(MaxOutputCharacters);
    private readonly Lock _outputLock = new();

    /// <summary>Runs the command.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; it is ended.</exception>
    /// <exception cref="ToolFailure">It could not be started.</exception>
    public async Task<CommandOutcome> RunAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = new Process { StartInfo = start };
        var exited = await StartAsync(process).ConfigureAwait(false);
        var input = WriteInputAsync(process);
        var copy = CopyOutputAsync(process.StandardOutput.BaseStream);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);

        using var timer = new CancellationTokenSource(timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        var ended = true;
        try
        {
            await exited.WaitAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            ended = false;
        }

        End(process);
        await exited.ConfigureAwait(false);
        await Task.WhenAny(Task.WhenAll(input, copy, error), Task.Delay(DrainTime, CancellationToken.None)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_outputLock)
            return new CommandOutcome(_output.ToString(), ended ? process.ExitCode : null, error.IsCompletedSuccessfully ? error.Result : "");
    }

    /// <summary>
    /// Starts the process on a thread that lives as long as it does: bubblewrap asks the kernel to end it when its parent
    /// dies, and for the kernel the parent is the thread, which in a thread pool may go at any time.
    /// </summary>
    /// <returns>A task, once it has started, that completes when it has exited.</returns>
    private static async Task<Task> StartAsync(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                process.Start();
            }
            catch (Exception failure) when (failure is Win32Exception or IOException)
            {
                started.SetException(new ToolFailure(ToolErrorKind.System, "the command could not be started: " + failure.Message));
                return;
            }

            started.SetResult();
            try
            {
                process.WaitForExit();
                exited.SetResult();
            }
            catch (Exception failure)
            {
                exited.SetException(failure);
            }
        })
        { IsBackground = true, Name = "command" };
        thread.Start();
        await started.Task.ConfigureAwait(false);
        return exited.Task;
    }

    private async Task WriteInputAsync(Process process)
    {
        try
        {
            if (Input is not null)
                await process.StandardInput.WriteAsync(Input).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The command ended without reading it all.
        }
    }

    private async Task CopyOutputAsync(Stream stream)
    {
        var bytes = new byte[8192];
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        var decoder = Encoding.UTF8.GetDecoder();
        var remover = new TextRemover(hiddenPrefix);
        try
        {
            while (await stream.ReadAsync(bytes).ConfigureAwait(false) is > 0 and var read)
                Add(remover.Push(characters.AsSpan(0, decoder.GetChars(bytes.AsSpan(0, read), characters, flush: false))));
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The output ends here.
        }

        Add(remover.Push(characters.AsSpan(0, decoder.GetChars([], characters, flush: true))) + remover.Flush());
    }

    private void Add(string text)
    {
        if (text.Length == 0)
            return;
        lock (_outputLock)
            _output.Append(text);
        progress?.Report(text);
    }

    /// <summary>Ends all that is left: in a sandbox its first process takes the rest along, without one the process group is ended.</summary>
    private void End(Process process)
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception failure) when (failure is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It exited on its own meanwhile.
        }

        if (leadsGroup)
            _ = Kill(-process.Id, KillSignal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
