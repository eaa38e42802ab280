namespace OpenAI.Webhooks.Tool;

/// <summary>The command cannot run as it was given. The message is for the person who gave it.</summary>
internal sealed class ToolException(string message) : Exception(message);
