using System.Collections.Concurrent;

namespace AgentRuntime.Tools.Approval;

/// <summary>Every call that changes something passes here: the policy decides, a person is asked, "always" is remembered.</summary>
/// <param name="policy">Decides which calls run, are asked about or are refused.</param>
/// <param name="prompt">Asks a person; null where there is nobody to ask, which refuses what would be asked.</param>
public sealed class ApprovalGate(IApprovalPolicy policy, IApprovalPrompt? prompt = null) : IDisposable
{
    private readonly SemaphoreSlim _onePrompt = new(1);
    private readonly ConcurrentDictionary<(string Tool, ApprovalKind Kind), bool> _always = new();

    /// <summary>Decides about a call, asking where needed; one question at a time.</summary>
    /// <returns>Null when the call may run, else the sentence for the model (without <c>error: </c>).</returns>
    public async Task<string?> CheckAsync(ApprovalRequest request, CancellationToken cancellationToken)
    {
        switch (policy.Decide(request))
        {
            case ApprovalVerdict.Allow: return null;
            case ApprovalVerdict.Deny: return $"{request.Tool} is not allowed in this run, which only reads";
        }

        if (prompt is null)
            return $"{request.Tool} needs a person's approval and there is nobody to ask";

        await _onePrompt.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_always.ContainsKey(Key(request)))
                return null;
            var answer = await prompt.AskAsync(request, cancellationToken).ConfigureAwait(false);
            if (answer is { Allowed: true, Remember: true } && policy.MayRemember(request))
                _always[Key(request)] = true;
            return answer.Allowed ? null
                : string.IsNullOrWhiteSpace(answer.Reason) ? "the user declined"
                : "the user declined: " + answer.Reason.Trim();
        }
        finally
        {
            _onePrompt.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _onePrompt.Dispose();

    // Edits are one kind of decision whichever tool makes them; another tool's "always" says nothing of this one.
    private static (string, ApprovalKind) Key(ApprovalRequest request) =>
        (request.Kind == ApprovalKind.Edit ? "" : request.Tool, request.Kind);
}
