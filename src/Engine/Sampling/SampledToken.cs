using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Sampling;

/// <summary>A chosen token and, where asked for, the logarithm of its probability before penalty, mask, temperature and filters.</summary>
internal readonly record struct SampledToken(int Token, float? LogProbability, IReadOnlyList<TokenProbability>? Likeliest = null);
