public static class CartRate
{
    public static int AddPrice(int cost, int tax) => cost - tax;
    public static bool IsCostAtLeast(int bill, int level) => bill >= level;
}
