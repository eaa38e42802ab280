using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>Machines whose clocks differ, on one database. The clocks are faked by Debian's faketime.</summary>
public class ClockTests
{
    private const string Payload =
        """
        {"id":"evt_1","object":"event","created_at":1750861210,"type":"response.completed","data":{"id":"resp_123"}}
        """;

    [Theory]
    [InlineData("postgres", 120)]
    [InlineData("postgres", -120)]
    [InlineData("mariadb", 120)]
    [InlineData("mariadb", -120)]
    public async Task What_a_receiver_with_another_clock_stores_is_handled_without_waiting_for_the_clock(
        string kind, int secondsAhead)
    {
        await using var server = await ServerAsync(kind);
        var database = server.Database;
        await database.PrepareAsync();
        var receiver = new Machine("receiver", database, secondsAhead);
        var worker = new Machine("worker", database);
        await receiver.StartAsync();
        await worker.StartAsync();

        await SendAsync(receiver, "wh_1");

        // Less than the clocks differ.
        await UntilAsync(async () => (await database.EffectsAsync()).Contains("wh_1"), TimeSpan.FromSeconds(30));
        await receiver.StopAsync();
        await worker.StopAsync();
    }

    [Theory]
    [InlineData(13)]
    [InlineData(90)]
    [InlineData(-90)]
    public async Task Two_workers_whose_clocks_differ_begin_each_delivery_once(int secondsAhead)
    {
        await using var postgres = await PostgresServer.StartAsync();
        var database = postgres.Database;
        await database.PrepareAsync();
        var workers = new[] { new Machine("both", database), new Machine("both", database, secondsAhead) };
        await Task.WhenAll(workers.Select(worker => worker.StartAsync()));
        string[] ids = [.. Enumerable.Range(0, 6).Select(i => $"wh_{i}_slow")];

        for (int i = 0; i < ids.Length; i++)
        {
            await SendAsync(workers[i % 2], ids[i]);
        }

        await UntilAsync(
            async () => (await database.EffectsAsync()).Count == ids.Length && await database.PendingAsync() == 0,
            TimeSpan.FromMinutes(2));
        (await database.BeginsAsync()).Should().BeEquivalentTo(ids, "none is begun twice");
        (await database.DeadAsync()).Should().BeEmpty();
        await Task.WhenAll(workers.Select(worker => worker.StopAsync()));
    }

    [Fact]
    public async Task A_worker_that_is_killed_is_replaced_by_one_whose_clock_is_behind()
    {
        await using var postgres = await PostgresServer.StartAsync();
        var database = postgres.Database;
        await database.PrepareAsync();
        var killed = new Machine("both", database, secondsAhead: 90);
        await killed.StartAsync();
        await SendAsync(killed, "wh_1_slow");
        await UntilAsync(async () => (await database.BeginsAsync()).Count == 1, TimeSpan.FromMinutes(1));

        var other = new Machine("worker", database);
        await other.StartAsync();
        await killed.KillAsync();

        await UntilAsync(async () => (await database.EffectsAsync()).Contains("wh_1_slow"), TimeSpan.FromMinutes(2));
        await other.StopAsync();
    }

    [Fact]
    public async Task A_worker_frozen_until_it_was_taken_for_dead_finishes_what_it_handles_and_nothing_is_dead()
    {
        await using var postgres = await PostgresServer.StartAsync();
        var database = postgres.Database;
        await database.PrepareAsync();
        var frozen = new Machine("both", database);
        await frozen.StartAsync();
        string[] ids = [.. Enumerable.Range(0, 6).Select(i => $"wh_{i}_slow")];
        await Task.WhenAll(ids.Select(id => SendAsync(frozen, id)));
        await UntilAsync(async () => (await database.BeginsAsync()).Count == ids.Length, TimeSpan.FromMinutes(1));
        var other = new Machine("worker", database);
        await other.StartAsync();

        await frozen.FreezeAsync(true);
        await Task.Delay(TimeSpan.FromSeconds(8));
        await frozen.FreezeAsync(false);

        await UntilAsync(
            async () => (await database.EffectsAsync()).Count == ids.Length && await database.PendingAsync() == 0,
            TimeSpan.FromMinutes(2));
        (await database.DeadAsync()).Should().BeEmpty();
        (await database.BeginsAsync()).Should().HaveCountLessThanOrEqualTo(
            2 * ids.Length, "each is begun once more at most");
        await frozen.StopAsync();
        await other.StopAsync();
    }

    private static async Task<IServer> ServerAsync(string kind) =>
        kind == "mariadb" ? await MariaDbServer.StartAsync() : await PostgresServer.StartAsync();

    private static async Task SendAsync(Machine machine, string id)
    {
        using var client = new HttpClient();
        using var request = new WebhookSigner(Program.Secret).Sign(
            Payload, id).ToRequest($"http://127.0.0.1:{machine.Port}{Program.Path}");
        using var response = await client.SendAsync(request);
        response.StatusCode.Should().Be(System.Net.HttpStatusCode.OK);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan patience)
    {
        using var timeout = new CancellationTokenSource(patience);
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), timeout.Token);
        }
    }
}
