using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks;

/// <summary>
/// The secrets that may have signed a webhook. Assign a collection expression, as in <c>options.Secrets = [secret]</c>, or
/// add to what is there. Not safe to change from several threads.
/// </summary>
/// <remarks>
/// <para>
/// A secret is <c>whsec_</c> and the base64 of at least 24 bytes, as OpenAI shows it. A secret without that prefix is
/// taken as text, for tests. White space around a secret does not count. Anything else that is often set by mistake, such
/// as an API key or a placeholder, is refused when a verifier is made.
/// </para>
/// <para>
/// This is not an <see cref="IEnumerable{T}"/>, so that loggers and serializers that take objects apart print only how many
/// secrets there are.
/// </para>
/// </remarks>
[CollectionBuilder(typeof(WebhookSecrets), nameof(Create))]
public sealed class WebhookSecrets
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly List<string> _secrets = [];

    /// <summary>How many secrets there are.</summary>
    public int Count => _secrets.Count;

    /// <summary>Makes a list of secrets: what a collection expression calls.</summary>
    /// <param name="secrets">The secrets.</param>
    /// <returns>The list.</returns>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static WebhookSecrets Create(ReadOnlySpan<string> secrets)
    {
        var list = new WebhookSecrets();
        list._secrets.AddRange(secrets.ToArray());
        return list;
    }

    /// <summary>Makes a list of secrets from an array, which also C# before 12 can assign.</summary>
    /// <param name="secrets">The secrets; null gives null.</param>
    /// <returns>The list.</returns>
    [return: NotNullIfNotNull(nameof(secrets))]
    public static implicit operator WebhookSecrets?(string[]? secrets) => secrets is null ? null : Create(secrets);

    /// <summary>Adds a secret.</summary>
    /// <param name="secret">The secret. It is checked when a verifier is made.</param>
    public void Add(string secret) => _secrets.Add(secret);

    /// <summary>Removes all secrets.</summary>
    public void Clear() => _secrets.Clear();

    /// <summary>Enumerates the secrets, in the order they were added.</summary>
    /// <returns>The enumerator that <see langword="foreach"/> uses.</returns>
    public IEnumerator<string> GetEnumerator() => _secrets.GetEnumerator();

    /// <summary>How many secrets there are.</summary>
    /// <returns>Such as <c>WebhookSecrets (2)</c>.</returns>
    public override string ToString() => $"{nameof(WebhookSecrets)} ({Count})";
}
