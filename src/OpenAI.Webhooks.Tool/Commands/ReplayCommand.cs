using System.CommandLine;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// <c>replay</c>: signs saved deliveries again, with the current time and their original ids, and sends them.
/// </summary>
internal static class ReplayCommand
{
    public static Command Create(IAnsiConsole console, IAnsiConsole error)
    {
        var files = new Argument<FileInfo[]>("FILE")
        {
            Description = "Deliveries saved by listen --save.",
            Arity = ArgumentArity.OneOrMore,
        };
        var to = UrlOption.Create("--to", "The endpoint's URL.");
        to.Required = true;
        var command = new Command(
            "replay",
            "Sends saved deliveries again, with a new timestamp and the same id. An application that deduplicates does "
            + "not handle an id twice.") { files, to };
        var secrets = new SecretOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var required = secrets.Require(parsed);
            var signer = new WebhookSigner(required[0]);
            using var deliverer = new Deliverer(parsed.GetValue(to)!);
            bool isDelivered = true;
            foreach (var file in parsed.GetValue(files)!)
            {
                try
                {
                    var delivery = SavedDelivery.Read(file);
                    if (!delivery.IsSignedWith(required))
                    {
                        error.WriteItem(
                            "[yellow]![/]",
                            $"{file.Name} was not signed with this secret, and may be forged. It is signed now.");
                    }

                    isDelivered &= await SendCommand.DeliverAsync(
                        console,
                        deliverer,
                        signer.Sign(delivery.Body, delivery.WebhookHeaders.Id),
                        file.Name,
                        parsed.GetValue(to)!,
                        isRefusalExpected: false,
                        cancellationToken);
                }
                catch (ToolException exception)
                {
                    isDelivered = false;
                    error.WriteItem("[red]✗[/]", exception.Message);
                }
            }

            return isDelivered ? 0 : 1;
        });
        return command;
    }
}
