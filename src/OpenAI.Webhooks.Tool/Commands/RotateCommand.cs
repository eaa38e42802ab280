using System.CommandLine;
using OpenAI.Webhooks.Tool.Diagnosis;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// <c>rotate</c>: creates a new secret at OpenAI, says where to put it, and waits until the application accepts both.
/// </summary>
internal static class RotateCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public static Command Create(IAnsiConsole console)
    {
        var id = new Argument<string>("ID") { Description = "The endpoint's id at OpenAI, such as we_123." };
        var noWait = new Option<bool>("--no-wait")
        {
            Description = "Do not wait until the application accepts the new secret.",
        };
        var command = new Command(
            "rotate",
            "Creates a new secret for an endpoint at OpenAI. The old one stays active for 24 hours. Then waits until "
            + "the application accepts both.") { id, noWait };
        var secrets = new SecretOptions(command);
        var apiOptions = OpenAIApi.AddOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = OpenAIApi.From(parsed, apiOptions, CancellationToken.None) ?? throw new ToolException(
                "rotate needs an API key.",
                $"Set {OpenAIApi.KeyVariable}, or name another variable with --api-key-from.");
            string wanted = parsed.GetValue(id)!;
            var old = secrets.Find(parsed);
            var endpoints = await api.ListAsync(cancellationToken);
            var endpoint = endpoints.FirstOrDefault(one => one.Id == wanted) ?? throw new ToolException(
                $"This project has no endpoint {wanted}.",
                endpoints.Count == 0 ? "It has none at all: check the API key's project."
                    : $"It has {Words.List([.. endpoints.Select(one => $"{one.Id} ({Words.OfUrl(one.Url)})")])}.");

            // Do not pass the token: a new secret that nobody has read would be lost.
            string secret = (await api.RotateAsync(wanted, CancellationToken.None)).Secret
                ?? throw new ToolException("OpenAI's API gave no signing_secret. See the endpoint at OpenAI.");
            console.MarkupLineInterpolated(
                $"{wanted} ({Words.OfUrl(endpoint.Url)}) has a new secret. The old one stays active for 24 hours.");
            console.MarkupLineInterpolated($"OpenAI does not show it again: {secret}");
            console.WriteItem("1.", $"Put it beside the old one: in {SecretOptions.Variable}, separated by a space, or "
                + "as OpenAI:Webhooks:Secrets:0, with the old one as OpenAI:Webhooks:Secrets:1.");
            console.WriteItem("2.", "Deploy. A changed configuration file takes effect without a restart; an "
                + "environment variable needs one.");
            console.WriteItem("3.", "After 24 hours, remove the old one.");
            return parsed.GetValue(noWait)
                ? 0
                : await CheckAsync(console, new Uri(endpoint.Url), secret, old, cancellationToken);
        });
        return command;
    }

    private static async Task<int> CheckAsync(
        IAnsiConsole console, Uri url, string secret, IReadOnlyList<string> old, CancellationToken cancellationToken)
    {
        console.MarkupLine("Waiting until the application accepts the new secret. Press Ctrl+C to stop waiting.");
        using (var deliverer = new Deliverer(url))
        {
            while (!(await deliverer.AttemptAsync(
                new WebhookSigner(secret).Sign(SampleEvents.CreateUnhandled()), url, cancellationToken)).IsAccepted)
            {
                await Task.Delay(Interval, cancellationToken);
            }

            var diagnosis = new ServerDiagnosis(
                deliverer,
                url,
                [secret, .. old],
                healthUrl: null,
                type: null,
                sendsEvents: true);
            bool isRight = true;
            await foreach (var finding in diagnosis.DiagnoseAsync(cancellationToken))
            {
                // That the old secret is no longer accepted is a fault here.
                var found = finding is { Code: "secrets", Level: Level.Note }
                    ? Finding.Fault(finding.Code, finding.What, finding.Do ?? "")
                    : finding;
                isRight &= found.Level != Level.Fault;
                DoctorCommand.Print(console, found);
            }

            if (old.Count == 0)
            {
                DoctorCommand.Print(console, Finding.Note(
                    "old_secret",
                    "Not checked: whether the old secret is still accepted, because it was not given.",
                    $"Set {SecretOptions.Variable} to the old secret, or name a variable with --secret-from."));
            }

            return isRight ? 0 : 1;
        }
    }
}
