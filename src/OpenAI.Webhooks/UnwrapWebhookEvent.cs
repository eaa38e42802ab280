using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// The union of the events that this version knows, told apart by <c>type</c>; OpenAI's name for what a webhook
/// unwraps to. Its attributes are the one list of events: everything else here is made from it.
/// </summary>
/// <remarks>
/// <para>
/// Read with <see cref="WebhookEvent.Parse(string)"/>, or as a <see cref="WebhookEvent"/>, under any options. Read as
/// <see cref="UnwrapWebhookEvent"/>, System.Text.Json itself follows these attributes: the options then need
/// <see cref="JsonSerializerOptions.AllowOutOfOrderMetadataProperties"/>, because OpenAI does not send <c>type</c>
/// first, and a newer type is an error. Null, duplicates, and an absent <c>object</c> (which becomes <c>event</c>) are
/// then as the options have them, and not as this library does.
/// </para>
/// <para>
/// An event's record repeats its own line of the list, because System.Text.Json takes no notice of the union when it
/// is handed the record's own type: without the line it would write no <c>type</c>, and read any other event's
/// payload. A type with such a line cannot be sealed, so the records are not.
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
    private protected UnwrapWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Reads the <c>data</c> that the reader stands on, as the events of this family have it.</summary>
    internal abstract object ReadData(ref Utf8JsonReader reader);

    /// <summary>Called by System.Text.Json before it writes the event, whatever type it takes it for.</summary>
    /// <exception cref="NotSupportedException">The record is derived from one of this library's.</exception>
    void IJsonOnSerializing.OnSerializing() => RequireOwnRecord();

    /// <summary>Called by System.Text.Json when it has read the event by itself.</summary>
    /// <exception cref="NotSupportedException">The record is derived from one of this library's.</exception>
    void IJsonOnDeserialized.OnDeserialized() => RequireOwnRecord();

    internal sealed override void WriteTo(Utf8JsonWriter writer)
    {
        RequireOwnRecord();
        JsonSerializer.Serialize(writer, this, WebhookJsonContext.Default.UnwrapWebhookEvent);
    }

    // System.Text.Json would write a derived record without its type, and read any event as one.
    private void RequireOwnRecord()
    {
        if (KnownEvent.TypeOf(GetType()) is null)
        {
            throw new NotSupportedException(
                $"{GetType()} is derived from an event of {nameof(OpenAI)}.{nameof(Webhooks)}, and OpenAI's wire format knows nothing of it. Keep the event in a member of a type of your own instead.");
        }
    }

    /// <summary>A copy of this event with another content; <paramref name="data"/> is from <see cref="ReadData"/>.</summary>
    internal abstract UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data);
}
