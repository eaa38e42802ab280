using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Fills options from the registration's configuration section. It never throws, because any thread may reload the
/// configuration. Invalid values are recorded, and <see cref="CurrentVerifiers"/> rejects them.
/// </summary>
internal sealed class OptionsFromConfiguration(WebhookRegistration registration, IConfiguration? configuration)
    : IConfigureNamedOptions<OpenAIWebhooksOptions>, IPostConfigureOptions<OpenAIWebhooksOptions>
{
    private const StringSplitOptions SplitOptions = StringSplitOptions.RemoveEmptyEntries;

    public void Configure(OpenAIWebhooksOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, OpenAIWebhooksOptions options)
    {
        if (name != registration.Name || configuration?.GetSection(registration.Section) is not { } section)
        {
            return;
        }

        var secrets = section.GetSection(nameof(options.Secrets));
        var values = secrets.GetChildren().Select(child => child.Value).Prepend(secrets.Value);
        if (registration.IsDefault)
        {
            values = values.Append(configuration[WebhookRegistration.SecretVariable]);
        }

        // During a rotation, the variable holds two secrets, or one that is not in the list.
        foreach (
            string secret in values.SelectMany(value => (value ?? "").Split((char[]?)null, SplitOptions)).Distinct())
        {
            options.Secrets.Add(secret);
        }

        if (secrets.GetChildren().FirstOrDefault(child => child.GetChildren().Any()) is { } nested)
        {
            options.InvalidSetting = $"{nested.Path} is a section, not a secret. Set {nested.Path} itself to one.";
        }

        if (section["Secret"] is not null)
        {
            options.InvalidSetting = $"{section.Path}:Secret is not an option. Set "
                + $"{section.Path}:{nameof(options.Secrets)} instead, to one secret or a list.";
        }

        if (section[nameof(options.Tolerance)] is { Length: > 0 } tolerance)
        {
            if (TimeSpan.TryParse(tolerance, CultureInfo.InvariantCulture, out var duration))
            {
                options.Tolerance = duration;
            }
            else
            {
                options.InvalidSetting = $"{section.Path}:{nameof(options.Tolerance)} is not a duration. Write it as "
                    + "hours:minutes:seconds, such as 00:05:00.";
            }
        }

        if (section[nameof(options.MaxBodyBytes)] is { Length: > 0 } maxBodyBytes)
        {
            if (int.TryParse(maxBodyBytes, NumberStyles.None, CultureInfo.InvariantCulture, out int bytes))
            {
                options.MaxBodyBytes = bytes;
            }
            else
            {
                options.InvalidSetting = $"{section.Path}:{nameof(options.MaxBodyBytes)} is not a number of bytes from "
                    + $"1 to {int.MaxValue}.";
            }
        }
    }

    public void PostConfigure(string? name, OpenAIWebhooksOptions options)
    {
        if (name != registration.Name)
        {
            return;
        }

        var secrets = new WebhookSecrets();
        foreach (string secret in options.Secrets ?? [])
        {
            if (!string.IsNullOrWhiteSpace(secret))
            {
                secrets.Add(secret);
            }
        }

        options.Secrets = secrets;
    }
}
