using AgentRuntime.Engine;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Chat;
using Microsoft.AspNetCore.Http;

namespace AgentRuntime.Server.Http;

/// <summary>Errors in OpenAI's form. What is not meant for callers becomes a general sentence.</summary>
internal static class ApiErrors
{
    /// <summary>What the caller is told of an exception.</summary>
    public static ApiException From(Exception error) => error switch
    {
        ApiException api => api,
        EngineBusyException busy => new(429, busy.Message, code: "rate_limit_exceeded") { RetryAfter = busy.RetryAfter },
        ContextOverflowException overflow => new(400, overflow.Message, code: "context_length_exceeded"),
        ConversationLostException => new(404, "The previous response is not kept here any more or never was; send the whole conversation as input instead.", "previous_response_id", "previous_response_not_found"),
        BadHttpRequestException bad => new(bad.StatusCode, "The request is not valid HTTP."),
        // A device that failed, or a plain engine error with a cause, is the engine's fault, not the request's.
        EngineException engine when engine is not (ComputeException or CudaException) && (engine.GetType() != typeof(EngineException) || engine.InnerException is null) => new(400, engine.Message, code: "invalid_request"),
        _ => new(500, "The server failed; its log says why.", code: "internal_error"),
    };

    /// <summary>The body of an error.</summary>
    public static object Body(ApiException error) => new { error = Content(error) };

    /// <summary>The error without what is around it.</summary>
    public static object Content(ApiException error) => new { message = error.Message, type = Type(error.Status), param = error.Param, code = error.Code };

    /// <summary>Answers with an error.</summary>
    public static async Task WriteAsync(HttpContext http, ApiException error)
    {
        http.Response.Clear();
        http.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } delay) http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(delay.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (error.Status == 401) http.Response.Headers.WWWAuthenticate = "Bearer";
        await ApiJson.WriteAsync(http, Body(error)).ConfigureAwait(false);
    }

    private static string Type(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
