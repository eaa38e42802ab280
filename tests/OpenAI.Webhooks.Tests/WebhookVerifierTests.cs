using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class WebhookVerifierTests
{
    private const string Secret = "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=";
    private const string OtherSecret = "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=";

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1750861210);

    private static readonly byte[] Body = Encoding.UTF8.GetBytes(Fixture.ResponseCompleted);

    public static TheoryData<string> Authentic { get; } = Vectors(vector => vector.Reason == "ok");

    public static TheoryData<string> NotAuthentic { get; } =
        Vectors(vector => vector.Reason != "ok" && !vector.Reason.StartsWith("secret-", StringComparison.Ordinal));

    public static TheoryData<string> BadSecrets { get; } =
        Vectors(vector => vector.Reason.StartsWith("secret-", StringComparison.Ordinal));

    [Fact]
    public void The_vectors_are_complete()
    {
        SignatureVector.All.Should().HaveCount(111);
        Authentic.Should().HaveCount(43);
        NotAuthentic.Should().HaveCount(52);
        BadSecrets.Should().HaveCount(16);
    }

    [Theory, MemberData(nameof(Authentic))]
    public void TryVerify_authentic_vector_is_true(string name)
    {
        var vector = SignatureVector.All[name];

        vector.MakeVerifier().TryVerify(vector.Bytes, vector.WebhookHeaders, out var failure).Should().BeTrue();
        failure.Should().Be(WebhookVerificationFailure.None);
        if (vector.Payload is { } text)
        {
            vector.MakeVerifier().TryVerify(text, vector.WebhookHeaders, out _).Should().BeTrue();
            FluentActions.Invoking(() => vector.MakeVerifier().Verify(text, vector.WebhookHeaders)).Should().NotThrow();
        }
        FluentActions.Invoking(() => vector.MakeVerifier().Verify(vector.Bytes, vector.WebhookHeaders))
            .Should().NotThrow();
    }

    [Theory, MemberData(nameof(Authentic))]
    public void Unwrap_authentic_vector_gives_the_delivery_or_a_JsonException(string name)
    {
        var vector = SignatureVector.All[name];
        WebhookEvent? readable = null;
        try
        {
            readable = WebhookEvent.Parse(vector.Bytes);
        }
        catch (JsonException)
        {
            FluentActions.Invoking(() => vector.MakeVerifier().Unwrap(vector.Bytes, vector.WebhookHeaders))
                .Should().Throw<JsonException>();
            vector.MakeVerifier().TryUnwrap(vector.Bytes, vector.WebhookHeaders, out _, out var failure)
                .Should().BeFalse();
            failure.Should().Be(WebhookVerificationFailure.Unreadable);
            return;
        }

        var delivery = vector.MakeVerifier().Unwrap(vector.Bytes, vector.WebhookHeaders);

        delivery.Event.Should().Be(readable);
        delivery.WebhookId.Should().Be(vector.WebhookHeaders.Id);
        delivery.GetPayload().ToArray().Should().Equal(vector.Bytes);
        vector.MakeVerifier().Unwrap(vector.Payload!, vector.WebhookHeaders).Event.Should().Be(readable);
        vector.MakeVerifier().TryUnwrap(vector.Payload!, vector.WebhookHeaders, out var fromText, out _)
            .Should().BeTrue();
        fromText!.Event.Should().Be(readable);
    }

    [Theory, MemberData(nameof(NotAuthentic))]
    public void TryVerify_vector_that_is_not_authentic_tells_why(string name)
    {
        var vector = SignatureVector.All[name];
        var expected = vector.Reason switch
        {
            "header-missing:webhook-id" => WebhookVerificationFailure.MissingId,
            "header-missing:webhook-timestamp" => WebhookVerificationFailure.MissingTimestamp,
            "header-missing:webhook-signature" => WebhookVerificationFailure.MissingSignature,
            "header-duplicated:webhook-id" => WebhookVerificationFailure.RepeatedId,
            "header-duplicated:webhook-timestamp" => WebhookVerificationFailure.RepeatedTimestamp,
            "timestamp-invalid" => WebhookVerificationFailure.InvalidTimestamp,
            "timestamp-too-old" => WebhookVerificationFailure.TimestampTooOld,
            "timestamp-too-new" => WebhookVerificationFailure.TimestampTooNew,
            "signature-mismatch" => WebhookVerificationFailure.SignatureMismatch,
            _ => throw new UnreachableException(vector.Reason),
        };

        vector.MakeVerifier().TryVerify(vector.Bytes, vector.WebhookHeaders, out var failure).Should().BeFalse();
        failure.Should().Be(expected);
        vector.MakeVerifier().TryUnwrap(vector.Bytes, vector.WebhookHeaders, out var delivery, out var unwrapFailure)
            .Should().BeFalse();
        unwrapFailure.Should().Be(expected);
        delivery.Should().BeNull();
        FluentActions.Invoking(() => vector.MakeVerifier().Verify(vector.Bytes, vector.WebhookHeaders))
            .Should().Throw<InvalidWebhookSignatureException>().Which.Failure.Should().Be(expected);
        FluentActions.Invoking(() => vector.MakeVerifier().Unwrap(vector.Bytes, vector.WebhookHeaders))
            .Should().Throw<InvalidWebhookSignatureException>().Which.Failure.Should().Be(expected);
    }

    [Theory, MemberData(nameof(BadSecrets))]
    public void Constructor_bad_secret_of_a_vector_says_why_without_quoting_it(string name)
    {
        var vector = SignatureVector.All[name];
        string problem = vector.Reason == "secret-too-short" ? "is too short"
            : vector.Secrets[0].TrimStart().StartsWith("whsec_", StringComparison.Ordinal) ? "is not canonical base64"
            : "does not begin with whsec_";

        string message = FluentActions.Invoking(vector.MakeVerifier)
            .Should().Throw<ArgumentException>().WithMessage($"*{problem}*").Which.ToString();

        string encoded = vector.Secrets[0].Replace("whsec_", "");
        (encoded.Length > 0 && message.Contains(encoded)).Should().BeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\r\n")]
    public void Constructor_blank_secret_is_refused(string secret)
    {
        FluentActions.Invoking(() => new WebhookVerifier(secret))
            .Should().Throw<ArgumentException>().WithMessage("*is empty*");
        FluentActions.Invoking(() => new WebhookSigner(secret))
            .Should().Throw<ArgumentException>().WithMessage("*is empty*");
    }

    [Theory]
    [InlineData("hsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    [InlineData("Whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    [InlineData("WHSEC_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    [InlineData("RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    [InlineData("\"whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=\"")]
    [InlineData("\u00a0whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    [InlineData("OPENAI_WEBHOOK_SECRET=whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    [InlineData("sk-proj-abc123")]
    [InlineData("TBD")]
    [InlineData("placeholder")]
    [InlineData("${OPENAI_WEBHOOK_SECRET}")]
    [InlineData("/run/secrets/webhook")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl")]
    [InlineData("a secret for tests")]
    public void Constructor_what_does_not_begin_with_whsec_is_refused_without_quoting_it(string secret)
    {
        foreach (
            var make in new Action[] { () => _ = new WebhookVerifier(secret), () =>
                _ = new WebhookSigner($" {secret}\n") })
        {
            make.Should().Throw<ArgumentException>()
                .WithMessage("The webhook secret does not begin with whsec_. Set the secret itself*")
                .Which.ToString().Should().NotContainAny(secret, Secret["whsec_".Length..]);
        }
    }

    [Fact]
    public void Constructor_no_secret_is_refused()
    {
        FluentActions.Invoking(() => new WebhookVerifier(new WebhookVerifierOptions()))
            .Should().Throw<ArgumentException>().WithMessage("No webhook secret is set*");
        FluentActions.Invoking(() => new WebhookVerifier((string)null!))
            .Should().Throw<ArgumentNullException>()
            .WithMessage("A webhook secret is null. Check*").WithParameterName("secret");
        FluentActions.Invoking(() => new WebhookVerifier(""))
            .Should().Throw<ArgumentException>()
            .WithMessage("The webhook secret is empty.*").WithParameterName("secret");
        FluentActions.Invoking(() => new WebhookVerifier((WebhookVerifierOptions)null!))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new WebhookVerifier(new WebhookVerifierOptions { Secrets = null! }))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new WebhookVerifier(new WebhookVerifierOptions { Secrets = [Secret, null!] }))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [Secret],
            TimeProvider = null!,
        })).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Constructor_one_bad_secret_among_good_ones_is_refused()
        => FluentActions.Invoking(
            () => new WebhookVerifier(new WebhookVerifierOptions { Secrets = [Secret, "whsec_!"] }))
            .Should().Throw<ArgumentException>();

    [Theory]
    [InlineData(-2)]
    [InlineData(-10_000_000)]
    public void Constructor_negative_tolerance_is_refused(long ticks)
        => FluentActions.Invoking(() => new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [Secret],
            Tolerance = TimeSpan.FromTicks(ticks),
        }))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*InfiniteTimeSpan*");

    [Theory]
    [InlineData(-300, 0, WebhookVerificationFailure.None)]
    [InlineData(-300, 999, WebhookVerificationFailure.None)]
    [InlineData(-301, 0, WebhookVerificationFailure.TimestampTooOld)]
    [InlineData(300, 0, WebhookVerificationFailure.None)]
    [InlineData(300, 999, WebhookVerificationFailure.None)]
    [InlineData(301, 0, WebhookVerificationFailure.TimestampTooNew)]
    [InlineData(301, 999, WebhookVerificationFailure.TimestampTooNew)]
    public void TryVerify_at_the_edge_of_the_tolerance_is_inclusive_to_the_second(
        int offset, int milliseconds, WebhookVerificationFailure expected)
    {
        var signed = SignAt(Now.AddSeconds(offset));

        Verifier(Now.AddMilliseconds(milliseconds)).TryVerify(Body, signed.Headers, out var failure);

        failure.Should().Be(expected);
    }

    [Fact]
    public void TryVerify_tolerance_of_a_fraction_of_a_second_counts_whole_seconds()
    {
        var verifier = Verifier(Now, tolerance: TimeSpan.FromSeconds(1.9));

        verifier.TryVerify(Body, SignAt(Now.AddSeconds(-1)).Headers, out _).Should().BeTrue();
        verifier.TryVerify(Body, SignAt(Now.AddSeconds(-2)).Headers, out _).Should().BeFalse();
    }

    [Fact]
    public void TryVerify_extreme_clocks_and_timestamps_never_overflow()
    {
        foreach (var now in new[] { DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue })
        {
            foreach (var tolerance in new[] { TimeSpan.Zero, TimeSpan.MaxValue, Timeout.InfiniteTimeSpan })
            {
                foreach (
                    string timestamp in new[] { "0", "253402300799", "253402300800", "9223372036854775807",
                        "9999999999999999999", "18446744073709551616", new string('0', 19), "1\0", "١٢٣" })
                {
                    FluentActions.Invoking(
                        () => Verifier(now, tolerance: tolerance).TryVerify(Body, Headers(timestamp: timestamp), out _))
                        .Should().NotThrow();
                }
            }
        }
    }

    [Theory]
    [InlineData("253402300800")]
    [InlineData("9223372036854775807")]
    [InlineData("9999999999999999999")]
    [InlineData("00000000001750861210")]
    [InlineData("1750861210\0")]
    [InlineData("١٧٥٠٨٦١٢١٠")]
    [InlineData("+1750861210")]
    public void TryVerify_timestamp_that_is_no_number_of_seconds_says_so_without_a_tolerance(string timestamp)
    {
        Verifier(Now, tolerance: Timeout.InfiniteTimeSpan).TryVerify(
            Body, Headers(timestamp: timestamp), out var failure);

        failure.Should().Be(WebhookVerificationFailure.InvalidTimestamp);
    }

    [Fact]
    public void TryVerify_ten_thousand_candidates_finds_the_right_one()
    {
        var signed = SignAt(Now);
        string noise = string.Join(' ', Enumerable.Repeat("v1,eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=", 10_000));

        Verifier(Now).TryVerify(Body, Headers(signed, signature: $"{noise} {SignatureOf(signed.Headers)}"), out _)
            .Should().BeTrue();
        Verifier(Now).TryVerify(Body, Headers(signed, signature: noise), out _).Should().BeFalse();
    }

    [Fact]
    public void TryVerify_damaged_delivery_is_false_and_never_throws()
    {
        var random = new Random(20251122);
        var signed = SignAt(Now);
        var verifier = new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [OtherSecret, Secret],
            TimeProvider = new FixedClock(Now),
        });
        verifier.TryVerify(Body, signed.Headers, out _).Should().BeTrue();

        for (int i = 0; i < 20_000; i++)
        {
            byte[] body = Body;
            string[] headers = [signed.Headers.Id!, signed.Headers.Timestamp!, SignatureOf(signed.Headers)];
            int target = random.Next(4);
            if (target == 3)
            {
                body = [.. Body];
                body[random.Next(body.Length)] ^= (byte)(1 << random.Next(8));
            }
            else
            {
                headers[target] = Damage(headers[target], random);
            }

            bool isAuthentic = verifier.TryVerify(body, Headers(headers[0], headers[1], headers[2]), out var failure);

            isAuthentic.Should().Be(false, "of {0}", string.Join('|', headers));
            failure.Should().NotBe(WebhookVerificationFailure.None);
        }
    }

    [Fact]
    public void TryVerify_random_input_is_false_and_never_throws()
    {
        var random = new Random(1122);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] body = new byte[random.Next(200)];
            random.NextBytes(body);

            Verifier(Now).TryVerify(body, Headers(RandomText(random), RandomText(random), RandomText(random)), out _)
                .Should().BeFalse();
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void TryVerify_headers_of_any_length_are_hashed_whole(int length)
    {
        string id = new('é', length);
        var signed = new WebhookSigner(Secret, new FixedClock(Now)).Sign(Body, id);

        Verifier(Now).TryVerify(Body, signed.Headers, out _).Should().BeTrue();
        Verifier(Now).TryVerify(Body, Headers(signed, id: id + "x"), out _).Should().BeFalse();
    }

    [Fact]
    public void TryVerify_many_threads_at_once_answers_all_of_them_right()
    {
        var verifier = Verifier(Now);
        var deliveries = Enumerable.Range(0, 64)
            .Select(i => new WebhookSigner(Secret, new FixedClock(Now)).Sign(new string('x', i * 17)))
            .ToArray();
        int wrong = 0;

        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
        {
            var (right, other) = (deliveries[i % 64], deliveries[(i + 1) % 64]);
            if (!verifier.TryVerify(right.GetPayload().Span, right.Headers, out _)
                || verifier.TryVerify(other.GetPayload().Span, right.Headers, out _))
            {
                Interlocked.Increment(ref wrong);
            }
        });

        wrong.Should().Be(0);
    }

