public static class TaxRate
{
    public const int MaxPrice = 60;
    public static int PlusRate(int rate, int tax) => rate + tax;
}
