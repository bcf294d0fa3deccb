using System.Runtime.CompilerServices;
using static TaxRate;
using static CrateShelf;

var passed = 0;
var failed = 0;
Check(60, MaxPrice);
Check(true, IsCardAtMost(60));
Check(12, PlusFloor(7, 5));

Console.WriteLine($"{passed} passed, {failed} failed");
return failed == 0 ? 0 : 1;

void Check<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string name = "")
{
    if (Equals(expected, actual))
    {
        passed++;
        return;
    }

    failed++;
    Console.WriteLine($"FAIL {name}: expected {expected}, got {actual}");
}
