namespace OpenAI.Webhooks.Quartz.Tests;

internal static class PostgresDatabase
{
    extension(PostgresServer server)
    {
        public Database Database => new("postgres", server.ConnectionString);
    }
}
