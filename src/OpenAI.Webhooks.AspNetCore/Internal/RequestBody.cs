using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What came of reading a body.</summary>
internal enum RequestBodyState
{
    /// <summary>All of it is there.</summary>
    Complete,

    /// <summary>It is over the limit: the endpoint's or the server's.</summary>
    TooLarge,

    /// <summary>Nothing was left of it, or less than it should be: something in front of the endpoint has read it.</summary>
    ReadBefore,

    /// <summary>What it went through threw: it is not what it says it is, or more than that takes.</summary>
    Malformed,

    /// <summary>The sender left, or was too slow.</summary>
    Aborted,
}

/// <summary>A request's body, or why there is none.</summary>
internal readonly record struct RequestBody(RequestBodyState State, ReadOnlyMemory<byte> Bytes = default, Exception? Exception = null)
{
    public const string ReadBeforeMessage =
        "Its body is not all there: something read it first. Whatever reads bodies in front of this has to buffer and rewind them (request.EnableBuffering()), or to stand behind it.";

    public const string MalformedMessage =
        "It is not encoded as its headers say, or longer than something in front of this lets through.";

    private const int UsualLength = 1024;

    // What a request claims to be long is not allocated ahead beyond this: it has to arrive.
    private const int MaxLengthAhead = 16 * 1024;

    public static WebhookHeaders HeadersOf(HttpRequest request)
    {
        var headers = request.Headers;
        return WebhookHeaders.From(name => headers[name]);
    }

    /// <summary>Whether fewer bytes came than the request says; a body that was decompressed may have fewer, too.</summary>
    public bool IsShort(HttpRequest request) => Bytes.Length < request.ContentLength;

    /// <summary>Reads the body whole, from its beginning where it can be rewound.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a stream throws over what a sender wrote is the sender's fault.")]
    public static async Task<RequestBody> ReadAsync(HttpRequest request, VerifierInForce inForce, CancellationToken cancellationToken)
    {
        if (request.ContentLength > inForce.MaxBodyBytes)
        {
            return new(RequestBodyState.TooLarge);
        }

        RaiseLimitOfServer(request.HttpContext, inForce);
        try
        {
            var body = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? UsualLength, 1, MaxLengthAhead));
            bool isComplete = request.Body.CanSeek
                ? await ReadFromBeginningAsync(request.Body, body, inForce.MaxBodyBytes, cancellationToken).ConfigureAwait(false)
                : await ReadAsync(request, body, inForce.MaxBodyBytes, cancellationToken).ConfigureAwait(false);
            return !isComplete ? new(RequestBodyState.TooLarge)
                : body.WrittenCount == 0 && HadBody(request) ? new(RequestBodyState.ReadBefore)
                : new(RequestBodyState.Complete, body.WrittenMemory);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return new(RequestBodyState.TooLarge, Exception: exception);
        }
        catch (Exception exception) when (exception is BadHttpRequestException or ConnectionResetException || request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return new(RequestBodyState.Aborted, Exception: exception);
        }
        catch (Exception exception)
        {
            return new(RequestBodyState.Malformed, Exception: exception);
        }
    }

    private static bool HadBody(HttpRequest request)
        => request.ContentLength > 0
            || (request.ContentLength is null && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true);

    private static void RaiseLimitOfServer(HttpContext context, VerifierInForce inForce)
    {
        // Kestrel counts the framing of chunks as well, which is little unless somebody means it.
        long needed = (2L * inForce.MaxBodyBytes) + UsualLength;
        if (inForce.IsMaxBodyBytesSet
            && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server
            && server.MaxRequestBodySize < needed)
        {
            server.MaxRequestBodySize = needed;
        }
    }

    private static async Task<bool> ReadAsync(HttpRequest request, ArrayBufferWriter<byte> body, int maxBytes, CancellationToken cancellationToken)
    {
        // Not with the token itself: Kestrel would be left in the middle of a read, and log an error when it ends the request.
        var reader = request.BodyReader;
        using var registration = cancellationToken.Register(reader.CancelPendingRead);
        while (true)
        {
            var read = await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            bool isOver = body.WrittenCount + read.Buffer.Length > maxBytes;
            if (!isOver)
            {
                foreach (var segment in read.Buffer)
                {
                    body.Write(segment.Span);
                }
            }

            reader.AdvanceTo(read.Buffer.End);
            if (isOver || read.IsCompleted)
            {
                return !isOver;
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    // From the stream itself: a reader of it may hold on to what was read before.
    private static async Task<bool> ReadFromBeginningAsync(Stream stream, ArrayBufferWriter<byte> body, int maxBytes, CancellationToken cancellationToken)
    {
        stream.Position = 0;
        while (true)
        {
            int count = await stream.ReadAsync(body.GetMemory(), cancellationToken).ConfigureAwait(false);
            if (body.WrittenCount + (long)count > maxBytes)
            {
                return false;
            }

            if (count == 0)
            {
                return true;
            }

            body.Advance(count);
        }
    }
}
