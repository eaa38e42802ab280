using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>What a machine has of its own, and no test is to depend on.</summary>
internal static class MachineSetup
{
    [ModuleInitializer]
    internal static void Run()
    {
        // Many hosts run in this process at once, and some tests block threads on purpose. The pool adds threads
        // slowly.
        ThreadPool.SetMinThreads(64, 64);

        // The servers are on the loopback, where no proxy leads.
        HttpClient.DefaultProxy = new WebProxy();

        // Whoever uses the library has its settings in the environment, where the applications under test would find
        // them. The programs that tests start are given theirs, and find no others.
        if (Assembly.GetEntryAssembly() == typeof(MachineSetup).Assembly)
        {
            return;
        }

        foreach (
            string name in Environment.GetEnvironmentVariables().Keys.OfType<string>()
                .Where(name => name.StartsWith("OpenAI", StringComparison.OrdinalIgnoreCase)))
        {
            Environment.SetEnvironmentVariable(name, null);
        }
    }
}
