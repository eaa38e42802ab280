using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OpenAI.Webhooks;

/// <summary>
/// The address in a <c>From</c> or <c>To</c> header of a SIP INVITE: a display name and a URI. The caller's side wrote
/// it, so do not trust it. Immutable. Its values are methods, because loggers that destructure objects do not call
/// methods.
/// </summary>
/// <remarks>
/// The grammar is that of RFC 3261, sections 20.10 and 25.1: <c>"Zoë" &lt;sip:+14155550123@example.com&gt;;tag=1</c>.
/// </remarks>
public sealed class SipAddress
{
    private const string NumberMarks = "-.() ";

    private readonly string? _displayName;
    private readonly string? _user;
    private readonly string? _host;
    private readonly string _uri;

    private SipAddress(string? displayName, string uri, string? user, string? host)
        => (_displayName, _uri, _user, _host) = (displayName, uri, user, host);

    /// <summary>Parses the value of a header.</summary>
    /// <param name="value">The value; null is not an address.</param>
    /// <param name="address">The address; null if the value is not one.</param>
    /// <returns>Whether the value is an address. This method never throws.</returns>
    public static bool TryParse(string? value, [NotNullWhen(true)] out SipAddress? address)
    {
        address = null;
        string rest = Trim(value ?? "");
        var angles = FindAngles(rest);
        foreach (int angle in angles)
        {
            int end = rest.IndexOf('>', angle);
            if (end > 0
                && TryParseUri(
                    DisplayNameOf(Trim(rest.Substring(0, angle))),
                    Trim(rest.Substring(angle + 1, end - angle - 1)),
                    out address))
            {
                return true;
            }
        }

        // Without angle brackets, what follows a semicolon belongs to the header, and a comma or question mark is not
        // allowed.
        string uri = Trim(rest.Split(';')[0]);
        return angles.Count == 0 && uri.IndexOfAny([',', '?']) < 0 && TryParseUri(null, uri, out address);
    }

    /// <summary>The display name, without its quotation marks.</summary>
    /// <returns>The name; null if there is none.</returns>
    public string? GetDisplayName() => _displayName;

    /// <summary>The URI, such as <c>sip:+14155550123@example.com</c>, as it was written.</summary>
    /// <returns>The URI. Never null.</returns>
    public string GetUri() => _uri;

    /// <summary>
    /// The user of a <c>sip:</c> or <c>sips:</c> URI, or the number of a <c>tel:</c> URI, unescaped and without a
    /// password.
    /// </summary>
    /// <returns>The user; null if there is none.</returns>
    public string? GetUser() => _user;

    /// <summary>The host of a <c>sip:</c> or <c>sips:</c> URI, without a port.</summary>
    /// <returns>The host; null for other URIs.</returns>
    public string? GetHost() => _host;

    /// <summary>
    /// The user, if it is a phone number, without visual separators: <c>+1-415-555-0123</c> becomes
    /// <c>+14155550123</c>.
    /// </summary>
    /// <returns>
    /// The digits, after a plus sign for a global number, without a service code in front such as <c>#31#</c>; null if
    /// the user is not a phone number, such as <c>anonymous</c>.
    /// </returns>
    public string? GetPhoneNumber()
    {
        string number = new([.. (_user ?? "").Split(';', '@')[0].Where(character => !NumberMarks.Contains(character))]);
        number = WithoutServiceCode(number);
        string digits = Begins(number, '+') ? number.Substring(1) : number;
        return digits.Length > 0 && digits.All(IsDigit) ? number : null;
    }

    /// <summary>The name of the type, without the address, because the address is personal data.</summary>
    /// <returns><c>SipAddress</c>.</returns>
    public override string ToString() => nameof(SipAddress);

