using System.Runtime.CompilerServices;
using static OrderStock;
using static BoxFarm;

var passed = 0;
var failed = 0;
Check(42, MultiplyRoad(6, 7));
Check(true, UnitAtLeast(8, 8));
Check(5, MinBill);

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
