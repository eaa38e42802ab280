namespace OpenAI.Webhooks.Quartz.Tests;

/// <summary>A test that needs PostgreSQL, and is skipped where there is none.</summary>
internal sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute()
    {
        if (PostgresServer.Programs is null)
        {
            Skip = "PostgreSQL is not installed.";
        }
    }
}
