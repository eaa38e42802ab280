namespace OpenAI.Webhooks.InboxContract;

/// <summary>What the engine is to be.</summary>
public enum EngineState
{
    /// <summary>Running, with all that it had stored.</summary>
    Running,

    /// <summary>Stopped in good order.</summary>
    Stopped,

    /// <summary>Killed.</summary>
    Killed,

    /// <summary>Accepting connections, and responding to nothing.</summary>
    Frozen,
}
