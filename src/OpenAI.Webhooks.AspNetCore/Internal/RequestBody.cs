using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What a verifier needs of a request.</summary>
internal static class RequestBody
{
    private const int InitialCapacity = 1024;

    public static WebhookHeaders HeadersOf(HttpRequest request) => WebhookHeaders.From(name => request.Headers[name]);

    /// <summary>Reads the body whole; null where it is longer than the limit.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return null;
        }

        // What a request claims to be long is not allocated ahead: it has to arrive.
        var body = new ArrayBufferWriter<byte>(InitialCapacity);
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (body.WrittenCount + read.Buffer.Length > maxBytes)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return null;
            }

            foreach (var segment in read.Buffer)
            {
                body.Write(segment.Span);
            }

            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return body.WrittenMemory;
            }
        }
    }
}
