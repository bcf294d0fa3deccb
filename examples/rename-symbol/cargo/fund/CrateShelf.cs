public static class CrateShelf
{
    public static bool IsCardAtMost(int bill) => bill <= TaxRate.MaxPrice;
    public static bool PageAtLeast(int line, int word) => line >= word;
}
