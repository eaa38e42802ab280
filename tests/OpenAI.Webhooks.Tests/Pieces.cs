using System.Buffers;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

/// <summary>A payload in pieces of so many bytes, as a stream and as a sequence.</summary>
internal sealed class Pieces(byte[] payload, int length, bool canSeek = true) : MemoryStream(payload)
{
    public override bool CanSeek => canSeek;

    public override int Read(byte[] buffer, int offset, int count)
        => base.Read(buffer, offset, Math.Min(length, count));

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(length, buffer.Length)]);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => base.ReadAsync(buffer[..Math.Min(length, buffer.Length)], cancellationToken);

    public ReadOnlySequence<byte> ToSequence()
    {
        byte[] payload = ToArray();
        var first = new Piece(payload.AsMemory(0, Math.Min(length, payload.Length)), 0);
        var last = first;
        for (int start = length; start < payload.Length; start += length)
        {
            last = last.Append(payload.AsMemory(start, Math.Min(length, payload.Length - start)));
        }

        return new(first, 0, last, last.Memory.Length);
    }

    /// <summary>Reads the sequence as one event.</summary>
    public WebhookEvent? Deserialize()
    {
        var reader = new Utf8JsonReader(ToSequence());
        var answer = JsonSerializer.Deserialize<WebhookEvent>(ref reader);
        return reader.Read() ? null : answer;
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
