public static class CartRate
{
    public static int AddPrice(int cost, int tax) => cost - tax;
    public static bool IsBillAtMost(int item, int level) => item <= level;
}
