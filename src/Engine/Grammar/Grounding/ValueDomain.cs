using System.Text;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>What an argument of a tool may be at one moment: values that exist. Immutable and safe for concurrent use.</summary>
public sealed class ValueDomain
{
    private ValueDomain(ByteAutomaton texts, string otherwise)
    {
        (Texts, Otherwise) = (texts, otherwise);
        Json = new(this, new JsonTextAutomaton(texts));
    }

    /// <summary>The values, as UTF-8.</summary>
    internal ByteAutomaton Texts { get; }

    /// <summary>What to tell a model that got stuck, or for which there is no value.</summary>
    internal string Otherwise { get; }

    /// <summary>One of these texts: files, branches, names of tests.</summary>
    /// <param name="texts">The texts; empty ones count for nothing.</param>
    /// <param name="otherwise">What the model is told when there is none.</param>
    public static ValueDomain OneOf(IEnumerable<string> texts, string otherwise = "there is no value for this argument") =>
        new(new TextSetAutomaton(texts.Select(Encoding.UTF8.GetBytes)), otherwise);

    /// <summary>A path in a tree of which only what is needed is looked at, as that of a repository's files.</summary>
    /// <param name="children">The names below a prefix, which is empty or ends with a slash. A name that ends with a slash has names below it.</param>
    /// <param name="otherwise">What the model is told when there is none.</param>
    public static ValueDomain Tree(Func<string, IEnumerable<string>> children, string otherwise = "there is no file") => new(new FileTreeAutomaton(children), otherwise);

    /// <summary>A part of a text that occurs in it exactly once and is not empty.</summary>
    /// <param name="text">The text; time and memory grow linearly with it (some 30 bytes of memory a character).</param>
    /// <param name="otherwise">What the model is told when there is none, or when it never gets to an end.</param>
    public static ValueDomain PartOf(string text, string otherwise = "no part of the text occurs exactly once") =>
        new(new SuffixAutomaton(Encoding.UTF8.GetBytes(text)), otherwise);

    /// <summary>No value at all.</summary>
    /// <param name="reason">What the model is told instead.</param>
    public static ValueDomain Nothing(string reason) => OneOf([], reason);

    /// <summary>Whether a text is one of the values.</summary>
    public bool Contains(string text)
    {
        var state = Texts.Start;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            state = Texts.Step(state, value);
            if (state < 0) return false;
        }
        return Texts.Accepts(state);
    }

    /// <summary>The values as JSON strings.</summary>
    internal GroundedValue Json { get; }

    /// <summary>The values as they are, up to a closing tag.</summary>
    internal GroundedValue Raw(TaggedTextEnd end) => new(this, new TaggedTextAutomaton(Json.Spelling, end));
}
