public static class BoxFarm
{
    public static int MultiplyRoad(int width, int height)
    {
        return width * height;
    }
    public static bool IsShopOver(int user, int team)
    {
        return user > team;
    }
}
