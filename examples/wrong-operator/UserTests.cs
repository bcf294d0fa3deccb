using System.Runtime.CompilerServices;
using static CartRate;
using static StockShelf;

var passed = 0;
var failed = 0;
Check(7, SplitCrop(42, 6));
Check(16, AddPrice(12, 4));
Check(true, IsBillAtMost(9, 9));

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
