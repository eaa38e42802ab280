using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Remembers in this process, where the application has no cache: a bounded number of ids, of which the oldest is
/// forgotten first. An id takes the same few bytes however long it is.
/// </summary>
internal sealed class OwnMemory(TimeSpan retention, TimeProvider timeProvider) : WebhookMemory
{
    /// <summary>About 10 MB, and a delivery every 3.5 seconds for 4 days.</summary>
    private const int Capacity = 100_000;

    private readonly object _gate = new();
    private readonly Dictionary<UInt128, DateTimeOffset> _ids = [];
    private readonly Queue<UInt128> _oldest = new();

    public override ValueTask<bool?> HasAsync(string webhookId)
    {
        var id = Digest(webhookId);
        lock (_gate)
        {
            return new(_ids.TryGetValue(id, out var since) && !IsOver(since));
        }
    }

    public override ValueTask AddAsync(string webhookId)
    {
        var id = Digest(webhookId);
        lock (_gate)
        {
            Forget();
            if (_ids.TryAdd(id, timeProvider.GetUtcNow()))
            {
                _oldest.Enqueue(id);
            }
        }

        return ValueTask.CompletedTask;
    }

    private void Forget()
    {
        while (_oldest.TryPeek(out var oldest) && (_oldest.Count >= Capacity || IsOver(_ids[oldest])))
        {
            _oldest.Dequeue();
            _ids.Remove(oldest);
        }
    }

    private bool IsOver(DateTimeOffset since) => timeProvider.GetUtcNow() - since >= retention;

    private static UInt128 Digest(string webhookId)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(webhookId), digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
