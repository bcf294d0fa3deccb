namespace AgentRuntime.Engine.Models;

/// <summary>What has to hold of hyperparameters, whatever file they came from.</summary>
internal static class ModelConfigCheck
{
    /// <summary>Largest width of anything, so that products of two widths stay far from overflow.</summary>
    public const int LargestWidth = 1 << 24;

    /// <summary>Most layers.</summary>
    public const int MostLayers = 4096;

    /// <summary>What is wrong with hyperparameters, without a full stop; null when nothing is.</summary>
    public static string? Problem(ModelConfig config)
    {
        if (config.Heads % config.KvHeads != 0)
            return $"{config.Heads} query heads cannot be shared among {config.KvHeads} key/value heads";
        if (Math.Max((long)config.Heads * config.HeadLength, (long)config.Heads * config.ValueHeadLength) > LargestWidth)
            return $"{config.Heads} heads of {config.HeadLength} values are too wide";
        if (config.RopeDimensions < 2 || config.RopeDimensions > config.HeadLength || config.RopeDimensions % 2 != 0)
            return $"rope turns {config.RopeDimensions} dimensions of a head of {config.HeadLength}, expected an even number up to that";
        if (config.RopeBase <= 0) return $"the base of rope is {config.RopeBase}, expected more than 0";
        if (config.RmsEpsilon is <= 0 or > 1) return $"the epsilon of the norms is {config.RmsEpsilon}, expected a small number above 0";
        var scaling = config.RopeScaling;
        if (scaling.Factor <= 0) return $"the factor of rope scaling is {scaling.Factor}, expected more than 0";
        if (scaling.Kind == RopeScalingKind.Yarn && scaling.OriginalContext <= 0)
            return "YaRN rope scaling needs the original context length";
        if (config.Experts > 0 && config.ExpertsUsed > config.Experts)
            return $"{config.ExpertsUsed} of {config.Experts} experts are to be used";
        return null;
    }
}
