namespace OpenAI.Webhooks.Quartz.Tests;

/// <summary>Cases of a test that needs PostgreSQL, and is skipped where there is none.</summary>
internal sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute()
    {
        if (PostgresServer.Programs is null)
        {
            Skip = "PostgreSQL is not installed.";
        }
    }
}
