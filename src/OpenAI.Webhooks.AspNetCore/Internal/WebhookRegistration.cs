using Microsoft.Extensions.Configuration;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>One call of <c>AddOpenAIWebhooks</c>: the name of its options, and what follows from it.</summary>
internal sealed record WebhookRegistration(string Name)
{
    private const string FallbackKey = "OPENAI_WEBHOOK_SECRET";

    private bool IsDefault => Name.Length == 0;

    public string Section => IsDefault ? "OpenAI:Webhooks" : $"OpenAI:Webhooks:{Name}";

    /// <summary>How the call is written.</summary>
    public string AddCall => IsDefault ? "AddOpenAIWebhooks()" : $"AddOpenAIWebhooks(\"{Name}\")";

    /// <summary>What to set for there to be a secret.</summary>
    public string WhatToSet => IsDefault
        ? $"Set {Section}:Secrets:0 in the configuration, or the environment variable {FallbackKey}"
        : $"Set {Section}:Secrets:0 in the configuration";

    /// <summary>The one secret of an application that has no other, or null.</summary>
    public string? FallbackSecret(IConfiguration configuration) => IsDefault ? configuration[FallbackKey] : null;
}
