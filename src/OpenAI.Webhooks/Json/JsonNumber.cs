namespace OpenAI.Webhooks;

/// <summary>
/// A JSON number taken apart: 0.d₁d₂…dₙ · 10^<see cref="Exponent"/>, where neither d₁ nor dₙ is 0. Exact, whatever its
/// size; an exponent of more than fifteen digits counts as the largest there is.
/// </summary>
internal readonly ref struct JsonNumber
{
    private const long MaxExponent = 1_000_000_000_000_000;
    private const int MaxDigits = 19;

    // From d₁ to dₙ, with the point where it is between them.
    private readonly ReadOnlySpan<byte> _digits;

    /// <param name="text">The number as a reader gave it: valid.</param>
    public JsonNumber(ReadOnlySpan<byte> text)
    {
        IsNegative = text[0] == '-';
        text = text.Slice(IsNegative ? 1 : 0);

        long exponent = 0;
        int end = text.IndexOfAny((byte)'e', (byte)'E');
        if (end != -1)
        {
            exponent = ReadExponent(text.Slice(end + 1));
            text = text.Slice(0, end);
        }

        int point = text.IndexOf((byte)'.');
        int first = 0;
        while (first < text.Length && text[first] is (byte)'0' or (byte)'.')
        {
            first++;
        }

        if (first == text.Length)
        {
            return;
        }

        int last = text.Length - 1;
        while (text[last] is (byte)'0' or (byte)'.')
        {
            last--;
        }

        _digits = text.Slice(first, last + 1 - first);

        // JSON has a zero in front of the point or nowhere: 0.00d₁ or d₁d₂.
        Exponent = exponent + (first > 0 ? "0.".Length - first : point == -1 ? text.Length : point);
    }

    public bool IsNegative { get; }

    public bool IsZero => _digits.IsEmpty;

    public long Exponent { get; }

    /// <summary>The whole part of the number times 10^<paramref name="places"/>; null where it has more than 19 digits.</summary>
    public decimal? Truncate(int places)
    {
        long count = Exponent + places;
        if (count > MaxDigits)
        {
            return null;
        }

        decimal value = 0;
        var digits = new DigitEnumerator(_digits);
        for (; count > 0; count--)
        {
            value = (value * 10) + (digits.MoveNext() ? digits.Current : 0u);
        }

        return IsNegative ? -value : value;
    }

    public bool HasSameDigits(JsonNumber other)
    {
        var ours = new DigitEnumerator(_digits);
        var theirs = new DigitEnumerator(other._digits);
        while (ours.MoveNext())
        {
            if (!theirs.MoveNext() || ours.Current != theirs.Current)
            {
                return false;
            }
        }

        return !theirs.MoveNext();
    }

    private static long ReadExponent(ReadOnlySpan<byte> text)
    {
        bool isNegative = text[0] == '-';
        long exponent = 0;
        foreach (byte digit in text.Slice(text[0] is (byte)'-' or (byte)'+' ? 1 : 0))
        {
            exponent = Math.Min((exponent * 10) + (digit - '0'), MaxExponent);
        }

        return isNegative ? -exponent : exponent;
    }

    private ref struct DigitEnumerator(ReadOnlySpan<byte> digits)
    {
        private readonly ReadOnlySpan<byte> _digits = digits;
        private int _next;

        public uint Current { get; private set; }

        public bool MoveNext()
        {
            if (_next < _digits.Length && _digits[_next] == '.')
            {
                _next++;
            }

            if (_next == _digits.Length)
            {
                return false;
            }

            Current = (uint)(_digits[_next++] - '0');
            return true;
        }
    }
}
