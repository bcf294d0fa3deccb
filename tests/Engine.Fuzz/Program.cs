using System.Globalization;
using AgentRuntime.Engine.Fuzz;

// usage: Engine.Fuzz TARGET [--cases N] [--first N] [--report FILE] [--save FILE]
// --save writes the input of the first case, to look at one that failed.
var target = FuzzTargets.All.FirstOrDefault(target => args.Length > 0 && target.Name == args[0]);
if (target is null || args.Length % 2 == 0)
{
    Console.Error.WriteLine($"usage: Engine.Fuzz TARGET [--cases N] [--first N] [--report FILE] [--save FILE]; targets: {string.Join(", ", FuzzTargets.All.Select(target => target.Name))}");
    return 2;
}
if (Option("--save") is { } saved) File.WriteAllBytes(saved, new Mutator(target, Number("--first", 0)).Next());
var report = FuzzRunner.Run(target, Number("--first", 0), Number("--cases", 100_000));
Console.WriteLine(report.ToMarkdown());
if (Option("--report") is { } file) File.WriteAllText(file, report.ToMarkdown());
return report.Failures.Count > 0 ? 1 : 0;

string? Option(string name) => Array.IndexOf(args, name) is > 0 and var index ? args[index + 1] : null;

int Number(string name, int otherwise) => Option(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
