using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An event that this version knows: the base of all records but <see cref="UnknownWebhookEvent"/>. The name is
/// OpenAI's name for what a webhook unwraps to.
/// </summary>
/// <remarks>
/// <para>
/// Read events with <see cref="WebhookEvent.Parse(string)"/>, or as <see cref="WebhookEvent"/> with any options. If you
/// read as <see cref="UnwrapWebhookEvent"/>, System.Text.Json applies these attributes itself. The options then need
/// <see cref="JsonSerializerOptions.AllowOutOfOrderMetadataProperties"/>, because OpenAI does not send <c>type</c>
/// first, and a newer type is an error. The options, not this library's rules, then decide how null, duplicates and an
/// absent <c>object</c> (which becomes <c>event</c>) are treated.
/// </para>
/// <para>
/// The attributes are the only list of events; everything else is derived from it. Each event's record repeats its own
/// line of the list, because System.Text.Json ignores the union when it is given the record's own type. Without the
/// line, it would write no <c>type</c>, and would accept the payload of any other event. A type with such a line cannot
/// be sealed, so the records are not sealed.
/// </para>
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentEnvironmentExpiredWebhookEvent), WebhookEventTypes.AgentEnvironmentExpired)]
[JsonDerivedType(typeof(AgentEnvironmentFailedWebhookEvent), WebhookEventTypes.AgentEnvironmentFailed)]
[JsonDerivedType(typeof(AgentEnvironmentReadyWebhookEvent), WebhookEventTypes.AgentEnvironmentReady)]
[JsonDerivedType(typeof(AgentEnvironmentSuspendedWebhookEvent), WebhookEventTypes.AgentEnvironmentSuspended)]
[JsonDerivedType(typeof(AgentSessionActionRequiredWebhookEvent), WebhookEventTypes.AgentSessionActionRequired)]
[JsonDerivedType(typeof(AgentSessionCreatedWebhookEvent), WebhookEventTypes.AgentSessionCreated)]
[JsonDerivedType(typeof(AgentSessionFailedWebhookEvent), WebhookEventTypes.AgentSessionFailed)]
[JsonDerivedType(typeof(AgentSessionIdleWebhookEvent), WebhookEventTypes.AgentSessionIdle)]
[JsonDerivedType(typeof(AgentSessionInProgressWebhookEvent), WebhookEventTypes.AgentSessionInProgress)]
[JsonDerivedType(typeof(BatchCancelledWebhookEvent), WebhookEventTypes.BatchCancelled)]
[JsonDerivedType(typeof(BatchCompletedWebhookEvent), WebhookEventTypes.BatchCompleted)]
[JsonDerivedType(typeof(BatchExpiredWebhookEvent), WebhookEventTypes.BatchExpired)]
[JsonDerivedType(typeof(BatchFailedWebhookEvent), WebhookEventTypes.BatchFailed)]
[JsonDerivedType(typeof(EvalRunCanceledWebhookEvent), WebhookEventTypes.EvalRunCanceled)]
[JsonDerivedType(typeof(EvalRunFailedWebhookEvent), WebhookEventTypes.EvalRunFailed)]
[JsonDerivedType(typeof(EvalRunSucceededWebhookEvent), WebhookEventTypes.EvalRunSucceeded)]
[JsonDerivedType(typeof(FineTuningJobCancelledWebhookEvent), WebhookEventTypes.FineTuningJobCancelled)]
[JsonDerivedType(typeof(FineTuningJobFailedWebhookEvent), WebhookEventTypes.FineTuningJobFailed)]
[JsonDerivedType(typeof(FineTuningJobSucceededWebhookEvent), WebhookEventTypes.FineTuningJobSucceeded)]
[JsonDerivedType(typeof(LiveCallIncomingWebhookEvent), WebhookEventTypes.LiveCallIncoming)]
[JsonDerivedType(typeof(LiveTransportConnectedWebhookEvent), WebhookEventTypes.LiveTransportConnected)]
[JsonDerivedType(typeof(LiveTransportIncomingWebhookEvent), WebhookEventTypes.LiveTransportIncoming)]
[JsonDerivedType(typeof(RealtimeCallIncomingWebhookEvent), WebhookEventTypes.RealtimeCallIncoming)]
[JsonDerivedType(typeof(ResponseCancelledWebhookEvent), WebhookEventTypes.ResponseCancelled)]
[JsonDerivedType(typeof(ResponseCompletedWebhookEvent), WebhookEventTypes.ResponseCompleted)]
[JsonDerivedType(typeof(ResponseFailedWebhookEvent), WebhookEventTypes.ResponseFailed)]
[JsonDerivedType(typeof(ResponseIncompleteWebhookEvent), WebhookEventTypes.ResponseIncomplete)]
[JsonDerivedType(typeof(SafetyAlertCreatedWebhookEvent), WebhookEventTypes.SafetyAlertCreated)]
[JsonDerivedType(typeof(SafetyDeactivationIssuedWebhookEvent), WebhookEventTypes.SafetyDeactivationIssued)]
[JsonDerivedType(typeof(SafetyOrgAlertCreatedWebhookEvent), WebhookEventTypes.SafetyOrgAlertCreated)]
[JsonDerivedType(typeof(SafetyWarningIssuedWebhookEvent), WebhookEventTypes.SafetyWarningIssued)]
public abstract record UnwrapWebhookEvent : WebhookEvent, IJsonOnSerializing, IJsonOnDeserialized
{
    internal const string UseParse = "Call WebhookEvent.Parse<TEvent>, which reads an event of the given type, or "
        + "WebhookEvent.Parse, which reads an event of any type.";

