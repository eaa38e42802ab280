using System.Text;

namespace OpenAI.Webhooks.Tool;

/// <summary>
/// A delivery in a file: one header per line, an empty line, and the body's exact bytes. The file is human-readable.
/// </summary>
internal sealed record SavedDelivery(IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body)
{
    public WebhookHeaders WebhookHeaders => WebhookHeaders.From(Headers);

    /// <summary>Whether one of the secrets signed it, at whatever time.</summary>
    public bool IsSignedWith(IReadOnlyList<string> secrets)
        => new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [.. secrets],
            Tolerance = Timeout.InfiniteTimeSpan,
        })
            .TryVerify(Body.Span, WebhookHeaders, out _);

    public static SavedDelivery Read(FileInfo file)
    {
        byte[] bytes = PrivateFile.Read(file);
        var headers = new List<KeyValuePair<string, string>>();
        int position = bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        while (true)
        {
            int length = bytes.AsSpan(position).IndexOf((byte)'\n');
            string line = Encoding.UTF8.GetString(bytes, position, Math.Max(length, 0)).TrimEnd('\r');
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            bool isRequestLine = headers.Count == 0 && line.Contains(" HTTP/", StringComparison.Ordinal);
            if (length < 0 || (line.Length > 0 && colon <= 0 && !isRequestLine))
            {
                throw new ToolException($"{file.Name} is not a saved delivery. A saved delivery has one header per "
                    + "line, such as webhook-id, then an empty line and the body. openai-webhooks listen --save writes "
                    + "such files.");
            }

            position += length + 1;
            if (line.Length == 0)
            {
                return new(headers, bytes.AsMemory(position));
            }

            if (!isRequestLine)
            {
                headers.Add(new(line[..colon].Trim(), line[(colon + 1)..].Trim()));
            }
        }
    }

    /// <summary>Writes a new file, whose number follows those that are in the folder. No file is overwritten.</summary>
    public void WriteTo(DirectoryInfo folder)
    {
        string id = string.Concat((WebhookHeaders.Id ?? "").Where(char.IsAsciiLetterOrDigit).Take(60));
        string head = string.Concat(Headers.Select(header => $"{header.Key}: {header.Value}\n")) + "\n";
        int number = folder.EnumerateFiles("*.http").Select(file => NumberOf(file.Name)).DefaultIfEmpty().Max();
        while (true)
        {
            number++;
            try
            {
                using var file = PrivateFile.Open(
                    Path.Combine(folder.FullName, $"{number:D4}-{id}.http"), FileMode.CreateNew);
                file.Write([.. Encoding.UTF8.GetBytes(head), .. Body.Span]);
                return;
            }
            catch (IOException) when (folder.EnumerateFiles($"{number:D4}-*.http").Any())
            {
                // Another delivery has taken the number.
            }
        }
    }

    private static int NumberOf(string name) => int.TryParse(name.Split('-')[0], out int number) ? number : 0;
}
