using System.Collections.Concurrent;
using System.Text;

namespace OpenAI.Webhooks.Tool.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void There_is_a_sample_of_every_type_with_every_field()
    {
        SampleEvents.Types.Should().HaveCountGreaterThan(30);
        foreach (string type in SampleEvents.Types)
        {
            var sample = SampleEvents.Create(type, DateTimeOffset.UnixEpoch);
            sample.Type.Should().Be(type);
            object data = sample.GetType().GetProperty("Data")!.GetValue(sample)!;
            data.GetType().GetProperties().Should().OnlyContain(member => member.GetValue(data) != null, type);
            WebhookEvent.Parse(sample.ToJson()).Should().Be(sample);
        }
    }

    [Fact]
    public async Task Send_delivers_what_it_is_told_and_says_what_the_answer_means()
    {
        var received = new ConcurrentQueue<WebhookDelivery>();
        await using var receiver = await Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/webhooks/openai", (delivery, _) =>
        {
            received.Enqueue(delivery);
            return Task.CompletedTask;
        }));
        string payload = Path.Combine(_folder.FullName, "payload.json");
        await File.WriteAllTextAsync(payload, """{ "id": "evt_1", "created_at": 1, "type": "brand.new", "data": {} }""");

        (await ToolRun.RunAsync("send", "--all", "--to", receiver.Url)).ExitCode.Should().Be(0);
        (await ToolRun.RunAsync("send", "--file", payload, "--to", receiver.Url)).ExitCode.Should().Be(0);
        (await ToolRun.RunAsync("send", "response.completed", "--repeat", "2", "--to", receiver.Url)).Lines.Should().HaveCount(2).And.OnlyContain(line => line.EndsWith("ms: delivered", StringComparison.Ordinal));

        received.Select(delivery => delivery.Event.Type).Should().Equal([.. SampleEvents.Types, "brand.new", "response.completed", "response.completed"]);
        received.TakeLast(2).Select(delivery => delivery.WebhookId).Distinct().Should().ContainSingle();
        foreach (string option in new[] { "--bad-signature", "--old" })
        {
            var run = await ToolRun.RunAsync("send", "response.completed", option, "--to", receiver.Url);
            run.ExitCode.Should().Be(1);
            run.Output.Should().Contain(" 400 in ").And.Contain("failed: OpenAI retries for up to 72 hours");
        }
    }

    [Theory]
    [InlineData("Name one type, or --all, or a --file.", "send", "--to", "http://127.0.0.1:1")]
    [InlineData("There is no sample of no.such.type. Types: *", "send", "no.such.type", "--to", "http://127.0.0.1:1")]
    [InlineData("The environment variable TOOL_TESTS_UNSET is not set. *", "send", "response.completed", "--to", "http://127.0.0.1:1", "--secret-from", "TOOL_TESTS_UNSET")]
    [InlineData("There is no file *", "verify", "no-such-file")]
    [InlineData("OpenAI delivers to https only. *", "listen", "--public-url", "http://example.com")]
    public async Task What_cannot_run_says_why(string message, params string[] args)
    {
        var run = await ToolRun.RunAsync(args);

        run.ExitCode.Should().Be(2);
        run.Output.Trim().Should().Match(message);
    }

    [Fact]
    public async Task The_secret_is_found_in_the_user_secrets_of_a_project_and_stored_there()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var api = await FakeApi.StartAsync();
        api.Test = (_, _) => Task.FromResult<int?>(200);
        string id = $"openai-webhooks-tests-{Guid.NewGuid()}";
        var secrets = new FileInfo(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".microsoft", "usersecrets", id, "secrets.json"));
        string project = Path.Combine(_folder.FullName, "app.csproj");
        await File.WriteAllTextAsync(project, $"<Project><PropertyGroup><UserSecretsId>{id}</UserSecretsId></PropertyGroup></Project>");
        secrets.Directory!.Create();
        try
        {
            (await ToolRun.RunAsync("send", "response.completed", "--to", receiver.Url, "--project", project)).Output.Should().StartWith("There is no webhook secret.");

            await File.WriteAllTextAsync(secrets.FullName, $$"""{ "OpenAI:Webhooks:Secrets:0": "{{TestApp.Secret}}", } // as an editor leaves it""");
            (await ToolRun.RunAsync("send", "response.completed", "--to", receiver.Url, "--project", project)).ExitCode.Should().Be(0);

            await File.WriteAllTextAsync(secrets.FullName, """{ "Other": "stays" }""");
            using var output = new StringWriter();
            using var stopping = new CancellationTokenSource();
            var listening = ToolRun.RunAsync(output, stopping.Token, "listen", "--port", "0", "--public-url", "https://tunnel.example.com", "--store-secret", "--api-key-from", ToolRun.KeyVariable, "--api-url", api.Url, "--project", project);
            await TestApp.Eventually(() => Text(output).Contains("test event", StringComparison.Ordinal));
            await stopping.CancelAsync();
            (await listening).Output.Should().NotContain(TestApp.Secret);
            (await File.ReadAllTextAsync(secrets.FullName)).Should().Contain("stays");
            (await ToolRun.RunAsync("send", "response.completed", "--to", receiver.Url, "--project", project)).ExitCode.Should().Be(0);
        }
        finally
        {
            secrets.Directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Listen_shows_forwards_and_saves_and_what_was_saved_is_verified_and_replayed()
    {
        var forwarded = new ConcurrentQueue<WebhookDelivery>();
        await using var receiver = await Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/webhooks/openai", (delivery, _) =>
        {
            forwarded.Enqueue(delivery);
            return Task.CompletedTask;
        }));
        using var output = new StringWriter();
        using var stopping = new CancellationTokenSource();
        var listening = ToolRun.RunAsync(output, stopping.Token, "listen", "--port", "0", "--forward", receiver.Url, "--save", _folder.FullName);
        string url = await AddressAsync(output);

        (await ToolRun.RunAsync("send", "realtime.call.incoming", "--to", url)).ExitCode.Should().Be(0);
        (await ToolRun.RunAsync("send", "realtime.call.incoming", "--bad-signature", "--to", url)).ExitCode.Should().Be(1);
        await stopping.CancelAsync();
        (await listening).ExitCode.Should().Be(0);

        output.ToString().Should().Contain("✓ realtime.call.incoming evt_sample_").And.Contain("rtc_sample").And.NotContain("+1555").And.Contain("→ 200 in ").And.Contain("no signature matches");
        forwarded.Should().ContainSingle();
        string saved = _folder.GetFiles("*.http").Should().ContainSingle().Which.FullName;
        (await ToolRun.RunAsync("verify", saved)).Output.Should().StartWith("✓ Authentic.");
        (await ToolRun.RunAsync("replay", saved, "--to", receiver.Url)).ExitCode.Should().Be(0);
        forwarded.Select(delivery => delivery.WebhookId).Distinct().Should().ContainSingle();
        forwarded.Should().HaveCount(2);
    }

    [Fact]
    public async Task Listen_makes_an_endpoint_tests_and_deletes_it_and_removes_what_a_killed_one_left_and_nothing_else()
    {
        await using var api = await FakeApi.StartAsync();
        api.Test = (_, _) => Task.FromResult<int?>(200);
        string left = $"openai-webhooks listen: {Environment.MachineName}, process 999999999, since 1";
        api.Add("https://example.com/left", name: left);
        api.Add("https://example.com/mine", name: "production");
        api.Add("https://example.com/colleague", name: "openai-webhooks listen: another-machine, process 999999999, since 1");
        api.Add("https://example.com/runs", name: $"openai-webhooks listen: {Environment.MachineName}, process {Environment.ProcessId}, since {new DateTimeOffset(System.Diagnostics.Process.GetCurrentProcess().StartTime).ToUnixTimeSeconds()}");
        using var output = new StringWriter();
        using var stopping = new CancellationTokenSource();

        var listening = ToolRun.RunAsync(output, stopping.Token, "listen", "--port", "0", "--public-url", "https://tunnel.example.com/hook", "--api-key-from", ToolRun.KeyVariable, "--api-url", api.Url);
        await TestApp.Eventually(() => Text(output).Contains("OpenAI sent a test event (response.completed) and got the status 200.", StringComparison.Ordinal));
        api.Endpoints.Values.Select(endpoint => endpoint["url"]!.ToString()).Should().BeEquivalentTo("https://example.com/mine", "https://example.com/colleague", "https://example.com/runs", "https://tunnel.example.com/hook");
        await stopping.CancelAsync();
        (await listening).ExitCode.Should().Be(0);

        api.Endpoints.Values.Select(endpoint => endpoint["url"]!.ToString()).Should().BeEquivalentTo("https://example.com/mine", "https://example.com/colleague", "https://example.com/runs");
        output.ToString().Should().NotContain(ToolRun.Key);
    }

    [Theory]
    [InlineData("a line feed at its end", "{}\n", "{}")]
    [InlineData("CRLF to LF", "{\r\n}", "{\n}")]
    [InlineData("byte order mark", "\uFEFF{}", "{}")]
    [InlineData("parsed and serialized again", """{"a": 1, "b": "é"}""", """{"a":1,"b":"\u00E9"}""")]
    [InlineData("a space after each comma", """{"a": 1, "b": [1, 2]}""", """{"a":1,"b":[1,2]}""")]
    [InlineData("it was empty", "", """{"a":1}""")]
    public async Task Verify_names_the_mistake_that_explains_a_body(string mistake, string original, string saved)
    {
        var run = await VerifyAsync(new WebhookSigner(TestApp.Secret).Sign(original), saved);

        run.ExitCode.Should().Be(1);
        run.Output.Should().Contain(mistake);
    }

    [Fact]
    public async Task Verify_names_a_wrong_key_milliseconds_and_what_it_cannot_explain()
    {
        string keyOfText = $"whsec_{Convert.ToBase64String(Encoding.UTF8.GetBytes(TestApp.Secret))}";

        (await VerifyAsync(new WebhookSigner(keyOfText).Sign("{}"), "{}")).Output.Should().Contain("instead of decoding the base64 after whsec_");
        (await VerifyAsync(new WebhookSigner(TestApp.OtherSecret).Sign("{}"), "{}")).Output.Should().Contain("another secret");
        (await VerifyAsync(new WebhookSigner(TestApp.Secret).Sign("{}"), "{}", timestamp => timestamp + "000")).Output.Should().Contain("milliseconds");
    }

    private async Task<ToolRun> VerifyAsync(SignedWebhook signed, string body, Func<string, string>? change = null)
    {
        string path = Path.Combine(_folder.FullName, "saved.http");
        string headers = string.Concat(signed.Headers.ToDictionary().Select(header => $"{header.Key}: {(header.Key == "webhook-timestamp" && change is not null ? change(header.Value) : header.Value)}\n"));
        await File.WriteAllTextAsync(path, $"{headers}\n{body}", new UTF8Encoding(false));
        return await ToolRun.RunAsync("verify", path);
    }

    private static async Task<string> AddressAsync(StringWriter output)
    {
        await TestApp.Eventually(() => Text(output).Contains("Ctrl+C", StringComparison.Ordinal));
        return System.Text.RegularExpressions.Regex.Match(Text(output), @"http://[0-9.:]+\d").Value;
    }

    // The tool writes to it meanwhile.
    private static string Text(StringWriter output)
    {
        try
        {
            return output.ToString();
        }
        catch (ArgumentOutOfRangeException)
        {
            return "";
        }
    }
}
