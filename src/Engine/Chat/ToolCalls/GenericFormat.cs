namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>For templates that know no tools: the model is told to write calls as Hermes does, and a bare call object is understood too.</summary>
internal static class GenericFormat
{
    public static readonly IToolCallFormat Instance = new JsonToolCallFormat(
        "generic", HermesFormat.Shape with { LooseOpenings = [MarkedCallParser.BareOpening] }, _ => true, [HermesFormat.Open],
        options => new MarkedCallParser(
            options,
            new Dictionary<string, Func<ICallReader>?> { [HermesFormat.Open] = () => new JsonCallsReader(HermesFormat.Close) },
            () => new JsonCallsReader(close: null, isBare: true)));
}
