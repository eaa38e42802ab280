using System.Text;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool;

internal static class ConsoleExtensions
{
    /// <summary>Writes a text after a mark, wrapped with aligned lines. In a pipe, it writes one line.</summary>
    /// <param name="console">The console.</param>
    /// <param name="mark">The mark, as markup.</param>
    /// <param name="text">The text, without markup.</param>
    public static void WriteItem(this IAnsiConsole console, string mark, string text)
    {
        text = Words.Printable(text);
        int indent = Markup.Remove(mark).Length + 1;
        var line = new StringBuilder();
        string begin = $"{mark} ";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && indent + line.Length + 1 + word.Length > console.Profile.Width)
            {
                Flush();
                begin = new string(' ', indent);
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        Flush();

        void Flush()
        {
            console.MarkupLine(begin + Markup.Escape(line.ToString()));
            line.Clear();
        }
    }
}
