using System.Runtime.InteropServices;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// Whether JSON values are equal: objects whatever the order of their members, strings by their text, numbers by their
/// value. Unlike <c>JsonElement.DeepEquals</c> it takes numbers of any size and values of any depth.
/// </summary>
internal static class JsonValues
{
    public static bool AreEqual(IEnumerable<JsonProperty> left, IEnumerable<JsonProperty> right)
    {
        // A stack of its own: a value may be nested deeper than calls can be.
        var open = new Stack<(JsonElement Left, JsonElement Right)>();
        if (!Open(left, right, open))
        {
            return false;
        }

        while (open.Count > 0)
        {
            var (one, other) = open.Pop();
            if (one.ValueKind != other.ValueKind || !(one.ValueKind switch
            {
                JsonValueKind.Object => Open(one.EnumerateObject(), other.EnumerateObject(), open),
                JsonValueKind.Array => Open(one, other, open),
                JsonValueKind.String => one.ValueEquals(other.GetString()),
                JsonValueKind.Number => AreEqualNumbers(JsonMarshal.GetRawUtf8Value(one), JsonMarshal.GetRawUtf8Value(other)),
                _ => true,
            }))
            {
                return false;
            }
        }

        return true;
    }

    // Sorting keeps the order of members that have the same name.
    private static bool Open(IEnumerable<JsonProperty> left, IEnumerable<JsonProperty> right, Stack<(JsonElement, JsonElement)> open)
    {
        var ones = left.OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
        var others = right.OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
        if (ones.Count != others.Count)
        {
            return false;
        }

        for (int i = 0; i < ones.Count; i++)
        {
            if (ones[i].Name != others[i].Name)
            {
                return false;
            }

            open.Push((ones[i].Value, others[i].Value));
        }

        return true;
    }

    private static bool Open(JsonElement left, JsonElement right, Stack<(JsonElement, JsonElement)> open)
    {
        if (left.GetArrayLength() != right.GetArrayLength())
        {
            return false;
        }

        foreach (var pair in left.EnumerateArray().Zip(right.EnumerateArray(), (one, other) => (one, other)))
        {
            open.Push(pair);
        }

        return true;
    }

    private static bool AreEqualNumbers(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.SequenceEqual(right))
        {
            return true;
        }

        var one = new JsonNumber(left);
        var other = new JsonNumber(right);
        return one.IsZero
            ? other.IsZero
            : one.IsNegative == other.IsNegative && one.Exponent == other.Exponent && one.HasSameDigits(other);
    }
}
