using System.Reflection;
using System.Runtime.Versioning;
using OpenAI.Webhooks.Tests;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class BuildTests
{
    public static string TestedBuild { get; } =
        typeof(BuildTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "TestedBuild").Value!;

    [Fact]
    public void The_build_of_the_library_under_test_is_the_one_this_project_names()
        => typeof(IWebhookHandler<>).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName
            .Should().Be($".NETCoreApp,Version=v{TestedBuild["net".Length..]}");

    [Fact]
    public void The_public_API_is_the_listed_one()
        => PublicApi.ShouldBeTheListedOne(typeof(IWebhookHandler<>).Assembly);
}
