using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace OpenAI.Webhooks.Nightly;

/// <summary>
/// The promises that an inbox must keep, as tests of an application that uses it. Copy this folder into a test project
/// with xunit 2 and FluentAssertions, and with global usings of Xunit and FluentAssertions. Derive a class for each
/// engine. The tests run the unmodified application, kill its processes, and inject a handler through a start-up hook.
/// The application must map its endpoint at <c>/webhooks/openai</c>, and must not have a handler for all events: some
/// tests need a process without one.
/// </summary>
/// <remarks>It needs signals: Linux or macOS.</remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit calls DisposeAsync.")]
public abstract partial class WebhookInboxContract : IAsyncLifetime
{
    private const string Path = "/webhooks/openai";
    private const string Secret = "whsec_dGhlIHNlY3JldCBvZiB0aGUgaW5ib3ggY29udHJhY3Q=";
    private const string PhoneNumber = "+15550100123";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    // Longer than the longest wait and what engines poll at: another attempt would come within it.
    private static readonly TimeSpan QuietAfterAttempts = TimeSpan.FromSeconds(10);

    private readonly DirectoryInfo _records = Directory.CreateTempSubdirectory();
    private readonly List<Node> _nodes = [];
    private bool _isEngineTouched;
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };

    // The engine outlives a test, and knows the ids of others.
    private protected string IdPrefix => ContractHandler.IdPrefix(_records.FullName);

    /// <summary>The retry delays to configure the application with.</summary>
    protected static IReadOnlyList<TimeSpan> RetryDelays { get; } =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    /// <summary>The promises that the engine cannot keep: the name of the test, and the reason. These tests must
    /// fail.</summary>
    public virtual IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>();

    /// <summary>How long the application may take to handle deliveries after the engine was away.</summary>
    protected virtual TimeSpan RecoveryTime => Timeout;

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        if (_isEngineTouched)
        {
            await SetEngineAsync(EngineState.Running);
        }

        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        _client.Dispose();
        _records.Delete(recursive: true);
    }

    /// <summary>Returns how to start the application, configured with <see cref="RetryDelays"/>.</summary>
    /// <param name="isReceiveOnly">Whether it must only store deliveries, and handle none.</param>
    protected abstract ProcessStartInfo CreateNode(bool isReceiveOnly);

    /// <summary>
    /// Stops, kills or freezes the engine, or starts it again with what it has stored. If there is no server, throw
    /// NotSupportedException, and name the tests that fail for this reason in <see cref="Exceptions"/>.
    /// </summary>
    protected abstract Task SetEngineAsync(EngineState state);

    /// <summary>
    /// Reads the dead letters where an operator finds them: texts, each of which contains a webhook id.
    /// </summary>
    protected abstract Task<IReadOnlyCollection<string>> ReadDeadLettersAsync();

    /// <summary>
    /// Puts a text into the engine's queue that is not a delivery, as another program might. If no other program can
    /// write there, throw NotSupportedException, and name the test that fails for this reason in <see
    /// cref="Exceptions"/>.
    /// </summary>
    protected abstract Task StoreTextAsync(string text);

    [Fact]
    public Task A_delivery_that_got_200_is_handled_once() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        (await StoreAsync(node, "wh_1")).Should().Be(200);
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_delivery_that_got_200_survives_a_kill_right_after() => PromiseAsync(async () =>
    {
        var receiver = await StartAsync(isReceiveOnly: true);
        (await StoreAsync(receiver, "wh_1")).Should().Be(200);
        await receiver.KillAsync();
        await StartAsync();
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task Fifty_waiting_deliveries_survive_a_kill_during_handling() => PromiseAsync(async () =>
    {
        string[] ids = Ids(50);
        var first = await StartAsync();
        await StoreAllAsync(first, ids, doing: "wait 200");
        await first.KillAsync();
        await StartAsync();
        await HandledAsync(ids);
    });

    [Fact]
    public Task A_delivery_whose_handler_is_killed_is_handled_again() => PromiseAsync(async () =>
    {
        var first = await StartAsync();
        await StoreAsync(first, "wh_1", "wait 60000 once");
        await BegunAsync("wh_1");
        await first.KillAsync();
        await StartAsync();
        await HandledAsync("wh_1");
    });

    [Fact]
    public Task A_delivery_that_crashes_its_process_each_time_is_not_retried_forever() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "exit", isResponseNeeded: false);
        for (int ends = 1; ; ends++)
        {
            await EventuallyAsync(() => !node.IsRunning || DeadLetters()
                .Any(), "the process should have ended, or reported a dead letter");
            if (node.IsRunning)
            {
                break;
            }

            ends.Should().BeLessThanOrEqualTo(RetryDelays.Count + 1, "it has no more attempts than any other");

            // It may meet the delivery before it listens.
            node = await StartAsync(mayEnd: true);
        }

        await QuietAsync("wh_1");
        DeadLetters().Should().ContainSingle("it must be reported once");
        (await StoreAsync(node, "wh_2")).Should().Be(200);
        await HandledOnceAsync("wh_2");
    });

    [Fact]
    public Task A_graceful_stop_lets_a_running_handler_finish() => PromiseAsync(async () =>
    {
        var first = await StartAsync();
        await StoreAsync(first, "wh_1", "wait 4000");
        await BegunAsync("wh_1");
        await first.StopAsync();
        Handlings("wh_1").Should().HaveCount(1);
        await StartAsync();
        await QuietAsync("wh_1");
        Attempts("wh_1").Should().HaveCount(1);
    });

    [Fact]
    public Task A_handler_that_a_stop_interrupts_runs_again() => PromiseAsync(async () =>
    {
        var first = await StartAsync();
        await StoreAsync(first, "wh_1", "wait 60000 once");
        await BegunAsync("wh_1");
        await first.StopAsync();
        await StartAsync();
        await HandledAsync("wh_1");
    });

    [Fact]
    public Task Graceful_stops_that_let_handlers_finish_do_not_count_as_attempts() => PromiseAsync(async () =>
    {
        string[] ids = Ids(40);
        var node = await StartAsync();
        await StoreAllAsync(node, ids, doing: "wait 1000");
        for (int stop = 0; stop < RetryDelays.Count + 3; stop++)
        {
            await node.StopAsync();
            node = await StartAsync();
        }

        await HandledAsync(ids);
        await Task.Delay(Quiet);
        ids.Should().OnlyContain(id => Attempts(id).Count == 1);
        DeadLetters().Should().BeEmpty();
    });

    [Fact]
    public Task A_graceful_stop_leaves_waiting_deliveries_for_the_next_start() => PromiseAsync(async () =>
    {
        string[] ids = Ids(40);
        var first = await StartAsync();
        await StoreAllAsync(first, ids, doing: "wait 300");
        await first.StopAsync();
        await StartAsync();
        await HandledAsync(ids);
    });

    [Fact]
    public Task Twenty_copies_at_once_are_all_accepted_and_handled_once() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        int[] statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StoreAsync(node, "wh_1")));
        statuses.Should().AllBeEquivalentTo(200);

        // The endpoint itself holds back copies of one that is being stored.
        (await StoreAsync(node, "wh_1")).Should().Be(200);
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_copy_of_a_waiting_delivery_is_accepted_and_not_handled_again() => PromiseAsync(async () =>
    {
        var receiver = await StartAsync(isReceiveOnly: true);
        (await StoreAsync(receiver, "wh_1")).Should().Be(200);
        (await StoreAsync(receiver, "wh_1")).Should().Be(200);
        await StartAsync();
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_copy_of_a_handled_delivery_is_accepted_and_not_handled_again() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1");
        await HandledAsync("wh_1");
        (await StoreAsync(node, "wh_1")).Should().Be(200);
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_copy_that_comes_after_a_restart_is_not_handled_again() => PromiseAsync(async () =>
    {
        var first = await StartAsync();
        await StoreAsync(first, "wh_1");
        await HandledAsync("wh_1");
        await first.StopAsync();
        (await StoreAsync(await StartAsync(), "wh_1")).Should().Be(200);
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_copy_that_comes_after_a_restart_of_the_engine_is_not_handled_again() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1");
        await HandledAsync("wh_1");
        await ChangeEngineAsync(EngineState.Stopped);
        await ChangeEngineAsync(EngineState.Running);
        await StoreUntilAcceptedAsync(node, "wh_1");
        await StoreUntilAcceptedAsync(node, "wh_2");
        await HandledAsync("wh_2");
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_copy_at_another_receiver_is_not_handled_again() => PromiseAsync(async () =>
    {
        var (first, second) = (await StartAsync(isReceiveOnly: true), await StartAsync(isReceiveOnly: true));
        int[] statuses = await Task.WhenAll(StoreAsync(first, "wh_1"), StoreAsync(second, "wh_1"), StoreAsync(
            first, "wh_1"), StoreAsync(second, "wh_1"));
        statuses.Should().AllBeEquivalentTo(200);
        await StartAsync();
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_copy_of_a_dead_letter_is_accepted_and_retried() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "give up once");
        await BegunAsync("wh_1");
        await QuietAsync("wh_1");
        (await StoreAsync(node, "wh_1", "give up once")).Should().Be(200);
        await HandledAsync("wh_1");
    });

    [Fact]
    public Task A_copy_of_a_dead_letter_is_accepted() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "give up");
        await BegunAsync("wh_1");
        await Task.Delay(Quiet);
        (await StoreAsync(node, "wh_1", "give up")).Should().Be(200);
    });

    [Fact]
    public Task Ids_that_differ_only_in_case_are_two_deliveries() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_Case");
        await StoreAsync(node, "wh_case");
        await HandledAsync("wh_Case", "wh_case");
    });

    [Fact]
    public Task Ids_with_odd_characters_are_handled() => PromiseAsync(async () =>
    {
        string[] ids = ["wh/1", "wh.1", "wh*", "wh>", "wh 1", "wh:1;'\"--", "wh%2F1", "$wh{1}"];
        var node = await StartAsync();
        await StoreAllAsync(node, ids);
        await HandledAsync(ids);
    });

    [Fact]
    public Task Ids_of_300_characters_that_differ_only_in_the_last_are_two_deliveries() => PromiseAsync(async () =>
    {
        string[] ids = [$"wh_{new string('x', 284)}1", $"wh_{new string('x', 284)}2"];
        var node = await StartAsync();
        await StoreAllAsync(node, ids);
        await HandledAsync(ids);
    });

    [Fact]
    public Task A_payload_of_256_KiB_is_handled_byte_for_byte() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        string payload = Payload("wh_1", "", padding: new string('x', 256 * 1024 - Payload("wh_1", "").Length));
        (await StorePayloadAsync(node, "wh_1", payload)).Should().Be(200);
        (await HandledAsync("wh_1"))[0].Hash.Should().Be(Hash(payload));
    });

    [Fact]
    public Task White_space_escapes_and_accents_are_kept_byte_for_byte() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        string payload = Payload("wh_1", "", padding: "Zoë ☎ \\u00e9 \\/ <a>")
            .Replace("\"data\":", "\r\n\t\"data\" : ", StringComparison.Ordinal) + "\n";
        await StorePayloadAsync(node, "wh_1", payload);
        (await HandledAsync("wh_1"))[0].Hash.Should().Be(Hash(payload));
    });

    [Fact]
    public Task The_timestamp_is_kept() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        var sent = DateTimeOffset.UtcNow;
        await StoreAsync(node, "wh_1");
        (await HandledAsync("wh_1"))[0].Timestamp.Should().BeCloseTo(sent, TimeSpan.FromSeconds(2));
    });

    [Fact]
    public Task A_payload_that_is_not_an_event_is_accepted_and_delays_nothing() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        (await StorePayloadAsync(node, "wh_unreadable", """{"no":"event"}""")).Should().Be(200);
        (await StoreAsync(node, "wh_1")).Should().Be(200);
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_payload_that_is_not_an_event_is_a_dead_letter_after_its_first_attempt() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StorePayloadAsync(node, "wh_unreadable", """{"no":"event"}""");
        await Task.Delay(QuietAfterAttempts);
        Regex.Count(
            node.Log, "wh_unreadable.*cannot be read|cannot be read.*wh_unreadable").Should().BeLessThanOrEqualTo(2);
        node.Log.Should().Contain("wh_unreadable");
    });

    [Fact]
    public Task Texts_that_are_not_a_delivery_become_dead_letters_once_and_are_reported() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAndHandleAsync(node, "wh_0");

        // More than an application is likely to handle at once.
        for (int i = 0; i < 30; i++)
        {
            await StoreTextAsync("no delivery");
        }

        await EventuallyAsync(() => Reports() == 30, "30 reports");
        (await StoreAsync(node, "wh_1")).Should().Be(200);
        await HandledOnceAsync("wh_1");
        await Task.Delay(QuietAfterAttempts);
        Reports().Should().Be(30);

        // Without those of deliveries, which other tests may have left in the engine.
        int Reports() => node.Log.Split('\n').Count(line => line.Contains(
            "dead letter", StringComparison.Ordinal) && !line.Contains("_wh", StringComparison.Ordinal));
    });

    [Fact]
    public Task A_handler_that_fails_once_is_retried() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "fail once");
        (await HandledAsync("wh_1")).Should().HaveCount(1);
        Attempts("wh_1").Should().HaveCount(2);
    });

    [Fact]
    public Task A_handler_that_always_fails_runs_once_and_once_more_for_each_retry_delay() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "fail");
        await EventuallyAsync(
            () => Attempts("wh_1").Count > RetryDelays.Count, "wh_1 should have had all its attempts by now");
        await Task.Delay(QuietAfterAttempts);
        Attempts("wh_1").Should().HaveCount(RetryDelays.Count + 1);
    });

    [Fact]
    public Task A_delivery_that_waits_for_a_retry_survives_a_kill() => PromiseAsync(async () =>
    {
        var first = await StartAsync();
        await StoreAsync(first, "wh_1", "fail once");
        await BegunAsync("wh_1");
        await Task.Delay(RetryDelays[0] / 3);
        await first.KillAsync();
        await StartAsync();
        await HandledAsync("wh_1");
    });

    [Fact]
    public Task The_delays_between_attempts_are_the_configured_ones() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "fail");
        await EventuallyAsync(
            () => Attempts("wh_1").Count > RetryDelays.Count, "wh_1 should have had all its attempts by now");
        var times = Attempts("wh_1").Select(attempt => attempt.Time).ToList();
        var waits = times.Zip(times.Skip(1), (earlier, later) => later - earlier);
        waits.Zip(RetryDelays, (wait, delay) => wait - delay).Should().OnlyContain(
            late => late >= TimeSpan.FromMilliseconds(-500) && late < TimeSpan.FromSeconds(15),
            "engines may round to seconds");
    });

    [Fact]
    public Task A_handler_that_reports_a_permanent_failure_is_not_retried() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "give up");
        await BegunAsync("wh_1");
        await Task.Delay(QuietAfterAttempts);
        Attempts("wh_1").Should().HaveCount(1);
    });

    [Fact]
    public Task A_dead_letter_is_reported_in_the_log() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "give up");
        await EventuallyAsync(() => node.Log.Contains(
            "dead letter", StringComparison.Ordinal), "the dead letter should have been reported by now");
        node.Log.Should().Contain("wh_1");
    });

    [Fact]
    public Task Thirty_deliveries_that_fail_do_not_delay_others() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAllAsync(node, Ids(30, "wh_bad"), doing: "fail");
        await StoreAsync(node, "wh_1");
        await HandledAsync(TimeSpan.FromSeconds(15), "wh_1");
    });

    [Fact]
    public Task A_slow_delivery_does_not_delay_others() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_slow", "wait 20000");
        await BegunAsync("wh_slow");
        await StoreAsync(node, "wh_1");
        await HandledAsync(TimeSpan.FromSeconds(15), "wh_1");
    });

    [Fact]
    public Task Each_delivery_of_a_slow_backlog_is_handled_once() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        string[] ids = Ids(40);
        await StoreAllAsync(node, ids, doing: "wait 4000");
        await HandledAsync(ids);
        await Task.Delay(Quiet);
        ids.Should().OnlyContain(id => Attempts(id).Count == 1);
    });

    [Fact]
    public Task A_delivery_that_takes_twelve_seconds_is_not_handled_twice() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StartAsync();
        await StoreAsync(node, "wh_slow", "wait 12000");
        await HandledOnceAsync("wh_slow");
        Attempts("wh_slow").Should().HaveCount(1);
    });

    [Fact]
    public Task Two_receivers_and_a_worker_handle_each_once() => PromiseAsync(async () =>
    {
        var (first, second) = (await StartAsync(isReceiveOnly: true), await StartAsync(isReceiveOnly: true));
        await StartAsync();
        string[] ids = Ids(40);
        await Task.WhenAll(StoreAllAsync(first, ids[..20]), StoreAllAsync(second, ids[20..]));
        foreach (string id in ids)
        {
            await HandledOnceAsync(id, isQuiet: false);
        }
    });

    [Fact]
    public Task Two_workers_handle_each_once() => PromiseAsync(async () =>
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        string[] ids = Ids(40);
        await Task.WhenAll(StoreAllAsync(first, ids[..20]), StoreAllAsync(second, ids[20..]));
        await HandledAsync(ids);
        await Task.Delay(Quiet);
        ids.Should().OnlyContain(id => Attempts(id).Count == 1);
    });

    [Fact]
    public Task A_process_that_only_receives_handles_nothing() => PromiseAsync(async () =>
    {
        var receiver = await StartAsync(isReceiveOnly: true);
        (await StoreAsync(receiver, "wh_1")).Should().Be(200);
        await Task.Delay(Quiet);
        Attempts("wh_1").Should().BeEmpty();
        await StartAsync();
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_process_without_the_handler_does_not_lose_it() => PromiseAsync(async () =>
    {
        var without = await StartAsync(hasHandler: false);
        (await StoreAsync(without, "wh_1")).Should().Be(200);
        await EventuallyAsync(() => without.Log.Contains(
            "This process has no handler", StringComparison.Ordinal), "there should have been an attempt by now");
        await without.StopAsync();
        await StartAsync();
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task The_trace_of_the_request_goes_on_in_the_handler() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        await StoreAsync(node, "wh_1", traceParent: $"00-{Trace}-00f067aa0ba902b7-01");
        (await HandledAsync("wh_1"))[0].Traces.Should().Contain(Trace);
    });

    [Fact]
    public Task Nothing_private_is_logged() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "fail");
        await StorePayloadAsync(node, "wh_unreadable", $$"""{"number":"{{PhoneNumber}}"}""");
        await StoreAsync(node, "wh_2", "give up");
        await EventuallyAsync(() => Attempts("wh_1").Count > RetryDelays.Count && Attempts(
            "wh_2").Count == 1, "wh_1 should have had all its attempts by now");
        string encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(Payload("wh_1", "fail")));
        node.Log.Should().Contain("wh_1").And.NotContain(PhoneNumber[1..]).And.NotContain(encoded[..40]).And.NotContain(
            Secret).And.NotContain("v1,");
    });

    [Fact]
    public Task Two_hundred_at_once_are_all_accepted_and_handled_within_a_minute() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        string[] ids = Ids(200);
        int[] statuses = await Task.WhenAll(ids.Select(id => StoreAsync(node, id)));
        statuses.Should().AllBeEquivalentTo(200);
        await HandledAsync(TimeSpan.FromSeconds(60), ids);
    });

    [Fact]
    public Task While_the_engine_is_down_the_response_is_503_and_once_it_is_back_200_without_a_restart() =>
        PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_before", "fail once");
        await BegunAsync("wh_before");
        await ChangeEngineAsync(EngineState.Stopped);
        (await StoreAsync(node, "wh_1")).Should().Be(503);
        await Task.Delay(TimeSpan.FromSeconds(20));
        await ChangeEngineAsync(EngineState.Running);
        await StoreUntilAcceptedAsync(node, "wh_1");
        await HandledAsync("wh_before", "wh_1");
    });

    [Fact]
    public Task A_process_that_starts_while_the_engine_is_down_works_once_it_is_back() => PromiseAsync(async () =>
    {
        await ChangeEngineAsync(EngineState.Stopped);
        var node = await StartAsync(mayEnd: true);
        if (node.IsRunning)
        {
            (await StoreAsync(node, "wh_1")).Should().Be(503);
        }

        await ChangeEngineAsync(EngineState.Running);
        node.IsRunning.Should().BeTrue();
        await StoreUntilAcceptedAsync(node, "wh_1");
        await HandledAsync("wh_1");
    });

    [Fact]
    public Task While_the_engine_is_frozen_the_response_is_503_in_ten_seconds_and_then_200() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_before");
        await HandledAsync("wh_before");
        await ChangeEngineAsync(EngineState.Frozen);
        var clock = Stopwatch.StartNew();
        (await StoreAsync(node, "wh_1")).Should().Be(503);
        clock.Elapsed.Should().BeLessThan(
            TimeSpan.FromSeconds(10) + TimeSpan.FromSeconds(3), "a busy machine takes its time, too");
        await ChangeEngineAsync(EngineState.Running);
        await StoreUntilAcceptedAsync(node, "wh_2");
        await HandledAsync("wh_2");
    });

    [Fact]
    public Task A_graceful_stop_while_the_engine_is_down_lets_a_running_handler_finish() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "wait 5000");
        await BegunAsync("wh_1");
        await ChangeEngineAsync(EngineState.Stopped);
        await Task.Delay(TimeSpan.FromSeconds(1));
        await node.StopAsync();
        Handlings("wh_1").Should().ContainSingle();
    });

    [Fact]
    public Task A_kill_before_the_engine_has_answered_loses_nothing_that_got_200() => PromiseAsync(async () =>
    {
        var receiver = await StartAsync(isReceiveOnly: true);
        (await StoreAsync(receiver, "wh_before")).Should().Be(200);
        await ChangeEngineAsync(EngineState.Frozen);
        var storing = StoreAsync(receiver, "wh_1", isResponseNeeded: false);
        await Task.Delay(TimeSpan.FromSeconds(1));
        await receiver.KillAsync();
        (await storing).Should().Be(0, "no 200 was given");
        await ChangeEngineAsync(EngineState.Running);
        await StoreUntilAcceptedAsync(await StartAsync(), "wh_1");
        await HandledAsync("wh_before", "wh_1");
    });

    [Fact]
    public Task The_engine_killed_loses_nothing_that_got_200() => PromiseAsync(async () =>
    {
        var receiver = await StartAsync(isReceiveOnly: true);
        string[] ids = Ids(30);
        await StoreAllAsync(receiver, ids);
        await ChangeEngineAsync(EngineState.Killed);
        await ChangeEngineAsync(EngineState.Running);
        await StartAsync();
        await HandledAsync(ids);
    });

    [Fact]
    public Task A_process_that_starts_takes_nothing_that_runs() => PromiseAsync(async () =>
    {
        var first = await StartAsync();
        string[] ids = Ids(5);
        await StoreAllAsync(first, ids, doing: "wait 15000");
        foreach (string id in ids)
        {
            await BegunAsync(id);
        }

        await StartAsync();
        await HandledAsync(ids);
        await Task.Delay(Quiet);
        ids.Should().OnlyContain(id => Attempts(id).Count == 1);
    });

    [Fact]
    public Task Attempts_are_counted_on_after_a_restart() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "fail");
        for (int attempts = 1; attempts <= RetryDelays.Count; attempts++)
        {
            await EventuallyAsync(
                () => Attempts("wh_1").Count >= attempts, $"there should be {attempts} attempts by now");
            await node.StopAsync();
            node = await StartAsync();
        }

        await EventuallyAsync(() => DeadLetters().Any(), "it should be a dead letter by now");
        await Task.Delay(QuietAfterAttempts);
        Attempts("wh_1").Should().HaveCount(RetryDelays.Count + 1);
    });

    [Fact]
    public Task Dead_letters_can_be_read_where_an_operator_finds_them() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAsync(node, "wh_1", "give up");
        await StoreAsync(node, "wh_2", "fail");
        await StoreAsync(node, "wh_3");
        await EventuallyAsync(() => DeadLetters().Count() >= 2, "both should be dead letters by now");
        await HandledAsync("wh_3");
        await Task.Delay(Quiet);
        var dead = await ReadDeadLettersAsync();
        dead.Should().Contain(text => text.Contains(IdPrefix + "wh_1")).And.Contain(
            text => text.Contains(IdPrefix + "wh_2")).And.NotContain(text => text.Contains(IdPrefix + "wh_3"));
    });

    [Fact]
    public Task Fifty_ids_at_two_receivers_at_once_are_each_handled_once() => PromiseAsync(async () =>
    {
        var (first, second) = (await StartAsync(isReceiveOnly: true), await StartAsync(isReceiveOnly: true));
        await StartAsync();
        string[] ids = Ids(50);
        foreach (string id in ids)
        {
            // Again after a 503, as OpenAI does.
            await Task.WhenAll(StoreUntilAcceptedAsync(first, id), StoreUntilAcceptedAsync(second, id));
        }

        await HandledAsync(ids);
        await Task.Delay(Quiet);
        ids.Should().OnlyContain(id => Attempts(id).Count == 1);
    });

    [Fact]
    public Task A_copy_that_comes_after_more_than_a_minute_is_not_handled_again() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAndHandleAsync(node, "wh_1");
        await Task.Delay(TimeSpan.FromSeconds(75));
        (await StoreAsync(node, "wh_1")).Should().Be(200);
        await HandledOnceAsync("wh_1");
    });

    [Fact]
    public Task A_backlog_of_fifteen_hundred_is_handled() => PromiseAsync(async () =>
    {
        var receiver = await StartAsync(isReceiveOnly: true);
        string[] ids = Ids(1500);
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (id, _) => await StoreUntilAcceptedAsync(receiver, id));
        await StartAsync();
        await HandledAsync(TimeSpan.FromMinutes(3), ids);
    });

    [Fact]
    public Task A_handler_of_forty_seconds_runs_once_beside_another_worker() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StartAsync();
        await StoreAsync(node, "wh_1", "wait 40000");
        await HandledOnceAsync("wh_1");
        Attempts("wh_1").Should().HaveCount(1);
    });

    [Fact]
    public Task A_connection_that_comes_and_goes_loses_nothing() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        string[] ids = Ids(20);
        await StoreUntilAcceptedAsync(node, "wh_0");
        var storing = Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 2 },
            async (id, _) => await StoreUntilAcceptedAsync(node, id, "wait 200"));
        for (int i = 0; i < 3; i++)
        {
            await ChangeEngineAsync(EngineState.Frozen);
            await Task.Delay(TimeSpan.FromSeconds(1));
            await ChangeEngineAsync(EngineState.Running);
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        await storing;
        await HandledAsync(ids);
    });

    private static string[] Ids(int count, string prefix = "wh") =>
        [.. Enumerable.Range(1, count).Select(i => $"{prefix}_{i}")];

    private static string Hash(string payload) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(payload)));

    // What the handler is to do stands in the event.
    private static string Payload(string id, string doing, string padding = "")
        =>
            $$"""
            {"id":"evt_1","object":"event","created_at":1750861210,"type":"contract.event",
            "data":{"id":"{{JsonEncodedText.Encode(id)}}","do":"{{doing}}","number":"{{PhoneNumber}}",
            "padding":"{{padding}}"} }
            """;

    private protected async Task PromiseAsync(Func<Task> check, [CallerMemberName] string promise = "")
    {
        Exceptions.Keys.Except(GetType().GetMethods().Select(method => method.Name)).Should().BeEmpty(
            "the keys of Exceptions are the names of tests");
        var failure = await Record.ExceptionAsync(check);
        if (Exceptions.ContainsKey(promise))
        {
            // Nothing else counts, such as an application that does not start.
            failure.Should().Match(exception => exception is XunitException || exception is NotSupportedException,
                $"{GetType().Name} says that this cannot be kept. If it is, remove the exception");
        }
        else if (failure is not null)
        {
            var logs = _nodes.Select(node => $"== An application wrote:\n{node.Log[^Math.Min(node.Log.Length, 4000)..]}"
                + $"== It {(node.IsRunning ? "is running" : "has ended")}.");
            throw new XunitException($"{failure.Message}\n{string.Join('\n', logs)}", failure);
        }
    }

    private protected async Task<Node> StartAsync(
        bool isReceiveOnly = false, bool hasHandler = true, bool mayEnd = false)
    {
        var start = CreateNode(isReceiveOnly);
        start.Environment["OPENAI_WEBHOOK_SECRET"] = Secret;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["DOTNET_hostBuilder__reloadConfigOnChange"] = "false";
        start.Environment["DOTNET_shutdownTimeoutSeconds"] = "10";

        // The tests read the log.
        start.Environment["Logging__Console__FormatterName"] = "simple";
        start.Environment["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information";
        start.Environment["Logging__LogLevel__OpenAI.Webhooks"] = "Information";
        if (hasHandler)
        {
            start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(ContractHandler).Assembly.Location;
            start.Environment["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = typeof(ContractHandler).Assembly.GetName().Name;
            start.Environment[ContractHandler.RecordVariable] = _records.FullName;
        }

        var node = new Node(start);
        _nodes.Add(node);
        await node.StartAsync(mayEnd);
        return node;
    }

    private protected Task<int> StoreAsync(
        Node node, string id, string doing = "", bool isResponseNeeded = true, string? traceParent = null)
        => StorePayloadAsync(node, id, Payload(id, doing), isResponseNeeded, traceParent);

    /// <summary>Sends a delivery as OpenAI does.</summary>
    /// <returns>The status; 0 for no response, if none is needed.</returns>
    private async Task<int> StorePayloadAsync(
        Node node, string id, string payload, bool isResponseNeeded = true, string? traceParent = null)
    {
        using var request = new WebhookSigner(Secret).Sign(payload, IdPrefix + id).ToRequest(node.Address + Path);
        if (traceParent is not null)
        {
            request.Headers.Add("traceparent", traceParent);
        }

        try
        {
            using var response = await _client.SendAsync(request);
            return (int)response.StatusCode;
        }
        catch (HttpRequestException) when (!isResponseNeeded)
        {
            return 0;
        }
    }

    private async Task StoreAllAsync(Node node, IEnumerable<string> ids, string doing = "")
        => await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (id, _) => (await StoreAsync(node, id, doing)).Should().Be(200));

    private protected async Task StoreUntilAcceptedAsync(Node node, string id, string doing = "")
    {
        var clock = Stopwatch.StartNew();
        while (await StoreAsync(node, id, doing) != 200)
        {
            clock.Elapsed.Should().BeLessThan(Timeout, $"{id} should have been accepted by now");
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    private protected async Task StoreAndHandleAsync(Node node, string id)
    {
        await StoreUntilAcceptedAsync(node, id);
        await HandledAsync(id);
    }

    private protected List<Attempt> Attempts(string id) =>
        [.. Records().Where(record => record.Id == IdPrefix + id && record.Kind == "begin")];

    private List<Attempt> Handlings(string id) =>
        [.. Records().Where(record => record.Id == IdPrefix + id && record.Kind == "end")];

    // What follows the last line feed is still being written.
    private List<Attempt> Records() => [.. _records.GetFiles().SelectMany(file => ReadShared(file).Split('\n')[..^1])
        .Select(line => JsonSerializer.Deserialize<Attempt>(line)!).OrderBy(attempt => attempt.Time)];

    private static string ReadShared(FileInfo file)
    {
        using var reader = new StreamReader(
            new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    private protected async Task ChangeEngineAsync(EngineState state)
    {
        await SetEngineAsync(state);
        _isEngineTouched = true;
    }

    private protected Task BegunAsync(string id) =>
        EventuallyAsync(() => Attempts(id).Count > 0, $"the handler of {id} should have begun by now");

    private protected Task<List<Attempt>> HandledAsync(params string[] ids)
        => HandledAsync(_isEngineTouched ? RecoveryTime : Timeout, ids);

    private async Task<List<Attempt>> HandledAsync(TimeSpan timeout, params string[] ids)
    {
        await EventuallyAsync(
            () =>
            {
                var handled = Records().Where(record => record.Kind == "end").Select(record => record.Id).ToHashSet();
                return ids.All(id => handled.Contains(IdPrefix + id));
            },
            $"{(ids.Length == 1 ? ids[0] : $"{ids.Length} deliveries")} should have been handled by now",
            timeout);
        return Handlings(ids[0]);
    }

    private async Task HandledOnceAsync(string id, bool isQuiet = true)
    {
        await HandledAsync(id);
        if (isQuiet)
        {
            await QuietAsync(id);
        }

        Handlings(id).Should().HaveCount(1, $"{id} is to be handled once");
    }

    /// <summary>Waits until nothing more has happened for a while.</summary>
    private async Task QuietAsync(string id)
    {
        int before;
        do
        {
            before = Attempts(id).Count;
            await Task.Delay(Quiet);
        }
        while (Attempts(id).Count != before);
    }

    /// <summary>The lines of the log that report a dead letter of this test.</summary>
    private protected IEnumerable<string> DeadLetters()
        => _nodes.SelectMany(node => node.Log.Split('\n')).Where(line => line.Contains(
            "dead letter", StringComparison.Ordinal) && line.Contains(IdPrefix, StringComparison.Ordinal));

    private static async Task EventuallyAsync(Func<bool> condition, string what, TimeSpan? timeout = null)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            clock.Elapsed.Should().BeLessThan(timeout ?? Timeout, what);
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }
}
