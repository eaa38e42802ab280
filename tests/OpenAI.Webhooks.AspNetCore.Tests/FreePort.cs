using System.Net;
using System.Net.Sockets;

namespace OpenAI.Webhooks.AspNetCore.Tests;

internal static class FreePort
{
    /// <summary>
    /// A port of the loopback that nobody uses. It is below the ports that systems hand out to clients and for port 0,
    /// and chosen at random, so that nothing else on the machine is likely to take it before it is used.
    /// </summary>
    public static int Choose()
    {
        while (true)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(10_000, 30_000));
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException exception) when (
                exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Somebody has it: the next one.
            }
        }
    }
}
