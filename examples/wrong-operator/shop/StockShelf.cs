public static class StockShelf
{
    public const int MaxCargo = 40;
    public static int SplitCrop(int unit, int crate) => unit / crate;
}
