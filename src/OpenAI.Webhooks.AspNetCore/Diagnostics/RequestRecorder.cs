using System.Collections.Concurrent;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Counts what came of requests, and remembers when each registration last received an authentic delivery, and when and why
/// it last rejected a request.
/// </summary>
internal sealed class RequestRecorder(WebhookTelemetry telemetry, TimeProvider? timeProvider = null)
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly TimeProvider _timeProvider = timeProvider ?? TimeProvider.System;

    /// <summary>What is remembered of a registration.</summary>
    public Entry Get(WebhookRegistration registration) => _entries.GetOrAdd(registration.Name, static _ => new Entry());

    /// <summary>Records a request that was unwrapped. What becomes of a delivery is counted by whoever handles it.</summary>
    public void Record(WebhookRegistration registration, UnwrappedRequest request)
    {
        switch (request.Problem)
        {
            case null:
                Get(registration).Authentic = new(_timeProvider.GetUtcNow(), "");
                telemetry.RecordArrival(request.Delivery!.Event);
                break;
            case RequestProblem.Unreadable:
                // It may still be stored, so whoever has it counts it.
                Get(registration).Authentic = new(_timeProvider.GetUtcNow(), "");
                break;
            case RequestProblem.Aborted:
                RecordAborted();
                break;
            case RequestProblem.TooLarge:
                Get(registration).Rejected = new(_timeProvider.GetUtcNow(), "too_large");
                telemetry.Count(WebhookOutcome.TooLarge);
                break;
            default:
                string failure = request.Problem switch
                {
                    RequestProblem.ReadBefore => "body_read_before",
                    RequestProblem.Malformed => "body_malformed",
                    RequestProblem.Encoded => "body_encoded",
                    _ => WebhookTelemetry.Name(request.Failure),
                };
                Get(registration).Rejected = new(_timeProvider.GetUtcNow(), failure);
                telemetry.CountRefused(failure);
                break;
        }
    }

    public void RecordAborted() => telemetry.Count(WebhookOutcome.Aborted);

    internal sealed class Entry
    {
        private volatile Moment? _authentic;
        private volatile Moment? _rejected;

        public Moment? Authentic { get => _authentic; set => _authentic = value; }

        public Moment? Rejected { get => _rejected; set => _rejected = value; }
    }

    internal sealed record Moment(DateTimeOffset Time, string Failure);
}
