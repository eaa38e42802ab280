namespace OpenAI.Webhooks.Nightly;

/// <summary>A state to put the engine in.</summary>
public enum EngineState
{
    /// <summary>Running, with all that it had stored.</summary>
    Running,

    /// <summary>Shut down cleanly.</summary>
    Stopped,

    /// <summary>Killed.</summary>
    Killed,

    /// <summary>Suspended: it accepts connections, but answers nothing. All its processes get SIGSTOP.</summary>
    Frozen,
}
