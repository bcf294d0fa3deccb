namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>
/// JSON strings with their quotes (RFC 8259 section 7), in valid UTF-8. <see cref="Free"/> takes every escape, surrogates in
/// pairs only; <see cref="Canonical"/> only those that must be escaped, in one spelling, so that different bytes are
/// different strings. <see cref="Raw"/> is UTF-8 text without quotes.
/// </summary>
internal sealed class JsonStringAutomaton : ByteAutomaton
{
    public const int Inside = 1, Escape = 2, End = 23, HexStart = 24, HexLow = 27, HexHigh = 28;
    private const int States = 29;

    private readonly sbyte[] _next = new sbyte[States * 256];
    private readonly bool _raw;

    private JsonStringAutomaton(bool canonical, bool raw)
    {
        _raw = raw;
        Array.Fill(_next, (sbyte)-1);
        if (!raw) Set(0, '"', '"', Inside);
        Set(Inside, raw ? 0 : 0x20, 0x7F, Inside);
        if (!raw)
        {
            Set(Inside, '"', '"', End);
            Set(Inside, '\\', '\\', Escape);
            foreach (var c in canonical ? "\"\\bfnrt" : "\"\\/bfnrt") Set(Escape, c, c, Inside);
            if (canonical) AddControlEscapes(); else AddUnicodeEscapes();
        }
        AddUtf8();
    }

    public static JsonStringAutomaton Free { get; } = new(canonical: false, raw: false);

    public static JsonStringAutomaton Canonical { get; } = new(canonical: true, raw: false);

    public static JsonStringAutomaton Raw { get; } = new(canonical: true, raw: true);

    public override int Start => _raw ? Inside : 0;

    public override bool IsShared => true;

    public override int Step(int state, byte value) => _next[state * 256 + value];

    public override bool Accepts(int state) => state == (_raw ? Inside : End);

    public override bool Continues(int state) => state != End;

    private void AddUtf8()
    {
        Set(Inside, 0xC2, 0xDF, 16);
        Set(Inside, 0xE0, 0xE0, 19);
        Set(Inside, 0xE1, 0xEF, 17);
        Set(Inside, 0xED, 0xED, 20);
        Set(Inside, 0xF0, 0xF0, 21);
        Set(Inside, 0xF1, 0xF3, 18);
        Set(Inside, 0xF4, 0xF4, 22);
        Set(16, 0x80, 0xBF, Inside);
        Set(17, 0x80, 0xBF, 16);
        Set(18, 0x80, 0xBF, 17);
        Set(19, 0xA0, 0xBF, 16);
        Set(20, 0x80, 0x9F, 16);
        Set(21, 0x90, 0xBF, 17);
        Set(22, 0x80, 0x8F, 17);
    }

    private void AddUnicodeEscapes()
    {
        Set(Escape, 'u', 'u', 3);
        Hex(3, 4);
        foreach (var (from, to) in new[] { (4, 5), (5, 6), (6, Inside), (8, 9), (9, 10), (14, 15), (15, Inside) }) Hex(from, to);
        foreach (var d in "dD")
        {
            Set(3, d, d, 7);
            Set(12, d, d, 13);
        }
        Set(7, '0', '7', 5);
        Set(7, '8', '9', 8);
        foreach (var (low, high) in new[] { ('a', 'b'), ('A', 'B') }) Set(7, low, high, 8);
        Set(10, '\\', '\\', 11);
        Set(11, 'u', 'u', 12);
        foreach (var (low, high) in new[] { ('c', 'f'), ('C', 'F') }) Set(13, low, high, 14);
    }

    private void AddControlEscapes()
    {
        Set(Escape, 'u', 'u', HexStart);
        Set(HexStart, '0', '0', 25);
        Set(25, '0', '0', 26);
        Set(26, '0', '0', HexLow);
        Set(26, '1', '1', HexHigh);
        Set(HexLow, '0', '7', Inside);
        foreach (var c in "bef") Set(HexLow, c, c, Inside);
        Set(HexHigh, '0', '9', Inside);
        Set(HexHigh, 'a', 'f', Inside);
    }

    private void Hex(int from, int to)
    {
        Set(from, '0', '9', to);
        Set(from, 'a', 'f', to);
        Set(from, 'A', 'F', to);
    }

    private void Set(int from, int low, int high, int to) => Array.Fill(_next, (sbyte)to, from * 256 + low, high - low + 1);
}
