using System.Text.Json;
using System.Text.Unicode;

namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>
/// An object in a JSON file with typed access. A getter returns null for an absent (or null) property and throws
/// <see cref="ModelFormatException"/> for one of another type.
/// </summary>
internal readonly struct JsonFields(JsonElement element, string fileName)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>Parses text whose root must be an object.</summary>
    /// <exception cref="ModelFormatException">It is not.</exception>
    public static JsonFields Parse(ReadOnlyMemory<byte> json, string fileName)
    {
        if (!Utf8.IsValid(json.Span)) throw new ModelFormatException($"{fileName}: the file is not valid UTF-8.");
        try
        {
            // Not disposed: its elements live as long as they are used, and it holds nothing but memory.
            var root = JsonDocument.Parse(json, Options).RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? new(root, fileName)
                : throw new ModelFormatException($"{fileName}: the file holds no JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException($"{fileName}: the JSON is damaged ({e.Message.TrimEnd('.')}).", e);
        }
    }

    /// <summary>Reads and parses a file of at most <paramref name="limit"/> bytes.</summary>
    /// <returns>The root object, or null when the file does not exist.</returns>
    public static JsonFields? Load(string path, int limit)
    {
        var name = Path.GetFileName(path);
        try
        {
            if (!File.Exists(path)) return null;
            if (new FileInfo(path).Length > limit) throw new ModelFormatException($"{name}: the file is larger than {limit >> 20} MiB.");
            return Parse(File.ReadAllBytes(path), name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"The file {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The object itself.</summary>
    public JsonElement Element => element;

    /// <summary>A property that is there and not null.</summary>
    public JsonElement? Get(string key) =>
        element.TryGetProperty(key, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    public string? Text(string key) => Get(key) is { } value ? Text(value, key) : null;

    /// <summary>A value that must be text.</summary>
    public string Text(JsonElement value, string key)
    {
        if (value.ValueKind != JsonValueKind.String) throw WrongType(key, value, "text");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException($"{fileName}: \"{key}\" holds text that is not valid UTF-8.", e);
        }
    }

    /// <summary>The name of a property.</summary>
    public string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException($"{fileName}: the name of a property is not valid UTF-8.", e);
        }
    }

    public int? Integer(string key, int minimum = 1, int maximum = int.MaxValue) =>
        Get(key) is { } value ? Integer(value, key, minimum, maximum) : null;

    /// <summary>A value that must be a whole number between bounds.</summary>
    public int Integer(JsonElement value, string key, int minimum, int maximum)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number)) throw WrongType(key, value, "a whole number");
        return number >= minimum && number <= maximum
            ? (int)number
            : throw Error($"\"{key}\" is {number}, expected {minimum} to {maximum}");
    }

    public float? Number(string key)
    {
        if (Get(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !float.IsFinite((float)number))
            throw WrongType(key, value, "a number");
        return (float)number;
    }

    public bool? Boolean(string key) => Get(key) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw WrongType(key, value, "true or false"),
    };

    public JsonFields? Object(string key) => Get(key) is { } value ? Object(value, key) : null;

    /// <summary>A value that must be an object.</summary>
    public JsonFields Object(JsonElement value, string key) =>
        value.ValueKind == JsonValueKind.Object ? new(value, fileName) : throw WrongType(key, value, "an object");

    /// <summary>The items of an array; none when it is absent.</summary>
    public IEnumerable<JsonElement> Items(string key)
    {
        if (Get(key) is not { } value) return [];
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw WrongType(key, value, "an array");
    }

    public ModelFormatException Error(string what) => new($"{fileName}: {what}.");

    private ModelFormatException WrongType(string key, JsonElement value, string expected) =>
        Error($"\"{key}\" is of kind {value.ValueKind}, expected {expected}");
}
