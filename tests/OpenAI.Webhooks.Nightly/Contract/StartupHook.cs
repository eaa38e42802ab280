/// <summary>DOTNET_STARTUP_HOOKS calls it. Its only purpose is to load this assembly, so that ASP.NET Core finds the
/// hosting start-up by name.</summary>
internal static class StartupHook
{
    public static void Initialize()
    {
    }
}
