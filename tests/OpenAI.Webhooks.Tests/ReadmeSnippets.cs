using System.Collections.Specialized;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class ReadmeSnippets
{
    [Fact]
    public void Unwrap_and_switch()
    {
        using var console = new StringWriter();
        var Console = console;

        #region README: unwrap and switch
        const string secret = "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=";    // OpenAI shows you yours

        // What OpenAI would send. In your application: the body and the headers of the request.
        SignedWebhook sample = new WebhookSigner(secret).Sign("""
            {"id": "evt_1", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}
            """);

        var webhooks = new WebhookVerifier(secret);                                    // made once, and kept
        WebhookDelivery delivery = webhooks.Unwrap(sample.Payload, sample.Headers);    // verified, then parsed, from the same bytes

        switch (delivery.Event)
        {
            case ResponseCompletedWebhookEvent completed:                              // one event
                Console.WriteLine($"Fetch {completed.Data.Id}");
                break;
            case BatchWebhookEvent batch:                                              // a family: batch.*
                Console.WriteLine($"{batch.Data.Id}: {batch.Type}");
                break;
            case UnknownWebhookEvent newer:                                            // newer than this version
                Console.WriteLine($"Not handled yet: {newer.Type}");
                break;
        }
        #endregion

        console.ToString().Trim().Should().Be("Fetch resp_123");
    }

    [Fact]
    public void Headers()
    {
        var signed = new WebhookSigner("a secret as text").Sign("{}");
        Dictionary<string, string> pairs = signed.Headers.ToDictionary();
        var lists = pairs.ToDictionary(pair => pair.Key, pair => new[] { pair.Value });
        var collection = new NameValueCollection();
        using var request = signed.ToRequest("/");
        foreach (var (name, value) in pairs)
        {
            collection.Add(name, value);
        }

        #region README: headers
        WebhookHeaders fromPairs = WebhookHeaders.From(pairs);              // names and values, such as a Dictionary<string, string>
        WebhookHeaders fromLists = WebhookHeaders.From(lists);              // several values to a name: string[], StringValues, …
        WebhookHeaders fromHttp = WebhookHeaders.From(request.Headers);     // System.Net.Http
        WebhookHeaders fromLookup = WebhookHeaders.From(name => collection.GetValues(name));    // anything else; null where there is none
        #endregion

        foreach (var headers in new[] { fromPairs, fromLists, fromHttp, fromLookup })
        {
            headers.ToDictionary().Should().Equal(pairs);
        }

        collection.Clear();
        WebhookHeaders.From(name => collection.GetValues(name)).ToDictionary().Should().BeEmpty();
    }

    [Fact]
    public void Rotation()
    {
        const string newSecret = "new";
        const string oldSecret = "old";

        #region README: rotation
        var webhooks = new WebhookVerifier(new WebhookVerifierOptions { Secrets = [newSecret, oldSecret] });
        #endregion

        foreach (string secret in new[] { newSecret, oldSecret })
        {
            var signed = new WebhookSigner(secret).Sign(Fixture.ResponseCompleted);
            webhooks.TryVerify(signed.Payload.Span, signed.Headers, out _).Should().BeTrue();
        }
    }

    [Fact]
    public async Task Signing()
    {
        const string secret = "a secret as text";

        #region README: signing
        SignedWebhook signed = new WebhookSigner(secret).Sign(new BatchCompletedWebhookEvent
        {
            Id = "evt_test",
            CreatedAt = DateTimeOffset.UtcNow,
            Data = new BatchEventData { Id = "batch_test" },
        });

        using HttpRequestMessage request = signed.ToRequest("http://localhost:5000/webhooks/openai");
        #endregion

        new WebhookVerifier(secret).Unwrap(await request.Content!.ReadAsByteArrayAsync(), WebhookHeaders.From(request.Headers))
            .Event.Should().BeOfType<BatchCompletedWebhookEvent>();
    }

    [Fact]
    public void A_newer_field()
    {
        var signed = new WebhookSigner("a secret as text").Sign(Fixture.Edit(Fixture.ResponseCompleted, json => json["data"]!["reason"] = "done"));
        var delivery = new WebhookVerifier("a secret as text").Unwrap(signed.Payload, signed.Headers);

        #region README: a newer field
        using JsonDocument payload = JsonDocument.Parse(delivery.Payload);
        string? reason = payload.RootElement.GetProperty("data").GetProperty("reason").GetString();
        #endregion

        reason.Should().Be("done");
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
