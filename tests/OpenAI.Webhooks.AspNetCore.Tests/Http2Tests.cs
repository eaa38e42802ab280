using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>
/// Bodies that are cut off midway over HTTP/2, frame by frame. Anybody can do that, without a secret.
/// </summary>
public class Http2Tests
{
    private const string Unwrapped = "/unwrapped";
    private const int Runs = 10;

    [Theory]
    [InlineData(TestApp.Path, true, true)]
    [InlineData(TestApp.Path, true, false)]
    [InlineData(TestApp.Path, false, true)]
    [InlineData(TestApp.Path, false, false)]
    [InlineData(Unwrapped, true, true)]
    [InlineData(Unwrapped, false, true)]
    [InlineData(Unwrapped, false, false)]
    public async Task A_body_that_is_cut_off_midway_is_counted_once_and_no_error(string path, bool isReset, bool isIdle)
    {
        using var metrics = new Metrics();
        var thrown = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        using var begun = new SemaphoreSlim(0);
        await using var app = await StartAsync(metrics, thrown, begun);

        for (int i = 0; i < Runs; i++)
        {
            using var socket = await app.ConnectAsync();
            var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
            await WriteFrameAsync(stream, type: 4, flags: 0, streamId: 0, []);
            await WriteFrameAsync(stream, type: 1, flags: 4, streamId: 1, Headers(app, path));
            await WriteFrameAsync(stream, type: 0, flags: 0, streamId: 1, "{"u8.ToArray());
            (await begun.WaitAsync(TimeSpan.FromSeconds(30))).Should().BeTrue();
            await Task.Delay(TimeSpan.FromMilliseconds(isIdle ? 100 : 25));
            if (!isIdle)
            {
                // Kestrel is in the middle of handing this on when the end comes.
                await WriteFrameAsync(stream, type: 0, flags: 0, streamId: 1, "x"u8.ToArray());
            }

            if (isReset)
            {
                await WriteFrameAsync(stream, type: 3, flags: 0, streamId: 1, [0, 0, 0, 8]);
                await Task.Delay(TimeSpan.FromMilliseconds(isIdle ? 50 : 0));
            }
        }

        await TestApp.Eventually(
            () => metrics.Of("openai.webhook.deliveries").Count() == Runs
                && (path != Unwrapped || thrown.Count == Runs));
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        metrics.Of("openai.webhook.deliveries")
            .Should().Equal(Enumerable.Repeat("1 openai.webhook.outcome=aborted", Runs));
        app.Log.Where(entry => entry.Level >= LogLevel.Warning).Should().BeEmpty();
    }

    private static Task<TestApp> StartAsync(
        Metrics metrics, System.Collections.Concurrent.ConcurrentQueue<Exception> thrown, SemaphoreSlim begun)
        => TestApp.StartAsync(
        builder =>
        {
            builder.WebHost.ConfigureKestrel(
                kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
        },
        app =>
        {
            app.Use((context, next) =>
            {
                begun.Release();
                return next(context);
            });
            app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
            app.MapPost(Unwrapped, async context =>
            {
                try
                {
                    await context.Request.UnwrapOpenAIWebhookAsync(cancellationToken: context.RequestAborted);
                }
                catch (Exception exception)
                {
                    thrown.Enqueue(exception);
                }
            });
        });

    private static byte[] Headers(TestApp app, string path)
    {
        using var block = new MemoryStream();
        var headers = new List<KeyValuePair<string, string>>
        {
            new(":method", "POST"), new(":scheme", "http"), new(":path", path), new(
                ":authority", app.Address.Authority),
            new("content-type", "application/json"), new("content-length", "500"),
        };
        headers.AddRange(TestApp.Sign().Headers.ToDictionary());
        foreach (var (name, value) in headers)
        {
            // Literal without indexing; both lengths fit in seven bits.
            block.WriteByte(0);
            block.WriteByte((byte)name.Length);
            block.Write(Encoding.ASCII.GetBytes(name));
            block.WriteByte((byte)value.Length);
            block.Write(Encoding.ASCII.GetBytes(value));
        }

        return block.ToArray();
    }

    private static async Task WriteFrameAsync(NetworkStream stream, byte type, byte flags, int streamId, byte[] payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        frame[1] = (byte)(payload.Length >> 8);
        frame[2] = (byte)payload.Length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, 9);
        await stream.WriteAsync(frame);
        await stream.FlushAsync();
    }
}
