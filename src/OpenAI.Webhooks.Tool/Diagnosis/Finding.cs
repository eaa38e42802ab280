namespace OpenAI.Webhooks.Tool.Diagnosis;

internal enum Level
{
    /// <summary>As expected.</summary>
    Sound,

    /// <summary>Worth knowing, but nothing to fix.</summary>
    Note,

    /// <summary>Needs fixing.</summary>
    Fault,
}

/// <summary>One thing that was found.</summary>
/// <param name="Code">A machine-readable code, such as <c>redirect</c>.</param>
/// <param name="Level">Whether it needs fixing.</param>
/// <param name="What">What it is, in a sentence.</param>
/// <param name="Do">What to do; null if there is nothing to do.</param>
internal sealed record Finding(string Code, Level Level, string What, string? Do = null)
{
    public static Finding Sound(string code, string what) => new(code, Level.Sound, what);

    public static Finding Note(string code, string what, string? @do = null) => new(code, Level.Note, what, @do);

    public static Finding Fault(string code, string what, string @do) => new(code, Level.Fault, what, @do);
}
