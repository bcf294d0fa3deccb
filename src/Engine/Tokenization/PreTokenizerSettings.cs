namespace AgentRuntime.Engine.Tokenization;

/// <summary>What the name of a pre-tokenizer implies.</summary>
/// <param name="Splitter">Cuts text into words.</param>
/// <param name="WholeWordsFirst">Whether a word that is an entry becomes that token even if no merges lead to it.</param>
/// <param name="AddsBos">Whether a raw prompt starts with BOS when the file does not say.</param>
internal sealed record PreTokenizerSettings(PreTokenizer Splitter, bool WholeWordsFirst = false, bool AddsBos = false);
