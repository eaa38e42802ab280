using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary><c>send</c>: signs sample events or your own payload, and shows the server's response.</summary>
internal static class SendCommand
{
    // OpenAI's tolerance is five minutes.
    private static readonly TimeSpan OldAge = TimeSpan.FromMinutes(6);

    public static Command Create(IAnsiConsole console, IAnsiConsole error)
    {
        var types = new Argument<string[]>("TYPE")
        {
            Description = "The events' types, such as response.completed.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var to = UrlOption.Create("--to", "The endpoint's URL.");
        to.Required = true;
        var all = new Option<bool>("--all") { Description = "Send one event of every type." };
        var set = new Option<string[]>("--set")
        {
            Description = "Change a member of the sample events, such as data.id=resp_123. Can be repeated.",
            HelpName = "MEMBER=VALUE",
        };
        var file = new Option<FileInfo>("--file") { Description = "Send this file's bytes as the payload." };
        var repeat = new Option<int>("--repeat")
        {
            Description = "How many times to send each event, with the same id.",
            DefaultValueFactory = _ => 1,
        };
        repeat.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int number) && number < 1)
            {
                result.AddError("--repeat must be at least 1.");
            }
        });
        var bad = new Option<bool>("--bad-signature")
        {
            Description = "Sign with a wrong secret. The endpoint should respond with 400.",
        };
        var old = new Option<bool>("--old")
        {
            Description = "Sign with a timestamp from six minutes ago. The endpoint should respond with 400.",
        };
        var command = new Command("send", "Sends signed sample events.")
        { types, to, all, set, file, repeat, bad, old };
        var secrets = new SecretOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var clock = new ShiftedClock(parsed.GetValue(old) ? -OldAge : TimeSpan.Zero);
            var signer = new WebhookSigner(
                parsed.GetValue(bad) ? WebhookSigner.CreateSecret() : secrets.Require(parsed)[0], clock);
            var payloads = Payloads(
                parsed.GetValue(types)!, parsed.GetValue(all), parsed.GetValue(file), parsed.GetValue(set) ?? []);
            if (parsed.GetValue(file) is { } sent && NotJson(payloads[0].Payload) is { } mistake)
            {
                error.WriteItem("[yellow]![/]", $"{sent.Name} is not JSON: {mistake} It is sent as it is.");
            }

            var signed = payloads.Select(payload => (payload.Name, signer.Sign(payload.Payload))).ToList();
            using var deliverer = new Deliverer(parsed.GetValue(to)!);
            bool isRefusalExpected = parsed.GetValue(bad) || parsed.GetValue(old);
            bool isDelivered = true;
            foreach (var (name, delivery) in signed)
            {
                for (int i = 0; i < parsed.GetValue(repeat); i++)
                {
                    isDelivered &= await DeliverAsync(
                        console, deliverer, delivery, name, parsed.GetValue(to)!, isRefusalExpected, cancellationToken);
                }
            }

            return isDelivered ? 0 : 1;
        });
        return command;
    }

    /// <summary>Delivers, and prints a line about the response.</summary>
    /// <returns>
    /// Whether the response was as expected: delivered, or rejected with 400 if a rejection is expected.
    /// </returns>
    public static async Task<bool> DeliverAsync(
        IAnsiConsole console,
        Deliverer deliverer,
        SignedWebhook signed,
        string name,
        Uri url,
        bool isRefusalExpected,
        CancellationToken cancellationToken)
    {
        var (response, silence) = await deliverer.AttemptAsync(signed, url, cancellationToken);
        bool isRight = isRefusalExpected ? response?.Status == 400 : response is { IsSuccess: true };
        string what = response is null
                ? $"no response: {silence!.Message}. To find the cause, run openai-webhooks doctor {Words.Of(url)}."
            : !isRefusalExpected ? response.Summary
            : isRight ? "400: rejected, as it should be"
            : $"{response.Status}: it should be rejected with 400";

        console.MarkupLine($"{(isRight ? "[green]✓[/]" : "[red]✗[/]")} {Markup.Escape(Words.Printable(name))} "
            + $"{Markup.Escape(Words.Printable(signed.Headers.Id ?? ""))} {Markup.Escape(what)}");
        return isRight;
    }

    private static List<(string Name, byte[] Payload)> Payloads(
        string[] types, bool isAll, FileInfo? file, string[] changes)
    {
        if ((types.Length == 0 ? 0 : 1) + (isAll ? 1 : 0) + (file is null ? 0 : 1) != 1)
        {
            throw new ToolException("Specify a type, --all or --file.");
        }

        if (file is not null)
        {
            return changes.Length == 0
                ? [(file.Name, PrivateFile.Read(file))]
                : throw new ToolException("--set changes sample events, not --file.", "Edit the file.");
        }

        return [.. (isAll ? SampleEvents.Types : types).Select(type =>
        {
            var payload = SampleEvents.CreatePayload(type, DateTimeOffset.UtcNow);
            foreach (string change in changes)
            {
                Set(payload, change);
            }

            return ($"{payload["type"]}", JsonSerializer.SerializeToUtf8Bytes(payload));
        })];
    }

    // A value keeps the member's kind: text stays text, and a number a number.
    private static void Set(JsonObject payload, string change)
    {
        if (change.Split('=', 2) is not [{ Length: > 0 } path, var value])
        {
            throw new ToolException($"'{change}' is not a change.", "Write --set data.id=resp_123.");
        }

        var before = path.Split('.').Aggregate((JsonNode?)payload, (node, name) => node switch
        {
            JsonObject members => members[name],
            JsonArray items when int.TryParse(name, out int i) && i >= 0 && i < items.Count => items[i],
            _ => null,
        }) ?? throw new ToolException(
            $"The event {payload["type"]} has no member {path}.",
            $"Its data has {string.Join(", ", payload["data"]!.AsObject().Select(member => member.Key))}. For another "
            + "payload, write it to a file and use --file.");
        if (before.GetValueKind() == JsonValueKind.String)
        {
            before.ReplaceWith(value);
            return;
        }

        var parsed = ParseOrNull(value);
        if (parsed?.GetValueKind() is not { } kind || (kind == JsonValueKind.True ? JsonValueKind.False : kind)
            != (before.GetValueKind() == JsonValueKind.True ? JsonValueKind.False : before.GetValueKind()))
        {
            throw new ToolException($"{path} is {before.ToJsonString()}, and '{value}' is of another kind.");
        }

        before.ReplaceWith(parsed);
    }

    private static JsonNode? ParseOrNull(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? NotJson(byte[] payload)
    {
        if (payload.AsSpan().StartsWith("\uFEFF"u8))
        {
            return "it begins with a byte order mark (BOM).";
        }

        try
        {
            using var document = JsonDocument.Parse(payload);
            return null;
        }
        catch (JsonException exception)
        {
            return $"see line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.";
        }
    }
}
