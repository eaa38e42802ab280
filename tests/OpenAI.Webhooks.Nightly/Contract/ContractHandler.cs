using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using OpenAI.Webhooks.AspNetCore;

[assembly: HostingStartup(typeof(OpenAI.Webhooks.Nightly.ContractHandler))]

namespace OpenAI.Webhooks.Nightly;

/// <summary>Does what an event asks for, and writes it down. The start-up hook adds it to the application.</summary>
public sealed class ContractHandler : IHostingStartup, IWebhookHandler<WebhookEvent>
{
    /// <summary>The environment variable with the folder of what was written down: a file for each process.</summary>
    public const string RecordVariable = "WEBHOOK_INBOX_CONTRACT";

    private static readonly Lock Writing = new();

    private static string Folder => Environment.GetEnvironmentVariable(RecordVariable)!;

    public void Configure(IWebHostBuilder builder)
    {
        // The processes that the tests of Quartz start have their own handlers. This assembly is their application.
        if (Environment.GetEnvironmentVariable(RecordVariable) is null)
        {
            return;
        }

        // As tracing does. Without a listener there are no activities.
        ActivitySource.AddActivityListener(
            new() { ShouldListenTo = _ => true, Sample = (ref _) => ActivitySamplingResult.AllData });
        builder.ConfigureServices(services => services.AddOpenAIWebhooks().AddHandler<WebhookEvent, ContractHandler>());
    }

    /// <summary>How the ids of a test begin: with lower-case letters and digits, as OpenAI's do.</summary>
    public static string IdPrefix(string folder) => $"{Path.GetFileName(folder).ToLowerInvariant()}_";

    public async Task HandleAsync(
        WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        if (!delivery.WebhookId.StartsWith(IdPrefix(Folder), StringComparison.Ordinal))
        {
            // Left in the engine by an earlier test. It might crash the process of this one.
            return;
        }

        using var payload = JsonDocument.Parse(delivery.GetPayload());
        string[] words = payload.RootElement.GetProperty("data").GetProperty("do").GetString()!.Split(' ');
        string[] traces = [.. new[] { Activity.Current?.TraceId.ToString() }.Concat(
            Activity.Current?.Links.Select(link => link.Context.TraceId.ToString()) ?? []).OfType<string>()];
        bool isFirst = !Directory.GetFiles(Folder).Any(file => File.ReadAllText(file).Contains(
            $"\"Kind\":\"begin\",\"Id\":{JsonSerializer.Serialize(delivery.WebhookId)}", StringComparison.Ordinal));
        Write("begin");
        if (!words.Contains("once") || isFirst)
        {
            switch (words[0])
            {
                case "wait":
                    await Task.Delay(int.Parse(words[1], CultureInfo.InvariantCulture), cancellationToken);
                    break;
                case "fail":
                    throw new InvalidOperationException("on purpose");
                case "give":
                    throw new PermanentWebhookFailureException("on purpose");
                case "exit":
                    Process.GetCurrentProcess().Kill();
                    break;
                default:
                    break;
            }
        }

        Write("end");

        void Write(string kind)
        {
            var line = new Attempt(kind, delivery.WebhookId, DateTimeOffset.UtcNow, delivery.Timestamp,
                Convert.ToHexString(SHA256.HashData(delivery.GetPayload().Span)), traces);
            lock (Writing)
            {
                using var stream = new FileStream(Path.Combine(
                    Folder, $"{Environment.ProcessId}"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
                stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line) + "\n"));
            }
        }
    }
}
