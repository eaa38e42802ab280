using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpenAI.Webhooks;

/// <summary>Comparison whose time tells nothing about where two texts differ.</summary>
internal static class FixedTime
{
    /// <summary>
    /// Whether the texts are equal; takes the same time for any two of the same length. It goes four characters at a
    /// time: the framework's own comparison goes byte by byte, and took a quarter of the time of a whole HMAC.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    public static bool Equals(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        ulong difference = 0;
        var leftWords = MemoryMarshal.Cast<char, ulong>(left);
        var rightWords = MemoryMarshal.Cast<char, ulong>(right);
        for (int i = 0; i < leftWords.Length; i++)
        {
            difference |= leftWords[i] ^ rightWords[i];
        }

        for (int i = leftWords.Length * 4; i < left.Length; i++)
        {
            difference |= (uint)(left[i] ^ right[i]);
        }

        return difference == 0;
    }
}
