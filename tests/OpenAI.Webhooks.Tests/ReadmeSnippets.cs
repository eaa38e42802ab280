using System.Collections.Specialized;
using System.Text;
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
        const string secret = "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=";

        // Stands in for OpenAI's request: use the raw body and the headers of yours.
        SignedWebhook request = new WebhookSigner(secret).Sign(
            """{"id":"evt_1","created_at":1750861210,"type":"response.completed","data":{"id":"resp_123"}}""");

        var webhooks = new WebhookVerifier(secret);    // create once and reuse
        WebhookDelivery delivery = webhooks.Unwrap(request.GetPayload(), request.Headers);    // throws if it is not authentic
        if (delivery.Event is ResponseCompletedWebhookEvent completed)
        {
            Console.WriteLine($"Fetch {completed.Data.Id}");
        }
        #endregion

        console.ToString().Trim().Should().Be("Fetch resp_123");
    }

    [Fact]
    public void Package()
    {
        string secret = WebhookSigner.CreateSecret();
        var signed = new WebhookSigner(secret).Sign(Fixture.ResponseCompleted);
        byte[] body = signed.GetPayload().ToArray();
        var headers = signed.Headers.ToDictionary();
        using var console = new StringWriter();
        var Console = console;

        #region README: package
        var webhooks = new WebhookVerifier(secret);    // create once and reuse
        WebhookDelivery delivery = webhooks.Unwrap(body, WebhookHeaders.From(headers));
        if (delivery.Event is ResponseCompletedWebhookEvent completed)
        {
            Console.WriteLine($"Fetch {completed.Data.Id}");
        }
        #endregion

        console.ToString().Trim().Should().Be("Fetch resp_123");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Lambda(bool isBase64Encoded)
    {
        string secret = WebhookSigner.CreateSecret();
        var signed = new WebhookSigner(secret).Sign(Fixture.ResponseCompleted);
        var forged = new WebhookSigner(WebhookSigner.CreateSecret()).Sign(Fixture.ResponseCompleted);

        Handle(new WebhookVerifier(secret), RequestOf(signed, isBase64Encoded)).StatusCode.Should().Be(200);
        Handle(new WebhookVerifier(secret), RequestOf(forged, isBase64Encoded)).StatusCode.Should().Be(400);
    }

    private static ProxyRequest RequestOf(SignedWebhook signed, bool isBase64Encoded) => new(
        isBase64Encoded ? Convert.ToBase64String(signed.GetPayload().Span) : Fixture.ResponseCompleted,
        isBase64Encoded,
        signed.Headers.ToDictionary());

    private static ProxyResponse Handle(WebhookVerifier webhooks, ProxyRequest request)
    {
        #region README: Lambda
        byte[] body = request.IsBase64Encoded
            ? Convert.FromBase64String(request.Body)
            : Encoding.UTF8.GetBytes(request.Body ?? "");
        if (!webhooks.TryUnwrap(body, WebhookHeaders.From(request.Headers), out WebhookDelivery? delivery, out _))
        {
            return new() { StatusCode = 400 };
        }
        #endregion

        delivery.Event.Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        return new() { StatusCode = 200 };
    }

    // The members of APIGatewayHttpApiV2ProxyRequest and its response that matter, with their types.
    private sealed record ProxyRequest(string Body, bool IsBase64Encoded, IDictionary<string, string> Headers);

    private sealed record ProxyResponse
    {
        public int StatusCode { get; init; }
    }

    [Fact]
    public void Headers()
    {
        var signed = new WebhookSigner(WebhookSigner.CreateSecret()).Sign("{}");
        Dictionary<string, string> pairs = signed.Headers.ToDictionary();
        var lists = pairs.ToDictionary(pair => pair.Key, pair => new[] { pair.Value });
        var collection = new NameValueCollection();
        using var request = signed.ToRequest("/");
        foreach (var (name, value) in pairs)
        {
            collection.Add(name, value);
        }

        #region README: headers
        WebhookHeaders fromPairs = WebhookHeaders.From(pairs);             // names and values: Dictionary<string, string>
        WebhookHeaders fromLists = WebhookHeaders.From(lists);             // several values per name: string[], StringValues
        WebhookHeaders fromHttp = WebhookHeaders.From(request.Headers);    // System.Net.Http
        WebhookHeaders fromLookup = WebhookHeaders.From(name => collection.GetValues(name));    // null for a missing header
        #endregion

        foreach (var headers in new[] { fromPairs, fromLists, fromHttp, fromLookup })
        {
            headers.ToDictionary().Should().Equal(pairs);
        }

        collection.Clear();
        WebhookHeaders.From(name => collection.GetValues(name)).ToDictionary().Should().BeEmpty();
    }

    [Fact]
    public void A_newer_field()
    {
        string secret = WebhookSigner.CreateSecret();
        var signed = new WebhookSigner(secret).Sign(
            Fixture.Edit(Fixture.ResponseCompleted, json => json["data"]!["reason"] = "done"));
        var delivery = new WebhookVerifier(secret).Unwrap(signed.GetPayload(), signed.Headers);

        #region README: a newer field
        using JsonDocument payload = JsonDocument.Parse(delivery.GetPayload());
        JsonElement data = payload.RootElement.GetProperty("data");
        string? reason = data.TryGetProperty("reason", out JsonElement member) ? member.GetString() : null;
        #endregion

        reason.Should().Be("done");
    }

    [Fact]
    public void Json_serializer()
    {
        string json = Fixture.ResponseCompleted;

        #region README: JsonSerializer
        WebhookEvent? received = JsonSerializer.Deserialize<WebhookEvent>(json);
        string wire = JsonSerializer.Serialize(received);    // with "type", whatever the static type
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
        string? number = headers.GetFrom()?.GetPhoneNumber();    // "+14155550123" from "Zoë" <sip:+1-415-555-0123@example.com>
        string? sequence = headers.GetValue("cseq");             // the first of that name, or null
        IEnumerable<string> vias = headers.GetValues("Via");     // all of that name, in order
        #endregion

        number.Should().BeNull();
        sequence.Should().Be("851287 INVITE");
        vias.Should().BeEmpty();
    }
}
