using System.Reflection;
using System.Text.RegularExpressions;
using PublicApiGenerator;

namespace OpenAI.Webhooks.Tests;

/// <summary>The public API of an assembly as text, and the listing that guards it.</summary>
internal static partial class PublicApi
{
    private static readonly ApiGeneratorOptions Options = new()
    {
        IncludeAssemblyAttributes = false,
        DenyNamespacePrefixes = [],
    };

    private static string TestedBuild => typeof(PublicApi).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "TestedBuild").Value!;

    /// <summary>Holds an assembly to the PublicApi.txt of its tests: one listing for all builds.</summary>
    public static void ShouldBeTheListedOne(Assembly assembly)
    {
        string folder = AppContext.BaseDirectory;
        string listed = File.ReadAllText(Path.Combine(folder, "PublicApi.txt"));
        string actual = assembly.GeneratePublicApi(Options).ReplaceLineEndings("\n") + "\n";
        File.WriteAllText(Path.Combine(folder, "PublicApi.actual.txt"), actual);

        InThisBuild(actual).Should().Be(
            InThisBuild(listed),
            "a change of the public API is made on purpose: copy PublicApi.actual.txt from the output folder of the "
            + "net10.0 build's tests over PublicApi.txt and note the change in CHANGELOG.md");
    }

    // The other builds bring some attributes along themselves, and the generator lists none that is internal.
    private static string InThisBuild(string listing)
        => TestedBuild == "net10.0" ? listing : BroughtAlong().Replace(listing, "");

    [GeneratedRegex(
        @"(?<=\(|\n|, |\] ) *\[(return: )?System\.("
            + @"Runtime\.CompilerServices\.(ParamCollection|CollectionBuilder)"
            + @"|Diagnostics\.CodeAnalysis\.(StringSyntax|NotNullWhen|NotNullIfNotNull))(\([^\]]*\))?\]\s")]
    private static partial Regex BroughtAlong();
}
