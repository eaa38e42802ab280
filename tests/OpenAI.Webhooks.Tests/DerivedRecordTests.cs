using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// Records that somebody derives from ours: the compiler lets them, through the copy constructors of records.
/// </summary>
public class DerivedRecordTests
{
    [Fact]
    public void Writing_a_derived_record_throws_and_says_why()
    {
        var completed = WebhookEvent.Parse<ResponseCompletedWebhookEvent>(Fixture.ResponseCompleted);

        foreach (var derived in new WebhookEvent[] { new FromEvent(completed), new FromFamily(completed) })
        {
            foreach (var write in new Action[]
            {
                () => derived.ToJson(),
                () => JsonSerializer.Serialize(derived),
                () => JsonSerializer.Serialize(derived, derived.GetType()),
                () => new WebhookSigner(WebhookSigner.CreateSecret()).Sign(derived),
            })
            {
                write.Should().Throw<NotSupportedException>()
                    .WithMessage($"*{derived.GetType().Name}*derived from an event of OpenAI.Webhooks*");
            }

            // Here System.Text.Json refuses it before it asks anybody.
            FluentActions.Invoking(() => JsonSerializer.Serialize<object>(derived))
                .Should().Throw<NotSupportedException>().WithMessage($"*{derived.GetType().Name}*");
        }
    }

    [Fact]
    public void Reading_a_derived_record_throws_and_says_why()
        => FluentActions.Invoking(() => JsonSerializer.Deserialize<Readable>(Fixture.ResponseCompleted))
            .Should().Throw<NotSupportedException>().WithMessage("*Readable*derived from an event of OpenAI.Webhooks*");

    [Fact]
    public void The_base_cannot_be_derived_from_outside()
        => typeof(WebhookEvent).GetMethods(BindingFlags.Instance | BindingFlags.NonPublic)
            .Should().Contain(
                method => method.IsAbstract && method.IsAssembly, "nobody outside can implement what they cannot see");

    private sealed record Readable : BatchFailedWebhookEvent;

    private sealed record FromEvent : ResponseCompletedWebhookEvent
    {
        [SetsRequiredMembers]
        public FromEvent(ResponseCompletedWebhookEvent original)
            : base(original)
        {
        }
    }

    private sealed record FromFamily : ResponseWebhookEvent
    {
        [SetsRequiredMembers]
        public FromFamily(ResponseWebhookEvent original)
            : base(original)
        {
        }
    }
}
