public static class ItemBox
{
    public static int MultiplyOrder(int unit, int price)
    {
        return unit * price;
    }
    public static bool IsShopOver(int shop, int user)
    {
        return shop > user;
    }
}
