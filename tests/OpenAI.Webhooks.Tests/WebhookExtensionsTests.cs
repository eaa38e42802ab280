using System.Reflection;
using System.Text;

namespace OpenAI.Webhooks.Tests;

public class WebhookExtensionsTests
{
    [Fact]
    public void TryParse_of_an_event_gives_what_Parse_gives()
    {
        WebhookEvent.TryParse(Fixture.ResponseCompleted, out var fromText).Should().BeTrue();
        WebhookEvent.TryParse(Encoding.UTF8.GetBytes(Fixture.Unknown), out var fromBytes).Should().BeTrue();

        fromText.Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        fromBytes.Should().Be(WebhookEvent.Parse(Fixture.Unknown));
    }

    [Fact]
    public void TryParse_of_a_type_or_family_is_false_for_another()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Fixture.ResponseCompleted);

        WebhookEvent.TryParse<ResponseWebhookEvent>(Fixture.ResponseCompleted, out var family).Should().BeTrue();
        WebhookEvent.TryParse<ResponseCompletedWebhookEvent>(bytes, out var one).Should().BeTrue();
        WebhookEvent.TryParse<BatchWebhookEvent>(Fixture.ResponseCompleted, out var other).Should().BeFalse();
        WebhookEvent.TryParse<BatchWebhookEvent>(bytes, out _).Should().BeFalse();

        family.Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted)).And.Be(one);
        other.Should().BeNull();
    }

    [Theory]
    [InlineData(typeof(UnwrapWebhookEvent))]
    [InlineData(typeof(UnknownWebhookEvent))]
    public void Parse_of_an_events_own_type_is_a_compiler_error_because_it_would_give_any_event(Type type)
        => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(method => method.Name == nameof(WebhookEvent.Parse))
            .Select(method => method.GetCustomAttribute<ObsoleteAttribute>()!.IsError)
            .Should().Equal(true, true);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"id":"evt_1","created_at":1,"type":"batch.failed","data":{}}""")]
    [InlineData("\ud800")]
    public void TryParse_of_anything_else_is_false(string? payload)
    {
        WebhookEvent.TryParse(payload, out var fromText).Should().BeFalse();
        WebhookEvent.TryParse(Encoding.UTF8.GetBytes(payload ?? ""), out var fromBytes).Should().BeFalse();

        fromText.Should().BeNull();
        fromBytes.Should().BeNull();
    }
}
