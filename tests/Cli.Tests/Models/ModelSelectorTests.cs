using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Tests.Models;

public sealed class ModelSelectorTests
{
    private static ModelSelection Select(string reference, params string[] paths) => ModelSelector.Select(
        ModelReference.Parse(reference), [.. paths.Select(p => new RemoteFile(p, 10, FileDigest.TryParse(DigestAlgorithm.Sha256, new string('0', 64))!))]);

    [Theory]
    [InlineData("a/M-GGUF", "m-q4_k_m", "M-Q8_0.gguf", "M-Q4_K_M.gguf", "M-F16.gguf")]
    [InlineData("a/M-gguf", "m-q8_0", "M-Q8_0.gguf", "M-Q6_K.gguf")]
    [InlineData("a/M-GGUF", "m-q6_k", "M-Q6_K.gguf", "mmproj-M-F16.gguf")]
    [InlineData("a/M-GGUF", "m", "model.gguf")]
    [InlineData("a/M-Q6_K-GGUF", "m-q6_k", "m-q6_k.gguf")]
    [InlineData("a/M-GGUF:q8_0", "m-q8_0", "M.Q8_0.gguf", "M.Q4_K_M.gguf")]
    [InlineData("a/M-GGUF:iq4_xs", "m-iq4_xs", "M-IQ4_XS.gguf", "M-Q4_K_M.gguf")]
    [InlineData("a/M-GGUF:Q4_K_M", "m-q4_k_m", "M-Q4_K_M.gguf", "M-UD-Q4_K_M.gguf")]
    [InlineData("a/M-GGUF:UD-Q4_K_XL", "m-ud-q4_k_xl", "M-UD-Q4_K_XL.gguf", "M-Q4_K_M.gguf")]
    [InlineData("a/M-GGUF:Q4_K_XL", "m-ud-q4_k_xl", "M-UD-Q4_K_XL.gguf", "M-Q4_K_M.gguf")]
    [InlineData("a/M-GGUF:MXFP4", "m-mxfp4", "M-MXFP4.gguf", "M-Q4_K_M.gguf")]
    [InlineData("a/M-GGUF:Q4_K_M", "m", "M-Q4_K_M-imat.gguf", "M-Q8_0.gguf")]
    [InlineData("a/M-GGUF:two-Q8_0.gguf", "two-q8_0", "two-Q8_0.gguf", "one-Q8_0.gguf")]
    [InlineData("a/M-GGUF:x/two-Q8_0.gguf", "two-q8_0", "x/two-Q8_0.gguf", "one-Q8_0.gguf")]
    public void The_right_file_is_chosen_and_named(string reference, string name, string chosen, params string[] others)
    {
        if (reference == "a/M-GGUF" && others.Length == 2) (chosen, others) = (others[0], [chosen, others[1]]);
        var selection = Select(reference, [.. others, chosen]);
        Assert.Equal((name, chosen, false), (selection.Name, Assert.Single(selection.Files).Path, selection.IsFolder));
    }

    [Theory]
    [InlineData("a/M-GGUF", "a/M-GGUF has several models; write a/M-GGUF:QUANT with one of F16, Q6_K.", "M-Q6_K.gguf", "M-F16.gguf")]
    [InlineData("a/M-GGUF:Q2_K", "a/M-GGUF has no Q2_K; choose one of F16, Q6_K.", "M-Q6_K.gguf", "M-F16.gguf")]
    [InlineData("a/M-GGUF:Q6_K", "Q6_K is more than one file of a/M-GGUF; write the file instead, one of 1-Q6_K.gguf, 2-Q6_K.gguf.", "1-Q6_K.gguf", "2-Q6_K.gguf")]
    [InlineData("a/M:Q6_K", "a/M has no GGUF files and so no Q6_K; leave :Q6_K out to get the model as it is.", "config.json", "model.safetensors")]
    public void An_open_choice_is_bad_usage_that_lists_what_there_is(string reference, string sentence, params string[] paths) =>
        Assert.Equal(sentence, Assert.Throws<UsageException>(() => Select(reference, paths)).Message);

    [Theory]
    [InlineData("README.md")]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public void A_repository_without_a_model_is_refused(string path) =>
        Assert.Contains("holds no model that agentrt can run", Assert.Throws<ModelDownloadException>(() => Select("a/b", path)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("name")]
    [InlineData("a/b/c")]
    [InlineData("../b")]
    [InlineData("a/..")]
    [InlineData("a/b..c")]
    [InlineData("a/b:")]
    [InlineData("a/b:../../x.gguf")]
    [InlineData("a/b\n")]
    [InlineData("a/b?x")]
    [InlineData("https://huggingface.co/a/b")]
    public void Something_else_than_a_repository_is_bad_usage(string text) =>
        Assert.Contains("write OWNER/NAME", Assert.Throws<UsageException>(() => ModelReference.Parse(text)).Message, StringComparison.Ordinal);
}
