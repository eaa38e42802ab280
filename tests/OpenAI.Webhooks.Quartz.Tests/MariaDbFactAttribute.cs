namespace OpenAI.Webhooks.Quartz.Tests;

/// <summary>A test that needs MariaDB, and is skipped where there is none.</summary>
internal sealed class MariaDbFactAttribute : FactAttribute
{
    public MariaDbFactAttribute()
    {
        if (MariaDbServer.Program is null)
        {
            Skip = "MariaDB is not installed.";
        }
    }
}
