namespace OpenAI.Webhooks.Tests;

public class WebhookSecretsTests
{
    [Fact]
    public void Secrets_can_be_assigned_and_added_to()
    {
        string[] array = ["a", "b"];
        var options = new WebhookVerifierOptions { Secrets = ["first", "second"] };
        options.Secrets.Add("third");

        Texts(options.Secrets).Should().Equal("first", "second", "third");
        Texts(options.Secrets = array).Should().Equal("a", "b");
        Texts(options.Secrets = [.. array, "c"]).Should().Equal("a", "b", "c");
        options.Secrets.Clear();
        options.Secrets.Count.Should().Be(0);

        static List<string> Texts(WebhookSecrets secrets)
        {
            var texts = new List<string>();
            foreach (string secret in secrets)
            {
                texts.Add(secret);
            }

            return texts;
        }
    }

    [Fact]
    public void ToString_gives_the_number_of_secrets_only()
        => new WebhookVerifierOptions
        {
            Secrets = ["first", "second"],
        }.Secrets.ToString().Should().Be("WebhookSecrets (2)");
}
