namespace OpenAI.Webhooks.AspNetCore;

/// <summary>One call of <c>AddOpenAIWebhooks</c>: its options name, and values derived from the name.</summary>
internal sealed record WebhookRegistration(string Name)
{
    public const string SecretVariable = "OPENAI_WEBHOOK_SECRET";

    private const string SecretPrefix = "whsec_";

    // The keys of the options without a name stand beside the names, in the same section.
    private static readonly string[] Keys =
        [.. typeof(OpenAIWebhooksOptions).GetProperties().Select(option => option.Name)];

    public bool IsDefault => Name.Length == 0;

    public string Section => IsDefault ? "OpenAI:Webhooks" : $"OpenAI:Webhooks:{Name}";

    /// <summary>How the call is written.</summary>
    public string AddCall => IsDefault ? "AddOpenAIWebhooks()" : $"AddOpenAIWebhooks(\"{Name}\")";

    /// <summary>The setting to use for the secret, as an instruction.</summary>
    public string WhatToSet => IsDefault
        ? $"Set {Section}:Secrets:0 in the configuration, or the environment variable {SecretVariable}"
        : $"Set {Section}:Secrets:0 in the configuration";

    /// <summary>Creates a registration after validating its name.</summary>
    /// <exception cref="ArgumentException">
    /// The name is a secret (the message does not repeat it), or it would share configuration or remembered ids with
    /// another name.
    /// </exception>
    public static WebhookRegistration Of(string name, string paramName)
    {
        RefuseSecret(name, paramName);
        if (name.Contains(':', StringComparison.Ordinal) || Keys.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException(
                $"The name '{name}' conflicts with other keys of the configuration section OpenAI:Webhooks. Choose a "
                + $"name without a colon, other than {string.Join(", ", Keys)}.", paramName);
        }

        return new(name);
    }

    /// <summary>Finds the registration with a name.</summary>
    /// <exception cref="ArgumentException">The name is a secret.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is no such registration. The message says which call is missing.
    /// </exception>
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
            $"{caller} needs services that are not registered. Call {registration.AddCall} before the application is "
            + $"built{(others.Length == 0 ? "" : $", or pass a registered name: {others}")}.");
    }

    /// <exception cref="ArgumentException">The name or route is a secret.</exception>
    public static void RefuseSecret(string text, string paramName)
    {
        if (text.Contains(SecretPrefix, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException(
                "A webhook secret was passed as a name or route. Set the secret in the options instead: "
                + $"{new WebhookRegistration("").WhatToSet}.", paramName);
        }
    }
}