    private protected UnwrapWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>
    /// Not callable: <c>BatchFailedWebhookEvent.Parse(json)</c> would return an event of any type.
    /// </summary>
    /// <param name="json">Not used.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Obsolete(UseParse, error: true), EditorBrowsable(EditorBrowsableState.Never)]
    public static new WebhookEvent Parse(string json) => throw new NotSupportedException(UseParse);

    /// <summary>Not callable, as for text.</summary>
    /// <param name="utf8Json">Not used.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Obsolete(UseParse, error: true), EditorBrowsable(EditorBrowsableState.Never)]
    public static new WebhookEvent Parse(ReadOnlySpan<byte> utf8Json) => throw new NotSupportedException(UseParse);

    /// <summary>Reads the <c>data</c> at the reader's position, in the format of this family's events.</summary>
    internal abstract object ReadData(ref Utf8JsonReader reader);

    /// <summary>System.Text.Json calls this before it writes the event, regardless of the static type.</summary>
    /// <exception cref="NotSupportedException">The record is derived from one of this library's.</exception>
    void IJsonOnSerializing.OnSerializing() => RequireOwnRecord();

    /// <summary>System.Text.Json calls this after it has read the event without this library's reader.</summary>
    /// <exception cref="NotSupportedException">The record is derived from one of this library's.</exception>
    void IJsonOnDeserialized.OnDeserialized() => RequireOwnRecord();

    internal sealed override void WriteTo(Utf8JsonWriter writer)
    {
        RequireOwnRecord();
        JsonSerializer.Serialize(writer, this, WebhookJsonContext.Default.UnwrapWebhookEvent);
    }

    // System.Text.Json would write a derived record without its type, and would read any event as the derived record.
    private void RequireOwnRecord()
    {
        if (KnownEvent.TypeOf(GetType()) is null)
        {
            throw new NotSupportedException(
                $"{GetType()} is derived from an event of {nameof(OpenAI)}.{nameof(Webhooks)}, so it has no wire "
                + "format. Instead of deriving, hold the event in a property of your own type.");
        }
    }

    /// <summary>
    /// Copies this event with other content; <paramref name="data"/> comes from <see cref="ReadData"/>.
    /// </summary>
    internal abstract UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data);
}
