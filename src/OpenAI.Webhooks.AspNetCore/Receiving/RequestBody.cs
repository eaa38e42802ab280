using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>A request's body, or why there is none.</summary>
/// <param name="Problem">Why there is no body; null if there is one.</param>
/// <param name="Bytes">The body.</param>
/// <param name="Exception">The exception from reading the body; null if there was none.</param>
internal readonly record struct RequestBody(
    RequestProblem? Problem, ReadOnlyMemory<byte> Bytes = default, Exception? Exception = null)
{
    private const int UsualLength = 1024;

    // Content-Length is only a claim. No more than this is allocated before the bytes arrive.
    private const int MaxLengthAhead = 16 * 1024;

    /// <summary>Reads the whole body, from its beginning if the stream can be rewound.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    [SuppressMessage("Design", "CA1031", Justification = "Any exception that reading the sender's body causes is the "
        + "sender's fault.")]
    public static async Task<RequestBody> ReadAsync(
        HttpRequest request, CurrentVerifier current, CancellationToken cancellationToken)
    {
        if (request.ContentLength > current.MaxBodyBytes)
        {
            return new(RequestProblem.TooLarge);
        }

        RaiseLimitOfServer(request.HttpContext, current);
        try
        {
            var body = new ArrayBufferWriter<byte>(
                (int)Math.Clamp(request.ContentLength ?? UsualLength, 1, MaxLengthAhead));
            bool isComplete = request.Body.CanSeek
                ? await ReadFromBeginningAsync(
                    request.Body, body, current.MaxBodyBytes, cancellationToken).ConfigureAwait(false)
                : await ReadAsync(
                    request.BodyReader, body, current.MaxBodyBytes, cancellationToken).ConfigureAwait(false);
            return !isComplete ? new(RequestProblem.TooLarge)
                : body.WrittenCount == 0 && HadBody(request) ? new(RequestProblem.ReadBefore)
                : new(Problem: null, body.WrittenMemory);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return new(RequestProblem.TooLarge, Exception: exception);
        }
        catch (Exception exception) when (IsOfConnection(exception, request))
        {
            return new(RequestProblem.Aborted, Exception: exception);
        }
        catch (InvalidOperationException exception) when (exception is ObjectDisposedException || IsOfServer(request))
        {
            // The stream was disposed, or its reader was completed, or left in the middle of a read.
            return new(RequestProblem.ReadBefore, Exception: exception);
        }
        catch (Exception exception)
        {
            return new(RequestProblem.Malformed, Exception: exception);
        }
    }

    /// <summary>Whether fewer bytes were read than the server received.</summary>
    public bool IsShort(HttpRequest request) => IsOfServer(request) && Bytes.Length < request.ContentLength;

    /// <summary>
    /// Whether a body whose length nobody announced, or that was decompressed, is not a whole JSON object: its
    /// beginning or end is missing.
    /// </summary>
    public bool IsTorn(HttpRequest request)
    {
        var text = Bytes.Span.Trim(" \t\r\n"u8);
        return !(IsOfServer(request) && request.ContentLength is not null)
            && !(text.Length >= 2 && text[0] == (byte)'{' && text[^1] == (byte)'}');
    }

    // Over HTTP/2, the read can throw before the request is marked as aborted.
    private static bool IsOfConnection(Exception exception, HttpRequest request)
        => exception is BadHttpRequestException or ConnectionResetException
            || exception.InnerException is ConnectionAbortedException or ConnectionResetException or SocketException
            || (exception is IOException && IsOfServer(request) && !HttpProtocol.IsHttp11(request.Protocol))
            || request.HttpContext.RequestAborted.IsCancellationRequested;

    private static bool HadBody(HttpRequest request)
        => IsOfServer(request)
            && (request.ContentLength > 0
                || (request.ContentLength is null
                    && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true));

    // Content-Length counts the bytes on the wire, so it says nothing about a stream that middleware put in place of
    // the server's, for example to decompress. The server's own stream comes from the same assembly as its request
    // feature.
    private static bool IsOfServer(HttpRequest request)
        => request.Body.CanSeek
            || request.HttpContext.Features.Get<IHttpRequestFeature>()?.GetType().Assembly
                == request.Body.GetType().Assembly;

    private static void RaiseLimitOfServer(HttpContext context, CurrentVerifier current)
    {
        // Kestrel also counts the chunk framing, which is small unless a sender deliberately makes it large.
        long needed = (2L * current.MaxBodyBytes) + UsualLength;
        if (current.IsMaxBodyBytesSet
            && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server
            && server.MaxRequestBodySize < needed)
        {
            server.MaxRequestBodySize = needed;
        }
    }

    private static async Task<bool> ReadAsync(
        PipeReader reader, ArrayBufferWriter<byte> body, int maxBytes, CancellationToken cancellationToken)
    {
        // Do not pass the token to the reads: a cancelled read stays pending in Kestrel, which then logs an error when
        // the request ends.
        using var registration = cancellationToken.UnsafeRegister(CancelRead, reader);
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

    [SuppressMessage("Design", "CA1031", Justification = "The read throws the same exception. Thrown here, it would "
        + "reach Kestrel unhandled.")]
    private static void CancelRead(object? reader)
    {
        try
        {
            ((PipeReader)reader!).CancelPendingRead();
        }
        catch (Exception)
        {
            // Over HTTP/2, a reset body throws the same exception here as from the read.
        }
    }

    // Read from the stream itself: a PipeReader on it may still hold earlier bytes.
    private static async Task<bool> ReadFromBeginningAsync(
        Stream stream, ArrayBufferWriter<byte> body, int maxBytes, CancellationToken cancellationToken)
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
