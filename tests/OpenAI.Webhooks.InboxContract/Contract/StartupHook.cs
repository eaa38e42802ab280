/// <summary>What DOTNET_STARTUP_HOOKS calls. That this assembly is loaded is all it is for: ASP.NET Core then finds it by name.</summary>
internal static class StartupHook
{
    public static void Initialize()
    {
    }
}
