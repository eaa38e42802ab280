namespace OpenAI.Webhooks.Tool;

/// <summary>
/// One event of each type, with every possible field. The ids are invented, like those in OpenAI's own test events.
/// </summary>
internal static class SampleEvents
{
    private static readonly SipHeaders Headers = new([
        new SipHeader("From", "<sip:+15550100@example.com>;tag=1"),
        new SipHeader("To", "<sip:+15550199@sip.example.com>"),
        new SipHeader("Call-ID", "call-123@example.com"),
    ]);

    /// <summary>The types that have samples: all types that this version knows.</summary>
    public static IReadOnlyList<string> Types => WebhookEventTypes.Of<UnwrapWebhookEvent>();

    /// <summary>Creates a sample event.</summary>
    /// <exception cref="ToolException">There is no such type.</exception>
    public static UnwrapWebhookEvent Create(string type, DateTimeOffset now)
    {
        string id = $"evt_sample_{Guid.NewGuid():N}";

        // OpenAI's timestamps are whole seconds.
        now = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        return type switch
        {
            WebhookEventTypes.AgentEnvironmentExpired => new AgentEnvironmentExpiredWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Environment,
            },
            WebhookEventTypes.AgentEnvironmentFailed => new AgentEnvironmentFailedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Environment,
            },
            WebhookEventTypes.AgentEnvironmentReady => new AgentEnvironmentReadyWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Environment,
            },
            WebhookEventTypes.AgentEnvironmentSuspended => new AgentEnvironmentSuspendedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Environment,
            },
            WebhookEventTypes.AgentSessionActionRequired => new AgentSessionActionRequiredWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new() { Id = "session_sample", RequiredAction = new() { Type = "function_call" } },
            },
            WebhookEventTypes.AgentSessionCreated => new AgentSessionCreatedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Session,
            },
            WebhookEventTypes.AgentSessionFailed => new AgentSessionFailedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Session,
            },
            WebhookEventTypes.AgentSessionIdle => new AgentSessionIdleWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Session,
            },
            WebhookEventTypes.AgentSessionInProgress => new AgentSessionInProgressWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Session,
            },
            WebhookEventTypes.BatchCancelled => new BatchCancelledWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Batch,
            },
            WebhookEventTypes.BatchCompleted => new BatchCompletedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Batch,
            },
            WebhookEventTypes.BatchExpired => new BatchExpiredWebhookEvent { Id = id, CreatedAt = now, Data = Batch },
            WebhookEventTypes.BatchFailed => new BatchFailedWebhookEvent { Id = id, CreatedAt = now, Data = Batch },
            WebhookEventTypes.EvalRunCanceled => new EvalRunCanceledWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = EvalRun,
            },
            WebhookEventTypes.EvalRunFailed => new EvalRunFailedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = EvalRun,
            },
            WebhookEventTypes.EvalRunSucceeded => new EvalRunSucceededWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = EvalRun,
            },
            WebhookEventTypes.FineTuningJobCancelled => new FineTuningJobCancelledWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = FineTuningJob,
            },
            WebhookEventTypes.FineTuningJobFailed => new FineTuningJobFailedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = FineTuningJob,
            },
            WebhookEventTypes.FineTuningJobSucceeded => new FineTuningJobSucceededWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = FineTuningJob,
            },
            WebhookEventTypes.LiveCallIncoming => new LiveCallIncomingWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new() { SessionId = "live_sample", SipHeaders = Headers, SipMediaSecurity = "srtp" },
            },
            WebhookEventTypes.LiveTransportConnected => new LiveTransportConnectedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new() { SessionId = "live_sample", Type = "sip" },
            },
            WebhookEventTypes.LiveTransportIncoming => new LiveTransportIncomingWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new()
                {
                    SessionId = "live_sample",
                    Type = "sip",
                    SipHeaders = Headers,
                    SipMediaSecurity = "srtp",
                },
            },
            WebhookEventTypes.RealtimeCallIncoming => new RealtimeCallIncomingWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new() { CallId = "rtc_sample", SipHeaders = Headers, SipMediaSecurity = "srtp" },
            },
            WebhookEventTypes.ResponseCancelled => new ResponseCancelledWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Response,
            },
            WebhookEventTypes.ResponseCompleted => new ResponseCompletedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Response,
            },
            WebhookEventTypes.ResponseFailed => new ResponseFailedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Response,
            },
            WebhookEventTypes.ResponseIncomplete => new ResponseIncompleteWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = Response,
            },
            WebhookEventTypes.SafetyAlertCreated => new SafetyAlertCreatedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new() { Id = "alert_sample" },
            },
            WebhookEventTypes.SafetyDeactivationIssued => new SafetyDeactivationIssuedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new() { Id = "case_sample" },
            },
            WebhookEventTypes.SafetyOrgAlertCreated => new SafetyOrgAlertCreatedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new() { Id = "alert_sample" },
            },
            WebhookEventTypes.SafetyWarningIssued => new SafetyWarningIssuedWebhookEvent
            {
                Id = id,
                CreatedAt = now,
                Data = new() { Id = "case_sample" },
            },
            _ => throw new ToolException($"There is no sample of {type}. Types: {string.Join(", ", Types)}. For "
                + "another type, write a payload to a file and use --file."),
        };
    }

    /// <summary>Writes an event of a type that only handlers for all events receive.</summary>
    public static string CreateUnhandled()
        => $$$"""
        {
            "id": "evt_doctor_{{{Guid.NewGuid():N}}}",
            "object": "event",
            "created_at": {{{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}}},
            "type": "openai_webhooks.doctor",
            "data": {"id": "doctor"}
        }
        """;

    private static AgentEnvironmentEventData Environment => new() { Id = "env_sample" };

    private static AgentSessionEventData Session => new()
    {
        Id = "session_sample",
        EnvironmentType = "remote",
        EnvironmentId = "env_sample",
        Connect = new() { RemoteUrl = "wss://example.com/session_sample" },
    };

    private static BatchEventData Batch => new() { Id = "batch_sample" };

    private static EvalRunEventData EvalRun => new() { Id = "evalrun_sample" };

    private static FineTuningJobEventData FineTuningJob => new() { Id = "ftjob_sample" };

    private static ResponseEventData Response => new() { Id = "resp_sample" };
}
