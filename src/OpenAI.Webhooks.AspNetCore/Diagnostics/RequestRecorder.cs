using System.Collections.Concurrent;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Counts the outcomes of requests. For each registration, it remembers when the last authentic delivery arrived, and
/// when the last request was rejected.
/// </summary>
internal sealed class RequestRecorder(WebhookTelemetry telemetry, TimeProvider? timeProvider = null)
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly TimeProvider _timeProvider = timeProvider ?? TimeProvider.System;

    /// <summary>What is remembered about a registration.</summary>
    public Entry Get(WebhookRegistration registration) => _entries.GetOrAdd(registration.Name, static _ => new Entry());

    /// <summary>
    /// Records an unwrapped request. The outcome of an accepted delivery is counted by the code that handles it.
    /// </summary>
    public void Record(WebhookRegistration registration, UnwrappedRequest request)
    {
        switch (request.Problem)
        {
            case null:
                Get(registration).Authentic = new(_timeProvider.GetUtcNow());
                telemetry.RecordArrival(request.Delivery!.Event);
                break;
            case RequestProblem.Unreadable:
                // The delivery may still be stored, so the receiver counts it.
                Get(registration).Authentic = new(_timeProvider.GetUtcNow());
                break;
            case RequestProblem.Aborted:
                RecordAborted();
                break;
            default:
                Get(registration).Rejected = new(_timeProvider.GetUtcNow());
                if (request.Problem == RequestProblem.TooLarge)
                {
                    telemetry.Count(WebhookOutcome.TooLarge);
                }
                else
                {
                    telemetry.CountRefused(request.Code);
                }

                break;
        }
    }

    public void RecordAborted() => telemetry.Count(WebhookOutcome.Aborted);

    internal sealed class Entry
    {
        private volatile Arrival? _authentic;
        private volatile Arrival? _rejected;

        public Arrival? Authentic { get => _authentic; set => _authentic = value; }

        public Arrival? Rejected { get => _rejected; set => _rejected = value; }
    }

    internal sealed record Arrival(DateTimeOffset Time);
}
