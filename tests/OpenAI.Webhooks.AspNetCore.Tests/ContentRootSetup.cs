using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>
/// Tells WebApplicationFactory where the files of a program are that lies in the assembly of its tests. An
/// application's own tests need nothing of the kind.
/// </summary>
internal static class ContentRootSetup
{
    [ModuleInitializer]
    internal static void Run()
    {
        string name = typeof(ContentRootSetup).Assembly.GetName().Name!.Replace('.', '_').ToUpperInvariant();

        Environment.SetEnvironmentVariable($"ASPNETCORE_TEST_CONTENTROOT_{name}", AppContext.BaseDirectory);
    }
}
