using System.Collections.Concurrent;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>When each registration last received an authentic delivery, and when and why it last rejected a request.</summary>
internal sealed class LastRequests(TimeProvider? timeProvider = null)
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly TimeProvider _timeProvider = timeProvider ?? TimeProvider.System;

    public Entry Get(WebhookRegistration registration) => _entries.GetOrAdd(registration.Name, static _ => new Entry());

    public void SetAuthentic(WebhookRegistration registration) => Get(registration).Authentic = new(_timeProvider.GetUtcNow(), "");

    public void SetRefused(WebhookRegistration registration, string failure) => Get(registration).Refused = new(_timeProvider.GetUtcNow(), failure);

    internal sealed class Entry
    {
        private volatile Moment? _authentic;
        private volatile Moment? _refused;

        public Moment? Authentic { get => _authentic; set => _authentic = value; }

        public Moment? Refused { get => _refused; set => _refused = value; }
    }

    internal sealed record Moment(DateTimeOffset Time, string Failure);
}
