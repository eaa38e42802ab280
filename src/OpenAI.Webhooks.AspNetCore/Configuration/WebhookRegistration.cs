namespace OpenAI.Webhooks.AspNetCore;

/// <summary>One call of <c>AddOpenAIWebhooks</c>: the name of its options, and what follows from it.</summary>
internal sealed record WebhookRegistration(string Name)
{
    public const string FallbackKey = "OPENAI_WEBHOOK_SECRET";

    private const string SecretPrefix = "whsec_";

    private static readonly string[] Keys =
        [nameof(OpenAIWebhooksOptions.Secrets), nameof(OpenAIWebhooksOptions.Tolerance), nameof(OpenAIWebhooksOptions.MaxBodyBytes)];

    public bool IsDefault => Name.Length == 0;

    public string Section => IsDefault ? "OpenAI:Webhooks" : $"OpenAI:Webhooks:{Name}";

    /// <summary>How the call is written.</summary>
    public string AddCall => IsDefault ? "AddOpenAIWebhooks()" : $"AddOpenAIWebhooks(\"{Name}\")";

    /// <summary>What to set for there to be a secret.</summary>
    public string WhatToSet => IsDefault
        ? $"Set {Section}:Secrets:0 in the configuration, or the environment variable {FallbackKey}"
        : $"Set {Section}:Secrets:0 in the configuration";

    /// <summary>A registration of a name that can be one.</summary>
    /// <exception cref="ArgumentException">
    /// It is a secret (the message does not repeat it), or would share configuration or remembered ids with another.
    /// </exception>
    public static WebhookRegistration Of(string name, string paramName)
    {
        RefuseSecret(name, paramName);
        if (name.Contains(':', StringComparison.Ordinal) || Keys.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException(
                $"The name '{name}' cannot be told apart from other keys of the configuration section OpenAI:Webhooks. Choose one without a colon that is not among {string.Join(", ", Keys)}.", paramName);
        }

        return new(name);
    }

    /// <summary>The registration of a name.</summary>
    /// <exception cref="ArgumentException">The name is a secret.</exception>
    /// <exception cref="InvalidOperationException">There is none; the message says which call is missing.</exception>
    public static WebhookRegistration Find(IEnumerable<WebhookRegistration> registrations, string? name, string caller)
    {
        var registration = new WebhookRegistration(name ?? "");
        RefuseSecret(registration.Name, nameof(name));
        if (registrations.Contains(registration))
        {
            return registration;
        }

        string others = string.Join(", ", registrations.Select(other => other.AddCall));
        throw new InvalidOperationException(
            $"{caller} needs services that are not registered. Call {registration.AddCall} before the application is built{(others.Length == 0 ? "" : $", or give the name of what is registered: {others}")}.");
    }

    /// <exception cref="ArgumentException">The text, a name or a route, is a secret.</exception>
    public static void RefuseSecret(string text, string paramName)
    {
        if (text.Contains(SecretPrefix, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException(
                $"This is a webhook secret where a name or a route is expected. Secrets go into the options: {new WebhookRegistration("").WhatToSet}.", paramName);
        }
    }
}
