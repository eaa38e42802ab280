using System.Text;
using RabbitMQ.Client;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>samples/inboxes/RabbitMqInbox.cs.</summary>
public sealed class RabbitMqTests(RabbitMqFixture rabbitMq) : SampleContract(RabbitMqFixture.Program is null ? "RabbitMQ is not installed." : null), IClassFixture<RabbitMqFixture>
{
    private const string NoIds = "RabbitMQ does not store ids, so a copy is a new message. Handlers must make their work idempotent by webhook id.";

    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(Twenty_copies_at_once_are_all_accepted_and_handled_once)] = NoIds,
        [nameof(A_copy_of_a_waiting_delivery_is_accepted_and_not_handled_again)] = NoIds,
        [nameof(A_copy_of_a_handled_delivery_is_accepted_and_not_handled_again)] = NoIds,
        [nameof(A_copy_that_comes_after_a_restart_is_not_handled_again)] = NoIds,
        [nameof(A_copy_that_comes_after_a_restart_of_the_engine_is_not_handled_again)] = NoIds,
        [nameof(A_copy_at_another_receiver_is_not_handled_again)] = NoIds,
    };

    public override string Engine => "RabbitMQ 3.10";

    protected override string Sample => "RabbitMqInbox";

    protected override string[] Options => ["--rabbitmq", Url];

    private string Url => $"amqp://127.0.0.1:{rabbitMq.Server!.Port}";

    protected override Task SetEngineAsync(EngineState state) => rabbitMq.Server!.SetAsync(state);

    protected override async Task StoreTextAsync(string text)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.BasicPublishAsync(exchange: "", "openai-webhooks", mandatory: true, Encoding.UTF8.GetBytes(text));
    }

    [SkippableFact]
    public Task A_queue_that_was_deleted_is_created_and_consumed_again_even_while_a_handler_runs() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_slow", "wait 100000");
        await StoreAndHandleAsync(node, "wh_1");
        await DeleteQueueAsync("openai-webhooks");

        await StoreAndHandleAsync(node, "wh_2");
    });

    [SkippableFact]
    public Task Handlers_that_outlast_their_connection_do_not_delay_others() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        for (int i = 0; i < 10; i++)
        {
            await StoreAsync(node, $"wh_slow_{i}", "wait 100000 once");
            await BegunAsync($"wh_slow_{i}");
        }

        await ChangeEngineAsync(EngineState.Killed);
        await ChangeEngineAsync(EngineState.Running);
        await StoreAndHandleAsync(node, "wh_1");
    });

    [SkippableFact]
    public Task A_receiver_creates_a_queue_that_was_deleted_too() => PromiseAsync(async () =>
    {
        var receiver = await StartAsync(isReceiveOnly: true);
        (await StoreAsync(receiver, "wh_1")).Should().Be(200);
        await DeleteQueueAsync("openai-webhooks");
        (await StoreAsync(receiver, "wh_2")).Should().Be(503);

        await StoreUntilAcceptedAsync(receiver, "wh_2");
        await StartAsync();
        await HandledAsync("wh_2");
    });

    [SkippableFact]
    public Task Dead_letters_whose_queue_was_deleted_do_not_stop_the_others() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAndHandleAsync(node, "wh_1");
        await DeleteQueueAsync("openai-webhooks.dead");
        for (int i = 0; i < 12; i++)
        {
            await StoreUntilAcceptedAsync(node, $"wh_dead_{i}", "give up");
        }

        await StoreAndHandleAsync(node, "wh_2");
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        uint dead = 0;
        for (int i = 0; i < 600 && dead < 12; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
            dead = await channel.MessageCountAsync("openai-webhooks.dead");
        }

        dead.Should().BeGreaterThanOrEqualTo(12);
    });

    [SkippableFact]
    public Task A_dead_letter_that_an_operator_moves_back_has_all_its_attempts_again() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "fail");
        await node.UntilAsync(() => DeadLetters().Any());
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        BasicGetResult? dead = null;
        for (int i = 0; i < 600 && (dead is null || !Encoding.UTF8.GetString(dead.Body.Span).Contains(IdPrefix, StringComparison.Ordinal)); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(dead is null ? 100 : 0));
            dead = await channel.BasicGetAsync("openai-webhooks.dead", autoAck: true); // those of other tests go
        }

        dead.Should().NotBeNull("it is reported before it is stored, but stored soon");
        await channel.BasicPublishAsync("", "openai-webhooks", mandatory: true, new BasicProperties(dead!.BasicProperties), dead.Body);

        await node.UntilAsync(() => DeadLetters().Count() == 2);
        Attempts("wh_1").Should().HaveCount(2 * (RetryDelays.Count + 1));
    });

    [SkippableFact]
    public Task A_foreign_message_with_headers_of_its_own_disturbs_nothing() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAndHandleAsync(node, "wh_1");
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (object attempts in (object[])["many", -5, long.MaxValue])
        {
            await channel.BasicPublishAsync("", "openai-webhooks", mandatory: true, new BasicProperties { Headers = new Dictionary<string, object?> { ["attempts"] = attempts } }, Encoding.UTF8.GetBytes("no delivery"));
        }

        (await StoreAsync(node, "wh_2", "wait 2000")).Should().Be(200);
        await HandledAsync("wh_2");
        node.Log.Split("The queue contains a text that is not a webhook message").Should().HaveCount(1 + 3);
    });

    private async Task DeleteQueueAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(queue);
    }

    private Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = new(Url) }.CreateConnectionAsync();
}
