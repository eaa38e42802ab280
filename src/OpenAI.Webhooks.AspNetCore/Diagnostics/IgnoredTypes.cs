using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Warns about authentic deliveries without a handler: once per type and hour, with the number of deliveries dropped in
/// between.
/// </summary>
internal sealed class IgnoredTypes(ILogger<IgnoredTypes> logger, TimeProvider? timeProvider = null)
{
    // OpenAI has about thirty types. All types beyond this number share one limit.
    private const int MaxTypes = 200;

    // What openai-webhooks doctor sends, to find out what happens to a type that is not handled.
    private const string DoctorsType = "openai_webhooks.doctor";

    private readonly SafeLogger _logger = new(logger);
    private readonly ConcurrentDictionary<string, LogLimit> _limits = new(StringComparer.Ordinal);

    public void Log(WebhookDelivery delivery)
    {
        // OpenAI never sends this type: nobody is subscribed to it.
        if (delivery.Event.Type == DoctorsType)
        {
            return;
        }

        string type = PrintableText.Of(delivery.Event.Type);
        var limit = _limits.GetOrAdd(
            _limits.Count < MaxTypes || _limits.ContainsKey(type) ? type : "",
            _ => new LogLimit(timeProvider ?? TimeProvider.System, lines: 1, TimeSpan.FromHours(1)));
        if (limit.TryTake(out long leftOut))
        {
            _logger.Ignored(
                delivery.WebhookId,
                type,
                delivery.Event.GetType().Name,
                leftOut == 0 ? "" : $" {leftOut} more deliveries of this type were dropped since the last warning.");
        }
    }
}
