using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>A database server of the tests' own.</summary>
internal interface IServer : IAsyncDisposable
{
    Database Database { get; }
}
