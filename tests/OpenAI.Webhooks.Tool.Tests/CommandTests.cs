using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;

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
        await using var receiver =
            await Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/webhooks/openai", (delivery, _) =>
        {
            received.Enqueue(delivery);
            return Task.CompletedTask;
        }));
        string payload = Path.Combine(_folder.FullName, "payload.json");
        await File.WriteAllTextAsync(
            payload, """{ "id": "evt_1", "created_at": 1, "type": "brand.new", "data": {} }""");

        (await ToolRun.RunAsync("send", "--all", "--to", receiver.Url)).ExitCode.Should().Be(0);
        (await ToolRun.RunAsync("send", "--file", payload, "--to", receiver.Url)).ExitCode.Should().Be(0);
        (await ToolRun.RunAsync("send", "response.completed", "--repeat", "2", "--to", receiver.Url)).Lines
            .Should().HaveCount(2).And.OnlyContain(line => line.EndsWith("ms: delivered", StringComparison.Ordinal));

        received.Select(delivery => delivery.Event.Type)
            .Should().Equal([.. SampleEvents.Types, "brand.new", "response.completed", "response.completed"]);
        received.TakeLast(2).Select(delivery => delivery.WebhookId).Distinct().Should().ContainSingle();
        received.Select(delivery => delivery.Event.CreatedAt.Millisecond).Should().AllBeEquivalentTo(0);
    }

    [Fact]
    public async Task Send_expects_that_a_bad_signature_and_an_old_timestamp_are_rejected()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var credulous = await Receiver.StartAsync(app => app.Run(_ => Task.CompletedTask));

        foreach (string option in new[] { "--bad-signature", "--old" })
        {
            var rejected = await ToolRun.RunAsync("send", "response.completed", option, "--to", receiver.Url);
            var accepted = await ToolRun.RunAsync("send", "response.completed", option, "--to", credulous.Url);

            rejected.Should().Match<ToolRun>(
                run => run.ExitCode == 0 && run.Output.EndsWith("400: rejected, as it should be\n"));
            accepted.Should().Match<ToolRun>(
                run => run.ExitCode == 1 && run.Output.EndsWith("200: it should be rejected with 400\n"));
        }
    }

    [Theory]
    [InlineData("Specify a type, --all or --file.", "send", "--to", "http://127.0.0.1:1")]
    [InlineData("There is no sample of no.such.type. Types: *", "send", "no.such.type", "--to", "http://127.0.0.1:1")]
    [InlineData("The environment variable TOOL_TESTS_UNSET is not set. *",
        "send", "response.completed", "--to", "http://127.0.0.1:1", "--secret-from", "TOOL_TESTS_UNSET")]
    [InlineData("--secret-from takes the name of an environment variable, but was given the webhook's secret itself. *",
        "send", "response.completed", "--to", "http://127.0.0.1:1", "--secret-from", TestApp.Secret)]
    [InlineData("--api-key-from takes the name of an environment variable, but was given the API key itself. *",
        "doctor", "http://127.0.0.1:1", "--api-key-from", ToolRun.Key)]
    [InlineData(
        "No webhook secret was found. *", "send", "response.completed", "--to", "http://127.0.0.1:1", "--no-secret")]
    [InlineData("*'--jsn'*. See openai-webhooks doctor --help.", "doctor", "http://127.0.0.1:1", "--jsn")]
    [InlineData("*. See openai-webhooks --help.", "doktor")]
    [InlineData("--set changes sample events, not --file. *",
        "send", "--file", "no-such-file", "--set", "data.id=1", "--to", "http://127.0.0.1:1")]
    [InlineData("'data' is not a change. *",
        "send", "response.completed", "--set", "data", "--to", "http://127.0.0.1:1")]
    [InlineData("rotate needs an API key. *", "rotate", "we_1")]
    [InlineData(
        "*Cannot parse argument 'abc'*. See openai-webhooks send --help.",
        "send", "response.completed", "--to", "http://127.0.0.1:1", "--repeat", "abc")]
    [InlineData("*Cannot parse argument 'abc'*", "listen", "--port", "abc")]
    [InlineData(
        "--repeat must be at least 1.*", "send", "response.completed", "--to", "http://127.0.0.1:1", "--repeat", "0")]
    [InlineData("--port must be between 0 and 65535.*", "listen", "--port", "99999")]
    [InlineData("--store-secret, --keep and --types need --public-url.*", "listen", "--store-secret")]
    [InlineData("--save needs a folder, but *", "listen", "--port", "0", "--save", "/dev/null")]
    [InlineData("* is a folder. *", "send", "--file", "/", "--to", "http://127.0.0.1:1")]
    [InlineData("'example.com' is not a URL. *", "doctor", "example.com")]
    [InlineData("There is no file *", "send", "--file", "no-such-file", "--to", "http://127.0.0.1:1")]
    [InlineData("OpenAI delivers only to https URLs. *", "listen", "--public-url", "http://example.com")]
    public async Task What_cannot_run_says_why(string message, params string[] args)
    {
        var run = await ToolRun.RunAsync(args);

        run.ExitCode.Should().Be(2);
        run.Output.Should().BeEmpty();
        run.Error.Trim().Should().Match(message).And.NotContain("\n").And.NotContain(TestApp.Secret).And
            .NotContain(ToolRun.Key);
    }

    [Fact]
    public async Task The_secret_is_found_in_the_user_secrets_of_a_project_and_stored_there()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var api = await FakeApi.StartAsync();
        api.Test = (_, _) => Task.FromResult<int?>(200);
        string id = $"openai-webhooks-tests-{Guid.NewGuid()}";
        var secrets = new FileInfo(
            Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                ".microsoft",
                "usersecrets",
                id,
                "secrets.json"));
        string project = Path.Combine(_folder.FullName, "app.csproj");
        await File.WriteAllTextAsync(
            project, $"<Project><PropertyGroup><UserSecretsId>{id}</UserSecretsId></PropertyGroup></Project>");
        secrets.Directory!.Create();
        try
        {
            (await ToolRun.RunAsync("send", "response.completed", "--to", receiver.Url, "--project", project)).Error
                .Should().StartWith("No webhook secret was found.");

            await File.WriteAllTextAsync(secrets.FullName,
                $$"""{ "OpenAI:Webhooks:Secrets:0": "{{TestApp.Secret}}", } // as an editor leaves it""");
            (await ToolRun.RunAsync("send", "response.completed", "--to", receiver.Url, "--project", project)).ExitCode
                .Should().Be(0);
            (await ToolRun.RunAsync(
                "send", "response.completed", "--to", receiver.Url, "--project", _folder.FullName)).ExitCode
                .Should().Be(0, "a folder names its project");

            // While the secret is rotated, the variable has both.
            await File.WriteAllTextAsync(
                secrets.FullName, $$"""{ "OPENAI_WEBHOOK_SECRET": "{{TestApp.Secret}} {{TestApp.OtherSecret}}" }""");
            (await ToolRun.RunAsync("send", "response.completed", "--to", receiver.Url, "--project", project)).ExitCode
                .Should().Be(0);

            // A process that was killed left this.
            await File.WriteAllTextAsync(
                secrets.FullName, $$"""{ "Other": "stays", "OPENAI_WEBHOOK_SECRET": "whsec_of_the_killed" }""");
            await File.WriteAllTextAsync(
                secrets.FullName + ".before-listen", $$"""{ "OPENAI_WEBHOOK_SECRET": "{{TestApp.OtherSecret}}" }""");
            using var output = new StringWriter();
            using var stopping = new CancellationTokenSource();
            string[] listen =
            [
                "listen", "--port", "0", "--public-url", "https://tunnel.example.com", "--store-secret",
                "--api-key-from", ToolRun.KeyVariable, "--api-url", api.Url, "--project", project,
            ];
            var listening = ToolRun.RunAsync(output, stopping.Token, listen);
            await TestApp.Eventually(() => Text(output).Contains("test event", StringComparison.Ordinal));
            (await ToolRun.RunAsync("send", "response.completed", "--to", receiver.Url, "--project", project)).ExitCode
                .Should().Be(0);
            (await ToolRun.RunAsync(listen)).Error
                .Should().Contain("Another running listen command has stored its secret in");
            await stopping.CancelAsync();
            (await listening).Output.Should().NotContain(TestApp.Secret);
            var left = JsonNode.Parse(await File.ReadAllTextAsync(secrets.FullName))!;
            left["Other"]!.ToString().Should().Be("stays");
            left["OPENAI_WEBHOOK_SECRET"]!.ToString()
                .Should().Be(TestApp.OtherSecret, "that is what was there before the killed one");
            secrets.Directory!.GetFiles().Should().ContainSingle();
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
        await using var receiver =
            await Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/webhooks/openai", (delivery, _) =>
        {
            forwarded.Enqueue(delivery);
            return Task.CompletedTask;
        }));
        using var output = new StringWriter();
        using var stopping = new CancellationTokenSource();
        var listening = ToolRun.RunAsync(
            output, stopping.Token, "listen", "--port", "0", "--forward", receiver.Url, "--save", _folder.FullName);
        string url = await AddressAsync(output);

        (await ToolRun.RunAsync("send", "realtime.call.incoming", "--to", url)).ExitCode.Should().Be(0);
        (await ToolRun.RunAsync("send", "realtime.call.incoming", "--bad-signature", "--to", url)).ExitCode
            .Should().Be(0);
        await stopping.CancelAsync();
        (await listening).ExitCode.Should().Be(0);

        output.ToString().Should().Contain("✓ realtime.call.incoming evt_sample_").And.Contain("rtc_sample").And
            .NotContain("+1555").And
            .Contain("→ 200 in ").And
            .Contain("no signature matches");
        forwarded.Should().ContainSingle();
        string saved = Path.Combine(
            _folder.FullName,
            _folder.GetFiles("*.http").Select(file => file.Name).Order().Should().HaveCount(2).And.Subject.First());
        (OperatingSystem.IsWindows() || File.GetUnixFileMode(saved) == (UnixFileMode.UserRead | UnixFileMode.UserWrite))
            .Should().BeTrue();
        var replayed = await ToolRun.RunAsync("replay", "no-such-file", saved, "--to", receiver.Url);
        replayed.ExitCode.Should().Be(1);
        replayed.Error.Should().StartWith("✗ There is no file");
        replayed.Lines.Should().ContainSingle().Which.Should().StartWith("✓ ").And.EndWith("delivered");
        forwarded.Select(delivery => delivery.WebhookId).Distinct().Should().ContainSingle();
        forwarded.Should().HaveCount(2);

        string rejected = _folder.GetFiles("*.http").OrderBy(file => file.Name).Last().FullName;
        (await ToolRun.RunAsync("replay", rejected, "--to", receiver.Url)).Error
            .Should().StartWith("! ").And.Contain(
                "was not signed with this secret, and may be forged. It is signed now.");
    }

    [Fact]
    public async Task Listen_masks_numbers_names_and_texts_that_may_be_phone_numbers()
    {
        string payload = Path.Combine(_folder.FullName, "payload.json");
        await File.WriteAllTextAsync(payload,
            """
            { "id": "evt_1", "created_at": 1, "type": "brand.new", "data": { "id": "x_1", "number": 15550100123,
            "+15550100123": 7, "text": "call +1 555 010 0123", "url": "https://example.com/15550100123" } }
            """);
        using var output = new StringWriter();
        using var stopping = new CancellationTokenSource();
        var listening = ToolRun.RunAsync(output, stopping.Token, "listen", "--port", "0");

        (await ToolRun.RunAsync("send", "--file", payload, "--to", await AddressAsync(output))).ExitCode.Should().Be(0);

        await stopping.CancelAsync();
        (await listening).Output.Should()
            .Contain("""{"id":"x_1","number":"•••","•••":7,"text":"call •••","url":"•••"}""");
    }

    [Theory]
    [InlineData]
    [InlineData("--show-private")]
    public async Task Listen_is_a_sound_receiver_in_doctors_eyes_also_for_large_bodies(params string[] options)
    {
        using var output = new StringWriter();
        using var stopping = new CancellationTokenSource();
        var listening = ToolRun.RunAsync(output, stopping.Token, ["listen", "--port", "0", .. options]);

        (await ToolRun.DoctorAsync(await AddressAsync(output))).FixFirst.Should().BeNull();

        await stopping.CancelAsync();
        (await listening).Output.Should().Contain("\"padding\":\"…\"");
    }

    [Fact]
    public async Task Send_takes_several_types_and_changes_members()
    {
        var received = new ConcurrentQueue<WebhookEvent>();
        await using var receiver =
            await Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/webhooks/openai", (delivery, _) =>
        {
            received.Enqueue(delivery.Event);
            return Task.CompletedTask;
        }));

        (await ToolRun.RunAsync(
            "send", "response.completed", "batch.failed", "--set", "data.id=1", "--to", receiver.Url))
            .ExitCode.Should().Be(0);
        (await ToolRun.RunAsync(
            "send", "realtime.call.incoming", "--set", "data.sip_headers.0.value=sip:x@example.com", "--set",
            "created_at=5", "--to", receiver.Url)).ExitCode.Should().Be(0);
        (await ToolRun.RunAsync(
            "send", "realtime.call.incoming", "--set", "data.sip_headers.9.value=x", "--to", receiver.Url)).Error
            .Should().StartWith(
                "The event realtime.call.incoming has no member data.sip_headers.9.value. Its data has ");
        (await ToolRun.RunAsync(
            "send", "response.completed", "--set", "created_at=soon", "--to", receiver.Url)).Error
            .Should().Contain("'soon' is of another kind.");

        received.Should().SatisfyRespectively(
            first => first.Should().BeOfType<ResponseCompletedWebhookEvent>().Which.Data.Id.Should().Be("1"),
            second => second.Should().BeOfType<BatchFailedWebhookEvent>().Which.Data.Id.Should().Be("1"),
            third =>
            {
                var call = third.Should().BeOfType<RealtimeCallIncomingWebhookEvent>().Which;
                call.Data.SipHeaders[0].GetValue().Should().Be("sip:x@example.com");
                call.CreatedAt.Should().Be(DateTimeOffset.FromUnixTimeSeconds(5));
            });
    }

    [Fact]
    public async Task What_would_turn_text_round_or_reach_the_terminal_is_not_shown()
    {
        await using var receiver = await Receiver.StartAsync();
        string saved = Path.Combine(_folder.FullName, "saved.http");
        await File.WriteAllTextAsync(saved, "webhook-id: wh_\u202E1\u001B[31m\n\n{}");

        var run = await ToolRun.RunAsync("replay", saved, "--to", receiver.Url);

        run.Output.Should().Contain("wh_").And.NotContain("\u202E").And.NotContain("\u001B");
    }

    [Fact]
    public async Task A_mistyped_command_is_named_in_one_line()
    {
        var run = await ToolRun.RunAsync("docter", "https://example.com/");

        run.Error.TrimEnd().Should().Be("'docter' is not a command. See openai-webhooks --help.");
        run.Output.Should().BeEmpty();
        run.ExitCode.Should().Be(2);
    }

    [Fact]
    public async Task Send_says_when_a_file_is_not_JSON_and_sends_it_all_the_same()
    {
        await using var receiver = await Receiver.StartAsync();
        string payload = Path.Combine(_folder.FullName, "payload.json");
        await File.WriteAllTextAsync(payload, "{ id: 1 }");

        var run = await ToolRun.RunAsync("send", "--file", payload, "--to", receiver.Url);

        run.Error.Should().StartWith("! payload.json is not JSON: ");
        run.Lines.Should().ContainSingle().Which.Should().Contain("400 in ");
    }

    [Fact]
    public async Task Listen_writes_a_line_of_JSON_for_each_delivery_and_nothing_else_to_standard_output()
    {
        using var output = new StringWriter();
        using var stopping = new CancellationTokenSource();
        using var error = new StringWriter();
        var listening = ToolRun.RunAsync(output, error, stopping.Token, "listen", "--json", "--port", "0");
        string url = await AddressAsync(error);

        (await ToolRun.RunAsync("send", "batch.failed", "--to", url)).ExitCode.Should().Be(0);
        (await ToolRun.RunAsync("send", "batch.failed", "--bad-signature", "--to", url)).ExitCode.Should().Be(0);
        await stopping.CancelAsync();
        var run = await listening;

        run.Error.Should().Contain("Press Ctrl+C to stop.");
        run.Lines.Select(line => JsonNode.Parse(line)!).Should().SatisfyRespectively(
            first =>
            {
                first["type"]!.ToString().Should().Be("batch.failed");
                first["verified"]!.GetValue<bool>().Should().BeTrue();
                first["status"]!.GetValue<int>().Should().Be(200);
                first["data"]!["id"]!.ToString().Should().Be("batch_sample");
            },
            second =>
            {
                second["verified"]!.GetValue<bool>().Should().BeFalse();
                second["status"]!.GetValue<int>().Should().Be(400);
                second["problem"]!.ToString().Should().Be("The webhook could not be verified: no signature matches");
            });
    }

    [Fact]
    public async Task Listen_without_a_secret_shows_what_arrives_as_not_verified()
    {
        using var output = new StringWriter();
        using var stopping = new CancellationTokenSource();
        var listening = ToolRun.RunAsync(output, stopping.Token, "listen", "--port", "0", "--no-secret");

        (await ToolRun.RunAsync("send", "batch.failed", "--to", await AddressAsync(output))).ExitCode.Should().Be(0);

        await stopping.CancelAsync();
        var run = await listening;
        run.Output.Should().Contain("Nothing is verified, because no secret was found.").And
            .MatchRegex("\\? batch\\.failed evt_sample_.* \\(not verified\\)");
    }

    [Fact]
    public async Task Listen_overwrites_nothing_that_was_saved_before()
    {
        string before = Path.Combine(_folder.FullName, "0007-before.http");
        await File.WriteAllTextAsync(before, "kept");
        for (int start = 0; start < 2; start++)
        {
            using var output = new StringWriter();
            using var stopping = new CancellationTokenSource();
            var listening = ToolRun.RunAsync(
                output, stopping.Token, "listen", "--port", "0", "--save", _folder.FullName);
            (await ToolRun.RunAsync("send", "batch.failed", "--to", await AddressAsync(output))).ExitCode
                .Should().Be(0);
            await stopping.CancelAsync();
            await listening;
        }

        (await File.ReadAllTextAsync(before)).Should().Be("kept");
        _folder.GetFiles("*.http").Select(file => file.Name[..4]).Should().BeEquivalentTo("0007", "0008", "0009");
    }

    [Fact]
    public void What_is_saved_at_the_same_moment_under_the_same_id_is_kept_apart()
    {
        Parallel.For(0, 50, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => new SavedDelivery(
            [new(WebhookHeaders.IdName, "wh_1")], Encoding.UTF8.GetBytes($"{i}")).WriteTo(_folder));

        _folder.GetFiles("*.http").Select(file => Encoding.UTF8.GetString(SavedDelivery.Read(file).Body.Span))
            .Should().BeEquivalentTo(Enumerable.Range(0, 50).Select(i => $"{i}"));
    }

    [Fact]
    public async Task Listen_shows_a_long_type_cut_and_without_characters_that_turn_text_round()
    {
        string payload = Path.Combine(_folder.FullName, "payload.json");
        await File.WriteAllTextAsync(
            payload,
            $$"""{ "id": "evt_\u202e1", "created_at": 1, "type": "{{new string('x', 5000)}}", "data": {} }""");
        using var output = new StringWriter();
        using var stopping = new CancellationTokenSource();
        var listening = ToolRun.RunAsync(output, stopping.Token, "listen", "--port", "0");

        (await ToolRun.RunAsync("send", "--file", payload, "--to", await AddressAsync(output))).ExitCode.Should().Be(0);

        await stopping.CancelAsync();
        (await listening).Lines[^1].Should().HaveLength(
            "HH:mm:ss POST / ✓ ".Length + 101 + " evt_�1 {}".Length).And.Contain("evt_\ufffd1").And.Contain("x… ");
    }

    [Fact]
    public async Task Listen_keeps_the_endpoint_and_its_secret_until_it_runs_without_keep()
    {
        await using var api = await FakeApi.StartAsync();
        string kept;
        await using (var first = await Listening.StartAsync(api, "--keep"))
        {
            kept = api.Endpoints.Keys.Should().ContainSingle().Which;
            (await first.StopAsync()).Should().Be(0);
            first.Output.Should().Contain($"The endpoint {kept} stays at OpenAI.");
        }

        await using (var second = await Listening.StartAsync(api, "--keep", "--types", "batch.failed"))
        {
            api.Endpoints.Keys.Should().Equal(kept);
            api.Endpoints[kept]["event_types"]!.AsArray().Select(type => $"{type}").Should().Equal("batch.failed");
            second.Output.Should().Contain($"Uses the endpoint {kept}, which was kept.").And.Contain(TestApp.Secret);
        }

        await using (var last = await Listening.StartAsync(api))
        {
            api.Endpoints.Keys.Should().Equal(kept);
        }

        api.Endpoints.Should().BeEmpty();
    }

    [Fact]
    public async Task Listen_that_fails_to_start_leaves_no_file()
    {
        await using var api = await FakeApi.StartAsync();
        api.IsCreatingBroken = true;
        string folder = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "openai-webhooks", "listen");
        string[] before = Files();

        (await ToolRun.RunAsync(
            "listen", "--port", "0", "--public-url", "https://tunnel.example.com", "--api-key-from",
            ToolRun.KeyVariable, "--api-url", api.Url)).ExitCode.Should().Be(2);

        Files().Except(before).Should().BeEmpty();

        string[] Files() => Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
    }

    [Fact]
    public async Task Rotate_keeps_the_old_secret_says_where_to_put_the_new_one_and_waits_until_both_are_accepted()
    {
        int asked = 0;
        await using var receiver = await Receiver.StartAsync(
            map: app => app.MapPost("/webhooks/openai", async (HttpRequest request) =>
            {
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body);
                var headers = WebhookHeaders.From(name => request.Headers[name]);
                bool hasBoth = Interlocked.Increment(ref asked) > 1;
                var verifier = new WebhookVerifier(new WebhookVerifierOptions
                {
                    Secrets = hasBoth ? [TestApp.OtherSecret, TestApp.Secret] : [TestApp.Secret],
                });
                return Results.StatusCode(verifier.TryVerify(body.ToArray(), headers, out _) ? 200 : 400);
            }));
        await using var api = await FakeApi.StartAsync();
        string id = api.Add(receiver.Url, types: "batch.failed")["id"]!.ToString();

        var run = await ToolRun.RunAsync("rotate", id, "--api-key-from", ToolRun.KeyVariable, "--api-url", api.Url);

        api.Rotations.Should().Equal("""{"keep_old_secret_active_for_24_hours":true}""");
        run.Output.Should().Contain(TestApp.OtherSecret).And.Contain("OpenAI:Webhooks:Secrets:0").And
            .Contain("Each of the 2 secrets given to doctor is accepted.").And.NotContain(TestApp.Secret);
        run.ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Rotate_of_an_unknown_endpoint_says_which_there_are()
    {
        await using var api = await FakeApi.StartAsync();
        string id = api.Add("https://example.com/hook", types: "batch.failed")["id"]!.ToString();

        var run = await ToolRun.RunAsync("rotate", "we_x", "--api-key-from", ToolRun.KeyVariable, "--api-url", api.Url);

        run.Error.Trim().Should().Be(
            $"This project has no endpoint we_x. It has {id} (https://example.com/hook).");
        api.Rotations.Should().BeEmpty();
    }

    [Fact]
    public async Task Listen_makes_an_endpoint_tests_it_and_deletes_it_at_the_end()
    {
        await using var api = await FakeApi.StartAsync();
        api.Test = (_, _) => Task.FromResult<int?>(200);
        api.Add("https://example.com/mine", name: "production");
        api.Add("https://example.com/colleague", name: $"openai-webhooks listen {Guid.NewGuid():N}");
        string[] others = [.. api.Endpoints.Keys];

        await using (var listening = await Listening.StartAsync(api))
        {
            listening.Output.Should().Contain(
                "OpenAI sent a test event (response.completed) and got the status 200.").And
                .Contain("Nothing has arrived here").And
                .Contain(TestApp.Secret).And
                .NotContain(ToolRun.Key);
            api.Endpoints.Values.Select(endpoint => endpoint["url"]!.ToString())
                .Should().Contain("https://tunnel.example.com/hook");
            (await listening.StopAsync()).Should().Be(0);
        }

        api.Endpoints.Keys.Should().BeEquivalentTo(others);
    }

    [Fact]
    public async Task An_endpoint_that_somebody_else_has_deleted_is_deleted()
    {
        await using var api = await FakeApi.StartAsync();
        await using var listening = await Listening.StartAsync(api);
        api.Endpoints.Clear();

        (await listening.StopAsync()).Should().Be(0);
    }

    [Fact]
    public async Task What_listen_could_not_delete_the_next_start_deletes_and_nothing_that_another_still_uses()
    {
        await using var api = await FakeApi.StartAsync();
        api.Test = (_, _) => throw new InvalidOperationException("what becomes of the test does not end it");
        await using (var broken = await Listening.StartAsync(api))
        {
            api.IsDeletingBroken = true;
            (await broken.StopAsync()).Should().Be(1);
            api.IsDeletingBroken = false;
        }

        string left = api.Endpoints.Keys.Should().ContainSingle().Which;
        await using var first = await Listening.StartAsync(api);
        string used = api.Endpoints.Keys.Should().ContainSingle().Which;
        await using var second = await Listening.StartAsync(api);

        used.Should().NotBe(left);
        api.Endpoints.Keys.Should().HaveCount(2).And.Contain(used);
    }

    internal static async Task<string> AddressAsync(StringWriter output)
    {
        await TestApp.Eventually(() => Text(output).Contains("Ctrl+C", StringComparison.Ordinal));
        return System.Text.RegularExpressions.Regex.Match(Text(output), @"http://[0-9.:]+\d").Value;
    }

    /// <summary>A run of listen with an endpoint at OpenAI.</summary>
    private sealed class Listening : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly StringWriter _output = new();
        private Task<ToolRun>? _run;

        public string Output => Text(_output);

        public static async Task<Listening> StartAsync(FakeApi api, params string[] options)
        {
            var listening = new Listening();
            listening._run = ToolRun.RunAsync(
                listening._output,
                listening._stopping.Token,
                [
                    "listen", "--port", "0", "--public-url", "https://tunnel.example.com/hook",
                    "--api-key-from", ToolRun.KeyVariable, "--api-url", api.Url, .. options,
                ]);
            await TestApp.Eventually(() => listening.Output.Contains("test event", StringComparison.Ordinal));
            return listening;
        }

        public async Task<int> StopAsync()
        {
            await _stopping.CancelAsync();
            return (await _run!).ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stopping.Dispose();
            await _output.DisposeAsync();
        }
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
