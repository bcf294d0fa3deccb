using System.ComponentModel;
using ModelContextProtocol;

namespace IssueServer;

/// <summary>Issues in a folder: 1.txt, 2.txt, …; labels beside them: 1.label.</summary>
internal sealed class Tracker(string folder)
{
    public string List() => string.Join('\n', Directory.EnumerateFiles(folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Where(n => int.TryParse(n, out _)).OrderBy(int.Parse));

    public string Read([Description("Number of the issue.")] int number)
    {
        var label = LabelOf(Existing(number));
        return File.ReadAllText(Existing(number)).Trim() + "\nlabel: " + (File.Exists(label) ? File.ReadAllText(label) : "none");
    }

    public string Label([Description("Number of the issue.")] int number, [Description("The label, one word.")] string label)
    {
        File.WriteAllText(LabelOf(Existing(number)), label);
        return $"issue {number} is labelled {label}";
    }

    private string Existing(int number)
    {
        var path = Path.Combine(folder, $"{number}.txt");
        return File.Exists(path) ? path : throw new McpException($"there is no issue {number}");
    }

    private static string LabelOf(string issue) => Path.ChangeExtension(issue, ".label");
}
