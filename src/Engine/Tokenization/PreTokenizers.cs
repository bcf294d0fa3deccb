namespace AgentRuntime.Engine.Tokenization;

/// <summary>The pre-tokenizers by the names that GGUF files give them (<c>tokenizer.ggml.pre</c>).</summary>
internal static class PreTokenizers
{
    /// <summary>The settings for a name; a file without one gets <c>default</c>, as in llama.cpp.</summary>
    /// <exception cref="ModelFormatException">The name is not known.</exception>
    public static PreTokenizerSettings Get(string? name) => name switch
    {
        "tiny-coder" => Pattern(PreTokenizerPatterns.TinyCoder()),

        "llama3" or "llama-v3" or "llama-bpe" or "falcon3" or "falcon-h1" or "pixtral" or "midm-2.0" or "lfm2" =>
            new(new Llama3PreTokenizer(digits: 3), WholeWordsFirst: true, AddsBos: true),
        "dbrx" or "smaug-bpe" or "glm4" or "chatglm-bpe" => new(new Llama3PreTokenizer(digits: 3)),
        "qwen2" or "deepseek-r1-qwen" or "megrez" or "stablelm2" or "hunyuan" or "solar-open" or "grok-2" or "kormo" =>
            new(new Llama3PreTokenizer(digits: 1)),
        "qwen35" => Pattern(PreTokenizerPatterns.Qwen35()),

        "gpt-2" or "phi-2" or "mpt" or "olmo" or "jais" or "gigachat" or "a.x-4.0" or "mellum" or "trillion" or "granite-docling" or "exaone4" =>
            new(new Gpt2PreTokenizer()),
        "starcoder" or "refact" or "command-r" or "smollm" or "codeshell" or "exaone" or "minerva-7b" or "mellum2" =>
            Sequence(Stage(PreTokenizerPatterns.Number()), new Gpt2PreTokenizer()),
        "falcon" =>
            Sequence(Stage(PreTokenizerPatterns.FalconPunctuation()), new Gpt2PreTokenizer(), Stage(PreTokenizerPatterns.ThreeDigits())),
        null or "" or "default" =>
            Sequence(Stage(PreTokenizerPatterns.DefaultPunctuation()), new Gpt2PreTokenizer(), Stage(PreTokenizerPatterns.Numbers()), Stage(PreTokenizerPatterns.ThreeDigits())),

        "deepseek-llm" => Sequence(
            Stage(PreTokenizerPatterns.LineBreak()),
            Stage(PreTokenizerPatterns.DeepSeekLetters()),
            Stage(PreTokenizerPatterns.DeepSeekSymbols()),
            Stage(PreTokenizerPatterns.TrailingSpace()),
            Stage(PreTokenizerPatterns.DeepSeekEastAsian()),
            Stage(PreTokenizerPatterns.Numbers())),
        "deepseek-coder" => Sequence(
            Stage(PreTokenizerPatterns.LineBreak()),
            Stage(PreTokenizerPatterns.SpacedLetters()),
            Stage(PreTokenizerPatterns.SpacedPunctuation()),
            Stage(PreTokenizerPatterns.DeepSeekEastAsian()),
            Stage(PreTokenizerPatterns.Number())),
        "deepseek-v3" or "hunyuan-dense" or "joyai-llm" => Sequence(
            Stage(PreTokenizerPatterns.UpToThreeNumbers()),
            Stage(PreTokenizerPatterns.HanAndKana()),
            Stage(PreTokenizerPatterns.DeepSeekV3())),

        "gpt-4o" or "llama4" or "kanana2" or "minimax-m2" => Pattern(PreTokenizerPatterns.Gpt4o()),
        "tekken" => new(Stage(PreTokenizerPatterns.Tekken()), WholeWordsFirst: true, AddsBos: true),
        "seed-coder" => Pattern(PreTokenizerPatterns.SeedCoder()),
        "bailingmoe" or "bailingmoe2" or "llada-moe" => Pattern(PreTokenizerPatterns.BailingMoe()),
        "minicpm5" => new(new SequencePreTokenizer(Stage(PreTokenizerPatterns.UpToThreeNumbers()), new Llama3PreTokenizer(digits: int.MaxValue)), WholeWordsFirst: true),
        "bloom" or "poro-chat" or "gpt3-finnish" => Pattern(PreTokenizerPatterns.Bloom()),
        "viking" => Sequence(Stage(PreTokenizerPatterns.Bloom()), Stage(PreTokenizerPatterns.Number())),

        _ => throw new ModelFormatException($"The pre-tokenizer '{name}' is not supported, so text would be cut into the wrong tokens; use a model of a supported family."),
    };

    private static RegexPreTokenizer Stage(System.Text.RegularExpressions.Regex pattern) => new(pattern);

    private static PreTokenizerSettings Pattern(System.Text.RegularExpressions.Regex pattern) => new(Stage(pattern));

    private static PreTokenizerSettings Sequence(params PreTokenizer[] stages) => new(new SequencePreTokenizer(stages));
}