#if !TESTS_NETSTANDARD // whose hash takes and gives arrays
    [Fact]
    public void TryVerify_once_warm_allocates_nothing()
    {
        var verifier = Verifier(Now);
        var headers = SignAt(Now).Headers;
        verifier.TryVerify(Body, headers, out _).Should().BeTrue();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            verifier.TryVerify(Body, headers, out _);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }
#endif

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void TryVerify_in_the_middle_of_a_rotation_takes_a_delivery_signed_with_both_or_either(
        bool isSignedWithOne, bool isSignedWithOther)
    {
        var verifier = new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [Secret, OtherSecret, Secret],
            TimeProvider = new FixedClock(Now),
        });
        string one = SignatureOf(new WebhookSigner(Secret, new FixedClock(Now)).Sign(Body, "wh_1").Headers);
        string other = SignatureOf(new WebhookSigner(OtherSecret, new FixedClock(Now)).Sign(Body, "wh_1").Headers);
        string signatures = string.Join(
            ' ', new[] { isSignedWithOne ? one : null, isSignedWithOther ? other : null }.OfType<string>());

        verifier.TryVerify(Body, Headers(signature: signatures), out _).Should().BeTrue();
    }

    [Theory]
    [InlineData("{0} {0}")]
    [InlineData(" {0}")]
    [InlineData("v1,x  {0}")]
    [InlineData("\t{0}\t")]
    [InlineData("v2,x {0} v1a,y")]
    public void TryVerify_signature_among_blanks_and_others_finds_it(string format)
    {
        string signature = SignatureOf(new WebhookSigner(Secret, new FixedClock(Now)).Sign(Body, "wh_1").Headers);

        Verifier(Now).TryVerify(
            Body,
            Headers(signature: string.Format(System.Globalization.CultureInfo.InvariantCulture, format, signature)),
            out _)
            .Should().BeTrue();
    }

    [Fact]
    public void TryVerify_signature_with_two_characters_changed_alike_is_false()
    {
        string signature = SignatureOf(new WebhookSigner(Secret, new FixedClock(Now)).Sign(Body, "wh_1").Headers);
        for (int i = 3; i < signature.Length; i++)
        {
            for (int j = i + 1; j < signature.Length; j++)
            {
                char[] changed = signature.ToCharArray();
                changed[i] ^= (char)1;
                changed[j] ^= (char)1;

                Verifier(Now).TryVerify(Body, Headers(signature: new string(changed)), out _).Should().BeFalse();
            }
        }
    }

    [Theory]
    [InlineData(-300, true)]
    [InlineData(-301, false)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public void TryVerify_with_the_default_tolerance_takes_five_minutes(int seconds, bool expected)
        => new WebhookVerifier(new WebhookVerifierOptions { Secrets = [Secret], TimeProvider = new FixedClock(Now) })
            .TryVerify(Body, SignAt(Now.AddSeconds(seconds)).Headers, out _).Should().Be(expected);

    [Theory]
    [InlineData("{0}\n")]
    [InlineData("\v\f\r\t {0}")]
    public void Constructor_white_space_around_a_secret_does_not_count(string format)
        => new WebhookVerifier(format.Replace("{0}", Secret))
            .TryVerify(Body, new WebhookSigner(Secret).Sign(Body).Headers, out _).Should().BeTrue();

    [Fact]
    public void Unwrap_later_than_it_was_sent_gives_the_timestamp_and_not_the_clock()
    {
        var signed = SignAt(Now);

        Verifier(Now.AddMinutes(2)).Unwrap(signed.GetPayload(), signed.Headers).Timestamp.Should().Be(Now);
    }

    [Fact]
    public void RejectsByHeaders_and_TryVerify_agree_on_every_vector()
    {
        foreach (
            var vector in SignatureVector.All.Values
                .Where(vector => !vector.Reason.StartsWith("secret-", StringComparison.Ordinal)))
        {
            bool isRefused = vector.MakeVerifier().RejectsByHeaders(vector.WebhookHeaders, out var failure);
            vector.MakeVerifier().TryVerify(vector.Bytes, vector.WebhookHeaders, out var expected);

            isRefused.Should().Be(
                expected is not (WebhookVerificationFailure.None or WebhookVerificationFailure.SignatureMismatch),
                vector.Name);
            failure.Should().Be(isRefused ? expected : WebhookVerificationFailure.None, vector.Name);
        }

        FluentActions.Invoking(() => Verifier(Now).RejectsByHeaders(null!, out _))
            .Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Constructor_null_secret_says_where_to_look()
    {
        FluentActions.Invoking(() => new WebhookVerifier(new WebhookVerifierOptions { Secrets = [Secret, null!] }))
            .Should().Throw<ArgumentNullException>().WithMessage("A webhook secret is null.*environment variable*");
        FluentActions.Invoking(() => new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [Secret],
            TimeProvider = null!,
        })).Should().Throw<ArgumentNullException>().WithMessage("TimeProvider is null.*");
        FluentActions.Invoking(() => new InvalidWebhookSignatureException(WebhookVerificationFailure.None))
            .Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("The value is not a defined verification failure.*");
    }

    [Fact]
    public void TryVerify_two_secrets_takes_either()
    {
        var rotating = new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [Secret, OtherSecret],
            TimeProvider = new FixedClock(Now),
        });

        rotating.TryVerify(Body, SignAt(Now).Headers, out _).Should().BeTrue();
        rotating.TryVerify(Body, new WebhookSigner(OtherSecret, new FixedClock(Now)).Sign(Body).Headers, out _)
            .Should().BeTrue();
    }

    [Fact]
    public void Unwrap_published_delivery_gives_all_of_it()
    {
        var vector = SignatureVector.Published;
        ReadOnlyMemory<byte> payload = vector.Bytes;

        var delivery = vector.MakeVerifier().Unwrap(payload, vector.WebhookHeaders);

        delivery.Event.Should().BeOfType<ResponseCompletedWebhookEvent>().Which.Data.Id.Should().Be("resp_123");
        delivery.WebhookId.Should().Be("wh_685c059ae39c8190af8c71ed1022a24d");
        delivery.Timestamp.Should().Be(Now);
        delivery.GetPayload().Should().Be(payload);
        delivery.ToString().Should().Be("WebhookDelivery wh_685c059ae39c8190af8c71ed1022a24d (response.completed)");
    }

    [Fact]
    public void Unwrap_authentic_body_that_is_no_event_is_a_JsonException()
    {
        var signed = new WebhookSigner(Secret, new FixedClock(Now)).Sign("""{"test": true}""");

        FluentActions.Invoking(() => Verifier(Now).Unwrap(signed.GetPayload(), signed.Headers))
            .Should().Throw<JsonException>();
    }

    [Fact]
    public void Unwrap_null_is_the_callers_error()
    {
        FluentActions.Invoking(() => Verifier(Now).Unwrap(Body, null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => Verifier(Now).Unwrap((string)null!, Headers()))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => Verifier(Now).Verify((string)null!, Headers()))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => Verifier(Now).TryVerify((string)null!, Headers(), out _))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => Verifier(Now).TryUnwrap((string)null!, Headers(), out _, out _))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => Verifier(Now).Verify(Body, null!)).Should().Throw<ArgumentNullException>();
    }

    [Theory]
    [InlineData(WebhookVerificationFailure.MissingId, "webhook-id header is missing or blank")]
    [InlineData(WebhookVerificationFailure.MissingTimestamp, "webhook-timestamp header is missing or blank")]
    [InlineData(WebhookVerificationFailure.MissingSignature, "webhook-signature header is missing or blank")]
    [InlineData(WebhookVerificationFailure.RepeatedId, "webhook-id header occurs more than once")]
    [InlineData(WebhookVerificationFailure.RepeatedTimestamp, "webhook-timestamp header occurs more than once")]
    [InlineData(WebhookVerificationFailure.InvalidTimestamp, "not a number of Unix seconds")]
    [InlineData(WebhookVerificationFailure.TimestampTooOld, "older than the tolerance allows")]
    [InlineData(WebhookVerificationFailure.TimestampTooNew, "further in the future than the tolerance allows")]
    [InlineData(WebhookVerificationFailure.SignatureMismatch, "no signature matches")]
    public void Verify_each_failure_says_what_to_check_and_quotes_nothing(
        WebhookVerificationFailure expected, string problem)
    {
        var good = SignAt(Now).Headers;
        var headers = expected switch
        {
            WebhookVerificationFailure.MissingId => Headers(" ", good.Timestamp!, SignatureOf(good)),
            WebhookVerificationFailure.MissingTimestamp => Headers(good.Id!, "", SignatureOf(good)),
            WebhookVerificationFailure.MissingSignature => Headers(good.Id!, good.Timestamp!, "\t"),
            WebhookVerificationFailure.RepeatedId => Repeat(good, WebhookHeaders.IdName),
            WebhookVerificationFailure.RepeatedTimestamp => Repeat(good, WebhookHeaders.TimestampName),
            WebhookVerificationFailure.InvalidTimestamp => Headers(good.Id!, "now", SignatureOf(good)),
            WebhookVerificationFailure.TimestampTooOld => SignAt(Now.AddHours(-1)).Headers,
            WebhookVerificationFailure.TimestampTooNew => SignAt(Now.AddHours(1)).Headers,
            _ => Headers(good.Id!, good.Timestamp!, "v1,nonsense"),
        };

        var exception = FluentActions.Invoking(() => Verifier(Now).Verify(Body, headers))
            .Should().Throw<InvalidWebhookSignatureException>()
            .WithMessage($"The webhook could not be verified: *{problem}*").Which;

        exception.Failure.Should().Be(expected);
        exception.ToString().Should().NotContainAny(
            Secret["whsec_".Length..], SignatureOf(good)[3..], "nonsense", "resp_123");
    }

    [Fact]
    public void The_secret_is_in_no_ToString_and_no_debugger_display()
    {
        var options = new WebhookVerifierOptions { Secrets = [Secret] };

        foreach (
            object holder in new object[] { options, new WebhookVerifier(options), new WebhookSigner(Secret), SignAt(
                Now), SignAt(Now).Headers })
        {
            holder.ToString().Should().NotContain("RdvaYFYU");
        }

        typeof(WebhookVerifierOptions).GetProperty(nameof(WebhookVerifierOptions.Secrets))
            .Should().BeDecoratedWith<DebuggerBrowsableAttribute>(
                browsable => browsable.State == DebuggerBrowsableState.Never);
    }

    private static WebhookVerifier Verifier(DateTimeOffset now, TimeSpan? tolerance = null)
        => new(new WebhookVerifierOptions
        {
            Secrets = [Secret],
            Tolerance = tolerance ?? TimeSpan.FromMinutes(5),
            TimeProvider = new FixedClock(now),
        });

    private static SignedWebhook SignAt(DateTimeOffset time)
        => new WebhookSigner(Secret, new FixedClock(time)).Sign(Body);

    private static WebhookHeaders Headers(
        string id = "wh_1", string timestamp = "1750861210", string signature = "v1,x")
        => WebhookHeaders.From(
            [new(WebhookHeaders.IdName, id), new(WebhookHeaders.TimestampName, timestamp), new(
                WebhookHeaders.SignatureName, signature)]);

    private static WebhookHeaders Headers(SignedWebhook signed, string? id = null, string? signature = null)
        => Headers(id ?? signed.Headers.Id!, signed.Headers.Timestamp!, signature ?? SignatureOf(signed.Headers));

    private static WebhookHeaders Repeat(WebhookHeaders headers, string name)
        => WebhookHeaders.From([.. headers.ToDictionary(), KeyValuePair.Create(name, headers.ToDictionary()[name])]);

    private static string SignatureOf(WebhookHeaders headers) => headers.ToDictionary()[WebhookHeaders.SignatureName];

    private static TheoryData<string> Vectors(Func<SignatureVector, bool> choose)
        => [.. SignatureVector.All.Values.Where(choose).Select(vector => vector.Name)];

    private static string Damage(string text, Random random)
    {
        int at = random.Next(text.Length);
        return random.Next(4) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, "x"),
            2 => text[..at] + (char)(text[at] ^ (1 << random.Next(16))) + text[(at + 1)..],
            _ => text[..at],
        };
    }

    private static string RandomText(Random random)
        => new(
            [.. Enumerable.Range(0, random.Next(100)).Select(_ =>
                (char)random.Next(random.Next(2) == 0 ? 128 : 65_536))]);
}
