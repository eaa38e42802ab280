using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Writes a health report and its data as JSON, so that <c>openai-webhooks doctor</c> can read what it cannot check
/// from outside. Safe to share between threads.
/// </summary>
public static class WebhookHealthResponse
{
    /// <summary>
    /// Writes the report: <c>status</c>, and for each check in <c>entries</c> its <c>status</c>, <c>description</c> and
    /// <c>data</c>. Exceptions are left out.
    /// </summary>
    /// <remarks>
    /// The data contains the endpoints, the handled types and the last four characters of each secret. Restrict access
    /// to operators.
    /// </remarks>
    /// <example>
    /// <code>
    /// app.MapHealthChecks("/health/webhooks", new HealthCheckOptions { ResponseWriter =
    /// WebhookHealthResponse.WriteAsync });
    /// </code>
    /// </example>
    /// <param name="context">The request. Must not be null.</param>
    /// <param name="report">The report. Must not be null.</param>
    /// <returns>A task that ends when the response is written.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="context"/> or <paramref name="report"/> is null.
    /// </exception>
    public static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(report);
        context.Response.ContentType = "application/json";
        var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        await using (writer.ConfigureAwait(false))
        {
            Write(writer, report);
            await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static void Write(Utf8JsonWriter writer, HealthReport report)
    {
        writer.WriteStartObject();
        writer.WriteString("status"u8, report.Status.ToString());
        writer.WriteStartObject("entries"u8);
        foreach (var (name, entry) in report.Entries)
        {
            writer.WriteStartObject(name);
            writer.WriteString("status"u8, entry.Status.ToString());
            writer.WriteString("description"u8, entry.Description);
            writer.WriteStartObject("data"u8);
            foreach (var (key, value) in entry.Data)
            {
                writer.WritePropertyName(key);
                Write(writer, value);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, object value)
    {
        switch (value)
        {
            case int number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case IEnumerable<string> texts:
                writer.WriteStartArray();
                foreach (string text in texts)
                {
                    writer.WriteStringValue(text);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteStringValue(value.ToString());
                break;
        }
    }
}