    // What callers write around the angle brackets may break any rule; the address is in the last ones that hold a URI
    // outside of quotes.
    private static Stack<int> FindAngles(string text)
    {
        var all = new Stack<int>();
        var unquoted = new Stack<int>();
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '<')
            {
                all.Push(i);
                if (!isQuoted)
                {
                    unquoted.Push(i);
                }
            }
            else if (text[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (isQuoted && text[i] == '\\')
            {
                i++;
            }
        }

        // A quotation mark that is never closed quotes nothing.
        return isQuoted ? all : unquoted;
    }

    private static string? DisplayNameOf(string text)
    {
        if (text.Length >= 2 && Begins(text, '"') && text[text.Length - 1] == '"')
        {
            text = Unescape(text.Substring(1, text.Length - 2));
        }

        return text.Length == 0 || text.Any(character => char.IsControl(character) && character != '\t') ? null : text;
    }

    private static string Unescape(string text)
    {
        var unescaped = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            i += text[i] == '\\' && i + 1 < text.Length ? 1 : 0;
            unescaped.Append(text[i]);
        }

        return unescaped.ToString();
    }

    private static bool TryParseUri(string? displayName, string uri, [NotNullWhen(true)] out SipAddress? address)
    {
        address = null;
        int colon = uri.IndexOf(':');
        if (colon <= 0
            || colon == uri.Length - 1
            || !IsLetter(uri[0])
            || uri.Any(character => character is < ' ' or '<' or '>' or '"' or '\x7f'))
        {
            return false;
        }

        string scheme = uri.Substring(0, colon).ToLowerInvariant();
        string rest = uri.Substring(colon + 1);
        switch (scheme)
        {
            case "sip" or "sips":
                int at = rest.LastIndexOf('@');
                string host = rest.Substring(at + 1).Split(';', '?')[0];
                string? user = null;
                if (!TryReadHost(host, out host)
                    || (at >= 0 && !TryReadUser(rest.Substring(0, at).Split(':')[0], out user)))
                {
                    return false;
                }

                address = new(displayName, uri, user, host);
                return true;

            case "tel":
                if (!TryReadUser(rest.Split(';')[0], out string? number))
                {
                    return false;
                }

                address = new(displayName, uri, number, host: null);
                return true;

            default:
                bool isUri = scheme.All(
                    character => IsLetter(character) || IsDigit(character) || character is '+' or '-' or '.');
                address = isUri && !uri.Contains(' ') ? new(displayName, uri, user: null, host: null) : null;
                return address is not null;
        }
    }

    private static bool TryReadUser(string escaped, out string? user)
    {
        user = Uri.UnescapeDataString(escaped);
        return escaped.Length > 0 && !user.Any(char.IsControl);
    }

    private static bool TryReadHost(string text, out string host)
    {
        int end = Begins(text, '[')
            ? text.IndexOf(']') + 1
            : text.IndexOf(':') is >= 0 and var colon
            ? colon
            : text.Length;
        host = text.Substring(0, end);
        string port = text.Substring(end);
        string name = Begins(host, '[') ? host.Trim('[', ']') : host;
        bool isLiteral = name.Length < host.Length;
        return name.Length > 0
            && name.All(
                character => IsLetter(character)
                    || IsDigit(character)
                    || character is '.' or '-' or '_'
                    || (character == ':' && isLiteral))
            && (port.Length == 0 || (port[0] == ':' && port.Length > 1 && port.Skip(1).All(IsDigit)));
    }

    // Codes of supplementary services (3GPP TS 22.030), such as #31# for a number that is not to be shown.
    private static string WithoutServiceCode(string number)
    {
        int end = number.Length > 0 && number[0] is '#' or '*' ? number.LastIndexOf('#') + 1 : 0;
        return number.Substring(end);
    }

    private static bool Begins(string text, char character) => text.Length > 0 && text[0] == character;

    private static string Trim(string text) => text.Trim(' ', '\t', '\r', '\n');

    private static bool IsLetter(char character) => character is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');

    private static bool IsDigit(char character) => character is >= '0' and <= '9';
}
