using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Remembers handled deliveries in this process, if the application has no cache. The number of ids is bounded, and the
/// oldest id is forgotten first. Every id takes the same few bytes, regardless of its length.
/// </summary>
internal sealed class InProcessHandledIds(TimeSpan retention, TimeProvider timeProvider) : HandledIds
{
    /// <summary>Takes about 10 MB. Enough for one delivery every 3.5 seconds over 4 days.</summary>
    private const int Capacity = 100_000;

    private readonly object _gate = new();
    private readonly Dictionary<UInt128, DateTimeOffset> _ids = [];
    private readonly Queue<UInt128> _oldest = new();

    public override ValueTask<bool?> ContainsAsync(string path, string webhookId)
    {
        var id = Digest(path, webhookId);
        lock (_gate)
        {
            return new(_ids.TryGetValue(id, out var since) && !IsExpired(since));
        }
    }

    public override ValueTask AddAsync(string path, string webhookId)
    {
        var id = Digest(path, webhookId);
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
        while (_oldest.TryPeek(out var oldest) && (_oldest.Count >= Capacity || IsExpired(_ids[oldest])))
        {
            _oldest.Dequeue();
            _ids.Remove(oldest);
        }
    }

    private bool IsExpired(DateTimeOffset since) => timeProvider.GetUtcNow() - since >= retention;

    private static UInt128 Digest(string path, string webhookId)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{path}\n{webhookId}"), digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
