public static class CargoCount
{
    public const int MaxCargo = 40;
    public static int ShareCart(int stock, int crate) => stock / crate;
}
