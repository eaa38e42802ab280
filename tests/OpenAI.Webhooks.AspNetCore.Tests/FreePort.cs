using System.Net;
using System.Net.Sockets;

namespace OpenAI.Webhooks.AspNetCore.Tests;

internal static class FreePort
{
    /// <summary>A port of the loopback that nobody uses. Somebody may take it before it is used.</summary>
    public static int Choose()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
