using System.Globalization;
using System.Net;
using Xunit.Abstractions;
using OpenAI.Webhooks.Quartz;
using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>
/// Receivers and workers that are killed at random moments, under a sender that tries again as OpenAI does. By default
/// a short form; WEBHOOKS_KILLS and WEBHOOKS_DELIVERIES ask for a longer one.
/// </summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const string Payload =
        """
        {"id":"evt_1","object":"event","created_at":1750861210,"type":"response.completed","data":{"id":"resp_123"}}
        """;

    private const int Killed = 128 + 9; // SIGKILL

    private static readonly int Kills = Setting("WEBHOOKS_KILLS", 5);
    private static readonly int Deliveries = Setting("WEBHOOKS_DELIVERIES", 400);

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly Random _random = new(20261122);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task On_a_SQLite_file_nothing_is_lost()
        => LoseNothingAsync(
            new Database("sqlite", $"Data Source={Path.Combine(_folder, "webhooks.db")};Default Timeout=30"), ["both"]);

    [Fact]
    public async Task With_two_receivers_and_two_workers_on_one_PostgreSQL_nothing_is_lost()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await LoseNothingAsync(postgres.Database, ["receiver", "receiver", "worker", "worker"]);
    }

    [Fact]
    public async Task With_a_receiver_and_two_workers_on_one_MariaDB_nothing_is_lost()
    {
        await using var mariaDb = await MariaDbServer.StartAsync();
        await LoseNothingAsync(mariaDb.Database, ["receiver", "worker", "worker"]);
    }

    [Fact]
    public async Task A_delivery_that_ends_its_process_each_time_is_dead_in_the_end_and_runs_again_when_replayed()
    {
        var database = new Database("sqlite", $"Data Source={Path.Combine(_folder, "webhooks.db")};Default Timeout=30");
        await database.PrepareAsync();
        var process = new Machine("both", database);
        await process.StartAsync();

        // Once: the process may end before it responds, and a copy would revive the dead letter.
        using var client = new HttpClient();
        using var request = new WebhookSigner(Program.Secret).Sign(
            Payload, "wh_fatal").ToRequest($"http://127.0.0.1:{process.Port}{Program.Path}");
        await Task.WhenAny(client.SendAsync(request), process.ExitAsync());

        // A start that fails is not an attempt.
        int kills = 0;
        await Eventually(async () =>
        {
            if (process.ExitCode is { } code)
            {
                kills += code == Killed ? 1 : 0;
                await process.StartAsync(mayEnd: true);
            }

            return (await database.DeadAsync()).Count == 1;
        });
        (await database.DeadAsync()).Should().Equal(["wh_fatal"], "its process was killed {0} times", kills);
        kills.Should().Be(Program.KilledRetryDelays.Length + 1, "it has as many attempts as any other");
        await process.StopAsync();

        await using var app = Program.Build("receiver", database);
        await app.StartAsync();
        (await app.Services.GetRequiredService<WebhookDeadLetters>().ReplayAsync("wh_fatal")).Should().BeTrue();
        (await database.DeadAsync()).Should().BeEmpty();

        await process.StartAsync(mayEnd: true);
        await process.ExitAsync();
    }

    private async Task LoseNothingAsync(Database database, string[] roles)
    {
        await database.PrepareAsync();
        var processes = roles.Select(role => new Machine(role, database)).ToArray();
        foreach (var process in processes)
        {
            await process.StartAsync();
        }

        var receivers = processes.Where(process => process.Role != "worker").ToArray();
        string[] ids = [.. Enumerable.Range(0, Deliveries).Select(
            i => $"wh_{i}{(i % 20 == 0 ? "_never" : i % 5 == 0 ? "_once" : "")}")];
        string[] copies = [.. ids.Where((_, i) => i % 2 == 0)];
        int sent = 0;
        var sending = SendAsync(
            [.. ids.Concat(copies).OrderBy(_ => _random.Next())], receivers, () => Interlocked.Increment(ref sent));

        for (int kill = 0; kill < Kills; kill++)
        {
            // Spread over the sending, at a moment of its own within its share.
            int moment = (int)((kill + _random.NextDouble()) * (ids.Length + copies.Length) / Kills);
            while (Volatile.Read(ref sent) < moment && !sending.IsCompleted)
            {
                await Task.Delay(1);
            }

            var victim = processes[_random.Next(processes.Length)];
            await victim.KillAsync();
            await victim.StartAsync();
        }

        await sending;
        string[] dead = [.. ids.Where(id => id.EndsWith("never", StringComparison.Ordinal))];
        await Eventually(
            async () => await database.PendingAsync() == 0 && (await database.DeadAsync()).Count == dead.Length);

        (await database.PendingAsync()).Should().Be(0, "nothing waits any more");
        (await database.EffectsAsync()).Should().BeEquivalentTo(
            ids.Except(dead), "each effect is there once, and none is lost");
        (await database.DeadAsync()).Should().BeEquivalentTo(dead, "those that fail for good are dead letters");
        (await database.StoredAsync()).Should().BeEquivalentTo(
            ids, "every id is known, so that a late copy does nothing");
        output.WriteLine($"{Kills} kills, {ids.Length} deliveries and {copies.Length} copies, {dead.Length} dead.");

        foreach (var process in processes)
        {
            await process.StopAsync();
        }
    }

    // A few at a time, each until it is answered 200.
    private static async Task SendAsync(string[] ids, Machine[] receivers, Action onSent)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var signer = new WebhookSigner(Program.Secret);
        await Parallel.ForEachAsync(
            ids.Index(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (delivery, token) =>
        {
            for (int attempt = 0; ; attempt++)
            {
                var receiver = receivers[(delivery.Index + attempt) % receivers.Length];
                try
                {
                    using var request = signer.Sign(
                        Payload, delivery.Item).ToRequest($"http://127.0.0.1:{receiver.Port}{Program.Path}");
                    using var answer = await client.SendAsync(request, token);
                    if (answer.StatusCode == HttpStatusCode.OK)
                    {
                        onSent();
                        return;
                    }
                }
                catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
                {
                    // Nobody there, or no longer: again, later.
                }

                await Task.Delay(TimeSpan.FromMilliseconds(200), token);
            }
        });
    }

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (int i = 0; i < 600 && !await condition(); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    private static int Setting(string name, int usual)
        => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
            ? int.Parse(value, CultureInfo.InvariantCulture) : usual;
}
