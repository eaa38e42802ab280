namespace OpenAI.Webhooks;

/// <summary>
/// Values that people and deployment tools set by mistake. Used as a plain-text secret, each would make verification reject every
/// delivery.
/// </summary>
internal static class WebhookSecretMistakes
{
    private static readonly (string Start, string End, string Mistake)[] Known =
    [
        ("sk-", "", "is an API key"),
        ("sk_", "", "is an API key"),
        ("sess-", "", "is a session key"),
        ("whsk_", "", "is an asymmetric key, which OpenAI does not use"),
        ("whpk_", "", "is an asymmetric key, which OpenAI does not use"),
        ("wh_", "", "is the id of a delivery"),
        ("evt_", "", "is the id of an event"),
        ("req_", "", "is the id of a request"),
        ("resp_", "", "is the id of a response"),
        ("proj_", "", "is the id of a project"),
        ("org-", "", "is the id of an organization"),
        ("Bearer ", "", "is an Authorization header"),
        ("@Microsoft.", "", "is an unresolved key vault reference. Check that the application has access to the vault"),
        ("op://", "", "is a reference to a password manager that was not resolved"),
        ("arn:", "", "is a reference to a secrets manager that was not resolved"),
        ("vault:", "", "is a reference to a vault that was not resolved"),
        ("ref+", "", "is a reference to a vault that was not resolved"),
        ("secretref:", "", "is a reference to a secret that was not resolved"),
        ("keyvaultref:", "", "is a reference to a key vault that was not resolved"),
        ("!", "", "is a tag or reference that was not resolved"),
        ("ENC[", "", "is encrypted and was not decrypted"),
        ("/", "", "is a path. Set the contents of the file instead"),
        ("file:", "", "is a path. Set the contents of the file instead"),
        ("projects/", "", "is the name of a secret in a secret manager, and not its value"),
        ("http://", "", "is a URL"),
        ("https://", "", "is a URL"),
        ("{{", "}}", "is a template that was not filled in"),
        ("#{", "}", "is a template that was not filled in"),
        ("#{", "}#", "is a template that was not filled in"),
        ("((", "))", "is a template that was not filled in"),
        ("@@", "@@", "is a template that was not filled in"),
        ("~{", "}~", "is a template that was not filled in"),
        ("__", "__", "is a template that was not filled in"),
        ("$", "", "is a variable that was not replaced by its value"),
        ("%", "%", "is a variable that was not replaced by its value"),
        ("<", ">", "is a placeholder"),
        ("[", "]", "is a placeholder"),
        ("your", "", "is a placeholder"),
        ("changeme", "", "is a placeholder"),
        ("change-me", "", "is a placeholder"),
        ("change_me", "", "is a placeholder"),
        ("replace", "", "is a placeholder"),
        ("OPENAI_WEBHOOK_SECRET", "", "is the name of the variable, and not its value"),
    ];

    private static readonly string[] NoValues = ["null", "undefined", "none", "nil", "true", "false", "todo", "fixme"];

    /// <summary>
    /// Describes what was set instead of a secret, for a message that does not quote it; null if the value may be a secret.
    /// </summary>
    public static string? Find(string secret)
        => NoValues.Contains(secret, StringComparer.OrdinalIgnoreCase) ? "is a word that means no value"
        : secret.All(character => character == secret[0]) ? "is a placeholder: it repeats one character"
        : Known
        .Where(known => secret.StartsWith(known.Start, StringComparison.OrdinalIgnoreCase) && secret.EndsWith(known.End, StringComparison.Ordinal))
        .Select(known => known.Mistake)
        .FirstOrDefault();
}
