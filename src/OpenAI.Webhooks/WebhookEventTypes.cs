namespace OpenAI.Webhooks;

/// <summary>The types of event that OpenAI sends, as the wire spells them (<c>type</c> in the payload).</summary>
public static class WebhookEventTypes
{
    /// <summary>A batch was cancelled: <see cref="BatchCancelledWebhookEvent"/>.</summary>
    public const string BatchCancelled = "batch.cancelled";

    /// <summary>A batch finished: <see cref="BatchCompletedWebhookEvent"/>.</summary>
    public const string BatchCompleted = "batch.completed";

    /// <summary>A batch ran out of time: <see cref="BatchExpiredWebhookEvent"/>.</summary>
    public const string BatchExpired = "batch.expired";

    /// <summary>A batch failed: <see cref="BatchFailedWebhookEvent"/>.</summary>
    public const string BatchFailed = "batch.failed";

    /// <summary>An eval run was canceled (with one l, unlike the others): <see cref="EvalRunCanceledWebhookEvent"/>.</summary>
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
}
