using AgentRuntime.Tools.Approval;
using Spectre.Console;

namespace AgentRuntime.Cli.Output;

/// <summary>Asks at the terminal: shows the diff or command and takes yes, always, or no with a reason.</summary>
internal sealed class ConsoleApproval(IAnsiConsole console) : IApprovalPrompt
{
    public async ValueTask<ApprovalAnswer> AskAsync(ApprovalRequest request, CancellationToken cancellationToken)
    {
        console.WriteLine();
        if (request.Kind == ApprovalKind.Edit) Diffs.Write(console, request.Detail);
        else console.MarkupLine($"[yellow]{Markup.Escape(VisibleText.Of(request.Detail))}[/]");
        var prompt = new TextPrompt<string>($"Run {Markup.Escape(VisibleText.Of(request.Tool))}? [grey](y)es, (a)lways, or (n)o with a reason[/]") { AllowEmpty = false };
        var answer = (await prompt.ShowAsync(console, cancellationToken).ConfigureAwait(false)).Trim();
        var (word, reason) = answer.Split(' ', 2) is [var first, var rest] ? (first.TrimEnd(',', ':'), rest) : (answer, "");
#pragma warning disable CA1308 // Answers are compared, not normalised for storage.
        return word.ToLowerInvariant() switch
#pragma warning restore CA1308
        {
            "y" or "yes" => ApprovalAnswer.Yes,
            "a" or "always" => ApprovalAnswer.Always,
            "n" or "no" => ApprovalAnswer.No(reason.Trim()),
            // Whatever else was typed is a no, and tells the model why.
            _ => ApprovalAnswer.No(answer),
        };
    }
}
