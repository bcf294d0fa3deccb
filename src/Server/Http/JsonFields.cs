using System.Text.Json;

namespace AgentRuntime.Server.Http;

/// <summary>The fields of a JSON object, read by name with their type and range; an error names the place. Null and absent are the same.</summary>
internal sealed class JsonFields
{
    private readonly JsonElement _json;
    private readonly string _path;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <param name="json">The object.</param>
    /// <param name="path">Where it stands in the request; empty for the request itself.</param>
    /// <exception cref="ApiException">It is no object.</exception>
    public JsonFields(JsonElement json, string path = "")
    {
        if (json.ValueKind != JsonValueKind.Object) throw ApiException.Invalid(path.Length == 0 ? "body" : path, "must be an object");
        (_json, _path) = (json, path);
    }

    /// <summary>How errors call a field.</summary>
    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    /// <summary>The value, or null when it is absent or null.</summary>
    public JsonElement? Find(string name)
    {
        _known.Add(name);
        return _json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>The value, which must be there.</summary>
    public JsonElement Require(string name) => Find(name) ?? throw ApiException.Invalid(PathOf(name), "is missing");

    /// <summary>A text, or null.</summary>
    public string? Text(string name) => Find(name) is { } value ? TextOf(value, PathOf(name)) : null;

    /// <summary>A text that must be there.</summary>
    public string RequireText(string name) => TextOf(Require(name), PathOf(name));

    /// <summary>An object, or null.</summary>
    public JsonFields? Object(string name) => Find(name) is { } value ? new(value, PathOf(name)) : null;

    /// <summary>The elements of an array with their paths; empty when it is absent.</summary>
    public IEnumerable<(JsonElement Value, string Path)> Items(string name) => Find(name) is { } value ? ItemsOf(value, PathOf(name)) : [];

    /// <summary>True or false, or null.</summary>
    public bool? Flag(string name) => Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw ApiException.Invalid(PathOf(name), "must be true or false");

    /// <summary>A whole number in a range, or null.</summary>
    public long? Whole(string name, long min, long max) => Find(name) is { } value ? WholeOf(value, PathOf(name), min, max) : null;

    /// <summary>A number in a range, or null.</summary>
    public float? Number(string name, double min, double max) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max ? (float)number
        : throw ApiException.Invalid(PathOf(name), FormattableString.Invariant($"must be a number from {min} to {max}"));

    /// <summary>Refuses a field unless its value says nothing: absent, null, false, 0, an empty text, array or object.</summary>
    public void Refuse(string name, string reason)
    {
        if (Find(name) is not { } value) return;
        var isEmpty = value.ValueKind switch
        {
            JsonValueKind.False => true,
            JsonValueKind.Number => value.TryGetDouble(out var number) && number == 0,
            JsonValueKind.String => value.ValueEquals(""),
            JsonValueKind.Array => value.GetArrayLength() == 0,
            JsonValueKind.Object => value.GetPropertyCount() == 0,
            _ => false,
        };
        if (!isEmpty) throw ApiException.Unsupported(PathOf(name), reason);
    }

    /// <summary>Refuses every field that was not read and is not in a list of those without effect.</summary>
    public void RefuseUnknown(IReadOnlySet<string> ignored)
    {
        foreach (var property in _json.EnumerateObject())
        {
            if (!_known.Contains(property.Name) && !ignored.Contains(property.Name))
                throw new ApiException(400, $"The field {Shown(PathOf(property.Name))} is not known here; leave it out.", Shown(PathOf(property.Name)), "unknown_parameter");
        }
    }

    /// <summary>A text.</summary>
    public static string TextOf(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw ApiException.Invalid(path, "must be a text");

    /// <summary>A whole number in a range.</summary>
    public static long WholeOf(JsonElement value, string path, long min, long max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max ? number
            : throw ApiException.Invalid(path, max == long.MaxValue ? $"must be a whole number of at least {min}" : $"must be a whole number from {min} to {max}");

    /// <summary>The elements of an array with their paths.</summary>
    public static IEnumerable<(JsonElement Value, string Path)> ItemsOf(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select((item, i) => (item, $"{path}[{i}]")) : throw ApiException.Invalid(path, "must be an array");

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";
}
