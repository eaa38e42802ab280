using System.Text;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>What the benchmarks read: a delivery that OpenAI published, and two that stress what it does not.</summary>
internal static class Payloads
{
    public const string Published = "published delivery";
    public const string Sip = "SIP, 20 headers";
    public const string Unknown = "unknown, 4 KiB";

    public const string Secret = "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=";

    public static byte[] Get(string name) => Encoding.UTF8.GetBytes(name switch
    {
        Published =>
            """{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210,"""
            + """ "type": "response.completed", "data": {"id": "resp_123"}}""",
        Sip => Event("realtime.call.incoming", "\"call_id\": \"rtc_479a275623b54bdb9b6fbae2f7cbd408\", \"sip_headers\"",
            Enumerable.Range(0, 20).Select(
                i => $$"""{"name": "X-Header-{{i}}", "value": "sip:+1415555012{{i}}@sip.example.com"}""")),
        Unknown => Event("video.rendered", "\"frames\"", Enumerable.Range(0, 62).Select(
            i => $$"""{"index": {{i}}, "url": "https://example.com/frames/{{i}}", "done": true}""")),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    });

    private static string Event(string type, string members, IEnumerable<string> items)
        => $$"""
            {"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210,
            "type": "{{type}}", "data": { {{members}}: [{{string.Join(", ", items)}}] } }
            """;
}
