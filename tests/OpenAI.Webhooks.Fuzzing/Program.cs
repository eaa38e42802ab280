using OpenAI.Webhooks.Fuzzing;
using SharpFuzz;

// parse | verify             over and over, under afl-fuzz: see ./run
// parse | verify FILE …      once for each file, such as a finding
Action<byte[]>? harness = args.FirstOrDefault() switch
{
    "parse" => ParseHarness.Run,
    "verify" => VerifyHarness.Run,
    _ => null,
};

if (harness is null)
{
    Console.Error.WriteLine("Say which harness: parse or verify.");
    return 2;
}

if (args.Length > 1)
{
    return args[1..].Where(IsFinding).ToList() is [] ? 0 : 1;
}

Fuzzer.Run(stream =>
{
    using var input = new MemoryStream();
    stream.CopyTo(input);
    harness(input.ToArray());
});
return 0;

bool IsFinding(string file)
{
    try
    {
        harness(File.ReadAllBytes(file));
        return false;
    }
    catch (Exception exception)
    {
        Console.Error.WriteLine($"{file}{Environment.NewLine}{exception}");
        return true;
    }
}
