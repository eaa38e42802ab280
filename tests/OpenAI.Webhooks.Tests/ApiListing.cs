using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// The public API of an assembly as text: a line per type and member, in C# words, without what the compiler adds to
/// records.
/// </summary>
internal static class ApiListing
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>Holds an assembly to the PublicApi.txt of its tests.</summary>
    public static void ShouldBeTheListedOne(Assembly assembly)
    {
        string folder = AppContext.BaseDirectory;
        string actual = Of(assembly);
        File.WriteAllText(Path.Combine(folder, "PublicApi.actual.txt"), actual);

        actual.Should().Be(
            File.ReadAllText(Path.Combine(folder, "PublicApi.txt")),
            "a change of the public API is made on purpose: copy PublicApi.actual.txt from the test's output folder over PublicApi.txt and note the change in CHANGELOG.md");
    }

    private static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Describe(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Describe(Type type)
    {
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract " + ClassOrRecord(type),
            { IsSealed: true } => "sealed " + ClassOrRecord(type),
            _ => ClassOrRecord(type),
        };
        var bases = new[] { type.BaseType }.Where(b => b is not null && b != typeof(object) && b != typeof(ValueType) && b != typeof(Enum))
            .Concat(type.GetInterfaces().Where(i => i.IsPublic && !i.Name.StartsWith("IEquatable", StringComparison.Ordinal)))
            .Where(_ => !type.IsEnum)
            .Select(b => Name(b!))
            .Order(StringComparer.Ordinal);
        return $"{kind} {type.Namespace}.{Name(type)}{string.Concat(bases.Take(1).Select(b => " : " + b))}{string.Concat(bases.Skip(1).Select(b => ", " + b))}";
    }

    private static string ClassOrRecord(Type type) => type.GetMethod("<Clone>$", Declared) is null ? "class" : "record";

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => $"{name} = {Enum.Format(type, Enum.Parse(type, name), "D")}");
        }

        return type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily).Select(Describe)
            .Concat(type.GetConstructors(Declared).Where(IsVisible).Where(IsWritten).Select(Describe))
            .Concat(type.GetProperties(Declared).Where(property => IsVisible(property.GetMethod ?? property.SetMethod!) && IsWritten(property)).Select(Describe))
            .Concat(type.GetMethods(Declared).Where(method => IsVisible(method) && !IsAccessor(method) && IsWritten(method) && !method.IsVirtualOverride()).Select(Describe));
    }

    private static string Describe(FieldInfo field)
        => field.IsLiteral ? $"const {Name(field.FieldType)} {field.Name} = \"{field.GetRawConstantValue()}\"" : $"{Name(field.FieldType)} {field.Name}";

    private static string Describe(ConstructorInfo constructor)
        => $"{Access(constructor)}.ctor({Parameters(constructor)})";

    private static string Describe(PropertyInfo property)
    {
        string required = property.CustomAttributes.Any(a => a.AttributeType.Name == nameof(RequiredMemberAttribute)) ? "required " : "";
        string set = property.SetMethod is not { IsPublic: true } setter ? "" :
            setter.ReturnParameter.GetRequiredCustomModifiers().Any(m => m.Name == nameof(IsExternalInit)) ? " init;" : " set;";
        string index = property.GetIndexParameters() is { Length: > 0 } parameters ? $"[{string.Join(", ", parameters.Select(Describe))}]" : "";
        return $"{Access(property.GetMethod!)}{required}{Name(property.PropertyType, Nullability.Create(property))} {property.Name}{index} {{ get;{set} }}";
    }

    private static string Describe(MethodInfo method)
    {
        string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(t => t.Name))}>" : "";
        return $"{Access(method)}{Name(method.ReturnType, Nullability.Create(method.ReturnParameter))} {method.Name}{generic}({Parameters(method)})";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Describe));

    private static string Describe(ParameterInfo parameter)
    {
        string passing = parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : "";
        string value = parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "";
        return $"{passing}{Name(parameter.ParameterType, Nullability.Create(parameter))} {parameter.Name}{value}";
    }

    private static string Access(MethodBase method)
        => (method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "") + (method.IsStatic ? "static " : "");

    private static string Name(Type type, NullabilityInfo? nullability = null)
    {
        type = type.IsByRef ? type.GetElementType()! : type;
        bool isNullable = nullability?.ReadState == NullabilityState.Nullable && !type.IsValueType;
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Name(underlying) + "?";
        }

        string name = type.IsArray ? Name(type.GetElementType()!) + "[]"
            : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select((argument, i) => Name(argument, nullability?.GenericTypeArguments[i])))}>"
            : type.Namespace == "System" ? Keyword(type)
            : type.Name;
        return isNullable ? name + "?" : name;
    }

    private static string Keyword(Type type) => type.Name switch
    {
        nameof(String) => "string",
        nameof(Boolean) => "bool",
        nameof(Int32) => "int",
        nameof(Int64) => "long",
        nameof(Byte) => "byte",
        nameof(Object) => "object",
        "Void" => "void",
        _ => type.Name,
    };

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static bool IsVirtualOverride(this MethodInfo method) => method.GetBaseDefinition() != method;

    private static bool IsWritten(MemberInfo member) => !member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
}
