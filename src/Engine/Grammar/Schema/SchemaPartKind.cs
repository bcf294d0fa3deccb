namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>What a <see cref="SchemaPart"/> demands.</summary>
internal enum SchemaPartKind
{
    /// <summary>All of a schema.</summary>
    Whole,

    /// <summary>The keywords of a schema that concern the value itself, neither references nor combinations.</summary>
    Own,

    /// <summary>Only anyOf of a schema.</summary>
    AnyOf,

    /// <summary>Only oneOf of a schema.</summary>
    OneOf,

    /// <summary>Only if, then and else of a schema.</summary>
    If,

    /// <summary>That the schema does not hold.</summary>
    Not,

    /// <summary>That one keyword, whose value the element is, does not hold.</summary>
    NotKeyword,

    /// <summary>What a property brings with it, if it is there: names or a schema.</summary>
    Dependency,

    /// <summary>An object.</summary>
    IsObject,

    /// <summary>An array.</summary>
    IsArray,

    /// <summary>An object with a property.</summary>
    Present,

    /// <summary>No object with a property.</summary>
    Absent,

    /// <summary>An object with a property for which the schema does not hold.</summary>
    PropertyNot,

    /// <summary>An array for none of whose items the schema holds.</summary>
    ItemsNot,

    /// <summary>An array with an item for which the schema does not hold.</summary>
    ContainsNot,
}
