using System.Runtime.CompilerServices;
#if NET8_0_OR_GREATER
using System.Runtime.InteropServices;
using System.Security.Cryptography;
#endif

namespace OpenAI.Webhooks;

/// <summary>Comparison whose time tells nothing about where two texts differ.</summary>
internal static class FixedTime
{
    /// <summary>Whether the texts are equal; takes the same time for any two of the same length.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    public static bool Equals(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
#if NET8_0_OR_GREATER
        return CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(left), MemoryMarshal.AsBytes(right));
#else
        if (left.Length != right.Length)
        {
            return false;
        }

        int difference = 0;
        for (int i = 0; i < left.Length; i++)
        {
            difference |= left[i] ^ right[i];
        }

        return difference == 0;
#endif
    }
}
