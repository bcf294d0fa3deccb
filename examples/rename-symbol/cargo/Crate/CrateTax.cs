public static class CrateTax
{
    public static bool CostAtMost(int cost) => cost <= TaxRate.MaxPrice;
    public static bool BillAtLeast(int bill, int level) => bill >= level;
}
