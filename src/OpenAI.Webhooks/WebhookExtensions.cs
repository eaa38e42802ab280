using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// What C# 14 offers on the types themselves, as in <c>WebhookEvent.TryParse(json, out var webhookEvent)</c>.
/// </summary>
/// <remarks>
/// They are extensions because a minimal API binds a parameter whose type has a <c>TryParse</c> from the query, not
/// from the body.
/// </remarks>
public static class WebhookExtensions
{
    extension(WebhookEvent)
    {
        /// <summary>
        /// Reads an event of any type from a payload, or returns false if the payload is not an event.
        /// </summary>
        /// <param name="json">The payload. Null is not an event.</param>
        /// <param name="webhookEvent">The event, or null if the payload is not one.</param>
        /// <returns>
        /// True if the payload is an event. To find out why it is not, use <see cref="WebhookEvent.Parse(string)"/>.
        /// </returns>
        public static bool TryParse(
            [NotNullWhen(true), StringSyntax(StringSyntaxAttribute.Json)] string? json,
            [NotNullWhen(true)] out WebhookEvent? webhookEvent)
        {
            try
            {
                webhookEvent = json is null ? null : WebhookEvent.Parse(json);
            }
            catch (JsonException)
            {
                webhookEvent = null;
            }

            return webhookEvent is not null;
        }

        /// <summary>
        /// Reads an event of one type, or of one family, from a payload, or returns false if the payload is not one.
        /// </summary>
        /// <typeparam name="TEvent">
        /// The event's record, its family's, or <see cref="UnknownWebhookEvent"/>.
        /// </typeparam>
        /// <param name="json">The payload. Null is not an event.</param>
        /// <param name="webhookEvent">The event, or null if the payload is not one of this type.</param>
        /// <returns>
        /// True if the payload is such an event. To find out why it is not, use
        /// <see cref="WebhookEvent.Parse{TEvent}(string)"/>.
        /// </returns>
        public static bool TryParse<TEvent>(
            [NotNullWhen(true), StringSyntax(StringSyntaxAttribute.Json)] string? json,
            [NotNullWhen(true)] out TEvent? webhookEvent)
            where TEvent : WebhookEvent
        {
            webhookEvent = WebhookEvent.TryParse(json, out var any) ? any as TEvent : null;
            return webhookEvent is not null;
        }

        /// <summary>
        /// Reads an event of any type from a payload, or returns false if the payload is not an event.
        /// </summary>
        /// <param name="utf8Json">The payload as it was received, in UTF-8.</param>
        /// <param name="webhookEvent">The event, or null if the payload is not one.</param>
        /// <returns>
        /// True if the payload is an event. To find out why it is not, use
        /// <see cref="WebhookEvent.Parse(ReadOnlySpan{byte})"/>.
        /// </returns>
        public static bool TryParse(ReadOnlySpan<byte> utf8Json, [NotNullWhen(true)] out WebhookEvent? webhookEvent)
        {
            try
            {
                webhookEvent = WebhookEvent.Parse(utf8Json);
            }
            catch (JsonException)
            {
                webhookEvent = null;
            }

            return webhookEvent is not null;
        }

        /// <summary>
        /// Reads an event of one type, or of one family, from a payload, or returns false if the payload is not one.
        /// </summary>
        /// <typeparam name="TEvent">
        /// The event's record, its family's, or <see cref="UnknownWebhookEvent"/>.
        /// </typeparam>
        /// <param name="utf8Json">The payload as it was received, in UTF-8.</param>
        /// <param name="webhookEvent">The event, or null if the payload is not one of this type.</param>
        /// <returns>True if the payload is such an event.</returns>
        public static bool TryParse<TEvent>(ReadOnlySpan<byte> utf8Json, [NotNullWhen(true)] out TEvent? webhookEvent)
            where TEvent : WebhookEvent
        {
            webhookEvent = WebhookEvent.TryParse(utf8Json, out var any) ? any as TEvent : null;
            return webhookEvent is not null;
        }
    }
}
