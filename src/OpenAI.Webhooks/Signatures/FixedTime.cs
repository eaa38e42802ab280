#if NETSTANDARD2_0
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks;

/// <summary>A polyfill for <c>CryptographicOperations.FixedTimeEquals</c>.</summary>
internal static class FixedTime
{
    /// <summary>
    /// Whether the bytes are equal. The comparison takes the same time for all inputs of the same length.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    public static bool Equals(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
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
    }
}
#endif
