namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>Which keywords of a schema a <see cref="SchemaPart"/> means.</summary>
internal enum SchemaPartKind
{
    /// <summary>All.</summary>
    Whole,

    /// <summary>Those that concern the value itself, neither references nor combinations.</summary>
    Own,

    /// <summary>Only anyOf.</summary>
    AnyOf,

    /// <summary>Only oneOf.</summary>
    OneOf,
}
