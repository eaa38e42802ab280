using System.Text;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Exceptions;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>Loggers that take objects apart find nothing secret or personal.</summary>
public class PrivateDataTests
{
    private const string Phone = "+14155550123";
    private const string Call =
        """{"id":"evt_1","created_at":1,"type":"realtime.call.incoming","data":{"call_id":"rtc_1",""" +
        """ "sip_headers":[{"name":"From","value":"<sip:""" + Phone + """@x>"}]}}""";

    [Fact]
    public void Destructured_objects_hold_no_secret_payload_signature_or_phone_number()
    {
        var signed = new WebhookSigner(TestApp.Secret).Sign(Call);
        var delivery = new WebhookVerifier(TestApp.Secret).Unwrap(signed.GetPayload(), signed.Headers);
        var unknown = WebhookEvent.Parse(Call.Replace("realtime.call.incoming", "newer"));
        var unreadable = new UnreadableWebhookException(new("x"), "wh_1", default, Encoding.UTF8.GetBytes(Call));
        var message = new WebhookMessage("wh_1", default, Encoding.UTF8.GetBytes(Call)) { EventType = "newer" };
        object[] all =
        [
            signed, delivery, unknown, unreadable, message, signed.Headers,
            new OpenAIWebhooksOptions { Secrets = [TestApp.Secret] },
            new WebhookVerifierOptions { Secrets = [TestApp.Secret] },
            new WebhookVerifier(TestApp.Secret), new WebhookSigner(TestApp.Secret),
        ];

        string logged = Log(logger =>
        {
            foreach (object each in all)
            {
                logger.Information("{@Each} {Text}", each, each);
            }

            logger.Error(unreadable, "unreadable");
            logger.Error(new InvalidOperationException("outer", unreadable), "inside of another");
            logger.Error("{@Exception}", unreadable);
        });

        logged.Should().ContainAll("wh_1", "rtc_1", "From", nameof(UnreadableWebhookException));
        foreach (
            string text in new[] { Phone, "RdvaYFYU", signed.Headers.ToDictionary()[WebhookHeaders.SignatureName] })
        {
            logged.Should().NotContain(text);
            logged.Should().NotContain(Convert.ToHexString(Encoding.UTF8.GetBytes(text))).And
                .NotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));
        }
    }

    private static string Log(Action<Serilog.ILogger> write)
    {
        var sink = new TextSink();
        using var logger = new LoggerConfiguration().Enrich.WithExceptionDetails().WriteTo.Sink(sink).CreateLogger();
        write(logger);
        return sink.Text.ToString();
    }

    private sealed class TextSink : ILogEventSink
    {
        public StringBuilder Text { get; } = new();

        public void Emit(LogEvent logEvent)
        {
            Text.AppendLine(logEvent.RenderMessage(System.Globalization.CultureInfo.InvariantCulture))
                .Append(logEvent.Exception);
            foreach (var (name, value) in logEvent.Properties)
            {
                Text.Append(name).Append(": ").AppendLine(value.ToString());
            }
        }
    }
}
