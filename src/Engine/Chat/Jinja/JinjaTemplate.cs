using AgentRuntime.Engine.Chat.Jinja.Lexing;
using AgentRuntime.Engine.Chat.Jinja.Parsing;
using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Syntax;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja;

/// <summary>A parsed template, with the settings that Hugging Face's libraries use. Immutable and safe for concurrent use.</summary>
internal sealed class JinjaTemplate
{
    private readonly Block _body;

    private JinjaTemplate(Block body) => _body = body;

    /// <summary>Parses a template.</summary>
    /// <exception cref="TemplateException">The source is no valid template or exceeds a limit.</exception>
    public static JinjaTemplate Parse(string source)
    {
        if (source.Length > TemplateLimits.SourceLength)
            throw new TemplateException($"it has {source.Length} characters, more than {TemplateLimits.SourceLength}");
        try
        {
            return new(StatementParser.Parse(Lexer.Tokenize(source)));
        }
        catch (JinjaError error)
        {
            throw new TemplateException(error.Message);
        }
        catch (InsufficientExecutionStackException)
        {
            throw new TemplateException("it nests too deeply");
        }
    }

    /// <summary>Renders it.</summary>
    /// <param name="variables">The variables that it sees.</param>
    /// <param name="clock">The time that <c>strftime_now</c> sees.</param>
    /// <exception cref="TemplateException">The template fails, raises an error itself, or exceeds a limit.</exception>
    public string Render(IEnumerable<KeyValuePair<string, JinjaValue>> variables, TimeProvider clock)
    {
        var globals = new Scope(null);
        Globals.Define(globals);
        foreach (var (name, value) in variables) globals.Set(name, value);
        var context = new RenderContext(globals, clock);
        try
        {
            _body.RunIn(context, context.Scope);
            return context.Output.ToString();
        }
        catch (JinjaError error)
        {
            throw new TemplateException(error.Message, context.Line);
        }
        catch (InsufficientExecutionStackException)
        {
            throw new TemplateException("it nests too deeply", context.Line);
        }
    }
}
