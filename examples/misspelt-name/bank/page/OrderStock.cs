public static class OrderStock
{
    public const int MinBill = 5;
    public static bool UnitAtLeast(int priceGroup, int item)
    {
        return priceGruop >= item;
    }
}
