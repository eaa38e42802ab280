using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>
/// Many hosts run in this process at once, and one test blocks a thread on purpose. The pool adds threads too slowly for a
/// cache to be answered within the half second that it is given.
/// </summary>
internal static class ThreadPoolSetup
{
    [ModuleInitializer]
    internal static void AddThreads() => ThreadPool.SetMinThreads(64, 64);
}
