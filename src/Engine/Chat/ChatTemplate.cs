using AgentRuntime.Engine.Chat.Jinja;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat;

/// <summary>
/// A model's chat template: turns messages into the text that the model was trained on. A Jinja template, run as Hugging
/// Face's <c>apply_chat_template</c> runs it, within fixed limits of size, depth, steps and time. Immutable and safe for
/// concurrent use.
/// </summary>
public sealed class ChatTemplate
{
    private readonly JinjaTemplate _template;

    private ChatTemplate(string source, JinjaTemplate template) => (Source, _template) = (source, template);

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <exception cref="TemplateException">It is no valid template, or larger or deeper than allowed; the error names the line.</exception>
    public static ChatTemplate Parse(string source) => new(source, JinjaTemplate.Parse(source));

    /// <summary>Renders a conversation.</summary>
    /// <exception cref="TemplateException">The template refuses the conversation, fails, or exceeds a limit.</exception>
    public string Render(ChatTemplateInput input)
    {
        var variables = new Dictionary<string, JinjaValue>(StringComparer.Ordinal);
        foreach (var (name, value) in input.Variables) variables[name] = JsonValues.From(value);
        variables["messages"] = JsonValues.From(input.Messages);
        variables["tools"] = input.Tools is null ? NoneValue.Instance : JsonValues.From(input.Tools);
        variables["add_generation_prompt"] = BoolValue.Of(input.AddGenerationPrompt);
        variables["bos_token"] = new StringValue(input.BosToken);
        variables["eos_token"] = new StringValue(input.EosToken);
        return _template.Render(variables, input.Clock);
    }
}
