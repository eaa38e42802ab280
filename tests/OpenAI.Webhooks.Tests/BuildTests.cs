using System.Reflection;
using System.Runtime.Versioning;

namespace OpenAI.Webhooks.Tests;

public class BuildTests
{
    [Fact]
    public void The_build_of_the_library_under_test_is_the_one_this_project_names()
    {
        string tested = typeof(BuildTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => metadata.Key == "TestedBuild").Value!;
        string framework = typeof(WebhookEvent).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName;

        framework.Should().Be(tested switch
        {
            "net10.0" => ".NETCoreApp,Version=v10.0",
            "net8.0" => ".NETCoreApp,Version=v8.0",
            _ => ".NETStandard,Version=v2.0",
        });
    }

    [Fact]
    public void The_public_API_is_the_listed_one() => PublicApi.ShouldBeTheListedOne(typeof(WebhookEvent).Assembly);
}
