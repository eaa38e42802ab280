namespace OpenAI.Webhooks;

/// <summary>A payload and the headers that a <see cref="WebhookSigner"/> made for it: what goes into a request.</summary>
public sealed class SignedWebhook
{
    internal SignedWebhook(ReadOnlyMemory<byte> payload, WebhookHeaders headers)
    {
        Payload = payload;
        Headers = headers;
    }

    /// <summary>The body's bytes, to be sent as they are.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The three headers. Never null.</summary>
    public WebhookHeaders Headers { get; }
}
