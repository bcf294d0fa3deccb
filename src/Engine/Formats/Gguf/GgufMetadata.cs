namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>
/// A GGUF file's metadata with typed access. A typed getter returns null for an absent key and throws
/// <see cref="ModelFormatException"/> for a value of another type.
/// </summary>
/// <param name="fileName">Name of the file, for messages.</param>
/// <param name="values">The pairs.</param>
public sealed class GgufMetadata(string fileName, IReadOnlyDictionary<string, GgufValue> values)
{
    /// <summary>Text.</summary>
    public string? Text(string key) => Get<string>(key, "text");

    /// <summary>An integer of any width, at least <paramref name="minimum"/> and at most <paramref name="maximum"/>.</summary>
    public int? Integer(string key, int minimum = 0, int maximum = int.MaxValue)
    {
        if (!values.TryGetValue(key, out var entry)) return null;
        // Unsigned 64-bit values above long.MaxValue are out of any range that callers ask for.
        Int128 value = entry.Value switch
        {
            byte v => v,
            sbyte v => v,
            ushort v => v,
            short v => v,
            uint v => v,
            int v => v,
            ulong v => v,
            long v => v,
            _ => throw WrongType(key, entry, "an integer"),
        };
        if (value < minimum || value > maximum)
            throw Error($"metadata key {key} is {value}, expected {minimum} to {maximum}");
        return (int)value;
    }

    /// <summary>A finite number.</summary>
    public float? Number(string key)
    {
        if (!values.TryGetValue(key, out var entry)) return null;
        var value = entry.Value switch
        {
            float v => v,
            double v => (float)v,
            _ => throw WrongType(key, entry, "a float"),
        };
        if (!float.IsFinite(value)) throw Error($"metadata key {key} is not a finite number");
        return value;
    }

    /// <summary>A truth value.</summary>
    public bool? Boolean(string key) => values.TryGetValue(key, out var entry) ? entry.Value as bool? ?? throw WrongType(key, entry, "a bool") : null;

    /// <summary>An array of texts.</summary>
    public string[]? Texts(string key) => Get<string[]>(key, "an array of strings");

    /// <summary>An array of 32-bit floats.</summary>
    public float[]? Numbers(string key) => Get<float[]>(key, "an array of 32-bit floats");

    /// <summary>An array of 32-bit integers, signed or not.</summary>
    public int[]? Integers(string key)
    {
        if (!values.TryGetValue(key, out var entry)) return null;
        // The CLR lets uint[] and int[] stand in for each other, so ask for the exact type.
        if (entry.Value.GetType() == typeof(int[])) return (int[])entry.Value;
        if (entry.Value.GetType() != typeof(uint[])) throw WrongType(key, entry, "an array of 32-bit integers");
        return Array.ConvertAll((uint[])entry.Value, v => v <= int.MaxValue ? (int)v : throw Error($"metadata key {key} holds {v}, which is too large"));
    }

    /// <summary>All pairs.</summary>
    public IReadOnlyDictionary<string, GgufValue> Values => values;

    /// <summary>Whether there is such a key.</summary>
    public bool Has(string key) => values.ContainsKey(key);

    internal ModelFormatException Error(string what) => new($"{fileName}: {what}.");

    private T? Get<T>(string key, string expected) where T : class =>
        values.TryGetValue(key, out var entry) ? entry.Value as T ?? throw WrongType(key, entry, expected) : null;

    private ModelFormatException WrongType(string key, GgufValue entry, string expected) =>
        Error($"metadata key {key} has type {entry.Type}, expected {expected}");
}
