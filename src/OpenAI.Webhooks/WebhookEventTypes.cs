namespace OpenAI.Webhooks;

/// <summary>The types of event that OpenAI sends, as written in <c>type</c> in the payload.</summary>
public static class WebhookEventTypes
{
    /// <summary>An agent environment expired: <see cref="AgentEnvironmentExpiredWebhookEvent"/>.</summary>
    public const string AgentEnvironmentExpired = "agent.environment.expired";

    /// <summary>An agent environment could not be set up: <see cref="AgentEnvironmentFailedWebhookEvent"/>.</summary>
    public const string AgentEnvironmentFailed = "agent.environment.failed";

    /// <summary>An agent environment is ready: <see cref="AgentEnvironmentReadyWebhookEvent"/>.</summary>
    public const string AgentEnvironmentReady = "agent.environment.ready";

    /// <summary>An agent environment was suspended: <see cref="AgentEnvironmentSuspendedWebhookEvent"/>.</summary>
    public const string AgentEnvironmentSuspended = "agent.environment.suspended";

    /// <summary>An agent session waits for something: <see cref="AgentSessionActionRequiredWebhookEvent"/>.</summary>
    public const string AgentSessionActionRequired = "agent.session.action_required";

    /// <summary>An agent session was created: <see cref="AgentSessionCreatedWebhookEvent"/>.</summary>
    public const string AgentSessionCreated = "agent.session.created";

    /// <summary>An agent session failed: <see cref="AgentSessionFailedWebhookEvent"/>.</summary>
    public const string AgentSessionFailed = "agent.session.failed";

    /// <summary>An agent session is idle: <see cref="AgentSessionIdleWebhookEvent"/>.</summary>
    public const string AgentSessionIdle = "agent.session.idle";

    /// <summary>An agent session works on a turn: <see cref="AgentSessionInProgressWebhookEvent"/>.</summary>
    public const string AgentSessionInProgress = "agent.session.in_progress";

    /// <summary>A batch was cancelled: <see cref="BatchCancelledWebhookEvent"/>.</summary>
    public const string BatchCancelled = "batch.cancelled";

    /// <summary>A batch finished: <see cref="BatchCompletedWebhookEvent"/>.</summary>
    public const string BatchCompleted = "batch.completed";

    /// <summary>A batch ran out of time: <see cref="BatchExpiredWebhookEvent"/>.</summary>
    public const string BatchExpired = "batch.expired";

    /// <summary>A batch failed: <see cref="BatchFailedWebhookEvent"/>.</summary>
    public const string BatchFailed = "batch.failed";

    /// <summary>
    /// An eval run was canceled (with one l, unlike the others): <see cref="EvalRunCanceledWebhookEvent"/>.
    /// </summary>
    public const string EvalRunCanceled = "eval.run.canceled";

    /// <summary>An eval run failed: <see cref="EvalRunFailedWebhookEvent"/>.</summary>
    public const string EvalRunFailed = "eval.run.failed";

    /// <summary>An eval run succeeded: <see cref="EvalRunSucceededWebhookEvent"/>.</summary>
    public const string EvalRunSucceeded = "eval.run.succeeded";

    /// <summary>A fine-tuning job was cancelled: <see cref="FineTuningJobCancelledWebhookEvent"/>.</summary>
    public const string FineTuningJobCancelled = "fine_tuning.job.cancelled";

    /// <summary>A fine-tuning job failed: <see cref="FineTuningJobFailedWebhookEvent"/>.</summary>
    public const string FineTuningJobFailed = "fine_tuning.job.failed";

    /// <summary>A fine-tuning job succeeded: <see cref="FineTuningJobSucceededWebhookEvent"/>.</summary>
    public const string FineTuningJobSucceeded = "fine_tuning.job.succeeded";

    /// <summary>Deprecated: a call waits for the Live API: <see cref="LiveCallIncomingWebhookEvent"/>.</summary>
    public const string LiveCallIncoming = "live.call.incoming";

    /// <summary>A Live session became active: <see cref="LiveTransportConnectedWebhookEvent"/>.</summary>
    public const string LiveTransportConnected = "live.transport.connected";

    /// <summary>A call waits for the Live API: <see cref="LiveTransportIncomingWebhookEvent"/>.</summary>
    public const string LiveTransportIncoming = "live.transport.incoming";

    /// <summary>A call waits for the Realtime API: <see cref="RealtimeCallIncomingWebhookEvent"/>.</summary>
    public const string RealtimeCallIncoming = "realtime.call.incoming";

    /// <summary>A background response was cancelled: <see cref="ResponseCancelledWebhookEvent"/>.</summary>
    public const string ResponseCancelled = "response.cancelled";

    /// <summary>A background response finished: <see cref="ResponseCompletedWebhookEvent"/>.</summary>
    public const string ResponseCompleted = "response.completed";

    /// <summary>A background response failed: <see cref="ResponseFailedWebhookEvent"/>.</summary>
    public const string ResponseFailed = "response.failed";

    /// <summary>A background response stopped early: <see cref="ResponseIncompleteWebhookEvent"/>.</summary>
    public const string ResponseIncomplete = "response.incomplete";

    /// <summary>A safety alert can be read: <see cref="SafetyAlertCreatedWebhookEvent"/>.</summary>
    public const string SafetyAlertCreated = "safety.alert.created";

    /// <summary>A safety identifier was deactivated: <see cref="SafetyDeactivationIssuedWebhookEvent"/>.</summary>
    public const string SafetyDeactivationIssued = "safety.deactivation_issued";

    /// <summary>A safety alert of a workspace can be read: <see cref="SafetyOrgAlertCreatedWebhookEvent"/>.</summary>
    public const string SafetyOrgAlertCreated = "safety.org_alert.created";

    /// <summary>A warning was issued for a safety identifier: <see cref="SafetyWarningIssuedWebhookEvent"/>.</summary>
    public const string SafetyWarningIssued = "safety.warning_issued";

    /// <summary>
    /// A video was generated. Endpoints can subscribe to this type, but OpenAI has published no schema, so it arrives
    /// as an <see cref="UnknownWebhookEvent"/>.
    /// </summary>
    public const string VideoCompleted = "video.completed";

    /// <summary>
    /// A video could not be generated. Endpoints can subscribe to this type, but OpenAI has published no schema, so it
    /// arrives as an <see cref="UnknownWebhookEvent"/>.
    /// </summary>
    public const string VideoFailed = "video.failed";

    /// <summary>
    /// Gets the types of the known events that are a <typeparamref name="TEvent"/>, in alphabetical order.
    /// </summary>
    /// <typeparam name="TEvent">
    /// An event's record, a family's, or <see cref="WebhookEvent"/> for all known events. For
    /// <see cref="UnknownWebhookEvent"/> there are none.
    /// </typeparam>
    /// <returns>
    /// The types, such as <c>batch.cancelled</c>, <c>batch.completed</c>, <c>batch.expired</c> and <c>batch.failed</c>.
    /// </returns>
    public static IReadOnlyList<string> Of<TEvent>()
        where TEvent : WebhookEvent
        => KnownEvent.TypesOf(typeof(TEvent));
}
