public static class OrderStock
{
    public const int MinOrder = 5;
    public static bool UnitAtLeast(int stockLevel, int item)
    {
        return stockLevle >= item;
    }
}
