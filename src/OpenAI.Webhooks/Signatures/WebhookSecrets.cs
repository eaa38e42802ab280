using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks;

/// <summary>
/// The secrets that can sign a webhook. Assign a collection expression, as in <c>options.Secrets = [secret]</c>, or add
/// secrets to the existing list. Not safe to change from several threads.
/// </summary>
/// <remarks>
/// <para>
/// A secret is <c>whsec_</c> followed by the base64 of at least 24 bytes, as OpenAI shows it. White space around it is
/// ignored. Anything else is rejected when a verifier is created. For tests, <see cref="WebhookSigner.CreateSecret"/>
/// makes one.
/// </para>
/// <para>
/// This is not an <see cref="IEnumerable{T}"/>, so that loggers and serializers that destructure objects print only the
/// number of secrets.
/// </para>
/// </remarks>
[CollectionBuilder(typeof(WebhookSecrets), nameof(Create))]
public sealed class WebhookSecrets
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly List<string> _secrets = [];

    /// <summary>How many secrets there are.</summary>
    public int Count => _secrets.Count;

    /// <summary>Creates a list of secrets. Collection expressions call this method.</summary>
    /// <param name="secrets">The secrets.</param>
    /// <returns>The list.</returns>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static WebhookSecrets Create(ReadOnlySpan<string> secrets)
    {
        var list = new WebhookSecrets();
        list._secrets.AddRange(secrets.ToArray());
        return list;
    }

    /// <summary>Creates a list of secrets from an array, for C# versions before 12.</summary>
    /// <param name="secrets">The secrets; null returns null.</param>
    /// <returns>The list.</returns>
    [return: NotNullIfNotNull(nameof(secrets))]
    public static implicit operator WebhookSecrets?(string[]? secrets) => secrets is null ? null : Create(secrets);

    /// <summary>Adds a secret.</summary>
    /// <param name="secret">The secret. It is validated when a verifier is created.</param>
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
