using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// The headers of a SIP INVITE, in the order they were sent, repeats included. Immutable, safe to share between
/// threads, and equal to a list of the same headers in the same order.
/// </summary>
[JsonConverter(typeof(SipHeadersConverter))]
[CollectionBuilder(typeof(SipHeaders), nameof(Create))]
public sealed class SipHeaders : IReadOnlyList<SipHeader>, IEquatable<SipHeaders>
{
    private readonly SipHeader[] _headers;

    private SipHeaders(SipHeader[] headers) => _headers = headers;

    /// <summary>Creates a list of headers.</summary>
    /// <param name="headers">The headers, in order; neither the sequence nor a header may be null.</param>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
    /// <exception cref="ArgumentException">A header is null.</exception>
    public SipHeaders(params IEnumerable<SipHeader> headers)
    {
        _headers = [.. headers ?? throw new ArgumentNullException(nameof(headers))];
        if (Array.IndexOf(_headers, null) >= 0)
        {
            throw new ArgumentException("A header is null.", nameof(headers));
        }
    }

    /// <summary>
    /// Creates a list of headers. A collection expression such as <c>[new("From", "…")]</c> calls this method.
    /// </summary>
    /// <param name="headers">The headers, in order; none may be null.</param>
    /// <returns>The list.</returns>
    /// <exception cref="ArgumentException">A header is null.</exception>
    public static SipHeaders Create(ReadOnlySpan<SipHeader> headers) => new((IEnumerable<SipHeader>)headers.ToArray());

    /// <summary>How many headers there are, repeats included.</summary>
    public int Count => _headers.Length;

    /// <summary>The header at an index.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is out of range.</exception>
    public SipHeader this[int index]
        => (uint)index < (uint)_headers.Length ? _headers[index] : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>The value of the first header with a name.</summary>
    /// <param name="name">The name; case does not matter. Must not be null.</param>
    /// <returns>The value, or null if there is no such header.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    public string? GetValue(string name) => GetValues(name).FirstOrDefault();

    /// <summary>The values of all headers with a name, in order.</summary>
    /// <param name="name">The name; case does not matter. Must not be null.</param>
    /// <returns>The values; none if there is no such header.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    public IEnumerable<string> GetValues(string name)
    {
        _ = name ?? throw new ArgumentNullException(nameof(name));
        return _headers
            .Where(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase))
            .Select(header => header.GetValue());
    }

    /// <summary>
    /// The caller's address from the <c>From</c> header, or from its compact form <c>f</c>. The caller's side wrote it.
    /// </summary>
    /// <returns>The address in the first such header; null if there is none, or if it is not an address.</returns>
    /// <example><code>string? number = incoming.Data.SipHeaders.GetFrom()?.GetPhoneNumber();</code></example>
    public SipAddress? GetFrom() => GetAddress("From", "f");

    /// <summary>The callee's address from the <c>To</c> header, or from its compact form <c>t</c>.</summary>
    /// <returns>The address in the first such header; null if there is none, or if it is not an address.</returns>
    public SipAddress? GetTo() => GetAddress("To", "t");

    /// <inheritdoc/>
    public IEnumerator<SipHeader> GetEnumerator() => ((IEnumerable<SipHeader>)_headers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether the other list has the same headers in the same order.</summary>
    /// <param name="other">The list to compare with, or null.</param>
    /// <returns>True if all names and values are equal, case included.</returns>
    public bool Equals(SipHeaders? other) => other is not null && _headers.AsSpan().SequenceEqual(other._headers);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SipHeaders);

    /// <inheritdoc/>
    public override int GetHashCode()
        => _headers.Aggregate(_headers.Length, (hash, header) => unchecked((hash * 31) + header.GetHashCode()));

    /// <summary>The names of the headers, without their values.</summary>
    /// <returns>Such as <c>SipHeaders [From, To, Call-ID]</c>.</returns>
    public override string ToString() => $"SipHeaders [{string.Join(", ", _headers.Select(header => header.Name))}]";

    private SipAddress? GetAddress(string name, string compactName)
        => SipAddress.TryParse(GetValue(name) ?? GetValue(compactName), out var address) ? address : null;

    /// <summary>Wraps headers that nobody else holds, without a copy.</summary>
    internal static SipHeaders Of(SipHeader[] headers) => new(headers);
}
