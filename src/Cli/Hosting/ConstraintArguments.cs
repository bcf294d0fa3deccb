using System.CommandLine;
using AgentRuntime.Engine.Grammar;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The options that say what the text must be.</summary>
internal sealed class ConstraintArguments
{
    private readonly Option<string?> _schema = new("--schema") { HelpName = "FILE", Description = "The text is JSON that satisfies the JSON schema in this file." };
    private readonly Option<string?> _choices = new("--choices") { HelpName = "A,B,C", Description = "The text is one of these." };
    private readonly Option<string?> _regex = new("--regex") { HelpName = "R", Description = "The text matches this regular expression as a whole." };

    public ConstraintArguments(Command command)
    {
        command.Options.Add(_schema);
        command.Options.Add(_choices);
        command.Options.Add(_regex);
    }

    /// <summary>The constraint, or null.</summary>
    /// <exception cref="UsageException">More than one is given.</exception>
    public async Task<Constraint?> ConstraintAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var (schema, choices, regex) = (result.GetValue(_schema), result.GetValue(_choices), result.GetValue(_regex));
        if (new[] { schema, choices, regex }.Count(value => value is not null) > 1) throw new UsageException("Give only one of --schema, --choices and --regex.");
        if (schema is not null) return Constraint.JsonSchema(await File.ReadAllTextAsync(schema, cancellationToken).ConfigureAwait(false));
        if (choices is not null) return Constraint.Choices(choices.Split(','));
        return regex is null ? null : Constraint.Regex(regex);
    }
}
