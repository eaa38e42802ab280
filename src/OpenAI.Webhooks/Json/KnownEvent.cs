using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// An event type that this version knows, with a blank event for the reader to copy. Created from the attributes of
/// <see cref="UnwrapWebhookEvent"/>, so that a new event needs no second list.
/// </summary>
internal sealed class KnownEvent
{
    // Indexed by length: few names share one, so this is as fast as hashing.
    private static readonly Dictionary<int, KnownEvent[]> ByLength = WebhookJsonContext.Default.UnwrapWebhookEvent
        .PolymorphismOptions!.DerivedTypes
        .Select(derived => new KnownEvent((string)derived.TypeDiscriminator!, derived.DerivedType))
        .GroupBy(known => known._name.Length)
        .ToDictionary(group => group.Key, group => group.ToArray());

    private static readonly Dictionary<Type, string> ByRecord = WebhookJsonContext.Default.UnwrapWebhookEvent
        .PolymorphismOptions!.DerivedTypes
        .ToDictionary(derived => derived.DerivedType, derived => (string)derived.TypeDiscriminator!);

    private readonly byte[] _name;
    private readonly Lazy<UnwrapWebhookEvent> _blank;

    private KnownEvent(string type, Type record)
    {
        _name = Encoding.UTF8.GetBytes(type);

        // System.Text.Json already has the record's constructor. A blank event is created when its type first arrives.
        _blank = new(() => (UnwrapWebhookEvent)JsonSerializer.Deserialize(
            """{"id":null,"created_at":0,"data":null}""", WebhookJsonContext.Default.GetTypeInfo(record)!)!);
    }

    /// <summary>The blank event of a type, or null if the type is not known.</summary>
    public static UnwrapWebhookEvent? FindBlank(ReadOnlySpan<byte> type)
    {
        if (ByLength.TryGetValue(type.Length, out var candidates))
        {
            foreach (var known in candidates)
            {
                if (type.SequenceEqual(known._name))
                {
                    return known._blank.Value;
                }
            }
        }

        return null;
    }

    /// <summary>The <c>type</c> of a record in the union, or null if the record is a family.</summary>
    public static string? TypeOf(Type record) => ByRecord.TryGetValue(record, out string? type) ? type : null;

    /// <summary>The <c>type</c> values of a record and of the records derived from it.</summary>
    public static string[] TypesOf(Type record)
        => [.. ByRecord
            .Where(known => record.IsAssignableFrom(known.Key))
            .Select(known => known.Value)
            .OrderBy(type => type, StringComparer.Ordinal)];
}
