using System.Text;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tests;

public class WebhookSignerTests
{
    private static readonly string Secret = WebhookSigner.CreateSecret();

    public static TheoryData<BatchFailedWebhookEvent, string> Incomplete => new()
    {
        { new() { Id = null!, CreatedAt = default, Data = new() { Id = "batch_1" } }, "$.id" },
        { new() { Id = "evt_1", CreatedAt = default, Data = null! }, "$.data" },
        { new() { Id = "evt_1", CreatedAt = default, Data = new() { Id = null! } }, "$.data.id" },
    };

    [Theory]
    [MemberData(nameof(Incomplete))]
    public void Sign_of_an_event_that_lacks_a_required_member_throws(BatchFailedWebhookEvent incomplete, string path)
        => FluentActions.Invoking(() => new WebhookSigner(WebhookSigner.CreateSecret()).Sign(incomplete))
            .Should().Throw<ArgumentException>().WithMessage($"The event is incomplete, *{path} *")
            .WithParameterName("webhookEvent");

    [Fact]
    public void CreateSecret_makes_a_new_secret_each_time_that_verifies_what_it_signs()
    {
        string secret = WebhookSigner.CreateSecret();
        var signed = new WebhookSigner(secret).Sign("{}");

        secret.Should().MatchRegex("^whsec_[A-Za-z0-9+/]{43}=$").And.NotBe(WebhookSigner.CreateSecret());
        new WebhookVerifier(secret).TryVerify("{}", signed.Headers, out _).Should().BeTrue();
    }

    [Fact]
    public void Sign_published_delivery_makes_its_signature()
    {
        var vector = SignatureVector.Published;
        var signer = new WebhookSigner(
            vector.Secrets[0], new FixedClock(DateTimeOffset.FromUnixTimeSeconds(vector.Now)));

        var signed = signer.Sign(vector.Bytes, vector.WebhookHeaders.Id);

        signed.Headers.ToDictionary().Should().Equal(vector.WebhookHeaders.ToDictionary());
        signed.GetPayload().ToArray().Should().Equal(vector.Bytes);
    }

    [Fact]
    public void Sign_event_that_is_made_signs_what_open_AI_sends()
    {
        var made = new BatchCompletedWebhookEvent
        {
            Id = "evt_1",
            CreatedAt = DateTimeOffset.FromUnixTimeSeconds(1),
            Data = new BatchEventData { Id = "batch_1" },
        };
        const string Sent =
            """{"id":"evt_1","object":"event","created_at":1,"type":"batch.completed","data":{"id":"batch_1"}}""";

        var signed = new WebhookSigner(Secret).Sign(made);

        WebhookEvent.Parse(signed.GetPayload().Span).Should().Be(made).And.Be(WebhookEvent.Parse(Sent));
        JsonNode.DeepEquals(JsonNode.Parse(signed.GetPayload().Span), JsonNode.Parse(Sent)).Should().BeTrue();
    }

    [Fact]
    public void Sign_event_signs_its_wire_format()
    {
        var webhookEvent = WebhookEvent.Parse(Fixture.RealtimeCallIncoming);

        var signed = new WebhookSigner(Secret).Sign(webhookEvent);

        Encoding.UTF8.GetString(signed.GetPayload().Span).Should().Be(webhookEvent.ToJson());
        new WebhookVerifier(Secret).Unwrap(signed.GetPayload(), signed.Headers).Event.Should().Be(webhookEvent);
    }

    [Fact]
    public async Task ToRequest_is_the_delivery_ready_to_send()
    {
        var signed = new WebhookSigner(Secret).Sign(Fixture.ResponseCompleted);

        foreach (
            var request in new[] { signed.ToRequest("http://localhost/hook"), signed.ToRequest(
                new Uri("http://localhost/hook")), signed.ToRequest("/hook") })
        {
            request.Method.Should().Be(HttpMethod.Post);
            request.RequestUri!.OriginalString.Should().EndWith("/hook");
            request.Content!.Headers.ContentType!.ToString().Should().Be("application/json");
            new WebhookVerifier(Secret).Unwrap(
                await request.Content.ReadAsByteArrayAsync(), WebhookHeaders.From(request.Headers))
                .Event.Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        }

        FluentActions.Invoking(() => signed.ToRequest((string)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => signed.ToRequest((Uri)null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Sign_without_an_id_makes_a_new_one_each_time()
    {
        var signer = new WebhookSigner(Secret);

        signer.Sign("{}").Headers.Id.Should().MatchRegex("^wh_[0-9a-f]{32}$").And.NotBe(signer.Sign("{}").Headers.Id);
    }

    [Fact]
    public void Sign_blank_id_or_null_is_refused()
    {
        var signer = new WebhookSigner(Secret);

        FluentActions.Invoking(() => signer.Sign("{}", " "))
            .Should().Throw<ArgumentException>().WithMessage("The webhook id is blank*");
        FluentActions.Invoking(() => signer.Sign((string)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => signer.Sign((WebhookEvent)null!)).Should().Throw<ArgumentNullException>();
    }
}
