using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class ReadmeSnippets
{
    [Fact]
    public void Parse_and_switch()
    {
        using var console = new StringWriter();
        var Console = console;

        #region README: parse and switch
        WebhookEvent received = WebhookEvent.Parse("""
            {
              "id": "evt_685c059ae3a481909bdc86819b066fb6",
              "object": "event",
              "created_at": 1750861210,
              "type": "response.completed",
              "data": { "id": "resp_123" }
            }
            """);

        switch (received)
        {
            case ResponseCompletedWebhookEvent completed:            // one event
                Console.WriteLine($"Fetch {completed.Data.Id}");
                break;
            case BatchWebhookEvent batch:                            // a family: batch.*
                Console.WriteLine($"{batch.Data.Id}: {batch.Type}");
                break;
            case UnknownWebhookEvent newer:                          // newer than this version
                Console.WriteLine($"Not handled yet: {newer.Type}");
                break;
        }
        #endregion

        console.ToString().Trim().Should().Be("Fetch resp_123");
    }

    [Fact]
    public void Json_serializer()
    {
        string json = Fixture.ResponseCompleted;

        #region README: JsonSerializer
        WebhookEvent? received = JsonSerializer.Deserialize<WebhookEvent>(json);
        string wire = JsonSerializer.Serialize(received);       // with "type", whatever the static type
        #endregion

        received.Should().Be(WebhookEvent.Parse(json));
        wire.Should().Be(received!.ToJson());
    }

    [Fact]
    public void Union()
    {
        string json = Fixture.ResponseCompleted;

        #region README: the union
        var options = new JsonSerializerOptions { AllowOutOfOrderMetadataProperties = true };
        UnwrapWebhookEvent? known = JsonSerializer.Deserialize<UnwrapWebhookEvent>(json, options);
        #endregion

        known.Should().BeOfType<ResponseCompletedWebhookEvent>();
    }

    [Fact]
    public void Sip_headers()
    {
        var incoming = WebhookEvent.Parse<RealtimeCallIncomingWebhookEvent>(Fixture.RealtimeCallIncoming);

        #region README: SIP headers
        SipHeaders headers = incoming.Data.SipHeaders;
        string? sequence = headers.GetValue("cseq");             // the first of that name, or null
        IEnumerable<string> vias = headers.GetValues("Via");     // all of that name, in order
        #endregion

        sequence.Should().Be("851287 INVITE");
        vias.Should().BeEmpty();
    }
}
