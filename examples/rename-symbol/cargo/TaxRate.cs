public static class TaxRate
{
    public const int MaxPrice = 60;
    public static int PlusFloor(int room, int wall) => room + wall;
}
